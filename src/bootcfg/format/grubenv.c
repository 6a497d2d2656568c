/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/file_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * GRUB's environment block (grub-core/lib/envblk.c): a fixed first line, NAME=VALUE lines in which
 * a backslash escapes itself and a newline, filled up with `#` to 1024 bytes. GRUB writes it in
 * place through a list of blocks, so the size must not change.
 */
#define ENV_SIZE 1024

static const char signature[] = "# GRUB Environment Block\n";

static int value_find(const struct file_edit *s, size_t *begin, size_t *end, struct err *err)
{
	size_t len;
	const char *text = file_edit_text(s, &len), *at = NULL;

	if (len != ENV_SIZE || memcmp(text, signature, sizeof(signature) - 1) != 0)
		return err_set(err, EINVAL, "%s: is not a GRUB environment block of %d bytes",
			s->name, ENV_SIZE);
	at = memmem(text, len, "\nkernelopts=", 12);
	if (!at)
		return err_set(err, EINVAL, "%s: does not hold kernelopts", s->name);
	*begin = (size_t)(at - text) + 12;
	const char *nl = memchr(text + *begin, '\n', len - *begin);
	if (!nl)
		return err_set(err, EINVAL, "%s: kernelopts has no end", s->name);
	*end = (size_t)(nl - text);
	if (memchr(text + *begin, '\\', *end - *begin))
		return err_set(err, EINVAL, "%s: kernelopts holds a backslash", s->name);
	return 0;
}

static int reading_make(const struct file_edits *s, struct tokens *l, struct err *err)
{
	size_t begin = 0, end = 0, len;
	const char *text = file_edit_text(&s->v[0], &len);
	struct err reason = {0};

	int rc = value_find(&s->v[0], &begin, &end, err);
	if (rc < 0)
		return rc;
	struct segment *f = tokens_segment(l);
	if (!f || segment_add_bytes(f, text, begin, end, 0) < 0)
		return err_set(err, ENOMEM, "out of memory");
	f->at = begin;
	rc = tokens_split(l, &reason);
	return rc < 0 ? err_set(err, -rc, "%s: %.400s", s->v[0].name, reason.text) : 0;
}

/* Restores the size of 1024 bytes with the filling. */
static int size_restore(struct file_edit *s, struct err *err)
{
	_cleanup_(text_done) struct text out = {0};

	while (s->len > ENV_SIZE && s->text[s->len - 1] == '#')
		s->len--;
	if (s->len > ENV_SIZE)
		return err_set(err, ENOSPC, "%s: the words don't fit into its %d bytes", s->name,
			ENV_SIZE);
	text_add(&out, s->text, s->len);
	while (out.len < ENV_SIZE && !out.failed)
		text_add(&out, "#", 1);
	return file_edit_take(s, &out) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

int grubenv_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	_cleanup_(tokens_done) struct tokens old = {0}, new = {0};
	_cleanup_(strings_done) struct strings expect = {0};

	int rc = reading_make(s, &old, err);
	if (rc == 0)
		rc = line_edit(s, &old, r, plain_encode, s->v[0].name, &expect, err);
	if (rc <= 0)
		return rc;
	rc = size_restore(&s->v[0], err);
	if (rc == 0)
		rc = reading_make(s, &new, err);
	return rc < 0 ? rc : line_verify(s, &new, &expect, s->v[0].name, err);
}
