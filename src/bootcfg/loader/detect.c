/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/detect.h"

#include "base/file.h"
#include "bootcfg/format/shell.h"
#include "bootcfg/kargs/karg.h"
#include "shared/mounts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void detect_done(struct detect *s)
{
	free(s->os_id);
	free(s->os_like);
	free(s->machine_id);
	free(s->token);
	free(s->grub_cfg);
	strings_done(&s->roots);
	strings_done(&s->boots);
	strings_done(&s->unmounted);
	esps_done(&s->esps);
	*s = (struct detect){0};
}

char *detect_shell_value(const struct root *r, const char *path, const char *name)
{
	_cleanup_(str_free) char *text = NULL;
	_cleanup_(shell_done) struct shell shell = {0};
	_cleanup_(shell_vars_done) struct shell_vars vars = {.bash = true};
	size_t len;

	if (root_read(r, path, &text, &len, NULL) < 0 ||
		shell_read(path, text, len, &shell, NULL) < 0 ||
		shell_run(&vars, &shell, 0, path, text, NULL) < 0)
		return NULL;
	const struct shell_var *var = shell_var_find(&vars, name);
	if (!var || !var->set || var->unknown || var->command)
		return NULL;
	struct text value = {0};
	text_add(&value, "", 0);
	for (size_t i = 0; i < var->value.n; i++)
		text_add(&value, &var->value.cell[i].c, 1);
	return value.data;
}

char *detect_below_boots(const struct detect *s, const char *const *names)
{
	for (const char *const *n = names; *n; n++) {
		for (size_t i = 0; i < s->boots.n; i++) {
			_cleanup_(str_free) char *path = NULL;
			if (asprintf(&path, "%s/%s", s->boots.v[i], *n) < 0)
				path = NULL;
			if (path && root_is_file(s->root, path))
				return strdup(path);
		}
	}
	return NULL;
}

char *detect_entry(const struct detect *s, detect_wanted *wanted, const void *with)
{
	for (size_t i = 0; i < s->boots.n; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char dir[1024];
		(void)snprintf(dir, sizeof(dir), "%s/loader/entries", s->boots.v[i]);
		(void)!root_list(s->root, dir, ".conf", &names);
		for (size_t n = 0; n < names.n; n++) {
			char path[2048];
			(void)snprintf(path, sizeof(path), "%s/%s", dir, names.v[n]);
			if (wanted(s->root, names.v[n], path, with))
				return strdup(path);
		}
	}
	return NULL;
}

static bool ends_with(const struct root *r, const char *name, const char *path, const void *suffix)
{
	(void)r;
	(void)path;
	return str_ends(name, suffix);
}

bool detect_has_entry(const struct detect *s, const char *suffix)
{
	_cleanup_(str_free) char *path = detect_entry(s, ends_with, suffix);

	return path != NULL;
}

static bool file_known(const struct root *r, const char *path, const struct strings *list)
{
	struct stat here, there;
	_cleanup_(fd_close) int fd = root_fd(r, path, O_PATH);

	if (fd < 0 || fstat(fd, &here) < 0)
		return true;
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_(fd_close) int other = root_fd(r, list->v[i], O_PATH);
		if (other >= 0 && fstat(other, &there) == 0 && here.st_ino == there.st_ino &&
			here.st_dev == there.st_dev)
			return true;
	}
	return false;
}

/* What is to be found below a directory: names of files in the directories that a pattern has. */
struct file_search {
	const struct root *r;
	const char *const *names;
	struct strings *to;
};

static bool name_is_one_of(const char *name, const char *const *names)
{
	for (const char *const *n = names; *n; n++)
		if (strcasecmp(name, *n) == 0)
			return true;
	return false;
}

static int files_match(const struct file_search *q, const char *dir, const char *pattern)
{
	_cleanup_(strings_done) struct strings names = {0};
	size_t len = strcspn(pattern, "/");
	int rc = 0;

	(void)!root_list(q->r, dir, "", &names);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		const char *name = names.v[i];
		_cleanup_(text_done) struct text path = {0};
		text_print(&path, "%s/%s", dir, name);
		if (path.failed)
			return -ENOMEM;
		if (len == 0 && name_is_one_of(name, q->names) && root_is_file(q->r, path.data) &&
			!file_known(q->r, path.data, q->to))
			rc = strings_add(q->to, path.data);
		else if (len > 0 && root_is_dir(q->r, path.data) &&
			 (pattern[0] == '*' ||
				 (strlen(name) == len && strncasecmp(name, pattern, len) == 0)))
			rc = files_match(
				q, path.data, pattern[len] == '/' ? pattern + len + 1 : "");
	}
	return rc;
}

