/* generate.c: the five data sets that are made from a formula. Rows take the classes in turn;
 * every number is drawn from a place of its own in a random stream, so row i is the same whatever
 * the number of samples is. `noise` is the deviation of what is added to each coordinate.
 *
 *   xor      the corners (0,0) (0,1) (1,0) (1,1) in turn; class 1 where the two differ
 *   moons    (cos a, sin a) and (1 - cos a, 1/2 - sin a), a uniform on [0, pi)
 *   circles  radius 1 and radius `factor`, the angle uniform
 *   spirals  arm c of `classes`: radius r uniform on [0, 1), angle 2 pi (turns r + c / classes)
 *   blobs    a centre for each class, uniform on [-10, 10) in each of `features` dimensions; points
 *            around it with deviation `spread` */
#include "data/generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/raw.h"
#include "support/memory.h"
#include "support/random.h"
#include "support/text.h"

#define TWO_PI 6.283185307179586476925286766559

enum { GENERATE_MAX_FEATURES = 100000 };
enum { DRAW_NOISE, DRAW_POSITION, DRAW_CENTRE, DRAW_SPREAD }; /* sub-streams */

static random_stream stream_of(uint64_t seed, uint64_t purpose)
{
    return random_open(seed, RANDOM_GENERATE, purpose);
}

/* A point without its noise. */
typedef void point_of(const generate_spec *spec, uint64_t seed, size_t row, size_t label,
                      double *point);

static void xor_point(const generate_spec *spec, uint64_t seed, size_t row, size_t label,
                      double *point)
{
    (void)spec;
    (void)seed;
    (void)label;
    point[0] = (double)(row % 4 / 2);
    point[1] = (double)(row % 2);
}

static void moons_point(const generate_spec *spec, uint64_t seed, size_t row, size_t label,
                        double *point)
{
    const double angle = random_uniform(stream_of(seed, DRAW_POSITION), row) * TWO_PI / 2;

    (void)spec;
    point[0] = label == 0 ? cos(angle) : 1 - cos(angle);
    point[1] = label == 0 ? sin(angle) : 0.5 - sin(angle);
}

static void circles_point(const generate_spec *spec, uint64_t seed, size_t row, size_t label,
                          double *point)
{
    const double angle = random_uniform(stream_of(seed, DRAW_POSITION), row) * TWO_PI;
    const double radius = label == 0 ? 1 : spec->factor;

    point[0] = radius * cos(angle);
    point[1] = radius * sin(angle);
}

static void spirals_point(const generate_spec *spec, uint64_t seed, size_t row, size_t label,
                          double *point)
{
    const double radius = random_uniform(stream_of(seed, DRAW_POSITION), row);
    const double angle = TWO_PI * (spec->turns * radius + (double)label / (double)spec->classes);

    point[0] = radius * cos(angle);
    point[1] = radius * sin(angle);
}

static void blobs_point(const generate_spec *spec, uint64_t seed, size_t row, size_t label,
                        double *point)
{
    const random_stream centre = stream_of(seed, DRAW_CENTRE),
                        spread = stream_of(seed, DRAW_SPREAD);

    for (size_t d = 0; d < spec->features; d++)
        point[d] = 20 * random_uniform(centre, label * spec->features + d) - 10 +
                   spec->spread * random_normal(spread, row * spec->features + d);
}

typedef struct data_generator {
    const char *name;
    point_of *point;
    bool many_classes; /* else 2                                                                 */
    bool many_features;
} data_generator;

static const data_generator generators[] = {
    {"xor", xor_point, false, false},         {"moons", moons_point, false, false},
    {"circles", circles_point, false, false}, {"spirals", spirals_point, true, false},
    {"blobs", blobs_point, true, true},
};
enum { GENERATORS = sizeof(generators) / sizeof(generators[0]) };

/* --- checking --- */

static const data_generator *find_generator(const generate_spec *spec, plx_error *error)
{
    const char *names[GENERATORS];

    for (size_t i = 0; i < GENERATORS; i++) {
        names[i] = generators[i].name;
        if (strcmp(spec->name, names[i]) == 0)
            return &generators[i];
    }
    const char *near = text_nearest(spec->name, names, GENERATORS);
    error_at(error, ERROR_CONFIG, spec->at,
             "no generator '%s'; there are xor, moons, circles, spirals and blobs%s%s%s",
             text_show(spec->name).bytes, near == NULL ? "" : "; did you mean '",
             near == NULL ? "" : near, near == NULL ? "" : "'?");
    return NULL;
}

