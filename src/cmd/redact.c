/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/record.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THING_MAX 256
#define WORD_MIN 3 /* a shorter one is in half of all words */

void redact_done(struct redact *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->seen[i]);
	free(m->seen);
	text_done(&m->words);
	text_done(&m->addresses);
	*m = (struct redact){0};
}

/* In whatever case; strncasecmp comes for six kinds of processors, 20 kB. */
static bool begins_with(const char *s, const char *word)
{
	for (; *word; word++, s++)
		if (tolower((unsigned char)*s) != tolower((unsigned char)*word))
			return false;
	return true;
}

unsigned redact_number(struct redact *m, const char *thing)
{
	for (size_t i = 0; i < m->n; i++)
		if (begins_with(m->seen[i], thing) && begins_with(thing, m->seen[i]))
			return (unsigned)i + 1;
	if (m->n == m->size) {
		size_t size = m->size ? m->size * 2 : 16;
		char **seen = reallocarray(m->seen, size, sizeof(char *));
		if (!seen) {
			m->failed = true;
			return 0;
		}
		m->seen = seen;
		m->size = size;
	}
	char *copy = strdup(thing);
	if (!copy) {
		m->failed = true;
		return 0;
	}
	m->seen[m->n++] = copy;
	return (unsigned)m->n;
}

/* Does s begin with this pattern (.: a hexadecimal digit), and end there as a word does? */
static size_t matches(const char *s, const char *pattern)
{
	size_t n = 0;

	for (; pattern[n]; n++)
		if (pattern[n] == '.' ? !isxdigit((unsigned char)s[n]) : s[n] != pattern[n])
			return 0;
	return isxdigit((unsigned char)s[n]) ? 0 : n;
}

/* How long is what follows such a word: up to what ends a value. */
static size_t value_length(const char *s)
{
	return strcspn(s, " \t\n,\"':;");
}

/* How a thing of a kind is written with its number: behind a text, in so many digits, or in two
 * pairs with a separator between. */
struct written {
	const char *before;
	int digits;
	char separator;
};

/* Things that are known by their shape. */
static const struct {
	const char *pattern;
	struct written as;
} shapes[] = {
	{"........-....-....-....-............", {"00000000-0000-4000-8000-", 12, 0}},
	{"..-..-..-..-..-..-..-..", {"00-00-00-00-00-00-", 4, '-'}},
	{"..:..:..:..:..:..", {"02:00:00:00:", 4, ':'}},
	/* and the address behind it: systemd.net-naming-scheme(7) */
	{"enx............", {"enx02000000", 4, 0}},
	{"wlx............", {"wlx02000000", 4, 0}},
};

/* Things that are known by what stands before them. */
static const struct {
	const char *before;
	struct written as;
} named[] = {
	{"UUID=", {"0000-", 4, 0}}, /* of FAT and NTFS, the others have the shape above */
	{"LABEL=", {"label-", 1, 0}},
	{"/dev/mapper/", {"volume-", 1, 0}},
	{"by-uuid/", {"0000-", 4, 0}},
	{"by-label/", {"label-", 1, 0}},
	{"by-id/", {"disk-", 1, 0}},
	{"naa.", {"", 16, 0}},
	{"eui.", {"", 16, 0}},
	{"wwn-0x", {"", 16, 0}},
	{"iqn.", {"name-", 1, 0}},
	{"nqn.", {"name-", 1, 0}},
};

static void print_masked(
	struct redact *m, struct text *t, const char *s, size_t len, const struct written *as)
{
	char thing[THING_MAX];

	(void)snprintf(thing, sizeof(thing), "%.*s", (int)len, s);
	unsigned number = redact_number(m, thing);
	if (as->separator)
		text_print(t, "%s%02x%c%02x", as->before, number >> 8 & 0xff, as->separator,
			number & 0xff);
	else
		text_print(t, "%s%0*x", as->before, as->digits, number);
}

static size_t take_shape(struct redact *m, struct text *t, const char *s)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t len = matches(s, shapes[i].pattern);
		if (len > 0) {
			print_masked(m, t, s, len, &shapes[i].as);
			return len;
		}
	}
	return 0;
}

static size_t take_named(struct redact *m, struct text *t, const char *s)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		size_t before = strlen(named[i].before);
		if (strncmp(s, named[i].before, before) != 0)
			continue;
		text_add(t, s, before);
		size_t len = value_length(s + before);
		if (take_shape(m, t, s + before) == 0 && len > 0)
			print_masked(m, t, s + before, len, &named[i].as);
		return before + len;
	}
	return 0;
}

