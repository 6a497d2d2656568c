/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/change.h"

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "bootcfg/addon.h"
#include "bootcfg/boot_files.h"
#include "bootcfg/diff.h"
#include "bootcfg/initrd.h"
#include "bootcfg/loader/bls_follow.h"
#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/menu.h"
#include "bootcfg/own.h"
#include "bootcfg/regenerate.h"
#include "bootcfg/trial.h"
#include "bootcfg/verify.h"
#include "shared/prompt.h"

#include <errno.h>
#include <string.h>

/* ---- back ------------------------------------------------------------------------------------ */

/* Finds the commands that make the boot files. A trial changed none, but it may still be set for
 * the next boot. */
static int undo_commands(const struct args *a, const struct root *r, const struct undone *done,
	struct loaders *l, struct err *err)
{
	struct karg_ops nothing = {0};
	struct loaders_options lo = {.loader = a->loader, .request = &nothing};
	bool trial = false;

	int rc = oneshot_cancel(r, done, &l->next, &trial);
	if (rc < 0)
		return err_set(err, -rc, "out of memory");
	return trial ? 0 : loaders_find(r, &lo, l, err);
}

/* True if what was restored names a kernel, an image or an initrd that is gone by now. */
static bool names_missing(
	const struct root *r, const struct strings *restored, const struct loaders *l)
{
	_cleanup_(boot_entries_done) struct boot_entries e = {0};

	if (boot_entries_read(r, l, &e) < 0)
		return true;
	for (size_t i = 0; i < e.n; i++)
		if (e.v[i].ours && strings_have(restored, e.v[i].path) &&
			boot_entry_missing(&e.v[i]))
			return true;
	return false;
}

/* Restores what the generator wrote, if that is all that is to be done: 1. Else 0. */
static int boot_files_back(const struct args *a, struct journal *j, const struct undone *done,
	const struct loaders *l, struct err *err)
{
	_cleanup_(fd_close) int dir = journal_open_change(j, done->id);
	_cleanup_(strings_done) struct strings restored = {0};
	bool edited = !done->last;

	for (size_t i = 0; i < done->n; i++)
		edited |= done->v[i].how == UNDO_EDITED;
	int rc = edited || dir < 0 ? 0 : boot_files_undo(j->root, dir, &restored, err);
	if (rc <= 0 || names_missing(j->root, &restored, l))
		return rc < 0 ? rc : 0;
	for (size_t i = 0; i < restored.n && !a->quiet; i++)
		log_print(LOG_NOTICE, "restored /%s", restored.v[i]);
	return 1;
}

/* Restores the boot files, or generates them again. */
static int boot_files_revert(
	const struct args *a, struct journal *j, const struct undone *done, struct err *err)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	const struct strings none = {0};
	struct interrupt interrupt = {0};

	int rc = undo_commands(a, j->root, done, &l, err);
	if (rc == 0)
		rc = boot_files_back(a, j, done, &l, err);
	if (rc != 0 || !cmd_runs_tools(a, j->root))
		return rc < 0 ? rc : 0;
	return regenerate_run(j->root, &l, &none, &interrupt, err);
}

/* The list of entries of our own is what it was, or they follow from entries that are. */
static int own_revert(
	const struct args *a, struct journal *j, const struct undone *done, struct err *err)
{
	bool touched = own_is_used(j->root);

	for (size_t i = 0; i < done->n; i++)
		touched |= str_equal(done->v[i].path, OWN_ENTRIES_LIST);
	return touched ? own_sync(j->root, a->loader, NULL, err) : 0;
}

static bool has_file(const struct undone *u, const char *path)
{
	for (size_t i = 0; i < u->n; i++)
		if (str_equal(u->v[i].path, path))
			return true;
	return false;
}

