/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/menu_entries.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const menus[] = {"limine.conf", "limine/limine.conf", "EFI/limine/limine.conf",
	"EFI/BOOT/limine.conf", "EFI/Limine/limine.conf", "limine.cfg", "limine/limine.cfg",
	"EFI/BOOT/limine.cfg", NULL};

/* ---- limine-entry-tool -------------------------------------------------------------------------
 */

/* CachyOS, Omarchy: limine-entry-tool writes limine.conf from these files. */
static int tool_detect(struct loader_search *q, struct err *err)
{
	static const char first[] = "etc/limine-entry-tool.conf", dir[] = "etc/limine-entry-tool.d",
			  last[] = "etc/default/limine";
	const struct root *r = q->s->root;

	if (!root_is_file(r, first) && !root_is_dir(r, dir) && !root_is_file(r, last))
		return 0;
	loader_found(q->to, &loader_limine_tool);
	struct karg_source *p = karg_source_add(q->to, shell_edit, 10, NULL);
	if (!p || strings_add(&q->to->next, "limine-update") < 0 ||
		(root_is_file(r, first) && strings_add(&p->paths, first) < 0) ||
		regular_files_add(r, dir, ".conf", &p->paths) < 0 ||
		(root_is_file(r, last) && strings_add(&p->paths, last) < 0))
		return -ENOMEM;
	if (p->paths.n == 0)
		return err_set(err, ENOENT,
			"/etc/limine-entry-tool.d: has no file, and limine-entry-tool makes the boot menu; write the whole command line to /etc/default/limine first (with root=)");
	p->format = (struct format){.names = {"KERNEL_CMDLINE[default]"},
		.insert_at = "KERNEL_CMDLINE[default]",
		.home_file = p->paths.n - 1,
		.bash = true,
		.create_append = true};
	return 0;
}

/* Without any menu of Limine its files are left over from a trial. */
static bool tool_made(const struct detect *s)
{
	_cleanup_(str_free) char *menu = detect_below_boots(s, menus);
	return menu != NULL;
}

const struct loader loader_limine_tool = {
	.name = "limine",
	.called = (const char *const[]){"limine", NULL},
	.read_by = (const struct loader *const[]){&loader_limine, NULL},
	.owner = true,
	.made = tool_made,
	.detect = tool_detect,
};

/* ---- limine.conf -------------------------------------------------------------------------------
 */

/*
 * A checksum of the configuration may be enrolled in Limine's EFI program, which then refuses to
 * boot with another one. A mark precedes it (limine: common/lib/config.c, "config_b2sum").
 */
static bool has_checksum(const struct root *r, const char *program)
{
	static const char mark[] = "++CONFIG_B2SUM_SIGNATURE++";
	_cleanup_(str_free) char *data = NULL;
	size_t len;

	if (root_read(r, program, &data, &len, NULL) < 0)
		return false;
	const char *at = memmem(data, len, mark, sizeof(mark) - 1);
	at = at ? at + sizeof(mark) - 1 : NULL;
	return at && data + len - at >= 128 && strspn(at, "0123456789abcdef") >= 128 &&
	       strspn(at, "0") < 128;
}

/* In the root and in limine of each boot partition, and beside the program, whatever the name of
 * that directory (CONFIG.md of limine, "Location of the config file"). */
static const char *const dirs[] = {"", "limine", "boot", "boot/limine", "EFI/*", NULL};

static bool is_program(const char *name)
{
	size_t len = strlen(name);
	return len > 4 && strcasecmp(name + len - 4, ".efi") == 0;
}

/* The programs beside a configuration, and in the directories where one is searched for. */
static bool checksum_enrolled(const struct detect *s)
{
	static const char *const names[] = {"BOOTX64.EFI", "BOOTIA32.EFI", "BOOTAA64.EFI",
		"BOOTRISCV64.EFI", "BOOTLOONGARCH64.EFI", "limine.efi", "limine_x64.efi", NULL};
	_cleanup_(strings_done) struct strings found = {0};

	if (detect_boot_files(s, dirs, names, &found) < 0)
		return false;
	for (size_t i = 0; i < found.n; i++)
		if (is_program(found.v[i]) && has_checksum(s->root, found.v[i]))
			return true;
	return false;
}

