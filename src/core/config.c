/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/config.h"

#include "base/array.h"
#include "base/err.h"
#include "base/file.h"
#include "base/kcmdline.h"
#include "base/str.h"
#include "core/bootcount.h"
#include "core/config_values.h"
#include "core/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Reads INI text with inih, but passes it only lines that inih reads as we do. inih takes an
 * indented line as one more value of the key above, cuts section names at 49 bytes and long lines
 * at 199, and drops text after " ;", all without an error: here each of those is an error of its
 * line.
 */
struct ini_reader {
	/* section and key are "" for a line before any section. */
	void (*value)(
		void *to, unsigned line, const char *section, const char *key, const char *value);
	void (*section)(void *to, unsigned line, const char *section);
	void (*error)(void *to, unsigned line, const char *what);
	void *to;
};

/* data[len] must be NUL. Every line is read, errors or not. Returns 0 or -ENOMEM. */
static int ini_reader_run(const struct ini_reader *r, const char *data, size_t len) _must_check_;

/*
 * Shared by config (the file and its sections) and keys (the content of a section) while a file is
 * read.
 */
enum section {
	SECTION_BIND,
	SECTION_EXCLUDE,
	SECTION_GUARD,
	SECTION_MODULES,
	SECTION_PROFILES,
	SECTION_DEVICE,
};

/* The state of the parser. */
struct config_parser {
	struct config *c;
	enum section section;
	bool in_section;             /* the heading of `section` was read */
	unsigned profile;            /* 0, or the number of the section's profile, from 1 on */
	unsigned default_line;       /* of [profiles] default; 0: not set */
	unsigned seen_sections;      /* bit n: row n of `sections` was read */
	bool unknown_section;        /* its keys are not reported one by one */
	struct device_settings *now; /* of the [device] section, or NULL */
	unsigned seen_single;        /* bit n: row n of `keys`, with a single value, was read */
};

/* Adds an error of a line (0: of the file); never fails, at worst c->no_memory is set. */
static void config_error(struct config *c, unsigned line, const char *fmt, ...) _printf_(3, 4);

/* Grows *array of n elements for one more; returns NULL, and sets c->no_memory, if out of
 * memory. */
static void *config_grow(struct config *c, void *array, size_t n, size_t *size, size_t element);

/* Finds the section of a heading without its brackets; "device " is followed by an address. */
static bool section_known(const char *name, enum section *ret);

/* Handles one "name = value" line of the section. */
static void config_set_key(
	struct config_parser *p, unsigned line, const char *name, const char *value);

/* ---- ini_reader --------------------------------------------------------------------------------
 */

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct state {
	const struct ini_reader *r;
	const char *at, *end;
	unsigned line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The error in a section header (the whole line), or NULL. */
static const char *header_trouble(const char *line, size_t len)
{
	const char *close = memchr(line, ']', len);

	if (!close)
		return "'[' without ']'; write [bind], [exclude], [guard], [modules] or [device ADDRESS]";
	for (const char *p = close + 1; p < line + len; p++)
		if (!is_blank(*p))
			return "nothing may stand behind a section's ']'";
	return NULL;
}

/* The error in a line that is neither empty nor a comment, or NULL. */
static const char *line_trouble(const char *line, size_t len)
{
	if (is_blank(*line))
		return "the line is indented; begin it in the first column (a list goes on with its key written again)";
	if (*line == '[')
		return header_trouble(line, len);
	const char *equals = memchr(line, '=', len);
	const char *colon = memchr(line, ':', len);
	if (!equals || (colon && colon < equals)) /* inih would split at the colon */
		return "expected key = value";
	if (memchr(line, '#', len) || memchr(line, ';', len))
		return "a comment behind a value; give it a line of its own";
	return NULL;
}

static const char *bytes_trouble(const char *line, size_t len)
{
	if (len > CONFIG_LINE_MAX)
		return "the line is longer than 198 bytes; write the key again on a new line to go on with its list";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 && line[i] != '\t')
			return line[i] == '\0' ? "contains a NUL byte"
					       : "a control character; remove it";
	return NULL;
}

static bool says_something(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && is_blank(line[i]))
		i++;
	return i < len && line[i] != '#' && line[i] != ';';
}

