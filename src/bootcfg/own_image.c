/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/own_image.h"

#include "base/file.h"
#include "base/replace.h"
#include "bootcfg/loader/own_entries.h"
#include "bootcfg/loader/uki_entries.h"
#include "bootcfg/loader/uki_parts.h"
#include "bootcfg/ukify.h"
#include "shared/spawn.h"
#include "shared/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define IMAGE_SECONDS 600
#define OUTPUT "image.efi" /* in a directory of our own */

/* ---- sections ----------------------------------------------------------------------------------
 */

/* A job: the image, what it has, and where it is taken apart. */
struct job {
	const char *file;
	struct root dir; /* of the image */
	const char *name;
	struct uki u;
	struct strings sections;
	struct own_entries list;
	struct ukify_job ukify;
	struct tmpdir tmp;
};

static void job_done(struct job *j)
{
	root_done(&j->dir);
	uki_done(&j->u);
	strings_done(&j->sections);
	own_entries_done(&j->list);
	tmpdir_done(&j->tmp);
}

static int image_check(const struct job *j, struct err *err)
{
	int rc = uki_profiles_check(&j->dir, j->name, &j->u, err);

	if (rc < 0)
		return rc;
	/* Built once more, it would have them twice. */
	if (j->u.profiles > 0)
		return err_set(err, EINVAL, "%s: has these profiles already", j->file);
	if (!j->ukify.ukify)
		return err_set(err, ENOENT, "ukify, which adds profiles, is not installed here");
	if (j->u.is_signed && !j->ukify.key)
		return err_set(err, EINVAL,
			"%s: is signed, and no key was found to sign it with anew: say it with --key FILE --certificate FILE",
			j->file);
	return 0;
}

/* Copies each section that ukify takes into a file of its name. */
static int sections_take(struct job *j, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < j->sections.n && rc == 0; i++)
		if (uki_part_find(j->sections.v[i])->option)
			rc = uki_section_copy(&j->dir, j->name, j->sections.v[i], &j->tmp);
	return rc < 0 ? err_set(err, -rc, "%s: can't be taken apart in %s: %s", j->file,
				j->tmp.path, strerror(-rc))
		      : 0;
}

/* ---- ukify -------------------------------------------------------------------------------------
 */

static int ukify_run(const struct job *j, const struct strings *words, struct err *err)
{
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	const char **argv = calloc(
		words->n + 3, sizeof(*argv)); // NOLINT(bugprone-sizeof-expression)
	const struct spawn_job job = {
		.argv = argv, .name = "ukify", .in = -1, .seconds = IMAGE_SECONDS};

	if (!argv)
		return err_set(err, ENOMEM, "out of memory");
	argv[0] = j->ukify.ukify;
	argv[1] = "build";
	for (size_t i = 0; i < words->n; i++)
		argv[i + 2] = words->v[i];
	int status = spawn_bounded(&job, &result, err);
	free(argv);
	return status <= 0 ? status
			   : err_set(err, EIO, "ukify: ended with status %d: %.300s", status,
				     result.said.data ? result.said.data : "");
}

/* The line of the image, and the words of this entry. */
static void line_print(const struct job *j, const struct own_entry *e, struct text *to)
{
	text_print(to, "%s", j->u.cmdline);
	for (size_t i = 0; i < e->words.n; i++)
		text_print(to, " %s", e->words.v[i].text);
}

/* A profile in a file of its own, TAIL.efi. */
static int profile_make(struct job *j, const struct own_entry *e, struct err *err)
{
	_cleanup_(strings_done) struct strings words = {0};
	_cleanup_(text_done) struct text line = {0}, profile = {0}, output = {0};
	const char *dir = j->tmp.path;

	line_print(j, e, &line);
	text_print(&profile, "ID=%s\nTITLE=%s\n", e->tail, e->tail);
	text_print(&output, "%s.efi", e->tail);
	if (line.failed || profile.failed || output.failed ||
		tmpdir_write(&j->tmp, "line", 0, "", 0) < 0 ||
		tmpdir_write(&j->tmp, e->tail, 0, profile.data, profile.len) < 0 ||
		tmpdir_write(&j->tmp, output.data, 0, "", 0) < 0 ||
		strings_print(&words, "--profile=@%s/%s", dir, e->tail) < 0 ||
		strings_print(&words, "--cmdline=%s", line.data) < 0 ||
		strings_print(&words, "--output=%s/%s", dir, output.data) < 0)
		return err_set(err, ENOMEM, "%s: can't write there", dir);
	return ukify_run(j, &words, err);
}

static int words_of_sections(const struct job *j, struct strings *words)
{
	int rc = 0;

	for (size_t i = 0; i < j->sections.n && rc == 0; i++) {
		const struct uki_part *p = uki_part_find(j->sections.v[i]);
		if (p->option)
			rc = strings_print(words, "%s%s/%s", p->option, j->tmp.path, p->section);
	}
	if (rc == 0 && j->u.uname)
		rc = strings_print(words, "--uname=%s", j->u.uname);
	for (size_t i = 0; i < j->list.n && rc == 0; i++)
		rc = strings_print(
			words, "--join-profile=%s/%s.efi", j->tmp.path, j->list.v[i].tail);
	if (rc == 0 && j->u.is_signed) {
		rc = strings_print(words, "--secureboot-private-key=%s", j->ukify.key);
		if (rc == 0)
			rc = strings_print(
				words, "--secureboot-certificate=%s", j->ukify.certificate);
	}
	return rc;
}

