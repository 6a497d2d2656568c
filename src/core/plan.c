/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/plan.h"

#include "base/str.h"
#include "core/card.h"
#include "core/config_values.h"
#include "core/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "id 10de:2204", as in the config. */
static void why_asked(const struct selector *s, char *buf, size_t size)
{
	static const char *const what[] = {"id", "address", "path", "serial", "gpus ="};

	size_t len = str_copy(buf, size, what[s->kind]);

	len += str_copy(buf + len, size - len, " ");
	(void)str_copy(buf + len, size - len, s->text);
}

static void add(struct plan *p, const struct selector *asked, const struct device *d)
{
	struct verdict *v = &p->verdicts[p->n++];

	*v = (struct verdict){
		.action = d ? ACTION_BIND : ACTION_ABSENT, .selector = asked, .device = d};
	v->settings = d ? config_settings(p->config, d->addr) : NULL;
	v->automatic = !v->settings || !v->settings->driver[0] ||
		       str_equal(v->settings->driver, DRIVER_AUTO);
	v->driver = v->automatic ? DEFAULT_DRIVER : v->settings->driver;
	why_asked(asked, v->reason, sizeof(v->reason));
}

/* True if the slot, selected as a whole, has a function besides bridges. */
static bool slot_has_endpoint(const struct probe *h, const struct device *bridge)
{
	for (size_t i = 0; i < h->devices.n; i++) {
		const struct device *d = &h->devices.at[i];
		if (pci_addr_same_device(d->addr, bridge->addr) && !device_is_fixed(d))
			return true;
	}
	return false;
}

/* A selector for a whole slot leaves out its bridges. A bridge alone is refused. */
static bool is_left_out(const struct probe *h, const struct selector *asked, const struct device *d)
{
	return asked->any_function && device_is_fixed(d) && slot_has_endpoint(h, d);
}

/* "address 01:00.*, without the bridge 0000:01:00.2" */
static void format_left_out(struct verdict *v, const struct probe *h)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < h->devices.n; i++) {
		const struct device *d = &h->devices.at[i];
		size_t len = strlen(v->reason);
		if (pci_addr_same_device(d->addr, v->device->addr) &&
			is_left_out(h, v->selector, d))
			(void)snprintf(v->reason + len, sizeof(v->reason) - len, "%s%s",
				strstr(v->reason, ", without") ? ", " : ", without the bridge ",
				pci_addr_format(d->addr, address));
	}
}

/* A selected display controller, not excluded, of the same card as d, or NULL. */
static const struct device *leader_of(
	const struct config *c, const struct probe *h, const struct device *d)
{
	for (size_t i = 0; i < h->devices.n; i++) {
		const struct device *leader = &h->devices.at[i];
		if (leader != d && device_is_display(leader) && card_same(leader, d) &&
			select_first(c, h, leader, false) && !select_first(c, h, leader, true))
			return leader;
	}
	return NULL;
}

static void add_found(struct plan *p, const struct probe *h)
{
	const struct config *c = p->config;
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < h->devices.n; i++) {
		const struct device *d = &h->devices.at[i];
		const struct selector *asked = select_first(c, h, d, false);
		if (asked && is_left_out(h, asked, d))
			continue;
		if (asked) {
			add(p, asked, d);
			if (asked->any_function)
				format_left_out(&p->verdicts[p->n - 1], h);
			continue;
		}
		const struct device *leader = c->companions && d->error == 0 ? leader_of(c, h, d)
									     : NULL;
		if (!leader || select_first(c, h, d, true))
			continue;
		add(p, select_first(c, h, leader, false), d);
		struct verdict *v = &p->verdicts[p->n - 1];
		v->companion = true;
		size_t len = str_copy(v->reason, sizeof(v->reason), "companion of ");
		(void)str_copy(v->reason + len, sizeof(v->reason) - len,
			pci_addr_format(leader->addr, address));
	}
}

static bool finds_something(
	const struct probe *h, const struct selector *s, const struct pci_path *path)
{
	if (s->kind == SELECT_ADDRESS && !s->any_function)
		return device_find(&h->devices, s->addr);
	for (size_t i = 0; i < h->devices.n; i++)
		if (select_matches(s, path, &h->devices.at[i]))
			return true;
	return false;
}

static bool same_wish(const struct selector *a, const struct selector *b)
{
	if (a->kind == SELECT_ADDRESS && b->kind == SELECT_ADDRESS)
		return a->any_function == b->any_function &&
		       pci_addr_compare(a->addr, b->addr) == 0;
	return a->kind == b->kind && str_equal(a->text, b->text);
}

static bool is_told(const struct plan *p, const struct selector *s)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_ABSENT && same_wish(p->verdicts[i].selector, s))
			return true;
	return false;
}

/* `gpus = non-boot` selects what exists, so nothing of it can be absent. */
static void add_absent(struct plan *p, const struct probe *h)
{
	const struct config *c = p->config;

	for (size_t i = 0; i < c->n_selectors; i++) {
		const struct selector *s = &c->selectors[i];
		if (s->exclude || s->kind == SELECT_GPUS || finds_something(h, s, &h->paths[i]) ||
			is_told(p, s))
			continue;
		add(p, s, NULL);
		struct verdict *v = &p->verdicts[p->n - 1];
		(void)snprintf(v->reason, sizeof(v->reason), "%s",
			s->kind == SELECT_PATH && !h->paths[i].found ? "no bridge on the way"
			: s->kind == SELECT_SERIAL && h->serials_hidden
				? "only root can read serial numbers"
				: "no such device");
	}
}

