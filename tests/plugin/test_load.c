/* Every way in which a plug-in can be refused, with the message it gets. */
#include <fenv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "stage.h"

#include "plugin/load.h"
#include "plugin/verify.h"

#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

typedef struct refusal {
    const char *fixture;
    const char *reason;
} refusal;

static const refusal optimizer_refusals[] = {
    {"no_symbol",
     "it does not export plx_plugin_v1; PLX_ACTIVATION, PLX_LOSS or PLX_OPTIMIZER at the "
     "end of its source makes it a plug-in"},
    {"symbol_elsewhere",
     "it has no plx_plugin_v1 of its own, only one of a library it is linked to"},
    {"wrong_magic", "the magic number of its entry is 0x12345678; it must be 0x31584c50"},
    {"entry_too_small", "the size of its entry is 16; it must be 24 to 32"},
    {"entry_too_large", "the size of its entry is 100000; it must be 24 to 32"},
    {"entry_tail_used", "its entry uses byte 24, which this version does not know"},
    {"wrong_kind", "it is a loss, not an optimizer"},
    {"unknown_kind", "its kind is 77, which this version does not know"},
    {"minor_1", "it needs version 1.1 of the plug-in interface; this program has 1.0"},
    {"minor_99", "it needs version 1.99 of the plug-in interface; this program has 1.0"},
    {"no_descriptor", "its entry has no descriptor"},
    {"descriptor_too_small", "the size of its descriptor is 136; it must be 144 to 4096"},
    {"descriptor_too_large", "the size of its descriptor is 5000; it must be 144 to 4096"},
    {"tail_used", "its descriptor uses byte 144, which this version does not know"},
    {"wrong_name", "it is called 'other', not 'subject'; the file must be other.so"},
    {"bad_name", "its name 'Sub ject' is not valid; a name is a lower-case letter and up to 31 "
                 "lower-case letters, digits and _"},
    {"no_name", "it has no name"},
    {"no_summary", "it has no summary; one line is required"},
    {"summary_empty",
     "its summary is ''; it must be one line of 1 to 1000 printable characters of UTF-8"},
    {"summary_lines",
     "its summary is 'two\\x0alines'; it must be one line of 1 to 1000 printable characters of "
     "UTF-8"},
    {"summary_not_utf8",
     "its summary is 'caf\\xe9'; it must be one line of 1 to 1000 printable characters of UTF-8"},
    {"version_escape",
     "its version is '\\x1b[31mred'; it must be one line of 1 to 1000 printable characters of "
     "UTF-8"},
    {"formula_escape", "line 3 of its formula is 'lines\\x1b[31mred'; it must be up to 1000 "
                       "printable characters of UTF-8"},
    {"help_lines",
     "the help text of its setting 'beta1' is 'two\\x0alines'; it must be one line of 1 "
     "to 1000 printable characters of UTF-8"},
    {"choice_escape",
     "choice 2 of its setting 'kind' is '\\x1b[31mred'; it must be one line of 1 to "
     "1000 printable characters of UTF-8"},
    {"unknown_flag", "its flags are 0x8; this version knows only 0x1"},
    {"stride_too_small", "the stride of its settings table is 8; it must be 72 to 4096"},
    {"row_too_small", "the size of a row of its settings table is 8; it must be 72 to 72"},
    {"row_tail_used", "a row of its settings table uses byte 72, which this version does not know"},
    {"row_outside", "its setting 'far' lies outside the settings struct (8 bytes at 40 of 40)"},
    {"row_far_outside",
     "its setting 'far' lies outside the settings struct (8 bytes at 4294967288 of 40)"},
    {"row_owner_too_large",
     "the owner_size of its setting 'far' is 1000000; it must be the same in "
     "every row and at most 4096"},
    {"row_unaligned", "its setting 'odd' is at offset 28, which is not a multiple of 8"},
    {"rows_overlap", "its settings 'beta1' and 'half' overlap in the settings struct"},
    {"rows_same_name", "it has two settings 'beta1'"},
    {"row_bad_name", "the name of its setting 2, 'Beta-2', is not valid"},
    {"row_no_name", "its setting 2 has no name"},
    {"row_reserved", "it has a setting 'lr', a name that Plexus keeps for itself"},
    {"row_groups", "it has a setting 'groups', a name that Plexus keeps for itself"},
    {"row_match", "it has a setting 'match', a name that Plexus keeps for itself"},
    {"row_no_help", "its setting 'history' has no help text"},
    {"row_unknown_type",
     "the type of its setting 'history' is 9, which this version does not know"},
    {"row_unknown_flag", "the flags of its setting 'beta1' are 0x40; this version knows only 0x7"},
    {"default_outside", "the default of its setting 'beta1' is 1; it must be in 0 <= beta1 < 1"},
    {"min_above_max", "the minimum of its setting 'beta1', 1, is above the maximum, 0"},
    {"default_nan", "the default, minimum or maximum of its setting 'beta1' is NaN"},
    {"integer_not_whole",
     "the default, minimum and maximum of its setting 'history' must be whole 64-bit numbers"},
    {"integer_unbounded",
     "the default, minimum and maximum of its setting 'history' must be whole 64-bit numbers"},
    {"flag_range", "the range of its flag 'on' must be 0 to 1"},
    {"choice_no_table", "its setting 'kind' must list 1 to 64 choices; it has no table of them"},
    {"choice_no_text", "choice 2 of its setting 'kind' has no text"},
    {"two_steps", "it gives step_range, step_model; an optimizer gives exactly one of step_range, "
                  "step_tensor, step_model"},
    {"no_step", "it gives none of its functions; an optimizer gives exactly one of step_range, "
                "step_tensor, step_model"},
    {"closure_without_model", "it has the flag PLX_NEEDS_CLOSURE, which only step_model can use"},
    {"constants_without_begin", "it has constants_size 8 but no begin_step to fill them"},
    {"constants_too_large", "its constants_size is 5000; at most 4096 is allowed"},
    {"lr_nan", "its default lr is nan; it must be a finite number at or above 0"},
    {"fast_math",
     "it changes the floating-point state of the whole process (denormals or rounding), "
     "as an object linked with -ffast-math does; link it without -ffast-math"},
    {"rounds_up",
     "it changes the floating-point state of the whole process (denormals or rounding), "
     "as an object linked with -ffast-math does; link it without -ffast-math"},
    {"undefined", "it cannot be loaded: undefined symbol: missing_function"},
    {"both_pairs", "it is an activation, not an optimizer"},
};

