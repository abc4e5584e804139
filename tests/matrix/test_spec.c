/* test_spec.c: what a matrix file says, as fields. Broken ones are in test_spec_bad.c. */
#include "matrix/spec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "support/text.h"

#define BASE  "base: iris.yaml\n"
#define LR    "{log: [1e-4, 1]}"
#define TUNED "protocol: {tune: {trials: 4}}\n"

static spec *parse(const char *yaml)
{
    plx_error error = {0};
    spec *made = spec_parse("folder/mission.yaml", "/data/folder", yaml, strlen(yaml), &error);

    ck_assert_msg(made != NULL, "%s\nin\n%s", error.text, yaml);
    return made;
}

/* ---- the file -------------------------------------------------------------------------------- */

START_TEST(a_base_alone_has_every_default)
{
    spec *spec = parse(BASE);

    ck_assert_str_eq(spec->file, "folder/mission.yaml");
    ck_assert_str_eq(spec->name, "mission");
    ck_assert_str_eq(spec->folder, "/data/folder");
    ck_assert_str_eq(spec->bytes, BASE);
    ck_assert_uint_eq(spec->length, strlen(BASE));
    ck_assert_uint_eq(spec->change_count + spec->axis_count + spec->range_count, 0);
    ck_assert_uint_eq(spec->rule_count + spec->target_count + spec->gate_count, 0);
    ck_assert(!spec->protocol.tune && !spec->protocol.at_best_val && !spec->protocol.untuned_row);
    ck_assert_int_eq(spec->protocol.report_at.line, 0);
    ck_assert_uint_eq(spec->protocol.final_seeds.count, 5);
    ck_assert_double_eq(spec->limits.seconds, 3600);
    ck_assert_uint_eq(spec->limits.memory, 0);
    ck_assert_double_eq(spec->limits.total_seconds, 0);
    ck_assert(!spec->stats.metric_given);
    ck_assert_int_eq(spec->stats.compare, -1);
    ck_assert_int_eq(spec->stats.control, -1);
    ck_assert_double_eq(spec->stats.alpha, 0.05);
    ck_assert_uint_eq(spec->stats.replicates, 50000);
    spec_free(spec);
}
END_TEST

/* A section that is there and says nothing is one that is not there. */
START_TEST(empty_sections_change_nothing)
{
    spec *spec = parse(BASE "set: {}\naxes: {}\nrules: []\nprotocol: {final: {}}\ntargets: {}\n"
                            "limits: {}\nstats: {}\ngate: []\n");

    ck_assert_uint_eq(spec->axis_count + spec->rule_count + spec->gate_count, 0);
    ck_assert_uint_eq(spec->protocol.final_seeds.count, 5);
    ck_assert_double_eq(spec->limits.seconds, 3600);
    ck_assert_int_eq(spec->stats.compare, -1);
    spec_free(spec);
}
END_TEST

START_TEST(a_file_is_read_with_its_folder)
{
    char *folder = harness_folder(), *path = harness_file(folder, "m.yaml", BASE);
    plx_error error = {0};
    spec *spec = spec_read(path, &error);

    ck_assert_msg(spec != NULL, "%s", error.text);
    ck_assert_str_eq(spec->file, path);
    ck_assert_str_eq(spec->name, "m");
    ck_assert_str_eq(spec->folder, folder);
    ck_assert_str_eq(spec->bytes, BASE);
    spec_free(spec);
    free(path);
    free(folder);
}
END_TEST

START_TEST(nothing_to_free_is_fine)
{
    spec_free(NULL);
}
END_TEST

/* ---- problems -------------------------------------------------------------------------------- */

/* "name file change=value;.. | name .." with {} for an inline base */
static char *problems_of(const spec *spec)
{
    text out = {0};

    for (size_t i = 0; i < spec->problem_count; i++) {
        const spec_problem *problem = &spec->problem[i];
        ck_assert((problem->file == NULL) != (problem->base == NULL));
        text_addf(&out, "%s%s %s", i == 0 ? "" : " | ", problem->name,
                  problem->file != NULL ? problem->file : "{}");
        for (size_t c = 0; c < problem->change_count; c++)
            text_addf(&out, " %s=%s", problem->change[c].path,
                      problem->change[c].value->type == NODE_SCALAR ? problem->change[c].value->text
                                                                    : "..");
    }
    return out.bytes;
}

