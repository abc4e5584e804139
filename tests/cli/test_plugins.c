/* `plexus plugins` and `plexus describe`: what there is, what each says of itself, and what is
 * refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

static const struct {
    const char *kind, *name;
} builtin[] = {
    {"activation", "elu"},
    {"activation", "gelu"},
    {"activation", "identity"},
    {"activation", "leaky_relu"},
    {"activation", "relu"},
    {"activation", "selu"},
    {"activation", "sigmoid"},
    {"activation", "silu"},
    {"activation", "softmax"},
    {"activation", "softplus"},
    {"activation", "tanh"},
    {"loss", "cross_entropy"},
    {"loss", "huber"},
    {"loss", "kl"},
    {"loss", "mae"},
    {"loss", "mse"},
    {"optimizer", "adadelta"},
    {"optimizer", "adafactor"},
    {"optimizer", "adagrad"},
    {"optimizer", "adam"},
    {"optimizer", "adamax"},
    {"optimizer", "adamw"},
    {"optimizer", "lamb"},
    {"optimizer", "lars"},
    {"optimizer", "lbfgs"},
    {"optimizer", "lion"},
    {"optimizer", "muon"},
    {"optimizer", "nadam"},
    {"optimizer", "prodigy"},
    {"optimizer", "radam"},
    {"optimizer", "rmsprop"},
    {"optimizer", "rprop"},
    {"optimizer", "sam"},
    {"optimizer", "sgd"},
    {"optimizer", "shampoo"},
    {"optimizer", "soap"},
};
enum { BUILTIN_COUNT = sizeof(builtin) / sizeof(builtin[0]) };

/* ---- the list -------------------------------------------------------------------------------- */

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

START_TEST(all_built_in_plugins_are_listed_in_order)
{
    run *run = run_line(NULL, "plugins");
    const char *line = run->out;

    run_expect(run, 0);
    ck_assert_str_eq(run->err, "");
    ck_assert_uint_ge(count_lines(run->out), BUILTIN_COUNT);
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        char begin[64];
        snprintf(begin, sizeof(begin), "%-10s  %s ", builtin[i].kind, builtin[i].name);
        line = strstr(line, begin);
        ck_assert_msg(line != NULL, "no line '%s' in its place in\n%s", begin, run->out);
    }
    run_free(run);
}
END_TEST

START_TEST(json_has_one_object_a_line)
{
    run *run = run_line(NULL, "plugins --json");

    run_expect(run, 0);
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_ge(json_array_size(lines), BUILTIN_COUNT);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        char path[512];
        const json_t *line = json_array_get(lines, i);
        snprintf(path, sizeof(path), BUILTIN "/%s/%s.so", sample_string(line, "kind"),
                 sample_string(line, "name"));
        ck_assert_str_eq(sample_string(line, "path"), path);
        ck_assert(json_is_false(json_object_get(line, "shadows")));
        sample_string(line, "version");
        sample_string(line, "summary");
    }
    json_decref(lines);
    run_free(run);
}
END_TEST

static const char *const kinds[] = {"activation", "loss", "optimizer"};

START_TEST(a_kind_is_listed_alone)
{
    run *run = run_line(NULL, "plugins %s --json", kinds[_i]);

    run_expect(run, 0);
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_ge(json_array_size(lines), 5);
    for (size_t i = 0; i < json_array_size(lines); i++)
        ck_assert_str_eq(sample_string(json_array_get(lines, i), "kind"), kinds[_i]);
    json_decref(lines);
    run_free(run);
}
END_TEST

/* The object of a name among the lines; fails the test if there is none. Borrowed. */
static const json_t *find(const json_t *lines, const char *name)
{
    for (size_t i = 0; i < json_array_size(lines); i++)
        if (strcmp(sample_string(json_array_get(lines, i), "name"), name) == 0)
            return json_array_get(lines, i);
    ck_abort_msg("'%s' is not listed", name);
    return NULL;
}

