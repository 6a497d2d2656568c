/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub_menu.h"

#include "bootcfg/format/grub_script.h"
#include "bootcfg/loader/uki_entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MENU_MAX ((size_t)64 << 20) /* as large as one may be that is generated */
#define DEPTH_MAX 64                /* of blocks */
#define SOURCES_MAX 4               /* of files that source another */

/* A variable, with each value that it may have. */
struct grub_variable {
	char *name;
	struct strings values;
	bool open;    /* it may have others */
	char *source; /* of its value, if there is one only; or NULL */
};

enum block_kind { BLOCK_CONDITION, BLOCK_ENTRY, BLOCK_SUBMENU, BLOCK_OTHER };
struct block {
	enum block_kind kind;
	char *id, *title;             /* of a submenu */
	unsigned long number, inside; /* its number in its menu, and the entries in it so far */
};

struct grub_menu {
	struct boot_reading *q;
	const struct loader *reader; /* NULL: only the variables are read */
	struct grub_variable *variable;
	size_t variables;
	struct block block[DEPTH_MAX];
	size_t depth;
	unsigned long top; /* entries of the main menu so far */
	struct strings files;
	const char *path;
	size_t entry; /* the open entry in q->to, or SIZE_MAX */
	bool xen;     /* it has loaded a hypervisor, whose first module is the kernel */
};

static void grub_menu_done(struct grub_menu *m)
{
	for (size_t i = 0; i < m->variables; i++) {
		free(m->variable[i].name);
		free(m->variable[i].source);
		strings_done(&m->variable[i].values);
	}
	free(m->variable);
	for (size_t i = 0; i < m->depth; i++) {
		free(m->block[i].id);
		free(m->block[i].title);
	}
	strings_done(&m->files);
}

/* ---- variables ---------------------------------------------------------------------------------
 */

/* The value in the environment block; NULL: not there. */
static char *environment_value(const struct boot_reading *q, const char *name, char **ret_source)
{
	const char *cfg = q->facts->grub_cfg, *slash = cfg ? strrchr(cfg, '/') : NULL;
	_cleanup_(str_free) char *beside = NULL;
	char key[128];

	*ret_source = NULL;
	if (slash && asprintf(&beside, "%.*s/grubenv", (int)(slash - cfg), cfg) < 0)
		beside = NULL;
	const char *files[] = {beside, "boot/grub2/grubenv", "boot/grub/grubenv"};
	(void)snprintf(key, sizeof(key), "\n%s=", name);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		_cleanup_(str_free) char *text = NULL;
		size_t len;
		if (!files[i] || root_read(q->root, files[i], &text, &len, NULL) < 0)
			continue;
		const char *at = strstr(text, key);
		if (!at)
			continue;
		if (asprintf(ret_source, "/%s:%zu", files[i],
			    boot_line_of(text, (size_t)(at - text) + 1)) < 0)
			*ret_source = NULL;
		at += strlen(key);
		return strndup(at, strcspn(at, "\n"));
	}
	return NULL;
}

/* Set by GRUB itself, by its commands or by the machine. */
static bool is_builtin(const char *name)
{
	static const char *const names[] = {"root", "prefix", "cmdpath", "lang", "grub_platform",
		"grub_cpu", "chosen", "pager", "theme", "net_default_ip", "shell_opts", NULL};

	for (const char *const *n = names; *n; n++)
		if (str_equal(name, *n))
			return true;
	return str_starts(name, "net_") || strchr("?*@#0123456789", name[0]) != NULL;
}

static struct grub_variable *variable_find(struct grub_menu *m, const char *name)
{
	for (size_t i = 0; i < m->variables; i++)
		if (str_equal(m->variable[i].name, name))
			return &m->variable[i];
	struct grub_variable *v = realloc(m->variable, (m->variables + 1) * sizeof(*v));
	if (!v)
		return NULL;
	m->variable = v;
	v += m->variables;
	*v = (struct grub_variable){.name = strdup(name), .open = is_builtin(name)};
	if (!v->name)
		return NULL;
	m->variables++;
	_cleanup_(str_free) char *value = environment_value(m->q, name, &v->source);
	return strings_add(&v->values, value ? value : "") < 0 ? NULL : v;
}

/* The value, if it is certain; else NULL. */
static const char *variable_value(struct grub_menu *m, const char *name)
{
	struct grub_variable *v = variable_find(m, name);
	return v && !v->open && v->values.n == 1 ? v->values.v[0] : NULL;
}

