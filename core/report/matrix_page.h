/* matrix_page.h: the report of a comparison matrix as one page: the verdict first, then how it was
 * come by, every cell, and what is needed to check it. It draws what the analysis says and works
 * nothing out that the analysis does not hold. */
#ifndef REPORT_MATRIX_PAGE_H
#define REPORT_MATRIX_PAGE_H

#include <stdbool.h>

#include "matrix/analysis.h"
#include "support/text.h"

/* `folder` holds the results: it stands in the commands that do a failed run again. False only when
 * out of memory. */
bool matrix_page(const analysis *analysis, const char *folder, text *out);

#endif