static const struct {
    const char *yaml, *problems;
} problem_files[] = {
    {"base: data/iris.yaml\n", "iris data/iris.yaml"},
    {"base: fashion-mnist.yml\n", "fashion-mnist fashion-mnist.yml"},
    {"base: {loss: mse}\n", "base {}"},
    {"problems: [iris.yaml, ../digits.yaml]\n", "iris iris.yaml | digits ../digits.yaml"},
    {BASE "problems: {a: {}, b: other.yaml}\n", "a iris.yaml | b other.yaml"},
    {BASE "problems: {a: {base: b.yaml}, c: {base: {loss: mse}}}\n", "a b.yaml | c {}"},
    {"problems: {a: {base: b.yaml, loss: mse}}\n", "a b.yaml loss=mse"},
    {BASE "problems: {a_1-b: {data.test: 0.5, train: {epochs: 20, batch: 3}}}\n",
     "a_1-b iris.yaml data.test=0.5 train.epochs=20 train.batch=3"},
    /* what is below is changed ... */
    {BASE "problems: {a: {train: {early_stopping: {patience: 3}}}}\n",
     "a iris.yaml train.early_stopping.patience=3"},
    {BASE "problems: {a: {train: {early_stopping.patience: 3}}}\n",
     "a iris.yaml train.early_stopping.patience=3"},
    {BASE "problems: {a: {data: {train: {drop: 1}}}}\n", "a iris.yaml data.train.drop=1"},
    /* ... and what stands as a whole is not */
    {BASE "problems: {a: {optimizer: {name: adam, lr: 1}}}\n", "a iris.yaml optimizer=.."},
    {BASE "problems: {a: {data: {train: {x: a, y: b}}}}\n", "a iris.yaml data.train=.."},
    {BASE "problems: {a: {network: {init: {from: b}}}}\n", "a iris.yaml network.init=.."},
    {BASE "problems: {a: {data: {target: {column: b, as: class}}}}\n",
     "a iris.yaml data.target=.."},
    {BASE "problems: {a: {network: {layers: [{units: 3}]}}}\n", "a iris.yaml network.layers=.."},
    {BASE "problems: {a: {train: {class_weights: {b: 1}}}}\n",
     "a iris.yaml train.class_weights=.."},
    {BASE "problems: {a: {schedule: {}}}\n", "a iris.yaml schedule=.."},
    {BASE "problems: {a: {hidden_activation: tanh}}\n", "a iris.yaml hidden_activation=tanh"},
    /* the smaller one after the larger one adds to it */
    {BASE "problems: {a: {optimizer: adam, optimizer.lr: 3}}\n",
     "a iris.yaml optimizer=adam optimizer.lr=3"},
};

START_TEST(problems_have_a_base_and_changes)
{
    spec *spec = parse(problem_files[_i].yaml);
    char *problems = problems_of(spec);

    ck_assert_str_eq(problems, problem_files[_i].problems);
    free(problems);
    spec_free(spec);
}
END_TEST

START_TEST(set_holds_for_all)
{
    spec *spec = parse(BASE "set:\n  train: {epochs: 3}\n  loss: mse\n");

    ck_assert_uint_eq(spec->change_count, 2);
    ck_assert_str_eq(spec->change[0].path, "train.epochs");
    ck_assert_str_eq(spec->change[0].value->text, "3");
    ck_assert_int_eq(spec->change[0].value->at.line, 3);
    ck_assert_str_eq(spec->change[1].path, "loss");
    spec_free(spec);
}
END_TEST

/* Both are kept; the order in which they are applied is that of spec.h. */
START_TEST(a_problem_may_change_what_is_set)
{
    spec *spec = parse("problems: {a: {base: b.yaml, train.epochs: 3}}\nset: {train.epochs: 4}\n");

    ck_assert_str_eq(spec->problem[0].change[0].value->text, "3");
    ck_assert_str_eq(spec->change[0].value->text, "4");
    spec_free(spec);
}
END_TEST

START_TEST(problems_know_their_place)
{
    spec *spec = parse(BASE "problems:\n  a: {}\n  b: c.yaml\n");

    ck_assert_int_eq(spec->problem[1].at.line, 4);
    ck_assert_int_eq(spec->problem[1].at.column, 6);
    spec_free(spec);
}
END_TEST

/* ---- axes ------------------------------------------------------------------------------------ */

/* Labels with "|" between them, of the first axis. */
static char *labels_of(const spec *spec)
{
    text out = {0};

    for (size_t i = 0; i < spec->axis[0].value_count; i++)
        text_addf(&out, "%s%s", i == 0 ? "" : "|", spec->axis[0].value[i].label);
    return out.bytes;
}

