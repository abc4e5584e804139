/* test_tutorial.c: does what a reader of the documents would do. A document is read block by block
 * between its fences, and what a block is follows from the words after the opening one:
 *
 *   c FILE, yaml FILE   a listing: written to FILE
 *   c, yaml             a part of a listing: each of its lines stands in one, in this order
 *   sh                  commands, run one block after the other, each where the last one ended;
 *                       they all succeed
 *   sh fails            the same, but the last command fails
 *   text                what the commands before it printed, or a part of it in whole lines; `...`
 *                       stands for anything, on a line of its own for any lines
 *   sh not run          commands for the reader alone
 *
 * The commands are given a home folder with the program in plexus/build and its sources beside
 * that, as a reader is told to have it, and need no network. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum { MOST_BLOCKS = 200, MOST_OUTPUT = 1 << 18, SECONDS = 240 };

typedef struct block {
    const char *info, *body;
    int line; /* of the document, of the opening fence                                            */
} block;

typedef struct document {
    const char *path; /* below the source root                                                    */
    const char *home; /* where its reader begins, below the home folder                           */
    bool strict;      /* it is all listings, commands and what they print; else blocks that are
                         no commands are for reading                                              */
    char *bytes;
    block blocks[MOST_BLOCKS];
    size_t count;
} document;

/* ---- reading --------------------------------------------------------------------------------- */

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = calloc(1, MOST_OUTPUT);

    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    const size_t length = fread(bytes, 1, MOST_OUTPUT - 1, file);
    ck_assert_uint_lt(length, MOST_OUTPUT - 1);
    fclose(file);
    return bytes;
}

/* Cuts the document into blocks; their texts stay in its bytes. */
static void read_document(document *d)
{
    char path[1024];
    bool open = false;
    int line = 1;

    snprintf(path, sizeof(path), "%s/%s", SOURCE_ROOT, d->path);
    d->bytes = read_whole(path);
    for (char *at = d->bytes; *at != '\0'; line++) {
        char *end = at + strcspn(at, "\n"), *next = *end == '\0' ? end : end + 1;
        if (strncmp(at, "```", 3) == 0) {
            *end = '\0';
            if (open) {
                *at = '\0'; /* ends the body */
            } else {
                ck_assert_uint_lt(d->count, MOST_BLOCKS);
                d->blocks[d->count++] = (block){.info = at + 3, .body = next, .line = line};
            }
            open = !open;
        }
        at = next;
    }
    ck_assert_msg(!open, "%s: the last block has no end", d->path);
}

/* "FILE" of "c FILE"; NULL if the block is no listing of that language. */
static const char *listing_of(const block *b, const char *language)
{
    const size_t length = strlen(language);

    return strncmp(b->info, language, length) == 0 && b->info[length] == ' ' ? b->info + length + 1
                                                                             : NULL;
}

