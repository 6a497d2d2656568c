/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/bls_copy.h"

#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/entries.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

char *bls_copy_name(const char *path, enum bls_reader reader, const char *tail)
{
	char *name = NULL;
	return asprintf(&name, "%.*s%c%s.conf", (int)entry_stem(path), path,
		       bls_copy_between(reader), tail) < 0
		       ? NULL
		       : name;
}

/* The length of a line without trailing blanks. */
static size_t trimmed(const char *line, size_t len)
{
	while (len > 0 && kcmdline_is_blank(line[len - 1]))
		len--;
	return len;
}

static bool key_is(const char *line, size_t len, const char *key)
{
	size_t n = strlen(key);
	return len > n && memcmp(line, key, n) == 0 && strchr(" \t", line[n]);
}

void bls_copy_mark(const char *text, size_t len, const char *mark, struct text *to)
{
	for (size_t at = 0; at < len;) {
		const char *line = text + at, *nl = memchr(line, '\n', len - at);
		size_t n = nl ? (size_t)(nl - line) + 1 : len - at, end = trimmed(line, n);
		if (key_is(line, end, "sort-key"))
			text_print(to, "sort-key zz-vfio");
		else
			text_add(to, line, end);
		if (key_is(line, end, "title"))
			text_print(to, " (%s)", mark);
		text_add(to, line + end, n - end);
		at += n;
	}
}

char bls_copy_between(enum bls_reader reader)
{
	return reader == BLS_GRUB ? '~' : '-';
}

int bls_copy_make(const struct root *r, const char *path, const struct bls_copy *c,
	struct file_edits *to, struct err *err)
{
	_cleanup_(str_free) char *text = NULL, *name = bls_copy_name(path, c->reader, c->tail);
	_cleanup_(text_done) struct text copy = {0};
	size_t len = 0;

	if (!name)
		return err_set(err, ENOMEM, "out of memory");
	int rc = root_read(r, name, &text, &len, err);
	if (rc == 0) { /* the copy exists already: it is edited */
		char *have = text;
		text = NULL;
		return file_edits_add(to, name, have, len) < 0
			       ? err_set(err, ENOMEM, "out of memory")
			       : 0;
	}
	if (rc == -ENOENT)
		rc = root_read(r, path, &text, &len, err);
	if (rc < 0)
		return rc;
	text_print(&copy, "%s", c->head ? c->head : "");
	bls_copy_mark(text, len, c->mark, &copy);
	if (file_edits_add(to, name, NULL, 0) < 0 || file_edit_take(&to->v[0], &copy) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}
