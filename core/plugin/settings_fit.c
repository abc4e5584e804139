/* Which loss fits which activation. An activation says where its outputs lie; that domain names a
 * family, as in statistics; a loss says which kinds of target it takes for outputs of a family,
 * none meaning that it does not fit. A refusal names the families that the loss does take and the
 * activations of the catalog whose outputs, with default settings, belong to one of them. */
#include "plugin/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/catalog_internal.h"

#include "support/memory.h"
#include "support/text.h"

bool settings_domain(const settings *activation, plx_domain *domain, plx_error *error)
{
    const plugin *found = activation->plugin;
    const uint32_t known = PLX_OPEN_MIN | PLX_OPEN_MAX | PLX_ROWS_SUM_TO_ONE;

    *domain = (plx_domain){.size = sizeof(*domain), .lo = -HUGE_VAL, .hi = HUGE_VAL};
    if (found->activation->domain == NULL)
        return true;
    const int32_t status = found->activation->domain(activation->values, domain);
    if (status != PLX_OK)
        return error_set(error, ERROR_PLUGIN, "activation '%s': its domain returned status %d",
                         found->name, status);
    if (!(domain->lo <= domain->hi) || (domain->flags & ~known) != 0)
        return error_set(error, ERROR_PLUGIN,
                         "activation '%s': its domain is not a range (from %g to %g, flags 0x%x)",
                         found->name, domain->lo, domain->hi, domain->flags);
    return true;
}

double settings_gain(const settings *activation)
{
    const plx_activation *functions = activation->plugin->activation;
    const double gain = functions->gain != NULL ? functions->gain(activation->values) : 1.0;

    return isfinite(gain) && gain > 0 ? gain : 1.0;
}

/* ---- families ---- */

uint32_t settings_family(const plx_domain *domain)
{
    const bool unit = domain->lo >= 0 && domain->hi <= 1;

    if (unit && (domain->flags & PLX_ROWS_SUM_TO_ONE))
        return PLX_SIMPLEX;
    if (unit)
        return PLX_UNIT;
    return domain->lo >= 0 ? PLX_POSITIVE : PLX_REALS;
}

const char *settings_family_name(uint32_t family)
{
    switch (family) {
    case PLX_SIMPLEX:
        return "rows that sum to one";
    case PLX_UNIT:
        return "values in [0, 1]";
    case PLX_POSITIVE:
        return "values at or above 0";
    default:
        return "any real values";
    }
}

/* Where the outputs lie, more exactly than the family: "values in [-1, 1]". */
static void add_domain(text *t, const plx_domain *domain)
{
    if (settings_family(domain) == PLX_SIMPLEX || (isinf(domain->lo) && isinf(domain->hi))) {
        text_add(t, settings_family_name(settings_family(domain)));
        return;
    }
    text_addf(t, "values in %s", isinf(domain->lo) || (domain->flags & PLX_OPEN_MIN) ? "(" : "[");
    text_add_double(t, domain->lo);
    text_add(t, ", ");
    text_add_double(t, domain->hi);
    text_add(t, isinf(domain->hi) || (domain->flags & PLX_OPEN_MAX) ? ")" : "]");
}

static bool takes(const settings *loss, uint32_t family)
{
    return loss->plugin->loss->targets(loss->values, family) != 0;
}

/* ---- fused partners ---- */

const plx_fused *settings_fused(const settings *loss, const settings *activation)
{
    const plx_loss *functions = loss->plugin->loss;
    const char *semantic = activation->plugin->activation->semantic;

    if (semantic == NULL || !settings_are_default(activation))
        return NULL;
    for (size_t i = 0; i < functions->fused_count; i++)
        if (strcmp(functions->fused[i].semantic, semantic) == 0)
            return &functions->fused[i];
    return NULL;
}

/* ---- what fits ---- */

static void add_families(text *t, const settings *loss)
{
    static const uint32_t families[] = {PLX_REALS, PLX_POSITIVE, PLX_UNIT, PLX_SIMPLEX};
    bool any = false;

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (takes(loss, families[i])) {
            text_addf(t, "%s%s", any ? " or " : "it needs ", settings_family_name(families[i]));
            any = true;
        }
    }
    if (!any)
        text_add(t, "it takes no output at all");
}

static bool fits_by_default(const settings *loss, const plugin *activation)
{
    settings *defaults = settings_new(activation, NULL);
    plx_domain domain;
    const bool fits = defaults != NULL && settings_domain(defaults, &domain, NULL) &&
                      takes(loss, settings_family(&domain));

    settings_free(defaults);
    return fits;
}

/* "; sigmoid or softmax would fit". A listing that fails only leaves this out. */
static void add_fitting(text *t, const settings *loss, catalog *known)
{
    size_t count = 0, fitting = 0;
    catalog_entry *entries = catalog_list_kind(known, PLX_KIND_ACTIVATION, &count, NULL);
    const char **names = entries != NULL ? memory_array(count, sizeof(*names)) : NULL;

    for (size_t i = 0; names != NULL && i < count; i++)
        if (entries[i].plugin != NULL && fits_by_default(loss, entries[i].plugin))
            names[fitting++] = entries[i].name;
    if (fitting > 0) {
        text_add(t, "; ");
        search_join(t, names, fitting, " or ");
        text_add(t, " would fit");
    }
    free(names);
    catalog_list_free(entries, count);
}

bool settings_loss_fits(const settings *loss, const settings *activation, catalog *known, place at,
                        plx_error *error)
{
    plx_domain domain;
    text t = {0};

    if (!settings_domain(activation, &domain, error))
        return false;
    if (takes(loss, settings_family(&domain)))
        return true;
    text_addf(&t, "loss '%s' does not fit the output of activation '%s' (", loss->plugin->name,
              activation->plugin->name);
    add_domain(&t, &domain);
    text_add(&t, "): ");
    add_families(&t, loss);
    add_fitting(&t, loss, known);
    if (t.failed) {
        error_memory(error);
    } else {
        error_at(error, ERROR_CONFIG, at, "%s", t.bytes);
        error_misfit(error);
    }
    free(t.bytes);
    return false;
}
