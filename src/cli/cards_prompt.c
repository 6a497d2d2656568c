/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cards_prompt.h"

#include "base/str.h"
#include "cli/choice.h"
#include "shared/prompt.h"
#include "shared/term.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " ,\t"
#define ACCEPTED "a number, a range such as 1-3, an address, done or q"

static struct card *card_by_number(struct cards *c, unsigned number)
{
	for (size_t i = 0; i < c->n; i++)
		if (number > 0 && c->at[i].number == number)
			return &c->at[i];
	return NULL;
}

static unsigned last_number(const struct cards *c)
{
	unsigned last = 0;

	for (size_t i = 0; i < c->n; i++)
		last = c->at[i].number > last ? c->at[i].number : last;
	return last;
}

/* The card with this function, offered or not. */
static struct card *card_by_address(struct cards *c, const struct choice *choice)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; j < c->at[i].n; j++)
			if (choice_is(choice, card_verdict(c, &c->at[i], j)->device->addr))
				return &c->at[i];
	return NULL;
}

/* An address may also name a card that has no number, as long as no guard keeps it. */
static int find_by_address(struct cards *c, const char *word, const struct choice *choice,
	struct card **ret, struct err *err)
{
	struct card *k = card_by_address(c, choice);
	const char *reason = k ? card_refusal(c, k) : NULL;

	if (!k)
		return err_set(err, ENODEV,
			"%s is not a device of this machine that a VM could have; vfio-bind list shows all",
			word);
	if (reason)
		return err_set(err, ENODEV, "%s stays with the host: %s", word, reason);
	*ret = k;
	return 0;
}

static int check_numbers(
	struct cards *c, const char *word, const struct choice *choice, struct err *err)
{
	unsigned last = last_number(c);

	if (last == 0)
		return err_set(err, EINVAL, "'%s': no device is in the list; write q", word);
	if (choice->last <= last)
		return 0;
	return err_set(err, EINVAL, "'%s' is not in the list; choose 1%s%.0u, or write " ACCEPTED,
		word, last > 1 ? " to " : "", last > 1 ? last : 0);
}

static int check_word(
	struct cards *c, const char *word, const struct choice *choice, struct err *err)
{
	struct card *k;

	switch (choice->kind) {
	case CHOICE_NUMBERS:
		return check_numbers(c, word, choice, err);
	case CHOICE_ADDRESS:
		return find_by_address(c, word, choice, &k, err);
	case CHOICE_DONE:
	case CHOICE_QUIT:
		return 0;
	default:
		return err_set(err, EINVAL, "'%s' is not in the list; write " ACCEPTED, word);
	}
}

static void toggle(struct cards *c, const struct choice *choice)
{
	struct card *k = choice->kind == CHOICE_ADDRESS ? card_by_address(c, choice) : NULL;

	if (k)
		k->chosen = !k->chosen;
	for (unsigned n = choice->first; choice->kind == CHOICE_NUMBERS && n <= choice->last; n++) {
		k = card_by_number(c, n);
		if (k)
			k->chosen = !k->chosen;
	}
}

int cards_answer(struct cards *c, char *line, enum cards_answer *ret, struct err *err)
{
	struct choice choices[64];
	size_t n = 0;

	for (char *word; (word = strsep(&line, BLANKS));) {
		if (!word[0])
			continue;
		if (n == sizeof(choices) / sizeof(*choices))
			return err_set(
				err, EINVAL, "more than %zu words; write fewer at a time", n);
		choices[n] = choice_parse(word);
		int r = check_word(c, word, &choices[n++], err);
		if (r < 0)
			return r;
	}
	*ret = n == 0 ? CARDS_DONE : CARDS_CHANGED;
	for (size_t i = 0; i < n; i++) {
		if (choices[i].kind == CHOICE_QUIT) {
			*ret = CARDS_QUIT;
			return 0;
		}
		if (choices[i].kind == CHOICE_DONE)
			*ret = CARDS_DONE;
		toggle(c, &choices[i]);
	}
	return 0;
}

int cards_choose(struct cards *c, const char *address, struct err *err)
{
	struct choice choice = choice_parse(address);
	struct card *k = NULL;

	if (choice.kind != CHOICE_ADDRESS)
		return err_set(err, EINVAL,
			"'%s' is not an address; write one such as 0000:01:00.0, or 01:00.* for a slot",
			address);
	int r = find_by_address(c, address, &choice, &k, err);
	if (k)
		k->chosen = k->named = true;
	return r;
}

static void print_words(enum style style, const char *text)
{
	struct term p;

	term_open(&p, stdout, COLOUR_AUTO);
	term_line(&p, 0);
	term_words(&p, style, "%s", text);
	term_end(&p);
}

static bool ask(struct cards *c)
{
	enum cards_answer answer = CARDS_CHANGED;
	char line[256];

	while (answer == CARDS_CHANGED) {
		struct err err = {""};
		cards_print(c);
		puts("");
		print_words(PLAIN,
			"Numbers, ranges (1-3) or addresses choose, once more takes out; * is chosen.");
		do {
			if (err.text[0])
				print_words(BAD, err.text);
			if (!prompt_line("Devices for VMs (Enter: done; q):", line, sizeof(line)))
				return false;
		} while (cards_answer(c, line, &answer, &err) < 0);
	}
	return answer == CARDS_DONE;
}

bool cards_ask(struct cards *c)
{
	bool done = ask(c);

	for (size_t i = 0; !done && i < c->n; i++)
		c->at[i].chosen = false;
	return done;
}
