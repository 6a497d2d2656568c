/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include <errno.h>

static bool has_entries(const struct root *r, const char *conf)
{
	return root_holds(r, conf, "\nmenuentry") || root_holds(r, conf, "\n\tmenuentry");
}

static int detect(struct loader_search *q, struct err *err)
{
	static const char *const lists[] = {"refind_linux.conf", NULL};
	static const char *const confs[] = {"EFI/refind/refind.conf", "EFI/BOOT/refind.conf", NULL};
	_cleanup_(str_free) char *list = detect_below_boots(q->s, lists);
	_cleanup_(str_free) char *conf = detect_below_boots(q->s, confs);

	(void)err;
	if (conf && !has_entries(q->s->root, conf))
		str_free(&conf);
	if (!list && !conf)
		return 0;
	loader_found(q->to, &loader_refind);
	return (list && !karg_source_add(q->to, refind_linux_edit, 30, list)) ||
			       (conf && !karg_source_add(q->to, refind_conf_edit, 30, conf))
		       ? -ENOMEM
		       : 0;
}

const struct loader loader_refind = {
	.name = "refind",
	.called = (const char *const[]){"refind", NULL},
	.loader_info = (const char *const[]){"rEFInd", NULL},
	.detect = detect,
};
