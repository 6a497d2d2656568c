/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/setting.h"
#include "bootcfg/loader/menu_entries.h"
#include "bootcfg/loader/menu_own.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const menus[] = {"extlinux/extlinux.conf", "extlinux.conf",
	"syslinux/syslinux.cfg", "syslinux/extlinux.conf", "EFI/syslinux/syslinux.cfg",
	"syslinux.cfg", NULL};

/* A shell file from which a tool makes extlinux.conf. NULL: no memory. */
static struct karg_source *template_add(
	struct loader_search *q, const char *path, const char *variable, const char *next)
{
	struct karg_source *p = karg_source_add(q->to, shell_edit, 10, path);

	if (!p || strings_add(&q->to->next, next) < 0)
		return NULL;
	p->format = (struct format){
		.names = {variable}, .insert_at = variable, .bash = q->s->sh_is_bash};
	loader_found(q->to, &loader_extlinux);
	return p;
}

/* Without an assignment it takes its own default, which a new one would replace. */
static int update_extlinux_add(struct loader_search *q)
{
	struct karg_source *p = template_add(
		q, "etc/update-extlinux.conf", "default_kernel_opts", "update-extlinux");
	if (p)
		p->format.must_exist = true;
	return p ? 0 : -ENOMEM;
}

#define U_BOOT_UPDATE "usr/sbin/u-boot-update"
#define U_BOOT_CONF_D "etc/u-boot-menu/conf.d"

static const char u_boot_parameters[] = "U_BOOT_PARAMETERS";

/*
 * Where the variable is not set, or empty, u-boot-update takes /etc/kernel/cmdline if that is there
 * (from 4.2.0 on), root= as well: an assignment would switch both off.
 */
static bool u_boot_takes_cmdline(const struct root *r, const struct strings *vendor)
{
	_cleanup_(strings_done) struct strings files = {0};
	bool set = false;

	if (!root_is_file(r, "etc/kernel/cmdline") ||
		!root_holds(r, U_BOOT_UPDATE, "/etc/kernel/cmdline") ||
		strings_add(&files, "etc/default/u-boot") < 0 ||
		regular_files_add(r, U_BOOT_CONF_D, ".conf", &files) < 0)
		return false;
	for (size_t i = 0; i < files.n + vendor->n; i++) {
		const char *path = i < files.n ? files.v[i] : vendor->v[i - files.n];
		_cleanup_(str_free) char *value = detect_shell_value(r, path, u_boot_parameters);
		set |= value && value[0];
	}
	return !set;
}

/* Its default is in u-boot-update(8). Fragments are read behind /etc/default/u-boot, those of
 * packages first. */
static int u_boot_menu_add(struct loader_search *q, struct err *err)
{
	static const char *const variable = u_boot_parameters;
	_cleanup_(strings_done) struct strings vendor = {0};
	const struct root *r = q->s->root;
	bool have;

	if (regular_files_add(r, "usr/share/u-boot-menu/conf.d", ".conf", &vendor) < 0)
		return -ENOMEM;
	if (u_boot_takes_cmdline(r, &vendor)) {
		loader_found(q->to, &loader_extlinux);
		return kernel_cmdline_add(r, q->to, NULL, NULL, &have) < 0
			       ? -ENOMEM
			       : strings_add(&q->to->next, "u-boot-update");
	}
	struct karg_source *p = template_add(q, "etc/default/u-boot", variable, "u-boot-update");
	if (!p || regular_files_add(r, U_BOOT_CONF_D, ".conf", &p->paths) < 0)
		return -ENOMEM;
	if (root_is_dir(r, U_BOOT_CONF_D) || root_holds(r, U_BOOT_UPDATE, "/" U_BOOT_CONF_D))
		p->format.drop_in = U_BOOT_CONF_D "/zz-vfio-bootcfg.conf";
	p->format.fallback = "ro quiet";
	p->format.home_file = p->paths.n - 1;
	for (size_t i = 0; i < vendor.n; i++) {
		_cleanup_(str_free) char *value = detect_shell_value(r, vendor.v[i], variable);
		if (value && p->paths.n == 1)
			return err_set(err, EINVAL,
				"/%s: sets %s, which a package owns and which comes after /etc/default/u-boot; run `mkdir -p /etc/u-boot-menu/conf.d && echo '%s=\"%s\"' >/etc/u-boot-menu/conf.d/vfio.conf`, then this again",
				vendor.v[i], variable, variable, value);
	}
	return 0;
}

static bool has_u_boot_menu(const struct root *r)
{
	return root_is_file(r, "etc/default/u-boot") &&
	       (root_is_file(r, U_BOOT_UPDATE) || root_is_file(r, "boot/extlinux/extlinux.conf") ||
		       root_holds(r, "etc/default/u-boot", "U_BOOT_PARAMETERS="));
}

