/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we read of each tree, compared with what lspci(8) reads of it: a reader that nobody here
 * wrote. Its -vmm format is the one for programs: "Tag:\tvalue", a blank line between functions.
 */
#include "pci/device.h"

#include "base/str.h"
#include "check.h"
#include "fake_sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREES "tests/unit/trees"

struct oracle {
	struct pci_addr addr;
	struct pci_id id;
	uint32_t class;
	char driver[64];
};

static void take_line(struct oracle *o, char *line)
{
	char *value = strchr(line, '\t');
	unsigned number;

	if (!value)
		return;
	*value++ = '\0';
	value[strcspn(value, "\n")] = '\0';
	number = (unsigned)strtoul(value, NULL, 16);
	if (str_equal(line, "Slot:"))
		CHECK(pci_addr_parse(value, &o->addr));
	else if (str_equal(line, "Class:"))
		o->class |= number << 8;
	else if (str_equal(line, "ProgIf:"))
		o->class |= number;
	else if (str_equal(line, "Vendor:"))
		o->id.vendor = number;
	else if (str_equal(line, "Device:"))
		o->id.device = number;
	else if (str_equal(line, "SVendor:"))
		o->id.subvendor = number;
	else if (str_equal(line, "SDevice:"))
		o->id.subdevice = number;
	else if (str_equal(line, "Driver:"))
		(void)snprintf(o->driver, sizeof(o->driver), "%s", value);
}

static void compare(struct sysfs *s, struct device_list *list, const struct oracle *o)
{
	char buf[PCI_ADDR_MAX];
	struct device *d = device_find(list, o->addr);

	(void)check_that(d != NULL, __FILE__, __LINE__, "lspci sees %s and we do not",
		pci_addr_format(o->addr, buf));
	if (!d || d->error)
		return;
	CHECK_INT(d->id.vendor, o->id.vendor);
	CHECK_INT(d->id.device, o->id.device);
	CHECK_INT(d->class, o->class);
	/* Without a subsystem lspci prints none, and not of a bridge, which keeps it elsewhere. */
	if (o->id.subvendor) {
		CHECK_INT(d->id.subvendor, o->id.subvendor);
		CHECK_INT(d->id.subdevice, o->id.subdevice);
	}
	scan_driver(s, d);
	if (strlen(o->driver) < sizeof(d->driver))
		CHECK_STR(d->driver, o->driver);
	else
		CHECK_STR(d->driver, "?");
}

static size_t compare_all(const char *tree, struct sysfs *s, struct device_list *list)
{
	char command[256], line[512];
	struct oracle o = {0};
	size_t n = 0;

	(void)snprintf(command, sizeof(command),
		"lspci -A linux-sysfs -O sysfs.path=%s/bus/pci -Dnkvmm 2>/dev/null", tree);
	FILE *f = popen(command, "r"); // NOLINT(cert-env33-c): the test's own words
	if (!CHECK(f))
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (line[0] != '\n') {
			take_line(&o, line);
			continue;
		}
		compare(s, list, &o);
		o = (struct oracle){0};
		n++;
	}
	CHECK_INT(pclose(f), 0);
	return n;
}

static bool have_lspci(void)
{
	if (check_shell("command -v lspci >/dev/null"))
		return true;
	CHECK_SKIP("there is no lspci");
	return false;
}

static bool keep_all(const struct device *d, const void *arg)
{
	(void)d;
	(void)arg;
	return true;
}

static void check_tree(const char *tree)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(device_list_done) struct device_list list = {0};
	struct err err = {""};

	if (!CHECK_INT(sysfs_open(&s, tree, &err), 0))
		return;
	CHECK_INT(scan_all(&s, &list, false, keep_all, NULL, &err), 0);
	CHECK(list.n > 0);
	if (have_lspci())
		CHECK_INT(compare_all(tree, &s, &list), list.n);
	scan_sort(&list);
	for (size_t i = 1; i < list.n; i++)
		CHECK(pci_addr_compare(list.at[i - 1].addr, list.at[i].addr) < 0);
}

