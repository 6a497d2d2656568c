/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports what the plan contains: refusals of the guards, absent devices, ids of more than one
 * card; and groups that no VM gets.
 */
#include "base/kcmdline.h"
#include "base/str.h"
#include "cli/check.h"
#include "cli/outcome.h"
#include "core/usable.h"
#include "host/host_loss.h"

#include <stdio.h>
#include <string.h>

static void log_refusals(const struct check_ctx *c)
{
	const struct plan *p = &c->ctx->plan;
	char name[VERDICT_NAME_MAX];

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND || (p->no_iommu && v->action == ACTION_REFUSE))
			continue;
		verdict_name(v, name);
		if (v->action == ACTION_ABSENT)
			findings_add(c->findings, true, "absent",
				"`vfio-bind list` shows what there is; correct the line, or take it out",
				NULL, "%s is asked for (%s:%u): %s", name, p->config->path,
				v->selector->line, v->reason);
		else
			findings_add(c->findings, true, "refused",
				"boot leaves it to the host; of a display, all that belongs to it",
				NULL, "%s is asked for (%s:%u) and stays: %s", name,
				p->config->path, v->selector->line, v->reason);
	}
}

/* An id is right for one device, and also binds an identical one as soon as it is installed. Each
 * function that carries it is named, by whatever line it is asked for. */
static void log_ids(const struct check_ctx *c)
{
	const struct plan *p = &c->ctx->plan;
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < p->config->n_selectors; i++) {
		const struct selector *s = &p->config->selectors[i];
		_cleanup_(text_done) struct text functions = {0};
		size_t n = 0;
		if (s->kind != SELECT_ID || s->exclude)
			continue;
		for (size_t j = 0; j < p->n; j++) {
			const struct device *d = p->verdicts[j].device;
			if (!d || !select_matches(s, NULL, d))
				continue;
			text_print(&functions, "%s%s", n > 0 ? ", " : "",
				pci_addr_format(d->addr, address));
			n++;
		}
		c->findings->failed |= functions.failed;
		if (n > 1)
			findings_add(c->findings, false, "ids",
				"if only one is meant, name it: addresses = ADDRESS=ID", NULL,
				"id %s (%s:%u) is that of %zu devices: %s", s->text,
				p->config->path, s->line, n, functions.data);
	}
}

/* Such a device is bound all the same, so only this finding reports it (core/usable). */
static void log_reserved(const struct check_ctx *c, const struct device *d)
{
	char address[PCI_ADDR_MAX];

	if (usable_has_direct_region(&c->ctx->sysfs, d->group))
		findings_add(c->findings, true, "reserved",
			"vfio-pci binds it, and no VM can open it; another slot, or newer firmware, may be without",
			NULL,
			"the firmware reserves memory for group %d, of %s (RMRR, a region of type `direct`)",
			d->group, pci_addr_format(d->addr, address));
}

/* What the host loses with a function, besides those that are asked for. */
static void find_loss(const struct check_ctx *c, const struct device *d, struct host_losses *ret)
{
	_cleanup_(host_losses_done) struct host_losses all = {0};
	const struct boot_display *boot = &c->ctx->host.boot;
	struct device copy = *d;

	copy.is_boot_display = boot->by != WITNESS_NONE &&
			       pci_addr_compare(boot->addr, d->addr) == 0;
	c->findings->failed |= host_losses_of_plan(&all, c->uses, &c->ctx->plan, &copy) < 0 ||
			       host_losses_copy(ret, &all, d->addr) < 0;
}

/* What is asked for is bound; this finding only reports it. What a guard would keep is bound only
 * where the config allows just that. */
