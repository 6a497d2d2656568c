/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A power loss at each moment of a log of writes, in the guest of tests/bootcfg/durability.
 *
 *     replay run SYSTEM COMMAND...                            a command in a system
 *     replay check TYPE LOG DISK all|flushes|first SYSTEM...  each moment; prints what is wrong
 *
 * A system is a directory of that name on /b, its /var one on /a; what runs in it is that of the
 * guest (/tools). `check` writes LOG (dm-log-writes) to DISK, one write after the other. After each
 * it mounts two snapshots of what a power loss would have left there: the kernel replays the file
 * system's journal as after a power loss. Then it looks and lets the program look:
 *
 *   - each file has all of its bytes of before, or all of after, with the same mode;
 *   - all are those of before as long as the journal of vfio-bootcfg has no change;
 *   - all are those of after once the program has said so, and nothing else is beside them;
 *   - `--undo` brings back those of before; an edit then those of after; `--undo` again.
 *
 * Marks in the log say which command is under way: SYSTEM:edit, SYSTEM:edited, SYSTEM:undo,
 * SYSTEM:undone. What is of before and after is in /states/SYSTEM/before and /after; the files
 * that a generator writes, in its own way, are named in /states/SYSTEM/generated.
 *
 * The log's format: drivers/md/dm-log-writes.c. A sector with 1<<0 for a flush, 1<<1 FUA, 1<<2 a
 * discard (without bytes), 1<<3 a mark (its text in the sector); the sectors that were written
 * follow. A write is in the log when a flush has made it durable.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512
#define LOG_MAGIC 0x6a736677736872ULL
#define FLUSH 1U
#define FUA 2U
#define DISCARD 4U
#define MARK 8U
#define PROGRAM "vfio-bootcfg"
#define JOURNAL "lib/vfio-bootcfg" /* below /var */
#define WRONG_MAX 5                /* of one log: what follows is of the same kind */

static void die(const char *what)
{
	printf("replay: %s: %s\n", what, strerror(errno));
	exit(2);
}

static char *print_new(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *print_new(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("memory");
	va_end(args);
	return text;
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* ---- what runs ---------------------------------------------------------------------------------
 */

static void bind(const char *from, const char *root, const char *name)
{
	char *to = print_new("%s/%s", root, name);

	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0)
		die(to);
	free(to);
}

/* In mounts of its own, which end with it. */
static int system_run(const char *name, char *const argv[], const char *out)
{
	static const char *const tools[] = {"bin", "lib", "lib64", "usr/lib"};
	int status = 0;

	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		char *root = print_new("/b/%s", name), *var = print_new("/a/%s", name);
		if (unshare(CLONE_NEWNS) < 0 ||
			mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			die("unshare");
		bind(var, root, "var");
		bind("/dev", root, "dev");
		bind("/proc", root, "proc");
		for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
			char *from = print_new("/tools/%s", tools[i]);
			bind(from, root, tools[i]);
			free(from);
		}
		int to = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
		    from = open("/dev/null", O_RDONLY);
		if (to < 0 || from < 0 || dup2(from, 0) < 0 || dup2(to, 1) < 0 || dup2(to, 2) < 0 ||
			chroot(root) < 0 || chdir("/") < 0)
			die(root);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		die("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- files -------------------------------------------------------------------------------------
 */

struct file {
	char *path;
	unsigned mode;
	size_t len;
	char *data;
};
struct tree {
	struct file v[128]; /* sorted */
	size_t n;
};

static void tree_done(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].path);
		free(t->v[i].data);
	}
	t->n = 0;
}

static int file_compare(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

/* -1 with errno if it cannot be read: a file system that is damaged says so here. */
static int tree_read(const char *root, const char *dir, struct tree *t)
{
	char *top = print_new("%s/%s", root, dir);
	DIR *d = opendir(top);
	int rc = d ? 0 : errno == ENOENT ? 0 : -1;

	for (struct dirent *e; rc == 0 && d && (e = readdir(d));) {
		if (is(e->d_name, ".") || is(e->d_name, ".."))
			continue;
		char *path = print_new("%s/%s", dir, e->d_name),
		     *full = print_new("%s/%s", root, path);
		struct file f = {.path = path};
		struct stat st;
		rc = lstat(full, &st);
		f.mode = st.st_mode;
		if (rc == 0 && S_ISREG(st.st_mode)) {
			int fd = open(full, O_RDONLY);
			f.data = calloc(1, (size_t)st.st_size + 1);
			ssize_t got = fd < 0 || !f.data ? -1 : read(fd, f.data, (size_t)st.st_size);
			f.len = got < 0 ? 0 : (size_t)got;
			rc = got < 0 ? -1 : 0;
			if (fd >= 0)
				close(fd);
		}
		free(full);
		if (rc == 0 && t->n == sizeof(t->v) / sizeof(*t->v)) {
			errno = E2BIG;
			rc = -1;
		}
		if (rc == 0)
			t->v[t->n++] = f;
		if (rc == 0 && S_ISDIR(f.mode))
			rc = tree_read(root, path, t);
	}
	if (d)
		closedir(d);
	free(top);
	return rc;
}

static const struct file *tree_find(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (is(t->v[i].path, path))
			return &t->v[i];
	return NULL;
}

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ ((const unsigned char *)data)[i]) * 0x100000001b3ULL; /* FNV-1a */
	return h;
}

