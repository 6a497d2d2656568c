/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /etc/vfio-bind.conf: no crash, and what the header promises holds. */
#include "core/config.h"

#include "core/config_values.h"
#include "core/profile.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME "f.conf"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* "f.conf:LINE: what", the line one that exists; or "f.conf: what" for the whole file. */
static void check_error(const char *text, unsigned long lines)
{
	must(strncmp(text, NAME ":", strlen(NAME ":")) == 0);
	const char *p = text + strlen(NAME ":");
	if (*p != ' ') {
		char *end;
		unsigned long line = strtoul(p, &end, 10);
		must(end > p && end[0] == ':' && end[1] == ' ' && line >= 1 && line <= lines);
	}
	must(!strchr(text, '\n'));
}

/* What was taken can be said again, word for word, and means the same. */
static void check_selector(const struct selector *s)
{
	struct selector again = {0};
	struct err err;

	switch (s->kind) {
	case SELECT_ID:
		must(parse_id(s->text, &again, &err));
		must(memcmp(&s->id, &again.id, sizeof(s->id)) == 0);
		break;
	case SELECT_ADDRESS:
		must(parse_address(s->text, &again, &err));
		must(pci_addr_compare(s->addr, again.addr) == 0 &&
			s->any_function == again.any_function);
		break;
	case SELECT_PATH:
		must(parse_path(s->text, &again, &err));
		must(s->steps == again.steps && s->steps >= 1 && s->steps <= PCI_PATH_MAX);
		break;
	case SELECT_SERIAL:
		must(parse_serial(s->text, &again, &err) && s->serial == again.serial);
		break;
	case SELECT_GPUS:
		break;
	}
}

/* Each profile can be chosen, and what is in effect then is its own. */
static void check_profile(struct config *c, const char *name, size_t number)
{
	size_t n = 0;

	must(profile_choose(c, name) == 0);
	for (size_t i = 0; i < c->n_all_selectors; i++) {
		must((c->selectors[i].profile == number) == (i < c->n_selectors));
		n += c->selectors[i].profile == number;
	}
	must(n == c->n_selectors && c->n_profiles <= PROFILES_MAX);
	for (size_t i = 0; i < c->n_merged; i++)
		must(config_settings(c, c->merged[i].addr) == &c->merged[i]);
}

static int parse(struct config *c, const char *data, size_t size, const char *tail)
{
	size_t more = strlen(tail);
	char *copy = malloc(
		size + more + 1); /* exactly: the sanitizer sees the first byte behind */

	must(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	memcpy(copy + size, tail, more + 1);
	int r = config_parse(c, NAME, copy, size + more);
	free(copy);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned long lines = 1;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';

	struct config c;
	int r = parse(&c, (const char *)data, size, "");
	must(r == 0 || r == -EINVAL);
	must((r == 0) == (c.n_errors == 0));
	for (size_t i = 0; i < c.n_errors; i++)
		check_error(c.errors[i], lines);
	if (r == 0) {
		must(size == 0 || !memchr(data, '\0', size));
		for (size_t i = 0; i < c.n_selectors; i++)
			check_selector(&c.selectors[i]);
	}
	for (size_t i = 0; r == 0 && i <= c.n_profiles; i++)
		check_profile(&c, i < c.n_profiles ? c.profiles[i].name : PROFILE_NONE, i + 1);
	config_done(&c);

	/* One bad line is enough, whatever stands before it. */
	must(parse(&c, (const char *)data, size, "\nnonsense\n") == -EINVAL);
	config_done(&c);
	return 0;
}
