/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/bls_follow.h"

#include "base/log.h"
#include "bootcfg/loader/bls_copy.h"
#include "bootcfg/loader/detect.h"
#include "shared/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_MAX ((size_t)1 << 20)

bool bls_follow_is_for(const struct boot_entry *e)
{
	_cleanup_(text_done) struct text end = {0};

	text_print(&end, "-%s.conf", e->version ? e->version : "");
	return !end.failed && e->version && e->version[0] && str_ends(e->id, end.data);
}

int bls_follow_add(const struct root *r, const struct initrd_job *job, const char *name,
	enum bls_reader reader, struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text lines = {0};
	char *old = NULL;
	size_t len = 0;
	int rc = root_read(r, BLS_FOLLOW, &old, &len, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	text_print(&lines,
		"# By vfio-bootcfg(8), which takes it away again (--undo): what the second entry of a kernel has more than its first.\n"
		"name %c" INITRD_TAIL "\ninitrd %s\noptions",
		bls_copy_between(reader), name);
	for (size_t i = 0; i < job->words->n; i++)
		text_print(&lines, " %s", job->words->v[i].text);
	text_print(&lines, "\n");
	if (file_edits_add(s, BLS_FOLLOW, old, len) < 0 ||
		file_edit_take(&s->v[s->n - 1], &lines) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

bool bls_follow_is_copy(const char *text)
{
	return str_starts(text, BLS_FOLLOW_MARK "\n");
}

/* ---- back --------------------------------------------------------------------------------------
 */

static int copy_remove(const struct root *r, const char *path, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read(r, path, &text, &len, NULL) < 0 || !bls_follow_is_copy(text))
		return 0;
	int rc = txn_place_below(r, path, &p, err);
	if (rc == 0)
		rc = txn_set(&p, (struct txn_bytes){NULL, 0}, 0644, ENTRY_MAX, err);
	if (rc == 0)
		log_print(LOG_NOTICE, "removed /%s, which came with a later kernel", path);
	return rc;
}

static int copies_remove(const struct root *r, const char *boot, struct err *err)
{
	_cleanup_(strings_done) struct strings names = {0};
	_cleanup_(text_done) struct text dir = {0};
	int rc = 0;

	text_print(&dir, "%s/loader/entries", boot);
	if (dir.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (root_list(r, dir.data, INITRD_TAIL ".conf", &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		_cleanup_(text_done) struct text path = {0};
		text_print(&path, "%s/%s", dir.data, names.v[i]);
		rc = path.failed ? err_set(err, ENOMEM, "out of memory")
				 : copy_remove(r, path.data, err);
	}
	return rc;
}

int bls_follow_end(const struct root *r, struct err *err)
{
	_cleanup_(detect_done) struct detect facts = {0};
	int rc = root_is_file(r, BLS_FOLLOW) ? 0 : detect_make(r, &facts, err);

	for (size_t i = 0; i < facts.boots.n && rc == 0; i++)
		rc = copies_remove(r, facts.boots.v[i], err);
	return rc;
}
