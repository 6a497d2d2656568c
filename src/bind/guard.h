/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_GUARD_H
#define BIND_GUARD_H

#include "bind/plan.h"

/* How the reason of a function begins that [exclude] names: that one is as it was asked. */
#define EXCLUDED_BY "excluded by "

/*
 * Turns what must stay with the host into refusals, each with its reason. A guard drops a whole
 * slot: a card whose functions go different ways serves neither host nor guest.
 *
 * In this order: [exclude] (that function only, as the config says); what can't be read; bridges;
 * an address that holds another id by now; no IOMMU group; a boot display; the last display.
 */
void guard_apply(struct plan *p, const struct host *host);

/* What other guards share: drops what of the verdict's slot was to be bound, for this reason. */
void guard_refuse_slot(struct plan *p, struct verdict *v, const char *why);

#endif
