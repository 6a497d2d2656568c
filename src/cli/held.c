/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/held.h"

#include "base/log.h"
#include "core/guard.h"
#include "core/in_use.h"
#include "host/in_use_by.h"

#include <errno.h>
#include <stdio.h>

int held_ask(struct text *ret, struct sysfs *s, const struct device *d, struct held_rules rules,
	struct err *err)
{
	_cleanup_(text_done) struct text users = {0};
	char reason[IN_USE_REASON_MAX], address[PCI_ADDR_MAX];
	enum in_use_kind kind = in_use_look(s, d->addr, rules.live, reason);
	int n = in_use_by_find(&users, s, d, rules.live);

	if (n < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (kind == IN_USE_FREE && n == 0)
		return 0;
	bool stays = kind == IN_USE_CLAIMED || !rules.force;
	if (stays)
		text_print(ret, "in use%s: ",
			kind == IN_USE_CLAIMED ? "" : " (--force takes it all the same)");
	text_print(ret, "%s%s%s", n > 0 ? users.data : "", n > 0 && reason[0] ? "; " : "", reason);
	if (ret->failed)
		return err_set(err, ENOMEM, "out of memory");
	if (!stays)
		log_print(LOG_WARNING, "%s is in use: %s; going on, as asked by --force",
			pci_addr_format(d->addr, address), ret->data);
	return stays;
}

static bool has_it(const struct verdict *v)
{
	return str_equal(v->device->driver, str_equal(v->driver, NO_DRIVER) ? "" : v->driver);
}

int held_refuse(struct plan *p, struct sysfs *s, struct held_rules rules, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		_cleanup_(text_done) struct text reason = {0};
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || !v->device->driver[0] || has_it(v))
			continue;
		int r = held_ask(&reason, s, v->device, rules, err);
		if (r < 0)
			return r;
		if (r > 0)
			guard_refuse_slot(p, v, reason.data);
	}
	return 0;
}
