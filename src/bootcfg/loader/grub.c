/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub.h"

#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct karg_source *grub_defaults_add(struct loaders *to, const char *variable)
{
	struct karg_source *p = karg_source_add(to, shell_edit, 10, "etc/default/grub");
	if (p)
		p->format = (struct format){
			.names = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"},
			.insert_at = variable,
			.dialect = DIALECT_GRUB};
	return p;
}

int grub_dropins_add(const struct root *r, struct karg_source *to)
{
	_cleanup_(strings_done) struct strings names = {0};
	int rc = root_list(r, "etc/default/grub.d", ".cfg", &names);

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		struct text path = {0};
		if (names.v[i][0] == '.')
			continue;
		text_print(&path, "etc/default/grub.d/%s", names.v[i]);
		rc = strings_take(&to->paths, path.data);
	}
	return rc;
}

/* ---- entries read at boot ----------------------------------------------------------------------
 */

static char *grubenv_find(const struct root *r)
{
	static const char *const usual[] = {"boot/grub2/grubenv", "boot/grub/grubenv", NULL};

	for (const char *const *p = usual; *p; p++)
		if (root_holds(r, *p, "\nkernelopts="))
			return strdup(*p);
	return NULL;
}

/*
 * GRUB with entries read at boot (Fedora, RHEL): the entries are for the current kernels,
 * /etc/kernel/cmdline for the next kernel, GRUB_CMDLINE_LINUX is what grub2-mkconfig would write
 * into the entries. It also rewrites /etc/kernel/cmdline if that is the older file: so that file is
 * written second.
 */
static int bls_add(struct loader_search *q, enum bls_reader reader)
{
	bool points = false;

	for (size_t i = 0; i < q->entries.n; i++)
		points |= q->entries.v[i].kernelopts;
	_cleanup_(str_free) char *env = points ? grubenv_find(q->s->root) : NULL;
	if (env && !karg_source_add(q->to, grubenv_edit, 25, env))
		return -ENOMEM;
	if (q->s->grub_defaults) {
		struct karg_source *p = grub_defaults_add(q->to, "GRUB_CMDLINE_LINUX");
		if (!p)
			return -ENOMEM;
		p->format.bash = q->s->sh_is_bash;
	}
	return entries_add(&q->entries, q->s, reader, env != NULL, q->to);
}

static int bls_detect(struct loader_search *q, struct err *err)
{
	bool both = q->s->systemd_boot && !q->o->loader;

	(void)err;
	if (!q->s->grub_bls || q->entries.n == 0)
		return 0;
	loader_found(q->to, &loader_grub_bls);
	return bls_add(q, both ? BLS_BOTH : BLS_GRUB);
}

const struct loader loader_grub_bls = {
	.name = "grub (with loader entries)",
	.called = (const char *const[]){"grub", NULL},
	.read_by = (const struct loader *const[]){&loader_grub, NULL},
	.detect = bls_detect,
	.entries = entries_read_back,
};

/* ---- a menu made by grub-mkconfig --------------------------------------------------------------
 */

static const char *command(const struct detect *s)
{
	if (detect_is_like(s, "debian") || detect_is_like(s, "ubuntu"))
		return "update-grub";
	return s->grub_cfg && strstr(s->grub_cfg, "grub2")
		       ? "grub2-mkconfig -o /boot/grub2/grub.cfg"
		       : "grub-mkconfig -o /boot/grub/grub.cfg";
}

/* Adds /etc/default/grub and, if this grub-mkconfig reads them, its drop-ins in C order. */
static int menu_add(struct loader_search *q)
{
	struct karg_source *p = grub_defaults_add(q->to, "GRUB_CMDLINE_LINUX_DEFAULT");

	if (!p)
		return -ENOMEM;
	p->format.bash = q->s->sh_is_bash;
	p->format.dropins_unsure = !q->s->grub_dropins_sure;
	if ((q->s->grub_dropins || !q->s->grub_dropins_sure) && grub_dropins_add(q->s->root, p) < 0)
		return -ENOMEM;
	if (q->s->grub_cfg) {
		q->to->grub_cfg = strdup(q->s->grub_cfg);
		if (!q->to->grub_cfg || strings_add(&q->to->next, command(q->s)) < 0)
			return -ENOMEM;
	}
	if (!q->s->grub_cfg)
		return strings_add(&q->to->notes,
			"no grub.cfg was found: if GRUB does not boot this system, this edit is without effect");
	return 0;
}

