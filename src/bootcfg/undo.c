/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/interrupt.h"
#include "base/json_write.h"
#include "bootcfg/change.h"
#include "bootcfg/diff.h"
#include "bootcfg/loader/bls_follow.h"
#include "shared/table.h"

#include <errno.h>
#include <string.h>

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

static void undone_print_json(const struct undone *u, bool dry, FILE *f)
{
	static const char *const how[] = {[UNDO_LEFT] = "left",
		[UNDO_RESTORED] = "restored",
		[UNDO_REMOVED] = "removed",
		[UNDO_EDITED] = "edited"};
	struct json j = {.f = f};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_int(&j, "change", u->id);
	json_bool(&j, "dry_run", dry);
	json_open_array(&j, "files");
	for (size_t i = 0; i < u->n; i++) {
		_cleanup_(text_done) struct text path = {0};
		text_print(&path, "/%s", u->v[i].path);
		json_open_object(&j, NULL);
		json_string(&j, "path", path.data);
		json_string(&j, "how", how[u->v[i].how]);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}

static enum cmd_result undo_do(
	const struct args *a, struct journal *j, unsigned id, FILE *f, struct err *err)
{
	_cleanup_(undone_done) struct undone done = {0};
	struct diff3 by = {.root = j->root, .loader = a->loader};
	struct undo_how how = {.dry = a->dry_run,
		.changed_since = diff3_file,
		.made_anew = bls_follow_is_copy,
		.with = &by};

	int rc = journal_undo(j, id, &how, &done, err);
	if (rc < 0)
		return cmd_failure(rc);
	if (a->json)
		undone_print_json(&done, a->dry_run, f);
	else if (!a->quiet)
		undone_print(&done, a->dry_run, f);
	return a->dry_run ? CMD_DONE : change_undone(a, j, &done, err);
}

enum cmd_result cmd_undo(
	const struct args *a, const struct root *r, const char *id, FILE *f, struct err *err)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;
	struct interrupt late = {0};
	unsigned long number = 0;

	if (id && (!str_decimal(id, 999999, &number) || number == 0)) {
		(void)err_set(err, EINVAL, "%s: --undo takes the number of a change", id);
		return CMD_USAGE;
	}
	int rc = a->dry_run ? journal_look(r, &j, err) : journal_lock(r, &j, err);
	if (rc < 0)
		return CMD_FAILED;
	interrupt_hold();
	enum cmd_result result = undo_do(a, &j, (unsigned)number, f, err);
	(void)interrupt_came(&late);
	interrupt_release();
	return result;
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

static void history_print(const struct journal_list *l, FILE *f)
{
	static const char *const states[] = {
		[CHANGE_PREPARED] = "  (interrupted: not all files are written)",
		[CHANGE_WRITTEN] = "  (the boot files are not made)",
		[CHANGE_REGENERATED] = "",
		[CHANGE_LEFT] = "  (making the boot files was left to you)",
		[CHANGE_REVERTING] = "  (its undo was interrupted)"};
	static const struct table_column columns[] = {
		{.name = NULL, .right = true}, {.name = NULL}, {.name = NULL}};
	static const char *const below[] = {NULL, NULL};
	_cleanup_(table_done) struct table t;
	char id[16];

	table_open(&t, columns, 3);
	for (size_t i = 0; i < l->n; i++) {
		_cleanup_(text_done) struct text what = {0};
		const char *const cells[] = {id, l->v[i].when};
		(void)snprintf(id, sizeof(id), "%u", l->v[i].id);
		what_print(l->v[i].what, &what);
		table_row(&t, cells, "%s%s", what.data ? what.data : "", states[l->v[i].state]);
		for (size_t k = 0; k < l->v[i].paths.n; k++)
			table_row(&t, below, "/%s", l->v[i].paths.v[k]);
	}
	table_print(&t, f);
}

static void history_print_json(const struct journal_list *l, FILE *f)
{
	static const char *const states[] = {[CHANGE_PREPARED] = "prepared",
		[CHANGE_WRITTEN] = "written",
		[CHANGE_REGENERATED] = "done",
		[CHANGE_LEFT] = "left",
		[CHANGE_REVERTING] = "reverting"};
	struct json j = {.f = f};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_open_array(&j, "changes");
	for (size_t i = 0; i < l->n; i++) {
		const struct journal_entry *e = &l->v[i];
		_cleanup_(text_done) struct text what = {0};
		what_print(e->what, &what);
		json_open_object(&j, NULL);
		json_int(&j, "change", e->id);
		json_string(&j, "when", e->when);
		json_string(&j, "what", what.data);
		json_string(&j, "state", states[e->state]);
		json_open_array(&j, "files");
		for (size_t k = 0; k < e->paths.n; k++) {
			_cleanup_(text_done) struct text path = {0};
			text_print(&path, "/%s", e->paths.v[k]);
			json_string(&j, NULL, path.data);
		}
		json_close_array(&j);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}

enum cmd_result cmd_history(const struct args *a, const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;
	_cleanup_(journal_list_done) struct journal_list l = {0};

	int rc = journal_look(r, &j, err);
	if (rc == 0)
		rc = journal_read(&j, &l, err);
	if (rc < 0)
		return cmd_failure(rc);
	(a->json ? history_print_json : history_print)(&l, f);
	return CMD_DONE;
}
