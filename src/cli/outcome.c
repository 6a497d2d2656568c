/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/outcome.h"

#include "base/array.h"
#include "base/str.h"
#include "cli/rom_dump.h"
#include "cli/rom_image.h"
#include "core/card.h"
#include "core/release.h"
#include "core/usable.h"
#include "host/in_use_by.h"
#include "host/known_trouble.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look {
	const struct outcome_from *from;
	const struct verdict *verdict;
	const struct function *function;
	struct outcome *ret;
	bool failed;
};

static void add(struct look *l, bool prevents, const char *word, const char *detail,
	const char *fmt, ...) _printf_(5, 6);
static void add(
	struct look *l, bool prevents, const char *word, const char *detail, const char *fmt, ...)
{
	struct outcome *o = l->ret;
	struct outcome_remark *grown = array_grow(o->at, o->n, &o->size, sizeof(*grown));
	struct outcome_remark one = {.word = word, .prevents = prevents, .detail = detail};
	va_list ap;

	l->failed |= !grown;
	if (!grown)
		return;
	o->at = grown;
	va_start(ap, fmt);
	int n = vasprintf(&one.what, fmt, ap);
	va_end(ap);
	l->failed |= n < 0;
	if (n < 0)
		return;
	o->at[o->n++] = one;
	if (prevents)
		o->starts = OUTCOME_FAILS;
}

static void set_unknown(struct look *l)
{
	if (l->ret->starts == OUTCOME_STARTS)
		l->ret->starts = OUTCOME_UNKNOWN;
}

static bool is_bound(const struct look *l, struct pci_addr addr)
{
	const struct verdict *v = plan_find(&l->from->ctx->plan, addr);

	return v && v->action == ACTION_BIND;
}

static struct sysfs *sysfs_of(const struct look *l)
{
	return &l->from->ctx->sysfs;
}

/* ---- would a VM start? -------------------------------------------------------------------------
 */

/* usable_blocks_group is the kernel's rule for each member. */
static void look_at_group(struct look *l, int group)
{
	_cleanup_(text_done) struct text others = {0};
	char address[PCI_ADDR_MAX];
	size_t n;
	struct function *const *members = inventory_group(l->from->inventory, group, &n);

	for (size_t i = 0; i < n; i++) {
		const struct device *d = &members[i]->d;
		if (!is_bound(l, d->addr) && usable_blocks_group(sysfs_of(l), d))
			text_print(&others, "%s%s (%s)", others.len > 0 ? ", " : "",
				pci_addr_format(d->addr, address), d->driver);
	}
	l->failed |= others.failed;
	if (others.len > 0)
		add(l, true, "group",
			"the kernel gives a VM an IOMMU group only while no host driver has any of it",
			"of its group %d the host keeps %s", group, others.data);
}

static void look_at_reserved(struct look *l, int group)
{
	if (usable_has_direct_region(sysfs_of(l), group))
		add(l, true, "reserved",
			"vfio-pci binds it, and no VM can open it; another slot, or newer firmware, may be without",
			"the firmware reserves memory for its group %d (RMRR, a region of type `direct`)",
			group);
	else if (l->from->live && !sysfs_path_exists(sysfs_of(l),
					  "kernel/iommu_groups/%d/reserved_regions", group)) {
		set_unknown(l);
		add(l, false, "reserved-unknown", "where it is reserved, no VM can open the device",
			"this kernel does not say whether the firmware reserves memory for its group");
	}
}

/* Built into the kernel it takes no options from [modules]: then its parameter says what it does.
 * A module has a file initstate (kernel/module/sysfs.c). */
static bool ignores_options(const struct look *l)
{
	char value[4] = "";

	(void)sysfs_path_read(
		sysfs_of(l), value, sizeof(value), "module/vfio_pci/parameters/disable_denylist");
	return value[0] == 'N' && !sysfs_path_exists(sysfs_of(l), "module/vfio_pci/initstate");
}

static void look_at_verdict(struct look *l)
{
	const struct verdict *v = l->verdict;
	bool denied = guard_in_denylist(v->device) &&
		      (v->action != ACTION_BIND || str_equal(v->driver, "vfio-pci"));

	if (denied && (v->action != ACTION_BIND || ignores_options(l)))
		add(l, true, "denylist",
			"a guest can crash the host with it: vfio-pci refuses it unless disable_denylist=1 is in [modules] options, or vfio-pci.disable_denylist=1 on the kernel command line where it is built in",
			"it is in vfio-pci's denylist");
	else if (v->action != ACTION_BIND)
		add(l, true, "refused", "boot leaves it to the host", "%s", v->reason);
}

static void look_at_start(struct look *l)
{
	int group = l->function->d.group;

	look_at_verdict(l);
	if (group >= 0) {
		look_at_group(l, group);
		look_at_reserved(l, group);
		return;
	}
	set_unknown(l);
	add(l, false, "group-unknown",
		"which devices a VM gets with it is known once the IOMMU is on, or a driver has it",
		"it has no IOMMU group now");
}