START_TEST(a_plugin_dir_is_listed_too)
{
    char *plugins = sample_plugins(), *path = sample_path(plugins, "optimizer/lynx.so");
    run *run = run_line(NULL, "plugins optimizer --json --plugin-dir %s", plugins);

    run_expect(run, 0);
    json_t *lines = sample_lines(run->out);
    ck_assert_str_eq(sample_string(find(lines, "lynx"), "path"), path);
    json_decref(lines);
    run_free(run);
    free(path);
    free(plugins);
}
END_TEST

START_TEST(the_environment_is_searched)
{
    char *plugins = sample_plugins(), *setting = NULL;

    ck_assert_int_gt(asprintf(&setting, "PLEXUS_PLUGIN_PATH=relative:%s", plugins), 0);
    const char *const environment[] = {setting, NULL};
    run *run = run_line(&(run_options){.environment = environment}, "plugins optimizer --json");
    run_expect(run, 0);
    ck_assert_str_eq(run->err, "warning: PLEXUS_PLUGIN_PATH: 'relative' is ignored; its parts must "
                               "be absolute\n");
    json_t *lines = sample_lines(run->out);
    find(lines, "lynx");
    json_decref(lines);
    run_free(run);
    free(setting);
    free(plugins);
}
END_TEST

START_TEST(the_current_directory_is_not_searched)
{
    char *plugins = sample_plugins();
    run *run = run_line(&(run_options){.folder = plugins}, "describe optimizer lynx");

    run_expect(run, 3);
    run_free(run);
    free(plugins);
}
END_TEST

START_TEST(a_broken_plugin_is_listed_with_its_reason)
{
    char *plugins = sample_plugins(), *inner = sample_path(plugins, "optimizer");

    free(harness_file(inner, "broken.so", "this is no shared object"));
    run *run = run_line(NULL, "plugins optimizer --plugin-dir %s", plugins);
    run_expect(run, 0);
    run_expect_in(run, run->out, "\noptimizer   broken  ");
    run_expect_in(run, run->out, "  refused: it is not a shared object (no ELF header)\n");
    run_expect_in(run, run->out, "optimizer   lynx  ");
    run_free(run);
    free(inner);
    free(plugins);
}
END_TEST

START_TEST(a_shadowed_builtin_is_reported)
{
    char *plugins = sample_plugins(), *path = sample_path(plugins, "optimizer/adam.so");

    sample_copy(BUILTIN "/optimizer/adam.so", path);
    run *run = run_line(NULL, "describe optimizer adam --plugin-dir %s", plugins);
    run_expect(run, 0);
    run_expect_in(run, run->out, path);
    run_expect_in(run, run->err, path);
    run_free(run);
    free(path);
    free(plugins);
}
END_TEST

/* ---- describe -------------------------------------------------------------------------------- */

START_TEST(each_builtin_describes_itself)
{
    run *run = run_line(NULL, "describe %s %s", builtin[_i].kind, builtin[_i].name);
    char begin[96];

    run_expect(run, 0);
    snprintf(begin, sizeof(begin), "%s %s, version ", builtin[_i].kind, builtin[_i].name);
    ck_assert_int_eq(strncmp(run->out, begin, strlen(begin)), 0);
    run_expect_in(run, run->out, "\nformula\n  ");
    run_expect_in(run, run->out, "\nsettings");
    run_expect_in(run, run->out, "\nsource\n  ");
    run_free(run);
}
END_TEST

START_TEST(each_builtin_describes_itself_as_json)
{
    run *run = run_line(NULL, "describe --json %s %s", builtin[_i].kind, builtin[_i].name);

    run_expect(run, 0);
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_eq(json_array_size(lines), 1);
    const json_t *object = json_array_get(lines, 0);
    ck_assert_str_eq(sample_string(object, "kind"), builtin[_i].kind);
    ck_assert_str_eq(sample_string(object, "name"), builtin[_i].name);
    sample_string(object, "formula");
    sample_string(object, "source");
    ck_assert(json_is_array(json_object_get(object, "settings")));
    json_decref(lines);
    run_free(run);
}
END_TEST