static bool has_addr(const struct verdict *v)
{
	return v->device || v->selector->kind == SELECT_ADDRESS;
}

static struct pci_addr addr_of(const struct verdict *v)
{
	return v->device ? v->device->addr : v->selector->addr;
}

static int verdict_compare(const void *a, const void *b)
{
	const struct verdict *x = a, *y = b;
	bool x_place = has_addr(x), y_place = has_addr(y);

	if (x_place != y_place)
		return x_place ? -1 : 1;
	if (x_place) {
		int order = pci_addr_compare(addr_of(x), addr_of(y));
		if (order != 0)
			return order;
	}
	return (x->selector > y->selector) - (x->selector < y->selector);
}

int plan_make(struct plan *ret, const struct config *c, const struct probe *h,
	const struct boot_switch *b, struct err *err)
{
	struct plan p = {.config = c,
		.off = b->mode == BOOT_BIND ? NULL : b->reason,
		.boot = h ? &h->boot : NULL};

	if (h && b->mode != BOOT_OFF) {
		p.verdicts = calloc(h->devices.n + c->n_selectors + 1, sizeof(*p.verdicts));
		if (!p.verdicts)
			return err_set(err, ENOMEM, "out of memory for %zu devices", h->devices.n);
		add_found(&p, h);
		guard_apply(&p, h);
		add_absent(&p, h);
		qsort(p.verdicts, p.n, sizeof(*p.verdicts), verdict_compare);
	}
	*ret = p;
	return 0;
}

const struct verdict *plan_find(const struct plan *p, struct pci_addr addr)
{
	size_t at = 0;

	for (size_t end = p->n; at < end;) {
		size_t middle = at + (end - at) / 2;
		const struct verdict *v = &p->verdicts[middle];
		if (has_addr(v) && pci_addr_compare(addr_of(v), addr) < 0)
			at = middle + 1;
		else
			end = middle;
	}
	/* An address may be absent by one selector, which wants another id there, too. */
	for (; at < p->n && has_addr(&p->verdicts[at]); at++)
		if (pci_addr_compare(addr_of(&p->verdicts[at]), addr) != 0)
			return NULL;
		else if (p->verdicts[at].device)
			return &p->verdicts[at];
	return NULL;
}

void plan_done(struct plan *p)
{
	free(p->verdicts);
	p->verdicts = NULL;
}

bool plan_is_whole(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action != ACTION_BIND)
			return false;
	return true;
}

bool plan_binds(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND)
			return true;
	return false;
}

const char *verdict_name(const struct verdict *v, char buf[static VERDICT_NAME_MAX])
{
	if (v->device)
		return pci_addr_format(v->device->addr, buf);
	/* The id after '=' is not part of the address. */
	(void)snprintf(buf, VERDICT_NAME_MAX, "%.*s", (int)strcspn(v->selector->text, "="),
		v->selector->text);
	return buf;
}

const char *action_name(enum action action)
{
	static const char *const names[] = {"bind", "refuse", "absent"};
	return names[action];
}

const char *verdict_source(
	const struct plan *p, const struct verdict *v, char buf[static SOURCE_MAX])
{
	if (v->selector->line == 0)
		(void)str_copy(buf, SOURCE_MAX, "command line");
	else
		(void)snprintf(buf, SOURCE_MAX, "%s:%u", p->config->path, v->selector->line);
	return buf;
}

void plan_row_read(const struct plan *p, const struct verdict *v, struct plan_row *ret)
{
	struct pci_id shown = v->device ? v->device->id : (struct pci_id){0};

	shown.subvendor = shown.subdevice = PCI_ANY;
	(void)verdict_name(v, ret->name);
	(void)str_copy(ret->id, sizeof(ret->id), "-");
	if (v->device)
		(void)pci_id_format(&shown, ret->id);
	ret->action = action_name(v->action);
	ret->current = v->device && v->device->driver[0] ? v->device->driver : "-";
	ret->target = v->action == ACTION_BIND ? v->driver : "-";
	(void)verdict_source(p, v, ret->source);
}

#define ROW "%-13s %-9s %-6s %-16s %-16s "

void plan_print(const struct plan *p, FILE *f)
{
	struct plan_row row;

	if (p->off)
		fprintf(f, "nothing is to be touched: %s\n", p->off);
	if (p->config->profile[0])
		fprintf(f, "profile: %s\n", p->config->profile);
	if (p->n > 0)
		fprintf(f, ROW "%s\n", "ADDRESS", "ID", "ACTION", "CURRENT", "TARGET",
			"REASON (CONFIG)");
	for (size_t i = 0; i < p->n; i++) {
		plan_row_read(p, &p->verdicts[i], &row);
		fprintf(f, ROW "%s (%s)\n", row.name, row.id, row.action, row.current, row.target,
			p->verdicts[i].reason, row.source);
	}
}
