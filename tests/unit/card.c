/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What belongs to a card, on trees of machines: as cards_mark finds it in a list of all functions,
 * and as card_scan finds it from one of them. */
#include "core/card.h"

#include "check.h"
#include "core/probe.h"
#include "fake_sysfs.h"

static struct pci_addr place(const char *address)
{
	struct pci_addr addr;

	if (!pci_addr_parse(address, &addr))
		abort();
	return addr;
}

static bool any(const struct device *d, const void *arg)
{
	(void)d;
	(void)arg;
	return true;
}

static void open_tree(struct sysfs *s, const char *tree)
{
	char path[80];

	fake_sysfs_make(tree);
	(void)snprintf(path, sizeof(path), "%s/sys", top);
	if (sysfs_open(s, path, NULL) < 0)
		abort();
}

/* "01:00.0 01:00.1, 05:00.0": the functions of each card with a display. */
static void check_cards(struct sysfs *s, const char *expected)
{
	_cleanup_(device_list_done) struct device_list list = {0};
	char all[512] = "", address[PCI_ADDR_MAX];
	size_t len = 0;

	CHECK_INT(scan_all(s, &list, false, any, NULL, NULL), 0);
	scan_sort(&list);
	for (size_t i = 0; i < list.n; i++)
		scan_virtual(s, &list.at[i]);
	cards_mark(&list, s);
	for (size_t i = 0; i < list.n; i++) {
		const struct device *first = &list.at[i];
		if (!first->of_card || pci_addr_compare(first->card, first->addr) != 0)
			continue;
		for (size_t k = 0; k < list.n; k++)
			if (card_same(first, &list.at[k]))
				len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					len == 0 ? ""
					: k == i ? ", "
						 : " ",
					pci_addr_format(list.at[k].addr, address) + 5);
	}
	CHECK_STR(all, expected);
}

/* What is read for the card of a function, itself included. */
static void check_scan(struct sysfs *s, const char *from, const char *expected)
{
	_cleanup_(device_list_done) struct device_list list = {0};
	char all[512] = "", address[PCI_ADDR_MAX];
	size_t len = 0;

	CHECK_INT(scan_one(s, place(from), &list, NULL), 1);
	CHECK_INT(card_scan(s, &list.at[0], &list, NULL), 0);
	scan_sort(&list);
	for (size_t i = 0; i < list.n; i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", len ? " " : "",
			pci_addr_format(list.at[i].addr, address) + 5);
	CHECK_STR(all, expected);
}

static void set_vendor(const char *address, const char *vendor)
{
	must_shell(
		"f='%s/sys/bus/pci/devices/0000:%s'; sed -i 's/v00008086d/v0000%sd/' $f/modalias; "
		"echo 0x%s >$f/vendor",
		top, address, vendor, vendor);
}

#define AUDIO "04:00.0"
#define UPSTREAM "01:00.0"

static void test_switch(void)
{
	struct sysfs s;

	check_case("card: audio behind another port of the card's switch");
	open_tree(&s, "arc-switch");
	check_cards(&s, "00:02.0, 03:00.0 04:00.0");
	check_scan(&s, "03:00.0", "03:00.0 04:00.0");
	check_scan(&s, "04:00.0", "03:00.0 04:00.0");

	check_case("card: nothing is read for what is below no such switch");
	check_scan(&s, "00:02.0", "00:02.0");
	check_scan(&s, "00:1f.3", "00:1f.3");
	check_scan(&s, "00:14.0", "00:14.0");

	check_case("card: audio of another vendor below the switch");
	set_vendor(AUDIO, "1102");
	check_cards(&s, "00:02.0, 03:00.0");
	sysfs_done(&s);

	check_case("card: a switch of another vendor is the board's");
	open_tree(&s, "arc-switch");
	set_vendor(UPSTREAM, "10b5");
	check_cards(&s, "00:02.0, 03:00.0");
	check_scan(&s, "03:00.0", "03:00.0");
	sysfs_done(&s);

	check_case("card: an Ethernet controller below the switch is separate");
	open_tree(&s, "arc-switch");
	must_shell("f='%s/sys/bus/pci/devices/0000:" AUDIO "'; "
		   "sed -i 's/bc04sc03/bc02sc00/' $f/modalias; echo 0x020000 >$f/class",
		top);
	check_cards(&s, "00:02.0, 03:00.0");
	sysfs_done(&s);
}

static void test_slot(void)
{
	struct sysfs s;

	check_case("card: the functions of the slot");
	open_tree(&s, "desktop");
	check_cards(&s, "00:02.0, 01:00.0 01:00.1 01:00.2 01:00.3");
	sysfs_done(&s);

	check_case("card: two heads are one card");
	open_tree(&s, "two-heads");
	check_cards(&s, "00:02.0, 01:00.0 01:00.1");
	sysfs_done(&s);

	check_case("card: other vendors in the slot, and virtual functions, are separate");
	open_tree(&s, "apu");
	check_cards(&s,
		"03:00.0 03:00.1 03:00.2 03:00.3, 0a:00.0 0a:00.1 0a:00.2 0a:00.3, 11:00.0 11:00.1");
	sysfs_done(&s);
	open_tree(&s, "shared-display");
	check_cards(&s, "00:02.0, 41:00.0 41:00.1");
	sysfs_done(&s);
}

static void test_hotplug(void)
{
	_cleanup_(config_done) struct config c = {0};
	static const char text[] = "[bind]\naddresses = 03:00.0\n";
	struct sysfs s;

	check_case("card: audio that comes later concerns a config with its display");
	open_tree(&s, "arc-switch");
	CHECK_INT(config_parse(&c, "CONFIG", text, strlen(text)), 0);
	CHECK_INT(probe_may_match(&c, &s, place(AUDIO), NULL), 1);
	CHECK_INT(probe_may_match(&c, &s, place("00:1f.3"), NULL), 0);
	sysfs_done(&s);
}

int main(void)
{
	fake_sysfs_begin("card");
	test_switch();
	test_slot();
	test_hotplug();
	return check_done();
}
