/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a boot loader entry; the first one says who reads it. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	struct bls_entry e = {0};
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);

	must(bls_read(text, len, &e) == 0);
	bls_entry_done(&e);
	return bls_edit(s, f, r, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A tab behind a key becomes a blank for GRUB (see bls.c). */
	struct fuzz_format f = {.edit = edit, .given = " \t"};

	if (size == 0)
		return 0;
	f.format.reader = (enum bls_reader)(data[0] % 3);
	/* GRUB reads the first options line, and the words of all of them are listed. */
	f.one_line = f.format.reader == BLS_SYSTEMD_BOOT;
	return fuzz_edit(data + 1, size - 1, &f);
}
