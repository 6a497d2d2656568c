/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/status.h"

#include "base/json_write.h"
#include "bootcfg/change.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/esp.h"
#include "bootcfg/loader/table.h"
#include "shared/term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void escaped_put(const char *text, FILE *f)
{
	_cleanup_(text_done) struct text out = {0};

	term_escape(&out, text);
	fputs(out.data ? out.data : "", f);
}

/* The words of a source. */
static void words_put(const struct strings *words, FILE *f)
{
	for (size_t i = 0; i < words->n; i++) {
		_cleanup_(text_done) struct text shown = {0};
		word_show(words->v[i], &shown);
		fputs(i > 0 ? " " : "", f);
		escaped_put(shown.data ? shown.data : "", f);
	}
	putc('\n', f);
}

static void booted_print(const struct booted *now, const char *esp, FILE *f)
{
	if (!now->loader)
		return;
	fprintf(f, "booted by:   %s", now->loader->name);
	if (now->entry)
		fprintf(f, ", entry %s", now->entry);
	if (now->partition)
		fprintf(f, ", from partition %s%s%s", now->partition, esp ? " on /" : "",
			esp ? esp : "");
	putc('\n', f);
}

/* ---- one entry ---------------------------------------------------------------------------------
 */

static void file_put(const char *what, const struct boot_file *file, FILE *f)
{
	if (!file->path)
		return;
	fprintf(f, "    %s ", what);
	if (file->state == BOOT_FILE_THERE)
		putc('/', f);
	escaped_put(file->path, f);
	putc('\n', f);
}

/* Words [begin, end), which have the same source. */
static void group_put(const struct strings *words, const struct strings *sources, size_t begin,
	size_t end, FILE *f)
{
	fputs(sources->v[begin][0] == '/' ? "    from " : "    ", f);
	escaped_put(sources->v[begin], f);
	for (size_t i = begin; i < end && (begin > 0 || end < words->n); i++) {
		fputs(i == begin ? ": " : " ", f);
		escaped_put(words->v[i], f);
	}
	putc('\n', f);
}

static void sourced_put(const struct strings *words, const struct strings *sources, FILE *f)
{
	for (size_t i = 0; i < words->n; i++) {
		fputs(i > 0 ? " " : "    ", f);
		escaped_put(words->v[i], f);
	}
	if (words->n > 0)
		putc('\n', f);
	for (size_t i = 0, end; i < words->n; i = end) {
		end = i + 1;
		while (end < words->n && str_equal(sources->v[i], sources->v[end]))
			end++;
		group_put(words, sources, i, end, f);
	}
}

/* Text that is not from this program, on a line of its own. */
static void line_put(const char *before, const char *text, const char *after, FILE *f)
{
	fputs(before, f);
	escaped_put(text, f);
	fprintf(f, "%s\n", after);
}

/* Says so if nothing that is read here explains the line of the running kernel. */
static void running_print(const struct boot_entries *o, const struct booted *now, FILE *f)
{
	if (now->cmdline && o->n > 0 && !boot_entries_running(o, now->cmdline))
		fputs("note: the running line is that of no entry here: the entry was changed since this boot, the line was edited in the menu, or something adds to it that is not read here\n",
			f);
}

static void next_print(const struct next_kernel *k, FILE *f)
{
	line_put("next kernel: by ", k->generator, "", f);
	if (k->unknown)
		line_put("    unknown: ", k->unknown, "", f);
	sourced_put(&k->words, &k->sources, f);
	if (k->running)
		fputs("    note: it takes the line of the running kernel: one that is installed before the next boot gets the old words\n",
			f);
}