/* The word with variables whose value is certain; others stay as $NAME, and *ret_open is set. */
static char *word_expand(struct grub_menu *m, const struct grub_word *w, bool *ret_open)
{
	struct text out = {0};

	text_add(&out, "", 0);
	for (size_t i = 0; i < w->n; i++) {
		const struct grub_part *p = &w->part[i];
		const char *value = p->variable ? variable_value(m, p->text) : p->text;
		*ret_open |= !value;
		text_print(&out, "%s%s", value ? "" : "$", value ? value : p->text);
	}
	if (out.failed)
		text_done(&out);
	return out.data;
}

static bool is_certain(const struct grub_menu *m)
{
	for (size_t i = 0; i < m->depth; i++)
		if (m->block[i].kind != BLOCK_SUBMENU)
			return false;
	return true;
}

/* `set NAME=VALUE`: in a condition, a function or an entry it is one value more. */
static int variable_set(struct grub_menu *m, const struct grub_command *c)
{
	bool open = false, certain = is_certain(m);
	const struct grub_word *w = c->n > 1 ? &c->word[1] : NULL;
	_cleanup_(str_free) char *text = w ? word_expand(m, w, &open) : NULL;
	char *equals = text ? strchr(text, '=') : NULL;

	if (!equals || !w || w->n == 0 || w->part[0].variable)
		return 0;
	*equals = '\0';
	struct grub_variable *v = variable_find(m, text);
	if (!v)
		return -ENOMEM;
	if (certain) {
		strings_done(&v->values);
		v->open = false;
	}
	str_free(&v->source);
	v->open |= open;
	if (open || strings_have(&v->values, equals + 1))
		return 0;
	if (asprintf(&v->source, "/%s:%zu", m->path, c->line) < 0)
		v->source = NULL;
	return strings_add(&v->values, equals + 1);
}

/* ---- blocks ------------------------------------------------------------------------------------
 */

static int block_open(struct grub_menu *m, enum block_kind kind)
{
	if (m->depth == DEPTH_MAX)
		return -E2BIG;
	m->block[m->depth++] = (struct block){.kind = kind};
	return 0;
}

static void block_close(struct grub_menu *m, bool condition)
{
	while (m->depth > 0) {
		struct block *b = &m->block[--m->depth];
		bool ends = (b->kind == BLOCK_CONDITION) == condition;
		if (b->kind == BLOCK_ENTRY)
			m->entry = SIZE_MAX;
		str_free(&b->id);
		str_free(&b->title);
		if (ends)
			return;
	}
}

static struct block *submenu_inner(struct grub_menu *m)
{
	for (size_t i = m->depth; i-- > 0;)
		if (m->block[i].kind == BLOCK_SUBMENU)
			return &m->block[i];
	return NULL;
}

static bool is_named(
	const char *name, size_t len, const char *id, const char *title, unsigned long number)
{
	char digits[32];

	(void)snprintf(digits, sizeof(digits), "%lu", number);
	return (strlen(id) == len && memcmp(name, id, len) == 0) ||
	       (strlen(title) == len && memcmp(name, title, len) == 0) ||
	       (strlen(digits) == len && memcmp(name, digits, len) == 0);
}

/*
 * `default`: the next_entry of one boot, else what the last `set` says. Names of submenus come
 * first, with `>` after each; for one without an entry the first is taken.
 */
static bool is_default(struct grub_menu *m, const char *id, const char *title, unsigned long number)
{
	struct grub_variable *v = variable_find(m, "default");
	const char *name = "0";

	for (size_t i = 0; v && i < v->values.n; i++)
		if (v->values.v[i][0]) {
			name = v->values.v[i];
			break;
		}
	for (size_t i = 0; i < m->depth; i++) {
		const struct block *b = &m->block[i];
		size_t len = strcspn(name, ">");
		if (b->kind != BLOCK_SUBMENU)
			continue;
		if (!is_named(name, len, b->id, b->title, b->number))
			return false;
		name += len;
		name = *name == '>' ? name + 1 : "0";
	}
	return !strchr(name, '>') && is_named(name, strlen(name), id, title, number);
}

/* menuentry TITLE [--class X] [--id ID | $menuentry_id_option ID] …: the ID, else the title. */
static char *id_read(struct grub_menu *m, const struct grub_command *c, const char *title)
{
	for (size_t i = 1; i + 1 < c->n; i++) {
		const struct grub_word *w = &c->word[i];
		const char *text = grub_word_text(c, i);
		bool option = (text && str_equal(text, "--id")) ||
			      (w->n == 1 && w->part[0].variable &&
				      str_equal(w->part[0].text, "menuentry_id_option"));
		bool open = false;
		if (option)
			return word_expand(m, &c->word[i + 1], &open);
	}
	return strdup(title);
}

