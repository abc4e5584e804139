/* The progress bar: its text as a function of what it shows, and through a pseudo terminal when
 * and how it is drawn. */
#include "cli/terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* ---- the text -------------------------------------------------------------------------------- */

static const bar_state half = {.epoch = 3,
                               .epochs = 4,
                               .batch = 0,
                               .batches = 10,
                               .loss = 0.25,
                               .eta = 62,
                               .samples_per_second = 950};

static void expect_bar(const bar_state *state, int width, const char *expected)
{
    char line[512];

    ck_assert_int_eq(terminal_format_bar(state, width, line, sizeof(line)), (int)strlen(line));
    ck_assert_str_eq(line, expected);
}

START_TEST(the_bar_shows_epoch_loss_rate_and_time_left)
{
    expect_bar(&half, 80,
               "epoch 3/4 [#################..................] loss 0.25  950 rows/s  ETA 1:02");
}
END_TEST

START_TEST(a_wide_terminal_gets_no_longer_bar_than_forty)
{
    expect_bar(&half, 300,
               "epoch 3/4 [####################....................] loss 0.25  950 rows/s  ETA "
               "1:02");
}
END_TEST

START_TEST(a_narrow_terminal_gets_the_words_alone)
{
    expect_bar(&half, 40, "epoch 3/4 ");
}
END_TEST

START_TEST(the_words_are_cut_where_the_terminal_ends)
{
    expect_bar(&half, 6, "epoch");
}
END_TEST

START_TEST(a_terminal_of_no_width_gets_nothing)
{
    expect_bar(&half, 0, "");
}
END_TEST

/* Of every width the bar leaves one column free, so that the line never breaks. */
START_TEST(no_bar_is_wider_than_its_terminal)
{
    char line[512];

    for (int width = 1; width < 200; width++)
        ck_assert_int_lt(terminal_format_bar(&half, width, line, sizeof(line)), width);
}
END_TEST

START_TEST(the_bar_begins_empty_and_ends_full)
{
    bar_state state = half;
    char line[512];

    state.epoch = 1;
    terminal_format_bar(&state, 80, line, sizeof(line));
    ck_assert_ptr_null(strchr(line, '#'));
    state.epoch = 4;
    state.batch = 10;
    terminal_format_bar(&state, 80, line, sizeof(line));
    ck_assert_ptr_nonnull(strstr(line, "#]"));
    ck_assert_ptr_null(strstr(line, "#."));
}
END_TEST

static const struct {
    double eta;
    const char *text;
} times[] = {{-1, "ETA -"},          {0, "ETA 0:00"},       {59.6, "ETA 1:00"},
             {3599, "ETA 59:59"},    {3600, "ETA 1:00:00"}, {7384, "ETA 2:03:04"},
             {1e6, "ETA 277:46:40"}, {1e300, "ETA -"},      {(double)NAN, "ETA -"}};
enum { TIMES = sizeof(times) / sizeof(times[0]) };

START_TEST(the_time_left_reads_as_a_clock)
{
    bar_state state = half;
    char line[512];

    state.eta = times[_i].eta;
    terminal_format_bar(&state, 100, line, sizeof(line));
    const char *found = strstr(line, "ETA ");
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found, times[_i].text);
}
END_TEST

static const struct {
    double rate;
    const char *text;
} rates[] = {{0, "0"},        {0.5, "0.5"},     {950, "950"},     {999.4, "999"},
             {999.5, "1k"},   {36210, "36.2k"}, {999400, "999k"}, {999600, "1M"},
             {2.7e6, "2.7M"}, {1.25e9, "1.25G"}};
enum { RATES = sizeof(rates) / sizeof(rates[0]) };

START_TEST(a_rate_has_three_digits_and_a_unit)
{
    char buffer[16];

    ck_assert_str_eq(terminal_format_rate(rates[_i].rate, buffer), rates[_i].text);
}
END_TEST

