/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/status.h"

#include "base/json_write.h"
#include "bootcfg/commands.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/esp.h"
#include "bootcfg/loader/table.h"

#include <errno.h>

#include <string.h>

static void words_put(const struct strings *words, FILE *f)
{
	for (size_t i = 0; i < words->n; i++)
		fprintf(f, "%s%s", i > 0 ? " " : "", words->v[i]);
	putc('\n', f);
}

/* True if the running kernel got this parameter. A source does not have the whole command line
 * (GRUB adds root=), so the reverse is not checked. */
static bool is_running(const char *word, const char *cmdline)
{
	size_t len = strlen(word);

	for (const char *p = cmdline; p && *p;) {
		p += strspn(p, " ");
		const char *end = kcmdline_word_end(p);
		if ((size_t)(end - p) == len && memcmp(p, word, len) == 0)
			return true;
		p = end;
	}
	return false;
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

void status_print(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, FILE *f)
{
	_cleanup_(text_done) struct text pending = {0};

	fputs("boot loader: ", f);
	for (size_t i = 0; i < l->found_n; i++)
		fprintf(f, "%s%s", i > 0 ? ", " : "", l->found[i]->name);
	putc('\n', f);
	booted_print(now, esp, f);
	if (now->cmdline)
		fprintf(f, "running:     %s\nIOMMU:       %s (%zu groups)\n", now->cmdline,
			now->groups > 0 ? "on" : "off", now->groups);
	for (size_t i = 0; i < p->n; i++) {
		_cleanup_(text_done) struct text paths = {0};
		for (size_t k = 0; k < p->set[i].n; k++)
			text_print(&paths, "%s/%s", k > 0 ? " " : "", p->set[i].v[k].path);
		fprintf(f, "%s:\n    ", paths.data ? paths.data : "");
		words_put(&p->set[i].before, f);
		for (size_t k = 0; k < p->set[i].before.n && now->cmdline; k++)
			if (!is_running(p->set[i].before.v[k], now->cmdline) &&
				!strstr(pending.data ? pending.data : "", p->set[i].before.v[k]))
				text_print(&pending, " %s", p->set[i].before.v[k]);
	}
	if (pending.data)
		fprintf(f, "from the next boot on:%s\n", pending.data);
	for (size_t i = 0; i < o->n; i++) {
		fprintf(f, "entry:       %s\n    ", o->v[i].title);
		words_put(&o->v[i].words, f);
	}
	const struct loader *other = booted_other(now, l);
	if (other)
		fprintf(f, "note: what is edited here is not what booted this system: %s did\n",
			other->name);
	for (size_t i = 0; i < l->notes.n; i++)
		fprintf(f, "note: %s\n", l->notes.v[i]);
}

static void strings_json(struct json *j, const char *key, const struct strings *s)
{
	json_open_array(j, key);
	for (size_t i = 0; i < s->n; i++)
		json_string(j, NULL, s->v[i]);
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
		strings_json(j, "words", s->after.n > 0 ? &s->after : &s->before);
		strings_json(j, "added", &s->added);
		strings_json(j, "removed", &s->removed);
		json_close_object(j);
	}
	json_close_array(j);
}

void status_print_json(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, FILE *f)
{
	_cleanup_(text_done) struct text path = {0};
	struct json j = {.f = f};

	if (esp)
		text_print(&path, "/%s", esp);

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	loaders_json(&j, l);
	json_string(&j, "booted_by", now->loader ? now->loader->name : NULL);
	json_string(&j, "booted_entry", now->entry);
	json_string(&j, "booted_partition", now->partition);
	json_string(&j, "booted_esp", path.data);
	json_string(&j, "running", now->cmdline);
	json_int(&j, "iommu_groups", (int64_t)now->groups);
	json_open_array(&j, "entries");
	for (size_t i = 0; i < o->n; i++) {
		json_open_object(&j, NULL);
		json_string(&j, "title", o->v[i].title);
		json_string(&j, "path", o->v[i].path);
		strings_json(&j, "words", &o->v[i].words);
		json_close_object(&j);
	}
	json_close_array(&j);
	file_edits_json(&j, p);
	strings_json(&j, "next", &l->next);
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
	json_bool(&j, "changes", !edit_set_is_empty(p));
	file_edits_json(&j, p);
	strings_json(&j, "next", &l->next);
	strings_json(&j, "by_hand", &l->by_hand);
	strings_json(&j, "notes", &l->notes);
	json_close_object(&j);
	json_end(&j);
}

enum cmd_result cmd_status(const struct args *a, const struct root *r, FILE *f, struct err *err)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(edit_set_done) struct edit_set p = {0};
	_cleanup_(booted_done) struct booted now = {0};
	struct loaders_options lo = {.loader = a->loader, .entry = a->entry, .request = &a->words};

	int rc = loaders_find(r, &lo, &l, err);
	if (rc == 0)
		rc = edit_set_make(r, &l, &a->words, &p, err);
	if (rc == 0)
		rc = booted_read(r, &now);
	if (rc < 0)
		return cmd_failure(rc);
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	if (boot_entries_read(r, &l, &o) < 0)
		return cmd_failure(err_set(err, ENOMEM, "out of memory"));
	const char *esp = esp_mounted(r, now.partition, &l.boots);
	(a->json ? status_print_json : status_print)(&l, &p, &now, esp, &o, f);
	return CMD_DONE;
}
