/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub_own.h"

#include "bootcfg/loader/grub_initrd.h"

#include <errno.h>

static const char script[] =
	"#!/bin/sh\n"
	"# By vfio-bootcfg(8), which takes it away again (--undo): the entries of 10_linux once more for each line of the\n"
	"# list, with the words of that line.\n"
	"set -e\n"
	"linux=/" GRUB_ENTRIES_SCRIPT "\n"
	"list=/" OWN_ENTRIES_LIST "\n"
	"[ -x $linux ] && [ -e $list ] || exit 0\n" GRUB_ONE_ENTRY_A_KERNEL
	"export GRUB_DISABLE_RECOVERY GRUB_DISABLE_SUBMENU\n"
	"while read -r tail words; do\n"
	"\tcase $tail in '' | '#'* | " OWN_LOADER ") continue ;; esac\n"
	"\tentries=$(\n"
	"\t\texport GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX} $words\"\n"
	"\t\texport GRUB_DISTRIBUTOR=\"${GRUB_DISTRIBUTOR:-Linux} ($tail)\"\n"
	"\t\t$linux </dev/null\n"
	"\t)\n"
	"\tprintf '%s\\n' \"$entries\" | sed \"s/\\(menuentry_id_option '\\)/\\1$tail-/\"\n"
	"done <$list\n";

int grub_own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text text = {0};

	(void)l;
	(void)list;
	if (!root_is_file(r, GRUB_ENTRIES_SCRIPT))
		return err_set(err, EINVAL,
			"/" GRUB_ENTRIES_SCRIPT
			": is not there, and is what the entries would be made by");
	int rc = file_edits_read(s, r, GRUB_OWN_SCRIPT, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	text_add(&text, script, sizeof(script) - 1);
	if (file_edit_take(&s->v[s->n - 1], &text) < 0)
		return err_set(err, ENOMEM, "out of memory");
	s->v[s->n - 1].program = true;
	return 0;
}