static void log_section(const struct state *s, const char *line, size_t len)
{
	char name[CONFIG_LINE_MAX + 1];
	size_t n = (size_t)((const char *)memchr(line, ']', len) - line) - 1;

	memcpy(name, line + 1, n);
	name[n] = '\0';
	s->r->section(s->r->to, s->line, name);
}

/* inih's reader, like fgets. A line that inih must not see is passed as an empty one. */
static char *next_line(char *buf, int size, void *stream)
{
	struct state *s = stream;

	if (s->at >= s->end)
		return NULL;
	const char *line = s->at, *newline = memchr(line, '\n', (size_t)(s->end - line));
	size_t len = (size_t)((newline ? newline : s->end) - line);
	s->at = newline ? newline + 1 : s->end;
	s->line++;
	if (len > 0 && line[len - 1] == '\r')
		len--;

	const char *error = bytes_trouble(line, len);
	bool pass = !error && says_something(line, len);
	if (pass)
		error = line_trouble(line, len);
	if (!error && len + 2 > (size_t)size)
		error = "the line is too long for this build of inih";
	if (error) {
		s->r->error(s->r->to, s->line, error);
		pass = false;
	}
	if (!pass)
		len = 0;
	else if (*line == '[')
		log_section(s, line, len);
	memcpy(buf, line, len);
	buf[len] = '\n';
	buf[len + 1] = '\0';
	return buf;
}

#if INI_HANDLER_LINENO
static int parse_pair(void *user, const char *section, const char *key, const char *value, int line)
#else
static int parse_pair(void *user, const char *section, const char *key, const char *value)
#endif
{
	const struct state *s = user;
#if INI_HANDLER_LINENO
	(void)line;
#endif
	s->r->value(s->r->to, s->line, section, key, value);
	return 1;
}

static int ini_reader_run(const struct ini_reader *r, const char *data, size_t len)
{
	struct state s = {.r = r, .at = data, .end = data + len};

	if (len >= strlen(BYTE_ORDER_MARK) && memcmp(data, BYTE_ORDER_MARK, 3) == 0)
		s.at += 3;
	int bad = ini_parse_stream(next_line, &s, parse_pair, &s);
	if (bad == -2) /* INI_USE_STACK=0 builds allocate their line */
		return -ENOMEM;
	if (bad > 0) /* inih refuses a line that we passed: never silently */
		r->error(r->to, (unsigned)bad, "expected key = value");
	return 0;
}

/* ---- parser ------------------------------------------------------------------------------------
 */

static void *config_grow(struct config *c, void *array, size_t n, size_t *size, size_t element)
{
	void *grown = array_grow(array, n, size, element);

	c->no_memory |= !grown;
	return grown;
}

static void config_error(struct config *c, unsigned line, const char *fmt, ...)
{
	if (c->n_errors == CONFIG_ERRORS_MAX) {
		c->more_errors++;
		return;
	}
	char what[768];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);

	char **errors = config_grow(c, c->errors, c->n_errors, &c->size_errors, sizeof(*errors));
	if (!errors)
		return;
	c->errors = errors;
	char *text;
	int r = line ? asprintf(&text, "%s:%u: %s", c->path, line, what)
		     : asprintf(&text, "%s", what);
	if (r < 0)
		c->no_memory = true;
	else
		c->errors[c->n_errors++] = text;
}

static const char *const sections[] = {
	[SECTION_BIND] = "bind",
	[SECTION_EXCLUDE] = "exclude",
	[SECTION_GUARD] = "guard",
	[SECTION_MODULES] = "modules",
	[SECTION_PROFILES] = "profiles",
	[SECTION_DEVICE] = "device",
};
#define N_SECTIONS (sizeof(sections) / sizeof(*sections))

static bool section_known(const char *name, enum section *ret)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		bool same = i == SECTION_DEVICE ? str_starts(name, "device ")
						: str_equal(name, sections[i]);
		if (same) {
			*ret = (enum section)i;
			return true;
		}
	}
	return false;
}

/* ---- keys --------------------------------------------------------------------------------------
 */

#define SEPARATORS ", \t"

typedef bool (*value_reader)(const char *word, struct selector *ret, struct err *err);

static void add_selector(
	struct config_parser *p, unsigned line, bool exclude, const char *word, value_reader read)
{
	struct config *c = p->c;
	struct selector s = {.exclude = exclude, .line = line, .profile = (uint8_t)p->profile};
	struct err err = {""};

