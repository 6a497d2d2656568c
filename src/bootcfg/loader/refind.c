/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/menu.h"
#include "bootcfg/loader/menu_entries.h"
#include "bootcfg/loader/menu_own.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The list beside each kernel, and the configurations beside the program. */
static int files_find(const struct detect *s, struct strings *lists, struct strings *confs)
{
	static const char *const list_dirs[] = {"", "*", "EFI/*", NULL};
	static const char *const list_names[] = {"refind_linux.conf", NULL};
	static const char *const conf_dirs[] = {"EFI/*", NULL};
	static const char *const conf_names[] = {"refind.conf", NULL};
	int rc = detect_boot_files(s, list_dirs, list_names, lists);

	return rc < 0 ? rc : detect_boot_files(s, conf_dirs, conf_names, confs);
}

/* `include FILE` of refind.conf: beside it; one in an included file is not followed (rEFInd,
 * refind/config.c, ReadConfig). */
static int includes_add(const struct root *r, const char *conf, struct strings *to)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len, dir = (size_t)(strrchr(conf, '/') - conf);
	int rc = 0;

	if (root_read(r, conf, &text, &len, NULL) < 0)
		return 0;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n")) && rc == 0;) {
		struct text path = {0};
		line += strspn(line, " \t");
		if (strncasecmp(line, "include", 7) != 0 || !strchr(" \t", line[7]))
			continue;
		line += 7 + strspn(line + 7, " \t\"");
		line[strcspn(line, " \t\"\r#")] = '\0';
		for (char *p = line; *p; p++)
			*p = *p == '\\' ? '/' : *p;
		text_print(&path, "%.*s/%s", (int)dir, conf, line);
		if (!path.failed && root_is_file(r, path.data) && !strings_have(to, path.data))
			rc = strings_take(to, path.data);
		else
			text_done(&path);
	}
	return rc;
}

static int sources_add(struct loader_search *q, const struct strings *paths, enum menu_kind kind,
	format_edit *edit, bool *ret_found)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!menu_has_ours(q->s, paths->v[i], kind))
			continue;
		struct karg_source *p = karg_source_add(q->to, edit, 30, paths->v[i]);
		if (!p)
			return -ENOMEM;
		p->format.roots = q->s->roots;
		*ret_found = true;
	}
	return 0;
}

/* rEFInd starts kernels that it finds itself with the words of refind_linux.conf, which may be
 * missing: then the stanzas that come with it, all disabled, are the wrong place. */
