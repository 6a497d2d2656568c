/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/trial.h"

#include "base/log.h"
#include "bootcfg/commands.h"
#include "bootcfg/journal.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/regenerate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the edit ----------------------------------------------------------------------------------
 */

/* The loaders with a boot for one time, by name. */
static void oneshot_names(struct text *ret)
{
	for (const struct loader *const *l = loader_table; *l; l++)
		if ((*l)->oneshot)
			text_print(ret, "%s%s", ret->len > 0 ? ", " : "", (*l)->name);
}

int trial_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set p = {.set = calloc(2, sizeof(*p.set))};
	const struct loader *loader = l->found_n > 0 ? l->found[0] : NULL;
	_cleanup_(text_done) struct text names = {0};

	if (!p.set)
		return err_set(err, ENOMEM, "out of memory");
	strings_done(&l->next);
	if (!loader || !loader->oneshot) {
		oneshot_names(&names);
		return err_set(err, EINVAL,
			"--trial knows the one-time boot of %s, and this is %s: nothing is changed",
			names.data ? names.data : "no boot loader",
			loader ? loader->name : "none of them");
	}
	int rc = loader->oneshot(r, l, req, &p.set[p.n++], err);
	if (rc < 0)
		return rc;
	*ret = p;
	p = (struct edit_set){0};
	return 0;
}

int trial_keep(const struct root *r, const struct loaders *l, struct edit_set *to, struct err *err)
{
	const struct loader *loader = l->found_n > 0 ? l->found[0] : NULL;

	if (!loader || !loader->keep)
		return err_set(err, EINVAL,
			"--once-fallback copies the default entry, which is not known of %s",
			loader ? loader->name : "this boot loader");
	struct file_edits *set = calloc(to->n + 1, sizeof(*set));
	if (!set)
		return err_set(err, ENOMEM, "out of memory");
	/* Written first: the copy exists before anything changes. */
	memcpy(set + 1, to->set, to->n * sizeof(*set));
	free(to->set);
	to->set = set;
	to->n++;
	return loader->keep(r, l, &set[0], err);
}

int oneshot_cancel(
	const struct root *r, const struct undone *u, struct strings *next, bool *ret_trial)
{
	int rc = 0;

	*ret_trial = false;
	for (size_t i = 0; i < u->n && rc == 0; i++)
		for (const struct loader *const *l = loader_table; *l && rc == 0; l++)
			if ((*l)->oneshot_cancel)
				rc = (*l)->oneshot_cancel(r, u->v[i].path, next, ret_trial);
	return rc;
}

/* Parses a request as the journal has it, `--add WORD --remove WORD …`. */
static int trial_words_read(const char *text, struct karg_ops *ret, struct err *err)
{
	static const struct {
		const char *verb;
		enum karg_op_kind kind;
	} verbs[] = {{"--add", KARG_OP_ADD}, {"--add-weak", KARG_OP_ADD_WEAK},
		{"--set", KARG_OP_SET}, {"--remove", KARG_OP_REMOVE_WORD},
		{"--remove-item", KARG_OP_REMOVE_ELEMENT}};

	for (const char *at = text; *at;) {
		const char *cmd_end = kcmdline_word_end(at), *word = cmd_end + (*cmd_end == ' ');
		const char *end = kcmdline_word_end(word);
		_cleanup_(str_free) char *verb = strndup(at, (size_t)(cmd_end - at));
		_cleanup_(str_free) char *copy = strndup(word, (size_t)(end - word));
		size_t i = 0, n = sizeof(verbs) / sizeof(*verbs);
		if (!verb || !copy)
			return err_set(err, ENOMEM, "out of memory");
		while (i < n && !str_equal(verbs[i].verb, verb))
			i++;
		int rc = i == n ? err_set(err, EBADMSG, "the journal's %s can't be read", verb)
				: karg_ops_take(ret, verbs[i].kind, copy, err);
		if (rc < 0)
			return rc;
		at = end + (*end == ' ');
	}
	return 0;
}

/* ---- --confirm ---------------------------------------------------------------------------------
 */

