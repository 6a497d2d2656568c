/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/file_edit.h"
#include "bootcfg/format/shell.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * An entry of the Boot Loader Specification, type 1: lines of KEY VALUE. Its readers differ, and
 * the written text is right for each of them:
 * systemd-boot (boot.c, line_get_key_value) trims blanks, takes tabs, strips one pair of quotes
 * around a whole value, joins all `options` lines, and has no quoting beyond the kernel's.
 * GRUB (blscfg of Fedora, blsuki of 2.14) uses the first `options` line only, stops reading at an
 * empty line or a key without a value, and passes the text to its script language. Fedora's GRUB
 * accepts a tab after the key only if the line contains no blank.
 */
struct entry_line {
	size_t begin, end, next; /* the line, without and with its end */
	size_t key, key_end;
	size_t value, value_end; /* without blanks around it */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* False at the end of the text. A line without a key has key == key_end. */
static bool line_next(const char *text, size_t len, size_t *at, struct entry_line *ret)
{
	if (*at >= len)
		return false;
	const char *nl = memchr(text + *at, '\n', len - *at);
	struct entry_line l = {.begin = *at, .end = nl ? (size_t)(nl - text) : len};
	l.next = nl ? l.end + 1 : len;
	if (l.end > l.begin && text[l.end - 1] == '\r')
		l.end--;
	l.value_end = l.end;
	while (l.value_end > l.begin && is_blank(text[l.value_end - 1]))
		l.value_end--;
	l.key = l.begin;
	while (l.key < l.value_end && is_blank(text[l.key]))
		l.key++;
	l.key_end = l.key;
	while (l.key_end < l.value_end && text[l.key_end] != ' ' && text[l.key_end] != '\t')
		l.key_end++;
	if (l.key < l.key_end && text[l.key] == '#')
		l.key_end = l.key;
	l.value = l.key_end;
	while (l.value < l.value_end && is_blank(text[l.value]))
		l.value++;
	*at = l.next;
	*ret = l;
	return true;
}

static bool key_is(const char *text, const struct entry_line *l, const char *key)
{
	return l->key_end - l->key == strlen(key) &&
	       memcmp(text + l->key, key, l->key_end - l->key) == 0;
}

void bls_entry_done(struct bls_entry *e)
{
	free(e->linux_path);
	free(e->efi);
	free(e->uki);
	free(e->initrd);
	free(e->machine_id);
	free(e->title);
	free(e->options);
	free(e->sort_key);
	free(e->version);
	*e = (struct bls_entry){0};
}

int bls_read(const char *text, size_t len, struct bls_entry *ret)
{
	struct bls_entry e = {0};
	const struct {
		const char *key;
		char **to;
	} keys[] = {{"linux", &e.linux_path}, {"efi", &e.efi}, {"uki", &e.uki},
		{"initrd", &e.initrd}, {"machine-id", &e.machine_id}, {"title", &e.title},
		{"options", &e.options}, {"sort-key", &e.sort_key}, {"version", &e.version}};
	struct entry_line l;

	for (size_t at = 0; line_next(text, len, &at, &l);) {
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
			if (l.key == l.key_end || !key_is(text, &l, keys[i].key) || *keys[i].to)
				continue;
			*keys[i].to = strndup(text + l.value, l.value_end - l.value);
			if (!*keys[i].to) {
				bls_entry_done(&e);
				return -ENOMEM;
			}
		}
	}
	*ret = e;
	return 0;
}

/* Where new parameters go: among others, after a key without a value, or on a line of their own. */
enum context { AMONG, ATTACHED_KEY, OWN_LINE, OWN_LINE_CRLF };

static int encode_kernel(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	if (context == ATTACHED_KEY)
		text_add(ret, " ", 1);
	else if (context != AMONG)
		text_print(ret, "%soptions ", context == OWN_LINE ? "\n" : "\r\n");
	return plain_encode(context, text, dialect, ret, err);
}

/*
 * One text for both: what GRUB's language would split is put in quotes, which the kernel removes if
 * systemd-boot leaves them. GRUB would expand `$`: no spelling is right for all.
 */