static void log_losses(const struct check_ctx *c)
{
	_cleanup_(host_losses_done) struct host_losses all = {0};
	const struct plan *p = &c->ctx->plan;
	char address[PCI_ADDR_MAX];

	c->findings->failed |= host_losses_of_plan(&all, c->uses, p, NULL) < 0;
	for (size_t i = 0; i < p->n; i++) {
		_cleanup_(host_losses_done) struct host_losses own = {0};
		_cleanup_(text_done) struct text text = {0};
		const struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND)
			continue;
		c->findings->failed |= host_losses_copy(&own, &all, v->device->addr) < 0;
		if (host_losses_guarded(&own))
			continue;
		host_losses_format(&own, &text);
		c->findings->failed |= text.failed;
		if (text.len > 0)
			findings_add(c->findings, false, "loses",
				"a VM has it from the next boot on; take the line out if the host needs it",
				NULL, "the host loses %s with %s, which is asked for (%s:%u)",
				text.data, pci_addr_format(v->device->addr, address),
				p->config->path, v->selector->line);
	}
}

static void log_group(const struct check_ctx *c, const struct device *d)
{
	_cleanup_(text_done) struct text others = {0};
	char address[PCI_ADDR_MAX];
	bool fixed = false, needed = false, lost = false;
	size_t n;
	struct function *const *members = inventory_group(c->inventory, d->group, &n);

	for (size_t j = 0; j < n; j++) {
		_cleanup_(host_losses_done) struct host_losses losses = {0};
		const struct device *other = &members[j]->d;
		if (check_ctx_binds(c, other->addr) || !usable_blocks_group(&c->ctx->sysfs, other))
			continue;
		fixed |= device_is_fixed(other);
		find_loss(c, other, &losses);
		needed |= host_losses_guarded(&losses);
		lost |= losses.n > 0;
		text_print(&others, "%s%s (%s%s", others.len > 0 ? ", " : "",
			pci_addr_format(other->addr, address), other->driver,
			losses.n > 0 ? ": " : "");
		host_losses_format(&losses, &others);
		text_print(&others, ")");
	}
	c->findings->failed |= others.failed;
	if (others.len > 0)
		findings_add(c->findings, true, "group",
			needed  ? "a VM gets a group whole, and the host needs what is named with a reason: no config makes this group usable; put the card into another slot"
			: fixed ? "a VM gets a group whole, and a bridge stays with the host: no config makes this group usable; put the card into another slot"
			: lost  ? "a VM gets a group whole, and the host would lose what is named: put the card into another slot, or the others if the host can do without them"
			       : "a VM gets a group whole: ask for these too, or put the card into another slot",
			NULL, "group %d, of %s, is not viable: the host keeps %s", d->group,
			pci_addr_format(d->addr, address), others.data);
}

static void log_groups(const struct check_ctx *c)
{
	const struct plan *p = &c->ctx->plan;
	int told = -1;

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *one = &p->verdicts[i];
		if (one->action != ACTION_BIND || one->device->group < 0 ||
			one->device->group == told)
			continue;
		told = one->device->group;
		log_group(c, one->device);
		log_reserved(c, one->device);
	}
}

/* A kernel before 5.15, and a device that can't be reset, have no file reset_method. */
static void log_reset(const struct check_ctx *c, const struct verdict *v)
{
	char has[128], address[PCI_ADDR_MAX], copy[RESET_METHODS_MAX], *rest = copy, *word;

	if (!v->settings || !v->settings->reset[0])
		return;
	if (sysfs_read(&c->ctx->sysfs, v->device->addr, "reset_method", has, sizeof(has)) < 0)
		has[0] = '\0';
	if (str_equal(has, v->settings->reset)) /* boot has set it */
		return;
	(void)str_copy(copy, sizeof(copy), v->settings->reset);
	while ((word = strsep(&rest, " ")))
		if (!kcmdline_has(has, word)) {
			findings_add(c->findings, true, "reset",
				"boot can't set it, and the kernel takes its own order; write what the device has",
				NULL, "%s has no reset method '%s' (%s:%u); it has: %s",
				pci_addr_format(v->device->addr, address), word,
				c->ctx->config.path, v->settings->line, has[0] ? has : "none");
			return;
		}
}

static bool has_connector(const struct inventory *v, struct pci_addr addr)
{
	size_t n;
	const struct attached *b = inventory_attached(v, addr, &n);

	for (size_t i = 0; i < n; i++)
		if (b[i].kind == ATTACHED_CONNECTOR)
			return true;
	return false;
}

