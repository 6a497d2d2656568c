/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/qemu_script.h"

#include "shared/shell_lex.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A comment cannot be inside a continued command; an empty expansion can, in every shell. */
#define MARK_IN "$(: vfio-bind: written by vfio-bind qemu --append)"
#define MARK_IN_LAST "$(: vfio-bind: end)"
#define MARK_IN_BEGIN MARK_IN " \\\n"
#define MARK_IN_END MARK_IN_LAST " \\\n"
#define MARK_BEGIN "# vfio-bind: written by vfio-bind qemu --append; --remove takes it out\n"
#define MARK_END "# vfio-bind: end\n"

/* Lines that ultimate-macOS-KVM leaves in the array of its scripts. */
#define GENERATOR_BEGIN "#VFIO_DEV_BEGIN"
#define GENERATOR_END "#VFIO_DEV_END"

struct line {
	const char *at;
	size_t len; /* with its newline, if it has one */
};

static bool next_line(const char **at, const char *end, struct line *ret)
{
	if (*at == end)
		return false;
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	ret->at = *at;
	ret->len = newline ? (size_t)(newline - *at) + 1 : (size_t)(end - *at);
	*at += ret->len;
	return true;
}

static size_t indent(const struct line *l)
{
	size_t n = 0;

	while (n < l->len && (l->at[n] == ' ' || l->at[n] == '\t'))
		n++;
	return n;
}

/* The last line of a file may have lost its newline: an earlier version wrote such a mark. */
static bool is_mark(const struct line *l, const char *mark)
{
	size_t n = indent(l), len = strlen(mark);
	size_t rest = l->len - n;

	return (rest == len || rest == len - 1) && memcmp(l->at + n, mark, rest) == 0;
}

/* ---- taking out ------------------------------------------------------------------------------ */

/* Words in the middle of a line, with the blank before them. */
static int cut_inline(struct text *ret, struct text *cut, const struct line *l, unsigned number,
	const char *name, struct err *err)
{
	static const char begin[] = " " MARK_IN " ";
	const char *at = l->at, *end = l->at + l->len;

	for (;;) {
		const char *from = memmem(at, (size_t)(end - at), begin, strlen(begin));
		const char *stop = memmem(
			at, (size_t)(end - at), MARK_IN_LAST, strlen(MARK_IN_LAST));
		if (!from != !stop || (from && stop < from))
			return err_set(err, EINVAL,
				"%s:%u: a mark of vfio-bind without its other; take the words out by hand",
				name, number);
		if (!from)
			break;
		text_add(ret, at, (size_t)(from - at));
		text_add(cut, from + strlen(begin), (size_t)(stop - from) - strlen(begin));
		at = stop + strlen(MARK_IN_LAST);
	}
	text_add(ret, at, (size_t)(end - at));
	return 0;
}

/* Splits the script into what is not of vfio-bind, and the words between its marks. */
static int take_apart(struct text *ret, struct text *cut, const char *name, const char *script,
	size_t len, struct err *err)
{
	const char *at = script, *end = script + len;
	struct line l;
	bool in_command = false, before = false;
	unsigned number = 0, from = 0;
	int r = 0;

	while (r == 0 && next_line(&at, end, &l)) {
		bool inside = in_command || before;
		bool begin = is_mark(&l, MARK_IN_BEGIN) || is_mark(&l, MARK_BEGIN);
		bool last = is_mark(&l, in_command ? MARK_IN_END : MARK_END);
		number++;
		if (begin ? inside : !inside && (last || is_mark(&l, MARK_IN_END)))
			return err_set(err, EINVAL,
				"%s:%u: a mark of vfio-bind without its other; take the lines out by hand",
				name, number);
		if (begin) {
			from = number;
			in_command = is_mark(&l, MARK_IN_BEGIN);
			before = !in_command;
		} else if (inside && last) {
			in_command = before = false;
			if (at == end && l.at[l.len - 1] != '\n' && ret->len > 0)
				ret->data[--ret->len] = '\0';
		} else if (inside) {
			text_add(cut, l.at, l.len);
		} else {
			r = cut_inline(ret, cut, &l, number, name, err);
		}
	}
	if (r == 0 && (in_command || before))
		return err_set(err, EINVAL,
			"%s:%u: vfio-bind's lines begin here and do not end; take them out by hand",
			name, from);
	if (r == 0 && (ret->failed || cut->failed))
		return err_set(err, ENOMEM, "out of memory");
	return r;
}

/* ---- where QEMU is started ------------------------------------------------------------------- */

