/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a domain of libvirt: what vfio-bind adds is added once, every other byte stays in its
 * order, and taken out again the first bytes are back.
 */
#include "cli/domain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct guest_function card[] = {
	{.addr = {0, 1, 0, 0}, .multifunction = true, .rom = "/a&'<b"},
	{.addr = {0, 1, 0, 1}, .function = 1},
	{.addr = {0, 3, 0, 0}, .port = 1},
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool in_slots(struct pci_addr addr, const void *to)
{
	(void)to;
	return addr.domain == 0 && (addr.bus == 1 || addr.bus == 3) && addr.device == 0;
}

static bool edit(struct text *ret, const char *text, size_t len, size_t n)
{
	_cleanup_(domain_done) struct domain d = {0};
	struct err err = {""};
	int r = domain_read(&d, text, len, &err);

	if (r == 0)
		r = domain_edit(ret, &d, card, n, in_slots, NULL, &err);
	must(r == 0 || err.text[0]);
	return r == 0;
}

static bool same(const struct text *a, const struct text *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(text_done) struct text plain = {0}, one = {0}, both = {0}, twice = {0},
					 back = {0};

	if (size > 16384)
		return 0;
	/* What has our marks already is taken for its plain text. */
	if (!edit(&plain, (const char *)data, size, 0))
		return 0;
	if (!edit(&one, plain.data, plain.len, 2))
		return 0; /* no place is left, or it has these addresses by other means */
	must(one.len > plain.len);
	if (!edit(&both, one.data, one.len, 3))
		return 0;
	must(edit(&twice, both.data, both.len, 3) && same(&twice, &both));
	must(edit(&back, both.data, both.len, 0) && same(&back, &plain));
	return 0;
}