static void entry_print(const struct boot_entry *e, FILE *f)
{
	const char *missing = boot_entry_missing(e);

	fputs("entry:       ", f);
	escaped_put(e->title, f);
	if (!str_equal(e->id, e->title)) {
		fputs(" (", f);
		escaped_put(e->id, f);
		putc(')', f);
	}
	fprintf(f, "%s%s", e->is_default ? ", default" : "", e->booted ? ", booted" : "");
	if (e->way_back)
		fprintf(f, ", way back: %s", e->way_back);
	if (!e->ours)
		fprintf(f, ", not of this system: %s", e->reason ? e->reason : "");
	putc('\n', f);
	if (e->no_linux)
		fputs("    starts no Linux\n", f);
	else if (e->words.n == 0 && !e->unknown)
		fputs("    no words\n", f);
	if (e->unknown)
		line_put("    unknown: ", e->unknown, "", f);
	sourced_put(&e->words, &e->sources, f);
	for (size_t i = 0; i < e->maybe.n; i++) {
		fputs(i > 0 ? " " : "    perhaps ", f);
		escaped_put(e->maybe.v[i], f);
	}
	if (e->maybe.n > 0)
		putc('\n', f);
	for (size_t i = 0; i < e->notes.n; i++)
		line_put("    note: ", e->notes.v[i], "", f);
	file_put("kernel", &e->kernel, f);
	file_put("image", &e->image, f);
	for (size_t i = 0; i < e->initrds_n; i++)
		file_put("initrd", &e->initrds[i], f);
	if (missing)
		line_put("    cannot boot: ", missing, " is missing", f);
}

void status_print(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, const struct next_kernels *n, FILE *f)
{
	_cleanup_(text_done) struct text pending = {0};

	if (l->managed_by) {
		fprintf(f, "owned by:    %s\n    ", l->managed_by);
		escaped_put(l->managed_why, f);
	} else {
		fputs(l->found_n > 0 ? "boot loader: " : "boot loader: none that is edited", f);
	}
	for (size_t i = 0; i < l->found_n; i++)
		fprintf(f, "%s%s", i > 0 ? ", " : "", l->found[i]->name);
	putc('\n', f);
	booted_print(now, esp, f);
	if (now->cmdline) {
		line_put("running:     ", now->cmdline, "", f);
		fprintf(f, "IOMMU:       %s (%zu groups)\n", now->groups > 0 ? "on" : "off",
			now->groups);
	}
	for (size_t i = 0; i < p->n; i++) {
		_cleanup_(text_done) struct text paths = {0};
		for (size_t k = 0; k < p->set[i].n; k++)
			text_print(&paths, "%s/%s", k > 0 ? " " : "", p->set[i].v[k].path);
		fprintf(f, "%s:\n    ", paths.data ? paths.data : "");
		words_put(&p->set[i].before, f);
		/* A source does not have the whole command line (GRUB adds root=), so the reverse
		 * is not checked. */
		for (size_t k = 0; k < p->set[i].before.n && now->cmdline; k++)
			if (!kcmdline_has(now->cmdline, p->set[i].before.v[k]) &&
				!strstr(pending.data ? pending.data : "", p->set[i].before.v[k]))
				text_print(&pending, " %s", p->set[i].before.v[k]);
	}
	if (pending.data)
		fprintf(f, "from the next boot on:%s\n", pending.data);
	for (size_t i = 0; i < o->n; i++)
		entry_print(&o->v[i], f);
	for (size_t i = 0; i < n->n; i++)
		next_print(&n->v[i], f);
	running_print(o, now, f);
	const struct loader *other = booted_other(now, l);
	if (other)
		fprintf(f, "note: what is edited here is not what booted this system: %s did\n",
			other->name);
	for (size_t i = 0; i < l->notes.n; i++)
		line_put("note: ", l->notes.v[i], "", f);
}

static void strings_json(struct json *j, const char *key, const struct strings *s)
{
	json_open_array(j, key);
	for (size_t i = 0; i < s->n; i++)
		json_string(j, NULL, s->v[i]);
	json_close_array(j);
}

/* The words of a source. */
static void words_json(struct json *j, const char *key, const struct strings *words)
{
	json_open_array(j, key);
	for (size_t i = 0; i < words->n; i++) {
		_cleanup_(text_done) struct text shown = {0};
		word_show(words->v[i], &shown);
		json_string(j, NULL, shown.data ? shown.data : "");
	}
	json_close_array(j);
}

