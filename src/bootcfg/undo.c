/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/commands.h"

#include "bootcfg/diff.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/regenerate.h"
#include "bootcfg/trial.h"
#include "shared/table.h"

#include <errno.h>
#include <string.h>

/* Generates the boot files again with the same tools, on the running system. A trial changed none,
 * but it may still be set for the next boot. */
static enum cmd_result undo_regenerate(
	const struct args *a, const struct root *r, const struct undone *done, struct err *err)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	const struct strings none = {0};
	struct karg_ops nothing = {0};
	struct loaders_options lo = {.loader = a->loader, .request = &nothing};
	struct err reason = {0};
	bool trial = false;

	if (!cmd_runs_tools(a, r))
		return CMD_DONE;
	int rc = oneshot_cancel(r, done, &l.next, &trial);
	if (rc < 0)
		(void)err_set(&reason, -rc, "out of memory");
	if (rc == 0 && !trial)
		rc = loaders_find(r, &lo, &l, &reason);
	if (rc == 0)
		rc = regenerate_run(r, &l, &none, NULL, &reason);
	if (rc == 0)
		return CMD_DONE;
	(void)err_set(
		err, EIO, "the sources are restored, the boot files are not: %.700s", reason.text);
	return CMD_REGENERATE_FAILED;
}

static void undone_print(const struct undone *u, bool dry, FILE *f)
{
	static const char *const did[] = {[UNDO_LEFT] = "is back already",
		[UNDO_RESTORED] = "restored",
		[UNDO_REMOVED] = "removed",
		[UNDO_EDITED] = "edited"};
	static const char *const would[] = {[UNDO_LEFT] = "is back already",
		[UNDO_RESTORED] = "would restore",
		[UNDO_REMOVED] = "would remove",
		[UNDO_EDITED] = "would edit"};

	for (size_t i = 0; i < u->n; i++) {
		const struct undone_file *one = &u->v[i];
		fprintf(f, "%s  /%s%s\n", (dry ? would : did)[one->how], one->path,
			one->how == UNDO_EDITED
				? "  (changed since: only what that change did there)"
				: "");
		/* These bytes never were in the file before, so they are shown. */
		if (one->how == UNDO_EDITED)
			diff_print(one->path, one->now, one->now_len, one->to, one->to_len, f);
	}
}

enum cmd_result cmd_undo(
	const struct args *a, const struct root *r, const char *id, FILE *f, struct err *err)
{
	_cleanup_(undone_done) struct undone done = {0};
	unsigned long number = 0;
	struct diff3 by = {.root = r, .loader = a->loader};
	struct undo_how how = {.dry = a->dry_run, .changed_since = diff3_file, .with = &by};

	if (id && (!str_decimal(id, 999999, &number) || number == 0)) {
		(void)err_set(err, EINVAL, "%s: --undo takes the number of a change", id);
		return CMD_USAGE;
	}
	int rc = journal_undo(r, (unsigned)number, &how, &done, err);
	if (rc < 0)
		return cmd_failure(rc);
	if (!a->quiet)
		undone_print(&done, a->dry_run, f);
	return a->dry_run ? CMD_DONE : undo_regenerate(a, r, &done, err);
}

/* Leaves out the many --remove-item of --iommu, which only --confirm needs. */
static void what_print(const char *what, struct text *ret)
{
	static const char item[] = " --remove-item ";

	text_add(ret, "", 0);
	for (const char *p = what; *p;) {
		if (str_starts(p, item)) {
			p += strlen(item);
			p += strcspn(p, " ");
			continue;
		}
		text_add(ret, p++, 1);
	}
}

enum cmd_result cmd_history(const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(journal_list_done) struct journal_list l = {0};

	int rc = journal_read(r, &l, err);
	if (rc < 0)
		return cmd_failure(rc);
	static const struct table_column columns[] = {
		{.name = NULL, .right = true}, {.name = NULL}, {.name = NULL}};
	static const char *const below[] = {NULL, NULL};
	_cleanup_(table_done) struct table t;
	char id[16];
	table_open(&t, columns, 3);
	for (size_t i = 0; i < l.n; i++) {
		_cleanup_(text_done) struct text what = {0};
		const char *const cells[] = {id, l.v[i].when};
		(void)snprintf(id, sizeof(id), "%u", l.v[i].id);
		what_print(l.v[i].what, &what);
		table_row(&t, cells, "%s", what.data ? what.data : "");
		for (size_t k = 0; k < l.v[i].paths.n; k++)
			table_row(&t, below, "/%s", l.v[i].paths.v[k]);
	}
	table_print(&t, f);
	return CMD_DONE;
}