/* Its first profile is the image without any: no word, and no title, so that menus show it as
 * before. */
static int image_make(struct job *j, struct err *err)
{
	static const char first[] = "ID=" OWN_MAIN "\n";
	_cleanup_(strings_done) struct strings words = {0};

	if (tmpdir_write(&j->tmp, OWN_MAIN, 0, first, strlen(first)) < 0 ||
		tmpdir_write(&j->tmp, OUTPUT, 0, "", 0) < 0 || words_of_sections(j, &words) < 0 ||
		strings_print(&words, "--profile=@%s/" OWN_MAIN, j->tmp.path) < 0 ||
		strings_print(&words, "--output=%s/" OUTPUT, j->tmp.path) < 0)
		return err_set(err, ENOMEM, "%s: can't write there", j->tmp.path);
	return ukify_run(j, &words, err);
}

/* ---- what came of it ---------------------------------------------------------------------------
 */

static int profiles_check(const struct job *j, const struct uki *u, struct err *err)
{
	bool right = u->is_image && u->profiles == j->list.n + 1 && u->is_signed == j->u.is_signed;

	for (size_t i = 0; i < j->list.n && right; i++) {
		_cleanup_(text_done) struct text line = {0};
		const struct uki_profile *p = &u->profile[i + 1];
		line_print(j, &j->list.v[i], &line);
		right = line.data && p->cmdline && str_equal(p->cmdline, line.data) && p->id &&
			str_equal(p->id, j->list.v[i].tail);
	}
	return right ? 0
		     : err_set(err, EIO,
			       "ukify: what it wrote is not this image with these profiles");
}

static int result_check(const struct job *j, const struct root *tmp, struct err *err)
{
	_cleanup_(uki_done) struct uki u = {0};
	int rc = uki_read(tmp, OUTPUT, &u);

	rc = rc < 0 ? err_set(err, EIO, "ukify: what it wrote can't be read")
		    : profiles_check(j, &u, err);
	for (size_t i = 0; i < j->sections.n && rc == 0; i++)
		if ((uki_part_find(j->sections.v[i])->option ||
			    str_equal(j->sections.v[i], ".uname")) &&
			!uki_section_same(&j->dir, j->name, tmp, OUTPUT, j->sections.v[i]))
			rc = err_set(
				err, EIO, "ukify: what it wrote has another %s", j->sections.v[i]);
	return rc;
}

static int image_replace(const struct job *j, const struct root *tmp, struct err *err)
{
	_cleanup_(fd_close) int fd = root_fd(tmp, OUTPUT, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstatat(j->dir.fd, j->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(st.st_mode))
		return err_set(err, EIO, "%s: is not a file that can be replaced", j->file);
	return file_replace_copy(
		j->dir.fd, j->name, fd, st.st_mode & 07777, st.st_uid, st.st_gid, err);
}

static int image_finish(const struct job *j, struct err *err)
{
	_cleanup_(root_done) struct root tmp = {.fd = -1};
	int rc = root_open(&tmp, j->tmp.path, err);

	if (rc == 0)
		rc = result_check(j, &tmp, err);
	return rc < 0 ? rc : image_replace(j, &tmp, err);
}

/* ---- the command -------------------------------------------------------------------------------
 */

static int image_open(struct job *j, struct err *err)
{
	const char *slash = strrchr(j->file, '/');
	_cleanup_(str_free) char *dir = slash ? strndup(j->file, (size_t)(slash - j->file) + 1)
					      : strdup(".");
	int rc = dir ? root_open(&j->dir, dir, err) : err_set(err, ENOMEM, "out of memory");

	j->name = slash ? slash + 1 : j->file;
	if (rc == 0 && (uki_read(&j->dir, j->name, &j->u) < 0 ||
			       uki_sections(&j->dir, j->name, &j->sections) < 0))
		rc = err_set(err, EINVAL, "%s: can't be read as an EFI program", j->file);
	return rc;
}

static int job_run(struct job *j, struct err *err)
{
	int rc = image_open(j, err);

	if (rc == 0)
		rc = image_check(j, err);
	if (rc == 0)
		rc = tmpdir_make(&j->tmp, err);
	if (rc == 0)
		rc = sections_take(j, err);
	for (size_t i = 0; i < j->list.n && rc == 0; i++)
		rc = profile_make(j, &j->list.v[i], err);
	if (rc == 0)
		rc = image_make(j, err);
	return rc < 0 ? rc : image_finish(j, err);
}

enum cmd_result cmd_refresh_image(const struct args *a, const struct root *r, struct err *err)
{
	_cleanup_(job_done) struct job j = {.file = a->refresh_image,
		.dir = {.fd = -1},
		.tmp = {.fd = -1},
		.ukify = {.ukify = ukify_find()}};
	int rc = own_entries_read(r, &j.list, err);

	ukify_key_find(a, r, &j.ukify);
	if (rc == 0 && j.list.n > 0)
		rc = job_run(&j, err);
	return rc < 0 ? CMD_FAILED : CMD_DONE;
}
