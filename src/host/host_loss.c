/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host_loss.h"

#include "base/array.h"
#include "base/file.h"
#include "host/host_snapshot.h"
#include "host/keyboards.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROC_MAX (1024UL * 1024)
#define KEYBOARDS_MAX 256

#define AUDIO_LEGACY 0x0401
#define AUDIO 0x0403

/* ---- what there is -----------------------------------------------------------------------------
 */

struct keyboard_look {
	struct host_uses *uses;
	bool no_memory;
};

static int push_keyboard(struct host_uses *u, const struct host_keyboard *one)
{
	if (u->n_keyboards == KEYBOARDS_MAX)
		return 0;
	struct host_keyboard *grown = array_grow(
		u->keyboards, u->n_keyboards, &u->size_keyboards, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	u->keyboards = grown;
	grown[u->n_keyboards++] = *one;
	return 0;
}

static void add_keyboard(const struct keyboard *k, void *to)
{
	struct keyboard_look *l = to;
	struct host_keyboard one = {.usb_vendor = k->usb_vendor, .usb_product = k->usb_product};

	if (keyboard_is_virtual(k))
		return;
	one.on_pci = sysfs_path_owner(k->device, &one.addr);
	(void)str_copy(one.name, sizeof(one.name), k->name);
	l->no_memory |= push_keyboard(l->uses, &one) < 0;
}

/* NULL if there is no such file. */
static char *read_below(const char *root, const char *path)
{
	_cleanup_(fd_close) int fd = open(root, O_DIRECTORY | O_PATH | O_CLOEXEC);
	char *text = NULL;
	size_t len;

	return fd < 0 || file_read(fd, path, PROC_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

/* Those that a record has, as cli/record writes them. */
static int read_noted_keyboards(struct host_uses *u, char *text)
{
	int r = 0;

	for (char *line; r == 0 && (line = strsep(&text, "\n"));) {
		struct host_keyboard one = {.name = ""};
		char *name = strchr(line, ' ');
		if (!name)
			continue;
		*name++ = '\0';
		one.on_pci = pci_addr_parse(line, &one.addr);
		(void)str_copy(one.name, sizeof(one.name), name);
		r = push_keyboard(u, &one);
	}
	return r;
}

int host_keyboards_read(struct host_uses *u, struct sysfs *s, const struct sysroot *w)
{
	const char *root = w->root || w->sysfs ? w->root : "/";
	_cleanup_(str_free) char *noted = w->sysfs
						  ? sysfs_path_text(s, NOTES_DIRECTORY "/keyboards")
						  : NULL;
	struct keyboard_look l = {u, false};

	if (noted)
		return read_noted_keyboards(u, noted);
	_cleanup_(str_free) char *text = root ? read_below(root, "proc/bus/input/devices") : NULL;
	if (text)
		keyboards_each(text, add_keyboard, &l);
	return l.no_memory ? -ENOMEM : 0;
}

int host_uses_read(struct host_uses *ret, struct sysfs *s, const struct sysroot *w, struct err *err)
{
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	const char *root = w->root || w->sysfs ? w->root : "/";

	*ret = (struct host_uses){0};
	host_snapshot_read(&notes, s, !w->sysfs && !w->root);
	if (w->root && !notes.mountinfo)
		notes.mountinfo = read_below(w->root, "proc/self/mountinfo");
	if (w->root && !notes.swaps)
		notes.swaps = read_below(w->root, "proc/swaps");
	int r = attached_gather(&ret->attached, s, &notes, err);
	if (r == 0 && w->find && root)
		r = w->find(&ret->protected, root, w->cmdline, s, err);
	if (r < 0)
		return r;
	if (host_keyboards_read(ret, s, w) < 0)
		return err_set(err, ENOMEM, "out of memory for the host's keyboards");
	return 0;
}

void host_uses_done(struct host_uses *u)
{
	attached_done(u->attached.at, u->attached.n);
	protected_done(&u->protected);
	free(u->keyboards);
	*u = (struct host_uses){0};
}

/* ---- what is lost ------------------------------------------------------------------------------
 */

static struct host_loss *grow(struct host_losses *l)
{
	struct host_loss *grown = array_grow(l->at, l->n, &l->size, sizeof(*grown));

	if (!grown)
		return NULL;
	l->at = grown;
	return &l->at[l->n++];
}

/* 0 or -ENOMEM. */
static int add(struct host_losses *l, enum host_loss_kind kind, struct pci_addr addr, bool guarded,
	const char *fmt, ...) _printf_(5, 6);
static int add(struct host_losses *l, enum host_loss_kind kind, struct pci_addr addr, bool guarded,
	const char *fmt, ...)
{
	struct host_loss *one = grow(l);
	va_list ap;

	if (!one)
		return -ENOMEM;
	*one = (struct host_loss){.kind = kind, .addr = addr, .guarded = guarded};
	va_start(ap, fmt);
	(void)vsnprintf(one->text, sizeof(one->text), fmt, ap);
	va_end(ap);
	return 0;
}

static bool has(const struct host_losses *l, enum host_loss_kind kind, struct pci_addr addr)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind == kind && pci_addr_compare(l->at[i].addr, addr) == 0)
			return true;
	return false;
}

static const struct protected_dev *protection(
	const struct host_uses *u, struct pci_addr addr, enum protected_kind kind)
{
	for (size_t i = 0; i < u->protected.n; i++)
		if (u->protected.at[i].kind == kind &&
			pci_addr_compare(u->protected.at[i].addr, addr) == 0)
			return &u->protected.at[i];
	return NULL;
}

static bool disk_is_used(const struct attached *b)
{
	return b->kind == ATTACHED_BLOCK && (b->uses || b->holders[0]);
}

/* "the disk nvme0n1 (mounted on / /boot, swap, part of md0)" */
static void format_disk(const struct attached *b, struct text *t)
{
	const char *before = "mounted on ";
	bool swap = false;

	text_print(t, "the disk %s (", b->name);
	for (const char *use = b->uses; use && *use; use += strlen(use) + 1) {
		bool is_swap = str_equal(use, ATTACHED_SWAP);
		swap |= is_swap;
		if (!is_swap)
			text_print(t, "%s%s", before, use);
		before = is_swap ? before : " ";
	}
	bool mounted = str_equal(before, " ");
	if (swap)
		text_print(t, "%sswap", mounted ? ", " : "");
	if (b->holders[0])
		text_print(t, "%spart of %s", mounted || swap ? ", " : "", b->holders);
	text_print(t, ")");
}

static int add_disks(struct host_losses *l, const struct host_uses *u, struct pci_addr addr)
{
	const struct protected_dev *p = protection(u, addr, PROTECTED_STORAGE);
	size_t n;
	const struct attached *b = attached_of(u->attached.at, u->attached.n, addr, &n);

	for (size_t i = 0; i < n; i++) {
		if (!disk_is_used(&b[i]))
			continue;
		_cleanup_(text_done) struct text text = {0};
		format_disk(&b[i], &text);
		if (text.failed || add(l, HOST_LOSS_DISK, addr, p, "%s", text.data) < 0)
			return -ENOMEM;
	}
	return p && !has(l, HOST_LOSS_DISK, addr)
		       ? add(l, HOST_LOSS_DISK, addr, true, "a disk (%s)", p->reason)
		       : 0;
}

static int add_network(struct host_losses *l, const struct host_uses *u, struct pci_addr addr)
{
	const struct protected_dev *p = protection(u, addr, PROTECTED_NETWORK);

	if (!p)
		p = protection(u, addr, PROTECTED_ROUTE);
	return p ? add(l, HOST_LOSS_NETWORK, addr, true, "its network (%s)", p->reason) : 0;
}

static bool is_in(const struct device *const *set, size_t n, struct pci_addr addr)
{
	for (size_t i = 0; i < n; i++)
		if (pci_addr_compare(set[i]->addr, addr) == 0)
			return true;
	return false;
}

/* True if a keyboard stays with the host: on none of these functions. */
static bool keeps_keyboard(const struct host_uses *u, const struct device *const *set, size_t n)
{
	for (size_t i = 0; i < u->n_keyboards; i++)
		if (!u->keyboards[i].on_pci || !is_in(set, n, u->keyboards[i].addr))
			return true;
	return false;
}

static int add_keyboards(struct host_losses *l, const struct host_uses *u,
	const struct device *const *set, size_t n, struct pci_addr addr)
{
	const struct protected_dev *p = protection(u, addr, PROTECTED_KEYBOARD);

	for (size_t i = 0; i < u->n_keyboards; i++) {
		const struct host_keyboard *k = &u->keyboards[i];
		if (k->on_pci && pci_addr_compare(k->addr, addr) == 0)
			return add(l, HOST_LOSS_KEYBOARD, addr, p, "%s keyboard (%s)",
				keeps_keyboard(u, set, n) ? "a" : "its last", k->name);
	}
	return p ? add(l, HOST_LOSS_KEYBOARD, addr, true, "a keyboard (%s)", p->reason) : 0;
}

static int add_screens(struct host_losses *l, const struct host_uses *u, const struct device *d)
{
	size_t n;
	const struct attached *b = attached_of(u->attached.at, u->attached.n, d->addr, &n);

	for (size_t i = 0; i < n; i++)
		if (b[i].kind == ATTACHED_CONNECTOR && b[i].up &&
			add(l, HOST_LOSS_SCREEN, d->addr, d->is_boot_display,
				"the lit screen on %s", b[i].name) < 0)
			return -ENOMEM;
	return d->is_boot_display && !has(l, HOST_LOSS_SCREEN, d->addr)
		       ? add(l, HOST_LOSS_SCREEN, d->addr, true,
				 "the display that the boot shows on")
		       : 0;
}

/* Of a display's card it is the sound of that display. Without a driver, or on vfio's, the host has
 * no sound of it now. */
static int add_sound(struct host_losses *l, const struct device *d)
{
	uint32_t class = d->class >> 8;

	if ((class != AUDIO && class != AUDIO_LEGACY) || d->of_card || d->is_virtual ||
		!d->driver[0] || strstr(d->driver, "vfio"))
		return 0;
	return add(l, HOST_LOSS_SOUND, d->addr, false, "its own sound");
}

int host_losses_find(struct host_losses *ret, const struct host_uses *u,
	const struct device *const *set, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = add_disks(ret, u, set[i]->addr);
		if (r == 0)
			r = add_network(ret, u, set[i]->addr);
		if (r == 0)
			r = add_keyboards(ret, u, set, n, set[i]->addr);
		if (r == 0)
			r = add_screens(ret, u, set[i]);
		if (r == 0)
			r = add_sound(ret, set[i]);
	}
	return r;
}

