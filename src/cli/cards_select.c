/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cards_select.h"

#include "base/log.h"
#include "base/str.h"
#include "cli/cards_prompt.h"
#include "cli/kind.h"
#include "core/card.h"
#include "shared/prompt.h"
#include "shared/table.h"
#include "shared/term.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cards -------------------------------------------------------------------------------------
 */

static bool is_read(const struct device *d, const void *arg)
{
	(void)arg;
	return d->error == 0;
}

static int ask_for_all(struct cards *c, const struct sysroot *w, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(device_list_done) struct device_list all = {0};
	char address[PCI_ADDR_MAX];

	int r = sysfs_open(&s, w->sysfs, err);
	if (r == 0)
		r = scan_all(&s, &all, false, is_read, NULL, err);
	if (r < 0)
		return r;
	scan_sort(&all);
	text_print(&c->preview_config, "[bind]\ncompanions = no\n");
	for (size_t i = 0; i < all.n; i++)
		if (device_is_fixed(&all.at[i]))
			c->n_fixed++;
		else
			text_print(&c->preview_config, "addresses = %s\n",
				pci_addr_format(all.at[i].addr, address));
	if (c->preview_config.failed)
		return err_set(err, ENOMEM, "out of memory for %zu devices", all.n);
	return 0;
}

/* True if one of its functions has a kind that VMs are given. */
static bool is_of_use(struct cards *c, const struct card *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (kind_word(&c->s.sysfs, card_verdict(c, k, i)->device))
			return true;
	return false;
}

/* Numbers the cards that may be used by VMs and may leave the host; displays first. */
static void number(struct cards *c)
{
	unsigned next = 1;

	for (int displays = 1; displays >= 0; displays--)
		for (size_t i = 0; i < c->n; i++) {
			struct card *k = &c->at[i];
			if (k->display == (bool)displays && is_of_use(c, k) && !card_refusal(c, k))
				k->number = next++;
		}
}

/* Appends a verdict to the last card. */
static void add_function(struct cards *c, size_t *n, size_t verdict)
{
	struct card *k = &c->at[c->n - 1];

	c->order[(*n)++] = verdict;
	k->n++;
	k->display |= device_is_display(c->s.plan.verdicts[verdict].device);
}

/* The functions of a card need not follow one another: audio may be on a bus of its own. */
static int group_by_card(struct cards *c, struct err *err)
{
	const struct plan *p = &c->s.plan;
	bool *placed = calloc(p->n ? p->n : 1, sizeof(*placed));
	size_t n = 0;

	c->at = calloc(p->n ? p->n : 1, sizeof(*c->at));
	c->order = calloc(p->n ? p->n : 1, sizeof(*c->order));
	if (!placed || !c->at || !c->order) {
		free(placed);
		return err_set(err, ENOMEM, "out of memory for %zu devices", p->n);
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct device *d = p->verdicts[i].device;
		if (!d || placed[i])
			continue; /* unplugged since, or of an earlier card */
		c->at[c->n++] = (struct card){.first = n};
		add_function(c, &n, i);
		for (size_t k = i + 1; d->of_card && k < p->n; k++) {
			const struct device *other = p->verdicts[k].device;
			if (!other || !card_same(d, other))
				continue;
			placed[k] = true;
			add_function(c, &n, k);
		}
	}
	free(placed);
	number(c);
	return 0;
}

int cards_read(struct cards *ret, const struct sysroot *w, struct err *err)
{
	struct sysroot chosen = *w;

	*ret = (struct cards){.s.sysfs.devices = -1};
	chosen.screens = true;
	pciids_open(&ret->names, w->sysfs);
	int r = ask_for_all(ret, w, err);
	if (r == 0)
		r = ctx_plan_preview(&ret->s, &chosen, "all of this machine",
			ret->preview_config.data, ret->preview_config.len, false, err);
	if (r == 0)
		r = host_uses_read(&ret->uses, &ret->s.sysfs, &chosen, err);
	return r < 0 ? r : group_by_card(ret, err);
}

