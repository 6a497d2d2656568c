/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/menu.h"

#include "bootcfg/format/file_edit.h"
#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- entries -----------------------------------------------------------------------------------
 */

static void menu_entry_done(struct menu_entry *e)
{
	free(e->title);
	free(e->kernel);
	strings_done(&e->initrds);
	tokens_done(&e->words);
	*e = (struct menu_entry){0};
}

void menu_entries_done(struct menu_entries *o)
{
	for (size_t i = 0; i < o->n; i++)
		menu_entry_done(&o->v[i]);
	free(o->v);
	*o = (struct menu_entries){0};
}

static bool has_word(const struct menu_entry *e, const char *prefix)
{
	for (size_t i = 0; i < tokens_kargs(&e->words); i++)
		if (str_starts(e->words.word[i].text, prefix))
			return true;
	return false;
}

const char *menu_entry_left(const struct menu_entry *e, const struct strings *roots)
{
	_cleanup_(strings_done) struct strings words = {0};

	if (!e->is_linux)
		return "left alone: starts no Linux kernel";
	if (e->is_way_back)
		return "left alone as the way back";
	if (line_words(&e->words, &words) == 0 && entry_root_compare(&words, roots) == ROOT_FOREIGN)
		return "left alone: belongs to another system: its root= is not the root file system here (/etc/fstab)";
	return NULL;
}

/* One line of a text, without newline and surrounding blanks. */
struct menu_line {
	size_t begin, end, number;
};

/* False at the end. */
static bool menu_line_next(const char *text, size_t len, size_t *at, struct menu_line *ret)
{
	if (*at >= len)
		return false;
	const char *nl = memchr(text + *at, '\n', len - *at);
	size_t end = nl ? (size_t)(nl - text) : len;

	ret->begin = *at;
	ret->number++;
	*at = nl ? end + 1 : len;
	while (end > ret->begin && kcmdline_is_blank(text[end - 1]))
		end--;
	while (ret->begin < end && kcmdline_is_blank(text[ret->begin]))
		ret->begin++;
	ret->end = end;
	return true;
}

/* The length of a key at the start of a line, in any case, if one of `ends` follows; 0: another
 * key. */
static size_t key_at(const char *text, const struct menu_line *l, const char *key, const char *ends)
{
	size_t n = strlen(key);

	if (l->end - l->begin < n || strncasecmp(text + l->begin, key, n) != 0)
		return 0;
	if (l->begin + n == l->end)
		return strchr(ends, ' ') ? n : 0;
	return strchr(ends, text[l->begin + n]) ? n : 0;
}

/* The range of the value after a key of this length and what separates them. */
static struct menu_line value_at(
	const char *text, const struct menu_line *l, size_t key, const char *between)
{
	struct menu_line v = {l->begin + key, l->end, l->number};

	while (v.begin < v.end && strchr(between, text[v.begin]))
		v.begin++;
	return v;
}

static char *range_copy(const char *text, size_t begin, size_t end)
{
	return strndup(text + begin, end - begin);
}

/* An entry while its lines are read. */
struct draft {
	bool open;            /* a line has begun one */
	struct menu_entry e;  /* without its words */
	struct text names;    /* what may tell that it is a way back */
	struct menu_line has; /* its command line, if end > 0 */
};

static void draft_done(struct draft *d)
{
	menu_entry_done(&d->e);
	text_done(&d->names);
	*d = (struct draft){0};
}

/* A name that tells whether the entry is a way back. */
static void draft_name(struct draft *d, const char *text, const struct menu_line *v)
{
	text_print(&d->names, "%.*s|", (int)(v->end - v->begin), text + v->begin);
}

static int draft_kernel(struct draft *d, const char *text, const struct menu_line *v)
{
	free(d->e.kernel);
	d->e.kernel = range_copy(text, v->begin, v->end);
	draft_name(d, text, v);
	return d->e.kernel ? 0 : -ENOMEM;
}

/* Paths in one value: extlinux has commas between them. */
static int draft_initrds(struct draft *d, const char *text, const struct menu_line *v)
{
	int rc = 0;

	draft_name(d, text, v);
	for (size_t i = v->begin; i < v->end && rc == 0;) {
		size_t begin = i;
		while (i < v->end && text[i] != ',')
			i++;
		if (i > begin)
			rc = strings_take(&d->e.initrds, range_copy(text, begin, i));
		i++;
	}
	return rc;
}

