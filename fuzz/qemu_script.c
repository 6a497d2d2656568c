/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a script that starts QEMU: our lines put in twice are put in once, every other byte
 * stays in its order, and taken out again the first bytes are back.
 */
#include "cli/qemu_script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
	"-device", "pcie-root-port,id=vfio-port0", "-device", "vfio-pci,romfile=/a b'c.rom"};
static const char *const others[] = {"-device", "x"};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool edit(struct text *ret, const char *data, size_t len, const char *const *w, size_t n)
{
	enum script_place place;
	struct err err = {""};
	bool used;
	int r = script_edit(ret, data, len, w, n, &place, &used, &err);

	must(r == 0 || err.text[0]);
	return r == 0;
}

static bool same(const struct text *t, const char *data, size_t len)
{
	return t->len == len && (len == 0 || memcmp(t->data, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(text_done) struct text plain = {0}, once = {0}, twice = {0}, other = {0},
					 back = {0};

	/* What has marks already is taken for its plain text. */
	if (!edit(&plain, (const char *)data, size, NULL, 0))
		return 0;
	const char *text = plain.data ? plain.data : "";
	must(edit(&once, text, plain.len, words, 4) && once.len > plain.len);
	must(edit(&twice, once.data, once.len, words, 4) && same(&twice, once.data, once.len));
	must(edit(&other, once.data, once.len, others, 2));
	must(edit(&back, other.data, other.len, NULL, 0) && same(&back, text, plain.len));
	return 0;
}
