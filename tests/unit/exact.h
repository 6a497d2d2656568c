/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EXACT_H
#define EXACT_H

/*
 * Arrays that end where their last element ends. Those of a config, of a probe and of a plan grow
 * in steps, so the sanitizer does not see who reads one element too many. Each is replaced before
 * another structure points into it: the config's before the probe, the probe's before the plan.
 */
#include "core/plan.h"

#include <stdlib.h>
#include <string.h>

static inline void *exact(void *array, size_t n, size_t element)
{
	void *copy = malloc(n * element);

	if (!copy)
		abort();
	if (n > 0)
		memcpy(copy, array, n * element);
	free(array);
	return copy;
}

static inline void exact_config(struct config *c)
{
	c->selectors = exact(c->selectors, c->n_all_selectors, sizeof(*c->selectors));
	c->size_selectors = c->n_all_selectors;
	c->settings = exact(c->settings, c->n_settings, sizeof(*c->settings));
	if (c->merged)
		c->merged = exact(c->merged, c->n_merged, sizeof(*c->merged));
	if (c->profiles)
		c->profiles = exact(c->profiles, c->n_profiles, sizeof(*c->profiles));
	c->before = exact(c->before, c->n_before, sizeof(*c->before));
	c->errors = exact(c->errors, c->n_errors, sizeof(*c->errors));
}

static inline void exact_probe(struct probe *h)
{
	h->devices.at = exact(h->devices.at, h->devices.n, sizeof(*h->devices.at));
	h->devices.size = h->devices.n;
}

static inline void exact_plan(struct plan *p)
{
	p->verdicts = exact(p->verdicts, p->n, sizeof(*p->verdicts));
}

#endif