void cards_done(struct cards *c)
{
	ctx_done(&c->s);
	pciids_close(&c->names);
	host_uses_done(&c->uses);
	text_done(&c->preview_config);
	free(c->order);
	free(c->at);
	c->order = NULL;
	c->at = NULL;
}

const struct verdict *card_verdict(const struct cards *c, const struct card *k, size_t i)
{
	return &c->s.plan.verdicts[c->order[k->first + i]];
}

const char *card_refusal(const struct cards *c, const struct card *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (card_verdict(c, k, i)->action != ACTION_BIND)
			return card_verdict(c, k, i)->reason;
	return NULL;
}

static bool share_group(const struct cards *c, const struct card *a, const struct card *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++) {
			int group = card_verdict(c, a, i)->device->group;
			if (group >= 0 && group == card_verdict(c, b, j)->device->group)
				return true;
		}
	return false;
}

/* The next card with a function in an IOMMU group of k's that is not chosen, from *at on; *at
 * becomes the index after it; NULL: no more. */
static struct card *group_conflict(const struct cards *c, const struct card *k, size_t *at)
{
	if (c->s.groups_by_slots)
		return NULL;
	while (*at < c->n) {
		struct card *other = &c->at[(*at)++];
		if (other != k && !other->chosen && share_group(c, k, other))
			return other;
	}
	return NULL;
}

/* The name of a function, or its driver if it has no name. */
static void name_function(struct cards *c, const struct device *d, char *buf, size_t size)
{
	if (!pciids_device(&c->names, &d->id, buf, size))
		(void)snprintf(buf, size, "%s", d->driver[0] ? d->driver : "-");
}

/* Calls each() for the functions of the cards that have a number, in the order of `number`. */
static void each_numbered(struct cards *c,
	void (*each)(struct cards *c, const struct card *k, size_t i, void *to), void *to)
{
	for (int displays = 1; displays >= 0; displays--)
		for (size_t i = 0; i < c->n; i++) {
			const struct card *k = &c->at[i];
			for (size_t j = 0;
				k->number > 0 && k->display == (bool)displays && j < k->n; j++)
				each(c, k, j, to);
		}
}

static void function_row(struct cards *c, const struct card *k, size_t i, void *to)
{
	struct table *t = to;
	const struct device *d = card_verdict(c, k, i)->device;
	const char *word = kind_word(&c->s.sysfs, d);
	char address[PCI_ADDR_MAX], id[PCI_ID_MAX], number_text[16] = "", group[12] = "-", name[96];
	char vendor[48];
	struct pci_id shown = d->id;

	shown.subvendor = shown.subdevice = PCI_ANY;
	if (i == 0 && k->number > 0)
		(void)snprintf(
			number_text, sizeof(number_text), "%s%u", k->chosen ? "*" : "", k->number);
	if (!c->s.groups_by_slots && d->group >= 0)
		(void)snprintf(group, sizeof(group), "%d", d->group);
	(void)pciids_vendor_short(&c->names, d->id.vendor, vendor, sizeof(vendor));
	if (!pciids_device(&c->names, &d->id, name, sizeof(name)))
		name[0] = '\0';
	const char *const cells[] = {number_text, pci_addr_format(d->addr, address),
		word ? word : "-", pci_id_format(&shown, id), group,
		d->driver[0] ? d->driver : "-"};
	table_row(t, cells, "%s%s%s", vendor, vendor[0] && name[0] ? " " : "",
		name[0]     ? name
		: vendor[0] ? ""
			    : "-");
	table_style(t, k->chosen ? GOOD : PLAIN);
}