/* The id with those of the submenus around it, as `default` calls it. */
static int id_set(struct grub_menu *m, struct boot_entry *e, const char *id)
{
	_cleanup_(text_done) struct text all = {0};

	for (size_t i = 0; i < m->depth; i++)
		if (m->block[i].kind == BLOCK_SUBMENU)
			text_print(&all, "%s>", m->block[i].id);
	text_print(&all, "%s", id);
	return all.failed ? -ENOMEM : boot_entry_set_id(e, all.data, all.len);
}

static int entry_open(struct grub_menu *m, const struct grub_command *c, bool submenu)
{
	bool open = false;
	_cleanup_(str_free) char *title = c->n > 1 ? word_expand(m, &c->word[1], &open)
						   : strdup("");
	_cleanup_(str_free) char *id = title ? id_read(m, c, title) : NULL;
	struct block *outer = submenu_inner(m);
	unsigned long number = outer ? outer->inside++ : m->top++;

	if (!id)
		return -ENOMEM;
	if (submenu) {
		int rc = block_open(m, BLOCK_SUBMENU);
		if (rc < 0)
			return rc;
		m->block[m->depth - 1].id = id;
		m->block[m->depth - 1].title = title;
		m->block[m->depth - 1].number = number;
		id = title = NULL;
		return 0;
	}
	bool chosen = is_default(m, id, title, number);
	struct boot_entry *e = boot_entry_add(m->q, m->reader, m->path, c->line, strdup(title));
	if (!e)
		return -ENOMEM;
	e->no_linux = true;
	e->is_default = chosen;
	m->entry = m->q->to->n - 1;
	m->xen = false;
	int rc = id_set(m, e, id);
	if (rc == 0 && str_starts(id, "osprober-"))
		rc = boot_entry_set_owner(e, false, "os-prober found it on another file system");
	return rc < 0 ? rc : block_open(m, BLOCK_ENTRY);
}

/* ---- what an entry loads -----------------------------------------------------------------------
 */

/* A path without its device: ($root)/vmlinuz, (hd0,gpt2)/vmlinuz. */
static const char *path_of(const char *name)
{
	const char *close = name[0] == '(' ? strchr(name, ')') : NULL;
	return close ? close + 1 : name;
}

/* A word that is only a variable with several known values: each of them may be there. */
static int maybe_add(struct grub_menu *m, struct boot_entry *e, const struct grub_word *w,
	size_t line, bool *ret_done)
{
	struct grub_variable *v = w->n == 1 && w->part[0].variable
					  ? variable_find(m, w->part[0].text)
					  : NULL;
	_cleanup_(text_done) struct text reason = {0};
	int rc = 0;

	*ret_done = v && !v->open;
	if (!*ret_done)
		return 0;
	text_print(&reason, "/%s:%zu: GRUB decides about $%s as it boots", m->path, line, v->name);
	if (reason.failed)
		return -ENOMEM;
	for (size_t i = 0; i < v->values.n && rc == 0; i++)
		if (v->values.v[i][0])
			rc = boot_entry_add_maybe(e, v->values.v[i], reason.data);
	return rc;
}

/* One argument of linux: GRUB splits the value of a variable outside of quotes. */
static int argument_add(
	struct grub_menu *m, struct boot_entry *e, const struct grub_word *w, size_t line)
{
	bool open = false, done = false, alone = w->n == 1 && w->part[0].variable;
	_cleanup_(str_free) char *text = word_expand(m, w, &open);
	_cleanup_(text_done) struct text argument = {0}, source = {0};
	struct grub_variable *v = alone ? variable_find(m, w->part[0].text) : NULL;

	if (!text)
		return -ENOMEM;
	if (open) {
		int rc = maybe_add(m, e, w, line, &done);
		if (rc < 0 || done)
			return rc;
		rc = boot_entry_set_unknown(
			e, "/%s:%zu: %s is known to GRUB only, as it boots", m->path, line, text);
		return rc < 0 ? rc : boot_entry_add_word(e, text, "/%s:%zu", m->path, line);
	}
	if (v && v->source)
		text_print(&source, "%s", v->source);
	else
		text_print(&source, "/%s:%zu", m->path, line);
	if (alone && !w->part[0].quoted)
		text_print(&argument, "%s", text);
	else
		grub_loader_argument(text, &argument);
	if (argument.failed || source.failed)
		return -ENOMEM;
	return argument.data ? boot_entry_add_text(e, argument.data, argument.len, source.data) : 0;
}

static bool is_memtest(const char *path)
{
	const char *slash = strrchr(path, '/');
	return str_starts(slash ? slash + 1 : path, "memtest");
}

