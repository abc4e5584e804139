/* plugin.h: the plug-in ABI of Plexus, version 1. The only header a plug-in includes, and its
 * manual.
 *
 * A plug-in is one shared object holding one component: an activation, a loss or an optimizer.
 * It exports one constant, `plx_plugin_v1`, made by PLX_ACTIVATION, PLX_LOSS or PLX_OPTIMIZER at
 * the end of its source. It links nothing of Plexus: what it needs of the host arrives as a table
 * of functions. Build it with
 *
 *     cc -std=c11 -O3 -fPIC -shared -ffp-contract=off -o signum.so signum.c
 *
 * look at it with `plexus check signum.so`, and use it with
 * `plexus train --plugin-dir . experiment.yaml`. A whole optimizer looks like this:
 *
 *     #include <plexus/plugin.h>
 *
 *     typedef struct { double beta; } signum;
 *
 *     static const plx_setting settings[] = {
 *         PLX_REAL(signum, beta, 0.9, 0, 1, "decay of the momentum", .flags = PLX_OPEN_MAX),
 *     };
 *
 *     static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
 *     {
 *         return emit->like_parameter(emit, "momentum");
 *     }
 *
 *     PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n,
 *                                          float *w, const float *g, void *const *slot)
 *     {
 *         const signum *s = self;
 *         const float beta = (float)s->beta, rest = (float)(1 - s->beta), lr = (float)step->lr;
 *         float *m = slot[0];
 *         for (uint64_t i = 0; i < n; i++) {
 *             m[i] = beta * m[i] + rest * g[i];
 *             w[i] -= lr * (m[i] > 0 ? 1 : m[i] < 0 ? -1 : m[i]);    // NaN stays NaN
 *         }
 *         return PLX_OK;
 *     }
 *
 *     PLX_OPTIMIZER(signum, .summary = "sign of the momentum",
 *                   .source = "Bernstein, Wang, Azizzadenesheli, Anandkumar 2018, \"signSGD: "
 *                             "Compressed optimisation for non-convex problems\"",
 *                   .formula = "m = beta m + (1 - beta) g\n"
 *                              "w = w - lr sign(m)",
 *                   .settings = PLX_TABLE(settings),
 *                   .plan_slots = plan_slots, .step_range = step_range)
 *
 * RULES FOR EVERY PLUG-IN
 *
 *  1. Threads. Every function is tagged with who may call it:
 *       [setup]  while a network is built or described; one thread at a time.
 *       [step]   once per training step; one thread at a time for one instance.
 *       [range]  concurrently from several threads, on disjoint ranges or rows. Such a function
 *                allocates nothing, writes only the arrays it is given, keeps no state elsewhere.
 *  2. Splitting. A [range] function's result must not depend on how its range is split: the same
 *     elements give the same bits in one call or in many. In C this means no fused
 *     multiply-add that the compiler invents for some elements only: -ffp-contract=off.
 *  3. Floating point. float32 throughout, accumulated in whatever the plug-in likes. Inputs may be
 *     infinite or NaN; NaN must come out as NaN, never as a crash. Never link with -ffast-math: it
 *     switches denormals off for the whole process, and the core refuses such a plug-in.
 *  4. Arrays. Contiguous unless a stride says otherwise, aligned to 4 bytes only, n = 0 is legal.
 *     Two arrays never overlap unless the text says "in place".
 *  5. Behaviour. A plug-in does not print, exit, fork, jump out, change the locale or the rounding
 *     mode. To fail it calls host->error(...) and returns what that returned; a function that is
 *     given no host (those of an activation) returns PLX_FAILED alone.
 *  6. Strings in a descriptor live as long as the plug-in, which is never unloaded. They are lines
 *     of 1 to 1000 printable characters of UTF-8; a source, formula, derivative or expression may
 *     have up to 100 such lines, parted by \n.
 *
 * SPEED
 *
 * A plug-in is compiled for the oldest processor it may meet, on x86-64 one that handles 4 floats
 * at a time. PLX_CLONES before a function has the compiler make several of it: one for vectors of
 * 16 floats (AVX-512), one for 8 (AVX2) and that for 4. Which of them runs is settled when the
 * plug-in is loaded. It is for [range] functions, as in the example, and whatever else loops over
 * elements.
 *
 *  - The bits are the same on every processor as long as each element is computed by itself, by
 *    + - * / and sqrt, which have one right result each, and with -ffp-contract=off: a fused
 *    multiply-add, which only the newer ones have, rounds once instead of twice.
 *  - What such a function calls is not cloned along. A helper in its loop is declared PLX_INLINE in
 *    place of `static inline`, and becomes part of each clone. A function of <math.h> but sqrt and
 *    fabs stays a call for each element, and such a loop gains nothing.
 *  - The compiler must be asked for vectors: -O3, or -O2 -ftree-vectorize; and, which changes no
 *    value, -fno-math-errno -fno-trapping-math, without which a loop with sqrt or ?: may stay
 *    scalar. Pointers that do not overlap are best declared restrict. Where two may be the same
 *    ("in place"), PLX_INDEPENDENT before the loop says that its rounds can be done at once; some
 *    compilers fall back to one element at a time without.
 *  - With a compiler or on a machine that has no such choice PLX_CLONES is empty, and so it is if
 *    it was defined so before this file is included.
 *
 * HOW THIS ABI GROWS
 *
 * Structs begin with their size (an entry with its magic number); members are only appended; zero
 * means what it meant before the member existed. The core copies min(size, its own size) of a
 * descriptor into a zeroed struct, and accepts a larger one only if the part it does not know is
 * all zero. PLX_MINOR, 0 unless a plug-in defines it before including this file, hides members of
 * later minors, so that a plug-in built today with a newer header loads in an older core unless it
 * asked for more. Before a plug-in reads a host struct's member of a minor above 0 it compares the
 * struct's `size`.
 * The major version is in the name of the exported symbol.
 */