enum place_kind {
	PLACE_NONE,
	PLACE_WORD,   /* behind a word of a command or an array */
	PLACE_STRING, /* in double quotes, which a command runs later */
	PLACE_LINES,  /* lines of an array */
};

struct place {
	enum place_kind kind;
	size_t at;
	unsigned line;
};

#define WORDS_MAX 512
struct finder {
	struct scan s;
	struct span word[WORDS_MAX]; /* of the command that is read */
	size_t n;
	struct place place, second;
	struct text programs; /* variables whose value is QEMU's program: " NAME NAME " */
	int r;
};

static bool has_word(const char *const *list, const char *word, size_t len)
{
	for (; *list; list++)
		if (strlen(*list) == len && memcmp(*list, word, len) == 0)
			return true;
	return false;
}

/* A word without its quotes: enough for names. */
static void unquoted(const struct finder *f, struct span w, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = w.begin; i < w.end && n + 1 < size; i++)
		if (!strchr("\"'\\", f->s.text[i]))
			buf[n++] = f->s.text[i];
	buf[n] = '\0';
}

/* The program by its name or path. */
static bool is_program(const char *word)
{
	const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
	static const char system[] = "qemu-system-";

	if (str_equal(name, "qemu-kvm") || str_equal(name, "kvm"))
		return true;
	if (!str_starts(name, system) || !name[strlen(system)])
		return false;
	name += strlen(system);
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* NAME of $NAME and ${NAME}, or NULL. */
static const char *expansion_of(char *word)
{
	size_t len = strlen(word);

	if (word[0] != '$')
		return NULL;
	if (word[1] == '{' && word[len - 1] == '}') {
		word[len - 1] = '\0';
		word += 2;
	} else {
		word++;
	}
	return *word && scan_name(word, 0, strlen(word)) == strlen(word) ? word : NULL;
}

static bool runs_qemu(const struct finder *f, struct span w)
{
	char word[256] = "", variable[260];

	unquoted(f, w, word, sizeof(word));
	if (is_program(word))
		return true;
	const char *name = expansion_of(word);
	if (!name || !f->programs.data)
		return false;
	(void)snprintf(variable, sizeof(variable), " %s ", name);
	return strstr(f->programs.data, variable);
}

static void found(struct finder *f, enum place_kind kind, size_t at, size_t line)
{
	struct place *p = f->place.kind == PLACE_NONE ? &f->place : &f->second;

	if (f->place.kind != PLACE_LINES)
		*p = (struct place){kind, at, (unsigned)line};
}

/* "qemu-system-x86_64 -m 1G": the words are in quotes, and something takes them apart. */
static void look_in_string(struct finder *f, size_t quote, size_t end, size_t line)
{
	size_t at = quote + 1;

	while (at < end && f->s.text[at] != ' ')
		at++;
	if (at == end)
		return;
	if (runs_qemu(f, (struct span){quote + 1, at, line}))
		found(f, PLACE_STRING, at, line);
}

/* Words before which, and programs behind which, another command begins. */
static const char *const keywords[] = {
	"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", NULL};
static const char *const wrappers[] = {"sudo", "doas", "pkexec", "exec", "env", "nohup", "nice",
	"ionice", "taskset", "chrt", "setsid", "numactl", "systemd-run", "systemd-inhibit",
	"gamemoderun", "prlimit", "stdbuf", "setpriv", "screen", "run0", "eval", NULL};
/* A program behind which another command begins, by its name or path. */
static bool is_wrapper(const struct finder *f, struct span w)
{
	char word[64] = "";

	unquoted(f, w, word, sizeof(word));
	const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
	return has_word(wrappers, name, strlen(name));
}

/* The program in an array, in front of its words, perhaps behind `sudo` and its options. */
static void look_in_array(struct finder *f, size_t open, size_t end, size_t line)
{
	struct scan in = f->s;
	struct span w;

	in.at = open;
	in.len = end;
	in.line = line;
	for (bool wrapped = true; wrapped;) {
		scan_space(&in, true);
		int r = scan_word(&in, &w);
		if (r < 0)
			f->r = r;
		if (r <= 0)
			return;
		if (runs_qemu(f, w)) {
			found(f, PLACE_WORD, w.end, w.line);
			return;
		}
		wrapped = f->s.text[w.begin] == '-' || is_wrapper(f, w);
	}
}

/* The lines of a generator, each by itself, in an array. */
static void look_for_lines(struct finder *f, size_t open, size_t end, size_t line)
{
	const char *at = f->s.text + open, *stop = f->s.text + end;
	size_t begin = 0, begin_line = 0;
	struct line l;

	for (; next_line(&at, stop, &l); line++) {
		size_t n = indent(&l), len = l.len - n;
		while (len > 0 && strchr(" \t\r\n", l.at[n + len - 1]))
			len--;
		if (len == strlen(GENERATOR_BEGIN) && memcmp(l.at + n, GENERATOR_BEGIN, len) == 0) {
			begin = (size_t)(at - f->s.text);
			begin_line = line;
		}
		if (begin && len == strlen(GENERATOR_END) &&
			memcmp(l.at + n, GENERATOR_END, len) == 0) {
			f->place = (struct place){PLACE_LINES, begin, (unsigned)begin_line};
			f->second.kind = PLACE_NONE;
			return;
		}
	}
}

/* NAME=VALUE, NAME+=VALUE and NAME=( ... ). */
static bool look_at_assignment(struct finder *f, struct span w)
{
	const char *t = f->s.text;
	size_t name = scan_name(t, w.begin, w.end), at = name;
	char value[256] = "";

	at += at < w.end && t[at] == '+';
	if (name == w.begin || at >= w.end || t[at] != '=')
		return false;
	at++;
	if (at < w.end && t[at] == '(') {
		look_in_array(f, at + 1, w.end - 1, w.line);
		look_for_lines(f, at + 1, w.end - 1, w.line);
		return true;
	}
	if (at < w.end && t[at] == '"')
		look_in_string(f, at, w.end - 1, w.line);
	unquoted(f, (struct span){at, w.end, w.line}, value, sizeof(value));
	size_t len = strlen(value);
	/* ${QEMU:-qemu-system-x86_64} */
	char *other = strstr(value, ":-");
	if (other && len > 0 && value[len - 1] == '}') {
		value[len - 1] = '\0';
		memmove(value, other + 2, strlen(other + 2) + 1);
	}
	if (is_program(value))
		text_print(&f->programs, " %.*s ", (int)(name - w.begin), t + w.begin);
	return true;
}

/* A command that asks QEMU something, and starts no VM. */
static const char *const questions[] = {
	"-version", "--version", "-help", "--help", "-h", "help", "?", NULL};

static bool is_question(const struct finder *f)
{
	for (size_t i = 1; i < f->n; i++)
		if (has_word(questions, f->s.text + f->word[i].begin,
			    f->word[i].end - f->word[i].begin))
			return true;
	return false;
}

/* A word between a wrapper and the program: an option, its value, a number, an assignment. */
static bool belongs_to_wrapper(const struct finder *f, size_t i)
{
	const char *t = f->s.text;
	struct span w = f->word[i], before = f->word[i - 1];

	return t[w.begin] == '-' || (t[w.begin] >= '0' && t[w.begin] <= '9') ||
	       t[before.begin] == '-' || memchr(t + w.begin, '=', w.end - w.begin);
}

static void look_at_command(struct finder *f)
{
	const char *t = f->s.text;
	size_t i = 0;
	bool wrapped = false;

	for (; i < f->n; i++) {
		struct span w = f->word[i];
		size_t len = w.end - w.begin;
		if (look_at_assignment(f, w))
			continue;
		if (runs_qemu(f, w)) {
			if (!is_question(f))
				found(f, PLACE_WORD, w.end, w.line);
			return;
		}
		if (wrapped && t[w.begin] == '"')
			look_in_string(f, w.begin, w.end - 1, w.line);
		if (is_wrapper(f, w))
			wrapped = true;
		else if (!has_word(keywords, t + w.begin, len) &&
			 !(wrapped && belongs_to_wrapper(f, i)))
			break;
	}
	for (; i < f->n; i++) /* declare, local, export and others take assignments */
		(void)look_at_assignment(f, f->word[i]);
}

static void end_command(struct finder *f)
{
	if (f->r == 0)
		look_at_command(f);
	f->n = 0;
}

static void next_token(struct finder *f)
{
	struct scan *s = &f->s;
	struct span w;

	scan_space(s, false);
	if (f->n == 0 && scan_take(s, "((")) {
		f->r = scan_arithmetic(s);
		return;
	}
	f->r = scan_word(s, &w);
	if (f->r < 0 || scan_end(s) || f->r > 0) {
		bool test = f->r > 0 && w.end - w.begin == 2 &&
			    memcmp(s->text + w.begin, "[[", 2) == 0;
		if (f->r > 0 && f->n == WORDS_MAX)
			f->r = scan_error(s, E2BIG, "a command of more than %d words", WORDS_MAX);
		else if (f->r > 0)
			f->word[f->n++] = w;
		f->r = f->r < 0 ? f->r : test ? scan_test(s) : 0;
		return;
	}
	end_command(f);
	if (f->r == 0 && scan_take(s, "\n"))
		f->r = scan_heredocs(s);
	else if (f->r == 0)
		f->r = scan_take(s, ";") || scan_take(s, "&") || scan_take(s, "|") ||
				       scan_take(s, "(") || scan_take(s, ")")
			       ? 0
			       : scan_error(s, EINVAL, "a character that is not understood");
}

static int place_find(
	struct place *ret, const char *name, const struct text *plain, struct err *err)
{
	struct finder f = {.s = {.name = name,
				   .text = plain->data ? plain->data : "",
				   .len = plain->len,
				   .line = 1,
				   .err = err}};

	while (f.r == 0 && !scan_end(&f.s))
		next_token(&f);
	end_command(&f);
	if (f.r == 0)
		f.r = scan_pending(&f.s);
	if (f.r == 0 && f.programs.failed)
		f.r = err_set(err, ENOMEM, "out of memory");
	text_done(&f.programs);
	*ret = f.place;
	if (f.r < 0)
		return f.r;
	if (f.place.kind == PLACE_NONE)
		return err_set(err, ENOENT,
			"%s: no command in it starts QEMU by a name that it tells", name);
	if (f.second.kind != PLACE_NONE)
		return err_set(err, ENOTUNIQ,
			"%s:%u: QEMU is started here and in line %u; which one gets the devices is not known",
			name, f.second.line, f.place.line);
	return 0;
}

/* ---- putting in ------------------------------------------------------------------------------ */

static void add_quoted(struct text *t, const char *word)
{
	char *quoted = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&quoted, &len);

	if (!f) {
		t->failed = true;
		return;
	}
	guest_quote(word, f);
	t->failed |= fclose(f) != 0;
	text_print(t, "%s", quoted);
	free(quoted);
}

