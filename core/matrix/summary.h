/* summary.h: an analysis in short, for a terminal, for the summary page of a CI system, for
 * programs, and as JUnit XML. Each appends to a text and returns false when out of memory. Labels,
 * reasons and whatever else came from outside is made harmless for where it goes. */
#ifndef MATRIX_SUMMARY_H
#define MATRIX_SUMMARY_H

#include <stdbool.h>

#include "matrix/analysis.h"
#include "support/text.h"

/* Plain text, sentences wrapped at `width` columns (at least 40): the verdict and the warnings, a
 * table of the treatments, the gates. */
bool summary_text(const analysis *analysis, int width, text *out);

/* Markdown as GitHub and GitLab read it: the same, and the failed runs. */
bool summary_markdown(const analysis *analysis, text *out);

/* One JSON object on one line. A number that is not finite is null; a score is a number, "failed",
 * or null where the run is not there yet. */
bool summary_json(const analysis *analysis, text *out);

/* JUnit XML: a test case for each cell (classname matrix.NAME.cells) and gate (matrix.NAME.gates).
 * A cell fails if one of its runs did, is an error while runs are missing, is skipped with its
 * reason. */
bool summary_junit(const analysis *analysis, text *out);

#endif
