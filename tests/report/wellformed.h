/* wellformed.h: looks a page over as a strict parser would: tags close in order, attributes are
 * quoted, references are known ones, ids are unique and what refers to an id finds it, nothing is
 * fetched and nothing is run. */
#ifndef TESTS_REPORT_WELLFORMED_H
#define TESTS_REPORT_WELLFORMED_H

#include <stddef.h>

/* Fails the test that calls it if the page is not well-formed. */
void wellformed_check(const char *page);
/* How often `piece` occurs. */
size_t wellformed_count(const char *page, const char *piece);

#endif
