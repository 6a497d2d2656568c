/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of a machine for a config, and which selector a device has: by hand, where a case of
 * tests/unit/plan shows no difference. */
#include "core/probe.h"

#include "base/str.h"
#include "check.h"
#include "exact.h"
#include "fake_sysfs.h"

/* A config on the machine of TOP/sys. */
struct machine {
	struct config c;
	struct sysfs s;
	struct probe h;
};

static void machine_done(struct machine *m)
{
	probe_done(&m->h);
	sysfs_done(&m->s);
	config_done(&m->c);
}

/* Nothing of it is probed. */
static void machine_open(struct machine *ret, const char *config)
{
	char path[80];

	*ret = (struct machine){.s = {.devices = -1}};
	(void)snprintf(path, sizeof(path), "%s/sys", top);
	CHECK_INT(config_parse(&ret->c, "CONFIG", config, strlen(config)), 0);
	CHECK_INT(ret->c.n_errors, 0);
	exact_config(&ret->c);
	if (!CHECK_INT(sysfs_open(&ret->s, path, NULL), 0))
		abort();
}

static void machine_probe(struct machine *m)
{
	const struct boot_display_from from = {0};

	CHECK_INT(probe_devices(&m->h, &m->c, &m->s, &from, NULL), 0);
}

static void machine_make(struct machine *ret, const char *config)
{
	machine_open(ret, config);
	machine_probe(ret);
}

static struct pci_addr place(const char *address)
{
	struct pci_addr addr;

	if (!pci_addr_parse(address, &addr))
		abort();
	return addr;
}

/* The addresses of the list, each behind a blank. */
static void check_list(const struct probe *h, const char *expected)
{
	char all[1024] = "", address[PCI_ADDR_MAX];
	size_t len = 0;

	for (size_t i = 0; i < h->devices.n && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, " %s",
			pci_addr_format(h->devices.at[i].addr, address) + strlen("0000:"));
	CHECK_STR(all, expected);
}

/* ---- what is read -----------------------------------------------------------------------------
 */

static void test_read(void)
{
	_cleanup_(machine_done) struct machine m;

	fake_sysfs_make("desktop");
	check_case("probe: an address is read alone, and a slot as a whole");
	machine_make(&m, "[bind]\naddresses = 03:00.0\n");
	check_list(&m.h, " 03:00.0");
	machine_done(&m);
	machine_make(&m, "[bind]\naddresses = 03:00.*, 01:00.1\n[exclude]\naddresses = 00:14.0\n");
	check_list(&m.h, " 01:00.1 03:00.0");
	machine_done(&m);

	check_case("probe: the other functions of a display are read where companions are wanted");
	machine_make(&m, "[bind]\naddresses = 01:00.0\n");
	check_list(&m.h, " 00:02.0 01:00.0 01:00.1 01:00.2 01:00.3");
	machine_done(&m);
	machine_make(&m, "[bind]\naddresses = 01:00.0\ncompanions = no\n");
	check_list(&m.h, " 00:02.0 01:00.0");
	machine_done(&m);

	check_case("probe: another id at an address is searched for");
	machine_make(&m, "[bind]\naddresses = 02:00.0=8086:15f3\n");
	check_list(&m.h, " 00:02.0 01:00.0 02:00.0 03:00.0");
	machine_done(&m);
	machine_make(&m, "[bind]\naddresses = 02:00.0=144d:a80a\n");
	check_list(&m.h, " 02:00.0");
}

static int each_none(struct pci_addr addr, void *to)
{
	(void)addr;
	(void)to;
	return 0;
}

/* Takes the slot of the card out of the list of devices. */
static void card_hide(void)
{
	must_shell("cd '%s/sys/bus/pci' && mkdir away && mv devices/0000:01:00.* away", top);
}

static void card_show(void)
{
	must_shell("cd '%s/sys/bus/pci' && mv away/* devices && rmdir away", top);
}

