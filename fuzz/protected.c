/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the record of what the host stands on: no crash, and what was read says the same
 * when it is written and read again.
 */
#include "core/protected.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void read_lines(struct protected_list *k, char *text)
{
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (str_starts(line, "keep "))
			must(protected_parse(k, line + strlen("keep ")) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct protected_list k = {0}, again = {0};
	struct text t = {0}, second = {0};

	char *copy = malloc(size + 1);
	must(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = '\0';
	read_lines(&k, copy);
	free(copy);
	must(k.n <= PROTECTED_MAX && (!protected_is_complete(&k) || k.unknown[0] == '\0'));

	protected_format(&k, &t);
	must(!t.failed);
	char *written = strdup(t.data ? t.data : "");
	must(written != NULL);
	read_lines(&again, written);
	protected_format(&again, &second);
	must(strcmp(t.data ? t.data : "", second.data ? second.data : "") == 0);
	free(written);
	text_done(&t);
	text_done(&second);
	protected_done(&k);
	protected_done(&again);
	return 0;
}
