/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/address.h"

#include "check.h"
#include "pci/id.h"

static void test_addresses(void)
{
	static const struct {
		const char *text;
		const char *kernel; /* as the kernel writes it, NULL: no address */
	} rows[] = {
		{"0000:01:00.0", "0000:01:00.0"},
		{"01:00.0", "0000:01:00.0"},
		{"1:0.7", "0000:01:00.7"},
		{"0:ff:1f.7", "0000:ff:1f.7"},
		{"10000:E1:00.0", "10000:e1:00.0"},
		{"ffffffff:ff:1f.7", "ffffffff:ff:1f.7"},
		{"100000000:00:00.0", NULL},
		{"01:20.0", NULL},
		{"01:00.8", NULL},
		{"01:00.a", NULL},
		{"01:00.*", NULL},
		{"01:00.00", NULL},
		{"01:00.", NULL},
		{"01:00", NULL},
		{"100:00.0", NULL},
		{"01:000.0", NULL},
		{"0000:01:00.0 ", NULL},
		{" 0000:01:00.0", NULL},
		{"0000:01:00.0\n", NULL},
		{"0000-01:00.0", NULL},
		{"0000:01:00:0", NULL},
		{"0x0:01:00.0", NULL},
		{"-1:00.0", NULL},
		{"::.0", NULL},
		{"", NULL},
		{"..", NULL},
		{"pci0000:00", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pci_addr addr = {.domain = 7, .bus = 7, .device = 7, .function = 7};
		char buf[PCI_ADDR_MAX];

		check_case("address '%s'", rows[i].text);
		CHECK_INT(pci_addr_parse(rows[i].text, &addr), rows[i].kernel != NULL);
		CHECK_STR(pci_addr_format(addr, buf),
			rows[i].kernel ? rows[i].kernel : "0007:07:07.7");
	}
}

static void test_order(void)
{
	static const char *const sorted[] = {"0000:00:00.0", "0000:00:00.7", "0000:00:1f.0",
		"0000:01:00.0", "0000:ff:1f.7", "0001:00:00.0", "ffff:00:00.0", "10000:00:00.0",
		"80000000:00:00.0"};
	size_t n = sizeof(sorted) / sizeof(*sorted);

	check_case("addresses have an order");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			struct pci_addr a = {0}, b = {0};
			CHECK(pci_addr_parse(sorted[i], &a) && pci_addr_parse(sorted[k], &b));
			int order = pci_addr_compare(a, b);
			CHECK_INT((order > 0) - (order < 0), (i > k) - (i < k));
		}

	check_case("functions of one device");
	struct pci_addr a = {.domain = 1, .bus = 2, .device = 3, .function = 0}, b = a;
	b.function = 7;
	CHECK(pci_addr_same_device(a, b));
	b.device = 4;
	CHECK(!pci_addr_same_device(a, b));
	b = a;
	b.bus = 3;
	CHECK(!pci_addr_same_device(a, b));
	b = a;
	b.domain = 0x10001;
	CHECK(!pci_addr_same_device(a, b));
}