/* The serial numbers that lspci -v prints as "Device Serial Number 00-11-22-33-44-55-66-77". */
static void check_serials(const char *tree)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(device_list_done) struct device_list list = {0};
	struct err err = {""};
	char expected[64];
	size_t have = 0;

	if (!have_lspci())
		return;
	CHECK_INT(sysfs_open(&s, tree, &err), 0);
	CHECK_INT(scan_all(&s, &list, true, keep_all, NULL, &err), 0);
	for (size_t i = 0; i < list.n; i++) {
		if (list.at[i].serial == 0)
			continue;
		have++;
		uint64_t n = list.at[i].serial;
		char addr[PCI_ADDR_MAX];
		(void)snprintf(expected, sizeof(expected),
			"%02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x", (unsigned)(n >> 56),
			(unsigned)(n >> 48) & 0xff, (unsigned)(n >> 40) & 0xff,
			(unsigned)(n >> 32) & 0xff, (unsigned)(n >> 24) & 0xff,
			(unsigned)(n >> 16) & 0xff, (unsigned)(n >> 8) & 0xff, (unsigned)n & 0xff);
		CHECK(check_shell(
			"lspci -A linux-sysfs -O sysfs.path=%s/bus/pci -Dvs %s 2>/dev/null | grep -qw 'Device Serial Number %s'",
			tree, pci_addr_format(list.at[i].addr, addr), expected));
	}
	CHECK_INT(have, 2);
}

/* A function in a directory below devices; its device ID is the number of its slot. */
static void put_function(const char *directory, const char *address, unsigned slot)
{
	must_shell(
		"cd '%s/buses' && mkdir -p 'devices/%s/%s' bus/pci/devices bus/pci/drivers/%u && "
		"ln -s '../../../devices/%s/%s' bus/pci/devices/ && cd 'devices/%s/%s' && "
		"echo pci:v00008086d%08Xsv00000000sd00000000bc02sc00i00 >modalias && "
		"ln -s /drivers/%u driver",
		top, directory, address, slot, directory, address, directory, address, slot, slot);
}

/* The directory of a bus with many functions is opened once: each of them is read all the same. */
static void check_buses(void)
{
	static const struct {
		const char *directory, *bus;
	} buses[] = {{"pci0000:00", "0000:00"}, {"pci0000:00/0000:00:01.0", "0000:07"},
		{"pci0001:00", "0001:00"}, {"soc/pcie", "0002:00"},
		{"soc/pcie/0002:00:01.0", "0002:09"}};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(device_list_done) struct device_list list = {0};
	char tree[100], address[PCI_ADDR_MAX], driver[8];

	must_shell("mkdir '%s/buses'", top);
	for (size_t i = 0; i < sizeof(buses) / sizeof(*buses); i++)
		for (unsigned slot = 1; slot <= 9; slot++) {
			(void)snprintf(address, sizeof(address), "%s:%02x.0", buses[i].bus, slot);
			/* One of each bus but the last is at another place than the rest. */
			put_function(slot == 5 && i < 4 ? "elsewhere" : buses[i].directory, address,
				slot);
		}
	(void)snprintf(tree, sizeof(tree), "%s/buses", top);
	CHECK_INT(sysfs_open(&s, tree, NULL), 0);
	CHECK_INT(scan_all(&s, &list, false, keep_all, NULL, NULL), 0);
	CHECK_INT(list.n, 9 * sizeof(buses) / sizeof(*buses));
	for (size_t i = 0; i < list.n; i++) {
		struct device *d = &list.at[i];
		CHECK_INT(d->error, 0);
		CHECK_INT(d->id.device, d->addr.device);
		scan_driver(&s, d);
		(void)snprintf(driver, sizeof(driver), "%u", (unsigned)d->addr.device);
		CHECK_STR(d->driver, driver);
	}

	/* What is below the directory of the last bus and not in the list is not there. */
	char modalias[96];
	CHECK(sysfs_read(&s, (struct pci_addr){2, 9, 1, 0}, "modalias", modalias,
		      sizeof(modalias)) > 0);
	put_function("soc/pcie/0002:00:01.0", "0002:09:1f.0", 31);
	must_shell("rm '%s/buses/bus/pci/devices/0002:09:1f.0'", top);
	CHECK_INT(sysfs_read(&s, (struct pci_addr){2, 9, 31, 0}, "modalias", modalias,
			  sizeof(modalias)),
		-ENOENT);
}

static int by_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(void)
{
	char tree[300];
	struct dirent **names = NULL;

	fake_sysfs_begin("scan");
	int n = scandir(TREES, &names, by_name, alphasort);
	check_case("there are trees");
	CHECK(n > 0);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		check_case("lspci and we read the same of %s", name);
		(void)snprintf(tree, sizeof(tree), "%s/%.200s", top, name);
		if (CHECK(check_shell("tests/unit/tree " TREES "/%s %s", name, tree)))
			check_tree(tree);
		free(names[i]);
	}
	free(names);

	check_case("functions of large buses, of several domains and at odd places");
	check_buses();

	check_case("lspci and we read the same serial numbers");
	(void)snprintf(tree, sizeof(tree), "%s/identical-cards", top);
	check_serials(tree);

	check_case("this machine's own /sys, if it has PCI");
	if (access("/sys/bus/pci/devices/", F_OK) == 0)
		check_tree("/sys");
	else
		CHECK_SKIP("no /sys/bus/pci/devices here");

	return check_done();
}
