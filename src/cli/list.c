/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cmd.h"
#include "cli/listing.h"
#include "cli/sysroot.h"
#include "core/card.h"
#include "core/kmod.h"
#include "core/plan.h"
#include "host/inventory.h"
#include "shared/term.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- listing -----------------------------------------------------------------------------------
 */

const struct verdict *listing_verdict(const struct listing *l, const struct function *f)
{
	return l->plan ? plan_find(l->plan, f->d.addr) : NULL;
}

/* True if it is the first function of its card among the members of a group. */
static bool begins_card(struct function *const *members, size_t i)
{
	for (size_t k = 0; members[i]->d.of_card && k < i; k++)
		if (card_same(&members[k]->d, &members[i]->d))
			return false;
	return true;
}

size_t listing_cards_of(const struct inventory *v, int group)
{
	size_t members, n = 0;
	struct function *const *at = inventory_group(v, group, &members);

	for (size_t i = 0; group >= 0 && i < members; i++)
		n += !device_is_fixed(&at[i]->d) && begins_card(at, i);
	return n;
}

/* ---- text --------------------------------------------------------------------------------------
 */

#define DETAIL 6

/* "VGA compatible controller: NVIDIA TU104 [GeForce RTX 2060]", numbers without a name; cut by
 * term_put, wrapped by term_words. */
static void function_put(const struct function *f, struct term *p,
	void (*put)(struct term *, enum style, const char *, ...))
{
	char vendor[NAME_MAX_BYTES];

	if (f->d.error) {
		put(p, BAD, "can't be read: %s", strerror(-f->d.error));
		return;
	}
	if (f->class_name[0])
		put(p, PLAIN, "%s:", f->class_name);
	else
		put(p, PLAIN, "class %04x:", f->d.class >> 8);
	if (put == term_put)
		put(p, PLAIN, " ");
	if (f->vendor_name[0])
		(void)pciids_short(f->vendor_name, vendor, sizeof(vendor));
	else
		(void)snprintf(vendor, sizeof(vendor), "vendor %04x", f->d.id.vendor);
	if (f->name[0])
		put(p, BOLD, "%s %s", vendor, f->name);
	else
		put(p, BOLD, "%s device %04x", vendor, f->d.id.device);
}

/* "256 MiB"; decimal sizes, of disks, have their own function. */
static const char *binary_size(uint64_t bytes, char buf[static 24])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned u = 0;

	while (bytes >= 1024 && bytes % 1024 == 0 && u < 6) {
		bytes /= 1024;
		u++;
	}
	(void)snprintf(buf, 24, "%llu %s", (unsigned long long)bytes, units[u]);
	return buf;
}

static const char *decimal_size(unsigned long long bytes, char buf[static 24])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	unsigned u;
	unsigned long long tenths;

	if (bytes < 1000) {
		(void)snprintf(buf, 24, "%llu B", bytes);
		return buf;
	}
	for (tenths = bytes / 100, u = 1; tenths >= 9995 && u < 6; u++)
		tenths /= 1000;
	if (tenths < 100)
		(void)snprintf(buf, 24, "%llu.%llu %s", tenths / 10, tenths % 10, units[u]);
	else
		(void)snprintf(buf, 24, "%llu %s", (tenths + 5) / 10, units[u]);
	return buf;
}

static void print_ids(const struct function *f, struct term *p)
{
	const struct pci_id *id = &f->d.id;

	term_phrase(p, PLAIN, "%04x:%04x", id->vendor & 0xffffU, id->device & 0xffffU);
	if (id->subvendor == 0 || device_is_fixed(&f->d))
		return;
	term_phrase(p, PLAIN, "subsystem %04x:%04x%s%s%s", id->subvendor & 0xffffU,
		id->subdevice & 0xffffU, f->subsystem_name[0] ? " (" : "", f->subsystem_name,
		f->subsystem_name[0] ? ")" : "");
}

