/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/kernel_cmdline.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

/*
 * The next word as the kernel cuts them (next_arg in lib/cmdline.c): blanks separate, only double
 * quotes bind, and there is no escape. Quotes are left out of the copy; what is longer than buf is
 * cut, as no word of ours is.
 */
bool kernel_word_next(const char **s, char buf[static KERNEL_WORD_MAX])
{
	const char *p = *s;
	size_t n = 0;
	bool quoted = false;

	while (*p != '\0' && strchr(" \t\n\r\v\f", *p))
		p++;
	if (*p == '\0')
		return false;
	for (; *p != '\0' && (quoted || !strchr(" \t\n\r\v\f", *p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (n + 1 < KERNEL_WORD_MAX)
			buf[n++] = *p;
	}
	buf[n] = '\0';
	*s = p;
	return true;
}

/* Names of parameters compare with '-' and '_' as one (parameqn in kernel/params.c). */
bool kernel_word_is(const char *word, const char *name)
{
	for (; *name; word++, name++)
		if (*word != *name && !(*word == '-' && *name == '_'))
			return false;
	return *word == '\0' || *word == '=';
}

static bool is_rescue(const char *word)
{
	/* systemd(1), "Kernel command line", and the run levels of System V init. */
	static const char *const words[] = {"single", "s", "S", "1", "rescue", "emergency", "-s",
		"-b", "rd.rescue", "rd.emergency"};
	static const char *const units[] = {
		"rescue", "rescue.target", "emergency", "emergency.target"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_equal(word, words[i]))
			return true;
	const char *unit = str_starts(word, "systemd.unit=") ? word + strlen("systemd.unit=")
			   : str_starts(word, "rd.systemd.unit=")
				   ? word + strlen("rd.systemd.unit=")
				   : NULL;
	for (size_t i = 0; unit && i < sizeof(units) / sizeof(*units); i++)
		if (str_equal(unit, units[i]))
			return true;
	return false;
}

/* nfsroot.rst and ip= of the kernel, dracut.cmdline(7), initramfs-tools(7), open-iscsi's hooks. */
bool kernel_word_is_network(const char *word)
{
	static const char *const words[] = {"ip=", "nfsroot=", "netroot=", "nbdroot=", "netboot=",
		"BOOTIF=", "rd.iscsi.", "rd.nvmf.", "iscsi_", "ISCSI_", "root=/dev/nfs", "root=nfs",
		"root=iscsi:", "root=nbd:", "root=fcoe", "root=cifs:", "root=dhcp",
		"root=live:http", "root=live:nfs"};

	if (!strchr("inBrI", word[0])) /* most words */
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

static void take_switch(struct boot_switch *b, const char *word)
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

struct boot_switch boot_switch_parse(const char *cmdline)
{
	struct boot_switch b = {.mode = BOOT_BIND};
	char word[KERNEL_WORD_MAX];

	while (kernel_word_next(&cmdline, word)) {
		if (kernel_word_is(word, "vfio_bind"))
			take_switch(&b, word);
		else if (kernel_word_is(word, "vfio_bind.debug"))
			b.debug = true;
		else if (is_rescue(word))
			turn_off(&b, word, "");
		else if (!b.network[0] && kernel_word_is_network(word))
			(void)str_copy(b.network, sizeof(b.network), word);
	}
	return b;
}
