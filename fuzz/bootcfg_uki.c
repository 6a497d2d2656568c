/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an image: what its sections say is text of theirs. */
#include "bootcfg/format/uki.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void section_take(struct uki *u, const struct pe_section *s, const uint8_t *data)
{
	char *text = s->size <= UKI_TEXT_MAX ? malloc((size_t)s->size + 1) : NULL;

	if (!text)
		return;
	memcpy(text, data + s->offset, (size_t)s->size);
	text[s->size] = '\0';
	(void)!uki_section(u, s->name, text, strlen(text));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uki u = {0};
	struct pe p;
	const char *rest;

	if (pe_parse(&p, data, size, size) < 0)
		return 0;
	for (size_t i = 0; i < p.n; i++)
		if (uki_wants(p.at[i].name))
			section_take(&u, &p.at[i], data);
	pe_done(&p);
	if (u.cmdline && (uki_profile_chosen(u.cmdline, &rest) > 9999 || rest < u.cmdline ||
				 rest > u.cmdline + strlen(u.cmdline)))
		abort();
	for (const char *c = u.cmdline; c && *c; c++)
		if ((unsigned char)*c < 0x20)
			abort();
	uki_done(&u);
	return 0;
}
