/* optimizer.groups: which tensors become one parameter group, with which settings and rate; how
 * that is printed and set. What is refused is in test_bad_configs.c. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

/* layers.0.weight, layers.0.bias, layers.1.weight, layers.2.weight, layers.2.bias */
#define DEEP                                                                                       \
    "network: {layers: [{units: 3, activation: tanh}, {units: 3, activation: tanh, bias: false}, " \
    "{units: 2, activation: softmax}]}\n"

enum { TENSORS = 5 };

static experiment *with_optimizer(const char *optimizer)
{
    text file = {0};

    text_addf(&file, DATA DEEP LOSS "optimizer: %s\n", optimizer);
    experiment *read = fixture_read(file.bytes);
    free(file.bytes);
    return read;
}

/* The setting's value in the group of a tensor. */
static double value_of(const experiment *read, size_t tensor, const char *setting)
{
    const settings *found = read->parameter_groups[read->tensor_group[tensor]].settings;

    for (size_t i = 0; i < settings_count(found->plugin); i++) {
        char buffer[32];
        if (strcmp(settings_row(found->plugin, i)->name, setting) == 0)
            return atof(settings_value(found, i, buffer));
    }
    ck_abort_msg("no setting %s", setting);
}

static double lr_of(const experiment *read, size_t tensor)
{
    return read->parameter_groups[read->tensor_group[tensor]].lr;
}

static void check_groups(const experiment *read, const char *expected)
{
    char groups[TENSORS + 1] = "";

    for (size_t i = 0; i < TENSORS; i++)
        groups[i] = (char)('0' + read->tensor_group[i]);
    ck_assert_str_eq(groups, expected);
}

/* ---- reading --------------------------------------------------------------------------------- */

