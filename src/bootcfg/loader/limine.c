/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/limine_tool.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/menu_entries.h"
#include "bootcfg/loader/menu_own.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/loader/whole_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* In the root and in limine of each boot partition, and beside the program, whatever the name of
 * that directory (CONFIG.md of limine, "Location of the config file"). */
static const char *const dirs[] = {"", "limine", "boot", "boot/limine", "EFI/*", NULL};
static const char *const menus[] = {"limine.conf", "limine.cfg", NULL};

/* ---- limine-entry-tool -------------------------------------------------------------------------
 */

#define TOOL_LAST "etc/default/limine"
#define TOOL_DROP_IN "etc/limine-entry-tool.d/zz-vfio-bootcfg.conf"

/* Its files, in the order in which it reads them; the last one may be missing. */
static int tool_files(const struct root *r, struct strings *to)
{
	static const char first[] = "etc/limine-entry-tool.conf";

	return regular_files_add(r, "usr/share/limine-entry-tool.d", ".conf", to) < 0 ||
			       (root_is_file(r, first) && strings_add(to, first) < 0) ||
			       regular_files_add(r, "etc/limine-entry-tool.d", ".conf", to) < 0 ||
			       strings_add(to, TOOL_LAST) < 0
		       ? -ENOMEM
		       : 0;
}

/* True if one of the files sets the line of this kernel; NULL: of any. */
static bool tool_sets(const struct root *r, const struct strings *files, const char *kernel)
{
	bool found = false;

	for (size_t i = 0; i < files->n && !found; i++) {
		_cleanup_(str_free) char *text = NULL;
		size_t len;
		found = root_read(r, files->v[i], &text, &len, NULL) == 0 &&
			limine_tool_sets(text, len, kernel);
	}
	return found;
}

static const char *tool_command(const struct root *r)
{
	static const char *const programs[] = {"usr/bin/limine-update", "usr/bin/limine-mkinitcpio",
		"usr/bin/limine-dracut", NULL};

	for (const char *const *p = programs; *p; p++)
		if (root_is_file(r, *p))
			return *p + strlen("usr/bin/");
	return "limine-update";
}

/*
 * The fallback of the tool: /etc/kernel/cmdline, then the running kernel's line. Where that is the
 * end of the chain, /etc/kernel/cmdline is made with the whole line that the entries have now: with
 * the new words alone the next entries would have no root=.
 */
static int tool_fallback_add(struct loader_search *q, struct err *err)
{
	bool have = false;

	if (kernel_cmdline_add(q->s->root, q->to, NULL, NULL, &have) < 0 ||
		(!have && whole_line_pin(q->s->root, q->to, "limine-entry-tool", &have) < 0))
		return -ENOMEM;
	if (have)
		return 0;
	return err_set(err, ENOENT,
		"/etc/default/limine: sets no KERNEL_CMDLINE[default], and without /etc/kernel/cmdline limine-entry-tool takes the running kernel's line; write the whole line with root= to /etc/kernel/cmdline, then run this again");
}

/* CachyOS, Omarchy: limine-entry-tool writes limine.conf from these files. */
static int tool_detect(struct loader_search *q, struct err *err)
{
	_cleanup_(strings_done) struct strings files = {0};
	const struct root *r = q->s->root;

	if (tool_files(r, &files) < 0)
		return -ENOMEM;
	if (!root_is_dir(r, "etc/limine-entry-tool.d") && !root_is_file(r, TOOL_LAST) &&
		files.n == 1)
		return 0;
	loader_found(q->to, &loader_limine_tool);
	if (strings_add(&q->to->next, tool_command(r)) < 0)
		return -ENOMEM;
	bool has_default = tool_sets(r, &files, "default");
	if (has_default || tool_sets(r, &files, NULL)) {
		struct karg_source *p = karg_source_add(q->to, limine_tool_edit, 10, NULL);
		if (!p)
			return -ENOMEM;
		/* The last file is read behind all drop-ins: what it sets takes their place. */
		const struct strings last = {.v = &files.v[files.n - 1], .n = 1};
		if (has_default && !tool_sets(r, &last, NULL))
			p->format.drop_in = TOOL_DROP_IN;
		p->paths = files;
		files = (struct strings){0};
	}
	return has_default ? 0 : tool_fallback_add(q, err);
}

