/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as cpio archives: what is found does not depend on where the bytes are cut. */
#include "host/initrd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Feeds pieces of this size until something else begins; how far that was, or an error. */
static ssize_t feed(struct cpio_search *s, const char *bytes, size_t size, size_t piece)
{
	for (size_t at = 0; at < size;) {
		size_t n = size - at < piece ? size - at : piece;
		ssize_t taken = cpio_search_feed(s, bytes + at, n);
		if (taken < 0)
			return taken;
		must((size_t)taken <= n);
		at += (size_t)taken;
		if ((size_t)taken < n)
			return (ssize_t)at;
	}
	return (ssize_t)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpio_search whole = {.wanted = "etc/x", .max = 64}, cut = whole;
	const char *bytes = (const char *)data;

	ssize_t a = feed(&whole, bytes, size, size + 1), b = feed(&cut, bytes, size, 7);
	must(a == b && whole.found == cut.found && whole.content.len == cut.content.len);
	must(whole.content.len <= 64);
	must(whole.content.len == 0 ||
		memcmp(whole.content.data, cut.content.data, whole.content.len) == 0);
	text_done(&whole.content);
	text_done(&cut.content);
	return 0;
}
