/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include <errno.h>

/* ---- limine-entry-tool -------------------------------------------------------------------------
 */

/* CachyOS, Omarchy: limine-entry-tool writes limine.conf from these files. */
static int tool_detect(struct loader_search *q, struct err *err)
{
	static const char first[] = "etc/limine-entry-tool.conf", dir[] = "etc/limine-entry-tool.d",
			  last[] = "etc/default/limine";
	const struct root *r = q->s->root;

	if (!root_is_file(r, first) && !root_is_dir(r, dir) && !root_is_file(r, last))
		return 0;
	loader_found(q->to, &loader_limine_tool);
	struct karg_source *p = karg_source_add(q->to, shell_edit, 10, NULL);
	if (!p || strings_add(&q->to->next, "limine-update") < 0 ||
		(root_is_file(r, first) && strings_add(&p->paths, first) < 0) ||
		regular_files_add(r, dir, ".conf", &p->paths) < 0 ||
		(root_is_file(r, last) && strings_add(&p->paths, last) < 0))
		return err_set(err, ENOMEM, "out of memory");
	if (p->paths.n == 0)
		return err_set(err, ENOENT,
			"/etc/limine-entry-tool.d: has no file, and limine-entry-tool makes the boot menu; write the whole command line to /etc/default/limine first (with root=)");
	p->format = (struct format){.names = {"KERNEL_CMDLINE[default]"},
		.insert_at = "KERNEL_CMDLINE[default]",
		.home_file = p->paths.n - 1,
		.bash = true,
		.create_append = true};
	return 0;
}

const struct loader loader_limine_tool = {
	.name = "limine",
	.called = (const char *const[]){"limine", NULL},
	.read_by = (const struct loader *const[]){&loader_limine, NULL},
	.owner = true,
	.detect = tool_detect,
};
