/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/config_values.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#define ID_HINT "expected vendor:device, like 10de:2204, or vendor:device:subvendor:subdevice"
#define ADDRESS_HINT "expected domain:bus:device.function, like 0000:09:00.0 or 09:00.*"
#define PATH_HINT "expected the path from the root bus, like 0000:00:01.1/00.0"

static bool refuse(struct err *err, const char *word, const char *what, const char *hint)
{
	(void)err_set(err, EINVAL, "invalid %s '%s'; %s", what, word, hint);
	return false;
}

/* All zeroes and all ones are read if no device responds (PCI 3.0, section 6.1). */
static bool id_is_real(const struct pci_id *id)
{
	return id->vendor != 0 && id->vendor != 0xffff;
}

bool parse_id(const char *word, struct selector *ret, struct err *err)
{
	if (!pci_id_parse(word, &ret->id))
		return refuse(err, word, "PCI id", ID_HINT);
	if (!id_is_real(&ret->id))
		return refuse(err, word, "vendor", ID_HINT);
	ret->kind = SELECT_ID;
	ret->has_id = true;
	return true;
}

/* Cuts "=id" off the word and parses it. */
static bool tail_id(char *word, const char *whole, struct selector *ret, struct err *err)
{
	char *equals = strchr(word, '=');

	if (!equals)
		return true;
	*equals = '\0';
	if (!pci_id_parse(equals + 1, &ret->id) || !id_is_real(&ret->id))
		return refuse(err, whole, "address with its id", "behind '=' " ID_HINT);
	ret->has_id = true;
	return true;
}

static bool word_copy(char buf[static SELECTOR_TEXT_MAX], const char *word)
{
	size_t len = strlen(word);

	if (len >= SELECTOR_TEXT_MAX)
		return false;
	memcpy(buf, word, len + 1);
	return true;
}

/* A function's digit, or '*' for all. */
static bool function_read(const char *s, uint8_t *ret_function, bool *ret_any)
{
	if (s[0] == '\0' || s[1] != '\0')
		return false;
	*ret_any = s[0] == '*';
	if (!*ret_any && (s[0] < '0' || s[0] > '7'))
		return false;
	*ret_function = *ret_any ? 0 : (uint8_t)(s[0] - '0');
	return true;
}

bool parse_address(const char *word, struct selector *ret, struct err *err)
{
	char buf[SELECTOR_TEXT_MAX];
	const char *p = buf;

	if (!word_copy(buf, word))
		return refuse(err, word, "PCI address", ADDRESS_HINT);
	if (!tail_id(buf, word, ret, err))
		return false;
	if (!pci_addr_read_device(&p, &ret->addr) ||
		!function_read(p, &ret->addr.function, &ret->any_function))
		return refuse(err, word, "PCI address", ADDRESS_HINT);
	ret->kind = SELECT_ADDRESS;
	return true;
}

/* "01.1" or, as the last step, "00.*". */
static bool step_read(const char *text, bool last, struct selector *ret)
{
	const char *p = text;
	uint32_t device;
	uint8_t function;
	bool any;

	if (ret->steps == PCI_PATH_MAX || !str_hex(&p, 2, &device) || device > 0x1f ||
		*p++ != '.' || !function_read(p, &function, &any) || (any && !last))
		return false;
	ret->step[ret->steps].device = (uint8_t)device;
	ret->step[ret->steps].function = function;
	ret->steps++;
	ret->any_function = any;
	return true;
}

bool parse_path(const char *word, struct selector *ret, struct err *err)
{
	char buf[SELECTOR_TEXT_MAX];
	const char *p = buf;
	uint32_t first, second;

	if (!word_copy(buf, word))
		return refuse(err, word, "path", PATH_HINT);
	if (!tail_id(buf, word, ret, err))
		return false;
	if (!str_hex(&p, 8, &first) || *p++ != ':')
		return refuse(err, word, "path", PATH_HINT);
	const char *after = p;
	if (str_hex(&after, 2, &second) && *after == ':') {
		ret->domain = first;
		p = after + 1;
	} else {
		second = first;
	}
	if (second > 0xff)
		return refuse(err, word, "path", PATH_HINT);
	ret->bus = (uint8_t)second;
	for (char *step = buf + (p - buf); step;) {
		char *slash = strchr(step, '/');
		if (slash)
			*slash = '\0';
		if (!step_read(step, !slash, ret))
			return refuse(err, word, "path", PATH_HINT);
		step = slash ? slash + 1 : NULL;
	}
	ret->kind = SELECT_PATH;
	return true;
}

