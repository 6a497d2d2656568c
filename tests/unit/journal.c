/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of vfio-bootcfg on a tree of the test's own: what is kept, what --undo does to each
 * file, and that nothing is left of it after the last change. */
#include "bootcfg/journal.h"

#include "base/file.h"
#include "check.h"
#include "fake_sysfs.h"

#include <errno.h>
#include <fcntl.h>

static struct root root = {.fd = -1};

static const char *content(const char *path)
{
	static char buf[256];

	return file_read_small(root.fd, path, buf, sizeof(buf)) < 0 ? NULL : buf;
}

static void put(const char *path, const char *text)
{
	must_shell("printf '%%s' '%s' >'%s/%s'", text, top, path);
}

/* An empty tree. */
static void tree_make(void)
{
	must_shell("rm -rf '%s/'* && mkdir '%s/etc'", top, top);
}

/* Every path of the tree, each behind a blank. */
static const char *listing(void)
{
	static char text[1024];

	must_shell("cd '%s' && find . | LC_ALL=C sort | tr '\\n' ' ' >'%s.list'", top, top);
	char path[80];
	(void)snprintf(path, sizeof(path), "%s.list", top);
	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		abort();
	must_shell("rm '%s'", path);
	return text;
}

static struct journal_file file(const char *path, const char *old, const char *text)
{
	return (struct journal_file){.path = path,
		.old = old,
		.old_len = old ? strlen(old) : 0,
		.text = text,
		.len = strlen(text)};
}

static int commit(const struct journal_file *files, size_t n, unsigned *ret_id, struct err *err)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;

	*err = (struct err){""};
	int rc = journal_lock(&root, &j, err);
	return rc < 0 ? rc : journal_commit(&j, &root, files, n, "--add x", ret_id, err);
}

/* One file, from a to b. */
static unsigned change(const char *path, const char *a, const char *b)
{
	const struct journal_file one = file(path, a, b);
	struct err err;
	unsigned id = 0;

	CHECK_INT(commit(&one, 1, &id, &err), 0);
	CHECK_STR(content(path), b);
	return id;
}

/* … and the change is forgotten. */
static int undo(unsigned id, const struct undo_how *how, struct undone *ret, struct err *err)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;

	*err = (struct err){""};
	*ret = (struct undone){0};
	int rc = how->dry ? journal_look(&root, &j, err) : journal_lock(&root, &j, err);
	if (rc == 0)
		rc = journal_undo(&j, id, how, ret, err);
	return rc == 0 && !how->dry ? journal_forget(&j, ret->id, err) : rc;
}

static int list(struct journal_list *ret, struct err *err)
{
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;

	*err = (struct err){""};
	int rc = journal_look(&root, &j, err);
	return rc == 0 ? journal_read(&j, ret, err) : rc;
}

static const struct undo_how plain = {0}, dry = {.dry = true};

/* ---- keeping ----------------------------------------------------------------------------------
 */

static void test_backup(void)
{
	struct strings added = {0}, removed = {0};
	struct journal_file files[2] = {file("etc/a", "old\n", "new\n"), file("etc/b", NULL, "")};
	_cleanup_(backup_done) struct backup out = {0}, in = {0};
	_cleanup_(fd_close) int dir = -1;

	check_case("a change is written and read back as it was");
	tree_make();
	put("etc/a", "old\n");
	must_shell("chmod 0640 '%s/etc/a' && mkdir '%s/kept'", top, top);
	CHECK(strings_add(&added, "a=1") == 0 && strings_add(&added, "b") == 0);
	CHECK_INT(strings_add(&removed, "c d"), 0);
	files[0].added = &added;
	files[0].removed = &removed;
	CHECK_INT(backup_fill(&root, files, 2, "--add a=1", &out, NULL), 0);
	dir = root_fd(&root, "kept", O_RDONLY | O_DIRECTORY);
	CHECK_INT(backup_write(dir, &out), 0);
	CHECK_INT(backup_read(dir, &in), 0);
	CHECK_STR(in.what, "--add a=1");
	CHECK_STR(in.when, out.when);
	CHECK_INT(strlen(in.when), strlen("2026-01-01T00:00:00Z"));
	CHECK_INT(in.state, CHANGE_PREPARED);
	if (CHECK_INT(in.files, 2)) {
		CHECK_STR(in.file[0].path, "etc/a");
		CHECK_STR(in.file[0].old, "old\n");
		CHECK_INT(in.file[0].old_len, 4);
		CHECK_STR(in.file[0].text, "new\n");
		CHECK_INT(in.file[0].owner.mode, 0640);
		CHECK_INT(in.file[0].owner.uid, geteuid());
		CHECK_INT(in.file[0].owner.gid, getegid());
		CHECK_INT(in.words[0].added.n, 2);
		CHECK_STR(in.words[0].added.v[1], "b");
		CHECK_INT(in.words[0].removed.n, 1);
		CHECK_STR(in.words[0].removed.v[0], "c d");
		CHECK_STR(in.file[1].path, "etc/b");
		CHECK_STR(in.file[1].old, NULL);
		CHECK_INT(in.file[1].len, 0);
		CHECK_INT(in.file[1].owner.mode, 0644);
		CHECK_INT(in.words[1].added.n + in.words[1].removed.n, 0);
	}
	strings_done(&added);
	strings_done(&removed);
}