START_TEST(without_groups_all_tensors_are_one)
{
    experiment *read = with_optimizer("{name: sgd, lr: 0.5, momentum: 0.25}");

    ck_assert_uint_eq(read->parameter_group_count, 1);
    check_groups(read, "00000");
    ck_assert(lr_of(read, 0) == 0.5 && value_of(read, 0, "momentum") == 0.25);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(no_groups_at_all_is_the_same)
{
    experiment *read = with_optimizer("{name: sgd, groups: []}");

    ck_assert_uint_eq(read->parameter_group_count, 1);
    ck_assert_uint_eq(read->group_rule_count, 0);
    experiment_free(read);
    fixture_end();
}
END_TEST

/* Groups are numbered in the order of their first tensors. */
static const struct {
    const char *match, *groups;
} patterns[] = {
    {"'*'", "00000"},
    {"'*.bias'", "01001"},
    {"layers.0.*", "00111"},
    {"layers.1.weight", "00100"},
    {"'layers.[12].*'", "00111"},
    {"'layers.?.weight'", "01001"},
    {"'layers.[!0].weight'", "00110"},
    {"[layers.0.weight, layers.2.bias]", "01110"},
};

START_TEST(patterns_pick_tensors)
{
    text optimizer = {0};

    text_addf(&optimizer, "{name: sgd, groups: [{match: %s, lr: 0.125}]}", patterns[_i].match);
    experiment *read = with_optimizer(optimizer.bytes);
    check_groups(read, patterns[_i].groups);
    free(optimizer.bytes);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(a_group_takes_the_optimizers_settings_and_its_own)
{
    experiment *read = with_optimizer("{name: sgd, lr: 0.5, momentum: 0.25, weight_decay: 0.125, "
                                      "groups: [{match: '*.bias', weight_decay: 0}]}");

    ck_assert(value_of(read, 0, "weight_decay") == 0.125);
    ck_assert(value_of(read, 1, "weight_decay") == 0);
    for (size_t i = 0; i < TENSORS; i++)
        ck_assert(lr_of(read, i) == 0.5 && value_of(read, i, "momentum") == 0.25);
    experiment_free(read);
    fixture_end();
}
END_TEST

/* layers.0.bias is in both: its weight decay is the first's, its momentum the second's. */
START_TEST(a_later_group_wins_on_the_same_key)
{
    experiment *read = with_optimizer(
        "{name: sgd, lr: 0.5, groups: [{match: '*.bias', weight_decay: 0.25, momentum: 0.5}, "
        "{match: layers.0.*, lr: 0.25, momentum: 0.125}]}");

    check_groups(read, "01223");
    ck_assert(value_of(read, 1, "weight_decay") == 0.25);
    ck_assert(value_of(read, 1, "momentum") == 0.125);
    ck_assert(lr_of(read, 1) == 0.25);
    ck_assert(value_of(read, 4, "momentum") == 0.5);
    ck_assert(lr_of(read, 4) == 0.5);
    ck_assert(value_of(read, 0, "weight_decay") == 0);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(tensors_of_the_same_groups_are_one)
{
    experiment *read = with_optimizer("{name: sgd, groups: [{match: layers.0.weight, lr: 0.1}, "
                                      "{match: layers.1.weight, lr: 0.1}]}");

    check_groups(read, "01211");
    ck_assert_uint_eq(read->parameter_group_count, 3);
    experiment_free(read);
    fixture_end();
}
END_TEST

/* The rate of a group is its own though the optimizer names none; 0 is one. */
START_TEST(a_rate_may_be_zero)
{
    experiment *read = with_optimizer("{name: adam, groups: [{match: layers.0.*, lr: 0}]}");

    ck_assert(lr_of(read, 0) == 0 && lr_of(read, 4) == 0.001);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(a_group_can_mend_what_another_made)
{
    experiment *read = with_optimizer("{name: sgd, groups: [{match: '*', momentum: 0.5}, "
                                      "{match: '*.weight', nesterov: true}]}");

    ck_assert_uint_eq(read->parameter_group_count, 2);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(sixty_four_groups_are_taken)
{
    text optimizer = {0};

    text_add(&optimizer, "{name: sgd, groups: [");
    for (int i = 0; i < 64; i++)
        text_addf(&optimizer, "{match: '*', lr: %d}, ", i);
    text_add(&optimizer, "]}");
    experiment *read = with_optimizer(optimizer.bytes);
    ck_assert(lr_of(read, 0) == 63);
    free(optimizer.bytes);
    experiment_free(read);
    fixture_end();
}
END_TEST

/* ---- printing and --set ---------------------------------------------------------------------- */

START_TEST(prints_what_the_groups_give)
{
    experiment *read =
        with_optimizer("{name: sgd, groups: [{weight_decay: 0.0, match: ['*.bias']}, {lr: 1e-4, "
                       "nesterov: yes, momentum: .5, match: [layers.0.weight, 'layers.2.*']}]}");
    char *printed = fixture_print(read);

    ck_assert_ptr_nonnull(
        strstr(printed, "\noptimizer: {name: sgd, lr: 0.01, momentum: 0, dampening: 0, "
                        "nesterov: false, weight_decay: 0, groups: [\n"
                        "    {match: \"*.bias\", weight_decay: 0},\n"
                        "    {match: [layers.0.weight, \"layers.2.*\"], lr: 0.0001, momentum: 0.5, "
                        "nesterov: true}]}\nschedule:"));
    free(printed);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(printed_groups_come_back)
{
    experiment *first =
        with_optimizer("{name: adamw, groups: [{match: '*.bias', weight_decay: 0}, {match: "
                       "[layers.0.weight, layers.1.weight], lr: 0, amsgrad: on}]}");
    char *printed = fixture_print(first);
    experiment *second = fixture_read(printed);
    char *again = fixture_print(second);

    ck_assert_str_eq(again, printed);
    check_groups(second, "01021");
    ck_assert(value_of(second, 0, "amsgrad") == value_of(first, 0, "amsgrad"));
    free(printed);
    free(again);
    experiment_free(first);
    experiment_free(second);
    fixture_end();
}
END_TEST

START_TEST(the_identity_has_the_groups)
{
    experiment *read = with_optimizer("{name: sgd, groups: [{match: layers.0.bias, lr: 0.5}]}");
    text identity = {0};

    ck_assert(experiment_print(read, PRINT_IDENTITY, &identity));
    ck_assert_ptr_nonnull(strstr(identity.bytes, "{match: layers.0.bias, lr: 0.5}"));
    free(identity.bytes);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(groups_can_be_set)
{
    const char *const sets[] = {"optimizer.groups=[{match: '*.bias', lr: 0}]",
                                "optimizer.groups.0.lr=0.25", NULL};
    plx_error error = {0};
    experiment *read = fixture_set(DATA DEEP LOSS OPTIMIZER, sets, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    check_groups(read, "01001");
    ck_assert(lr_of(read, 1) == 0.25);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(groups_that_are_set_wrongly_are_refused)
{
    const char *const sets[] = {"optimizer.groups=[{match: '*.bias', beta1: 0}]", NULL};
    plx_error error = {0};

    ck_assert_ptr_null(fixture_set(DATA DEEP LOSS OPTIMIZER, sets, &error));
    ck_assert_str_eq(error.text, "--set optimizer.groups=[{match: '*.bias', beta1: 0}]: unknown "
                                 "key 'beta1' in optimizer.groups[0]; its keys are match, lr, "
                                 "momentum, dampening, nesterov, weight_decay");
    fixture_end();
}
END_TEST

/* Nothing is known of its settings, but the rules come back as they are. */
START_TEST(reads_without_the_optimizer)
{
    static const char file[] =
        DATA DEEP LOSS "optimizer: {name: gone, lr: 0.5, groups: [{match: '*.bias', lr: 0.25, "
                       "shape: round, size: 1e-1}]}\n";
    const experiment_options options = {.without_optimizer = true};
    plx_error error = {0};
    experiment *read = fixture_parse_bytes(file, strlen(file), &options, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    ck_assert_uint_eq(read->parameter_group_count, 0);
    char *printed = fixture_print(read);
    ck_assert_ptr_nonnull(
        strstr(printed, "\noptimizer: {name: gone, lr: 0.5, groups: [\n"
                        "    {match: \"*.bias\", lr: 0.25, shape: round, size: 1e-1}]}\n"));
    free(printed);
    experiment_free(read);
    fixture_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/groups");
    TCase *reading = tcase_create("reading"), *printing = tcase_create("printing");

    tcase_add_test(reading, without_groups_all_tensors_are_one);
    tcase_add_test(reading, no_groups_at_all_is_the_same);
    tcase_add_loop_test(reading, patterns_pick_tensors, 0,
                        (int)(sizeof(patterns) / sizeof(patterns[0])));
    tcase_add_test(reading, a_group_takes_the_optimizers_settings_and_its_own);
    tcase_add_test(reading, a_later_group_wins_on_the_same_key);
    tcase_add_test(reading, tensors_of_the_same_groups_are_one);
    tcase_add_test(reading, a_rate_may_be_zero);
    tcase_add_test(reading, a_group_can_mend_what_another_made);
    tcase_add_test(reading, sixty_four_groups_are_taken);
    tcase_add_test(printing, prints_what_the_groups_give);
    tcase_add_test(printing, printed_groups_come_back);
    tcase_add_test(printing, the_identity_has_the_groups);
    tcase_add_test(printing, groups_can_be_set);
    tcase_add_test(printing, groups_that_are_set_wrongly_are_refused);
    tcase_add_test(printing, reads_without_the_optimizer);
    suite_add_tcase(s, reading);
    suite_add_tcase(s, printing);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
