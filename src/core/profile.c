/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/profile.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The number of `none`, and of a profile that there is not. */
#define SELECTS_NOTHING (PROFILES_MAX + 1)

/* Moves those of a profile before all others; either keep their order. */
static int order_selectors(struct config *c, unsigned profile)
{
	size_t n = 0, all = c->n_all_selectors;
	struct selector *sorted = malloc((all + 1) * sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < all; i++)
		if (c->selectors[i].profile == profile)
			sorted[n++] = c->selectors[i];
	c->n_selectors = n;
	for (size_t i = 0; i < all; i++)
		if (c->selectors[i].profile != profile)
			sorted[n++] = c->selectors[i];
	if (all > 0)
		memcpy(c->selectors, sorted, all * sizeof(*sorted));
	free(sorted);
	return 0;
}

/* Keys that are set win; a list is replaced as a whole. */
static void override_settings(struct device_settings *to, const struct device_settings *from)
{
	to->line = from->line;
	if (from->driver[0])
		memcpy(to->driver, from->driver, sizeof(to->driver));
	if (from->rebars > 0) {
		memcpy(to->rebar, from->rebar, sizeof(to->rebar));
		to->rebars = from->rebars;
	}
	if (from->reset[0])
		memcpy(to->reset, from->reset, sizeof(to->reset));
	if (from->d3cold != D3COLD_UNSET)
		to->d3cold = from->d3cold;
	if (from->owner[0])
		memcpy(to->owner, from->owner, sizeof(to->owner));
	if (from->group[0])
		memcpy(to->group, from->group, sizeof(to->group));
	if (from->has_mode) {
		to->mode = from->mode;
		to->has_mode = true;
	}
}

/* With nothing merged yet, so that a device is looked up in [device]. How many. */
static size_t merge_settings(
	const struct config *c, struct device_settings *merged, unsigned profile)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_settings; i++) {
		const struct device_settings *own = &c->settings[i];
		if (own->profile != profile)
			continue;
		const struct device_settings *base = config_settings(c, own->addr);
		merged[n] = base ? *base : (struct device_settings){.addr = own->addr};
		override_settings(&merged[n++], own);
	}
	return n;
}

/* The number of a profile. */
static unsigned find_number(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_profiles; i++)
		if (str_equal(c->profiles[i].name, name))
			return (unsigned)i + 1;
	return SELECTS_NOTHING;
}

int profile_choose(struct config *c, const char *name)
{
	const char *wanted = name ? name : c->default_profile;
	unsigned profile = name || *wanted ? find_number(c, wanted) : 0;
	bool exists = profile != SELECTS_NOTHING || str_equal(wanted, PROFILE_NONE);

	if (order_selectors(c, profile) < 0)
		return -ENOMEM;
	free(c->merged);
	c->n_merged = 0;
	c->merged = calloc(c->n_settings + 1, sizeof(*c->merged));
	if (!c->merged)
		return -ENOMEM;
	c->n_merged = profile > 0 ? merge_settings(c, c->merged, profile) : 0;
	c->companions = profile > 0 && profile != SELECTS_NOTHING
				? c->profiles[profile - 1].companions
				: c->bind_companions;
	(void)str_copy(c->profile, sizeof(c->profile), exists ? wanted : "");
	return exists ? 0 : -ENOENT;
}

const char *profile_names(const struct config *c, char buf[static PROFILE_NAMES_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < c->n_profiles; i++) {
		len += str_copy(buf + len, PROFILE_NAMES_MAX - len, c->profiles[i].name);
		len += str_copy(buf + len, PROFILE_NAMES_MAX - len, ", ");
	}
	(void)str_copy(buf + len, PROFILE_NAMES_MAX - len, PROFILE_NONE);
	return buf;
}
