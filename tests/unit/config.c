/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/config.h"

#include "base/str.h"
#include "check.h"
#include "core/profile.h"
#include "exact.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

/* One wrong file: its errors, each with the line it stands at and some of its words. */
struct wrong {
	const char *name;
	const char *text;
	size_t len; /* 0: the text's */
	struct {
		unsigned line;
		const char *words;
	} errors[6]; /* ended by line 0 */
};

static const struct wrong wrongs[] = {
	/* bytes */
	{"a NUL byte", "[bind]\nids = 10de:\0\n", 20, {{2, "a NUL byte"}}},
	{"a NUL byte in a comment", "# a\0b\n", 6, {{1, "a NUL byte"}}},
	{"a NUL byte at the end", "[bind]\n\0", 8, {{2, "a NUL byte"}}},
	{"a control character", "[bind]\nids = 10de:2204\x1b[0m\n", 0,
		{{2, "a control character"}}},
	{"a carriage return amid a line", "[bind]\nids\r = 10de:2204\n", 0,
		{{2, "a control character"}}},
	{"a form feed", "[bind]\n\f\n", 0, {{2, "a control character"}}},
	{"no UTF-8, in a value", "[bind]\nids = \xff\xfe\n", 0, {{2, "invalid PCI id"}}},
	{"no UTF-8, in a key", "[bind]\n\xc3\x28 = 1\n", 0, {{2, "in [bind]; valid:"}}},
	{"UTF-16", "\xff\xfe[\0b\0i\0n\0d\0]\0\n\0", 16, {{1, "NUL"}, {2, "NUL"}}},
	{"a byte order mark amid the file", "[bind]\n\xef\xbb\xbfids = 10de:2204\n", 0,
		{{2, "in [bind]; valid:"}}},
	{"a line of 199 bytes", "[bind]\nids = " X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 "xxx\n",
		0, {{2, "longer than 198 bytes"}}},
	{"a comment of 199 bytes",
		"[bind]\n#" X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 "xxxxxxxx\n", 0,
		{{2, "longer than 198 bytes"}}},

	/* lines */
	{"an indented line", "[bind]\nids = 10de:2204\n  10de:1aef\n", 0, {{3, "is indented"}}},
	{"a line indented by a tab", "[bind]\n\tids = 10de:2204\n", 0, {{2, "is indented"}}},
	{"an indented section", " [bind]\n", 0, {{1, "is indented"}}},
	{"a key without a value", "[bind]\nids\n", 0, {{2, "expected key = value"}}},
	{"a colon for an equals sign", "[bind]\nids: 10de:2204\n", 0,
		{{2, "expected key = value"}}},
	{"a colon before the equals sign", "[bind]\naddresses:01:00.0=10de:2204\n", 0,
		{{2, "expected key = value"}}},
	{"a value without a key", "[bind]\n= 10de:2204\n", 0, {{2, "in [bind]; valid:"}}},
	{"a comment behind a value", "[bind]\nids = 10de:2204 # my card\n", 0,
		{{2, "a comment behind a value"}}},
	{"a comment right behind a value", "[bind]\nids = 10de:2204;x\n", 0,
		{{2, "a comment behind a value"}}},

	/* sections */
	{"a key before any section", "ids = 10de:2204\n", 0, {{1, "outside any section"}}},
	{"an unknown section", "\n[binds]\nids = 10de:2204\nx = y\n", 0,
		{{2, "unknown section [binds]"}}},
	{"a section in capitals", "[Bind]\n", 0, {{1, "unknown section [Bind]"}}},
	{"a section with blanks", "[ bind ]\n", 0, {{1, "unknown section"}}},
	{"an empty section", "[]\n", 0, {{1, "unknown section"}}},
	{"a section that does not end", "[bind\nids = 10de:2204\n", 0,
		{{1, "without ']'"}, {2, "outside any section"}}},
	{"something right behind a section", "[bind]x\n", 0, {{1, "behind a section's ']'"}}},
	{"something behind a section", "[bind] x\n", 0, {{1, "behind a section's ']'"}}},
	{"a comment behind a section", "[bind] # x\n", 0, {{1, "behind a section's ']'"}}},
	{"a section twice", "[bind]\n[guard]\n[bind]\n", 0, {{3, "duplicate section [bind]"}}},
	{"a section without an address", "[device]\n", 0, {{1, "unknown section"}}},
	{"a section of no address", "[device 09:00.8]\ndriver = none\n", 0,
		{{1, "invalid PCI address"}}},
	{"a section of all functions", "[device 09:00.*]\n", 0, {{1, "invalid PCI address"}}},
	{"a device twice, written in two ways",
		"[device 0000:09:00.0]\ndriver = none\n[device 9:0.0]\n", 0,
		{{3, "first at line 1"}}},
	{"a section's name over inih's 49 bytes",
		"[device 0000:09:00.0                                      .]\n", 0,
		{{1, "invalid PCI address"}}},

	{"a profile without a name", "[profile ]\n[profile]\n", 0,
		{{1, "invalid profile name ''"}, {2, "unknown section [profile]"}}},
	{"profiles with a name that is none",
		"[profile VM]\n[profile none]\n[profile a_b]\n"
		"[profile aaaaaaaaaabbbbbbbbbbccccccccccddd]\n",
		0,
		{{1, "invalid profile name 'VM'; expected 1 to 32 of"},
			{2, "'none'; expected 1 to 32 of a to z, 0 to 9 and -; none is reserved"},
			{3, "'a_b'"}, {4, "'aaaaaaaaaabbbbbbbbbbccccccccccddd'"}}},
	{"a section that no profile has", "[profile vm]\n[profile vm guard]\nnetwork = allow\n", 0,
		{{2, "unknown section [profile vm guard]; valid: [profile vm], [profile vm exclude]"}}},
	{"a profile twice, and its exclusion",
		"[profile vm]\n[profile vm exclude]\n[profile vm]\n[profile vm exclude]\n", 0,
		{{3, "duplicate section [profile vm]"},
			{4, "duplicate section [profile vm exclude]"}}},
	{"a device of a profile twice",
		"[device 09:00.0]\n[profile vm]\n[profile vm device 09:00.0]\n"
		"[profile vm device 0000:09:00.0]\n",
		0, {{4, "first at line 3"}}},
	{"a device of a profile that is none", "[profile vm]\n[profile vm device 09:00.8]\n", 0,
		{{2, "invalid PCI address '09:00.8'"}}},
	{"a profile that is named in its other sections alone",
		"[profile vm]\n[profile vn exclude]\n[profile vo device 09:00.0]\n", 0,
		{{2, "profile 'vn' has no section [profile vn]"}, {3, "profile 'vo' has no"}}},
	{"a default that does not exist", "[profiles]\ndefault = vm\n[profile game]\n", 0,
		{{2, "default = vm: no such profile; valid: game, none"}}},
	{"a default without any profile", "[profiles]\ndefault = vm\n", 0,
		{{2, "no such profile; valid: none"}}},
	{"a default that is no name", "[profiles]\ndefault = VM\ndefaults = vm\n", 0,
		{{2, "invalid profile name 'VM'"},
			{3, "unknown key 'defaults' in [profiles]; valid: default"}}},
	{"a seventeenth profile",
		"[profile a]\n[profile b]\n[profile c]\n[profile d]\n[profile e]\n[profile f]\n"
		"[profile g]\n[profile h]\n[profile i]\n[profile j]\n[profile k]\n[profile l]\n"
		"[profile m]\n[profile n]\n[profile o]\n[profile p]\n[profile q]\n",
		0, {{17, "more than 16 profiles"}}},
	{"a key of [guard] in a profile", "[profile vm]\nnetwork = allow\n", 0,
		{{2, "unknown key 'network' in a section of [profile vm]; valid: ids, addresses"}}},
	{"an error in a profile that is not chosen",
		"[bind]\nids = 10de:2204\n[profile vm]\nids = x\n", 0, {{4, "invalid PCI id 'x'"}}},

	/* keys */
	{"an unknown key", "[bind]\nid = 10de:2204\n", 0,
		{{2, "unknown key 'id' in [bind]; valid: ids, addresses, paths"}}},
	{"a key in capitals", "[bind]\nIDS = 10de:2204\n", 0, {{2, "unknown key 'IDS'"}}},
	{"a key of another section", "[guard]\nids = 10de:2204\n", 0,
		{{2, "unknown key 'ids' in [guard]; valid: boot_vga, last_display, network, keyboard, on_failure"}}},
	{"gpus can't be excluded", "[exclude]\ngpus = none\n", 0, {{2, "in [exclude]; valid:"}}},
	{"a single key twice", "[bind]\ngpus = none\ngpus = non-boot\n", 0,
		{{3, "duplicate key 'gpus'"}}},
	{"a single key with two values", "[guard]\nboot_vga = allow exclude\n", 0,
		{{2, "'exclude' is one too many"}}},
	{"a single key without a value", "[guard]\nboot_vga =\n", 0, {{2, "has no value"}}},

	/* values */
	{"ids that are none",
		"[bind]\nids = 10de\nids = 10de:22045\nids = 10de:2204:\nids = 0x10de:2204\n"
		"ids = 10de:*\n",
		0,
		{{2, "invalid PCI id '10de'; expected vendor:device"}, {3, "'10de:22045'"},
			{4, "'10de:2204:'"}, {5, "'0x10de:2204'"}, {6, "'10de:*'"}}},
	{"ids of nothing that answers", "[bind]\nids = 0000:0000, ffff:ffff\n", 0,
		{{2, "invalid vendor '0000:0000'"}, {2, "invalid vendor 'ffff:ffff'"}}},
	{"half a subsystem", "[bind]\nids = 10de:2204:1458\n", 0, {{2, "invalid PCI id"}}},
	{"addresses that are none",
		"[bind]\naddresses = 01:00\naddresses = 01:20.0\naddresses = 01:00.8\n"
		"addresses = 100:00.0\naddresses = 123456789:01:00.0\n",
		0,
		{{2, "invalid PCI address '01:00'"}, {3, "'01:20.0'"}, {4, "'01:00.8'"},
			{5, "'100:00.0'"}, {6, "'123456789:01:00.0'"}}},
	{"addresses with no function, or with more than one",
		"[bind]\naddresses = 01:00. 01:00.00 01:00.*0 01:00.9 01:00.+\n", 0,
		{{2, "'01:00.'"}, {2, "'01:00.00'"}, {2, "'01:00.*0'"}, {2, "'01:00.9'"},
			{2, "'01:00.+'"}}},
	{"an address with an id of nothing that answers",
		"[bind]\naddresses = 01:00.0=0000:0001, 01:00.0=ffff:0001\n", 0,
		{{2, "invalid address with its id '01:00.0=0000:0001'; behind '=' expected"},
			{2, "'01:00.0=ffff:0001'"}}},
	{"an address with an id that is none", "[bind]\naddresses = 01:00.0=10de, 01:00.0=\n", 0,
		{{2, "invalid address with its id '01:00.0=10de'"}, {2, "'01:00.0='"}}},
	{"a dot for anything, as lspci's output read by a pattern", "[bind]\naddresses = 01x00.0\n",
		0, {{2, "invalid PCI address"}}},
	{"paths that are none",
		"[bind]\npaths = 00.0\npaths = 0:01.*/00.0\npaths = 0:01.0//00.0\npaths = 0:01.0/\n"
		"paths = 0:1.0/1.0/1.0/1.0/1.0/1.0/1.0/1.0/1.0\n",
		0,
		{{2, "invalid path '00.0'"}, {3, "invalid path"}, {4, "invalid path"},
			{5, "invalid path"}, {6, "invalid path"}}},
	{"paths with a number that is too long, or too large",
		"[bind]\npaths = 123456789:00:01.0 0000:0ff:00.0\npaths = 100:00.0 0:20.0 0:001.0\n"
		"paths = 0:1.0=10de\n",
		0,
		{{2, "invalid path '123456789:00:01.0'"}, {2, "'0000:0ff:00.0'"}, {3, "'100:00.0'"},
			{3, "'0:20.0'"}, {3, "'0:001.0'"},
			{4, "invalid address with its id '0:1.0=10de'"}}},
	{"serial numbers that are none",
		"[bind]\nserials = 00-11-22-33-44-55-66\nserials = 0011223344556677\n"
		"serials = 00-11-22-33-44-55-66-7\nserials = 00:11:22:33:44:55:66:77\n",
		0,
		{{2, "as lspci -v prints it"}, {3, "serial number"}, {4, "serial number"},
			{5, "serial number"}}},
	{"serial numbers that many cards share",
		"[bind]\nserials = 00-00-00-00-00-00-00-00 ff-ff-ff-ff-ff-ff-ff-ff\n", 0,
		{{2, "the same on many cards"}, {2, "the same on many cards"}}},
	{"choices", "[bind]\ngpus = all\ncompanions = true\n[guard]\nlast_display = yes\n", 0,
		{{2, "gpus = all: write none or non-boot"},
			{3, "companions = true: write yes or no"},
			{5, "last_display = yes: write exclude or allow"}}},
	{"failed boots that are no number, or too many",
		"[guard]\nfailed_boots = never\n[guard]\nfailed_boots = 100\n", 0,
		{{2, "failed_boots = never: write 0 (never) to 9"}, {3, "duplicate section"},
			{4, "failed_boots = 100: write 0"}}},
	{"a host's driver", "[device 09:00.0]\ndriver = nouveau\n", 0,
		{{2, "invalid driver 'nouveau'"}}},
	{"a driver that is a path", "[device 09:00.0]\ndriver = ../vfio-pci\n", 0,
		{{2, "invalid driver"}}},
	{"resizable BARs that are none", "[device 09:00.0]\nrebar = 6:14 0:44 0 0: :1\n", 0,
		{{2, "'6:14'"}, {2, "'0:44'"}, {2, "'0'"}, {2, "'0:'"}, {2, "':1'"}}},
	{"a seventh BAR", "[device 09:00.0]\nrebar = 0:1 1:1 2:1 3:1 4:1 5:1 0:2\n", 0,
		{{2, "more than 6 BARs"}}},
	{"reset methods that are none, or twice",
		"[device 09:00.0]\nreset = FLR flr/\nreset = bus bus\n"
		"reset = aaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbb cccccccccccc\n",
		0,
		{{2, "invalid reset method 'FLR'"}, {2, "'flr/'"},
			{3, "duplicate reset method 'bus'"}, {4, "longer than 63 bytes"}}},
	{"a d3cold that is none", "[device 09:00.0]\nd3cold = never\n", 0,
		{{2, "d3cold = never: write yes or no"}}},
	{"owners and groups that are none",
		"[device 09:00.0]\nowner = a\"b\ngroup = -x\n[device 09:00.1]\nowner = a b\ngroup =\n"
		"[device 09:00.2]\nowner = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		0,
		{{2, "invalid name 'a\"b'"}, {3, "invalid name '-x'"}, {5, "owner takes one value"},
			{6, "group has no value"}, {8, "invalid name 'aaaaaaaaaa"}}},
	{"modes that are none",
		"[device 09:00.0]\nmode = 66\n[device 09:00.1]\nmode = 1660\n[device 09:00.2]\nmode = 0688\n",
		0,
		{{2, "invalid mode '66'; write it in octal, like 0660"}, {4, "invalid mode '1660'"},
			{6, "invalid mode '0688'"}}},
	{"modules that are none", "[modules]\nbefore = vendor-reset.ko /lib/x\n", 0,
		{{2, "invalid module name 'vendor-reset.ko'"}, {2, "'/lib/x'"}}},
	{"options that are none", "[modules]\noptions = disable_vga =1 a=\"b\"\n", 0,
		{{2, "invalid module option 'disable_vga'"}, {2, "'=1'"}, {2, "'a=\"b\"'"}}},
	{"ids behind the guards' back", "[modules]\noptions = ids= ids=10de:2204\n", 0,
		{{2, "invalid vfio-pci option 'ids=10de:2204'; write ids in [bind]"}}},
	{"every error, not only the first",
		"[bind]\nids = x\n[bin]\n y\n[guard]\nboot_vga = maybe\nz = 1\n[modules]\nload = late\n",
		0,
		{{2, "'x'"}, {3, "[bin]"}, {4, "is indented"}, {6, "boot_vga = maybe"}, {7, "'z'"},
			{9, "load = late"}}},
};

