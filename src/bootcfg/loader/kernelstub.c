/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <string.h>

/* Pop!_OS: kernelstub writes the entries of systemd-boot from its configuration. */
static int detect(struct loader_search *q, struct err *err)
{
	static const char path[] = "etc/kernelstub/configuration";

	(void)err;
	if (!root_is_file(q->s->root, path))
		return 0;
	loader_found(q->to, &loader_kernelstub);
	return karg_source_add(q->to, kernelstub_edit, 10, path)
		       ? strings_add(&q->to->next, "kernelstub")
		       : -ENOMEM;
}

/* NAME-current.conf and, after an update, NAME-oldkern.conf; NAME is that of the system. */
static bool made(const struct detect *s)
{
	return detect_has_entry(s, "-current.conf");
}

static bool makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	(void)r;
	(void)l;
	return boot_entry_is_own_bls(e) &&
	       (strstr(e->id, "-current.conf") || strstr(e->id, "-oldkern.conf"));
}

const struct loader loader_kernelstub = {
	.name = "kernelstub",
	.called = (const char *const[]){"kernelstub", NULL},
	.read_by = (const struct loader *const[]){&loader_systemd_boot, NULL},
	.owner = true,
	.made = made,
	.detect = detect,
	.makes = makes,
};
