/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host needs, and what may be needed, on plans made by hand, in arrays of just their size:
 * the cases of tests/unit/plan have the sentences, here is each row of each table. */
#include "core/guard.h"

#include "base/str.h"
#include "check.h"
#include "core/card.h"
#include "core/probe.h"
#include "exact.h"

#include <errno.h>

#define DISPLAY 0x030000
#define AUDIO 0x040300
#define DISK 0x010802
#define NIC 0x020000
#define USB_HOST 0x0c0330
#define BRIDGE 0x060400

/* A function, how it is asked for, and what becomes of it. */
struct row {
	const char *address;
	uint32_t class;
	uint32_t vendor;
	enum selector_kind kind;
	const char *reason; /* NULL: it is bound */
};

static struct config c;
static struct probe h;
static struct plan p;

static void put_back(void)
{
	plan_done(&p);
	probe_done(&h);
	config_done(&c);
	p = (struct plan){0};
	h = (struct probe){0};
}

/* A plan that binds each of the rows, and no guard has seen. */
static void make(const struct row *rows, size_t n)
{
	put_back();
	c.n_selectors = p.n = h.devices.n = n;
	c.selectors = calloc(n, sizeof(*c.selectors));
	h.devices.at = calloc(n, sizeof(*h.devices.at));
	h.paths = calloc(n, sizeof(*h.paths));
	p.verdicts = calloc(n, sizeof(*p.verdicts));
	if (!c.selectors || !h.devices.at || !h.paths || !p.verdicts)
		abort();
	c.path = "CONFIG";
	p.config = &c;
	for (size_t i = 0; i < n; i++) {
		struct device *d = &h.devices.at[i];
		d->class = rows[i].class;
		d->boot_vga = -1;
		d->group = (int)i;
		d->id = (struct pci_id){rows[i].vendor, 0x1000 + (uint32_t)i, 1, 2};
		if (!pci_addr_parse(rows[i].address, &d->addr))
			abort();
		c.selectors[i] = (struct selector){.kind = rows[i].kind,
			.line = (unsigned)i + 1,
			.addr = d->addr,
			.id = d->id};
		p.verdicts[i] = (struct verdict){
			.selector = &c.selectors[i], .device = d, .driver = "vfio-pci"};
		(void)str_copy(p.verdicts[i].reason, sizeof(p.verdicts[i].reason), "asked for");
	}
	cards_mark(&h.devices, &(struct sysfs){.devices = -1});
}

/* The actions of all, and of those refused the reason as a whole. */
static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct verdict *v = &p.verdicts[i];
		(void)check_that((v->action == ACTION_REFUSE) == (rows[i].reason != NULL), __FILE__,
			__LINE__, "%s is %s: %s", rows[i].address, action_name(v->action),
			v->reason);
		CHECK_STR(v->reason, rows[i].reason ? rows[i].reason : "asked for");
	}
}

#define LEN(array) (sizeof(array) / sizeof(*(array)))
#define MAKE(rows) make(rows, LEN(rows))
#define CHECK_ROWS(rows) check_rows(rows, LEN(rows))

/* A list of just n, complete. */
static struct protected_list list_of(const struct protected_dev *devices, size_t n)
{
	struct protected_list k = {.at = calloc(n, sizeof(*k.at)),
		.n = n,
		.size = n,
		.ended = true,
		.route_elsewhere = true};

	if (!k.at)
		abort();
	if (n > 0)
		memcpy(k.at, devices, n * sizeof(*devices));
	return k;
}

static struct pci_addr place(const char *address)
{
	struct pci_addr addr;

	if (!pci_addr_parse(address, &addr))
		abort();
	return addr;
}

