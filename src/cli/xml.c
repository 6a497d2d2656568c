/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/xml.h"

#include "base/array.h"
#include "base/str.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ELEMENTS_MAX 65536

/* Expat 2.9 has them in 64 bits on every machine, and deprecates the others. */
#if XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION < 9
#define XML_GetCurrentByteIndex64 XML_GetCurrentByteIndex
#define XML_GetCurrentByteCount64 XML_GetCurrentByteCount
#define XML_GetCurrentLineNumber64 XML_GetCurrentLineNumber
#endif

struct reader {
	XML_Parser parser;
	struct xml *x;
	size_t in;         /* the element that is open, or XML_NONE */
	const char *wrong; /* why the reader stopped, or NULL */
	int code;
};

static void stop(struct reader *r, int code, const char *wrong)
{
	r->code = code;
	r->wrong = wrong;
	(void)XML_StopParser(r->parser, XML_FALSE);
}

static size_t position(const struct reader *r)
{
	return (size_t)XML_GetCurrentByteIndex64(r->parser);
}

static size_t position_after(const struct reader *r)
{
	return position(r) + (size_t)XML_GetCurrentByteCount64(r->parser);
}

static char **attrs_copy(const char **attrs)
{
	size_t n = 0;

	while (attrs[n])
		n++;
	char **copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(attrs[i]);
		if (!copy[i]) {
			while (i-- > 0)
				free(copy[i]);
			free(copy);
			return NULL;
		}
	}
	return copy;
}

static void element_begin(void *to, const char *name, const char **attrs)
{
	struct reader *r = to;
	struct xml *x = r->x;
	unsigned depth = r->in == XML_NONE ? 0 : x->v[r->in].depth + 1;

	if (r->wrong)
		return;
	if (depth == XML_DEPTH_MAX || x->n == ELEMENTS_MAX) {
		stop(r, EFBIG, "more elements, or more levels of them, than this file can need");
		return;
	}
	struct xml_element *grown = array_grow(x->v, x->n, &x->size, sizeof(*grown));
	if (!grown) {
		stop(r, ENOMEM, "out of memory");
		return;
	}
	x->v = grown;
	struct xml_element *e = &x->v[x->n];
	*e = (struct xml_element){
		.name = strdup(name),
		.attrs = attrs_copy(attrs),
		.parent = r->in,
		.begin = position(r),
		.open = position_after(r),
		.depth = depth,
		.line = (unsigned)XML_GetCurrentLineNumber64(r->parser),
	};
	r->in = x->n++;
	if (!e->name || !e->attrs)
		stop(r, ENOMEM, "out of memory");
}

/* Of <a/> expat reports the end where it has reported the start, with no bytes. */
static void element_end(void *to, const char *name)
{
	struct reader *r = to;

	(void)name;
	if (r->wrong || r->in == XML_NONE)
		return;
	struct xml_element *e = &r->x->v[r->in];
	bool empty = position(r) < e->open || XML_GetCurrentByteCount64(r->parser) == 0;
	e->close = empty ? e->open : position(r);
	e->end = empty ? e->open : position_after(r);
	r->in = e->parent;
}

static void element_text(void *to, const char *text, int len)
{
	struct reader *r = to;

	if (r->wrong || r->in == XML_NONE)
		return;
	struct xml_element *e = &r->x->v[r->in];
	size_t had = e->content ? strlen(e->content) : 0;
	char *grown = realloc(e->content, had + (size_t)len + 1);
	if (!grown) {
		stop(r, ENOMEM, "out of memory");
		return;
	}
	memcpy(grown + had, text, (size_t)len);
	grown[had + (size_t)len] = '\0';
	e->content = grown;
}

static void doctype(void *to, const char *name, const char *sysid, const char *pubid, int subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)subset;
	stop(to, EINVAL, "a document type declaration is not supported");
}

int xml_parse(struct xml *ret, const char *text, size_t len, struct err *err)
{
	struct reader r = {.parser = XML_ParserCreate("UTF-8"), .x = ret, .in = XML_NONE};

	*ret = (struct xml){0};
	if (!r.parser)
		return err_set(err, ENOMEM, "out of memory");
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, element_begin, element_end);
	XML_SetCharacterDataHandler(r.parser, element_text);
	XML_SetStartDoctypeDeclHandler(r.parser, doctype);
	int code = 0;
	unsigned long line = 0;
	if (len > INT_MAX)
		stop(&r, EFBIG, "too large");
	else if (XML_Parse(r.parser, text, (int)len, XML_TRUE) == XML_STATUS_ERROR && !r.wrong)
		stop(&r, XML_GetErrorCode(r.parser) == XML_ERROR_NO_MEMORY ? ENOMEM : EINVAL,
			XML_ErrorString(XML_GetErrorCode(r.parser)));
	line = XML_GetCurrentLineNumber64(r.parser);
	if (r.wrong)
		code = err_set(err, r.code, "line %lu: %s", line, r.wrong);
	XML_ParserFree(r.parser);
	return code;
}

void xml_done(struct xml *x)
{
	for (size_t i = 0; i < x->n; i++) {
		for (char **a = x->v[i].attrs; a && *a; a++)
			free(*a);
		free(x->v[i].attrs);
		free(x->v[i].name);
		free(x->v[i].content);
	}
	free(x->v);
	*x = (struct xml){0};
}

const char *xml_attr(const struct xml *x, size_t element, const char *name)
{
	for (char **a = x->v[element].attrs; *a; a += 2)
		if (str_equal(a[0], name))
			return a[1];
	return NULL;
}

size_t xml_child(const struct xml *x, size_t parent, const char *name, size_t after)
{
	for (size_t i = after == XML_NONE ? parent + 1 : after + 1;
		i < x->n && x->v[i].begin < x->v[parent].end; i++)
		if (x->v[i].parent == parent && str_equal(x->v[i].name, name))
			return i;
	return XML_NONE;
}