static const char *file_of(const block *b)
{
    const char *file = listing_of(b, "c");

    return file != NULL ? file : listing_of(b, "yaml");
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* The next line without what is blank at its ends, into `line`; false at the end. */
static bool next_line(const char **at, char line[256])
{
    if (**at == '\0')
        return false;
    size_t length = strcspn(*at, "\n");
    const char *begin = *at, *next = begin + length + (begin[length] == '\n');

    for (; length > 0 && isspace((unsigned char)*begin); begin++)
        length--;
    while (length > 0 && isspace((unsigned char)begin[length - 1]))
        length--;
    snprintf(line, 256, "%.*s", (int)length, begin);
    *at = next;
    return true;
}

/* Whether the lines of `part` stand in `whole` in this order. */
static bool is_part(const char *part, const char *whole)
{
    char wanted[256], line[256];

    while (next_line(&part, wanted)) {
        bool found = *wanted == '\0';
        while (!found && next_line(&whole, line))
            found = strcmp(line, wanted) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* How many whole lines of `piece` do stand at one place of `output`. */
static int lines_found(const char *piece, const char *output)
{
    int lines = -1;

    for (const char *end = strchr(piece, '\n'); end != NULL; end = strchr(end + 1, '\n')) {
        char *part = strndup(piece, (size_t)(end - piece) + 1);
        const bool found = strstr(output, part) != NULL;
        free(part);
        if (!found)
            break;
        lines++;
    }
    return lines < 0 ? 0 : lines;
}

/* Whether `expected` is printed somewhere in `output`, from the beginning of a line to the end of
 * one. If not, *line is the line of it, from 0, that is not found where it should be. */
static bool is_printed(const char *expected, const char *output, int *line)
{
    char *pattern = NULL, *text = NULL;
    bool ok = true;

    ck_assert_int_ge(asprintf(&pattern, "\n%s", expected), 0);
    ck_assert_int_ge(asprintf(&text, "\n%s\n", output), 0);
    const char *at = text;
    *line = 0;
    for (char *piece = pattern; ok && piece != NULL;) {
        char *dots = strstr(piece, "...");
        if (dots != NULL)
            *dots = '\0';
        const char *found = strstr(at, piece);
        ok = found != NULL;
        if (!ok)
            *line += lines_found(piece, at) + (piece > pattern && *piece == '\n');
        for (const char *c = piece + (piece == pattern); ok && *c != '\0'; c++)
            *line += *c == '\n';
        at = ok ? found + strlen(piece) : at;
        /* a line of dots alone may stand for no line at all */
        if (ok && at > text && at[-1] == '\n' && dots != NULL && dots[3] == '\n')
            at--;
        piece = dots != NULL ? dots + 3 : NULL;
    }
    free(pattern);
    free(text);
    return ok;
}

/* ---- doing ----------------------------------------------------------------------------------- */

static char *folder, *output;
static document *tested;

static void link_below(const char *home, const char *name, const char *target)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/plexus/%s", home, name);
    ck_assert_int_eq(symlink(target, path), 0);
}

/* A home folder as the documents take it to be. */
static void make_home(void)
{
    char path[1024], environment[4096];

    folder = harness_folder();
    output = calloc(1, MOST_OUTPUT);
    snprintf(path, sizeof(path), "%s/plexus", folder);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    link_below(folder, "build", BUILD_ROOT);
    link_below(folder, "include", SOURCE_ROOT "/include");
    link_below(folder, "examples", SOURCE_ROOT "/examples");
    const char *usual = getenv("PATH");
    snprintf(environment, sizeof(environment), "%s/plexus/build:%s", folder,
             usual != NULL ? usual : "/usr/bin:/bin");
    setenv("PATH", environment, 1);
    setenv("PKG_CONFIG_PATH", BUILD_ROOT "/meson-uninstalled", 1);
    setenv("HOME", folder, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("PLEXUS_PLUGIN_PATH");
    unsetenv("DESTDIR");
}

static void leave_home(void)
{
    if (tested != NULL)
        free(tested->bytes);
    free(tested);
    tested = NULL;
    free(output);
    free(folder);
}

/* Where the last commands ended. */
static void current_folder(const document *d, char path[1024])
{
    char file[1024];

    snprintf(file, sizeof(file), "%s/.cwd", folder);
    FILE *stream = fopen(file, "r");
    if (stream == NULL) {
        snprintf(path, 1024, "%s/%s", folder, d->home);
        return;
    }
    ck_assert_ptr_nonnull(fgets(path, 1024, stream));
    path[strcspn(path, "\n")] = '\0';
    fclose(stream);
}

static void write_listing(const document *d, const block *b)
{
    char where[1024];

    current_folder(d, where);
    free(harness_file(where, file_of(b), b->body));
}

static void find_part(const document *d, const block *b)
{
    for (size_t i = 0; i < d->count; i++)
        if (listing_of(&d->blocks[i], b->info) != NULL && is_part(b->body, d->blocks[i].body))
            return;
    ck_abort_msg("%s:%d: these lines stand in no listing of the document, in this order:\n%s",
                 d->path, b->line, b->body);
}

static int run_script(const document *d, const char *script)
{
    char command[4096], where[1024];
    size_t length = 0, n = 1;

    current_folder(d, where);
    free(harness_file(folder, ".script", script));
    snprintf(command, sizeof(command),
             "exec 2>&1 </dev/null; cd '%s' && exec timeout %d sh -e '%s/.script'", where, SECONDS,
             folder);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    for (; n > 0 && length < MOST_OUTPUT - 1; length += n)
        n = fread(output + length, 1, MOST_OUTPUT - 1 - length, pipe);
    output[length] = '\0';
    return pclose(pipe);
}

static void run_commands(const document *d, const block *b)
{
    const bool fails = strcmp(b->info, "sh fails") == 0;
    char *script = NULL;

    ck_assert_int_ge(asprintf(&script, "trap 'pwd >\"$HOME/.cwd\"' EXIT\n%s", b->body), 0);
    const int status = run_script(d, script);
    free(script);
    ck_assert_msg(
        WIFEXITED(status) && (WEXITSTATUS(status) != 0) == fails && WEXITSTATUS(status) < 124,
        "%s:%d: the commands ended with wait status %d:\n%s", d->path, b->line, status, output);
}

static void compare_output(const document *d, const block *b)
{
    int line = 0;

    if (!is_printed(b->body, output, &line))
        ck_abort_msg("%s:%d: this was not printed here:\n%s\nbut\n%s", d->path, b->line + 1 + line,
                     b->body, output);
}

static void follow(const document *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const block *b = &d->blocks[i];
        if (strcmp(b->info, "sh") == 0 || strcmp(b->info, "sh fails") == 0)
            run_commands(d, b);
        else if (strcmp(b->info, "text") == 0)
            compare_output(d, b);
        else if (!d->strict || strcmp(b->info, "sh not run") == 0)
            continue;
        else if (file_of(b) != NULL)
            write_listing(d, b);
        else if (strcmp(b->info, "c") == 0 || strcmp(b->info, "yaml") == 0)
            find_part(d, b);
        else
            ck_abort_msg("%s:%d: nobody knows what a block '%s' is", d->path, b->line, b->info);
    }
}

/* ---- the documents --------------------------------------------------------------------------- */

static const document documents[] = {
    {.path = "docs/writing-a-plugin.md", .home = "", .strict = true},
    {.path = "docs/guide.md", .home = "plexus"},
    {.path = "README.md", .home = "plexus"},
};

static const document *open_document(size_t which)
{
    tested = calloc(1, sizeof(*tested));
    *tested = documents[which];
    read_document(tested);
    return tested;
}

START_TEST(what_a_document_says_is_so)
{
    follow(open_document((size_t)_i));
}
END_TEST

START_TEST(lion_takes_at_most_forty_lines)
{
    const document *d = open_document(0);
    int lines = 0;

    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->blocks[i].info, "c my_lion.c") == 0)
            for (const char *c = d->blocks[i].body; *c != '\0'; c++)
                lines += *c == '\n';
    ck_assert_int_gt(lines, 10);
    ck_assert_int_le(lines, 40);
}
END_TEST