int detect_boot_files(const struct detect *s, const char *const *dirs, const char *const *names,
	struct strings *to)
{
	const struct file_search q = {s->root, names, to};
	int rc = 0;

	for (const char *const *d = dirs; *d; d++)
		for (size_t i = 0; i < s->boots.n && rc == 0; i++)
			rc = files_match(&q, s->boots.v[i], *d);
	return rc;
}

bool detect_is_like(const struct detect *s, const char *id)
{
	if (str_equal(s->os_id, id))
		return true;
	for (const char *p = s->os_like; *p;) {
		size_t len = strcspn(p, " ");
		if (len == strlen(id) && memcmp(p, id, len) == 0)
			return true;
		p += len + (p[len] == ' ');
	}
	return false;
}

static char *word_of_file(const struct root *r, const char *path)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read(r, path, &text, &len, NULL) < 0)
		return NULL;
	text[strcspn(text, " \t\r\n")] = '\0';
	return text[0] ? strdup(text) : NULL;
}

static void os_read(struct detect *s)
{
	const char *path = root_is_file(s->root, "etc/os-release") ? "etc/os-release"
								   : "usr/lib/os-release";

	s->os_id = detect_shell_value(s->root, path, "ID");
	s->os_like = detect_shell_value(s->root, path, "ID_LIKE");
	if (!s->os_id)
		s->os_id = strdup("");
	if (!s->os_like)
		s->os_like = strdup("");
	s->machine_id = word_of_file(s->root, "etc/machine-id");
	if (s->machine_id && strlen(s->machine_id) != 32)
		str_free(&s->machine_id); /* "uninitialized" */
	s->token = word_of_file(s->root, "etc/kernel/entry-token");
}

/* /efi may be a link to /boot/efi: each directory once. */
static bool boot_known(const struct detect *s, const char *dir)
{
	struct stat here, there;
	_cleanup_(fd_close) int fd = root_fd(s->root, dir, O_PATH | O_DIRECTORY);

	if (fd < 0 || fstat(fd, &here) < 0)
		return true;
	for (size_t i = 0; i < s->boots.n; i++) {
		_cleanup_(fd_close) int other = root_fd(s->root, s->boots.v[i], O_PATH);
		if (other >= 0 && fstat(other, &there) == 0 && here.st_ino == there.st_ino &&
			here.st_dev == there.st_dev)
			return true;
	}
	return false;
}

static int boot_add(struct detect *s, const char *dir)
{
	return boot_known(s, dir) ? 0 : strings_add(&s->boots, dir);
}

/* Adds the mount points of boot partitions, at any path. */
static int esps_add(struct detect *s)
{
	int rc = esp_find(s->root, &s->esps);

	for (size_t i = 0; i < s->esps.mounted.n && rc == 0; i++)
		if (!strings_have(&s->boots, s->esps.mounted.v[i]))
			rc = strings_add(&s->boots, s->esps.mounted.v[i]);
	return rc;
}

static bool dir_is_empty(const struct root *r, const char *dir)
{
	_cleanup_(strings_done) struct strings names = {0};
	return root_list(r, dir, "", &names) == 0 && names.n == 0;
}

/* A FAT file system, or anything on /boot, /efi or below, may be $BOOT. */
static bool may_be_boot(const struct mount_row *m)
{
	return m->point[0] == '/' && m->point[1] != '\0' &&
	       (str_equal(m->type, "vfat") || str_equal(m->type, "msdos") ||
		       str_starts(m->point, "/boot") || str_starts(m->point, "/efi"));
}

static int root_add(struct detect *s, const struct mount_row *m)
{
	struct text name = {0};

	if (!str_equal(m->point, "/") || !m->source[0])
		return 0;
	text_print(&name, "%s%s", str_equal(m->type, "zfs") ? "ZFS=" : "", m->source);
	return strings_take(&s->roots, name.data);
}

/* What is mounted at / of the running system; in a chroot that is not in the table. */
static int mounted_root_read(struct detect *s)
{
	_cleanup_(mount_table_done) struct mount_table mounts = {0};
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (!s->root->host || root_read(s->root, "proc/self/mountinfo", &text, &len, NULL) < 0)
		return 0;
	int rc = mount_table_parse(&mounts, text);
	const struct mount_row *m = rc == 0 ? mount_table_at(&mounts, "/") : NULL;
	return m ? root_add(s, m) : rc;
}

