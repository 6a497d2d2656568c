/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/config.h"

#include "base/file.h"
#include "base/str.h"
#include "bind/reader.h"
#include "bind/values.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS ", \t"

/* Where the parser stands while it reads. */
struct parser {
	struct config *c;
	unsigned seen_sections;      /* bit n: row n of `sections` came */
	bool unknown_section;        /* its keys are not told one by one */
	struct device_settings *now; /* of the [device] section, or NULL */
	unsigned seen_single;        /* bit n: row n of `keys`, which takes one value, came */
};

/* Grows *array of n elements for one more. */
static void *room(struct config *c, void *array, size_t n, size_t *size, size_t element)
{
	if (n < *size)
		return array;
	size_t more = *size ? *size * 2 : 8;
	void *grown = reallocarray(array, more, element);
	if (!grown) {
		c->no_memory = true;
		return NULL;
	}
	*size = more;
	return grown;
}

static void complain(struct config *c, unsigned line, const char *fmt, ...) _printf_(3, 4);
static void complain(struct config *c, unsigned line, const char *fmt, ...)
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

	char **errors = room(c, c->errors, c->n_errors, &c->size_errors, sizeof(*errors));
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

typedef bool (*value_reader)(const char *word, struct selector *ret, struct err *err);

static void add_selector(
	struct parser *p, unsigned line, bool exclude, const char *word, value_reader read)
{
	struct config *c = p->c;
	struct selector s = {.exclude = exclude, .line = line};
	struct err err = {""};

	if (!read(word, &s, &err)) {
		complain(c, line, "%s", err.text);
		return;
	}
	(void)snprintf(s.text, sizeof(s.text), "%s", word);
	struct selector *grown = room(
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

static void add_module(struct parser *p, unsigned line, const char *word)
{
	struct config *c = p->c;
	struct err err = {""};

	if (!value_module(word, &err)) {
		complain(c, line, "%s", err.text);
		return;
	}
	char **grown = room(c, c->before, c->n_before, &c->size_before, sizeof(*grown));
	if (!grown)
		return;
	c->before = grown;
	char *name = strdup(word);
	if (!name)
		c->no_memory = true;
	else
		c->before[c->n_before++] = name;
}

static void add_option(struct parser *p, unsigned line, const char *word)
{
	struct config *c = p->c;
	struct err err = {""};
	size_t used = strlen(c->options);

	if (!value_option(word, &err))
		complain(c, line, "%s", err.text);
	else if (used + 1 + strlen(word) >= sizeof(c->options))
		complain(c, line, "the options together are longer than %zu bytes",
			sizeof(c->options) - 1);
	else
		(void)snprintf(c->options + used, sizeof(c->options) - used, "%s%s",
			used ? " " : "", word);
}

static void add_rebar(struct parser *p, unsigned line, const char *word)
{
	struct err err = {""};

	if (p->now->rebars == REBAR_MAX)
		complain(p->c, line, "more than %d BARs; a function has no more", REBAR_MAX);
	else if (!value_rebar(word, &p->now->rebar[p->now->rebars], &err))
		complain(p->c, line, "%s", err.text);
	else
		p->now->rebars++;
}

static void set_driver(struct parser *p, unsigned line, const char *word)
{
	struct err err = {""};

	if (!value_driver(word, &err))
		complain(p->c, line, "%s", err.text);
	else
		(void)snprintf(p->now->driver, sizeof(p->now->driver), "%s", word);
}

static void bind_id(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, value_id);
}

static void bind_address(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, value_address);
}

static void bind_path(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, value_path);
}

static void bind_serial(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, value_serial);
}

static void exclude_id(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, value_id);
}

static void exclude_address(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, value_address);
}

static void exclude_path(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, value_path);
}

static void exclude_serial(struct parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, value_serial);
}

static void bind_gpus(struct parser *p, unsigned line, const char *word)
{
	if (str_equal(word, "non-boot"))
		add_selector(p, line, false, word, value_gpus);
}