/* Without any menu of Limine its files are left over from a trial. */
static bool tool_made(const struct detect *s)
{
	_cleanup_(strings_done) struct strings found = {0};
	return detect_boot_files(s, dirs, menus, &found) == 0 && found.n > 0;
}

/*
 * The tool keeps entries of others; those of its making are below one with the machine-id in its
 * comment, as "/+NAME" with "comment: machine-id=…" (limine-entry-tool, README).
 */
static bool tool_makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len, line = 1;
	bool own = false;

	(void)l;
	if (e->reader != &loader_limine || root_read(r, e->path, &text, &len, NULL) < 0)
		return false;
	for (const char *at = text; *at && line <= e->line; line++) {
		size_t n = strcspn(at, "\n");
		const char *word = at + strspn(at, " \t");
		if (word[0] == '/' && word[1] != '/')
			own = false;
		own |= str_starts(word, "comment:") &&
		       memmem(word, n - (size_t)(word - at), "machine-id=", 11);
		at += n + (at[n] == '\n');
	}
	return own;
}

/* KERNEL_CMDLINE[NAME], where the entry is called so. */
static void tool_part(const struct boot_entry *e, struct format *f)
{
	const char *slash = strrchr(e->title, '/');
	f->kernel = slash ? slash + 1 : e->title;
}

/* It writes limine.conf anew for each kernel, with the initrd that it had made and no other. */
static int tool_initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err)
{
	(void)r;
	(void)l;
	(void)job;
	(void)s;
	return err_set(err, EINVAL,
		"--initrd: limine-entry-tool writes the entries anew for each kernel, and has no setting for a further module_path: have the image made with vfio-bind in it (/usr/lib/vfio-bind/setup enable)");
}

const struct loader loader_limine_tool = {
	.name = "limine",
	.called = (const char *const[]){"limine", NULL},
	.read_by = (const struct loader *const[]){&loader_limine, NULL},
	.owner = true,
	.made = tool_made,
	.detect = tool_detect,
	.makes = tool_makes,
	.part = tool_part,
	.initrd = tool_initrd,
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
	_cleanup_(strings_done) struct strings found = {0};

	if (detect_boot_files(q->s, dirs, menus, &found) < 0)
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
	/* An entry that starts an image without a cmdline has the image's. */
	if (q->to->image && !menu_has_ours(q->s, path, MENU_LIMINE))
		return 0;
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

/* ---- one more initrd ---------------------------------------------------------------------------
 */

/* `module_path: URI` or, of old, `MODULE_PATH=URI`: the offset of the value in the line, or 0. */
static size_t module_value(const char *line, size_t len)
{
	static const char key[] = "module_path";
	size_t at = strspn(line, " \t");

	if (len < at + sizeof(key) || strncasecmp(line + at, key, sizeof(key) - 1) != 0)
		return 0;
	at += sizeof(key) - 1;
	if (at >= len || !strchr(":=", line[at]))
		return 0;
	at += 1 + strspn(line + at + 1, " \t");
	return at < len ? at : 0;
}

struct module_line {
	size_t begin, value, end; /* in the text; end: behind the value */
	size_t next;              /* the line behind it */
};

/* The last one of the entry that begins in line `first`. */
static bool module_find(const char *text, size_t first, struct module_line *ret)
{
	size_t number = 0;
	bool found = false;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\r\n"), begin = (size_t)(line - text), value;
		const char *word = line + strspn(line, " \t");
		number++;
		if (number > first && (*word == '/' || *word == ':'))
			break;
		value = number > first ? module_value(line, len) : 0;
		line += strcspn(line, "\n");
		line += *line == '\n';
		if (value == 0)
			continue;
		while (len > value && strchr(" \t", text[begin + len - 1]))
			len--;
		*ret = (struct module_line){
			begin, begin + value, begin + len, (size_t)(line - text)};
		found = true;
	}
	return found;
}

/* The URI of the archive, in the directory of the entry's last initrd; that may have the hash of
 * its file behind it. */