/* The current driver is left out; module names are compared with - and _ as equal. */
static void print_candidates(const struct function *f, struct term *p)
{
	char others[256] = "", name[64];
	size_t len = 0;

	for (const char *at = f->candidates; at && *at; at += *at == ' ') {
		size_t n = strcspn(at, " ");
		(void)snprintf(name, sizeof(name), "%.*s", (int)n, at);
		at += n;
		if (module_same(name, f->d.driver) || module_same(name, f->module) ||
			len + n + 8 > sizeof(others))
			continue;
		len += (size_t)snprintf(
			others + len, sizeof(others) - len, "%s%s", len ? " or " : "", name);
	}
	if (len > 0)
		term_phrase(p, PLAIN, "could have %s", others);
}

static void print_driver(const struct function *f, struct term *p)
{
	const char *driver = f->d.driver;
	bool vfio = str_equal(driver, "vfio-pci") || strstr(driver, "vfio_pci");

	if (driver[0])
		term_phrase(p, vfio ? GOOD : BOLD, "driver %s", driver);
	else if (!device_is_fixed(&f->d))
		term_phrase(p, NOTE, "no driver");
	print_candidates(f, p);
}

static void print_speed(const struct function *f, struct term *p)
{
	const struct speed *now = &f->now, *max = &f->max;

	if (!now->rate[0] || now->width == 0)
		return;
	if (max->rate[0] && (max->width != now->width || !str_equal(max->rate, now->rate)))
		term_phrase(p, PLAIN, "link %s x%u of %s x%u", now->rate, now->width, max->rate,
			max->width);
	else
		term_phrase(p, PLAIN, "link %s x%u", now->rate, now->width);
}

static void print_bars(const struct function *f, struct term *p)
{
	char now[24], least[24], most[24];

	for (unsigned i = 0; i < BARS; i++) {
		const struct bar *b = &f->bars[i];
		if (!b->resizable || b->sizes == 0)
			continue;
		unsigned low = (unsigned)__builtin_ctzll(b->sizes);
		unsigned high = 63 - (unsigned)__builtin_clzll(b->sizes);
		if (high > 43) /* 2^63 bytes and more: not a valid size of a region */
			continue;
		term_phrase(p, PLAIN, "BAR %u %s (%s to %s)", i, binary_size(b->size, now),
			binary_size(1ULL << (20 + low), least),
			binary_size(1ULL << (20 + high), most));
	}
}

static void print_virtual(const struct function *f, struct term *p)
{
	char address[PCI_ADDR_MAX];

	if (f->is_vf)
		term_phrase(
			p, PLAIN, "virtual function of %s", pci_addr_format(f->physical, address));
	if (f->vfs_max > 0)
		term_phrase(p, PLAIN, "SR-IOV: %u of %u virtual functions", f->vfs, f->vfs_max);
}

static void print_reset(const struct function *f, struct term *p)
{
	if (str_equal(f->reset, "yes"))
		term_phrase(p, PLAIN, "can be reset");
	else if (f->reset[0])
		term_phrase(p, PLAIN, "reset: %s", f->reset);
	else
		term_phrase(p, NOTE, "no reset method: a VM can't be shut down cleanly with it");
}

static void print_verdict(const struct listing *l, const struct function *f, struct term *p)
{
	const struct verdict *v = l->plan ? listing_verdict(l, f) : NULL;

	if (!v)
		return;
	term_line(p, DETAIL);
	if (v->action == ACTION_BIND)
		term_words(p, GOOD, "asked for (%s:%u): goes to %s", l->plan->config->path,
			v->selector->line, v->driver);
	else
		term_words(p, BAD, "asked for (%s:%u), and stays: %s", l->plan->config->path,
			v->selector->line, v->reason);
}

static void print_uses(const struct attached *b, struct term *p)
{
	if (b->uses && *b->uses)
		term_put(p, b->kind == ATTACHED_BLOCK ? NOTE : PLAIN, ":");
	for (const char *use = b->uses; use && *use; use += strlen(use) + 1)
		term_words(p, b->kind == ATTACHED_BLOCK ? NOTE : PLAIN, "%s", use);
}

