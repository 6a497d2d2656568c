/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/record.h"
#include "core/boot_switch.h"
#include "core/config.h"
#include "host/dev_tag.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names -------------------------------------------------------------------------------------
 */

/* Masks names of disks and directories, addresses and the kernel command line. */

/* ---- paths --------------------------------------------------------------------------------- */

/* True for names of directories that exist on every system. */
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

/* Part by part, so that a path below another one still is below it. */
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

/* True for "sda1", "nvme0n1p2", "dm-0": a driver's name, up to three letters, numbers. */
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
 * Two addresses keep the number of leading bits they share: routes still match the same addresses.
 * The next bit is the inverse of that of the address with the longest shared prefix.
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
	/* Not masked: 0.0.0.0 and 127.0.0.1. */
	if (in.s_addr != 0 && in.s_addr != htonl(INADDR_LOOPBACK))
		in.s_addr = htonl(redact_ipv4(m, ntohl(in.s_addr)));
	text_print(t, "%s", inet_ntop(AF_INET, &in, buf, sizeof(buf)));
}

/* ---- the kernel command line ---------------------------------------------------------------- */

/* True for parameters that plan, list, check or the kernel's PCI, IOMMU and display code read. */
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

/* True for a value that is one of a few common words: it identifies no machine. */
static bool is_plain(const char *value)
{
	static const char *const plain[] = {
		"", "on", "off", "none", "yes", "no", "0", "1", "y", "n", "dhcp", "any", "auto"};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (str_equal(value, plain[i]))
			return true;
	return false;
}

/* The parameters that name a disk of the host, as in host/hostdevs. */
static const struct disk_word {
	const char *name;
	bool uuid; /* without its tag, possibly after "luks-" */
	char sign; /* before the name of its volume */
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

/* The parts of such a word: its beginning, the disk, and the text after the disk. */
struct parts {
	size_t before;
	char spec[KERNEL_WORD_MAX];
	bool uuid;
	const char *rest;
};

static bool split_word(struct parts *ret, const char *word)
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

	if (!split_word(&p, word))
		return false;
	(void)str_copy(spec, KERNEL_WORD_MAX, p.spec);
	return true;
}

/* The name of a volume is masked, options after it are left out. */
static bool redact_disk(struct redact *m, struct text *t, const char *word)
{
	_cleanup_(text_done) struct text masked = {0};
	struct parts p;

	if (!split_word(&p, word))
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

/* For a root on the network only the kind is recorded. */
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
	else if (redact_disk(m, t, word))
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

/* ---- sentences of vfio-bind ------------------------------------------------------------------ */

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

/* ---- redact ------------------------------------------------------------------------------------
 */

#define THING_MAX 256
#define WORD_MIN 3 /* a shorter one occurs in too many words */

void redact_done(struct redact *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->seen[i]);
	free(m->seen);
	text_done(&m->words);
	text_done(&m->addresses);
	*m = (struct redact){0};
}

/* Case-insensitive; strncasecmp is linked in six variants for different processors, 20 kB. */
static bool begins_with(const char *s, const char *word)
{
	for (; *word; word++, s++)
		if (tolower((unsigned char)*s) != tolower((unsigned char)*word))
			return false;
	return true;
}

unsigned redact_number(struct redact *m, const char *thing)
{
	for (size_t i = 0; i < m->n; i++)
		if (begins_with(m->seen[i], thing) && begins_with(thing, m->seen[i]))
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

/* The length of s's match with this pattern (.: a hexadecimal digit), if no further digit follows;
 * else 0. */
static size_t matches(const char *s, const char *pattern)
{
	size_t n = 0;

	for (; pattern[n]; n++)
		if (pattern[n] == '.' ? !isxdigit((unsigned char)s[n]) : s[n] != pattern[n])
			return 0;
	return isxdigit((unsigned char)s[n]) ? 0 : n;
}

/* The length of the value at s. */
static size_t value_length(const char *s)
{
	return strcspn(s, " \t\n,\"':;");
}

/* The format of a masked identifier: a text, then its number with so many digits, or as two pairs
 * with a separator between them. */
struct written {
	const char *before;
	int digits;
	char separator;
};

/* Identifiers that are recognized by their shape. */
static const struct {
	const char *pattern;
	struct written as;
} shapes[] = {
	{"........-....-....-....-............", {"00000000-0000-4000-8000-", 12, 0}},
	{"..-..-..-..-..-..-..-..", {"00-00-00-00-00-00-", 4, '-'}},
	{"..:..:..:..:..:..", {"02:00:00:00:", 4, ':'}},
	/* an address follows: systemd.net-naming-scheme(7) */
	{"enx............", {"enx02000000", 4, 0}},
	{"wlx............", {"wlx02000000", 4, 0}},
};

/* Identifiers that are recognized by the text before them. */
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
	{"naa.", {"", 16, 0}},
	{"eui.", {"", 16, 0}},
	{"wwn-0x", {"", 16, 0}},
	{"iqn.", {"name-", 1, 0}},
	{"nqn.", {"name-", 1, 0}},
};

static void print_masked(
	struct redact *m, struct text *t, const char *s, size_t len, const struct written *as)
{
	char thing[THING_MAX];

	(void)snprintf(thing, sizeof(thing), "%.*s", (int)len, s);
	unsigned number = redact_number(m, thing);
	if (as->separator)
		text_print(t, "%s%02x%c%02x", as->before, number >> 8 & 0xff, as->separator,
			number & 0xff);
	else
		text_print(t, "%s%0*x", as->before, as->digits, number);
}

static size_t redact_shape(struct redact *m, struct text *t, const char *s)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t len = matches(s, shapes[i].pattern);
		if (len > 0) {
			print_masked(m, t, s, len, &shapes[i].as);
			return len;
		}
	}
	return 0;
}