	if (!read(word, &s, &err)) {
		config_error(c, line, "%s", err.text);
		return;
	}
	(void)str_copy(s.text, sizeof(s.text), word);
	struct selector *grown = config_grow(
		c, c->selectors, c->n_selectors, &c->size_selectors, sizeof(*grown));
	if (!grown)
		return;
	c->selectors = grown;
	c->selectors[c->n_selectors++] = s;
}

static bool value_gpus(const char *word, struct selector *ret, struct err *err)
{
	(void)word;
	(void)err;
	ret->kind = SELECT_GPUS;
	return true;
}

static void add_module(struct config_parser *p, unsigned line, const char *word)
{
	struct config *c = p->c;
	struct err err = {""};

	if (!parse_module(word, &err)) {
		config_error(c, line, "%s", err.text);
		return;
	}
	char **grown = config_grow(c, c->before, c->n_before, &c->size_before, sizeof(*grown));
	if (!grown)
		return;
	c->before = grown;
	char *name = strdup(word);
	if (!name)
		c->no_memory = true;
	else
		c->before[c->n_before++] = name;
}

static void add_option(struct config_parser *p, unsigned line, const char *word)
{
	struct config *c = p->c;
	struct err err = {""};
	size_t used = strlen(c->options);

	if (!parse_option(word, &err))
		config_error(c, line, "%s", err.text);
	else if (used + 1 + strlen(word) >= sizeof(c->options))
		config_error(c, line, "the options together are longer than %zu bytes",
			sizeof(c->options) - 1);
	else
		(void)snprintf(c->options + used, sizeof(c->options) - used, "%s%s",
			used ? " " : "", word);
}

static void add_rebar(struct config_parser *p, unsigned line, const char *word)
{
	struct err err = {""};

	if (p->now->rebars == REBAR_MAX)
		config_error(p->c, line, "more than %d BARs; a function has no more", REBAR_MAX);
	else if (!parse_rebar(word, &p->now->rebar[p->now->rebars], &err))
		config_error(p->c, line, "%s", err.text);
	else
		p->now->rebars++;
}

static void add_reset(struct config_parser *p, unsigned line, const char *word)
{
	char *all = p->now->reset;
	struct err err = {""};
	size_t used = strlen(all);

	if (!parse_reset(word, &err))
		config_error(p->c, line, "%s", err.text);
	else if (kcmdline_has(all, word))
		config_error(p->c, line, "duplicate reset method '%s'; remove one of them", word);
	else if (used + 1 + strlen(word) >= sizeof(p->now->reset))
		config_error(p->c, line, "the reset methods together are longer than %zu bytes",
			sizeof(p->now->reset) - 1);
	else
		(void)snprintf(
			all + used, sizeof(p->now->reset) - used, "%s%s", used ? " " : "", word);
}

static void set_d3cold(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->now->d3cold = str_equal(word, "no") ? D3COLD_NO : D3COLD_YES;
}

static void set_account(struct config_parser *p, unsigned line, const char *word, char *to)
{
	struct err err = {""};

	if (!parse_account(word, &err))
		config_error(p->c, line, "%s", err.text);
	else
		(void)str_copy(to, ACCOUNT_NAME_MAX, word);
}

static void set_owner(struct config_parser *p, unsigned line, const char *word)
{
	set_account(p, line, word, p->now->owner);
}

static void set_group(struct config_parser *p, unsigned line, const char *word)
{
	set_account(p, line, word, p->now->group);
}

static void set_mode(struct config_parser *p, unsigned line, const char *word)
{
	struct err err = {""};

	p->now->has_mode = parse_mode(word, &p->now->mode, &err);
	if (!p->now->has_mode)
		config_error(p->c, line, "%s", err.text);
}

static void set_driver(struct config_parser *p, unsigned line, const char *word)
{
	struct err err = {""};

	if (!parse_driver(word, p->now->driver, &err))
		config_error(p->c, line, "%s", err.text);
}

static void bind_gpus(struct config_parser *p, unsigned line, const char *word)
{
	if (str_equal(word, "non-boot"))
		add_selector(p, line, false, word, value_gpus);
}