static void test_classes(void)
{
	static const struct {
		uint32_t class;
		bool search, needed; /* is it searched what the host needs; may this be that? */
	} rows[] = {
		{DISPLAY, false, false},
		{0x038000, false, false},
		{AUDIO, false, false},
		{0x040000, false, false},
		{0x120000, false, false},
		{0x0b4000, true, false},
		{0x0c0500, true, false},
		{0x080000, true, false},
		{0x000000, true, false},
		{DISK, true, true},
		{0x010000, true, true},
		{0x018000, true, true},
		{NIC, true, true},
		{0x028000, true, true},
		{0x0d1000, true, true},
		{0x0c0600, true, true},
		{USB_HOST, true, true},
		{0x0c0310, true, true},
		{0x090000, true, true},
		{0x080501, true, true},
		{0x0c0400, true, true},
		{0x0c0010, true, true},
		{0xff0000, true, true},
	};

	check_case("classes: what may hold a disk, a network or a keyboard");
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct row one[] = {{"01:00.0", rows[i].class, 1, SELECT_ID, NULL}};
		const struct row two[] = {{"00:02.0", DISPLAY, 1, SELECT_ID, NULL},
			{"01:00.0", rows[i].class, 1, SELECT_ID, NULL},
			{"02:00.0", AUDIO, 1, SELECT_ID, NULL}};
		MAKE(one);
		(void)check_that(guard_needs_protected(&p) == rows[i].search, __FILE__, __LINE__,
			"class %06x", rows[i].class);
		p.verdicts[0].action = ACTION_REFUSE;
		CHECK(!guard_needs_protected(&p));
		p.verdicts[0] = (struct verdict){
			.action = ACTION_ABSENT, .selector = p.verdicts[0].selector};
		CHECK(!guard_needs_protected(&p));
		MAKE(two);
		CHECK_INT(guard_needs_protected(&p), rows[i].search);
		(void)check_that(guard_is_needed(rows[i].class) == rows[i].needed, __FILE__,
			__LINE__, "class %06x", rows[i].class);
	}
}

static void test_needed(void)
{
	static const struct row rows[] = {
		{"00:1f.2", DISK, 1, SELECT_ADDRESS, "the host needs it: a"},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
		{"02:00.0", DISK, 1, SELECT_ID, NULL},
		{"03:00.0", NIC, 1, SELECT_ID,
			"the host needs it: b; [guard] network = allow lets it be taken"},
		{"04:00.0", USB_HOST, 1, SELECT_ID,
			"the host needs it: c; [guard] keyboard = allow lets it be taken"},
		{"05:00.0", NIC, 1, SELECT_SERIAL, "the host needs it: d"},
	};
	static const struct row allowed[] = {
		{"00:1f.2", DISK, 1, SELECT_ADDRESS, "the host needs it: a"},
		{"03:00.0", NIC, 1, SELECT_ID, NULL},
		{"04:00.0", USB_HOST, 1, SELECT_ID, NULL},
		{"05:00.0", NIC, 1, SELECT_SERIAL, "the host needs it: d"},
	};
	const struct protected_dev needed[] = {
		{.kind = PROTECTED_STORAGE,
			.addr = place("00:1f.2"),
			.at_addr = true,
			.reason = "a",
			.path_addr = place("02:00.0")},
		{.kind = PROTECTED_ROUTE,
			.addr = place("01:00.0"),
			.path_addr = place("03:00.0"),
			.at_path = true,
			.reason = "b"},
		{.kind = PROTECTED_KEYBOARD,
			.addr = place("04:00.0"),
			.at_addr = true,
			.reason = "c"},
		{.kind = PROTECTED_NETWORK,
			.addr = place("05:00.0"),
			.path_addr = place("05:00.0"),
			.at_path = true,
			.at_addr = true,
			.reason = "d"},
	};
	_cleanup_(protected_done) struct protected_list k = list_of(needed, LEN(needed));

	check_case("needed: at its address or at the end of its path, and what lets it be taken");
	MAKE(rows);
	guard_protected(&p, &k, "");
	CHECK_ROWS(rows);
	CHECK_STR(p.unverified, "");

	check_case("needed: what the config allows is taken, and nothing else");
	MAKE(allowed);
	c.may_take_network = c.may_take_keyboard = true;
	guard_protected(&p, &k, "");
	CHECK_ROWS(allowed);
	MAKE(rows);
	c.may_take_network = true;
	guard_protected(&p, &k, "");
	CHECK_INT(p.verdicts[3].action, ACTION_BIND);
	CHECK_INT(p.verdicts[4].action, ACTION_REFUSE);
	MAKE(rows);
	c.may_take_keyboard = true;
	guard_protected(&p, &k, "");
	CHECK_INT(p.verdicts[3].action, ACTION_REFUSE);
	CHECK_INT(p.verdicts[4].action, ACTION_BIND);

	check_case("needed: what is refused already keeps its reason");
	MAKE(rows);
	p.verdicts[0].action = ACTION_REFUSE;
	guard_protected(&p, &k, "");
	CHECK_STR(p.verdicts[0].reason, "asked for");
}

#define HAS_MOVED(what)                                                                            \
	"the host's 144d:a80a was at 0000:0b:00.0 when the image was made and has moved (" what    \
	"); it may be this one: rebuild the image"

