/* What a user meets who gets something wrong: config files, data files, models, plug-ins and
 * places to write to. Each row of the tables is a command line in a folder of samples, the one
 * file that is broken, the exit code, and stderr to the letter, in which @ stands for the
 * folder. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

typedef struct row {
    const char *line;    /* the command line                                                  */
    const char *name;    /* of the file to be written before, or NULL                         */
    const char *content; /* its content                                                       */
    int code;            /* exit code                                                         */
    const char *err;     /* stderr, without its line end                                      */
} row;

/* Parts of experiment files. */
#define DATA    "data: {generate: moons}\n"
#define NETWORK "network:\n  layers:\n    - {units: 2, activation: softmax}\n"
#define LOSS    "loss: cross_entropy\n"
#define ADAM    "optimizer: adam\n"

/* ---- config files: 3 ------------------------------------------------------------------------- */

static const row configs[] = {
    {"train experiment.yaml", "experiment.yaml",
     "data:\n  generate: moons\n\nnetwork:\n  layers:\n    - {units: 2, activation: "
     "softmax}\n\n" LOSS "optimizer: adma\n",
     3, "experiment.yaml:9:12: no optimizer 'adma' in " BUILTIN "; did you mean 'adam'?"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: {name: adma, lr: 0.1}\n", 3,
     "bad.yaml:6:19: no optimizer 'adma' in " BUILTIN "; did you mean 'adam'?"},
    {"config bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: adma\n", 3,
     "bad.yaml:6:12: no optimizer 'adma' in " BUILTIN "; did you mean 'adam'?"},
    {"train bad.yaml", "bad.yaml",
     DATA "network: {layers: [{units: 2, activation: rellu}]}\n" LOSS ADAM, 3,
     "bad.yaml:2:43: no activation 'rellu' in " BUILTIN "; did you mean 'relu'?"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK "loss: crossentropy\n" ADAM, 3,
     "bad.yaml:5:7: no loss 'crossentropy' in " BUILTIN "; did you mean 'cross_entropy'?"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: /tmp/adam.so\n", 3,
     "bad.yaml:6:12: '/tmp/adam.so' cannot be the name of a component, which is lower-case "
     "letters, digits and '_'; a folder with plug-ins is given by --plugin-dir"},
    {"train bad.yaml", "bad.yaml",
     DATA "network: {layers: [{units: 2, activation: tanh}]}\nloss: kl\n" ADAM, 3,
     "bad.yaml:3:7: loss 'kl' does not fit the output of activation 'tanh' (values in [-1, 1]): it "
     "needs values in [0, 1] or rows that sum to one; sigmoid or softmax would fit"},
    {"train bad.yaml", "bad.yaml",
     DATA "network: {layers: [{units: 1, activation: softmax}]}\n" LOSS ADAM, 3,
     "bad.yaml:2:43: network.layers[0] is softmax over one unit, whose output is always 1; use "
     "sigmoid, or a unit for each class"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: {name: adam, lr: fast}\n", 3,
     "bad.yaml:6:29: optimizer.lr is 'fast'; it must be a finite number above 0"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: {name: adam, lr: -0.1}\n", 3,
     "bad.yaml:6:29: optimizer.lr is '-0.1'; it must be a finite number above 0"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: {name: adam, beta1: 1}\n", 3,
     "bad.yaml:6:32: beta1 is 1; it must be in 0 <= beta1 < 1"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: {name: adam, beta3: 1}\n", 3,
     "bad.yaml:6:25: unknown key 'beta3' in optimizer; did you mean 'beta1'?"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS "optimizer: {name: adam, amsgrad: 7}\n", 3,
     "bad.yaml:6:34: amsgrad is 7; it must be true or false"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "train: {epoch: 3}\n", 3,
     "bad.yaml:7:9: unknown key 'epoch' in train; did you mean 'epochs'?"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "trian: {epochs: 3}\n", 3,
     "bad.yaml:7:1: unknown key 'trian' in the file; did you mean 'train'?"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "train: {epochs: 0}\n", 3,
     "bad.yaml:7:17: train.epochs is '0'; it must be a whole number from 1 to 1000000"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "train: {epochs: 3, epochs: 4}\n", 3,
     "bad.yaml:7:20: the key 'epochs' a second time; the first is in line 7"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "train: {clip_norm: 1, clip_value: 1}\n",
     3, "bad.yaml:7:23: both clip_norm and clip_value; give one of them"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "train: {early_stopping: true}\n", 3,
     "bad.yaml:7:25: early stopping watches val_loss, but there are no validation rows; give "
     "data.validation, or monitor train_loss"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "train: {batch: 201}\n", 3,
     "bad.yaml:7:16: batch 201 is more than the 200 training rows; give at most 200, or batch: "
     "full"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS ADAM "schedule: {name: cosin}\n", 3,
     "bad.yaml:7:18: schedule.name is 'cosin'; it must be one of constant, step, exponential, "
     "cosine, linear, plateau; did you mean 'cosine'?"},
    {"train bad.yaml", "bad.yaml", DATA NETWORK LOSS, 3,
     "bad.yaml:1:1: the key 'optimizer' is missing in the file; write optimizer: {name: adam, lr: "
     "0.001}"},
    {"train bad.yaml", "bad.yaml", NETWORK LOSS ADAM, 3,
     "bad.yaml:1:1: the key 'data' is missing in the file; write data: {train: file.csv, target: "
     "column}"},
    {"train bad.yaml", "bad.yaml", "data: {generate: mooons}\n" NETWORK LOSS ADAM, 3,
     "bad.yaml:1:18: data.generate is 'mooons'; it must be one of xor, moons, circles, spirals, "
     "blobs; did you mean 'moons'?"},
    {"train bad.yaml", "bad.yaml", "data: {generate: moons, classes: 3}\n" NETWORK LOSS ADAM, 3,
     "bad.yaml:1:25: data.classes means nothing for moons; it is for spirals, blobs"},
    {"train bad.yaml", "bad.yaml", "data: {generate: moons, test: 1.5}\n" NETWORK LOSS ADAM, 3,
     "bad.yaml:1:31: data.test is '1.5'; it must be a file, a pair {x: file, y: file}, or a "
     "fraction of at least 0 and below 1 (a file named like a number goes in quotes)"},
    {"train bad.yaml", "bad.yaml",
     "data: {generate: moons, test: 0.6, validation: 0.5}\n" NETWORK LOSS ADAM, 3,
     "bad.yaml:1:31: the fractions for test and validation sum to 1.1; they must leave rows to "
     "train on, so sum below 1"},
    {"train bad.yaml", "bad.yaml", DATA "network: {layers: []}\n" LOSS ADAM, 3,
     "bad.yaml:2:19: network.layers has 0 layers; it must have 1 to 256"},
    {"train bad.yaml", "bad.yaml",
     DATA "network: {layers: [{units: 0, activation: tanh}]}\n" LOSS ADAM, 3,
     "bad.yaml:2:28: network.layers[0].units is '0'; it must be a whole number from 1 to 1000000"},
    {"train bad.yaml", "bad.yaml",
     DATA "network: {layers: [{units: 3, activation: softmax}]}\n" LOSS ADAM, 3,
     "bad.yaml:2:20: the last layer has 3 units, but class has 2 classes (0, 1); 2 units or 1 unit "
     "would be right"},
    {"train bad.yaml", "bad.yaml", "data: {train: kinds.csv, target: kinds}\n" NETWORK LOSS ADAM, 3,
     "bad.yaml:1:34: no column 'kinds' in @/kinds.csv; did you mean 'kind'?"},
    {"train bad.yaml", "bad.yaml", "data: {train: kinds.csv}\n" NETWORK LOSS ADAM, 3,
     "bad.yaml:1:7: no target: name the column to be learned, such as `target: kind`; the columns "
     "of @/kinds.csv are length, width, kind"},
    {"train bad.yaml", "bad.yaml", "", 3,
     "bad.yaml:1:1: the file is empty; a config file is a map of keys, such as 'data: ...'"},
    {"train bad.yaml", "bad.yaml", "- a\n- b\n", 3,
     "bad.yaml:1:1: the file is a list; a config file is a map of keys, such as 'data: ...'"},
    {"train bad.yaml", "bad.yaml", "data: {generate: moons\nnetwork: 3\n", 3,
     "bad.yaml:2:8: a map '{' that is not closed; expected ',' or '}' here"},
    {"train bad.yaml", "bad.yaml", "data:\n\tgenerate: moons\n", 3,
     "bad.yaml:2:1: a tab in the indentation; indent with spaces"},
    {"train bad.yaml", "bad.yaml", "data: \xff\n", 3,
     "bad.yaml:1:7: the byte \\xff is not UTF-8 here; save the file as UTF-8"},
    {"train bad.yaml", "bad.yaml", "data: &a {b: *a}\n", 3,
     "bad.yaml:1:7: an anchor '&'; anchors are not used here, write the value itself"},
    {"train missing.yaml", NULL, NULL, 3, "missing.yaml: cannot read: No such file or directory"},
    {"train .", NULL, NULL, 3, ".: is a folder; a file is needed"},
    {"train kinds.csv", NULL, NULL, 3,
     "kinds.csv:1:1: the file is a single value; a config file is a map of keys, such as 'data: "
     "...'"},
    {"train moons.yaml --set optimizer.name=adma", NULL, NULL, 3,
     "--set optimizer.name=adma: no optimizer 'adma' in " BUILTIN "; did you mean 'adam'?"},
    {"train moons.yaml --set train.epochs=many", NULL, NULL, 3,
     "--set train.epochs=many: train.epochs is 'many'; it must be a whole number from 1 to "
     "1000000"},
    {"train moons.yaml --set train.epoch=3", NULL, NULL, 3,
     "--set train.epoch=3: unknown key 'epoch' in train; did you mean 'epochs'?"},
    {"train moons.yaml --set network.layers.7.units=3", NULL, NULL, 3,
     "--set network.layers.7.units=3: '7' is no item of network.layers; its items are 0 to 1"},
    {"train moons.yaml --set train.epochs", NULL, NULL, 2,
     "plexus: --set train.epochs: no assignment; write --set optimizer.lr=0.01"},
    {"train moons.yaml --set =3", NULL, NULL, 2,
     "plexus: --set =3: no assignment; write --set optimizer.lr=0.01"},
    {"train moons.yaml --set train..epochs=3", NULL, NULL, 2,
     "plexus: --set train..epochs=3: an empty or overlong part in the key; a key is "
     "written like optimizer.lr"},
};