static void set_failed_boots(struct config_parser *p, unsigned line, const char *word)
{
	unsigned long boots;

	if (str_decimal(word, BOOT_HISTORY_LIMIT_MAX, &boots))
		p->c->failed_boots = (unsigned)boots;
	else
		config_error(p->c, line, "failed_boots = %s: write 0 (never) to %d", word,
			BOOT_HISTORY_LIMIT_MAX);
}

/* Whether the profile exists is known at the end of the file. */
static void set_default_profile(struct config_parser *p, unsigned line, const char *word)
{
	struct err err = {""};

	p->default_line = line;
	if (str_equal(word, PROFILE_NONE) || parse_profile_name(word, strlen(word), &err))
		(void)str_copy(p->c->default_profile, sizeof(p->c->default_profile), word);
	else
		config_error(p->c, line, "%s", err.text);
}

/* Every key of the file, and what becomes of a word: a selector, a flag of struct config, or what
 * take does. A key with choices takes exactly one of them; a key with a single value may occur
 * once, a list may continue with its key written again. */
static const struct key {
	enum section section;
	bool single;
	unsigned char on; /* the choice that sets the flag: 1 or 2 */
	unsigned short flag;
	const char *name;
	value_reader selector;
	void (*take)(struct config_parser *p, unsigned line, const char *word);
	const char *choice[2];
} keys[] = {
#define AT(field) offsetof(struct config, field)
	{SECTION_BIND, false, 0, 0, "ids", parse_id, NULL, {NULL}},
	{SECTION_BIND, false, 0, 0, "addresses", parse_address, NULL, {NULL}},
	{SECTION_BIND, false, 0, 0, "paths", parse_path, NULL, {NULL}},
	{SECTION_BIND, false, 0, 0, "serials", parse_serial, NULL, {NULL}},
	{SECTION_BIND, true, 0, 0, "gpus", NULL, bind_gpus, {"none", "non-boot"}},
	{SECTION_BIND, true, 1, AT(companions), "companions", NULL, NULL, {"yes", "no"}},
	{SECTION_EXCLUDE, false, 0, 0, "ids", parse_id, NULL, {NULL}},
	{SECTION_EXCLUDE, false, 0, 0, "addresses", parse_address, NULL, {NULL}},
	{SECTION_EXCLUDE, false, 0, 0, "paths", parse_path, NULL, {NULL}},
	{SECTION_EXCLUDE, false, 0, 0, "serials", parse_serial, NULL, {NULL}},
	{SECTION_GUARD, true, 2, AT(may_take_boot_vga), "boot_vga", NULL, NULL,
		{"exclude", "allow"}},
	{SECTION_GUARD, true, 2, AT(may_take_last_display), "last_display", NULL, NULL,
		{"exclude", "allow"}},
	{SECTION_GUARD, true, 2, AT(may_take_network), "network", NULL, NULL, {"exclude", "allow"}},
	{SECTION_GUARD, true, 2, AT(may_take_keyboard), "keyboard", NULL, NULL,
		{"exclude", "allow"}},
	{SECTION_GUARD, true, 2, AT(hold_on_failure), "on_failure", NULL, NULL,
		{"release", "hold"}},
	{SECTION_GUARD, true, 0, 0, "failed_boots", NULL, set_failed_boots, {NULL}},
	{SECTION_GUARD, true, 2, AT(load_efivarfs), "efivarfs", NULL, NULL, {"auto", "load"}},
	{SECTION_GUARD, true, 1, AT(strict_groups), "strict_groups", NULL, NULL, {"yes", "no"}},
	{SECTION_MODULES, true, 2, AT(load_in_background), "load", NULL, NULL,
		{"early", "background"}},
	{SECTION_MODULES, false, 0, 0, "before", NULL, add_module, {NULL}},
	{SECTION_MODULES, false, 0, 0, "options", NULL, add_option, {NULL}},
	{SECTION_PROFILES, true, 0, 0, "default", NULL, set_default_profile, {NULL}},
	{SECTION_DEVICE, true, 0, 0, "driver", NULL, set_driver, {NULL}},
	{SECTION_DEVICE, false, 0, 0, "rebar", NULL, add_rebar, {NULL}},
	{SECTION_DEVICE, false, 0, 0, "reset", NULL, add_reset, {NULL}},
	{SECTION_DEVICE, true, 0, 0, "d3cold", NULL, set_d3cold, {"yes", "no"}},
	{SECTION_DEVICE, true, 0, 0, "owner", NULL, set_owner, {NULL}},
	{SECTION_DEVICE, true, 0, 0, "group", NULL, set_group, {NULL}},
	{SECTION_DEVICE, true, 0, 0, "mode", NULL, set_mode, {NULL}},
};
#define N_KEYS (sizeof(keys) / sizeof(*keys))