static void test_moved(void)
{
	static const struct row disk[] = {
		{"00:17.0", 0x010601, 1, SELECT_ADDRESS, HAS_MOVED("a")},
		{"01:00.0", DISK, 1, SELECT_ID, HAS_MOVED("a")},
		{"02:00.0", NIC, 1, SELECT_ID, NULL},
		{"03:00.0", USB_HOST, 1, SELECT_ID, NULL},
	};
	static const struct row usb[] = {
		{"00:14.0", USB_HOST, 1, SELECT_ADDRESS, HAS_MOVED("b")},
		{"01:00.0", 0x0c0500, 1, SELECT_ID, NULL},
		{"02:00.0", DISK, 1, SELECT_ID, NULL},
		{"03:00.0", NIC, 1, SELECT_ID, NULL},
	};
	static const struct row nic[] = {
		{"01:00.0", NIC, 1, SELECT_ID, HAS_MOVED("c")},
		{"02:00.0", 0x028000, 1, SELECT_ID, HAS_MOVED("c")},
		{"03:00.0", DISK, 1, SELECT_ID, NULL},
	};
	const struct protected_dev needed[] = {
		{.kind = PROTECTED_STORAGE, .class = DISK, .reason = "a"},
		{.kind = PROTECTED_KEYBOARD, .class = 0x0c0320, .reason = "b"},
		{.kind = PROTECTED_NETWORK, .class = 0x020700, .reason = "c"},
	};
	static const struct {
		const struct row *rows;
		size_t n;
	} tables[] = {{disk, LEN(disk)}, {usb, LEN(usb)}, {nic, LEN(nic)}};

	check_case("moved: nothing of its class is taken, whatever the subclass of disks and NICs");
	for (size_t i = 0; i < LEN(needed); i++) {
		_cleanup_(protected_done) struct protected_list k = list_of(&needed[i], 1);
		k.at[0].id = (struct pci_id){0x144d, 0xa80a, PCI_ANY, PCI_ANY};
		k.at[0].addr = place("0b:00.0");
		make(tables[i].rows, tables[i].n);
		guard_protected(&p, &k, "");
		check_rows(tables[i].rows, tables[i].n);
	}
}

#define MAY_NEED(unknown)                                                                          \
	"the host may need it: " unknown "; name it by address to have it all the same"

static void test_unknown(void)
{
	static const struct row rows[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID, NULL},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
		{"01:00.1", AUDIO, 1, SELECT_ID, NULL},
		{"01:00.2", USB_HOST, 1, SELECT_ID, NULL},
		{"01:00.3", USB_HOST, 2, SELECT_ID, MAY_NEED("x")},
		{"02:00.0", DISK, 1, SELECT_ID, MAY_NEED("x")},
		{"03:00.0", NIC, 1, SELECT_GPUS, NULL},
		{"04:00.0", USB_HOST, 1, SELECT_ADDRESS, NULL},
	};
	struct protected_list k = {.ended = true};

	check_case("unknown: what is asked for by id stays, what is named goes with a warning");
	(void)str_copy(k.unknown, sizeof(k.unknown), "x");
	MAKE(rows);
	guard_protected(&p, &k, "");
	CHECK_ROWS(rows);
	CHECK_STR(p.unverified, "the host may need it: x");

	check_case(
		"unknown: the first that is asked for, and the USB port of a display that is the first");
	static const struct row first[] = {
		{"00:17.0", DISK, 1, SELECT_ID, MAY_NEED("x")},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
	};
	static const struct row port[] = {
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
		{"01:00.1", USB_HOST, 1, SELECT_ID, NULL},
	};
	MAKE(first);
	guard_protected(&p, &k, "");
	CHECK_ROWS(first);
	MAKE(port);
	guard_protected(&p, &k, "");
	CHECK_ROWS(port);

	check_case("unknown: a record that was cut off");
	k = (struct protected_list){.n = 0};
	MAKE(rows);
	guard_protected(&p, &k, "");
	CHECK_STR(p.verdicts[5].reason, MAY_NEED("the record was cut off"));
	CHECK_STR(p.unverified, "the host may need it: the record was cut off");

	check_case("unknown: nothing that is named, no warning");
	MAKE(rows);
	p.verdicts[6].action = p.verdicts[7].action = ACTION_REFUSE;
	guard_protected(&p, &k, "");
	CHECK_STR(p.unverified, "");
}