/* The parser sees a buffer of just this size, so that the sanitizer sees what it reads behind. */
static int parse(struct config *c, const char *text, size_t len)
{
	char *data = malloc(len + 1);

	if (!data)
		abort();
	memcpy(data, text, len);
	data[len] = '\0';
	int r = config_parse(c, "F", data, len);
	free(data);
	exact_config(c);
	return r;
}

static void check_wrong(const struct wrong *w)
{
	struct config c;
	size_t n = 0;
	char place[32];

	check_case("%s", w->name);
	CHECK_INT(parse(&c, w->text, w->len ? w->len : strlen(w->text)), -EINVAL);
	while (n < sizeof(w->errors) / sizeof(*w->errors) && w->errors[n].line != 0)
		n++;
	CHECK_INT(c.n_errors, n);
	for (size_t i = 0; i < n && i < c.n_errors; i++) {
		(void)snprintf(place, sizeof(place), "F:%u: ", w->errors[i].line);
		CHECK(strncmp(c.errors[i], place, strlen(place)) == 0);
		CHECK_HAS(c.errors[i], place);
		CHECK_HAS(c.errors[i], w->errors[i].words);
	}
	if (c.n_errors > n)
		CHECK_STR(c.errors[n], NULL);
	config_done(&c);
}

/* The same config in whatever clothes an editor gives it. */
static void test_clothes(void)
{
	static const char *const same[] = {
		"[bind]\nids = 10de:2204, 10de:1aef\n",
		"[bind]\r\nids = 10de:2204, 10de:1aef\r\n",
		"[bind]\nids = 10de:2204, 10de:1aef",
		"\xef\xbb\xbf[bind]\nids = 10de:2204, 10de:1aef\n",
		"\xef\xbb\xbf[bind]\r\nids=10de:2204,10de:1aef",
		"[bind]\nids = 10de:2204\nids = 10de:1aef\n",
		"# c\n; c\n   # indented\n\t\n\n[bind]\n\nids\t=\t10de:2204 \t,, 10DE:1AEF ,\n",
		"[bind]   \nids = 10de:2204 10de:1aef   \n",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct config c;

		check_case("clothes %zu", i);
		CHECK_INT(parse(&c, same[i], strlen(same[i])), 0);
		if (CHECK_INT(c.n_selectors, 2)) {
			CHECK_INT(c.selectors[0].id.vendor, 0x10de);
			CHECK_INT(c.selectors[0].id.device, 0x2204);
			CHECK_INT(c.selectors[1].id.device, 0x1aef);
		}
		config_done(&c);
	}
}