/* ---- data files: 5 --------------------------------------------------------------------------- */

static const row data[] = {
    {"train kinds.yaml --set data.train=missing.csv", NULL, NULL, 5,
     "@/missing.csv: cannot read: No such file or directory"},
    {"train kinds.yaml --set data.train=.", NULL, NULL, 5, "@: is a folder; a file is needed"},
    {"train kinds.yaml --set data.train=bad.csv", "bad.csv", "", 5,
     "@/bad.csv: is empty; rows of data are needed"},
    {"train kinds.yaml --set data.train=bad.csv", "bad.csv", "length,width,kind\n", 5,
     "@/bad.csv: has a header and no rows of data"},
    {"train kinds.yaml --set data.train=bad.csv", "bad.csv",
     "length,width,kind\n1,2,ash\n1,2\n1,2,elm\n", 5, "@/bad.csv:3: 2 fields; the first row has 3"},
    {"train kinds.yaml --set data.train=bad.csv", "bad.csv",
     "length,width,kind\n1,2,ash\n1,,elm\n1,2,oak\n", 5,
     "@/bad.csv:3:3: column 'width' has no value; fill it in, or say `missing: drop` or `missing: "
     "mean`"},
    {"train kinds.yaml --set data.train=bad.csv", "bad.csv",
     "length,width,kind\n1,2,ash\n1,2,ash\n", 5,
     "@/bad.csv: every row has the label 'ash'; classes need at least two"},
    {"train kinds.yaml --set data.train=bad.csv", "bad.csv",
     "length,width,kind\n1,2,ash\n\"1,2,elm\n", 5,
     "@/bad.csv:3:1: a quote is opened here and never closed; it should end with \""},
    {"train kinds.yaml --set data.train=bad.npy --set data.target=0", "bad.npy", "no array", 5,
     "@/bad.npy: not an NPY file; one begins with \\x93NUMPY"},
    {"train kinds.yaml --set data.train=bad.bin", "bad.bin", "\x01\x02\x03", 5,
     "@/bad.bin: neither its name nor its first bytes tell its format; set `format:` to csv, idx, "
     "npy or libsvm"},
    {"train kinds.yaml --set data.test=bad.csv", "bad.csv", "length,width,kind\n1,2,ash\n1,2,elm\n",
     5,
     "@/bad.csv:3:5: the label 'elm' was not seen in training, where the labels were ash, beech, "
     "cedar"},
    {"train kinds.yaml --set data.test=bad.csv", "bad.csv", "length,kind\n1,ash\n", 5,
     "@/bad.csv: no column 'width', which training had; it must be there (columns are found by "
     "name, in any order)"},
    {"predict run bad.csv", "bad.csv", "length,width\n1,2\n1,wide\n", 5,
     "bad.csv:3:3: 'wide' is not a finite number; column 'width' held numbers in training"},
    {"predict run missing.csv", NULL, NULL, 5,
     "missing.csv: cannot read: No such file or directory"},
    {"eval run missing.csv", NULL, NULL, 5, "missing.csv: cannot read: No such file or directory"},
    {"eval run kinds.csv kinds.csv", NULL, NULL, 5,
     "kinds.csv: a CSV file holds its targets; no second file is needed"},
};

