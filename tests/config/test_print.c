/* Printing: every default shown, and what is printed reads back and prints the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

START_TEST(shows_every_default)
{
    experiment *read = fixture_read(GOOD);
    char *printed = fixture_print(read);

    ck_assert_str_eq(printed,
                     "data:\n"
                     "  generate: moons\n"
                     "  samples: 200\n"
                     "  noise: 0.1\n"
                     "  validation: 0\n"
                     "  test: 0\n"
                     "  scale: none\n"
                     "  scale_target: none\n"
                     "  seed: 0\n"
                     "  stratify: false\n"
                     "  folds: none\n"
                     "  label_smoothing: 0\n"
                     "network:\n"
                     "  init: auto\n"
                     "  layers:\n"
                     "    - {units: 2, activation: softmax, dropout: 0, bias: true, bias_init: 0}\n"
                     "loss: {name: cross_entropy, fused: true}\n"
                     "optimizer: {name: sgd, lr: 0.01, momentum: 0, dampening: 0, nesterov: false, "
                     "weight_decay: 0}\n"
                     "schedule: {name: constant, warmup: 0}\n"
                     "train:\n"
                     "  epochs: 10\n"
                     "  batch: 32\n"
                     "  seed: 0\n"
                     "  shuffle: true\n"
                     "  threads: 1\n"
                     "  precision: float32\n"
                     "  log_steps: false\n"
                     "  clip_norm: none\n"
                     "  clip_value: none\n"
                     "  top_k: none\n"
                     "  early_stopping: false\n"
                     "  class_weights: none\n");
    free(printed);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(shows_every_key_of_a_file)
{
    static const char wanted[] = "data:\n"
                                 "  train: /data/a.csv\n"
                                 "  validation: 0\n"
                                 "  test: 0\n"
                                 "  format: auto\n"
                                 "  header: auto\n"
                                 "  delimiter: auto\n"
                                 "  drop: []\n"
                                 "  categorical: []\n"
                                 "  features: auto\n"
                                 "  missing: error\n"
                                 "  scale: none\n";
    experiment *read = fixture_read("data: {train: a.csv}\n" REST);
    char *printed = fixture_print(read);

    ck_assert_uint_gt(strlen(printed), strlen(wanted));
    printed[strlen(wanted)] = '\0';
    ck_assert_str_eq(printed, wanted);
    free(printed);
    experiment_free(read);
    fixture_end();
}
END_TEST

START_TEST(identity_leaves_out_threads)
{
    experiment *read = fixture_read(GOOD "train: {threads: 4}\n");
    text whole = {0}, identity = {0};

    ck_assert(experiment_print(read, PRINT_ALL, &whole));
    ck_assert(experiment_print(read, PRINT_IDENTITY, &identity));
    ck_assert_ptr_nonnull(strstr(whole.bytes, "\n  threads: 4\n"));
    ck_assert_ptr_null(strstr(identity.bytes, "threads"));
    ck_assert_uint_eq(identity.length + strlen("  threads: 4\n"), whole.length);
    free(whole.bytes);
    free(identity.bytes);
    experiment_free(read);
    fixture_end();
}
END_TEST

/* The same files in two folders have the same content, and another fraction does not. */
START_TEST(content_leaves_out_where_files_lie)
{
    static const char *const files[] = {
        "data: {train: a.csv, test: {x: b.npy, y: c.npy}}\n" REST,
        "data: {train: /else/where.csv, test: {x: /b.npy, y: /c.npy}}\n" REST,
        "data: {train: a.csv, test: 0.5}\n" REST,
    };
    text content[3] = {{0}};

    for (size_t i = 0; i < 3; i++) {
        experiment *read = fixture_read(files[i]);
        ck_assert(experiment_print(read, PRINT_CONTENT, &content[i]));
        experiment_free(read);
    }
    ck_assert_str_eq(content[0].bytes, content[1].bytes);
    ck_assert_str_ne(content[0].bytes, content[2].bytes);
    for (size_t i = 0; i < 3; i++)
        free(content[i].bytes);
    fixture_end();
}
END_TEST

