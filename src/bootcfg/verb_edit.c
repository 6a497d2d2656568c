/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/verbs.h"

#include "base/log.h"
#include "bootcfg/edit.h"
#include "bootcfg/esp.h"
#include "bootcfg/loaders.h"
#include "bootcfg/outlook.h"
#include "bootcfg/regen.h"
#include "bootcfg/running.h"
#include "bootcfg/show.h"
#include "bootcfg/traces.h"
#include "bootcfg/trial.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum verb_result verb_failure(int rc)
{
	switch (rc) {
	case LOADERS_OWNED:
		return VERB_OWNED;
	case LOADERS_AMBIGUOUS:
		return VERB_AMBIGUOUS;
	case -ENOTRECOVERABLE:
		return VERB_BROKEN;
	default:
		return VERB_FAILED;
	}
}

void verb_notes(const struct asked *a, const struct strings *notes)
{
	for (size_t i = 0; i < notes->n && !a->quiet; i++)
		log_print(LOG_NOTICE, "%s", notes->v[i]);
}

bool verb_runs_tools(const struct asked *a, const struct root *r)
{
	return r->host && !a->no_regen && geteuid() == 0;
}

static void commands_print(
	const struct asked *a, const struct root *r, const struct loaders *l, FILE *f)
{
	for (size_t i = 0; i < l->next.n; i++)
		fprintf(f, "%s: %s%s\n", verb_runs_tools(a, r) ? "done" : "next", l->next.v[i],
			r->host ? "" : "  (inside that system)");
	if (l->next.n == 0)
		fputs("nothing else to do\n", f);
}

/* The words of all places, once each: what generated files have to hold afterwards. */
static int words_added(const struct plan *p, struct strings *ret)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->set[i].added.n; k++)
			if (!strings_have(ret, p->set[i].added.v[k]) &&
				strings_add(ret, p->set[i].added.v[k]) < 0)
				return -ENOMEM;
	return 0;
}

/* A tool has failed: the sources are put back. Boot files it has touched are made again from them.
 */
static enum verb_result regenerate_back(
	const struct root *r, const struct loaders *l, unsigned id, bool touched)
{
	_cleanup_(undone_done) struct undone done = {0};
	const struct strings none = {0};
	const struct undo_how how = {0};
	struct err err = {0};

	if (journal_undo(r, id, &how, &done, &err) < 0) {
		log_print(LOG_ERROR,
			"the edit is in place, and putting it back failed, too: %s; see "
			"vfio-bootcfg --history and --undo",
			err.text);
		return VERB_BROKEN;
	}
	if (touched && regen_run(r, l, &none, &err) < 0) {
		log_print(LOG_ERROR,
			"the sources are as they were before, the boot files are not: %s; when "
			"that works again, run: %s",
			err.text, l->next.v[0]);
		return VERB_BROKEN;
	}
	log_print(LOG_NOTICE, "everything is as it was before");
	return VERB_FAILED;
}

/* On the running system: the distribution's tools. When one fails everything is put back. */
static enum verb_result regenerate(const struct asked *a, const struct root *r,
	const struct loaders *l, const struct plan *p, unsigned id)
{
	_cleanup_(strings_done) struct strings added = {0};
	_cleanup_(text_done) struct text before = {0}, after = {0};
	struct err err = {0};

	if (!verb_runs_tools(a, r) || l->next.n == 0)
		return VERB_DONE;
	for (size_t i = 0; i < l->next.n && !a->quiet; i++)
		log_print(LOG_NOTICE, "running %s", l->next.v[i]);
	bool seen = traces_read(r, &l->boots, &before) == 0;
	int rc = words_added(p, &added);
	if (rc == 0)
		rc = regen_run(r, l, &added, &err);
	if (rc == 0)
		return VERB_DONE;
	log_print(LOG_ERROR, "%s", err.text);
	seen = seen && traces_read(r, &l->boots, &after) == 0;
	bool touched = !seen || !str_equal(before.data, after.data);
	/* To arm a trial that is gone again would be no way back. */
	return regenerate_back(r, l, id, touched && !a->trial);
}

/* Files on a boot partition that the loader of this boot does not read. */
static void partitions_check(
	const struct root *r, const struct plan *p, const struct running *now, const char *esp)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->set[i].n; k++)
			if (p->set[i].v[k].text &&
				esp_is_other(r, now->partition, p->set[i].v[k].path))
				log_print(LOG_WARNING,
					"%s: is on a boot partition that did not boot this "
					"machine: "
					"its loader came from partition %s%s%s",
					p->set[i].v[k].name, now->partition, esp ? ", on /" : "",
					esp ? esp : "");
}