static const struct {
    const char *axis, *labels;
} axes[] = {
    {"loss: mse", "mse"},
    {"loss: [mse, kl]", "mse|kl"},
    {"loss: ['m s', \"k\\tl\", '']", "m s|k\\x09l|''"},
    {"optimizer: {name: adam, lr: 0.1}", "adam"},
    {"train.batch: [8, 1e1, full]", "8|1e1|full"},
    {"data.fold: 0..4", "0|1|2|3|4"},
    {"data.fold: -1..1", "-1|0|1"},
    {"data.fold: [3..4, 7, 0..0]", "3|4|7|0"},
    {"data.train: [../a.csv, a..b]", "../a.csv|a..b"},
    {"data.drop: ['0..4', x]", "0..4|x"},
    /* names tell apart where they can */
    {"optimizer: [sgd, {name: adam, lr: 0.1}]", "sgd|adam"},
    {"optimizer: [adam, {name: adam, lr: 0.1}]", "adam|adam lr=0.1"},
    {"optimizer: [{name: adam, lr: 0.1}, {name: adam, lr: 0.2}]", "adam lr=0.1|adam lr=0.2"},
    {"optimizer: [{name: a, lr: 1, m: 2, b: [1, 2]}, {b: [1, 2], name: a, lr: 3, m: 2.0}]",
     "a lr=1|a lr=3"},
    {"optimizer: [{name: a, lr: 1}, {name: a, m: 2}]", "a lr=1|a m=2"},
    {"optimizer: [{name: a, lr: 1}, {name: a, lr: 1, m: 2}, {name: a, lr: 1, m: {x: 3}}]",
     "a|a m=2|a m={x: 3}"},
    {"optimizer: [{name: a, lr: 1}, {name: a, lr: \"1\"}]", "a lr=1|a lr=1 (2)"},
    {"loss: [1, \"1\", '1 (2)']", "1|1 (2)|1 (2) (3)"},
    {"data.fold: [1..2, '2']", "1|2|2 (3)"},
    /* ranges are shown as little as can be */
    {"optimizer: [{name: a, lr: " LR "}, {name: b, lr: " LR "}]", "a|b"},
    {"optimizer: [{name: a, lr: 1}, {name: a, lr: " LR "}]", "a lr=1|a lr=*"},
    {"optimizer: [{name: a, m: 1, lr: " LR "}, {name: a, m: 2, lr: " LR "}]", "a m=1|a m=2"},
    {"optimizer: [{name: a, lr: {log: [1, 2]}}, {name: a, lr: {log: [1, 3]}}]",
     "a lr={log: [1, 2]}|a lr={log: [1, 3]}"},
    /* what has no name is written out */
    {"network.layers: [[{units: 3, activation: tanh}], [{units: 4}, {}]]",
     "[{units: 3, activation: tanh}]|[{units: 4}, {}]"},
    {"data.train: [{x: a, y: b}, {x: c, y: d}]", "{x: a, y: b}|{x: c, y: d}"},
    {"loss: [12345678901234567890123456789012345678901234567890123456789012, "
     "1234567890123456789012345678901234567890123456789012345678901]",
     "123456789012345678901234567890123456789012345678901234567890...|"
     "123456789012345678901234567890123456789012345678901234567890... (2)"},
};

START_TEST(values_have_labels_that_differ)
{
    text yaml = {0};

    text_addf(&yaml, BASE "axes: {%s}\n%s", axes[_i].axis,
              strstr(axes[_i].axis, "log") != NULL ? TUNED : "");
    spec *spec = parse(yaml.bytes);
    char *labels = labels_of(spec);
    ck_assert_str_eq(labels, axes[_i].labels);
    free(labels);
    free(yaml.bytes);
    spec_free(spec);
}
END_TEST

START_TEST(an_axis_has_its_path_and_nodes)
{
    spec *spec = parse(BASE "axes:\n  hidden_activation: [tanh]\n  optimizer:\n    - sgd\n"
                            "    - {name: adam}\n  data.seed: 7..8\n");

    ck_assert_uint_eq(spec->axis_count, 3);
    ck_assert_str_eq(spec->axis[0].path, "hidden_activation");
    ck_assert(!spec->axis[0].repeats && !spec->axis[1].repeats && spec->axis[2].repeats);
    ck_assert_str_eq(tree_child(spec->axis[1].value[1].value, "name")->text, "adam");
    ck_assert_int_eq(spec->axis[1].value[1].at.line, 6);
    const axis_value *eight = &spec->axis[2].value[1];
    ck_assert_int_eq(eight->value->type, NODE_SCALAR);
    ck_assert_str_eq(eight->value->text, "8");
    ck_assert_int_eq(eight->at.line, 7);
    spec_free(spec);
}
END_TEST

/* A value of an interval is in no tree, but messages can say where it is from. */
START_TEST(a_number_of_an_interval_says_its_path)
{
    static const char *const forms[] = {"7..8", "[7..8]"};

    for (size_t i = 0; i < 2; i++) {
        char yaml[64];
        snprintf(yaml, sizeof(yaml), BASE "axes: {data.fold: %s}\n", forms[i]);
        spec *spec = parse(yaml);
        char *path = tree_path(spec->axis[0].value[1].value);
        ck_assert_str_eq(path, "axes.data.fold");
        free(path);
        spec_free(spec);
    }
}
END_TEST

/* Equal labels change; the value itself must not. */
START_TEST(a_number_keeps_its_text_whatever_its_label)
{
    spec *spec = parse(BASE "axes: {data.fold: ['2', 1..2]}\n");

    ck_assert_str_eq(spec->axis[0].value[2].label, "2 (3)");
    ck_assert_str_eq(spec->axis[0].value[2].value->text, "2");
    spec_free(spec);
}
END_TEST

START_TEST(folds_and_data_seeds_repeat)
{
    spec *spec = parse(BASE "axes: {data.fold: [0], data.seed: [1], data.folds: [5]}\n");

    ck_assert(spec->axis[0].repeats && spec->axis[1].repeats && !spec->axis[2].repeats);
    spec_free(spec);
}
END_TEST

/* ---- ranges ---------------------------------------------------------------------------------- */