/* What is expected, what is printed, and where it differs; -1: it does not. */
static const struct {
    const char *expected, *printed;
    int line;
} comparisons[] = {
    {"two\n", "one\ntwo\nthree\n", -1},
    {"two\nfour\n", "one\ntwo\nthree\n", 1},
    {"ne\n", "one\n", 0},
    {"on\n", "one\n", 0},
    {"o...e\n", "one\n", -1},
    {"a\n...\nb\n", "a\nb\n", -1},
    {"a\n...\nb\n", "a\nx\ny\nb\n", -1},
    {"a\n...\nc\n", "a\nx\ny\nb\n", 2},
    {"took ... ms\n", "took 3 ms\n", -1},
    {"took ... ms\n", "took 3 s\n", 0},
};

START_TEST(a_text_is_compared_line_by_line)
{
    int line = 0;
    const bool same = is_printed(comparisons[_i].expected, comparisons[_i].printed, &line);

    ck_assert_int_eq(same, comparisons[_i].line < 0);
    if (!same)
        ck_assert_int_eq(line, comparisons[_i].line);
}
END_TEST

START_TEST(a_part_of_a_listing_keeps_its_order)
{
    ck_assert(is_part("b;\n\n  d;\n", "a;\n  b;\nc;\nd;\n"));
    ck_assert(!is_part("d;\nb;\n", "a;\nb;\nc;\nd;\n"));
    ck_assert(!is_part("b\n", "a;\nb;\n"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("author/tutorial");
    TCase *c = tcase_create("documents");

    tcase_add_checked_fixture(c, make_home, leave_home);
    tcase_set_timeout(c, 2 * SECONDS);
    tcase_add_loop_test(c, what_a_document_says_is_so, 0, sizeof(documents) / sizeof(documents[0]));
    tcase_add_test(c, lion_takes_at_most_forty_lines);
    suite_add_tcase(s, c);

    TCase *self = tcase_create("comparing");
    tcase_add_loop_test(self, a_text_is_compared_line_by_line, 0,
                        sizeof(comparisons) / sizeof(comparisons[0]));
    tcase_add_test(self, a_part_of_a_listing_keeps_its_order);
    suite_add_tcase(s, self);
    return harness_run(s);
}
