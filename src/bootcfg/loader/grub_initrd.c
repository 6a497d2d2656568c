/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub_initrd.h"

#include "bootcfg/loader/grub.h"

#include <errno.h>
#include <string.h>

#define VARIABLE "GRUB_EARLY_INITRD_LINUX_CUSTOM"
#define ENTRIES "etc/grub.d/10_linux"

/* grub-mkconfig looks for it in the directory of each kernel. */
static int name_find(const struct initrd_job *job, const char **ret, struct err *err)
{
	static const char boot[] = "boot/";

	*ret = job->file + strlen(boot);
	if (!str_starts(job->file, boot) || strchr(*ret, '/'))
		return err_set(err, EINVAL,
			"/%s: GRUB loads it from the directory of the kernels: write the archive to /boot/NAME",
			job->file);
	if (job->packed)
		return err_set(err, EINVAL,
			"/%s: is compressed, and GRUB puts it before the image, where the kernel's search for microcode would end at it: write it without --gzip",
			job->file);
	if (job->pick)
		return err_set(err, EINVAL,
			"--entry: the menu is made from /etc/default/grub, for all entries at once: say it without --entry");
	return 0;
}

/* ---- in each -----------------------------------------------------------------------------------
 */

static int variable_set(const struct root *r, const struct loaders *l, const char *name,
	struct file_edits *s, struct err *err)
{
	_cleanup_(karg_ops_done) struct karg_ops add = {0};
	const struct karg_source *defaults = NULL;

	for (size_t i = 0; i < l->sources_n && !defaults; i++)
		if (l->sources[i].edit == shell_edit)
			defaults = &l->sources[i];
	if (!defaults)
		return err_set(err, EINVAL, "/etc/default/grub: is not what the menu is made from");
	struct karg_source one = *defaults;
	one.format.names[0] = VARIABLE;
	one.format.names[1] = NULL;
	one.format.insert_at = VARIABLE;
	int rc = karg_ops_add(&add, name, err);
	if (rc == 0)
		rc = karg_source_edit(r, &one, &add, s, err);
	/* They are no kernel parameters, which an undo would search for. */
	strings_done(&s->added);
	strings_done(&s->before);
	strings_done(&s->after);
	return rc;
}

/* ---- entries of their own ----------------------------------------------------------------------
 */

static void script_print(const struct initrd_job *job, const char *name, struct text *to)
{
	text_print(to,
		"#!/bin/sh\n"
		"# By vfio-bootcfg(8), which takes it away again (--undo): the entries of 10_linux once more, with the archive\n"
		"# of `vfio-bind image` and the words that it needs; none where the archive is not there.\n"
		"set -e\n"
		"linux=/" ENTRIES "\n"
		"[ -e /%s ] && [ -x $linux ] || exit 0\n"
		"# The archive goes with the words or not at all.\n"
		"grep -q " VARIABLE " $linux || exit 0\n"
		"GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX}",
		job->file);
	for (size_t i = 0; i < job->words->n; i++)
		text_print(to, " %s", job->words->v[i].text);
	text_print(to,
		"\"\n" VARIABLE "=\"${" VARIABLE "} %s\"\n"
		"GRUB_DISTRIBUTOR=\"${GRUB_DISTRIBUTOR:-Linux} (" INITRD_TAIL ")\"\n"
		"GRUB_DISABLE_RECOVERY=true\n"
		"# One entry a kernel: what says so was `y`, and is `true` from 2.12 on.\n"
		"GRUB_DISABLE_SUBMENU=y\n"
		"! grep -q 'SUBMENU}\" != xtrue' $linux || GRUB_DISABLE_SUBMENU=true\n"
		"export GRUB_CMDLINE_LINUX " VARIABLE "\n"
		"export GRUB_DISTRIBUTOR GRUB_DISABLE_RECOVERY GRUB_DISABLE_SUBMENU\n"
		"entries=$($linux)\n"
		"printf '%%s\\n' \"$entries\" | sed \"s/\\(menuentry_id_option '\\)/\\1" INITRD_TAIL
		"-/\"\n",
		name);
}

static int script_make(const struct root *r, const struct initrd_job *job, const char *name,
	struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text script = {0};
	char *old = NULL;
	size_t len = 0;

	if (!root_is_file(r, ENTRIES))
		return err_set(err, EINVAL,
			"/" ENTRIES ": is not there, and is what the entries would be made by");
	int rc = root_read(r, GRUB_INITRD_SCRIPT, &old, &len, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	script_print(job, name, &script);
	if (file_edits_add(s, GRUB_INITRD_SCRIPT, old, len) < 0 ||
		file_edit_take(&s->v[0], &script) < 0)
		return err_set(err, ENOMEM, "out of memory");
	s->v[0].program = true;
	return 0;
}

int grub_initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err)
{
	const char *name;
	int rc = name_find(job, &name, err);

	if (rc < 0)
		return rc;
	return job->words->n > 0 ? script_make(r, job, name, s, err)
				 : variable_set(r, l, name, s, err);
}