#ifndef PLEXUS_PLUGIN_H
#define PLEXUS_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define PLX_ABI_MAJOR 1
#ifndef PLX_MINOR
#define PLX_MINOR 0
#endif
#define PLX_ENTRY_SYMBOL "plx_plugin_v1"
#define PLX_MAGIC        0x31584c50u /* "PLX1" in memory on a little-endian machine */

#if defined(__GNUC__)
#define PLX_PRINTF(at, first) __attribute__((format(printf, at, first)))
#define PLX_EXPORT            __attribute__((visibility("default")))
#define PLX_INLINE            static inline __attribute__((always_inline))
#else
#define PLX_PRINTF(at, first)
#define PLX_EXPORT
#define PLX_INLINE static inline
#endif

/* See SPEED above. Clones need a linker and a C library that can choose between them. */
#if !defined(PLX_CLONES) && defined(__x86_64__) && defined(__ELF__) && defined(__GLIBC__) &&       \
    defined(__has_attribute)
#if __has_attribute(target_clones)
#define PLX_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef PLX_CLONES
#define PLX_CLONES
#endif
#if defined(__clang__)
#define PLX_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define PLX_INDEPENDENT _Pragma("GCC ivdep")
#else
#define PLX_INDEPENDENT
#endif

/* ---- status codes: what every int32_t function returns ------------------------------------ */

#define PLX_OK     0    /* all went well                                                          */
#define PLX_DONE   1    /* a step only: converged, no further one is wanted; training ends        */
#define PLX_FAILED (-1) /* failed; host->error was called with the reason                        */

/* ---- host services -------------------------------------------------------------------------- */

typedef struct plx_host plx_host;
typedef struct plx_step plx_step;

#define PLX_LOG_INFO    0
#define PLX_LOG_WARNING 1

#define PLX_TRANSPOSE_A 1u
#define PLX_TRANSPOSE_B 2u

struct plx_host {
    uint32_t size;
    uint32_t minor; /* the core's own newest minor */
    void *core;     /* the core's; not for plug-ins */

    /* Records why the caller failed and returns PLX_FAILED, so `return host->error(host, ...)`.
     * A function that has called it has failed, whatever it returns. The first error of a step
     * wins. [setup] [step] [range] */
    int32_t (*error)(const plx_host *host, const char *format, ...) PLX_PRINTF(2, 3);

    /* A line for the user, level PLX_LOG_INFO or PLX_LOG_WARNING. [setup] [step] */
    void (*log)(const plx_host *host, uint32_t level, const char *format, ...) PLX_PRINTF(3, 4);