static void test_doubts(void)
{
	static const char route[] =
		"the host's default route may go over it: r; name it by address or set [guard] network = allow to have it all the same";
	static const char keyboard[] =
		"a passphrase may be typed at it: k; name it by address or set [guard] keyboard = allow to have it all the same";
	const struct row rows[] = {
		{"01:00.0", DISK, 1, SELECT_ID, NULL},
		{"02:00.0", NIC, 1, SELECT_ID, route},
		{"03:00.0", 0x0d1000, 1, SELECT_ID, route},
		{"04:00.0", USB_HOST, 1, SELECT_ID, keyboard},
		{"05:00.0", 0x090000, 1, SELECT_ID, keyboard},
		{"06:00.0", 0x0c0600, 1, SELECT_ADDRESS, NULL},
	};
	static const struct row all[] = {
		{"02:00.0", NIC, 1, SELECT_ID, NULL},
		{"04:00.0", USB_HOST, 1, SELECT_ID, NULL},
	};
	struct protected_list k = {.ended = true};

	check_case("doubts about the route and the keyboard concern NICs, and USB and input");
	(void)str_copy(k.doubts[UNKNOWN_ROUTE], sizeof(k.doubts[0]), "r");
	(void)str_copy(k.doubts[UNKNOWN_KEYBOARD], sizeof(k.doubts[0]), "k");
	MAKE(rows);
	guard_protected(&p, &k, "");
	CHECK_ROWS(rows);
	CHECK_STR(p.unverified, "the host's default route may go over it: r");

	check_case("doubts: allowed in the config");
	MAKE(all);
	c.may_take_network = c.may_take_keyboard = true;
	guard_protected(&p, &k, "");
	CHECK_ROWS(all);
	CHECK_STR(p.unverified, "");

	check_case("doubts: of the keyboard alone");
	k.doubts[UNKNOWN_ROUTE][0] = '\0';
	const struct protected_dev nic = {
		.kind = PROTECTED_ROUTE, .addr = place("0f:00.0"), .at_addr = true};
	_cleanup_(protected_done) struct protected_list with = list_of(&nic, 1);
	(void)str_copy(with.doubts[UNKNOWN_KEYBOARD], sizeof(k.doubts[0]), "k");
	MAKE(all);
	guard_protected(&p, &with, "");
	CHECK_INT(p.verdicts[0].action, ACTION_BIND);
	CHECK_STR(p.verdicts[1].reason, keyboard);
}

#define MAY_BOOT(what)                                                                             \
	"the host may boot over it: " what                                                         \
	"; named by address and with [guard] network = allow it is bound"

static void test_network(void)
{
	static const struct row word[] = {
		{"01:00.0", DISK, 1, SELECT_ID, NULL},
		{"02:00.0", NIC, 1, SELECT_ADDRESS,
			MAY_BOOT("'ip=dhcp' on the kernel command line")},
		{"03:00.0", NIC, 1, SELECT_ID, MAY_BOOT("'ip=dhcp' on the kernel command line")},
	};
	static const struct row allowed[] = {
		{"02:00.0", NIC, 1, SELECT_ADDRESS, NULL},
		{"03:00.0", NIC, 1, SELECT_ID, MAY_BOOT("n")},
	};
	static const struct row free_ones[] = {
		{"02:00.0", NIC, 1, SELECT_ADDRESS, NULL},
		{"03:00.0", NIC, 1, SELECT_ID, NULL},
	};
	const struct protected_dev route = {
		.kind = PROTECTED_ROUTE, .addr = place("0f:00.0"), .at_addr = true, .reason = "r"};
	const struct protected_dev peer = {.kind = PROTECTED_NETWORK,
		.addr = place("0f:00.0"),
		.at_addr = true,
		.reason = "r"};
	_cleanup_(protected_done) struct protected_list k = list_of(&route, 1);

	check_case("network: a word for it, and no NIC is known by which it comes");
	MAKE(word);
	guard_protected(&p, NULL, "ip=dhcp");
	CHECK_ROWS(word);
	CHECK_STR(p.unverified, "");
	MAKE(word);
	guard_protected(&p, &k, "ip=dhcp");
	CHECK_ROWS(word);

	check_case(
		"network: a doubt, where it is allowed: only one that is named, and with a warning");
	(void)str_copy(k.doubts[UNKNOWN_NETWORK], sizeof(k.doubts[0]), "n");
	MAKE(allowed);
	c.may_take_network = true;
	guard_protected(&p, &k, "ip=dhcp");
	CHECK_ROWS(allowed);
	CHECK_STR(p.unverified, "the host may boot over it: n");

	check_case("network: the word, and the NIC for it is known; no word");
	_cleanup_(protected_done) struct protected_list known = list_of(&peer, 1);
	MAKE(free_ones);
	guard_protected(&p, &known, "ip=dhcp");
	CHECK_ROWS(free_ones);
	MAKE(free_ones);
	guard_protected(&p, NULL, "");
	CHECK_ROWS(free_ones);
}

