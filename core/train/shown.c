/* shown.c: see shown.h. */
#include "train/shown.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"

json_t *json_shown(const char *string)
{
    const size_t length = strlen(string);
    json_t *value = json_string(string);

    if (value != NULL)
        return value;
    char *shown = memory_array(length + 1, 4);
    if (shown != NULL)
        value = json_string(text_shown(shown, string, length, length));
    free(shown);
    return value;
}
