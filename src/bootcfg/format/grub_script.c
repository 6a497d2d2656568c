/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/grub_script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void word_done(struct grub_word *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->part[i].text);
	free(w->part);
	*w = (struct grub_word){0};
}

void grub_command_done(struct grub_command *c)
{
	for (size_t i = 0; i < c->n; i++)
		word_done(&c->word[i]);
	free(c->word);
	*c = (struct grub_command){0};
}

/* A word while it is read. */
struct lexer {
	struct grub_script *s;
	struct grub_word word;
	struct text literal;
};

static int part_add(struct lexer *x, char *text, bool variable, bool quoted)
{
	struct grub_part *v = realloc(x->word.part, (x->word.n + 1) * sizeof(*v));

	if (v)
		x->word.part = v;
	if (!v || !text) {
		free(text);
		return -ENOMEM;
	}
	v[x->word.n++] = (struct grub_part){text, variable, quoted};
	return 0;
}

/* Ends the literal text before a variable, or that of the whole word. */
static int literal_end(struct lexer *x)
{
	char *text = x->literal.data;

	if (x->literal.failed)
		return -ENOMEM;
	x->literal = (struct text){0};
	if (text)
		return part_add(x, text, false, true);
	return 0;
}

static char peek(const struct grub_script *s, size_t ahead)
{
	return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

static void step(struct grub_script *s, size_t n)
{
	for (; n > 0 && s->at < s->len; n--)
		s->line += s->text[s->at++] == '\n';
}

/* $NAME, ${NAME}, $1, $? and their like. A `$` before anything else is a letter. */
static int variable_read(struct lexer *x, bool quoted)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	struct grub_script *s = x->s;
	bool braces = peek(s, 1) == '{';
	size_t begin = s->at + (braces ? 2 : 1), end = begin;

	while (end < s->len && s->text[end] && strchr(letters, s->text[end]))
		end++;
	if (end == begin && end < s->len && s->text[end] && strchr("?*@#", s->text[end]))
		end++;
	if (end == begin || (braces && (end >= s->len || s->text[end] != '}'))) {
		text_add(&x->literal, "$", 1);
		step(s, 1);
		return 0;
	}
	int rc = literal_end(x);
	if (rc == 0)
		rc = part_add(x, strndup(s->text + begin, end - begin), true, quoted);
	step(s, end + (braces ? 1 : 0) - s->at);
	return rc;
}

/* In quotes; at their first byte. */
static int quoted_read(struct lexer *x)
{
	struct grub_script *s = x->s;
	char quote = peek(s, 0);
	int rc = 0;

	x->word.plain = false;
	for (step(s, 1); rc == 0; step(s, 1)) {
		while (quote == '"' && peek(s, 0) == '$' && rc == 0 && s->at < s->len)
			rc = variable_read(x, true);
		if (s->at >= s->len)
			return -EINVAL;
		char c = peek(s, 0), next = peek(s, 1);
		if (c == quote)
			break;
		if (c == '\\' && quote == '"' && next == '\n') {
			step(s, 1);
			continue;
		}
		if (c == '\\' && quote == '"' && (next == '"' || next == '$' || next == '\\'))
			step(s, 1);
		text_add(&x->literal, &s->text[s->at], 1);
	}
	step(s, 1);
	return rc;
}

static bool ends_word(char c)
{
	return c && strchr(" \t\r\n;{}", c);
}

/* Reads the word at the position; *ret->part is NULL for an empty one. */
static int word_read(struct grub_script *s, struct grub_word *ret)
{
	struct lexer x = {.s = s, .word.plain = true};
	int rc = 0;

	while (s->at < s->len && rc == 0) {
		char c = peek(s, 0);
		if (c == '\\' && peek(s, 1) == '\n') {
			step(s, 2);
		} else if (c == '\\') {
			x.word.plain = false;
			step(s, 1);
			if (s->at < s->len)
				text_add(&x.literal, &s->text[s->at], 1);
			step(s, 1);
		} else if (c == '"' || c == '\'') {
			rc = quoted_read(&x);
		} else if (c == '$') {
			rc = variable_read(&x, false);
		} else if (ends_word(c)) {
			break;
		} else {
			text_add(&x.literal, &s->text[s->at], 1);
			step(s, 1);
		}
	}
	if (rc == 0)
		rc = literal_end(&x);
	text_done(&x.literal);
	if (rc == 0 && x.word.n == 0)
		rc = part_add(&x, strdup(""), false, true);
	*ret = x.word;
	return rc;
}

static int word_add(struct grub_command *c, struct grub_word *w)
{
	struct grub_word *v = realloc(c->word, (c->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	c->word = v;
	v[c->n++] = *w;
	*w = (struct grub_word){0};
	return 0;
}

static bool is_keyword(const struct grub_command *c)
{
	static const char *const keywords[] = {"if", "elif", "else", "then", "fi", "for", "do",
		"done", "while", "until", "!", "}", NULL};
	const char *text = c->n == 1 && c->word[0].plain ? grub_word_text(c, 0) : NULL;

	for (const char *const *k = keywords; *k && text; k++)
		if (str_equal(text, *k))
			return true;
	return false;
}

/* Moves to the next word of a command, or to what ends it. */
static void blanks_skip(struct grub_script *s, bool begins)
{
	for (;;) {
		char c = peek(s, 0);
		if (s->at >= s->len)
			return;
		if (c == '\\' && peek(s, 1) == '\n') {
			step(s, 2);
		} else if (c == '#') {
			while (s->at < s->len && peek(s, 0) != '\n')
				step(s, 1);
		} else if (c == ' ' || c == '\t' || c == '\r' ||
			   (begins && (c == '\n' || c == ';'))) {
			step(s, 1);
		} else {
			return;
		}
	}
}

int grub_script_next(struct grub_script *s, struct grub_command *ret)
{
	*ret = (struct grub_command){0};
	blanks_skip(s, true);
	ret->line = s->line + 1;
	while (s->at < s->len) {
		char c = peek(s, 0);
		struct grub_word w = {0};
		if (c == '\n' || c == ';')
			break;
		if (c == '{') {
			step(s, 1);
			ret->opens = true;
			return 1;
		}
		int rc = 0;
		if (c == '}' && ret->n > 0)
			break;
		if (c == '}') {
			struct lexer x = {.s = s, .word.plain = true};
			step(s, 1);
			rc = part_add(&x, strdup("}"), false, false);
			w = x.word;
		} else {
			rc = word_read(s, &w);
		}
		if (rc == 0)
			rc = word_add(ret, &w);
		if (rc < 0) {
			word_done(&w);
			return rc;
		}
		if (is_keyword(ret))
			return 1;
		blanks_skip(s, false);
	}
	return ret->n > 0;
}

const char *grub_word_text(const struct grub_command *c, size_t i)
{
	return i < c->n && c->word[i].n == 1 && !c->word[i].part[0].variable
		       ? c->word[i].part[0].text
		       : NULL;
}

void grub_loader_argument(const char *word, struct text *to)
{
	bool blank = strchr(word, ' ') != NULL;

	if (blank)
		text_add(to, "\"", 1);
	for (const char *p = word; *p; p++) {
		if (strchr("\\'\"", *p))
			text_add(to, "\\", 1);
		text_add(to, p, 1);
	}
	if (blank)
		text_add(to, "\"", 1);
}