static void check_range(const search_range *range, const char *path, range_rule rule, double lo,
                        double hi, bool whole)
{
    ck_assert_str_eq(range->path, path);
    ck_assert_int_eq(range->rule, rule);
    ck_assert_double_eq(range->lo, lo);
    ck_assert_double_eq(range->hi, hi);
    ck_assert_int_eq(range->whole, whole);
}

START_TEST(a_searched_axis_is_of_every_cell)
{
    spec *spec = parse(BASE "axes:\n  optimizer: [sgd]\n  optimizer.lr: " LR
                            "\n  train.batch: {uniform: [1, 9], whole: true}\n" TUNED);

    ck_assert_uint_eq(spec->axis_count, 1);
    ck_assert_uint_eq(spec->range_count, 2);
    check_range(&spec->range[0], "optimizer.lr", RANGE_LOG, 1e-4, 1, false);
    check_range(&spec->range[1], "train.batch", RANGE_UNIFORM, 1, 9, true);
    ck_assert_int_eq(spec->range[0].at.line, 4);
    spec_free(spec);
}
END_TEST

START_TEST(ranges_in_a_value_have_their_whole_path)
{
    spec *spec = parse(BASE "axes:\n  optimizer:\n    - sgd\n    - {name: a, lr: " LR
                            ", groups: [{match: x}, {lr: {uniform: [-1, -0.0]}}]}\n" TUNED);

    ck_assert_uint_eq(spec->axis[0].value[0].range_count, 0);
    ck_assert_uint_eq(spec->axis[0].value[1].range_count, 2);
    check_range(&spec->axis[0].value[1].range[0], "optimizer.lr", RANGE_LOG, 1e-4, 1, false);
    check_range(&spec->axis[0].value[1].range[1], "optimizer.groups.1.lr", RANGE_UNIFORM, -1, 0,
                false);
    ck_assert(!signbit(spec->axis[0].value[1].range[1].hi));
    spec_free(spec);
}
END_TEST

START_TEST(the_short_name_stands_in_paths)
{
    spec *spec =
        parse(BASE "axes: {hidden_activation: [{name: elu, alpha: {grid: [1, x]}}]}\n" TUNED);
    const search_range *range = &spec->axis[0].value[0].range[0];

    ck_assert_str_eq(range->path, "hidden_activation.alpha");
    ck_assert_int_eq(range->rule, RANGE_GRID);
    ck_assert_uint_eq(range->value_count, 2);
    ck_assert_str_eq(range->value[1]->text, "x");
    spec_free(spec);
}
END_TEST

/* A component may well have a setting of such a name. */
START_TEST(a_component_is_no_range)
{
    spec *spec = parse(BASE "axes: {loss: [{name: huber, log: true}]}\n");

    ck_assert_uint_eq(spec->axis[0].value[0].range_count, 0);
    spec_free(spec);
}
END_TEST

/* ---- rules ----------------------------------------------------------------------------------- */

/* "-axis:0,2" or "+problem:1", terms with blanks between, rules with " | ". */
static char *rules_of(const spec *spec)
{
    text out = {0};

    for (size_t i = 0; i < spec->rule_count; i++) {
        const spec_rule *rule = &spec->rule[i];
        text_addf(&out, "%s%s", i == 0 ? "" : " | ", rule->exclude ? "-" : "+");
        for (size_t t = 0; t < rule->term_count; t++) {
            text_addf(&out, "%s%d:", t == 0 ? "" : " ", rule->term[t].axis);
            for (size_t v = 0; v < rule->term[t].value_count; v++)
                text_addf(&out, "%s%u", v == 0 ? "" : ",", rule->term[t].value[v]);
        }
    }
    return out.bytes;
}

static const struct {
    const char *rule, *meaning;
} rules[] = {
    {"exclude: {optimizer: sgd}", "-0:0"},
    {"include: {optimizer: [rprop, sgd, rprop]}", "+0:0,3"},
    {"exclude: {optimizer: adam}", "-0:1,2"},
    {"exclude: {optimizer: adam lr=0.2}", "-0:2"},
    {"exclude: {optimizer: [{lr: 1e-1, name: adam}, {name: sgd}]}", "-0:0,1"},
    {"exclude: {train.batch: [1.0, '2']}", "-1:0,1"},
    {"exclude: {network.layers: [1]}", "-2:0"},
    {"exclude: {network.layers: [[2], [1]]}", "-2:0,1"},
    {"exclude: {network.layers: '[2]'}", "-2:1"},
    {"exclude: {problem: [b, c]}", "--1:1,2"},
    {"exclude: {problem: a, optimizer: rprop, train.batch: 2}", "--1:0 0:3 1:1"},
};

#define RULED                                                                                      \
    "problems: {a: a.yaml, b: b.yaml, c: c.yaml}\n"                                                \
    "axes:\n"                                                                                      \
    "  optimizer: [sgd, {name: adam, lr: 0.1}, {name: adam, lr: 0.2}, rprop]\n"                    \
    "  train.batch: [1, 2]\n"                                                                      \
    "  network.layers: [[1], [2]]\n"

