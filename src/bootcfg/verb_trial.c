/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/verbs.h"

#include "base/log.h"
#include "bootcfg/journal.h"
#include "bootcfg/journal_list.h"
#include "bootcfg/kword.h"
#include "bootcfg/running.h"
#include "bootcfg/trial.h"

#include <errno.h>
#include <string.h>

/* The last change that is a trial: its number and its words. */
static int trial_find(const struct root *r, unsigned *ret_id, struct request *ret, struct err *err)
{
	_cleanup_(journal_list_done) struct journal_list l = {0};
	int rc = journal_read(r, &l, err);

	for (size_t i = l.n; i-- > 0 && rc == 0;) {
		const char *what = l.v[i].what;
		if (!str_starts(what, ASKED_TRIAL " "))
			continue;
		*ret_id = l.v[i].id;
		return trial_words_read(what + strlen(ASKED_TRIAL " "), ret, err);
	}
	return rc < 0 ? rc
		      : err_set(err, ENOENT,
				"there is no trial to confirm; --history lists the "
				"changes");
}

static bool line_has(const char *cmdline, const struct kword *want)
{
	for (const char *p = cmdline; *p;) {
		p += strspn(p, " ");
		const char *end = kword_end(p);
		_cleanup_(str_free) char *word = strndup(p, (size_t)(end - p));
		_cleanup_(kword_done) struct kword k = {0};
		if (word && kword_read(word, &k) == 0 && kword_equal(&k, want))
			return true;
		p = end;
	}
	return false;
}

/* A trial that nobody has seen boot is no trial: this boot has to have its words. */
static int booted_check(const struct root *r, const struct request *req, struct err *err)
{
	_cleanup_(running_done) struct running now = {0};

	if (running_read(r, &now) < 0 || !now.cmdline)
		return 0;
	for (size_t i = 0; i < req->n; i++)
		if (req->v[i].kind == WANT_ADD && !line_has(now.cmdline, &req->v[i].k))
			return err_set(err, EBUSY,
				"this boot has no %s, so it was not the trial; boot it first, or "
				"confirm with --force",
				req->v[i].text);
	return 0;
}

enum verb_result verb_confirm(struct asked *a, const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(undone_done) struct undone done = {0};
	struct undo_how how = {.dry = a->dry_run};
	unsigned id = 0;

	int rc = trial_find(r, &id, &a->words, err);
	if (rc == 0 && !a->force)
		rc = booted_check(r, &a->words, err);
	if (rc < 0)
		return verb_failure(rc);
	enum verb_result result = verb_edit(a, r, f, err);
	if (result != VERB_DONE)
		return result;
	/* The trial's entry goes last: until the words are in place it is a way to boot with them.
	 */
	struct err why = {0};
	rc = journal_undo(r, id, &how, &done, &why);
	if (rc < 0) {
		log_print(LOG_WARNING, "the words are in place; the trial's entry stays: %s",
			why.text);
		return VERB_DONE;
	}
	for (size_t i = 0; i < done.n && !a->quiet && !a->json && !a->dry_run; i++)
		fprintf(f, "%s  /%s\n", done.v[i].to ? "restored" : "removed", done.v[i].path);
	return VERB_DONE;
}