/* ---- models: 5 ------------------------------------------------------------------------------- */

static const row models[] = {
    {"eval missing kinds.csv", NULL, NULL, 5, "missing: cannot read: No such file or directory"},
    {"summary missing", NULL, NULL, 5, "missing: cannot read: No such file or directory"},
    {"summary bad.safetensors", "bad.safetensors", "", 5,
     "bad.safetensors: 0 bytes; a safetensors file begins with 8 bytes of length"},
    {"summary bad.safetensors", "bad.safetensors", "this is no model at all", 5,
     "bad.safetensors: a header of 2338328219631577204 bytes is announced; at most 100000000 are "
     "allowed (is this a safetensors file?)"},
    {"predict kinds.csv kinds.csv", NULL, NULL, 5,
     "kinds.csv: a header of 8587353438649476460 bytes is announced; at most 100000000 are allowed "
     "(is this a safetensors file?)"},
    {"predict cut.safetensors kinds.csv", NULL, NULL, 5,
     "cut.safetensors: a header of 1144 bytes is announced, but only 992 follow; the file is cut "
     "short"},
    {"train kinds.yaml --set network.init.from=missing.safetensors", NULL, NULL, 5,
     "@/missing.safetensors: cannot read: No such file or directory"},
    {"train slope.yaml --set network.init.from=run/model.safetensors", NULL, NULL, 5,
     "--set network.init.from=run/model.safetensors: @/run/model.safetensors does not fit the "
     "network: layers.0.weight is F32 (5, 2), expected F32 (1, 2); layers.0.bias is F32 (5), "
     "expected F32 (1); the network has no tensor 'layers.1.weight'; the network has no tensor "
     "'layers.1.bias'"},
};