static void test_damaged(void)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"version 1\nwhen a\nwhat b\n", 0},
		{"when a\nwhat b\nwhen c\nwhat d", 0},
		{"when a\n", -EBADMSG},
		{"what a\n", -EBADMSG},
		{"version 2\nwhen a\nwhat b\n", -EBADMSG},
		{"when a\nwhat b\nadded x\n", -EBADMSG},
		{"when a\nwhat b\nremoved x\n", -EBADMSG},
		{"when a\nwhat b\nfile 0 644 0 0\n", -EBADMSG},
		{"when a\nwhat b\nfile 0 10000 0 0 created x\n", -EBADMSG},
		{"when a\nwhat b\nmade x\n", -EBADMSG},
		{"when a\nwhat b\nfile 1 644 0 0 created x\n", -EBADMSG},
		{"when a\nwhat b\nfile x\n", -EBADMSG},
		{"when a\nwhat b\nfile 0 644 0 0 created x\n", -ENOENT},
	};

	check_case("a change that is damaged is not read");
	tree_make();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		_cleanup_(backup_done) struct backup s = {0};
		put("change", rows[i].text);
		CHECK_INT(backup_read(root.fd, &s), rows[i].rc);
	}
	_cleanup_(backup_done) struct backup s = {0};
	put("change", "when a\nwhat b\nfile 0 644 1 2 replaced x y\nadded z\n");
	put("0.new", "n");
	CHECK_INT(backup_read(root.fd, &s), -ENOENT);
	backup_done(&s);
	put("0.old", "o");
	CHECK_INT(backup_read(root.fd, &s), 0);
	CHECK(s.files == 1 && str_equal(s.file[0].path, "x y") && s.file[0].owner.uid == 1);
	CHECK(s.files == 1 && s.file[0].owner.gid == 2 && str_equal(s.words[0].added.v[0], "z"));
	CHECK_INT(s.state, CHANGE_REGENERATED);
	backup_done(&s);
	put("state", "elsewhere\n");
	CHECK_INT(backup_read(root.fd, &s), -EBADMSG);
	backup_done(&s);
	put("state", "reverting\n");
	CHECK_INT(backup_read(root.fd, &s), 0);
	CHECK_INT(s.state, CHANGE_REVERTING);
	backup_done(&s);

	check_case("a directory that was made is one that the file is in");
	put("change", "when a\nwhat b\nfile 0 644 1 2 created x/y\nmade x\n");
	CHECK_INT(backup_read(root.fd, &s), 0);
	CHECK(s.files == 1 && str_equal(s.file[0].made, "x"));
	backup_done(&s);
	put("change", "when a\nwhat b\nfile 0 644 1 2 created x/y\nmade x\nmade x\n");
	CHECK_INT(backup_read(root.fd, &s), -EBADMSG);
	backup_done(&s);
	put("change", "when a\nwhat b\nfile 0 644 1 2 created xz/y\nmade x\n");
	CHECK_INT(backup_read(root.fd, &s), -EBADMSG);
}

static void test_trust(void)
{
	static const struct {
		const char *how;
		int rc;
	} rows[] = {
		{"chmod 0644", 0},
		{"chmod 0620", -EPERM},
		{"chmod 0602", -EPERM},
		{"rm", -ENOENT},
		{"ln -sf /etc/passwd", -ELOOP},
		{"rm; mkdir", -EINVAL},
		{"rm; mkfifo", -EINVAL},
	};

	check_case("what another user may have written is not believed");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		_cleanup_(backup_done) struct backup s = {0};
		tree_make();
		put("change", "when a\nwhat b\n");
		bool anew = str_starts(rows[i].how, "rm; ");
		must_shell("cd '%s/etc/..' && %s %s change", top, anew ? "rm change &&" : "",
			rows[i].how + (anew ? strlen("rm; ") : 0));
		CHECK_INT(backup_read(root.fd, &s), rows[i].rc);
	}
}

