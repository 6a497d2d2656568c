/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/json_read.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (16U << 20)

struct parser {
	const char *at;
	struct json_text *to;
	uint32_t
		open[JSON_DEPTH_MAX]; /* the objects and arrays that contain the current position */
	unsigned depth;
	const char *wrong; /* what is wrong; NULL: out of memory */
};

static bool fail(struct parser *p, const char *wrong)
{
	p->wrong = wrong;
	return false;
}

static uint32_t here(const struct parser *p)
{
	return (uint32_t)(p->at - p->to->text);
}

static void skip_space(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
		p->at++;
}

static bool add(struct parser *p, enum json_kind kind, uint32_t begin)
{
	struct json_text *j = p->to;

	if (j->n == j->size) {
		uint32_t size = j->size ? j->size * 2 : 64;
		struct json_token *more = realloc(j->token, size * sizeof(*more));
		if (!more)
			return fail(p, NULL);
		j->token = more;
		j->size = size;
	}
	j->token[j->n] = (struct json_token){
		.kind = kind, .begin = begin, .end = here(p), .next = j->n + 1};
	j->n++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool skip_digits(struct parser *p)
{
	if (!is_digit(*p->at))
		return fail(p, "a digit is missing");
	while (is_digit(*p->at))
		p->at++;
	return true;
}

static bool parse_number(struct parser *p)
{
	uint32_t begin = here(p);

	p->at += *p->at == '-';
	if (*p->at == '0' && is_digit(p->at[1]))
		return fail(p, "a number begins with 0");
	if (!skip_digits(p))
		return false;
	if (*p->at == '.') {
		p->at++;
		if (!skip_digits(p))
			return false;
	}
	if (*p->at == 'e' || *p->at == 'E') {
		p->at++;
		p->at += *p->at == '-' || *p->at == '+';
		if (!skip_digits(p))
			return false;
	}
	return add(p, JSON_NUMBER, begin);
}

static bool parse_escape(struct parser *p)
{
	uint32_t code;
	char c = *++p->at;

	if (c != '\0' && strchr("\"\\/bfnrt", c)) {
		p->at++;
		return true;
	}
	const char *digits = p->at + 1;
	if (c != 'u' || !str_hex_fixed(&digits, 4, &code))
		return fail(p, "no such escape");
	p->at = digits;
	return true;
}

static bool parse_string(struct parser *p)
{
	uint32_t begin = here(p);

	if (*p->at != '"')
		return fail(p, "a string is missing");
	p->at++;
	while (*p->at != '"') {
		size_t len = str_utf8_length(p->at);
		if ((unsigned char)*p->at < 0x20)
			return fail(p, "a string does not end, or holds a control character");
		if (len == 0)
			return fail(p, "is not valid UTF-8");
		if (*p->at != '\\')
			p->at += len;
		else if (!parse_escape(p))
			return false;
	}
	p->at++;
	return add(p, JSON_STRING, begin);
}

static bool parse_literal(struct parser *p)
{
	static const struct {
		const char *word;
		enum json_kind kind;
	} words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
	uint32_t begin = here(p);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_starts(p->at, words[i].word)) {
			p->at += strlen(words[i].word);
			return add(p, words[i].kind, begin);
		}
	return fail(p, "a value is missing");
}

static struct json_token *opened(struct parser *p)
{
	return &p->to->token[p->open[p->depth - 1]];
}

static char closing(struct parser *p)
{
	return opened(p)->kind == JSON_OBJECT ? '}' : ']';
}

static void close_one(struct parser *p)
{
	p->at++;
	opened(p)->end = here(p);
	opened(p)->next = p->to->n;
	p->depth--;
}

/* Reads the key of an object's member, up to the start of its value. */
static bool parse_key(struct parser *p)
{
	if (opened(p)->kind != JSON_OBJECT)
		return true;
	skip_space(p);
	if (!parse_string(p))
		return false;
	skip_space(p);
	if (*p->at != ':')
		return fail(p, "':' is missing");
	p->at++;
	return true;
}

static bool open_one(struct parser *p)
{
	uint32_t begin = here(p);

	if (p->depth == JSON_DEPTH_MAX)
		return fail(p, "is nested too deeply");
	enum json_kind kind = *p->at++ == '{' ? JSON_OBJECT : JSON_ARRAY;
	p->open[p->depth] = p->to->n;
	if (!add(p, kind, begin))
		return false;
	p->depth++;
	return true;
}

/* Reads a value, or the opening bracket of one with members; *ret_whole: the value is complete. */
static bool parse_value(struct parser *p, bool *ret_whole)
{
	*ret_whole = true;
	skip_space(p);
	if (*p->at == '"')
		return parse_string(p);
	if (*p->at == '-' || is_digit(*p->at))
		return parse_number(p);
	if (*p->at != '{' && *p->at != '[')
		return parse_literal(p);
	if (!open_one(p))
		return false;
	skip_space(p);
	if (*p->at == closing(p)) {
		close_one(p);
		return true;
	}
	*ret_whole = false;
	return parse_key(p);
}

