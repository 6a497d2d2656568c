/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/kernel_cmdline.h"
#include "cmd/record.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THING_MAX 128

void mask_done(struct mask *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->seen[i]);
	free(m->seen);
	*m = (struct mask){0};
}

unsigned mask_number(struct mask *m, const char *thing)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcasecmp(m->seen[i], thing) == 0)
			return (unsigned)i + 1;
	if (m->n == m->size) {
		size_t size = m->size ? m->size * 2 : 16;
		char **seen = reallocarray(m->seen, size, sizeof(char *));
		if (!seen) {
			m->failed = true;
			return 0;
		}
		m->seen = seen;
		m->size = size;
	}
	char *copy = strdup(thing);
	if (!copy) {
		m->failed = true;
		return 0;
	}
	m->seen[m->n++] = copy;
	return (unsigned)m->n;
}

/* Does s begin with this pattern (.: a hexadecimal digit), and end there as a word does? */
static size_t matches(const char *s, const char *pattern)
{
	size_t n = 0;

	for (; pattern[n]; n++)
		if (pattern[n] == '.' ? !isxdigit((unsigned char)s[n]) : s[n] != pattern[n])
			return 0;
	return isxdigit((unsigned char)s[n]) ? 0 : n;
}

/* How long is what follows such a word: up to what ends a value. */
static size_t value_length(const char *s)
{
	return strcspn(s, " \t\n,\"':;");
}

/* How a thing of a kind is written with its number: behind a text, in so many digits, or in two
 * pairs with a separator between. */
struct written {
	const char *before;
	int digits;
	char separator;
};

/* Things that are known by their shape. */
static const struct {
	const char *pattern;
	struct written as;
} shapes[] = {
	{"........-....-....-....-............", {"00000000-0000-4000-8000-", 12, 0}},
	{"..-..-..-..-..-..-..-..", {"00-00-00-00-00-00-", 4, '-'}},
	{"..:..:..:..:..:..", {"02:00:00:00:", 4, ':'}},
	/* and the address behind it: systemd.net-naming-scheme(7) */
	{"enx............", {"enx02000000", 4, 0}},
	{"wlx............", {"wlx02000000", 4, 0}},
};

/* Things that are known by what stands before them. */
static const struct {
	const char *before;
	struct written as;
} named[] = {
	{"UUID=", {"0000-", 4, 0}}, /* of FAT and NTFS, the others have the shape above */
	{"LABEL=", {"label-", 1, 0}},
	{"/dev/mapper/", {"volume-", 1, 0}},
	{"by-uuid/", {"0000-", 4, 0}},
	{"by-label/", {"label-", 1, 0}},
	{"by-id/", {"disk-", 1, 0}},
};

static void put_masked(
	struct mask *m, struct text *t, const char *s, size_t len, const struct written *as)
{
	char thing[THING_MAX];

	(void)snprintf(thing, sizeof(thing), "%.*s", (int)len, s);
	unsigned number = mask_number(m, thing);
	if (as->separator)
		text_print(t, "%s%02x%c%02x", as->before, number >> 8 & 0xff, as->separator,
			number & 0xff);
	else
		text_print(t, "%s%0*x", as->before, as->digits, number);
}

static size_t take_shape(struct mask *m, struct text *t, const char *s)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t len = matches(s, shapes[i].pattern);
		if (len > 0) {
			put_masked(m, t, s, len, &shapes[i].as);
			return len;
		}
	}
	return 0;
}

static size_t take_named(struct mask *m, struct text *t, const char *s)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		size_t before = strlen(named[i].before);
		if (strncmp(s, named[i].before, before) != 0)
			continue;
		text_add(t, s, before);
		size_t len = value_length(s + before);
		if (take_shape(m, t, s + before) == 0 && len > 0)
			put_masked(m, t, s + before, len, &named[i].as);
		return before + len;
	}
	return 0;
}

