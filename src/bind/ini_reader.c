/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/ini_reader.h"

#include "base/str.h"
#include "bind/config.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct state {
	const struct ini_reader *r;
	const char *at, *end;
	unsigned line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What is wrong with a section header as a whole line, or NULL. */
static const char *header_trouble(const char *line, size_t len)
{
	const char *close = memchr(line, ']', len);

	if (!close)
		return "'[' without ']'; write [bind], [exclude], [guard], [modules] or [device ADDRESS]";
	for (const char *p = close + 1; p < line + len; p++)
		if (!is_blank(*p))
			return "nothing may stand behind a section's ']'";
	return NULL;
}

/* What is wrong with a line that is neither empty nor a comment, or NULL. */
static const char *line_trouble(const char *line, size_t len)
{
	if (is_blank(*line))
		return "the line is indented; begin it in the first column (a list goes on with its key written again)";
	if (*line == '[')
		return header_trouble(line, len);
	const char *equals = memchr(line, '=', len);
	const char *colon = memchr(line, ':', len);
	if (!equals || (colon && colon < equals)) /* inih would split at the colon */
		return "expected key = value";
	if (memchr(line, '#', len) || memchr(line, ';', len))
		return "a comment behind a value; give it a line of its own";
	return NULL;
}

static const char *bytes_trouble(const char *line, size_t len)
{
	if (len > CONFIG_LINE_MAX)
		return "the line is longer than 198 bytes; write the key again on a new line to go on with its list";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 && line[i] != '\t')
			return line[i] == '\0' ? "contains a NUL byte"
					       : "a control character; remove it";
	return NULL;
}

static bool says_something(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && is_blank(line[i]))
		i++;
	return i < len && line[i] != '#' && line[i] != ';';
}

static void tell_section(const struct state *s, const char *line, size_t len)
{
	char name[CONFIG_LINE_MAX + 1];
	size_t n = (size_t)((const char *)memchr(line, ']', len) - line) - 1;

	memcpy(name, line + 1, n);
	name[n] = '\0';
	s->r->section(s->r->to, s->line, name);
}

/* inih's reader: like fgets. A line that is not for inih goes to it as an empty one. */
static char *next_line(char *buf, int size, void *stream)
{
	struct state *s = stream;

	if (s->at >= s->end)
		return NULL;
	const char *line = s->at, *newline = memchr(line, '\n', (size_t)(s->end - line));
	size_t len = (size_t)((newline ? newline : s->end) - line);
	s->at = newline ? newline + 1 : s->end;
	s->line++;
	if (len > 0 && line[len - 1] == '\r')
		len--;

	const char *error = bytes_trouble(line, len);
	bool pass = !error && says_something(line, len);
	if (pass)
		error = line_trouble(line, len);
	if (!error && len + 2 > (size_t)size)
		error = "the line is too long for this build of inih";
	if (error) {
		s->r->error(s->r->to, s->line, error);
		pass = false;
	}
	if (!pass)
		len = 0;
	else if (*line == '[')
		tell_section(s, line, len);
	memcpy(buf, line, len);
	buf[len] = '\n';
	buf[len + 1] = '\0';
	return buf;
}

#if INI_HANDLER_LINENO
static int take_pair(void *user, const char *section, const char *key, const char *value, int line)
#else
static int take_pair(void *user, const char *section, const char *key, const char *value)
#endif
{
	const struct state *s = user;
#if INI_HANDLER_LINENO
	(void)line;
#endif
	s->r->value(s->r->to, s->line, section, key, value);
	return 1;
}

int ini_reader_run(const struct ini_reader *r, const char *data, size_t len)
{
	struct state s = {.r = r, .at = data, .end = data + len};

	if (len >= strlen(BYTE_ORDER_MARK) && memcmp(data, BYTE_ORDER_MARK, 3) == 0)
		s.at += 3;
	int bad = ini_parse_stream(next_line, &s, take_pair, &s);
	if (bad == -2) /* INI_USE_STACK=0 builds allocate their line */
		return -ENOMEM;
	if (bad > 0) /* a line that we let through and inih refuses: never silently */
		r->error(r->to, (unsigned)bad, "expected key = value");
	return 0;
}
