/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/load_option.h"

#include "base/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define ACTIVE 1          /* LOAD_OPTION_ACTIVE */
#define HEAD 6            /* attributes, and the length of the device paths */
#define NODE 4            /* type, subtype, length (UEFI 2.10, section 10.3.1) */
#define NODE_MEDIA 4      /* … a media device path … */
#define NODE_MEDIA_FILE 4 /* … of a file's name */
#define NODE_END 0x7f

void load_option_done(struct load_option *o)
{
	str_free(&o->title);
	str_free(&o->path);
	str_free(&o->options);
}

static unsigned u16_at(const char *data, size_t at)
{
	return (unsigned)(uint8_t)data[at] | (unsigned)(uint8_t)data[at + 1] << 8;
}

/* UTF-16 up to a NUL or the end; *ret_plain false: a letter is none of ASCII. NULL: no memory. */
static char *text_read(const char *data, size_t len, size_t *ret_used, bool *ret_plain)
{
	struct text out = {0};
	size_t at = 0;

	text_add(&out, "", 0);
	*ret_plain = true;
	for (; at + 1 < len; at += 2) {
		unsigned c = u16_at(data, at);
		if (c == 0) {
			at += 2;
			break;
		}
		bool plain = c < 0x7f && (c >= ' ' || c == '\t' || c == '\n' || c == '\r');
		*ret_plain &= plain;
		char letter = plain ? (char)c : '?';
		text_add(&out, &letter, 1);
	}
	*ret_used = at;
	if (out.failed)
		text_done(&out);
	return out.data;
}

/* The names of the nodes for files in turn, joined. */
static int path_read(const char *data, size_t len, char **ret)
{
	_cleanup_(text_done) struct text path = {0};

	for (size_t at = 0; at + NODE <= len;) {
		unsigned type = (uint8_t)data[at], n = u16_at(data, at + 2);
		size_t used;
		bool plain;
		if (n < NODE || n > len - at)
			return -EINVAL;
		if (type == NODE_END)
			break;
		if (type == NODE_MEDIA && data[at + 1] == NODE_MEDIA_FILE) {
			_cleanup_(str_free) char *name = text_read(
				data + at + NODE, n - NODE, &used, &plain);
			if (!name)
				return -ENOMEM;
			for (char *p = name; *p; p++)
				*p = *p == '\\' ? '/' : *p;
			text_print(&path, "%s%s", path.len > 0 ? "/" : "", name + (name[0] == '/'));
		}
		at += n;
	}
	*ret = path.data;
	path.data = NULL;
	return path.failed ? -ENOMEM : 0;
}

static int options_read(const char *data, size_t len, struct load_option *ret)
{
	size_t used;
	bool plain;

	if (len == 0)
		return 0;
	ret->options = text_read(data, len, &used, &plain);
	if (!ret->options)
		return -ENOMEM;
	ret->options_unread = !plain || len % 2 != 0;
	if (ret->options_unread || !ret->options[0])
		str_free(&ret->options);
	return 0;
}

int load_option_read(const char *data, size_t len, struct load_option *ret)
{
	size_t used;
	bool plain;

	*ret = (struct load_option){0};
	if (len < HEAD)
		return -EINVAL;
	ret->active = data[0] & ACTIVE;
	ret->title = text_read(data + HEAD, len - HEAD, &used, &plain);
	if (!ret->title)
		return -ENOMEM;
	size_t paths = u16_at(data, 4), begin = HEAD + used;
	if (paths > len - begin)
		return -EINVAL;
	int rc = path_read(data + begin, paths, &ret->path);
	return rc < 0 ? rc : options_read(data + begin + paths, len - begin - paths, ret);
}
