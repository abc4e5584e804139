/* introduce.c: see introduce.h. */
#include "train/introduce.h"

static void add_part(text *out, const data_part *part, const char *name)
{
    if (part->rows > 0)
        text_addf(out, "%s%zu %s", out->length == 0 ? "" : ", ", part->rows, name);
}

void introduce_data(const data_bundle *data, text *out)
{
    const encoding *encoding = &data->encoding;

    add_part(out, &data->train, "training");
    add_part(out, &data->validation, "validation");
    add_part(out, &data->test, "test");
    text_addf(out, " rows, %zu feature%s, ", encoding->features,
              encoding->features == 1 ? "" : "s");
    if (encoding->targets == TARGETS_CLASS)
        text_addf(out, "%zu classes", encoding->label_count);
    else
        text_addf(out, "%zu target%s", encoding->target_count,
                  encoding->target_count == 1 ? "" : "s");
}

void introduce_network(const session *session, text *out)
{
    const experiment *experiment = session->experiment;

    text_addf(out, "network %zu", session->parts.inputs);
    for (size_t i = 0; i < experiment->layer_count; i++)
        text_addf(out, "-%zu", experiment->layers[i].units);
    for (size_t i = 0; i < experiment->layer_count; i++)
        text_addf(out, "%s%s", i == 0 ? " (" : ", ",
                  experiment->layers[i].activation.settings->plugin->name);
    text_addf(out, "), %zu parameters; %s%s; %s, lr ", network_parameters(session->network),
              experiment->loss.settings->plugin->name,
              network_is_fused(session->network) ? " (fused)" : "",
              experiment->optimizer.settings->plugin->name);
    text_add_double(out, experiment->lr);
    if (experiment->parameter_group_count > 1)
        text_addf(out, ", %zu parameter groups", experiment->parameter_group_count);
}