START_TEST(a_rule_names_values)
{
    text yaml = {0};

    text_addf(&yaml, RULED "rules: [{%s}]\n", rules[_i].rule);
    spec *spec = parse(yaml.bytes);
    char *meaning = rules_of(spec);
    ck_assert_str_eq(meaning, rules[_i].meaning);
    free(meaning);
    free(yaml.bytes);
    spec_free(spec);
}
END_TEST

/* A label is meant before a name that others have, too. */
START_TEST(a_label_goes_before_a_name)
{
    spec *spec = parse(BASE "axes: {optimizer: [{name: adam, lr: 1}, adam]}\n"
                            "rules: [{exclude: {optimizer: adam}}]\n");
    char *meaning = rules_of(spec);

    ck_assert_str_eq(meaning, "-0:1");
    free(meaning);
    spec_free(spec);
}
END_TEST

START_TEST(a_rule_says_why)
{
    spec *spec = parse(BASE "axes: {loss: [mse, kl]}\nrules:\n"
                            "  - {exclude: {loss: kl}, why: \"a\\tlong \\n story\\e\"}\n"
                            "  - {exclude: {loss: kl}}\n"
                            "  - {include: {loss: kl}}\n");

    ck_assert_str_eq(spec->rule[0].why, "a long story\\x1b");
    ck_assert_str_eq(spec->rule[1].why, "excluded at mission.yaml:5");
    ck_assert_str_eq(spec->rule[2].why, "not included at mission.yaml:6");
    ck_assert_int_eq(spec->rule[2].at.line, 6);
    spec_free(spec);
}
END_TEST

/* ---- protocol -------------------------------------------------------------------------------- */

static const struct {
    const char *seeds;
    size_t count;
    uint64_t first, last;
} seeds[] = {
    {"", 5, 1, 5},
    {"seeds: 10", 10, 1, 10},
    {"seeds: 100000", 100000, 1, 100000},
    {"seeds: [7, 3, 18446744073709551615]", 3, 7, UINT64_MAX},
    {"seeds: 0..3", 4, 0, 3},
};

START_TEST(final_seeds_are_counted_or_listed)
{
    char yaml[128];

    snprintf(yaml, sizeof(yaml), BASE "protocol: {final: {%s}}\n", seeds[_i].seeds);
    spec *spec = parse(yaml);
    const seed_list *list = &spec->protocol.final_seeds;
    ck_assert_uint_eq(list->count, seeds[_i].count);
    ck_assert_uint_eq(list->seed[0], seeds[_i].first);
    ck_assert_uint_eq(list->seed[list->count - 1], seeds[_i].last);
    spec_free(spec);
}
END_TEST

#define SEARCHED BASE "axes: {optimizer.lr: " LR "}\n"

START_TEST(tuning_has_defaults)
{
    spec *spec = parse(SEARCHED "protocol: {tune: {trials: 7}}\n");
    const spec_protocol *protocol = &spec->protocol;

    ck_assert(protocol->tune && !protocol->select_given);
    ck_assert_int_eq(protocol->sampler, SAMPLER_RANDOM);
    ck_assert_uint_eq(protocol->trials, 7);
    ck_assert_uint_eq(protocol->tune_seeds.count, 3);
    ck_assert_uint_eq(protocol->tune_seeds.seed[0], 1000001);
    ck_assert_uint_eq(protocol->tune_seeds.seed[2], 1000003);
    spec_free(spec);
}
END_TEST

START_TEST(everything_of_a_protocol_is_read)
{
    spec *spec = parse(SEARCHED "protocol:\n"
                                "  tune: {sampler: sobol, trials: 8, seeds: 2, select: val_f1}\n"
                                "  final: {seeds: 3, report: test_at_best_val}\n"
                                "  untuned_row: yes\n");
    const spec_protocol *protocol = &spec->protocol;

    ck_assert_int_eq(protocol->sampler, SAMPLER_SOBOL);
    ck_assert_int_eq(protocol->tune_at.line, 4);
    ck_assert_uint_eq(protocol->tune_seeds.count, 2);
    ck_assert(protocol->select_given && protocol->select == METRIC_F1);
    ck_assert_uint_eq(protocol->final_seeds.count, 3);
    ck_assert(protocol->at_best_val && protocol->untuned_row);
    ck_assert_int_eq(protocol->report_at.line, 5);
    spec_free(spec);
}
END_TEST

START_TEST(test_at_end_may_be_said)
{
    spec *spec = parse(BASE "protocol: {final: {report: test_at_end}, untuned_row: false}\n");

    ck_assert(!spec->protocol.at_best_val);
    ck_assert_int_eq(spec->protocol.report_at.line, 2);
    spec_free(spec);
}
END_TEST

/* ---- the grid -------------------------------------------------------------------------------- */

