/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/mkinitcpio.h"

#include "bootcfg/format/shell.h"
#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/loader/whole_line.h"
#include "shared/shell_lex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a preset file -----------------------------------------------------------------------------
 */

/* Its text as bash reads it. */
struct preset_file {
	const char *path;
	char *text;
	size_t len;
	struct shell shell;
};

static void preset_file_done(struct preset_file *f)
{
	free(f->text);
	shell_done(&f->shell);
}

/* The value of a variable after this text; NULL if it is unset or not known, which *ret_known
 * tells. */
static char *value_in(const struct preset_file *f, const char *text, size_t len, const char *name,
	bool *ret_known)
{
	_cleanup_(shell_done) struct shell shell = {0};
	_cleanup_(shell_vars_done) struct shell_vars vars = {0};
	struct text value = {0};

	*ret_known = false;
	if (shell_read(f->path, text, len, &shell, NULL) < 0 ||
		shell_run(&vars, &shell, 0, f->path, text, NULL) < 0)
		return NULL;
	const struct shell_var *var = shell_var_find(&vars, name);
	*ret_known = !var || (!var->unknown && !var->command);
	if (!var || !var->set || !*ret_known)
		return NULL;
	text_add(&value, "", 0);
	for (size_t i = 0; i < var->value.n; i++)
		text_add(&value, &var->value.cell[i].c, 1);
	return value.data;
}