static void test_ids(void)
{
	static const struct {
		const char *text;
		const char *shown; /* NULL: no id */
	} rows[] = {
		{"10de:2204", "10de:2204"},
		{"10DE:2204", "10de:2204"},
		{"10de:2204:1458:403b", "10de:2204:1458:403b"},
		{"10de:2204:*:403b", "10de:2204:*:403b"},
		{"10de:2204:1458:*", "10de:2204:1458:*"},
		{"10de:2204:*:*", "10de:2204"},
		{"10de:*", NULL},
		{"*:2204", NULL},
		{"10de:2204:1458", NULL},
		{"10de:2204:1458:403b:1", NULL},
		{"10de:220", NULL},
		{"10de:02204", NULL},
		{"10de2204", NULL},
		{"10de:2204 ", NULL},
		{"10de:2204:", NULL},
		{"10de:2204:**:*", NULL},
		{"0x10de:0x2204", NULL},
		{":", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pci_id id = {1, 2, 3, 4};
		char buf[PCI_ID_MAX];

		check_case("id '%s'", rows[i].text);
		CHECK_INT(pci_id_parse(rows[i].text, &id), rows[i].shown != NULL);
		CHECK_STR(pci_id_format(&id, buf),
			rows[i].shown ? rows[i].shown : "0001:0002:0003:0004");
	}
}

static void test_matches(void)
{
	static const struct pci_id card = {0x10de, 0x2204, 0x1458, 0x403b};
	static const struct {
		const char *pattern;
		bool matches;
	} rows[] = {
		{"10de:2204", true},
		{"10de:2204:1458:403b", true},
		{"10de:2204:*:403b", true},
		{"10de:2204:1458:*", true},
		{"10de:2205", false},
		{"10df:2204", false},
		{"10de:2204:1459:*", false},
		{"10de:2204:*:403c", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pci_id pattern;

		check_case("10de:2204:1458:403b is %s%s", rows[i].matches ? "" : "no ",
			rows[i].pattern);
		CHECK(pci_id_parse(rows[i].pattern, &pattern));
		CHECK_INT(pci_id_matches(&pattern, &card), rows[i].matches);
	}
}

static void test_modalias(void)
{
	static const struct {
		const char *text;
		bool ok;
		struct pci_id id;
		uint32_t class;
	} rows[] = {
		{"pci:v000010DEd00002204sv00001458sd0000403Bbc03sc00i00", true,
			{0x10de, 0x2204, 0x1458, 0x403b}, 0x030000},
		/* a last digit that could be the next field's letter, and the other way around */
		{"pci:v00001B36d0000000Dsv00001AF4sd00001100bc0Csc03i30", true,
			{0x1b36, 0xd, 0x1af4, 0x1100}, 0x0c0330},
		{"pci:v0000DDDDd0000DDDDsv0000DDDDsd0000BBBBbcBCsc5Ci1D", true,
			{0xdddd, 0xdddd, 0xdddd, 0xbbbb}, 0xbc5c1d},
		{"pci:v0000FFFFd0000FFFFsv0000FFFFsd0000FFFFbcFFscFFiFF", true,
			{0xffff, 0xffff, 0xffff, 0xffff}, 0xffffff},
		{"pci:v000010DEd00002204sv00001458sd0000403Bbc03sc00i0", false, {0}, 0},
		{"pci:v000010DEd00002204sv00001458", false, {0}, 0},
		{"pci:v000010DEd00002204", false, {0}, 0},
		{"pci:v10DEd2204sv1458sd403Bbc03sc00i00", false, {0}, 0},
		{"pci:v000010DGd00002204sv00001458sd0000403Bbc03sc00i00", false, {0}, 0},
		{"pci:v+00010DEd00002204sv00001458sd0000403Bbc03sc00i00", false, {0}, 0},
		{"usb:v1D6Bp0002d0601dc09dsc00dp01ic09isc00ip00in00", false, {0}, 0},
		{"pci:", false, {0}, 0},
		{"", false, {0}, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pci_id id = {1, 2, 3, 4};
		uint32_t class = 5;

		check_case("modalias '%s'", rows[i].text);
		if (!CHECK_INT(pci_modalias_parse(rows[i].text, &id, &class), rows[i].ok))
			continue;
		CHECK_INT(id.vendor, rows[i].ok ? rows[i].id.vendor : 1);
		CHECK_INT(id.device, rows[i].ok ? rows[i].id.device : 2);
		CHECK_INT(id.subvendor, rows[i].ok ? rows[i].id.subvendor : 3);
		CHECK_INT(id.subdevice, rows[i].ok ? rows[i].id.subdevice : 4);
		CHECK_INT(class, rows[i].ok ? rows[i].class : 5);
	}
}

int main(void)
{
	test_addresses();
	test_order();
	test_ids();
	test_matches();
	test_modalias();
	return check_done();
}
