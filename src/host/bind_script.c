/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/bind_script.h"

#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

void bind_script_done(struct bind_script *s)
{
	free(s->addresses);
	free(s->ids);
	*s = (struct bind_script){0};
}

static int add_address(struct bind_script *s, struct pci_addr addr)
{
	for (size_t i = 0; i < s->n_addresses; i++)
		if (pci_addr_compare(s->addresses[i], addr) == 0)
			return 0;
	struct pci_addr *more = reallocarray(s->addresses, s->n_addresses + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->addresses = more;
	s->addresses[s->n_addresses++] = addr;
	return 0;
}

static int add_id(struct bind_script *s, uint32_t vendor, uint32_t device)
{
	struct pci_id *more = reallocarray(s->ids, s->n_ids + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->ids = more;
	s->ids[s->n_ids++] = (struct pci_id){vendor, device, PCI_ANY, PCI_ANY};
	return 0;
}

/* ---- words -------------------------------------------------------------------------------------
 */

/* Ends the line where its comment begins (XCU 2.3: `#` at the beginning of a word). */
static void drop_comment(char *line)
{
	char quote = '\0';

	for (char *p = line; *p; p++) {
		if (quote) {
			quote = *p == quote ? '\0' : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (*p == '#' && (p == line || strchr(" \t;(", p[-1]))) {
			*p = '\0';
			return;
		}
	}
}

static bool part_of_address(char c)
{
	return isalnum((unsigned char)c) || c == ':' || c == '.' || c == '_' || c == '-';
}

/*
 * The next address after *at; *at moves behind it. Without a domain only where `short_form`:
 * "0a:00.0" of a script that puts 0000: in front of it.
 */
static bool next_address(const char **at, bool short_form, struct pci_addr *ret)
{
	for (const char *p = *at; *p; p++) {
		char word[PCI_ADDR_MAX];
		size_t len = 0;
		if (p > *at && part_of_address(p[-1]))
			continue;
		while (part_of_address(p[len]))
			len++;
		if (len == 0)
			continue;
		bool has_domain = len == strlen("0000:00:00.0");
		if (has_domain || (short_form && len == strlen("00:00.0"))) {
			(void)snprintf(word, sizeof(word), "%.*s", (int)len, p);
			if (pci_addr_parse(word, ret)) {
				*at = p + len;
				return true;
			}
		}
		p += len - 1;
	}
	return false;
}

/* ---- lines -------------------------------------------------------------------------------------
 */

struct reading {
	struct bind_script *to;
	bool short_form;
	unsigned line;
};

static bool begins_with(const char *line, const char *const *words)
{
	for (; *words; words++) {
		size_t len = strlen(*words);
		if (strncmp(line, *words, len) == 0 && !isalnum((unsigned char)line[len]))
			return true;
	}
	return false;
}

/* A condition: what it compares need not be bound. */
static bool is_condition(const char *line)
{
	static const char *const words[] = {
		"if", "elif", "case", "while", "until", "test", "[", NULL};

	return begins_with(line, words);
}

/* A word, "=" and a value; "for NAME in"; or a line of nothing but addresses, of a value over
 * several lines. */
static bool is_list(const char *line, bool short_form)
{
	size_t name = 0;
	struct pci_addr addr;

	if (str_starts(line, "for "))
		return true;
	static const char *const words[] = {"export", "local", "readonly", "declare", NULL};
	if (begins_with(line, words))
		return true;
	while (isalnum((unsigned char)line[name]) || line[name] == '_')
		name++;
	if (name > 0 && (line[name] == '=' || str_starts(line + name, "+=")))
		return true;
	const char *at = line;
	bool some = false;
	for (;;) {
		at += strspn(at, " \t\"'()\\;");
		if (!*at)
			return some;
		const char *before = at;
		if (!next_address(&at, short_form, &addr) || at - before > (ptrdiff_t)PCI_ADDR_MAX)
			return false;
		some = true;
	}
}

/* echo or printf with a file that binds; virsh. */
static bool is_command(const char *line)
{
	static const char *const words[] = {"echo", "printf", NULL};

	return begins_with(line, words) &&
	       (strstr(line, "driver_override") || strstr(line, "bind") ||
		       strstr(line, "drivers_probe"));
}

/* virsh nodedev-detach pci_0000_0a_00_0 */
static int take_nodedev(struct reading *g, const char *line)
{
	const char *at = strstr(line, "nodedev-detach");
	char word[PCI_ADDR_MAX];
	struct pci_addr addr;

	at = at ? strstr(at, "pci_") : NULL;
	if (!at || strlen(at) < strlen("pci_0000_00_00_0"))
		return 0;
	(void)snprintf(word, sizeof(word), "%.12s", at + strlen("pci_"));
	word[4] = word[7] = ':';
	word[10] = '.';
	return pci_addr_parse(word, &addr) ? add_address(g->to, addr) : 0;
}

/* echo "10de 1f02" > /sys/bus/pci/drivers/vfio-pci/new_id. 1: taken. */
static int take_new_id(struct reading *g, const char *line)
{
	static const char *const words[] = {"echo", "printf", NULL};
	uint32_t vendor, device;

	if (!begins_with(line, words) || !strstr(line, "new_id"))
		return 0;
	const char *at = line + strcspn(line, BLANKS);
	at += strspn(at, " \t\"'");
	if (!str_hex(&at, 4, &vendor) || strspn(at, BLANKS) == 0)
		return 0;
	at += strspn(at, BLANKS);
	if (!str_hex(&at, 4, &device))
		return 0;
	int r = add_id(g->to, vendor, device);
	return r < 0 ? r : 1;
}

static void mark_unclear(struct reading *g)
{
	if (g->to->unclear == 0)
		g->to->unclear = g->line;
}

static int take_line(struct reading *g, const char *line)
{
	const char *at = line;
	struct pci_addr addr;
	int r = take_nodedev(g, line);

	if (r == 0)
		r = take_new_id(g, line);
	if (r != 0)
		return r < 0 ? r : 0;
	bool mine = !is_condition(line) && (is_list(line, g->short_form) || is_command(line));
	while (r == 0 && next_address(&at, g->short_form, &addr)) {
		if (mine)
			r = add_address(g->to, addr);
		else
			mark_unclear(g);
	}
	if (strstr(line, "/boot_vga"))
		g->to->non_boot = true;
	if (strstr(line, "iommu_group") || strstr(line, "new_id"))
		mark_unclear(g);
	return r;
}

/* The line that first mentions vfio-pci or of an override. */
static unsigned line_of_binding(const char *text)
{
	const char *at = strstr(text, "driver_override");
	unsigned line = 1;

	at = at ? at : strstr(text, "vfio");
	for (const char *p = text; at && p < at; p++)
		line += *p == '\n';
	return line;
}

int bind_script_read(struct bind_script *ret, const char *text)
{
	_cleanup_(str_free) char *copy = strdup(text);
	struct reading g = {.to = ret,
		.short_form = strstr(text, "0000:$") || strstr(text, "0000:\"$") ||
			      strstr(text, "0000:'$") || str_starts(text, "BIND=")}; /* Unraid */
	char *rest = copy, *line;
	int r = 0;

	*ret = (struct bind_script){0};
	if (!copy)
		return -ENOMEM;
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		g.line++;
		drop_comment(line);
		r = take_line(&g, line + strspn(line, BLANKS));
	}
	if (r == 0 && ret->n_addresses == 0 && ret->n_ids == 0 && !ret->non_boot &&
		ret->unclear == 0)
		ret->unclear = line_of_binding(text);
	/* Addresses say it better than the loop that leaves the boot display out. */
	if (ret->n_addresses > 0)
		ret->non_boot = false;
	return r;
}