void attached_print(const struct attached *b, struct term *p)
{
	char size[24];

	switch (b->kind) {
	case ATTACHED_BLOCK:
		term_words(p, PLAIN, "%s %s %s", b->name, decimal_size(b->bytes, size), b->what);
		if (b->holders[0]) {
			term_put(p, NOTE, ",");
			term_words(p, NOTE, "part of %s", b->holders);
		}
		break;
	case ATTACHED_NET:
		term_words(p, PLAIN, "%s %s%s%s", b->name, b->up ? "up" : "down",
			b->what[0] ? ", part of " : "", b->what);
		break;
	case ATTACHED_USB:
		term_words(p, PLAIN, "usb %s %s %s", b->name, b->id, b->what);
		break;
	case ATTACHED_CONNECTOR:
		term_words(p, PLAIN, "screen on %s %s%s", b->name, b->what, b->up ? "" : ", dark");
		break;
	}
	print_uses(b, p);
}

static void print_all_attached(const struct listing *l, const struct function *f, struct term *p)
{
	size_t n;
	const struct attached *b = inventory_attached(l->inventory, f->d.addr, &n);

	for (size_t i = 0; i < n; i++) {
		term_line(p, DETAIL);
		term_put(p, PLAIN, "-");
		attached_print(&b[i], p);
	}
}

static void print_details(const struct function *f, struct term *p)
{
	term_line(p, DETAIL);
	print_ids(f, p);
	print_driver(f, p);
	if (device_is_fixed(&f->d)) {
		if (f->first_bus > 0)
			term_phrase(p, PLAIN, "bridge to bus %02x", f->first_bus);
		return;
	}
	if (f->d.is_boot_display)
		term_phrase(p, NOTE, "boot display");
	print_virtual(f, p);
	print_reset(f, p);
	print_speed(f, p);
	print_bars(f, p);
	if (f->has_rom)
		term_phrase(p, PLAIN, "ROM");
	if (f->numa >= 0)
		term_phrase(p, PLAIN, "NUMA node %d", f->numa);
}

static void print_group(const struct listing *l, int group, struct term *p)
{
	term_line(p, 0);
	if (group < 0) {
		term_put(p, BOLD, "No IOMMU group");
		term_put(p, PLAIN, ": can't be given to a VM");
		return;
	}
	term_put(p, BOLD, "Group %d", group);
	size_t cards = listing_cards_of(l->inventory, group);
	if (cards > 1)
		term_put(p, NOTE, ": %zu devices, to be given together or not at all", cards);
}

void listing_print_absent(const struct listing *l, struct term *p)
{
	char name[VERDICT_NAME_MAX];

	for (size_t i = 0; l->plan && i < l->plan->n; i++) {
		const struct verdict *v = &l->plan->verdicts[i];
		if (v->device)
			continue;
		term_line(p, 0);
		term_words(p, BAD, "%s, asked for (%s:%u): %s", verdict_name(v, name),
			l->plan->config->path, v->selector->line, v->reason);
	}
}

static void listing_print(const struct listing *l, struct term *p)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < l->n; i++) {
		const struct function *f = l->shown[i];
		if (i == 0 || f->d.group != l->shown[i - 1]->d.group)
			print_group(l, f->d.group, p);
		term_line(p, 2);
		term_put(p, BOLD, "%s", pci_addr_format(f->d.addr, address));
		p->indent = DETAIL;
		function_put(f, p, term_words);
		if (!f->d.error)
			print_details(f, p);
		print_verdict(l, f, p);
		print_all_attached(l, f, p);
	}
	if (l->asked_only)
		listing_print_absent(l, p);
	term_end(p);
}

/* ---- tree --------------------------------------------------------------------------------------
 */

#define STEM_MAX 64

/* Functions by their place in the inventory, plus 1; 0 is none. */
struct tree {
	const struct listing *l;
	struct term *p;
	bool *has_shown; /* for each function: it, or one below it, is printed */
	size_t *next;    /* the next one below the same bridge, or without one */
	size_t *below;   /* the first one below a bridge; [0]: the first without one */
};

