/* test_exam.c: variants of settings, and verdicts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author/exam.h"
#include "harness.h"

/* An exam of a plug-in that comes with the program. */
typedef struct fixture {
    catalog *catalog;
    exam *exam;
} fixture;

static fixture examine(uint32_t kind, const char *name)
{
    const catalog_options options = {.builtin = BUILTIN};
    plx_error error = {.code = ERROR_NONE};
    fixture f = {.catalog = catalog_new(&options, &error)};
    const plugin *plugin = f.catalog != NULL ? catalog_find(f.catalog, kind, name, &error) : NULL;

    ck_assert_msg(plugin != NULL, "%s", error.text);
    f.exam = exam_new(plugin, NULL, guard_new(-1), -1, &error);
    ck_assert_msg(f.exam != NULL, "%s", error.text);
    return f;
}

static void end(fixture *f)
{
    exam_free(f->exam);
    catalog_free(f->catalog);
}

static const variant *find_variant(const exam *exam, const char *name)
{
    for (size_t i = 0; i < exam->variant_count; i++)
        if (strcmp(exam->variants[i].name, name) == 0)
            return &exam->variants[i];
    return NULL;
}

START_TEST(the_defaults_come_first)
{
    fixture f = examine(PLX_KIND_OPTIMIZER, "adam");

    ck_assert_str_eq(f.exam->variants[0].name, "the defaults");
    ck_assert(settings_are_default(f.exam->variants[0].settings));
    for (size_t i = 1; i < f.exam->variant_count; i++)
        ck_assert(!settings_are_default(f.exam->variants[i].settings));
    end(&f);
}
END_TEST

START_TEST(each_setting_is_changed_alone)
{
    fixture f = examine(PLX_KIND_OPTIMIZER, "sgd");

    ck_assert_ptr_nonnull(find_variant(f.exam, "momentum 0.1"));
    ck_assert_ptr_nonnull(find_variant(f.exam, "dampening 0.1"));
    ck_assert_ptr_nonnull(find_variant(f.exam, "weight_decay 0.1"));
    end(&f);
}
END_TEST

START_TEST(a_change_that_is_refused_alone_is_made_with_another)
{
    fixture f = examine(PLX_KIND_OPTIMIZER, "sgd");

    ck_assert_ptr_null(find_variant(f.exam, "nesterov true"));
    ck_assert_ptr_nonnull(find_variant(f.exam, "nesterov true, momentum 0.1"));
    end(&f);
}
END_TEST

START_TEST(each_other_choice_is_a_variant)
{
    fixture f = examine(PLX_KIND_ACTIVATION, "gelu");

    ck_assert_uint_eq(f.exam->variant_count, 2);
    ck_assert_str_eq(f.exam->variants[1].name, "approximate tanh");
    end(&f);
}
END_TEST

START_TEST(a_variant_is_named_by_its_settings)
{
    fixture f = examine(PLX_KIND_ACTIVATION, "gelu");

    ck_assert_str_eq(exam_variant_name(f.exam, f.exam->variants[1].settings), "approximate tanh");
    ck_assert_str_eq(exam_variant_name(f.exam, NULL), "other settings");
    end(&f);
}
END_TEST

START_TEST(the_first_failure_counts)
{
    fixture f = examine(PLX_KIND_ACTIVATION, "relu");

    ck_assert(!exam_fail(f.exam, "forward", "one", "%d", 2));
    ck_assert(!exam_fail(f.exam, "backward", "three", "%d", 4));
    ck_assert(f.exam->failed);
    ck_assert_str_eq(f.exam->look.bytes, "forward");
    ck_assert_str_eq(f.exam->expected.bytes, "one");
    ck_assert_str_eq(f.exam->came.bytes, "2");
    end(&f);
}
END_TEST

START_TEST(what_is_said_last_counts)
{
    fixture f = examine(PLX_KIND_ACTIVATION, "relu");

    exam_say(f.exam, "a long first sentence");
    exam_say(f.exam, "%d", 7);
    ck_assert_str_eq(f.exam->says.bytes, "7");
    ck_assert(!exam_skip(f.exam, "%s", "none"));
    ck_assert(f.exam->skipped && !f.exam->failed);
    ck_assert_str_eq(f.exam->says.bytes, "none");
    end(&f);
}
END_TEST

START_TEST(a_status_other_than_ok_and_done_fails)
{
    fixture f = examine(PLX_KIND_ACTIVATION, "relu");

    ck_assert(exam_called(f.exam, "forward", PLX_OK));
    ck_assert(exam_called(f.exam, "forward", PLX_DONE));
    ck_assert(!exam_called(f.exam, "forward", 7));
    ck_assert_ptr_nonnull(strstr(f.exam->came.bytes, "returned status 7 without a message"));
    end(&f);
}
END_TEST

START_TEST(an_error_told_to_the_host_fails_whatever_is_returned)
{
    fixture f = examine(PLX_KIND_OPTIMIZER, "sgd");

    f.exam->host.table.error(&f.exam->host.table, "no %s", "memory");
    ck_assert(!exam_called(f.exam, "step_range", PLX_OK));
    ck_assert_ptr_nonnull(strstr(f.exam->came.bytes, "no memory"));
    end(&f);
}
END_TEST

START_TEST(a_write_beside_an_array_fails_unless_left_to_bounds)
{
    fixture f = examine(PLX_KIND_ACTIVATION, "relu");
    float *array =
        guard_array(f.exam->guard, "y", 3 * sizeof(float), sizeof(float), sizeof(float), GUARD_END);

    array[-1] = 1;
    f.exam->unguarded = true;
    ck_assert(exam_called(f.exam, "forward", PLX_OK));
    f.exam->unguarded = false;
    ck_assert(!exam_called(f.exam, "forward", PLX_OK));
    ck_assert_ptr_nonnull(strstr(f.exam->came.bytes, "before the start of 'y'"));
    end(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("author/exam");
    TCase *c = tcase_create("exam");

    tcase_add_test(c, the_defaults_come_first);
    tcase_add_test(c, each_setting_is_changed_alone);
    tcase_add_test(c, a_change_that_is_refused_alone_is_made_with_another);
    tcase_add_test(c, each_other_choice_is_a_variant);
    tcase_add_test(c, a_variant_is_named_by_its_settings);
    tcase_add_test(c, the_first_failure_counts);
    tcase_add_test(c, what_is_said_last_counts);
    tcase_add_test(c, a_status_other_than_ok_and_done_fails);
    tcase_add_test(c, an_error_told_to_the_host_fails_whatever_is_returned);
    tcase_add_test(c, a_write_beside_an_array_fails_unless_left_to_bounds);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
