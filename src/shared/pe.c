/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/pe.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Offsets in the headers (PE/COFF specification, sections 2 to 4). */
#define OFFSET_OF_PE 0x3c
#define COFF_SIZE 24 /* with the signature before it */
#define COFF_SECTIONS 6
#define COFF_OPTIONAL 20
#define SECTION_SIZE 40
#define SECTION_VIRTUAL_SIZE 8
#define SECTION_RAW_SIZE 16
#define SECTION_RAW_OFFSET 20
#define OPTIONAL_MAGIC_64 0x20b
#define DIRECTORY_SIZE 8
#define DIRECTORY_CERTIFICATES 4
/* An image has some 20; of a profile a dozen more. */
#define SECTIONS_MAX 1024

static uint32_t number(const uint8_t *at, size_t bytes)
{
	uint32_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | at[bytes];
	return n;
}

/* The length of the data is the virtual size: in the file they are padded. */
static int section_read(const uint8_t *at, uint64_t file_size, struct pe_section *ret)
{
	uint64_t wanted = number(at + SECTION_VIRTUAL_SIZE, 4);
	uint64_t raw = number(at + SECTION_RAW_SIZE, 4);

	*ret = (struct pe_section){
		.offset = number(at + SECTION_RAW_OFFSET, 4), .size = wanted < raw ? wanted : raw};
	memcpy(ret->name, at, 8);
	return ret->offset > file_size || ret->size > file_size - ret->offset ? -EINVAL : 0;
}

/* The optional header names the certificate table (section 3.4.3): directories[4], not empty. */
static bool has_certificates(const uint8_t *optional, size_t len)
{
	size_t count = len >= 2 && number(optional, 2) == OPTIONAL_MAGIC_64 ? 108 : 92;
	size_t at = count + 4 + (size_t)DIRECTORY_CERTIFICATES * DIRECTORY_SIZE;

	return len >= at + DIRECTORY_SIZE && number(optional + count, 4) > DIRECTORY_CERTIFICATES &&
	       number(optional + at + 4, 4) > 0;
}

int pe_parse(struct pe *ret, const uint8_t *head, size_t len, uint64_t file_size)
{
	if (len < OFFSET_OF_PE + 4 || memcmp(head, "MZ", 2) != 0)
		return -EINVAL;
	size_t at = number(head + OFFSET_OF_PE, 4);
	if (at > len || len - at < COFF_SIZE || memcmp(head + at, "PE\0\0", 4) != 0)
		return -EINVAL;
	size_t n = number(head + at + COFF_SECTIONS, 2);
	size_t optional = number(head + at + COFF_OPTIONAL, 2), begin = at + COFF_SIZE;
	at = begin + optional;
	if (n > SECTIONS_MAX || at > len || (len - at) / SECTION_SIZE < n)
		return -EINVAL;
	struct pe p = {.at = calloc(n + 1, sizeof(*p.at)),
		.n = n,
		.is_signed = has_certificates(head + begin, optional)};
	if (!p.at)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (section_read(head + at + i * SECTION_SIZE, file_size, &p.at[i]) < 0) {
			pe_done(&p);
			return -EINVAL;
		}
	}
	*ret = p;
	return 0;
}

void pe_done(struct pe *p)
{
	free(p->at);
	*p = (struct pe){0};
}

const struct pe_section *pe_next(
	const struct pe *p, const struct pe_section *after, const char *name)
{
	for (size_t i = after ? (size_t)(after - p->at) + 1 : 0; i < p->n; i++)
		if (str_equal(p->at[i].name, name))
			return &p->at[i];
	return NULL;
}