/* The only one that a profile has, too, is `companions`. */
static bool *flag_of(const struct config_parser *p, const struct key *key)
{
	return p->profile > 0 ? &p->c->profiles[p->profile - 1].companions
			      : (bool *)((char *)p->c + key->flag);
}

static void take_word(
	struct config_parser *p, unsigned line, const struct key *key, const char *word)
{
	if (key->selector)
		add_selector(p, line, key->section == SECTION_EXCLUDE, word, key->selector);
	else if (key->on)
		*flag_of(p, key) = str_equal(word, key->choice[key->on - 1]);
	else
		key->take(p, line, word);
}

/* Parses the words of a list, or the single value of a key. */
static void parse_words(
	struct config_parser *p, unsigned line, const struct key *key, const char *value)
{
	char copy[CONFIG_LINE_MAX + 1];
	char *rest = copy, *word;
	unsigned words = 0;

	(void)str_copy(copy, sizeof(copy), value);
	while ((word = strsep(&rest, SEPARATORS))) {
		if (*word == '\0')
			continue;
		if (key->single && words++ > 0) {
			config_error(p->c, line, "%s takes one value; '%s' is one too many",
				key->name, word);
			return;
		}
		if (key->choice[0] && !str_equal(word, key->choice[0]) &&
			!str_equal(word, key->choice[1])) {
			config_error(p->c, line, "%s = %s: write %s or %s", key->name, word,
				key->choice[0], key->choice[1]);
			continue;
		}
		take_word(p, line, key, word);
	}
	if (key->single && words == 0)
		config_error(
			p->c, line, "%s has no value; write one, or leave the key out", key->name);
}

static void unknown_key(struct config_parser *p, unsigned line, const char *name)
{
	char known[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].section == p->section && used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
				used ? ", " : "", keys[i].name);
	if (p->profile)
		config_error(p->c, line, "unknown key '%s' in a section of [profile %s]; valid: %s",
			name, p->c->profiles[p->profile - 1].name, known);
	else
		config_error(p->c, line, "unknown key '%s' in [%s]; valid: %s", name,
			sections[p->section], known);
}

static void config_set_key(
	struct config_parser *p, unsigned line, const char *name, const char *value)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		if (keys[i].section != p->section || !str_equal(keys[i].name, name))
			continue;
		if (keys[i].single && p->seen_single & 1U << i)
			config_error(p->c, line, "duplicate key '%s'; remove one of them", name);
		p->seen_single |= 1U << i;
		parse_words(p, line, &keys[i], value);
		return;
	}
	unknown_key(p, line, name);
}

/* ---- config ------------------------------------------------------------------------------------
 */

static const struct device_settings *settings_of(
	const struct config *c, struct pci_addr addr, unsigned profile)
{
	for (size_t i = 0; i < c->n_settings; i++)
		if (c->settings[i].profile == profile &&
			pci_addr_compare(c->settings[i].addr, addr) == 0)
			return &c->settings[i];
	return NULL;
}

static void begin_device(struct config_parser *p, unsigned line, const char *address)
{
	struct config *c = p->c;
	struct pci_addr addr;

	while (*address == ' ' || *address == '\t')
		address++;
	if (!pci_addr_parse(address, &addr)) {
		config_error(c, line,
			"[device %s]: invalid PCI address '%s'; expected [device 0000:09:00.0]",
			address, address);
		p->unknown_section = true;
		return;
	}
	const struct device_settings *twin = settings_of(c, addr, p->profile);
	if (twin)
		config_error(c, line,
			"duplicate section [device %s], first at line %u; write its keys there",
			address, twin->line);
	struct device_settings *grown = config_grow(
		c, c->settings, c->n_settings, &c->size_settings, sizeof(*grown));
	if (!grown) {
		p->unknown_section = true;
		return;
	}
	c->settings = grown;
	p->now = &c->settings[c->n_settings++];
	*p->now = (struct device_settings){
		.addr = addr, .line = line, .profile = (uint8_t)p->profile};
}