START_TEST(content_leaves_out_where_weights_lie)
{
    experiment *read = fixture_read(DATA "network: {init: {from: /w.safetensors}, layers: [{units: "
                                         "2, activation: softmax}]}\n" LOSS OPTIMIZER);
    text content = {0};

    ck_assert(experiment_print(read, PRINT_CONTENT, &content));
    ck_assert_ptr_nonnull(strstr(content.bytes, "\n  init: file\n"));
    ck_assert_ptr_null(strstr(content.bytes, "safetensors"));
    free(content.bytes);
    experiment_free(read);
    fixture_end();
}
END_TEST

/* Texts that must come back as they were: what YAML or a reader could take for something else. */
static const char *const texts[] = {
    "a",
    "my column",
    "1",
    "-1",
    "1e3",
    "0x10",
    "true",
    "NO",
    "null",
    "~",
    "nan",
    "- a",
    "-",
    "a: b",
    "a #b",
    "#a",
    "[a",
    "{a}",
    "a,b",
    "'a'",
    "\"a\"",
    "a\\b",
    " a ",
    "a\tb",
    "a\nb",
    "a\rb",
    "\x01\x1f\x7f",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "|",
    ">",
    "?",
    "<<",
    "---",
    "...",
    "=",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
    "\xc2\x85\xc2\xa0\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\xef\xbf\xbe\xef\xbf\xbf",
};

/* The text in double quotes, each ASCII character as its number; characters that a file may hold
 * in an escape alone by theirs. */
static void add_escaped(text *out, const char *string)
{
    static const struct {
        const char *bytes, *escape;
    } special[] = {{"\xef\xbb\xbf", "\\uFEFF"}, {"\xef\xbf\xbe", "\\uFFFE"},
                   {"\xef\xbf\xbf", "\\uFFFF"}, {"\xc2\x85", "\\N"},
                   {"\xe2\x80\xa8", "\\L"},     {"\xe2\x80\xa9", "\\P"}};
    const size_t count = sizeof(special) / sizeof(special[0]);

    text_add(out, "\"");
    while (*string != '\0') {
        size_t i = 0;
        while (i < count && strncmp(string, special[i].bytes, strlen(special[i].bytes)) != 0)
            i++;
        if (i < count) {
            text_add(out, special[i].escape);
            string += strlen(special[i].bytes);
        } else {
            text_addf(out, (unsigned char)*string < 0x80 ? "\\x%02x" : "%c",
                      (int)(unsigned char)*string);
            string++;
        }
    }
    text_add(out, "\"");
}

/* Reads `file`, prints, reads that, prints again: the same bytes. Returns the second experiment. */
static experiment *check_stable(const char *file)
{
    experiment *first = fixture_read(file);
    char *printed = fixture_print(first);
    experiment *second = fixture_read(printed);
    char *again = fixture_print(second);

    ck_assert_str_eq(again, printed);
    free(printed);
    free(again);
    experiment_free(first);
    return second;
}

START_TEST(texts_come_back)
{
    text file = {0};

    text_add(&file, "data: {train: a.csv, categorical: [");
    add_escaped(&file, texts[_i]);
    text_add(&file, "], target: [");
    add_escaped(&file, texts[_i]);
    text_add(&file, ", {column: b, as: class}]}\n" REST "train: {class_weights: {");
    add_escaped(&file, texts[_i]);
    text_add(&file, ": 1}}\n");
    experiment *back = check_stable(file.bytes);
    ck_assert_str_eq(back->data.categorical[0], texts[_i]);
    ck_assert_str_eq(back->data.target[0].column, texts[_i]);
    ck_assert_str_eq(back->train.class_weights.label[0], texts[_i]);
    free(file.bytes);
    experiment_free(back);
    fixture_end();
}
END_TEST