static void test_defaults(void)
{
	static const char *const empty[] = {
		"", "\n", "\r\n", "\xef\xbb\xbf", "# nothing", "[bind]\n"};

	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++) {
		struct config c;

		check_case("defaults %zu", i);
		CHECK_INT(parse(&c, empty[i], strlen(empty[i])), 0);
		CHECK_INT(c.n_selectors, 0);
		CHECK(c.companions);
		CHECK(!c.may_take_boot_vga);
		CHECK(!c.may_take_last_display);
		CHECK(!c.may_take_network && !c.may_take_keyboard);
		CHECK(!c.hold_on_failure);
		CHECK(!c.load_in_background);
		CHECK_INT(c.n_before, 0);
		CHECK_STR(c.options, "");
		config_done(&c);
		config_done(&c);
	}
}

static const char whole[] = "[bind]\n"
			    "ids = 10de:2204:1458:*\n"
			    "addresses = 9:0.*, 10000:e1:1f.7=8086:0a54:8086:1234\n"
			    "paths = 0000:00:01.1/00.0, 40:3.2/0.0/10.*=10de:1aef\n"
			    "serials = 00-11-22-33-44-55-66-77\n"
			    "gpus = non-boot\n"
			    "companions = no\n"
			    "[exclude]\n"
			    "ids = 1a03:2000\n"
			    "addresses = 01:00.0\n"
			    "paths = 0:2.0\n"
			    "serials = fF-11-22-33-44-55-66-77\n"
			    "[guard]\n"
			    "boot_vga = allow\n"
			    "last_display = allow\n"
			    "network = allow\n"
			    "keyboard = allow\n"
			    "on_failure = hold\n"
			    "[modules]\n"
			    "load = background\n"
			    "before = vendor-reset, irqbypass\n"
			    "options = disable_idle_d3=1 disable_vga=1\n"
			    "options = ids=\n"
			    "[device 0000:09:00.0]\n"
			    "driver = mlx5-vfio-pci\n" /* the module's file; not the driver */
			    "rebar = 0:14 2:3\n"
			    "[device 9:0.1]\n"
			    "driver = none\n";

