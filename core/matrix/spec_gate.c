/* spec_gate.c: the section `gate`, a list of conditions in a small language:
 *
 *     A better_than B [on [P.]METRIC] [by MARGIN]       also worse_than, not_worse_than
 *     every cell: [final] [P.]METRIC >= X               also >, <=, <
 *
 * A and B are values of the compared axis, by label or name. Words are told apart by blanks; what
 * stands in '...' is one word, and no word of the language ('' in it is a quote). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/memory.h"
#include "support/text.h"

/* Characters of a gate as shown. */
#define GATE_SHOWN 200

#define BLANKS  " \t\r\n"
#define WRITTEN "A better_than B, A worse_than B, A not_worse_than B or every cell: METRIC >= X"

static const char *const rule_words[] = {"better_than", "worse_than", "not_worse_than"};
static const word_list rules = {rule_words, 3};
static const char *const option_words[] = {"on", "by"};
static const word_list options = {option_words, 2};

/* ---- words ----------------------------------------------------------------------------------- */

typedef struct gate_word {
    char *text;
    bool quoted;
} gate_word;

typedef struct gate_words {
    gate_word *word;
    size_t count;
} gate_words;

/* What reading a gate needs; `at` is where errors are. */
typedef struct gate_reader {
    const reader *r;
    const spec *spec;
    value_finder *finder; /* of the compared axis; made when needed                              */
    const node *at;
} gate_reader;

static void free_words(gate_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i].text);
    free(words->word);
}

/* What stands between quotes; `*at` moves behind them. NULL: never closed, or no memory. */
static char *read_quoted(const gate_reader *g, const char **at)
{
    text inside = {0};
    const char *from = *at + 1;

    text_add(&inside, "");
    for (;;) {
        const size_t run = strcspn(from, "'");
        text_add_n(&inside, from, run);
        from += run;
        if (*from == '\0') {
            spec_refuse(g->r, g->at, ": a quote that is never closed, %s", text_show(*at).bytes);
            free(inside.bytes);
            return NULL;
        }
        if (from[1] != '\'')
            break;
        text_add(&inside, "'");
        from += 2;
    }
    *at = from + 1;
    if (inside.bytes == NULL || inside.failed) {
        free(inside.bytes);
        error_memory(g->r->error);
        return NULL;
    }
    return inside.bytes;
}

/* A relation such as >= is a word without blanks around it, too, if `relations`. */
static size_t word_length(const char *at, bool relations)
{
    static const char signs[] = "<>=!";
    const size_t sign = relations ? strspn(at, signs) : 0;

    return sign > 0 ? sign : strcspn(at, relations ? BLANKS "<>=!" : BLANKS);
}

static bool split(const gate_reader *g, const char *string, bool relations, gate_words *words)
{
    words->word = memory_array(strlen(string) + 1, sizeof(*words->word));
    if (words->word == NULL)
        return error_memory(g->r->error);
    for (const char *at = string + strspn(string, BLANKS); *at != '\0'; at += strspn(at, BLANKS)) {
        gate_word *word = &words->word[words->count];
        word->quoted = *at == '\'';
        if (word->quoted) {
            word->text = read_quoted(g, &at);
        } else {
            const size_t length = word_length(at, relations);
            word->text = memory_string_n(at, length);
            at += length;
        }
        if (word->text == NULL)
            return error_memory(g->r->error);
        words->count++;
    }
    return true;
}

/* The index of a bare word in a list; -1: it is none. */
static int word_in(const gate_word *word, word_list list)
{
    for (size_t i = 0; i < list.count && !word->quoted; i++)
        if (strcmp(word->text, list.words[i]) == 0)
            return (int)i;
    return -1;
}

/* ---- figures and numbers --------------------------------------------------------------------- */

static bool read_metric(const gate_reader *g, const gate_word *word, spec_gate *gate)
{
    gate->metric_given = true;
    return spec_find_metric(g->r, g->spec, g->at, word->text, false, &gate->problem, &gate->metric);
}

/* `kind`: "margin" or "bound". */
static bool read_number(const gate_reader *g, const gate_word *word, const char *kind,
                        real_range range, double *value)
{
    double number = 0;
    text wanted = {0};

    if (!word->quoted && text_is_double(word->text, strlen(word->text), &number) &&
        real_range_holds(range, number)) {
        *value = number + 0.0;
        return true;
    }
    real_range_describe(range, &wanted);
    spec_refuse(g->r, g->at, ": the %s is '%s'; it must be %s", kind, text_show(word->text).bytes,
                wanted.bytes != NULL ? wanted.bytes : "a number");
    free(wanted.bytes);
    return false;
}