static void set_companions(struct parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->companions = str_equal(word, "yes");
}

static void set_boot_vga(struct parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->may_take_boot_vga = str_equal(word, "allow");
}

static void set_last_display(struct parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->may_take_last_display = str_equal(word, "allow");
}

static void set_on_failure(struct parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->hold_on_failure = str_equal(word, "hold");
}

static void set_load(struct parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->load_in_background = str_equal(word, "background");
}

/* The sections; DEVICE carries an address behind its name. */
enum section { BIND, EXCLUDE, GUARD, MODULES, DEVICE };
static const char *const sections[] = {"bind", "exclude", "guard", "modules", "device"};
#define N_SECTIONS (sizeof(sections) / sizeof(*sections))

/* Every key of the file. One with choices takes exactly one of them; a key that takes one value
 * may stand once, a list may go on with its key written again. */
static const struct key {
	enum section section;
	const char *name;
	void (*take)(struct parser *p, unsigned line, const char *word);
	const char *choice[2];
	bool single;
} keys[] = {
	{BIND, "ids", bind_id, {NULL}, false},
	{BIND, "addresses", bind_address, {NULL}, false},
	{BIND, "paths", bind_path, {NULL}, false},
	{BIND, "serials", bind_serial, {NULL}, false},
	{BIND, "gpus", bind_gpus, {"none", "non-boot"}, true},
	{BIND, "companions", set_companions, {"yes", "no"}, true},
	{EXCLUDE, "ids", exclude_id, {NULL}, false},
	{EXCLUDE, "addresses", exclude_address, {NULL}, false},
	{EXCLUDE, "paths", exclude_path, {NULL}, false},
	{EXCLUDE, "serials", exclude_serial, {NULL}, false},
	{GUARD, "boot_vga", set_boot_vga, {"exclude", "allow"}, true},
	{GUARD, "last_display", set_last_display, {"exclude", "allow"}, true},
	{GUARD, "on_failure", set_on_failure, {"release", "hold"}, true},
	{MODULES, "load", set_load, {"early", "background"}, true},
	{MODULES, "before", add_module, {NULL}, false},
	{MODULES, "options", add_option, {NULL}, false},
	{DEVICE, "driver", set_driver, {NULL}, true},
	{DEVICE, "rebar", add_rebar, {NULL}, false},
};
#define N_KEYS (sizeof(keys) / sizeof(*keys))

static bool section_known(const char *name, enum section *ret)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		bool same = i == DEVICE ? str_starts(name, "device ")
					: str_equal(name, sections[i]);
		if (same) {
			*ret = (enum section)i;
			return true;
		}
	}
	return false;
}

static void begin_device(struct parser *p, unsigned line, const char *address)
{
	struct config *c = p->c;
	struct slot slot;

	while (*address == ' ' || *address == '\t')
		address++;
	if (!slot_parse(address, &slot)) {
		complain(c, line,
			"[device %s]: '%s' is no PCI address; write [device 0000:09:00.0]", address,
			address);
		p->unknown_section = true;
		return;
	}
	const struct device_settings *twin = config_settings(c, slot);
	if (twin)
		complain(c, line, "[device %s] stands at line %u already; write its keys there",
			address, twin->line);
	struct device_settings *grown = room(
		c, c->settings, c->n_settings, &c->size_settings, sizeof(*grown));
	if (!grown) {
		p->unknown_section = true;
		return;
	}
	c->settings = grown;
	p->now = &c->settings[c->n_settings++];
	*p->now = (struct device_settings){.slot = slot, .line = line};
}

