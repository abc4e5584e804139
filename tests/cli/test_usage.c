/* The command line itself: help, versions, verbs and options that do not exist, values that are
 * none, and the exit code 2 for all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

#include "support/file.h"

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct {
    const char *line, *err;
} refused[] = {
    {"tran x.yaml", "no command 'tran'; did you mean 'train'?"},
    {"evil", "no command 'evil'; did you mean 'eval'?"},
    {"frobnicate", "no command 'frobnicate'; `plexus help` lists them"},
    {"TRAIN x.yaml", "no command 'TRAIN'; `plexus help` lists them"},
    {"''", "no command ''; `plexus help` lists them"},
    {"--json", "no command '--json'; `plexus help` lists them"},
    {"help frobnicate", "no command 'frobnicate'; `plexus help` lists them"},
    {"help train eval", "usage: plexus help [VERB]"},
    {"version now", "no folder 'now'; there are plugindir and includedir"},
    {"version plugindir includedir", "usage: plexus version [plugindir|includedir]"},
    {"new", "usage: plexus new KIND NAME"},
    {"new metric accuracy",
     "no kind of plug-in 'metric'; there are activation, loss and optimizer"},
    {"train", "usage: plexus train FILE.yaml, or --resume DIR"},
    {"train a.yaml b.yaml", "usage: plexus train FILE.yaml | --resume DIR"},
    {"eval", "usage: plexus eval MODEL [DATA [TARGETS]]"},
    {"eval a b c d", "usage: plexus eval MODEL [DATA [TARGETS]]"},
    {"predict model", "usage: plexus predict MODEL DATA"},
    {"config", "usage: plexus config FILE.yaml"},
    {"summary", "usage: plexus summary MODEL"},
    {"describe", "usage: plexus describe KIND NAME | FILE.so"},
    {"describe adam", "usage: plexus describe KIND NAME, such as `plexus describe optimizer adam`, "
                      "or plexus describe FILE.so"},
    {"describe optimiser adam",
     "no kind of plug-in 'optimiser'; there are activation, loss and optimizer"},
    {"plugins losses", "no kind of plug-in 'losses'; there are activation, loss and optimizer"},
    {"train x.yaml --sed 3", "train has no option '--sed'; did you mean '--set'?"},
    {"train x.yaml --thread 3", "train has no option '--thread'; did you mean '--threads'?"},
    {"train x.yaml --thread=3", "train has no option '--thread'; did you mean '--threads'?"},
    {"train x.yaml --frobnicate",
     "train has no option '--frobnicate'; `plexus help train` lists its options"},
    {"summary x --threads 2",
     "summary has no option '--threads'; `plexus help summary` lists its options"},
    {"train x.yaml -s 3", "no option '-s'; options begin with two dashes"},
    {"train x.yaml --seed", "--seed needs a value: --seed N"},
    {"train x.yaml --set", "--set needs a value: --set KEY=VALUE"},
    {"train x.yaml --json=yes", "--json takes no value"},
    {"train x.yaml --seed one",
     "--seed takes a whole number from 0 to 18446744073709551615, not 'one'"},
    {"train x.yaml --seed -1",
     "--seed takes a whole number from 0 to 18446744073709551615, not '-1'"},
    {"train x.yaml --seed 18446744073709551616",
     "--seed takes a whole number from 0 to 18446744073709551615, not '18446744073709551616'"},
    {"train x.yaml --threads 0", "--threads takes a whole number from 1 to 256, not '0'"},
    {"train x.yaml --threads 257", "--threads takes a whole number from 1 to 256, not '257'"},
    {"train x.yaml --threads 1.5", "--threads takes a whole number from 1 to 256, not '1.5'"},
    {"train x.yaml --threads ''", "--threads needs a value: --threads N"},
    {"train x.yaml --out=", "--out needs a value: --out PATH"},
    {"train x.yaml --plugin-dir ''", "--plugin-dir needs a value: --plugin-dir DIR"},
    {"train ''", "argument 1 of train is empty; an unset variable?"},
    {"predict model ''", "argument 2 of predict is empty; an unset variable?"},
    {"eval m --top-k 0", "--top-k takes a whole number from 1 to 100000, not '0'"},
    {"train x.yaml --progress sometimes",
     "--progress takes auto, always or never, not 'sometimes'"},
    {"train x.yaml --plugin-dir /nowhere", "the plug-in folder /nowhere does not exist"},
};
enum { REFUSED = sizeof(refused) / sizeof(refused[0]) };

START_TEST(is_refused)
{
    run *run = run_line(NULL, "%s", refused[_i].line);
    char *expected = NULL;

    ck_assert_int_gt(asprintf(&expected, "plexus: %s\n", refused[_i].err), 0);
    run_expect_error(run, 2, expected);
    free(expected);
    run_free(run);
}
END_TEST

START_TEST(an_isa_that_does_not_exist_is_refused)
{
    static const char *const environment[] = {"PLEXUS_ISA=mmx", NULL};
    run *run = run_line(&(run_options){.environment = environment}, "version");

    run_expect(run, 2);
    run_expect_in(run, run->err, "plexus: PLEXUS_ISA is 'mmx': ");
    run_free(run);
}
END_TEST

/* ---- help ------------------------------------------------------------------------------------ */