static void loaders_json(struct json *j, const struct loaders *l)
{
	json_open_array(j, "loaders");
	for (size_t i = 0; i < l->found_n; i++)
		json_string(j, NULL, l->found[i]->name);
	json_close_array(j);
}

static void file_edits_json(struct json *j, const struct edit_set *p)
{
	json_open_array(j, "sources");
	for (size_t i = 0; i < p->n; i++) {
		const struct file_edits *s = &p->set[i];
		json_open_object(j, NULL);
		json_open_array(j, "files");
		for (size_t k = 0; k < s->n; k++) {
			json_open_object(j, NULL);
			json_string(j, "path", s->v[k].name);
			json_bool(j, "changes", s->v[k].text != NULL);
			json_close_object(j);
		}
		json_close_array(j);
		words_json(j, "words", s->after.n > 0 ? &s->after : &s->before);
		words_json(j, "added", &s->added);
		words_json(j, "removed", &s->removed);
		json_close_object(j);
	}
	json_close_array(j);
}

static void boot_file_json(struct json *j, const char *key, const struct boot_file *file)
{
	if (!file->path) {
		json_null(j, key);
		return;
	}
	json_open_object(j, key);
	json_string(j, "path", file->path);
	if (file->state == BOOT_FILE_UNKNOWN)
		json_null(j, "there");
	else
		json_bool(j, "there", file->state == BOOT_FILE_THERE);
	json_close_object(j);
}

static void entry_json(struct json *j, const struct boot_entry *e)
{
	json_open_object(j, NULL);
	json_string(j, "title", e->title);
	json_string(j, "path", e->path);
	strings_json(j, "words", &e->words);
	strings_json(j, "word_sources", &e->sources);
	json_string(j, "id", e->id);
	json_string(j, "reader", e->reader->name);
	json_int(j, "line", (long long)e->line);
	boot_file_json(j, "kernel", &e->kernel);
	boot_file_json(j, "image", &e->image);
	json_open_array(j, "initrds");
	for (size_t i = 0; i < e->initrds_n; i++)
		boot_file_json(j, NULL, &e->initrds[i]);
	json_close_array(j);
	json_bool(j, "linux", !e->no_linux);
	json_bool(j, "ours", e->ours);
	json_string(j, "ours_why", e->reason);
	json_bool(j, "default", e->is_default);
	json_bool(j, "booted", e->booted);
	json_string(j, "way_back", e->way_back);
	json_string(j, "unknown", e->unknown);
	strings_json(j, "perhaps", &e->maybe);
	strings_json(j, "notes", &e->notes);
	json_close_object(j);
}

static void next_json(struct json *j, const struct next_kernel *k)
{
	json_open_object(j, NULL);
	json_string(j, "generator", k->generator);
	strings_json(j, "words", &k->words);
	strings_json(j, "word_sources", &k->sources);
	json_string(j, "unknown", k->unknown);
	json_bool(j, "running", k->running);
	json_close_object(j);
}

void status_print_json(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, const struct next_kernels *n, FILE *f)
{
	_cleanup_(text_done) struct text path = {0};
	struct json j = {.f = f};

	if (esp)
		text_print(&path, "/%s", esp);

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	loaders_json(&j, l);
	json_string(&j, "managed_by", l->managed_by);
	json_string(&j, "booted_by", now->loader ? now->loader->name : NULL);
	json_string(&j, "booted_entry", now->entry);
	json_string(&j, "booted_partition", now->partition);
	json_string(&j, "booted_esp", path.data);
	json_string(&j, "running", now->cmdline);
	const struct boot_entry *same = now->cmdline ? boot_entries_running(o, now->cmdline) : NULL;
	json_string(&j, "running_entry", same ? same->id : NULL);
	json_int(&j, "iommu_groups", (int64_t)now->groups);
	json_open_array(&j, "entries");
	for (size_t i = 0; i < o->n; i++)
		entry_json(&j, &o->v[i]);
	json_close_array(&j);
	file_edits_json(&j, p);
	strings_json(&j, "next", &l->next);
	json_open_array(&j, "next_kernel");
	for (size_t i = 0; i < n->n; i++)
		next_json(&j, &n->v[i]);
	json_close_array(&j);
	strings_json(&j, "by_hand", &l->by_hand);
	strings_json(&j, "notes", &l->notes);
	json_close_object(&j);
	json_end(&j);
}

