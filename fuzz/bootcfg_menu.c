/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as one of the smaller formats; the first one says which. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int plain(struct sources *s, const struct request *r, struct err *err)
{
	struct plain_format f = {.home_file = 0};
	return plain_edit(s, &f, r, err);
}

static int first_line(struct sources *s, const struct request *r, struct err *err)
{
	struct plain_format f = {.first_line = true};
	return plain_edit(s, &f, r, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const fuzz_format formats[] = {limine_edit, extlinux_edit, refind_linux_edit,
		refind_conf_edit, grubenv_edit, kernelstub_edit, plain, first_line};

	if (size == 0)
		return 0;
	return fuzz_edit(data + 1, size - 1, formats[data[0] % 8]);
}