static bool same(const struct file *a, const struct file *b)
{
	return a && b ? a->mode == b->mode && a->len == b->len &&
				(a->len == 0 || memcmp(a->data, b->data, a->len) == 0)
		      : !a && !b;
}

/* ---- a system ----------------------------------------------------------------------------------
 */

enum phase { BEFORE, EDITING, EDITED, UNDOING, UNDONE };

struct system {
	const char *name;
	enum phase phase;
	struct tree before, after;
	char *args[16], generated[256];
	uint64_t seen[1024]; /* what was there, and the program has dealt with it */
	size_t seen_n;
};

struct check {
	const char *type;
	struct system system[8];
	size_t systems, at; /* the one that the marks name */
	unsigned long half; /* sectors */
	unsigned long most; /* is wrong, and the rest is not looked at */
	unsigned long entry, points, states, wrong;
};

static void wrong(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct check *c, const char *format, ...)
{
	static const char *const phases[] = {
		"before", "during the edit", "after the edit", "during the undo", "after the undo"};
	const struct system *s = &c->system[c->at];
	va_list args;

	c->wrong++;
	printf("wrong: %s, %s, %s, at write %lu: ", c->type, s->name, phases[s->phase], c->entry);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* What a program leaves beside a file while it replaces it. */
static bool is_temporary(const char *path)
{
	size_t len = strlen(path);

	return len > 9 && (is(path + len - 9, ".vfio-new") || is(path + len - 9, ".vfio-old"));
}

static bool is_generated(const struct system *s, const char *path)
{
	return s->generated[0] && is(s->generated, path);
}

static int trees_read(const struct system *s, struct tree *files, struct tree *journal)
{
	char *root = print_new("/b/%s", s->name), *var = print_new("/a/%s", s->name);
	int rc = tree_read(root, "etc", files);

	if (rc == 0)
		rc = tree_read(root, "boot", files);
	if (rc == 0)
		rc = tree_read(var, JOURNAL, journal);
	qsort(files->v, files->n, sizeof(*files->v), file_compare);
	qsort(journal->v, journal->n, sizeof(*journal->v), file_compare);
	free(root);
	free(var);
	return rc;
}

/* The only change of a journal, by its state; NULL: there is none. */
static const char *change_state(const struct tree *journal)
{
	const struct file *state = tree_find(journal, JOURNAL "/0001/state");

	if (state)
		return state->data;
	return tree_find(journal, JOURNAL "/0001") ? "without a state" : NULL;
}

/* Every file is one of `want`, and every one of `want` is there. */
static bool all_are(
	struct check *c, const struct tree *files, const struct tree *want, const char *when)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct file *f = &files->v[i], *w = tree_find(want, f->path);
		if (same(f, w))
			continue;
		wrong(c, "%s /%s %s (mode %o, %zu bytes: \"%.60s\")", when, f->path,
			w ? "has other bytes or another mode" : "is left there", f->mode, f->len,
			f->data ? f->data : "");
		return false;
	}
	for (size_t i = 0; i < want->n; i++)
		if (!tree_find(files, want->v[i].path)) {
			wrong(c, "%s /%s is not there", when, want->v[i].path);
			return false;
		}
	return true;
}

/* Each file by itself: wholly of before or of after. */
static bool each_is(struct check *c, const struct system *s, const struct tree *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct file *f = &files->v[i];
		if (is_temporary(f->path) || is_generated(s, f->path) ||
			same(f, tree_find(&s->before, f->path)) ||
			same(f, tree_find(&s->after, f->path)))
			continue;
		wrong(c, "/%s is neither (mode %o, %zu bytes: \"%.60s\")", f->path, f->mode, f->len,
			f->data ? f->data : "");
		return false;
	}
	for (size_t i = 0; i < s->before.n; i++)
		if (tree_find(&s->after, s->before.v[i].path) &&
			!tree_find(files, s->before.v[i].path)) {
			wrong(c, "/%s is gone", s->before.v[i].path);
			return false;
		}
	return true;
}

