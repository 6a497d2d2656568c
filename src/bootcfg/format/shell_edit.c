/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/file_edit.h"
#include "bootcfg/format/shell.h"
#include "bootcfg/kargs/karg.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The files as their reader sources them. */
struct reading {
	struct shell_vars vars;
	struct tokens line;
};

static void reading_done(struct reading *r)
{
	shell_vars_done(&r->vars);
	tokens_done(&r->line);
}

static int file_read_in(struct shell_vars *vars, const struct file_edit *s, uint16_t file,
	bool bash, struct err *err)
{
	_cleanup_(shell_done) struct shell shell = {0};
	size_t len;
	const char *text = file_edit_text(s, &len);
	int r = shell_read(s->name, text, len, &shell, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < shell.n && !bash; i++)
		if (shell.v[i].append)
			return err_set(err, EINVAL,
				"%s:%zu: `+=' is bash's, and this system's sh is another: the file does not work as it is",
				s->name, shell.v[i].line);
	return shell_run(vars, &shell, file, s->name, text, err);
}

/* A newline in a value cuts GRUB's linux line: what follows it never reaches the kernel. */
static int newline_check(const struct reading *r, const struct file_edits *s, struct err *err)
{
	const struct src_byte *newline = NULL;

	for (size_t f = 0; f < r->line.fields; f++) {
		const struct segment *field = &r->line.field[f];
		for (size_t i = 0; i < field->n; i++) {
			const struct src_byte *c = &field->cell[i];
			if (c->c == '\n' && !c->unknown)
				newline = c;
			if (!newline || kcmdline_is_blank(c->c))
				continue;
			const char *text = s->v[newline->file].text ? s->v[newline->file].text
								    : s->v[newline->file].old;
			size_t line = 1;
			for (size_t at = 0; at < newline->begin; at++)
				line += text[at] == '\n';
			return err_set(err, EINVAL,
				"%s:%zu: a line break inside the quotes cuts the kernel's line there; join the lines first",
				s->v[newline->file].name, line);
		}
	}
	return 0;
}

static int reading_make(
	const struct file_edits *s, const struct format *f, struct reading *ret, struct err *err)
{
	ret->vars.bash = f->bash;
	for (const char *const *name = f->names; *name; name++)
		if (!shell_var_make(&ret->vars, *name))
			return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->n; i++) {
		int r = file_read_in(&ret->vars, &s->v[i], (uint16_t)i, f->bash, err);
		if (r < 0)
			return r;
	}
	ret->line.dialect = f->dialect;
	for (const char *const *name = f->names; *name; name++) {
		const struct shell_var *var = shell_var_find(&ret->vars, *name);
		struct segment *field = tokens_segment(&ret->line);
		if (!field)
			return err_set(err, ENOMEM, "out of memory");
		for (size_t i = 0; i < var->value.n; i++)
			if (segment_add(field, &var->value.cell[i]) < 0)
				return err_set(err, ENOMEM, "out of memory");
		field->at = var->value.at;
		field->context = var->value.context;
		field->file = var->value.file;
		/* "$EMPTY": a word added there would become part of the name. */
		size_t len;
		const char *text = file_edit_text(&s->v[field->file], &len);
		field->needs_space = field->at > 0 && field->at <= len &&
				     !strchr(" \t\"'=", text[field->at - 1]);
		if (str_equal(*name, f->insert_at))
			ret->line.insert_at = ret->line.fields - 1;
	}
	struct err reason = {0};
	int r = tokens_split(&ret->line, &reason);
	if (r < 0) {
		const struct shell_var *insert_at = shell_var_find(&ret->vars, f->insert_at);
		return err_set(err, -r, "%s:%zu: %.300s", s->v[insert_at->file].name,
			insert_at->line, reason.text);
	}
	return f->dialect == DIALECT_GRUB ? newline_check(ret, s, err) : 0;
}