int host_losses_of_plan(struct host_losses *ret, const struct host_uses *u, const struct plan *p,
	const struct device *besides)
{
	const struct device **set = calloc(
		p->n + 1, sizeof(*set)); // NOLINT(bugprone-sizeof-expression)
	size_t n = 0;

	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND)
			set[n++] = p->verdicts[i].device;
	if (besides)
		set[n++] = besides;
	int r = host_losses_find(ret, u, set, n);
	free(set);
	return r;
}

int host_losses_copy(struct host_losses *ret, const struct host_losses *from, struct pci_addr addr)
{
	for (size_t i = 0; i < from->n; i++) {
		if (pci_addr_compare(from->at[i].addr, addr) != 0)
			continue;
		struct host_loss *one = grow(ret);
		if (!one)
			return -ENOMEM;
		*one = from->at[i];
	}
	return 0;
}

void host_losses_done(struct host_losses *l)
{
	free(l->at);
	*l = (struct host_losses){0};
}

bool host_losses_guarded(const struct host_losses *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].guarded)
			return true;
	return false;
}

void host_losses_format(const struct host_losses *l, struct text *t)
{
	for (size_t i = 0; i < l->n; i++)
		text_print(t, "%s%s", i == 0 ? "" : i + 1 == l->n ? " and " : ", ", l->at[i].text);
}
