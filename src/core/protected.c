/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/protected.h"

#include "base/array.h"
#include "core/config_values.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"storage", "network", "keyboard", "route"};
#define N_KINDS (sizeof(kinds) / sizeof(*kinds))

static const char *const doubts[UNKNOWN_KINDS] = {
	"unknown-network", "unknown-route", "unknown-keyboard"};

/* Address, id, class, path; then the reason. */
#define WORDS 4

void protected_done(struct protected_list *k)
{
	free(k->at);
	*k = (struct protected_list){0};
}

void protected_set_path(struct protected_dev *one, const char *path)
{
	if (!parse_path(path, &one->path, NULL) || one->path.any_function || one->path.has_id)
		one->path = (struct selector){0};
}

/* Names of disks and mount points may contain any byte; a record consists of lines. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int protected_add(struct protected_list *k, const struct protected_dev *one)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].kind == one->kind && pci_id_matches(&k->at[i].id, &one->id) &&
			pci_addr_compare(k->at[i].addr, one->addr) == 0)
			return 0;
	if (k->n == PROTECTED_MAX) {
		protected_set_unknown(k, "there is more than %d functions", PROTECTED_MAX);
		return 0;
	}
	struct protected_dev *at = array_grow(k->at, k->n, &k->size, sizeof(*at));
	if (!at)
		return -ENOMEM;
	k->at = at;
	k->at[k->n] = *one;
	make_plain(k->at[k->n++].reason);
	return 0;
}

static void say_first(char text[static PROTECTED_REASON_MAX], const char *fmt, va_list ap)
	_printf_(2, 0);
static void say_first(char text[static PROTECTED_REASON_MAX], const char *fmt, va_list ap)
{
	if (text[0])
		return;
	(void)vsnprintf(text, PROTECTED_REASON_MAX, fmt, ap);
	make_plain(text);
}

void protected_set_unknown(struct protected_list *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_first(k->unknown, fmt, ap);
	va_end(ap);
}

void protected_set_unknown_kind(
	struct protected_list *k, enum protected_unknown what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_first(k->doubts[what], fmt, ap);
	va_end(ap);
}

const char *protected_unknown_kind(const struct protected_list *k, enum protected_unknown what)
{
	if (k->doubts[what][0])
		return k->doubts[what];
	if (what == UNKNOWN_ROUTE && !k->route_elsewhere && !protected_has(k, PROTECTED_ROUTE))
		return "the image's record does not say which NIC it is";
	return NULL;
}

bool protected_is_complete(const struct protected_list *k)
{
	return k->ended && !k->unknown[0];
}

bool protected_has(const struct protected_list *k, enum protected_kind kind)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].kind == kind)
			return true;
	return false;
}

static void path_format(const struct selector *path, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%04x:%02x:", path->domain, path->bus);

	for (unsigned i = 0; i < path->steps && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%02x.%x", i ? "/" : "",
			path->step[i].device, path->step[i].function);
	if (path->steps == 0)
		(void)str_copy(buf, size, "-");
}

void protected_format(const struct protected_list *k, struct text *t)
{
	char address[PCI_ADDR_MAX], path[SELECTOR_TEXT_MAX];

	for (size_t i = 0; i < k->n; i++) {
		const struct protected_dev *one = &k->at[i];
		path_format(&one->path, path, sizeof(path));
		text_print(t, "keep %s %s %04x:%04x %06x %s %s\n", kinds[one->kind],
			pci_addr_format(one->addr, address), one->id.vendor, one->id.device,
			one->class, path, one->reason);
	}
	if (k->keyboard_elsewhere)
		text_print(t, "keep elsewhere a keyboard that is on no PCI function\n");
	if (k->route_elsewhere)
		text_print(t,
			"keep route-elsewhere the default route goes over a NIC that is on no PCI function\n");
	if (k->unknown[0])
		text_print(t, "keep unknown %s\n", k->unknown);
	for (size_t i = 0; i < UNKNOWN_KINDS; i++)
		if (k->doubts[i][0])
			text_print(t, "keep %s %s\n", doubts[i], k->doubts[i]);
	if (k->ended)
		text_print(t, "keep end\n");
}

static bool parse_dev(const char *line, struct protected_dev *ret)
{
	char words[WORDS][SELECTOR_TEXT_MAX];

	for (size_t i = 0; i < WORDS; i++)
		if (!str_next_word(&line, words[i], sizeof(words[i])))
			return false;
	const char *class = words[2];
	if (!pci_addr_parse(words[0], &ret->addr) || !pci_id_parse(words[1], &ret->id) ||
		!str_hex_fixed(&class, 6, &ret->class) || *class != '\0')
		return false;
	protected_set_path(ret, words[3]);
	if (ret->path.steps == 0 && !str_equal(words[3], "-"))
		return false;
	(void)str_copy(ret->reason, sizeof(ret->reason), line);
	return true;
}

int protected_parse(struct protected_list *k, const char *line)
{
	struct protected_dev one = {0};
	char kind[20];

	if (!str_next_word(&line, kind, sizeof(kind)))
		kind[0] = '\0';
	for (size_t i = 0; i < N_KINDS; i++) {
		if (!str_equal(kind, kinds[i]))
			continue;
		one.kind = (enum protected_kind)i;
		if (parse_dev(line, &one))
			return protected_add(k, &one);
	}
	for (size_t i = 0; i < UNKNOWN_KINDS; i++)
		if (str_equal(kind, doubts[i])) {
			protected_set_unknown_kind(k, (enum protected_unknown)i, "%s", line);
			return 0;
		}
	if (str_equal(kind, "elsewhere"))
		k->keyboard_elsewhere = true;
	else if (str_equal(kind, "route-elsewhere"))
		k->route_elsewhere = true;
	else if (str_equal(kind, "end"))
		k->ended = true;
	else if (str_equal(kind, "unknown"))
		protected_set_unknown(k, "%s", line);
	else
		protected_set_unknown(
			k, "the record has a line that can't be read: %.60s %.60s", kind, line);
	return 0;
}