/* Each pair of words in a line, below the indent. */
static void add_lines(struct text *t, const char *const *words, size_t n, const struct line *like,
	const char *after)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		text_add(t, like->at, indent(like));
		text_print(t, "\t%s ", words[i]);
		add_quoted(t, words[i + 1]);
		text_print(t, "%s\n", after);
	}
}

static void add_mark(struct text *t, const struct line *like, const char *more, const char *mark)
{
	text_add(t, like->at, indent(like));
	text_print(t, "%s%s", more, mark);
}

static void add_inline(struct text *t, const char *const *words, size_t n)
{
	text_print(t, " " MARK_IN);
	for (size_t i = 0; i < n; i++) {
		text_print(t, " ");
		add_quoted(t, words[i]);
	}
	text_print(t, " " MARK_IN_LAST);
}

static struct line line_at(const struct text *t, size_t at)
{
	size_t from = at, to = at;

	if (!t->data)
		return (struct line){"", 0};
	while (from > 0 && t->data[from - 1] != '\n')
		from--;
	while (to < t->len && t->data[to] != '\n')
		to++;
	return (struct line){t->data + from, to - from};
}

/* A word behind which the line ends, and the command goes on in the next one. */
static size_t next_line_of_command(const struct text *t, size_t at)
{
	while (at < t->len && (t->data[at] == ' ' || t->data[at] == '\t'))
		at++;
	return at + 1 < t->len && t->data[at] == '\\' && t->data[at + 1] == '\n' ? at + 2 : 0;
}

