/* Every plug-in says what it is: summary, source, formula, settings with help, and functions that
 * belong together. What the help, the documents and the tracer print comes from here. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "load.h"

typedef struct {
    const char *kind, *name;
    double lr; /* an optimizer's default; 0 for the others */
} plugin;

static const plugin plugins[] = {
    {"activation", "elu", 0},
    {"activation", "gelu", 0},
    {"activation", "identity", 0},
    {"activation", "relu", 0},
    {"activation", "selu", 0},
    {"activation", "leaky_relu", 0},
    {"activation", "sigmoid", 0},
    {"activation", "silu", 0},
    {"activation", "softmax", 0},
    {"activation", "tanh", 0},
    {"activation", "softplus", 0},
    {"loss", "cross_entropy", 0},
    {"loss", "huber", 0},
    {"loss", "kl", 0},
    {"loss", "mae", 0},
    {"loss", "mse", 0},
    {"optimizer", "adadelta", 1},
    {"optimizer", "adafactor", 1e-2},
    {"optimizer", "adagrad", 1e-2},
    {"optimizer", "adam", 1e-3},
    {"optimizer", "adamax", 2e-3},
    {"optimizer", "adamw", 1e-3},
    {"optimizer", "lamb", 1e-3},
    {"optimizer", "lars", 0.1},
    {"optimizer", "lbfgs", 1},
    {"optimizer", "lion", 1e-4},
    {"optimizer", "muon", 2e-2},
    {"optimizer", "nadam", 2e-3},
    {"optimizer", "prodigy", 1},
    {"optimizer", "radam", 1e-3},
    {"optimizer", "rmsprop", 1e-2},
    {"optimizer", "rprop", 1e-2},
    {"optimizer", "sam", 1e-2},
    {"optimizer", "sgd", 1e-2},
    {"optimizer", "shampoo", 3e-2},
    {"optimizer", "soap", 3e-3},
};

/* Where each kind begins in the table. */
enum { LOSSES = 11, OPTIMIZERS = 16, PLUGINS = sizeof(plugins) / sizeof(plugins[0]) };

static int has_text(const char *text)
{
    return text != NULL && strspn(text, " \n") < strlen(text);
}

static int is_name(const char *name)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyz0123456789_";

    return name && name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= 32 &&
           strspn(name, letters) == strlen(name);
}

/* One line, no full stop. */
static int is_line(const char *text)
{
    return has_text(text) && !strchr(text, '\n') && text[strlen(text) - 1] != '.';
}

START_TEST(texts_are_complete)
{
    const plugin *p = &plugins[_i];
    const plx_component *c = load_component(p->kind, p->name);

    ck_assert(is_name(c->name));
    ck_assert(has_text(c->version));
    ck_assert(is_line(c->summary));
    ck_assert(has_text(c->source));
    ck_assert_msg(strpbrk(c->source, "0123456789") != NULL, "the source names no year");
    ck_assert(has_text(c->formula));
    ck_assert_int_eq(has_text(c->derivative), strcmp(p->kind, "optimizer") != 0);
}
END_TEST

static void check_row(const plx_component *c, const plx_setting *row)
{
    ck_assert_uint_eq(row->size, sizeof(plx_setting));
    ck_assert_msg(is_name(row->name), "%s: a setting's name", c->name);
    ck_assert_msg(is_line(row->help), "%s.%s: help", c->name, row->name);
    ck_assert_msg(row->initial >= row->min && row->initial <= row->max, "%s.%s: the default",
                  c->name, row->name);
    ck_assert(!(row->flags & PLX_OPEN_MIN) || row->initial > row->min);
    ck_assert(!(row->flags & PLX_OPEN_MAX) || row->initial < row->max);
    const size_t width = row->type <= PLX_TYPE_INTEGER ? 8 : 4;
    ck_assert_uint_le(row->offset + width, row->owner_size);
    ck_assert_uint_eq(row->offset % width, 0);
    ck_assert_uint_eq(row->type == PLX_TYPE_CHOICE, row->choice_count > 0);
    for (uint32_t i = 0; i < row->choice_count; i++)
        ck_assert(has_text(row->choices[i]));
}

START_TEST(settings_are_sound)
{
    const plx_component *c = load_component(plugins[_i].kind, plugins[_i].name);
    const plx_setting *row;

    ck_assert_int_eq(c->settings != NULL, c->settings_count > 0);
    for (uint32_t i = 0; (row = load_row(c, i)) != NULL; i++) {
        check_row(c, row);
        ck_assert_uint_eq(row->owner_size, c->settings->owner_size);
        for (uint32_t j = 0; j < i; j++) {
            ck_assert_str_ne(row->name, load_row(c, j)->name);
            ck_assert_uint_ne(row->offset, load_row(c, j)->offset);
        }
    }
}
END_TEST

START_TEST(activations_are_complete)
{
    const plugin *p = &plugins[_i];
    const plx_activation *a = load_activation(p->name);
    char semantic[64];

    ck_assert_uint_eq(a->size, sizeof(*a));
    ck_assert_int_eq(a->forward != NULL, a->backward != NULL);
    ck_assert_int_eq(a->forward_rows != NULL, a->backward_rows != NULL);
    ck_assert_int_ne(a->forward != NULL, a->forward_rows != NULL);
    ck_assert_int_eq(has_text(a->expression), a->forward != NULL);
    ck_assert(has_text(a->onnx));
    snprintf(semantic, sizeof(semantic), "%s/1", p->name);
    ck_assert_str_eq(a->semantic, semantic);
}
END_TEST

START_TEST(losses_are_complete)
{
    const plugin *p = &plugins[_i];
    const plx_loss *l = load_loss(p->name);

    ck_assert_uint_eq(l->size, sizeof(*l));
    ck_assert(l->targets != NULL);
    ck_assert(l->rows != NULL);
    ck_assert_int_eq(l->fused != NULL, l->fused_count > 0);
    for (uint32_t i = 0; i < l->fused_count; i++) {
        ck_assert_uint_eq(l->fused[i].size, l->fused_stride);
        ck_assert(has_text(l->fused[i].semantic));
        ck_assert(l->fused[i].rows != NULL);
    }
}
END_TEST

START_TEST(optimizers_are_complete)
{
    const plugin *p = &plugins[_i];
    const plx_optimizer *o = load_optimizer(p->name);

    ck_assert_uint_eq(o->size, sizeof(*o));
    ck_assert_int_eq((o->step_range != NULL) + (o->step_tensor != NULL) + (o->step_model != NULL),
                     1);
    ck_assert_int_eq(o->begin_step != NULL, o->constants_size > 0);
    ck_assert_double_eq(o->lr, p->lr);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/metadata");
    TCase *c = tcase_create("metadata");

    tcase_add_loop_test(c, texts_are_complete, 0, PLUGINS);
    tcase_add_loop_test(c, settings_are_sound, 0, PLUGINS);
    tcase_add_loop_test(c, activations_are_complete, 0, LOSSES);
    tcase_add_loop_test(c, losses_are_complete, LOSSES, OPTIMIZERS);
    tcase_add_loop_test(c, optimizers_are_complete, OPTIMIZERS, PLUGINS);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