static void test_slot(void)
{
	static const struct row rows[] = {
		{"01:00.0", AUDIO, 1, SELECT_ID, "same card as 0000:01:00.1: why"},
		{"01:00.1", DISPLAY, 1, SELECT_ID, "why"},
		{"01:00.2", USB_HOST, 1, SELECT_ID, "same card as 0000:01:00.1: why"},
		{"01:00.3", USB_HOST, 2, SELECT_ID, NULL},
		{"01:01.0", DISPLAY, 1, SELECT_ID, NULL},
	};

	check_case("slot: the whole card is refused, another vendor's function is not of it");
	MAKE(rows);
	guard_refuse_card(&p, &p.verdicts[1], "why");
	CHECK_ROWS(rows);

	check_case("slot: one that is absent is among them, or was asked for by another thing");
	MAKE(rows);
	p.verdicts[2] = (struct verdict){.action = ACTION_ABSENT, .selector = &c.selectors[2]};
	c.selectors[2].kind = SELECT_ADDRESS;
	guard_refuse_card(&p, &p.verdicts[1], "why");
	CHECK_STR(p.verdicts[0].reason, "same card as 0000:01:00.1: why");
	CHECK_INT(p.verdicts[2].action, ACTION_ABSENT);
	MAKE(rows);
	p.verdicts[1] = (struct verdict){.action = ACTION_ABSENT, .selector = &c.selectors[1]};
	c.selectors[1].kind = SELECT_ADDRESS;
	guard_refuse_card(&p, &p.verdicts[0], "why");
	CHECK_STR(p.verdicts[2].reason, "same card as 0000:01:00.0: why");
	MAKE(rows);
	p.verdicts[0] = (struct verdict){.action = ACTION_ABSENT, .selector = &c.selectors[0]};
	guard_refuse_card(&p, &p.verdicts[1], "why");
	CHECK_INT(p.verdicts[0].action, ACTION_ABSENT);
	CHECK_STR(p.verdicts[2].reason, "same card as 0000:01:00.1: why");
}

static void test_unreadable(void)
{
	static const char reason[] = "0000:01:00.2 of its slot can't be read: Input/output error";
	static const struct row rows[] = {
		{"01:00.0", DISPLAY, 1, SELECT_ID, reason},
		{"01:00.1", AUDIO, 1, SELECT_ID,
			"same card as 0000:01:00.0: 0000:01:00.2 of its slot can't be read: Input/output error"},
		{"01:00.2", 0, 0, SELECT_ID, "can't be read: Input/output error"},
		{"01:01.0", DISPLAY, 1, SELECT_ID, NULL},
		{"02:00.0", DISK, 1, SELECT_ID, NULL},
	};

	check_case(
		"a function of the card that can't be read: the display is not bound without it");
	MAKE(rows);
	c.may_take_boot_vga = c.may_take_last_display = true;
	h.devices.at[2].error = -EIO;
	guard_apply(&p, &h);
	CHECK_ROWS(rows);

	check_case("... also one that comes first, and it does not matter to what is no card");
	static const struct row first[] = {
		{"01:00.0", 0, 0, SELECT_ID, "can't be read: Permission denied"},
		{"01:00.1", DISPLAY, 1, SELECT_ID,
			"0000:01:00.0 of its slot can't be read: Permission denied"},
		{"02:00.0", 0, 0, SELECT_ID, "can't be read: Permission denied"},
		{"02:00.1", DISK, 1, SELECT_ID, NULL},
	};
	MAKE(first);
	c.may_take_boot_vga = c.may_take_last_display = true;
	h.devices.at[0].error = h.devices.at[2].error = -EACCES;
	guard_apply(&p, &h);
	CHECK_ROWS(first);
}