static const struct {
    const char *axes;
    int trials;
    size_t points; /* of what all cells search and the last value of the first axis              */
} grids[] = {
    {"loss: [a], optimizer.lr: " LR, 7, 7},
    {"loss: [a], optimizer.lr: " LR ", optimizer.m: {uniform: [0, 1]}", 16, 4},
    {"loss: [a], optimizer.lr: {grid: [1, 2, 3]}", 3, 1},
    {"loss: [a], optimizer.lr: {grid: [1, 2, 3]}, optimizer.m: {uniform: [0, 1]}", 12, 4},
    {"loss: [a], optimizer.lr: {grid: [1, 2, 3]}, optimizer.m: " LR ", optimizer.b: " LR, 75, 5},
    {"optimizer: [sgd, {name: a, lr: " LR "}, {name: b, lr: " LR ", m: " LR "}]", 9, 3},
    {"optimizer: [sgd, {name: a, lr: {grid: [1, 2, 3, 4]}}, {name: b, lr: " LR ", m: " LR "}]", 4,
     2},
    {"optimizer: [sgd, {name: a, lr: " LR ", m: " LR ", n: " LR ", k: " LR "}]", 10000, 10},
};

START_TEST(a_grid_shares_the_trials_out)
{
    const search_range *range[SPEC_MOST_RANGES];
    size_t count = 0;
    char yaml[512];

    snprintf(yaml, sizeof(yaml), BASE "axes: {%s}\nprotocol: {tune: {sampler: grid, trials: %d}}\n",
             grids[_i].axes, grids[_i].trials);
    spec *spec = parse(yaml);
    const axis_value *last = &spec->axis[0].value[spec->axis[0].value_count - 1];
    for (size_t i = 0; i < last->range_count; i++)
        range[count++] = &last->range[i];
    for (size_t i = 0; i < spec->range_count; i++)
        range[count++] = &spec->range[i];
    ck_assert_uint_eq(spec_grid_points(spec, range, count), grids[_i].points);
    spec_free(spec);
}
END_TEST

START_TEST(a_grid_that_does_not_come_out_has_no_points)
{
    spec *spec = parse(BASE "axes: {optimizer.lr: " LR ", optimizer.m: " LR "}\n"
                            "protocol: {tune: {trials: 10}}\n");
    const search_range *range[] = {&spec->range[0], &spec->range[1]};

    ck_assert_uint_eq(spec_grid_points(spec, range, 2), 0);
    ck_assert_uint_eq(spec_grid_points(spec, range, 1), 10);
    spec_free(spec);
}
END_TEST

/* ---- limits, targets, statistics ------------------------------------------------------------- */

START_TEST(limits_are_read)
{
    spec *spec = parse(BASE "limits: {seconds: 0.5, memory: 512MiB, total_seconds: 1e4}\n");

    ck_assert_double_eq(spec->limits.seconds, 0.5);
    ck_assert_uint_eq(spec->limits.memory, UINT64_C(512) << 20);
    ck_assert_double_eq(spec->limits.total_seconds, 1e4);
    spec_free(spec);
}
END_TEST

START_TEST(limits_may_be_none)
{
    spec *spec = parse(BASE "limits: {memory: none, total_seconds: none}\n");

    ck_assert_uint_eq(spec->limits.memory, 0);
    ck_assert_double_eq(spec->limits.total_seconds, 0);
    spec_free(spec);
}
END_TEST

START_TEST(targets_are_of_one_problem_or_all)
{
    spec *spec = parse("problems: {a: a.yaml, b: b.yaml}\n"
                       "targets: {val_accuracy: 0.9, b.val_loss: -3}\n");

    ck_assert_uint_eq(spec->target_count, 2);
    ck_assert_int_eq(spec->target[0].problem, -1);
    ck_assert_int_eq(spec->target[0].metric, METRIC_ACCURACY);
    ck_assert_double_eq(spec->target[0].value, 0.9);
    ck_assert_int_eq(spec->target[1].problem, 1);
    ck_assert_int_eq(spec->target[1].metric, METRIC_LOSS);
    ck_assert_double_eq(spec->target[1].value, -3);
    ck_assert_int_eq(spec->target[1].at.line, 2);
    spec_free(spec);
}
END_TEST

static const struct {
    const char *axes, *stats;
    int compare, control;
} comparisons[] = {
    {"loss: [a, b], optimizer: [sgd, adam]", "", 1, -1},
    {"data.fold: 0..2, loss: [a, b], train.batch: [1]", "", 1, -1},
    {"data.fold: 0..2", "", -1, -1},
    {"loss: [a, b], optimizer: [sgd, adam]", "compare: loss", 0, -1},
    {"loss: [a, b], optimizer: [sgd, adam]", "compare: loss, control: b", 0, 1},
    {"loss: [a, b], optimizer: [sgd, adam]", "control: adam", 1, 1},
    {"optimizer: [{name: a, lr: 1}, {name: a, lr: 2}, b]", "control: a lr=2", 0, 1},
    {"optimizer: [b, {name: a, lr: 1}]", "control: {lr: 1, name: a}", 0, 1},
};

START_TEST(an_axis_is_compared)
{
    char yaml[256];

    snprintf(yaml, sizeof(yaml), BASE "axes: {%s}\nstats: {%s}\n", comparisons[_i].axes,
             comparisons[_i].stats);
    spec *spec = parse(yaml);
    ck_assert_int_eq(spec->stats.compare, comparisons[_i].compare);
    ck_assert_int_eq(spec->stats.control, comparisons[_i].control);
    spec_free(spec);
}
END_TEST

