/* test_spec_bad.c: broken matrix files and the message that each gets, to the letter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "matrix/spec.h"
#include "support/random.h"
#include "support/text.h"

#define AT "matrix.yaml:"

#define BASE       "base: iris.yaml\n"
#define OPTIMIZERS "axes: {optimizer: [sgd, adam]}\n"
#define PROBLEMS   "problems: {iris: iris.yaml, digits: digits.yaml}\n"
#define SEARCH     BASE "axes: {optimizer.lr: {log: [1e-4, 1]}}\n"
/* what is open at the end is closed by the case */
#define GATE                                                                                       \
    PROBLEMS "axes: {optimizer: [sgd, {name: adam, lr: 0.1}, {name: adam, lr: 0.2}]}\ngate: "
#define RULES                                                                                      \
    PROBLEMS "axes: {optimizer: [sgd, adam], network.layers: [[1], [2]], optimizer.lr: {log: "     \
             "[1e-4, 1]}}\nrules: "
#define TUNED "\nprotocol: {tune: {trials: 2}}\n"
#define RANGE BASE "axes: {optimizer: [{name: adam, lr: "
#define SEEDS BASE "protocol: {final: {seeds: "
#define TUNE  SEARCH "protocol: {tune: "
#define STATS                                                                                      \
    BASE "axes: {data.fold: 0..4, optimizer: [sgd, {name: adam, lr: 0.1}, {name: adam, lr: "       \
         "0.2}]}\nstats: {"