static const refusal activation_refusals[] = {
    {"both_pairs", "it gives forward, backward, forward_rows, backward_rows; an activation gives "
                   "either forward and backward, or forward_rows and backward_rows"},
    {"mixed_pair",
     "it gives forward, backward_rows; an activation gives either forward and backward, "
     "or forward_rows and backward_rows"},
    {"neither_pair", "it gives none of its functions; an activation gives either forward and "
                     "backward, or forward_rows and backward_rows"},
    {"asks_for_minor_1", "it needs version 1.1 of the plug-in interface; this program has 1.0"},
    {"onnx_empty", "its onnx operator is ''; it must be one line of 1 to 1000 printable characters "
                   "of UTF-8"},
    {"activation_flag", "its flags are 0x4; this version knows only 0x3"},
};

static const refusal loss_refusals[] = {
    {"loss_reserved", "it has a setting 'fused', a name that Plexus keeps for itself"},
    {"loss_no_rows", "it gives targets; a loss gives both targets and rows"},
    {"fused_no_function", "its fused partner 1 has no function"},
    {"fused_twice", "it lists the fused partner 'softmax/1' twice"},
    {"fused_bad_id",
     "the semantic id of its fused partner 1 is 'two\\x0alines'; it must be one line of 1 to 1000 "
     "printable characters of UTF-8"},
    {"fused_tail_used", "a fused partner uses byte 24, which this version does not know"},
    {"fused_too_small", "the size of a fused partner is 8; it must be 24 to 24"},
};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Loads `path` as `subject` and expects the reason. */
static void expect_refused(const char *folder, const char *path, uint32_t kind, const char *reason)
{
    plx_error error = {0};
    loaded *item = load_plugin(path, kind, "subject", &error);

    ck_assert_ptr_null(item);
    stage_expect(&error, ERROR_PLUGIN, folder, reason);
}