static void test_every_key(void)
{
	static const struct pci_addr addr = {.bus = 9};
	struct config c;

	check_case("every key");
	CHECK_INT(parse(&c, whole, strlen(whole)), 0);
	if (!CHECK_INT(c.n_selectors, 11)) {
		config_done(&c);
		return;
	}
	const struct selector *s = c.selectors;
	CHECK_INT(s[0].line, 2);
	CHECK_STR(s[0].text, "10de:2204:1458:*");
	CHECK_INT(s[0].id.subvendor, 0x1458);
	CHECK_INT(s[0].id.subdevice, PCI_ANY);
	CHECK(s[0].has_id && s[0].kind == SELECT_ID);
	CHECK(s[1].any_function && !s[1].has_id && s[1].kind == SELECT_ADDRESS);
	CHECK_INT(s[1].addr.function, 0);
	CHECK(!s[2].any_function);
	CHECK_INT(s[1].addr.bus, 9);
	CHECK_INT(s[2].addr.domain, 0x10000);
	CHECK_INT(s[2].addr.device, 0x1f);
	CHECK_INT(s[2].addr.function, 7);
	CHECK(s[2].has_id);
	CHECK_INT(s[2].id.subdevice, 0x1234);
	CHECK_STR(s[2].text, "10000:e1:1f.7=8086:0a54:8086:1234");
	CHECK_INT(s[3].steps, 2);
	CHECK_INT(s[3].step[0].function, 1);
	CHECK_INT(s[4].bus, 0x40);
	CHECK_INT(s[4].steps, 3);
	CHECK_INT(s[4].step[2].device, 0x10);
	CHECK_INT(s[4].step[2].function, 0);
	CHECK_INT(s[4].step[0].device, 3);
	CHECK_INT(s[3].domain, 0);
	CHECK_INT(s[3].bus, 0);
	CHECK(s[4].any_function && s[4].has_id && !s[3].any_function && !s[3].has_id);
	CHECK(s[5].serial == 0x0011223344556677 && s[5].kind == SELECT_SERIAL);
	CHECK_INT(s[6].kind, SELECT_GPUS);
	for (size_t i = 0; i < 11; i++)
		CHECK_INT(s[i].exclude, i >= 7);
	CHECK_INT(s[10].line, 12);
	CHECK(!c.companions && c.may_take_boot_vga && c.may_take_last_display);
	CHECK(c.may_take_network && c.may_take_keyboard);
	CHECK(c.hold_on_failure && c.load_in_background);
	if (CHECK_INT(c.n_before, 2)) {
		CHECK_STR(c.before[0], "vendor-reset");
		CHECK_STR(c.before[1], "irqbypass");
	}
	CHECK_STR(c.options, "disable_idle_d3=1 disable_vga=1 ids=");
	const struct device_settings *d = config_settings(&c, addr);
	if (CHECK(d)) {
		CHECK_STR(d->driver, "mlx5_vfio_pci");
		CHECK_INT(d->rebars, 2);
		CHECK_INT(d->rebar[1].bar, 2);
		CHECK_INT(d->rebar[0].size, 14);
	}
	CHECK_INT(c.n_settings, 2);
	CHECK(config_must_search(&c));
	config_done(&c);
}

