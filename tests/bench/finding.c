/* finding.c: see finding.h. */
#include "finding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *rival_name(rival which)
{
    static const char *const names[RIVALS] = {"plain", "torch", "sklearn"};

    return names[which];
}

void finding_clear(finding *finding)
{
    const double none = (double)NAN;
    const spread nothing = {none, none, none};

    memset(finding, 0, sizeof(*finding));
    finding->engine = finding->start_up = nothing;
    for (int r = 0; r < RIVALS; r++) {
        finding->rival[r] = nothing;
        finding->ratio[r] = none;
    }
    finding->share = finding->operations = finding->bytes = finding->peak_memory = none;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

spread spread_of(double *value, size_t n)
{
    qsort(value, n, sizeof(*value), compare);
    return (spread){.median = n % 2 == 1 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2,
                    .min = value[0],
                    .max = value[n - 1]};
}

double finding_peer_ratio(const finding *finding)
{
    const double torch = finding->ratio[RIVAL_TORCH], sklearn = finding->ratio[RIVAL_SKLEARN];

    return isnan(torch) || isnan(sklearn) ? (double)NAN : fmin(torch, sklearn);
}
