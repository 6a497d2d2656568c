/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/file_edit.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <string.h>

/*
 * All readers join lines with blanks (kernel-install's 90-loaderentry.install, ukify, mkinitcpio);
 * a line that starts with # is a comment to most and parameters to some (ukify before 258), so such
 * a line never is written.
 */
static int file_edit_fields(
	struct tokens *l, const struct file_edits *s, size_t file, bool first_line, bool *ret_blank)
{
	size_t len;
	const char *text = file_edit_text(&s->v[file], &len);

	for (size_t at = 0; at < len;) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t end = nl ? (size_t)(nl - text) : len, begin = at;
		at = nl ? end + 1 : len;
		while (begin < end && kcmdline_is_blank(text[begin]))
			begin++;
		if (begin == end && !first_line)
			continue;
		*ret_blank = false;
		if (begin < end && text[begin] == '#')
			continue;
		struct segment *f = tokens_segment(l);
		if (!f || segment_add_bytes(f, text, begin, end, (uint16_t)file) < 0)
			return -ENOMEM;
		f->at = begin;
		f->file = (uint16_t)file;
		if (first_line)
			return 0;
	}
	return 0;
}

/* Adds a line to a file without parameters: at its start, or after its comments. */
static int home_make(struct tokens *l, const struct file_edits *s, size_t file, bool blank)
{
	size_t len;
	const char *text = file_edit_text(&s->v[file], &len);
	struct segment *f = tokens_segment(l);

	if (!f)
		return -ENOMEM;
	f->file = (uint16_t)file;
	f->at = blank ? 0 : len;
	f->context = blank ? 0 : len > 0 && text[len - 1] == '\n' ? 1 : 2;
	if (blank && len == 0)
		f->context = 1;
	return 0;
}

/* Contexts: 0 among parameters, 1 a line of its own, 2 the same after a line without newline. */
static int encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	if (context == 2)
		text_add(ret, "\n", 1);
	int r = plain_encode(context, text, dialect, ret, err);
	if (context > 0)
		text_add(ret, "\n", 1);
	return r;
}

static int reading_make(
	const struct file_edits *s, const struct format *f, struct tokens *l, struct err *err)
{
	bool insert_at = false;

	for (size_t i = 0; i < s->n; i++) {
		size_t before = l->fields;
		bool blank = true;
		size_t len;
		const char *text = file_edit_text(&s->v[i], &len);
		if (memchr(text, '\0', len))
			return err_set(err, EINVAL, "%s: contains a NUL byte", s->v[i].name);
		if (file_edit_fields(l, s, i, f->first_line, &blank) < 0)
			return err_set(err, ENOMEM, "out of memory");
		if (i != f->home_file)
			continue;
		if (l->fields == before && f->first_line && !blank)
			return err_set(err, EINVAL,
				"%s:1: is a comment, and the first line is the one that is read",
				s->v[i].name);
		if (l->fields == before && home_make(l, s, i, blank) < 0)
			return err_set(err, ENOMEM, "out of memory");
		l->insert_at = l->fields - 1;
		insert_at = true;
	}
	if (!insert_at)
		return err_set(err, EINVAL, "no file to write to");
	struct err reason = {0};
	int r = tokens_split(l, &reason);
	return r < 0 ? err_set(err, -r, "%s: %.400s", s->v[f->home_file].name, reason.text) : 0;
}

/* The file of our own, which is made if it is not there. */
static int drop_in_find(struct file_edits *s, const char *path, size_t *ret)
{
	size_t i = 0;

	while (i < s->n && !str_equal(s->v[i].path, path))
		i++;
	*ret = i;
	return i == s->n ? file_edits_add(s, path, NULL, 0) : 0;
}

int plain_edit(struct file_edits *s, const struct format *format, const struct karg_ops *r,
	struct err *err)
{
	_cleanup_(tokens_done) struct tokens old = {0}, new = {0};
	_cleanup_(strings_done) struct strings expect = {0};
	struct format here = *format, *f = &here;

	if (f->to_drop_in && r->n > 0 && drop_in_find(s, f->drop_in, &f->home_file) < 0)
		return err_set(err, ENOMEM, "out of memory");
	const char *where = s->v[f->home_file].name;
	int rc = reading_make(s, f, &old, err);
	if (rc == 0)
		rc = line_edit(s, &old, r, encode, where, &expect, err);
	if (rc <= 0)
		return rc;
	rc = reading_make(s, f, &new, err);
	return rc < 0 ? rc : line_verify(s, &new, &expect, where, err);
}