static void test_must_search(void)
{
	static const struct {
		const char *text;
		bool search;
	} rows[] = {
		{"[bind]\naddresses = 01:00.0\npaths = 0:1.0/0.0\n", false},
		{"[bind]\naddresses = 01:00.0\n[exclude]\nids = 10de:2204\n", false},
		{"[bind]\ngpus = none\n", false},
		{"[bind]\ngpus = non-boot\n", true},
		{"[bind]\nids = 10de:2204\n", true},
		{"[bind]\nserials = 00-11-22-33-44-55-66-77\n", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config c;

		check_case("must every device be listed? %zu", i);
		CHECK_INT(parse(&c, rows[i].text, strlen(rows[i].text)), 0);
		CHECK_INT(config_must_search(&c), rows[i].search);
		config_done(&c);
	}
}

/* A line of 198 bytes is read to its end: an id that ends there, and one that lacks its last digit.
 */
static void test_longest_line(void)
{
	char text[300];
	struct config c;

	check_case("a line of 198 bytes");
	(void)snprintf(text, sizeof(text), "[bind]\nids =%193s", "8086:15fa");
	CHECK_INT(strlen(text), strlen("[bind]\n") + CONFIG_LINE_MAX);
	CHECK_INT(parse(&c, text, strlen(text)), 0);
	if (CHECK_INT(c.n_selectors, 1))
		CHECK_INT(c.selectors[0].id.device, 0x15fa);
	config_done(&c);
	(void)snprintf(text, sizeof(text), "[bind]\nids =%193s", "8086:15f");
	CHECK_INT(parse(&c, text, strlen(text)), -EINVAL);
	CHECK_INT(c.n_errors, 1);
	config_done(&c);
}

static void test_sizes(void)
{
	size_t len = 1U << 20;
	char *data = malloc(len + 1);
	struct config c;

	if (!data)
		abort();
	memset(data, 'x', len);
	data[len] = '\0';

	check_case("a line of 1 MiB");
	CHECK_INT(config_parse(&c, "F", data, len), -EINVAL);
	CHECK_INT(c.n_errors, 1);
	CHECK_STR(c.errors[0], "F: has 1048576 bytes, 65536 at most are read");
	config_done(&c);

	check_case("a line of 64 KiB");
	CHECK_INT(config_parse(&c, "F", data, CONFIG_MAX), -EINVAL);
	CHECK_INT(c.n_errors, 1);
	CHECK_HAS(c.errors[0], "F:1: the line is longer than 198 bytes");
	config_done(&c);

	check_case("64 KiB of empty lines, and one byte more");
	memset(data, '\n', CONFIG_MAX + 1);
	CHECK_INT(config_parse(&c, "F", data, CONFIG_MAX), 0);
	config_done(&c);
	CHECK_INT(config_parse(&c, "F", data, CONFIG_MAX + 1), -EINVAL);
	config_done(&c);

	check_case("more errors than are kept");
	memset(data, ' ', 400);
	for (size_t i = 0; i < 200; i++)
		memcpy(data + 2 * i, "x\n", 2);
	CHECK_INT(config_parse(&c, "F", data, 400), -EINVAL);
	CHECK_INT(c.n_errors, CONFIG_ERRORS_MAX);
	CHECK_INT(c.more_errors, 200 - CONFIG_ERRORS_MAX);
	CHECK_HAS(c.errors[CONFIG_ERRORS_MAX - 1], "F:64: ");
	config_done(&c);

	check_case("options longer than a line together");
	(void)snprintf(data, 512, "[modules]\noptions = a=%0150d\noptions = b=%0150d\n", 1, 1);
	CHECK_INT(config_parse(&c, "F", data, strlen(data)), -EINVAL);
	CHECK_HAS(c.errors[0], "F:3: the options together are longer");
	config_done(&c);
	free(data);
}

/* Two lines that together are as long as the kernel's parser is given at most, and one byte more.
 */
static void test_options(void)
{
	char text[512];
	struct config c;

	check_case("options that fill their room to the last byte");
	(void)snprintf(
		text, sizeof(text), "[modules]\noptions = a=%0100d\noptions = b=%093d\n", 1, 1);
	CHECK_INT(parse(&c, text, strlen(text)), 0);
	CHECK_INT(strlen(c.options), CONFIG_LINE_MAX);
	CHECK_INT(c.options[CONFIG_LINE_MAX - 1], '1');
	config_done(&c);
	(void)snprintf(
		text, sizeof(text), "[modules]\noptions = a=%0100d\noptions = b=%094d\n", 1, 1);
	CHECK_INT(parse(&c, text, strlen(text)), -EINVAL);
	CHECK_INT(strlen(c.options), 102);
	if (CHECK_INT(c.n_errors, 1))
		CHECK_STR(c.errors[0], "F:3: the options together are longer than 198 bytes");
	config_done(&c);
}

static void test_failed_boots(void)
{
	static const struct {
		const char *text;
		unsigned boots;
		bool load;
	} rows[] = {
		{"", 2, false},
		{"[guard]\nfailed_boots = 0\n", 0, false},
		{"[guard]\nfailed_boots = 1\nefivarfs = load\n", 1, true},
		{"[guard]\nefivarfs = auto\nfailed_boots = 9\n", 9, false},
		{"[guard]\non_failure = hold\n", 0, false},
		{"[guard]\non_failure = hold\nfailed_boots = 3\n", 3, false},
		{"[guard]\non_failure = release\nstrict_groups = no\n", 2, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config c;

		check_case("failed boots: %zu", i);
		CHECK_INT(parse(&c, rows[i].text, strlen(rows[i].text)), 0);
		CHECK_INT(c.failed_boots, rows[i].boots);
		CHECK_INT(c.load_efivarfs, rows[i].load);
		CHECK(!c.strict_groups);
		config_done(&c);
	}
}

/* Blanks before the address, a device of no section, and each device's own settings. */
static void test_devices(void)
{
	static const char text[] = "[device  \t09:00.0]\ndriver = none\n"
				   "[device 0a:00.0]\nrebar = 5:43 0:0\n"
				   "[guard]\nstrict_groups = yes\n";
	static const struct pci_addr first = {.bus = 9}, second = {.bus = 10}, none = {.bus = 11};
	struct config c;

	check_case("the sections of two devices");
	CHECK_INT(parse(&c, text, strlen(text)), 0);
	const struct device_settings *d = config_settings(&c, first);
	if (CHECK(d)) {
		CHECK_STR(d->driver, "none");
		CHECK_INT(d->line, 1);
		CHECK_INT(d->rebars, 0);
	}
	d = config_settings(&c, second);
	if (CHECK(d)) {
		CHECK_STR(d->driver, "");
		CHECK_INT(d->rebars, 2);
		CHECK_INT(d->rebar[0].bar, 5);
		CHECK_INT(d->rebar[0].size, 43);
		CHECK_INT(d->rebar[1].size, 0);
	}
	CHECK(!config_settings(&c, none));
	CHECK(c.strict_groups);
	CHECK(!config_must_search(&c));
	config_done(&c);
}

/* The longest names and texts that there is room for, and those of one byte more. */
static void test_limits(void)
{
	char text[256];
	struct config c;

	check_case("names and addresses as long as they may be, and longer");
	(void)snprintf(text, sizeof(text), "[device 09:00.0]\ndriver = vfio%027d\n", 1);
	CHECK_INT(parse(&c, text, strlen(text)), 0);
	CHECK_INT(strlen(c.settings[0].driver), DRIVER_NAME_MAX - 1);
	config_done(&c);
	(void)snprintf(text, sizeof(text), "[device 09:00.0]\ndriver = vfio%028d\n", 1);
	CHECK_INT(parse(&c, text, strlen(text)), -EINVAL);
	config_done(&c);

	static const char largest[] = "[bind]\npaths = ffffffff:ff:1f.7 ff:1f.7/1f.7\n";
	CHECK_INT(parse(&c, largest, strlen(largest)), 0);
	for (size_t i = 0; i < c.n_selectors; i++) {
		CHECK_INT(c.selectors[i].domain, i == 0 ? 0xffffffff : 0);
		CHECK_INT(c.selectors[i].bus, 0xff);
		CHECK_INT(c.selectors[i].step[0].device, 0x1f);
		CHECK_INT(c.selectors[i].step[0].function, 7);
		CHECK_INT(c.selectors[i].steps, i + 1);
	}
	config_done(&c);

	static const char path[] = "0000:00:01.0/01.0/01.0/01.0/01.0/01.0/01.0/01.0";
	(void)snprintf(text, sizeof(text), "[bind]\npaths = %s=10de:2204:1458:403b\n", path);
	CHECK_INT(parse(&c, text, strlen(text)), 0);
	if (CHECK_INT(c.n_selectors, 1)) {
		CHECK_INT(c.selectors[0].steps, PCI_PATH_MAX);
		CHECK_INT(c.selectors[0].kind, SELECT_PATH);
		CHECK(c.selectors[0].has_id && !c.selectors[0].any_function);
	}
	config_done(&c);
	for (int len = SELECTOR_TEXT_MAX - 1; len <= SELECTOR_TEXT_MAX; len++) {
		(void)snprintf(text, sizeof(text), "[bind]\naddresses = %0*d\npaths = %0*d\n", len,
			1, len, 1);
		CHECK_INT(parse(&c, text, strlen(text)), -EINVAL);
		CHECK_INT(c.n_errors, 2);
		config_done(&c);
	}
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static unsigned allocations, failing; /* the number of the one that fails, 0: none */

void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__real_strdup(const char *s);
int __wrap_asprintf(char **ret, const char *fmt, ...) _printf_(2, 3);

static int inih; /* what it returns instead of reading; 0: it reads */

int __wrap_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user);
int __real_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user);

int __wrap_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user)
{
	return inih ? inih : __real_ini_parse_stream(reader, stream, handler, user);
}