    /* n random numbers in out: uniform on [0, 1), or normal with mean 0 and deviation 1. Number i
     * depends only on the run's seed, the step, the tensor, `stream` (a number of the plug-in's
     * choice, to have several independent sequences) and step->offset + i: splitting a range
     * changes nothing, and a resumed run draws the same. begin_step and step_model are at tensor 0,
     * so there a sequence for each parameter is a stream for each, and begin_step draws the same
     * for each group. [step] [range] */
    void (*uniform)(const plx_host *host, const plx_step *step, uint32_t stream, uint64_t n,
                    float *out);
    void (*normal)(const plx_host *host, const plx_step *step, uint32_t stream, uint64_t n,
                   float *out);

    /* Sum of x[i] y[i], and the root of the sum of x[i]^2, in double, in an order that depends on
     * n alone. Of rows or whole tensors, that is: what a step_range sums over its range depends on
     * where the range was cut, which rule 2 forbids. [step] [range] */
    double (*dot)(const plx_host *host, uint64_t n, const float *x, const float *y);
    double (*norm)(const plx_host *host, uint64_t n, const float *x);

    /* c (m x n) = alpha op(a) op(b) + beta c, row-major, op(a) is m x k, op(b) is k x n; lda, ldb,
     * ldc are the row strides of a, b, c as stored; flags: PLX_TRANSPOSE_A, PLX_TRANSPOSE_B. With
     * beta 0, c need not be initialised. The bits depend on the shape alone. [step] */
    int32_t (*product)(const plx_host *host, uint32_t flags, uint64_t m, uint64_t n, uint64_t k,
                       float alpha, const float *a, uint64_t lda, const float *b, uint64_t ldb,
                       float beta, float *c, uint64_t ldc);

    /* Closures, for an optimizer with PLX_NEEDS_CLOSURE, inside step_model only: runs the network
     * forward and backward on the same batch with the same random numbers (dropout included) at
     * the weights as they are now. On PLX_OK *loss is the batch's loss and the gradients that the
     * parameters point to are new. At the weights that the step began with it is step->loss again.
     * A non-finite loss or gradient is returned as it is: a line search may try what it likes.
     * Weights must be finite when step_model returns. On any other status the step is over: it
     * returns that status. [step] */
    int32_t (*evaluate)(const plx_host *host, double *loss);
};

/* ---- settings (hyper-parameters) ------------------------------------------------------------- */

/* A plug-in declares its settings as a plain struct and a table with a row for each member. The
 * core allocates the struct (zeroed, 16-byte aligned), fills it from the config file or the
 * defaults, checks types and ranges, and passes it as `self` to every function; `self` is NULL for
 * a plug-in without settings. The plug-in reads it and never writes it. Members without a row stay
 * zero. Two instances of a component (two layers, two parameter groups) have a struct each. */

#define PLX_TYPE_REAL    1u /* double                                                            */
#define PLX_TYPE_INTEGER 2u /* int64_t; default, min and max must be exact in a double           */
#define PLX_TYPE_FLAG    3u /* int32_t, 0 or 1                                                   */
#define PLX_TYPE_CHOICE  4u /* int32_t, an index into `choices`                                  */

#define PLX_OPEN_MIN  1u /* the value must be above min, not equal to it                         */
#define PLX_OPEN_MAX  2u /* the value must be below max                                          */
#define PLX_LOG_SCALE 4u /* a search should try this setting on a logarithmic scale              */

typedef struct plx_setting {
    uint32_t size;
    uint32_t type;       /* PLX_TYPE_...                                                         */
    uint32_t offset;     /* of the member in the settings struct                                 */
    uint32_t owner_size; /* sizeof the settings struct; the same in every row                    */
    uint32_t flags;      /* PLX_OPEN_MIN | PLX_OPEN_MAX | PLX_LOG_SCALE                          */
    uint32_t choice_count;
    const char *name; /* [a-z][a-z0-9_]{0,31}                                                    */
    const char *help; /* one line, no full stop                                                  */
    double initial;   /* the default                                                             */
    double min, max;  /* may be infinite for a real; a default may be infinite, never NaN        */
    const char *const *choices;
} plx_setting;