/* A number that only one generator reads is checked for that one alone. */
static bool check_spec(const data_generator *generator, const generate_spec *spec, plx_error *error)
{
    const double magnitude = 1e6;

    if (generator->many_classes && (spec->classes < 2 || spec->classes > 1000))
        return error_at(error, ERROR_CONFIG, spec->at, "%zu classes; 2 to 1000 can be generated",
                        spec->classes);
    const size_t classes = generator->many_classes ? spec->classes : 2;
    if (spec->samples < classes || spec->samples > UINT32_MAX - 1)
        return error_at(error, ERROR_CONFIG, spec->at,
                        "%zu samples; %zu classes need from %zu to 4294967294", spec->samples,
                        classes, classes);
    if (generator->many_features && (spec->features < 1 || spec->features > GENERATE_MAX_FEATURES))
        return error_at(error, ERROR_CONFIG, spec->at, "%zu features; 1 to %d can be generated",
                        spec->features, GENERATE_MAX_FEATURES);
    if (!(spec->noise >= 0 && spec->noise <= magnitude))
        return error_at(error, ERROR_CONFIG, spec->at, "noise %g; it must be from 0 to %g",
                        spec->noise, magnitude);
    if (generator->point == circles_point && !(spec->factor >= 0 && spec->factor < 1))
        return error_at(error, ERROR_CONFIG, spec->at,
                        "factor %g; the inner radius must be at least 0 and below 1", spec->factor);
    if (generator->point == spirals_point && !(fabs(spec->turns) <= magnitude))
        return error_at(error, ERROR_CONFIG, spec->at, "%g turns; at most %g", spec->turns,
                        magnitude);
    if (generator->point == blobs_point && !(spec->spread >= 0 && spec->spread <= magnitude))
        return error_at(error, ERROR_CONFIG, spec->at, "spread %g; it must be from 0 to %g",
                        spec->spread, magnitude);
    return true;
}

/* --- making --- */

/* Columns x1, x2, ..., labels "0", "1", ...: as a CSV file with a header would have them. */
static bool describe(encoding *fitted, size_t features, size_t classes)
{
    fitted->format = FORMAT_CSV;
    fitted->header = true;
    fitted->delimiter = ',';
    fitted->features = features;
    fitted->targets = TARGETS_CLASS;
    fitted->column = memory_array(features, sizeof(*fitted->column));
    fitted->label = memory_array(classes, sizeof(char *));
    fitted->target_name = memory_array(1, sizeof(char *));
    if (fitted->column == NULL || fitted->label == NULL || fitted->target_name == NULL)
        return false;
    fitted->target_count = 1;
    fitted->target_name[0] = memory_string("class");
    bool ok = fitted->target_name[0] != NULL;
    for (fitted->column_count = 0; ok && fitted->column_count < features;) {
        input_column *column = &fitted->column[fitted->column_count];
        column->first = fitted->column_count++;
        column->name = memory_format("x%zu", fitted->column_count);
        ok = column->name != NULL;
    }
    for (fitted->label_count = 0; ok && fitted->label_count < classes;) {
        char **label = &fitted->label[fitted->label_count];
        *label = memory_format("%zu", fitted->label_count++);
        ok = *label != NULL;
    }
    return ok;
}

static bool make_rows(const data_generator *generator, const generate_spec *spec, uint64_t seed,
                      size_t classes, dataset *data)
{
    const random_stream noise = stream_of(seed, DRAW_NOISE);
    const size_t features = data->features;
    double *point = memory_array(features, sizeof(*point));

    if (point == NULL)
        return false;
    for (size_t r = 0; r < data->rows; r++) {
        const bool is_xor = generator->point == xor_point;
        const size_t label = is_xor ? (r % 4 / 2) ^ (r % 2) : r % classes;
        generator->point(spec, seed, r, label, point);
        for (size_t d = 0; d < features; d++) {
            if (spec->noise > 0)
                point[d] += spec->noise * random_normal(noise, r * features + d);
            data->floats[r * features + d] = (float)point[d];
        }
        data->label[r] = (int32_t)label;
    }
    free(point);
    return true;
}

dataset *generate_data(const generate_spec *spec, uint64_t seed, encoding *fitted, plx_error *error)
{
    const data_generator *generator = find_generator(spec, error);
    raw_matrix storage = {0};

    if (generator == NULL || !check_spec(generator, spec, error))
        return NULL;
    const size_t features = generator->many_features ? spec->features : 2;
    const size_t classes = generator->many_classes ? spec->classes : 2;
    if (!raw_reserve(&storage, spec->name, spec->samples, features, RAW_INPUTS, error))
        return NULL;
    dataset *data = memory_array(1, sizeof(*data));
    if (data == NULL) {
        raw_clear(&storage);
        error_memory(error);
        return NULL;
    }
    data->name = memory_string(spec->name);
    data->rows = spec->samples;
    data->features = features;
    data->floats = storage.floats;
    data->label = memory_array(data->rows, sizeof(*data->label));
    if (data->name == NULL || data->label == NULL || !describe(fitted, features, classes) ||
        !make_rows(generator, spec, seed, classes, data)) {
        error_memory(error);
        dataset_free(data);
        return NULL;
    }
    return data;
}