static bool fails(void)
{
	return ++allocations == failing;
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;

	if (fails())
		return -1;
	va_start(ap, fmt);
	int n = vasprintf(ret, fmt, ap);
	va_end(ap);
	return n;
}

static void test_no_memory(void)
{
	static const char text[] =
		"[bind]\nids = 10de:2204, x\naddresses = 01:00.0 02:00.0 03:00.0\n"
		"addresses = 04:00.0 05:00.0 06:00.0 07:00.0 08:00.0 09:00.0\n"
		"[modules]\nbefore = a b\n[device 09:00.0]\ndriver = none\n"
		"rebar = 0:1\n";
	struct config c;

	check_case("memory: each allocation is the one that fails");
	allocations = failing = 0;
	CHECK_INT(config_parse(&c, "F", text, strlen(text)), -EINVAL);
	CHECK_INT(c.n_errors, 1);
	config_done(&c);
	unsigned all = allocations;
	CHECK(all >= 7);
	for (unsigned i = 1; i <= all; i++) {
		allocations = 0;
		failing = i;
		CHECK_INT(config_parse(&c, "F", text, strlen(text)), -ENOMEM);
		CHECK(c.no_memory);
		config_done(&c);
	}
	failing = 0;

	check_case("inih has no memory, or refuses a line by itself");
	inih = -2;
	CHECK_INT(config_parse(&c, "F", "", 0), -ENOMEM);
	CHECK(c.no_memory);
	config_done(&c);
	for (inih = 1; inih <= 2; inih++) {
		char line[64];
		(void)snprintf(line, sizeof(line), "F:%d: expected key = value", inih);
		CHECK_INT(config_parse(&c, "F", "", 0), -EINVAL);
		CHECK_STR(c.errors ? c.errors[0] : NULL, line);
		config_done(&c);
	}
	inih = 0;
}