static const char *const verbs[] = {"train",    "eval", "predict", "config",  "summary", "plugins",
                                    "describe", "new",  "help",    "version", "matrix",  "check"};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

START_TEST(help_lists_every_verb)
{
    run *run = run_line(NULL, "help");

    run_expect(run, 0);
    for (size_t i = 0; i < VERBS; i++) {
        char line[32];
        snprintf(line, sizeof(line), "\n  %-9s ", verbs[i]);
        run_expect_in(run, run->out, line);
    }
    ck_assert_str_eq(run->err, "");
    run_free(run);
}
END_TEST

START_TEST(help_lists_the_exit_codes)
{
    run *run = run_line(NULL, "help");

    run_expect_in(run, run->out,
                  "Exit codes: 0 ok, 1 the run failed, 2 usage,\n"
                  "3 config file, 4 plug-in, 5 data or model file.\n");
    run_free(run);
}
END_TEST

/* Several ways of asking for the same. */
static const char *const same_help[][2] = {{"help", ""},
                                           {"help", "--help"},
                                           {"help", "-h"},
                                           {"help train", "train --help"},
                                           {"help train", "train x.yaml --seed 3 -h"},
                                           {"version", "--version"}};

START_TEST(help_can_be_asked_for_in_several_ways)
{
    run *one = run_line(NULL, "%s", same_help[_i][0]),
        *two = run_line(NULL, "%s", same_help[_i][1]);

    run_expect(one, 0);
    run_expect(two, 0);
    ck_assert_str_ne(one->out, "");
    ck_assert_str_eq(one->out, two->out);
    run_free(one);
    run_free(two);
}
END_TEST

START_TEST(each_verb_explains_itself)
{
    char usage[64];
    run *run = run_line(NULL, "help %s", verbs[_i]);

    run_expect(run, 0);
    snprintf(usage, sizeof(usage), "usage: plexus %s", verbs[_i]);
    ck_assert_int_eq(strncmp(run->out, usage, strlen(usage)), 0);
    run_free(run);
}
END_TEST

START_TEST(a_verb_lists_its_own_options_alone)
{
    run *run = run_line(NULL, "help summary");

    run_expect_in(run, run->out,
                  "\noptions:\n"
                  "  --json                one JSON object a line on standard output\n"
                  "  --plugin-dir DIR      search this folder for plug-ins first (repeatable)\n");
    ck_assert_ptr_null(strstr(run->out, "--seed"));
    run_free(run);
}
END_TEST

/* ---- version --------------------------------------------------------------------------------- */

