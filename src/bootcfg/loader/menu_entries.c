/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/menu_entries.h"

#include "bootcfg/loader/uki_entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A path without what names its partition: boot():/vmlinuz, uuid(…):/vmlinuz, of old
 * boot:///vmlinuz, uuid://…/vmlinuz, and without Limine's checksum behind it (#…). *ret_boot: it is
 * on the partition of the menu. */
static const char *path_of(const char *name, size_t *ret_len, bool *ret_boot)
{
	const char *colon = strstr(name, "):");
	const char *old = colon ? NULL : strstr(name, "://"),
		   *slash = old ? strchr(old + 3, '/') : NULL;
	const char *path = colon ? colon + 2 : slash ? slash : name;

	*ret_len = strcspn(path, "#");
	*ret_boot = path == name || strncasecmp(name, "boot():", 7) == 0 ||
		    strncasecmp(name, "boot:///", 8) == 0;
	return path;
}

/* The directory of the menu, below which relative paths are, and the directory of its partition. */
static char *base_of(const struct boot_reading *q, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	if (name[0] != '/' && name[0] != '\\' && slash)
		return strndup(path, (size_t)(slash - path));
	for (size_t i = 0; i < q->facts->boots.n; i++) {
		const char *boot = q->facts->boots.v[i];
		size_t len = strlen(boot);
		if (str_starts(path, boot) && path[len] == '/' &&
			!(str_equal(boot, "boot") && str_starts(path, "boot/efi/")))
			return strdup(boot);
	}
	return strdup("");
}

static int file_find(
	const struct boot_reading *q, const char *menu, const char *name, struct boot_file *ret)
{
	bool boot = true;
	size_t len;
	const char *path = path_of(name, &len, &boot);
	_cleanup_(str_free) char *base = base_of(q, menu, path);
	int rc = base ? boot_file_find(q, base, path, len, ret) : -ENOMEM;

	if (rc == 0 && (!boot || strstr(path, "${")) && ret->state == BOOT_FILE_MISSING)
		ret->state = BOOT_FILE_UNKNOWN;
	return rc;
}

static int initrd_add(
	const struct boot_reading *q, struct boot_entry *e, const char *menu, const char *name)
{
	struct boot_file file = {0};
	int rc = file_find(q, menu, name, &file);

	return rc < 0 ? rc : boot_entry_take_initrd(e, &file);
}

/* True if what the menu starts as a kernel is a unified kernel image, with a line of its own. */
static bool kernel_is_image(const struct boot_reading *q, const struct boot_entry *e)
{
	_cleanup_(uki_done) struct uki u = {0};

	return e->kernel.path && e->kernel.state == BOOT_FILE_THERE &&
	       uki_read(q->root, e->kernel.path, &u) == 0 && u.is_image;
}

/* An EFI program: it may be an image with a kernel in it. */
static int image_words(struct boot_reading *q, struct boot_entry *e, const struct menu_entry *m)
{
	_cleanup_(text_done) struct text options = {0}, source = {0};

	text_print(&source, "/%s:%zu", e->path, m->line);
	for (size_t i = 0; i < m->words.words; i++) {
		const struct word *w = &m->words.word[i];
		text_print(&options, "%s%s", i > 0 ? " " : "", w->text);
		if (w->unknown && boot_entry_set_unknown(e,
					  "%s: %s depends on a variable that no file here sets",
					  source.data ? source.data : "", w->text) < 0)
			return -ENOMEM;
	}
	if (options.failed || source.failed)
		return -ENOMEM;
	e->no_linux = false;
	return uki_words_add(q, e, options.data, source.data);
}

/* rEFInd hands initrd=\PATH on, which the stub of the kernel loads before that of a line `initrd`.
 */
static int word_initrds_add(
	struct boot_reading *q, struct boot_entry *e, const struct menu_entry *m)
{
	static const char initrd[] = "initrd=";
	int rc = 0;

	for (size_t i = 0; i < m->words.words && rc == 0; i++) {
		const struct word *w = &m->words.word[i];
		if (!w->unknown && str_starts(w->text, initrd))
			rc = initrd_add(q, e, e->path, w->text + strlen(initrd));
	}
	return rc;
}

static int entry_fill(struct boot_reading *q, struct boot_entry *e, const struct menu_entry *m,
	enum menu_kind kind, const char *text)
{
	bool is_image = !m->is_linux && m->kernel;
	int rc = 0;

	e->no_linux = !m->is_linux;
	if (m->kernel)
		rc = file_find(q, e->path, m->kernel, is_image ? &e->image : &e->kernel);
	if (rc == 0 && m->is_linux && (kind == MENU_REFIND_LINUX || kind == MENU_REFIND_CONF))
		rc = word_initrds_add(q, e, m);
	for (size_t i = 0; i < m->initrds.n && rc == 0; i++)
		rc = initrd_add(q, e, e->path, m->initrds.v[i]);
	if (rc == 0 && m->is_linux && kernel_is_image(q, e)) {
		e->image = e->kernel;
		e->kernel = (struct boot_file){0};
		is_image = true;
	}
	if (rc == 0 && is_image && e->image.state == BOOT_FILE_THERE)
		return image_words(q, e, m);
	return rc < 0 || e->no_linux ? rc : boot_entry_add_tokens(e, &m->words, e->path, text);
}

int menu_entries_add(struct boot_reading *q, const struct loader *reader, enum menu_kind kind,
	const char *path, size_t *ret_begin)
{
	_cleanup_(menu_entries_done) struct menu_entries menu = {0};
	_cleanup_(str_free) char *text = NULL;
	struct err reason = {0};
	size_t len;
	int rc = root_read(q->root, path, &text, &len, &reason);

	if (ret_begin)
		*ret_begin = q->to->n;
	if (rc == 0)
		rc = menu_read(kind, path, text, len, &menu, &reason);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0) {
		struct boot_entry *e = boot_entry_add(q, reader, path, 0, strdup(path));
		return e ? boot_entry_set_unknown(e, "%s", reason.text) : -ENOMEM;
	}
	for (size_t i = 0; i < menu.n && rc == 0; i++) {
		struct boot_entry *e = boot_entry_add(
			q, reader, path, menu.v[i].line, strdup(menu.v[i].title));
		rc = e ? entry_fill(q, e, &menu.v[i], kind, text) : -ENOMEM;
	}
	return rc;
}

bool menu_has_ours(const struct detect *s, const char *path, enum menu_kind kind)
{
	_cleanup_(menu_entries_done) struct menu_entries o = {0};
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	bool found = false;

	if (root_read(s->root, path, &text, &len, NULL) < 0 ||
		menu_read(kind, path, text, len, &o, NULL) < 0)
		return true;
	for (size_t i = 0; i < o.n && !found; i++)
		found = !menu_entry_left(&o.v[i], &s->roots);
	return found;
}
