/* Broken experiment files and the message that each gets, to the letter. PLUGINS stands for the
 * folder of the built plug-ins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

/* layers.0.weight, layers.0.bias, layers.1.weight */
#define DEEP                                                                                       \
    "network: {layers: [{units: 3, activation: tanh}, {units: 2, activation: softmax, bias: "      \
    "false}]}\n"

static const struct broken {
    const char *what;
    const char *text;
    size_t length; /* 0: up to the NUL                                                           */
    const char *message;
} broken[] = {
    /* The bytes */
    {"nothing", "", 0,
     "experiment.yaml:1:1: the file is empty; a config file is a map of keys, such as 'data: ...'"},
    {"only a comment", "# nothing\n", 0,
     "experiment.yaml:1:1: the file is empty; a config file is a map of keys, such as 'data: ...'"},
    {"only a document start", "---\n", 0,
     "experiment.yaml:1:1: the file is empty; a config file is a map of keys, such as 'data: ...'"},
    {"a scalar", "hello\n", 0,
     "experiment.yaml:1:1: the file is a single value; a config file is a map of keys, such as "
     "'data: ...'"},
    {"a quoted nothing", "''\n", 0,
     "experiment.yaml:1:1: the file is a single value; a config file is a map of keys, such as "
     "'data: ...'"},
    {"a list", "- data\n- network\n", 0,
     "experiment.yaml:1:1: the file is a list; a config file is a map of keys, such as 'data: "
     "...'"},
    {"UTF-16, little-endian", "\377\376d\000", 4,
     "experiment.yaml:1:1: the file is UTF-16; save it as UTF-8"},
    {"UTF-16, big-endian", "\376\377\000d", 4,
     "experiment.yaml:1:1: the file is UTF-16; save it as UTF-8"},
    {"a NUL", "data:\n  a\000b: 1\n", 15,
     "experiment.yaml:2:4: a NUL byte; a config file is plain text"},
    {"a byte that is not UTF-8", "data:\n  train: caf\351.csv\n", 0,
     "experiment.yaml:2:13: the byte \\xe9 is not UTF-8 here; save the file as UTF-8"},
    {"a cut UTF-8 sequence", "data: \303", 0,
     "experiment.yaml:1:7: the byte \\xc3 is not UTF-8 here; save the file as UTF-8"},
    {"an overlong UTF-8 sequence", "data: \300\257\n", 0,
     "experiment.yaml:1:7: the byte \\xc0 is not UTF-8 here; save the file as UTF-8"},
    {"a surrogate", "data: \355\240\200\n", 0,
     "experiment.yaml:1:7: the byte \\xed is not UTF-8 here; save the file as UTF-8"},
    {"columns count characters", "d\303\244ta: \377\n", 0,
     "experiment.yaml:1:7: the byte \\xff is not UTF-8 here; save the file as UTF-8"},
    {"lines end with CRLF too", "# a\r\n# b\r\n\377\n", 0,
     "experiment.yaml:3:1: the byte \\xff is not UTF-8 here; save the file as UTF-8"},
    {"a control character", "data: \007\n", 0,
     "experiment.yaml:1:7: the control character U+0007; a config file is plain text"},
    {"a delete", "data: \177\n", 0,
     "experiment.yaml:1:7: the control character U+007F; a config file is plain text"},
    {"a byte-order mark inside", "data: 1\n\357\273\277\n", 0,
     "experiment.yaml:2:1: the control character U+FEFF; a config file is plain text"},

    /* The YAML */
    {"a tab as indentation", "data:\n\ttrain: a.csv\n", 0,
     "experiment.yaml:2:1: a tab in the indentation; indent with spaces"},
    {"a tab after spaces", "data:\n  train: a.csv\n\ttarget: b\n", 0,
     "experiment.yaml:3:1: a tab in the indentation; indent with spaces"},
    {"an open quote", "data: {train: \"a.csv}\n", 0,
     "experiment.yaml:1:15: a quote that is never closed"},
    {"an open list", "data: {drop: [a, b\nloss: mse\n", 0,
     "experiment.yaml:2:5: a list '[' that is not closed; expected ',' or ']' here"},
    {"an open map", "data: {train: a.csv\nloss: mse\n", 0,
     "experiment.yaml:2:5: a map '{' that is not closed; expected ',' or '}' here"},
    {"a closed list never opened", "data: a]\nloss: ]\n", 0,
     "experiment.yaml:2:7: a value is missing here"},
    {"a key without a colon", DATA "network\nloss: mse\n", 0,
     "experiment.yaml:2:1: a key without ':'; write 'key: value'"},
    {"a colon in a plain text", DATA "loss: a: b\n", 0,
     "experiment.yaml:2:8: a ':' where no key can be; indent the keys of a map alike, one 'key: "
     "value' a line, and put text that holds ': ' in quotes"},
    {"uneven indentation", "data:\n    generate: moons\n  samples: 10\n", 0,
     "experiment.yaml:3:3: something that is no key of the map; indent all its keys alike"},
    {"an item where a key is expected", "data:\n  generate: moons\n  - samples\n", 0,
     "experiment.yaml:3:3: something that is no key of the map; indent all its keys alike"},
    {"a backslash in double quotes", "data: {train: \"C:\\data.csv\"}\n", 0,
     "experiment.yaml:1:18: an unknown escape in double quotes; write \\\\ for a backslash, or use "
     "single quotes"},
    {"an escape without digits", "data: {train: \"\\xZZ\"}\n", 0,
     "experiment.yaml:1:18: an escape without its hexadecimal digits; write \\\\ for a backslash, "
     "or use single quotes"},
    {"an escaped NUL", "data: {train: \"a\\0b\"}\n", 0,
     "experiment.yaml:1:15: a NUL character in a text; leave it out"},
    {"a value that begins with @", "data: @file\n", 0,
     "experiment.yaml:1:7: a value cannot begin with '@'; put it in quotes"},
    {"a value that begins with a backquote", "data: `file`\n", 0,
     "experiment.yaml:1:7: a value cannot begin with '`'; put it in quotes"},
    {"a value that begins with %", "data: {train: %x}\n", 0,
     "experiment.yaml:1:15: a value cannot begin with '%'; put it in quotes"},
    {"an anchor", "data: &a {generate: moons}\n", 0,
     "experiment.yaml:1:7: an anchor '&'; anchors are not used here, write the value itself"},
    {"an alias", "data: *a\n", 0,
     "experiment.yaml:1:7: an alias '*'; aliases are not used here, write the value itself"},
    {"an anchor on a scalar", "data: {generate: &a moons}\n", 0,
     "experiment.yaml:1:18: an anchor '&'; anchors are not used here, write the value itself"},
    {"a tag", "data: !!map {generate: moons}\n", 0,
     "experiment.yaml:1:7: a tag '!'; tags are not used here, write the value alone"},
    {"a local tag", "loss: !loss mse\n", 0,
     "experiment.yaml:1:7: a tag '!'; tags are not used here, write the value alone"},
    {"an unknown tag handle", "loss: !x!loss mse\n", 0,
     "experiment.yaml:1:7: a tag; tags are not used here, write the value alone"},
    {"a merge key", "data: {<<: {generate: moons}}\n" REST, 0,
     "experiment.yaml:1:8: unknown key '<<' in data; its keys are train, test, validation, "
     "generate, samples, noise, classes, factor, turns, spread, features, target, format, header, "
     "delimiter, drop, categorical, missing, scale, scale_target, seed, stratify, folds, fold, "
     "label_smoothing"},
    {"a key twice", DATA "loss: mse\ndata: {generate: xor}\n", 0,
     "experiment.yaml:3:1: the key 'data' a second time; the first is in line 1"},
    {"a key twice, below", "data:\n  seed: 1\n  generate: moons\n  seed: 2\n", 0,
     "experiment.yaml:4:3: the key 'seed' a second time; the first is in line 2"},
    {"a list as a key", "? [a, b]\n: 1\n", 0,
     "experiment.yaml:1:3: a list as a key; a key is a word"},
    {"a map as a key", "{a: 1}: 2\n", 0, "experiment.yaml:1:1: a map as a key; a key is a word"},
    {"an empty key", "'': 1\n", 0, "experiment.yaml:1:1: an empty key; write 'key: value'"},
    {"a second document", GOOD "---\ndata: {generate: moons}\n" REST, 0,
     "experiment.yaml:5:1: a second document begins; a config file is one"},
    {"text after the document's end", "data: 1\n...\nfoo: 2\n", 0,
     "experiment.yaml:3:1: something after the end of the file's map; indent all its keys alike"},
    {"too deep", "data: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", 0,
     "experiment.yaml:1:38: lists and maps nested deeper than 32"},

    /* The top */
    {"no data", REST, 0,
     "experiment.yaml:1:1: the key 'data' is missing in the file; write data: {train: file.csv, "
     "target: column}"},
    {"no network", DATA LOSS OPTIMIZER, 0,
     "experiment.yaml:1:1: the key 'network' is missing in the file; write network: {layers: "
     "[{units: 10, activation: softmax}]}"},
    {"no loss", DATA NETWORK OPTIMIZER, 0,
     "experiment.yaml:1:1: the key 'loss' is missing in the file; write loss: cross_entropy"},
    {"no optimizer", DATA NETWORK "loss: cross_entropy\n", 0,
     "experiment.yaml:1:1: the key 'optimizer' is missing in the file; write optimizer: {name: "
     "adam, lr: 0.001}"},
    {"an unknown section", DATA "netwrok: {}\n", 0,
     "experiment.yaml:2:1: unknown key 'netwrok' in the file; did you mean 'network'?"},
    {"nothing like it", DATA "wibble: 1\n", 0,
     "experiment.yaml:2:1: unknown key 'wibble' in the file; its keys are data, network, loss, "
     "optimizer, schedule, train"},

    /* Parameter groups */
    {"groups that are no list", DATA DEEP LOSS "optimizer: {name: sgd, groups: 3}\n", 0,
     "experiment.yaml:4:32: optimizer.groups is '3'; it must be a list, such as [{match: "
     "\"*.bias\", weight_decay: 0}]"},
    {"a group that is no map", DATA DEEP LOSS "optimizer: {name: sgd, groups: [3]}\n", 0,
     "experiment.yaml:4:33: optimizer.groups[0] is '3'; it must be a map, such as {match: "
     "\"*.bias\", weight_decay: 0}"},
    {"a group without match", DATA DEEP LOSS "optimizer: {name: sgd, groups: [{lr: 0}]}\n", 0,
     "experiment.yaml:4:33: the key 'match' is missing in optimizer.groups[0]; write match: "
     "\"*.bias\""},
    {"a group that sets nothing",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*.bias'}]}\n", 0,
     "experiment.yaml:4:33: optimizer.groups[0] sets nothing; give lr or a setting of the "
     "optimizer"},
    {"a pattern that matches nothing",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: conv*, lr: 0}]}\n", 0,
     "experiment.yaml:4:41: optimizer.groups[0].match is 'conv*', which matches no tensor; the "
     "tensors are layers.0.weight, layers.0.bias, layers.1.weight"},
    {"a pattern that almost matches",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*.bais', lr: 0}]}\n", 0,
     "experiment.yaml:4:41: optimizer.groups[0].match is '*.bais', which matches no tensor; the "
     "tensors are layers.0.weight, layers.0.bias, layers.1.weight; did you mean '*.bias'?"},
    {"one of several patterns that matches nothing",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: ['*', layers.1.bias], lr: 0}]}\n", 0,
     "experiment.yaml:4:47: optimizer.groups[0].match[1] is 'layers.1.bias', which matches no "
     "tensor; the tensors are layers.0.weight, layers.0.bias, layers.1.weight; did you mean "
     "'layers.0.bias'?"},
    {"an empty list of patterns",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: [], lr: 0}]}\n", 0,
     "experiment.yaml:4:41: optimizer.groups[0].match has 0 patterns; it must have 1 to 64"},
    {"a pattern that is a map",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: {a: b}, lr: 0}]}\n", 0,
     "experiment.yaml:4:41: optimizer.groups[0].match is a map; it must be a pattern of tensor "
     "names or a list of patterns"},
    {"a pattern in a list that is a list",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: [[a]], lr: 0}]}\n", 0,
     "experiment.yaml:4:42: optimizer.groups[0].match[0] is a list; it must be a pattern of tensor "
     "names"},
    {"an empty pattern", DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '', lr: 0}]}\n", 0,
     "experiment.yaml:4:41: optimizer.groups[0].match is the text \"\"; it must be a pattern of "
     "tensor names or a list of patterns"},
    {"a misspelt key of a group",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*', weight_decy: 0}]}\n", 0,
     "experiment.yaml:4:46: unknown key 'weight_decy' in optimizer.groups[0]; did you mean "
     "'weight_decay'?"},
    {"a setting of another optimizer in a group",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*', beta1: 0}]}\n", 0,
     "experiment.yaml:4:46: unknown key 'beta1' in optimizer.groups[0]; its keys are match, lr, "
     "momentum, dampening, nesterov, weight_decay"},
    {"a setting out of range in a group",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*', momentum: 2}]}\n", 0,
     "experiment.yaml:4:56: momentum is 2; it must be in 0 <= momentum < 1"},
    {"a setting of a group that is a list",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*', momentum: [0]}]}\n", 0,
     "experiment.yaml:4:56: optimizer.groups[0].momentum is a list; it must be a number in 0 <= "
     "x < 1"},
    {"a negative rate of a group",
     DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*', lr: -1}]}\n", 0,
     "experiment.yaml:4:50: optimizer.groups[0].lr is '-1'; it must be a finite number of at least "
     "0"},
    {"a group's settings that do not go together",
     DATA DEEP LOSS
     "optimizer: {name: sgd, groups: [{match: '*.bias', lr: 0.1, nesterov: true}]}\n",
     0, "experiment.yaml:4:33: optimizer 'sgd': nesterov needs a momentum above 0, such as 0.9"},
    {"settings of two groups that do not go together",
     DATA DEEP LOSS "optimizer: {name: sgd, momentum: 0.9, groups: [{match: '*', nesterov: true}, "
                    "{match: layers.1.weight, momentum: 0}]}\n",
     0, "experiment.yaml:4:78: optimizer 'sgd': nesterov needs a momentum above 0, such as 0.9"},

    /* The data */
    {"no value", "data:\n" REST, 0,
     "experiment.yaml:1:6: data has no value; it must be a map of keys, such as {train: file.csv, "
     "target: column}"},
    {"a scalar", "data: moons\n" REST, 0,
     "experiment.yaml:1:7: data is 'moons'; it must be a map of keys, such as {train: file.csv, "
     "target: column}"},
    {"neither train nor generate", "data: {seed: 1}\n" REST, 0,
     "experiment.yaml:1:7: data has neither train nor generate; give a file as train, or the name "
     "of a generator as generate"},
    {"both train and generate", "data: {train: a.csv, generate: moons}\n" REST, 0,
     "experiment.yaml:1:22: data has both train and generate; give one of them"},
    {"an unknown key", "data: {train: a.csv, traget: b}\n" REST, 0,
     "experiment.yaml:1:22: unknown key 'traget' in data; did you mean 'target'?"},
    {"a train that is a fraction", "data: {train: 0.5}\n" REST, 0,
     "experiment.yaml:1:15: data.train is '0.5'; it must be a file or a pair {x: file, y: file}"},
    {"a train that is a list", "data: {train: [a, b]}\n" REST, 0,
     "experiment.yaml:1:15: data.train is a list; it must be a file or a pair {x: file, y: file}"},
    {"a pair without y", "data: {train: {x: a}}\n" REST, 0,
     "experiment.yaml:1:15: the key 'y' is missing in data.train; write {x: features, y: targets}"},
    {"a pair with more", "data: {train: {x: a, y: b, z: c}}\n" REST, 0,
     "experiment.yaml:1:28: unknown key 'z' in data.train; its keys are x, y"},
    {"a pair whose x is empty", "data: {train: {x: , y: b}}\n" REST, 0,
     "experiment.yaml:1:19: data.train.x has no value; it must be a file"},
    {"a test fraction of one", "data: {train: a.csv, test: 1}\n" REST, 0,
     "experiment.yaml:1:28: data.test is '1'; it must be a file, a pair {x: file, y: file}, or a "
     "fraction of at least 0 and below 1 (a file named like a number goes in quotes)"},
    {"a negative fraction", "data: {train: a.csv, validation: -0.1}\n" REST, 0,
     "experiment.yaml:1:34: data.validation is '-0.1'; it must be a file, a pair {x: file, y: "
     "file}, or a fraction of at least 0 and below 1 (a file named like a number goes in quotes)"},
    {"a fraction that is no number", "data: {train: a.csv, validation: nan}\n" REST, 0,
     "experiment.yaml:1:34: data.validation is 'nan'; it must be a file, a pair {x: file, y: "
     "file}, or a fraction of at least 0 and below 1 (a file named like a number goes in quotes)"},
    {"fractions that take all", "data: {train: a.csv, validation: 0.5, test: 0.5}\n" REST, 0,
     "experiment.yaml:1:45: the fractions for test and validation sum to 1; they must leave rows "
     "to train on, so sum below 1"},
    {"an unknown generator", "data: {generate: moon}\n" REST, 0,
     "experiment.yaml:1:18: data.generate is 'moon'; it must be one of xor, moons, circles, "
     "spirals, blobs; did you mean 'moons'?"},
    {"a generator and a file to test on", "data: {generate: moons, test: a.csv}\n" REST, 0,
     "experiment.yaml:1:31: data.test is a file, but the data are generated; it must be a "
     "fraction"},
    {"a generator and a target", "data: {generate: moons, target: a}\n" REST, 0,
     "experiment.yaml:1:25: data.target means nothing for moons; it is for csv files, idx files, "
     "npy files, libsvm files"},
    {"factor for moons", "data: {generate: moons, factor: 0.5}\n" REST, 0,
     "experiment.yaml:1:25: data.factor means nothing for moons; it is for circles"},
    {"noise for blobs", "data: {generate: blobs, noise: 0.5}\n" REST, 0,
     "experiment.yaml:1:25: data.noise means nothing for blobs; it is for xor, moons, circles, "
     "spirals"},
    {"samples for a file", "data: {train: a.csv, samples: 100}\n" REST, 0,
     "experiment.yaml:1:22: data.samples means nothing for files; it is for xor, moons, circles, "
     "spirals, blobs"},
    {"one sample", "data: {generate: moons, samples: 1}\n" REST, 0,
     "experiment.yaml:1:34: data.samples is '1'; it must be a whole number from 2 to 100000000"},
    {"samples in scientific notation", "data: {generate: moons, samples: 1e3}\n" REST, 0,
     "experiment.yaml:1:34: data.samples is '1e3'; it must be a whole number from 2 to 100000000"},
    {"samples beyond 64 bits", "data: {generate: moons, samples: 99999999999999999999}\n" REST, 0,
     "experiment.yaml:1:34: data.samples is '99999999999999999999'; it must be a whole number from "
     "2 to 100000000"},
    {"negative noise", "data: {generate: moons, noise: -1}\n" REST, 0,
     "experiment.yaml:1:32: data.noise is '-1'; it must be a number from 0 to 1000000"},
    {"infinite noise", "data: {generate: moons, noise: inf}\n" REST, 0,
     "experiment.yaml:1:32: data.noise is 'inf'; it must be a number from 0 to 1000000"},
    {"too much noise", "data: {generate: moons, noise: 1000001}\n" REST, 0,
     "experiment.yaml:1:32: data.noise is '1000001'; it must be a number from 0 to 1000000"},
    {"too wide a spread", "data: {generate: blobs, spread: 1e7}\n" REST, 0,
     "experiment.yaml:1:33: data.spread is '1e7'; it must be a number from 0 to 1000000"},
    {"too many turns", "data: {generate: spirals, turns: 1e7}\n" REST, 0,
     "experiment.yaml:1:34: data.turns is '1e7'; it must be a number above 0 and at most "
     "1000000"},
    {"one class", "data: {generate: blobs, classes: 1}\n" REST, 0,
     "experiment.yaml:1:34: data.classes is '1'; it must be a whole number from 2 to 1000"},
    {"a factor of one", "data: {generate: circles, factor: 1}\n" REST, 0,
     "experiment.yaml:1:35: data.factor is '1'; it must be a number of at least 0 and below 1"},
    {"no turns", "data: {generate: spirals, turns: 0}\n" REST, 0,
     "experiment.yaml:1:34: data.turns is '0'; it must be a number above 0 and at most 1000000"},
    {"an unknown format", "data: {train: a, format: cvs}\n" REST, 0,
     "experiment.yaml:1:26: data.format is 'cvs'; it must be one of auto, csv, idx, npy, libsvm; "
     "did you mean 'csv'?"},
    {"a header for idx", "data: {train: {x: a, y: b}, format: idx, header: true}\n" REST, 0,
     "experiment.yaml:1:42: data.header means nothing for idx files; it is for csv files"},
    {"a target for idx", "data: {train: {x: a, y: b}, format: idx, target: c}\n" REST, 0,
     "experiment.yaml:1:50: a target column has no meaning here; the targets are the file y "
     "(write {as: class} or {as: number} to say what they are)"},
    {"a target column for a pair of npy files",
     "data: {train: {x: a, y: b}, format: npy, target: c}\n" REST, 0,
     "experiment.yaml:1:50: a target column has no meaning here; the targets are the file y "
     "(write {as: class} or {as: number} to say what they are)"},
    {"a target column for libsvm",
     "data: {train: a, format: libsvm, target: {column: c, as: class}}\n" REST, 0,
     "experiment.yaml:1:42: a target column has no meaning here; the targets are the first word of "
     "each line (write {as: class} or {as: number} to say what they are)"},
    {"columns to drop from a pair of npy files",
     "data: {train: {x: a, y: b}, format: npy, drop: c}\n" REST, 0,
     "experiment.yaml:1:42: data.drop means nothing for a pair of npy files; it is for csv files "
     "and npy files that hold their targets"},
    {"columns to drop from idx files", "data: {train: {x: a, y: b}, format: idx, drop: c}\n" REST,
     0,
     "experiment.yaml:1:42: data.drop means nothing for idx files; it is for csv files, npy "
     "files"},
    {"missing values of a generator", "data: {generate: moons, missing: drop}\n" REST, 0,
     "experiment.yaml:1:25: data.missing means nothing for moons; it is for csv files, idx files, "
     "npy files, libsvm files"},
    {"a header that is neither", "data: {train: a.csv, header: maybe}\n" REST, 0,
     "experiment.yaml:1:30: data.header is 'maybe'; it must be one of auto, true, false"},
    {"a delimiter of two characters", "data: {train: a.csv, delimiter: '||'}\n" REST, 0,
     "experiment.yaml:1:33: data.delimiter is the text \"||\"; it must be one character such as "
     "\",\" or \";\", or tab, or auto (no letter, digit, quote, '.', '+' or '-')"},
    {"a digit as delimiter", "data: {train: a.csv, delimiter: 1}\n" REST, 0,
     "experiment.yaml:1:33: data.delimiter is '1'; it must be one character such as \",\" or "
     "\";\", or tab, or auto (no letter, digit, quote, '.', '+' or '-')"},
    {"an empty target list", "data: {train: a.csv, target: []}\n" REST, 0,
     "experiment.yaml:1:30: data.target has 0 columns; it must have 1 to 1000"},
    {"a target without column or reading", "data: {train: a.csv, target: {}}\n" REST, 0,
     "experiment.yaml:1:30: the key 'column' is missing in data.target; write {column: name, as: "
     "class}"},
    {"a target without column in a list", "data: {train: a.csv, target: [{as: class}]}\n" REST, 0,
     "experiment.yaml:1:31: the key 'column' is missing in data.target[0]; write {column: name, "
     "as: "
     "class}"},
    {"a target of unknown kind", "data: {train: a.csv, target: {column: a, as: clas}}\n" REST, 0,
     "experiment.yaml:1:46: data.target.as is 'clas'; it must be one of auto, class, number; did "
     "you mean 'class'?"},
    {"a target that is a list in a list", "data: {train: a.csv, target: [[a]]}\n" REST, 0,
     "experiment.yaml:1:31: data.target[0] is a list; it must be a column, or {column: name, as: "
     "class}"},
    {"a target twice", "data: {train: a.csv, target: [a, b, a]}\n" REST, 0,
     "experiment.yaml:1:37: the column 'a' is a target twice; name it once"},
    {"a target that is dropped", "data: {train: a.csv, target: a, drop: [b, a]}\n" REST, 0,
     "experiment.yaml:1:30: the column 'a' is a target and in data.drop; take it out of one"},
    {"a map to drop", "data: {train: a.csv, drop: {a: 1}}\n" REST, 0,
     "experiment.yaml:1:28: data.drop is a map; it must be a column or a list of columns"},
    {"an empty column to drop", "data: {train: a.csv, drop: [a, '']}\n" REST, 0,
     "experiment.yaml:1:32: data.drop[1] is the text \"\"; it must be a column"},
    {"an unknown rule for missing values", "data: {train: a.csv, missing: skip}\n" REST, 0,
     "experiment.yaml:1:31: data.missing is 'skip'; it must be one of error, drop, mean"},
    {"an unknown scale", "data: {train: a.csv, scale: standart}\n" REST, 0,
     "experiment.yaml:1:29: data.scale is 'standart'; it must be one of none, unit, standard; did "
     "you mean 'standard'?"},
    {"a unit scale for targets", "data: {train: a.csv, scale_target: unit}\n" REST, 0,
     "experiment.yaml:1:36: data.scale_target is 'unit'; it must be one of none, standard"},
    {"a negative seed", "data: {train: a.csv, seed: -1}\n" REST, 0,
     "experiment.yaml:1:28: data.seed is '-1'; it must be a whole number from 0 to "
     "18446744073709551615"},
    {"a seed beyond 64 bits", "data: {train: a.csv, seed: 18446744073709551616}\n" REST, 0,
     "experiment.yaml:1:28: data.seed is '18446744073709551616'; it must be a whole number from 0 "
     "to 18446744073709551615"},
    {"a quoted seed", "data: {train: a.csv, seed: '1'}\n" REST, 0,
     "experiment.yaml:1:28: data.seed is the text \"1\"; it must be a whole number from 0 to "
     "18446744073709551615"},
    {"stratify that is no flag", "data: {train: a.csv, stratify: 1}\n" REST, 0,
     "experiment.yaml:1:32: data.stratify is '1'; it must be true or false"},
    {"one fold", "data: {train: a.csv, folds: 1}\n" REST, 0,
     "experiment.yaml:1:29: data.folds is '1'; it must be a whole number from 2 to 1000, or none"},
    {"a fold beyond the folds", "data: {train: a.csv, folds: 5, fold: 5}\n" REST, 0,
     "experiment.yaml:1:38: data.fold is '5'; it must be a whole number from 0 to 4"},
    {"a fold without folds", "data: {train: a.csv, fold: 1}\n" REST, 0,
     "experiment.yaml:1:22: data.fold without data.folds; give the number of folds too"},
    {"folds and a test part", "data: {train: a.csv, folds: 5, test: 0.2}\n" REST, 0,
     "experiment.yaml:1:32: data has both test and folds; the fold is the test part, leave out "
     "test"},
    {"a smoothing of one", "data: {train: a.csv, label_smoothing: 1}\n" REST, 0,
     "experiment.yaml:1:39: data.label_smoothing is '1'; it must be a number of at least 0 and "
     "below 1"},
    {"features for csv", "data: {train: a.csv, format: csv, features: 4}\n" REST, 0,
     "experiment.yaml:1:35: data.features means nothing for csv files; it is for libsvm files, "
     "blobs"},

    /* The network */
    {"no layers", DATA "network: {}\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:2:10: the key 'layers' is missing in network; write layers: [{units: 10, "
     "activation: softmax}]"},
    {"layers that are a map", DATA "network:\n  layers: {units: 1}\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:11: network.layers is a map; it must be a list of layers"},
    {"an empty list of layers", DATA "network:\n  layers: []\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:11: network.layers has 0 layers; it must have 1 to 256"},
    {"a layer that is a name", DATA "network:\n  layers: [relu]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:12: network.layers[0] is 'relu'; it must be a map, such as {units: 10, "
     "activation: relu}"},
    {"an unknown key in a layer",
     DATA "network:\n  layers: [{units: 1, activaton: relu}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:23: unknown key 'activaton' in network.layers[0]; did you mean "
     "'activation'?"},
    {"no units", DATA "network:\n  layers: [{activation: relu}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:12: the key 'units' is missing in network.layers[0]; write units: 10"},
    {"no activation", DATA "network:\n  layers: [{units: 2}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:12: the key 'activation' is missing in network.layers[0]; write "
     "activation: relu"},
    {"units that are a word",
     DATA "network:\n  layers: [{units: ten, activation: relu}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:20: network.layers[0].units is 'ten'; it must be a whole number from 1 to "
     "1000000"},
    {"no units at all", DATA "network:\n  layers: [{units: 0, activation: relu}]\n" LOSS OPTIMIZER,
     0,
     "experiment.yaml:3:20: network.layers[0].units is '0'; it must be a whole number from 1 to "
     "1000000"},
    {"too many units",
     DATA "network:\n  layers: [{units: 1000001, activation: relu}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:20: network.layers[0].units is '1000001'; it must be a whole number from 1 "
     "to 1000000"},
    {"units without a value",
     DATA "network:\n  layers: [{units: , activation: relu}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:20: network.layers[0].units has no value; it must be a whole number from 1 "
     "to 1000000"},
    {"units that are a fraction",
     DATA "network:\n  layers: [{units: 1.5, activation: relu}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:20: network.layers[0].units is '1.5'; it must be a whole number from 1 to "
     "1000000"},
    {"an unknown activation",
     DATA "network:\n  layers: [{units: 2, activation: rleu}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:35: no activation 'rleu' in PLUGINS; did you mean 'relu'?"},
    {"an activation like no other",
     DATA "network:\n  layers: [{units: 2, activation: quizzical}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:35: no activation 'quizzical' in PLUGINS; there are elu, gelu, identity, "
     "leaky_relu, relu, selu, sigmoid, silu, softmax, softplus and tanh; a folder with other "
     "plug-ins is given by --plugin-dir"},
    {"an activation that is a list",
     DATA "network:\n  layers: [{units: 2, activation: [relu]}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:35: network.layers[0].activation is a list; it must be a name, or a map "
     "with name and settings"},
    {"an activation without a name",
     DATA "network:\n  layers: [{units: 2, activation: {alpha: 1}}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:35: the key 'name' is missing in network.layers[0].activation; write "
     "{name: ...} with the name of an activation"},
    {"an activation that is nothing",
     DATA "network:\n  layers: [{units: 2, activation: ~}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:35: network.layers[0].activation has no value; it must be a name, or a map "
     "with name and settings"},
    {"a path as an activation",
     DATA "network:\n  layers: [{units: 2, activation: ./relu.so}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:35: './relu.so' cannot be the name of a component, which is lower-case "
     "letters, digits and '_'; a folder with plug-ins is given by --plugin-dir"},
    {"an unknown setting",
     DATA "network:\n  layers: [{units: 2, activation: {name: elu, alfa: 1}}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:47: unknown key 'alfa' in network.layers[0].activation; its keys are name, "
     "alpha"},
    {"a setting of an activation that has none",
     DATA "network:\n  layers: [{units: 2, activation: {name: relu, slope: 1}}]\n" LOSS OPTIMIZER,
     0,
     "experiment.yaml:3:48: unknown key 'slope' in network.layers[0].activation; its only key is "
     "name"},
    {"a dropout of one",
     DATA "network:\n  layers: [{units: 2, activation: relu, dropout: 1}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:50: network.layers[0].dropout is '1'; it must be a number of at least 0 "
     "and below 1"},
    {"softmax over one unit",
     DATA "network:\n  layers: [{units: 1, activation: softmax}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:35: network.layers[0] is softmax over one unit, whose output is always 1; "
     "use sigmoid, or a unit for each class"},
    {"a start for no bias",
     DATA "network:\n  layers: [{units: 2, activation: relu, bias: false, bias_init: 1}]\n" LOSS
         OPTIMIZER,
     0, "experiment.yaml:3:54: bias_init means nothing with bias: false; leave out one of them"},
    {"an infinite start of the bias",
     DATA "network:\n  layers: [{units: 2, activation: relu, bias_init: inf}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:52: network.layers[0].bias_init is 'inf'; it must be a finite number"},
    {"an unknown init",
     DATA "network:\n  init: xavier\n  layers: [{units: 2, activation: softmax}]\n" LOSS OPTIMIZER,
     0,
     "experiment.yaml:3:9: network.init is 'xavier'; it must be one of auto, normal, lecun_normal, "
     "xavier_normal, xavier_uniform, he_normal, he_uniform, orthogonal, zeros"},
    {"an init like no other",
     DATA "network:\n  init: zero\n  layers: [{units: 2, activation: softmax}]\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:9: network.init is 'zero'; it must be one of auto, normal, lecun_normal, "
     "xavier_normal, xavier_uniform, he_normal, he_uniform, orthogonal, zeros; did you mean "
     "'zeros'?"},
    {"std for he_normal",
     DATA "network:\n  init: {name: he_normal, std: 1}\n  layers: [{units: 2, activation: "
          "softmax}]\n" LOSS OPTIMIZER,
     0, "experiment.yaml:3:27: std means nothing for he_normal; it is for normal"},
    {"a negative std",
     DATA
     "network:\n  init: {name: normal, std: -1}\n  layers: [{units: 2, activation: softmax}]\n" LOSS
         OPTIMIZER,
     0, "experiment.yaml:3:29: network.init.std is '-1'; it must be a finite number above 0"},
    {"an init with from and name",
     DATA "network:\n  init: {from: a.safetensors, name: normal}\n  layers: [{units: 2, "
          "activation: softmax}]\n" LOSS OPTIMIZER,
     0,
     "experiment.yaml:3:31: init has 'name' beside from; the file has all the weights, leave it "
     "out"},
    {"an init without a name",
     DATA
     "network:\n  init: {std: 1}\n  layers: [{units: 2, activation: softmax}]\n" LOSS OPTIMIZER,
     0,
     "experiment.yaml:3:9: the key 'name' is missing in network.init; write {name: normal, std: "
     "0.05} or {from: model.safetensors}"},
    {"from in a layer",
     DATA
     "network:\n  layers: [{units: 2, activation: softmax, init: {from: a.safetensors}}]\n" LOSS
         OPTIMIZER,
     0,
     "experiment.yaml:3:51: init from a file in one layer; the file has the weights of all layers, "
     "write it as network.init"},

    /* Loss and optimizer */
    {"an unknown loss", DATA NETWORK "loss: cross_entrpy\n" OPTIMIZER, 0,
     "experiment.yaml:3:7: no loss 'cross_entrpy' in PLUGINS; did you mean 'cross_entropy'?"},
    {"a loss without a value", DATA NETWORK "loss:\n" OPTIMIZER, 0,
     "experiment.yaml:3:6: loss has no value; it must be a name, or a map with name and settings"},
    {"fused that is no flag", DATA NETWORK "loss: {name: cross_entropy, fused: 2}\n" OPTIMIZER, 0,
     "experiment.yaml:3:36: loss.fused is '2'; it must be true or false"},
    {"kl on tanh", DATA "network: {layers: [{units: 2, activation: tanh}]}\nloss: kl\n" OPTIMIZER,
     0,
     "experiment.yaml:3:7: loss 'kl' does not fit the output of activation 'tanh' (values in [-1, "
     "1]): it needs values in [0, 1] or rows that sum to one; sigmoid or softmax would fit"},
    {"cross_entropy on relu",
     DATA "network: {layers: [{units: 2, activation: relu}]}\n" LOSS OPTIMIZER, 0,
     "experiment.yaml:3:7: loss 'cross_entropy' does not fit the output of activation 'relu' "
     "(values in [0, inf)): it needs values in [0, 1] or rows that sum to one; sigmoid or softmax "
     "would fit"},
    {"an unknown optimizer", DATA NETWORK LOSS "optimizer: adma\n", 0,
     "experiment.yaml:4:12: no optimizer 'adma' in PLUGINS; did you mean 'adam'?"},
    {"an unknown optimizer, in a map", DATA NETWORK LOSS "optimizer:\n  lr: 1\n  name: adma\n", 0,
     "experiment.yaml:6:9: no optimizer 'adma' in PLUGINS; did you mean 'adam'?"},
    {"a learning rate of zero", DATA NETWORK LOSS "optimizer: {name: sgd, lr: 0}\n", 0,
     "experiment.yaml:4:28: optimizer.lr is '0'; it must be a finite number above 0"},
    {"a learning rate that is no number", DATA NETWORK LOSS "optimizer: {name: sgd, lr: fast}\n", 0,
     "experiment.yaml:4:28: optimizer.lr is 'fast'; it must be a finite number above 0"},
    {"an infinite learning rate", DATA NETWORK LOSS "optimizer: {name: sgd, lr: inf}\n", 0,
     "experiment.yaml:4:28: optimizer.lr is 'inf'; it must be a finite number above 0"},
    {"a misspelt learning rate", DATA NETWORK LOSS "optimizer: {name: adam, l_r: 0.1}\n", 0,
     "experiment.yaml:4:25: unknown key 'l_r' in optimizer; did you mean 'lr'?"},
    {"a misspelt setting", DATA NETWORK LOSS "optimizer: {name: adam, beta_1: 0.9}\n", 0,
     "experiment.yaml:4:25: unknown key 'beta_1' in optimizer; did you mean 'beta1'?"},
    {"a setting out of range", DATA NETWORK LOSS "optimizer: {name: adam, beta1: 1}\n", 0,
     "experiment.yaml:4:32: beta1 is 1; it must be in 0 <= beta1 < 1"},
    {"a setting that is no number", DATA NETWORK LOSS "optimizer: {name: adam, beta1: high}\n", 0,
     "experiment.yaml:4:32: beta1 is 'high'; it must be a number in 0 <= beta1 < 1"},
    {"a setting without a value", DATA NETWORK LOSS "optimizer: {name: adam, beta1: }\n", 0,
     "experiment.yaml:4:32: optimizer.beta1 has no value; it must be a number in 0 <= x < 1"},
    {"a setting that is a list", DATA NETWORK LOSS "optimizer: {name: adam, beta1: [0.9]}\n", 0,
     "experiment.yaml:4:32: optimizer.beta1 is a list; it must be a number in 0 <= x < 1"},
    {"a quoted setting", DATA NETWORK LOSS "optimizer: {name: adam, beta1: '0.9'}\n", 0,
     "experiment.yaml:4:32: optimizer.beta1 is the text \"0.9\"; it must be a number in 0 <= x < "
     "1"},
    {"a flag that is none", DATA NETWORK LOSS "optimizer: {name: adam, amsgrad: perhaps}\n", 0,
     "experiment.yaml:4:34: amsgrad is 'perhaps'; it must be true or false"},
    {"settings that do not go together",
     DATA NETWORK LOSS "optimizer: {name: sgd, nesterov: true}\n", 0,
     "experiment.yaml:4:19: optimizer 'sgd': nesterov needs a momentum above 0, such as 0.9"},

    /* The schedule */
    {"an unknown schedule", GOOD "schedule: cosin\n", 0,
     "experiment.yaml:5:11: schedule is 'cosin'; it must be one of constant, step, exponential, "
     "cosine, linear, plateau; did you mean 'cosine'?"},
    {"a schedule without a name", GOOD "schedule: {warmup: 10}\n", 0,
     "experiment.yaml:5:11: the key 'name' is missing in schedule; write {name: cosine}"},
    {"a schedule that is a list", GOOD "schedule: [cosine]\n", 0,
     "experiment.yaml:5:11: schedule is a list; it must be one of constant, step, exponential, "
     "cosine, linear, plateau"},
    {"an unknown key of a schedule", GOOD "schedule: {name: cosine, warm_up: 10}\n", 0,
     "experiment.yaml:5:26: unknown key 'warm_up' in schedule; did you mean 'warmup'?"},
    {"gamma for cosine", GOOD "schedule: {name: cosine, gamma: 0.5}\n", 0,
     "experiment.yaml:5:26: schedule.gamma means nothing for cosine; it is for step, exponential, "
     "plateau"},
    {"patience for step", GOOD "schedule: {name: step, patience: 3}\n", 0,
     "experiment.yaml:5:24: schedule.patience means nothing for step; it is for plateau"},
    {"a negative warm-up", GOOD "schedule: {name: constant, warmup: -1}\n", 0,
     "experiment.yaml:5:36: schedule.warmup is '-1'; it must be a whole number from 0 to "
     "1000000000"},
    {"a gamma of zero", GOOD "schedule: {name: step, gamma: 0}\n", 0,
     "experiment.yaml:5:31: schedule.gamma is '0'; it must be a finite number above 0"},
    {"a plateau that does not lower", GOOD "schedule: {name: plateau, gamma: 1}\n", 0,
     "experiment.yaml:5:34: schedule.gamma is '1'; it must be a number above 0 and below 1"},
    {"every 0 epochs", GOOD "schedule: {name: step, every: 0}\n", 0,
     "experiment.yaml:5:31: schedule.every is '0'; it must be a whole number from 1 to 1000000"},
    {"lr_min above lr",
     DATA NETWORK LOSS "optimizer: {name: sgd, lr: 0.1}\nschedule: {name: cosine, lr_min: 0.2}\n",
     0,
     "experiment.yaml:5:34: schedule.lr_min is 0.2, above the learning rate 0.1; it must be at "
     "most that"},
    {"watching rows that are not there", GOOD "schedule: {name: plateau, watch: val_loss}\n", 0,
     "experiment.yaml:5:34: schedule.watch is val_loss, but there are no validation rows; give "
     "data.validation, or watch train_loss"},
    {"watching what is no loss", GOOD "schedule: {name: plateau, watch: accuracy}\n", 0,
     "experiment.yaml:5:34: schedule.watch is 'accuracy'; it must be one of val_loss, train_loss"},

    /* The training */
    {"a list", GOOD "train: [1]\n", 0,
     "experiment.yaml:5:8: train is a list; it must be a map, such as {epochs: 10, batch: 32}"},
    {"an unknown key", GOOD "train: {epoch: 3}\n", 0,
     "experiment.yaml:5:9: unknown key 'epoch' in train; did you mean 'epochs'?"},
    {"no epochs", GOOD "train: {epochs: 0}\n", 0,
     "experiment.yaml:5:17: train.epochs is '0'; it must be a whole number from 1 to 1000000"},
    {"a batch that is a word", GOOD "train: {batch: all}\n", 0,
     "experiment.yaml:5:16: train.batch is 'all'; it must be a whole number from 1 to 1000000000, "
     "or full"},
    {"no threads", GOOD "train: {threads: 0}\n", 0,
     "experiment.yaml:5:18: train.threads is '0'; it must be a whole number from 1 to 256"},
    {"too many threads", GOOD "train: {threads: 257}\n", 0,
     "experiment.yaml:5:18: train.threads is '257'; it must be a whole number from 1 to 256"},
    {"an unknown precision", GOOD "train: {precision: bfloat16}\n", 0,
     "experiment.yaml:5:20: train.precision is 'bfloat16'; it must be one of float32, bf16"},
    {"shuffle without a value", GOOD "train: {shuffle: }\n", 0,
     "experiment.yaml:5:18: train.shuffle has no value; it must be true or false"},
    {"a clip of zero", GOOD "train: {clip_norm: 0}\n", 0,
     "experiment.yaml:5:20: train.clip_norm is '0'; it must be a finite number above 0, or none"},
    {"two ways of clipping", GOOD "train: {clip_norm: 1, clip_value: 1}\n", 0,
     "experiment.yaml:5:23: both clip_norm and clip_value; give one of them"},
    {"more places than units", GOOD "train: {top_k: 3}\n", 0,
     "experiment.yaml:5:16: train.top_k is 3, but the last layer has 2 units; it must be at most "
     "that"},
    {"early stopping without validation rows", GOOD "train: {early_stopping: true}\n", 0,
     "experiment.yaml:5:25: early stopping watches val_loss, but there are no validation rows; "
     "give data.validation, or monitor train_loss"},
    {"a monitor without validation rows", GOOD "train: {early_stopping: {monitor: val_accuracy}}\n",
     0,
     "experiment.yaml:5:35: early stopping watches val_accuracy, but there are no validation rows; "
     "give data.validation, or monitor train_loss"},
    {"an unknown monitor", GOOD "train: {early_stopping: {monitor: val_acuracy}}\n", 0,
     "experiment.yaml:5:35: train.early_stopping.monitor is 'val_acuracy'; it must be one of "
     "val_loss, val_accuracy, val_top_k, val_precision, val_recall, val_f1, val_mae, val_rmse, "
     "val_r2, train_loss; did you mean 'val_accuracy'?"},
    {"a monitor cut short", GOOD "train: {early_stopping: {monitor: val_acc}}\n", 0,
     "experiment.yaml:5:35: train.early_stopping.monitor is 'val_acc'; it must be one of "
     "val_loss, val_accuracy, val_top_k, val_precision, val_recall, val_f1, val_mae, val_rmse, "
     "val_r2, train_loss; did you mean 'val_accuracy'?"},
    {"a monitor that never comes",
     "data: {generate: moons, validation: 0.1}\n" REST
     "train: {early_stopping: {monitor: val_top_k}}\n",
     0,
     "experiment.yaml:5:35: early stopping watches val_top_k, but train.top_k is not given; give "
     "it"},
    {"no patience", GOOD "train: {early_stopping: {patience: 0, monitor: train_loss}}\n", 0,
     "experiment.yaml:5:36: train.early_stopping.patience is '0'; it must be a whole number from 1 "
     "to 1000000"},
    {"early stopping that is a number", GOOD "train: {early_stopping: 10}\n", 0,
     "experiment.yaml:5:25: train.early_stopping is '10'; it must be true or false"},
    {"an unknown key of early stopping",
     GOOD "train: {early_stopping: {patience: 3, restore: true}}\n", 0,
     "experiment.yaml:5:39: unknown key 'restore' in train.early_stopping; its keys are patience, "
     "min_delta, monitor"},
    {"class weights that are a list", GOOD "train: {class_weights: [1, 2]}\n", 0,
     "experiment.yaml:5:24: train.class_weights is a list; it must be none, balanced, or a map of "
     "labels and weights"},
    {"class weights by an unknown word", GOOD "train: {class_weights: balance}\n", 0,
     "experiment.yaml:5:24: train.class_weights is 'balance'; it must be one of none, balanced; "
     "did you mean 'balanced'?"},
    {"an empty map of class weights", GOOD "train: {class_weights: {}}\n", 0,
     "experiment.yaml:5:24: train.class_weights has 0 weights; it must have 1 to 10000"},
    {"a class weight of zero", GOOD "train: {class_weights: {a: 1, b: 0}}\n", 0,
     "experiment.yaml:5:34: train.class_weights.b is '0'; it must be a finite number above 0"},
};

