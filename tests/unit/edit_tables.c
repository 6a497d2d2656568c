/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of tests/bootcfg/cases by the editors alone, on bytes of just their size: the new
 * text, and that the same edit once more does nothing. tests/bootcfg/run has the rest of what holds
 * for each: files, --undo, what sh makes of it.
 */
#include "bootcfg/format/file_edit.h"
#include "check.h"

#include <errno.h>

#define TABLES "tests/bootcfg/cases/"
#define SHORTS_MAX 4
#define ARGS_MAX 16

/* One column of a row, or the text behind a short form. */
struct column {
	char text[8192];
};

struct table {
	const char *name;
	format_edit *edit;
	struct format format;
	unsigned rows; /* at least: those that are left out have other options */
	char shorts[SHORTS_MAX][8];
	struct column longs[SHORTS_MAX];
	size_t n_shorts;
};

static void replace_all(struct column *in, const char *what, const char *by)
{
	static struct column out;
	size_t len = 0;

	for (const char *p = in->text; *p;) {
		bool here = strncmp(p, what, strlen(what)) == 0;
		len += (size_t)snprintf(out.text + len, sizeof(out.text) - len, "%.*s",
			here ? (int)strlen(by) : 1, here ? by : p);
		p += here ? strlen(what) : 1;
		if (len >= sizeof(out.text))
			abort();
	}
	out.text[len] = '\0';
	*in = out;
}

/* \n \t \r \\ \" \' \xNN, as Python's unicode_escape. */
static size_t unescape(char *text)
{
	size_t len = 0;

	for (const char *p = text; *p; p++) {
		static const char from[] = "ntrf\\\"'", to[] = "\n\t\r\f\\\"'";
		const char *at = p[0] == '\\' && p[1] ? strchr(from, p[1]) : NULL;
		unsigned byte = 0;
		if (at) {
			text[len++] = to[at - from];
			p++;
		} else if (sscanf(p, "\\x%2x", &byte) == 1) {
			text[len++] = (char)byte;
			p += 3;
		} else {
			text[len++] = *p;
		}
	}
	text[len] = '\0';
	return len;
}

/* Words as the shell takes them, in place. */
static size_t shell_split(char *text, char *args[static ARGS_MAX])
{
	size_t n = 0;
	char *out = text;

	while (*text) {
		text += strspn(text, " ");
		if (!*text)
			break;
		if (n == ARGS_MAX)
			abort();
		args[n++] = out;
		for (char quote = 0; *text && (quote || *text != ' '); text++) {
			if (quote ? *text == quote : *text == '"' || *text == '\'')
				quote = quote ? 0 : *text;
			else if (*text == '\\' && quote != '\'' &&
				 (!quote || strchr("\"\\", text[1])))
				*out++ = *++text;
			else
				*out++ = *text;
		}
		text += *text == ' ';
		*out++ = '\0';
	}
	return n;
}

/* 1: not an option of these. */
static int option_take(struct karg_ops *to, const char *option, const char *value, struct err *err)
{
	if (str_equal(option, "--add"))
		return karg_ops_add(to, value, err);
	if (str_equal(option, "--remove"))
		return karg_ops_remove(to, value, err);
	return 1;
}

static int args_take(char **args, size_t n, struct karg_ops *to, struct err *err)
{
	bool force = false;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		force |= str_equal(args[i], "--force");
		if (str_equal(args[i], "--force") || str_equal(args[i], "--set"))
			i += str_equal(args[i], "--set");
		else if (i + 1 == n)
			rc = 1;
		else
			rc = option_take(to, args[i], args[i + 1], err), i++;
	}
	for (size_t i = 0; i + 1 < n && rc == 0; i++) /* behind the others, as args_words does */
		if (str_equal(args[i], "--set"))
			rc = karg_ops_set(to, args[i + 1], force, err);
	return rc;
}

static void file_of(struct file_edits *ret, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	*ret = (struct file_edits){0};
	if (!copy)
		abort();
	memcpy(copy, text, len + 1);
	if (file_edits_add(ret, "file", copy, len) < 0)
		abort();
}

static void check_after(const struct table *t, const struct karg_ops *ops, struct file_edits *s,
	const char *after, size_t after_len)
{
	struct file_edits again;
	struct err err = {""};
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);

	CHECK_STR(text, after);
	CHECK_INT(len, after_len);
	CHECK_INT(file_edits_changed(s), s->added.n + s->removed.n > 0);
	file_of(&again, text, len);
	CHECK_INT(t->edit(&again, &t->format, ops, &err), 0);
	CHECK(!file_edits_changed(&again));
	CHECK(!file_edits_changed(s) || kargs_same(&s->after, &again.before));
	file_edits_done(&again);
}