static void print_branch(
	const struct tree *t, const struct function *f, const char *stem, bool last)
{
	const struct inventory *v = t->l->inventory;
	struct term *p = t->p;
	char address[PCI_ADDR_MAX];
	size_t n;

	term_line(p, 0);
	term_put(p, FAINT, "%s%s", stem, last ? "`- " : "+- ");
	term_put(p, BOLD, "%s ", pci_addr_format(f->d.addr, address));
	if (f->d.group >= 0)
		term_put(p, FAINT, "[%d] ", f->d.group);
	if (f->d.driver[0])
		term_put(p, GOOD, "%s ", f->d.driver);
	function_put(f, p, term_put);
	const struct attached *b = inventory_attached(v, f->d.addr, &n);
	for (size_t i = 0; i < n; i++) {
		term_line(p, 0);
		term_put(p, FAINT, "%s%s   - ", stem, last ? "  " : "| ");
		p->indent = p->column;
		attached_print(&b[i], p);
	}
}

/* `i` and what comes after it below the same bridge. */
static void print_below(const struct tree *t, size_t i, const char *stem)
{
	const struct function *at = t->l->inventory->at, *before = NULL;
	char deeper[STEM_MAX];

	for (; i > 0; i = t->next[i]) {
		const struct function *f = &at[i - 1],
				      *next = t->next[i] ? &at[t->next[i] - 1] : NULL;
		if (!f->has_upstream && !(before && str_equal(before->root, f->root))) {
			term_line(t->p, 0);
			term_put(t->p, FAINT, "%s", f->root);
		}
		bool last = !next || (!f->has_upstream && !str_equal(next->root, f->root));
		print_branch(t, f, stem, last);
		(void)snprintf(deeper, sizeof(deeper), "%s%s", stem, last ? "   " : "|  ");
		print_below(t, t->below[i], deeper);
		before = f;
	}
}

/* Marks a function and the bridges above it. */
static void mark(const struct tree *t, const struct function *f)
{
	const struct inventory *v = t->l->inventory;

	while (f && !t->has_shown[f - v->at]) {
		t->has_shown[f - v->at] = true;
		f = f->has_upstream ? inventory_find(v, f->upstream) : NULL;
	}
}

/* Links each shown function before those that follow it. */
static void link_shown(const struct tree *t)
{
	const struct inventory *v = t->l->inventory;

	for (size_t i = v->n; i > 0; i--) {
		const struct function *f = &v->at[i - 1];
		if (!t->has_shown[i - 1])
			continue;
		size_t up = f->has_upstream ? (size_t)(inventory_find(v, f->upstream) - v->at) + 1
					    : 0;
		t->next[i] = t->below[up];
		t->below[up] = i;
	}
}

static void listing_print_tree(const struct listing *l, struct term *p)
{
	size_t n = l->inventory->n + 1;
	struct tree t = {l, p, calloc(n, sizeof(*t.has_shown)), calloc(n, sizeof(*t.next)),
		calloc(n, sizeof(*t.below))};

	if (t.has_shown && t.next && t.below) {
		for (size_t i = 0; i < l->n; i++)
			mark(&t, l->shown[i]);
		link_shown(&t);
		print_below(&t, t.below[0], "");
		term_end(p);
	}
	free(t.has_shown);
	free(t.next);
	free(t.below);
}

/* ---- JSON -----------------------------------------------------------------------------------
 */

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static void write_hex(struct json *j, const char *key, uint32_t value, int digits)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%0*x", digits, value);
	json_string(j, key, text);
}

static void write_slot(struct json *j, const char *key, bool there, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX];

	json_string(j, key, there ? pci_addr_format(addr, address) : NULL);
}

/* Prints "a b c" as an array. */
static void write_words(struct json *j, const char *key, const char *words)
{
	char word[64];

	json_open_array(j, key);
	while (words && *words) {
		size_t len = strcspn(words, " ");
		if (len > 0 && len < sizeof(word)) {
			memcpy(word, words, len);
			word[len] = '\0';
			json_string(j, NULL, word);
		}
		words += len + (words[len] == ' ');
	}
	json_close_array(j);
}

static void write_uses(struct json *j, const char *key, const char *uses)
{
	json_open_array(j, key);
	for (; uses && *uses; uses += strlen(uses) + 1)
		json_string(j, NULL, uses);
	json_close_array(j);
}