/* The selectors name the slot and the second function's id; that of the first names no such id. */
static void test_other_id(void)
{
	static const struct row whole[] = {
		{"01:00.0", DISPLAY, 1, SELECT_ADDRESS, NULL},
		{"01:00.1", AUDIO, 1, SELECT_ADDRESS, NULL},
		{"02:00.0", NIC, 1, SELECT_ADDRESS,
			"another device is there now: 0001:1002; 0001:1001 is at 0000:01:00.1 now"},
		{"03:00.0", NIC, 1, SELECT_ADDRESS,
			"another device is there now: 0001:1003:0001:0002; 0001:1000:0001:0002 is at 0000:01:00.0 now"},
		{"04:00.0", NIC, 1, SELECT_ADDRESS,
			"another device is there now: 0001:1004; 0009:0009 is not in this machine"},
		{"05:00.0", NIC, 1, SELECT_ID, NULL},
	};
	static const struct row gone[] = {
		{"01:00.0", DISPLAY, 1, SELECT_ADDRESS,
			"another device is there now: 0001:1000; 0009:0009 is not in this machine"},
		{"01:00.1", AUDIO, 1, SELECT_ADDRESS,
			"same card as 0000:01:00.0: another device is there now: 0001:1000; 0009:0009 is not in this machine"},
		{"02:00.0", NIC, 9, SELECT_ID, "can't be read: Input/output error"},
	};

	check_case("id: that of one function of the slot, or of a device elsewhere");
	MAKE(whole);
	c.may_take_boot_vga = c.may_take_last_display = true;
	for (size_t i = 0; i < LEN(whole); i++) {
		c.selectors[i].has_id = true;
		c.selectors[i].any_function = i < 2;
		c.selectors[i].id = h.devices.at[i == 3 ? 0 : 1].id;
		if (i != 3)
			c.selectors[i].id.subvendor = c.selectors[i].id.subdevice = PCI_ANY;
	}
	c.selectors[4].id.vendor = c.selectors[4].id.device = 9;
	guard_apply(&p, &h);
	CHECK_ROWS(whole);

	check_case("id: of no function of the slot, and of one that can't be read");
	MAKE(gone);
	c.may_take_boot_vga = c.may_take_last_display = true;
	for (size_t i = 0; i < 2; i++) {
		c.selectors[i].has_id = c.selectors[i].any_function = true;
		c.selectors[i].id = (struct pci_id){9, 9, PCI_ANY, PCI_ANY};
	}
	h.devices.at[2].error = -EIO;
	h.devices.at[2].id = (struct pci_id){9, 9, 1, 2};
	guard_apply(&p, &h);
	CHECK_ROWS(gone);

	check_case("id: of the first function, where both are asked for");
	static const struct row pair[] = {
		{"01:00.0", NIC, 1, SELECT_ADDRESS, NULL},
		{"01:00.1", NIC, 1, SELECT_ADDRESS, NULL},
	};
	MAKE(pair);
	c.selectors[1].has_id = c.selectors[1].any_function = true;
	c.selectors[1].id = h.devices.at[0].id;
	guard_apply(&p, &h);
	CHECK_ROWS(pair);

	check_case("id: of a vendor's cards: the message has what is there with its own");
	MAKE(pair);
	c.selectors[1].has_id = true;
	c.selectors[1].id = (struct pci_id){9, 9, 8, PCI_ANY};
	guard_apply(&p, &h);
	CHECK_STR(p.verdicts[1].reason,
		"another device is there now: 0001:1001:0001:0002; 0009:0009:0008:* is not in this machine");

	check_case("id: a companion was not asked for by one");
	MAKE(gone);
	c.may_take_boot_vga = c.may_take_last_display = true;
	c.selectors[1].has_id = true;
	c.selectors[1].id = (struct pci_id){9, 9, PCI_ANY, PCI_ANY};
	p.verdicts[1].companion = true;
	guard_apply(&p, &h);
	CHECK_INT(p.verdicts[1].action, ACTION_BIND);
}

static void test_groups(void)
{
	static const char none[] = "has no IOMMU group; is the IOMMU on in firmware and kernel?";
	const struct row some[] = {
		{"01:00.0", DISK, 1, SELECT_ID, none},
		{"02:00.0", DISK, 1, SELECT_ID, NULL},
	};
	const struct row all[] = {
		{"01:00.0", DISK, 1, SELECT_ID, none},
		{"02:00.0", DISK, 1, SELECT_ID, none},
	};
	static const struct row bridge[] = {{"00:01.0", BRIDGE, 1, SELECT_ID,
		"is a bridge (class 060400); bridges stay with the host"}};

	check_case("groups: one without, or all, and then the IOMMU is off");
	MAKE(some);
	h.devices.at[0].group = -1;
	guard_apply(&p, &h);
	CHECK_ROWS(some);
	CHECK(!p.no_iommu);
	MAKE(all);
	h.devices.at[0].group = h.devices.at[1].group = -1;
	guard_apply(&p, &h);
	CHECK_ROWS(all);
	CHECK(p.no_iommu);

	check_case("groups: one that comes later is not missing");
	MAKE(some);
	h.devices.at[0].group = -1;
	h.devices.at[0].group_later = true;
	guard_apply(&p, &h);
	CHECK_INT(p.verdicts[0].action, ACTION_BIND);
	CHECK_HAS(p.verdicts[0].reason, "; this kernel gives it an IOMMU group when it is bound");
	CHECK(!p.no_iommu);

	check_case("groups: the only device that is asked for");
	MAKE(all);
	p.n = 1;
	exact_plan(&p);
	h.devices.at[0].group = -1;
	guard_apply(&p, &h);
	check_rows(all, 1);
	CHECK(p.no_iommu);
	MAKE(some);
	h.devices.at[1].group = -1;
	guard_apply(&p, &h);
	CHECK_INT(p.verdicts[0].action, ACTION_BIND);
	CHECK(!p.no_iommu);

	check_case("groups: nothing that was to be bound says nothing of the IOMMU");
	MAKE(bridge);
	h.devices.at[0].group = -1;
	guard_apply(&p, &h);
	CHECK_ROWS(bridge);
	CHECK(!p.no_iommu);
}