/* ---- A better_than B ------------------------------------------------------------------------- */

/* Words first to last - 1 as a value. */
static bool read_treatment(const gate_reader *g, const gate_words *words, size_t first, size_t last,
                           uint32_t *value)
{
    text label = {0};
    size_t position = 0;
    bool ok = true;

    for (size_t i = first; i < last; i++)
        text_addf(&label, "%s%s", i == first ? "" : " ", words->word[i].text);
    if (g->finder->axis == NULL)
        ok = value_finder_make(g->finder, &g->spec->axis[g->spec->stats.compare], g->r->error);
    if (label.failed)
        ok = error_memory(g->r->error);
    ok = ok && value_finder_one(g->finder, g->r, g->at, label.bytes, &position);
    free(label.bytes);
    *value = (uint32_t)position;
    return ok;
}

/* A difference of two figures: no larger than from one end of their range to the other. */
static real_range margin_range(const gate_reader *g, const spec_gate *gate)
{
    const real_range any = {.min = 0, .max = HUGE_VAL};
    const spec_stats *stats = &g->spec->stats;

    if (!gate->metric_given && !stats->metric_given)
        return any;
    const metric measured = gate->metric_given ? gate->metric.metric : stats->metric.metric;
    const real_range values = spec_metric_range(measured);
    return isfinite(values.min) && isfinite(values.max) ? values : any;
}

/* `on METRIC` and `by MARGIN`, from word i on. */
static bool read_options(const gate_reader *g, const gate_words *words, size_t i, spec_gate *gate)
{
    const gate_word *given[2] = {NULL, NULL};

    for (; i < words->count; i += 2) {
        const int option = word_in(&words->word[i], options);
        if (option < 0)
            return spec_refuse(g->r, g->at,
                               ": '%s' has no place here; 'on METRIC' and 'by MARGIN' end a gate",
                               text_show(words->word[i].text).bytes);
        if (given[option] != NULL)
            return spec_refuse(g->r, g->at, ": '%s' stands twice", option_words[option]);
        if (i + 1 == words->count)
            return spec_refuse(g->r, g->at, ": nothing follows '%s'; write %s",
                               option_words[option],
                               option == 0 ? "'on test_accuracy'" : "'by 0.005'");
        given[option] = &words->word[i + 1];
    }
    return (given[0] == NULL || read_metric(g, given[0], gate)) &&
           (given[1] == NULL ||
            read_number(g, given[1], "margin", margin_range(g, gate), &gate->value));
}

static bool read_comparison(const gate_reader *g, const gate_words *words, size_t relation,
                            spec_gate *gate)
{
    size_t end = relation + 1;

    while (end < words->count && word_in(&words->word[end], options) < 0)
        end++;
    if (relation == 0 || end == relation + 1)
        return spec_refuse(g->r, g->at, ": nothing stands %s '%s'; write A %s B",
                           relation == 0 ? "before" : "after", words->word[relation].text,
                           words->word[relation].text);
    if (g->spec->stats.compare < 0)
        return spec_refuse(g->r, g->at, ": there is no axis whose values could be compared");
    if (!read_treatment(g, words, 0, relation, &gate->a) ||
        !read_treatment(g, words, relation + 1, end, &gate->b))
        return false;
    if (gate->a == gate->b)
        return spec_refuse(g->r, g->at, ": '%s' is compared with itself",
                           g->spec->axis[g->spec->stats.compare].value[gate->a].label);
    return read_options(g, words, end, gate);
}