/* One row for one member. What follows the help text may be further members of the row:
 *     PLX_REAL(adam, eps, 1e-8, 0, 1, "added to the root", .flags = PLX_OPEN_MIN) */
#define PLX_ROW(owner, member, kind, value, lo, hi, ...)                                           \
    {                                                                                              \
        .size = sizeof(plx_setting), .type = (kind), .offset = offsetof(owner, member),            \
        .owner_size = sizeof(owner), .name = #member, .initial = (value), .min = (lo),             \
        .max = (hi), .help = __VA_ARGS__                                                           \
    }
#define PLX_REAL(owner, member, value, lo, hi, ...)                                                \
    PLX_ROW(owner, member, PLX_TYPE_REAL, value, lo, hi, __VA_ARGS__)
#define PLX_INTEGER(owner, member, value, lo, hi, ...)                                             \
    PLX_ROW(owner, member, PLX_TYPE_INTEGER, value, lo, hi, __VA_ARGS__)
#define PLX_FLAG(owner, member, value, ...)                                                        \
    PLX_ROW(owner, member, PLX_TYPE_FLAG, value, 0, 1, __VA_ARGS__)
/* names: an array of strings, static const char *const names[] = {...} */
#define PLX_CHOICE(owner, member, value, names, ...)                                               \
    {                                                                                              \
        .size = sizeof(plx_setting), .type = PLX_TYPE_CHOICE, .offset = offsetof(owner, member),   \
        .owner_size = sizeof(owner), .name = #member, .initial = (value), .min = 0,                \
        .max = sizeof(names) / sizeof((names)[0]) - 1, .choices = (names),                         \
        .choice_count = sizeof(names) / sizeof((names)[0]), .help = __VA_ARGS__                    \
    }
/* For a descriptor: .settings = PLX_TABLE(rows) fills three members. */
#define PLX_TABLE(rows)                                                                            \
    (rows), .settings_count = sizeof(rows) / sizeof((rows)[0]), .settings_stride = sizeof((rows)[0])

/* ---- what all descriptors begin with -------------------------------------------------------- */

/* The three descriptors share these first members, so that lists and help need not know the kind.
 *   name      [a-z][a-z0-9_]{0,31}, and the file's name without .so; set by the macro
 *   version   of the plug-in, such as "1.0"; NULL reads as "1"
 *   summary   one line, no full stop; required
 *   source    where the formula is from: author, year, title
 *   formula   the formula as text, one or several lines
 *   derivative the derivative (activation), gradient (loss); NULL for an optimizer
 *   settings  the table, by PLX_TABLE, or NULL
 *   validate  optional, rules across settings: `return host->error(host, "...")` refuses.
 *             [setup] self may be any settings whose rows each hold */
typedef struct plx_component {
    uint32_t size;
    uint32_t flags;
    const char *name;
    const char *version;
    const char *summary;
    const char *source;
    const char *formula;
    const char *derivative;
    const plx_setting *settings;
    uint32_t settings_count;
    uint32_t settings_stride;
    int32_t (*validate)(const void *self, const plx_host *host);
} plx_component;

/* ---- domains and families ------------------------------------------------------------------- */

/* Where an activation's outputs lie. NULL for `domain` means all real numbers. */
typedef struct plx_domain {
    uint32_t size;
    uint32_t flags; /* PLX_OPEN_MIN | PLX_OPEN_MAX | PLX_ROWS_SUM_TO_ONE                         */
    double lo, hi;  /* may be infinite                                                           */
} plx_domain;

#define PLX_ROWS_SUM_TO_ONE 16u

/* The output's family, as in statistics, which the core derives from the last layer's domain:
 *   PLX_SIMPLEX   rows sum to one: a categorical distribution over the columns
 *   PLX_UNIT      each value within [0, 1]: a Bernoulli probability per column
 *   PLX_POSITIVE  each value at or above 0, not bounded by 1
 *   PLX_REALS     anything else */
#define PLX_REALS    1u
#define PLX_POSITIVE 2u
#define PLX_UNIT     3u
#define PLX_SIMPLEX  4u