static int encode_grub(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	_cleanup_(text_done) struct text out = {0};

	if (strpbrk(text, "$'\\"))
		return err_set(err, EINVAL, "%s: GRUB can't carry $, ' or \\ in an entry", text);
	for (const char *p = text; *p;) {
		if (kcmdline_is_blank(*p)) {
			text_add(&out, p++, 1);
			continue;
		}
		const char *end = kcmdline_word_end(p), *quote = memchr(p, '"', (size_t)(end - p));
		_cleanup_(str_free) char *word = strndup(p, (size_t)(end - p));
		if (!word)
			return err_set(err, ENOMEM, "out of memory");
		const char *equals = strchr(word, '=');
		if (quote || !strpbrk(word, ";&|<>{}()"))
			text_print(&out, "%s", word);
		else if (equals)
			text_print(&out, "%.*s=\"%s\"", (int)(equals - word), word, equals + 1);
		else
			text_print(&out, "\"%s\"", word);
		p = end;
	}
	return out.failed ? -ENOMEM : encode_kernel(context, out.data, dialect, ret, err);
}

/* An `options` line: its parameters, or the position after its key if it has no value. */
static int options_field(struct tokens *l, const char *text, const struct entry_line *at,
	enum bls_reader reader, bool ignored)
{
	struct segment *f = tokens_segment(l);
	size_t begin = at->value, end = at->value_end;

	if (!f)
		return -ENOMEM;
	if (reader != BLS_GRUB && end - begin >= 2 && text[begin] == '"' && text[end - 1] == '"') {
		begin++;
		end--;
	}
	f->ignored = ignored;
	f->at = at->key_end;
	f->context = ATTACHED_KEY;
	return segment_add_bytes(f, text, begin, end, 0);
}

struct reading {
	struct tokens line;
	struct entry_line options[16]; /* one for each field */
	bool opens;                    /* insert_at is on a new line of its own */
};

static int lines_read(struct reading *r, const char *text, size_t len, enum bls_reader reader,
	struct entry_line *last)
{
	struct entry_line l;
	bool stopped = false;