/* Finds the last change that is a trial: its number and its parameters. */
static int trial_find(const struct root *r, unsigned *ret_id, struct karg_ops *ret, struct err *err)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;
	_cleanup_(journal_list_done) struct journal_list l = {0};
	int rc = journal_look(r, &j, err);

	if (rc == 0)
		rc = journal_read(&j, &l, err);
	for (size_t i = l.n; i-- > 0 && rc == 0;) {
		const char *what = l.v[i].what;
		if (!str_starts(what, ASKED_TRIAL " "))
			continue;
		*ret_id = l.v[i].id;
		return trial_words_read(what + strlen(ASKED_TRIAL " "), ret, err);
	}
	return rc < 0 ? rc
		      : err_set(err, ENOENT,
				"there is no trial to confirm; --history lists the changes");
}

/* Applies the request to the running command line: what an edit would change is what it lacks. */
static int line_decide(
	const char *cmdline, const struct karg_ops *req, char **ret_lacks, struct err *err)
{
	_cleanup_(tokens_done) struct tokens l = {.dialect = DIALECT_KERNEL};
	_cleanup_(edit_done) struct edit c = {0};
	struct segment *f = tokens_segment(&l);

	if (!f || segment_add_bytes(f, cmdline, 0, strlen(cmdline), 0) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int rc = tokens_split(&l, err);
	if (rc == 0)
		rc = edit_decide(&l, req, &c, err);
	if (rc < 0 || edit_empty(&c))
		return rc;
	struct text lacks = {0};
	for (size_t i = 0; i < c.words; i++)
		if (c.new_text[i] && lacks.len == 0)
			text_print(&lacks, "still has %s", l.word[i].text);
	if (c.append.n > 0) {
		text_done(&lacks);
		text_print(&lacks, "has no %s", c.append.v[0]);
	}
	*ret_lacks = lacks.data;
	return lacks.failed || !lacks.data ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* A trial is confirmed only after it has booted: the command line of this boot has the added
 * parameters and none of the removed ones. */
static int booted_check(const struct root *r, const struct karg_ops *req, struct err *err)
{
	_cleanup_(booted_done) struct booted now = {0};
	_cleanup_(str_free) char *lacks = NULL;

	if (booted_read(r, &now) < 0 || !now.cmdline)
		return 0;
	int rc = line_decide(now.cmdline, req, &lacks, err);
	if (rc < 0 || !lacks)
		return rc;
	return err_set(err, EBUSY,
		"this boot %s, so it was not the trial; boot it first, or confirm with --force",
		lacks);
}

/* Cancels the one-time boot, which must not name a removed entry. */
static void disarm(const struct args *a, const struct root *r, const struct undone *done)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	const struct strings none = {0};
	struct err err = {0};
	bool trial;

	if (oneshot_cancel(r, done, &l.next, &trial) < 0 ||
		(cmd_runs_tools(a, r) && regenerate_run(r, &l, &none, NULL, &err) < 0))
		log_print(LOG_WARNING, "the boot for once may still be set: %s",
			err.text[0] ? err.text : "out of memory");
}

/* The trial's entry is removed last: until the parameters are in place it can boot with them. */
static enum cmd_result trial_end(const struct args *a, const struct root *r, unsigned id, FILE *f)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;
	_cleanup_(undone_done) struct undone done = {0};
	const struct undo_how how = {.dry = a->dry_run};
	struct err err = {0};

	int rc = a->dry_run ? journal_look(r, &j, &err) : journal_lock(r, &j, &err);
	if (rc == 0)
		rc = journal_undo(&j, id, &how, &done, &err);
	if (rc == 0 && !a->dry_run) {
		disarm(a, r, &done);
		rc = journal_forget(&j, id, &err);
	}
	if (rc < 0)
		log_print(LOG_WARNING, "the words are in place; the trial's entry stays: %s",
			err.text);
	for (size_t i = 0; i < done.n && !a->quiet && !a->json && !a->dry_run; i++)
		fprintf(f, "%s  /%s\n", done.v[i].to ? "restored" : "removed", done.v[i].path);
	return CMD_DONE;
}

enum cmd_result cmd_confirm(struct args *a, const struct root *r, FILE *f, struct err *err)
{
	unsigned id = 0;

	int rc = trial_find(r, &id, &a->words, err);
	if (rc == 0 && !a->force)
		rc = booted_check(r, &a->words, err);
	if (rc < 0)
		return cmd_failure(rc);
	enum cmd_result result = cmd_edit(a, r, f, err);
	if (result != CMD_DONE)
		return result;
	return trial_end(a, r, id, f);
}
