/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_PE_H
#define SHARED_PE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The section table of an EFI program (PE/COFF specification, "COFF File Header" and "Section
 * Table"): where a unified kernel image has its .linux, .initrd, .cmdline (UAPI.5).
 */
struct pe_section {
	char name[9];
	uint64_t offset; /* in the file */
	uint64_t size;   /* of its data, all of which are in the file */
};
struct pe {
	struct pe_section *at; /* in the order of the table: a name may occur more than once */
	size_t n;
	bool is_signed; /* a certificate table is there; whose, or whether it fits, is not looked at
			 */
};

/* What the table of an image is in: its first bytes. */
#define PE_HEAD_MAX 65536

/*
 * Reads the table from the first bytes of a file of file_size bytes. -EINVAL without a text: it is
 * no such program, the table is not whole within these bytes, or a section lies outside of the
 * file. -ENOMEM. *ret is to be emptied only on success.
 */
int pe_parse(struct pe *ret, const uint8_t *head, size_t len, uint64_t file_size) _must_check_;
void pe_done(struct pe *p);

/* The section of this name after `after` (NULL: the first); or NULL. */
const struct pe_section *pe_next(
	const struct pe *p, const struct pe_section *after, const char *name);

#endif