START_TEST(a_loss_that_is_no_number_is_shown_as_such)
{
    bar_state state = half;
    char line[512];

    state.loss = __builtin_nan("");
    terminal_format_bar(&state, 80, line, sizeof(line));
    ck_assert_ptr_nonnull(strstr(line, " loss nan "));
}
END_TEST

/* ---- the text of many runs ------------------------------------------------------------------- */

static const runs_state some = {.done = 123,
                                .all = 600,
                                .failed = 4,
                                .running = 2,
                                .eta = 62,
                                .leader = "  leads: adam, test_accuracy 0.97"};

static void expect_runs(const runs_state *state, int width, const char *expected)
{
    char line[512];

    ck_assert_int_eq(terminal_format_runs(state, width, line, sizeof(line)), (int)strlen(line));
    ck_assert_str_eq(line, expected);
}

/* The narrower, the less: the widest and the narrowest terminal that gets each form. */
static const struct {
    int width;
    const char *line;
} forms[] = {
    {300, "123/600 runs [########................................] 2 running, 4 failed  ETA 1:02  "
          "leads: adam, test_accuracy 0.97"},
    {83, "123/600 runs [....] 2 running, 4 failed  ETA 1:02  leads: adam, test_accuracy 0.97"},
    {82, "123/600 runs [##............] 4 failed  ETA 1:02  leads: adam, test_accuracy 0.97"},
    {72, "123/600 runs [....] 4 failed  ETA 1:02  leads: adam, test_accuracy 0.97"},
    {71, "123/600 runs [#######.............................] 4 failed  ETA 1:02"},
    {39, "123/600 runs [....] 4 failed  ETA 1:02"},
    {38, "123/600 runs, 4 failed, ETA 1:02"},
    {33, "123/600 runs, 4 failed, ETA 1:02"},
    {32, "123/600 runs, 4 failed"},
    {23, "123/600 runs, 4 failed"},
    {22, "123/600 runs"},
    {13, "123/600 runs"},
    {12, "123/600 run"},
    {1, ""},
    {0, ""},
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

START_TEST(what_has_no_room_is_left_out)
{
    expect_runs(&some, forms[_i].width, forms[_i].line);
}
END_TEST

START_TEST(no_line_of_runs_is_wider_than_its_terminal)
{
    char line[512];

    for (int width = 1; width < 300; width++)
        ck_assert_int_lt(terminal_format_runs(&some, width, line, sizeof(line)), width);
}
END_TEST

START_TEST(an_unknown_time_and_no_leader_take_no_words)
{
    runs_state state = some;

    state.eta = -1;
    state.leader = "";
    expect_runs(&state, 64, "123/600 runs [####.................] 2 running, 4 failed  ETA -");
    expect_runs(&state, 30, "123/600 runs, 4 failed, ETA -");
}
END_TEST

START_TEST(a_leader_with_a_long_name_leaves_the_rest_alone)
{
    runs_state state = some;
    char leader[300];

    memset(leader, 'x', sizeof(leader) - 1);
    leader[sizeof(leader) - 1] = '\0';
    state.leader = leader;
    expect_runs(&state, 100,
                "123/600 runs [########................................] 4 failed  ETA 1:02");
}
END_TEST

START_TEST(the_largest_numbers_fit)
{
    const runs_state state = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, 1e7, ""};
    char line[512];

    for (int width = 1; width < 400; width++) {
        ck_assert_int_eq(terminal_format_runs(&state, width, line, sizeof(line)),
                         (int)strlen(line));
        ck_assert_int_lt((int)strlen(line), width);
    }
}
END_TEST

START_TEST(nothing_to_do_is_an_empty_bar)
{
    const runs_state state = {.eta = -1, .leader = ""};

    expect_runs(&state, 44, "0/0 runs [.....] 0 running, 0 failed  ETA -");
}
END_TEST