/* True if a list of mount options has this one. */
static bool has_option(const char *options, const char *option)
{
	size_t n = strlen(option);

	for (const char *p = options; *p; p += strcspn(p, ","), p += *p == ',')
		if (strncmp(p, option, n) == 0 && (p[n] == '\0' || p[n] == ','))
			return true;
	return false;
}

static int fstab_read(struct detect *s)
{
	_cleanup_(mount_table_done) struct mount_table fstab = {0};
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read(s->root, "etc/fstab", &text, &len, NULL) < 0)
		return 0;
	int rc = mount_table_parse_fstab(&fstab, text);
	for (size_t i = 0; rc == 0 && i < fstab.n; i++) {
		const char *where = fstab.at[i].point + 1;
		if ((rc = root_add(s, &fstab.at[i])) < 0)
			break;
		if (str_equal(fstab.at[i].point, "/"))
			s->root_read_only = has_option(fstab.at[i].options, "ro");
		if (!may_be_boot(&fstab.at[i]))
			continue;
		rc = boot_add(s, where);
		if (rc == 0 && (!root_is_dir(s->root, where) || dir_is_empty(s->root, where)))
			rc = strings_add(&s->unmounted, where);
	}
	return rc;
}

static bool exists_below(const struct detect *s, const char *boot, const char *tail)
{
	char path[1024];
	(void)snprintf(path, sizeof(path), "%s/%s", boot, tail);
	return root_is_file(s->root, path);
}

static void systemd_boot_find(struct detect *s)
{
	for (size_t i = 0; i < s->boots.n && !s->systemd_boot; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char dir[1024];
		(void)snprintf(dir, sizeof(dir), "%s/EFI/systemd", s->boots.v[i]);
		(void)!root_list(s->root, dir, ".efi", &names);
		for (size_t n = 0; n < names.n; n++)
			s->systemd_boot |= str_starts(names.v[n], "systemd-boot");
		s->systemd_boot |= exists_below(s, s->boots.v[i], "loader/loader.conf");
	}
}

/* True if blscfg is a command of its own, not in a comment or a message. */
static bool has_blscfg(const struct root *r, const char *path)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read(r, path, &text, &len, NULL) < 0)
		return false;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		size_t n = strcspn(line, " \t;");
		if ((n == 6 && memcmp(line, "blscfg", 6) == 0) ||
			(n == 6 && memcmp(line, "blsuki", 6) == 0))
			return true;
	}
	return false;
}

/* True if a file is a menu: not one that only leads to another (search, configfile). */
static bool is_menu(const struct root *r, const char *path)
{
	return root_holds(r, path, "menuentry ") || has_blscfg(r, path);
}

static bool same_file(const struct root *r, const char *a, const char *b)
{
	_cleanup_(fd_close) int one = root_fd(r, a, O_PATH), two = root_fd(r, b, O_PATH);
	struct stat st, other;

	return one >= 0 && two >= 0 && fstat(one, &st) == 0 && fstat(two, &other) == 0 &&
	       st.st_dev == other.st_dev && st.st_ino == other.st_ino;
}

/*
 * True if a directory of the ESP belongs to this system: CentOS 7 and openEuler have their menu
 * there, and so may another system on the same disk. Either it has the name of this one, or the
 * link of Red Hat's package leads to the menu.
 */
static bool esp_dir_is_ours(const struct detect *s, const char *name, const char *menu)
{
	bool redhat = detect_is_like(s, "rhel") || detect_is_like(s, "fedora");

	return (s->os_id[0] && strcasecmp(name, s->os_id) == 0) ||
	       (redhat && strcasecmp(name, "redhat") == 0) ||
	       same_file(s->root, "etc/grub2-efi.cfg", menu);
}

