/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of disks and directories, addresses and the kernel command line, masked. */
#include "bind/config.h"
#include "bind/dev_tag.h"
#include "bind/kernel_cmdline.h"
#include "cmd/record.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- paths --------------------------------------------------------------------------------- */

/* Directories that every system has, by their names alone. */
static bool is_common(const char *name)
{
	static const char *const common[] = {"boot", "efi", "firmware", "home", "usr", "var", "srv",
		"opt", "tmp", "root", "mnt", "media", "nix", "store", "lib", "log", "cache",
		"libvirt", "images", "local", "etc", "dev", "proc", "sys", "run", "fs", "kernel",
		"debug", "tracing", "security", "config", "cgroup", "bpf", "pts", "shm", "mqueue",
		"hugepages", "lock", "user", "efivars", "pstore", "fstab", "crypttab", "swapfile",
		"swap.img", "ro", "rw", "upper", "lower", "work"};

	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (str_equal(name, common[i]))
			return true;
	return false;
}

/* A part at a time, so that what lies below another thing still does. */
static void print_parts(
	struct redact *m, struct text *t, const char *path, const char *kind, bool all)
{
	char name[256];

	while (*path) {
		size_t len = strcspn(path, "/");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
		if (len > 0 && !all && is_common(name))
			text_add(t, name, strlen(name));
		else if (len > 0)
			redact_name(m, t, kind, name);
		path += len;
		if (*path == '/')
			text_add(t, path++, 1);
	}
}

void redact_path(struct redact *m, struct text *t, const char *path)
{
	print_parts(m, t, path, "name", m->full);
}

/* ---- disks --------------------------------------------------------------------------------- */

/* "sda1", "nvme0n1p2", "dm-0": a driver's name, letters that count, numbers. */
static bool is_kernels(const char *name)
{
	static const char *const drivers[] = {"sd", "hd", "vd", "xvd", "nvme", "mmcblk", "md",
		"dm-", "loop", "sr", "nbd", "zd", "zram", "ram", "pmem", "bcache", "drbd", "dasd",
		"rbd", "cciss/c", "ida/c", "rd/c", "fd", "ublkb", "mtdblock"};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		if (!str_starts(name, drivers[i]))
			continue;
		const char *rest = name + strlen(drivers[i]);
		for (int letters = 0; letters < 3 && *rest >= 'a' && *rest <= 'z'; letters++)
			rest++;
		if (rest[strspn(rest, "0123456789npcd")] == '\0')
			return true;
	}
	return false;
}

void redact_spec(struct redact *m, struct text *t, const char *spec)
{
	static const char dev[] = "/dev/";

	if (m->full) {
		text_add(t, spec, strlen(spec));
	} else if (redact_tagged(m, t, spec)) {
		return;
	} else if (str_starts(spec, dev)) {
		text_add(t, dev, strlen(dev));
		if (is_kernels(spec + strlen(dev)))
			text_add(t, spec + strlen(dev), strlen(spec + strlen(dev)));
		else
			print_parts(m, t, spec + strlen(dev), "volume", true);
	} else if (*spec == '/') {
		redact_path(m, t, spec);
	} else {
		redact_name(m, t, "source", spec);
	}
}

/* ---- addresses ------------------------------------------------------------------------------ */

struct pair {
	uint32_t from, to;
};

/*
 * Two that have their first n bits in common still have, and no more: a route still leads to what
 * it led to. The next bit is the other one of that of whom it has most in common with.
 */
uint32_t redact_ipv4(struct redact *m, uint32_t address)
{
	struct pair best = {address, 0x0a000001}, one; /* 10.0.0.1 */
	unsigned most = 0;

	if (m->full)
		return address;
	for (size_t at = 0; at < m->addresses.len; at += sizeof(one)) {
		memcpy(&one, m->addresses.data + at, sizeof(one));
		if (one.from == address)
			return one.to;
		unsigned common = (unsigned)__builtin_clz(one.from ^ address);
		if (at > 0 && common <= most)
			continue;
		most = common;
		uint32_t rest = UINT32_MAX >> common;
		best.to = (one.to & ~rest) | (~one.to & (rest ^ rest >> 1));
	}
	text_add(&m->addresses, (const char *)&best, sizeof(best));
	m->failed |= m->addresses.failed;
	return best.to;
}

