/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/hostdevs.h"

#include "base/file.h"
#include "bind/disks.h"
#include "bind/filesystems.h"
#include "bind/hostdevs_search.h"
#include "bind/kernel_cmdline.h"
#include "bind/keyboards.h"
#include "bind/nics.h"
#include "bind/pools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a system keeps what it can't boot without, wherever it is mounted from. */
static const struct point {
	const char *path, *what;
} points[] = {
	{"/", "root /"},
	{"/usr", "/usr"},
	{"/boot", "/boot"},
	{"/boot/efi", "/boot/efi"},
	{"/boot/firmware", "/boot/firmware"},
	{"/efi", "/efi"},
	{"/etc", "/etc"},
	{"/var", "/var"},
};
#define N_POINTS (sizeof(points) / sizeof(*points))

/* Looks at what is needed so far and at what that needs in turn, until nothing is left. */
static void settle(struct hostdevs_search *f)
{
	char subject[sizeof(f->what)];
	struct pending need;

	(void)str_copy(subject, sizeof(subject), f->what);
	while (hostdevs_search_next(f, &need)) {
		hostdevs_search_for(f, "%s", need.what);
		switch (need.kind) {
		case PENDING_DISK:
		case PENDING_PART:
			disk_look(f, need.kind, need.name);
			break;
		case PENDING_PATH:
			path_look(f, need.name);
			break;
		case PENDING_POOL:
			pool_look(f, need.name);
			break;
		}
		pending_done(&need);
	}
	hostdevs_search_for(f, "%s", subject);
}

static void need_mount(struct hostdevs_search *f, const struct mount_row *m)
{
	mount_look(f, m);
	settle(f);
}

static bool need_spec(struct hostdevs_search *f, const char *spec)
{
	bool found = disk_need_spec(f, spec);

	settle(f);
	return found;
}

static void need_named(struct hostdevs_search *f, const char *text, bool part)
{
	disks_need_named(f, text, part);
	settle(f);
}

static void need_mounts(struct hostdevs_search *f)
{
	const struct mount_row *root = mount_table_at(&f->mounts, "/");

	if (!root)
		protected_set_unknown(f->keep, "nothing is mounted at / here; is this a chroot?");
	for (size_t i = 0; i < N_POINTS; i++) {
		const struct mount_row *m = mount_table_at(&f->mounts, points[i].path);
		hostdevs_search_for(f, "%s", points[i].what);
		if (m && !str_equal(m->type, "rootfs"))
			need_mount(f, m);
	}
	if (!root || !str_equal(root->type, "rootfs"))
		return;
	/* In an initramfs: whatever it has mounted by now is for the system that is to come. */
	protected_set_unknown(f->keep, "/ is still the initramfs");
	for (size_t i = 0; i < f->mounts.n; i++) {
		hostdevs_search_for(f, "%s", f->mounts.at[i].point);
		if (f->mounts.at[i].major != 0)
			need_mount(f, &f->mounts.at[i]);
	}
}

static bool is_point(const char *path)
{
	for (size_t i = 0; i < N_POINTS; i++)
		if (str_equal(path, points[i].path))
			return true;
	return false;
}

/* Without it the boot ends in emergency mode (systemd-fstab-generator(8)). */
static bool boot_waits_for(const char *options)
{
	return !tabfile_option(options, "noauto") && !tabfile_option(options, "nofail") &&
	       !tabfile_option(options, "x-systemd.automount");
}

/* One line of fstab: what, where, type, options. */
static void need_entry(struct hostdevs_search *f, const char *spec, const char *where,
	const char *type, const char *options)
{
	const struct mount_row *m = mount_table_at(&f->mounts, where);

	if (m && str_equal(m->type, "autofs")) /* not mounted before somebody looks */
		m = NULL;
	if (m && is_point(where)) /* what is mounted says more than what was to be */
		return;
	hostdevs_search_for(f, "%.60s of /etc/fstab", where);
	if (!type_is_network(type))
		disks_need_named(f, options, false);
	if (type_is_network(type)) {
		if (is_point(where) || tabfile_option(options, "x-initrd.mount"))
			need_server(f, spec, options);
	} else if (m) {
		need_mount(f, m);
	} else {
		(void)need_spec(f, spec);
	}
}

/* swap: its lines for swap, or all others. */
static void need_fstab(struct hostdevs_search *f, bool swap)
{
	_cleanup_(str_free) char *text = NULL;
	char *words[4];

	if (!hostdevs_search_read(f, "etc/fstab", &text))
		return;
	for (char *rest = text, *line; (line = tabfile_line(&rest, true));) {
		size_t n = tabfile_words(line, words, 4);
		if (n < 3 || str_equal(words[2], "swap") != swap)
			continue;
		const char *options = n > 3 ? words[3] : "";
		hostdevs_search_for(f, "swap");
		if (!is_point(words[1]) && !boot_waits_for(options))
			continue;
		if (swap)
			(void)need_spec(f, words[0]);
		else
			need_entry(f, words[0], words[1], words[2], options);
	}
}

/*
 * Name, device, key file, options. The key file may have a device of its own ("/key:UUID=…"; in
 * Debian's passdev "/dev/…:/key"), and so may the header ("header=/header:UUID=…").
 */