static const struct broken {
    const char *what;
    const char *text;
    const char *message;
} broken[] = {
    /* The top */
    {"nothing", "",
     AT "1:1: the file is empty; a config file is a map of keys, such as 'data: ...'"},
    {"an anchor", "base: &a iris.yaml\n",
     AT "1:7: an anchor '&'; anchors are not used here, write the value itself"},
    {"an unknown section", BASE "axis: {}\n",
     AT "2:1: unknown key 'axis' in the file; did you mean 'axes'?"},
    {"nothing like it", BASE "wibble: 1\n",
     AT "2:1: unknown key 'wibble' in the file; its keys are base, problems, set, axes, rules, "
        "protocol, targets, limits, stats, gate"},
    {"no experiment", "axes: {optimizer: [sgd, adam]}\n",
     AT "1:1: the key 'base' is missing in the file; write base: iris.yaml"},

    /* Problems */
    {"a base that is a list", "base: [iris.yaml]\n",
     AT "1:7: base is a list; it must be an experiment file or an experiment"},
    {"a base that is nothing", "base:\n",
     AT "1:6: base has no value; it must be an experiment file or an experiment"},
    {"a base whose name is no name", "base: Iris data.yaml\n",
     AT "1:7: base is 'Iris data.yaml', whose name 'Iris data' cannot be a problem's (a name has "
        "lower-case letters, digits, '_' and '-', a letter first, 32 at most); write problems: "
        "{name: file}"},
    {"a base with a range", "base: {optimizer: {name: adam, lr: {log: [1e-4, 1]}}}\n",
     AT "1:36: base.optimizer.lr is a range, which can stand under axes alone; move it there"},
    {"a problem's base with a range",
     "problems: {iris: {base: {optimizer: {name: adam, lr: {grid: [1, 2]}}}}}\n",
     AT "1:54: problems.iris.base.optimizer.lr is a range, which can stand under axes alone; move "
        "it there"},
    {"a base that is a list beside problems", "base: [a]\nproblems: {iris: iris.yaml}\n",
     AT "1:7: base is a list; it must be an experiment file or an experiment"},
    {"problems that are a word", "problems: iris.yaml\n",
     AT "1:11: problems is 'iris.yaml'; it must be a list of experiment files or a map, such as "
        "{iris: iris.yaml}"},
    {"no problems", BASE "problems: []\n",
     AT "2:11: problems has 0 problems; it must have 1 to 1000"},
    {"no problems in a map", BASE "problems: {}\n",
     AT "2:11: problems has 0 problems; it must have 1 to 1000"},
    {"a map in a list", BASE "problems: [{base: iris.yaml}]\n",
     AT "2:12: problems[0] is a map; it must be an experiment file; write problems as a map, "
        "{name: {..}}, to change something"},
    {"a file whose name is no name", "problems: [breast.cancer.yaml]\n",
     AT "1:12: problems[0] is 'breast.cancer.yaml', whose name 'breast.cancer' cannot be a "
        "problem's (a name has lower-case letters, digits, '_' and '-', a letter first, 32 at "
        "most); write problems: {name: file}"},
    {"two files of one name", "problems:\n  - a/iris.yaml\n  - b/iris.yaml\n",
     AT "3:5: problems[1] is a second problem 'iris'; the first is in line 2; write problems: "
        "{name: file}"},
    {"a name with a dot", "problems: {a.b: iris.yaml}\n",
     AT "1:12: 'a.b' cannot be a problem's name; a name has lower-case letters, digits, '_' and "
        "'-', a letter first, 32 at most"},
    {"a name that begins with a dash", "problems: {-a: iris.yaml}\n",
     AT "1:12: '-a' cannot be a problem's name; a name has lower-case letters, digits, '_' and "
        "'-', a letter first, 32 at most"},
    {"an endless name", "problems: {a23456789012345678901234567890123: iris.yaml}\n",
     AT "1:12: 'a23456789012345678901234567890123' cannot be a problem's name; a name has "
        "lower-case letters, digits, '_' and '-', a letter first, 32 at most"},
    {"a problem without a base", "problems: {iris: {train.epochs: 1}}\n",
     AT "1:18: problems.iris has no base; write 'base: iris.yaml' here or at the top"},
    {"a problem that is nothing", BASE "problems:\n  iris:\n",
     AT "3:8: problems.iris has no value; it must be an experiment file or a map of changes, {} "
        "for none"},
    {"a problem that is a list", BASE "problems: {iris: [iris.yaml]}\n",
     AT "2:18: problems.iris is a list; it must be an experiment file or a map of changes, {} for "
        "none"},
    {"a problem whose base is a list", "problems: {iris: {base: [a]}}\n",
     AT "1:25: problems.iris.base is a list; it must be an experiment file or an experiment"},
    {"a problem of one name twice", BASE "problems:\n  iris: {}\n  iris: {}\n",
     AT "4:3: the key 'iris' a second time; the first is in line 3"},

    /* Changes */
    {"a set that is a list", BASE "set: [train.epochs]\n",
     AT "2:6: set is a list; it must be a map of changes, such as {train.epochs: 100}"},
    {"an unknown first part", BASE "set: {trian.epochs: 3}\n",
     AT "2:7: unknown key 'trian' in set; did you mean 'train'?"},
    {"an unknown first part, nested", BASE "problems: {iris: {optimzer: {name: adam}}}\n",
     AT "2:19: unknown key 'optimzer' in problems.iris; did you mean 'optimizer'?"},
    {"nothing like a path", BASE "set: {wibble: 3}\n",
     AT "2:7: unknown key 'wibble' in set; its keys are data, network, loss, optimizer, schedule, "
        "train, hidden_activation"},
    {"an empty part", BASE "set: {train..epochs: 3}\n",
     AT "2:7: 'train..epochs' has an empty part; write a path such as optimizer.lr"},
    {"a dot first", BASE "set: {.train: 3}\n",
     AT "2:7: '.train' has an empty part; write a path such as optimizer.lr"},
    {"a dot last", BASE "set: {train: {epochs.: 3}}\n",
     AT "2:15: 'train.epochs.' has an empty part; write a path such as optimizer.lr"},
    {"an endless path",
     BASE "set: {data.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a: 3}\n",
     AT "2:7: a path of more than 31 parts"},
    {"a base in set", BASE "set: {base: other.yaml}\n",
     AT "2:7: unknown key 'base' in set; its keys are data, network, loss, optimizer, schedule, "
        "train, hidden_activation"},
    {"a path that steers the terminal", BASE "set: {\"train.\\e[31m\": 3}\n",
     AT "2:7: 'train.\\x1b[31m' is no path in an experiment; write a path such as optimizer.lr"},
    {"a path with a blank", BASE "axes: {train.b atch: 3}\n",
     AT "2:8: 'train.b atch' is no path in an experiment; write a path such as optimizer.lr"},
    {"train.seed", BASE "set: {train: {epochs: 3, seed: 1}}\n",
     AT "2:26: train.seed is that of each run; give protocol.final.seeds instead"},
    {"a change twice", BASE "set:\n  train.epochs: 3\n  train: {epochs: 4}\n",
     AT "4:11: train.epochs is set a second time; the first is in line 3"},
    {"a change that undoes one before", BASE "set:\n  optimizer.lr: 3\n  optimizer: adam\n",
     AT "4:3: optimizer replaces what optimizer.lr sets in line 3; put it before that"},
    {"a list of layers that undoes their activation",
     BASE "set:\n  hidden_activation: tanh\n  network: {layers: []}\n",
     AT "4:13: network.layers replaces what hidden_activation sets in line 3; put it before that"},
    {"a problem that replaces what is set",
     "problems:\n  iris: {base: iris.yaml, optimizer: sgd}\nset: {optimizer.lr: 4}\n",
     AT "2:27: optimizer replaces optimizer.lr, which set gives every problem in line 3; leave out "
        "one of the two"},
    {"a range", BASE "set: {optimizer.lr: {log: [1e-4, 1]}}\n",
     AT "2:21: set.optimizer.lr is a range, which can stand under axes alone; move it there"},
    {"a range in a component",
     BASE "problems: {iris: {optimizer: {name: adam, lr: {grid: [1, 2]}}}}\n",
     AT "2:47: problems.iris.optimizer.lr is a range, which can stand under axes alone; move it "
        "there"},

    /* Axes */
    {"axes that are a list", BASE "axes: [optimizer]\n",
     AT "2:7: axes is a list; it must be a map, such as {optimizer: [sgd, adam]}"},
    {"more axes than there may be",
     BASE "axes: {data.a0: 1, data.a1: 1, data.a2: 1, data.a3: 1, data.a4: 1, data.a5: 1, data.a6: "
          "1, data.a7: 1, data.a8: 1, data.a9: 1, data.a10: 1, data.a11: 1, data.a12: 1, data.a13: "
          "1, data.a14: 1, data.a15: 1, data.a16: 1}\n",
     AT "2:7: axes has 17 axes; it must have 0 to 16"},
    {"an unknown axis", BASE "axes: {optimiser: [sgd, adam]}\n",
     AT "2:8: unknown key 'optimiser' in axes; did you mean 'optimizer'?"},
    {"train.seed as an axis", BASE "axes: {train.seed: 0..4}\n",
     AT "2:8: train.seed is that of each run; give protocol.final.seeds instead"},
    {"train.seed in an axis", BASE "axes: {train: [{epochs: 3, seed: 1}]}\n",
     AT "2:28: train.seed is that of each run; give protocol.final.seeds instead"},
    {"no values", BASE "axes: {loss: []}\n",
     AT "2:14: axes.loss has 0 values; it must have 1 to 100000"},
    {"nothing as values", BASE "axes:\n  loss:\n",
     AT "3:8: axes.loss has no value; it must be a value"},
    {"nothing as a value", BASE "axes: {loss: [mse, ~]}\n",
     AT "2:20: axes.loss[1] has no value; it must be a value"},
    {"a value twice", BASE "axes:\n  loss:\n    - mse\n    - kl\n    - mse\n",
     AT "6:7: axes.loss[2] is the same value again; the first is in line 4"},
    {"a number twice, written otherwise", BASE "axes: {train.batch: [1, 2, 1e0]}\n",
     AT "2:28: axes.train.batch[2] is the same value again; the first is in line 2"},
    {"a component twice, written otherwise", RANGE "0.1}, {lr: 1e-1, name: adam}]}\n",
     AT "2:43: axes.optimizer[1] is the same value again; the first is in line 2"},
    {"a bare component and a map of its name", BASE "axes: {optimizer: [adam, {name: adam}]}\n",
     AT "2:26: axes.optimizer[1] is the same value again; the first is in line 2"},
    {"a number of an interval again", BASE "axes: {data.fold: [0..4, 3]}\n",
     AT "2:26: axes.data.fold[1] is the same value again; the first is in line 2"},
    {"an interval that falls", BASE "axes: {data.fold: 4..0}\n",
     AT "2:19: axes.data.fold is '4..0'; the second number must not be the smaller one"},
    {"an interval without an end", BASE "axes: {data.fold: 4..}\n",
     AT
     "2:19: axes.data.fold is '4..'; it must be whole numbers from one to another, such as 0..4"},
    {"an interval of no whole numbers", BASE "axes: {data.fold: 0..1.5}\n",
     AT "2:19: axes.data.fold is '0..1.5'; it must be whole numbers from one to another, such as "
        "0..4"},
    {"an interval with three dots", BASE "axes: {data.fold: [0...4]}\n",
     AT "2:20: axes.data.fold[0] is '0...4'; it must be whole numbers from one to another, such as "
        "0..4"},
    {"an endless interval", BASE "axes: {data.fold: 0..100000}\n",
     AT "2:19: axes.data.fold is '0..100000'; it must hold at most 100000 numbers"},
    {"an interval beyond numbers", BASE "axes: {data.fold: 0..99999999999999999999}\n",
     AT "2:19: axes.data.fold is '0..99999999999999999999'; it must be whole numbers from one to "
        "another, such as 0..4"},
    {"the widest interval", BASE "axes: {data.fold: -9223372036854775808..9223372036854775807}\n",
     AT "2:19: axes.data.fold is '-9223372036854775808..9223372036854775807'; it must hold at most "
        "100000 numbers"},
    {"intervals of too many values", BASE "axes: {data.fold: [0..99999, 100000]}\n",
     AT "2:30: axes.data.fold has more than 100000 values"},
    {"a range as a value", BASE "axes: {optimizer.lr: [0.1, {log: [1e-4, 1]}]}\n",
     AT "2:28: axes.optimizer.lr[1] is a range, which is no value; the axis itself may be one, or "
        "a setting of a component"},
    {"an axis that replaces one before",
     BASE "axes:\n  optimizer.lr: [0.1, 0.2]\n  optimizer: [sgd, adam]\n",
     AT "4:3: the axis optimizer replaces what optimizer.lr sets in line 3; put it before that"},
    {"layers that replace their activation",
     BASE "axes:\n  hidden_activation: [tanh]\n  network.layers: [[]]\n",
     AT "4:3: the axis network.layers replaces what hidden_activation sets in line 3; put it "
        "before that"},
    {"an axis that sets a value's setting again",
     BASE "axes:\n  optimizer: [sgd, {name: adam, lr: 0.1}]\n  optimizer.lr: [0.1, 0.2]\n",
     AT "3:37: the axis optimizer.lr sets this again in line 4; leave out one of the two"},
    {"a searched axis that sets a value's setting again",
     BASE
     "axes:\n  optimizer: [{name: adam, lr: {log: [1e-4, 1]}}]\n  optimizer.lr: {log: [1e-4, 1]}\n",
     AT "3:32: the axis optimizer.lr sets this again in line 4; leave out one of the two"},
    {"an axis of names below components",
     BASE "axes:\n  optimizer: [sgd, adam]\n  optimizer.name: [sgd, adam]\n",
     AT "3:15: the axis optimizer.name sets this again in line 4; leave out one of the two"},
    {"an axis that sets an item again",
     BASE "axes:\n  network.layers: [[{units: 3}, {units: 4}]]\n  network.layers.1.units: [1, 2]\n",
     AT
     "3:41: the axis network.layers.1.units sets this again in line 4; leave out one of the two"},
    {"an axis below a searched one",
     BASE "axes:\n  optimizer: {grid: [sgd, adam]}\n  optimizer.lr: [1, 2]\n",
     AT "4:3: optimizer is searched in line 3, so nothing can be set below it"},
    {"an axis that replaces a change",
     BASE "set: {optimizer.lr: 1}\naxes: {optimizer: [sgd, adam]}\n",
     AT "2:7: the axis optimizer replaces this in line 3; leave out one of the two"},
    {"an axis that replaces a problem's change",
     BASE "problems: {iris: {train: {batch: 1}}}\naxes: {train.batch: [1, 2]}\n",
     AT "2:27: the axis train.batch replaces this in line 3; leave out one of the two"},
    {"a search that replaces a change",
     BASE "set: {optimizer.lr: 1}\naxes: {optimizer.lr: {log: [1e-4, 1]}}\n",
     AT "2:7: the axis optimizer.lr replaces this in line 3; leave out one of the two"},

    /* Ranges */
    {"an unknown key in a range", RANGE "{log: [1e-4, 1], whoel: true}}]}\n",
     AT "2:54: unknown key 'whoel' in axes.optimizer[0].lr; did you mean 'whole'?"},
    {"two rules", RANGE "{log: [1e-4, 1], uniform: [0, 1]}}]}\n",
     AT "2:37: axes.optimizer[0].lr has both log and uniform; give one of them"},
    {"bounds that are a number", RANGE "{log: 1}}]}\n",
     AT "2:43: axes.optimizer[0].lr.log is '1'; it must be a list of two numbers, such as [1e-4, "
        "1e-1]"},
    {"one bound", RANGE "{log: [1]}}]}\n",
     AT
     "2:43: axes.optimizer[0].lr.log is a list of 1; it must be two numbers, such as [1e-4, 1e-1]"},
    {"three bounds", RANGE "{uniform: [1, 2, 3]}}]}\n",
     AT "2:47: axes.optimizer[0].lr.uniform is a list of 3; it must be two numbers, such as [1e-4, "
        "1e-1]"},
    {"a bound that is a word", RANGE "{uniform: [low, 1]}}]}\n",
     AT "2:48: axes.optimizer[0].lr.uniform[0] is 'low'; it must be a finite number"},
    {"a quoted bound", RANGE "{uniform: [0, \"1\"]}}]}\n",
     AT "2:51: axes.optimizer[0].lr.uniform[1] is the text \"1\"; it must be a finite number"},
    {"a range at a key with a dot",
     BASE "axes: {optimizer: [{name: adam, groups.0.lr: {log: [1, 2]}}]}\n",
     AT "2:33: 'groups.0.lr' is no key whose value could be searched"},
    {"a range at a key that steers the terminal",
     BASE "axes: {optimizer: [{name: adam, \"l\\er\": {log: [1, 2]}}]}\n",
     AT "2:33: 'l\\x1br' is no key whose value could be searched"},
    {"an infinite bound", RANGE "{uniform: [0, inf]}}]}\n",
     AT "2:51: axes.optimizer[0].lr.uniform[1] is 'inf'; it must be a finite number"},
    {"NaN", RANGE "{log: [nan, 1]}}]}\n",
     AT "2:44: axes.optimizer[0].lr.log[0] is 'nan'; it must be a finite number"},
    {"bounds that fall", RANGE "{log: [1, 1e-4]}}]}\n",
     AT "2:43: axes.optimizer[0].lr.log goes from 1 to 0.0001; the second must be larger"},
    {"bounds that are the same", RANGE "{uniform: [1, 1]}}]}\n",
     AT "2:47: axes.optimizer[0].lr.uniform goes from 1 to 1; the second must be larger"},
    {"a log range from 0", RANGE "{log: [0, 1]}}]}\n",
     AT "2:43: axes.optimizer[0].lr.log begins at 0; a log range must begin above 0"},
    {"a log range from below 0", RANGE "{log: [-1, 1]}}]}\n",
     AT "2:43: axes.optimizer[0].lr.log begins at -1; a log range must begin above 0"},
    {"the widest range", RANGE "{uniform: [-1e308, 1e308]}}]}\n",
     AT "2:47: axes.optimizer[0].lr.uniform goes from -1e+308 to 1e+308, which is too wide"},
    {"a whole range of no whole bound", RANGE "{uniform: [0.5, 3], whole: true}}]}\n",
     AT "2:47: axes.optimizer[0].lr.uniform goes from 0.5 to 3; both must be whole numbers, as "
        "'whole' is true"},
    {"a whole range beyond doubles", RANGE "{uniform: [0, 1e300], whole: true}}]}\n",
     AT "2:47: axes.optimizer[0].lr.uniform goes from 0 to 1e+300; both must be whole numbers, as "
        "'whole' is true"},
    {"whole that is no flag", RANGE "{log: [1, 2], whole: 3}}]}\n",
     AT "2:58: axes.optimizer[0].lr.whole is '3'; it must be true or false"},
    {"a grid that is a number", RANGE "{grid: 3}}]}\n",
     AT
     "2:44: axes.optimizer[0].lr.grid is '3'; it must be a list of values, such as [16, 32, 64]"},
    {"a grid of one value", RANGE "{grid: [1]}}]}\n",
     AT "2:44: axes.optimizer[0].lr.grid has 1 values; it must have 2 to 100000"},
    {"a grid of maps", RANGE "{grid: [1, {a: 1}]}}]}\n",
     AT "2:48: axes.optimizer[0].lr.grid[1] is a map; it must be a single value"},
    {"a grid of nothing", RANGE "{grid: [1, ~]}}]}\n",
     AT "2:48: axes.optimizer[0].lr.grid[1] has no value; it must be a single value"},
    {"a grid with a value twice", RANGE "{grid: [1, 2, 1.0]}}]}\n",
     AT "2:51: axes.optimizer[0].lr.grid[2] is the same value again; the first is in line 2"},
    {"a grid that is whole", RANGE "{grid: [1, 2], whole: true}}]}\n",
     AT "2:52: 'whole' is for log and uniform; a grid has the values it lists"},
    {"a search for the best fold", BASE "axes: {data.fold: {grid: [0, 1]}}\n",
     AT "2:19: data.fold cannot be searched, as it decides which rows there are; give a list of "
        "values"},
    {"a search among the rows of another axis",
     BASE "axes: {data: [{train: a.csv, seed: {grid: [0, 1]}}]}\n",
     AT "2:36: data.seed cannot be searched, as it decides which rows there are; give a list of "
        "values"},
    {"too many ranges in a value",
     BASE "axes: {optimizer: [{name: a, s0: {log: [1, 2]}, s1: {log: [1, 2]}, s2: {log: [1, 2]}, "
          "s3: {log: [1, 2]}, s4: {log: [1, 2]}, s5: {log: [1, 2]}, s6: {log: [1, 2]}, s7: {log: "
          "[1, 2]}, s8: {log: [1, 2]}, s9: {log: [1, 2]}, s10: {log: [1, 2]}}]}\n",
     AT "2:225: more than 10 settings to search in one cell"},
    {"too many ranges in a cell",
     BASE
     "axes:\n  optimizer: [sgd, {name: a, s0: {log: [1, 2]}, s1: {log: [1, 2]}, s2: {log: [1, 2]}, "
     "s3: {log: [1, 2]}, s4: {log: [1, 2]}, s5: {log: [1, 2]}}]\n  loss: [{name: b, s0: {log: [1, "
     "2]}, s1: {log: [1, 2]}, s2: {log: [1, 2]}, s3: {log: [1, 2]}, s4: {log: [1, 2]}}]\n",
     AT "4:24: more than 10 settings to search in one cell"},
    {"a range that nothing tunes",
     BASE "axes:\n  optimizer:\n    - sgd\n    - {name: adam, lr: {log: [1e-4, 1]}}\n",
     AT "5:24: optimizer.lr is searched, but nothing tunes it; write protocol: {tune: {trials: "
        "16}}, or give values instead of a range"},
    {"a searched axis that nothing tunes", SEARCH,
     AT "2:22: optimizer.lr is searched, but nothing tunes it; write protocol: {tune: {trials: "
        "16}}, or give values instead of a range"},

    /* Rules */
    {"rules that are a map", RULES "{exclude: {optimizer: adam}}" TUNED,
     AT "3:8: rules is a map; it must be a list, such as [{exclude: {optimizer: adam}}]"},
    {"a rule that is a word", RULES "[exclude]" TUNED,
     AT "3:9: rules[0] is 'exclude'; it must be a map, such as {exclude: {optimizer: adam}, why: "
        "\"...\"}"},
    {"an unknown key in a rule", RULES "[{exlude: {optimizer: adam}}]" TUNED,
     AT "3:10: unknown key 'exlude' in rules[0]; did you mean 'exclude'?"},
    {"both", RULES "[{exclude: {optimizer: adam}, include: {optimizer: sgd}}]" TUNED,
     AT "3:9: rules[0] has both exclude and include; write two rules"},
    {"neither", RULES "[{why: because}]" TUNED,
     AT "3:9: rules[0] has neither exclude nor include; give one of them"},
    {"a list of axes", RULES "[{exclude: [optimizer]}]" TUNED,
     AT "3:19: rules[0].exclude is a list; it must be a map of axes and values, such as "
        "{optimizer: adam}"},
    {"no axis", RULES "[{include: {}}]" TUNED,
     AT "3:19: rules[0].include has 0 axes; it must have 1 to 17"},
    {"an unknown axis in a rule", RULES "[{exclude: {optimiser: adam}}]" TUNED,
     AT "3:20: unknown key 'optimiser' in rules[0].exclude; did you mean 'optimizer'?"},
    {"a searched axis in a rule", RULES "[{exclude: {optimizer.lr: 0.1}}]" TUNED,
     AT "3:20: unknown key 'optimizer.lr' in rules[0].exclude; did you mean 'optimizer'?"},
    {"an unknown value", RULES "[{exclude: {optimizer: adma}}]" TUNED,
     AT "3:31: rules[0].exclude.optimizer: 'adma' is no value of the axis optimizer; did you mean "
        "'adam'?"},
    {"an unknown value in a list", RULES "[{exclude: {optimizer: [adam, rprop]}}]" TUNED,
     AT "3:38: rules[0].exclude.optimizer[1]: 'rprop' is no value of the axis optimizer; its "
        "values are sgd, adam"},
    {"an unknown component", RULES "[{exclude: {optimizer: {name: adam, lr: 1}}}]" TUNED,
     AT "3:31: rules[0].exclude.optimizer: '{name: adam, lr: 1}' is no value of the axis "
        "optimizer; its values are sgd, adam"},
    {"an unknown list", RULES "[{exclude: {network.layers: [3]}}]" TUNED,
     AT "3:37: rules[0].exclude.network.layers[0]: '3' is no value of the axis network.layers; its "
        "values are [1], [2]"},
    {"nothing as a value in a rule", RULES "[{exclude: {optimizer: }}]" TUNED,
     AT "3:31: rules[0].exclude.optimizer has no value; it must be a value"},
    {"an empty list of values", RULES "[{exclude: {optimizer: []}}]" TUNED,
     AT "3:31: rules[0].exclude.optimizer is an empty list; give a value or a list of values"},
    {"an unknown problem", RULES "[{exclude: {problem: digts}}]" TUNED,
     AT "3:29: rules[0].exclude.problem: 'digts' is no problem; did you mean 'digits'?"},
    {"a map as a problem", RULES "[{exclude: {problem: {}}}]" TUNED,
     AT "3:29: rules[0].exclude.problem is a map; it must be the name of a problem"},
    {"a reason that is a list", RULES "[{exclude: {optimizer: adam}, why: [a]}]" TUNED,
     AT "3:43: rules[0].why is a list; it must be a reason"},
    {"a reason that is nothing", RULES "[{exclude: {optimizer: adam}, why: ''}]" TUNED,
     AT "3:43: rules[0].why is the text \"\"; it must be a reason"},

    /* Protocol */
    {"a protocol that is a list", BASE "protocol: [tune]\n",
     AT "2:11: protocol is a list; it must be a map, such as {final: {seeds: 10}}"},
    {"an unknown key in the protocol", BASE "protocol: {finl: {}}\n",
     AT "2:12: unknown key 'finl' in protocol; did you mean 'final'?"},
    {"tune that is a flag", TUNE "true}\n",
     AT "3:18: protocol.tune is 'true'; it must be a map, such as {sampler: random, trials: 16}"},
    {"an unknown key in tune", TUNE "{trails: 3}}\n",
     AT "3:19: unknown key 'trails' in protocol.tune; did you mean 'trials'?"},
    {"an unknown sampler", TUNE "{sampler: sobel, trials: 3}}\n",
     AT "3:28: protocol.tune.sampler is 'sobel'; it must be one of grid, random, sobol; did you "
        "mean 'sobol'?"},
    {"no trials", TUNE "{sampler: random}}\n",
     AT "3:18: the key 'trials' is missing in protocol.tune; write trials: 16"},
    {"no trial", TUNE "{trials: 0}}\n",
     AT "3:27: protocol.tune.trials is '0'; it must be a whole number from 1 to 100000"},
    {"too many trials", TUNE "{trials: 100001}}\n",
     AT "3:27: protocol.tune.trials is '100001'; it must be a whole number from 1 to 100000"},
    {"tuning seeds that are a word", TUNE "{trials: 3, seeds: many}}\n",
     AT "3:37: protocol.tune.seeds is 'many'; it must be a number of seeds from 1 to 100000, a "
        "list of seeds, or an interval such as 1..10"},
    {"tuning on test rows", TUNE "{trials: 3, select: test_accuracy}}\n",
     AT "3:38: protocol.tune.select: 'test_accuracy' is no figure of the validation rows; did you "
        "mean 'val_accuracy'?"},
    {"an unknown figure to select by", TUNE "{trials: 3, select: val_acuracy}}\n",
     AT "3:38: protocol.tune.select: 'val_acuracy' is no figure of the validation rows; did you "
        "mean 'val_accuracy'?"},
    {"nothing like a figure to select by", TUNE "{trials: 3, select: speed}}\n",
     AT "3:38: protocol.tune.select: 'speed' is no figure of the validation rows; figures are "
        "val_loss, val_accuracy, val_top_k, val_precision, val_recall, val_f1, val_mae, val_rmse, "
        "val_r2"},
    {"a figure of one problem to select by", TUNE "{trials: 3, select: iris.val_loss}}\n",
     AT "3:38: protocol.tune.select is 'iris.val_loss'; it must be a figure of the validation "
        "rows, such as val_accuracy"},
    {"figures to select by", TUNE "{trials: 3, select: [val_loss]}}\n",
     AT "3:38: protocol.tune.select is a list; it must be a figure of the validation rows, such as "
        "val_accuracy"},
    {"nothing to tune", BASE OPTIMIZERS "protocol: {tune: {trials: 3}}\n",
     AT "3:18: protocol.tune is given, but nothing is searched; give a setting a range such as "
        "{log: [1e-4, 1e-1]} under axes, or leave tune out"},
    {"an untuned row of nothing tuned", BASE OPTIMIZERS "protocol: {untuned_row: true}\n",
     AT "3:25: protocol.untuned_row is true, but nothing is tuned; give protocol.tune too"},
    {"an untuned row that is no flag", BASE OPTIMIZERS "protocol: {untuned_row: 2}\n",
     AT "3:25: protocol.untuned_row is '2'; it must be true or false"},
    {"final that is a number", BASE "protocol: {final: 10}\n",
     AT "2:19: protocol.final is '10'; it must be a map, such as {seeds: 10}"},
    {"an unknown key in final", BASE "protocol: {final: {seed: 10}}\n",
     AT "2:20: unknown key 'seed' in protocol.final; did you mean 'seeds'?"},
    {"an unknown report", BASE "protocol: {final: {report: test_at_best}}\n",
     AT "2:28: protocol.final.report is 'test_at_best'; it must be one of test_at_end, "
        "test_at_best_val; did you mean 'test_at_end'?"},
    {"no seed", SEEDS "0}}\n",
     AT "2:27: protocol.final.seeds is '0'; it must be a number of seeds from 1 to 100000, a list "
        "of seeds, or an interval such as 1..10"},
    {"too many seeds", SEEDS "100001}}\n",
     AT "2:27: protocol.final.seeds is '100001'; it must be a number of seeds from 1 to 100000, a "
        "list of seeds, or an interval such as 1..10"},
    {"half a seed", SEEDS "1.5}}\n",
     AT "2:27: protocol.final.seeds is '1.5'; it must be a number of seeds from 1 to 100000, a "
        "list of seeds, or an interval such as 1..10"},
    {"quoted seeds", SEEDS "\"3\"}}\n",
     AT "2:27: protocol.final.seeds is the text \"3\"; it must be a number of seeds from 1 to "
        "100000, a list of seeds, or an interval such as 1..10"},
    {"nothing as seeds", SEEDS "}}\n",
     AT "2:27: protocol.final.seeds has no value; it must be a number of seeds from 1 to 100000, a "
        "list of seeds, or an interval such as 1..10"},
    {"a map of seeds", SEEDS "{a: 1}}}\n",
     AT "2:27: protocol.final.seeds is a map; it must be a number of seeds from 1 to 100000, a "
        "list of seeds, or an interval such as 1..10"},
    {"an empty list of seeds", SEEDS "[]}}\n",
     AT "2:27: protocol.final.seeds has 0 seeds; it must have 1 to 100000"},
    {"a negative seed", SEEDS "[1, -1]}}\n",
     AT "2:31: protocol.final.seeds[1] is '-1'; it must be a whole number from 0 to "
        "18446744073709551615"},
    {"a seed beyond 64 bits", SEEDS "[18446744073709551616]}}\n",
     AT "2:28: protocol.final.seeds[0] is '18446744073709551616'; it must be a whole number from 0 "
        "to 18446744073709551615"},
    {"a seed twice", SEEDS "[3, 1, 2, 1]}}\n",
     AT "2:27: protocol.final.seeds holds the seed 1 twice"},
    {"seeds that fall", SEEDS "10..1}}\n",
     AT "2:27: protocol.final.seeds is '10..1'; the second number must not be the smaller one"},
    {"negative seeds", SEEDS "-3..1}}\n",
     AT "2:27: protocol.final.seeds is '-3..1'; it must be a number of seeds from 1 to 100000, a "
        "list of seeds, or an interval such as 1..10"},
    {"an endless interval of seeds", SEEDS "1..100001}}\n",
     AT "2:27: protocol.final.seeds is '1..100001'; it must hold at most 100000 numbers"},
    {"tuning on final seeds", TUNE "{trials: 3, seeds: [7, 3]}, final: {seeds: 4}}\n",
     AT "3:37: protocol.tune.seeds shares the seed 3 with protocol.final.seeds; tuning and final "
        "runs must have seeds of their own"},
    {"final seeds that are tuned on", TUNE "{trials: 3}, final: {seeds: [5, 1000002]}}\n",
     AT "3:46: protocol.final.seeds shares the seed 1000002 with protocol.tune.seeds; tuning and "
        "final runs must have seeds of their own"},

    /* The grid */
    {"one point of a range", TUNE "{sampler: grid, trials: 1}}\n",
     AT
     "3:42: protocol.tune.trials is 1, but no grid over optimizer.lr has as many points; write 2"},
    {"no square",
     BASE "axes: {optimizer.lr: {log: [1e-4, 1]}, loss.a: {uniform: [0, 1]}}\nprotocol: {tune: "
          "{sampler: grid, trials: 10}}\n",
     AT "3:42: protocol.tune.trials is 10, but no grid over optimizer.lr and loss.a has as many "
        "points; write 9 or 16"},
    {"a grid of other values",
     BASE "axes: {optimizer.lr: {grid: [1, 2, 3]}}\nprotocol: {tune: {sampler: grid, trials: 4}}\n",
     AT
     "3:42: protocol.tune.trials is 4, but no grid over optimizer.lr has as many points; write 3"},
    {"a grid and a range",
     BASE "axes: {optimizer.lr: {grid: [1, 2, 3]}, loss.a: {uniform: [0, 1]}}\nprotocol: {tune: "
          "{sampler: grid, trials: 16}}\n",
     AT "3:42: protocol.tune.trials is 16, but no grid over optimizer.lr and loss.a has as many "
        "points; write 15 or 18"},
    {"a component that searches more than another",
     BASE "axes: {optimizer: [{name: sgd, lr: {log: [1e-4, 1]}}, {name: adam, lr: {log: [1e-4, "
          "1]}, beta1: {uniform: [0, 1]}}]}\nprotocol: {tune: {sampler: grid, trials: 8}}\n",
     AT "3:42: protocol.tune.trials is 8, but no grid over optimizer.lr and optimizer.beta1 has as "
        "many points; write 4 or 9"},
    {"components that search together",
     BASE "axes: {optimizer: [sgd, {name: adam, lr: {log: [1e-4, 1]}}], loss: [mse, {name: huber, "
          "delta: {grid: [1, 2]}}], hidden_activation: [tanh, {name: elu, alpha: {grid: [1, 2, "
          "3]}}]}\nprotocol: {tune: {sampler: grid, trials: 8}}\n",
     AT "3:42: protocol.tune.trials is 8, but no grid over hidden_activation.alpha has as many "
        "points; write 3"},
    {"more than there may be",
     BASE "axes: {optimizer: [{name: a, s0: {grid: [1, 2, 3, 4]}, s1: {grid: [1, 2, 3, 4]}, s2: "
          "{grid: [1, 2, 3, 4]}, s3: {grid: [1, 2, 3, 4]}, s4: {grid: [1, 2, 3, 4]}, s5: {grid: "
          "[1, 2, 3, 4]}, s6: {grid: [1, 2, 3, 4]}, s7: {grid: [1, 2, 3, 4]}, s8: {grid: [1, 2, 3, "
          "4]}}]}\nprotocol: {tune: {sampler: grid, trials: 100}}\n",
     AT "3:42: protocol.tune.trials is 100, but no grid over optimizer.s0, optimizer.s1, "
        "optimizer.s2, optimizer.s3, optimizer.s4, optimizer.s5, optimizer.s6, optimizer.s7 and "
        "optimizer.s8 has as many points; there are too many; use sampler random or sobol"},
    {"a cube above what there may be",
     BASE
     "axes: {optimizer: [{name: a, s0: {log: [1, 2]}, s1: {log: [1, 2]}, s2: {log: [1, 2]}, s3: "
     "{log: [1, 2]}, s4: {log: [1, 2]}, s5: {log: [1, 2]}, s6: {log: [1, 2]}, s7: {log: [1, 2]}, "
     "s8: {log: [1, 2]}, s9: {log: [1, 2]}}]}\nprotocol: {tune: {sampler: grid, trials: 100000}}\n",
     AT "3:42: protocol.tune.trials is 100000, but no grid over optimizer.s0, optimizer.s1, "
        "optimizer.s2, optimizer.s3, optimizer.s4, optimizer.s5, optimizer.s6, optimizer.s7, "
        "optimizer.s8 and optimizer.s9 has as many points; write 59049"},

    /* Limits */
    {"limits that are a number", BASE "limits: 3\n",
     AT "2:9: limits is '3'; it must be a map, such as {seconds: 600, memory: 4GiB}"},
    {"an unknown limit", BASE "limits: {second: 3}\n",
     AT "2:10: unknown key 'second' in limits; did you mean 'seconds'?"},
    {"no time", BASE "limits: {seconds: 0}\n",
     AT "2:19: limits.seconds is '0'; it must be a number above 0 and at most 1000000000"},
    {"endless time", BASE "limits: {seconds: inf}\n",
     AT "2:19: limits.seconds is 'inf'; it must be a number above 0 and at most 1000000000"},
    {"no time in all", BASE "limits: {total_seconds: -1}\n",
     AT "2:25: limits.total_seconds is '-1'; it must be a number above 0 and at most 1000000000, "
        "or none"},
    {"hardly any memory", BASE "limits: {memory: 1MiB}\n",
     AT "2:18: limits.memory is '1MiB'; it must be a size of at least 16MiB, such as 512MiB or "
        "4GiB, or none"},
    {"memory of nothing", BASE "limits: {memory: 0}\n",
     AT "2:18: limits.memory is '0'; it must be a size of at least 16MiB, such as 512MiB or 4GiB, "
        "or none"},
    {"a negative memory", BASE "limits: {memory: -1GiB}\n",
     AT "2:18: limits.memory is '-1GiB'; it must be a size of at least 16MiB, such as 512MiB or "
        "4GiB, or none"},
    {"an unknown unit", BASE "limits: {memory: 4gib}\n",
     AT "2:18: limits.memory is '4gib'; it must be a size of at least 16MiB, such as 512MiB or "
        "4GiB, or none"},
    {"a unit alone", BASE "limits: {memory: GiB}\n",
     AT "2:18: limits.memory is 'GiB'; it must be a size of at least 16MiB, such as 512MiB or "
        "4GiB, or none"},
    {"quoted memory", BASE "limits: {memory: \"4GiB\"}\n",
     AT "2:18: limits.memory is the text \"4GiB\"; it must be a size of at least 16MiB, such as "
        "512MiB or 4GiB, or none"},
    {"more memory than there is", BASE "limits: {memory: 1e300}\n",
     AT "2:18: limits.memory is '1e300'; it must be a size of at least 16MiB, such as 512MiB or "
        "4GiB, or none"},
    {"memory that overflows", BASE "limits: {memory: 99999999999TiB}\n",
     AT "2:18: limits.memory is '99999999999TiB'; it must be a size of at least 16MiB, such as "
        "512MiB or 4GiB, or none"},
    {"a list of memory", BASE "limits: {memory: [4GiB]}\n",
     AT "2:18: limits.memory is a list; it must be a size of at least 16MiB, such as 512MiB or "
        "4GiB, or none"},

    /* Targets */
    {"a target that is a number", BASE "targets: 0.9\n",
     AT "2:10: targets is '0.9'; it must be a map, such as {val_accuracy: 0.9}"},
    {"a target of test rows", BASE "targets: {test_accuracy: 0.9}\n",
     AT "2:26: targets.test_accuracy: 'test_accuracy' is no figure of the validation rows; did you "
        "mean 'val_accuracy'?"},
    {"an unknown target", BASE "targets: {val_acc: 0.9}\n",
     AT "2:20: targets.val_acc: 'val_acc' is no figure of the validation rows; did you mean "
        "'val_accuracy'?"},
    {"a target of an unknown problem", PROBLEMS "targets: {digts.val_loss: 0.9}\n",
     AT "2:27: targets.digts.val_loss: 'digts' is no problem; did you mean 'digits'?"},
    {"a target of no problem", PROBLEMS "targets: {.val_loss: 0.9}\n",
     AT "2:22: targets..val_loss: '' is no problem; the problems are iris, digits"},
    {"a target of no figure", PROBLEMS "targets: {digits.: 0.9}\n",
     AT "2:20: targets.digits.: '' is no figure of the validation rows; figures are val_loss, "
        "val_accuracy, val_top_k, val_precision, val_recall, val_f1, val_mae, val_rmse, val_r2"},
    {"percent", BASE "targets: {val_accuracy: 90}\n",
     AT "2:25: targets.val_accuracy is '90'; it must be a number from 0 to 1"},
    {"a perfect fit and more", BASE "targets: {val_r2: 1.5}\n",
     AT "2:19: targets.val_r2 is '1.5'; it must be a number of at most 1"},
    {"an error below 0", BASE "targets: {val_rmse: -1}\n",
     AT "2:21: targets.val_rmse is '-1'; it must be a finite number of at least 0"},
    {"a loss that is none", BASE "targets: {val_loss: nan}\n",
     AT "2:21: targets.val_loss is 'nan'; it must be a finite number"},
    {"a target that is a list", BASE "targets: {val_loss: [1]}\n",
     AT "2:21: targets.val_loss is a list; it must be a finite number"},

    /* Statistics */
    {"stats that are a word", BASE "stats: all\n",
     AT "2:8: stats is 'all'; it must be a map, such as {control: sgd}"},
    {"an unknown key in stats", STATS "contrl: sgd}\n",
     AT "3:9: unknown key 'contrl' in stats; did you mean 'control'?"},
    {"an unknown figure", STATS "metric: test_acuracy}\n",
     AT "3:17: stats.metric: 'test_acuracy' is no figure; did you mean 'test_accuracy'?"},
    {"nothing like a figure", STATS "metric: speed}\n",
     AT "3:17: stats.metric: 'speed' is no figure; a figure is test_, val_ or train_ and one of "
        "loss, accuracy, top_k, precision, recall, f1, mae, rmse, r2"},
    {"a figure of one problem", STATS "metric: base.test_loss}\n",
     AT "3:17: stats.metric is 'base.test_loss'; it must be a figure, such as test_accuracy"},
    {"figures", STATS "metric: [test_loss]}\n",
     AT "3:17: stats.metric is a list; it must be a figure, such as test_accuracy"},
    {"an unknown axis to compare", STATS "compare: optimiser}\n",
     AT
     "3:18: stats.compare is 'optimiser'; it must be one of optimizer; did you mean 'optimizer'?"},
    {"folds to compare", STATS "compare: data.fold}\n",
     AT "3:18: stats.compare is 'data.fold'; it must be one of optimizer"},
    {"no axis to compare", BASE "axes: {data.fold: 0..4}\nstats: {compare: data.fold}\n",
     AT "3:18: stats.compare is given, but there is no axis to compare"},
    {"a control of nothing", BASE "stats: {control: sgd}\n",
     AT "2:18: stats.control is given, but there is no axis to compare"},
    {"an unknown control", STATS "control: sdg}\n",
     AT "3:18: stats.control: 'sdg' is no value of the axis optimizer; did you mean 'sgd'?"},
    {"a control of several", STATS "control: adam}\n",
     AT "3:18: stats.control: 'adam' is 2 values of the axis optimizer; give the label of one, "
        "such as 'adam lr=0.1'"},
    {"an unknown component as control", STATS "control: {name: adam, lr: 0.3}}\n",
     AT "3:18: stats.control: '{name: adam, lr: 0.3}' is no value of the axis optimizer; its "
        "values are sgd, adam lr=0.1, adam lr=0.2"},
    {"alpha of nothing", STATS "alpha: 0}\n",
     AT "3:16: stats.alpha is '0'; it must be a number above 0 and at most 0.5"},
    {"alpha of more than half", STATS "alpha: 0.6}\n",
     AT "3:16: stats.alpha is '0.6'; it must be a number above 0 and at most 0.5"},
    {"few replicates", STATS "replicates: 999}\n",
     AT "3:21: stats.replicates is '999'; it must be a whole number from 1000 to 1000000"},
    {"many replicates", STATS "replicates: 1000001}\n",
     AT "3:21: stats.replicates is '1000001'; it must be a whole number from 1000 to 1000000"},

    /* Gates */
    {"a gate that is nothing", GATE "\n",
     AT "3:6: gate has no value; it must be A better_than B, A worse_than B, A not_worse_than B or "
        "every cell: METRIC >= X"},
    {"a gate that is a list", GATE "[[a]]\n",
     AT "3:8: gate[0] is a list; it must be A better_than B, A worse_than B, A not_worse_than B or "
        "every cell: METRIC >= X"},
    {"a gate that is no gate", GATE "[adam]\n",
     AT "3:8: gate[0] is 'adam'; it must be A better_than B, A worse_than B, A not_worse_than B or "
        "every cell: METRIC >= X"},
    {"a relation that is nearly one", GATE "[sgd beter_than adam lr=0.1]\n",
     AT "3:8: gate[0] is 'sgd beter_than adam lr=0.1'; it must be A better_than B, A worse_than B, "
        "A not_worse_than B or every cell: METRIC >= X; did you mean 'better_than'?"},
    {"nothing before", GATE "[better_than sgd]\n",
     AT "3:8: gate[0]: nothing stands before 'better_than'; write A better_than B"},
    {"nothing after", GATE "[sgd worse_than on test_accuracy]\n",
     AT "3:8: gate[0]: nothing stands after 'worse_than'; write A worse_than B"},
    {"nothing to compare", BASE "gate: [a better_than b]\n",
     AT "2:8: gate[0]: there is no axis whose values could be compared"},
    {"an unknown treatment", GATE "[sdg better_than adam]\n",
     AT "3:8: gate[0]: 'sdg' is no value of the axis optimizer; did you mean 'sgd'?"},
    {"a treatment that is several", GATE "[sgd better_than adam]\n",
     AT "3:8: gate[0]: 'adam' is 2 values of the axis optimizer; give the label of one, such as "
        "'adam lr=0.1'"},
    {"a treatment that is nothing", GATE "[\"'' better_than sgd\"]\n",
     AT "3:8: gate[0]: '' is no value of the axis optimizer; its values are sgd, adam lr=0.1, adam "
        "lr=0.2"},
    {"a treatment and itself", GATE "[sgd better_than sgd]\n",
     AT "3:8: gate[0]: 'sgd' is compared with itself"},
    {"a quote that is not closed", GATE "[\"'adam lr=0.1 better_than sgd\"]\n",
     AT "3:8: gate[0]: a quote that is never closed, 'adam lr=0.1 better_than sgd"},
    {"nothing on", GATE "[sgd better_than adam lr=0.1 on]\n",
     AT "3:8: gate[0]: nothing follows 'on'; write 'on test_accuracy'"},
    {"nothing by", GATE "[sgd better_than adam lr=0.1 on test_loss by]\n",
     AT "3:8: gate[0]: nothing follows 'by'; write 'by 0.005'"},
    {"two figures", GATE "[sgd better_than adam lr=0.1 on test_loss on val_loss]\n",
     AT "3:8: gate[0]: 'on' stands twice"},
    {"a word too many", GATE "[sgd better_than adam lr=0.1 on test_loss only]\n",
     AT "3:8: gate[0]: 'only' has no place here; 'on METRIC' and 'by MARGIN' end a gate"},
    {"an unknown figure in a gate", GATE "[sgd better_than adam lr=0.1 on test_los]\n",
     AT "3:8: gate[0]: 'test_los' is no figure; did you mean 'test_loss'?"},
    {"an unknown problem in a gate", GATE "[sgd better_than adam lr=0.1 on digts.test_loss]\n",
     AT "3:8: gate[0]: 'digts' is no problem; did you mean 'digits'?"},
    {"a margin below 0", GATE "[sgd better_than adam lr=0.1 by -1]\n",
     AT "3:8: gate[0]: the margin is '-1'; it must be a finite number of at least 0"},
    {"a margin that is a word", GATE "[sgd better_than adam lr=0.1 on test_loss by far]\n",
     AT "3:8: gate[0]: the margin is 'far'; it must be a finite number of at least 0"},
    {"a margin in percent", GATE "[sgd better_than adam lr=0.1 on test_accuracy by 5]\n",
     AT "3:8: gate[0]: the margin is '5'; it must be a number from 0 to 1"},
    {"an endless margin", GATE "[sgd better_than adam lr=0.1 by inf]\n",
     AT "3:8: gate[0]: the margin is 'inf'; it must be a finite number of at least 0"},
    {"a key that is nearly every cell", GATE "[{evry cell: test_accuracy >= 0.9}]\n",
     AT "3:9: unknown key 'evry cell' in gate[0]; did you mean 'every cell'?"},
    {"a map of nothing", GATE "[{}]\n",
     AT "3:8: gate[0] is a map; it must be A better_than B, A worse_than B, A not_worse_than B or "
        "every cell: METRIC >= X"},
    {"every cell of nothing", GATE "\n  - every cell:\n",
     AT
     "4:16: gate[0].every cell has no value; it must be METRIC >= X, such as test_accuracy >= 0.9"},
    {"every cell of a list", GATE "\n  - every cell: [1]\n",
     AT "4:17: gate[0].every cell is a list; it must be METRIC >= X, such as test_accuracy >= 0.9"},
    {"every cell of a figure alone", GATE "\n  - every cell: test_accuracy\n",
     AT "4:17: gate[0].every cell is 'test_accuracy'; it must be METRIC >= X, such as "
        "test_accuracy >= 0.9"},
    {"every cell of a number too many", GATE "\n  - every cell: final test_accuracy >= 0.9 0.8\n",
     AT "4:17: gate[0].every cell is 'final test_accuracy >= 0.9 0.8'; it must be METRIC >= X, "
        "such as test_accuracy >= 0.9"},
    {"every cell by no relation", GATE "\n  - every cell: test_accuracy == 0.9\n",
     AT "4:17: gate[0].every cell: '==' is no relation; write >=, >, <= or <"},
    {"every cell of an unknown figure", GATE "\n  - every cell: final test_acuracy >= 0.9\n",
     AT "4:17: gate[0].every cell: 'test_acuracy' is no figure; did you mean 'test_accuracy'?"},
    {"every cell of an unknown problem", GATE "\n  - every cell: moons.test_accuracy >= 0.9\n",
     AT "4:17: gate[0].every cell: 'moons' is no problem; the problems are iris, digits"},
    {"every cell in percent", GATE "\n  - every cell: test_accuracy >= 90\n",
     AT "4:17: gate[0].every cell: the bound is '90'; it must be a number from 0 to 1"},
    {"every cell at NaN", GATE "\n  - every cell: test_loss < nan\n",
     AT "4:17: gate[0].every cell: the bound is 'nan'; it must be a finite number"},
    {"every cell in quotes", GATE "['every cell: test_accuracy >= high']\n",
     AT "3:8: gate[0]: the bound is 'high'; it must be a number from 0 to 1"},
};