/* ---- on a terminal --------------------------------------------------------------------------- */

enum { EPOCHS = 3000 };

/* Trains in a terminal, or not if columns is 0. */
static run *train(const char *const *environment, int columns, const char *more)
{
    char *folder = sample_folder();
    run *made =
        run_line(&(run_options){.folder = folder, .environment = environment, .columns = columns},
                 "train kinds.yaml --out run --set train.epochs=%d %s", EPOCHS, more);

    free(folder);
    return made;
}

static size_t count_bars(const run *run)
{
    size_t bars = 0;

    for (const char *at = run->err; (at = strstr(at, "\repoch ")) != NULL; at++)
        bars++;
    return bars;
}

START_TEST(a_bar_with_the_time_left_is_drawn)
{
    run *run = train(NULL, 80, "");

    run_expect(run, 0);
    ck_assert_uint_ge(count_bars(run), 1);
    const char *bar = strstr(run->err, "\repoch ");
    const char *end = strstr(bar, "\033[K");
    ck_assert_ptr_nonnull(end);
    ck_assert_int_le(end - bar, 1 + 80 - 3); /* room for "^C", and a column free                  */
    ck_assert_ptr_nonnull(memmem(bar, (size_t)(end - bar), "ETA ", 4));
    run_free(run);
}
END_TEST

/* A tenth of a second lies between two drawings, so the whole run bounds their number. */
START_TEST(the_bar_is_drawn_ten_times_a_second_at_most)
{
    run *run = train(NULL, 80, "");

    run_expect(run, 0);
    ck_assert_double_le((double)count_bars(run), 1 + 10 * run->seconds);
    run_free(run);
}
END_TEST

START_TEST(the_bar_is_gone_at_the_end)
{
    run *run = train(NULL, 80, "");
    const char *last = strrchr(run->err, '#');

    run_expect(run, 0);
    last = last == NULL ? run->err : last;
    ck_assert_ptr_nonnull(strstr(last, "\r\033[K"));
    ck_assert_int_eq(run->err[strlen(run->err) - 1], '\n');
    run_free(run);
}
END_TEST

/* A warning comes about when the rate is hopeless. */
static const char hopeless[] = "--set optimizer.lr=1e-12";

START_TEST(a_terminal_has_colours)
{
    run *run = train(NULL, 80, hopeless);

    run_expect(run, 0);
    run_expect_in(run, run->err, "\033[33mwarning:\033[0m the run isn't converging");
    run_free(run);
}
END_TEST

START_TEST(no_color_is_honoured)
{
    static const char *const environment[] = {"NO_COLOR=1", NULL};
    run *run = train(environment, 80, hopeless);

    run_expect(run, 0);
    run_expect_in(run, run->err, "warning: the run isn't converging");
    for (const char *at = run->err; (at = strstr(at, "\033[")) != NULL; at += 2)
        ck_assert_int_eq(at[2], 'K');
    ck_assert_uint_ge(count_bars(run), 1);
    run_free(run);
}
END_TEST

START_TEST(an_empty_no_color_says_nothing)
{
    static const char *const environment[] = {"NO_COLOR=", NULL};
    run *run = train(environment, 80, hopeless);

    run_expect(run, 0);
    run_expect_in(run, run->err, "\033[33m");
    run_free(run);
}
END_TEST

START_TEST(a_dumb_terminal_gets_plain_lines)
{
    static const char *const environment[] = {"TERM=dumb", NULL};
    run *run = train(environment, 80, hopeless);

    run_expect(run, 0);
    ck_assert_ptr_null(strchr(run->err, '\r'));
    ck_assert_ptr_null(strchr(run->err, '\033'));
    run_free(run);
}
END_TEST

START_TEST(progress_never_draws_none_on_a_terminal)
{
    run *run = train(NULL, 80, "--progress never");

    run_expect(run, 0);
    ck_assert_str_eq(run->err, "");
    run_free(run);
}
END_TEST

