/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as a word of an answer: numbers are a range from 1 up, an address is one that is read
 * again. */
#include "cli/choice.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), buf[PCI_ADDR_MAX];

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	struct choice c = choice_parse(text);
	if (c.kind == CHOICE_NUMBERS && (c.first < 1 || c.last < c.first || c.last > 9999))
		abort();
	if (c.kind == CHOICE_ADDRESS && !c.any_function) {
		struct choice again = choice_parse(pci_addr_format(c.addr, buf));
		if (again.kind != CHOICE_ADDRESS || !choice_is(&c, again.addr))
			abort();
	}
	free(text);
	return 0;
}