/* Alpine's update-extlinux, Debian's u-boot-menu, or a menu by hand. */
static int detect(struct loader_search *q, struct err *err)
{
	if (root_is_file(q->s->root, "etc/update-extlinux.conf"))
		return update_extlinux_add(q);
	if (has_u_boot_menu(q->s->root))
		return u_boot_menu_add(q, err);
	_cleanup_(str_free) char *path = detect_below_boots(q->s, menus);
	if (!path)
		return 0;
	loader_found(q->to, &loader_extlinux);
	struct karg_source *p = karg_source_add(q->to, extlinux_edit, 30, path);
	if (p)
		p->format.roots = q->s->roots;
	return p ? 0 : -ENOMEM;
}

/* syslinux adds BOOT_IMAGE= as GRUB does, but without a device and with an initrd= after it. */
static bool booted(const char *cmdline)
{
	return str_starts(cmdline, "BOOT_IMAGE=") && strstr(cmdline, " initrd=");
}

/* DEFAULT LABEL before the labels; else the first one. */
static void default_set(struct boot_reading *q, const char *path, size_t begin)
{
	_cleanup_(str_free) char *text = NULL, *name = NULL;
	size_t len;

	if (root_read(q->root, path, &text, &len, NULL) < 0)
		return;
	for (const char *line = text; *line && !name;
		line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " \t");
		if (strncasecmp(at, "default", 7) == 0 && at[7] && strchr(" \t", at[7]))
			name = strndup(at + 7 + strspn(at + 7, " \t"),
				strcspn(at + 7 + strspn(at + 7, " \t"), " \t\r\n"));
	}
	for (size_t i = begin; i < q->to->n; i++)
		q->to->v[i].is_default = name ? str_equal(q->to->v[i].id, name) : i == begin;
}

static int entries(struct boot_reading *q)
{
	_cleanup_(str_free) char *path = detect_below_boots(q->facts, menus);
	size_t begin = 0;
	int rc = path ? menu_entries_add(q, &loader_extlinux, MENU_EXTLINUX, path, &begin) : 0;

	if (path)
		default_set(q, path, begin);
	return rc;
}

/* The menu of a tool that makes it is no source. */
static bool makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	(void)r;
	return e->reader == &loader_extlinux && !karg_source_known(l, e->path);
}

/* u-boot-update writes root= of a variable of its own before them. */
static void part(const struct boot_entry *e, struct format *f)
{
	(void)e;
	if (!f->insert_at || !str_equal(f->insert_at, u_boot_parameters))
		return;
	f->names[0] = "U_BOOT_ROOT";
	f->names[1] = u_boot_parameters;
}

/* ---- one more initrd ---------------------------------------------------------------------------
 */

/* SYSLINUX has its second stage beside the menu, or in the directory above (extlinux.conf of U-Boot
 * has none). */
static bool is_syslinux(const struct root *r, const char *menu)
{
	static const char *const names[] = {
		"ldlinux.sys", "ldlinux.c32", "ldlinux.e64", "isolinux.bin", NULL};
	size_t dir = (size_t)(strrchr(menu, '/') - menu);
	bool found = false;

	for (const char *const *n = names; *n && !found; n++) {
		_cleanup_(text_done) struct text path = {0};
		text_print(&path, "%.*s/%s", (int)dir, menu, *n);
		found = !path.failed && root_is_file(r, path.data);
	}
	return found;
}

/* The line of `INITRD a,b` of the entry that begins in line `first`: the offsets of its value. */
static bool initrd_line_find(const char *text, size_t first, size_t *ret_begin, size_t *ret_end)
{
	size_t number = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " \t");
		size_t len = strcspn(at, "\r\n");
		number++;
		if (number > first && strncasecmp(at, "label", 5) == 0 && strchr(" \t", at[5]))
			return false;
		if (number <= first || len < 7 || strncasecmp(at, "initrd", 6) != 0 ||
			!strchr(" \t", at[6]))
			continue;
		*ret_begin = (size_t)(at - text) + 6 + strspn(at + 6, " \t");
		*ret_end = (size_t)(at - text) + len;
		while (*ret_end > *ret_begin && strchr(" \t", text[*ret_end - 1]))
			(*ret_end)--;
		return *ret_end > *ret_begin;
	}
	return false;
}

