/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub_initrd.h"

#include "bootcfg/loader/grub.h"

#include <errno.h>
#include <string.h>

#define VARIABLE "GRUB_EARLY_INITRD_LINUX_CUSTOM"

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

static const struct karg_source *defaults_find(const struct loaders *l, struct err *err)
{
	for (size_t i = 0; i < l->sources_n; i++)
		if (l->sources[i].edit == shell_edit)
			return &l->sources[i];
	(void)err_set(err, EINVAL, "/etc/default/grub: is not what the menu is made from");
	return NULL;
}

/* The defaults as the source of another variable. */
static struct karg_source source_of(const struct karg_source *defaults, const char *variable)
{
	struct karg_source one = *defaults;

	one.format.names[0] = variable;
	one.format.names[1] = NULL;
	one.format.insert_at = variable;
	return one;
}

static int variable_edit(const struct root *r, const struct karg_source *variable,
	const struct karg_ops *ops, struct file_edits *s, struct err *err)
{
	int rc = karg_source_edit(r, variable, ops, s, err);

	/* They are no kernel parameters, which an undo would search for. */
	strings_done(&s->added);
	strings_done(&s->removed);
	strings_done(&s->before);
	strings_done(&s->after);
	return rc;
}

static int variable_add(const struct root *r, const struct loaders *l, const char *name,
	struct file_edits *s, struct err *err)
{
	_cleanup_(karg_ops_done) struct karg_ops add = {0};
	const struct karg_source *defaults = defaults_find(l, err);

	if (!defaults)
		return -EINVAL;
	const struct karg_source one = source_of(defaults, VARIABLE);
	int rc = karg_ops_add(&add, name, err);
	return rc == 0 ? variable_edit(r, &one, &add, s, err) : rc;
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
		"linux=/" GRUB_ENTRIES_SCRIPT "\n"
		"[ -e /%s ] && [ -x $linux ] || exit 0\n"
		"# The archive goes with the words or not at all.\n"
		"grep -q " VARIABLE " $linux || exit 0\n"
		"GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX}",
		job->file);
	for (size_t i = 0; i < job->words->n; i++)
		text_print(to, " %s", job->words->v[i].text);
	text_print(to,
		"\"\n" VARIABLE "=\"${" VARIABLE "} %s\"\n"
		"GRUB_DISTRIBUTOR=\"${GRUB_DISTRIBUTOR:-Linux} (" INITRD_TAIL
		")\"\n" GRUB_ONE_ENTRY_A_KERNEL "export GRUB_CMDLINE_LINUX " VARIABLE "\n"
		"export GRUB_DISTRIBUTOR GRUB_DISABLE_RECOVERY GRUB_DISABLE_SUBMENU\n"
		"# The first is that of the newest kernel. Its id stays, so that it can be the default.\n"
		"id=\"menuentry_id_option '\" end=\"'\" entries=$($linux)\n"
		"first=${entries%%%%\"$id\"*} rest=${entries#*\"$id\"}\n"
		"[ \"$first\" != \"$entries\" ] || exit 0\n"
		"printf %%s \"$first${id}" INITRD_TAIL "'\"\n"
		"printf '%%s\\n' \"${rest#*\"$end\"}\" | sed \"s/$id/&" INITRD_TAIL "-/\"\n",
		name);
}

static int script_make(const struct root *r, const struct initrd_job *job, const char *name,
	struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text script = {0};

	if (!root_is_file(r, GRUB_ENTRIES_SCRIPT))
		return err_set(err, EINVAL,
			"/" GRUB_ENTRIES_SCRIPT
			": is not there, and is what the entries would be made by");
	int rc = file_edits_read(s, r, GRUB_INITRD_SCRIPT, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	script_print(job, name, &script);
	if (file_edit_take(&s->v[0], &script) < 0)
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
				 : variable_add(r, l, name, s, err);
}

/* ---- another default ---------------------------------------------------------------------------
 */

/* GRUB_DEFAULT, of which any value goes: words in its place. A menu without that id starts its
 * first entry (GRUB manual, default). */
int grub_prefer(const struct root *r, struct loaders *l, const struct boot_entry *own,
	struct file_edits *s, struct err *err)
{
	_cleanup_(file_edits_done) struct file_edits now = {0};
	_cleanup_(karg_ops_done) struct karg_ops ops = {0};
	const struct karg_source *defaults = defaults_find(l, err);

	if (!defaults)
		return -EINVAL;
	const struct karg_source one = source_of(defaults, "GRUB_DEFAULT");
	int rc = karg_source_read(r, &one, &one.format, &now, err);
	for (size_t i = 0; i < now.before.n && rc == 0; i++)
		if (!str_equal(now.before.v[i], own->id))
			rc = karg_ops_take(&ops, KARG_OP_REMOVE_WORD, now.before.v[i], err);
	if (rc == 0)
		rc = karg_ops_take(&ops, KARG_OP_ADD, own->id, err);
	return rc == 0 ? variable_edit(r, &one, &ops, s, err) : rc;
}
