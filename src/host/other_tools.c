/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/other_tools.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"
#include "core/kmod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (1UL << 20)

#define BLANKS " \t"

const char *const other_tools_settings[] = {"/etc/modprobe.d", "/run/modprobe.d",
	"/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d", NULL};

const char *const other_tools_scripts[] = {"/usr/local/bin/vfio-pci-override.sh",
	"/usr/bin/vfio-pci-override.sh", "/sbin/vfio-pci-override.sh",
	"/usr/sbin/vfio-pci-override", "/etc/initcpio/hooks/vfio", "/etc/initcpio/install/vfio",
	"/etc/initramfs-tools/scripts/init-top/vfio.sh",
	"/etc/initramfs-tools/scripts/init-top/bind_vfio.sh", NULL};

const char *other_tools_module(char **line)
{
	const char *command = strtok_r(*line, BLANKS, line), *module = strtok_r(NULL, BLANKS, line);

	if (!command || !module || !str_equal(command, "options") || !module_takes_ids(module))
		return NULL;
	return module;
}

/* ---- modprobe.d ------------------------------------------------------------------------------ */

/* As libkmod takes files (conf_files_filter_out in libkmod/libkmod-config.c). */
static bool is_settings(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && str_equal(name + len - 5, ".conf");
}

static bool is_hidden(int root, size_t directory, const char *name)
{
	char path[512];
	struct stat st;

	for (size_t i = 0; i < directory; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", other_tools_settings[i], name);
		if (fstatat(root, path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

/* Ends the line at *text, joined with those that continue it, and moves *text to the next one. */
static char *next_line(char **text, unsigned *number)
{
	char *line = *text, *end = line + strcspn(line, "\n");

	for (++*number; *end && end > line && end[-1] == '\\'; ++*number) {
		end[-1] = end[0] = ' ';
		end += strcspn(end, "\n");
	}
	*text = *end ? end + 1 : NULL;
	*end = '\0';
	return line;
}

static int read_settings(int root, const char *path,
	int (*each)(const struct modprobe_line *line, void *to), void *to)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	unsigned number = 0;
	int r = file_read(root, path + 1, FILE_MAX, &text, &len, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *at = text; r == 0 && at;) {
		struct modprobe_line l = {.path = path, .number = number + 1};
		l.rest = next_line(&at, &number);
		l.command = strtok_r(l.rest, BLANKS, &l.rest);
		l.module = l.command ? strtok_r(NULL, BLANKS, &l.rest) : NULL;
		if (l.module && l.command[0] != '#')
			r = each(&l, to);
	}
	return r;
}

int other_tools_modprobe(
	int root, int (*each)(const struct modprobe_line *line, void *to), void *to)
{
	char path[512];
	int r = 0;

	for (size_t i = 0; r == 0 && other_tools_settings[i]; i++) {
		_cleanup_(dir_names_done) struct dir_names names = {0};
		if (dir_list(&names, root, other_tools_settings[i] + 1, is_settings, NULL) ==
			-ENOMEM)
			return -ENOMEM;
		for (size_t k = 0; r == 0 && k < names.n; k++) {
			(void)snprintf(
				path, sizeof(path), "%s/%s", other_tools_settings[i], names.at[k]);
			if (!is_hidden(root, i, names.at[k]))
				r = read_settings(root, path, each, to);
		}
	}
	return r;
}

static void drop_quotes(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != '"')
			*to++ = *s;
	*to = '\0';
}

char *other_tools_ids(char **options)
{
	for (char *word; (word = strtok_r(NULL, BLANKS, options));)
		if (str_starts(word, "ids=") && word[4]) {
			drop_quotes(word);
			return word + 4;
		}
	return NULL;
}