static size_t find_profile(const struct config *c, const char *name)
{
	size_t i = 0;

	while (i < c->n_profiles && !str_equal(c->profiles[i].name, name))
		i++;
	return i;
}

/* Finds the profile of this name or adds it. False: an error was added. */
static bool take_profile(struct config_parser *p, unsigned line, const char *name, size_t len)
{
	struct config *c = p->c;
	struct profile new = {.line = line, .companions = true};
	struct err err = {""};

	if (!parse_profile_name(name, len, &err)) {
		config_error(c, line, "%s", err.text);
		return false;
	}
	memcpy(new.name, name, len);
	size_t i = find_profile(c, new.name);
	p->profile = (unsigned)i + 1;
	if (i < c->n_profiles)
		return true;
	if (i == PROFILES_MAX) {
		config_error(c, line, "more than %d profiles; remove one", PROFILES_MAX);
		return false;
	}
	struct profile *grown = config_grow(
		c, c->profiles, c->n_profiles, &c->size_profiles, sizeof(*grown));
	if (!grown)
		return false;
	c->profiles = grown;
	c->profiles[c->n_profiles++] = new;
	return true;
}

/* Behind "profile ": a name, and the section of that profile. */
static void begin_profile(struct config_parser *p, unsigned line, const char *name)
{
	size_t len = strcspn(name, " ");
	const char *rest = name[len] ? name + len + 1 : "";

	if (!take_profile(p, line, name, len)) {
		p->unknown_section = true;
		return;
	}
	struct profile *now = &p->c->profiles[p->profile - 1];
	bool *seen = *rest ? &now->has_exclude : &now->has_bind;
	if (str_starts(rest, "device ")) {
		p->section = SECTION_DEVICE;
		begin_device(p, line, rest + strlen("device "));
		return;
	}
	if (*rest && !str_equal(rest, "exclude")) {
		config_error(p->c, line,
			"unknown section [profile %s]; valid: [profile %s], [profile %s exclude], [profile %s device ADDRESS]",
			name, now->name, now->name, now->name);
		p->unknown_section = true;
		return;
	}
	p->section = *rest ? SECTION_EXCLUDE : SECTION_BIND;
	if (*seen)
		config_error(p->c, line,
			"duplicate section [profile %s]; write its keys in the first one", name);
	*seen = true;
}

static void parse_section(void *to, unsigned line, const char *name)
{
	struct config_parser *p = to;

	p->in_section = true;
	p->unknown_section = false;
	p->profile = 0;
	p->now = NULL;
	p->seen_single = 0;
	if (str_starts(name, "profile ")) {
		begin_profile(p, line, name + strlen("profile "));
		return;
	}
	if (!section_known(name, &p->section)) {
		config_error(p->c, line,
			"unknown section [%s]; valid: [bind], [exclude], [guard], [modules], [device ADDRESS], [profile NAME], [profiles]",
			name);
		p->unknown_section = true;
		return;
	}
	if (p->section == SECTION_DEVICE) {
		begin_device(p, line, name + strlen("device "));
		return;
	}
	if (p->seen_sections & 1U << p->section)
		config_error(p->c, line, "duplicate section [%s]; write its keys in the first one",
			name);
	p->seen_sections |= 1U << p->section;
}

static void parse_value(
	void *to, unsigned line, const char *heading, const char *name, const char *value)
{
	struct config_parser *p = to;

	(void)heading; /* inih cuts it at 49 bytes */
	if (p->unknown_section)
		return;
	if (!p->in_section) {
		config_error(
			p->c, line, "'%s' is outside any section; write [bind] above it", name);
		return;
	}
	config_set_key(p, line, name, value);
}

static void add_error(void *to, unsigned line, const char *what)
{
	struct config_parser *p = to;
	config_error(p->c, line, "%s", what);
}