/* The expected message with the folder's name in place. */
static char *expected(const char *message)
{
    static const char word[] = "PLUGINS";
    const char *at = strstr(message, word);
    char *filled = NULL;

    if (at == NULL)
        return strdup(message);
    ck_assert_int_gt(asprintf(&filled, "%.*s%s%s", (int)(at - message), message,
                              PLEXUS_PLUGIN_BUILD_DIR, at + strlen(word)),
                     0);
    return filled;
}

static void check_message(const char *what, const char *text, size_t length, const char *message)
{
    plx_error error = {0};
    char *wanted = expected(message);

    ck_assert_ptr_null(fixture_parse_bytes(text, length, NULL, &error));
    ck_assert_msg(strcmp(error.text, wanted) == 0, "%s:\n  got    %s\n  wanted %s", what,
                  error.text, wanted);
    ck_assert_int_eq(error.code, ERROR_CONFIG);
    free(wanted);
    fixture_end();
}

START_TEST(refuses_with_the_exact_message)
{
    const struct broken *b = &broken[_i];

    check_message(b->what, b->text, b->length > 0 ? b->length : strlen(b->text), b->message);
}
END_TEST

START_TEST(refuses_too_many_layers)
{
    text file = {0};

    text_add(&file, DATA "network: {layers: [{units: 1, activation: tanh}");
    for (int i = 0; i < 256; i++)
        text_add(&file, ", {units: 1, activation: tanh}");
    text_add(&file, "]}\n" LOSS OPTIMIZER);
    check_message("257 layers", file.bytes, file.length,
                  "experiment.yaml:2:19: network.layers has 257 layers; it must have 1 to 256");
    free(file.bytes);
}
END_TEST

