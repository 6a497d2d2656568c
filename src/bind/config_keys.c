/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/config_parser.h"

#include "base/str.h"
#include "bind/boot_history.h"
#include "bind/config_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS ", \t"

typedef bool (*value_reader)(const char *word, struct selector *ret, struct err *err);

static void add_selector(
	struct config_parser *p, unsigned line, bool exclude, const char *word, value_reader read)
{
	struct config *c = p->c;
	struct selector s = {.exclude = exclude, .line = line};
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

static void set_driver(struct config_parser *p, unsigned line, const char *word)
{
	struct err err = {""};

	if (!parse_driver(word, &err))
		config_error(p->c, line, "%s", err.text);
	else
		(void)str_copy(p->now->driver, sizeof(p->now->driver), word);
}

static void bind_id(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, parse_id);
}

static void bind_address(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, parse_address);
}

static void bind_path(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, parse_path);
}

static void bind_serial(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, false, word, parse_serial);
}

static void exclude_id(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, parse_id);
}

static void exclude_address(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, parse_address);
}

static void exclude_path(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, parse_path);
}

static void exclude_serial(struct config_parser *p, unsigned line, const char *word)
{
	add_selector(p, line, true, word, parse_serial);
}

static void bind_gpus(struct config_parser *p, unsigned line, const char *word)
{
	if (str_equal(word, "non-boot"))
		add_selector(p, line, false, word, value_gpus);
}

static void set_companions(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->companions = str_equal(word, "yes");
}

static void set_boot_vga(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->may_take_boot_vga = str_equal(word, "allow");
}

static void set_last_display(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->may_take_last_display = str_equal(word, "allow");
}

static void set_network(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->may_take_network = str_equal(word, "allow");
}

static void set_keyboard(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->may_take_keyboard = str_equal(word, "allow");
}

static void set_strict_groups(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->strict_groups = str_equal(word, "yes");
}

static void set_on_failure(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->hold_on_failure = str_equal(word, "hold");
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

static void set_efivarfs(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->load_efivarfs = str_equal(word, "load");
}

static void set_load(struct config_parser *p, unsigned line, const char *word)
{
	(void)line;
	p->c->load_in_background = str_equal(word, "background");
}

/* Every key of the file. One with choices takes exactly one of them; a key that takes one value
 * may stand once, a list may go on with its key written again. */
static const struct key {
	enum section section;
	const char *name;
	void (*take)(struct config_parser *p, unsigned line, const char *word);
	const char *choice[2];
	bool single;
} keys[] = {
	{SECTION_BIND, "ids", bind_id, {NULL}, false},
	{SECTION_BIND, "addresses", bind_address, {NULL}, false},
	{SECTION_BIND, "paths", bind_path, {NULL}, false},
	{SECTION_BIND, "serials", bind_serial, {NULL}, false},
	{SECTION_BIND, "gpus", bind_gpus, {"none", "non-boot"}, true},
	{SECTION_BIND, "companions", set_companions, {"yes", "no"}, true},
	{SECTION_EXCLUDE, "ids", exclude_id, {NULL}, false},
	{SECTION_EXCLUDE, "addresses", exclude_address, {NULL}, false},
	{SECTION_EXCLUDE, "paths", exclude_path, {NULL}, false},
	{SECTION_EXCLUDE, "serials", exclude_serial, {NULL}, false},
	{SECTION_GUARD, "boot_vga", set_boot_vga, {"exclude", "allow"}, true},
	{SECTION_GUARD, "last_display", set_last_display, {"exclude", "allow"}, true},
	{SECTION_GUARD, "network", set_network, {"exclude", "allow"}, true},
	{SECTION_GUARD, "keyboard", set_keyboard, {"exclude", "allow"}, true},
	{SECTION_GUARD, "on_failure", set_on_failure, {"release", "hold"}, true},
	{SECTION_GUARD, "failed_boots", set_failed_boots, {NULL}, true},
	{SECTION_GUARD, "efivarfs", set_efivarfs, {"auto", "load"}, true},
	{SECTION_GUARD, "strict_groups", set_strict_groups, {"yes", "no"}, true},
	{SECTION_MODULES, "load", set_load, {"early", "background"}, true},
	{SECTION_MODULES, "before", add_module, {NULL}, false},
	{SECTION_MODULES, "options", add_option, {NULL}, false},
	{SECTION_DEVICE, "driver", set_driver, {NULL}, true},
	{SECTION_DEVICE, "rebar", add_rebar, {NULL}, false},
};
#define N_KEYS (sizeof(keys) / sizeof(*keys))

/* The words of a list, or the one value of a key that takes one. */
static void take_words(
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
		key->take(p, line, word);
	}
	if (key->single && words == 0)
		config_error(
			p->c, line, "%s has no value; write one, or leave the key out", key->name);
}

static void unknown_key(
	struct config_parser *p, unsigned line, enum section section, const char *name)
{
	char known[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].section == section && used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
				used ? ", " : "", keys[i].name);
	config_error(p->c, line, "unknown key '%s' in [%s]; valid: %s", name, section_name(section),
		known);
}

void config_set_key(struct config_parser *p, unsigned line, enum section section, const char *name,
	const char *value)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		if (keys[i].section != section || !str_equal(keys[i].name, name))
			continue;
		if (keys[i].single && p->seen_single & 1U << i)
			config_error(p->c, line, "duplicate key '%s'; remove one of them", name);
		p->seen_single |= 1U << i;
		take_words(p, line, &keys[i], value);
		return;
	}
	unknown_key(p, line, section, name);
}