/* ---- changes ----------------------------------------------------------------------------------
 */

static void test_commit(void)
{
	struct journal_file files[] = {file("etc/a", "1", "2"), file("etc/b", NULL, "3")};
	_cleanup_(undone_done) struct undone u = {0};
	struct err err;
	unsigned id = 0;

	check_case("a change and its --undo leave the tree as it was");
	tree_make();
	put("etc/a", "1");
	CHECK_INT(commit(files, 2, &id, &err), 0);
	CHECK_INT(id, 1);
	CHECK_STR(content("etc/a"), "2");
	CHECK_STR(content("etc/b"), "3");
	CHECK_STR(listing(), ". ./etc ./etc/a ./etc/b ./var ./var/lib ./var/lib/vfio-bootcfg "
			     "./var/lib/vfio-bootcfg/0001 ./var/lib/vfio-bootcfg/0001/0.new "
			     "./var/lib/vfio-bootcfg/0001/0.old ./var/lib/vfio-bootcfg/0001/1.new "
			     "./var/lib/vfio-bootcfg/0001/change ./var/lib/vfio-bootcfg/0001/state "
			     "./var/lib/vfio-bootcfg/made ");
	CHECK(check_shell("test $(stat -c %%a '%s/var/lib/vfio-bootcfg') = 700", top));
	CHECK(check_shell("test $(stat -c %%a '%s/var/lib') = 755", top));
	CHECK_INT(undo(0, &dry, &u, &err), 0);
	CHECK(u.n == 2 && u.v[0].how == UNDO_RESTORED && u.v[1].how == UNDO_REMOVED);
	CHECK(u.n == 2 && str_equal(u.v[0].now, "2") && str_equal(u.v[0].to, "1"));
	CHECK(u.n == 2 && str_equal(u.v[1].path, "etc/b") && !u.v[1].to);
	CHECK_STR(content("etc/a"), "2");
	undone_done(&u);
	CHECK_INT(undo(1, &plain, &u, &err), 0);
	CHECK_STR(content("etc/a"), "1");
	CHECK_STR(listing(), ". ./etc ./etc/a ");
	CHECK_STR(err.text, "");

	check_case("what was there of the journal's place stays");
	must_shell("mkdir '%s/var'", top);
	(void)change("etc/a", "1", "2");
	undone_done(&u);
	CHECK_INT(undo(0, &plain, &u, &err), 0);
	CHECK_STR(listing(), ". ./etc ./etc/a ./var ");
	must_shell("mkdir '%s/var/lib'", top);
	(void)change("etc/a", "1", "2");
	undone_done(&u);
	CHECK_INT(undo(0, &plain, &u, &err), 0);
	CHECK_STR(listing(), ". ./etc ./etc/a ./var ./var/lib ");
}

static void test_states(void)
{
	static const bool unfinished[] = {[CHANGE_PREPARED] = true,
		[CHANGE_WRITTEN] = true,
		[CHANGE_REGENERATED] = false,
		[CHANGE_LEFT] = false,
		[CHANGE_REVERTING] = true};
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED, other = JOURNAL_CLOSED;
	struct strings words = {0};
	struct journal_file files[] = {file("etc/a", "1", "2"), file("etc/b", NULL, "3")};
	struct err err;
	unsigned id = 0;

	check_case("how far a change has come is kept, until it is forgotten");
	tree_make();
	put("etc/a", "1");
	CHECK(strings_add(&words, "x") == 0 && strings_add(&words, "y") == 0);
	files[0].added = files[1].added = &words;
	CHECK_INT(commit(files, 2, &id, &err), 0);
	strings_done(&words);
	for (enum change_state state = CHANGE_PREPARED; state <= CHANGE_REVERTING; state++) {
		_cleanup_(journal_list_done) struct journal_list l = {0};
		CHECK_INT(list(&l, &err), 0);
		CHECK(l.n == 1 && l.v[0].paths.n == 2 && l.v[0].added.n == 2);
		CHECK(l.n == 1 && (state == CHANGE_PREPARED ? l.v[0].state == CHANGE_WRITTEN
							    : l.v[0].state == state - 1));
		CHECK_INT(change_is_unfinished(state), unfinished[state]);
		CHECK_INT(journal_lock(&root, &j, &err), 0);
		CHECK_INT(journal_set_state(&j, id, state, &err), 0);
		journal_close(&j);
	}
	CHECK_INT(journal_lock(&root, &j, &err), 0);
	CHECK_INT(journal_look(&root, &other, &err), 0);
	CHECK_INT(journal_holder(&other), getpid());
	CHECK(journal_set_state(&j, 7, CHANGE_LEFT, &err) < 0);
	CHECK_HAS(err.text, "/var/lib/vfio-bootcfg/0007: can't write how far it has come: ");
	_cleanup_(undone_done) struct undone u = {0};
	CHECK_INT(journal_undo(&j, 0, &plain, &u, &err), 0);
	CHECK(u.id == 1 && u.state == CHANGE_REVERTING && u.last);
	undone_done(&u);
	CHECK_INT(journal_undo(&j, 1, &plain, &u, &err), 0);
	CHECK(u.n == 2 && u.v[0].how == UNDO_LEFT && u.v[1].how == UNDO_LEFT);
	CHECK_STR(content("etc/a"), "1");
	CHECK_INT(journal_forget(&j, 1, &err), 0);
	CHECK_INT(j.dir, -1);
	CHECK_STR(listing(), ". ./etc ./etc/a ");
}