/* Kinds of target a loss can take, as a set of bits. A data set's targets can be several at once:
 * one-hot rows are all but TARGET_POSITIVE. */
#define PLX_TARGET_REALS    1u  /* any finite number                                              */
#define PLX_TARGET_POSITIVE 2u  /* every element above 0                                          */
#define PLX_TARGET_UNIT     4u  /* every element within [0, 1]                                    */
#define PLX_TARGET_SIMPLEX  8u  /* within [0, 1], rows sum to one (1e-4)                          */
#define PLX_TARGET_LABELS   16u /* class indices: plx_rows.label is given                         */

/* ---- activation ----------------------------------------------------------------------------- */

/* backward needs the pre-activations x, or the outputs y; what is not asked for is passed as NULL.
 * Without PLX_NEEDS_INPUT the core may run forward in place (y == x). backward may always be run
 * in place (dx == dy). */
#define PLX_NEEDS_INPUT  1u
#define PLX_NEEDS_OUTPUT 2u

/* An activation gives exactly one of two pairs of functions: forward and backward, if every output
 * element depends on its own input element alone; or forward_rows and backward_rows, if a row's
 * outputs depend on the whole row (softmax). */
typedef struct plx_activation {
    uint32_t size;
    uint32_t flags; /* PLX_NEEDS_INPUT | PLX_NEEDS_OUTPUT                                        */
    const char *name;
    const char *version;
    const char *summary;
    const char *source;
    const char *formula;
    const char *derivative;
    const plx_setting *settings;
    uint32_t settings_count;
    uint32_t settings_stride;
    int32_t (*validate)(const void *self, const plx_host *host);

    /* A semantic id such as "softmax/1": this activation, at its default settings, is that standard
     * function. A loss names its fused partners by it, so a faster softmax is a partner too. */
    const char *semantic;
    const char *onnx; /* ONNX operator(s), such as "Tanh"; NULL if there is none             */
    const char *expression; /* a C expression of x, such as "x > 0 ? x : 0"; NULL if rowwise     */

    /* Fills lo, hi and flags. [setup] */
    int32_t (*domain)(const void *self, plx_domain *domain);
    /* The factor by which initial weights are scaled: a layer with this activation starts at
     * N(0, (gain^2 / fan_in)). NULL means 1. [setup] */
    double (*gain)(const void *self);

    /* y[i] = f(x[i]). [range] */
    int32_t (*forward)(const void *self, uint64_t n, const float *x, float *y);
    /* dx[i] = dy[i] f'(x[i]). [range] */
    int32_t (*backward)(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx);

    /* For each of `rows` rows of `cols` elements; row r begins at r * stride. Here x and y have
     * stride x_stride and y_stride, dy and dx have dy_stride and dx_stride. Any block of rows may
     * be passed. dx = J' dy, J the Jacobian of the row. [range] */
    int32_t (*forward_rows)(const void *self, uint64_t rows, uint64_t cols, const float *x,
                            uint64_t x_stride, float *y, uint64_t y_stride);
    int32_t (*backward_rows)(const void *self, uint64_t rows, uint64_t cols, const float *x,
                             uint64_t x_stride, const float *y, uint64_t y_stride, const float *dy,
                             uint64_t dy_stride, float *dx, uint64_t dx_stride);
} plx_activation;

/* ---- loss ----------------------------------------------------------------------------------- */

/* A block of rows of a batch. All matrices are rows x cols, contiguous.
 *
 * The loss of a batch is  scale * sum over r of row_weight[r] * loss[r],  with scale the reciprocal
 * of the sum of the weights; the core does that sum in a fixed order, so weighted classes, partial
 * batches and threads need nothing of the plug-in. A loss function
 *   writes loss[r], the loss of row r, unweighted (where PyTorch takes the mean over all elements,
 *     this is the mean over the row's columns);
 *   writes, unless gradient is NULL, gradient[r, c] = scale * row_weight[r] * d loss[r] / d p[r, c]
 *     with p the predictions, or for a fused function the pre-activations. */