enum cmd_result change_undone(
	const struct args *a, struct journal *j, const struct undone *done, struct err *err)
{
	struct err reason = {0};
	/* No tool ran before all files were written, nor for a system that does not run. */
	bool ran = done->state != CHANGE_PREPARED && done->state != CHANGE_LEFT;
	bool reads = !addon_undone(done) && (ran || cmd_runs_tools(a, j->root));
	int rc = reads ? boot_files_revert(a, j, done, &reason) : 0;

	if (rc < 0 && !cmd_runs_tools(a, j->root)) {
		log_print(LOG_WARNING, "the boot files are left as they are: %s", reason.text);
		rc = 0;
	}
	if (rc == 0 && has_file(done, BLS_FOLLOW))
		rc = bls_follow_end(j->root, &reason);
	if (rc == 0)
		rc = own_revert(a, j, done, &reason);
	if (rc == 0)
		rc = journal_forget(j, done->id, err);
	else
		(void)err_set(err, EIO,
			"the sources are restored, the boot files are not: %.400s; the next vfio-bootcfg --undo goes on from there",
			reason.text);
	return rc < 0 ? CMD_REGENERATE_FAILED : CMD_DONE;
}

/* Undoes the files of a change, as --undo would: what was edited since stays. */
static int files_undo(
	const struct args *a, struct journal *j, unsigned id, struct undone *ret, struct err *err)
{
	struct diff3 by = {.root = j->root, .loader = a->loader};
	const struct undo_how how = {
		.changed_since = diff3_file, .made_anew = bls_follow_is_copy, .with = &by};

	return journal_undo(j, id, &how, ret, err);
}

/* Restores the boot files. Generates them again if the tool wrote others than those that were
 * kept. */
static int generated_back(struct journal *j, const struct loaders *l, unsigned id,
	struct boot_files *files, struct err *err)
{
	_cleanup_(fd_close) int dir = journal_open_change(j, id);
	const struct strings none = {0};

	int rc = dir < 0 ? err_set(err, -dir, "/%s: %s", JOURNAL_DIR, strerror(-dir))
			 : boot_files_restore(j->root, l, dir, files, err);
	return rc < 0 || !files->others ? rc : regenerate_run(j->root, l, &none, NULL, err);
}

/* A tool has failed: restores the sources and the boot files (NULL: none was written). */
static enum cmd_result take_back(const struct args *a, struct journal *j, const struct loaders *l,
	unsigned id, struct boot_files *files)
{
	_cleanup_(undone_done) struct undone done = {0};
	struct err err = {0};

	if (files_undo(a, j, id, &done, &err) < 0) {
		log_print(LOG_ERROR,
			"the edit is in place, and putting it back failed, too: %s; see vfio-bootcfg --history and --undo",
			err.text);
		return CMD_REGENERATE_FAILED;
	}
	if ((files && generated_back(j, l, id, files, &err) < 0) ||
		own_revert(a, j, &done, &err) < 0) {
		log_print(LOG_ERROR,
			"the sources are as they were before, the boot files are not: %s; when that works again, run vfio-bootcfg --undo",
			err.text);
		return CMD_REGENERATE_FAILED;
	}
	if (journal_forget(j, id, &err) < 0) {
		log_print(LOG_ERROR, "%s", err.text);
		return CMD_REGENERATE_FAILED;
	}
	log_print(LOG_NOTICE, "everything is as it was before");
	return CMD_FAILED;
}

/* ---- forth ----------------------------------------------------------------------------------- */

/* The last step of a change. One that can't be stored is taken back: no later run would know of it.
 */
static enum cmd_result finish(const struct args *a, struct journal *j, const struct loaders *l,
	unsigned id, enum change_state state, struct boot_files *files)
{
	struct err err = {0};

	if (journal_set_state(j, id, state, &err) == 0)
		return CMD_DONE;
	log_print(LOG_ERROR, "%s", err.text);
	return take_back(a, j, l, id, files);
}

/* Keeps the boot files of the change; those of a trial are files of the edit itself. */
static int boot_files_copy(struct journal *j, const struct loaders *l, unsigned id,
	struct boot_files *files, struct err *err)
{
	_cleanup_(fd_close) int dir = journal_open_change(j, id);

