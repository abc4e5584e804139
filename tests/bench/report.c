/* report.c: see report.h. */
#include "report.h"

#include <math.h>
#include <stdio.h>

/* --- for people --- */

void report_head(bool peers)
{
    printf("%-8s %-18s %6s %10s %10s %10s %10s %10s %6s", "", "network", "batch", "samples/s",
           "least", "most", "us/batch", "plain", "ratio");
    for (int r = RIVAL_TORCH; peers && r < RIVALS; r++)
        printf(" %10s %6s", rival_name((rival)r), "ratio");
    printf(" %9s %8s %7s %9s %8s\n", "roofline", "GFLOP/s", "GB/s", "start ms", "peak MB");
}

/* In a column of that width; "-" for what was not measured. */
static void print_number(int width, int digits, const char *unit, double value)
{
    char shown[32] = "-";

    if (!isnan(value))
        snprintf(shown, sizeof(shown), "%.*f%s", digits, value, unit);
    printf(" %*s", width, shown);
}

static void print_rival(const finding *found, rival which)
{
    print_number(10, 0, "", found->rival[which].median);
    print_number(6, 2, "", found->ratio[which]);
}

void report_row(const workload *workload, const finding *found, bool peers)
{
    char network[64];
    int length = snprintf(network, sizeof(network), "%zu", workload->inputs);

    for (size_t l = 0; l < workload->layers; l++)
        length += snprintf(network + length, sizeof(network) - (size_t)length, "-%zu",
                           workload->units[l]);
    printf("%-8s %-18s %6zu", workload->name, network, workload->batch);
    print_number(10, 0, "", found->engine.median);
    print_number(10, 0, "", found->engine.min);
    print_number(10, 0, "", found->engine.max);
    print_number(10, 1, "", 1e6 * (double)workload->batch / found->engine.median);
    print_rival(found, RIVAL_PLAIN);
    for (int r = RIVAL_TORCH; peers && r < RIVALS; r++)
        print_rival(found, (rival)r);
    print_number(9, 1, " %", 100 * found->share);
    print_number(8, 1, "", found->operations / 1e9);
    print_number(7, 1, "", found->bytes / 1e9);
    print_number(9, 1, "", 1e3 * found->start_up.median);
    print_number(8, 1, "", found->peak_memory / 1e6);
    printf("\n");
    fflush(stdout);
}

/* --- for machines --- */

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

json_t *report_json_spread(const spread *spread)
{
    if (isnan(spread->median))
        return json_null();
    return json_pack("{s:f, s:f, s:f}", "median", spread->median, "min", spread->min, "max",
                     spread->max);
}

static json_t *json_of_rivals(const finding *found)
{
    json_t *rivals = json_object();

    for (int r = 0; r < RIVALS; r++)
        json_object_set_new(rivals, rival_name((rival)r),
                            json_pack("{s:o, s:o}", "samples_per_second",
                                      report_json_spread(&found->rival[r]), "ratio",
                                      number_or_null(found->ratio[r])));
    return rivals;
}

json_t *report_json(const workload *workload, const finding *found)
{
    return json_pack(
        "{s:s, s:I, s:I, s:o, s:f, s:o, s:o, s:o, s:f, s:f, s:o, s:o}", "workload", workload->name,
        "batch", (json_int_t)workload->batch, "parameters",
        (json_int_t)workload_parameters(workload), "samples_per_second",
        report_json_spread(&found->engine), "seconds_per_batch",
        (double)workload->batch / found->engine.median, "rivals", json_of_rivals(found),
        "ratio_to_faster_peer", number_or_null(finding_peer_ratio(found)), "roofline_share",
        number_or_null(found->share), "gflops", found->operations / 1e9, "gbytes_per_second",
        found->bytes / 1e9, "start_up_seconds", report_json_spread(&found->start_up),
        "peak_memory_bytes", number_or_null(found->peak_memory));
}