/* A line below the table, of a function with this number, or with none (0). */
static void print_remark(struct term *p, unsigned number_of, const struct device *d,
	const char *what, const char *text)
{
	char address[PCI_ADDR_MAX], number_text[16] = "-";

	if (number_of > 0)
		(void)snprintf(number_text, sizeof(number_text), "%u", number_of);
	term_line(p, 0);
	term_put(p, PLAIN, "%2s  %s  ", number_text, pci_addr_format(d->addr, address));
	p->indent = p->column;
	term_words(p, PLAIN, "%s%s", what, text);
}

static void print_attached(struct cards *c, const struct card *k, size_t i, void *to)
{
	const struct device *d = card_verdict(c, k, i)->device;
	_cleanup_(text_done) struct text all = {0};

	size_t n;
	const struct attached *b = attached_of(
		c->uses.attached.at, c->uses.attached.n, d->addr, &n);

	for (size_t j = 0; j < n; j++) {
		text_print(&all, "%s", j > 0 ? ", " : "");
		attached_format(&b[j], &all);
	}
	if (all.len > 0)
		print_remark(to, k->number, d, "has: ", all.data);
}

void cards_print(struct cards *c)
{
	static const struct table_column columns[] = {{.name = "NO", .right = true},
		{.name = "ADDRESS"}, {.name = "KIND"}, {.name = "ID"},
		{.name = "GROUP", .right = true}, {.name = "DRIVER"},
		{.name = "NAME", .cut = true}};
	_cleanup_(table_done) struct table t;
	size_t system = c->n_fixed;
	struct term p;

	table_open(&t, columns, sizeof(columns) / sizeof(*columns));
	each_numbered(c, function_row, &t);
	table_print(&t, stdout);
	term_open(&p, stdout, COLOUR_NEVER);
	each_numbered(c, print_attached, &p);
	for (size_t i = 0; i < c->n; i++) {
		const char *reason = card_refusal(c, &c->at[i]);
		if (!is_of_use(c, &c->at[i]))
			system += c->at[i].n;
		else if (reason)
			print_remark(
				&p, 0, card_verdict(c, &c->at[i], 0)->device, "stays: ", reason);
	}
	if (system > 0) {
		term_line(&p, 4);
		term_words(&p, PLAIN, "bridges and system functions stay: %zu (vfio-bind list -v)",
			system);
	}
	term_end(&p);
}

/* Writes a config file that selects the chosen cards, each function by address and id. */
static void cards_write_config(struct cards *c, struct text *ret)
{
	char address[PCI_ADDR_MAX], id[PCI_ID_MAX], name[96];

	text_print(ret, "[bind]\n");
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; c->at[i].chosen && j < c->at[i].n; j++) {
			const struct device *d = card_verdict(c, &c->at[i], j)->device;
			const char *word = kind_word(&c->s.sysfs, d);
			struct pci_id shown = d->id;
			shown.subvendor = shown.subdevice = PCI_ANY;
			name_function(c, d, name, sizeof(name));
			text_print(ret, "# %s%s%s\naddresses = %s=%s\n", word ? word : "",
				word ? ": " : "", name, pci_addr_format(d->addr, address),
				pci_id_format(&shown, id));
		}
}

/* ---- cards_select ------------------------------------------------------------------------------
 */

static const char *name_of(
	const struct cards *c, const struct card *k, char buf[static PCI_ADDR_MAX])
{
	return pci_addr_format(card_verdict(c, k, 0)->device->addr, buf);
}

static bool is_bmc(const struct cards *c, const struct card *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (device_is_bmc_display(card_verdict(c, k, i)->device))
			return true;
	return false;
}