typedef struct plx_rows {
    uint32_t size;
    uint32_t family; /* of the predictions: PLX_REALS ... PLX_SIMPLEX                            */
    uint64_t rows, cols;
    const float *prediction; /* outputs; for a fused function the last layer's pre-activations   */
    const float *target;     /* never NULL; of classes their encoding, perhaps smoothed          */
    const int32_t *label;    /* class index of each row, or NULL if the targets are not classes;
                                with a single column there are two classes, 0 and 1             */
    const float *row_weight; /* NULL: all 1                                                      */
    double scale;
    double *loss;
    float *gradient;
    const plx_host *host; /* for error; never NULL                                               */
} plx_rows;

/* A probability below this is taken as this wherever a loss without a fused partner divides by it
 * or takes its logarithm; for a Bernoulli probability the same holds of 1 - p. NaN stays NaN. */
#define PLX_PROBABILITY_FLOOR 1e-12f

typedef struct plx_fused {
    uint32_t size;
    uint32_t flags;       /* 0                                                                   */
    const char *semantic; /* of the activation this is fused with, such as "softmax/1"           */
    /* As plx_loss.rows, on pre-activations. [range] */
    int32_t (*rows)(const void *self, const plx_rows *rows);
} plx_fused;

#define PLX_FUSED(id, function)                                                                    \
    {                                                                                              \
        .size = sizeof(plx_fused), .semantic = (id), .rows = (function)                            \
    }
/* For a descriptor: .fused = PLX_PARTNERS(rows) fills three members. */
#define PLX_PARTNERS(table)                                                                        \
    (table), .fused_count = sizeof(table) / sizeof((table)[0]), .fused_stride = sizeof((table)[0])

typedef struct plx_loss {
    uint32_t size;
    uint32_t flags; /* 0                                                                         */
    const char *name;
    const char *version;
    const char *summary;
    const char *source;
    const char *formula;
    const char *derivative;
    const plx_setting *settings;
    uint32_t settings_count;
    uint32_t settings_stride;
    int32_t (*validate)(const void *self, const plx_host *host);

    /* Which kinds of target (a set of PLX_TARGET_...) this loss takes for predictions of that
     * family; 0: it does not take such predictions at all. A data set fits if it has one of the
     * kinds. A pair that does not fit is refused when the config is read. [setup] */
    uint32_t (*targets)(const void *self, uint32_t family);
    /* [range] any block of rows */
    int32_t (*rows)(const void *self, const plx_rows *rows);
    /* Fused partners. If the last layer's activation has the semantic id and its default settings,
     * the core calls this instead, and no probability is divided by zero. */
    const plx_fused *fused;
    uint32_t fused_count;
    uint32_t fused_stride;
} plx_loss;

/* ---- optimizer ------------------------------------------------------------------------------ */

#define PLX_WEIGHT 1u /* a layer's matrix: rows = fan_out, cols = fan_in                          */
#define PLX_BIAS   2u /* a layer's bias: rows = 1, cols = fan_out                                 */
#define PLX_MODEL  3u /* a group's parameters together, or all: rows = 1, cols = their number     */

/* One parameter tensor, or the model, when slots are planned. With step_range and step_tensor each
 * parameter group is a model of its own, named "model", "model.1", "model.2", ... */
typedef struct plx_tensor {
    uint32_t size;
    uint32_t role;  /* PLX_WEIGHT, PLX_BIAS or PLX_MODEL                                   */
    uint32_t id;    /* from 0, in the order the tensors are stepped; 0 for the model       */
    uint32_t layer; /* from 0; 0 for the model                                             */
    uint32_t tensor_count;
    uint32_t layer_count;
    uint64_t rows, cols;
    const char *name; /* "layers.0.weight"; "model", of a later group "model.1"              */
} plx_tensor;

#define PLX_F32 1u
#define PLX_F64 2u
#define PLX_I64 3u

/* How plan_slots says what it needs. Each call returns a status to be returned if not PLX_OK; a
 * plan with a refused slot is refused whatever it returns. Slots are numbered in the order they
 * are emitted. Names are [a-z][a-z0-9_]{0,31}, unique in a tensor: the checkpoint stores slots by
 * name, so a third-party optimizer resumes without doing a thing. A plan depends on the settings
 * and the tensor alone: it is made again to resume, and with made-up tensors to describe the
 * plug-in. */