START_TEST(settings_are_shown_with_range_and_default)
{
    run *run = run_line(NULL, "describe optimizer adam");

    run_expect_in(run, run->out,
                  "\n  beta1                real     0.9        0 <= x < 1\n"
                  "                       decay of the mean gradient\n");
    run_free(run);
}
END_TEST

START_TEST(an_optimizer_s_state_is_shown)
{
    run *run = run_line(NULL, "describe optimizer adam");

    run_expect_in(run, run->out,
                  "\n  weight  square               float32  like the parameter, starts at 0\n");
    run_free(run);
}
END_TEST

START_TEST(a_file_is_described)
{
    char *plugins = sample_plugins();
    run *run = run_line(&(run_options){.folder = plugins}, "describe optimizer/lynx.so");

    run_expect(run, 0);
    run_expect_in(run, run->out, "optimizer lynx, version 1: sign of an interpolated momentum\n");
    run_expect_in(run, run->out, "\n  weight  momentum ");
    run_free(run);
    free(plugins);
}
END_TEST

static const struct {
    const char *line, *err;
    int code;
} refused[] = {
    {"describe optimizer adma", "no optimizer 'adma' in " BUILTIN "; did you mean 'adam'?", 3},
    {"describe loss frobnicate",
     "no loss 'frobnicate' in " BUILTIN "; there are cross_entropy, huber, kl, mae and mse; a "
                                        "folder with other plug-ins is given by --plugin-dir",
     3},
    {"describe loss ../mse",
     "no loss '../mse' in " BUILTIN "; there are cross_entropy, huber, kl, mae and mse; a folder "
                                    "with other plug-ins is given by --plugin-dir",
     3},
    {"describe /nowhere/x.so",
     "cannot load /nowhere/x.so: it cannot be opened: No such file or directory", 4},

    {"describe /dev/null",
     "cannot load /dev/null: it is a device, pipe or socket; a plug-in must be a regular file", 4},
    {"describe /etc/passwd", "cannot load /etc/passwd: it is not a shared object (no ELF header)",
     4},
};

START_TEST(is_refused)
{
    char *expected = NULL;
    run *run = run_line(NULL, "%s", refused[_i].line);

    ck_assert_int_gt(asprintf(&expected, "%s\n", refused[_i].err), 0);
    run_expect_error(run, refused[_i].code, expected);
    free(expected);
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins");
    TCase *list = tcase_create("the list");
    TCase *describe = tcase_create("describe");

    tcase_add_test(list, all_built_in_plugins_are_listed_in_order);
    tcase_add_test(list, json_has_one_object_a_line);
    tcase_add_loop_test(list, a_kind_is_listed_alone, 0, 3);
    tcase_add_test(list, a_plugin_dir_is_listed_too);
    tcase_add_test(list, the_environment_is_searched);
    tcase_add_test(list, the_current_directory_is_not_searched);
    tcase_add_test(list, a_broken_plugin_is_listed_with_its_reason);
    tcase_add_test(list, a_shadowed_builtin_is_reported);
    tcase_add_loop_test(describe, each_builtin_describes_itself, 0, BUILTIN_COUNT);
    tcase_add_loop_test(describe, each_builtin_describes_itself_as_json, 0, BUILTIN_COUNT);
    tcase_add_test(describe, settings_are_shown_with_range_and_default);
    tcase_add_test(describe, an_optimizer_s_state_is_shown);
    tcase_add_test(describe, a_file_is_described);
    tcase_add_loop_test(describe, is_refused, 0, sizeof(refused) / sizeof(refused[0]));
    tcase_set_timeout(list, 60);
    tcase_set_timeout(describe, 60);
    suite_add_tcase(suite, list);
    suite_add_tcase(suite, describe);
    return harness_run(suite);
}
