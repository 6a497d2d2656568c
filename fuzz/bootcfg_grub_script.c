/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a script of GRUB: it is cut into commands to its end, each after the one before. */
#include "bootcfg/format/grub_script.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void command_check(const struct grub_command *c)
{
	struct text argument = {0};

	for (size_t i = 0; i < c->n; i++) {
		const char *text = grub_word_text(c, i);
		if (c->word[i].n == 0)
			abort();
		if (text)
			grub_loader_argument(text, &argument);
	}
	text_done(&argument);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct grub_script s = {.text = text, .len = size};
	int rc = 1;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; rc == 1; at = s.at) {
		struct grub_command c = {0};
		rc = grub_script_next(&s, &c);
		if (rc == 1) {
			command_check(&c);
			if (s.at <= at || s.at > size || c.line > s.line + 1)
				abort();
		}
		grub_command_done(&c);
	}
	if (rc == 0 && s.at != size)
		abort();
	free(text);
	return 0;
}