START_TEST(the_longest_key_comes_back)
{
    text file = {0};

    text_add(&file, GOOD "train: {class_weights: {\"");
    for (int i = 0; i < 200; i++)
        text_add(&file, "\\x01");
    text_add(&file, "\": 1}}\n");
    experiment *back = check_stable(file.bytes);
    ck_assert_uint_eq(strlen(back->train.class_weights.label[0]), 200);
    free(file.bytes);
    experiment_free(back);
    fixture_end();
}
END_TEST

static const char *const paths[] = {
    "a b.csv", "0.5", "caf\xc3\xa9.csv", "a:b", "a, b", "#a", "{x: y", "-", "~", "a'b\\c"};

START_TEST(paths_come_back)
{
    text file = {0}, wanted = {0};

    text_add(&file, "data: {train: ");
    add_escaped(&file, paths[_i]);
    text_add(&file, ", test: {x: ");
    add_escaped(&file, paths[_i]);
    text_add(&file, ", y: z}}\n" REST);
    text_addf(&wanted, FOLDER "/%s", paths[_i]);
    experiment *back = check_stable(file.bytes);
    ck_assert_str_eq(back->data.train.path, wanted.bytes);
    ck_assert_str_eq(back->data.test.path, wanted.bytes);
    free(file.bytes);
    free(wanted.bytes);
    experiment_free(back);
    fixture_end();
}
END_TEST

/* Numbers come back to the same bits. */
static const double numbers[] = {0.1, 1e-8, 1e300, 5e-324, 0.30000000000000004, 1, 123456789, 1e15};

START_TEST(numbers_come_back)
{
    text file = {0};
    char number[32];

    text_addf(&file, DATA NETWORK LOSS "optimizer: {name: sgd, lr: %s}\n",
              text_of_double(number, numbers[_i]));
    experiment *back = check_stable(file.bytes);
    ck_assert(back->lr == numbers[_i]);
    free(file.bytes);
    experiment_free(back);
    fixture_end();
}
END_TEST

#define LAYERS(list) DATA "network: {layers: [" list "]}\n" LOSS OPTIMIZER

