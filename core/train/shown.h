/* shown.h: a string of any bytes, a path or a label, as a string of JSON, which must be UTF-8. */
#ifndef TRAIN_SHOWN_H
#define TRAIN_SHOWN_H

#include <jansson.h>

#include "support/text.h"

/* A new reference: the string itself if it is UTF-8, else with its odd bytes shown as \xNN. NULL
 * when out of memory. */
json_t *json_shown(const char *string);

/* The same as JSON text, quotes included; out->failed without memory. */
void json_add_shown(text *out, const char *string);

#endif