/* ---- reset -------------------------------------------------------------------------------------
 */

/*
 * Without a method of its own a function is reset with its bus, if a bridge is above it, and only
 * for a VM that has all functions there (VFIO_DEVICE_PCI_HOT_RESET in
 * drivers/vfio/pci/vfio_pci_core.c). The kernel's own method `bus` wants it to be alone there.
 */
static void look_at_reset(struct look *l)
{
	static const char no_reset[] =
		"after a VM with it ends, the next one, or the host, may find it dead until the host is powered off";
	const struct function *f = l->function;
	const struct inventory *v = l->from->inventory;
	char address[PCI_ADDR_MAX];
	size_t n = 0;

	if (f->reset[0])
		return;
	if (!f->has_upstream) {
		add(l, false, "no-reset", no_reset, "the kernel has no way to reset it");
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		const struct device *d = &v->at[i].d;
		if (d->addr.domain != f->d.addr.domain || d->addr.bus != f->d.addr.bus)
			continue;
		n++;
		if (is_bound(l, d->addr))
			continue;
		add(l, false, "no-reset", no_reset,
			"the kernel resets it only with all of its bus, of which %s stays with the host",
			pci_addr_format(d->addr, address));
		return;
	}
	if (n > 1)
		add(l, false, "reset-with-bus",
			"give one VM all of them, so that it can reset them",
			"the kernel resets it only with the %zu functions of its bus", n);
}

/* ---- ROM ---------------------------------------------------------------------------------------
 */

/* A ROM that is read while a driver or a VM works with the device may disturb it (PCI Local Bus
 * Specification 3.0, section 6.2.5.2): then it is left alone. */
static bool driver_works(const struct look *l)
{
	_cleanup_(text_done) struct text users = {0};
	const struct device *d = &l->function->d;

	return d->driver[0] &&
	       (!release_is_vfio(d->driver) || in_use_by_find(&users, sysfs_of(l), d, true) != 0);
}

static void look_at_rom(struct look *l)
{
	const struct function *f = l->function;
	_cleanup_(rom_bytes_done) struct rom_bytes bytes = {0};
	struct rom rom = {0};

	if (!l->from->roms || !device_is_display(&f->d))
		return;
	if (!f->has_rom) {
		l->ret->rom = "none";
		return;
	}
	if (l->from->live && driver_works(l)) {
		add(l, false, "rom-unknown",
			"`vfio-bind rom ADDRESS` reads it after the reboot, and says whether UEFI can use it",
			"its ROM is not read while %s has it", f->d.driver);
		return;
	}
	if (rom_bytes_read(&bytes, sysfs_of(l), f->d.addr, l->from->live) < 0 ||
		!rom_parse(&rom, bytes.data, bytes.len)) {
		add(l, false, "rom-unknown",
			"a guest with UEFI (OVMF) may show nothing before its own driver starts; --rom FILE gives it a ROM",
			"its ROM can't be read");
		return;
	}
	l->ret->rom = rom_has_uefi(&rom) ? "uefi" : rom_has_bios(&rom) ? "bios" : "other";
	if (!rom_has_uefi(&rom))
		add(l, false, "rom-no-uefi",
			"a guest with UEFI (OVMF) shows nothing before its own driver starts; take a ROM with an image for UEFI, or SeaBIOS",
			"its ROM has no image for UEFI");
}

/* ---- known trouble ------------------------------------------------------------------------------
 */

/* The other half of an Arc that is not bound: its sound, or the display of that sound. */
static void look_at_arc(struct look *l)
{
	const struct device *d = &l->function->d;
	const struct inventory *v = l->from->inventory;
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; d->of_card && i < v->n; i++) {
		const struct device *other = &v->at[i].d;
		if (!card_same(d, other) || is_bound(l, other->addr) ||
			!(known_trouble_is_arc_audio(d) ? device_is_display(other)
							: known_trouble_is_arc_audio(other) &&
								  device_is_display(d)))
			continue;
		add(l, false, "arc-audio",
			"an Arc has its sound on another bus of the card, and is reset as a whole: give the VM both",
			"%s, %s of the same card, stays with the host",
			pci_addr_format(other->addr, address),
			device_is_display(other) ? "the display" : "the sound");
	}
}

static void look_at_trouble(struct look *l)
{
	const struct known_trouble *t;
	size_t at = 0;

	while ((t = known_trouble_next(&l->function->d, l->function->reset, &at))) {
		size_t before = l->ret->n;
		add(l, false, t->word, t->detail, "%s", t->what);
		for (size_t i = before; i < l->ret->n; i++)
			l->ret->at[i].of_guest = t->of_guest;
	}
	look_at_arc(l);
}

/* ---- all of it ----------------------------------------------------------------------------------
 */