static void test_denylist(void)
{
	static const struct {
		const char *options;
		bool off;
	} rows[] = {{"", false}, {"disable_denylist", true}, {"disable_denylist=1", true},
		{"disable_denylist=y", true}, {"disable_denylist=Y x=1", true},
		{"disable_denylist=t", true}, {"disable_denylist=T", true},
		{"x=1 disable_denylist y=2", true}, {"disable_denylist=0", false},
		{"disable_denylist=", false}, {"disable_denylist=n", false},
		{"disable_denylists=1", false}, {"disable_vga=1", false}};
	static const uint32_t denied[] = {
		0x19e2, 0x19e3, 0x37c8, 0x37c9, 0x0435, 0x0443, 0x0b25, 0x0cfe};
	static const struct row row[] = {{"01:00.0", 0x0b4000, 0x8086, SELECT_ID, NULL}};

	check_case("denylist: each of it, unless an option lets it be taken");
	for (size_t i = 0; i < LEN(rows); i++)
		for (size_t k = 0; k < LEN(denied); k++) {
			MAKE(row);
			(void)str_copy(c.options, sizeof(c.options), rows[i].options);
			h.devices.at[0].id.device = denied[k];
			guard_apply(&p, &h);
			(void)check_that((p.verdicts[0].action == ACTION_BIND) == rows[i].off,
				__FILE__, __LINE__, "%04x with '%s'", denied[k], rows[i].options);
			if (!rows[i].off)
				CHECK_STR(p.verdicts[0].reason,
					"is in vfio-pci's denylist, for a guest can crash the host with it; [modules] options = disable_denylist=1 lets it be taken");
		}

	check_case("denylist: no other of the maker's, no other maker's, no other driver");
	MAKE(row);
	guard_apply(&p, &h);
	CHECK_ROWS(row);
	MAKE(row);
	h.devices.at[0].id.device = denied[0];
	h.devices.at[0].id.vendor = 0x8087;
	guard_apply(&p, &h);
	CHECK_ROWS(row);
	MAKE(row);
	h.devices.at[0].id.device = denied[0];
	p.verdicts[0].driver = "qat_vfio_pci";
	guard_apply(&p, &h);
	CHECK_ROWS(row);
}

static const char is_boot[] =
	"is the firmware's boot display; [guard] boot_vga = allow lets it be taken";
static const char no_display[] =
	"the host would have no display left; [guard] last_display = allow lets it be taken";

static void test_boot_display(void)
{
	const struct row rows[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID, is_boot},
		{"01:00.0", DISPLAY, 1, SELECT_GPUS, NULL},
	};
	const struct row by_card[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID,
			"is the firmware's boot display (boot_display of DRM); [guard] boot_vga = allow lets it be taken"},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
	};
	const struct row other[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID,
			"is the firmware's boot display (boot_display of DRM; boot_vga is 1 on 0000:01:00.0); [guard] boot_vga = allow lets it be taken"},
		{"01:00.0", DISPLAY, 1, SELECT_ID,
			"asked for; boot_vga is 1, but the boot display is 0000:00:02.0 (boot_display of DRM)"},
	};
	const struct row screen[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID,
			"a monitor is connected to it, and the boot display is not known; an address in the config takes it all the same"},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
	};
	const struct row unknown[] = {
		{"00:02.0", DISPLAY, 1, SELECT_GPUS,
			"no display says that it is the boot display; name the device by address"},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
		{"02:00.0", DISK, 1, SELECT_GPUS, NULL},
	};

	check_case("boot display: by boot_vga, by another source, by a screen, by nothing");
	MAKE(rows);
	h.boot = (struct boot_display){.by = WITNESS_BOOT_VGA};
	h.devices.at[0].boot_vga = 1;
	h.devices.at[0].is_boot_display = true;
	guard_apply(&p, &h);
	CHECK_ROWS(rows);
	MAKE(by_card);
	h.boot = (struct boot_display){.by = WITNESS_DRM, .addr = place("00:02.0")};
	h.devices.at[0].is_boot_display = true;
	guard_apply(&p, &h);
	CHECK_ROWS(by_card);
	MAKE(other);
	h.boot = (struct boot_display){.by = WITNESS_DRM, .addr = place("00:02.0")};
	h.devices.at[0].is_boot_display = true;
	h.devices.at[1].boot_vga = 1;
	guard_apply(&p, &h);
	CHECK_INT(p.verdicts[1].action, ACTION_BIND);
	CHECK_STR(p.verdicts[0].reason, other[0].reason);
	CHECK_STR(p.verdicts[1].reason, other[1].reason);
	MAKE(other);
	h.boot = (struct boot_display){.by = WITNESS_DRM, .addr = place("01:00.0")};
	h.devices.at[0].boot_vga = 1;
	h.devices.at[1].is_boot_display = true;
	guard_apply(&p, &h);
	CHECK_STR(p.verdicts[0].reason,
		"asked for; boot_vga is 1, but the boot display is 0000:01:00.0 (boot_display of DRM)");
	MAKE(screen);
	h.boot = (struct boot_display){.by = WITNESS_SCREEN, .addr = place("00:02.0")};
	h.devices.at[0].is_boot_display = true;
	guard_apply(&p, &h);
	CHECK_ROWS(screen);
	MAKE(unknown);
	guard_apply(&p, &h);
	CHECK_ROWS(unknown);

	check_case("boot display: allowed");
	static const struct row allowed[] = {
		{"00:02.0", DISPLAY, 1, SELECT_GPUS, NULL},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
	};
	for (int by = WITNESS_NONE; by <= WITNESS_SCREEN; by++) {
		MAKE(allowed);
		c.may_take_boot_vga = true;
		h.boot = (struct boot_display){
			.by = (enum boot_witness)by, .addr = place("00:02.0")};
		h.devices.at[0].is_boot_display = by != WITNESS_NONE;
		guard_apply(&p, &h);
		CHECK_ROWS(allowed);
	}
}

