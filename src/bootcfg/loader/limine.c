/* SPDX-License-Identifier: GPL-2.0-or-later */
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
static bool checksum_enrolled(const struct detect *s)
{
	static const char *const dirs[] = {"EFI/BOOT", "EFI/limine", "EFI/Limine", "limine", NULL};
	static const char mark[] = "++CONFIG_B2SUM_SIGNATURE++";

	for (size_t i = 0; i < s->boots.n; i++) {
		for (const char *const *d = dirs; *d; d++) {
			_cleanup_(strings_done) struct strings names = {0};
			char path[2048];
			(void)snprintf(path, sizeof(path), "%s/%s", s->boots.v[i], *d);
			(void)!root_list(s->root, path, "", &names);
			for (size_t n = 0; n < names.n; n++) {
				_cleanup_(str_free) char *data = NULL;
				size_t len, tail = strlen(names.v[n]);
				if (tail < 4 || strcasecmp(names.v[n] + tail - 4, ".efi") != 0)
					continue;
				(void)snprintf(path, sizeof(path), "%s/%s/%s", s->boots.v[i], *d,
					names.v[n]);
				if (root_read(s->root, path, &data, &len, NULL) < 0)
					continue;
				const char *at = memmem(data, len, mark, sizeof(mark) - 1);
				at = at ? at + sizeof(mark) - 1 : NULL;
				if (at && data + len - at >= 128 &&
					strspn(at, "0123456789abcdef") >= 128 &&
					strspn(at, "0") < 128)
					return true;
			}
		}
	}
	return false;
}

static int menu_detect(struct loader_search *q, struct err *err)
{
	_cleanup_(str_free) char *path = detect_below_boots(q->s, menus);

	if (!path)
		return 0;
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

const struct loader loader_limine = {
	.name = "limine",
	.called = (const char *const[]){"limine", NULL},
	.loader_info = (const char *const[]){"Limine", "limine", NULL},
	.detect = menu_detect,
};
