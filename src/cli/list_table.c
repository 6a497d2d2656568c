/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"
#include "cli/kind.h"
#include "cli/listing.h"
#include "core/release.h"

#include <stdio.h>
#include <string.h>

#define ATTACHED 4      /* where what is below a function begins */
#define NAME_COLUMNS 40 /* with less the name has a line of its own */
#define MARKS_MAX 64
#define VENDOR_VIRTIO 0x1af4 /* the machine is a VM, and this is its own */

enum cell { ADDRESS, GROUP, DRIVER, CELLS };

static const char *const headings[CELLS] = {"ADDRESS", "GROUP", "DRIVER"};

struct row {
	char address[PCI_ADDR_MAX], group[12];
	const char *driver;
};

/* ---- marks ----------------------------------------------------------------------------------- */

static const char *kind_of(const struct function *f)
{
	return kind_word_at(&f->d, !f->has_upstream);
}

static bool host_uses(const struct listing *l, const struct function *f)
{
	size_t n;
	const struct attached *b = inventory_attached(l->inventory, f->d.addr, &n);

	for (size_t i = 0; i < n; i++)
		if ((b[i].uses && b[i].uses[0]) || b[i].holders[0])
			return true;
	return f->d.is_boot_display || f->d.id.vendor == VENDOR_VIRTIO;
}

static void add_mark(char marks[static MARKS_MAX], const char *mark)
{
	size_t len = strlen(marks);

	(void)snprintf(marks + len, MARKS_MAX - len, "%s%s", len ? ", " : "", mark);
}

static void set_marks(const struct listing *l, const struct function *f, size_t devices,
	char marks[static MARKS_MAX])
{
	const struct verdict *v = listing_verdict(l, f);
	bool taken = v && v->action == ACTION_BIND;

	marks[0] = '\0';
	if (f->d.is_boot_display)
		add_mark(marks, "boot display");
	if (v)
		add_mark(marks, taken ? "asked" : "stays");
	if (f->is_vf)
		add_mark(marks, "virtual");
	if (devices > 1 && !device_is_fixed(&f->d))
		add_mark(marks, "shared");
	if (!taken && (!kind_of(f) || host_uses(l, f)))
		return;
	if (!f->reset[0])
		add_mark(marks, "no reset");
	if (device_is_display(&f->d) && device_has_outputs(&f->d) && !f->has_rom)
		add_mark(marks, "no ROM");
}

/* Of the columns before the name, which is beside them or on the next line. */
struct widths {
	unsigned of[CELLS];
	bool beside, some;
};

/* ---- rows ------------------------------------------------------------------------------------ */

/* Bridges and system functions, of which nothing is to be said. */
static bool is_folded(const struct listing *l, const struct function *f)
{
	size_t n;

	return f->d.error == 0 && !f->d.of_card && !kind_of(f) && !listing_verdict(l, f) &&
	       !release_is_vfio(f->d.driver) &&
	       (inventory_attached(l->inventory, f->d.addr, &n), n == 0);
}

static void fill_row(const struct function *f, struct row *r)
{
	(void)pci_addr_format(f->d.addr, r->address);
	(void)snprintf(r->group, sizeof(r->group), f->d.group < 0 ? "-" : "%d", f->d.group);
	r->driver = f->d.driver[0] ? f->d.driver : "-";
}

static void name_print(const struct function *f, bool whole, struct term *p)
{
	void (*put)(struct term *, enum style, const char *, ...) = whole ? term_words : term_put;
	char vendor[NAME_MAX_BYTES];

	if (f->d.error)
		put(p, BAD, "can't be read: %s", strerror(-f->d.error));
	else if (f->vendor_name[0] && f->name[0])
		put(p, BOLD, "%s %s", pciids_short(f->vendor_name, vendor, sizeof(vendor)),
			f->name);
	else
		put(p, BOLD, "%s%s%04x:%04x", f->class_name, f->class_name[0] ? " " : "",
			f->d.id.vendor & 0xffffU, f->d.id.device & 0xffffU);
}