/* ---- plug-ins: 4 ----------------------------------------------------------------------------- */

static const row plugins[] = {
    {"train kinds.yaml --plugin-dir . --set optimizer=broken", "broken.so", "no object", 4,
     "--set optimizer=broken: cannot load optimizer 'broken' from @/broken.so: it is not a shared "
     "object (no ELF header) (tried before: @/optimizer/broken.so: no such file)"},
    {"train kinds.yaml --plugin-dir . --set optimizer=empty", "empty.so", "", 4,
     "--set optimizer=empty: cannot load optimizer 'empty' from @/empty.so: it is not a shared "
     "object (no ELF header) (tried before: @/optimizer/empty.so: no such file)"},
    {"train kinds.yaml --plugin-dir . --set loss=run", NULL, NULL, 3,
     "--set loss=run: no loss 'run' in @, " BUILTIN
     "; there are broken, cross_entropy, empty, folder, huber, kl, mae and mse; a folder with "
     "other plug-ins is given by --plugin-dir"},
    {"train kinds.yaml --plugin-dir . --set optimizer=folder", NULL, NULL, 4,
     "--set optimizer=folder: cannot load optimizer 'folder' from @/folder.so: it is a folder; a "
     "plug-in must be a regular file (tried before: @/optimizer/folder.so: no such file)"},
    {"train kinds.yaml --plugin-dir . --set optimizer=adam", "adam.so", "no object", 4,
     "--set optimizer=adam: cannot load optimizer 'adam' from @/adam.so: it is not a shared object "
     "(no ELF header) (tried before: @/optimizer/adam.so: no such file)"},
    {"describe optimizer broken --plugin-dir .", "broken.so", "no object", 4,
     "cannot load optimizer 'broken' from @/broken.so: it is not a shared object (no ELF header) "
     "(tried before: @/optimizer/broken.so: no such file)"},
    {"describe ./broken.so", "broken.so", "no object", 4,
     "cannot load @/broken.so: it is not a shared object (no ELF header)"},
    {"describe ./missing.so", NULL, NULL, 4,
     "cannot load @/missing.so: it cannot be opened: No such file or directory"},
    {"train kinds.yaml --plugin-dir kinds.csv", NULL, NULL, 2,
     "plexus: the plug-in folder @/kinds.csv does not exist"},
};