/* False if it has an option that these tests leave out. */
static bool row_check(
	const struct table *t, const char *name, char *before, char *args_text, char *after)
{
	_cleanup_(karg_ops_done) struct karg_ops ops = {0};
	_cleanup_(file_edits_done) struct file_edits s = {0};
	char *args[ARGS_MAX];
	struct err err = {""};
	bool refused = str_equal(after, "refuse");

	if (str_equal(after, "same"))
		(void)snprintf(after, sizeof(((struct column *)0)->text), "%s", before);
	int rc = args_take(args, shell_split(args_text, args), &ops, &err);
	if (rc > 0)
		return false;
	check_case("%s: %s", t->name, name);
	size_t len = unescape(before), after_len = unescape(after);
	file_of(&s, before, len);
	if (rc == 0)
		rc = t->edit(&s, &t->format, &ops, &err);
	CHECK_INT(rc, refused ? -EINVAL : 0);
	CHECK_INT(err.text[0] != '\0', refused);
	if (rc == 0)
		check_after(t, &ops, &s, after, after_len);
	return true;
}

static void heading_take(struct table *t, const char *line)
{
	static char text[1024];
	char *rest = text, *word, *value;
	bool repeat = str_starts(line, "# repeat:");

	if (!repeat && !str_starts(line, "# short:"))
		return;
	(void)snprintf(text, sizeof(text), "%s", strchr(line, ':') + 2);
	while ((word = strsep(&rest, " ")) && (value = strsep(&rest, " "))) {
		struct column *to = &t->longs[t->n_shorts];
		if (t->n_shorts == SHORTS_MAX)
			abort();
		(void)snprintf(t->shorts[t->n_shorts++], sizeof(t->shorts[0]), "%s", word);
		(void)snprintf(to->text, sizeof(to->text), "%s", value);
		if (!repeat)
			continue;
		replace_all(to, "\\x20", " ");
		size_t len = strlen(to->text), wanted = (size_t)atoi(strsep(&rest, " "));
		memset(to->text + len, 'x', wanted - len);
		to->text[wanted] = '\0';
	}
}

/* Four columns between " | "; the name of a row is its case. */
static bool line_check(struct table *t, char *line)
{
	static struct column columns[4];

	for (size_t i = 0; i < 4; i++) {
		char *end = i < 3 ? strstr(line, " | ") : line + strlen(line);
		if (!end)
			abort();
		while (*line == ' ' && line < end)
			line++;
		size_t len = (size_t)(end - line);
		while (len > 0 && line[len - 1] == ' ')
			len--;
		(void)snprintf(columns[i].text, sizeof(columns[i].text), "%.*s", (int)len, line);
		line = end + (i < 3 ? strlen(" | ") : 0);
		for (size_t k = 0; k < t->n_shorts && i % 2 == 1; k++)
			replace_all(&columns[i], t->shorts[k], t->longs[k].text);
	}
	return row_check(t, columns[0].text, columns[1].text, columns[2].text, columns[3].text);
}

static void table_check(struct table *t)
{
	static char line[4096];
	char path[128];
	unsigned checked = 0;

	(void)snprintf(path, sizeof(path), TABLES "%s", t->name);
	FILE *f = fopen(path, "re");
	if (!f)
		abort();
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			heading_take(t, line);
		else if (line[0])
			checked += line_check(t, line);
	}
	(void)fclose(f);
	check_case("%s: the rows that are checked", t->name);
	CHECK(checked >= t->rows);
}

/* ---- by hand: what no table has a file for ----------------------------------------------------
 */

#define GRUB .edit = bls_edit, .format = {.reader = BLS_GRUB}
#define BOTH .edit = bls_edit, .format = {.reader = BLS_BOTH}
#define KERNELOPTS .edit = bls_edit, .format = {.reader = BLS_GRUB, .kernelopts = true}