static void need_crypttab(struct hostdevs_search *f)
{
	_cleanup_(str_free) char *text = NULL;
	char *words[4];

	if (!hostdevs_search_read(f, "etc/crypttab", &text))
		return;
	for (char *rest = text, *line; (line = tabfile_line(&rest, true));) {
		size_t n = tabfile_words(line, words, 4);
		const char *options = n > 3 ? words[3] : "";
		bool early = tabfile_option(options, "initramfs") ||
			     tabfile_option(options, "x-initrd.attach");
		if (n < 2 || (!early && !boot_waits_for(options)))
			continue;
		hostdevs_search_for(f, "%.60s of /etc/crypttab", words[0]);
		(void)need_spec(f, words[1]);
		need_named(f, options, true);
		if (n > 2)
			need_named(f, words[2], true);
		f->needs_passphrase |= n < 3 || str_equal(words[2], "none") ||
				       str_equal(words[2], "-");
	}
}

/* The volumes of LUKS that are named by UUID alone, with a name or a key behind it
 * (systemd-cryptsetup-generator(8), dracut.cmdline(7)). */
static void need_volume(struct hostdevs_search *f, const char *word)
{
	static const char *const words[] = {"rd.luks.", "luks."}, *const keys[] = {
									  "uuid=", "name="};
	char spec[KERNEL_WORD_MAX + 8];

	for (size_t i = 0; i < 4; i++) {
		const char *first = words[i / 2], *key = keys[i % 2];
		if (!str_starts(word, first) || !str_starts(word + strlen(first), key))
			continue;
		const char *value = word + strlen(first) + strlen(key);
		if (str_starts(value, "luks-"))
			value += strlen("luks-");
		(void)snprintf(spec, sizeof(spec), "UUID=%.*s", (int)strcspn(value, "="), value);
		(void)need_spec(f, spec);
		f->needs_passphrase = true;
	}
}

/* Any word may name disks: root=, resume=, cryptdevice=, rootflags=logdev=… */
static void need_word(struct hostdevs_search *f, const char *word, bool *resumes)
{
	static const char *const parts[] = {
		"cryptkey=", "rd.luks.key=", "luks.key=", "rd.luks.options=", "luks.options=",
		"rd.luks.data=", "luks.data=", "rootflags=", "mount.usrflags="};
	size_t len = strcspn(word, "=");
	bool part = false;

	if (str_equal(word, "noresume"))
		*resumes = false;
	if (word[len] == '\0' || (str_starts(word, "resume=") && !*resumes))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		part |= str_starts(word, parts[i]);
	hostdevs_search_for(
		f, "%.*s= of the kernel command line", (int)(len < 40 ? len : 40), word);
	need_volume(f, word);
	f->needs_passphrase |= str_starts(word, "cryptdevice=");
	need_named(f, word + len + 1, part);
}

static void need_cmdline(struct hostdevs_search *f, const char *line)
{
	char word[KERNEL_WORD_MAX];
	bool resumes = true;

	while (kernel_word_next(&line, word)) {
		need_word(f, word, &resumes);
		if (!kernel_word_is_network(word))
			continue;
		hostdevs_search_for(f, "'%.60s' of the kernel command line", word);
		nics_need_word(f, word);
	}
}

/* Name, "file" or "partition", and figures. */
static void need_swaps(struct hostdevs_search *f)
{
	_cleanup_(str_free) char *text = NULL;
	char *words[2];

	f->for_swap = true;
	hostdevs_search_for(f, "swap");
	if (!hostdevs_search_read(f, "proc/swaps", &text))
		return;
	for (char *rest = text, *line; (line = tabfile_line(&rest, false));) {
		if (tabfile_words(line, words, 2) < 2)
			continue;
		if (str_equal(words[1], "file")) {
			hostdevs_search_need(f, PENDING_PATH, words[0]);
			settle(f);
		} else if (str_equal(words[1], "partition") && !need_spec(f, words[0])) {
			protected_set_unknown(
				f->keep, "swap is on %s, which is not in sysfs", words[0]);
		}
	}
}

static void search(struct hostdevs_search *f, const char *cmdline)
{
	_cleanup_(str_free) char *line = NULL;

	need_mounts(f);
	need_crypttab(f);
	if (cmdline)
		need_cmdline(f, cmdline);
	else if (hostdevs_search_read(f, "proc/cmdline", &line))
		need_cmdline(f, line);
	need_fstab(f, false);
	need_swaps(f);
	need_fstab(f, true);
	nics_keep(f);
	if (f->needs_passphrase)
		keyboards_keep(f);
	f->keep->ended = true;
}

int hostdevs_find(struct protected_list *ret, const char *root, const char *cmdline,
	struct sysfs *sysfs, struct err *err)
{
	_cleanup_(fd_close) int fd = open(root, O_DIRECTORY | O_PATH | O_CLOEXEC);
	struct hostdevs_search f = {.keep = ret, .sysfs = sysfs, .root = fd};
	char *text = NULL;

	*ret = (struct protected_list){0};
	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", root, strerror(errno));
	if (!hostdevs_search_read(&f, "proc/self/mountinfo", &text))
		protected_set_unknown(ret, "/proc/self/mountinfo can't be read; is /proc mounted?");
	else if (mount_table_parse(&f.mounts, text) < 0)
		f.no_memory = true;
	if (!f.no_memory)
		search(&f, cmdline);
	hostdevs_search_done(&f);
	if (f.no_memory)
		return err_set(
			err, ENOMEM, "cannot find the devices the host boots from: out of memory");
	return 0;
}