typedef struct plx_emit plx_emit;
struct plx_emit {
    uint32_t size;
    uint32_t reserved;
    void *core;
    const plx_host *host;
    /* A float32 slot of the tensor's own shape (a model's is 1 x cols), zero at first. [setup] */
    int32_t (*like_parameter)(const plx_emit *emit, const char *name);
    /* A slot of rows x cols elements of type PLX_F32, PLX_F64 or PLX_I64, every element `initial`
     * at first, which may be infinite for the first two, and is whole for the last. [setup] */
    int32_t (*slot)(const plx_emit *emit, const char *name, uint32_t type, uint64_t rows,
                    uint64_t cols, double initial);
    /* A float32 slot of the tensor's shape that starts as a copy of its weights. Not for the model.
     * [setup] */
    int32_t (*copy_of_weights)(const plx_emit *emit, const char *name);
    /* Working memory that keeps nothing between calls: `bytes` of it, 64-byte aligned, as
     * plx_step.scratch in begin_step, step_tensor and step_model (the largest request counts, for
     * step_range there is none). [setup] */
    int32_t (*scratch)(const plx_emit *emit, uint64_t bytes);
};

/* Everything a step may want to know. */
struct plx_step {
    uint32_t size;
    uint32_t tensor; /* its id                                                                   */
    uint32_t role;   /* PLX_WEIGHT or PLX_BIAS; PLX_MODEL in begin_step and step_model           */
    uint32_t layer;
    uint32_t tensor_count;
    uint32_t layer_count; /* layer + 1 == layer_count: the output layer                          */
    int64_t step; /* from 1                                                                   */
    double lr;    /* of this tensor (or group) in this step; the schedule has been applied    */
    double loss;  /* of this batch, before the step                                           */
    uint64_t rows, cols;     /* in begin_step 1 and the number of the group's parameters        */
    uint64_t offset;         /* of the range in its tensor, in elements                         */
    const void *constants;   /* what begin_step wrote, or NULL                                  */
    void *const *model_slot; /* the slots of plan_model_slots; in step_range read-only          */
    void *scratch;           /* 64-byte aligned, or NULL                                        */
    const plx_host *host;
};

/* A parameter tensor as step_model sees it. */
typedef struct plx_parameter {
    uint32_t size;
    uint32_t role, id, layer;
    uint64_t rows, cols;
    const char *name;
    const void *self; /* the settings of its parameter group                                   */
    double lr;        /* of its group; 0: it is to stay as it is                               */
    float *w;
    const float *g;    /* renewed by host->evaluate                                             */
    void *const *slot; /* the slots of plan_slots for this tensor                               */
} plx_parameter;

#define PLX_NEEDS_CLOSURE 1u /* step_model will call host->evaluate. Excludes gradient clipping. */

/* Exactly one of step_range, step_tensor, step_model is given:
 *   step_range   elementwise updates (sgd, adam). The core may split a tensor over threads and run
 *                it inside the backward pass. Its tensor slots must have the parameter's shape. When
 *                it is called, x86 and 64-bit ARM take numbers below FLT_MIN as 0, which averages
 *                that fade away would else spend much time on.
 *   step_tensor  one matrix or bias at a time (LAMB, Muon, Shampoo, Adafactor).
 *   step_model   all tensors at once (L-BFGS, Prodigy, SAM). */
