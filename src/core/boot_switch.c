/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/boot_switch.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

/*
 * Boots in which nothing is bound: for troubleshooting by a person, or of a crash kernel. Each row
 * is a word, and how it is matched.
 */
static const struct mark {
	enum { MARK_WORD, MARK_PARAMETER, MARK_UNIT, MARK_SHELL } kind;
	char name[20];
} marks[] = {
	/* systemd(1), "Kernel command line", and the run levels of System V init */
	{MARK_WORD, "single"},
	{MARK_WORD, "s"},
	{MARK_WORD, "S"},
	{MARK_WORD, "1"},
	{MARK_WORD, "rescue"},
	{MARK_WORD, "emergency"},
	{MARK_WORD, "-s"},
	{MARK_WORD, "-b"},
	{MARK_WORD, "rd.rescue"},
	{MARK_WORD, "rd.emergency"},
	{MARK_UNIT, "systemd.unit"},
	{MARK_UNIT, "rd.systemd.unit"},
	/* Ubuntu's entry "recovery mode": GRUB's 10_linux as patched there, if /lib/recovery-mode
	 * exists */
	{MARK_WORD, "recovery"},
	/* kernel-parameters.txt: the kernel runs init= and rdinit= as PID 1 */
	{MARK_SHELL, "init"},
	{MARK_SHELL, "rdinit"},
	/* dracut.cmdline(7); its older name, which dracut accepts, too */
	{MARK_PARAMETER, "rd.break"},
	{MARK_PARAMETER, "rdbreak"},
	/* initramfs-tools(7), mkinitcpio(8): with and without a stage */
	{MARK_PARAMETER, "break"},
	/* systemd-debug-generator(8) */
	{MARK_PARAMETER, "systemd.break"},
	{MARK_PARAMETER, "rd.systemd.break"},
	/* Documentation/admin-guide/kdump/kdump.rst: a crash kernel. If the firmware's tables have
	 * the header instead (arm64, riscv), /proc/vmcore is the only mark. */
	{MARK_PARAMETER, "elfcorehdr"},
};

/* True if the path's last part names a shell, up to a version or a flavour (bash-static, ksh93). */
static bool names_shell(const char *path)
{
	static const char shells[][8] = {"sh", "ash", "bash", "rbash", "dash", "zsh", "ksh", "mksh",
		"csh", "tcsh", "fish", "busybox", "toybox", "sulogin"};
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strcspn(base, "-.0123456789");

	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (strnlen(shells[i], sizeof(*shells)) == len && memcmp(base, shells[i], len) == 0)
			return true;
	return false;
}

static bool is_rescue_unit(const char *unit)
{
	return str_equal(unit, "rescue") || str_equal(unit, "rescue.target") ||
	       str_equal(unit, "emergency") || str_equal(unit, "emergency.target");
}

static bool is_not_ours(const char *word)
{
	const char *equals = strchr(word, '=');

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const struct mark *m = &marks[i];
		if (m->kind == MARK_WORD ? !str_equal(word, m->name)
					 : !kcmdline_word_is(word, m->name))
			continue;
		if (m->kind == MARK_UNIT)
			return equals && is_rescue_unit(equals + 1);
		return m->kind != MARK_SHELL || (equals && names_shell(equals + 1));
	}
	return false;
}

/* nfsroot.rst and the kernel's ip=, dracut.cmdline(7), initramfs-tools(7), open-iscsi's hooks. */
bool kernel_word_is_network(const char *word)
{
	static const char *const words[] = {"ip=", "nfsroot=", "netroot=", "nbdroot=", "netboot=",
		"BOOTIF=", "rd.iscsi.", "rd.nvmf.", "iscsi_", "ISCSI_", "root=/dev/nfs", "root=nfs",
		"root=iscsi:", "root=nbd:", "root=fcoe", "root=cifs:", "root=dhcp",
		"root=live:http", "root=live:nfs"};

	if (!strchr("inBrI", word[0])) /* excludes most words */
		return false;
	if (str_equal(word, "ip=off") || str_equal(word, "ip=none") || str_equal(word, "ip="))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_starts(word, words[i]))
			return true;
	return false;
}

static void turn_off(struct boot_switch *b, const char *word, const char *remark)
{
	if (b->mode == BOOT_OFF)
		return;
	b->mode = BOOT_OFF;
	(void)snprintf(
		b->reason, sizeof(b->reason), "'%.40s' on the kernel command line%s", word, remark);
}

/* The last one wins, as a menu entry adds it to a line that may have one. */
static void parse_profile(struct boot_switch *b, const char *word)
{
	const char *equals = strchr(word, '=');

	b->has_profile = true;
	(void)str_copy(b->profile, sizeof(b->profile), equals ? equals + 1 : "");
}

static void parse_switch(struct boot_switch *b, const char *word)
{
	const char *equals = strchr(word, '=');
	const char *value = equals ? equals + 1 : "";

	if (str_equal(value, "on"))
		return;
	if (!str_equal(value, "dry-run")) {
		turn_off(b, word, str_equal(value, "off") ? "" : " (taken as off)");
	} else if (b->mode == BOOT_BIND) {
		b->mode = BOOT_DRY_RUN;
		(void)snprintf(
			b->reason, sizeof(b->reason), "'%.40s' on the kernel command line", word);
	}
}

/*
 * True if the word names what the host boots from: kernel-parameters.txt, dracut.cmdline(7),
 * systemd-cryptsetup-generator(8), mkinitcpio's encrypt hook. Flags of a mount count if they name a
 * device (logdev=, device=), not for a subvolume.
 */
static bool names_host_device(const char *word)
{
	static const char *const names[] = {"root", "resume", "resume_offset", "noresume",
		"cryptdevice", "cryptkey", "cryptopts", "zfs", "bootfs", "mount.usr"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (kcmdline_word_is(word, names[i]))
			return true;
	if (str_starts(word, "rootflags=") || str_starts(word, "mount.usrflags="))
		return strstr(word, "dev=") || strstr(word, "device=");
	return str_starts(word, "rd.luks") || str_starts(word, "luks.") ||
	       kernel_word_is_network(word);
}

/* Hashed as it is on the line, with its quotes. */
static uint64_t add_host_word(uint64_t hash, const char *from, const char *end)
{
	while (kcmdline_is_blank(*from))
		from++;
	return (hash ^ str_hash(from, (size_t)(end - from))) * 0x100000001b3U;
}

struct boot_switch boot_switch_parse(const char *cmdline)
{
	struct boot_switch b = {.mode = BOOT_BIND, .host_words = 0xcbf29ce484222325U};
	char word[KCMDLINE_WORD_MAX];

	for (const char *from = cmdline; kcmdline_word_next(&cmdline, word); from = cmdline) {
		if (names_host_device(word))
			b.host_words = add_host_word(b.host_words, from, cmdline);
		if (kcmdline_word_is(word, "vfio_bind"))
			parse_switch(&b, word);
		else if (kcmdline_word_is(word, "vfio_bind.debug"))
			b.debug = true;
		else if (kcmdline_word_is(word, "vfio_bind.profile"))
			parse_profile(&b, word);
		else if (is_not_ours(word))
			turn_off(&b, word, "");
		else if (!b.network[0] && kernel_word_is_network(word))
			(void)str_copy(b.network, sizeof(b.network), word);
	}
	return b;
}