void redact_address(struct redact *m, struct text *t, const char *address)
{
	char buf[INET_ADDRSTRLEN];
	struct in_addr in;

	if (m->full || strchr(address, ':') || !inet_aton(address, &in)) {
		if (m->full)
			text_add(t, address, strlen(address));
		else
			text_print(t, "fd00::%x", redact_number(m, address));
		return;
	}
	/* Everybody's: any, and the loop's. */
	if (in.s_addr != 0 && in.s_addr != htonl(INADDR_LOOPBACK))
		in.s_addr = htonl(redact_ipv4(m, ntohl(in.s_addr)));
	text_print(t, "%s", inet_ntop(AF_INET, &in, buf, sizeof(buf)));
}

/* ---- the kernel command line ---------------------------------------------------------------- */

/* Parameters that plan, list, check or the kernel's PCI, IOMMU and display code look at. */
static bool is_known(const char *word)
{
	static const char *const known[] = {"rootfstype", "intel_iommu", "amd_iommu", "iommu",
		"vfio_bind", "vfio_bind.debug", "pci", "pcie_aspm", "pcie_acs_override", "video",
		"module_blacklist", "modprobe.blacklist", "rd.driver.blacklist", "rd.driver.pre",
		"initcall_blacklist", "systemd.unit", "rd.systemd.unit", "intremap", "hugepages",
		"hugepagesz", "default_hugepagesz", "isolcpus"};
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

/* A value that is one of a few words is nobody's. */
static bool is_plain(const char *value)
{
	static const char *const plain[] = {
		"", "on", "off", "none", "yes", "no", "0", "1", "y", "n", "dhcp", "any", "auto"};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (str_equal(value, plain[i]))
			return true;
	return false;
}

/* The words that say on which disk the host is, as bind/hostdevs reads them. */
static const struct disk_word {
	const char *name;
	bool uuid; /* without its tag, perhaps behind "luks-" */
	char sign; /* before what its volume shall be called */
} disk_words[] = {
	{"root=block:", false, 0},
	{"root=", false, 0},
	{"mount.usr=", false, 0},
	{"resume=", false, 0},
	{"cryptdevice=", false, ':'},
	{"rd.luks.uuid=", true, 0},
	{"luks.uuid=", true, 0},
	{"rd.luks.name=", true, '='},
	{"luks.name=", true, '='},
};

/* Of such a word its beginning, the disk that it names, and what stands behind that. */
struct parts {
	size_t before;
	char spec[KERNEL_WORD_MAX];
	bool uuid;
	const char *rest;
};

static bool take_apart(struct parts *ret, const char *word)
{
	for (size_t i = 0; i < sizeof(disk_words) / sizeof(*disk_words); i++) {
		const struct disk_word *w = &disk_words[i];
		if (!str_starts(word, w->name))
			continue;
		ret->before = strlen(w->name);
		ret->uuid = w->uuid;
		if (w->uuid && str_starts(word + ret->before, "luks-"))
			ret->before += strlen("luks-");
		const char *value = word + ret->before;
		size_t len = w->sign ? strcspn(value, (char[]){w->sign, '\0'}) : strlen(value);
		(void)snprintf(ret->spec, sizeof(ret->spec), "%s%.*s", w->uuid ? "UUID=" : "",
			(int)len, value);
		ret->rest = value + len;
		return true;
	}
	return false;
}

bool redact_disk_word(const char *word, char spec[static KERNEL_WORD_MAX])
{
	struct parts p;

	if (!take_apart(&p, word))
		return false;
	(void)str_copy(spec, KERNEL_WORD_MAX, p.spec);
	return true;
}

/* What a volume shall be called is masked, options behind that are left out. */
static bool take_disk(struct redact *m, struct text *t, const char *word)
{
	_cleanup_(text_done) struct text masked = {0};
	struct parts p;

	if (!take_apart(&p, word))
		return false;
	redact_spec(m, &masked, p.spec);
	text_add(t, word, p.before);
	if (masked.data)
		text_print(t, "%s", masked.data + (p.uuid ? strlen("UUID=") : 0));
	if (*p.rest) {
		char name[KERNEL_WORD_MAX];
		(void)snprintf(
			name, sizeof(name), "%.*s", (int)strcspn(p.rest + 1, ":"), p.rest + 1);
		text_add(t, p.rest, 1);
		redact_name(m, t, "volume", name);
	}
	m->failed |= masked.failed;
	return true;
}

/* Of what brings the root over the network the kind stays. */
static void print_network(struct text *t, const char *word)
{
	size_t len = strcspn(word, "=");

	if (str_starts(word, "root=live:"))
		len = strlen("root=live:") + strcspn(word + strlen("root=live:"), ":");
	else if (str_starts(word, "root="))
		len = strcspn(word, ":");
	text_add(t, word, len);
	if (word[len])
		text_print(t, "%cmasked", word[len]);
}

static void print_word(struct redact *m, struct text *t, const char *word)
{
	const char *equals = strchr(word, '=');

	if (kernel_word_is_network(word) && !(equals && is_plain(equals + 1)))
		print_network(t, word);
	else if (take_disk(m, t, word))
		return;
	else if (!equals || is_known(word) || is_plain(equals + 1))
		redact_text(m, t, word);
	else
		text_print(t, "%.*s=masked", (int)(equals - word), word);
}

void redact_cmdline(struct redact *m, struct text *t, const char *cmdline)
{
	char word[KERNEL_WORD_MAX];
	size_t start = t->len;

	if (m->full) {
		text_add(t, cmdline, strcspn(cmdline, "\n"));
		return;
	}
	while (kernel_word_next(&cmdline, word)) {
		bool blank = strpbrk(word, " \t\n");
		if (t->len > start)
			text_add(t, " ", 1);
		if (blank)
			text_add(t, "\"", 1);
		print_word(m, t, word);
		if (blank)
			text_add(t, "\"", 1);
	}
}

/* ---- sentences that vfio-bind has written -----------------------------------------------------
 */

/* "root / is on it (/dev/sda1)", "/srv/x of /etc/fstab is on it", "secret of /etc/crypttab ...". */
static void print_sentence(struct redact *m, struct text *t, const char *s)
{
	static const char of_crypttab[] = " of /etc/crypttab";

	for (bool first = true; *s; first = false) {
		size_t len = strcspn(s, " ");
		char word[256];
		(void)snprintf(word, sizeof(word), "%.*s", (int)len, s);
		if (!first)
			text_add(t, " ", 1);
		if (str_starts(s + len, of_crypttab))
			redact_name(m, t, "volume", word);
		else if (word[0] == '/')
			redact_path(m, t, word);
		else
			redact_free_text(m, t, word);
		s += len + (s[len] == ' ');
	}
}

void redact_fact(struct redact *m, struct text *t, const char *fact)
{
	static const char *const plain[] = {"version ", "kernel ", "program ", "missing "};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (str_starts(fact, plain[i]))
			text_print(t, "%s\n", fact);
	if (str_starts(fact, "config ")) {
		size_t len = strlen("config ") + strcspn(fact + strlen("config "), " ");
		text_print(t, "%.*s " CONFIG_PATH "\n", (int)len, fact);
	} else if (str_starts(fact, "keep ")) {
		print_sentence(m, t, fact);
		text_print(t, "\n");
	} else if (m->full && !str_starts(fact, "version ")) {
		text_print(t, "%s\n", fact);
	}
}

void redact_found(struct redact *m, struct text *t, const char *found, const char *config)
{
	size_t len = strlen(config);
	const char *at;

	while (len > 0 && (at = strstr(found, config))) {
		_cleanup_(str_free) char *before = strndup(found, (size_t)(at - found));
		if (!before) {
			m->failed = true;
			return;
		}
		redact_free_text(m, t, before);
		text_print(t, CONFIG_PATH);
		found = at + len;
	}
	redact_free_text(m, t, found);
}
