/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_XML_H
#define CLI_XML_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads XML (1.0) by expat, and tells where in the text each element is: for editors that change
 * some bytes of a file and leave the others. UTF-8 only, no document type declaration (nothing that
 * is edited here has one, and entities would be text that is not in the file).
 */
#define XML_DEPTH_MAX 64
#define XML_NONE ((size_t)-1)

struct xml_element {
	char *name;     /* with its prefix, as written */
	char *content;  /* its own text, without that of its children; NULL: none */
	char **attrs;   /* name and value by turns, NULL at the end; references resolved */
	size_t parent;  /* XML_NONE for the outermost element */
	size_t begin;   /* of its start tag */
	size_t open;    /* after its start tag */
	size_t close;   /* of its end tag; `end` if it has none: <a/> */
	size_t end;     /* after its end tag */
	unsigned depth; /* 0 for the outermost element */
	unsigned line;
};

/* The elements in the order of their start tags. Zero-initialised is empty. */
struct xml {
	struct xml_element *v;
	size_t n, size;
};

/*
 * -EINVAL with `line N: ` and what is wrong there; -EFBIG for more than 65,536 elements or
 * XML_DEPTH_MAX levels; -ENOMEM. *ret is to be freed with xml_done in each case.
 */
int xml_parse(struct xml *ret, const char *text, size_t len, struct err *err) _must_check_;
void xml_done(struct xml *x);

/* The value of an attribute, or NULL. By reference. */
const char *xml_attr(const struct xml *x, size_t element, const char *name);

/* The first child of this name after the element `after` (XML_NONE: the first of all), or
 * XML_NONE. */
size_t xml_child(const struct xml *x, size_t parent, const char *name, size_t after);

#endif