/* No word says what is asked. */
static bool no_relation(const gate_reader *g, const gate_words *words, const char *string)
{
    const char *nearest = NULL;

    for (size_t i = 0; i < words->count && nearest == NULL; i++)
        if (!words->word[i].quoted)
            nearest = text_nearest(words->word[i].text, rules.words, rules.count);
    return spec_refuse(g->r, g->at, " is '%s'; it must be " WRITTEN "%s%s%s",
                       text_show(string).bytes, nearest != NULL ? "; did you mean '" : "",
                       nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
}

static bool parse_comparison(const gate_reader *g, const char *string, spec_gate *gate)
{
    gate_words words = {0};
    bool ok = split(g, string, false, &words);
    size_t relation = 0;
    int rule = -1;

    while (ok && relation < words.count && (rule = word_in(&words.word[relation], rules)) < 0)
        relation++;
    if (ok && rule < 0)
        ok = no_relation(g, &words, string);
    gate->rule = rule < 0 ? GATE_BETTER : (gate_rule)rule;
    ok = ok && read_comparison(g, &words, relation, gate);
    free_words(&words);
    return ok;
}

/* ---- every cell ------------------------------------------------------------------------------ */

static bool read_relation(const gate_reader *g, const gate_word *word, spec_gate *gate)
{
    static const char *const relations[] = {">=", ">", "<=", "<"};
    const int relation = word_in(word, (word_list){relations, 4});

    if (relation < 0)
        return spec_refuse(g->r, g->at, ": '%s' is no relation; write >=, >, <= or <",
                           text_show(word->text).bytes);
    gate->relation = (gate_relation)relation;
    return true;
}

static bool parse_every_cell(const gate_reader *g, const char *string, spec_gate *gate)
{
    static const char *const final_word[] = {"final"};
    gate_words words = {0};
    bool ok = split(g, string, true, &words);

    gate->rule = GATE_EVERY_CELL;
    const size_t skip =
        ok && words.count > 0 && word_in(&words.word[0], (word_list){final_word, 1}) == 0 ? 1 : 0;
    if (ok && words.count != skip + 3)
        ok = spec_refuse(g->r, g->at,
                         " is '%s'; it must be METRIC >= X, such as test_accuracy >= 0.9",
                         text_show(string).bytes);
    ok = ok && read_metric(g, &words.word[skip], gate) &&
         read_relation(g, &words.word[skip + 1], gate) &&
         read_number(g, &words.word[skip + 2], "bound", spec_metric_range(gate->metric.metric),
                     &gate->value);
    free_words(&words);
    return ok;
}

/* ---- the section ----------------------------------------------------------------------------- */

/* The text behind "every cell:", or NULL. */
static const char *behind_every_cell(const char *string)
{
    const char *at = string + strspn(string, BLANKS);

    if (strncmp(at, "every", 5) != 0)
        return NULL;
    at += 5 + strspn(at + 5, BLANKS);
    if (strncmp(at, "cell", 4) != 0)
        return NULL;
    at += 4 + strspn(at + 4, BLANKS);
    return *at == ':' ? at + 1 : NULL;
}

/* {every cell: ...}, which is how YAML reads it without quotes. */
static bool read_map(gate_reader *g, const node *map, spec_gate *gate)
{
    static const char *const words[] = {"every cell"};
    const node *value = map->first;

    if (!field_known(g->r, map, (word_list){words, 1}))
        return false;
    if (value == NULL)
        return field_wrong(g->r, map, WRITTEN);
    if (!field_is_scalar(g->r, value, "METRIC >= X, such as test_accuracy >= 0.9"))
        return false;
    char *line = spec_one_line(value->text, GATE_SHOWN);
    gate->text = line != NULL ? memory_format("every cell: %s", line) : NULL;
    free(line);
    if (gate->text == NULL)
        return error_memory(g->r->error);
    g->at = value;
    return parse_every_cell(g, value->text, gate);
}

static bool read_gate(gate_reader *g, const node *value, spec_gate *gate)
{
    g->at = value;
    gate->at = value->at;
    gate->problem = -1;
    if (value->type == NODE_MAP)
        return read_map(g, value, gate);
    if (!field_is_scalar(g->r, value, WRITTEN))
        return false;
    gate->text = spec_one_line(value->text, GATE_SHOWN);
    if (gate->text == NULL)
        return error_memory(g->r->error);
    const char *condition = behind_every_cell(value->text);
    return condition != NULL ? parse_every_cell(g, condition, gate)
                             : parse_comparison(g, value->text, gate);
}

bool spec_gates_read(const reader *r, const node *section, spec *spec)
{
    value_finder finder = {0};
    gate_reader g = {r, spec, &finder, section};
    bool ok = true;

    if (section == NULL)
        return true;
    const bool list = section->type == NODE_LIST;
    if (list && !field_has_count(r, section, 0, SPEC_MOST_RULES, "gates"))
        return false;
    spec->gate = memory_array(list ? tree_count(section) : 1, sizeof(*spec->gate));
    if (spec->gate == NULL)
        return error_memory(r->error);
    for (const node *item = list ? section->first : section; item != NULL && ok;
         item = list ? item->next : NULL)
        ok = read_gate(&g, item, &spec->gate[spec->gate_count++]);
    value_finder_free(&finder);
    return ok;
}