static void expect_fixture_refused(const refusal *refusal, uint32_t kind)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, refusal->fixture, "subject.so");

    expect_refused(folder, path, kind, refusal->reason);
    free(path);
    free(folder);
}

START_TEST(refuses_optimizer)
{
    expect_fixture_refused(&optimizer_refusals[_i], PLX_KIND_OPTIMIZER);
}
END_TEST

START_TEST(refuses_activation)
{
    expect_fixture_refused(&activation_refusals[_i], PLX_KIND_ACTIVATION);
}
END_TEST

START_TEST(refuses_loss)
{
    expect_fixture_refused(&loss_refusals[_i], PLX_KIND_LOSS);
}
END_TEST

START_TEST(accepts_what_is_sound)
{
    static const char *const sound[] = {"sound", "entry_tail_zero", "tail_zero", "formula_lines"};
    char *folder = harness_folder();
    char *path = stage_copy(folder, sound[_i], "subject.so");
    plx_error error = {0};
    loaded *item = load_plugin(path, PLX_KIND_OPTIMIZER, "subject", &error);

    ck_assert_msg(item != NULL, "%s", error.text);
    ck_assert_str_eq(item->plugin.name, "subject");
    ck_assert_str_eq(item->plugin.version, "1");
    ck_assert_str_eq(item->plugin.path, path);
    ck_assert(item->plugin.optimizer->step_range != NULL);
    ck_assert_ptr_null(item->plugin.activation);
    ck_assert_ptr_null(item->plugin.loss);
    loaded_free(item);
    free(path);
    free(folder);
}
END_TEST

START_TEST(reads_wider_rows)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "row_tail_zero", "subject.so");
    plx_error error = {0};
    loaded *item = load_plugin(path, PLX_KIND_OPTIMIZER, "subject", &error);

    ck_assert_msg(item != NULL, "%s", error.text);
    ck_assert_uint_eq(item->plugin.component->settings_count, 2);
    ck_assert_uint_eq(item->plugin.component->settings_stride, sizeof(plx_setting));
    ck_assert_str_eq(item->plugin.component->settings[0].name, "beta1");
    ck_assert_str_eq(item->plugin.component->settings[1].name, "history");
    loaded_free(item);
    free(path);
    free(folder);
}
END_TEST

START_TEST(reads_wider_fused_partners)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "fused_tail_zero", "subject.so");
    plx_error error = {0};
    loaded *item = load_plugin(path, PLX_KIND_LOSS, "subject", &error);

    ck_assert_msg(item != NULL, "%s", error.text);
    ck_assert_uint_eq(item->plugin.loss->fused_count, 2);
    ck_assert_uint_eq(item->plugin.loss->fused_stride, sizeof(plx_fused));
    ck_assert_str_eq(item->plugin.loss->fused[0].semantic, "subject/1");
    ck_assert_str_eq(item->plugin.loss->fused[1].semantic, "subject/2");
    loaded_free(item);
    free(path);
    free(folder);
}
END_TEST

/* `count` times `character`; the caller's to free. */
static char *repeated(const char *character, size_t count)
{
    text t = {0};

    for (size_t i = 0; i < count; i++)
        text_add(&t, character);
    ck_assert(!t.failed);
    return t.bytes;
}