static int put_in(struct text *ret, const char *name, const struct text *plain,
	const char *const *words, size_t n, struct err *err)
{
	struct place p;
	int r = place_find(&p, name, plain, err);

	if (r < 0)
		return r;
	struct line like = line_at(plain, p.at > 0 ? p.at - 1 : 0);
	size_t next = p.kind == PLACE_WORD ? next_line_of_command(plain, p.at) : 0;
	p.at = next > 0 ? next : p.at;
	for (size_t i = 0; p.kind == PLACE_STRING && i < n; i++)
		if (strpbrk(words[i], " '\"\\$`\t\n*?["))
			return err_set(err, EINVAL,
				"%s:%u: QEMU's words are in a string, which '%s' can't be put into",
				name, p.line, words[i]);
	text_add(ret, plain->data, p.at);
	if (p.kind == PLACE_LINES) {
		add_mark(ret, &like, "", MARK_BEGIN);
		add_lines(ret, words, n, &like, "");
		add_mark(ret, &like, "", MARK_END);
	} else if (next > 0) {
		add_mark(ret, &like, "\t", MARK_IN_BEGIN);
		add_lines(ret, words, n, &like, " \\");
		add_mark(ret, &like, "\t", MARK_IN_END);
	} else {
		add_inline(ret, words, n);
	}
	text_add(ret, plain->data + p.at, plain->len - p.at);
	return 0;
}

