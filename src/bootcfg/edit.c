/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/edit.h"

#include "base/log.h"
#include "bootcfg/addon.h"
#include "bootcfg/change.h"
#include "bootcfg/commands.h"
#include "bootcfg/diff.h"
#include "bootcfg/initrd.h"
#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/entry_pick.h"
#include "bootcfg/loader/esp.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/menu.h"
#include "bootcfg/own.h"
#include "bootcfg/regenerate.h"
#include "bootcfg/status.h"
#include "bootcfg/trial.h"
#include "bootcfg/warnings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the set of files --------------------------------------------------------------------------
 */

void edit_set_done(struct edit_set *p)
{
	for (size_t i = 0; i < p->n; i++)
		file_edits_done(&p->set[i]);
	free(p->set);
	strings_done(&p->notes);
	*p = (struct edit_set){0};
}

/* A template without changed parameters does not create a file. */
static void untouched_drop(struct file_edits *s)
{
	if (s->added.n > 0 || s->removed.n > 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		str_free(&s->v[i].text);
}

static int notes_take(const struct strings *from, struct strings *to)
{
	for (size_t i = 0; i < from->n; i++)
		if (!strings_have(to, from->v[i]) && strings_add(to, from->v[i]) < 0)
			return -ENOMEM;
	return 0;
}

int edit_set_make(const struct root *r, const struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set p = {
		.set = calloc(l->sources_n + 1, sizeof(*p.set))};

	if (!p.set)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < l->sources_n; i++) {
		struct file_edits *s = &p.set[p.n++];
		int rc = karg_source_edit(r, &l->sources[i], req, s, err);
		if (rc < 0)
			return rc;
		untouched_drop(s);
		if (notes_take(&s->notes, &p.notes) < 0 ||
			warnings_words(&s->before, &s->after, req, &p.notes) < 0 ||
			warnings_files(r, s, &p.notes) < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	if (!edit_set_is_empty(&p) && warnings_system(r, l, &p.notes) < 0)
		return err_set(err, ENOMEM, "out of memory");
	*ret = p;
	p = (struct edit_set){0};
	return 0;
}

bool edit_set_is_empty(const struct edit_set *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (file_edits_changed(&p->set[i]))
			return false;
	return true;
}

/* Prints a unified diff of all files, for patch -p1 in the root directory. */
static void edit_set_print_diff(const struct edit_set *p, FILE *f)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->set[i].n; k++) {
			const struct file_edit *s = &p->set[i].v[k];
			if (s->text)
				diff_print(s->path, s->old, s->old_len, s->text, s->len, f);
		}
	}
}

static void word_print(FILE *f, char sign, const char *word)
{
	_cleanup_(text_done) struct text shown = {0};

	word_show(word, &shown);
	fprintf(f, " %c%s", sign, shown.data ? shown.data : "");
}

/* Prints a line per file: `changed  /etc/default/grub  +iommu=pt`. */
static void edit_set_print(const struct edit_set *p, FILE *f)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct file_edits *set = &p->set[i];
		for (size_t k = 0; k < set->n; k++) {
			if (!set->v[k].text)
				continue;
			fprintf(f, "%s  /%s ", set->v[k].old ? "changed" : "created",
				set->v[k].path);
			for (size_t w = 0; w < set->removed.n; w++)
				word_print(f, '-', set->removed.v[w]);
			for (size_t w = 0; w < set->added.n; w++)
				word_print(f, '+', set->added.v[w]);
			putc('\n', f);
		}
	}
}

static int words_once(const struct strings *words, struct strings *ret)
{
	for (size_t k = 0; k < words->n; k++)
		if (!strings_have(ret, words->v[k]) && strings_add(ret, words->v[k]) < 0)
			return -ENOMEM;
	return 0;
}

int edit_set_added(const struct edit_set *p, struct strings *ret)
{
	int rc = 0;

	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = words_once(&p->set[i].added, ret);
	return rc;
}