/* The word among the possible values that the request concerns, or NULL. */
static const char *maybe_concerned(
	const struct tokens *l, const struct karg_ops *removals, const struct karg_op *w)
{
	_cleanup_(edit_done) struct edit c = {0};
	bool add = karg_op_adds(w);

	for (size_t i = 0; i < l->words; i++) {
		_cleanup_(karg_done) struct karg k = {0};
		if (str_equal(l->word[i].text, "--"))
			return "--";
		if (!add)
			continue;
		/* iommu=off is never reset. A second vfio-pci.ids= after the first would drop the
		 * first one's devices. */
		if (karg_read(l->word[i].text, &k) == 0 && k.value &&
			karg_same_name(k.name, w->k.name) &&
			(w->kind == KARG_OP_SET || karg_same_name(k.name, "vfio_pci.ids") ||
				karg_same_name(k.name, "hugepagesz") ||
				(karg_same_name(k.name, "iommu") &&
					karg_list_has(k.value, "off", 3))))
			return l->word[i].text;
	}
	if (add || edit_decide(l, removals, &c, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < c.words; i++)
		if (c.new_text[i])
			return l->word[i].text;
	return NULL;
}

static int maybe_check(const struct shell_var *var, const char *file, enum dialect dialect,
	const struct karg_ops *req, struct err *err)
{
	_cleanup_(tokens_done) struct tokens l = {.dialect = dialect};
	struct segment *f = tokens_segment(&l);

	if (!f || segment_add_bytes(f, var->maybe.data, 0, var->maybe.len, 0) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (tokens_split(&l, NULL) < 0)
		return err_set(err, EINVAL,
			"%s:%zu: the quotes of %s match only if other lines are run, which is not known",
			file, var->line, var->name);
	for (size_t i = 0; i < req->n; i++) {
		const struct karg_ops one = {.v = &req->v[i], .n = 1};
		const char *word = maybe_concerned(&l, &one, &req->v[i]);
		if (word)
			return err_set(err, EINVAL,
				"%s:%zu: %s is assigned conditionally and may contain %s; edit it by hand",
				file, var->line, var->name, word);
	}
	return 0;
}

/* Refuses unknown values: the result would not be old words, less removed, plus added. */
static int certain_check(const struct reading *r, const struct file_edits *s,
	const struct format *f, const struct karg_ops *req, struct err *err)
{
	for (const char *const *name = f->names; *name; name++) {
		const struct shell_var *var = shell_var_find(&r->vars, *name);
		const char *file = s->v[var->file].name;
		if (var->command)
			return err_set(err, ENODATA,
				"%s:%zu: %s contains a command substitution, whose words are not known before it runs; write them out first",
				file, var->line, *name);
		if (var->quotes)
			return err_set(err, EINVAL,
				"%s:%zu: %s is written with a $ before its quotes, which not every sh understands; write it with plain quotes first",
				file, var->line, *name);
		for (size_t i = 0; i < req->n && var->anything; i++)
			if (req->v[i].kind != KARG_OP_ADD && req->v[i].kind != KARG_OP_ADD_WEAK &&
				req->v[i].kind != KARG_OP_REMOVE_ELEMENT)
				return err_set(err, EINVAL,
					"%s:%zu: %s is assigned conditionally; remove %s there by hand",
					file, var->line, *name, req->v[i].text);
		int rc = var->maybe.len > 0 ? maybe_check(var, file, f->dialect, req, err) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Appends the line `left"words"`, with the file's own line ends. */
static int line_append(struct file_edit *s, const char *left, const char *words,
	enum dialect dialect, struct err *err)
{
	_cleanup_(text_done) struct text out = {0};
	size_t len;
	const char *text = file_edit_text(s, &len);
	const char *nl = memchr(text, '\n', len);
	const char *eol = nl && nl > text && nl[-1] == '\r' ? "\r\n" : "\n";

	text_add(&out, text, len);
	if (len > 0 && text[len - 1] != '\n')
		text_print(&out, "%s", eol);
	text_print(&out, "%s", left);
	int r = shell_encode(SHELL_DOUBLE, words, dialect, &out, err);
	if (r < 0)
		return r;
	text_print(&out, "\"%s", eol);
	return file_edit_take(s, &out) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

#define DROP_IN_HEAD "# Kernel parameters, by vfio-bootcfg(8)\n"

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The place of our own file in the order of the reader, after the first file; s->n: it is last. */
static size_t drop_in_find(const struct file_edits *s, const char *path)
{
	size_t i = s->n > 0;

	/* Files of several directories are in the order of their names. */
	while (i < s->n && strcmp(name_of(s->v[i].path), name_of(path)) < 0)
		i++;
	return i;
}

/* Adds our own file, if it is not there; it begins with where it comes from. */
static int drop_in_make(struct file_edits *s, const char *path)
{
	size_t at = drop_in_find(s, path);

	if (at < s->n && str_equal(s->v[at].path, path))
		return 0;
	if (file_edits_add(s, path, NULL, 0) < 0)
		return -ENOMEM;
	struct file_edit own = s->v[s->n - 1];
	struct text head = {0};
	text_print(&head, "%s", DROP_IN_HEAD);
	int rc = file_edit_take(&own, &head);
	memmove(&s->v[at + 1], &s->v[at], (s->n - 1 - at) * sizeof(own));
	s->v[at] = own;
	return rc;
}

/* Our own file is not made for nothing. */
static void drop_in_drop(struct file_edits *s, const char *path)
{
	size_t at = drop_in_find(s, path);

	if (at == s->n || !str_equal(s->v[at].path, path) || s->v[at].old ||
		!str_equal(s->v[at].text, DROP_IN_HEAD))
		return;
	file_edit_done(&s->v[at]);
	s->n--;
	memmove(&s->v[at], &s->v[at + 1], (s->n - at) * sizeof(*s->v));
}

/* tuned adds a line of its own that ends in \$tuned_params and searches for it on removal. */
static bool home_is_tuned(const struct reading *r)
{
	for (size_t i = r->line.words; i-- > 0;)
		if (r->line.word[i].field == r->line.insert_at)
			return str_equal(r->line.word[i].text, "$tuned_params");
	return false;
}

static int words_append_line(struct file_edits *s, const struct reading *r, const struct format *f,
	const struct edit *c, struct err *err)
{
	const struct shell_var *insert_at = shell_var_find(&r->vars, f->insert_at);
	_cleanup_(text_done) struct text left = {0}, words = {0};

	if (insert_at->read_only)
		return err_set(err, EINVAL,
			"%s:%zu: %s is readonly: a line that adds to it would stop grub-mkconfig",
			s->v[insert_at->file].name, insert_at->line, f->insert_at);
	for (size_t i = 0; i < c->append.n; i++)
		text_print(&words, "%s%s", i > 0 ? " " : "", c->append.v[i]);
	if (!insert_at->set && !f->create_append && !f->to_drop_in)
		text_print(&left, "%s=\"", f->insert_at);
	else if (f->create_append)
		text_print(&left, "%s+=\" ", f->insert_at);
	else
		text_print(&left, "%s=\"${%s} ", f->insert_at, f->insert_at);
	if (left.failed || words.failed)
		return err_set(err, ENOMEM, "out of memory");
	/* After every file that assigns or unsets it: the last one that does. */
	size_t file = insert_at->set || insert_at->file > f->home_file ? insert_at->file
								       : f->home_file;
	if (f->to_drop_in)
		file = f->home_file;
	return line_append(&s->v[file], left.data, words.data, f->dialect, err);
}

/*
 * X=quiet becomes X="quiet iommu=pt": quotes around the whole, not around the tail. Only if the
 * value is plain letters of this one assignment.
 */
static bool value_is_bare(const struct segment *field, const struct shell_var *var)
{
	static const char plain[] = "_=.,:/@%+-";

	for (size_t i = 0; i < field->n; i++) {
		const struct src_byte *c = &field->cell[i];
		if (c->file != var->file || c->begin < var->begin || c->end > var->end ||
			c->context != SHELL_BARE || c->unknown || c->end != c->begin + 1 ||
			c->out != c->end)
			return false;
		bool alnum = (c->c >= '0' && c->c <= '9') ||
			     ((c->c | 32) >= 'a' && (c->c | 32) <= 'z');
		if (!alnum && !strchr(plain, c->c))
			return false;
	}
	return field->n > 0 && field->n == var->end - var->begin;
}

static int words_splice(struct file_edits *s, struct reading *r, const struct format *f,
	const struct edit *c, struct err *err)
{
	_cleanup_(splices_done) struct splices p = {0};
	struct segment *field = &r->line.field[r->line.insert_at];
	const struct shell_var *insert_at = shell_var_find(&r->vars, f->insert_at);
	bool bare = c->append.n > 0 && value_is_bare(field, insert_at);

	for (size_t i = 0; i < field->n && bare; i++)
		field->cell[i].context = field->cell[i].out_context = SHELL_DOUBLE;
	int rc = edit_splice(&r->line, c, shell_encode, &p, err);
	if (rc < 0)
		return rc;
	if (bare &&
		(splices_add(&p, insert_at->file, insert_at->begin, insert_at->begin, "\"") < 0 ||
			splices_add(&p, insert_at->file, insert_at->end, insert_at->end, "\"") < 0))
		return err_set(err, ENOMEM, "out of memory");
	/* The opening quote comes before anything else that is inserted there. */
	for (size_t i = 0; i < p.n && bare; i++)
		p.v[i].order = i == p.n - 2 ? 0 : p.v[i].order + 1;
	return file_edits_apply(s, &p) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int edit_verify(
	struct file_edits *s, const struct format *f, const struct strings *expect, struct err *err)
{
	_cleanup_(reading_done) struct reading r = {0};
	int rc = reading_make(s, f, &r, err);

	if (rc < 0)
		return rc;
	const struct shell_var *insert_at = shell_var_find(&r.vars, f->insert_at);
	const char *name = s->v[insert_at->file].name;
	rc = line_verify(s, &r.line, expect, name, err);
	return rc == -EINVAL
		       ? err_set(err, EINVAL,
				 "%s:%zu: is written in a way that can't be edited with certainty: the words would come out otherwise",
				 name, insert_at->line)
		       : rc;
}

/* True if parameters are added to insert_at, and not before a `--` in another variable. */
static bool appends_to_home(const struct tokens *l, const struct edit *c)
{
	size_t end = tokens_kargs(l);
	return c->append.n > 0 && (end == l->words || l->word[end].field > l->insert_at);
}

static int decide(const struct file_edits *s, const struct reading *r,
	const struct shell_var *insert_at, const struct karg_ops *req, struct edit *ret,
	struct err *err)
{
	struct err reason = {0};
	int rc = edit_decide(&r->line, req, ret, &reason);

	if (rc == 0)
		return 0;
	return err_set(err, -rc, "%s:%zu: %.400s", s->v[insert_at->file].name,
		insert_at->line ? insert_at->line : 1, reason.text);
}

#define DROP_IN_NEEDED 1

/* True if new parameters would go to a file that is not for them: one of a package, or one that
 * may be and only adds to what the files before it set. */
static bool drop_in_needed(
	const struct file_edits *s, const struct shell_var *insert_at, const struct reading *r)
{
	enum file_owner owner = s->v[insert_at->file].owner;
	const struct segment *f = &r->line.field[r->line.insert_at];
	bool anew = true;

	for (size_t i = 0; i < f->n; i++)
		anew &= f->cell[i].file == insert_at->file;
	return owner == OWNER_PACKAGE || (owner == OWNER_UNKNOWN && !anew);
}

static int files_edit(struct file_edits *s, const struct format *format, const struct karg_ops *req,
	struct err *err)
{
	struct format here = *format, *f = &here;
	_cleanup_(reading_done) struct reading r = {0};
	_cleanup_(edit_done) struct edit c = {0};
	_cleanup_(strings_done) struct strings expect = {0};

	int rc = reading_make(s, f, &r, err);
	if (rc < 0)
		return rc;
	if (line_before(s, &r.line) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (req->n == 0)
		return 0;
	(void)edit_place(&r.line, req);
	f->insert_at = f->names[r.line.insert_at];
	const struct shell_var *insert_at = shell_var_find(&r.vars, f->insert_at);
	if (!insert_at->set && f->must_exist)
		return err_set(
			err, ENOENT, "%s: does not set %s", s->v[f->home_file].name, f->insert_at);
	rc = certain_check(&r, s, f, req, err);
	if (rc == 0)
		rc = decide(s, &r, insert_at, req, &c, err);
	if (rc < 0 || edit_empty(&c))
		return rc;
	if (edit_expect(&r.line, &c, &expect) < 0 || file_edits_report(s, &r.line, &c) < 0)
		return err_set(err, ENOMEM, "out of memory");

	bool home = appends_to_home(&r.line, &c);
	if (home && f->drop_in && !f->to_drop_in && drop_in_needed(s, insert_at, &r))
		return DROP_IN_NEEDED;
	bool own_line = home && (!insert_at->set || insert_at->unknown || home_is_tuned(&r) ||
					(f->to_drop_in && insert_at->file != f->home_file));
	if (own_line)
		rc = words_append_line(s, &r, f, &c, err);
	struct edit rest = c;
	if (own_line)
		rest.append = (struct strings){0};
	/* Cuts are before the new last line, so their offsets are still right. */
	if (rc == 0 && !edit_empty(&rest))
		rc = words_splice(s, &r, f, &rest, err);
	return rc < 0 ? rc : edit_verify(s, f, &expect, err);
}

/* Makes the words that the reader takes without an assignment those of one, at the end of the last
 * file; without a change of the words it is not written. */
static int fallback_write(struct file_edits *s, const struct format *f, struct err *err)
{
	_cleanup_(reading_done) struct reading r = {0};
	struct text out = {0};
	size_t len;

	int rc = reading_make(s, f, &r, err);
	if (rc < 0 || shell_var_find(&r.vars, f->insert_at)->set)
		return rc;
	struct file_edit *last = &s->v[f->home_file];
	const char *text = file_edit_text(last, &len);
	text_add(&out, text, len);
	text_print(&out, "%s%s=\"%s\"\n", len > 0 && text[len - 1] != '\n' ? "\n" : "",
		f->insert_at, f->fallback);
	return file_edit_take(last, &out) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Undoes an edit in memory. */
static void edit_reset(struct file_edits *s)
{
	for (size_t i = 0; i < s->n; i++)
		str_free(&s->v[i].text);
	strings_done(&s->before);
	strings_done(&s->places);
	strings_done(&s->after);
	strings_done(&s->added);
	strings_done(&s->removed);
}

/* True if a word of this name may be in a file other than our own, in any spelling of its dashes.
 */
static bool name_may_occur(const struct file_edits *s, const char *own, const char *name)
{
	size_t n = strlen(name), len;

	for (size_t i = 0; i < s->n; i++) {
		const char *text = file_edit_text(&s->v[i], &len);
		for (size_t at = 0; at + n <= len && !str_equal(s->v[i].path, own); at++) {
			size_t k = 0;
			while (k < n && (text[at + k] == name[k] || (strchr("-_", text[at + k]) &&
									    strchr("-_", name[k]))))
				k++;
			if (k == n)
				return true;
		}
	}
	return false;
}

/* True if the word `--`, behind which everything is init's, may be in a file other than our own:
 * two dashes that do not begin an option, whatever blank or quote is around them. */
static bool end_may_occur(const struct file_edits *s, const char *own)
{
	size_t len;

	for (size_t i = 0; i < s->n; i++) {
		const char *text = file_edit_text(&s->v[i], &len);
		for (size_t at = 0; at < len && !str_equal(s->v[i].path, own); at++) {
			size_t n = strspn(text + at, "-");
			if (n == 2 && !isalnum((unsigned char)text[at + n]))
				return true;
			at += n;
		}
	}
	return false;
}

/* True if the request can be met by words behind whatever the files say: it only adds, and what it
 * would have to merge with or to remove is written nowhere in them. */
static bool can_add_blindly(const struct file_edits *s, const char *own, const struct karg_ops *req)
{
	bool adds = false;

	if (end_may_occur(s, own) || name_may_occur(s, own, "readonly"))
		return false;
	for (size_t i = 0; i < req->n; i++) {
		const struct karg_op *op = &req->v[i];
		adds |= op->kind == KARG_OP_ADD;
		if (op->kind != KARG_OP_ADD && op->kind != KARG_OP_ADD_WEAK &&
			op->kind != KARG_OP_REMOVE_ELEMENT)
			return false;
		/* A word that is there is not added again. */
		if (op->kind == KARG_OP_ADD && name_may_occur(s, own, op->text))
			return false;
		if ((op->kind != KARG_OP_ADD || karg_same_name(op->k.name, "vfio_pci.ids") ||
			    karg_same_name(op->k.name, "iommu") ||
			    karg_same_name(op->k.name, "hugepagesz")) &&
			name_may_occur(s, own, op->k.name))
			return false;
	}
	return adds;
}

/* The other files can't be read with certainty: our own one adds to what they set. */
static int drop_in_edit(struct file_edits *s, const struct format *f, const struct karg_ops *req,
	const struct err *why, struct err *err)
{
	_cleanup_(text_done) struct text note = {0};
	size_t at = drop_in_find(s, f->drop_in);
	struct file_edits one = {.v = &s->v[at], .n = 1};
	struct format own = *f;

	own.drop_in = NULL;
	own.to_drop_in = true;
	own.must_exist = false;
	own.home_file = 0;
	int rc = files_edit(&one, &own, req, err);
	one.v = NULL;
	one.n = 0;
	s->before = one.before;
	s->places = one.places;
	s->after = one.after;
	s->added = one.added;
	s->removed = one.removed;
	text_print(&note, "%s; the new words are in %s, behind whatever it sets", why->text,
		s->v[at].name);
	if (rc == 0 && (note.failed || strings_add(&s->notes, note.data) < 0))
		rc = err_set(err, ENOMEM, "out of memory");
	return rc;
}

/* Edits with new parameters in our own file. */
static int drop_in_use(struct file_edits *s, const struct format *format,
	const struct karg_ops *req, struct err *err)
{
	struct format f = *format;

	f.to_drop_in = true;
	edit_reset(s);
	if (drop_in_make(s, f.drop_in) < 0)
		return err_set(err, ENOMEM, "out of memory");
	f.home_file = drop_in_find(s, f.drop_in);
	int rc = f.fallback ? fallback_write(s, &f, err) : 0;
	if (rc == 0)
		rc = files_edit(s, &f, req, err);
	drop_in_drop(s, f.drop_in);
	return rc;
}

/* -ENODATA as it came, if the request needs to know what the files set. */
static int drop_in_blind(
	struct file_edits *s, const struct format *f, const struct karg_ops *req, struct err *err)
{
	struct err why = *err;

	edit_reset(s);
	if (!can_add_blindly(s, f->drop_in, req))
		return -ENODATA;
	if (drop_in_make(s, f->drop_in) < 0)
		return err_set(err, ENOMEM, "out of memory");
	*err = (struct err){0};
	return drop_in_edit(s, f, req, &why, err);
}

int shell_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *req, struct err *err)
{
	size_t all = s->n;
	struct err own = {0};

	if (f->fallback) {
		int rc = fallback_write(s, f, err);
		if (rc < 0)
			return rc;
	}

	if (f->dropins_unsure && all > 1) {
		/* The result has to be right whether the drop-ins are read or not: first without
		 * them. */
		s->n = 1;
		int rc = files_edit(s, f, req, err);
		s->n = all;
		if (rc < 0)
			return rc == -ENODATA ? -EINVAL : rc;
		strings_done(&s->before);
		strings_done(&s->places);
		strings_done(&s->after);
	}
	int rc = f->to_drop_in && req->n > 0 ? drop_in_use(s, f, req, &own)
					     : files_edit(s, f, req, &own);
	if (rc == DROP_IN_NEEDED)
		rc = drop_in_use(s, f, req, &own);
	if (rc == -ENODATA && f->drop_in && req->n > 0)
		rc = drop_in_blind(s, f, req, &own);
	if (rc < 0 && err)
		*err = own;
	return rc == -ENODATA ? -EINVAL : rc;
}