/* A section of a profile whose name is misspelt would make another profile. */
static void check_profiles(struct config_parser *p)
{
	struct config *c = p->c;
	char names[PROFILE_NAMES_MAX];

	for (size_t i = 0; i < c->n_profiles; i++)
		if (!c->profiles[i].has_bind)
			config_error(c, c->profiles[i].line,
				"profile '%s' has no section [profile %s]; write one, or correct the name",
				c->profiles[i].name, c->profiles[i].name);
	const char *name = c->default_profile;
	if (*name && !str_equal(name, PROFILE_NONE) && find_profile(c, name) == c->n_profiles)
		config_error(c, p->default_line, "default = %s: no such profile; valid: %s", name,
			profile_names(c, names));
}

#define FAILED_BOOTS_UNSET (~0U)

static struct config config_default(const char *path)
{
	return (struct config){
		.path = path, .file = path, .companions = true, .failed_boots = FAILED_BOOTS_UNSET};
}

static int parse(struct config *ret, const char *path, const char *data, size_t len, size_t max)
{
	*ret = config_default(path);
	struct config_parser p = {.c = ret};
	const struct ini_reader r = {parse_value, parse_section, add_error, &p};

	if (len > max)
		config_error(ret, 0, "%s: has %zu bytes, %zu at most are read", path, len, max);
	else if (ini_reader_run(&r, data, len) < 0)
		ret->no_memory = true;
	ret->n_all_selectors = ret->n_selectors;
	ret->bind_companions = ret->companions;
	if (ret->n_profiles > 0 || p.default_line > 0) {
		check_profiles(&p);
		ret->no_memory |= profile_choose(ret, NULL) == -ENOMEM;
	}
	if (ret->no_memory)
		return -ENOMEM;
	/* `hold` means no host drivers on the devices in any case. */
	if (ret->failed_boots == FAILED_BOOTS_UNSET)
		ret->failed_boots = ret->hold_on_failure ? 0 : 2;
	return ret->n_errors > 0 ? -EINVAL : 0;
}

int config_parse(struct config *ret, const char *path, const char *data, size_t len)
{
	return parse(ret, path, data, len, CONFIG_MAX);
}

int config_parse_own(struct config *ret, const char *name, const char *data, size_t len)
{
	return parse(ret, name, data, len, SIZE_MAX);
}

#define MISSING_REMEDY "; `vfio-bind setup` chooses devices and writes one"

int config_read(struct config *ret, const char *path, bool to_do)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len = 0;
	struct err err = {""};

	int r = to_do ? file_read_trusted(AT_FDCWD, path, CONFIG_MAX, &data, &len, &err)
		      : file_read(AT_FDCWD, path, CONFIG_MAX, &data, &len, &err);
	if (r < 0) {
		*ret = config_default(path);
		ret->unread = true;
		ret->missing = r == -ENOENT;
		config_error(ret, 0, "%s%s", err.text, ret->missing ? MISSING_REMEDY : "");
		return r;
	}
	return config_parse(ret, path, data, len);
}

int config_read_copy(struct config *ret, const char *file, const char *path)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len = 0;

	int r = file_read(AT_FDCWD, file, CONFIG_MAX, &data, &len, NULL);
	if (r < 0) {
		*ret = config_default(path);
		ret->unread = true;
		ret->missing = r == -ENOENT;
		config_error(ret, 0, "%s: can't open it: %s%s", path, strerror(-r),
			ret->missing ? MISSING_REMEDY : "");
	} else {
		r = config_parse(ret, path, data, len);
	}
	ret->file = file;
	return r;
}

void config_done(struct config *c)
{
	for (size_t i = 0; i < c->n_before; i++)
		free(c->before[i]);
	for (size_t i = 0; i < c->n_errors; i++)
		free(c->errors[i]);
	free(c->before);
	free(c->errors);
	free(c->selectors);
	free(c->settings);
	free(c->merged);
	free(c->profiles);
	*c = (struct config){0};
}

const struct device_settings *config_settings(const struct config *c, struct pci_addr addr)
{
	for (size_t i = 0; i < c->n_merged; i++)
		if (pci_addr_compare(c->merged[i].addr, addr) == 0)
			return &c->merged[i];
	return settings_of(c, addr, 0);
}

bool config_must_search(const struct config *c)
{
	for (size_t i = 0; i < c->n_selectors; i++) {
		enum selector_kind kind = c->selectors[i].kind;
		if (!c->selectors[i].exclude && kind != SELECT_ADDRESS && kind != SELECT_PATH)
			return true;
	}
	return false;
}