static int uri_print(const struct boot_entry *e, const struct initrd_job *job, const char *uri,
	size_t len, struct text *ret, struct err *err)
{
	const struct boot_file *last = e->initrds_n > 0 ? &e->initrds[e->initrds_n - 1] : NULL;
	const char *there = last && last->path ? strrchr(last->path, '/') : NULL;
	const char *name = strrchr(job->file, '/'), *hash = memchr(uri, '#', len);
	size_t dir = there ? (size_t)(there - last->path) : 0;

	if (uri[0] == '$')
		return err_set(err, EINVAL,
			"/%s:%zu: Limine unpacks its initrd itself: write the line for the archive by hand",
			e->path, e->line);
	if (!there || last->state != BOOT_FILE_THERE || !name ||
		(size_t)(name - job->file) != dir || strncmp(job->file, last->path, dir) != 0)
		return err_set(err, EINVAL,
			"/%s: is not in the directory of the initrd of \"%.100s\": write the archive to /%.*s",
			job->file, e->title, (int)dir, last && last->path ? last->path : "");
	const char *slash = memrchr(uri, '/', hash ? (size_t)(hash - uri) : len);
	if (!slash)
		return err_set(
			err, EINVAL, "/%s:%zu: its module_path has no directory", e->path, e->line);
	text_print(ret, "%.*s%s", (int)(slash + 1 - uri), uri, name + 1);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int entry_initrd_add(struct file_edit *f, const struct boot_entry *e,
	const struct initrd_job *job, struct err *err)
{
	_cleanup_(text_done) struct text out = {0}, uri = {0};
	struct module_line m;
	size_t len;
	const char *text = file_edit_text(f, &len);

	if (boot_entry_loads(e, job->file))
		return 0;
	if (!module_find(text, e->line, &m))
		return err_set(err, EINVAL,
			"%s:%zu: starts no initrd by a line module_path, behind which this one could come",
			f->name, e->line);
	int rc = uri_print(e, job, text + m.value, m.end - m.value, &uri, err);
	if (rc < 0)
		return rc;
	const char *newline = memchr(text + m.begin, '\r', m.next - m.begin) ? "\r\n" : "\n";
	text_add(&out, text, m.next);
	if (text[m.next - 1] != '\n')
		text_print(&out, "%s", newline);
	text_add(&out, text + m.begin, m.value - m.begin);
	text_print(&out, "%s%s", uri.data, text[m.next - 1] == '\n' ? newline : "");
	text_add(&out, text + m.next, len - m.next);
	return file_edit_take(f, &out) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* A further line module_path: several are loaded in their order (CONFIG.md, Linux protocol). The
 * last entry first, so that the lines of the others stay where they are. */
static int initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err)
{
	const char *path = l->sources_n > 0 ? l->sources[0].paths.v[0] : "";
	size_t line = l->sources_n > 0 ? l->sources[0].format.entry_line : 0;

	if (l->sources_n != 1 || l->sources[0].edit != limine_edit)
		return err_set(err, EINVAL,
			"--initrd: no menu that is written by hand has the entries of Limine here");
	if (job->words->n > 0)
		return err_set(err, EINVAL,
			"/%s: an entry of its own is written by hand here: a copy of the other with module_path of the archive behind its own, and %s in its cmdline",
			path, job->words->v[0].text);
	int rc = file_edits_read(s, r, path, err);
	if (rc < 0)
		return rc;
	for (size_t i = job->entries->n; i-- > 0 && rc == 0;) {
		const struct boot_entry *e = &job->entries->v[i];
		bool asked = job->pick ? line == 0 || e->line == line : !e->way_back;
		if (e->ours && !e->no_linux && !e->unknown && asked && str_equal(e->path, path))
			rc = entry_initrd_add(&s->v[0], e, job, err);
	}
	return rc;
}

const struct loader loader_limine = {
	.name = "limine",
	.called = (const char *const[]){"limine", NULL},
	.starts_images = true,
	.loader_info = (const char *const[]){"Limine", "limine", NULL},
	.detect = menu_detect,
	.entries = entries,
	.initrd = initrd,
	.own = menu_own,
};
