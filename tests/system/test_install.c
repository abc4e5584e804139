/* test_install.c: what `meson install` puts in place works from there: the installed program
 * finds the installed plug-ins relative to itself, so a prefix may be staged (DESTDIR) or moved. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness.h"

static char *stage; /* the staged installation, made once                                        */

/* Runs a shell command; its output in `out`. Fails the test unless it exits with 0. */
static void shell(char *out, size_t size, const char *format, const char *a, const char *b)
{
    char command[2048];
    size_t length = 0;

    snprintf(command, sizeof(command), format, a, b);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    while (length + 1 < size) {
        const size_t n = fread(out + length, 1, size - 1 - length, pipe);
        if (n == 0)
            break;
        length += n;
    }
    out[length] = '\0';
    const int status = pclose(pipe);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d\n%s", command,
                  status, out);
}

static void install(void)
{
    char out[8192];

    stage = harness_folder();
    shell(out, sizeof(out),
          "meson install -C '%s' --no-rebuild --quiet --destdir '%s' 2>&1 </dev/null", BUILD_ROOT,
          stage);
}

static void forget(void)
{
    free(stage);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        found++;
    return found;
}

START_TEST(the_installed_program_finds_the_installed_plugins)
{
    char out[131072], below[512];

    shell(out, sizeof(out), "find '%s%s' -name '*.so'", BUILD_ROOT, "/plugins");
    const size_t built = count(out, ".so\n");
    shell(out, sizeof(out), "cd / && '%s%s/plexus' plugins --json", stage, BINDIR);
    snprintf(below, sizeof(below), "\"path\":\"%s%s/", stage, PLUGINDIR);
    ck_assert_uint_gt(built, 0);
    ck_assert_uint_eq(count(out, "\"kind\":"), built);
    ck_assert_uint_eq(count(out, below), built);
}
END_TEST

START_TEST(the_installed_program_trains)
{
    char out[8192];

    shell(out, sizeof(out),
          "cd '%s' && .%s/plexus train " SOURCE_ROOT
          "/examples/iris.yaml --out run --progress never 2>&1",
          stage, BINDIR);
    ck_assert_ptr_nonnull(strstr(out, "accuracy"));
}
END_TEST

START_TEST(the_header_is_installed)
{
    char out[256];

    shell(out, sizeof(out), "cmp '%s%s/plexus/plugin.h' " SOURCE_ROOT "/include/plexus/plugin.h",
          stage, INCLUDEDIR);
    ck_assert_str_eq(out, "");
}
END_TEST

/* ---- the way of a plug-in author ------------------------------------------------------------- */

static const struct {
    const char *kind, *environment; /* what a user of that compiler has set                      */
} authors[] = {
    {"activation", "CC=gcc"},   {"loss", "CC=gcc"},   {"optimizer", "CC=gcc"},
#ifdef HAVE_CLANG
    {"activation", "CC=clang"}, {"loss", "CC=clang"}, {"optimizer", "CC=clang"},
#endif
};

/* What `plexus new` writes, built and tested as it stands, with the program on the path. */
static void follow(const char *kind, const char *environment, bool pkg_config)
{
    char setting[1024], command[4096], out[32768];
    char *folder = harness_folder();

    snprintf(setting, sizeof(setting), "%s PATH='%s%s':\"$PATH\"", environment, stage, BINDIR);
    if (pkg_config)
        snprintf(setting + strlen(setting), sizeof(setting) - strlen(setting),
                 " PKG_CONFIG_PATH='%s%s/pkgconfig'", stage, LIBDIR);
    snprintf(command, sizeof(command),
             "exec 2>&1 </dev/null; cd '%%s' && export %s && plexus new %%s demo && cd demo && "
             "meson setup build && meson test -C build",
             setting);
    shell(out, sizeof(out), command, folder, kind);
    ck_assert_msg(strstr(out, "Ok:                 1") != NULL, "%s", out);
    ck_assert_msg((strstr(out, "dependency plexus found: YES") != NULL) == pkg_config, "%s", out);
    free(folder);
}

START_TEST(a_new_plugin_passes_its_own_test)
{
    follow(authors[_i].kind, authors[_i].environment, true);
}
END_TEST

START_TEST(a_new_plugin_needs_no_pkg_config)
{
    follow("optimizer", "PKG_CONFIG_LIBDIR=/nowhere", false);
}
END_TEST

START_TEST(pkg_config_tells_where_plugins_go)
{
    char out[1024], expected[1024];

    shell(out, sizeof(out),
          "PKG_CONFIG_PATH='%s%s/pkgconfig' pkg-config --variable=plugindir plexus", stage, LIBDIR);
    out[strcspn(out, "\n")] = '\0';
    char *told = realpath(out, NULL);
    snprintf(expected, sizeof(expected), "%s%s", stage, PLUGINDIR);
    char *right = realpath(expected, NULL);
    ck_assert_ptr_nonnull(right);
    ck_assert_msg(told != NULL && strcmp(told, right) == 0, "%s", out);
    free(told);
    free(right);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("install");
    TCase *c = tcase_create("staged");

    tcase_add_unchecked_fixture(c, install, forget);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, the_installed_program_finds_the_installed_plugins);
    tcase_add_test(c, the_installed_program_trains);
    tcase_add_test(c, the_header_is_installed);
    tcase_add_test(c, pkg_config_tells_where_plugins_go);
    suite_add_tcase(s, c);

    TCase *author = tcase_create("author");
    tcase_add_unchecked_fixture(author, install, forget);
    tcase_set_timeout(author, 300);
    tcase_add_loop_test(author, a_new_plugin_passes_its_own_test, 0,
                        sizeof(authors) / sizeof(authors[0]));
    tcase_add_test(author, a_new_plugin_needs_no_pkg_config);
    suite_add_tcase(s, author);
    return harness_run(s);
}