void mask_text(struct mask *m, struct text *t, const char *s)
{
	while (*s && !m->full) {
		size_t len = take_named(m, t, s);
		if (len == 0)
			len = take_shape(m, t, s);
		if (len == 0)
			text_add(t, s, len = 1);
		s += len;
	}
	text_add(t, s, strlen(s));
}

/* Parameters that plan, list, check or the kernel's PCI, IOMMU and display code look at, and what
 * tells which disk the host boots from. */
static bool is_known(const char *word)
{
	static const char *const known[] = {"root", "resume", "rootfstype", "intel_iommu",
		"amd_iommu", "iommu", "vfio_bind", "vfio_bind.debug", "pci", "pcie_aspm",
		"pcie_acs_override", "video", "module_blacklist", "modprobe.blacklist",
		"rd.driver.blacklist", "rd.driver.pre", "initcall_blacklist", "systemd.unit",
		"rd.systemd.unit", "rd.luks.uuid", "rd.luks.name", "rd.lvm.lv", "cryptdevice",
		"intremap", "hugepages", "hugepagesz", "default_hugepagesz", "isolcpus", "ro",
		"rw"};
	static const char *const prefixes[] = {
		"vfio", "pci_stub.", "pci-stub.", "kvm", "i915.", "nvidia", "amdgpu.", "nouveau."};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (kernel_word_is(word, known[i]))
			return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (str_starts(word, prefixes[i]))
			return true;
	return false;
}

void mask_cmdline(struct mask *m, struct text *t, const char *cmdline)
{
	char word[KERNEL_WORD_MAX];
	size_t start = t->len;

	while (kernel_word_next(&cmdline, word)) {
		if (t->len > start)
			text_add(t, " ", 1);
		char *equals = strchr(word, '=');
		if (!m->full && equals && !is_known(word))
			(void)str_copy(
				equals + 1, sizeof(word) - (size_t)(equals + 1 - word), "masked");
		mask_text(m, t, word);
	}
}

void mask_config(struct mask *m, struct text *t, const char *config)
{
	while (*config) {
		size_t len = strcspn(config, "\n");
		char line[512];
		(void)snprintf(line, sizeof(line), "%.*s", (int)len, config);
		const char *first = line + strspn(line, " \t");
		if (m->full || (*first != '#' && *first != ';'))
			mask_text(m, t, line);
		else
			text_add(t, "#", 1);
		text_add(t, "\n", 1);
		config += len + (config[len] == '\n');
	}
}

void mask_point(struct mask *m, struct text *t, const char *point)
{
	static const char *const common[] = {"/", "/boot", "/boot/efi", "/efi", "/home", "/usr",
		"/var", "/srv", "/opt", "/tmp", "/root", "/mnt", "/media", "/nix", "/var/lib",
		"/var/log", "/var/tmp", "/var/cache", "/var/lib/libvirt", "/usr/local"};

	for (size_t i = 0; !m->full && i < sizeof(common) / sizeof(*common); i++)
		if (str_equal(point, common[i]))
			text_print(t, "%s", point);
	for (size_t i = 0; !m->full && i < sizeof(common) / sizeof(*common); i++)
		if (str_equal(point, common[i]))
			return;
	if (!m->full) {
		text_print(t, "/mount-%u", mask_number(m, point));
		return;
	}
	for (; *point; point++) /* as the kernel writes it */
		if (strchr(" \t\n\\", *point))
			text_print(t, "\\%03o", (unsigned)(unsigned char)*point);
		else
			text_add(t, point, 1);
}

uint64_t mask_serial(struct mask *m, uint64_t serial)
{
	char thing[32];

	if (m->full || serial == 0)
		return serial;
	(void)snprintf(thing, sizeof(thing), "%02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x",
		(unsigned)(serial >> 56), (unsigned)(serial >> 48) & 0xff,
		(unsigned)(serial >> 40) & 0xff, (unsigned)(serial >> 32) & 0xff,
		(unsigned)(serial >> 24) & 0xff, (unsigned)(serial >> 16) & 0xff,
		(unsigned)(serial >> 8) & 0xff, (unsigned)serial & 0xff);
	return mask_number(m, thing);
}