START_TEST(statistics_have_a_figure_and_numbers)
{
    spec *spec = parse(BASE "stats: {metric: train_r2, alpha: 0.5, replicates: 1000}\n");

    ck_assert(spec->stats.metric_given);
    ck_assert_int_eq(spec->stats.metric.part, RECORD_TRAINING);
    ck_assert_int_eq(spec->stats.metric.metric, METRIC_R2);
    ck_assert_double_eq(spec->stats.alpha, 0.5);
    ck_assert_uint_eq(spec->stats.replicates, 1000);
    ck_assert_int_eq(spec->stats.at.line, 2);
    spec_free(spec);
}
END_TEST

START_TEST(every_figure_has_a_name_that_reads_back)
{
    for (int part = 0; part < RECORD_PARTS; part++) {
        for (int m = 0; m < METRIC_COUNT; m++) {
            const metric_name_at figure = {(record_part)part, (metric)m};
            metric_name_at found = {0};
            char name[32];
            ck_assert(spec_metric(spec_metric_name(figure, name), &found));
            ck_assert_int_eq(found.part, part);
            ck_assert_int_eq(found.metric, m);
        }
    }
}
END_TEST

START_TEST(other_names_are_no_figures)
{
    static const char *const names[] = {"",           "accuracy",    "test_",
                                        "test_los",   "test_losses", "validation_loss",
                                        "test_loss ", "Test_loss"};
    metric_name_at found;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ck_assert_msg(!spec_metric(names[i], &found), "%s", names[i]);
}
END_TEST

/* ---- gates ----------------------------------------------------------------------------------- */

#define GATED                                                                                      \
    "problems: {a: a.yaml, b: b.yaml}\n"                                                           \
    "axes: {optimizer: [sgd, {name: adam, lr: 0.1}, {name: adam, lr: 0.2}, 'it''s on']}\n"         \
    "stats: {metric: test_loss}\n"

static const record_part NOT_GIVEN = RECORD_PARTS;

static const struct {
    const char *yaml, *text;
    gate_rule rule;
    uint32_t a, b;
    int problem;
    record_part part; /* RECORD_PARTS: not given                                                 */
    metric metric;
    gate_relation relation;
    double value;
} gates[] = {
    {"[adam lr=0.1 better_than sgd]", "adam lr=0.1 better_than sgd", GATE_BETTER, 1, 0, -1,
     RECORD_PARTS, METRIC_LOSS, GATE_AT_LEAST, 0},
    {"sgd worse_than adam lr=0.2", "sgd worse_than adam lr=0.2", GATE_WORSE, 0, 2, -1, RECORD_PARTS,
     METRIC_LOSS, GATE_AT_LEAST, 0},
    {"[sgd  not_worse_than 'adam lr=0.1' on b.test_accuracy by 0.005]",
     "sgd not_worse_than 'adam lr=0.1' on b.test_accuracy by 0.005", GATE_NOT_WORSE, 0, 1, 1,
     RECORD_TEST, METRIC_ACCURACY, GATE_AT_LEAST, 0.005},
    {"[\"'it''s on' better_than 'sgd' by 3 on val_loss\"]",
     "'it''s on' better_than 'sgd' by 3 on val_loss", GATE_BETTER, 3, 0, -1, RECORD_VALIDATION,
     METRIC_LOSS, GATE_AT_LEAST, 3},
    {"\n  - sgd better_than\n    adam lr=0.1\n", "sgd better_than adam lr=0.1", GATE_BETTER, 0, 1,
     -1, RECORD_PARTS, METRIC_LOSS, GATE_AT_LEAST, 0},
    {"[every cell: final test_accuracy >= 0.9]", "every cell: final test_accuracy >= 0.9",
     GATE_EVERY_CELL, 0, 0, -1, RECORD_TEST, METRIC_ACCURACY, GATE_AT_LEAST, 0.9},
    {"{every cell: a.val_rmse<1e-3}", "every cell: a.val_rmse<1e-3", GATE_EVERY_CELL, 0, 0, 0,
     RECORD_VALIDATION, METRIC_RMSE, GATE_BELOW, 1e-3},
    {"['every cell:train_loss <=2']", "every cell:train_loss <=2", GATE_EVERY_CELL, 0, 0, -1,
     RECORD_TRAINING, METRIC_LOSS, GATE_AT_MOST, 2},
    {"[every cell: test_r2 > -1]", "every cell: test_r2 > -1", GATE_EVERY_CELL, 0, 0, -1,
     RECORD_TEST, METRIC_R2, GATE_ABOVE, -1},
};