/* A terminal too narrow for it has marks and name on the next line, wrapped. */
static void row_print(
	const struct function *f, const char *marks, const struct widths *w, struct term *p)
{
	struct row r;

	fill_row(f, &r);
	term_line(p, 0);
	term_put(p, BOLD, "%-*s", (int)w->of[ADDRESS], r.address);
	term_put(p, PLAIN, "  %*s  ", (int)w->of[GROUP], r.group);
	term_put(p, release_is_vfio(f->d.driver) ? GOOD : PLAIN, "%-*s",
		w->beside ? (int)w->of[DRIVER] : 0, r.driver);
	if (w->beside)
		term_put(p, PLAIN, "  ");
	else
		term_line(p, ATTACHED);
	if (marks[0]) {
		term_put(p, NOTE, "%s:", marks);
		term_put(p, PLAIN, w->beside ? " " : "");
	}
	name_print(f, !w->beside, p);
}

static void print_refusal(const struct listing *l, const struct function *f, struct term *p)
{
	const struct verdict *v = listing_verdict(l, f);

	if (!v || v->action == ACTION_BIND)
		return;
	term_line(p, ATTACHED);
	term_words(p, BAD, "asked for (%s:%u): %s", l->plan->config->path, v->selector->line,
		v->reason);
}

static void print_attached(const struct listing *l, const struct function *f, struct term *p)
{
	size_t n;
	const struct attached *b = inventory_attached(l->inventory, f->d.addr, &n);

	for (size_t i = 0; i < n; i++) {
		term_line(p, ATTACHED);
		p->indent = ATTACHED + 2;
		attached_print(&b[i], p);
	}
}

/* ---- the table ------------------------------------------------------------------------------- */

struct folded {
	size_t bridges, others;
};

static void print_folded(const struct folded *n, struct term *p)
{
	char bridges[40] = "", others[48] = "";

	if (n->bridges > 0)
		(void)snprintf(bridges, sizeof(bridges), "%zu bridge%s", n->bridges,
			n->bridges > 1 ? "s" : "");
	if (n->others > 0)
		(void)snprintf(others, sizeof(others), "%zu system function%s", n->others,
			n->others > 1 ? "s" : "");
	if (!bridges[0] && !others[0])
		return;
	term_line(p, 0);
	term_words(p, FAINT, "%s%s%s: see vfio-bind list -v", bridges,
		bridges[0] && others[0] ? " and " : "", others);
}

static void measure(const struct listing *l, struct widths *ret, unsigned columns)
{
	struct row r;
	unsigned sum = 0;

	*ret = (struct widths){0};
	for (unsigned c = 0; c < CELLS; c++)
		ret->of[c] = (unsigned)strlen(headings[c]);
	for (size_t i = 0; i < l->n; i++) {
		if (is_folded(l, l->shown[i]))
			continue;
		fill_row(l->shown[i], &r);
		const char *const cells[CELLS] = {r.address, r.group, r.driver};
		for (unsigned c = 0; c < CELLS; c++)
			if (strlen(cells[c]) > ret->of[c])
				ret->of[c] = (unsigned)strlen(cells[c]);
		ret->some = true;
	}
	for (unsigned c = 0; c < CELLS; c++)
		sum += ret->of[c] + 2;
	ret->beside = sum + NAME_COLUMNS <= columns;
}

/* The devices in the group of the function with number i; the last answer is kept for its group. */
static size_t devices_of(const struct listing *l, size_t i, size_t last)
{
	int group = l->shown[i]->d.group;

	return i > 0 && l->shown[i - 1]->d.group == group ? last
							  : listing_cards_of(l->inventory, group);
}

static void print_headings(const struct widths *w, struct term *p)
{
	if (!w->some || !w->beside)
		return;
	term_line(p, 0);
	term_put(p, FAINT, "%-*s  %*s  %-*s  NAME", (int)w->of[ADDRESS], headings[ADDRESS],
		(int)w->of[GROUP], headings[GROUP], (int)w->of[DRIVER], headings[DRIVER]);
}

void listing_print_table(const struct listing *l, struct term *p)
{
	struct folded folded = {0};
	char marks[MARKS_MAX];
	size_t devices = 0;
	struct widths w;

	measure(l, &w, p->width);
	print_headings(&w, p);
	for (size_t i = 0; i < l->n; i++) {
		const struct function *f = l->shown[i];
		devices = devices_of(l, i, devices);
		if (is_folded(l, f)) {
			*(device_is_fixed(&f->d) ? &folded.bridges : &folded.others) += 1;
			continue;
		}
		set_marks(l, f, devices, marks);
		row_print(f, marks, &w, p);
		print_refusal(l, f, p);
		print_attached(l, f, p);
	}
	print_folded(&folded, p);
	if (l->asked_only)
		listing_print_absent(l, p);
	term_end(p);
}