int edit_set_removed(const struct edit_set *p, struct strings *ret)
{
	int rc = 0;

	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = words_once(&p->set[i].removed, ret);
	return rc;
}

int edit_set_commit(struct journal *j, const struct root *r, const struct edit_set *p,
	const char *what, unsigned *ret_id, struct err *err)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < p->n; i++)
		all += p->set[i].n;
	struct journal_file *files = calloc(all + 1, sizeof(*files));
	if (!files)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->set[i].n; k++) {
			const struct file_edit *s = &p->set[i].v[k];
			if (s->text)
				files[n++] = (struct journal_file){s->path, s->old, s->old_len,
					s->text, s->len, &p->set[i].added, &p->set[i].removed,
					s->program};
		}
	}
	int rc = journal_commit(j, r, files, n, what, ret_id, err);
	free(files);
	return rc;
}

/* ---- the command -------------------------------------------------------------------------------
 */

enum cmd_result cmd_failure(int rc)
{
	switch (rc) {
	case LOADERS_OWNED:
		return CMD_MANAGED;
	case LOADERS_AMBIGUOUS:
		return CMD_AMBIGUOUS;
	case LOADERS_NO_ENTRY:
		return CMD_USAGE;
	case -ENOTRECOVERABLE:
		return CMD_REGENERATE_FAILED;
	default:
		return CMD_FAILED;
	}
}

void cmd_notes(const struct args *a, const struct strings *notes)
{
	for (size_t i = 0; i < notes->n && !a->quiet; i++)
		log_print(LOG_NOTICE, "%s", notes->v[i]);
}

bool cmd_runs_tools(const struct args *a, const struct root *r)
{
	return r->host && !a->no_regen && geteuid() == 0;
}

static void commands_print(
	const struct args *a, const struct root *r, const struct loaders *l, FILE *f)
{
	for (size_t i = 0; i < l->next.n; i++)
		fprintf(f, "%s: %s%s\n", cmd_runs_tools(a, r) ? "done" : "next", l->next.v[i],
			r->host ? "" : "  (inside that system)");
	for (size_t i = 0; i < l->by_hand.n; i++)
		fprintf(f, "next: %s\n", l->by_hand.v[i]);
	if (l->next.n == 0 && l->by_hand.n == 0)
		fputs("nothing else to do\n", f);
}

/* Warns of files on a boot partition that the loader of this boot does not read. */
static void partitions_check(
	const struct root *r, const struct edit_set *p, const struct booted *now, const char *esp)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->set[i].n; k++)
			if (p->set[i].v[k].text &&
				esp_is_other(r, now->partition, p->set[i].v[k].path))
				log_print(LOG_WARNING,
					"%s: is on a boot partition that did not boot this machine: its loader came from partition %s%s%s",
					p->set[i].v[k].name, now->partition, esp ? ", on /" : "",
					esp ? esp : "");
}

/* Warns if another loader than the edited one, or another partition, started this system: the
 * parameters would have no effect. */
static void booted_check(const struct root *r, const struct loaders *l, const struct edit_set *p)
{
	_cleanup_(booted_done) struct booted now = {0};

	if (booted_read(r, &now) < 0)
		return;
	const struct loader *other = booted_other(&now, l);
	if (other)
		log_print(LOG_WARNING,
			"you edit %s, which did not boot this machine: %s did, and what it reads is not changed; --boot-loader %s would",
			l->found[0]->name, other->name, other->name);
	if (now.partition)
		partitions_check(r, p, &now, esp_mounted(r, now.partition, &l->boots));
}

static enum cmd_result dry_run_print(
	const struct args *a, const struct loaders *l, const struct edit_set *p, FILE *f)
{
	if (a->json)
		edit_set_print_json(l, p, f);
	else if ((a->check || a->addon) && !a->quiet) /* an addon is no text */
		edit_set_print(p, f);
	else if (a->dry_run)
		edit_set_print_diff(p, f);
	return !edit_set_is_empty(p) && (a->check || a->exit_code) ? CMD_DIFFERS : CMD_DONE;
}

