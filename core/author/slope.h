/* slope.h: whether a claimed number is the slope of a function that is only known by its float32
 * values. */
#ifndef AUTHOR_SLOPE_H
#define AUTHOR_SLOPE_H

#include <stdbool.h>

enum {
    SLOPE_STEPS = 7, /* h, h/2, ... to either side                            */
    SLOPE_NEAR = 8,  /* points close together, for the noise, at three places */
    SLOPE_SAMPLES = 1 + 2 * SLOPE_STEPS + 3 * SLOPE_NEAR,
};

/* The points to sample around x, in float32. */
void slope_points(float x, float points[SLOPE_SAMPLES]);

typedef struct slope_verdict {
    bool known; /* false: a sample is not finite, so there is nothing to compare             */
    bool agrees;
    bool kink;    /* the slopes from left and right differ                                     */
    double slope; /* the best estimate                                                         */
    double error; /* how far it may be off                                                     */
} slope_verdict;

/* Judges `claimed` by the values at slope_points. `scale` is the size of the numbers that a value
 * was made of, 0 for the values themselves: their rounding is part of the error. */
slope_verdict slope_judge(const float points[SLOPE_SAMPLES], const double values[SLOPE_SAMPLES],
                          double scale, double claimed);

#endif