/* The files and the journal at this moment, before anything mends them. */
static bool looks_right(struct check *c, const struct system *s, const struct tree *files,
	const struct tree *journal)
{
	const char *state = change_state(journal);

	if (!each_is(c, s, files))
		return false;
	if (s->phase == EDITED && (!state || !is(state, "regenerated\n"))) {
		wrong(c, "the edit was said to be done, and the journal says %s",
			state ? state : "nothing");
		return false;
	}
	if (s->phase == EDITED)
		return all_are(c, files, &s->after, "the edit was said to be done, and");
	if (s->phase == BEFORE || s->phase == UNDONE || !state)
		return all_are(c, files, &s->before,
			s->phase == UNDONE ? "the undo was said to be done, and"
					   : "without a change in the journal");
	return true;
}

/* One command of the program, and what is there then. */
static bool program_does(struct check *c, struct system *s, char *const argv[],
	const struct tree *want, bool journal_stays)
{
	struct tree files = {0}, journal = {0};
	int status = system_run(s->name, argv, "/said");
	bool good = false;

	if (status != 0) {
		wrong(c, "%s %s ends with %d and says:", PROGRAM, argv[1], status);
		(void)system("cat /said"); /* NOLINT(cert-env33-c): of the guest */
	} else if (trees_read(s, &files, &journal) < 0) {
		wrong(c, "after %s: %s", argv[1], strerror(errno));
	} else if (!journal_stays && journal.n > 0) {
		wrong(c, "after %s /var/%s is left", argv[1], journal.v[0].path);
	} else {
		char *when = print_new("after %s", argv[1]);
		good = all_are(c, &files, want, when);
		free(when);
	}
	tree_done(&files);
	tree_done(&journal);
	return good;
}

static bool seen_before(struct system *s, uint64_t h)
{
	for (size_t i = 0; i < s->seen_n; i++)
		if (s->seen[i] == h)
			return true;
	if (s->seen_n < sizeof(s->seen) / sizeof(*s->seen))
		s->seen[s->seen_n++] = h;
	return false;
}

static uint64_t trees_hash(const struct tree *files, const struct tree *journal)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (const struct tree *t = files; t; t = t == files ? journal : NULL)
		for (size_t i = 0; i < t->n; i++) {
			h = hash(h, t->v[i].path, strlen(t->v[i].path) + 1);
			h = hash(h, &t->v[i].mode, sizeof(t->v[i].mode));
			h = hash(h, t->v[i].data, t->v[i].len);
		}
	return h;
}

/* The next command of the user, whatever the power loss left. */
static void program_mends(struct check *c, struct system *s, const struct tree *journal)
{
	char *const undo[] = {(char[]){PROGRAM}, (char[]){"--undo"}, NULL};
	struct tree files = {0}, rest = {0};
	bool good = true;

	if (change_state(journal))
		good = program_does(c, s, undo, &s->before, true);
	if (!good || trees_read(s, &files, &rest) < 0)
		return;
	if (change_state(&rest))
		wrong(c, "after --undo the change is in the journal");
	else if (!seen_before(s, ~trees_hash(&files, &rest)) &&
		 program_does(c, s, s->args, &s->after, true))
		(void)program_does(c, s, undo, &s->before, false);
	tree_done(&files);
	tree_done(&rest);
}

static void system_check(struct check *c, struct system *s)
{
	struct tree files = {0}, journal = {0};

	if (trees_read(s, &files, &journal) < 0) {
		wrong(c, "can't be read: %s", strerror(errno));
	} else if (looks_right(c, s, &files, &journal) &&
		   !seen_before(s, trees_hash(&files, &journal))) {
		c->states++;
		program_mends(c, s, &journal);
	}
	tree_done(&files);
	tree_done(&journal);
}

/* ---- the log -----------------------------------------------------------------------------------
 */

static void command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void command(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(cert-env33-c): of the guest */
	if (vasprintf(&text, format, args) < 0 || system(text) != 0)
		die(text ? text : "memory");
	va_end(args);
	free(text);
}

/* half-a and half-b are the halves of DISK; /dev/vdc and /dev/vdd have room for what is written to
 * their snapshots. */
static void power_loss(struct check *c)
{
	c->points++;
	command("exec dmsetup create --concise 'lost-a,,,rw,0 %lu snapshot /dev/mapper/half-a /dev/vdc N 8;"
		"lost-b,,,rw,0 %lu snapshot /dev/mapper/half-b /dev/vdd N 8'",
		c->half, c->half);
	if (mount("/dev/mapper/lost-a", "/a", c->type, 0, NULL) < 0)
		wrong(c, "the file system of /var can't be mounted: %s", strerror(errno));
	else if (mount("/dev/mapper/lost-b", "/b", c->type, 0, NULL) < 0)
		wrong(c, "the other file system can't be mounted: %s", strerror(errno));
	else
		system_check(c, &c->system[c->at]);
	(void)umount("/b");
	(void)umount("/a");
	command("exec dmsetup remove lost-a lost-b");
}