static bool list_names(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (size_t at = 0; at < len;) {
		size_t end = at;
		while (end < len && list[end] != ',')
			end++;
		if (end - at == n && memcmp(list + at, name, n) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

/* As the entry spells its last initrd, in the same directory. */
static int initrd_name(const struct boot_entry *e, const struct initrd_job *job, const char *list,
	size_t len, struct text *ret, struct err *err)
{
	const struct boot_file *last = e->initrds_n > 0 ? &e->initrds[e->initrds_n - 1] : NULL;
	const char *there = last && last->path ? strrchr(last->path, '/') : NULL;
	size_t begin = len, dir = there ? (size_t)(there - last->path) : 0;
	const char *name = strrchr(job->file, '/');

	while (begin > 0 && list[begin - 1] != ',')
		begin--;
	const char *slash = memrchr(list + begin, '/', len - begin);
	if (!there || last->state != BOOT_FILE_THERE || !name ||
		(size_t)(name - job->file) != dir || strncmp(job->file, last->path, dir) != 0)
		return err_set(err, EINVAL,
			"/%s: is not in the directory of the initrd of %s: write the archive to /%.*s",
			job->file, e->id, (int)dir, last && last->path ? last->path : "");
	text_print(ret, "%.*s%s", slash ? (int)(slash + 1 - (list + begin)) : 0, list + begin,
		name + 1);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int entry_initrd_add(struct file_edit *f, const struct boot_entry *e,
	const struct initrd_job *job, struct err *err)
{
	_cleanup_(text_done) struct text out = {0}, name = {0};
	size_t len, begin = 0, end = 0;
	const char *text = file_edit_text(f, &len);

	if (!initrd_line_find(text, e->line, &begin, &end))
		return err_set(err, EINVAL,
			"%s:%zu: starts no initrd by a line INITRD, to which this one could be added",
			f->name, e->line);
	int rc = initrd_name(e, job, text + begin, end - begin, &name, err);
	if (rc < 0 || !name.data || list_names(text + begin, end - begin, name.data))
		return rc;
	text_add(&out, text, end);
	text_print(&out, ",%s", name.data);
	text_add(&out, text + end, len - end);
	return file_edit_take(f, &out) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* INITRD a,b (doc/syslinux.txt). U-Boot's reader takes one file alone. */
static int initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err)
{
	const char *path = l->sources_n > 0 ? l->sources[0].paths.v[0] : "";

	if (l->sources_n != 1 || l->sources[0].edit != extlinux_edit)
		return err_set(err, EINVAL,
			"/%s: the menu is made by a tool that knows one initrd for each entry",
			path);
	if (!is_syslinux(r, path))
		return err_set(err, EINVAL,
			"/%s: nothing of SYSLINUX is beside it, so U-Boot may be what reads it, and that takes one initrd alone: have the image made with vfio-bind in it",
			path);
	if (job->words->n > 0)
		return err_set(err, EINVAL,
			"/%s: an entry of its own is written by hand here: LABEL, LINUX, INITRD a,b and APPEND with %s",
			path, job->words->v[0].text);
	int rc = file_edits_read(s, r, path, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < job->entries->n && rc == 0; i++) {
		const struct boot_entry *e = &job->entries->v[i];
		bool asked = job->pick ? e->line == l->sources[0].format.entry_line ||
						 l->sources[0].format.entry_line == 0
				       : !e->way_back;
		if (e->ours && !e->no_linux && !e->unknown && asked && str_equal(e->path, path))
			rc = entry_initrd_add(&s->v[0], e, job, err);
	}
	return rc;
}

/* ---- another default ---------------------------------------------------------------------------
 */

/* MENU DEFAULT and ONTIMEOUT go before DEFAULT, and INCLUDE has lines that are not read here. */
static bool has_line(const char *text, const char *const words[])
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " \t");
		for (const char *const *w = words; *w; w++)
			if (strncasecmp(at, *w, strlen(*w)) == 0)
				return true;
	}
	return false;
}

static int prefer(const struct root *r, struct loaders *l, const struct boot_entry *own,
	struct file_edits *s, struct err *err)
{
	static const char *const stronger[] = {"menu default", "ontimeout", "include ", NULL};

	if (l->sources_n != 1 || l->sources[0].edit != extlinux_edit)
		return err_set(err, EINVAL,
			"/%s: is made by a tool: the default is set in the files of that",
			own->path);
	int rc = file_edits_read(s, r, own->path, err);
	if (rc < 0)
		return rc;
	if (has_line(s->v[0].old, stronger))
		return err_set(err, EINVAL,
			"/%s: has MENU DEFAULT, ONTIMEOUT or INCLUDE, which go before DEFAULT: make %s the default by hand",
			own->path, own->id);
	const struct setting set = {
		.key = "DEFAULT", .value = own->id, .nocase = true, .first = true};
	return setting_set(&s->v[0], &set, err);
}

const struct loader loader_extlinux = {
	.name = "extlinux",
	.called = (const char *const[]){"extlinux", "syslinux", NULL},
	.booted = booted,
	.detect = detect,
	.entries = entries,
	.initrd = initrd,
	.own = menu_own,
	.prefer = prefer,
	.makes = makes,
	.part = part,
};