static int hint_set(struct loader_search *q, const char *conf)
{
	static const char *const programs[] = {"usr/sbin/mkrlconf", "usr/bin/mkrlconf", NULL};
	bool have = false;

	for (const char *const *p = programs; *p; p++)
		have |= root_is_file(q->s->root, *p);
	if (!q->hint &&
		asprintf(&q->hint,
			"/%s: rEFInd has no entry of this system here that is not disabled; the place for the words is refind_linux.conf beside the kernel: %s",
			conf,
			have ? "`mkrlconf` writes it"
			     : "write a line \"Boot\" \"root=… and the other words\" there") < 0) {
		q->hint = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int detect(struct loader_search *q, struct err *err)
{
	_cleanup_(strings_done) struct strings lists = {0}, confs = {0};
	bool found = false;

	(void)err;
	if (files_find(q->s, &lists, &confs) < 0)
		return -ENOMEM;
	size_t mains = confs.n;
	for (size_t i = 0; i < mains; i++)
		if (includes_add(q->s->root, confs.v[i], &confs) < 0)
			return -ENOMEM;
	if (sources_add(q, &lists, MENU_REFIND_LINUX, refind_linux_edit, &found) < 0 ||
		sources_add(q, &confs, MENU_REFIND_CONF, refind_conf_edit, &found) < 0)
		return -ENOMEM;
	if (found)
		loader_found(q->to, &loader_refind);
	else if (confs.n > 0 || lists.n > 0)
		return hint_set(q, confs.n > 0 ? confs.v[0] : lists.v[0]);
	return 0;
}

static bool is_kernel(const char *name)
{
	return str_starts(name, "vmlinuz") || str_starts(name, "bzImage") ||
	       str_starts(name, "kernel");
}

/* rEFInd starts each kernel beside the list with each of its lines: the kernel of the entry is
 * known where there is one. */
static int list_kernel(struct boot_reading *q, const char *list, size_t begin)
{
	_cleanup_(strings_done) struct strings names = {0};
	_cleanup_(str_free) char *dir = strndup(list, (size_t)(strrchr(list, '/') - list));
	const char *kernel = NULL;
	size_t kernels = 0;
	int rc = dir ? 0 : -ENOMEM;

	if (rc < 0 || root_list(q->root, dir, "", &names) < 0)
		return rc;
	for (size_t i = 0; i < names.n; i++)
		if (is_kernel(names.v[i])) {
			kernel = names.v[i];
			kernels++;
		}
	for (size_t i = begin; i < q->to->n && rc == 0 && kernels == 1; i++)
		rc = boot_file_find(q, dir, kernel, strlen(kernel), &q->to->v[i].kernel);
	return rc;
}

/* The first line of the only list, where neither a stanza nor `default_selection` may be before it.
 */
static void default_set(
	struct boot_reading *q, size_t lists, size_t begin, size_t end, const struct strings *confs)
{
	for (size_t i = 0; i < confs->n; i++)
		if (root_holds(q->root, confs->v[i], "\ndefault_selection"))
			return;
	if (lists == 1 && begin < end && end == q->to->n)
		q->to->v[begin].is_default = true;
}

static int entries(struct boot_reading *q)
{
	_cleanup_(strings_done) struct strings lists = {0}, confs = {0};
	size_t begin = 0;
	int rc = files_find(q->facts, &lists, &confs);

	for (size_t i = 0, mains = confs.n; i < mains && rc == 0; i++)
		rc = includes_add(q->root, confs.v[i], &confs);
	for (size_t i = 0; i < lists.n && rc == 0; i++) {
		rc = menu_entries_add(q, &loader_refind, MENU_REFIND_LINUX, lists.v[i], &begin);
		if (rc == 0)
			rc = list_kernel(q, lists.v[i], begin);
	}
	size_t end = q->to->n;
	for (size_t i = 0; i < confs.n && rc == 0; i++)
		rc = menu_entries_add(q, &loader_refind, MENU_REFIND_CONF, confs.v[i], NULL);
	default_set(q, lists.n, begin, end, &confs);
	return rc;
}

/* ---- one more initrd ---------------------------------------------------------------------------
 */

/* How the first entry of ours spells an initrd: allocated, or NULL: it names none. */
static char *initrd_spelled(const char *path, const char *text, size_t len, enum menu_kind kind,
	const struct strings *roots)
{
	_cleanup_(menu_entries_done) struct menu_entries menu = {0};

	if (menu_read(kind, path, text, len, &menu, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < menu.n; i++) {
		const struct menu_entry *m = &menu.v[i];
		if (menu_entry_left(m, roots))
			continue;
		for (size_t w = 0; w < m->words.words; w++)
			if (str_starts(m->words.word[w].text, "initrd="))
				return strdup(m->words.word[w].text + strlen("initrd="));
		return m->initrds.n > 0 ? strdup(m->initrds.v[0]) : NULL;
	}
	return NULL;
}

/* initrd=\DIR\NAME, beside the initrd of the entries; the stub of the kernel takes backslashes. */
static int word_make(const struct initrd_job *job, const char *menu, const char *spelled,
	struct text *ret, struct err *err)
{
	const char *name = strrchr(job->file, '/'), *slash = spelled;
	bool beside = false;

	for (const char *p = spelled; *p; p++)
		if (strchr("/\\", *p))
			slash = p + 1;
	for (size_t i = 0; i < job->entries->n && name; i++) {
		const struct boot_entry *e = &job->entries->v[i];
		for (size_t k = 0; k < e->initrds_n && str_equal(e->path, menu); k++) {
			const char *path = e->initrds[k].path;
			const char *last = path ? strrchr(path, '/') : NULL;
			beside |= last && e->initrds[k].state == BOOT_FILE_THERE &&
				  last - path == name - job->file &&
				  strncmp(path, job->file, (size_t)(name - job->file)) == 0;
		}
	}
	if (!beside)
		return err_set(err, EINVAL,
			"/%s: is not in the directory of the initrd that /%s names: write the archive there",
			job->file, menu);
	text_print(ret, "initrd=%.*s%s", (int)(slash - spelled), spelled, name + 1);
	for (char *p = ret->data; p && *p; p++)
		*p = *p == '/' ? '\\' : *p;
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Of a word initrd= it loads that, and of none the one that it finds beside the kernel. */
static int menu_check(
	const char *menu, const char *spelled, const struct initrd_job *job, struct err *err)
{
	if (!spelled)
		return err_set(err, EINVAL,
			"/%s: rEFInd finds the initrd by itself, and would not with a word initrd= in the options: write initrd= of it there first",
			menu);
	if (job->packed)
		return err_set(err, EINVAL,
			"/%s: is compressed, and may come before the image, where the kernel's search for microcode would end at it: write it without --gzip",
			job->file);
	return job->words->n == 0
		       ? 0
		       : err_set(err, EINVAL,
				 "/%s: an entry of its own is written by hand here: a line with the options of the other, %s and initrd= of the archive",
				 menu, job->words->v[0].text);
}

/* In the options: of two lines `initrd` of a stanza it loads the last alone. */
static int initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err)
{
	_cleanup_(str_free) char *text = NULL, *spelled = NULL;
	_cleanup_(text_done) struct text word = {0};
	_cleanup_(karg_ops_done) struct karg_ops add = {0};
	size_t len;

	if (l->sources_n != 1)
		return err_set(err, EINVAL,
			"/%s: is one of several menus of rEFInd: --entry says which entry loads the archive",
			l->sources_n > 0 ? l->sources[0].paths.v[0] : "");
	const struct karg_source *p = &l->sources[0];
	const char *menu = p->paths.v[0];
	int rc = root_read(r, menu, &text, &len, err);
	if (rc < 0)
		return rc;
	spelled = initrd_spelled(menu, text, len,
		p->edit == refind_linux_edit ? MENU_REFIND_LINUX : MENU_REFIND_CONF,
		&p->format.roots);
	rc = menu_check(menu, spelled, job, err);
	if (rc == 0)
		rc = word_make(job, menu, spelled, &word, err);
	if (rc == 0)
		rc = karg_ops_add(&add, word.data, err);
	return rc < 0 ? rc : karg_source_edit(r, p, &add, s, err);
}

/* Of lines the first is the default, and that line is the only one without the archive. */
static int prefer(const struct root *r, struct loaders *l, const struct boot_entry *own,
	struct file_edits *s, struct err *err)
{
	(void)r;
	(void)l;
	(void)s;
	return err_set(err, EINVAL,
		"/%s: the default is set by hand here: the first line of refind_linux.conf, or default_selection in refind.conf with the title of a stanza",
		own->path);
}

const struct loader loader_refind = {
	.name = "refind",
	.called = (const char *const[]){"refind", NULL},
	.starts_images = true,
	.loader_info = (const char *const[]){"rEFInd", NULL},
	.detect = detect,
	.entries = entries,
	.initrd = initrd,
	.own = menu_own,
	.prefer = prefer,
};