static void test_last_display(void)
{
	const struct row both[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID, no_display},
		{"01:00.0", DISPLAY, 1, SELECT_ID, no_display},
		{"02:00.0", DISK, 1, SELECT_ID, NULL},
		{"03:00.0", 0x030200, 1, SELECT_ID, NULL},
	};
	const struct row boot[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID, NULL},
		{"01:00.0", DISPLAY, 1, SELECT_ID, no_display},
	};
	static const struct row free_ones[] = {
		{"00:02.0", DISPLAY, 1, SELECT_ID, NULL},
		{"01:00.0", DISPLAY, 1, SELECT_ID, NULL},
		{"02:00.0", DISPLAY, 1, SELECT_ID, NULL},
	};

	check_case("last display: all stay where the boot display is unknown");
	MAKE(both);
	h.displays_known = true;
	guard_apply(&p, &h);
	CHECK_ROWS(both);

	check_case("last display: the boot display stays");
	MAKE(boot);
	c.may_take_boot_vga = h.displays_known = true;
	h.boot = (struct boot_display){.by = WITNESS_DRM, .addr = place("01:00.0")};
	h.devices.at[1].is_boot_display = true;
	guard_apply(&p, &h);
	CHECK_ROWS(boot);

	check_case("last display: allowed, not all are known, or one is not asked for");
	MAKE(free_ones);
	c.may_take_last_display = h.displays_known = true;
	guard_apply(&p, &h);
	CHECK_ROWS(free_ones);
	MAKE(free_ones);
	guard_apply(&p, &h);
	CHECK_ROWS(free_ones);
	MAKE(free_ones);
	h.displays_known = true;
	p.n = 2;
	exact_plan(&p);
	guard_apply(&p, &h);
	check_rows(free_ones, 2);
}

static void test_exclude(void)
{
	static const struct row rows[] = {
		{"01:00.0", DISK, 1, SELECT_ADDRESS, "excluded by CONFIG:1"},
		{"02:00.0", DISK, 1, SELECT_ID, NULL},
	};

	check_case("exclude: the line is named, and what is absent is let alone");
	MAKE(rows);
	c.selectors[0].exclude = true;
	guard_apply(&p, &h);
	CHECK_ROWS(rows);
	MAKE(rows);
	c.selectors[0].exclude = true;
	p.verdicts[0] = (struct verdict){.action = ACTION_ABSENT, .selector = &c.selectors[0]};
	guard_apply(&p, &h);
	CHECK_INT(p.verdicts[0].action, ACTION_ABSENT);
}

int main(void)
{
	test_classes();
	test_needed();
	test_moved();
	test_unknown();
	test_doubts();
	test_network();
	test_slot();
	test_unreadable();
	test_other_id();
	test_groups();
	test_denylist();
	test_boot_display();
	test_last_display();
	test_exclude();
	put_back();
	return check_done();
}