/* Another loader than the one that is edited started this system, or another partition: the words
 * would never arrive. */
static void booted_check(const struct root *r, const struct loaders *l, const struct plan *p)
{
	_cleanup_(running_done) struct running now = {0};

	if (running_read(r, &now) < 0)
		return;
	const char *other = running_other(&now, &l->found);
	if (other)
		log_print(LOG_WARNING,
			"you edit %s, which did not boot this machine: %s did, and what it reads "
			"is "
			"not changed; --boot-loader %s would",
			l->found.v[0], other, other);
	if (now.partition)
		partitions_check(r, p, &now, esp_mounted(r, now.partition, &l->boots));
}

static enum verb_result dry_run_print(
	const struct asked *a, const struct loaders *l, const struct plan *p, FILE *f)
{
	if (a->json)
		plan_print_json(l, p, f);
	else if (a->check && !a->quiet)
		plan_print(p, f);
	else if (a->dry_run)
		plan_print_diff(p, f);
	return !plan_is_empty(p) && (a->check || a->exit_code) ? VERB_DIFFERS : VERB_DONE;
}

/* Read back: what the boot loader will give each kernel now. */
static void entries_print(
	const struct root *r, const struct loaders *l, const struct plan *p, FILE *f)
{
	_cleanup_(outlook_done) struct outlook o = {0};
	_cleanup_(strings_done) struct strings added = {0};

	if (words_added(p, &added) == 0 && added.n > 0 && outlook_read(r, l, &o) == 0)
		outlook_print(&o, &added, f);
}

static void change_print(const struct asked *a, const struct root *r, const struct loaders *l,
	const struct plan *p, FILE *f)
{
	if (a->json) {
		plan_print_json(l, p, f);
	} else if (!a->quiet) {
		plan_print(p, f);
		commands_print(a, r, l, f);
		if (!a->trial && (verb_runs_tools(a, r) || l->next.n == 0))
			entries_print(r, l, p, f);
		fprintf(f, "undo: vfio-bootcfg%s%s --undo\n", r->host ? "" : " --root ",
			r->host ? "" : a->root);
	}
}

static enum verb_result plan_do(const struct asked *a, const struct root *r,
	const struct loaders *l, const struct plan *p, FILE *f, struct err *err)
{
	_cleanup_(str_free) char *name = asked_name(a);
	unsigned id = 0;

	int rc = plan_commit(r, p, name ? name : "", &id, err);
	if (rc < 0)
		return verb_failure(rc);
	enum verb_result result = regenerate(a, r, l, p, id);
	if (result == VERB_DONE)
		change_print(a, r, l, p, f);
	return result;
}

enum verb_result verb_edit(struct asked *a, const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(strings_done) struct strings notes = {0};
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(plan_done) struct plan p = {0};

	if (asked_words(a, r, &notes, err) < 0)
		return VERB_USAGE;
	verb_notes(a, &notes);
	struct loaders_options lo = {.loader = a->loader, .entry = a->entry, .request = &a->words};
	int rc = loaders_find(r, &lo, &l, err);
	if (rc == 0)
		rc = a->trial ? trial_plan(r, &l, &a->words, &p, err)
			      : plan_make(r, &l, &a->words, &p, err);
	if (rc == 0 && a->once_fallback && !plan_is_empty(&p))
		rc = trial_keep(r, &l, &p, err);
	if (rc < 0)
		return verb_failure(rc);
	verb_notes(a, &l.notes);
	verb_notes(a, &p.notes);
	if (!a->quiet)
		booted_check(r, &l, &p);
	if (a->check || a->dry_run)
		return dry_run_print(a, &l, &p, f);
	/* A trial that is there is armed once more. */
	if (plan_is_empty(&p) && a->trial && l.next.n > 0) {
		commands_print(a, r, &l, f);
		return verb_runs_tools(a, r) && regen_run(r, &l, &notes, err) < 0 ? VERB_FAILED
										  : VERB_DONE;
	}
	if (!plan_is_empty(&p))
		return plan_do(a, r, &l, &p, f, err);
	if (!a->quiet)
		log_print(LOG_NOTICE, "nothing to do: it is so already");
	return VERB_DONE;
}