	return dir < 0 ? err_set(err, -dir, "/%s: %s", JOURNAL_DIR, strerror(-dir))
		       : boot_files_keep(j->root, l, dir, files, err);
}

/* Asks, before anything is written, where images would be generated of which no copy is kept. */
static enum cmd_result unkept_ask(
	const struct args *a, const struct root *r, const struct loaders *l, struct err *err)
{
	_cleanup_(strings_done) struct strings large = {0};

	if (!l->image || l->next.n == 0 || a->trial || !cmd_runs_tools(a, r))
		return CMD_DONE;
	int rc = boot_files_unkept(r, l, &large, err);
	if (rc < 0)
		return cmd_failure(rc);
	if (large.n == 0)
		return CMD_DONE;
	cmd_notes(a, &large);
	if (a->yes || prompt_yes("Have the boot files generated without a copy of these?"))
		return CMD_DONE;
	(void)err_set(err, ECANCELED, "%.300s; nothing is changed: make room in /%s, or say --yes",
		large.v[0], JOURNAL_DIR);
	return CMD_FAILED;
}

static int boot_files_written(struct journal *j, const struct loaders *l, unsigned id,
	struct boot_files *files, struct err *err)
{
	_cleanup_(fd_close) int dir = journal_open_change(j, id);

	return dir < 0 ? err_set(err, -dir, "/%s: %s", JOURNAL_DIR, strerror(-dir))
		       : boot_files_settle(j->root, l, dir, files, err);
}

/* What the boot files are compared with, once they are written. */
struct expected {
	struct boot_entries before; /* the entries, before the first file was written */
	bool seen;                  /* false: before is not known */
	struct strings added, removed, created;
	const struct karg_ops *request; /* NULL: of an earlier run */
	const char *pick;               /* --entry, or NULL */
	bool trial;
};

static void expected_done(struct expected *e)
{
	boot_entries_done(&e->before);
	strings_done(&e->added);
	strings_done(&e->removed);
	strings_done(&e->created);
}

static int created_find(const struct edit_set *p, struct strings *ret)
{
	int rc = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->set[i].n && rc == 0; k++)
			if (p->set[i].v[k].text && !p->set[i].v[k].old)
				rc = strings_add(ret, p->set[i].v[k].path);
	return rc;
}

/* True if what the edit writes are the boot files themselves. */
static bool is_direct(const struct loaders *l)
{
	return l->next.n == 0 && l->by_hand.n == 0;
}

