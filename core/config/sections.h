/* sections.h: the readers of the sections of an experiment file, one file each, and what printing
 * needs of them: the words of every choice and which keys mean something where. */
#ifndef CONFIG_SECTIONS_H
#define CONFIG_SECTIONS_H

#include "config/experiment.h"
#include "config/fields.h"

/* ---- data_section.c -------------------------------------------------------------------------- */

bool data_section_read(const reader *r, const node *section, data_config *data);
void data_section_free(data_config *data);
/* False if `key` means nothing for data of this kind: `factor` for moons, `header` for idx. */
bool data_section_uses(const data_config *data, const char *key);
/* True if some rows will be validation rows. */
bool data_section_has_validation(const data_config *data);

extern const word_list data_formats, data_headers, data_missing_rules, data_scales,
    data_target_readings;

/* ---- network_section.c ----------------------------------------------------------------------- */

bool network_section_read(const reader *r, const node *section, experiment *experiment);
void network_section_free(experiment *experiment);

extern const word_list network_inits;

/* ---- component.c ----------------------------------------------------------------------------- */

/* Reads a component, which is a bare name or a map of the core's `own` keys, `name` among them, and
 * settings; the caller reads the others of its own. */
bool component_read(const reader *r, const node *value, uint32_t kind, word_list own,
                    component *component);
/* Sets what the map gives; its keys are settings or `own`. */
bool component_set(const reader *r, const node *map, word_list own, settings *settings);
void component_free(component *component);

/* ---- optimizer_section.c --------------------------------------------------------------------- */

/* The layers have been read. */
bool optimizer_section_read(const reader *r, const node *section, experiment *experiment);
void optimizer_section_free(experiment *experiment);

/* ---- training_section.c ---------------------------------------------------------------------- */

/* The schedule (NULL: absent, so constant) and then the training (NULL: absent, so all defaults);
 * data, layers and optimizer have been read. */
bool schedule_section_read(const reader *r, const node *section, experiment *experiment);
bool training_section_read(const reader *r, const node *section, experiment *experiment);
void training_section_free(train_config *train);
/* False if `key` means nothing for the rule. */
bool schedule_section_uses(schedule_rule rule, const char *key);

extern const word_list schedule_rules;

#endif
