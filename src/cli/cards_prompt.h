/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CARDS_PROMPT_H
#define CLI_CARDS_PROMPT_H

#include "cli/cards_select.h"

#include <stdbool.h>

/* What an answer to the question which cards are for VMs asks for. */
enum cards_answer {
	CARDS_CHANGED, /* marks were set or taken away; the question comes again */
	CARDS_DONE,    /* an empty answer, or "done", perhaps after marks */
	CARDS_QUIT,    /* "q" */
};

/*
 * Reads one answer: numbers of the table, ranges of them and addresses, separated by blanks or
 * commas; each of them sets a card's mark or, if the card has it, takes it away. The whole answer
 * counts or nothing of it: -EINVAL, or -ENODEV for an address, for a word that means no card that
 * can be chosen, with what is wrong and what is accepted. The line is changed.
 */
int cards_answer(struct cards *c, char *line, enum cards_answer *ret, struct err *err) _must_check_;

/* Sets the mark of the card of an operand, an address. -EINVAL with the reason if it can't be had.
 */
int cards_choose(struct cards *c, const char *address, struct err *err) _must_check_;

/* Shows the table and asks until the user is done. False: the user left, or the input ended; then
 * no card is marked, and nothing may be written. */
bool cards_ask(struct cards *c);

#endif