static void test_late_slot(void)
{
	static const char config[] = "[bind]\naddresses = 01:00.*\n[guard]\nboot_vga = allow\n";
	_cleanup_(machine_done) struct machine m;

	fake_sysfs_make("desktop");
	check_case("probe: a slot that comes after the list is read function by function");
	card_hide();
	machine_open(&m, config);
	CHECK_INT(sysfs_each_device(&m.s, each_none, NULL, NULL), 0);
	CHECK_INT(probe_may_match(&m.c, &m.s, place("01:00.0"), NULL), 0);
	card_show();
	CHECK_INT(probe_may_match(&m.c, &m.s, place("01:00.0"), NULL), 1);
	machine_probe(&m);
	check_list(&m.h, " 00:02.0 01:00.0 01:00.1 01:00.2 01:00.3");
	machine_done(&m);

	check_case("probe: so is a slot without function 0");
	must_shell("rm '%s/sys/bus/pci/devices/0000:01:00.0'", top);
	machine_make(&m, config);
	check_list(&m.h, " 01:00.1 01:00.2 01:00.3");
}

static void test_may_match(void)
{
	static const struct {
		const char *config, *address;
		int match;
	} rows[] = {
		{"addresses = 01:00.0", "01:00.0", 1},
		{"addresses = 01:00.3", "01:00.0", 1},
		{"addresses = 01:00.0", "02:00.0", 0},
		{"addresses = 01:00.*", "01:00.2", 1},
		{"paths = 0000:00:01.0/00.0", "01:00.0", 1},
		{"paths = 0000:00:01.0/00.1", "01:00.0", 1},
		{"paths = 0000:00:01.0/00.0", "02:00.0", 0},
		{"paths = 0000:00:1c.0/00.0", "02:00.0", 1},
		{"ids = 10de:1e89", "01:00.0", 1},
		{"ids = 10de:1e89", "00:02.0", 0},
		{"gpus = non-boot", "01:00.0", 1},
		{"gpus = non-boot", "00:02.0", 0},
		{"gpus = non-boot", "02:00.0", 0},
		{"serials = 00-00-00-00-00-00-00-01", "02:00.0", 1},
		{"addresses = 05:00.0", "05:00.0", 0},
	};
	char config[128];

	fake_sysfs_make("desktop");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		_cleanup_(machine_done) struct machine m;
		check_case("probe: a hot-plugged %s %s %s", rows[i].address,
			rows[i].match ? "may match" : "does not match", rows[i].config);
		(void)snprintf(config, sizeof(config), "[bind]\n%s\n", rows[i].config);
		machine_open(&m, config);
		CHECK_INT(probe_may_match(&m.c, &m.s, place(rows[i].address), NULL), rows[i].match);
	}
}

/* ---- a list that is full ----------------------------------------------------------------------
 */

#define FULL 16

/* As many functions as the list has room for when it is made, of a slot each: a display, and NICs
 * of one id. A loop that runs too far reads behind the list, which the sanitizer sees. */
static void full_make(const char *last)
{
	must_shell("rm -rf '%s/sys' && { for i in $(seq 16 %d); do "
		   "printf '[devices/pci0000:00/0000:00:%%x.0]\\nmodalias = "
		   "pci:v00008086d00001533sv00000000sd00000000bc02sc00i00\\n' $i; done; "
		   "printf '[devices/pci0000:00/0000:00:1f.0]\\nmodalias = %s\\n'; } "
		   "| tests/unit/tree - '%s/sys'",
		top, 16 + FULL - 2, last, top);
}

static void full_check(const char *config, const char *what)
{
	_cleanup_(machine_done) struct machine m;

	check_case("probe: no read behind a full list: %s", what);
	machine_make(&m, config);
	CHECK_INT(m.h.devices.n, FULL);
	CHECK_INT(m.h.devices.size, FULL);
	CHECK_INT(probe_may_match(&m.c, &m.s, place("00:10.0"), NULL), 1);
}

