/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/str.h"
#include "bind/apply_ctx.h"
#include "bind/modules.h"

bool load_is_none(const struct verdict *v)
{
	return str_equal(v->driver, NO_DRIVER);
}

static bool is_first_with_driver(const struct plan *p, size_t i)
{
	for (size_t k = i; k-- > 0;)
		if (p->verdicts[k].action == ACTION_BIND &&
			str_equal(p->verdicts[k].driver, p->verdicts[i].driver))
			return false;
	return true;
}

/* One that can't be loaded stops neither the others nor any device; so nobody else would tell. */
void load_before(const struct apply_ctx *j)
{
	const struct config *c = j->plan->config;
	struct err err = {""};

	for (size_t i = 0; i < c->n_before; i++)
		if (module_load(c->before[i], c->options, &err) < 0)
			log_print(LOG_WARNING, "[modules] before: %s", err.text);
}

/* Each driver that somebody shall have. One that can't be loaded does not stop the others. */
void load_drivers(const struct apply_ctx *j)
{
	const struct plan *p = j->plan;
	struct err err = {""};

	if (!j->options->load_modules)
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || load_is_none(v) || !is_first_with_driver(p, i))
			continue;
		bool own = str_equal(v->driver, "vfio-pci") && p->config->options[0];
		if (own && sysfs_has_driver(j->options->sysfs, v->driver))
			log_print(LOG_WARNING,
				"vfio-pci is built in or was loaded before us: the options of [modules] have no effect; give them on the kernel command line, as vfio-pci.NAME=VALUE");
		if (module_load(v->driver, p->config->options, &err) < 0)
			j->progress->modules = err;
	}
}