/* ---- places to write to: 2 for what --out says, 5 for the rest ------------------------------- */

static const row places[] = {
    {"train moons.yaml --out run", NULL, NULL, 2,
     "plexus: @/run is not empty; choose another folder, or go on with the run in it by --resume"},
    {"train moons.yaml --out kept", NULL, NULL, 2,
     "plexus: @/kept is not empty; choose another folder"},
    {"train moons.yaml --out moons.yaml", NULL, NULL, 2,
     "plexus: @/moons.yaml: cannot be a run directory: Not a directory"},
    {"train moons.yaml --out moons.yaml/run", NULL, NULL, 2,
     "plexus: @/moons.yaml/run: cannot be a run directory: Not a directory"},
    {"train moons.yaml --out /dev/full", NULL, NULL, 2,
     "plexus: /dev/full: cannot be a run directory: Not a directory"},
    {"train moons.yaml --out /dev/full/run", NULL, NULL, 2,
     "plexus: /dev/full/run: cannot be a run directory: Not a directory"},
    {"train moons.yaml --out /proc/run", NULL, NULL, 5,
     "/proc/run: cannot make the folder /proc/run: No such file or directory"},
    {"predict run kinds.csv --out /dev/full", NULL, NULL, 5,
     "/dev/full: cannot write: No space left on device"},
    {"predict run kinds.csv --out nowhere/answers.csv", NULL, NULL, 5,
     "nowhere/answers.csv: cannot write: No such file or directory"},
};

/* ---- --resume: 2 ----------------------------------------------------------------------------- */

static const row resumes[] = {
    {"train --resume run", NULL, NULL, 2,
     "plexus: @/run: this run is over (completed after 30 epochs); there is nothing to resume"},
    {"train --resume kept", NULL, NULL, 2,
     "plexus: kept is no run directory: it has no config.yaml"},
    {"train --resume missing", NULL, NULL, 2,
     "plexus: missing is no run directory: it has no config.yaml"},
    {"train --resume kinds.csv", NULL, NULL, 2,
     "plexus: kinds.csv is no run directory: it has no config.yaml"},
    {"train --resume run --seed 2", NULL, NULL, 2,
     "plexus: --resume goes on with a run as it was; only --threads and --progress may change"},
    {"train --resume run --seed 2 --threads 2", NULL, NULL, 2,
     "plexus: --resume goes on with a run as it was; only --threads and --progress may change"},
    {"train --resume run --set train.epochs=9", NULL, NULL, 2,
     "plexus: --resume goes on with a run as it was; only --threads and --progress may change"},
    {"train --resume run --out other", NULL, NULL, 2,
     "plexus: --resume goes on with a run as it was; only --threads and --progress may change"},
    {"train --resume run kinds.yaml", NULL, NULL, 2,
     "plexus: --resume goes on with a run as it was; only --threads and --progress may change"},
};

