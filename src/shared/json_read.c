/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/json_read.h"

#include "base/str.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#define TEXT_MAX (16U << 20)
/* An empty array takes json-c some 500 bytes, a number 60. */
#define CONTAINERS_MAX (1U << 16)
#define COMMAS_MAX (1U << 20)

static int place_err(const char *text, size_t at, const char *wrong, struct err *err)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return err_set(err, EINVAL, "no JSON: line %u, byte %zu: %s", line, at, wrong);
}

/* What of a text json-c would take, and RFC 8259 does not: bytes that are not UTF-8, control
 * characters in strings, strings in ', NaN and Infinity. */
static const char *byte_wrong(const char *at, bool in_string)
{
	if (str_utf8_length(at) == 0)
		return "is not valid UTF-8";
	if (in_string)
		return (unsigned char)*at < 0x20
			       ? "a string does not end, or holds a control character"
			       : NULL;
	return *at == '\0' || strchr("'NI", *at) ? "a value is missing" : NULL;
}

static int check_text(const char *text, size_t len, struct err *err)
{
	unsigned containers = 0, commas = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i += str_utf8_length(text + i)) {
		const char *wrong = byte_wrong(text + i, in_string);
		if (wrong)
			return place_err(text, i, wrong, err);
		if (in_string && text[i] == '\\' && text[i + 1] >= 0x20)
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		containers += !in_string && (text[i] == '[' || text[i] == '{');
		commas += !in_string && text[i] == ',';
	}
	if (containers > CONTAINERS_MAX || commas > COMMAS_MAX)
		return err_set(err, EFBIG, "more values than %u", COMMAS_MAX);
	return 0;
}

int json_parse(struct json_object **ret, const char *text, size_t len, struct err *err)
{
	if (len > TEXT_MAX)
		return err_set(err, EFBIG, "%zu bytes are too many", len);
	int r = check_text(text, len, err);
	if (r < 0)
		return r;
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tokener)
		return err_set(err, ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	/* With the NUL: a number ends there. */
	struct json_object *top = json_tokener_parse_ex(tokener, text, (int)len + 1);
	enum json_tokener_error wrong = json_tokener_get_error(tokener);
	if (wrong == json_tokener_success)
		*ret = top;
	else
		r = place_err(text, json_tokener_get_parse_end(tokener),
			json_tokener_error_desc(wrong), err);
	json_tokener_free(tokener);
	return r;
}

void json_done(struct json_object **j)
{
	(void)json_object_put(*j);
	*j = NULL;
}

struct json_object *json_member(const struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_is_type(object, json_type_object) &&
			       json_object_object_get_ex(object, key, &value)
		       ? value
		       : NULL;
}

size_t json_count(const struct json_object *of)
{
	if (json_object_is_type(of, json_type_object))
		return (size_t)json_object_object_length(of);
	return json_object_is_type(of, json_type_array) ? json_object_array_length(of) : 0;
}

struct json_object *json_element(const struct json_object *array, size_t i)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_get_idx(array, i)
							   : NULL;
}

char *json_text_of(struct json_object *string)
{
	struct text t = {0};

	if (!json_object_is_type(string, json_type_string))
		return NULL;
	const char *at = json_object_get_string(string);
	const char *end = at + json_object_get_string_len(string);
	text_add(&t, "", 0);
	for (; at < end; at++)
		text_add(&t, *at ? at : "\xef\xbf\xbd", *at ? 1 : 3);
	if (!t.failed)
		return t.data;
	text_done(&t);
	return NULL;
}

bool json_is_true(const struct json_object *boolean)
{
	return json_object_is_type(boolean, json_type_boolean) && json_object_get_boolean(boolean);
}

bool json_number_of(const struct json_object *number, long long *ret)
{
	if (!json_object_is_type(number, json_type_int))
		return false;
	int64_t value = json_object_get_int64(number);
	if (value == INT64_MAX && json_object_get_uint64(number) != INT64_MAX)
		return false;
	*ret = value;
	return true;
}