static void write_identity(struct json *j, const struct function *f)
{
	const struct pci_id *id = &f->d.id;
	bool has_subsystem = id->subvendor != 0;

	write_hex(j, "class", f->d.class, 6);
	json_string(j, "class_name", or_null(f->class_name));
	write_hex(j, "vendor", id->vendor & 0xffffU, 4);
	json_string(j, "vendor_name", or_null(f->vendor_name));
	write_hex(j, "device", id->device & 0xffffU, 4);
	json_string(j, "device_name", or_null(f->name));
	if (has_subsystem) {
		write_hex(j, "subvendor", id->subvendor & 0xffffU, 4);
		write_hex(j, "subdevice", id->subdevice & 0xffffU, 4);
	} else {
		json_null(j, "subvendor");
		json_null(j, "subdevice");
	}
	json_string(j, "subsystem_name", or_null(f->subsystem_name));
}

static void write_link(struct json *j, const struct function *f)
{
	if (!f->now.rate[0]) {
		json_null(j, "link");
		return;
	}
	json_open_object(j, "link");
	json_string(j, "speed", f->now.rate);
	json_int(j, "width", f->now.width);
	json_string(j, "max_speed", or_null(f->max.rate));
	json_int(j, "max_width", f->max.width);
	json_close_object(j);
}

static void write_bars(struct json *j, const struct function *f)
{
	json_open_array(j, "resizable_bars");
	for (unsigned i = 0; i < BARS; i++) {
		if (!f->bars[i].resizable)
			continue;
		json_open_object(j, NULL);
		json_int(j, "bar", i);
		json_int(j, "bytes", (long long)f->bars[i].size);
		json_open_array(j, "sizes"); /* as in [device] rebar: 2^n MiB */
		for (unsigned n = 0; n < 44; n++)
			if (f->bars[i].sizes >> n & 1)
				json_int(j, NULL, n);
		json_close_array(j);
		json_close_object(j);
	}
	json_close_array(j);
}

static void write_virtual(struct json *j, const struct function *f)
{
	if (f->vfs_max > 0) {
		json_open_object(j, "sriov");
		json_int(j, "functions", f->vfs);
		json_int(j, "max", f->vfs_max);
		json_close_object(j);
	} else {
		json_null(j, "sriov");
	}
	write_slot(j, "physical_function", f->is_vf, f->physical);
}

static void write_verdict(struct json *j, const struct listing *l, const struct function *f)
{
	const struct verdict *v = listing_verdict(l, f);
	char asked[512];

	if (v)
		(void)snprintf(
			asked, sizeof(asked), "%s:%u", l->plan->config->path, v->selector->line);
	json_string(j, "asked", v ? asked : NULL);
	json_string(j, "action", v ? action_name(v->action) : NULL);
	json_string(j, "why", v ? v->reason : NULL);
}

static void write_one_attached(struct json *j, const struct attached *b)
{
	json_open_object(j, NULL);
	json_string(j, "name", b->name);
	switch (b->kind) {
	case ATTACHED_BLOCK:
		json_string(j, "model", or_null(b->what));
		json_int(j, "bytes", (long long)b->bytes);
		write_uses(j, "mounts", b->uses);
		write_words(j, "part_of", b->holders);
		break;
	case ATTACHED_NET:
		json_bool(j, "up", b->up);
		json_string(j, "part_of", or_null(b->what));
		write_uses(j, "addresses", b->uses);
		break;
	case ATTACHED_USB:
		json_string(j, "id", b->id);
		json_string(j, "product", or_null(b->what));
		break;
	case ATTACHED_CONNECTOR:
		json_string(j, "mode", or_null(b->what));
		json_bool(j, "lit", b->up);
		break;
	}
	json_close_object(j);
}

static void write_attached(struct json *j, const struct listing *l, const struct function *f)
{
	static const char *const keys[] = {"disks", "interfaces", "usb", "screens"};
	size_t n;
	const struct attached *b = inventory_attached(l->inventory, f->d.addr, &n);

	for (unsigned kind = ATTACHED_BLOCK; kind <= ATTACHED_CONNECTOR; kind++) {
		json_open_array(j, keys[kind]);
		for (size_t i = 0; i < n; i++)
			if (b[i].kind == kind)
				write_one_attached(j, &b[i]);
		json_close_array(j);
	}
}