/* Displays that stay are reported; a machine with one display has none for a VM. */
static bool select_non_boot_gpus(struct cards *c)
{
	bool unknown = c->s.host.boot.by == WITNESS_NONE;
	char address[PCI_ADDR_MAX];
	bool all = true;

	for (size_t i = 0; i < c->n; i++) {
		struct card *k = &c->at[i];
		const char *reason = !k->display    ? NULL
				     : is_bmc(c, k) ? "is a management controller's display"
				     : unknown      ? "nothing tells which display shows the boot"
						    : card_refusal(c, k);
		k->chosen = k->display && !reason;
		if (reason)
			log_print(LOG_NOTICE, "%s stays with the host: %s", name_of(c, k, address),
				reason);
	}
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].chosen)
			return all;
	log_print(LOG_WARNING, "no display controller but the boot display can be had%s",
		unknown ? "; choose by number, or name one by address" : "");
	return false;
}

/* What the host loses with this card, besides what it loses with those that are chosen; "" for
 * nothing that is known. */
static int format_loss(const struct cards *c, const struct card *k, struct text *ret)
{
	_cleanup_(host_losses_done) struct host_losses all = {0};
	_cleanup_(host_losses_done) struct host_losses own = {0};
	const struct device **set = calloc(
		c->s.plan.n + 1, sizeof(*set)); // NOLINT(bugprone-sizeof-expression)
	size_t n = 0;

	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; (c->at[i].chosen || &c->at[i] == k) && j < c->at[i].n; j++)
			set[n++] = card_verdict(c, &c->at[i], j)->device;
	int r = host_losses_find(&all, &c->uses, set, n);
	free(set);
	for (size_t j = 0; r == 0 && j < k->n; j++)
		r = host_losses_copy(&own, &all, card_verdict(c, k, j)->device->addr);
	host_losses_format(&own, ret);
	return ret->failed ? -ENOMEM : r;
}

/* Asks whether the host gives away another card of the group, with what it loses by that. */
static bool ask_for_card(
	const struct cards *c, const struct card *other, const char *address, const char *name)
{
	_cleanup_(text_done) struct text loss = {0};

	if (format_loss(c, other, &loss) < 0)
		return false;
	return prompt_yes(
		"%s shares the IOMMU group of %s. A VM needs the whole group.%s%s%s Add it?",
		address, name, loss.len > 0 ? " The host loses " : "",
		loss.len > 0 ? loss.data : "", loss.len > 0 ? " with it." : "");
}

/* A VM gets a whole IOMMU group or nothing (Documentation/driver-api/vfio.rst): the other devices
 * of the group come along, or the VM does not start. */
static bool resolve_group(struct cards *c, const struct card *k, bool yes)
{
	char name[PCI_ADDR_MAX], address[PCI_ADDR_MAX];
	bool whole = true;
	size_t at = 0;

	for (struct card *other; (other = group_conflict(c, k, &at));) {
		const char *reason = card_refusal(c, other);
		whole &= !other->kept;
		if (other->kept)
			continue;
		name_of(c, k, name);
		name_of(c, other, address);
		other->chosen = !reason && !yes && ask_for_card(c, other, address, name);
		if (prompt_ended())
			return false;
		if (other->chosen)
			continue;
		other->kept = true;
		log_print(LOG_WARNING,
			"%s shares the IOMMU group of %s%s%s%s: a VM with %s will not start while a driver has it",
			address, name, reason ? " and stays with the host (" : "",
			reason ? reason : "", reason ? ")" : "", name);
		whole = false;
	}
	return whole;
}

int cards_select(
	struct cards *c, const struct cards_select_options *o, struct text *ret, struct err *err)
{
	bool all = o->non_boot_gpus ? select_non_boot_gpus(c) : o->chosen || cards_ask(c);
	bool some = false;

	if (!all && !o->non_boot_gpus)
		return 0; /* the user left */
	for (size_t i = 0; i < c->n && !prompt_ended(); i++)
		if (c->at[i].chosen)
			all &= resolve_group(c, &c->at[i], o->yes);
	if (prompt_ended())
		return 0;
	for (size_t i = 0; i < c->n; i++)
		some |= c->at[i].chosen;
	if (some)
		cards_write_config(c, ret);
	if (ret->failed)
		return err_set(err, ENOMEM, "out of memory");
	return all && some;
}