/* Reads back what the boot loader passes to each kernel. */
static void entries_print(const struct args *a, const struct root *r, const struct loaders *l,
	const struct edit_set *p, FILE *f)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	_cleanup_(strings_done) struct strings added = {0};

	if (edit_set_added(p, &added) < 0 || boot_entries_read(r, l, &o) < 0)
		return;
	if (a->initrd)
		initrd_print(a, &o, f);
	else if (a->menu.n > 0)
		menu_print(a, &o, f);
	else if (added.n > 0)
		boot_entries_print(&o, &added, f);
}

static void edit_print(const struct args *a, const struct root *r, const struct loaders *l,
	const struct edit_set *p, FILE *f)
{
	if (a->json) {
		edit_set_print_json(l, p, f);
	} else if (!a->quiet) {
		edit_set_print(p, f);
		commands_print(a, r, l, f);
		if (!a->trial && l->by_hand.n == 0 && (cmd_runs_tools(a, r) || l->next.n == 0))
			entries_print(a, r, l, p, f);
		fprintf(f, "undo: vfio-bootcfg%s%s --undo\n", r->host ? "" : " --root ",
			r->host ? "" : a->root);
	}
}

/* Nothing is edited: tells what is left to do, or whether the words are there. */
static enum cmd_result managed_result(const struct args *a, const struct root *r,
	const struct loaders *l, FILE *f, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set none = {0};
	bool differs = l->line.n == 0 || l->line.added.n > 0 || l->line.removed.n > 0;

	if (a->json)
		edit_set_print_json(l, &none, f);
	if (!l->refused || (a->check && !differs)) {
		if (!a->quiet && !a->json && !a->check)
			log_print(LOG_NOTICE, "nothing to do: it is so already");
		return CMD_DONE;
	}
	bool known = a->check && l->line.n > 0;
	if (!a->json && l->by_hand.n > 0 && !(known && a->quiet))
		commands_print(a, r, l, f);
	if (known && !a->quiet)
		log_print(LOG_NOTICE, "%s", l->managed_why);
	else if (!known)
		(void)err_set(err, EPERM, "%s", l->managed_why);
	return known ? CMD_DIFFERS : CMD_MANAGED;
}

static int edit_plan(struct args *a, const struct root *r, struct loaders *l, struct edit_set *p,
	struct err *err)
{
	struct loaders_options lo = {.loader = a->loader,
		.entry = a->entry,
		.request = &a->words,
		.drop_in = a->drop_in};
	if (a->addon || a->initrd || a->menu.n > 0) {
		int made = a->addon    ? addon_plan(a, r, l, p, err)
			   : a->initrd ? initrd_plan(a, r, l, p, err)
				       : menu_plan(a, r, l, p, err);
		if (made == 0)
			cmd_notes(a, &p->notes);
		return made;
	}
	int rc = loaders_find_entry(r, &lo, l, err);

	if (rc < 0 || l->managed_by)
		return rc;
	rc = a->trial ? trial_plan(r, l, &a->words, p, err)
		      : edit_set_make(r, l, &a->words, p, err);
	if (rc == 0 && a->once_fallback && !edit_set_is_empty(p))
		rc = trial_keep(r, l, p, err);
	if (rc == 0 && !edit_set_is_empty(p) && ways_back_check(r, l, &p->notes) < 0)
		rc = err_set(err, ENOMEM, "out of memory");
	if (rc < 0)
		return rc;
	cmd_notes(a, &l->notes);
	cmd_notes(a, &p->notes);
	if (!a->quiet)
		booted_check(r, l, p);
	return 0;
}

/* The files have it all, but the menus that are generated from them do not: a hand edit, or an edit
 * with --no-regen. Says so. */