typedef struct plx_optimizer {
    uint32_t size;
    uint32_t flags; /* PLX_NEEDS_CLOSURE                                                         */
    const char *name;
    const char *version;
    const char *summary;
    const char *source;
    const char *formula;
    const char *derivative;
    const plx_setting *settings;
    uint32_t settings_count;
    uint32_t settings_stride;
    int32_t (*validate)(const void *self, const plx_host *host);

    /* The learning rate when the config names none; 0 means 1e-3. The rate itself, its schedule and
     * its parameter groups are the core's: a step receives step->lr. */
    double lr;
    /* Raised when the meaning of the slots changes: a checkpoint of another state_version is
     * refused instead of misread. */
    uint32_t state_version;
    /* sizeof a struct that begin_step fills and every step of this group receives as
     * step->constants; not stored in checkpoints. */
    uint32_t constants_size;

    /* What one tensor, and the model as a whole, remember between steps. Both optional. Tensors
     * that share settings and rate are a parameter group, by default all of them. With step_range
     * and step_tensor each group has model slots of its own, planned with its settings; step_model
     * has one set, planned with `self`. [setup] */
    int32_t (*plan_slots)(const void *self, const plx_tensor *tensor, const plx_emit *emit);
    int32_t (*plan_model_slots)(const void *self, const plx_tensor *model, const plx_emit *emit);

    /* Optional; once per step and parameter group, for all groups before any tensor is stepped:
     * bias corrections and the like. May write the group's model slots. With step_model once per
     * step, for the first group and the one set of model slots. PLX_DONE from any group: not even
     * this step is wanted. [step] */
    int32_t (*begin_step)(const void *self, const plx_step *step, void *constants);

    /* w, g and slot[k] hold the n elements of a range. [range] */
    int32_t (*step_range)(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot);
    /* w, g: step->rows x step->cols. [step] */
    int32_t (*step_tensor)(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot);
    /* count tensors of all groups in order of their id; `self` and step->lr are those of the first
     * group, each parameter has its own. step->loss is the loss before any of them moves. [step] */
    int32_t (*step_model)(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *parameter);
} plx_optimizer;

/* ---- entry ---------------------------------------------------------------------------------- */

#define PLX_KIND_ACTIVATION 1u
#define PLX_KIND_LOSS       2u
#define PLX_KIND_OPTIMIZER  3u

/* The exported constant. The core reads it before it calls anything of the plug-in, and requires
 * that kind and name equal what was asked for. */
typedef struct plx_entry {
    uint32_t magic;
    uint32_t size;
    uint32_t kind;
    uint32_t minor; /* the PLX_MINOR the plug-in was built for; more than the core's is refused  */
    const void *descriptor;
} plx_entry;

#define PLX_DEFINE(type, number, plugin, ...)                                                      \
    static const type plx_descriptor = {.size = sizeof(type), .name = #plugin, __VA_ARGS__};       \
    PLX_EXPORT extern const plx_entry plx_plugin_v1;                                               \
    const plx_entry plx_plugin_v1 = {PLX_MAGIC, sizeof(plx_entry), (number), PLX_MINOR,            \
                                     &plx_descriptor};

#define PLX_ACTIVATION(plugin, ...)                                                                \
    PLX_DEFINE(plx_activation, PLX_KIND_ACTIVATION, plugin, __VA_ARGS__)
#define PLX_LOSS(plugin, ...) PLX_DEFINE(plx_loss, PLX_KIND_LOSS, plugin, __VA_ARGS__)
#define PLX_OPTIMIZER(plugin, ...)                                                                 \
    PLX_DEFINE(plx_optimizer, PLX_KIND_OPTIMIZER, plugin, __VA_ARGS__)

/* ---- the layout, pinned --------------------------------------------------------------------- */

#if UINTPTR_MAX == UINT64_MAX && !defined(__cplusplus)
#define PLX_PIN(type, member, at)                                                                  \
    _Static_assert(offsetof(type, member) == (at), #type "." #member " moved")
PLX_PIN(plx_entry, descriptor, 16);
PLX_PIN(plx_host, evaluate, 72);
PLX_PIN(plx_setting, name, 24);
PLX_PIN(plx_setting, choices, 64);
PLX_PIN(plx_component, settings, 56);
PLX_PIN(plx_component, validate, 72);
PLX_PIN(plx_domain, hi, 16);
PLX_PIN(plx_activation, validate, 72);
PLX_PIN(plx_activation, semantic, 80);
PLX_PIN(plx_activation, backward_rows, 144);
PLX_PIN(plx_rows, host, 80);
PLX_PIN(plx_fused, rows, 16);
PLX_PIN(plx_loss, validate, 72);
PLX_PIN(plx_loss, fused_stride, 108);
PLX_PIN(plx_tensor, name, 40);
PLX_PIN(plx_emit, scratch, 48);
PLX_PIN(plx_step, host, 96);
PLX_PIN(plx_parameter, slot, 72);
PLX_PIN(plx_optimizer, validate, 72);
PLX_PIN(plx_optimizer, lr, 80);
PLX_PIN(plx_optimizer, step_model, 136);
#undef PLX_PIN
#endif

#endif
