/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other tools were told, as `check` and `init --import` read it: the lines that matter, at
 * their numbers. */
#include "cmd/other_tools.h"
#include "cmd/record.h"
#include "pci/address.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void each_file(const struct record_root *r, const char *directory,
	void (*put)(const struct record_root *r, const char *directory, const char *name))
{
	struct dirent **names = NULL;
	int n = scandirat(r->fd, directory, &names, is_visible, alphasort);

	for (int i = 0; i < n; i++) {
		if (!strpbrk(names[i]->d_name, " \t\n"))
			put(r, directory, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static char *read_in(const struct record_root *r, const char *directory, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%.200s/%.255s", directory, name);
	return record_read(r, path);
}

/* Of "options vfio-pci ids=10de:2204 x=y" what gives ids. */
static void print_setting(struct text *t, char *line)
{
	const char *module = other_tools_module(&line);

	if (!module)
		return;
	text_print(t, "options %s", module);
	for (char *word; (word = strtok_r(NULL, BLANKS, &line));)
		if (str_starts(word, "ids="))
			text_print(t, " %s", word);
}

static void print_settings(const struct record_root *r, const char *directory, const char *name)
{
	_cleanup_(text_done) struct text t = {0};
	_cleanup_(str_free) char *text = read_in(r, directory, name);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		print_setting(&t, line);
		text_print(&t, "\n");
	}
	if (t.data && strstr(t.data, " ids="))
		record_root_file(r, directory, name, &t);
}

static void print_override(const struct record_root *r, const char *directory, const char *name)
{
	_cleanup_(str_free) char *text = read_in(r, directory, name);
	struct pci_addr addr;

	if (!text || !str_starts(name, "pci-") || !pci_addr_parse(name + 4, &addr))
		return;
	text[strcspn(text, " \t\n")] = '\0';
	const struct text t = {.data = text};
	record_root_file(r, directory, name, &t);
}

/* Of a script that binds the addresses in DEVS= these. */
static void print_script(const struct record_root *r, const char *directory, const char *name)
{
	_cleanup_(text_done) struct text t = {0};
	_cleanup_(str_free) char *text = read_in(r, directory, name);
	struct pci_addr addr;

	if (!text || !strstr(text, "driver_override") || !strstr(text, "vfio-pci"))
		return;
	text_print(&t, "# driver_override vfio-pci\n");
	for (char *at = text, *word; (at = strstr(at, "DEVS="));) {
		at += strlen("DEVS=");
		char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
		char *end = at + strcspn(at, quote ? (char[]){quote, '\0'} : " \t\n");
		_cleanup_(str_free) char *list = strndup(at, (size_t)(end - at));
		char *rest = list;
		text_print(&t, "DEVS=\"");
		while ((word = strsep(&rest, " \t\n")))
			if (pci_addr_parse(word, &addr))
				text_print(&t, "%s ", word);
		text_print(&t, "\"\n");
		at = end;
	}
	record_root_file(r, directory, name, &t);
}

/* That it is there is what counts. */
static void print_guides_script(const struct record_root *r, const char *path)
{
	char directory[64];
	const char *last = strrchr(path, '/');
	_cleanup_(str_free) char *text = record_read(r, path);

	if (!text)
		return;
	(void)snprintf(directory, sizeof(directory), "%.*s", (int)(last - path), path);
	if (strstr(text, "driver_override") && strstr(text, "vfio-pci"))
		print_script(r, directory, last + 1);
	else
		record_root_file(r, directory, last + 1, &(const struct text){0});
}

void record_others(const struct record_root *r)
{
	for (const char *const *at = other_tools_settings; *at; at++)
		each_file(r, *at + 1, print_settings);
	each_file(r, &OTHER_TOOLS_OVERRIDES[1], print_override);
	for (const char *const *at = other_tools_scripts; *at; at++)
		print_guides_script(r, *at + 1);
}
