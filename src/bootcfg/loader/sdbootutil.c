/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include <errno.h>

/* openSUSE: with systemd-boot or grub2-bls sdbootutil writes the entries from /etc/kernel/cmdline;
 * with LOADER_TYPE grub2 or grub2-efi the program is installed but not used. */
static bool is_used(const struct detect *s)
{
	_cleanup_(str_free) char *type = detect_shell_value(
		s->root, "etc/sysconfig/bootloader", "LOADER_TYPE");

	if (type && type[0])
		return str_equal(type, "systemd-boot") || str_equal(type, "grub2-bls");
	return root_is_file(s->root, "usr/bin/sdbootutil") && !(s->grub_cfg && s->grub_menu);
}

static int detect(struct loader_search *q, struct err *err)
{
	bool have = false;

	if (!is_used(q->s))
		return 0;
	loader_found(q->to, &loader_sdbootutil);
	if (kernel_cmdline_add(q->s->root, q->to, "etc/kernel/cmdline.d", "", &have) < 0 ||
		strings_add(&q->to->next, "sdbootutil update-all-entries") < 0)
		return -ENOMEM;
	if (!have)
		return err_set(err, ENOENT,
			"/etc/kernel/cmdline: is not there, and sdbootutil makes the boot entries from it; write the whole command line there first (with root=)");
	return 0;
}

/* It writes the `options` of all entries of this system anew. */
static bool makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	(void)r;
	(void)l;
	return boot_entry_is_own_bls(e);
}

const struct loader loader_sdbootutil = {
	.name = "sdbootutil",
	.called = (const char *const[]){"sdbootutil", NULL},
	.read_by = (const struct loader *const[]){&loader_systemd_boot, &loader_grub,
		&loader_grub_bls, NULL},
	.predict = "sdbootutil update-predictions",
	.owner = true,
	.detect = detect,
	.makes = makes,
};