	for (size_t at = 0; line_next(text, len, &at, &l);) {
		bool empty = l.key == l.value_end;
		stopped |= empty || (l.key < l.key_end && l.value == l.value_end);
		if (l.key == l.key_end)
			continue;
		if (!stopped || reader == BLS_SYSTEMD_BOOT)
			*last = l;
		if (!key_is(text, &l, "options"))
			continue;
		if (r->line.fields == 16)
			return -E2BIG;
		bool ignored = reader != BLS_SYSTEMD_BOOT && (stopped || r->line.fields > 0);
		if (reader == BLS_BOTH)
			ignored = false;
		/* systemd-boot ignores a key without a value: new parameters go to the first line
		 * with one. */
		if (reader == BLS_SYSTEMD_BOOT && r->line.fields > 0 &&
			r->line.field[r->line.insert_at].n == 0 && l.value < l.value_end)
			r->line.insert_at = r->line.fields;
		r->options[r->line.fields] = l;
		if (options_field(&r->line, text, &l, reader, ignored) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int reading_make(
	const struct file_edits *s, const struct format *f, struct reading *r, struct err *err)
{
	const char *path = s->v[0].name;
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);
	struct entry_line last = {0};

	if (memchr(text, '\0', len))
		return err_set(err, EINVAL, "%s: contains a NUL byte", path);
	r->line.dialect = f->reader == BLS_GRUB ? DIALECT_GRUB : DIALECT_KERNEL;
	int rc = lines_read(r, text, len, f->reader, &last);
	if (rc == -E2BIG)
		return err_set(err, EINVAL, "%s: has more than 16 lines of options", path);
	if (rc == 0 && (r->line.fields == 0 || r->line.field[0].ignored)) {
		if (last.next == 0)
			return err_set(err, EINVAL, "%s: is empty", path);
		struct segment *insert_at = tokens_segment(&r->line);
		rc = insert_at ? 0 : -ENOMEM;
		if (insert_at) {
			insert_at->at = last.end;
			insert_at->context = text[last.end] == '\r' ? OWN_LINE_CRLF : OWN_LINE;
		}
		r->opens = true;
		r->line.insert_at = r->line.fields - 1;
	}
	if (rc < 0)
		return err_set(err, ENOMEM, "out of memory");
	struct err reason = {0};
	rc = tokens_split(&r->line, &reason);
	return rc < 0 ? err_set(err, -rc, "%s: %.400s", path, reason.text) : 0;
}

/* GRUB would stop reading at `options` without a value: the line is removed with its last word. */
static int emptied_lines_cut(const struct file_edits *s, const struct reading *r,
	const struct edit *c, struct splices *p)
{
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);

	for (size_t f = 0; f < r->line.fields; f++) {
		size_t words = 0, gone = 0;
		for (size_t i = 0; i < r->line.words; i++) {
			if (r->line.word[i].field != f)
				continue;
			words++;
			gone += c->new_text[i] && c->new_text[i][0] == '\0';
		}
		if (words == 0 || gone < words || (f == r->line.insert_at && c->append.n > 0))
			continue;
		struct entry_line l = r->options[f];
		if (l.next == l.end && l.begin > 0) /* the last line, without a newline */
			l.begin -= l.begin > 1 && text[l.begin - 2] == '\r' ? 2 : 1;
		if (splices_add(p, 0, l.begin, l.next, "") < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A tab after the key is right for Fedora's GRUB only as long as the line has no blank. */
static int tabs_replace(const struct file_edits *s, const struct reading *r, struct splices *p)
{
	const struct entry_line *l = &r->options[r->line.insert_at];
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);

	if (!r->opens && l->value > l->key_end &&
		memchr(text + l->key_end, '\t', l->value - l->key_end))
		return splices_add(p, 0, l->key_end, l->value, " ");
	return 0;
}

static bool has_kernelopts(const struct tokens *l)
{
	for (size_t i = 0; i < l->words; i++)
		if (str_equal(l->word[i].text, "$kernelopts") ||
			str_equal(l->word[i].text, "${kernelopts}"))
			return true;
	return false;
}

/* An entry that uses $kernelopts gets new parameters from grubenv. */
static void additions_drop(const struct karg_ops *r, struct karg_ops *ret)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind != KARG_OP_ADD && r->v[i].kind != KARG_OP_ADD_WEAK)
			ret->v[ret->n++] = r->v[i];
}

static int edit_apply(struct file_edits *s, const struct format *f, const struct reading *r,
	const struct edit *c, struct err *err)
{
	_cleanup_(splices_done) struct splices p = {0};
	bool grub = f->reader != BLS_SYSTEMD_BOOT;
	struct err reason = {0};

	int rc = edit_splice(&r->line, c, grub ? encode_grub : encode_kernel, &p, &reason);
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", s->v[0].name, reason.text);
	if (emptied_lines_cut(s, r, c, &p) < 0 || (grub && tabs_replace(s, r, &p) < 0) ||
		file_edits_report(s, &r->line, c) < 0 || file_edits_apply(s, &p) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int edit_verify(
	struct file_edits *s, const struct format *f, const struct strings *expect, struct err *err)
{
	struct reading r = {0};
	int rc = reading_make(s, f, &r, err);

	if (rc < 0)
		goto out;
	rc = line_verify(s, &r.line, expect, s->v[0].name, err);
	if (rc == -EINVAL)
		(void)err_set(err, EINVAL,
			"%s: the boot loader would not read these words as they are meant: the quotes at the ends of the line would be taken for a pair",
			s->v[0].name);
out:
	tokens_done(&r.line);
	return rc;
}

int bls_line(const char *path, const char *text, size_t len, enum bls_reader reader,
	struct tokens *ret, struct err *err)
{
	_cleanup_(file_edits_done) struct file_edits s = {0};
	const struct format f = {.reader = reader};
	struct reading r = {0};
	char *copy = malloc(len + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len + 1);
	if (file_edits_add(&s, path, copy, len) < 0)
		return -ENOMEM;
	int rc = reading_make(&s, &f, &r, err);
	if (rc < 0)
		tokens_done(&r.line);
	*ret = r.line;
	return rc;
}

int bls_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	struct reading old = {0};
	_cleanup_(edit_done) struct edit c = {0};
	_cleanup_(strings_done) struct strings expect = {0};
	struct karg_ops fewer = {.v = calloc(r->n + 1, sizeof(*fewer.v))};
	struct err reason = {0};
	int rc = fewer.v ? reading_make(s, f, &old, err) : err_set(err, ENOMEM, "out of memory");

	if (rc < 0)
		goto out;
	if (line_words(&old.line, &s->before) < 0) {
		rc = err_set(err, ENOMEM, "out of memory");
		goto out;
	}
	if (f->kernelopts && has_kernelopts(&old.line)) {
		additions_drop(r, &fewer);
		r = &fewer;
	}
	if (r->n == 0)
		goto out;
	bool moved = edit_place(&old.line, r);
	rc = edit_decide(&old.line, r, &c, &reason);
	if (rc < 0) {
		rc = err_set(err, -rc, "%s: %.400s", s->v[0].name, reason.text);
		goto out;
	}
	if (edit_empty(&c))
		goto out;
	/* GRUB reads the first line only, in systemd-boot the last word wins: no place is right. */
	if (moved && c.append.n > 0 && f->reader == BLS_BOTH) {
		rc = err_set(err, EINVAL,
			"%s: a later options line would win over the new words for one boot loader and not for the other; join the lines first",
			s->v[0].name);
		goto out;
	}
	/* Fedora's GRUB uses default_kernelopts for an entry without options. */
	if (old.opens && c.append.n > 0 && f->reader == BLS_GRUB)
		rc = err_set(err, EINVAL,
			"%s: has no options that GRUB reads; a line with the new words alone would take the place of GRUB's defaults, root= with them",
			s->v[0].name);
	if (rc == 0 && edit_expect(&old.line, &c, &expect) < 0)
		rc = err_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = edit_apply(s, f, &old, &c, err);
	if (rc == 0)
		rc = edit_verify(s, f, &expect, err);
out:
	tokens_done(&old.line);
	free(fewer.v);
	return rc;
}

/* True if the value of a line, one or several files, has this one. */
static bool value_names(const char *text, const struct entry_line *l, const char *name)
{
	size_t n = strlen(name);

	for (size_t at = l->value; at < l->value_end;) {
		size_t end = at;
		while (end < l->value_end && !is_blank(text[end]))
			end++;
		if (end - at == n && memcmp(text + at, name, n) == 0)
			return true;
		for (at = end; at < l->value_end && is_blank(text[at]);)
			at++;
	}
	return false;
}

/* Finds the last line of initrds that each reader comes to. 1: one of them has the file already;
 * 0: not; -ENOENT: there is none. */
static int initrds_find(const char *text, size_t len, enum bls_reader reader, const char *name,
	struct entry_line *ret)
{
	struct entry_line l;
	bool stopped = false, found = false;

	for (size_t at = 0; line_next(text, len, &at, &l);) {
		stopped |= l.key == l.value_end || (l.key < l.key_end && l.value == l.value_end);
		if (l.key == l.key_end || l.value == l.value_end || !key_is(text, &l, "initrd") ||
			(stopped && reader != BLS_SYSTEMD_BOOT))
			continue;
		if (value_names(text, &l, name))
			return 1;
		*ret = l;
		found = true;
	}
	return found ? 0 : -ENOENT;
}

int bls_initrd_add(struct file_edit *f, enum bls_reader reader, const char *name, struct err *err)
{
	_cleanup_(text_done) struct text out = {0};
	struct entry_line last = {0};
	size_t len;
	const char *text = file_edit_text(f, &len);

	if (memchr(text, '\0', len))
		return err_set(err, EINVAL, "%s: contains a NUL byte", f->name);
	int rc = initrds_find(text, len, reader, name, &last);
	if (rc == -ENOENT)
		return err_set(err, EINVAL,
			"%s: starts no initrd that this one could come behind; it is left alone",
			f->name);
	if (rc > 0)
		return 0;
	const char *eol = text[last.end] == '\r' ? "\r\n" : "\n";
	bool open = last.next == last.end;
	text_add(&out, text, last.next);
	text_print(&out, "%sinitrd %s%s", open ? eol : "", name, open ? "" : eol);
	text_add(&out, text + last.next, len - last.next);
	return file_edit_take(f, &out) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}