static void write_function(struct json *j, const struct listing *l, const struct function *f)
{
	json_open_object(j, NULL);
	write_slot(j, "address", true, f->d.addr);
	if (f->d.group >= 0)
		json_int(j, "group", f->d.group);
	else
		json_null(j, "group");
	json_string(j, "error", f->d.error ? strerror(-f->d.error) : NULL);
	write_identity(j, f);
	json_string(j, "driver", or_null(f->d.driver));
	write_words(j, "candidates", f->candidates);
	if (f->d.boot_vga < 0 && !f->d.is_boot_display)
		json_null(j, "boot_display");
	else
		json_bool(j, "boot_display", f->d.is_boot_display);
	json_bool(j, "bridge", device_is_fixed(&f->d));
	write_slot(j, "above", f->has_upstream, f->upstream);
	write_words(j, "reset", f->reset);
	write_virtual(j, f);
	if (f->numa >= 0)
		json_int(j, "numa_node", f->numa);
	else
		json_null(j, "numa_node");
	write_link(j, f);
	write_bars(j, f);
	json_bool(j, "rom", f->has_rom);
	write_verdict(j, l, f);
	write_attached(j, l, f);
	json_close_object(j);
}

static void listing_print_json(const struct listing *l, FILE *f)
{
	struct json j = {.f = f};
	char name[VERDICT_NAME_MAX];

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < l->n; i++)
		write_function(&j, l, l->shown[i]);
	json_close_array(&j);
	json_open_array(&j, "absent");
	for (size_t i = 0; l->plan && i < l->plan->n; i++)
		if (!l->plan->verdicts[i].device)
			json_string(&j, NULL, verdict_name(&l->plan->verdicts[i], name));
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}

/* ---- list --------------------------------------------------------------------------------------
 */

#define CLASS_USB 0x0c03

struct list {
	struct sysroot sysroot;
	bool json, tree, verbose, gpu, usb, asked;
	const char *group;
	int group_number;
	enum colour_mode colour;
};

static bool is_wanted(const struct list *o, const struct listing *l, const struct function *f)
{
	bool kind = (o->gpu && (f->d.of_card || device_is_display(&f->d))) ||
		    (o->usb && f->d.class >> 8 == CLASS_USB);

	return (kind || !(o->gpu || o->usb)) && (!o->group || f->d.group == o->group_number) &&
	       (!o->asked || listing_verdict(l, f));
}

/* Functions without a group come last. */
static int order(const void *a, const void *b)
{
	const struct function *x = *(const struct function *const *)a;
	const struct function *y = *(const struct function *const *)b;
	unsigned one = (unsigned)x->d.group, other = (unsigned)y->d.group;

	return one != other ? (one > other) - (one < other)
			    : pci_addr_compare(x->d.addr, y->d.addr);
}

static enum cmd_result show(const struct list *o, struct listing *l, struct err *err)
{
	struct term page;

	/* the elements are pointers */
	l->shown = calloc(l->inventory->n ? l->inventory->n : 1,
		sizeof(*l->shown)); // NOLINT(bugprone-sizeof-expression)
	if (!l->shown) {
		(void)err_set(err, ENOMEM, "no memory for %zu devices", l->inventory->n);
		return CMD_SYSTEM;
	}
	for (size_t i = 0; i < l->inventory->n; i++)
		if (is_wanted(o, l, &l->inventory->at[i]))
			l->shown[l->n++] = &l->inventory->at[i];
	qsort(l->shown, l->n, sizeof(*l->shown), order); // NOLINT(bugprone-sizeof-expression)
	term_open(&page, stdout, o->colour);
	if (o->json)
		listing_print_json(l, stdout);
	else if (o->tree)
		listing_print_tree(l, &page);
	else if (o->verbose)
		listing_print(l, &page);
	else
		listing_print_table(l, &page);
	free(l->shown);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	return CMD_AS_ASKED;
}