void edit_set_print_json(const struct loaders *l, const struct edit_set *p, FILE *f)
{
	struct json j = {.f = f};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	loaders_json(&j, l);
	json_string(&j, "managed_by", l->managed_by);
	json_bool(&j, "changes", !edit_set_is_empty(p) || l->refused);
	file_edits_json(&j, p);
	strings_json(&j, "next", &l->next);
	strings_json(&j, "by_hand", &l->by_hand);
	strings_json(&j, "notes", &l->notes);
	json_close_object(&j);
	json_end(&j);
}

/* The line of a system that is not edited, if it is in a file, is shown as a source. */
static int managed_source_take(struct loaders *l, struct edit_set *to, struct err *err)
{
	if (!l->line_is_source || l->line.n == 0)
		return 0;
	to->set = calloc(1, sizeof(*to->set));
	if (!to->set)
		return err_set(err, ENOMEM, "out of memory");
	to->n = 1;
	to->set[0] = l->line;
	l->line = (struct file_edits){0};
	return 0;
}

/* Where nothing is there to be edited, there may be entries all the same: images that this program
 * does not know the maker of. Then the reason is a note. Where several loaders are, all of their
 * entries are shown, and err keeps the list. */
static int loaders_find_or_note(const struct root *r, const struct loaders_options *o,
	struct loaders *ret, bool *ret_ambiguous, struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries entries = {0};
	int rc = loaders_find(r, o, ret, err);

	*ret_ambiguous = rc == LOADERS_AMBIGUOUS && !o->loader && !o->entry;
	if (*ret_ambiguous)
		return strings_add(&ret->notes, err->text) < 0
			       ? err_set(err, ENOMEM, "out of memory")
			       : 0;
	if (rc != -ENOENT || o->loader || o->entry)
		return rc;
	if (boot_entries_read(r, NULL, &entries) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (entries.n == 0)
		return rc;
	if (strings_add(&ret->notes, err->text) < 0)
		return err_set(err, ENOMEM, "out of memory");
	*err = (struct err){0};
	return 0;
}

enum cmd_result cmd_status(const struct args *a, const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(edit_set_done) struct edit_set p = {0};
	_cleanup_(booted_done) struct booted now = {0};
	_cleanup_(strings_done) struct strings unfinished = {0};
	struct loaders_options lo = {.loader = a->loader, .entry = a->entry, .request = &a->words};
	bool any, ambiguous = false;

	int rc = unfinished_list(r, &unfinished, &any, err);
	if (rc == 0 && !a->json)
		cmd_notes(a, &unfinished);
	if (rc == 0)
		rc = loaders_find_or_note(r, &lo, &l, &ambiguous, err);
	if (rc == 0)
		rc = l.managed_by ? managed_source_take(&l, &p, err)
				  : edit_set_make(r, &l, &a->words, &p, err);
	if (rc == 0)
		rc = booted_read(r, &now);
	for (size_t i = 0; i < unfinished.n && a->json && rc == 0; i++)
		rc = strings_add(&l.notes, unfinished.v[i]);
	if (rc < 0)
		return cmd_failure(rc);
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	_cleanup_(next_kernels_done) struct next_kernels n = {0};
	if (boot_entries_read(r, &l, &o) < 0 || next_kernels_read(r, &l, &n) < 0)
		return cmd_failure(err_set(err, ENOMEM, "out of memory"));
	const char *esp = esp_mounted(r, now.partition, &l.boots);
	(a->json ? status_print_json : status_print)(&l, &p, &now, esp, &o, &n, f);
	return ambiguous ? CMD_AMBIGUOUS : CMD_DONE;
}