static void test_full(void)
{
	char addresses[FULL * 40] = "";
	size_t len = 0;

	full_make("pci:v00001002d00007341sv00000000sd00000000bc03sc00i00");
	full_check("[bind]\nids = 8086:1533\n", "a display that stays");
	full_make("pci:v00008086d00001533sv00000000sd00000000bc02sc00i00");
	full_check("[bind]\nids = 8086:1533\n", "no display");
	for (unsigned i = 0; i < FULL; i++)
		len += (size_t)snprintf(addresses + len, sizeof(addresses) - len,
			"%saddresses = 00:%x.0=8086:1533\n", i ? "" : "[bind]\n", 0x10 + i);
	full_check(addresses, "ids at addresses");
}

/* ---- which selector ---------------------------------------------------------------------------
 */

/* Numbers that look like chance, the same at each run. */
static unsigned pick(unsigned *state, unsigned n)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % n;
}

/* A selector of a machine of few functions, so that many are of the same one. */
static size_t selector_format(char *buf, size_t size, unsigned *state)
{
	unsigned device = pick(state, 8), function = pick(state, 4);

	switch (pick(state, 6)) {
	case 0:
		return (size_t)snprintf(buf, size, "addresses = 01:%02x.*\n", device);
	case 1:
		return (size_t)snprintf(buf, size, "ids = 0001:%04x\n", device);
	case 2:
		return (size_t)snprintf(buf, size, "ids = 0001:%04x:0000:0000\n", device);
	case 3:
		return (size_t)snprintf(buf, size, "addresses = 01:%02x.%u=0001:%04x\n", device,
			function, pick(state, 8));
	default:
		return (size_t)snprintf(buf, size, "addresses = 01:%02x.%u\n", device, function);
	}
}

/* With `n` selectors, the last third excluded; the displays are in the middle of the others. */
static void config_make(char *buf, size_t size, unsigned n, unsigned *state)
{
	size_t len = (size_t)snprintf(buf, size, "[bind]\n");

	for (unsigned i = 0; i < n && len < size; i++) {
		if (i == n / 3) {
			len += (size_t)snprintf(buf + len, size - len, "gpus = non-boot\n");
			continue;
		}
		if (i == 2 * n / 3)
			len += (size_t)snprintf(buf + len, size - len, "[exclude]\n");
		len += selector_format(buf + len, size - len, state);
	}
	if (len >= size)
		abort();
}

/* The first in the order of the config, by a walk over all. */
static const struct selector *first_by_walk(
	const struct config *c, const struct probe *h, const struct device *d, bool exclude)
{
	for (size_t i = 0; i < c->n_selectors; i++) {
		const struct selector *s = &c->selectors[i];
		if (s->exclude == exclude && select_matches(s, &h->paths[i], d) &&
			!(exclude && select_id_changed(s, d)))
			return s;
	}
	return NULL;
}

static void check_selectors(const struct machine *m)
{
	for (unsigned i = 0; i < 9 * 4; i++) {
		struct device d = {.addr = place("01:00.0")};
		d.addr.device = (uint8_t)(i / 4);
		d.addr.function = i % 4;
		d.id = (struct pci_id){i % 5 ? 1 : 2, i % 8, 0, 0};
		d.class = i % 3 ? 0x020000 : 0x030000;
		for (int exclude = 0; exclude < 2; exclude++)
			CHECK(select_first(&m->c, &m->h, &d, exclude) ==
				first_by_walk(&m->c, &m->h, &d, exclude));
	}
}

static void test_selectors(void)
{
	static char config[128 * 64];
	unsigned state = 1;

	fake_sysfs_make("desktop");
	check_case("probe: the first of many selectors is the first of the config");
	for (unsigned n = 60; n < 128; n++) {
		_cleanup_(machine_done) struct machine m;
		config_make(config, sizeof(config), n, &state);
		machine_make(&m, config);
		CHECK_INT(m.c.n_selectors, n);
		CHECK_INT(m.h.places != NULL, n >= 64);
		check_selectors(&m);
	}
}

int main(void)
{
	fake_sysfs_begin("probe");
	test_read();
	test_late_slot();
	test_may_match();
	test_full();
	test_selectors();
	return check_done();
}