static const struct {
	struct table t;
	const char *name, *before, *args, *after;
} rows[] = {
	{{GRUB}, "what GRUB would split is quoted", "options root=1", "--add x=a;b",
		"options root=1 x=\"a;b\""},
	{{GRUB}, "a flag that GRUB would split", "options root=1\\n", "--add a|b",
		"options root=1 \"a|b\"\\n"},
	{{GRUB}, "a word that has quotes", "options root=1\\n", "--add 'q=\"a b\"' --add c",
		"options root=1 q=\"a b\" c\\n"},
	{{GRUB}, "what GRUB would expand", "options root=1\\n", "--add 'a$b'", "refuse"},
	{{GRUB}, "a tab behind the key", "options\\troot=1\\n", "--add x", "options root=1 x\\n"},
	{{GRUB}, "a tab behind the key, and nothing to do", "options\\troot=1\\n", "--add root=1",
		"same"},
	{{GRUB}, "a tab in the line", "options root=1\\ta\\n", "--add x",
		"options root=1\\ta x\\n"},
	{{BOTH}, "a tab, for both", "title a\\noptions\\t\\troot=1\\n", "--add x",
		"title a\\noptions root=1 x\\n"},
	{{GRUB}, "no options that GRUB reads", "title a\\n", "--add x", "refuse"},
	{{GRUB}, "options behind an empty line", "title a\\n\\noptions root=1\\n", "--add x",
		"refuse"},
	{{GRUB}, "a key without a value ends it", "grub_users\\noptions root=1\\n", "--add x",
		"refuse"},
	{{BOTH}, "no options, for both", "title a\\n", "--add x", "title a\\noptions x\\n"},
	{{BOTH}, "no options, and carriage returns", "title a\\r\\n", "--add x",
		"title a\\r\\noptions x\\r\\n"},
	{{BOTH}, "an empty file", "\\n", "--add x", "refuse"},
	{{GRUB}, "the line goes with its last word", "title a\\noptions quiet\\ninitrd b\\n",
		"--remove quiet", "title a\\ninitrd b\\n"},
	{{GRUB}, "the last line goes with its last word", "title a\\noptions quiet",
		"--remove quiet", "title a"},
	{{GRUB}, "a second line is not read, and has no effect",
		"options root=1\\noptions x quiet\\n", "--add x --remove quiet",
		"options root=1 x\\noptions x\\n"},
	{{BOTH}, "a second line that would win for one of them", "options root=1\\noptions a=1\\n",
		"--add a=2", "refuse"},
	{{KERNELOPTS}, "new words go to grubenv", "options $kernelopts quiet\\n",
		"--add x --remove quiet", "options $kernelopts\\n"},
	{{KERNELOPTS}, "new words go to grubenv, in braces", "options ${kernelopts}\\n", "--add x",
		"same"},
	{{KERNELOPTS}, "an entry without them", "options root=1\\n", "--add x",
		"options root=1 x\\n"},
	{{GRUB}, "they are not known", "options $kernelopts\\n", "--add x",
		"options $kernelopts x\\n"},
};

static void rows_check(void)
{
	static struct column columns[3];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct table t = rows[i].t;
		t.name = "entry";
		(void)snprintf(columns[0].text, sizeof(columns[0].text), "%s", rows[i].before);
		(void)snprintf(columns[1].text, sizeof(columns[1].text), "%s", rows[i].args);
		(void)snprintf(columns[2].text, sizeof(columns[2].text), "%s", rows[i].after);
		CHECK(row_check(
			&t, rows[i].name, columns[0].text, columns[1].text, columns[2].text));
	}
}

static void line_of_entry(void)
{
	static const char text[] = "title a\noptions root=1\noptions quiet\n",
			  bad[] = "options \"a\n";
	struct tokens words = {0};
	struct err err = {""};

	check_case("entry: its line as each reader takes it");
	CHECK_INT(bls_line("file", text, strlen(text), BLS_SYSTEMD_BOOT, &words, &err), 0);
	CHECK(words.words == 2 && str_equal(words.word[1].text, "quiet"));
	CHECK(words.fields == 2 && !words.field[1].ignored);
	tokens_done(&words);
	CHECK_INT(bls_line("file", text, strlen(text), BLS_GRUB, &words, &err), 0);
	CHECK(words.words == 2 && words.fields == 2 && words.field[1].ignored);
	tokens_done(&words);
	CHECK_INT(bls_line("file", bad, strlen(bad), BLS_GRUB, &words, &err), -EINVAL);
	CHECK_HAS(err.text, "/file: ");
	tokens_done(&words);
}

int main(void)
{
	static struct table tables[] = {
		{.name = "grub-values.tab",
			.edit = shell_edit,
			.format = {.names = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"},
				.insert_at = "GRUB_CMDLINE_LINUX_DEFAULT",
				.dialect = DIALECT_GRUB,
				.bash = true},
			.rows = 100},
		{.name = "bls-values.tab",
			.edit = bls_edit,
			.format = {.reader = BLS_SYSTEMD_BOOT},
			.rows = 30},
		{.name = "cmdline-values.tab", .edit = plain_edit, .rows = 15},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		table_check(&tables[i]);
	rows_check();
	line_of_entry();
	return check_done();
}