static void marked(struct check *c, const char *text)
{
	static const char *const words[] = {"edit", "edited", "undo", "undone"};
	const char *colon = strchr(text, ':');

	for (size_t i = 0; colon && i < c->systems; i++)
		for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++)
			if (strncmp(text, c->system[i].name, (size_t)(colon - text)) == 0 &&
				is(colon + 1, words[k])) {
				c->at = i;
				c->system[i].phase = (enum phase)(k + EDITING);
			}
}

static void read_all(int fd, void *to, size_t len, off_t at)
{
	if (pread(fd, to, len, at) != (ssize_t)len)
		die("the log");
}

static void log_check(struct check *c, int log, int disk, bool all)
{
	uint64_t super[4], entry[SECTOR / 8];
	off_t at = SECTOR;
	bool begun = false;

	read_all(log, super, sizeof(super), 0);
	if (super[0] != LOG_MAGIC || (uint32_t)super[3] != SECTOR)
		die("not a log of writes");
	for (c->entry = 1; c->entry <= super[2] && c->wrong < c->most; c->entry++) {
		read_all(log, entry, sizeof(entry), at);
		at += SECTOR;
		uint64_t flags = entry[2];
		size_t len = (flags & (DISCARD | MARK)) != 0 ? 0 : (size_t)entry[1] * SECTOR;
		/* A flush is done before what it comes with is written. */
		if (begun && !all && (flags & FLUSH) && len > 0)
			power_loss(c);
		char *data = malloc(len + 1);
		if (!data)
			die("memory");
		read_all(log, data, len, at);
		if (pwrite(disk, data, len, (off_t)(entry[0] * SECTOR)) != (ssize_t)len ||
			fdatasync(disk) < 0)
			die("the disk");
		free(data);
		at += (off_t)len;
		if (flags & MARK) {
			((char *)entry)[SECTOR - 1] = '\0';
			if (is((char *)(entry + 4), "end"))
				break;
			marked(c, (char *)(entry + 4));
			begun = true;
		}
		if (begun && ((flags & (FLUSH | FUA | MARK)) || (all && len > 0)))
			power_loss(c);
	}
}

/* ---- what is asked -----------------------------------------------------------------------------
 */

static void state_read(struct system *s, const char *name)
{
	static char args[512];
	char *dir = print_new("/states/%s", name), *before = print_new("%s/before", dir),
	     *after = print_new("%s/after", dir), *generated = print_new("%s/generated", dir),
	     *asked = print_new("%s/args", dir);
	size_t n = 0;

	s->name = name;
	if (tree_read(before, "etc", &s->before) < 0 || tree_read(before, "boot", &s->before) < 0 ||
		tree_read(after, "etc", &s->after) < 0 || tree_read(after, "boot", &s->after) < 0)
		die(dir);
	FILE *f = fopen(generated, "re");
	if (f && !fgets(s->generated, sizeof(s->generated), f))
		s->generated[0] = '\0';
	s->generated[strcspn(s->generated, "\n")] = '\0';
	if (f)
		fclose(f);
	f = fopen(asked, "re");
	if (!f || !fgets(args, sizeof(args), f))
		die(asked);
	fclose(f);
	s->args[n++] = strdup(PROGRAM);
	for (char *rest = args, *word; (word = strsep(&rest, " \n")) && n < 15;)
		if (word[0])
			s->args[n++] = strdup(word);
	free(dir);
	free(before);
	free(after);
	free(generated);
	free(asked);
}

int main(int argc, char *argv[])
{
	(void)setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 3 && is(argv[1], "run"))
		return system_run(argv[2], argv + 3, "/dev/ttyS1");
	if (argc < 7 || argc > 14 || !is(argv[1], "check"))
		return 2;
	struct check *c = calloc(1, sizeof(*c));
	int log = open(argv[3], O_RDONLY), disk = open(argv[4], O_WRONLY);
	/* What an earlier log left in memory of the disk is not what is on it. */
	if (!c || log < 0 || disk < 0 || ioctl(log, BLKFLSBUF) < 0 || ioctl(disk, BLKFLSBUF) < 0)
		die("can't begin");
	c->type = argv[2];
	c->most = is(argv[5], "first") ? 1 : WRONG_MAX;
	off_t size = lseek(disk, 0, SEEK_END);
	c->half = size < 0 ? 0 : (unsigned long)size / SECTOR / 2;
	for (int i = 6; i < argc; i++)
		state_read(&c->system[c->systems++], argv[i]);
	log_check(c, log, disk, is(argv[5], "all"));
	printf("checked: %s points %lu states %lu wrong %lu\n", c->type, c->points, c->states,
		c->wrong);
	return c->wrong > 0;
}