START_TEST(counts_the_characters_of_a_line)
{
    static const char *const characters[] = {"x", "\xc3\xa9", "\xf0\x9d\x84\x9e"};
    char *longest = repeated(characters[_i], 1000), *longer = repeated(characters[_i], 1001);
    plx_error error = {0};

    ck_assert_msg(verify_line(longest, "its summary", &error), "%s", error.text);
    ck_assert(!verify_line(longer, "its summary", &error));
    free(longest);
    free(longer);
}
END_TEST

/* ---- files that are no plug-ins ---- */

static void expect_content_refused(const char *content)
{
    char *folder = harness_folder();
    char *path = harness_file(folder, "subject.so", content);

    ck_assert_int_eq(chmod(path, 0644), 0);
    expect_refused(folder, path, PLX_KIND_OPTIMIZER, "it is not a shared object (no ELF header)");
    free(path);
    free(folder);
}

START_TEST(refuses_text)
{
    expect_content_refused("optimizer: adam, and more than four bytes of it\n");
}
END_TEST

START_TEST(refuses_empty_file)
{
    expect_content_refused("");
}
END_TEST

START_TEST(refuses_folder)
{
    char *folder = harness_folder();
    char *path = file_join(folder, "subject.so");

    ck_assert_int_eq(mkdir(path, 0755), 0);
    expect_refused(folder, path, PLX_KIND_OPTIMIZER,
                   "it is a folder; a plug-in must be a regular file");
    free(path);
    free(folder);
}
END_TEST

/* Opening a pipe that nobody writes to must not block. */
START_TEST(refuses_pipe)
{
    char *folder = harness_folder();
    char *path = file_join(folder, "subject.so");

    ck_assert_int_eq(mkfifo(path, 0644), 0);
    expect_refused(folder, path, PLX_KIND_OPTIMIZER,
                   "it is a device, pipe or socket; a plug-in must be a regular file");
    free(path);
    free(folder);
}
END_TEST

START_TEST(refuses_dangling_link)
{
    char *folder = harness_folder();
    char *path = file_join(folder, "subject.so");

    ck_assert_int_eq(symlink("nowhere.so", path), 0);
    expect_refused(folder, path, PLX_KIND_OPTIMIZER,
                   "it cannot be opened: No such file or directory");
    free(path);
    free(folder);
}
END_TEST

START_TEST(refuses_relative_path)
{
    expect_refused("", "subject.so", PLX_KIND_OPTIMIZER, "its path is not absolute");
}
END_TEST

/* ---- who may write it ---- */

START_TEST(refuses_file_writable_by_others)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "subject.so");

    ck_assert_int_eq(chmod(path, 0646), 0);
    expect_refused(folder, path, PLX_KIND_OPTIMIZER,
                   "it is writable by others (mode 0646); chmod o-w would mend that");
    free(path);
    free(folder);
}
END_TEST

START_TEST(refuses_folder_writable_by_others)
{
    static const struct {
        mode_t mode;
        const char *reason;
    } modes[] = {
        {0777, "its folder @/open is writable by others (mode 0777); chmod o-w would mend that"},
        {01777, "its folder @/open is writable by others (mode 1777); chmod o-w would mend that"},
    };
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "open/subject.so");
    char *open = file_folder(path);

    ck_assert_int_eq(chmod(open, modes[_i].mode), 0);
    expect_refused(folder, path, PLX_KIND_OPTIMIZER, modes[_i].reason);
    free(open);
    free(path);
    free(folder);
}
END_TEST

/* A link in a safe folder to a file in one that is not. */
START_TEST(refuses_link_into_folder_writable_by_others)
{
    char *folder = harness_folder();
    char *target = stage_copy(folder, "sound", "open/subject.so");
    char *open = file_folder(target);
    char *path = file_join(folder, "subject.so");

    ck_assert_int_eq(chmod(open, 0777), 0);
    ck_assert_int_eq(symlink(target, path), 0);
    expect_refused(
        folder, path, PLX_KIND_OPTIMIZER,
        "its folder @/open is writable by others (mode 0777); chmod o-w would mend that");
    free(path);
    free(open);
    free(target);
    free(folder);
}
END_TEST

