/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/conffiles.h"

#include "shared/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX ((size_t)16 << 20) /* all files of a package, in pacman's lists */
#define RPM_SECONDS 10

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

/* Marks what this list has. `root`: what its paths begin with. */
static void list_look(
	const struct root *r, const char *list, const char *root, struct file_edits *s)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read_large(r, list, LIST_MAX, &text, &len, NULL) < 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].owner == OWNER_ADMIN &&
			list_has(text, s->v[i].name + (root[0] ? 0 : strlen("/"))))
			s->v[i].owner = OWNER_PACKAGE;
}

/* dpkg: a list of conffiles for each package that has some. *ret_known: it is there. */
static int dpkg_look(const struct root *r, struct file_edits *s, bool *ret_known)
{
	static const char info[] = "var/lib/dpkg/info";
	_cleanup_(strings_done) struct strings lists = {0};
	char path[512];

	if (root_list(r, info, ".conffiles", &lists) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < lists.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", info, lists.v[i]);
		list_look(r, path, "/", s);
	}
	*ret_known = lists.n > 0;
	return 0;
}

/* pacman: %FILES% in local/PACKAGE/files, a path a line, without the slash before it; what is in
 * %BACKUP% is there, too (alpm, lib/libalpm/be_local.c). */
static int pacman_look(const struct root *r, struct file_edits *s, bool *ret_known)
{
	static const char local[] = "var/lib/pacman/local";
	_cleanup_(strings_done) struct strings packages = {0};
	char path[512];

	if (root_list(r, local, "", &packages) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < packages.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s/files", local, packages.v[i]);
		*ret_known |= root_is_file(r, path);
		list_look(r, path, "", s);
	}
	return 0;
}

static bool rpm_says(const char *option, const char *what)
{
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	const char *argv[] = {"rpm", option, what, NULL};
	const struct spawn_job job = {
		.argv = argv, .name = argv[0], .in = -1, .seconds = RPM_SECONDS};
	struct err ignored = {0};

	return spawn_bounded(&job, &result, &ignored) == 0;
}

/* rpm: its database is rpm's own affair, so rpm is asked, on the running system (rpm(8), -qf: 0 if
 * a package owns the file). It knows itself, or its database can't be read. */
static void rpm_look(const struct root *r, struct file_edits *s, bool *ret_known)
{
	*ret_known = r->host && rpm_says("-q", "rpm");
	for (size_t i = 0; i < s->n && *ret_known; i++)
		if (s->v[i].old && is_drop_in(s->v[i].path) && s->v[i].owner == OWNER_ADMIN &&
			rpm_says("-qf", s->v[i].name))
			s->v[i].owner = OWNER_PACKAGE;
}

/* rpm's database of a system that does not run, in each of its formats: SQLite, ndb, Berkeley DB.
 * Only rpm itself reads them, and no program of such a system is run. NULL: there is none. */
static const char *rpm_database(const struct root *r)
{
	static const char *const paths[] = {"usr/lib/sysimage/rpm/rpmdb.sqlite",
		"usr/lib/sysimage/rpm/Packages.db", "var/lib/rpm/rpmdb.sqlite",
		"var/lib/rpm/Packages.db", "var/lib/rpm/Packages", NULL};

	for (const char *const *p = paths; *p; p++)
		if (root_is_file(r, *p))
			return *p;
	return NULL;
}

/* Says why it is not known whose a file is. */
static int unknown_note(struct file_edits *s, const struct file_edit *f, const char *database)
{
	struct text note = {0};

	text_print(&note,
		"%s: whose file it is is not known, for /%s is read by rpm alone, on the running system: no word is added to it unless it sets the line anew",
		f->name, database);
	return strings_take(&s->notes, note.data);
}

/* /usr is the packages', whatever lists them. */
static bool is_vendors(const char *path)
{
	return str_starts(path, "usr/");
}

int conffiles_find(const struct root *r, struct file_edits *s)
{
	bool any = false, known = false;

	for (size_t i = 0; i < s->n; i++) {
		any |= is_drop_in(s->v[i].path) && s->v[i].old;
		if (is_vendors(s->v[i].path))
			s->v[i].owner = OWNER_PACKAGE;
	}
	if (!any)
		return 0;
	int rc = dpkg_look(r, s, &known);
	if (rc == 0 && !known)
		rc = pacman_look(r, s, &known);
	if (rc < 0)
		return rc;
	if (!known)
		rpm_look(r, s, &known);
	const char *database = known || r->host ? NULL : rpm_database(r);
	for (size_t i = 0; i < s->n; i++) {
		if (known || !is_drop_in(s->v[i].path) || is_vendors(s->v[i].path))
			continue;
		s->v[i].owner = OWNER_UNKNOWN;
		if (database && s->v[i].old && unknown_note(s, &s->v[i], database) < 0)
			return -ENOMEM;
	}
	/* /etc/default/grub is the file to edit, even if a package put it there. */
	for (size_t i = 0; i < s->n; i++)
		if (!is_drop_in(s->v[i].path) && !is_vendors(s->v[i].path))
			s->v[i].owner = OWNER_ADMIN;
	return 0;
}
