/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/ukify.h"

#include "base/file.h"
#include "bootcfg/loader/uki_entries.h"
#include "shared/spawn.h"
#include "shared/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UKIFY_SECONDS 60
#define ADDON_MAX (16UL << 20) /* as much of a file is kept for an undo */
#define OUTPUT "addon.efi"     /* in a directory of our own */

const char *ukify_find(void)
{
	static const char *const paths[] = {"/usr/bin/ukify", "/usr/lib/systemd/ukify"};

	for (size_t i = 0; i < 2; i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

void ukify_key_find(const struct args *a, const struct root *r, struct ukify_job *ret)
{
	static const char *const pairs[][2] = {{"/etc/kernel/secure-boot-private-key.pem",
						       "/etc/kernel/secure-boot-certificate.pem"},
		{"/var/lib/sbctl/keys/db/db.key", "/var/lib/sbctl/keys/db/db.pem"},
		{"/usr/share/secureboot/keys/db/db.key", "/usr/share/secureboot/keys/db/db.pem"}};

	if (a->key && a->certificate) {
		ret->key = a->key;
		ret->certificate = a->certificate;
		return;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs) && r->host; i++) {
		if (!root_is_file(r, pairs[i][0] + 1) || !root_is_file(r, pairs[i][1] + 1))
			continue;
		ret->key = pairs[i][0];
		ret->certificate = pairs[i][1];
		return;
	}
}

static int command_add(const struct ukify_job *j, const char *path, struct strings *to)
{
	_cleanup_(text_done) struct text t = {0};

	text_print(&t, "ukify build");
	if (j->line)
		text_print(&t, " --cmdline='%s'", j->line);
	if (j->archive)
		text_print(&t, " --initrd=/%s", j->archive);
	if (j->uname)
		text_print(&t, " --uname=%s", j->uname);
	if (j->key)
		text_print(&t, " --secureboot-private-key=%s%s --secureboot-certificate=%s%s",
			j->key[0] == '/' ? "" : "/", j->key, j->certificate[0] == '/' ? "" : "/",
			j->certificate);
	text_print(&t, " --output=/%s", path);
	return t.failed ? -ENOMEM : strings_add(to, t.data);
}

/* Adds OPTION=VALUE, or nothing without a value. */
static int option_add(struct strings *to, const char *option, const char *value)
{
	char *text = NULL;

	if (!value)
		return 0;
	return strings_take(to, asprintf(&text, "%s=%s", option, value) < 0 ? NULL : text);
}

#define ARCHIVE "archive" /* in the directory of the output */

static int ukify_run(
	const struct ukify_job *j, const char *dir, const char *output, struct err *err)
{
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	_cleanup_(strings_done) struct strings words = {0};
	_cleanup_(str_free) char *archive = NULL;

	if (j->archive && asprintf(&archive, "%s/" ARCHIVE, dir) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (strings_add(&words, j->ukify) < 0 || strings_add(&words, "build") < 0 ||
		option_add(&words, "--cmdline", j->line) < 0 ||
		option_add(&words, "--initrd", archive) < 0 ||
		option_add(&words, "--uname", j->uname) < 0 ||
		option_add(&words, "--output", output) < 0 ||
		option_add(&words, "--secureboot-private-key", j->key) < 0 ||
		option_add(&words, "--secureboot-certificate", j->key ? j->certificate : NULL) < 0)
		return err_set(err, ENOMEM, "out of memory");
	const char *argv[12] = {NULL};
	for (size_t i = 0; i < words.n; i++)
		argv[i] = words.v[i];
	const struct spawn_job job = {
		.argv = argv, .name = "ukify", .in = -1, .seconds = UKIFY_SECONDS};
	int status = spawn_bounded(&job, &result, err);
	if (status < 0)
		return status;
	return status == 0 ? 0
			   : err_set(err, EIO, "ukify: ended with status %d: %.300s", status,
				     result.said.data ? result.said.data : "");
}

/* What ukify wrote is read back before anything is replaced. */
static int made_check(const char *dir, const struct ukify_job *j, struct err *err)
{
	_cleanup_(root_done) struct root r = {.fd = -1};
	_cleanup_(uki_done) struct uki u = {0};
	int rc = root_open(&r, dir, err);

	if (rc < 0)
		return rc;
	if (uki_read(&r, OUTPUT, &u) < 0 || u.is_image || (j->line && !u.cmdline) ||
		(j->line && !str_equal(u.cmdline, j->line)) || (j->key && !u.is_signed) ||
		u.has_initrd != (j->archive != NULL))
		return err_set(err, EIO,
			"ukify: what it wrote is not an addon with this %s%s; nothing is changed",
			j->archive ? "archive" : "line", j->key ? ", signed" : "");
	return 0;
}

static int addon_make(const struct ukify_job *j, char **ret, size_t *ret_len, struct err *err)
{
	_cleanup_(tmpdir_done) struct tmpdir dir = {.fd = -1};
	_cleanup_(str_free) char *output = NULL;
	int rc = tmpdir_make(&dir, err);

	/* So that the directory is emptied with the file in it. */
	if (rc == 0 && (tmpdir_write(&dir, OUTPUT, 0, "", 0) < 0 ||
			       (j->archive && tmpdir_write(&dir, ARCHIVE, 0, j->data, j->len) < 0)))
		rc = err_set(err, EIO, "%s: can't write there", dir.path);
	if (rc == 0 && asprintf(&output, "%s/" OUTPUT, dir.path) < 0)
		rc = err_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = ukify_run(j, dir.path, output, err);
	if (rc == 0)
		rc = made_check(dir.path, j, err);
	return rc < 0 ? rc : file_read(AT_FDCWD, output, ADDON_MAX, ret, ret_len, err);
}

const char *ukify_lacks(const struct ukify_job *j, enum secure_boot secure)
{
	if (!j->ukify)
		return "ukify, which writes addons, is not installed here";
	return !j->key && secure == SECURE_BOOT_ON
		       ? "Secure Boot is on, and no key was found to sign the addon with: say it with --key FILE --certificate FILE"
		       : NULL;
}

int ukify_leave(struct loaders *l, const struct ukify_job *j, const char *path, const char *why,
	struct err *err)
{
	l->managed_by = "ukify";
	str_free(&l->managed_why);
	l->refused = true;
	l->managed_why = strdup(why);
	return l->managed_why && command_add(j, path, &l->by_hand) == 0
		       ? 0
		       : err_set(err, ENOMEM, "out of memory");
}

int ukify_file_make(const struct root *r, const char *path, const struct ukify_job *j,
	struct file_edits *s, struct err *err)
{
	_cleanup_(str_free) char *old = NULL;
	char *text = NULL;
	size_t old_len = 0, len = 0;
	int rc = root_read_large(r, path, ADDON_MAX, &old, &old_len, err);

	if (rc == -ENOENT)
		rc = 0;
	if (rc == 0)
		rc = addon_make(j, &text, &len, err);
	if (rc < 0)
		return rc;
	if (file_edits_add(s, path, old, old_len) < 0) {
		free(text);
		return err_set(err, ENOMEM, "out of memory");
	}
	struct file_edit *f = &s->v[s->n - 1];
	struct text made = {.data = text, .len = len};
	old = NULL;
	return file_edit_take(f, &made) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}