static size_t redact_named(struct redact *m, struct text *t, const char *s)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		size_t before = strlen(named[i].before);
		if (strncmp(s, named[i].before, before) != 0)
			continue;
		text_add(t, s, before);
		size_t len = value_length(s + before);
		if (redact_shape(m, t, s + before) == 0 && len > 0)
			print_masked(m, t, s + before, len, &named[i].as);
		return before + len;
	}
	return 0;
}

/* "192.0.2.1"; 127.0.0.1 and 0.0.0.0 are not masked. */
static size_t redact_pci_address(struct redact *m, struct text *t, const char *s)
{
	char quad[INET_ADDRSTRLEN];
	struct in_addr address;
	size_t len = strspn(s, "0123456789."), dots = 0;

	while (len > 0 && s[len - 1] == '.') /* the end of a sentence */
		len--;
	for (size_t i = 0; i < len; i++)
		dots += s[i] == '.';
	if (dots != 3 || len >= sizeof(quad))
		return 0;
	(void)snprintf(quad, sizeof(quad), "%.*s", (int)len, s);
	if (!inet_aton(quad, &address))
		return 0;
	redact_address(m, t, quad);
	return len;
}

/* Masks the names of users or the machine, at the start of a word. */
static size_t redact_token(struct redact *m, struct text *t, const char *s)
{
	for (size_t at = 0; at < m->words.len; at += strlen(m->words.data + at) + 1) {
		const char *word = m->words.data + at;
		size_t len = strlen(word);
		if (!begins_with(s, word) || isalnum((unsigned char)s[len]))
			continue;
		redact_name(m, t, "name", word);
		return len;
	}
	return 0;
}

static void print_text(struct redact *m, struct text *t, const char *s, bool free_text)
{
	bool begins = true; /* a word, or a number, starts here */

	while (*s && !m->full) {
		size_t len = redact_named(m, t, s);
		if (len == 0)
			len = redact_shape(m, t, s);
		if (len == 0 && begins)
			len = redact_pci_address(m, t, s);
		if (len == 0 && begins && free_text)
			len = redact_token(m, t, s);
		if (len == 0)
			text_add(t, s, len = 1);
		s += len;
		begins = !isalnum((unsigned char)s[-1]) && s[-1] != '.';
	}
	text_add(t, s, strlen(s));
}

void redact_text(struct redact *m, struct text *t, const char *s)
{
	print_text(m, t, s, false);
}

void redact_free_text(struct redact *m, struct text *t, const char *s)
{
	print_text(m, t, s, true);
}

void redact_word(struct redact *m, const char *word)
{
	if (strlen(word) >= WORD_MIN)
		text_add(&m->words, word, strlen(word) + 1);
	m->failed |= m->words.failed;
}

void redact_name(struct redact *m, struct text *t, const char *kind, const char *thing)
{
	if (m->full)
		text_add(t, thing, strlen(thing));
	else
		text_print(t, "%s-%x", kind, redact_number(m, thing));
}

/* A value of a known shape keeps that shape. */
static void print_value(
	struct redact *m, struct text *t, const char *value, const struct written *as)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t len = matches(value, shapes[i].pattern);
		if (len > 0 && value[len] == '\0')
			as = &shapes[i].as;
	}
	print_masked(m, t, value, strlen(value), as);
}

bool redact_tagged(struct redact *m, struct text *t, const char *spec)
{
	static const char *const before[] = {"UUID=", "PARTUUID=", "LABEL=", "PARTLABEL=", "ID=",
		"/dev/disk/by-uuid/", "/dev/disk/by-partuuid/", "/dev/disk/by-label/",
		"/dev/disk/by-partlabel/", "/dev/disk/by-id/", "/dev/mapper/"};
	static const struct written uuid = {"0000-", 4, 0}, label = {"label-", 1, 0},
				    disk = {"disk-", 1, 0}, volume = {"volume-", 1, 0};
	static const struct written *const as[] = {
		&uuid, &uuid, &label, &label, &disk, &uuid, &uuid, &label, &label, &disk, &volume};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		if (!str_starts(spec, before[i]))
			continue;
		const char *value = spec + strlen(before[i]);
		char thing[THING_MAX];
		value += *value == '"';
		(void)snprintf(thing, sizeof(thing), "%.*s", (int)strcspn(value, "\""), value);
		text_add(t, before[i], strlen(before[i]));
		print_value(m, t, thing, as[i]);
		return true;
	}
	return false;
}

void redact_config(struct redact *m, struct text *t, const char *config)
{
	while (*config) {
		size_t len = strcspn(config, "\n");
		char line[512];
		(void)snprintf(line, sizeof(line), "%.*s", (int)len, config);
		const char *first = line + strspn(line, " \t");
		if (m->full || (*first != '#' && *first != ';'))
			redact_text(m, t, line);
		else
			text_add(t, "#", 1);
		text_add(t, "\n", 1);
		config += len + (config[len] == '\n');
	}
}

uint64_t redact_serial(struct redact *m, uint64_t serial)
{
	char thing[32];

	if (m->full || serial == 0)
		return serial;
	(void)snprintf(thing, sizeof(thing), "%02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x",
		(unsigned)(serial >> 56), (unsigned)(serial >> 48) & 0xff,
		(unsigned)(serial >> 40) & 0xff, (unsigned)(serial >> 32) & 0xff,
		(unsigned)(serial >> 24) & 0xff, (unsigned)(serial >> 16) & 0xff,
		(unsigned)(serial >> 8) & 0xff, (unsigned)serial & 0xff);
	return redact_number(m, thing);
}