/* Adds the drivers that the running kernel would load; it passes modalias to modprobe. */
static void add_candidates(struct inventory *v, struct sysfs *s)
{
	struct err err = {""};
	struct module_index index;
	char alias[96];

	if (module_index_open(&index, &err) < 0)
		return; /* no index, no candidates: `check` reports that */
	for (size_t i = 0; i < v->n; i++)
		if (sysfs_read(s, v->at[i].d.addr, "modalias", alias, sizeof(alias)) > 0)
			v->at[i].candidates = module_index_drivers(&index, alias);
	module_index_done(&index);
}

/* A missing config selects nothing; what an invalid one selects is not known. */
static int read_ctx(const struct list *o, struct ctx *s, struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};
	int r = ctx_read(s, &o->sysroot, &bind, err);

	if (r != -EINVAL)
		return r;
	if (o->sysroot.config || o->asked || access(sysroot_config_file(&o->sysroot), F_OK) == 0) {
		ctx_log_errors(&s->config);
		log_print(LOG_WARNING, "what the config asks for is not marked");
	}
	return r;
}

static enum cmd_result list(const struct list *o, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s;
	_cleanup_(sysfs_done) struct sysfs sysfs = {.devices = -1};
	_cleanup_(inventory_done) struct inventory inventory = {0};
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	_cleanup_(pciids_close) struct pciids names = {0};
	int asked = read_ctx(o, &s, err);

	if (asked < 0 && asked != -EINVAL)
		return CMD_SYSTEM;
	if (sysfs_open(&sysfs, o->sysroot.sysfs, err) < 0)
		return CMD_SYSTEM;
	host_snapshot_read(&notes, &sysfs, !o->sysroot.sysfs);
	pciids_open(&names, o->sysroot.sysfs);
	const struct boot_display_from from = sysroot_display(&o->sysroot);
	if (inventory_gather(&inventory, &sysfs, &names, &notes, err) < 0 ||
		inventory_find_boot_display(&inventory, &sysfs, &from) < 0)
		return CMD_SYSTEM;
	if (!o->sysroot.sysfs)
		add_candidates(&inventory, &sysfs);
	struct listing l = {.inventory = &inventory,
		.plan = asked == 0 ? &s.plan : NULL,
		.asked_only = o->asked};
	enum cmd_result result = show(o, &l, err);
	return result == CMD_AS_ASKED && o->asked && asked < 0 ? CMD_CONFIG : result;
}

static int set_group(struct list *o, struct err *err)
{
	unsigned long number;

	if (!o->group)
		return 0;
	if (!str_decimal(o->group, INT32_MAX, &number))
		return err_set(err, EINVAL, "--group %s: write the number of a group", o->group);
	o->group_number = (int)number;
	return 0;
}

enum cmd_result cmd_list(int argc, char **argv, struct err *err)
{
	struct list o = {.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"Prints the PCI devices by IOMMU group, with their drivers and attached disks, NICs and USB devices."};
	bool help = false;
	const struct option_row rows[] = {
		{"gpu", 0, NULL, "only display controllers, each with what belongs to its card",
			NULL, &o.gpu, NULL, NULL},
		{"usb", 0, NULL, "only USB controllers", NULL, &o.usb, NULL, NULL},
		{"group", 0, "N", "only this IOMMU group", &o.group, NULL, NULL, NULL},
		{"asked", 0, NULL, "only what the config asks for", NULL, &o.asked, NULL, NULL},
		{"verbose", 'v', NULL,
			"all of each function: ids, reset methods, link, BARs, ROM; bridges too",
			NULL, &o.verbose, NULL, NULL},
		{"tree", 0, NULL, "as a tree of bridges", NULL, &o.tree, NULL, NULL},
		{"json", 0, NULL, "print JSON", NULL, &o.json, NULL, NULL},
		{"color", 0, "WHEN", "auto, always or never", NULL, NULL, term_set_colour,
			&o.colour},
		{"config", 'c', "FILE", "read FILE instead of " CONFIG_PATH, &o.sysroot.config,
			NULL, NULL, NULL},
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &o.sysroot.sysfs, NULL, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if (set_group(&o, err) < 0)
		return CMD_USAGE;
	_cleanup_(sysroot_done) struct sysroot_record record;
	return sysroot_unfold(&o.sysroot, &record, err) < 0 ? CMD_SYSTEM : list(&o, err);
}
