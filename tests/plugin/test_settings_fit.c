/* Domains, families, fused partners, and which loss fits which activation. */
#include <math.h>
#include <stdlib.h>

#include "harness.h"
#include "stage.h"

#include "plugin/settings.h"

static const place here = {"run.yaml", 4, 7};

static char *folder;
static catalog *known;
static settings *loss;

static void stage(void)
{
    folder = harness_folder();
    free(stage_copy(folder, "fits_unit", "loss/subject.so"));
    free(stage_copy(folder, "signed", "activation/subject.so"));
    free(stage_copy(folder, "positive", "activation/positive.so"));
    free(stage_copy(folder, "backwards", "activation/backwards.so"));
    known = stage_builtin(folder);
    loss = settings_new(stage_find(known, PLX_KIND_LOSS, "subject"), NULL);
}

static void clear(void)
{
    settings_free(loss);
    catalog_free(known);
    free(folder);
}

static settings *activation_named(const char *name)
{
    settings *made = settings_new(stage_find(known, PLX_KIND_ACTIVATION, name), NULL);

    ck_assert_ptr_nonnull(made);
    return made;
}

START_TEST(reads_a_domain)
{
    settings *activation = activation_named("positive");
    plx_domain domain;
    plx_error error = {0};

    ck_assert_msg(settings_domain(activation, &domain, &error), "%s", error.text);
    ck_assert_double_eq(domain.lo, 0);
    ck_assert(isinf(domain.hi));
    ck_assert_uint_eq(domain.flags, PLX_OPEN_MIN);
    settings_free(activation);
}
END_TEST

START_TEST(refuses_a_domain_that_is_none)
{
    settings *activation = activation_named("backwards");
    plx_domain domain;
    plx_error error = {0};

    ck_assert(!settings_domain(activation, &domain, &error));
    stage_expect(&error, ERROR_PLUGIN, folder,
                 "activation 'backwards': its domain is not a range (from 1 to -1, flags 0x0)");
    settings_free(activation);
}
END_TEST

START_TEST(reads_a_gain)
{
    settings *activation = activation_named("subject");

    ck_assert_double_eq(settings_gain(activation), 2.5);
    settings_free(activation);
}
END_TEST

START_TEST(takes_a_gain_that_is_none_as_one)
{
    settings *activation = activation_named("backwards");

    ck_assert_double_eq(settings_gain(activation), 1);
    settings_free(activation);
}
END_TEST

static const struct {
    plx_domain domain;
    uint32_t family;
} families[] = {
    {{.lo = 0, .hi = 1, .flags = PLX_ROWS_SUM_TO_ONE}, PLX_SIMPLEX},
    {{.lo = 0, .hi = 1}, PLX_UNIT},
    {{.lo = 0.25, .hi = 0.5}, PLX_UNIT},
    {{.lo = 0, .hi = HUGE_VAL}, PLX_POSITIVE},
    {{.lo = 0, .hi = 1.5}, PLX_POSITIVE},
    {{.lo = -1, .hi = 1}, PLX_REALS},
    {{.lo = -HUGE_VAL, .hi = HUGE_VAL}, PLX_REALS},
    {{.lo = -1, .hi = 2, .flags = PLX_ROWS_SUM_TO_ONE}, PLX_REALS},
};

START_TEST(names_the_family_of_a_domain)
{
    ck_assert_uint_eq(settings_family(&families[_i].domain), families[_i].family);
}
END_TEST

START_TEST(finds_a_fused_partner)
{
    settings *activation = activation_named("subject");

    ck_assert_ptr_eq(settings_fused(loss, activation), loss->plugin->loss->fused);
    settings_free(activation);
}
END_TEST

START_TEST(finds_no_fused_partner_away_from_the_defaults)
{
    settings *activation = activation_named("subject");

    ck_assert(settings_set(activation, "alpha", here, "2", here, NULL));
    ck_assert_ptr_null(settings_fused(loss, activation));
    settings_free(activation);
}
END_TEST

/* Whether the loss refuses the activation, with that text. */
static void expect_misfit(const char *name, const char *text)
{
    settings *activation = activation_named(name);
    plx_error error = {0};

    ck_assert(!settings_loss_fits(loss, activation, known, here, &error));
    stage_expect(&error, ERROR_CONFIG, folder, text);
    settings_free(activation);
}

START_TEST(accepts_what_fits)
{
    settings *activation;
    plx_error error = {0};

    free(stage_copy(folder, "unit", "activation/unit.so"));
    activation = activation_named("unit");
    ck_assert_msg(settings_loss_fits(loss, activation, known, here, &error), "%s", error.text);
    settings_free(activation);
}
END_TEST

START_TEST(says_what_would_fit)
{
    free(stage_copy(folder, "unit", "activation/unit.so"));
    free(stage_copy(folder, "simplex", "activation/simplex.so"));
    expect_misfit(
        "subject",
        "run.yaml:4:7: loss 'subject' does not fit the output of activation 'subject' "
        "(values in [-1, 1]): it needs values in [0, 1] or rows that sum to one; simplex or "
        "unit would fit");
}
END_TEST

START_TEST(says_so_if_nothing_would_fit)
{
    expect_misfit("positive",
                  "run.yaml:4:7: loss 'subject' does not fit the output of activation 'positive' "
                  "(values in (0, inf)): it needs values in [0, 1] or rows that sum to one");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("settings_fit");
    TCase *fits = tcase_create("fits");

    tcase_add_checked_fixture(fits, stage, clear);
    tcase_add_test(fits, reads_a_domain);
    tcase_add_test(fits, refuses_a_domain_that_is_none);
    tcase_add_test(fits, reads_a_gain);
    tcase_add_test(fits, takes_a_gain_that_is_none_as_one);
    tcase_add_loop_test(fits, names_the_family_of_a_domain, 0,
                        (int)(sizeof(families) / sizeof(families[0])));
    tcase_add_test(fits, finds_a_fused_partner);
    tcase_add_test(fits, finds_no_fused_partner_away_from_the_defaults);
    tcase_add_test(fits, accepts_what_fits);
    tcase_add_test(fits, says_what_would_fit);
    tcase_add_test(fits, says_so_if_nothing_would_fit);
    suite_add_tcase(s, fits);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
