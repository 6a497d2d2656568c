/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/kernel_install.h"

#include "bootcfg/loader/table.h"

#include <errno.h>

const char kernel_installer[] = "kernel-install";

/* /etc/kernel/cmdline without a loader: the tool that installs a kernel reads it. */
static int detect(struct loader_search *q, struct err *err)
{
	bool have = false;

	(void)err;
	if (q->to->sources_n > 0 || q->entries.seen > 0)
		return 0;
	if (kernel_cmdline_add(q->s->root, q->to, NULL, NULL, &have) < 0)
		return -ENOMEM;
	q->to->remains = have;
	if (have)
		loader_found(q->to, &loader_kernel_install);
	return 0;
}

const struct loader loader_kernel_install = {
	.name = "kernel-install",
	.called = (const char *const[]){NULL}, /* it boots nothing */
	.read_by = (const struct loader *const[]){&loader_systemd_boot, &loader_grub,
		&loader_grub_bls, NULL},
	.detect = detect,
};