int outcomes_find(struct outcomes *ret, const struct outcome_from *from)
{
	const struct plan *p = &from->ctx->plan;
	struct look l = {.from = from};

	*ret = (struct outcomes){.at = calloc(p->n ? p->n : 1, sizeof(*ret->at))};
	if (!ret->at)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		l.verdict = &p->verdicts[i];
		l.function = l.verdict->device
				     ? inventory_find(from->inventory, l.verdict->device->addr)
				     : NULL;
		if (!l.function || l.function->d.error < 0)
			continue;
		l.ret = &ret->at[ret->n++];
		*l.ret = (struct outcome){.addr = l.function->d.addr,
			.bound = l.verdict->action == ACTION_BIND,
			.reset = l.function->reset};
		look_at_start(&l);
		look_at_reset(&l);
		look_at_rom(&l);
		look_at_trouble(&l);
	}
	return l.failed ? -ENOMEM : 0;
}

void outcomes_done(struct outcomes *o)
{
	for (size_t i = 0; i < o->n; i++) {
		for (size_t j = 0; j < o->at[i].n; j++)
			free(o->at[i].at[j].what);
		free(o->at[i].at);
	}
	free(o->at);
	*o = (struct outcomes){0};
}

int outcome_report_make(
	struct outcome_report *ret, struct ctx *ctx, const struct sysroot *w, struct err *err)
{
	const struct host_snapshot notes = {0};
	struct pciids names = {0};
	const struct outcome_from from = {.ctx = ctx,
		.inventory = &ret->inventory,
		.live = !w->sysfs && !w->root,
		.roms = true};

	*ret = (struct outcome_report){0};
	int r = inventory_gather(&ret->inventory, &ctx->sysfs, &names, &notes, err);
	if (r == 0 && outcomes_find(&ret->outcomes, &from) < 0)
		r = err_set(err, ENOMEM, "out of memory for what comes of the plan");
	return r;
}

void outcome_report_done(struct outcome_report *r)
{
	outcomes_done(&r->outcomes);
	inventory_done(&r->inventory);
}

bool outcomes_fail(const struct outcomes *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->at[i].bound && o->at[i].starts == OUTCOME_FAILS)
			return true;
	return false;
}

/* What a function before it in its slot has said already. */
static bool is_said(const struct outcomes *o, size_t i, const struct outcome_remark *r)
{
	while (i-- > 0)
		for (size_t j = 0; j < o->at[i].n; j++)
			if (pci_addr_same_device(o->at[i].addr, o->at[i + 1].addr) &&
				o->at[i].at[j].word == r->word &&
				str_equal(o->at[i].at[j].what, r->what))
				return true;
	return false;
}

void outcomes_print(const struct outcomes *o, struct term *p)
{
	char address[PCI_ADDR_MAX];
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		for (size_t j = 0; j < o->at[i].n; j++, n++) {
			const struct outcome_remark *r = &o->at[i].at[j];
			if (is_said(o, i, r))
				continue;
			term_line(p, 0);
			term_put(p, PLAIN, "%s  ", pci_addr_format(o->at[i].addr, address));
			p->indent = p->column;
			term_words(p, r->prevents ? BAD : PLAIN, "%s%s; %s",
				r->prevents ? "no VM starts with it: " : "", r->what, r->detail);
		}
	if (n == 0 && o->n > 0) {
		term_line(p, 0);
		term_words(p, PLAIN, "A VM can start with each of them, and reset it.");
	}
	term_end(p);
}

static void print_reset(const char *reset, struct json *j)
{
	char copy[sizeof(((struct function *)NULL)->reset)], *rest = copy, *word;

	(void)str_copy(copy, sizeof(copy), reset);
	json_open_array(j, "reset");
	while ((word = strsep(&rest, " ")))
		if (word[0])
			json_string(j, NULL, word);
	json_close_array(j);
}

static void print_one(const struct outcome *o, struct json *j)
{
	char address[PCI_ADDR_MAX];

	json_open_object(j, NULL);
	json_string(j, "address", pci_addr_format(o->addr, address));
	if (o->starts == OUTCOME_UNKNOWN)
		json_null(j, "starts");
	else
		json_bool(j, "starts", o->starts == OUTCOME_STARTS);
	print_reset(o->reset, j);
	json_string(j, "rom", o->rom);
	json_open_array(j, "remarks");
	for (size_t i = 0; i < o->n; i++) {
		json_open_object(j, NULL);
		json_string(j, "word", o->at[i].word);
		json_bool(j, "prevents", o->at[i].prevents);
		json_string(j, "what", o->at[i].what);
		json_string(j, "why", o->at[i].detail);
		json_close_object(j);
	}
	json_close_array(j);
	json_close_object(j);
}

void outcomes_print_json(const struct outcomes *o, struct json *j)
{
	if (!o) {
		json_null(j, "outcome");
		return;
	}
	json_open_array(j, "outcome");
	for (size_t i = 0; i < o->n; i++)
		print_one(&o->at[i], j);
	json_close_array(j);
}