START_TEST(a_file_gets_plain_lines)
{
    run *run = train(NULL, 0, hopeless);

    run_expect(run, 0);
    run_expect_in(run, run->err, "\nepoch 3000/3000 ");
    ck_assert_ptr_null(strchr(run->err, '\r'));
    ck_assert_ptr_null(strchr(run->err, '\033'));
    run_free(run);
}
END_TEST

START_TEST(progress_always_draws_without_a_terminal)
{
    run *run = train(NULL, 0, "--progress always");

    run_expect(run, 0);
    ck_assert_uint_ge(count_bars(run), 1);
    run_free(run);
}
END_TEST

START_TEST(json_on_stdout_stays_clean_under_a_bar)
{
    run *run = train(NULL, 80, "--json");

    run_expect(run, 0);
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_eq(json_array_size(lines), EPOCHS + 1);
    json_decref(lines);
    run_free(run);
}
END_TEST

START_TEST(an_error_on_a_terminal_has_no_escapes)
{
    run *run = run_line(&(run_options){.columns = 80}, "train nothing.yaml");

    run_expect(run, 3);
    ck_assert_ptr_null(strchr(run->err, '\033'));
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("terminal");
    TCase *text = tcase_create("the text");
    TCase *runs = tcase_create("the text of many runs");
    TCase *drawn = tcase_create("on a terminal");

    tcase_add_test(text, the_bar_shows_epoch_loss_rate_and_time_left);
    tcase_add_test(text, a_wide_terminal_gets_no_longer_bar_than_forty);
    tcase_add_test(text, a_narrow_terminal_gets_the_words_alone);
    tcase_add_test(text, the_words_are_cut_where_the_terminal_ends);
    tcase_add_test(text, a_terminal_of_no_width_gets_nothing);
    tcase_add_test(text, no_bar_is_wider_than_its_terminal);
    tcase_add_test(text, the_bar_begins_empty_and_ends_full);
    tcase_add_loop_test(text, the_time_left_reads_as_a_clock, 0, TIMES);
    tcase_add_loop_test(text, a_rate_has_three_digits_and_a_unit, 0, RATES);
    tcase_add_test(text, a_loss_that_is_no_number_is_shown_as_such);
    tcase_add_loop_test(runs, what_has_no_room_is_left_out, 0, FORMS);
    tcase_add_test(runs, no_line_of_runs_is_wider_than_its_terminal);
    tcase_add_test(runs, an_unknown_time_and_no_leader_take_no_words);
    tcase_add_test(runs, a_leader_with_a_long_name_leaves_the_rest_alone);
    tcase_add_test(runs, the_largest_numbers_fit);
    tcase_add_test(runs, nothing_to_do_is_an_empty_bar);
    tcase_add_test(drawn, a_bar_with_the_time_left_is_drawn);
    tcase_add_test(drawn, the_bar_is_drawn_ten_times_a_second_at_most);
    tcase_add_test(drawn, the_bar_is_gone_at_the_end);
    tcase_add_test(drawn, a_terminal_has_colours);
    tcase_add_test(drawn, no_color_is_honoured);
    tcase_add_test(drawn, an_empty_no_color_says_nothing);
    tcase_add_test(drawn, a_dumb_terminal_gets_plain_lines);
    tcase_add_test(drawn, progress_never_draws_none_on_a_terminal);
    tcase_add_test(drawn, a_file_gets_plain_lines);
    tcase_add_test(drawn, progress_always_draws_without_a_terminal);
    tcase_add_test(drawn, json_on_stdout_stays_clean_under_a_bar);
    tcase_add_test(drawn, an_error_on_a_terminal_has_no_escapes);
    tcase_set_timeout(drawn, 60);
    suite_add_tcase(suite, text);
    suite_add_tcase(suite, runs);
    suite_add_tcase(suite, drawn);
    return harness_run(suite);
}
