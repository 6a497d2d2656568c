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

static const char *const words[] = {"-device", "pcie-root-port,id=vfio-port0", "-device",
	"vfio-pci,host=0000:01:00.0,romfile=/a b'c.rom"};
static const char *const others[] = {"-device", "x"};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool edit(struct text *ret, const char *data, size_t len, const char *const *w, size_t n)
{
	struct err err = {""};
	int r = script_edit(ret, "script", data, len, w, n, &err);

	must(r == 0 || err.text[0]);
	return r == 0;
}

static bool same(const struct text *t, const char *data, size_t len)
{
	return t->len == len && (len == 0 || memcmp(t->data, data, len) == 0);
}

static void functions_are_read(const struct text *once)
{
	_cleanup_(strings_done) struct strings roms = {0};
	struct guest_function list[GUEST_MAX];
	size_t n;

	must(script_functions(list, &n, &roms, "script", once->data, once->len, NULL) == 0);
	must(n == 1 && strcmp(list[0].rom, "/a b'c.rom") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(text_done) struct text plain = {0}, once = {0}, twice = {0}, other = {0},
					 back = {0};

	/* What has marks already is taken for its plain text. */
	if (!edit(&plain, (const char *)data, size, NULL, 0))
		return 0;
	const char *text = plain.data ? plain.data : "";
	if (!edit(&once, text, plain.len, words, 4))
		return 0; /* it does not tell where QEMU is started */
	must(once.len > plain.len);
	functions_are_read(&once);
	must(edit(&twice, once.data, once.len, words, 4) && same(&twice, once.data, once.len));
	must(edit(&other, once.data, once.len, others, 2));
	must(edit(&back, other.data, other.len, NULL, 0) && same(&back, text, plain.len));
	return 0;
}