bool parse_serial(const char *word, struct selector *ret, struct err *err)
{
	const char *p = word;
	uint64_t serial = 0;

	for (int i = 0; i < 8; i++) {
		const char *start = p;
		uint32_t byte;
		if (!str_hex(&p, 2, &byte) || p - start != 2 || *p != (i < 7 ? '-' : '\0'))
			return refuse(err, word, "PCIe device serial number",
				"expected as lspci -v prints it, like 00-11-22-33-44-55-66-77");
		serial = serial << 8 | byte;
		p++;
	}
	/* No card has these on purpose, and many have them: they mean "not set". */
	if (serial == 0 || serial == UINT64_MAX)
		return refuse(err, word, "serial number",
			"it is the same on many cards; name the device by address or path");
	ret->serial = serial;
	ret->kind = SELECT_SERIAL;
	return true;
}

bool parse_profile_name(const char *name, size_t len, struct err *err)
{
	bool good = len > 0 && len < PROFILE_NAME_MAX &&
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;

	if (good && !(len == strlen(PROFILE_NONE) && memcmp(name, PROFILE_NONE, len) == 0))
		return true;
	(void)err_set(err, EINVAL,
		"invalid profile name '%.*s'; expected 1 to 32 of a to z, 0 to 9 and -%s", (int)len,
		name, good ? "; none is reserved" : "");
	return false;
}

bool parse_rebar(const char *word, struct rebar *ret, struct err *err)
{
	unsigned long size;

	/* pci_rebar_get_possible_sizes: exponents 0 (1 MiB) to 43, drivers/pci/pci.c. */
	if (word[0] < '0' || word[0] > '5' || word[1] != ':' || !str_decimal(word + 2, 43, &size))
		return refuse(
			err, word, "resizable BAR", "write BAR:exponent, like 0:14 for 16 GiB");
	*ret = (struct rebar){.bar = (uint8_t)(word[0] - '0'), .size = (uint8_t)size};
	return true;
}

bool parse_reset(const char *word, struct err *err)
{
	if (strlen(word) < 24 && strspn(word, "abcdefghijklmnopqrstuvwxyz_") == strlen(word))
		return true;
	return refuse(err, word, "reset method",
		"write names of the device's file reset_method, like flr or bus");
}

/* What useradd(8) takes, and numbers: nothing that a udev rule would read as anything else. */
bool parse_account(const char *word, struct err *err)
{
	if (*word != '-' && *word != '.' && strlen(word) < ACCOUNT_NAME_MAX &&
		strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
			strlen(word))
		return true;
	return refuse(err, word, "name", "write a user or group of this machine, or its number");
}

bool parse_mode(const char *word, unsigned short *ret, struct err *err)
{
	size_t len = strlen(word);

	*ret = 0;
	if ((len != 3 && (len != 4 || word[0] != '0')) || strspn(word, "01234567") != len)
		return refuse(err, word, "mode", "write it in octal, like 0660");
	for (const char *p = word; *p; p++)
		*ret = (unsigned short)(*ret * 8 + (*p - '0'));
	return true;
}

static bool name_is_plain(const char *word)
{
	return *word != '\0' && strlen(word) < DRIVER_NAME_MAX &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       strlen(word);
}

/* Variant drivers are named like their modules (KBUILD_MODNAME), only vfio-pci is not. */
static void driver_name(const char *word, char ret[static DRIVER_NAME_MAX])
{
	(void)str_copy(ret, DRIVER_NAME_MAX, word);
	for (char *at = ret; *at; at++)
		*at = *at == '-' ? '_' : *at;
	if (str_equal(ret, "vfio_pci"))
		(void)str_copy(ret, DRIVER_NAME_MAX, "vfio-pci");
}

bool parse_driver(const char *word, char ret[static DRIVER_NAME_MAX], struct err *err)
{
	if (!name_is_plain(word) || (!strstr(word, "vfio") && !str_equal(word, "none") &&
					    !str_equal(word, DRIVER_AUTO)))
		return refuse(err, word, "driver",
			"expected auto, vfio-pci, a vfio variant driver or none");
	driver_name(word, ret);
	return true;
}

bool parse_module(const char *word, struct err *err)
{
	if (!name_is_plain(word))
		return refuse(err, word, "module name",
			"expected as modprobe takes it, like vendor-reset");
	return true;
}

bool parse_option(const char *word, struct err *err)
{
	if (str_starts(word, "ids=") && word[4])
		return refuse(err, word, "vfio-pci option",
			"write ids in [bind], where the guards are asked");
	if (*word == '=' || !strchr(word, '=') || strpbrk(word, "\"'\\"))
		return refuse(
			err, word, "module option", "expected name=value, like disable_idle_d3=1");
	return true;
}
