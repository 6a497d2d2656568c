/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text with a name in it, as a text of a table or a finding, as a path of sysfs, as the kernel
 * command line and as the config: nothing of it comes out with the name, whatever is around it.
 */
#include "cli/redact.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME "zq0name"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const ways[])(struct redact * m, struct text * t, const char *s) = {
		redact_words, redact_sysfs_path, redact_cmdline, redact_config, redact_name};
	size_t at = size > 0 ? data[0] % size : 0;
	char *text = calloc(1, size + sizeof(NAME));

	if (!text)
		return 0;
	memcpy(text, data, at);
	memcpy(text + at, NAME, sizeof(NAME) - 1);
	if (size > at)
		memcpy(text + at + strlen(NAME), data + at, size - at);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		_cleanup_(redact_done) struct redact m = {0};
		_cleanup_(text_done) struct text t = {0};
		ways[i](&m, &t, text);
		must(!t.data || !strstr(t.data, NAME));
	}
	free(text);
	return 0;
}
