/* test_header.c: the example at the head of plugin.h, built by the command that stands there too:
 * `plexus check` finds nothing wrong with it. Both are what is indented in the header's first
 * comment. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

/* The command goes to `command`, without its end of line; the lines of the example to `example`. */
static void read_header(text *command, text *example)
{
    static const char margin[] = " *     ";
    plx_error error = {0};
    size_t length;
    char *bytes =
        file_read(SOURCE_ROOT "/include/plexus/plugin.h", 1u << 20, false, &length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    *strstr(bytes, "RULES FOR EVERY PLUG-IN") = '\0';
    for (char *at = strtok(bytes, "\n"); at != NULL; at = strtok(NULL, "\n")) {
        const char *line = at + sizeof(margin) - 1;
        if (strncmp(at, margin, sizeof(margin) - 1) != 0)
            continue;
        if (strncmp(line, "cc ", 3) == 0)
            text_add(command, line);
        else
            text_addf(example, "%s\n", line);
    }
    free(bytes);
    ck_assert_uint_gt(command->length, 0);
    ck_assert_uint_gt(example->length, 0);
}

/* Runs a command of the shell in the folder; says what it printed if it fails. */
static void run_in(const char *folder, const char *command)
{
    char *line = memory_format("exec 2>&1 </dev/null; cd '%s' && %s", folder, command);
    char output[1 << 15];
    FILE *pipe = popen(line, "r");

    ck_assert_ptr_nonnull(pipe);
    const size_t length = fread(output, 1, sizeof(output) - 1, pipe);
    output[length] = '\0';
    ck_assert_msg(pclose(pipe) == 0, "%s:\n%s", command, output);
    free(line);
}

START_TEST(the_example_passes_the_check)
{
    char *folder = harness_folder();
    text command = {0}, example = {0};

    read_header(&command, &example);
    setenv("C_INCLUDE_PATH", SOURCE_ROOT "/include", 1);
    free(harness_file(folder, "signum.c", example.bytes));
    run_in(folder, command.bytes);
    run_in(folder, BUILD_ROOT "/plexus check signum.so");
    free(command.bytes);
    free(example.bytes);
    free(folder);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("author/header");
    TCase *c = tcase_create("example");

    tcase_set_timeout(c, 120);
    tcase_add_test(c, the_example_passes_the_check);
    suite_add_tcase(s, c);
    return harness_run(s);
}