/* And the other way round: the file is safe, the link to it could be swapped. */
START_TEST(refuses_link_in_folder_writable_by_others)
{
    char *folder = harness_folder();
    char *target = stage_copy(folder, "sound", "subject.so");
    char *open = file_join(folder, "open");
    char *path = file_join(open, "subject.so");

    ck_assert_int_eq(mkdir(open, 0755), 0);
    ck_assert_int_eq(chmod(open, 0777), 0);
    ck_assert_int_eq(symlink(target, path), 0);
    expect_refused(
        folder, path, PLX_KIND_OPTIMIZER,
        "its folder @/open is writable by others (mode 0777); chmod o-w would mend that");
    free(path);
    free(open);
    free(target);
    free(folder);
}
END_TEST

START_TEST(accepts_group_writable_file)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "subject.so");
    plx_error error = {0};

    ck_assert_int_eq(chmod(path, 0664), 0);
    loaded *item = load_plugin(path, PLX_KIND_OPTIMIZER, "subject", &error);
    ck_assert_msg(item != NULL, "%s", error.text);
    loaded_free(item);
    free(path);
    free(folder);
}
END_TEST

/* ---- names and the process ---- */

START_TEST(refuses_second_name_by_link)
{
    char *folder = harness_folder();
    char *target = stage_copy(folder, "sound", "subject.so");
    char *path = file_join(folder, "alias.so");
    plx_error error = {0};

    ck_assert_int_eq(symlink("subject.so", path), 0);
    ck_assert_ptr_null(load_plugin(path, 0, NULL, &error));
    stage_expect(&error, ERROR_PLUGIN, folder,
                 "it is called 'subject', not 'alias'; the file must be subject.so");
    free(path);
    free(target);
    free(folder);
}
END_TEST

START_TEST(restores_the_floating_point_state)
{
    static const char *const fixtures[] = {"fast_math", "rounds_up"};
    char *folder = harness_folder();
    char *path = stage_copy(folder, fixtures[_i], "subject.so");
    const volatile float smallest = 1.17549435e-38f;

    ck_assert_ptr_null(load_plugin(path, 0, NULL, NULL));
    ck_assert_int_eq(fegetround(), FE_TONEAREST);
    ck_assert(smallest * 0.5f > 0.0f);
    free(path);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("load");
    TCase *refusals = tcase_create("refusals");
    TCase *files = tcase_create("files");

    tcase_add_loop_test(refusals, refuses_optimizer, 0, COUNT(optimizer_refusals));
    tcase_add_loop_test(refusals, refuses_activation, 0, COUNT(activation_refusals));
    tcase_add_loop_test(refusals, refuses_loss, 0, COUNT(loss_refusals));
    tcase_add_loop_test(refusals, accepts_what_is_sound, 0, 4);
    tcase_add_loop_test(refusals, counts_the_characters_of_a_line, 0, 3);
    tcase_add_test(refusals, reads_wider_rows);
    tcase_add_test(refusals, reads_wider_fused_partners);
    tcase_add_test(refusals, refuses_second_name_by_link);
    tcase_add_loop_test(refusals, restores_the_floating_point_state, 0, 2);
    tcase_add_test(files, refuses_text);
    tcase_add_test(files, refuses_empty_file);
    tcase_add_test(files, refuses_folder);
    tcase_add_test(files, refuses_pipe);
    tcase_add_test(files, refuses_dangling_link);
    tcase_add_test(files, refuses_relative_path);
    tcase_add_test(files, refuses_file_writable_by_others);
    tcase_add_loop_test(files, refuses_folder_writable_by_others, 0, 2);
    tcase_add_test(files, refuses_link_into_folder_writable_by_others);
    tcase_add_test(files, refuses_link_in_folder_writable_by_others);
    tcase_add_test(files, accepts_group_writable_file);
    suite_add_tcase(s, refusals);
    suite_add_tcase(s, files);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