/* Its remains count only if no other loader is found. */
static int menu_detect(struct loader_search *q, struct err *err)
{
	const struct detect *s = q->s;
	bool made = s->grub_complete && (s->grub_defaults || s->grub_mkconfig);

	(void)err;
	if (s->grub_bls && q->entries.n > 0)
		return 0;
	if (s->grub_defaults && !made && q->to->found_n > 0 && !q->o->loader)
		return strings_add(&q->to->notes,
			"/etc/default/grub: left alone: there is no grub.cfg that is made from it");
	if (s->grub_defaults || made) {
		loader_found(q->to, &loader_grub);
		return menu_add(q);
	}
	if (s->grub_cfg &&
		asprintf(&q->hint,
			"/%s: is there without /etc/default/grub and grub-mkconfig: a menu written by hand is edited by hand",
			s->grub_cfg) < 0) {
		q->hint = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* menuentry 'TITLE' …: the quotes of grub-mkconfig, where '\'' is one quote. */
static char *title_read(const char *line, size_t len)
{
	const char *end = line + len, *open = NULL;

	for (const char *p = line; p < end && !open; p++)
		open = *p == '\'' || *p == '"' ? p : NULL;
	const char *close = open ? memchr(open + 1, *open, (size_t)(end - open - 1)) : NULL;
	return close ? strndup(open + 1, (size_t)(close - open - 1)) : strndup("(no title)", 10);
}

/* The text after the kernel's path on a `linux` line; *len becomes its length. */
static const char *linux_words(const char *line, size_t *len)
{
	const char *end = line + *len, *p = line;

	while (p < end && !karg_blank(*p))
		p++;
	size_t key = (size_t)(p - line);
	if (!(key == 5 && memcmp(line, "linux", 5) == 0) &&
		!(key == 8 && memcmp(line, "linuxefi", 8) == 0) &&
		!(key == 7 && memcmp(line, "linux16", 7) == 0))
		return NULL;
	while (p < end && karg_blank(*p))
		p++;
	while (p < end && !karg_blank(*p))
		p++;
	*len = (size_t)(end - p);
	return p;
}

static int words_read(const char *text, size_t len, struct strings *ret)
{
	_cleanup_(tokens_done) struct tokens l = {.dialect = DIALECT_GRUB};
	struct segment *f = tokens_segment(&l);

	if (!f || segment_add_bytes(f, text, 0, len, 0) < 0)
		return -ENOMEM;
	return tokens_split(&l, NULL) < 0 ? 0 : line_words(&l, ret);
}

static int entries_read(const struct root *r, const struct loaders *l, struct boot_entries *to)
{
	const char *path = l->grub_cfg;
	_cleanup_(str_free) char *menu = NULL;
	struct boot_entry *open = NULL;
	size_t size;

	if (!path || root_read(r, path, &menu, &size, NULL) < 0)
		return 0;
	for (const char *at = menu; *at;) {
		const char *line = at + strspn(at, " \t"), *end = strchrnul(line, '\n');
		size_t len = (size_t)(end - line);
		const char *words = linux_words(line, &len);
		if (words && open) {
			if (words_read(words, len, &open->words) < 0)
				return -ENOMEM;
			open = NULL;
		} else if (str_starts(line, "menuentry ")) {
			open = boot_entry_add(to, path, title_read(line, (size_t)(end - line)));
			if (!open)
				return -ENOMEM;
		}
		at = end + (*end == '\n');
	}
	return 0;
}

/* GRUB adds BOOT_IMAGE= first, with a path of its own style. */
static bool booted(const char *cmdline)
{
	return str_starts(cmdline, "BOOT_IMAGE=") && !strstr(cmdline, " initrd=");
}

const struct loader loader_grub = {
	.name = "grub",
	.called = (const char *const[]){"grub", NULL},
	.loader_info = (const char *const[]){"GRUB", NULL},
	.booted = booted,
	.detect = menu_detect,
	.entries = entries_read,
};