static int expected_read(const struct args *a, const struct root *r, const struct loaders *l,
	const struct edit_set *p, struct expected *ret, struct err *err)
{
	/* The words of an entry of its own are in that one alone. */
	int rc = a->initrd || a->menu.n > 0 ? 0 : edit_set_added(p, &ret->added);

	if (rc == 0)
		rc = edit_set_removed(p, &ret->removed);
	if (rc == 0)
		rc = created_find(p, &ret->created);
	ret->trial = a->trial;
	ret->request = a->initrd || a->menu.n > 0 ? NULL : &a->words;
	ret->pick = a->entry;
	bool generates = l->next.n > 0 && cmd_runs_tools(a, r);
	if (rc == 0 && !a->trial && (generates || is_direct(l))) {
		rc = boot_entries_read(r, l, &ret->before);
		ret->seen = rc == 0;
	}
	return rc < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Has the entries of our own follow. */
static int own_follow(
	const struct args *a, const struct root *r, struct expected *e, struct err *err)
{
	return e->trial || a->no_regen || !own_is_used(r)
		       ? 0
		       : own_sync(r, a->loader, &e->created, err);
}

/* Reads what each entry will boot with now. */
static int entries_verify(const struct args *a, const struct root *r, const struct loaders *l,
	const struct expected *e, struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries after = {0};
	_cleanup_(strings_done) struct strings also = {0};
	const struct verify v = {.root = r,
		.before = &e->before,
		.after = &after,
		.added = &e->added,
		.removed = &e->removed,
		.roots = &l->roots,
		.created = &e->created,
		.request = e->request,
		.initrd = a->initrd ? initrd_path(a) : NULL,
		.pick = e->pick,
		.direct = is_direct(l)};

	if (!e->seen)
		return 0;
	if (boot_entries_read(r, l, &after) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int rc = verify_entries(&v, &also, err);
	if (rc == 0 && a->initrd)
		rc = initrd_verify(a, &after, err);
	if (rc == 0 && a->menu.n > 0)
		rc = menu_verify(a, &after, err);
	if (rc == 0)
		cmd_notes(a, &also);
	return rc;
}

/* Runs the distribution's tools. If one fails, or an interrupt ends it, or an entry would not boot
 * with what it should, everything is undone. */
static enum cmd_result generate(const struct args *a, struct journal *j, const struct loaders *l,
	struct expected *e, unsigned id)
{
	bool trial = e->trial;
	_cleanup_(boot_files_done) struct boot_files files = {0};
	struct interrupt interrupt = {0};
	struct err err = {0};

	int rc = trial ? 0 : boot_files_copy(j, l, id, &files, &err);
	if (rc < 0) {
		log_print(LOG_ERROR, "%s", err.text);
		return take_back(a, j, l, id, NULL);
	}
	for (size_t i = 0; i < l->next.n && !a->quiet; i++)
		log_print(LOG_NOTICE, "running %s", l->next.v[i]);
	rc = regenerate_run(j->root, l, &e->added, &interrupt, &err);
	if (rc == 0)
		rc = own_follow(a, j->root, e, &err);
	if (rc == 0)
		rc = entries_verify(a, j->root, l, e, &err);
	if (rc == 0 && !trial)
		rc = boot_files_written(j, l, id, &files, &err);
	if (rc < 0) {
		log_print(LOG_ERROR, "%s", err.text);
		return take_back(a, j, l, id, trial ? NULL : &files);
	}
	if (interrupt.signal)
		log_print(LOG_NOTICE,
			"%s came when the boot files were nearly made: the edit is finished",
			interrupt_name(interrupt.signal));
	return finish(a, j, l, id, CHANGE_REGENERATED, trial ? NULL : &files);
}

static enum cmd_result written(const struct args *a, struct journal *j, const struct loaders *l,
	struct expected *e, unsigned id)
{
	struct err err = {0};

	if (l->next.n > 0 && cmd_runs_tools(a, j->root))
		return generate(a, j, l, e, id);
	if (own_follow(a, j->root, e, &err) < 0 ||
		(is_direct(l) && entries_verify(a, j->root, l, e, &err) < 0)) {
		log_print(LOG_ERROR, "%s", err.text);
		return take_back(a, j, l, id, NULL);
	}
	return finish(a, j, l, id, is_direct(l) ? CHANGE_REGENERATED : CHANGE_LEFT, NULL);
}

enum cmd_result change_make(const struct args *a, struct journal *j, const struct root *r,
	const struct loaders *l, const struct edit_set *p, struct err *err)
{
	_cleanup_(expected_done) struct expected e = {0};
	_cleanup_(str_free) char *name = args_name(a);
	struct interrupt late = {0};
	unsigned id = 0;

	int rc = expected_read(a, r, l, p, &e, err);
	if (rc < 0)
		return cmd_failure(rc);
	enum cmd_result result = unkept_ask(a, r, l, err);
	if (result != CMD_DONE)
		return result;
	interrupt_hold();
	rc = edit_set_commit(j, r, p, name ? name : "", &id, err);
	result = rc < 0 ? cmd_failure(rc) : written(a, j, l, &e, id);
	/* One that came after the last step changes nothing. */
	(void)interrupt_came(&late);
	interrupt_release();
	return result;
}

/* ---- what was interrupted -------------------------------------------------------------------- */

static bool is_trial(const struct journal_entry *e)
{
	return str_starts(e->what, ASKED_TRIAL);
}

static enum cmd_result undo_again(
	const struct args *a, struct journal *j, const struct journal_entry *e, struct err *err)
{
	_cleanup_(undone_done) struct undone done = {0};
	int rc = files_undo(a, j, e->id, &done, err);

	if (rc < 0)
		return cmd_failure(rc);
	enum cmd_result result = change_undone(a, j, &done, err);
	if (result == CMD_DONE)
		log_print(LOG_NOTICE, "change %u was interrupted, and is taken back", e->id);
	return result;
}

static enum cmd_result generate_again(
	const struct args *a, struct journal *j, const struct journal_entry *e, struct err *err)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	struct expected expected = {.added = e->added}; /* by reference */
	struct karg_ops nothing = {0};
	struct loaders_options lo = {.loader = a->loader, .request = &nothing};

	int rc = addon_made(e) ? 0 : loaders_find(j->root, &lo, &l, err);
	if (rc < 0)
		return cmd_failure(rc);
	log_print(LOG_NOTICE, "change %u was interrupted before its boot files were made", e->id);
	if (l.next.n > 0 && !cmd_runs_tools(a, j->root)) {
		log_print(LOG_WARNING, "the boot files of change %u are not made; run: %s", e->id,
			l.next.v[0]);
		return finish(a, j, &l, e->id, CHANGE_LEFT, NULL);
	}
	enum cmd_result result = generate(a, j, &l, &expected, e->id);
	if (result == CMD_DONE)
		log_print(LOG_NOTICE, "change %u is finished", e->id);
	else
		(void)err_set(err, EIO, "change %u is not finished (see above)", e->id);
	strings_done(&expected.created);
	return result;
}

enum cmd_result unfinished_resolve(const struct args *a, struct journal *j, struct err *err)
{
	_cleanup_(journal_list_done) struct journal_list l = {0};
	struct interrupt late = {0};

	int rc = journal_read(j, &l, err);
	enum cmd_result result = rc < 0 ? cmd_failure(rc) : CMD_DONE;
	interrupt_hold();
	for (size_t i = l.n; i-- > 0 && result == CMD_DONE;) {
		const struct journal_entry *e = &l.v[i];
		if (!change_is_unfinished(e->state))
			continue;
		result = e->state == CHANGE_WRITTEN && !is_trial(e) ? generate_again(a, j, e, err)
								    : undo_again(a, j, e, err);
	}
	bool came = interrupt_came(&late) != 0;
	interrupt_release();
	if (result == CMD_DONE && came) {
		(void)err_set(
			err, EINTR, "%s came; nothing else is done", interrupt_name(late.signal));
		return CMD_FAILED;
	}
	return result;
}

static void unfinished_print(const struct journal_entry *e, long holder, struct text *t)
{
	static const char *const how[] = {
		[CHANGE_PREPARED] =
			"was interrupted while its files were written; the next edit takes it back, and so does",
		[CHANGE_WRITTEN] =
			"is written, but its boot files are not made; the next edit makes them, or take it back with",
		[CHANGE_REVERTING] =
			"was being undone when that was interrupted; the next edit finishes it, and so does",
	};

	if (holder > 0)
		text_print(t, "change %u is being made right now by process %ld", e->id, holder);
	else
		text_print(t, "change %u %s vfio-bootcfg --undo %u", e->id, how[e->state], e->id);
}

int unfinished_list(const struct root *r, struct strings *ret, bool *ret_any, struct err *err)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;
	_cleanup_(journal_list_done) struct journal_list l = {0};

	*ret_any = false;
	int rc = journal_look(r, &j, err);
	if (rc == -EACCES) {
		int added = strings_add(ret,
			"only root can read whether a change was interrupted: run this as root to see it");
		return added < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
	}
	if (rc == 0)
		rc = journal_read(&j, &l, err);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		_cleanup_(text_done) struct text t = {0};
		if (!change_is_unfinished(l.v[i].state))
			continue;
		*ret_any = true;
		unfinished_print(&l.v[i], journal_holder(&j), &t);
		if (t.failed || strings_add(ret, t.data) < 0)
			rc = err_set(err, ENOMEM, "out of memory");
	}
	return rc;
}
