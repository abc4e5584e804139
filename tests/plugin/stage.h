/* stage.h: folders of plug-ins for a test: fixtures copied under the kind and name they are to
 * have. */
#ifndef TESTS_PLUGIN_STAGE_H
#define TESTS_PLUGIN_STAGE_H

#include "plugin/catalog.h"

/* Path of a fixture in the build folder; the caller's to free. */
char *stage_fixture(const char *fixture);
/* Copies a fixture to folder/place, such as "optimizer/subject.so", making folders; its path, the
 * caller's to free. */
char *stage_copy(const char *folder, const char *fixture, const char *place);
/* A catalog whose only folder is `folder`: as --plugin-dir, or as the built-in one. */
catalog *stage_catalog(const char *folder);
catalog *stage_builtin(const char *folder);
/* A plug-in of that catalog; fails the test if it is refused. */
const plugin *stage_find(catalog *catalog, uint32_t kind, const char *name);
/* Fails the test unless the error has the code and the text, in which @ stands for the folder. */
void stage_expect(const plx_error *error, error_class code, const char *folder, const char *text);

#endif