/* "192.0.2.1"; the loop's and the one that means any are everybody's. */
static size_t take_address(struct redact *m, struct text *t, const char *s)
{
	char quad[INET_ADDRSTRLEN];
	struct in_addr address;
	size_t len = strspn(s, "0123456789."), dots = 0;

	while (len > 0 && s[len - 1] == '.') /* the end of a sentence */
		len--;
	for (size_t i = 0; i < len; i++)
		dots += s[i] == '.';
	if (dots != 3 || len >= sizeof(quad))
		return 0;
	(void)snprintf(quad, sizeof(quad), "%.*s", (int)len, s);
	if (!inet_aton(quad, &address))
		return 0;
	redact_address(m, t, quad);
	return len;
}

/* Of words that name people or the machine, at the beginning of one. */
static size_t take_word(struct redact *m, struct text *t, const char *s)
{
	for (size_t at = 0; at < m->words.len; at += strlen(m->words.data + at) + 1) {
		const char *word = m->words.data + at;
		size_t len = strlen(word);
		if (!begins_with(s, word) || isalnum((unsigned char)s[len]))
			continue;
		redact_name(m, t, "name", word);
		return len;
	}
	return 0;
}

static void print_text(struct redact *m, struct text *t, const char *s, bool free_text)
{
	bool begins = true; /* a word, or a number */

	while (*s && !m->full) {
		size_t len = take_named(m, t, s);
		if (len == 0)
			len = take_shape(m, t, s);
		if (len == 0 && begins)
			len = take_address(m, t, s);
		if (len == 0 && begins && free_text)
			len = take_word(m, t, s);
		if (len == 0)
			text_add(t, s, len = 1);
		s += len;
		begins = !isalnum((unsigned char)s[-1]) && s[-1] != '.';
	}
	text_add(t, s, strlen(s));
}

void redact_text(struct redact *m, struct text *t, const char *s)
{
	print_text(m, t, s, false);
}

void redact_free_text(struct redact *m, struct text *t, const char *s)
{
	print_text(m, t, s, true);
}

void redact_word(struct redact *m, const char *word)
{
	if (strlen(word) >= WORD_MIN)
		text_add(&m->words, word, strlen(word) + 1);
	m->failed |= m->words.failed;
}

void redact_name(struct redact *m, struct text *t, const char *kind, const char *thing)
{
	if (m->full)
		text_add(t, thing, strlen(thing));
	else
		text_print(t, "%s-%x", kind, redact_number(m, thing));
}

/* What is of a known shape gets another of that shape. */
static void print_value(
	struct redact *m, struct text *t, const char *value, const struct written *as)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t len = matches(value, shapes[i].pattern);
		if (len > 0 && value[len] == '\0')
			as = &shapes[i].as;
	}
	print_masked(m, t, value, strlen(value), as);
}

bool redact_tagged(struct redact *m, struct text *t, const char *spec)
{
	static const char *const before[] = {"UUID=", "PARTUUID=", "LABEL=", "PARTLABEL=", "ID=",
		"/dev/disk/by-uuid/", "/dev/disk/by-partuuid/", "/dev/disk/by-label/",
		"/dev/disk/by-partlabel/", "/dev/disk/by-id/", "/dev/mapper/"};
	static const struct written uuid = {"0000-", 4, 0}, label = {"label-", 1, 0},
				    disk = {"disk-", 1, 0}, volume = {"volume-", 1, 0};
	static const struct written *const as[] = {
		&uuid, &uuid, &label, &label, &disk, &uuid, &uuid, &label, &label, &disk, &volume};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		if (!str_starts(spec, before[i]))
			continue;
		const char *value = spec + strlen(before[i]);
		char thing[THING_MAX];
		value += *value == '"';
		(void)snprintf(thing, sizeof(thing), "%.*s", (int)strcspn(value, "\""), value);
		text_add(t, before[i], strlen(before[i]));
		print_value(m, t, thing, as[i]);
		return true;
	}
	return false;
}

void redact_config(struct redact *m, struct text *t, const char *config)
{
	while (*config) {
		size_t len = strcspn(config, "\n");
		char line[512];
		(void)snprintf(line, sizeof(line), "%.*s", (int)len, config);
		const char *first = line + strspn(line, " \t");
		if (m->full || (*first != '#' && *first != ';'))
			redact_text(m, t, line);
		else
			text_add(t, "#", 1);
		text_add(t, "\n", 1);
		config += len + (config[len] == '\n');
	}
}

uint64_t redact_serial(struct redact *m, uint64_t serial)
{
	char thing[32];

	if (m->full || serial == 0)
		return serial;
	(void)snprintf(thing, sizeof(thing), "%02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x",
		(unsigned)(serial >> 56), (unsigned)(serial >> 48) & 0xff,
		(unsigned)(serial >> 40) & 0xff, (unsigned)(serial >> 32) & 0xff,
		(unsigned)(serial >> 24) & 0xff, (unsigned)(serial >> 16) & 0xff,
		(unsigned)(serial >> 8) & 0xff, (unsigned)serial & 0xff);
	return redact_number(m, thing);
}