static void take_section(void *to, unsigned line, const char *name)
{
	struct parser *p = to;
	enum section section;

	p->unknown_section = false;
	p->now = NULL;
	p->seen_single = 0;
	if (!section_known(name, &section)) {
		complain(p->c, line,
			"[%s] is no section; write [bind], [exclude], [guard], [modules] or "
			"[device ADDRESS]",
			name);
		p->unknown_section = true;
		return;
	}
	if (section == DEVICE) {
		begin_device(p, line, name + strlen("device "));
		return;
	}
	if (p->seen_sections & 1U << section)
		complain(p->c, line, "[%s] stands twice; write its keys in the first one", name);
	p->seen_sections |= 1U << section;
}

/* The words of a list, or the one value of a key that takes one. */
static void take_words(struct parser *p, unsigned line, const struct key *key, const char *value)
{
	char copy[CONFIG_LINE_MAX + 1];
	char *rest = copy, *word;
	unsigned words = 0;

	(void)snprintf(copy, sizeof(copy), "%s", value);
	while ((word = strsep(&rest, SEPARATORS))) {
		if (*word == '\0')
			continue;
		if (key->single && words++ > 0) {
			complain(p->c, line, "%s takes one value; '%s' is one too many", key->name,
				word);
			return;
		}
		if (key->choice[0] && !str_equal(word, key->choice[0]) &&
			!str_equal(word, key->choice[1])) {
			complain(p->c, line, "%s = %s: write %s or %s", key->name, word,
				key->choice[0], key->choice[1]);
			continue;
		}
		key->take(p, line, word);
	}
	if (key->single && words == 0)
		complain(p->c, line, "%s has no value; write one, or leave the key out", key->name);
}

static void unknown_key(struct parser *p, unsigned line, enum section section, const char *name)
{
	char known[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].section == section && used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
				used ? ", " : "", keys[i].name);
	complain(p->c, line, "'%s' is no key of [%s]; write %s", name, sections[section], known);
}

static void take_value(
	void *to, unsigned line, const char *section_name, const char *name, const char *value)
{
	struct parser *p = to;
	enum section section;

	if (p->unknown_section)
		return;
	if (*section_name == '\0' || !section_known(section_name, &section)) {
		complain(p->c, line, "'%s' stands before any section; write [bind] above it", name);
		return;
	}
	for (size_t i = 0; i < N_KEYS; i++) {
		if (keys[i].section != section || !str_equal(keys[i].name, name))
			continue;
		if (keys[i].single && p->seen_single & 1U << i)
			complain(p->c, line, "%s stands twice; leave one of them", name);
		p->seen_single |= 1U << i;
		take_words(p, line, &keys[i], value);
		return;
	}
	unknown_key(p, line, section, name);
}

static void take_error(void *to, unsigned line, const char *what)
{
	struct parser *p = to;
	complain(p->c, line, "%s", what);
}

static struct config config_default(const char *path)
{
	return (struct config){.path = path, .companions = true};
}

int config_parse(struct config *ret, const char *path, const char *data, size_t len)
{
	*ret = config_default(path);
	struct parser p = {.c = ret};
	const struct reader r = {take_value, take_section, take_error, &p};

	if (len > CONFIG_MAX)
		complain(ret, 0, "%s: has %zu bytes, %d at most are read", path, len, CONFIG_MAX);
	else if (reader_run(&r, data, len) < 0)
		ret->no_memory = true;
	if (ret->no_memory)
		return -ENOMEM;
	return ret->n_errors > 0 ? -EINVAL : 0;
}

int config_read(struct config *ret, const char *path)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len = 0;
	struct err err = {""};

	int r = file_read(AT_FDCWD, path, CONFIG_MAX, &data, &len, &err);
	if (r < 0) {
		*ret = config_default(path);
		complain(ret, 0, "%s", err.text);
		return r;
	}
	return config_parse(ret, path, data, len);
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
	*c = (struct config){0};
}

const struct device_settings *config_settings(const struct config *c, struct slot slot)
{
	for (size_t i = 0; i < c->n_settings; i++)
		if (slot_compare(c->settings[i].slot, slot) == 0)
			return &c->settings[i];
	return NULL;
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