static void check_refused(const char *text, size_t length, const char *message)
{
    plx_error error = {0};
    spec *spec = spec_parse("matrix.yaml", "/tmp", text, length, &error);

    ck_assert_ptr_null(spec);
    ck_assert_str_eq(error.text, message);
    ck_assert_int_eq(error.code, ERROR_CONFIG);
}

START_TEST(a_broken_file_is_refused_by_its_place)
{
    check_refused(broken[_i].text, strlen(broken[_i].text), broken[_i].message);
}
END_TEST

/* ---- too much -------------------------------------------------------------------------------- */

/* `head`, then "k0: 1, k1: 1, .." as often as said, each made by `each`, then `tail`. */
static const struct endless {
    const char *head, *each, *tail;
    int count;
    const char *message;
} endless[] = {
    {"base: a.yaml\nset: {", "data.k%d: 1, ", "}\n", 1001, AT "2:13897: more than 1000 changes"},
    {"problems: {", "p%d: a.yaml, ", "}\n", 1001,
     AT "1:11: problems has 1001 problems; it must have 1 to 1000"},
    {"base: a.yaml\naxes: {loss: [a, b]}\nrules: [", "{exclude: {loss: a}, why: r%d}, ", "]\n",
     1001, AT "3:8: rules has 1001 rules; it must have 0 to 1000"},
    {"base: a.yaml\ngate: [", "g%d, ", "]\n", 1001,
     AT "2:7: gate has 1001 gates; it must have 0 to 1000"},
    {"base: a.yaml\ntargets: {", "p%d.val_loss: 1, ", "}\n", 1001,
     AT "2:10: targets has 1001 targets; it must have 0 to 1000"},
    {"base: a.yaml\naxes: {loss: [x, ", "v%d, ", "x]}\n", 49000,
     AT "2:380908: axes.loss[49001] is the same value again; the first is in line 2"},
    {"base: a.yaml\naxes: {loss: [x, ", "{name: v, a: %d}, ", "x]}\n", 12000,
     AT "2:240908: axes.loss[12001] is the same value again; the first is in line 2"},
    {"base: a.yaml\naxes: {optimizer: [{name: o, ", "s%d: {grid: [1, 2, 3, 4, 5, 6, 7, 8]}, ",
     "}]}\nprotocol: {tune: {sampler: grid, trials: 100}}\n", 10,
     AT "3:42: protocol.tune.trials is 100, but no grid over optimizer.s0, optimizer.s1, "
        "optimizer.s2, optimizer.s3, optimizer.s4, optimizer.s5, optimizer.s6, optimizer.s7, "
        "optimizer.s8 and optimizer.s9 has as many points; there are too many; use sampler random "
        "or sobol"},
};

