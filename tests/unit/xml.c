/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/xml.h"

#include "check.h"

#include <errno.h>
#include <stdlib.h>

static struct xml x;

static int parse(const char *text, const char *reason)
{
	struct err err = {""};
	int r = xml_parse(&x, text, strlen(text), &err);

	CHECK((r < 0) == (err.text[0] != '\0'));
	CHECK_STR(r < 0 ? err.text : NULL, reason);
	return r;
}

/* The bytes of an element, from tag to tag. */
static void check_bytes(const char *text, size_t element, const char *expected)
{
	const struct xml_element *e = &x.v[element];
	char *bytes = strndup(text + e->begin, e->end - e->begin);

	CHECK_STR(bytes, expected);
	free(bytes);
}

static void test_positions(void)
{
	static const char text[] =
		"<?xml version='1.0'?>\n<!-- <b/> -->\n<a x='1' y=\"&lt;&#65;'\">\n <b/>t<b >u<![CDATA[<b>]]></b >\r\n"
		"<ö:c z='>'\n/><d></d></a>\n";

	check_case("xml: each element by its bytes, whatever is around it");
	if (parse(text, NULL) < 0 || !CHECK_INT(x.n, 5))
		return;
	check_bytes(text, 1, "<b/>");
	check_bytes(text, 2, "<b >u<![CDATA[<b>]]></b >");
	check_bytes(text, 3, "<ö:c z='>'\n/>");
	check_bytes(text, 4, "<d></d>");
	CHECK(x.v[1].open == x.v[1].end && x.v[1].close == x.v[1].end);
	CHECK_INT(x.v[4].close - x.v[4].open, 0);
	CHECK(x.v[4].end > x.v[4].close);
	CHECK_INT(text[x.v[0].close], '<');
	CHECK_INT(x.v[3].line, 5);

	check_case("xml: attributes and text with their references resolved");
	CHECK_STR(xml_attr(&x, 0, "y"), "<A'");
	CHECK_STR(xml_attr(&x, 0, "z"), NULL);
	CHECK_STR(x.v[2].content, "u<b>");
	CHECK_STR(x.v[1].content, NULL);

	check_case("xml: children by their name");
	CHECK_INT(xml_child(&x, 0, "b", XML_NONE), 1);
	CHECK_INT(xml_child(&x, 0, "b", 1), 2);
	CHECK(xml_child(&x, 0, "b", 2) == XML_NONE);
	CHECK(xml_child(&x, 1, "b", XML_NONE) == XML_NONE);
	xml_done(&x);
}

static void test_refused(void)
{
	char deep[XML_DEPTH_MAX * 3 + 4] = "";

	check_case("xml: what is wrong, with its line");
	CHECK_INT(parse("<a>\n<b></a>", "line 2: mismatched tag"), -EINVAL);
	xml_done(&x);
	CHECK_INT(parse("", "line 1: no element found"), -EINVAL);
	xml_done(&x);
	CHECK_INT(parse("#!/bin/sh\n", "line 1: not well-formed (invalid token)"), -EINVAL);
	xml_done(&x);
	check_case("xml: entities, and text that is not UTF-8");
	CHECK_INT(parse("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
			  "line 1: a document type declaration is not supported"),
		-EINVAL);
	xml_done(&x);
	CHECK_INT(parse("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>",
			  "line 1: not well-formed (invalid token)"),
		-EINVAL);
	xml_done(&x);
	check_case("xml: more levels than it takes");
	for (size_t i = 0; i <= XML_DEPTH_MAX; i++)
		memcpy(deep + i * 3, "<a>", 4);
	CHECK_INT(parse(deep,
			  "line 1: more elements, or more levels of them, than this file can need"),
		-EFBIG);
	xml_done(&x);
}

int main(void)
{
	test_positions();
	test_refused();
	return check_done();
}