static int read_config(const char *path, char *error, size_t size)
{
	struct config c;
	int r = config_read(&c, path, true);

	(void)snprintf(error, size, "%s", c.n_errors > 0 ? c.errors[0] : "");
	config_done(&c);
	return r;
}

static int write_file(const char *path)
{
	FILE *f = fopen(path, "w");

	return f && fputs("[bind]\n", f) >= 0 ? fclose(f) : EOF;
}

/* Root may read everything, so somebody else has to try. */
static int read_as_nobody(const char *path)
{
	char error[512];
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(255);
		int r = read_config(path, error, sizeof(error));
		_exit(strstr(error, path) ? -r : 254);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_files(void)
{
	char dir[] = "/tmp/vfio-bind-config-XXXXXX", path[64], error[512];

	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		abort();
	(void)snprintf(path, sizeof(path), "%s/conf", dir);

	check_case("no such file");
	CHECK_INT(read_config(path, error, sizeof(error)), -ENOENT);
	CHECK_HAS(error, path);
	CHECK_HAS(error, "No such file");
	CHECK(!strstr(error, ":1:"));

	check_case("a directory");
	CHECK_INT(read_config(dir, error, sizeof(error)), -EISDIR);
	CHECK_HAS(error, "is a directory");

	check_case(
		"a copy of a config: the path in its messages is that of the machine it is from");
	struct config c;
	CHECK_INT(config_read_copy(&c, path, "/etc/there"), -ENOENT);
	CHECK(c.unread && c.missing);
	CHECK_STR(c.file, path);
	CHECK_STR(c.path, "/etc/there");
	if (CHECK_INT(c.n_errors, 1))
		CHECK_STR(c.errors[0],
			"/etc/there: can't open it: No such file or directory; `vfio-bind setup` chooses devices and writes one");
	CHECK(c.companions);
	config_done(&c);
	CHECK_INT(config_read_copy(&c, dir, "/etc/there"), -EISDIR);
	CHECK(c.unread && !c.missing);
	CHECK_STR(c.errors[0], "/etc/there: can't open it: Is a directory");
	config_done(&c);
	CHECK_INT(write_file(path), 0);
	CHECK_INT(config_read_copy(&c, path, "/etc/there"), 0);
	CHECK(!c.unread && !c.missing);
	CHECK_STR(c.file, path);
	CHECK_STR(c.path, "/etc/there");
	CHECK_INT(c.n_errors, 0);
	config_done(&c);
	CHECK_INT(config_read(&c, path, false), 0);
	CHECK_STR(c.file, path);
	CHECK(!c.unread && !c.missing);
	config_done(&c);
	(void)unlink(path);
	CHECK_INT(config_read(&c, path, false), -ENOENT);
	CHECK(c.unread && c.missing);
	CHECK_HAS(c.errors[0], "; `vfio-bind setup` chooses devices and writes one");
	config_done(&c);

	check_case("a FIFO is not waited for");
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_INT(read_config(path, error, sizeof(error)), -EINVAL);
	CHECK_HAS(error, "is not a regular file");
	(void)unlink(path);

	check_case("a device that never ends");
	CHECK_INT(read_config("/dev/zero", error, sizeof(error)), -EINVAL);

	check_case("a file that we may not read");
	CHECK_INT(write_file(path), 0);
	CHECK_INT(chmod(path, 0), 0);
	CHECK_INT(read_as_nobody(path), EACCES);
	(void)unlink(path);

	check_case("a link that leads nowhere, and one that leads to itself");
	CHECK_INT(symlink("nowhere", path), 0);
	CHECK_INT(read_config(path, error, sizeof(error)), -ENOENT);
	(void)unlink(path);
	CHECK_INT(symlink("conf", path), 0);
	CHECK_INT(read_config(path, error, sizeof(error)), -ELOOP);
	(void)unlink(path);
	(void)rmdir(dir);
}

#define PROFILES                                                                                   \
	"[bind]\nids = 10de:0001\n[profile vm]\nids = 10de:0002\ncompanions = no\n"                \
	"[exclude]\nids = 10de:0011\n[profile game device 09:00.0]\ndriver = none\n"               \
	"[profile game]\nids = 10de:0003, 10de:0004\n[device 09:00.0]\nrebar = 0:14\n"             \
	"driver = mlx5_vfio_pci\n[profile vm exclude]\nids = 10de:0012\n"                          \
	"[profile vm device 09:00.0]\nrebar = 2:3\n[profile vm device 0a:00.0]\ndriver = none\n"

/* The devices and the exclusions in effect, as "2 -12". */
static const char *effect(const struct config *c, char buf[static 64])
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < c->n_selectors; i++)
		len += (size_t)snprintf(buf + len, 64 - len, "%s%s%x", len ? " " : "",
			c->selectors[i].exclude ? "-" : "", c->selectors[i].id.device);
	return buf;
}

