/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/qemu_script.h"

#include "cli/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A comment cannot be inside a continued command; an empty expansion can, in every shell. */
#define MARK_IN_BEGIN "$(: vfio-bind: written by vfio-bind qemu --append) \\\n"
#define MARK_IN_END "$(: vfio-bind: end) \\\n"
#define MARK_BEGIN "# vfio-bind: written by vfio-bind qemu --append; --remove takes it out\n"
#define MARK_END "# vfio-bind: end\n"

struct line {
	const char *at;
	size_t len; /* with its newline, if it has one */
};

static bool next_line(const char **at, const char *end, struct line *ret)
{
	if (*at == end)
		return false;
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	ret->at = *at;
	ret->len = newline ? (size_t)(newline - *at) + 1 : (size_t)(end - *at);
	*at += ret->len;
	return true;
}

static size_t indent(const struct line *l)
{
	size_t n = 0;

	while (n < l->len && (l->at[n] == ' ' || l->at[n] == '\t'))
		n++;
	return n;
}

/* The last line of a file may have lost its newline, see add_at_end. */
static bool is_mark(const struct line *l, const char *mark)
{
	size_t n = indent(l), len = strlen(mark);
	size_t rest = l->len - n;

	return (rest == len || rest == len - 1) && memcmp(l->at + n, mark, rest) == 0;
}

/* True if the byte is in a word NAME=VALUE. */
static bool in_assignment(const struct line *l, size_t at)
{
	while (at > 0 && !strchr(" \t;&|(", l->at[at - 1]))
		if (l->at[--at] == '=')
			return true;
	return false;
}

/* True if the line runs QEMU: a word that starts with its name or path, at any position; not a
 * comment. */
static bool runs_qemu(const struct line *l)
{
	static const char name[] = "qemu-system-";
	size_t n = indent(l);

	if (n < l->len && l->at[n] == '#')
		return false;
	for (; n + strlen(name) < l->len; n++) {
		if (memcmp(l->at + n, name, strlen(name)) != 0)
			continue;
		char before = n == 0 ? ' ' : l->at[n - 1];
		if (strchr(" \t/\"'(;&|", before) && !in_assignment(l, n))
			return true;
	}
	return false;
}

static bool goes_on(const struct line *l)
{
	return l->len >= 2 && l->at[l->len - 1] == '\n' && l->at[l->len - 2] == '\\';
}

static void copy_indent(struct text *t, const struct line *l)
{
	text_add(t, l->at, indent(l));
}

static void add_words(struct text *t, const char *const *words, size_t n, const struct line *like)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		char *quoted = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&quoted, &len);
		if (!f) {
			t->failed = true;
			return;
		}
		guest_quote(words[i + 1], f);
		t->failed |= fclose(f) != 0;
		copy_indent(t, like);
		text_print(t, "\t%s %s%s\n", words[i], quoted, " \\");
		free(quoted);
	}
}

static void print_in_command(
	struct text *t, const char *const *words, size_t n, const struct line *like)
{
	copy_indent(t, like);
	text_print(t, "\t%s", MARK_IN_BEGIN);
	add_words(t, words, n, like);
	copy_indent(t, like);
	text_print(t, "\t%s", MARK_IN_END);
}

/* `set --` works in every shell and keeps blanks in file names. */
static void print_before(
	struct text *t, const char *const *words, size_t n, const struct line *like)
{
	copy_indent(t, like);
	text_print(t, "%s", MARK_BEGIN);
	copy_indent(t, like);
	text_print(t, "set -- \"$@\" \\\n");
	add_words(t, words, n, like);
	if (!t->failed && t->len >= 3) { /* nothing follows the last word */
		t->len -= strlen(" \\\n");
		text_add(t, "\n", 1);
	}
	copy_indent(t, like);
	text_print(t, "%s", MARK_END);
}

/* Removes the lines of vfio-bind. If the last line of the script had no newline, it got one, and
 * the last line of vfio-bind has none: this is how it is recognized. */
static int remove_ours(struct text *ret, const char *script, size_t len, struct err *err)
{
	const char *at = script, *end = script + len;
	struct line l;
	bool in_command = false, before = false;
	unsigned number = 0, from = 0;

	while (next_line(&at, end, &l)) {
		bool inside = in_command || before;
		bool begin = is_mark(&l, MARK_IN_BEGIN) || is_mark(&l, MARK_BEGIN);
		bool last = is_mark(&l, in_command ? MARK_IN_END : MARK_END);
		number++;
		if (begin ? inside : !inside && (last || is_mark(&l, MARK_IN_END)))
			return err_set(err, EINVAL,
				"line %u: a mark of vfio-bind without its other; take the lines out by hand",
				number);
		if (begin) {
			from = number;
			in_command = is_mark(&l, MARK_IN_BEGIN);
			before = !in_command;
		} else if (inside && last) {
			in_command = before = false;
			if (at == end && l.at[l.len - 1] != '\n' && ret->len > 0)
				ret->data[--ret->len] = '\0';
		} else if (!inside) {
			text_add(ret, l.at, l.len);
		}
	}
	if (in_command || before)
		return err_set(err, EINVAL,
			"line %u: vfio-bind's lines begin here and do not end; take them out by hand",
			from);
	return 0;
}

static void add_at_end(struct text *t, const char *const *words, size_t n)
{
	const struct line none = {"", 0};
	bool open = t->len > 0 && t->data[t->len - 1] != '\n';

	if (open)
		text_add(t, "\n", 1);
	print_before(t, words, n, &none);
	if (open && !t->failed)
		t->data[--t->len] = '\0';
}

static bool is_comment(const struct line *l)
{
	size_t n = indent(l);

	return n == l->len || l->at[n] == '#' || l->at[n] == '\n';
}

static bool has_command(const struct text *plain)
{
	const char *at = plain->data ? plain->data : "", *end = at + plain->len;
	struct line l;

	while (next_line(&at, end, &l))
		if (runs_qemu(&l))
			return true;
	return false;
}

/* A command whose program is in a variable is not found: then the lines are before all commands. */
static void print_with_ours(struct text *t, const struct text *plain, const char *const *words,
	size_t n, enum script_place *ret_place)
{
	const char *at = plain->data ? plain->data : "", *end = at + plain->len;
	bool done = false, known = has_command(plain);
	struct line l;

	*ret_place = SCRIPT_BEFORE;
	while (next_line(&at, end, &l)) {
		bool here = !done && (known ? runs_qemu(&l) : !is_comment(&l));
		bool inside = here && known && goes_on(&l);
		done |= here;
		if (here && !inside)
			print_before(t, words, n, &l);
		text_add(t, l.at, l.len);
		if (inside) {
			*ret_place = SCRIPT_IN_COMMAND;
			print_in_command(t, words, n, &l);
		}
	}
	if (!done)
		add_at_end(t, words, n);
}

int script_edit(struct text *ret, const char *script, size_t len, const char *const *words,
	size_t n, enum script_place *ret_place, bool *ret_used, struct err *err)
{
	_cleanup_(text_done) struct text plain = {0};
	int r = remove_ours(&plain, script, len, err);

	if (r < 0)
		return r;
	*ret_place = SCRIPT_BEFORE;
	if (n > 0)
		print_with_ours(ret, &plain, words, n, ret_place);
	else if (plain.len > 0)
		text_add(ret, plain.data, plain.len);
	*ret_used = *ret_place == SCRIPT_IN_COMMAND || (plain.data && strstr(plain.data, "\"$@\""));
	if (ret->failed || plain.failed)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}