/* Files that between them have every key and every choice. */
static const char *const files[] = {
    "data: {generate: xor, samples: 8, noise: 0.25, seed: 7}\n" REST,
    "data: {generate: circles, factor: 0.3, test: 0.2, validation: 0.2, stratify: true}\n" REST,
    "data: {generate: spirals, classes: 3, turns: 1.5, folds: 4, fold: 2}\n" REST,
    "data: {generate: blobs, classes: 4, spread: 0.1, features: 8, label_smoothing: 0.1}\n" REST,
    "data: {train: a, test: b, validation: c, target: t, format: csv, header: true}\n" REST,
    "data: {train: a, header: false, delimiter: tab, drop: [0, 1], categorical: [2]}\n" REST,
    "data: {train: a, delimiter: ' ', missing: drop, target: {column: 3, as: class}}\n" REST,
    "data: {train: a, delimiter: '|', missing: mean, target: [{column: 3, as: number}]}\n" REST,
    "data: {train: {x: a, y: b}, format: idx, test: {x: c, y: d}, scale: unit}\n" REST,
    "data: {train: {x: a, y: b}, format: npy, missing: mean, scale: standard}\n" REST,
    "data: {train: a, format: libsvm, features: 10, scale_target: standard}\n" REST,
    "data: {train: a, format: libsvm, target: {as: class}}\n" REST,
    "data: {train: {x: a, y: b}, format: idx, target: {as: number}, missing: drop}\n" REST,
    "data: {train: a, format: npy, target: 3, drop: [0, 1]}\n" REST,
    "data: {train: a, format: libsvm, target: {as: auto}}\n" REST,
    "data: {train: a, folds: 10, fold: 0, validation: 0.1, seed: 18446744073709551615}\n" REST,
    LAYERS("{units: 4, activation: tanh, dropout: 0.5, bias: false}, {units: 2, activation: "
           "softmax, bias_init: 1e-3}"),
    LAYERS("{units: 4, activation: {name: leaky_relu}, init: orthogonal}, {units: 1, activation: "
           "sigmoid, init: {name: normal, std: 0.2}}"),
    LAYERS("{units: 4, activation: {name: elu, alpha: 0.1}, init: auto}, {units: 2, activation: "
           "softmax}"),
    DATA "network: {init: normal, layers: [{units: 2, activation: softmax, init: normal}]}\n" LOSS
        OPTIMIZER,
    DATA "network: {init: {name: normal, std: 1}, layers: [{units: 2, activation: softmax, init: "
         "{name: normal, std: 2}}]}\n" LOSS OPTIMIZER,
    DATA "network: {init: {from: w.safetensors}, layers: [{units: 2, activation: softmax}, {units: "
         "2, activation: softmax, init: zeros}]}\n" LOSS OPTIMIZER,
    DATA NETWORK "loss: {name: kl, reverse: true, fused: false}\noptimizer: adagrad\n",
    DATA NETWORK "loss: mse\noptimizer: {name: rmsprop, centered: true, momentum: 0.9}\n",
    DATA NETWORK "loss: mae\noptimizer: {name: adam, amsgrad: true, eps: 1e-6}\n",
    DATA NETWORK "loss: huber\noptimizer: {name: sgd, momentum: 0.9, nesterov: true}\n",
    DATA NETWORK LOSS "optimizer: {name: adamw, lr: 3e-4}\nschedule: constant\n",
    GOOD "schedule: {name: step, gamma: 0.5, every: 3, warmup: 10}\n",
    GOOD "schedule: exponential\n",
    GOOD "schedule: {name: cosine, lr_min: 1e-5}\n",
    GOOD "schedule: {name: linear, warmup: 3}\n",
    GOOD "schedule: plateau\n",
    "data: {generate: moons, validation: 0.5}\n" REST
    "schedule: {name: plateau, gamma: 0.3, patience: 2, min_delta: 0, lr_min: 1e-6}\n",
    "data: {generate: moons, validation: 0.5}\n" REST
    "schedule: {name: plateau, watch: train_loss}\ntrain: {early_stopping: true}\n",
    GOOD "train: {batch: full, shuffle: false, threads: 3, log_steps: true, clip_norm: 1}\n",
    GOOD "train: {precision: bf16}\n",
    GOOD "train: {clip_value: 0.1, top_k: 2, class_weights: balanced, seed: 9}\n",
    GOOD "train: {early_stopping: {monitor: train_loss, patience: 1, min_delta: 1e-3}}\n",
    GOOD "train: {class_weights: {1: 0.5, \"2\": 1, true: 3, a b: 4}}\n",
    "\xef\xbb\xbf" GOOD,
};

START_TEST(printed_files_are_stable)
{
    experiment_free(check_stable(files[_i]));
    fixture_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/print");
    TCase *t = tcase_create("print");

    tcase_add_test(t, shows_every_default);
    tcase_add_test(t, shows_every_key_of_a_file);
    tcase_add_test(t, identity_leaves_out_threads);
    tcase_add_test(t, content_leaves_out_where_files_lie);
    tcase_add_test(t, content_leaves_out_where_weights_lie);
    tcase_add_loop_test(t, texts_come_back, 0, (int)(sizeof(texts) / sizeof(texts[0])));
    tcase_add_test(t, the_longest_key_comes_back);
    tcase_add_loop_test(t, paths_come_back, 0, (int)(sizeof(paths) / sizeof(paths[0])));
    tcase_add_loop_test(t, numbers_come_back, 0, (int)(sizeof(numbers) / sizeof(numbers[0])));
    tcase_add_loop_test(t, printed_files_are_stable, 0, (int)(sizeof(files) / sizeof(files[0])));
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