START_TEST(version_is_one_line)
{
    run *run = run_line(NULL, "version");

    run_expect(run, 0);
    ck_assert_int_eq(strncmp(run->out, "plexus ", 7), 0);
    ck_assert_ptr_eq(strchr(run->out, '\n'), run->out + strlen(run->out) - 1);
    run_expect_in(run, run->out, "(plug-in ABI 1.0, ");
    run_free(run);
}
END_TEST

START_TEST(version_json_is_an_object)
{
    run *run = run_line(NULL, "version --json");

    run_expect(run, 0);
    json_t *object = sample_object(run->out);
    ck_assert_str_eq(sample_string(object, "abi"), "1.0");
    sample_string(object, "plexus");
    sample_string(object, "isa");
    json_decref(object);
    run_free(run);
}
END_TEST

START_TEST(version_names_its_folders)
{
    run *header = run_line(NULL, "version includedir");
    run *plugins = run_line(NULL, "version plugindir");

    run_expect(header, 0);
    run_expect(plugins, 0);
    ck_assert_str_eq(plugins->out, BUILTIN "\n");
    header->out[strcspn(header->out, "\n")] = '\0';
    char *path = file_join(header->out, "plexus/plugin.h");
    ck_assert(file_exists(path));
    free(path);
    run_free(header);
    run_free(plugins);
}
END_TEST

START_TEST(the_isa_can_be_capped)
{
    static const char *const environment[] = {"PLEXUS_ISA=sse2", NULL};
    run *run = run_line(&(run_options){.environment = environment}, "version --json");

    run_expect(run, 0);
    json_t *object = sample_object(run->out);
    ck_assert_str_eq(sample_string(object, "isa"), "sse2");
    json_decref(object);
    run_free(run);
}
END_TEST

/* ---- where options stand --------------------------------------------------------------------- */

/* All of them print the same experiment. */
static const char *const orders[] = {
    "config moons.yaml --seed 4 --threads 2",
    "config --threads 2 --seed 4 moons.yaml",
    "config --threads=2 moons.yaml --seed=4",
    "config --seed 1 moons.yaml --seed 4 --threads=2",
    "config --seed 4 --threads 2 -- moons.yaml",
    "config moons.yaml --set train.seed=4 --set train.threads=2",
};

START_TEST(options_stand_anywhere_after_the_verb)
{
    char *folder = sample_folder();
    const run_options here = {.folder = folder};
    run *one = run_line(&here, "%s", orders[0]), *two = run_line(&here, "%s", orders[_i]);

    run_expect(one, 0);
    run_expect(two, 0);
    run_expect_in(one, one->out, "\n  seed: 4\n");
    run_expect_in(one, one->out, "\n  threads: 2\n");
    ck_assert_str_eq(one->out, two->out);
    run_free(one);
    run_free(two);
    free(folder);
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
    run *run = run_line(NULL, "config -- --seed");

    run_expect(run, 3);
    run_expect_in(run, run->err, "--seed");
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("usage");
    TCase *errors = tcase_create("what is refused");
    TCase *texts = tcase_create("help and version");
    TCase *places = tcase_create("where options stand");

    tcase_add_loop_test(errors, is_refused, 0, REFUSED);
    tcase_add_test(errors, an_isa_that_does_not_exist_is_refused);
    tcase_add_test(texts, help_lists_every_verb);
    tcase_add_test(texts, help_lists_the_exit_codes);
    tcase_add_loop_test(texts, help_can_be_asked_for_in_several_ways, 0, 6);
    tcase_add_loop_test(texts, each_verb_explains_itself, 0, VERBS);
    tcase_add_test(texts, a_verb_lists_its_own_options_alone);
    tcase_add_test(texts, version_is_one_line);
    tcase_add_test(texts, version_json_is_an_object);
    tcase_add_test(texts, version_names_its_folders);
    tcase_add_test(texts, the_isa_can_be_capped);
    tcase_add_loop_test(places, options_stand_anywhere_after_the_verb, 1, 6);
    tcase_add_test(places, two_dashes_end_the_options);
    TCase *const all[] = {errors, texts, places};
    for (size_t i = 0; i < 3; i++) {
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return harness_run(suite);
}
