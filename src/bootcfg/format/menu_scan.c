/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/menu.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The length of a key at the start of a line, in any case, if one of `ends` follows; 0: another
 * key. */
static size_t key_at(const char *text, const struct menu_line *l, const char *key, const char *ends)
{
	size_t n = strlen(key);

	if (l->end - l->begin < n || strncasecmp(text + l->begin, key, n) != 0)
		return 0;
	if (l->begin + n == l->end)
		return strchr(ends, ' ') ? n : 0;
	return strchr(ends, text[l->begin + n]) ? n : 0;
}

/*
 * Limine: `/Title` opens an entry (`:` in the old limine.cfg), `cmdline: …` is part of it; CMDLINE=
 * is the old spelling, kernel_cmdline is an alias (CONFIG.md of limine).
 */
static int limine_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	static const char *const keys[] = {"cmdline", "kernel_cmdline", NULL};
	struct menu_line l = {0};
	bool is_fallback = false;

	(void)path;
	(void)err;
	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (text[l.begin] == '/' || text[l.begin] == ':')
			is_fallback = menu_is_fallback(text, l.begin, l.end);
		for (const char *const *k = keys; *k && !is_fallback; k++) {
			size_t n = key_at(text, &l, *k, ":=");
			if (n == 0)
				continue;
			size_t begin = l.begin + n + 1;
			while (begin < l.end && karg_blank(text[begin]))
				begin++;
			if (menu_value_add(ret, begin, l.end, false) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

int limine_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, limine_scan, r, err);
}

/* A syslinux entry while it is parsed. */
struct label {
	bool is_fallback, linux_there;
	size_t begin, end; /* of the parameters of APPEND; 0: none */
};

static int label_close(struct label *l, struct menu_values *ret)
{
	int rc = 0;

	if (l->end > 0 && !l->is_fallback && l->linux_there)
		rc = menu_value_add(ret, l->begin, l->end, false);
	*l = (struct label){0};
	return rc;
}

/* syslinux (doc/syslinux.txt): LABEL opens an entry, LINUX or KERNEL has the file it starts, APPEND
 * its command line; an APPEND before the first label is for entries without APPEND. */
static int extlinux_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	struct menu_line l = {0};
	struct label label = {.linux_there = true};

	(void)path;
	(void)err;
	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		size_t n;
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (key_at(text, &l, "label", " \t")) {
			if (label_close(&label, ret) < 0)
				return -ENOMEM;
			label.is_fallback = menu_is_fallback(text, l.begin, l.end);
		} else if (key_at(text, &l, "linux", " \t") || key_at(text, &l, "kernel", " \t")) {
			/* c32 modules and boot sectors take no kernel parameters. */
			label.linux_there = l.end - l.begin < 4 ||
					    (strncasecmp(text + l.end - 4, ".c32", 4) != 0 &&
						    strncasecmp(text + l.end - 4, ".bin", 4) != 0);
			label.is_fallback |= menu_is_fallback(text, l.begin, l.end);
		} else if (key_at(text, &l, "initrd", " \t")) {
			label.is_fallback |= menu_is_fallback(text, l.begin, l.end);
		} else if ((n = key_at(text, &l, "append", " \t")) > 0) {
			label.begin = l.begin + n;
			while (label.begin < l.end && karg_blank(text[label.begin]))
				label.begin++;
			label.end = l.end;
			/* `APPEND -` is an empty command line. */
			if (label.end - label.begin == 1 && text[label.begin] == '-')
				label.end = 0;
		}
	}
	return label_close(&label, ret);
}

int extlinux_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, extlinux_scan, r, err);
}

/* Finds the end of the quotes that open at text[at]; `""` inside is one quote. False: no end. */
static bool quoted_end(const char *text, size_t at, size_t end, size_t *ret)
{
	for (at++; at < end; at++) {
		if (text[at] != '"')
			continue;
		if (at + 1 < end && text[at + 1] == '"') {
			at++;
			continue;
		}
		*ret = at;
		return true;
	}
	return false;
}

static int refind_error(const char *path, const struct menu_line *l, struct err *err)
{
	return err_set(err, EINVAL,
		"%s:%zu: the options are not in double quotes, so only the first word counts; put them in quotes first",
		path, l->number);
}

/* refind_linux.conf: "title" "options", the first line is the default (rEFInd, refind/config.c). */
static int refind_linux_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	struct menu_line l = {0};

	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		size_t title_end;
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (text[l.begin] != '"' || !quoted_end(text, l.begin, l.end, &title_end))
			return refind_error(path, &l, err);
		size_t options = title_end + 1, end;
		while (options < l.end && strchr(" \t=,", text[options]))
			options++;
		if (options == l.end)
			continue;
		if (text[options] != '"' || !quoted_end(text, options, l.end, &end))
			return refind_error(path, &l, err);
		if (ret->n > 0 && menu_is_fallback(text, l.begin, title_end))
			continue;
		if (menu_value_add(ret, options + 1, end, true) < 0)
			return -ENOMEM;
	}
	return 0;
}

int refind_linux_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, refind_linux_scan, r, err);
}

/* refind.conf: `options "…"` in a menuentry that starts Linux: one whose options contain root=. */
static int refind_conf_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	struct menu_line l = {0};
	bool inside = false, is_fallback = false;

	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		size_t n, end;
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (key_at(text, &l, "menuentry", " \t\"")) {
			inside = true;
			is_fallback = menu_is_fallback(text, l.begin, l.end);
		}
		if (text[l.begin] == '}')
			inside = false;
		n = key_at(text, &l, "options", " \t\"=");
		if (n == 0 || !inside || is_fallback)
			continue;
		size_t options = l.begin + n;
		while (options < l.end && strchr(" \t=,", text[options]))
			options++;
		if (options == l.end || !memmem(text + options, l.end - options, "root=", 5))
			continue;
		if (text[options] != '"' || !quoted_end(text, options, l.end, &end))
			return refind_error(path, &l, err);
		if (menu_value_add(ret, options + 1, end, true) < 0)
			return -ENOMEM;
	}
	return 0;
}

int refind_conf_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, refind_conf_scan, r, err);
}