START_TEST(a_gate_is_a_condition)
{
    char yaml[512];

    snprintf(yaml, sizeof(yaml), GATED "gate: %s\n", gates[_i].yaml);
    spec *spec = parse(yaml);
    ck_assert_uint_eq(spec->gate_count, 1);
    const spec_gate *gate = &spec->gate[0];
    ck_assert_str_eq(gate->text, gates[_i].text);
    ck_assert_int_eq(gate->rule, gates[_i].rule);
    ck_assert_uint_eq(gate->a, gates[_i].a);
    ck_assert_uint_eq(gate->b, gates[_i].b);
    ck_assert_int_eq(gate->problem, gates[_i].problem);
    ck_assert_int_eq(gate->metric_given, gates[_i].part != NOT_GIVEN);
    if (gate->metric_given) {
        ck_assert_int_eq(gate->metric.part, gates[_i].part);
        ck_assert_int_eq(gate->metric.metric, gates[_i].metric);
    }
    ck_assert_int_eq(gate->relation, gates[_i].relation);
    ck_assert_double_eq(gate->value, gates[_i].value);
    spec_free(spec);
}
END_TEST

/* "by" of a figure of stats is bounded as that figure is. */
START_TEST(a_margin_fits_the_figure_of_stats)
{
    static const char *const yaml = BASE "axes: {optimizer: [a, b]}\n"
                                         "stats: {metric: test_f1}\ngate: a better_than b by 2\n";
    plx_error error = {0};

    ck_assert_ptr_null(spec_parse("m.yaml", "/", yaml, strlen(yaml), &error));
    ck_assert_str_eq(error.text,
                     "m.yaml:4:7: gate: the margin is '2'; it must be a number from 0 to 1");
}
END_TEST

/* ---- all of it ------------------------------------------------------------------------------- */

static void add_reading(Suite *suite)
{
    TCase *files = tcase_create("file"), *problems = tcase_create("problems");
    TCase *values = tcase_create("axes"), *ranges = tcase_create("ranges");

    tcase_add_test(files, a_base_alone_has_every_default);
    tcase_add_test(files, empty_sections_change_nothing);
    tcase_add_test(files, a_file_is_read_with_its_folder);
    tcase_add_test(files, nothing_to_free_is_fine);
    suite_add_tcase(suite, files);
    tcase_add_loop_test(problems, problems_have_a_base_and_changes, 0,
                        (int)(sizeof(problem_files) / sizeof(problem_files[0])));
    tcase_add_test(problems, set_holds_for_all);
    tcase_add_test(problems, a_problem_may_change_what_is_set);
    tcase_add_test(problems, problems_know_their_place);
    suite_add_tcase(suite, problems);
    tcase_add_loop_test(values, values_have_labels_that_differ, 0,
                        (int)(sizeof(axes) / sizeof(axes[0])));
    tcase_add_test(values, an_axis_has_its_path_and_nodes);
    tcase_add_test(values, a_number_of_an_interval_says_its_path);
    tcase_add_test(values, a_number_keeps_its_text_whatever_its_label);
    tcase_add_test(values, folds_and_data_seeds_repeat);
    suite_add_tcase(suite, values);
    tcase_add_test(ranges, a_searched_axis_is_of_every_cell);
    tcase_add_test(ranges, ranges_in_a_value_have_their_whole_path);
    tcase_add_test(ranges, the_short_name_stands_in_paths);
    tcase_add_test(ranges, a_component_is_no_range);
    tcase_add_loop_test(ranges, a_grid_shares_the_trials_out, 0,
                        (int)(sizeof(grids) / sizeof(grids[0])));
    tcase_add_test(ranges, a_grid_that_does_not_come_out_has_no_points);
    suite_add_tcase(suite, ranges);
}

static void add_running(Suite *suite)
{
    TCase *ruled = tcase_create("rules"), *protocol = tcase_create("protocol");
    TCase *asked = tcase_create("limits, targets, statistics"), *gated = tcase_create("gates");

    tcase_add_loop_test(ruled, a_rule_names_values, 0, (int)(sizeof(rules) / sizeof(rules[0])));
    tcase_add_test(ruled, a_label_goes_before_a_name);
    tcase_add_test(ruled, a_rule_says_why);
    suite_add_tcase(suite, ruled);
    tcase_add_loop_test(protocol, final_seeds_are_counted_or_listed, 0,
                        (int)(sizeof(seeds) / sizeof(seeds[0])));
    tcase_add_test(protocol, tuning_has_defaults);
    tcase_add_test(protocol, everything_of_a_protocol_is_read);
    tcase_add_test(protocol, test_at_end_may_be_said);
    suite_add_tcase(suite, protocol);
    tcase_add_test(asked, limits_are_read);
    tcase_add_test(asked, limits_may_be_none);
    tcase_add_test(asked, targets_are_of_one_problem_or_all);
    tcase_add_loop_test(asked, an_axis_is_compared, 0,
                        (int)(sizeof(comparisons) / sizeof(comparisons[0])));
    tcase_add_test(asked, statistics_have_a_figure_and_numbers);
    tcase_add_test(asked, every_figure_has_a_name_that_reads_back);
    tcase_add_test(asked, other_names_are_no_figures);
    suite_add_tcase(suite, asked);
    tcase_add_loop_test(gated, a_gate_is_a_condition, 0, (int)(sizeof(gates) / sizeof(gates[0])));
    tcase_add_test(gated, a_margin_fits_the_figure_of_stats);
    suite_add_tcase(suite, gated);
}

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/spec");

    add_reading(suite);
    add_running(suite);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
