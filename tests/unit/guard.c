/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host needs, and what may be needed, on plans made by hand, in arrays of just their size:
 * the cases of tests/unit/plan have the sentences, here is each row of each table. */
#include "core/guard.h"

#include "base/str.h"
#include "check.h"
#include "core/select.h"
#include "exact.h"

#define DISPLAY 0x030000
#define AUDIO 0x040300
#define DISK 0x010802
#define NIC 0x020000
#define USB_HOST 0x0c0330

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
	scan_cards(&h.devices);
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

int main(void)
{
	test_classes();
	test_needed();
	test_moved();
	put_back();
	return check_done();
}