static bool menus_lack(const struct args *a, const struct root *r, const struct loaders *l,
	const struct edit_set *p)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};

	if (l->managed_by || a->trial || l->next.n == 0 || !edit_set_is_empty(p) ||
		boot_entries_read(r, l, &o) < 0 ||
		!(a->initrd             ? initrd_lacks(a, &o)
			: a->menu.n > 0 ? menu_lacks(a, &o)
					: boot_entries_lack(&o, &a->words)))
		return false;
	log_print(LOG_WARNING,
		"the files have it already, but no boot entry does: the boot files are not made; run: %s",
		l->next.v[0]);
	return true;
}

/* The entries of our own are not what the list and the others make them. Says so. */
static bool own_lag(const struct args *a, const struct root *r)
{
	_cleanup_(own_plan_done) struct own_plan p = {0};
	struct err ignored = {0};

	if (!own_is_used(r) || own_plan_make(r, a->loader, &p, &ignored) < 0 ||
		own_plan_is_empty(&p))
		return false;
	log_print(LOG_WARNING,
		"entries of --menu do not follow their kernels; run: vfio-bootcfg --refresh");
	return true;
}

/* --check and --dry-run: what was interrupted is reported, and is a difference. */
static enum cmd_result edit_look(struct args *a, const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(strings_done) struct strings unfinished = {0};
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(edit_set_done) struct edit_set p = {0};
	bool any = false;

	int rc = unfinished_list(r, &unfinished, &any, err);
	for (size_t i = 0; i < unfinished.n; i++)
		log_print(LOG_WARNING, "%s", unfinished.v[i]);
	if (rc == 0)
		rc = edit_plan(a, r, &l, &p, err);
	if (rc < 0)
		return cmd_failure(rc);
	enum cmd_result result = l.managed_by ? managed_result(a, r, &l, f, err)
					      : dry_run_print(a, &l, &p, f);
	any |= menus_lack(a, r, &l, &p) || own_lag(a, r);
	return result == CMD_DONE && any && (a->check || a->exit_code) ? CMD_DIFFERS : result;
}

static enum cmd_result edit_do(
	struct args *a, const struct root *r, struct journal *j, FILE *f, struct err *err)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(edit_set_done) struct edit_set p = {0};
	const struct strings none = {0};

	int rc = edit_plan(a, r, &l, &p, err);
	if (rc < 0)
		return cmd_failure(rc);
	if (l.managed_by)
		return managed_result(a, r, &l, f, err);
	/* An existing trial is set for the next boot again. */
	if (edit_set_is_empty(&p) && a->trial && l.next.n > 0) {
		commands_print(a, r, &l, f);
		return cmd_runs_tools(a, r) && regenerate_run(r, &l, &none, NULL, err) < 0
			       ? CMD_FAILED
			       : CMD_DONE;
	}
	if (edit_set_is_empty(&p)) {
		if (a->menu.n > 0 && own_sync(r, a->loader, NULL, err) < 0)
			return CMD_FAILED;
		if (!menus_lack(a, r, &l, &p) && !own_lag(a, r) && !a->quiet)
			log_print(LOG_NOTICE, "nothing to do: it is so already");
		return CMD_DONE;
	}
	enum cmd_result result = change_make(a, j, r, &l, &p, err);
	if (result == CMD_DONE)
		edit_print(a, r, &l, &p, f);
	return result;
}

enum cmd_result cmd_edit(struct args *a, const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(strings_done) struct strings notes = {0};
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;

	if (args_words(a, r, &notes, err) < 0)
		return CMD_USAGE;
	cmd_notes(a, &notes);
	if (a->check || a->dry_run)
		return edit_look(a, r, f, err);
	if (journal_lock(r, &j, err) < 0)
		return CMD_FAILED;
	enum cmd_result result = unfinished_resolve(a, &j, err);
	return result == CMD_DONE ? edit_do(a, r, &j, f, err) : result;
}
