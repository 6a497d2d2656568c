/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

#include "pci/address.h"

#include <stdbool.h>

/* One word of an answer to "which of these?". */
enum choice_kind {
	CHOICE_WRONG,
	CHOICE_NUMBERS, /* "3", "1-3": first to last, both at least 1 */
	CHOICE_ADDRESS, /* "0000:01:00.0", "01:00.0"; "01:00.*" is any function */
	CHOICE_DONE,    /* "done" */
	CHOICE_QUIT,    /* "q", "quit" */
};

struct choice {
	enum choice_kind kind;
	unsigned first, last;
	struct pci_addr addr;
	bool any_function;
};

/* Reads one word, which has no blanks. A number has at most four digits. */
struct choice choice_parse(const char *word);

/* True if the address is meant. */
bool choice_is(const struct choice *c, struct pci_addr addr);

#endif
