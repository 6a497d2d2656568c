/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a boot entry of the firmware: what is read is text of ASCII. */
#include "bootcfg/format/load_option.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_check(const char *text, size_t max)
{
	size_t n = 0;

	for (; text && text[n]; n++)
		if ((unsigned char)text[n] >= 0x7f)
			abort();
	if (n > max)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct load_option o;
	int rc = load_option_read((const char *)data, size, &o);

	if (rc != 0 && rc != -EINVAL && rc != -ENOMEM)
		abort();
	text_check(o.title, size / 2);
	text_check(o.path, size / 2);
	text_check(o.options, size / 2);
	if (o.options && o.options_unread)
		abort();
	load_option_done(&o);
	return 0;
}