/* Takes over the entry with its words. */
static int draft_close(struct draft *d, struct menu_entries *to)
{
	struct menu_entry *e = &d->e;
	struct menu_entry *v = d->names.failed ? NULL : realloc(to->v, (to->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	to->v = v;
	e->is_way_back |= d->names.data && entry_is_way_back(d->names.data);
	for (size_t i = 0; i < e->words.words; i++)
		e->is_way_back |= str_starts(e->words.word[i].text, "initrd=") &&
				  entry_is_way_back(e->words.word[i].text);
	v[to->n++] = *e;
	*e = (struct menu_entry){0};
	draft_done(d);
	return 0;
}

/* How the text of a value is written. */
enum context { PLAIN, QUOTED, PLAIN_EMPTY };

static int value_byte(
	struct segment *f, const char *text, size_t begin, size_t end, uint8_t context)
{
	const struct src_byte c = {.c = text[begin],
		.begin = begin,
		.end = end,
		.out = end,
		.context = context,
		.out_context = context};
	return segment_add(f, &c);
}

static struct segment *value_segment(
	struct tokens *to, const char *text, const struct menu_line *v, enum context context)
{
	struct segment *f = tokens_segment(to);

	if (!f)
		return NULL;
	f->at = v->begin;
	f->context = context == PLAIN && v->begin > 0 && !kcmdline_is_blank(text[v->begin - 1]) &&
				     text[v->begin - 1] != '='
			     ? PLAIN_EMPTY
			     : context;
	return f;
}

static int words_split(struct tokens *words, const char *name, size_t line, struct err *err)
{
	struct err reason = {0};
	int rc = tokens_split(words, &reason);

	return rc == -EINVAL ? err_set(err, EINVAL, "%s:%zu: %.300s", name, line, reason.text) : rc;
}

/* Adds a value as a segment: in double quotes (rEFInd) `""` is one quote. */
static int value_add(
	struct tokens *ret, const char *text, const struct menu_line *v, enum context context)
{
	struct segment *f = value_segment(ret, text, v, context);

	if (!f)
		return -ENOMEM;
	for (size_t i = v->begin; i < v->end;) {
		size_t n = context == QUOTED && text[i] == '"' && i + 1 < v->end ? 2 : 1;
		if (value_byte(f, text, i, i + n, (uint8_t)context) < 0)
			return -ENOMEM;
		i += n;
	}
	return 0;
}

/* Reads a value as a command line. */
static int value_read(struct tokens *ret, const char *name, const char *text,
	const struct menu_line *v, enum context context, struct err *err)
{
	int rc = value_add(ret, text, v, context);
	return rc < 0 ? rc : words_split(ret, name, v->number, err);
}

/* ---- Limine ------------------------------------------------------------------------------------
 */

/* `${NAME}=text` at the very start of a line; the last of several counts, and none is in another
 * (limine: common/lib/config.c, init_config). */
struct macro {
	size_t name, name_len, begin, end;
};
struct macros {
	struct macro *v;
	size_t n;
};

static void macros_done(struct macros *m)
{
	free(m->v);
}

/* The length of NAME in `${NAME}` at text[at]; 0: none. */
static size_t macro_name(const char *text, size_t at, size_t end)
{
	if (end - at < 4 || text[at] != '$' || text[at + 1] != '{')
		return 0;
	const char *close = memchr(text + at, '}', end - at);
	return close ? (size_t)(close - text) - at - 2 : 0;
}

static bool macro_at(const char *text, const struct menu_line *l, struct macro *ret)
{
	size_t n = l->begin > 0 && text[l->begin - 1] != '\n' ? 0
							      : macro_name(text, l->begin, l->end);

	if (n == 0 || l->begin + n + 3 >= l->end || text[l->begin + n + 3] != '=')
		return false;
	*ret = (struct macro){l->begin + 2, n, l->begin + n + 4, l->end};
	return true;
}

static int macros_read(const char *text, size_t len, struct macros *ret)
{
	struct menu_line l = {0};
	struct macro m;

	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		if (!macro_at(text, &l, &m))
			continue;
		struct macro *v = realloc(ret->v, (ret->n + 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		ret->v = v;
		v[ret->n++] = m;
	}
	return 0;
}

static const struct macro *macro_find(
	const struct macros *m, const char *text, size_t name, size_t len)
{
	for (size_t i = m->n; i-- > 0;)
		if (m->v[i].name_len == len && memcmp(text + m->v[i].name, text + name, len) == 0)
			return &m->v[i];
	return NULL;
}

/* What Limine defines itself: its value is not in the file. */
static bool macro_is_built_in(const char *text, size_t name, size_t len)
{
	return (len == 4 && memcmp(text + name, "ARCH", 4) == 0) ||
	       (len == 7 && memcmp(text + name, "FW_TYPE", 7) == 0);
}

/* The bytes of a macro: a removal cuts them where it is defined, new text goes after its use. */
static int macro_expand(
	struct segment *f, const char *text, const struct macros *macros, size_t name, size_t len)
{
	const struct macro *m = macro_find(macros, text, name, len);
	size_t after = name + len + 1;
	int rc = 0;

	if (!m && macro_is_built_in(text, name, len)) {
		const struct src_byte c = {
			.c = '?', .unknown = true, .begin = name - 2, .end = after, .out = after};
		return segment_add(f, &c);
	}
	for (size_t i = m ? m->begin : 0; m && i < m->end && rc == 0; i++) {
		const struct src_byte c = {.c = text[i], .begin = i, .end = i + 1, .out = after};
		rc = segment_add(f, &c);
	}
	return rc;
}

#define LIMINE_VALUE_MAX 4095 /* Limine cuts a value there (CONFIG.md) */

static int limine_value(struct tokens *ret, const char *name, const char *text,
	const struct menu_line *v, const struct macros *macros, struct err *err)
{
	struct segment *f = value_segment(ret, text, v, PLAIN);
	int rc = f ? 0 : -ENOMEM;

	for (size_t i = v->begin; i < v->end && rc == 0;) {
		size_t n = macro_name(text, i, v->end);
		rc = n > 0 ? macro_expand(f, text, macros, i + 2, n)
			   : value_byte(f, text, i, i + 1, PLAIN);
		i += n > 0 ? n + 3 : 1;
		if (rc == 0 && f->n > LIMINE_VALUE_MAX)
			return err_set(err, EINVAL,
				"%s:%zu: is longer than %d characters, where Limine cuts it", name,
				v->number, LIMINE_VALUE_MAX);
	}
	return rc < 0 ? rc : words_split(ret, name, v->number, err);
}

#define LIMINE_DEPTH_MAX 16

struct limine {
	const char *name, *text;
	struct macros macros;
	struct strings menus; /* titles of the entry and of those around it */
	struct draft d;
	bool is_linux, is_efi, has_protocol;
};

static void limine_done(struct limine *m)
{
	macros_done(&m->macros);
	strings_done(&m->menus);
	draft_done(&m->d);
}

/* An image of the EFI protocol takes its command line from here, too; a loader of another system
 * has no root=. */
static int limine_close(struct limine *m, struct menu_entries *to, struct err *err)
{
	struct draft *d = &m->d;
	int rc = 0;

	if (d->open && d->has.end > 0)
		rc = limine_value(&d->e.words, m->name, m->text, &d->has, &m->macros, err);
	if (rc < 0)
		return rc;
	d->e.is_linux = m->is_linux || (!m->has_protocol && d->e.kernel) ||
			((m->is_efi || !m->has_protocol) && has_word(&d->e, "root="));
	if (d->open && (d->e.kernel || d->has.end > 0))
		rc = draft_close(d, to);
	draft_done(d);
	m->is_linux = m->is_efi = m->has_protocol = false;
	return rc;
}

/* `/Title`, `//Title in it`, `/+Title` (`:` in limine.cfg). */
static int limine_open(struct limine *m, const struct menu_line *l)
{
	struct menu_line title = *l;
	struct text whole = {0};
	size_t depth = 0;

	while (title.begin < title.end && m->text[title.begin] == m->text[l->begin] &&
		depth < LIMINE_DEPTH_MAX) {
		title.begin++;
		depth++;
	}
	while (title.begin < title.end && strchr("+ \t", m->text[title.begin]))
		title.begin++;
	while (m->menus.n >= depth && m->menus.n > 0)
		free(m->menus.v[--m->menus.n]);
	if (strings_take(&m->menus, range_copy(m->text, title.begin, title.end)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < m->menus.n; i++)
		text_print(&whole, "%s%s", i > 0 ? "/" : "", m->menus.v[i]);
	text_print(&m->d.names, "%s|", whole.data ? whole.data : "");
	m->d.open = true;
	m->d.e.line = l->number;
	m->d.e.title = whole.failed ? NULL : whole.data;
	return m->d.e.title ? 0 : -ENOMEM;
}

static int limine_option(struct limine *m, const struct menu_line *l)
{
	static const char *const kernels[] = {"path", "kernel_path", "image_path", NULL};
	static const char *const lines[] = {"cmdline", "kernel_cmdline", NULL};
	const char *text = m->text;
	struct menu_line v;
	size_t n;

	if ((n = key_at(text, l, "protocol", ":=")) > 0) {
		v = value_at(text, l, n + 1, " \t");
		size_t len = v.end - v.begin;
		m->has_protocol = true;
		m->is_linux = len == 5 && strncasecmp(text + v.begin, "linux", 5) == 0;
		m->is_efi = len >= 3 && strncasecmp(text + v.begin, "efi", 3) == 0;
	}
	for (const char *const *k = lines; *k; k++)
		if ((n = key_at(text, l, *k, ":=")) > 0)
			m->d.has = value_at(text, l, n + 1, " \t");
	if ((n = key_at(text, l, "module_path", ":=")) > 0) {
		v = value_at(text, l, n + 1, " \t");
		if (draft_initrds(&m->d, text, &v) < 0)
			return -ENOMEM;
	}
	for (const char *const *k = kernels; *k; k++) {
		if ((n = key_at(text, l, *k, ":=")) == 0)
			continue;
		v = value_at(text, l, n + 1, " \t");
		if (draft_kernel(&m->d, text, &v) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * Limine (CONFIG.md): `/Title` opens an entry, `option: value` belongs to it; the names of options
 * ignore case, kernel_cmdline is an alias, and limine.cfg has `OPTION=value`.
 */
static int limine_read(
	const char *name, const char *text, size_t len, struct menu_entries *to, struct err *err)
{
	_cleanup_(limine_done) struct limine m = {.name = name, .text = text};
	struct menu_line l = {0};
	struct macro macro;
	int rc = macros_read(text, len, &m.macros);

	for (size_t at = 0; rc == 0 && menu_line_next(text, len, &at, &l);) {
		if (l.begin == l.end || text[l.begin] == '#' || macro_at(text, &l, &macro))
			continue;
		if (text[l.begin] == '/' || text[l.begin] == ':') {
			rc = limine_close(&m, to, err);
			if (rc == 0)
				rc = limine_open(&m, &l);
		} else if (m.d.open) {
			rc = limine_option(&m, &l);
		}
	}
	return rc < 0 ? rc : limine_close(&m, to, err);
}

/* ---- extlinux and syslinux ---------------------------------------------------------------------
 */

struct extlinux {
	const char *name, *text;
	struct draft d;
	struct menu_line global; /* an APPEND before the first label */
	bool is_linux, has_append;
};

/* What KERNEL starts that takes no kernel parameters: modules, boot sectors, disk images by
 * memdisk, whose APPEND is memdisk's (doc/syslinux.txt). */
static bool is_kernel(const char *text, const struct menu_line *v)
{
	static const char *const tails[] = {
		".c32", ".bin", ".bs", ".bss", ".0", ".com", ".cbt", ".img", "memdisk", NULL};
	size_t len = v->end - v->begin;

	for (const char *const *t = tails; *t; t++) {
		size_t n = strlen(*t);
		if (len >= n && strncasecmp(text + v->end - n, *t, n) == 0)
			return false;
	}
	return len > 0;
}

static int extlinux_close(struct extlinux *m, struct menu_entries *to, struct err *err)
{
	struct draft *d = &m->d;
	const struct menu_line *line = m->has_append ? &d->has : &m->global;
	int rc = 0;

	if (d->open && line->end > 0)
		rc = value_read(&d->e.words, m->name, m->text, line, PLAIN, err);
	d->e.inherits = !m->has_append && line->end > 0;
	d->e.is_linux = m->is_linux;
	if (rc == 0 && d->open && (d->e.kernel || line->end > 0))
		rc = draft_close(d, to);
	draft_done(d);
	m->is_linux = m->has_append = false;
	return rc;
}

static int extlinux_kernel(struct extlinux *m, const struct menu_line *l, size_t key)
{
	struct menu_line v = value_at(m->text, l, key, " \t");

	m->is_linux = is_kernel(m->text, &v);
	return draft_kernel(&m->d, m->text, &v);
}

static void extlinux_append(struct extlinux *m, const struct menu_line *l, size_t key)
{
	struct menu_line v = value_at(m->text, l, key, " \t");

	/* `APPEND -` is an empty command line. */
	if (v.end - v.begin == 1 && m->text[v.begin] == '-')
		v.end = 0;
	if (m->d.open) {
		m->d.has = v;
		m->has_append = true;
	} else {
		m->global = v;
	}
}

static int extlinux_option(struct extlinux *m, const struct menu_line *l)
{
	static const char *const others[] = {"com32", "boot", "bss", "pxe", "fdimage", "localboot"};
	const char *text = m->text;
	struct menu_line v;
	size_t n;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if ((n = key_at(text, l, others[i], " \t")) > 0)
			m->is_linux = false;
	if ((n = key_at(text, l, "append", " \t")) > 0) {
		extlinux_append(m, l, n);
	} else if (!m->d.open) {
		return 0;
	} else if ((n = key_at(text, l, "linux", " \t")) > 0 ||
		   (n = key_at(text, l, "kernel", " \t")) > 0) {
		return extlinux_kernel(m, l, n);
	} else if ((n = key_at(text, l, "initrd", " \t")) > 0 ||
		   (n = key_at(text, l, "menu", " \t")) > 0) {
		v = value_at(text, l, n, " \t");
		if (n == strlen("initrd"))
			return draft_initrds(&m->d, text, &v);
		if (key_at(text, &v, "label", " \t"))
			draft_name(&m->d, text, &v);
	}
	return 0;
}

/*
 * syslinux (doc/syslinux.txt): LABEL opens an entry, LINUX or KERNEL has the file it starts, APPEND
 * its command line; an APPEND before the first label is for entries without one. The lines from
 * TEXT HELP to ENDTEXT are shown.
 */
static int extlinux_read(
	const char *name, const char *text, size_t len, struct menu_entries *to, struct err *err)
{
	struct extlinux m = {.name = name, .text = text};
	struct menu_line l = {0};
	bool help = false;
	int rc = 0;

	for (size_t at = 0; rc == 0 && menu_line_next(text, len, &at, &l);) {
		size_t n = key_at(text, &l, "label", " \t");
		if (help || key_at(text, &l, "text", " \t")) {
			help = !key_at(text, &l, "endtext", " \t");
			continue;
		}
		if (n == 0) {
			rc = extlinux_option(&m, &l);
			continue;
		}
		rc = extlinux_close(&m, to, err);
		struct menu_line v = value_at(text, &l, n, " \t");
		m.d.open = true;
		m.d.e.line = l.number;
		m.d.e.own = at;
		m.d.e.title = range_copy(text, v.begin, v.end);
		draft_name(&m.d, text, &v);
		rc = rc == 0 && !m.d.e.title ? -ENOMEM : rc;
	}
	if (rc == 0)
		rc = extlinux_close(&m, to, err);
	draft_done(&m.d);
	return rc;
}

/* ---- rEFInd ------------------------------------------------------------------------------------
 */

/* Finds the end of the quotes that open at text[at]; `""` inside is one quote. False: no end. */
static bool quoted_end(const char *text, size_t at, size_t end, size_t *ret)
{
	for (at++; at < end; at++) {
		if (text[at] != '"')
			continue;
		if (at + 1 < end && text[at + 1] == '"') {
			at++;
			continue;
		}
		*ret = at;
		return true;
	}
	return false;
}

static int refind_error(const char *path, const struct menu_line *l, struct err *err)
{
	return err_set(err, EINVAL,
		"%s:%zu: the options are not in double quotes, so only the first word counts; put them in quotes first",
		path, l->number);
}

#define REFIND_BETWEEN " \t=," /* between words outside of quotes (rEFInd, refind/config.c) */

/* The inside of the quotes that a value has to begin with. */
static int refind_quoted(const char *name, const char *text, struct menu_line *v, struct err *err)
{
	size_t end;

	if (v->begin == v->end || text[v->begin] != '"' ||
		!quoted_end(text, v->begin, v->end, &end))
		return refind_error(name, v, err);
	v->begin++;
	v->end = end;
	return 0;
}

/* refind_linux.conf: "title" "options", the first line is the default. */
static int refind_linux_line(const char *name, const char *text, const struct menu_line *l,
	struct menu_entries *to, struct err *err)
{
	_cleanup_(draft_done) struct draft d = {.e = {.line = l->number, .is_linux = true}};
	struct menu_line title = *l;
	int rc = refind_quoted(name, text, &title, err);

	if (rc < 0)
		return rc;
	d.e.title = range_copy(text, title.begin, title.end);
	if (!d.e.title)
		return -ENOMEM;
	if (to->n > 0)
		draft_name(&d, text, &title);
	struct menu_line title_end = {title.end + 1, l->end, l->number};
	struct menu_line v = value_at(text, &title_end, 0, REFIND_BETWEEN);
	if (v.begin == v.end)
		return 0;
	rc = refind_quoted(name, text, &v, err);
	if (rc == 0)
		rc = value_read(&d.e.words, name, text, &v, QUOTED, err);
	return rc < 0 ? rc : draft_close(&d, to);
}

static int refind_linux_read(
	const char *name, const char *text, size_t len, struct menu_entries *to, struct err *err)
{
	struct menu_line l = {0};
	int rc = 0;

	for (size_t at = 0; rc == 0 && menu_line_next(text, len, &at, &l);)
		if (l.begin < l.end && text[l.begin] != '#')
			rc = refind_linux_line(name, text, &l, to, err);
	return rc;
}

/* A stanza, or an entry of its submenu, while it is read. */
struct stanza {
	struct draft d;
	struct menu_line added; /* of add_options, if end > 0 */
	bool is_disabled, in_block;
};

struct refind {
	const char *name, *text;
	struct stanza main, sub;
	size_t first; /* the entries of the stanza that is open begin here */
};

static int stanza_open(struct stanza *s, const struct refind *m, const struct menu_line *l,
	size_t key, size_t next)
{
	struct menu_line v = value_at(m->text, l, key, REFIND_BETWEEN);

	if (v.end > v.begin && m->text[v.end - 1] == '{')
		v.end--;
	while (v.end > v.begin && strchr(" \t\"", m->text[v.end - 1]))
		v.end--;
	if (v.begin < v.end && m->text[v.begin] == '"')
		v.begin++;
	draft_done(&s->d);
	*s = (struct stanza){.d = {.open = true, .e = {.line = l->number, .own = next}}};
	draft_name(&s->d, m->text, &v);
	s->d.e.title = range_copy(m->text, v.begin, v.end);
	return s->d.e.title ? 0 : -ENOMEM;
}

static int stanza_words(const struct refind *m, struct draft *d, const struct menu_line *l,
	const struct menu_line *added, struct err *err)
{
	struct menu_line v = *l, more = *added;
	int rc = 0;

	/* The options of another system's loader may be anything: they are not read. */
	if (v.end == 0 || !memmem(m->text + v.begin, v.end - v.begin, "root=", 5))
		return 0;
	rc = refind_quoted(m->name, m->text, &v, err);
	if (rc == 0 && more.end > 0)
		rc = refind_quoted(m->name, m->text, &more, err);
	if (rc == 0)
		rc = value_add(&d->e.words, m->text, &v, QUOTED);
	if (rc == 0 && more.end > 0)
		rc = value_add(&d->e.words, m->text, &more, QUOTED);
	return rc < 0 ? rc : words_split(&d->e.words, m->name, v.number, err);
}

/* A submenu entry has the kernel and the initrds of its stanza, unless it names others. */
static int stanza_files(struct draft *d, const struct draft *main)
{
	if (!d->e.kernel && main->e.kernel) {
		d->e.kernel = strdup(main->e.kernel);
		if (!d->e.kernel)
			return -ENOMEM;
	}
	bool own = d->e.initrds.n > 0;
	for (size_t i = 0; i < main->e.initrds.n && !own; i++)
		if (strings_add(&d->e.initrds, main->e.initrds.v[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* A submenu entry without `options` has those of its stanza; `add_options` comes behind. */
static int sub_close(struct refind *m, struct menu_entries *to, struct err *err)
{
	struct draft *d = &m->sub.d;
	struct menu_line parent = m->main.d.has;
	int rc = 0;

	if (d->open && !m->sub.is_disabled) {
		d->e.inherits = d->has.end == 0;
		rc = stanza_words(m, d, d->e.inherits ? &parent : &d->has, &m->sub.added, err);
		d->e.is_linux = has_word(&d->e, "root=");
		if (rc == 0)
			rc = stanza_files(d, &m->main.d);
		if (rc == 0)
			rc = draft_close(d, to);
	}
	draft_done(d);
	m->sub.in_block = false;
	return rc;
}

static int main_close(struct refind *m, struct menu_entries *to, struct err *err)
{
	struct draft *d = &m->main.d;
	int rc = 0;

	if (d->open && m->main.is_disabled) {
		while (to->n > m->first)
			menu_entry_done(&to->v[--to->n]);
	} else if (d->open) {
		rc = stanza_words(m, d, &d->has, &m->main.added, err);
		d->e.is_linux = has_word(&d->e, "root=");
		if (rc == 0)
			rc = draft_close(d, to);
	}
	draft_done(d);
	m->first = to->n;
	return rc;
}

static struct menu_line unquoted(const char *text, struct menu_line v)
{
	if (v.end - v.begin >= 2 && text[v.begin] == '"' && text[v.end - 1] == '"') {
		v.begin++;
		v.end--;
	}
	return v;
}

static int stanza_option(struct stanza *s, const struct refind *m, const struct menu_line *l)
{
	size_t n = key_at(m->text, l, "options", REFIND_BETWEEN "\"");
	struct menu_line v;

	if (n > 0)
		s->d.has = value_at(m->text, l, n, REFIND_BETWEEN);
	if (key_at(m->text, l, "disabled", " \t"))
		s->is_disabled = true;
	if ((n = key_at(m->text, l, "add_options", REFIND_BETWEEN "\"")) > 0)
		s->added = value_at(m->text, l, n, REFIND_BETWEEN);
	if ((n = key_at(m->text, l, "loader", REFIND_BETWEEN "\"")) > 0) {
		v = unquoted(m->text, value_at(m->text, l, n, REFIND_BETWEEN));
		return draft_kernel(&s->d, m->text, &v);
	}
	if ((n = key_at(m->text, l, "initrd", REFIND_BETWEEN "\"")) > 0) {
		v = unquoted(m->text, value_at(m->text, l, n, REFIND_BETWEEN));
		return draft_initrds(&s->d, m->text, &v);
	}
	return 0;
}

/*
 * refind.conf: `menuentry "title" { … }` with `options`, in it `submenuentry`; one of either that
 * says `disabled` is not there. Linux is what has root= among its options.
 */
static int refind_conf_read(
	const char *name, const char *text, size_t len, struct menu_entries *to, struct err *err)
{
	struct refind m = {.name = name, .text = text};
	struct menu_line l = {0};
	int rc = 0;

	for (size_t at = 0; rc == 0 && menu_line_next(text, len, &at, &l);) {
		size_t n;
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if ((n = key_at(text, &l, "menuentry", " \t\"")) > 0) {
			rc = main_close(&m, to, err);
			if (rc == 0)
				rc = stanza_open(&m.main, &m, &l, n, at);
		} else if ((n = key_at(text, &l, "submenuentry", " \t\"")) > 0 && m.main.d.open) {
			rc = stanza_open(&m.sub, &m, &l, n, at);
		} else if (text[l.begin] == '}') {
			rc = m.sub.d.open ? sub_close(&m, to, err) : main_close(&m, to, err);
		} else if (m.sub.d.open || m.main.d.open) {
			rc = stanza_option(m.sub.d.open ? &m.sub : &m.main, &m, &l);
		}
	}
	if (rc == 0)
		rc = main_close(&m, to, err);
	draft_done(&m.sub.d);
	draft_done(&m.main.d);
	return rc;
}

int menu_read(enum menu_kind kind, const char *name, const char *text, size_t len,
	struct menu_entries *ret, struct err *err)
{
	static int (*const readers[])(const char *, const char *, size_t, struct menu_entries *,
		struct err *) = {[MENU_LIMINE] = limine_read,
		[MENU_EXTLINUX] = extlinux_read,
		[MENU_REFIND_LINUX] = refind_linux_read,
		[MENU_REFIND_CONF] = refind_conf_read};

	if (memchr(text, '\0', len))
		return err_set(err, EINVAL, "%s: contains a NUL byte", name);
	return readers[kind](name, text, len, ret, err);
}

/* ---- editor ------------------------------------------------------------------------------------
 */

static int encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	if (context == QUOTED && strchr(text, '%'))
		return err_set(err, EINVAL, "%s: rEFInd reads a %% as its own", text);
	if (context == PLAIN_EMPTY)
		text_add(ret, " ", 1);
	if (context != QUOTED)
		return plain_encode(context, text, dialect, ret, err);
	for (const char *p = text; *p; p++)
		text_add(ret, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
	return 0;
}

/* Entries may share a line: what is done for one of them is done. */
static int splices_merge(struct splices *from, struct splices *to)
{
	size_t before = to->n;

	for (size_t i = 0; i < from->n; i++) {
		const struct splice *s = &from->v[i];
		bool have = false;
		for (size_t k = 0; k < before && !have; k++)
			have = to->v[k].begin == s->begin && to->v[k].end == s->end &&
			       str_equal(to->v[k].text, s->text);
		if (!have && splices_add(to, s->file, s->begin, s->end, s->text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Decides on one command line and adds its splices; its new parameters go to expect. */
static int entry_edit(struct file_edits *s, const struct menu_entry *e, const struct karg_ops *r,
	struct splices *p, struct strings *expect, struct err *err)
{
	_cleanup_(edit_done) struct edit c = {0};
	_cleanup_(splices_done) struct splices own = {0};

	int rc = line_words(&e->words, &s->before);
	if (rc == 0)
		rc = edit_decide(&e->words, r, &c, err);
	if (rc == 0)
		rc = edit_expect(&e->words, &c, expect);
	if (rc == 0 && c.append.n > 0 && e->words.fields == 0)
		return err_set(err, EINVAL,
			"line %zu: \"%s\": has no line of kernel parameters that new ones could be added to; write one first, with root=",
			e->line, e->title);
	if (rc == 0 && !edit_empty(&c)) {
		rc = edit_splice(&e->words, &c, encode, &own, err);
		if (rc == 0)
			rc = splices_merge(&own, p);
		if (rc == 0)
			rc = file_edits_report(s, &e->words, &c);
	}
	return rc;
}

/* True if one of the splices is in the line of the entry. */
static bool entry_is_cut(const struct menu_entry *e, const struct splices *p)
{
	for (size_t f = 0; f < e->words.fields; f++) {
		const struct segment *s = &e->words.field[f];
		for (size_t i = 0; i < p->n; i++) {
			size_t at = p->v[i].begin;
			bool hit = at == s->at;
			for (size_t k = 0; k < s->n && !hit; k++)
				hit = (at >= s->cell[k].begin && at < s->cell[k].end) ||
				      at == s->cell[k].out;
			if (hit)
				return true;
		}
	}
	return false;
}

/* The line that an entry without one of its own gets, so that it keeps its words. */
static int own_line(const struct menu_entry *e, enum menu_kind kind, const char *text, size_t len,
	struct text *ret)
{
	_cleanup_(text_done) struct text words = {0};
	bool crlf = e->own > 1 && text[e->own - 2] == '\r';

	for (size_t i = 0; i < e->words.words; i++)
		if (e->words.word[i].field == 0) /* not add_options, which stays */
			text_print(&words, "%s%s", i > 0 ? " " : "", e->words.word[i].text);
	if (e->own == len && len > 0 && text[len - 1] != '\n')
		text_print(ret, "\n");
	text_print(ret, kind == MENU_EXTLINUX ? "\tAPPEND " : "\t\toptions \"");
	int rc = encode(kind == MENU_EXTLINUX ? PLAIN : QUOTED, words.data ? words.data : "",
		DIALECT_KERNEL, ret, NULL);
	text_print(ret, "%s%s", kind == MENU_EXTLINUX ? "" : "\"", crlf ? "\r\n" : "\n");
	return words.failed || ret->failed ? -ENOMEM : rc;
}

/* An entry that is left alone keeps its line where others that are edited have the same one. */
static int entry_keep(const struct file_edits *s, enum menu_kind kind, const struct menu_entry *e,
	struct splices *p, struct err *err)
{
	_cleanup_(text_done) struct text line = {0};
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);

	if (!e->is_linux || !entry_is_cut(e, p))
		return 0;
	if (!e->inherits)
		return err_set(err, EINVAL,
			"line %zu: \"%s\" is left alone and shares its words with an entry that is not; write them out there first",
			e->line, e->title);
	int rc = own_line(e, kind, text, len, &line);
	return rc < 0 ? rc : splices_add(p, 0, e->own, e->own, line.data);
}

static int left_note(struct file_edits *s, const struct menu_entry *e, const char *reason)
{
	struct text t = {0};

	if (e->words.words == 0 && !e->is_linux)
		return 0; /* takes no words: the firmware's setup, a menu */
	text_print(&t, "%s:%zu: \"%s\": %s", s->v[0].name, e->line, e->title, reason);
	return strings_take(&s->notes, t.data);
}

/* Why an entry is left alone; "": another one is asked for; NULL: it is edited. */
static const char *reason_left(const struct menu_entry *e, const struct format *f)
{
	return f->entry_line > 0 && e->line != f->entry_line ? "" : menu_entry_left(e, &f->roots);
}

static int entries_edit(struct file_edits *s, enum menu_kind kind, const struct format *f,
	const struct menu_entries *o, const struct karg_ops *r, struct splices *p,
	struct strings *expect, size_t *ret_edited, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < o->n && rc == 0; i++) {
		const char *left = reason_left(&o->v[i], f);
		*ret_edited += !left;
		rc = !left ? entry_edit(s, &o->v[i], r, p, expect, err)
			   : line_words(&o->v[i].words, expect);
		if (rc == 0 && left && left[0])
			rc = left_note(s, &o->v[i], left);
	}
	for (size_t i = 0; i < o->n && rc == 0; i++)
		if (reason_left(&o->v[i], f))
			rc = entry_keep(s, kind, &o->v[i], p, err);
	return rc;
}

static int edit_verify(struct file_edits *s, enum menu_kind kind, const struct format *f,
	const struct strings *expect, struct err *err)
{
	_cleanup_(menu_entries_done) struct menu_entries o = {0};
	_cleanup_(strings_done) struct strings all = {0};
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);

	int rc = menu_read(kind, s->v[0].name, text, len, &o, err);
	for (size_t i = 0; i < o.n && rc == 0; i++) {
		rc = line_words(&o.v[i].words, &all);
		if (rc == 0 && !menu_entry_left(&o.v[i], &f->roots))
			rc = line_words(&o.v[i].words, &s->after);
	}
	if (rc == 0 && !kargs_same(&all, expect))
		rc = err_set(err, EINVAL, "%s: can't be edited with certainty", s->v[0].name);
	return rc;
}

static int menu_edit(struct file_edits *s, enum menu_kind kind, const struct format *f,
	const struct karg_ops *r, struct err *err)
{
	_cleanup_(menu_entries_done) struct menu_entries o = {0};
	_cleanup_(splices_done) struct splices p = {0};
	_cleanup_(strings_done) struct strings expect = {0};
	size_t len, edited = 0;
	const char *text = file_edit_text(&s->v[0], &len);
	struct err reason = {0};

	int rc = menu_read(kind, s->v[0].name, text, len, &o, err);
	if (rc == -EINVAL)
		return rc;
	if (rc == 0)
		rc = entries_edit(s, kind, f, &o, r, &p, &expect, &edited, &reason);
	if (rc == 0 && p.n > 0)
		rc = file_edits_apply(s, &p);
	if (rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", s->v[0].name, reason.text);
	if (edited == 0 && r->n > 0)
		return err_set(err, EINVAL,
			"%s: has no kernel command line of this system that could be edited%s%.300s",
			s->v[0].name, s->notes.n > 0 ? "; " : "",
			s->notes.n > 0 ? s->notes.v[0] : "");
	return p.n > 0 ? edit_verify(s, kind, f, &expect, err) : 0;
}

int limine_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	return menu_edit(s, MENU_LIMINE, f, r, err);
}

int extlinux_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	return menu_edit(s, MENU_EXTLINUX, f, r, err);
}

int refind_linux_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	return menu_edit(s, MENU_REFIND_LINUX, f, r, err);
}

int refind_conf_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	return menu_edit(s, MENU_REFIND_CONF, f, r, err);
}