/* ---- the test -------------------------------------------------------------------------------- */

/* The samples, a finished `run` of kinds.yaml, `kept` with a file in it, the folder `folder.so`,
 * and half a model, `cut.safetensors`. */
static char *folder;

static void prepare(void)
{
    folder = sample_folder();
    run_well(&(run_options){.folder = folder}, "train kinds.yaml --out run");
    char *kept = sample_path(folder, "kept"), *object = sample_path(folder, "folder.so");
    char *model = sample_path(folder, "run/model.safetensors");
    char *cut = sample_path(folder, "cut.safetensors");
    ck_assert_int_eq(mkdir(kept, 0755), 0);
    ck_assert_int_eq(mkdir(object, 0755), 0);
    free(harness_file(kept, "letter.txt", "dear reader"));
    sample_copy(model, cut);
    ck_assert_int_eq(truncate(cut, 1000), 0);
    free(cut);
    free(model);
    free(object);
    free(kept);
}

static void forget(void)
{
    free(folder);
}

static char *expand(const char *text)
{
    char *made = calloc(strlen(text) * (strlen(folder) + 1) + 2, 1), *to = made;

    ck_assert_ptr_nonnull(made);
    for (; *text != '\0'; text++)
        to = *text == '@' ? stpcpy(to, folder) : stpncpy(to, text, 1);
    stpcpy(to, "\n");
    return made;
}

static void expect(const row *row)
{
    char *err = expand(row->err);

    if (row->name != NULL)
        free(harness_file(folder, row->name, row->content));
    run *run = run_line(&(run_options){.folder = folder}, "%s", row->line);
    run_expect_error(run, row->code, err);
    run_free(run);
    free(err);
}

START_TEST(a_config_file)
{
    expect(&configs[_i]);
}
END_TEST

START_TEST(a_data_file)
{
    expect(&data[_i]);
}
END_TEST

START_TEST(a_model)
{
    expect(&models[_i]);
}
END_TEST

START_TEST(a_plugin)
{
    expect(&plugins[_i]);
}
END_TEST

START_TEST(a_place)
{
    expect(&places[_i]);
}
END_TEST

START_TEST(a_resume)
{
    expect(&resumes[_i]);
}
END_TEST

START_TEST(what_is_refused_changes_nothing)
{
    char *out = sample_path(folder, "never");
    run *run = run_line(&(run_options){.folder = folder},
                        "train kinds.yaml --out never --set data.target=wrong");

    run_expect(run, 3);
    ck_assert(access(out, F_OK) != 0);
    run_free(run);
    free(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bad input");
    TCase *tests = tcase_create("what is refused");

    tcase_add_loop_test(tests, a_config_file, 0, sizeof(configs) / sizeof(configs[0]));
    tcase_add_loop_test(tests, a_data_file, 0, sizeof(data) / sizeof(data[0]));
    tcase_add_loop_test(tests, a_model, 0, sizeof(models) / sizeof(models[0]));
    tcase_add_loop_test(tests, a_plugin, 0, sizeof(plugins) / sizeof(plugins[0]));
    tcase_add_loop_test(tests, a_place, 0, sizeof(places) / sizeof(places[0]));
    tcase_add_loop_test(tests, a_resume, 0, sizeof(resumes) / sizeof(resumes[0]));
    tcase_add_test(tests, what_is_refused_changes_nothing);
    tcase_add_unchecked_fixture(tests, prepare, forget);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