static void test_commit_fails(void)
{
	struct journal_file files[] = {file("etc/a", "1", "2"), file("etc/b", "other", "3")};
	struct err err;
	sigset_t held;
	unsigned id;

	check_case("a change that can't be made whole is not made at all");
	tree_make();
	put("etc/a", "1");
	put("etc/b", "3?");
	CHECK_INT(commit(files, 2, &id, &err), -EBUSY);
	CHECK_INT(sigprocmask(SIG_BLOCK, NULL, &held), 0);
	CHECK(!sigismember(&held, SIGINT) && !sigismember(&held, SIGTERM));
	CHECK_HAS(err.text, "/etc/b: ");
	CHECK_STR(content("etc/a"), "1");
	CHECK_STR(content("etc/b"), "3?");
	CHECK_STR(listing(), ". ./etc ./etc/a ./etc/b ");

	check_case("a change is not made where the journal has no place");
	put("var", "");
	CHECK(commit(files, 1, &id, &err) < 0);
	CHECK_HAS(err.text, "/var/lib/vfio-bootcfg: can't open it: ");
	CHECK_STR(listing(), ". ./etc ./etc/a ./etc/b ./var ");
}

static void test_numbers(void)
{
	_cleanup_(journal_list_done) struct journal_list l = {0};
	_cleanup_(undone_done) struct undone u = {0};
	struct err err = {""};

	check_case("no change: nothing is listed or undone");
	tree_make();
	CHECK_INT(list(&l, &err), 0);
	CHECK_INT(l.n, 0);
	journal_list_done(&l);
	CHECK_INT(undo(0, &plain, &u, &err), -ENOENT);
	CHECK_STR(err.text, "there is no change to undo");
	CHECK_INT(undo(0, &dry, &u, &err), -ENOENT);
	CHECK_STR(listing(), ". ./etc ");

	check_case("changes are numbered, listed in order, and what was never complete is not one");
	put("etc/a", "1");
	for (unsigned i = 1; i <= 11; i++) {
		char from[8], to[8];
		(void)snprintf(from, sizeof(from), "%u", i);
		(void)snprintf(to, sizeof(to), "%u", i + 1);
		CHECK_INT(change("etc/a", from, to), i);
	}
	must_shell(
		"cd '%s/var/lib/vfio-bootcfg' && mkdir 0012.part && echo >0012.part/x && mkdir 13 x",
		top);
	CHECK_INT(list(&l, &err), 0);
	if (CHECK_INT(l.n, 11)) {
		CHECK_INT(l.v[0].id, 1);
		CHECK_INT(l.v[10].id, 11);
		CHECK_STR(l.v[10].what, "--add x");
		CHECK(l.v[10].when[0] == '2');
		CHECK(l.v[10].paths.n == 1 && str_equal(l.v[10].paths.v[0], "etc/a"));
	}
	CHECK_INT(change("etc/a", "12", "13"), 12);
	CHECK_INT(undo(14, &plain, &u, &err), -ENOENT);
	CHECK_STR(err.text, "there is no change 14; --history lists them");

	check_case(
		"the last change is undone first; one in the middle only while its bytes are there");
	CHECK_INT(undo(0, &plain, &u, &err), 0);
	CHECK_STR(content("etc/a"), "12");
	undone_done(&u);
	CHECK_INT(undo(3, &plain, &u, &err), -EBUSY);
	CHECK_STR(err.text,
		"/etc/a: was edited after change 3; nothing is taken back. What it was is in /var/lib/vfio-bootcfg/0003");
	CHECK_STR(content("etc/a"), "12");
	CHECK_INT(undo(11, &plain, &u, &err), 0);
	CHECK_STR(content("etc/a"), "11");

	check_case("a change that can't be read is named");
	must_shell("echo x >'%s/var/lib/vfio-bootcfg/0010/change'", top);
	undone_done(&u);
	CHECK_INT(undo(0, &plain, &u, &err), -EBADMSG);
	CHECK_HAS(err.text, "/var/lib/vfio-bootcfg/0010: can't be read: ");
	CHECK_STR(content("etc/a"), "11");
}

