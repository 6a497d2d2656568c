/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cards_select.h"

#include "base/log.h"
#include "cmd/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(
	const struct cards *c, const struct card *k, char buf[static PCI_ADDR_MAX])
{
	return pci_addr_format(card_verdict(c, k, 0)->device->addr, buf);
}

static struct card *card_by_number(struct cards *c, unsigned number)
{
	for (size_t i = 0; i < c->n; i++)
		if (number > 0 && c->at[i].number == number)
			return &c->at[i];
	return NULL;
}

/* "1 3": true only if every word is the number of a card; then those are chosen, and no others. */
static bool choose_by_numbers(struct cards *c, char *line)
{
	for (size_t i = 0; i < c->n; i++)
		c->at[i].chosen = false;
	for (char *word; (word = strsep(&line, " ,\t"));) {
		unsigned long number;
		if (!word[0])
			continue;
		struct card *k = str_decimal(word, 9999, &number)
					 ? card_by_number(c, (unsigned)number)
					 : NULL;
		if (!k) {
			printf("'%s' is not in the list.\n", word);
			return false;
		}
		k->chosen = true;
	}
	return true;
}

static bool ask_for_cards(struct cards *c)
{
	char line[256];

	cards_print(c);
	puts("");
	do {
		if (!prompt_line("Devices for VMs (numbers, Enter for none):", line, sizeof(line)))
			return false;
	} while (!choose_by_numbers(c, line));
	return true;
}

static bool is_bmc(const struct cards *c, const struct card *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (device_is_bmc_display(card_verdict(c, k, i)->device))
			return true;
	return false;
}

/* Displays that stay are told; a machine with one display has none to give. */
static bool take_non_boot_gpus(struct cards *c)
{
	bool unknown = c->s.host.boot.by == WITNESS_NONE;
	char address[PCI_ADDR_MAX];
	bool all = true;

	for (size_t i = 0; i < c->n; i++) {
		struct card *k = &c->at[i];
		const char *why = !k->display    ? NULL
				  : is_bmc(c, k) ? "is a management controller's display"
				  : unknown      ? "nothing tells which display shows the boot"
						 : card_refusal(c, k);
		k->chosen = k->display && !why;
		if (why)
			log_print(LOG_NOTICE, "%s stays with the host: %s", name_of(c, k, address),
				why);
	}
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].chosen)
			return all;
	log_print(LOG_WARNING, "no display controller but the boot display can be had%s",
		unknown ? "; choose by number, or name one by address" : "");
	return false;
}

/* A VM gets an IOMMU group whole or not at all (Documentation/driver-api/vfio.rst): what else is
 * in it comes along, or the VM will not start. */
static bool settle_group(struct cards *c, const struct card *k, bool yes)
{
	char name[PCI_ADDR_MAX], address[PCI_ADDR_MAX];
	bool whole = true;
	size_t at = 0;

	for (struct card *other; (other = group_conflict(c, k, &at));) {
		const char *why = card_refusal(c, other);
		name_of(c, k, name);
		name_of(c, other, address);
		if (why) {
			log_print(LOG_WARNING,
				"%s shares the IOMMU group of %s and stays with the host (%s): a VM with %s will not start while a driver has it",
				address, name, why, name);
			whole = false;
		} else if (
			yes ||
			!prompt_yes(
				"%s shares the IOMMU group of %s. A VM needs the whole group. Add it?",
				address, name)) {
			log_print(LOG_WARNING,
				"%s shares the IOMMU group of %s: a VM with %s will not start while a driver has it",
				address, name, name);
			whole = false;
		} else {
			other->chosen = true;
		}
	}
	return whole;
}

int cards_select(
	struct cards *c, const struct cards_select_options *o, struct text *ret, struct err *err)
{
	bool all = o->non_boot_gpus ? take_non_boot_gpus(c) : ask_for_cards(c);
	bool some = false;

	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].chosen)
			all &= settle_group(c, &c->at[i], o->yes);
	for (size_t i = 0; i < c->n; i++)
		some |= c->at[i].chosen;
	if (some)
		cards_write_config(c, ret);
	if (ret->failed)
		return err_set(err, ENOMEM, "out of memory");
	return all && some;
}
