/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/conffiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char info[] = "var/lib/dpkg/info";

static bool is_drop_in(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash - path >= 2 && slash[-1] == 'd' && slash[-2] == '.';
}

/* Lines of one path each, some with a word before it: remove-on-upgrade (deb-conffiles(5)). */
static bool list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == '\n' || at[-1] == ' ') && strchr("\n\r", at[len]))
			return true;
	return false;
}

static void list_look(const struct root *r, const char *list, struct file_edits *s)
{
	_cleanup_(str_free) char *text = NULL;
	char path[512];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", info, list);
	if (root_read(r, path, &text, &len, NULL) < 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].owner == OWNER_ADMIN && list_has(text, s->v[i].name))
			s->v[i].owner = OWNER_PACKAGE;
}

/* /usr is the packages', whatever lists them. */
static bool is_vendors(const char *path)
{
	return str_starts(path, "usr/");
}

int conffiles_find(const struct root *r, struct file_edits *s)
{
	_cleanup_(strings_done) struct strings lists = {0};
	bool any = false;

	for (size_t i = 0; i < s->n; i++)
		any |= is_drop_in(s->v[i].path);
	for (size_t i = 0; i < s->n; i++)
		if (is_vendors(s->v[i].path))
			s->v[i].owner = OWNER_PACKAGE;
	if (!any)
		return 0;
	if (root_list(r, info, ".conffiles", &lists) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		if (lists.n == 0 && is_drop_in(s->v[i].path) && !is_vendors(s->v[i].path))
			s->v[i].owner = OWNER_UNKNOWN;
	for (size_t i = 0; i < lists.n; i++)
		list_look(r, lists.v[i], s);
	/* /etc/default/grub is the file to edit, even if a package put it there. */
	for (size_t i = 0; i < s->n; i++)
		if (!is_drop_in(s->v[i].path) && !is_vendors(s->v[i].path))
			s->v[i].owner = OWNER_ADMIN;
	return 0;
}