/* The menu of this system below one directory with boot files; allocated, or NULL. */
static char *grub_cfg_below(const struct detect *s, const char *boot)
{
	static const char *const dirs[] = {"grub", "grub2", NULL};
	_cleanup_(strings_done) struct strings names = {0};
	char path[1024];

	for (const char *const *d = dirs; *d; d++) {
		(void)snprintf(path, sizeof(path), "%s/%s/grub.cfg", boot, *d);
		if (root_is_file(s->root, path) && is_menu(s->root, path))
			return strdup(path);
	}
	(void)snprintf(path, sizeof(path), "%s/EFI", boot);
	(void)!root_list(s->root, path, "", &names);
	for (size_t n = 0; n < names.n; n++) {
		(void)snprintf(path, sizeof(path), "%s/EFI/%s/grub.cfg", boot, names.v[n]);
		if (root_is_file(s->root, path) && is_menu(s->root, path) &&
			esp_dir_is_ours(s, names.v[n], path))
			return strdup(path);
	}
	return NULL;
}

static char *grub_cfg_find(const struct detect *s)
{
	static const char *const usual[] = {
		"boot/grub/grub.cfg", "boot/grub2/grub.cfg", "grub/grub.cfg", NULL};
	char *path = NULL;

	for (const char *const *p = usual; *p; p++)
		if (root_is_file(s->root, *p))
			return strdup(*p);
	for (size_t i = 0; i < s->boots.n && !path; i++)
		path = grub_cfg_below(s, s->boots.v[i]);
	return path;
}

static void grub_find(struct detect *s)
{
	static const char *const programs[] = {"usr/sbin/grub-mkconfig", "usr/bin/grub-mkconfig",
		"sbin/grub-mkconfig", "usr/sbin/grub2-mkconfig", "usr/bin/grub2-mkconfig",
		"usr/sbin/update-grub", NULL};
	const char *program = NULL;

	for (const char *const *p = programs; *p && !program; p++)
		if (root_is_file(s->root, *p))
			program = *p;
	s->grub_mkconfig = program != NULL;
	s->grub2 = program && strstr(program, "grub2");
	s->grub_defaults = root_is_file(s->root, "etc/default/grub");
	s->grub_cfg = grub_cfg_find(s);
	_cleanup_(str_free) char *bls = detect_shell_value(
		s->root, "etc/default/grub", "GRUB_ENABLE_BLSCFG");
	s->grub_bls = bls && str_equal(bls, "true");
	if (s->grub_cfg) {
		s->grub_menu = root_holds(s->root, s->grub_cfg, "menuentry ");
		s->grub_bls |= has_blscfg(s->root, s->grub_cfg);
	}
	s->grub_complete = s->grub_cfg && (s->grub_mkconfig || s->grub_menu || s->grub_bls);
	bool debian = detect_is_like(s, "debian") || detect_is_like(s, "ubuntu");
	s->grub_dropins_sure = true;
	if (program && !str_equal(program, "usr/sbin/update-grub"))
		s->grub_dropins = root_holds(s->root, program, "default/grub.d");
	else if (debian || s->os_id[0])
		s->grub_dropins = debian;
	else
		s->grub_dropins = s->grub_dropins_sure = false;
}

static void shell_find(struct detect *s)
{
	static const char *const paths[] = {"bin", "usr/bin", NULL};
	char target[256] = "";

	s->sh_is_bash = !detect_is_like(s, "debian") && !detect_is_like(s, "ubuntu") &&
			!detect_is_like(s, "alpine");
	for (const char *const *p = paths; *p && !target[0]; p++) {
		_cleanup_(fd_close) int fd = root_fd(s->root, *p, O_RDONLY | O_DIRECTORY);
		ssize_t n = fd < 0 ? -1 : readlinkat(fd, "sh", target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
	}
	if (strstr(target, "bash"))
		s->sh_is_bash = true;
	else if (strstr(target, "dash") || strstr(target, "busybox"))
		s->sh_is_bash = false;
}

int detect_make(const struct root *r, struct detect *ret, struct err *err)
{
	static const char *const usual[] = {"boot", "efi", "boot/efi", "boot/EFI", "esp", NULL};
	struct detect s = {.root = r};
	int rc = 0;

	os_read(&s);
	for (const char *const *p = usual; *p && rc == 0; p++)
		rc = boot_add(&s, *p);
	if (rc == 0)
		rc = fstab_read(&s);
	if (rc == 0)
		rc = mounted_root_read(&s);
	if (rc == 0)
		rc = esps_add(&s);
	if (rc < 0 || !s.os_id || !s.os_like) {
		detect_done(&s);
		return err_set(err, ENOMEM, "out of memory");
	}
	systemd_boot_find(&s);
	grub_find(&s);
	shell_find(&s);
	*ret = s;
	return 0;
}
