/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include <string.h>

/* Entries that GRUB reads, too, are found with GRUB. */
static int detect(struct loader_search *q, struct err *err)
{
	const char *name = q->o->loader;

	(void)err;
	if (q->entries.n == 0 || q->entries.read ||
		!(str_equal(name ? name : "", "bls") || q->s->systemd_boot || !q->s->grub_complete))
		return 0;
	loader_found(q->to, &loader_systemd_boot);
	return entries_add(&q->entries, q->s, BLS_SYSTEMD_BOOT, false, q->to);
}

/* The stub of the kernel loads the initrd by its path on the ESP. */
static bool booted(const char *cmdline)
{
	return !str_starts(cmdline, "BOOT_IMAGE=") && strstr(cmdline, "initrd=\\");
}

const struct loader loader_systemd_boot = {
	.name = "systemd-boot",
	.called = (const char *const[]){"systemd-boot", "sd-boot", "bls", NULL},
	.loader_info = (const char *const[]){"systemd-boot", NULL},
	.booted = booted,
	.detect = detect,
	.entries = entries_read_back,
};