START_TEST(refuses_too_many_groups)
{
    text file = {0};

    text_add(&file, DATA DEEP LOSS "optimizer: {name: sgd, groups: [{match: '*', lr: 1}");
    for (int i = 0; i < 64; i++)
        text_add(&file, ", {match: '*', lr: 1}");
    text_add(&file, "]}\n");
    check_message("65 groups", file.bytes, file.length,
                  "experiment.yaml:4:32: optimizer.groups has 65 groups; it must have 0 to 64");
    free(file.bytes);
}
END_TEST

START_TEST(names_a_few_of_many_tensors)
{
    text file = {0};

    text_add(&file, DATA "network: {layers: [{units: 2, activation: tanh}");
    for (int i = 0; i < 4; i++)
        text_add(&file, ", {units: 2, activation: tanh}");
    text_add(&file, "]}\nloss: mse\noptimizer: {name: sgd, groups: [{match: x, lr: 1}]}\n");
    check_message("10 tensors", file.bytes, file.length,
                  "experiment.yaml:4:41: optimizer.groups[0].match is 'x', which matches no "
                  "tensor; the tensors are layers.0.weight, layers.0.bias, layers.1.weight, "
                  "layers.1.bias, ..., layers.4.bias");
    free(file.bytes);
}
END_TEST

START_TEST(refuses_a_long_key)
{
    text file = {0};

    for (int i = 0; i < 201; i++)
        text_add(&file, "k");
    text_add(&file, ": 1\n");
    check_message("a long key", file.bytes, file.length,
                  "experiment.yaml:1:1: a key of 201 bytes; the longest has 200");
    free(file.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/bad_configs");
    TCase *t = tcase_create("messages");

    tcase_add_loop_test(t, refuses_with_the_exact_message, 0,
                        (int)(sizeof(broken) / sizeof(broken[0])));
    tcase_add_test(t, refuses_too_many_layers);
    tcase_add_test(t, refuses_too_many_groups);
    tcase_add_test(t, names_a_few_of_many_tensors);
    tcase_add_test(t, refuses_a_long_key);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
