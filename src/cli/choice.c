/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/choice.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

#define NUMBER_MAX 9999

static bool parse_number(const char *text, size_t len, unsigned *ret)
{
	char digits[5];
	unsigned long value;

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (!str_decimal(digits, NUMBER_MAX, &value) || value == 0)
		return false;
	*ret = (unsigned)value;
	return true;
}

static bool parse_numbers(const char *word, struct choice *ret)
{
	size_t len = strcspn(word, "-");

	if (!parse_number(word, len, &ret->first))
		return false;
	ret->last = ret->first;
	return word[len] == '\0' ||
	       (parse_number(word + len + 1, strlen(word + len + 1), &ret->last) &&
		       ret->first <= ret->last);
}

static bool parse_address(const char *word, struct choice *ret)
{
	const char *rest = word;

	if (pci_addr_parse(word, &ret->addr))
		return true;
	ret->any_function = pci_addr_read_device(&rest, &ret->addr) && str_equal(rest, "*");
	return ret->any_function;
}

struct choice choice_parse(const char *word)
{
	struct choice c = {.kind = CHOICE_WRONG};

	if (strcasecmp(word, "done") == 0)
		c.kind = CHOICE_DONE;
	else if (strcasecmp(word, "q") == 0 || strcasecmp(word, "quit") == 0)
		c.kind = CHOICE_QUIT;
	else if (parse_numbers(word, &c))
		c.kind = CHOICE_NUMBERS;
	else if (parse_address(word, &c))
		c.kind = CHOICE_ADDRESS;
	return c;
}

bool choice_is(const struct choice *c, struct pci_addr addr)
{
	return c->any_function ? pci_addr_same_device(c->addr, addr)
			       : pci_addr_compare(c->addr, addr) == 0;
}