static void log_display(const struct check_ctx *c, const struct verdict *v)
{
	const struct boot_display *b = &c->ctx->host.boot;
	const struct device *d = v->device;
	char address[PCI_ADDR_MAX];

	pci_addr_format(d->addr, address);
	if (device_is_bmc_display(d))
		findings_add(c->findings, false, "boot-display",
			"the console of who is not at the machine shows nothing then", NULL,
			"%s, which is taken, is a management controller's display", address);
	if (b->by != WITNESS_NONE || !device_has_outputs(d))
		return;
	findings_add(c->findings, false, "boot-display",
		"if it is this one, the console on it goes blank at boot: leave another display to the host, and plug the screen in there",
		NULL, "nothing tells which display shows the boot; %s is taken all the same%s",
		address,
		has_connector(c->inventory, d->addr) ? ", and a screen is connected to it" : "");
}

/* The framebuffer and boot_vga may differ: a user who knows only one of them needs the reason. */
static void log_displays(const struct check_ctx *c)
{
	const struct probe *h = &c->ctx->host;
	const struct plan *p = &c->ctx->plan;
	const struct device *other = boot_display_differs(&h->boot, &h->devices);
	char dark[PCI_ADDR_MAX], address[PCI_ADDR_MAX];

	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND &&
			device_is_display(p->verdicts[i].device))
			log_display(c, &p->verdicts[i]);
	if (other)
		findings_add(c->findings, false, "boot-display",
			"the boot shows where the firmware's framebuffer is: that one is guarded, and the other may be taken",
			NULL, "boot_vga is 1 on %s, but the boot display is %s (%s)",
			pci_addr_format(other->addr, dark), pci_addr_format(h->boot.addr, address),
			boot_display_witness(&h->boot));
}

/* For a device selected by id the same is a refusal. */
static void log_unknown(const struct check_ctx *c)
{
	const char *unknown = c->ctx->plan.unverified;

	if (unknown[0])
		findings_add(c->findings, false, "unknown",
			"make the image on the running system, or make sure that the host does not need the controller",
			NULL, "a controller that is named is bound, and %s", unknown);
}

/* What of an outcome is a finding of its own, and has no other here: its topic, or NULL. */
static const char *topic_of(const struct outcome_remark *r)
{
	static const char *const topics[][2] = {{"denylist", "denylist"}, {"no-reset", "reset"},
		{"amd-reset", "trouble"}, {"arc-audio", "trouble"}, {"nvswitch", "trouble"},
		{"qat", "trouble"}};

	for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++)
		if (str_equal(topics[i][0], r->word))
			return topics[i][1];
	return NULL;
}

static void log_outcomes(const struct check_ctx *c)
{
	const struct outcome_from from = {
		.ctx = c->ctx, .inventory = c->inventory, .live = c->live, .roms = false};
	_cleanup_(outcomes_done) struct outcomes all = {0};
	char address[PCI_ADDR_MAX];

	c->findings->failed |= outcomes_find(&all, &from) < 0;
	for (size_t i = 0; i < all.n; i++)
		for (size_t j = 0; all.at[i].bound && j < all.at[i].n; j++) {
			const struct outcome_remark *r = &all.at[i].at[j];
			const char *topic = topic_of(r);
			if (topic)
				findings_add(c->findings, r->prevents, topic, r->detail, NULL,
					"%s is asked for: %s",
					pci_addr_format(all.at[i].addr, address), r->what);
		}
}

void check_plan(const struct check_ctx *c)
{
	log_displays(c);
	log_refusals(c);
	for (size_t i = 0; i < c->ctx->plan.n; i++)
		if (c->ctx->plan.verdicts[i].action == ACTION_BIND)
			log_reset(c, &c->ctx->plan.verdicts[i]);
	log_unknown(c);
	log_ids(c);
	log_losses(c);
	log_groups(c);
	log_outcomes(c);
}