static bool in_condition(const struct grub_menu *m)
{
	return m->depth > 0 && m->block[m->depth - 1].kind == BLOCK_CONDITION;
}

static int linux_load(struct grub_menu *m, struct boot_entry *e, const struct grub_command *c)
{
	bool open = false;
	_cleanup_(str_free) char *kernel = c->n > 1 ? word_expand(m, &c->word[1], &open) : NULL;

	if (!kernel)
		return c->n > 1 ? -ENOMEM : 0;
	const char *path = path_of(kernel);
	if (is_memtest(path))
		return 0;
	int rc = 0;
	if (!e->no_linux && in_condition(m))
		rc = boot_entry_set_unknown(e,
			"/%s:%zu: GRUB decides as it boots which kernel it loads", m->path,
			c->line);
	e->no_linux = false;
	strings_done(&e->words);
	strings_done(&e->sources);
	if (rc == 0)
		rc = boot_file_find(m->q, NULL, path, strlen(path), &e->kernel);
	_cleanup_(text_done) struct text image = {0};
	text_print(&image, "BOOT_IMAGE=%s", kernel);
	if (rc == 0)
		rc = image.failed ? -ENOMEM : boot_entry_add_word(e, image.data, "by the loader");
	for (size_t i = 2; i < c->n && rc == 0; i++)
		rc = argument_add(m, e, &c->word[i], c->line);
	return rc;
}

static int initrd_load(struct grub_menu *m, struct boot_entry *e, const struct grub_command *c)
{
	int rc = 0;

	for (size_t i = 1; i < c->n && rc == 0; i++) {
		bool open = false;
		_cleanup_(str_free) char *name = word_expand(m, &c->word[i], &open);
		if (!name)
			return -ENOMEM;
		const char *path = path_of(name);
		if (str_starts(path, "newc:")) /* newc:NAME:PATH */
			path = strchr(path + 5, ':') ? path_of(strchr(path + 5, ':') + 1) : path;
		if (path[0] && path[0] != '-')
			rc = boot_entry_add_initrd(m->q, e, NULL, path, strlen(path));
	}
	return rc;
}

/* chainloader [--force] PATH [OPTION]…: it may be an image with a kernel in it. */
static int image_load(struct grub_menu *m, struct boot_entry *e, const struct grub_command *c)
{
	_cleanup_(text_done) struct text options = {0}, source = {0};
	_cleanup_(str_free) char *name = NULL;
	bool open = false;

	for (size_t i = 1; i < c->n; i++) {
		_cleanup_(str_free) char *word = word_expand(m, &c->word[i], &open);
		if (!word)
			return -ENOMEM;
		if (name)
			text_print(&options, "%s%s", options.data ? " " : "", word);
		else if (word[0] != '-') {
			name = word;
			word = NULL;
		}
	}
	const char *path = name ? path_of(name) : "";
	if (path[0] != '/')
		return 0; /* +1: a boot sector */
	text_print(&source, "/%s:%zu", m->path, c->line);
	int rc = boot_file_find(m->q, NULL, path, strlen(path), &e->image);
	if (rc < 0 || e->image.state != BOOT_FILE_THERE)
		return rc;
	e->no_linux = false;
	return source.failed || options.failed ? -ENOMEM
					       : uki_words_add(m->q, e, options.data, source.data);
}

static int entry_command(struct grub_menu *m, const struct grub_command *c, const char *name)
{
	struct boot_entry *e = &m->q->to->v[m->entry];

	if (str_equal(name, "linux") || str_equal(name, "linux16") || str_equal(name, "linuxefi") ||
		str_starts(name, "$linux"))
		return linux_load(m, e, c);
	if (str_equal(name, "initrd") || str_equal(name, "initrd16") ||
		str_equal(name, "initrdefi") || str_starts(name, "$initrd"))
		return initrd_load(m, e, c);
	if (str_equal(name, "chainloader"))
		return image_load(m, e, c);
	if (str_starts(name, "multiboot"))
		m->xen = true;
	if (str_starts(name, "module") && m->xen)
		return e->no_linux ? linux_load(m, e, c) : initrd_load(m, e, c);
	return 0;
}

/* ---- the script --------------------------------------------------------------------------------
 */

static int file_read_menu(struct grub_menu *m, const char *path, unsigned level);

