/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/menu.h"
#include "bootcfg/loader/menu_entries.h"
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

const struct loader loader_refind = {
	.name = "refind",
	.called = (const char *const[]){"refind", NULL},
	.starts_images = true,
	.loader_info = (const char *const[]){"rEFInd", NULL},
	.detect = detect,
	.entries = entries,
};
