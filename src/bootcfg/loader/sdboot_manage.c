/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include <errno.h>

/* CachyOS: sdboot-manage writes the entries of systemd-boot from its configuration. */
static int detect(struct loader_search *q, struct err *err)
{
	static const char path[] = "etc/sdboot-manage.conf";

	(void)err;
	if (!root_is_file(q->s->root, path))
		return 0;
	loader_found(q->to, &loader_sdboot_manage);
	struct karg_source *p = karg_source_add(q->to, shell_edit, 10, path);
	if (!p ||
		regular_files_add(q->s->root, "etc/sdboot-manage.conf.d", ".conf", &p->paths) < 0 ||
		strings_add(&q->to->next, "sdboot-manage gen") < 0)
		return -ENOMEM;
	p->format = (struct format){
		.names = {"LINUX_OPTIONS"}, .insert_at = "LINUX_OPTIONS", .bash = true};
	return 0;
}

/* It removes the entries of others (REMOVE_EXISTING). */
static bool made(const struct detect *s)
{
	return detect_has_entry(s, ".conf");
}

/* It removes those of others (REMOVE_EXISTING). */
static bool makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	(void)r;
	(void)l;
	return boot_entry_is_own_bls(e);
}

const struct loader loader_sdboot_manage = {
	.name = "sdboot-manage",
	.called = (const char *const[]){"sdboot-manage", NULL},
	.read_by = (const struct loader *const[]){&loader_systemd_boot, NULL},
	.owner = true,
	.made = made,
	.detect = detect,
	.makes = makes,
};
