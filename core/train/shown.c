/* shown.c: see shown.h. */
#include "train/shown.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

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

void json_add_shown(text *out, const char *string)
{
    json_t *value = json_shown(string);
    char *quoted = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY);

    if (quoted == NULL)
        out->failed = true;
    else
        text_add(out, quoted);
    free(quoted);
    json_decref(value);
}