static void fill(text *out, const struct endless *what)
{
    text_add(out, what->head);
    for (int i = 0; i < what->count; i++) {
        const char *number = strchr(what->each, '%');
        text_add_n(out, what->each, (size_t)(number - what->each));
        text_addf(out, "%d%s", i, number + 2);
    }
    text_add(out, what->tail);
}

START_TEST(an_endless_file_is_refused)
{
    text text = {0};

    fill(&text, &endless[_i]);
    check_refused(text.bytes, text.length, endless[_i].message);
    free(text.bytes);
}
END_TEST

START_TEST(a_grid_that_cannot_be_counted_is_refused)
{
    text file = {0};
    char *end = NULL;
    plx_error error = {0};

    /* 200^9 is beyond 64 bits */
    text_add(&file, "base: a.yaml\naxes: {optimizer: [{name: o");
    for (int setting = 0; setting < 9; setting++) {
        text_addf(&file, ", s%d: {grid: [", setting);
        for (int value = 0; value < 200; value++)
            text_addf(&file, "%d, ", value);
        text_add(&file, "]}");
    }
    text_add(&file, "}]}\nprotocol: {tune: {sampler: grid, trials: 100}}\n");
    ck_assert_ptr_null(spec_parse("matrix.yaml", "/tmp", file.bytes, file.length, &error));
    end = strstr(error.text, "there are too many; use sampler random or sobol");
    ck_assert_msg(end != NULL, "%s", error.text);
    free(file.bytes);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------- */

START_TEST(a_file_that_is_not_there_is_refused)
{
    plx_error error = {0};

    ck_assert_ptr_null(spec_read("/nowhere/matrix.yaml", &error));
    ck_assert_str_eq(error.text, "/nowhere/matrix.yaml: cannot read: No such file or directory");
    ck_assert_int_eq(error.code, ERROR_CONFIG);
}
END_TEST

/* ---- damage ---------------------------------------------------------------------------------- */

/* Every key and every kind of value. */
static const char whole[] =
    "base: iris.yaml\n"
    "problems:\n"
    "  iris: {}\n"
    "  digits: digits.yaml\n"
    "  small: {base: iris.yaml, data.test: 0.5, train: {epochs: 20}}\n"
    "set: {train.batch: 100, schedule: {name: cosine}}\n"
    "axes:\n"
    "  hidden_activation: [tanh, {name: elu, alpha: {grid: [1, 2]}}]\n"
    "  loss: [mse, cross_entropy]\n"
    "  optimizer:\n"
    "    - sgd\n"
    "    - {name: adam, lr: {log: [1e-4, 1e-1]}}\n"
    "    - {name: adam, lr: 0.1, n: {uniform: [1, 9], whole: true}}\n"
    "  data.fold: [0..4, 7]\n"
    "  data.k: {log: [1e-4, 1]}\n"
    "rules:\n"
    "  - {exclude: {optimizer: adam, loss: [mse, cross_entropy]}, why: \"no\"}\n"
    "  - include: {hidden_activation: tanh, problem: [iris, small]}\n"
    "protocol:\n"
    "  tune: {sampler: random, trials: 16, seeds: [7, 8], select: val_accuracy}\n"
    "  final: {seeds: 1..6, report: test_at_best_val}\n"
    "  untuned_row: true\n"
    "targets: {val_accuracy: 0.9, digits.val_loss: 0.3}\n"
    "limits: {seconds: 600, memory: 4GiB, total_seconds: none}\n"
    "stats: {metric: test_accuracy, compare: optimizer, control: sgd, alpha: 0.05}\n"
    "gate:\n"
    "  - \"'adam lr=*' better_than sgd\"\n"
    "  - sgd not_worse_than adam lr=0.1 n=* on digits.test_accuracy by 0.005\n"
    "  - every cell: final test_accuracy >= 0.9\n";

enum { ROUNDS = 10, DAMAGES = 300 };

/* Drops, doubles or replaces a few bytes at some place. */
static char *damage(int which, size_t *length)
{
    static const char bytes[] = "{}[]:,-'\"\n .0123456789eabz&*#~\xff";
    const random_stream stream = random_open((uint64_t)which, RANDOM_GENERATE, 0);
    const size_t at = random_below(stream, 0, sizeof(whole) - 1);
    const size_t left = sizeof(whole) - 1 - at;
    const size_t run = 1 + random_below(stream, 1, left < 24 ? left : 24);
    const size_t kept = random_below(stream, 2, 3) == 1 ? run : 0;
    text out = {0};

    text_add_n(&out, whole, at + kept);
    if (random_below(stream, 2, 3) == 2)
        text_add_n(&out, bytes + random_below(stream, 3, sizeof(bytes) - 1), 1);
    text_add_n(&out, whole + at + run - kept, left - run + kept);
    *length = out.length;
    return out.bytes;
}

START_TEST(a_damaged_file_is_read_or_refused_by_its_place)
{
    int refused = 0;

    for (int i = _i * DAMAGES; i < (_i + 1) * DAMAGES; i++) {
        plx_error error = {0};
        size_t length = 0;
        char *bytes = damage(i, &length);
        spec *spec = spec_parse("matrix.yaml", "/tmp", bytes, length, &error);

        if (spec == NULL) {
            ck_assert_int_eq(error.code, ERROR_CONFIG);
            ck_assert_msg(strncmp(error.text, AT, strlen(AT)) == 0 &&
                              strchr("123456789", error.text[strlen(AT)]) != NULL,
                          "%s", error.text);
            refused++;
        }
        spec_free(spec);
        free(bytes);
    }
    /* both happen */
    ck_assert_int_gt(refused, DAMAGES / 4);
    ck_assert_int_lt(refused, DAMAGES);
}
END_TEST

START_TEST(the_whole_file_is_read)
{
    plx_error error = {0};
    spec *spec = spec_parse("matrix.yaml", "/tmp", whole, sizeof(whole) - 1, &error);

    ck_assert_msg(spec != NULL, "%s", error.text);
    spec_free(spec);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/spec_bad");
    TCase *files = tcase_create("files"), *damages = tcase_create("damage");

    tcase_add_loop_test(files, a_broken_file_is_refused_by_its_place, 0,
                        (int)(sizeof(broken) / sizeof(broken[0])));
    tcase_add_loop_test(files, an_endless_file_is_refused, 0,
                        (int)(sizeof(endless) / sizeof(endless[0])));
    tcase_add_test(files, a_grid_that_cannot_be_counted_is_refused);
    tcase_add_test(files, a_file_that_is_not_there_is_refused);
    suite_add_tcase(suite, files);
    tcase_add_test(damages, the_whole_file_is_read);
    tcase_add_loop_test(damages, a_damaged_file_is_read_or_refused_by_its_place, 0, ROUNDS);
    suite_add_tcase(suite, damages);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