/* A variable that holds a path or a name; "" if it is unset. -EINVAL: not known. */
static int preset_value(const struct preset_file *f, const char *name, char **ret, struct err *err)
{
	bool known;

	*ret = value_in(f, f->text, f->len, name, &known);
	if (!known)
		return err_set(err, EINVAL,
			"/%s: %s is set in a way whose value is not known before it runs; write it out first",
			f->path, name);
	if (!*ret)
		*ret = strdup("");
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* One element of an array, with its quotes and expansions. */
static int element_add(const struct preset_file *f, const struct span *w, struct strings *to)
{
	static const char name[] = "vfio_bootcfg_element";
	_cleanup_(text_done) struct text text = {0};
	bool known;

	text_add(&text, f->text, f->len);
	text_print(&text, "\n%s=%.*s\n", name, (int)(w->end - w->begin), f->text + w->begin);
	if (text.failed)
		return -ENOMEM;
	char *value = value_in(f, text.data, text.len, name, &known);
	return value ? strings_take(to, value) : -EINVAL;
}

#define ELEMENTS_MAX 64

/* NAME=(…) from its parenthesis on. */
static int array_read(const struct preset_file *f, const struct shell_event *e, struct strings *to)
{
	struct err ignored = {0};
	struct scan s = {.name = f->path,
		.text = f->text,
		.len = e->end > e->begin ? e->end - 1 : e->begin,
		.at = e->begin + 1,
		.line = e->line,
		.err = &ignored};
	struct span w;
	int rc = 0;

	while (rc == 0) {
		scan_space(&s, true);
		if (scan_end(&s))
			break;
		int found = scan_word(&s, &w);
		if (found <= 0 || to->n == ELEMENTS_MAX)
			return -EINVAL;
		rc = element_add(f, &w, to);
	}
	return rc;
}

/* A string is split at blanks, as bash splits an expansion without quotes. */
static int string_split(const char *text, struct strings *to)
{
	for (const char *p = text; *(p += strspn(p, " \t\n"));) {
		size_t len = strcspn(p, " \t\n");
		if (strings_take(to, strndup(p, len)) < 0)
			return -ENOMEM;
		p += len;
	}
	return 0;
}

/* A variable that is an array or a string of words. */
static int preset_list(
	const struct preset_file *f, const char *name, struct strings *ret, struct err *err)
{
	_cleanup_(str_free) char *value = NULL;
	bool array = false;
	int rc = 0;

	for (size_t i = 0; i < f->shell.n && rc == 0; i++) {
		const struct shell_event *e = &f->shell.v[i];
		if (!e->name || !str_equal(e->name, name))
			continue;
		if (!e->append || e->conditional)
			strings_done(ret);
		array = e->kind == SHELL_ARRAY;
		if (array)
			rc = e->conditional ? -EINVAL : array_read(f, e, ret);
	}
	if (rc == -EINVAL)
		return err_set(err, EINVAL,
			"/%s: %s is set in a way whose value is not known before it runs; write it out first",
			f->path, name);
	if (rc == 0 && !array) {
		rc = preset_value(f, name, &value, err);
		if (rc == 0)
			rc = string_split(value, ret);
	}
	return rc == -ENOMEM ? err_set(err, ENOMEM, "out of memory") : rc;
}

static int preset_read(
	const struct root *r, const char *path, struct preset_file *ret, struct err *err)
{
	ret->path = path;
	int rc = root_read(r, path, &ret->text, &ret->len, err);
	return rc < 0 ? rc : shell_read(path, ret->text, ret->len, &ret->shell, err);
}

/* ---- where an image has its line from ----------------------------------------------------------
 */

struct presets {
	const struct detect *s;
	struct loaders *to;
	struct strings main, back; /* what the images of presets, and of ways back, are made from */
	bool found, none;          /* an image is built; one without a line */
};

/* Means /etc/kernel/cmdline and /etc/cmdline.d: of a preset that names no file. */
#define BY_DEFAULT ""

/* The last --cmdline among the options; "" if there is none. */
static int options_read(
	const struct strings *options, char **cmdline, bool *ret_none, struct err *err)
{
	for (size_t i = 0; i < options->n; i++) {
		const char *o = options->v[i], *value = NULL;
		*ret_none |= str_equal(o, "--no-cmdline");
		if (str_equal(o, "--cmdline") && i + 1 < options->n)
			value = options->v[++i];
		else if (str_starts(o, "--cmdline="))
			value = o + strlen("--cmdline=");
		if (!value)
			continue;
		free(*cmdline);
		*cmdline = strdup(value);
		if (!*cmdline)
			return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

static int name_value(const struct preset_file *f, const char *preset, const char *tail, char **ret,
	struct err *err)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "%s%s", preset, tail);
	free(*ret);
	*ret = NULL;
	return preset_value(f, name, ret, err);
}

/* The file or directory with the line: PRESET_cmdline, else ALL_cmdline; what the options say comes
 * behind (mkinitcpio v41, process_preset). */
static int cmdline_find(const struct preset_file *f, const char *preset, char **ret, bool *ret_none,
	struct err *err)
{
	_cleanup_(strings_done) struct strings options = {0};
	char name[256];

	int rc = name_value(f, preset, "_cmdline", ret, err);
	if (rc == 0 && *ret && !(*ret)[0])
		rc = name_value(f, "ALL", "_cmdline", ret, err);
	(void)snprintf(name, sizeof(name), "%s_options", preset);
	if (rc == 0)
		rc = preset_list(f, name, &options, err);
	return rc < 0 ? rc : options_read(&options, ret, ret_none, err);
}

/* True if the preset builds an image: PRESET_uki, before v37 PRESET_efi_image. */
static int has_image(const struct preset_file *f, const char *preset, bool *ret, struct err *err)
{
	_cleanup_(str_free) char *uki = NULL;

	int rc = name_value(f, preset, "_uki", &uki, err);
	if (rc == 0 && !uki[0])
		rc = name_value(f, preset, "_efi_image", &uki, err);
	*ret = rc == 0 && uki[0];
	return rc;
}

static int preset_look(
	struct presets *p, const struct preset_file *f, const char *preset, struct err *err)
{
	_cleanup_(str_free) char *cmdline = NULL;
	bool image = false, none = false;

	int rc = has_image(f, preset, &image, err);
	if (rc < 0 || !image)
		return rc;
	rc = cmdline_find(f, preset, &cmdline, &none, err);
	if (rc < 0)
		return rc;
	p->found |= !none;
	p->none |= none;
	const char *path = cmdline + strspn(cmdline, "/");
	struct strings *list = entry_is_way_back(preset) ? &p->back : &p->main;
	if (none || strings_have(list, path))
		return 0;
	if (path[0] && !root_is_file(p->s->root, path) && !root_is_dir(p->s->root, path))
		return err_set(err, EINVAL,
			"/%s: takes the command line of %s from /%s, which is not there", f->path,
			preset, path);
	return strings_add(list, path) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* All presets of a file: those of PRESETS=(…), which `mkinitcpio -P` builds. */
static int file_look(struct presets *p, const char *path, struct err *err)
{
	_cleanup_(preset_file_done) struct preset_file f = {0};
	_cleanup_(strings_done) struct strings names = {0};

	int rc = preset_read(p->s->root, path, &f, err);
	if (rc == 0)
		rc = preset_list(&f, "PRESETS", &names, err);
	if (rc == 0 && names.n == 0 && strings_add(&names, "default") < 0)
		rc = err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < names.n && rc == 0; i++)
		rc = preset_look(p, &f, names.v[i], err);
	return rc;
}

/* ---- sources -----------------------------------------------------------------------------------
 */

static int directory_add(struct presets *p, const char *dir, struct err *err)
{
	_cleanup_(strings_done) struct strings files = {0};

	if (regular_files_add(p->s->root, dir, ".conf", &files) < 0)
		return -ENOMEM;
	if (files.n == 0)
		return err_set(err, EINVAL,
			"/%s: has no .conf with the command line that mkinitcpio takes from there; write the whole line (with root=) to one first",
			dir);
	if (karg_source_known(p->to, files.v[0]))
		return 0;
	struct karg_source *source = karg_source_add(p->to, plain_edit, 20, NULL);
	if (!source)
		return -ENOMEM;
	source->paths = files;
	source->format.home_file = files.n - 1;
	files = (struct strings){0};
	return 0;
}

static int default_add(struct presets *p, struct err *err)
{
	bool have = false;

	if (kernel_cmdline_add(p->s->root, p->to, "etc/cmdline.d", ".conf", &have) < 0 ||
		(!have && whole_line_pin(p->s->root, p->to, "mkinitcpio", &have) < 0))
		return -ENOMEM;
	return have ? 0
		    : err_set(err, EINVAL,
			      "mkinitcpio builds these unified kernel images with the command line of the running system; write it to /etc/kernel/cmdline first (with root=), so that there is something to edit");
}

static int source_add(struct presets *p, const char *path, struct err *err)
{
	if (str_equal(path, BY_DEFAULT))
		return default_add(p, err);
	if (root_is_dir(p->s->root, path))
		return directory_add(p, path, err);
	return karg_source_known(p->to, path) || karg_source_add(p->to, plain_edit, 20, path)
		       ? 0
		       : -ENOMEM;
}

static int shared_note(struct presets *p, const char *path)
{
	struct text t = {0};

	text_print(&t,
		"the fallback preset of mkinitcpio takes its command line from %s%s, too: its image gets the same words; name a file of its own in the preset (fallback_cmdline=) to keep a way back",
		path[0] ? "/" : "", path[0] ? path : "/etc/kernel/cmdline and /etc/cmdline.d");
	return strings_take(&p->to->notes, t.data);
}

static int sources_add(struct presets *p, struct err *err)
{
	const struct strings *list = p->main.n > 0 ? &p->main : &p->back;
	int rc = 0;

	for (size_t i = 0; i < list->n && rc == 0; i++) {
		rc = source_add(p, list->v[i], err);
		if (rc == 0 && list == &p->main && strings_have(&p->back, list->v[i]))
			rc = shared_note(p, list->v[i]);
	}
	if (rc == 0 && p->none)
		rc = strings_add(&p->to->notes,
			"a preset of mkinitcpio builds its image with --no-cmdline: its words come from the entry that starts it");
	return rc;
}

int mkinitcpio_sources_add(
	const struct detect *s, struct loaders *to, bool *ret_found, struct err *err)
{
	_cleanup_(strings_done) struct strings files = {0};
	struct presets p = {.s = s, .to = to};

	int rc = regular_files_add(s->root, "etc/mkinitcpio.d", ".preset", &files);
	for (size_t i = 0; i < files.n && rc == 0; i++)
		rc = file_look(&p, files.v[i], err);
	if (rc == 0)
		rc = sources_add(&p, err);
	if (rc == 0 && p.found)
		rc = strings_add(&to->next, "mkinitcpio -P");
	*ret_found |= p.found;
	strings_done(&p.main);
	strings_done(&p.back);
	return rc;
}
