/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/pe.h"

#include "check.h"

#include <errno.h>
#include <string.h>

#define PE_AT 0x40
#define TABLE_AT (PE_AT + 24)

static void put(uint8_t *at, uint32_t n, size_t bytes)
{
	for (; bytes-- > 0; n >>= 8)
		*at++ = (uint8_t)n;
}

static void section(uint8_t *at, const char *name, uint32_t size, uint32_t raw, uint32_t offset)
{
	memset(at, 0, 40);
	for (size_t i = 0; name[i]; i++)
		at[i] = (uint8_t)name[i];
	put(at + 8, size, 4);
	put(at + 16, raw, 4);
	put(at + 20, offset, 4);
}

/* A program with .cmdline, two .initrd and a name of eight bytes, without an optional header. */
static size_t image(uint8_t *head)
{
	memset(head, 0, 512);
	head[0] = 'M';
	head[1] = 'Z';
	put(head + 0x3c, PE_AT, 4);
	head[PE_AT] = 'P';
	head[PE_AT + 1] = 'E';
	put(head + PE_AT + 6, 4, 2);
	section(head + TABLE_AT, ".cmdline", 5, 512, 512);
	section(head + TABLE_AT + 40, ".initrd", 1000, 1024, 1024);
	section(head + TABLE_AT + 80, ".initrd", 600, 512, 2048);
	section(head + TABLE_AT + 120, ".longest", 1, 1, 4095);
	return TABLE_AT + 160;
}

static void test_sections(void)
{
	uint8_t head[512];
	size_t len = image(head);
	struct pe p;

	check_case("pe: sections by name, in order, with the size of their data");
	CHECK_INT(pe_parse(&p, head, len, 4096), 0);
	CHECK_INT(p.n, 4);
	const struct pe_section *s = pe_next(&p, NULL, ".cmdline");
	CHECK(s && s->offset == 512 && s->size == 5);
	s = pe_next(&p, NULL, ".initrd");
	CHECK(s && s->offset == 1024 && s->size == 1000);
	s = pe_next(&p, s, ".initrd");
	CHECK(s && s->offset == 2048 && s->size == 512);
	CHECK(!pe_next(&p, s, ".initrd"));
	s = pe_next(&p, NULL, ".longest");
	CHECK(s && s->offset == 4095);
	CHECK(!pe_next(&p, NULL, ".linux"));
	pe_done(&p);
}

static void test_invalid(void)
{
	uint8_t head[512];
	size_t len = image(head);
	struct pe p;

	check_case("pe: a table that is cut, or a section beyond the end of the file, is none");
	for (size_t cut = 0; cut < len; cut++)
		CHECK_INT(pe_parse(&p, head, cut, 4096), -EINVAL);
	CHECK_INT(pe_parse(&p, head, len, 4095), -EINVAL);
	put(head + 0x3c, 0xfffffff0, 4);
	CHECK_INT(pe_parse(&p, head, len, 4096), -EINVAL);
	len = image(head);
	head[0] = 'X';
	CHECK_INT(pe_parse(&p, head, len, 4096), -EINVAL);
	len = image(head);
	put(head + PE_AT + 6, 0xffff, 2);
	CHECK_INT(pe_parse(&p, head, sizeof(head), 4096), -EINVAL);
}

int main(void)
{
	test_sections();
	test_invalid();
	return check_done();
}