int script_edit(struct text *ret, const char *name, const char *script, size_t len,
	const char *const *words, size_t n, struct err *err)
{
	_cleanup_(text_done) struct text plain = {0}, cut = {0};
	int r = take_apart(&plain, &cut, name, script, len, err);

	if (r == 0 && n > 0)
		r = put_in(ret, name, &plain, words, n, err);
	else if (r == 0 && plain.len > 0)
		text_add(ret, plain.data, plain.len);
	if (r == 0 && ret->failed)
		return err_set(err, ENOMEM, "out of memory");
	return r;
}

/* ---- what is in it --------------------------------------------------------------------------- */

/* The next word of the words between marks, which guest_quote wrote. */
static bool next_word(const char **at, const char *end, struct text *ret)
{
	bool quoted = false;

	while (*at < end && strchr(" \t\n\\", **at))
		++*at;
	if (*at == end)
		return false;
	for (; *at < end && (quoted || !strchr(" \t\n", **at)); ++*at) {
		if (**at == '\'')
			quoted = !quoted;
		else if (!quoted && **at == '\\' && *at + 1 < end)
			text_add(ret, ++*at, 1);
		else
			text_add(ret, *at, 1);
	}
	return true;
}

/* The value of a property, its doubled commas single. */
static char *property_of(const char *device, const char *name)
{
	const char *at = strstr(device, name);
	struct text value = {0};

	for (at = at ? at + strlen(name) : NULL; at && *at; at++) {
		if (*at == ',' && at[1] != ',')
			break;
		at += *at == ',';
		text_add(&value, at, 1);
	}
	return value.data;
}

static int take_function(struct guest_function *ret, size_t *n, struct strings *roms,
	const char *device, struct err *err)
{
	_cleanup_(str_free) char *host = property_of(device, "vfio-pci,host=");
	char *rom = property_of(device, ",romfile=");
	struct guest_function f = {0};

	if (!host || !pci_addr_parse(host, &f.addr) || *n == GUEST_MAX) {
		free(rom);
		return 0;
	}
	f.rom = rom;
	ret[(*n)++] = f;
	return rom && strings_take(roms, rom) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

int script_functions(struct guest_function *ret, size_t *ret_n, struct strings *roms,
	const char *name, const char *script, size_t len, struct err *err)
{
	_cleanup_(text_done) struct text plain = {0}, cut = {0};
	int r = take_apart(&plain, &cut, name, script, len, err);
	const char *at = cut.data, *end = at ? at + cut.len : NULL;

	*ret_n = 0;
	while (r == 0 && at) {
		_cleanup_(text_done) struct text word = {0};
		if (!next_word(&at, end, &word))
			break;
		if (word.failed)
			return err_set(err, ENOMEM, "out of memory");
		if (word.data && str_starts(word.data, "vfio-pci,host="))
			r = take_function(ret, ret_n, roms, word.data, err);
	}
	return r;
}

/* Lines that are no comment. */
static bool next_code(const char **at, const char *end, struct line *ret, unsigned *number)
{
	while (next_line(at, end, ret)) {
		++*number;
		if (indent(ret) == ret->len || ret->at[indent(ret)] != '#')
			return true;
	}
	return false;
}

static const char *line_find(const struct line *l, const char *word)
{
	return memmem(l->at, l->len, word, strlen(word));
}

enum script_machine script_machine(const char *script, size_t len)
{
	const char *at = script, *end = script + len;
	enum script_machine machine = SCRIPT_PCI;
	unsigned number = 0;
	struct line l;

	while (next_code(&at, end, &l, &number)) {
		const char *option = line_find(&l, "-machine ");
		option = option ? option + strlen("-machine ") : line_find(&l, "-M ");
		if (line_find(&l, "q35") || line_find(&l, "-machine virt") ||
			line_find(&l, "-M virt"))
			return SCRIPT_PCIE;
		if (option && memchr(option, '$', (size_t)(l.at + l.len - option)))
			machine = SCRIPT_UNKNOWN;
	}
	return machine;
}

unsigned script_has(const char *script, size_t len, struct pci_addr addr)
{
	const char *at = script, *end = script + len;
	char address[PCI_ADDR_MAX], text[PCI_ADDR_MAX + 8];
	unsigned number = 0;
	struct line l;

	pci_addr_format(addr, address);
	while (next_code(&at, end, &l, &number)) {
		(void)snprintf(text, sizeof(text), "host=%s", address);
		if (line_find(&l, text))
			return number;
		(void)snprintf(text, sizeof(text), "host=%s", strchr(address, ':') + 1);
		if (addr.domain == 0 && line_find(&l, text))
			return number;
	}
	return 0;
}
