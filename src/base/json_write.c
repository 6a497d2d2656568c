/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_write.h"

#include "base/str.h"

#include <stddef.h>
#include <string.h>

static void quote(FILE *f, const char *value)
{
	putc('"', f);
	for (const unsigned char *s = (const unsigned char *)value; *s;) {
		size_t len = str_utf8_length((const char *)s);
		if (len == 0) {
			fputs("\xef\xbf\xbd", f);
			s++;
		} else if (*s == '"' || *s == '\\') {
			fprintf(f, "\\%c", *s++);
		} else if (*s == '\n') {
			fputs("\\n", f);
			s++;
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(f, "\\u%04x", *s++);
		} else {
			fwrite(s, 1, len, f);
			s += len;
		}
	}
	putc('"', f);
}

static void begin(struct json *j, const char *key)
{
	if (j->depth > 0) {
		if (j->comma[j->depth - 1])
			putc(',', j->f);
		j->comma[j->depth - 1] = true;
	}
	if (key) {
		quote(j->f, key);
		putc(':', j->f);
	}
}

static void open_level(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->f);
	j->comma[j->depth++] = false;
}

static void close_level(struct json *j, char bracket)
{
	j->depth--;
	putc(bracket, j->f);
}

void json_open_object(struct json *j, const char *key)
{
	open_level(j, key, '{');
}

void json_close_object(struct json *j)
{
	close_level(j, '}');
}

void json_open_array(struct json *j, const char *key)
{
	open_level(j, key, '[');
}

void json_close_array(struct json *j)
{
	close_level(j, ']');
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	if (value)
		quote(j->f, value);
	else
		fputs("null", j->f);
}

void json_int(struct json *j, const char *key, long long value)
{
	begin(j, key);
	fprintf(j->f, "%lld", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->f);
}

void json_null(struct json *j, const char *key)
{
	json_string(j, key, NULL);
}

void json_end(struct json *j)
{
	putc('\n', j->f);
}
