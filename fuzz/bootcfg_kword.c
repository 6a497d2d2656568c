/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a word of the kernel's, and as what a person asks for. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct kword a = {0}, b = {0};
	struct request r = {0};
	struct err err = {0};

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	must(kword_read(text, &a) == 0 && kword_read(text, &b) == 0);
	must(kword_equal(&a, &b));
	must(strlen(a.name) + (a.value ? strlen(a.value) : 0) <= strlen(text));
	kword_done(&a);
	kword_done(&b);
	must(kword_end(text) <= text + strlen(text));
	if (request_add(&r, text, &err) < 0)
		must(err.text[0] != '\0');
	for (size_t i = 0; i < r.n; i++)
		must(kword_check(r.v[i].text, &err) == 0);
	request_done(&r);
	free(text);
	return 0;
}