/* After a value: closes the objects and arrays that end here, up to the start of the next value. */
static bool go_on(struct parser *p)
{
	while (p->depth > 0) {
		skip_space(p);
		if (*p->at == ',') {
			p->at++;
			return parse_key(p);
		}
		if (*p->at != closing(p))
			return fail(p, closing(p) == '}' ? "',' or '}' is missing"
							 : "',' or ']' is missing");
		close_one(p);
	}
	return true;
}

static bool parse_all(struct parser *p)
{
	bool whole;

	do {
		if (!parse_value(p, &whole) || (whole && !go_on(p)))
			return false;
	} while (p->depth > 0);
	skip_space(p);
	return true;
}

int json_parse(struct json_text *ret, const char *text, size_t len, struct err *err)
{
	struct json_text j = {.text = text};
	struct parser p = {.at = text, .to = &j};

	if (len > TEXT_MAX)
		return err_set(err, EFBIG, "%zu bytes are too many", len);
	bool good = parse_all(&p);
	if (good && here(&p) != len)
		good = fail(&p, "there is text after the end");
	if (good) {
		*ret = j;
		return 0;
	}
	unsigned line = 1, byte = here(&p);
	for (const char *c = text; c < p.at; c++)
		line += *c == '\n';
	json_done(&j);
	if (!p.wrong)
		return err_set(err, ENOMEM, "out of memory");
	return err_set(err, EINVAL, "no JSON: line %u, byte %u: %s", line, byte, p.wrong);
}

void json_done(struct json_text *j)
{
	free(j->token);
	*j = (struct json_text){0};
}

static void add_code(struct text *t, uint32_t code)
{
	char utf8[4];
	size_t n = 0;

	if (code == 0 || (code >= 0xd800 && code < 0xe000))
		code = 0xfffd;
	if (code < 0x80) {
		utf8[n++] = (char)code;
	} else if (code < 0x800) {
		utf8[n++] = (char)(0xc0 | code >> 6);
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	} else {
		if (code < 0x10000) {
			utf8[n++] = (char)(0xe0 | code >> 12);
		} else {
			utf8[n++] = (char)(0xf0 | code >> 18);
			utf8[n++] = (char)(0x80 | (code >> 12 & 0x3f));
		}
		utf8[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	}
	text_add(t, utf8, n);
}

/* Adds the character of an escape; consumes both escapes of a surrogate pair. */
static void add_escaped(struct text *t, const char **s)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	uint32_t code, low;
	char c = *(*s)++;
	const char *simple = strchr(from, c);

	if (c != 'u') {
		text_add(t, simple ? &to[simple - from] : &c, 1);
		return;
	}
	if (!str_hex_fixed(s, 4, &code))
		return; /* json_parse has refused this */
	const char *second = *s + 2;
	if (code >= 0xd800 && code < 0xdc00 && str_starts(*s, "\\u") &&
		str_hex_fixed(&second, 4, &low) && low >= 0xdc00 && low < 0xe000) {
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		*s = second;
	}
	add_code(t, code);
}

char *json_text_of(const struct json_text *j, uint32_t string)
{
	struct text t = {0};

	if (string == 0 || string >= j->n || j->token[string].kind != JSON_STRING)
		return NULL;
	const char *end = j->text + j->token[string].end - 1;
	text_add(&t, "", 0);
	for (const char *s = j->text + j->token[string].begin + 1; s < end;) {
		if (*s == '\\') {
			s++;
			add_escaped(&t, &s);
		} else {
			text_add(&t, s++, 1);
		}
	}
	if (t.failed) {
		text_done(&t);
		return NULL;
	}
	return t.data;
}

static bool is_text(const struct json_text *j, uint32_t string, const char *text)
{
	_cleanup_(str_free) char *plain = NULL;
	const struct json_token *t = &j->token[string];

	/* Avoids an allocation: keys rarely have escapes. */
	if (!memchr(j->text + t->begin, '\\', t->end - t->begin))
		return t->end - t->begin - 2 == strlen(text) &&
		       memcmp(j->text + t->begin + 1, text, strlen(text)) == 0;
	plain = json_text_of(j, string);
	return plain && str_equal(plain, text);
}

uint32_t json_member(const struct json_text *j, uint32_t object, const char *key)
{
	uint32_t found = 0;

	if (object >= j->n || j->token[object].kind != JSON_OBJECT)
		return 0;
	for (uint32_t i = object + 1; i < j->token[object].next; i = j->token[i + 1].next)
		if (is_text(j, i, key))
			found = i + 1;
	return found;
}

uint32_t json_first(const struct json_text *j, uint32_t array)
{
	if (array >= j->n || j->token[array].kind != JSON_ARRAY)
		return 0;
	return array + 1 < j->token[array].next ? array + 1 : 0;
}

uint32_t json_next(const struct json_text *j, uint32_t array, uint32_t element)
{
	uint32_t next = j->token[element].next;

	return next < j->token[array].next ? next : 0;
}

bool json_number_of(const struct json_text *j, uint32_t number, long long *ret)
{
	if (number >= j->n || j->token[number].kind != JSON_NUMBER)
		return false;
	const char *begin = j->text + j->token[number].begin;
	char *end;
	errno = 0;
	long long value = strtoll(begin, &end, 10);
	if (errno != 0 || end != j->text + j->token[number].end)
		return false;
	*ret = value;
	return true;
}