/* DRIVER and BARs of 09:00.0 in effect. */
static const char *settings(const struct config *c, char buf[static 64])
{
	const struct device_settings *d = config_settings(c, (struct pci_addr){.bus = 9});

	if (!d)
		return "none";
	(void)snprintf(buf, 64, "%s %u:%u", d->driver, d->rebar[0].bar, d->rebar[0].size);
	return buf;
}

static void check_profile(struct config *c, const char *name, int r, const char *selects,
	const char *device, bool companions)
{
	char buf[64];

	check_case("profile %s", name ? name : "of no name");
	CHECK_INT(profile_choose(c, name), r);
	exact_config(c);
	CHECK_STR(effect(c, buf), selects);
	CHECK_STR(settings(c, buf), device);
	CHECK_INT(c->companions, companions);
	CHECK_STR(c->profile, r < 0 || !name ? "" : name);
	CHECK_INT(c->n_all_selectors, 6);
}

/* A profile is in the place of [bind] and [exclude], and over [device], however often another one
 * is chosen. */
static void test_profiles(void)
{
	struct config c;
	char buf[PROFILE_NAMES_MAX];

	CHECK_INT(parse(&c, PROFILES, strlen(PROFILES)), 0);
	CHECK_STR(profile_names(&c, buf), "vm, game, none");
	for (int again = 0; again <= 1; again++) {
		check_profile(&c, NULL, 0, "1 -11", "mlx5_vfio_pci 0:14", true);
		check_profile(&c, "vm", 0, "2 -12", "mlx5_vfio_pci 2:3", false);
		check_profile(&c, "game", 0, "3 4", "none 0:14", true);
		check_profile(&c, "none", 0, "", "mlx5_vfio_pci 0:14", true);
		check_profile(&c, "gam", -ENOENT, "", "mlx5_vfio_pci 0:14", true);
		check_profile(&c, "", -ENOENT, "", "mlx5_vfio_pci 0:14", true);
	}
	check_case("a device that only a profile has settings for");
	CHECK(!config_settings(&c, (struct pci_addr){.bus = 10}));
	CHECK_INT(profile_choose(&c, "vm"), 0);
	const struct device_settings *d = config_settings(&c, (struct pci_addr){.bus = 10});
	CHECK(d && str_equal(d->driver, "none"));
	config_done(&c);

	check_case("the default profile is in effect");
	CHECK_INT(parse(&c, PROFILES "[profiles]\ndefault = game\n",
			  strlen(PROFILES "[profiles]\ndefault = game\n")),
		0);
	CHECK_STR(c.profile, "game");
	CHECK_STR(effect(&c, buf), "3 4");
	config_done(&c);
	check_case("the default is to bind nothing");
	CHECK_INT(parse(&c, PROFILES "[profiles]\ndefault = none\n",
			  strlen(PROFILES "[profiles]\ndefault = none\n")),
		0);
	CHECK_STR(c.profile, "none");
	CHECK_INT(c.n_selectors, 0);
	config_done(&c);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++)
		check_wrong(&wrongs[i]);
	test_clothes();
	test_defaults();
	test_every_key();
	test_must_search();
	test_longest_line();
	test_sizes();
	test_options();
	test_failed_boots();
	test_devices();
	test_limits();
	test_no_memory();
	test_profiles();
	test_files();
	return check_done();
}