/* source $prefix/custom.cfg: files beside the menu; others by their path. */
static int source_read(struct grub_menu *m, const struct grub_command *c, unsigned level)
{
	bool open = false;
	_cleanup_(str_free) char *name = c->n > 1 ? word_expand(m, &c->word[1], &open) : strdup("");
	const char *slash = name ? strrchr(name, '/') : NULL, *dir = strrchr(m->path, '/');
	_cleanup_(str_free) char *path = NULL;
	struct boot_file file = {0};

	if (!name || !dir)
		return name ? 0 : -ENOMEM;
	if ((name[0] == '$' || !slash) && asprintf(&path, "%.*s/%s", (int)(dir - m->path), m->path,
						  slash ? slash + 1 : name) < 0)
		return -ENOMEM;
	if (!path) {
		const char *whole = path_of(name);
		int rc = boot_file_find(m->q, NULL, whole, strlen(whole), &file);
		path = file.path;
		if (rc < 0 || file.state != BOOT_FILE_THERE)
			return rc;
	}
	if (level >= SOURCES_MAX || strings_have(&m->files, path))
		return 0;
	return file_read_menu(m, path, level + 1);
}

static int block_command(struct grub_menu *m, const struct grub_command *c, const char *name)
{
	if (str_equal(name, "if") || str_equal(name, "for") || str_equal(name, "while") ||
		str_equal(name, "until"))
		return block_open(m, BLOCK_CONDITION);
	if (str_equal(name, "fi") || str_equal(name, "done"))
		block_close(m, true);
	if (str_equal(name, "}"))
		block_close(m, false);
	if (!c->opens)
		return 0;
	bool submenu = str_equal(name, "submenu"), entry = str_equal(name, "menuentry");
	if ((submenu || entry) && m->reader && m->entry == SIZE_MAX)
		return entry_open(m, c, submenu);
	return block_open(m, BLOCK_OTHER);
}

static int command_run(struct grub_menu *m, const struct grub_command *c, unsigned level)
{
	bool open = false;
	_cleanup_(str_free) char *name = c->n > 0 ? word_expand(m, &c->word[0], &open) : strdup("");

	if (!name)
		return -ENOMEM;
	int rc = block_command(m, c, name);
	if (rc < 0 || c->opens)
		return rc;
	if (str_equal(name, "set"))
		return variable_set(m, c);
	if (m->entry != SIZE_MAX)
		return entry_command(m, c, name);
	if (str_equal(name, "source") || str_equal(name, ".") || str_equal(name, "configfile"))
		return source_read(m, c, level);
	return 0;
}

/* What cannot be read is one entry of its own, so that it is shown. */
static int broken_add(struct grub_menu *m, size_t line, const char *what)
{
	struct boot_entry *e =
		m->reader ? boot_entry_add(m->q, m->reader, m->path, line, strdup(m->path)) : NULL;

	return !m->reader ? 0
	       : e        ? boot_entry_set_unknown(e, "/%s:%zu: %s", m->path, line, what)
			  : -ENOMEM;
}

static int file_read_menu(struct grub_menu *m, const char *path, unsigned level)
{
	_cleanup_(str_free) char *text = NULL;
	struct grub_script s = {0};
	const char *outer = m->path;
	int rc = strings_add(&m->files, path), more = 0;

	if (rc < 0 || root_read_large(m->q->root, path, MENU_MAX, &text, &s.len, NULL) < 0)
		return rc;
	s.text = text;
	m->path = path;
	while (rc == 0) {
		struct grub_command c = {0};
		more = grub_script_next(&s, &c);
		if (more == 1)
			rc = command_run(m, &c, level);
		grub_command_done(&c);
		if (more != 1)
			break;
	}
	if (more == -EINVAL)
		rc = broken_add(m, s.line + 1, "the quotes do not match");
	else if (rc == -E2BIG)
		rc = broken_add(m, s.line + 1, "blocks are nested too deep");
	m->path = outer;
	return more == -ENOMEM ? more : rc;
}

int grub_menu_read(struct boot_reading *q, const struct loader *reader)
{
	_cleanup_(grub_menu_done) struct grub_menu m = {
		.q = q, .reader = reader, .entry = SIZE_MAX};

	return q->facts->grub_cfg ? file_read_menu(&m, q->facts->grub_cfg, 0) : 0;
}

char *grub_menu_variable(const struct boot_reading *q, const char *name, char **ret_source)
{
	struct boot_reading only = *q;
	_cleanup_(grub_menu_done) struct grub_menu m = {.q = &only, .entry = SIZE_MAX};
	int rc = q->facts->grub_cfg ? file_read_menu(&m, q->facts->grub_cfg, 0) : 0;
	struct grub_variable *v = rc == 0 ? variable_find(&m, name) : NULL;

	*ret_source = NULL;
	if (!v || v->open || v->values.n != 1)
		return NULL;
	*ret_source = v->source;
	v->source = NULL;
	return strdup(v->values.v[0]);
}