/* ---- files that were edited since -------------------------------------------------------------
 */

struct edit {
	int rc;
	const char *text;
};

static int edited(void *with, const struct journal_words *change, const char *now, size_t now_len,
	char **ret, size_t *ret_len, struct err *err)
{
	const struct edit *e = with;

	CHECK_STR(change->file->path, "etc/a");
	CHECK_STR(change->file->old, "1");
	CHECK_STR(change->file->text, "2");
	CHECK_STR(now, "2 and more");
	CHECK_INT(now_len, strlen(now));
	if (e->rc < 0)
		return err_set(err, -e->rc, "because");
	*ret = strdup(e->text);
	*ret_len = strlen(e->text);
	return 0;
}

static void test_edited(void)
{
	struct journal_file files[] = {file("etc/a", "1", "2"), file("etc/b", NULL, "3")};
	struct edit e = {.rc = -EBUSY};
	const struct undo_how how = {.changed_since = edited, .with = &e};
	_cleanup_(undone_done) struct undone u = {0};
	struct err err;
	unsigned id;

	tree_make();
	put("etc/a", "1");
	CHECK_INT(commit(files, 2, &id, &err), 0);

	check_case(
		"a file that was created and edited since is not removed, and nothing is undone");
	put("etc/b", "mine");
	CHECK_INT(undo(0, &how, &u, &err), -EBUSY);
	CHECK_STR(err.text,
		"/etc/b: was edited after change 1, which had made it; nothing is taken back. What it was is in /var/lib/vfio-bootcfg/0001");
	CHECK_STR(content("etc/a"), "2");

	check_case("a file that was removed since: the one that was created is as before");
	must_shell("rm '%s/etc/b'", top);
	CHECK_INT(undo(0, &dry, &u, &err), 0);
	CHECK(u.n == 2 && u.v[1].how == UNDO_LEFT);
	undone_done(&u);
	must_shell("rm '%s/etc/a'", top);
	CHECK_INT(undo(0, &how, &u, &err), -EBUSY);
	CHECK_HAS(err.text, "/etc/a: was removed after change 1; nothing is taken back.");

	check_case("a file that was edited since is given to the caller, who may refuse");
	put("etc/a", "2 and more");
	CHECK_INT(undo(0, &how, &u, &err), -EBUSY);
	CHECK_HAS(err.text, "/etc/a: was edited after change 1: because; nothing is taken back.");
	e.rc = -ENOMEM;
	CHECK_INT(undo(0, &how, &u, &err), -ENOMEM);
	CHECK_STR(content("etc/a"), "2 and more");
	e = (struct edit){.text = "2 and more"};
	const struct undo_how look = {.dry = true, .changed_since = edited, .with = &e};
	CHECK_INT(undo(0, &look, &u, &err), 0);
	CHECK(u.n == 2 && u.v[0].how == UNDO_LEFT);
	undone_done(&u);
	e.text = "1 and more";
	CHECK_INT(undo(0, &how, &u, &err), 0);
	CHECK(u.n == 2 && u.v[0].how == UNDO_EDITED && u.v[0].to_len == 10);
	CHECK_STR(content("etc/a"), "1 and more");
	CHECK_STR(listing(), ". ./etc ./etc/a ");
	undone_done(&u);

	check_case("a file that is as before already is left, and the change goes");
	(void)change("etc/a", "1 and more", "2");
	put("etc/a", "1 and more");
	must_shell("touch '%s/etc/.a.vfio-new'", top);
	CHECK_INT(undo(0, &plain, &u, &err), 0);
	CHECK(u.n == 1 && u.v[0].how == UNDO_LEFT);
	CHECK_STR(listing(), ". ./etc ./etc/a ");
}

int main(void)
{
	struct err err = {""};

	fake_sysfs_begin("journal");
	check_case("a tree of our own");
	CHECK_INT(root_open(&root, top, &err), 0);
	test_backup();
	test_damaged();
	test_trust();
	test_commit();
	test_states();
	test_commit_fails();
	test_numbers();
	test_edited();
	root_done(&root);
	return check_done();
}