/* The file beside the program that booted: the one that is read since 10.3.0. */
static const char *beside_program(const struct root *r, const struct strings *found)
{
	_cleanup_(booted_done) struct booted now = {0};
	unsigned major = 0, minor = 0;

	if (booted_read(r, &now) < 0 || !now.image || !now.info ||
		sscanf(now.info, "%*[Ll]imine %u.%u", &major, &minor) != 2 || major < 10 ||
		(major == 10 && minor < 3))
		return NULL;
	for (char *p = now.image; *p; p++)
		*p = *p == '\\' ? '/' : *p;
	size_t dir = strrchr(now.image, '/') ? (size_t)(strrchr(now.image, '/') - now.image) : 0;
	for (size_t i = 0; i < found->n; i++) {
		const char *name = strrchr(found->v[i], '/');
		size_t len = (size_t)(name - found->v[i]);
		if (dir > 0 && len > dir && strncasecmp(name - dir, now.image, dir) == 0)
			return found->v[i];
	}
	return NULL;
}

static int configs_ambiguous(const struct strings *found, struct err *err)
{
	_cleanup_(text_done) struct text list = {0};

	for (size_t i = 0; i < found->n; i++)
		text_print(&list, "%s/%s", i > 0 ? ", " : "", found->v[i]);
	(void)err_set(err, EINVAL,
		"Limine has several configurations, and nothing tells which one it reads: %s; remove or rename those that it does not read",
		list.data ? list.data : "");
	return LOADERS_AMBIGUOUS;
}

static int menu_detect(struct loader_search *q, struct err *err)
{
	static const char *const names[] = {"limine.conf", "limine.cfg", NULL};
	_cleanup_(strings_done) struct strings found = {0};

	if (detect_boot_files(q->s, dirs, names, &found) < 0)
		return -ENOMEM;
	if (found.n == 0)
		return 0;
	const char *path = found.n == 1 ? found.v[0] : beside_program(q->s->root, &found);
	if (!path)
		return configs_ambiguous(&found, err);
	if (checksum_enrolled(q->s)) {
		(void)err_set(err, EPERM,
			"/%s: its checksum is enrolled in Limine's EFI program, which would refuse to boot after an edit; edit it, then run `limine enroll-config`",
			path);
		return LOADERS_OWNED;
	}
	loader_found(q->to, &loader_limine);
	struct karg_source *p = karg_source_add(q->to, limine_edit, 30, path);
	if (p)
		p->format.roots = q->s->roots;
	return p ? 0 : -ENOMEM;
}

/* `default_entry`, a number from 1 or the titles of an entry; the first without it. With menus in
 * menus numbers depend on which of them are open: then it is not known. */
static void default_set(struct boot_reading *q, const char *path, size_t begin)
{
	_cleanup_(str_free) char *text = NULL, *name = NULL;
	size_t len, end = q->to->n;
	unsigned long number = 1;

	if (begin == end || root_read(q->root, path, &text, &len, NULL) < 0)
		return;
	const char *at = strcasestr(text, "\ndefault_entry");
	if (!at && strncasecmp(text, "default_entry", strlen("default_entry")) == 0)
		at = text - 1;
	if (at) {
		at += 1 + strlen("default_entry");
		at += strspn(at, ":= \t");
		name = strndup(at, strcspn(at, "\r\n"));
	}
	bool by_number = !name || str_decimal(name, 9999, &number);
	for (size_t i = begin; i < end; i++) {
		struct boot_entry *e = &q->to->v[i];
		if (by_number && strchr(e->title, '/'))
			return;
		e->is_default = by_number ? i - begin + 1 == number
					  : str_equal(e->title, name[0] == '/' ? name + 1 : name);
	}
}

static int entries(struct boot_reading *q)
{
	static const char *const names[] = {"limine.conf", "limine.cfg", NULL};
	_cleanup_(strings_done) struct strings found = {0};
	int rc = detect_boot_files(q->facts, dirs, names, &found);
	const char *read = rc == 0 && found.n > 1 ? beside_program(q->root, &found) : NULL;

	for (size_t i = 0; i < found.n && rc == 0; i++) {
		size_t begin = 0;
		if (read && !str_equal(read, found.v[i]))
			continue;
		rc = menu_entries_add(q, &loader_limine, MENU_LIMINE, found.v[i], &begin);
		default_set(q, found.v[i], begin);
	}
	return rc;
}

const struct loader loader_limine = {
	.name = "limine",
	.called = (const char *const[]){"limine", NULL},
	.loader_info = (const char *const[]){"Limine", "limine", NULL},
	.detect = menu_detect,
	.entries = entries,
};
