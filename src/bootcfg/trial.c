/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/trial.h"

#include "base/file.h"
#include "bootcfg/format/shell_encode.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/loader.h"
#include "shared/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* ---- grub --------------------------------------------------------------------------------------
 */

/* One line, [begin, end) without its newline; false at the end of the text. */
static bool line_next(const char *text, size_t *at, size_t *begin, size_t *end)
{
	*begin = *at;
	if (!text[*at])
		return false;
	*end = *begin + strcspn(text + *begin, "\n");
	*at = *end + (text[*end] == '\n');
	while (*begin < *end && karg_blank(text[*begin]))
		(*begin)++;
	return true;
}

static bool starts(const char *text, size_t begin, size_t end, const char *word)
{
	size_t n = strlen(word);
	return end - begin > n && memcmp(text + begin, word, n) == 0 &&
	       strchr(" \t", text[begin + n]);
}

/* The value of a variable in GRUB's environment block; "" if it is not set. */
static char *env_value(const struct root *r, const char *env, const char *name)
{
	_cleanup_(str_free) char *text = NULL;
	char key[64];
	size_t len;

	(void)snprintf(key, sizeof(key), "\n%s=", name);
	if (root_read(r, env, &text, &len, NULL) < 0)
		return strdup("");
	const char *at = strstr(text, key);
	if (!at)
		return strdup("");
	at += strlen(key);
	return strndup(at, strcspn(at, "\n"));
}

/*
 * The default entry of the menu: `set default="…"`, except the one for the one-time boot. A number,
 * a title or an id, or several separated by `>`, the outer menu first; for ${saved_entry} the value
 * in the environment block.
 */
static char *default_name(const struct root *r, const char *menu, const char *env)
{
	static const char set[] = "set default=\"";
	size_t at = 0, begin, end;

	while (line_next(menu, &at, &begin, &end)) {
		const char *value = menu + begin + strlen(set);
		if (!str_starts(menu + begin, set) || str_starts(value, "${next_entry}"))
			continue;
		if (str_starts(value, "${"))
			break;
		return strndup(value, strcspn(value, "\"\n"));
	}
	return env_value(r, env, "saved_entry");
}

/* Finds the end of a block, before its `}`; at is after the line that opened it. As grub-mkconfig
 * writes it: a line that opens a block ends in {, one that closes it is a }. */
static bool block_end(const char *menu, size_t at, size_t *ret_end)
{
	size_t begin, end;

	for (int depth = 1; line_next(menu, &at, &begin, &end);) {
		depth += end > begin && menu[end - 1] == '{';
		depth -= end - begin == 1 && menu[begin] == '}';
		if (depth > 0)
			continue;
		while (begin > 0 && menu[begin - 1] != '\n')
			begin--;
		*ret_end = begin;
		return true;
	}
	return false;
}

/* True if the line has this number, or this title or id in the quotes of grub-mkconfig. */
static bool line_is_named(const char *line, size_t len, const char *name, unsigned long number)
{
	char quoted[512];
	unsigned long wanted;

	if (name[0] == '\0' || str_decimal(name, 9999, &wanted))
		return number == (name[0] ? wanted : 0);
	(void)snprintf(quoted, sizeof(quoted), "'%s'", name);
	return memmem(line, len, quoted, strlen(quoted));
}

/* Finds an entry or submenu by name in [*begin, *end), which becomes the content of its block. */
static bool block_find(
	const char *menu, const char *name, size_t *begin, size_t *end, bool *ret_submenu)
{
	size_t at = *begin, line, line_end, block;

	for (unsigned long n = 0; at < *end && line_next(menu, &at, &line, &line_end);) {
		bool submenu = starts(menu, line, line_end, "submenu");
		if (!submenu && !starts(menu, line, line_end, "menuentry"))
			continue;
		if (!block_end(menu, at, &block))
			return false;
		if (line_is_named(menu + line, line_end - line, name, n++)) {
			*begin = at;
			*end = block;
			*ret_submenu = submenu;
			return true;
		}
		at = block;
	}
	return false;
}

/* Finds the block of the default entry; for a submenu named without one of its entries GRUB takes
 * the first. */
static bool entry_find(const char *menu, const char *name, size_t *ret_begin, size_t *ret_end)
{
	_cleanup_(str_free) char *copy = strdup(name);
	bool submenu = true;
	char *rest = copy;

	*ret_begin = 0;
	*ret_end = strlen(menu);
	while (copy && submenu) {
		char *part = rest ? strsep(&rest, ">") : NULL;
		if (!block_find(menu, part ? part : "", ret_begin, ret_end, &submenu))
			return false;
	}
	return copy && !submenu;
}

/* Reads the parameters of the linux line of the copy, after the path of the kernel. */
static int linux_find(const struct file_edit *s, struct tokens *l, struct err *err)
{
	size_t len, at = 0, begin, end;
	const char *text = file_edit_text(s, &len), *own = strstr(text, "--id " TRIAL_ID);

	at = own ? (size_t)(own - text) : 0;
	while (own && line_next(text, &at, &begin, &end)) {
		if (!starts(text, begin, end, "linux") && !starts(text, begin, end, "linuxefi") &&
			!starts(text, begin, end, "linux16"))
			continue;
		for (int skip = 0; skip < 2; skip++) {
			while (begin < end && !karg_blank(text[begin]))
				begin++;
			while (begin < end && karg_blank(text[begin]))
				begin++;
		}
		struct segment *f = tokens_segment(l);
		if (!f || segment_add_bytes(f, text, begin, end, 0) < 0)
			return err_set(err, ENOMEM, "out of memory");
		f->at = begin;
		l->dialect = DIALECT_GRUB;
		return tokens_split(l, err);
	}
	return err_set(err, EINVAL, "%s: the default entry starts no kernel", s->name);
}

static int encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	(void)context;
	(void)dialect;
	while (*text) {
		if (*text == ' ') {
			text_add(ret, text++, 1);
			continue;
		}
		const char *end = karg_end(text);
		_cleanup_(str_free) char *word = strndup(text, (size_t)(end - text));
		int rc = word ? grub_encode(word, ret, err) : -ENOMEM;
		if (rc < 0)
			return rc;
		text = end;
	}
	return 0;
}

static int copy_edit(struct file_edits *s, const struct karg_ops *req, struct err *err)
{
	_cleanup_(tokens_done) struct tokens old = {0}, new = {0};
	_cleanup_(strings_done) struct strings expect = {0};

	int rc = linux_find(&s->v[0], &old, err);
	if (rc == 0)
		rc = line_edit(s, &old, req, encode, s->v[0].name, &expect, err);
	if (rc <= 0)
		return rc;
	rc = linux_find(&s->v[0], &new, err);
	if (rc == 0 && line_words(&new, &s->after) < 0)
		rc = err_set(err, ENOMEM, "out of memory");
	if (rc == 0 && !kargs_same(&s->after, &expect))
		rc = err_set(err, EINVAL, "%s: can't be edited with certainty", s->v[0].name);
	return rc;
}

/* Copies the entry, except its name and savedefault, which would make it the default. */
static void copy_print(const char *menu, size_t begin, size_t end, struct text *to)
{
	size_t at = begin, line, line_end;

	text_print(to, "# vfio-bootcfg --trial: --confirm keeps its words, --undo takes it away\n"
		       "menuentry 'Trial of vfio-bootcfg' --id " TRIAL_ID " {\n");
	for (size_t from = at; from < end && line_next(menu, &at, &line, &line_end); from = at)
		if (!(line_end - line == 11 && memcmp(menu + line, "savedefault", 11) == 0))
			text_add(to, menu + from, at - from);
	text_print(to, "}\n");
}

/* LVM, LUKS and RAID use device mapper or md (Documentation/admin-guide/devices). */
static bool is_mapped(const struct root *r, dev_t dev)
{
	_cleanup_(mount_table_done) struct mount_table mounts = {0};
	char *text = NULL;
	size_t len;

	if (root_read(r, "proc/self/mountinfo", &text, &len, NULL) < 0 ||
		mount_table_parse(&mounts, text) < 0)
		return false;
	for (size_t i = 0; i < mounts.n; i++) {
		const struct mount_row *m = &mounts.at[i];
		if (m->major == major(dev) && m->minor == minor(dev))
			return str_starts(m->source, "/dev/mapper/") ||
			       str_starts(m->source, "/dev/md") ||
			       str_starts(m->source, "/dev/dm-");
	}
	return false;
}

/* GRUB resets next_entry itself, by a write that works only on a plain partition; else the trial
 * would boot again and again (GRUB manual, "Environment block"). */
static int writable_check(const struct root *r, const char *env, struct err *err)
{
	_cleanup_(fd_close) int fd = root_fd(r, env, O_RDONLY | O_NOFOLLOW);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return err_set(err, EINVAL,
			"/%s: is not a file GRUB can write to; `grub-editenv create' makes it",
			env);
	if (!r->host)
		return 0;
	if (fstatfs(fd, &fs) == 0 &&
		(fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == 0x2fc12fc1 /* ZFS */ ||
			fs.f_type == F2FS_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC))
		return err_set(err, EINVAL,
			"/%s: GRUB can't write to its file system, so the trial would boot again and again",
			env);
	if (fstat(fd, &st) == 0 && is_mapped(r, st.st_dev))
		return err_set(err, EINVAL,
			"/%s: is on LVM, LUKS or RAID, where GRUB can't write, so the trial would boot again and again",
			env);
	return 0;
}

static int menu_check(const char *menu, const char *cfg, struct err *err)
{
	if (!strstr(menu, "next_entry"))
		return err_set(err, EINVAL,
			"/%s: knows no next_entry, so there is no boot for once; set GRUB_DEFAULT=saved in /etc/default/grub and run update-grub",
			cfg);
	if (!strstr(menu, "custom.cfg"))
		return err_set(err, EINVAL,
			"/%s: does not read custom.cfg (/etc/grub.d/41_custom is off): there is no place for an entry to try",
			cfg);
	return 0;
}

int trial_grub_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *p, struct err *err)
{
	_cleanup_(str_free) char *menu = NULL, *own = NULL, *name = NULL;
	_cleanup_(text_done) struct text text = {0};
	struct file_edits *s = &p->set[p->n++];
	const char *cfg = l->grub_cfg ? l->grub_cfg : "boot/grub/grub.cfg";
	int dir = (int)(strrchr(cfg, '/') - cfg);
	char env[1024], custom[1024];
	size_t len = 0, begin = 0, end = 0, own_len = 0;

	(void)snprintf(env, sizeof(env), "%.*s/grubenv", dir, cfg);
	(void)snprintf(custom, sizeof(custom), "%.*s/custom.cfg", dir, cfg);
	int rc = root_read(r, cfg, &menu, &len, err);
	if (rc == -ENOENT)
		return err_set(err, EINVAL, "/%s: is not there", cfg);
	if (rc == 0)
		rc = menu_check(menu, cfg, err);
	if (rc == 0)
		rc = writable_check(r, env, err);
	if (rc < 0)
		return rc;
	name = default_name(r, menu, env);
	if (!name || !entry_find(menu, name, &begin, &end))
		return err_set(
			err, EINVAL, "/%s: the entry that boots by default is not found", cfg);
	rc = root_read(r, custom, &own, &own_len, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	bool there = own && strstr(own, "--id " TRIAL_ID);
	text_add(&text, own ? own : "", own_len);
	if (own && own_len > 0 && own[own_len - 1] != '\n')
		text_add(&text, "\n", 1);
	if (!there)
		copy_print(menu, begin, end, &text);
	rc = file_edits_add(s, custom, own, own_len);
	own = NULL;
	if (rc < 0 || file_edit_take(&s->v[0], &text) < 0)
		return err_set(err, ENOMEM, "out of memory");
	rc = copy_edit(s, req, err);
	if (rc < 0)
		return rc;
	if (s->added.n == 0 && s->removed.n == 0)
		str_free(&s->v[0].text);
	if (!s->v[0].text && !there)
		return 0; /* nothing to change */
	return strings_add(&l->next, strstr(cfg, "grub2") ? "grub2-reboot " TRIAL_ID
							  : "grub-reboot " TRIAL_ID) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

int grub_oneshot_cancel(const struct root *r, const char *custom, struct strings *next)
{
	_cleanup_(text_done) struct text env = {0}, command = {0};
	int dir = (int)(strrchr(custom, '/') - custom);

	text_print(&env, "%.*s/grubenv", dir, custom);
	if (env.failed)
		return -ENOMEM;
	_cleanup_(str_free) char *next_entry = env_value(r, env.data, "next_entry");
	if (!next_entry)
		return -ENOMEM;
	/* After a one-time boot GRUB leaves the variable in place, empty. */
	if (!root_holds(r, env.data, "\nnext_entry=") ||
		(next_entry[0] && !str_equal(next_entry, TRIAL_ID)))
		return 0;
	text_print(&command, "%s /%s unset next_entry",
		strstr(env.data, "grub2") ? "grub2-editenv" : "grub-editenv", env.data);
	return command.failed ? -ENOMEM : strings_add(next, command.data);
}

/* ---- trial -------------------------------------------------------------------------------------
 */

/* Finds the default entry: the one in loader.conf, the only one, or the one that booted this
 * system. */
static const struct karg_source *default_find(const struct root *r, const struct loaders *l)
{
	const struct karg_source *only = NULL, *chosen = NULL, *booted = NULL;
	size_t n = 0;
	_cleanup_(booted_done) struct booted now = {0};

	(void)!booted_read(r, &now);
	for (size_t i = 0; i < l->places; i++) {
		const struct karg_source *p = &l->place[i];
		if (p->edit != bls_edit)
			continue;
		n++;
		only = p;
		const char *name = strrchr(p->paths.v[0], '/') + 1;
		if (p->is_default && !chosen)
			chosen = p;
		if (now.entry && strcasecmp(now.entry, name) == 0)
			booted = p;
	}
	return chosen ? chosen : n == 1 ? only : booted;
}

/* NAME.conf or NAME+3-1.conf becomes NAME-TAIL.conf: the copy has no boot counter. */
static char *copy_name(const char *path, const char *tail)
{
	size_t len = strlen(path) - strlen(".conf"), plus = len;
	char *name = NULL;

	while (plus > 0 && strchr("0123456789-", path[plus - 1]))
		plus--;
	if (plus > 0 && plus < len && path[plus - 1] == '+')
		len = plus - 1;
	return asprintf(&name, "%.*s-%s.conf", (int)len, path, tail) < 0 ? NULL : name;
}

/* The length of a line without trailing blanks. */
static size_t trimmed(const char *line, size_t len)
{
	while (len > 0 && karg_blank(line[len - 1]))
		len--;
	return len;
}

static bool key_is(const char *line, size_t len, const char *key)
{
	size_t n = strlen(key);
	return len > n && memcmp(line, key, n) == 0 && strchr(" \t", line[n]);
}

/*
 * The title of the copy has a mark, and the copy sorts after its original, so that it never is the
 * first entry (systemd-boot, boot_entry_compare: equal keys, then the greater id; `-` is less than
 * `.`).
 */
static void copy_mark(const char *text, size_t len, const char *mark, struct text *to)
{
	for (size_t at = 0; at < len;) {
		const char *line = text + at, *nl = memchr(line, '\n', len - at);
		size_t n = nl ? (size_t)(nl - line) + 1 : len - at, end = trimmed(line, n);
		if (key_is(line, end, "sort-key"))
			text_print(to, "sort-key zz-vfio");
		else
			text_add(to, line, end);
		if (key_is(line, end, "title"))
			text_print(to, " (%s)", mark);
		text_add(to, line + end, n - end);
		at += n;
	}
}

static int copy_make(const struct root *r, const struct karg_source *model, const char *tail,
	const char *mark, struct file_edits *to, struct err *err)
{
	_cleanup_(str_free) char *text = NULL, *name = copy_name(model->paths.v[0], tail);
	_cleanup_(text_done) struct text copy = {0};
	size_t len = 0;

	if (!name)
		return err_set(err, ENOMEM, "out of memory");
	int rc = root_read(r, name, &text, &len, err);
	if (rc == 0) { /* the copy exists already: it is edited */
		char *have = text;
		text = NULL;
		return file_edits_add(to, name, have, len) < 0
			       ? err_set(err, ENOMEM, "out of memory")
			       : 0;
	}
	if (rc == -ENOENT)
		rc = root_read(r, model->paths.v[0], &text, &len, err);
	if (rc < 0)
		return rc;
	copy_mark(text, len, mark, &copy);
	if (file_edits_add(to, name, NULL, 0) < 0 || file_edit_take(&to->v[0], &copy) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

/* With @saved the last booted entry becomes the default, even the trial. */
static int default_check(const struct root *r, const char *path, struct err *err)
{
	const char *entries = strstr(path, "/entries/");
	char conf[1100];

	(void)snprintf(
		conf, sizeof(conf), "%.*s/loader.conf", (int)(entries ? entries - path : 0), path);
	if (root_holds(r, conf, "@saved"))
		return err_set(err, EINVAL,
			"/%s: says `default @saved', so the trial would boot again by itself; name an entry there first",
			conf);
	return 0;
}

static int systemd_boot_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *p, struct err *err)
{
	const struct karg_source *model = default_find(r, l);

	if (!model)
		return err_set(err, EINVAL,
			"nothing tells which entry boots by default; --entry ID says which to try");
	struct format f = {.reader = BLS_SYSTEMD_BOOT};
	struct file_edits *s = &p->set[p->n++];
	int rc = default_check(r, model->paths.v[0], err);
	if (rc == 0)
		rc = copy_make(r, model, TRIAL_ID, "vfio-bootcfg trial", s, err);
	if (rc == 0)
		rc = bls_edit(s, &f, req, err);
	if (rc < 0)
		return rc;
	if (s->n == 0)
		return err_set(err, EINVAL, "the default entry has no file to copy");
	if (s->added.n == 0 && s->removed.n == 0)
		str_free(&s->v[0].text);
	if (!s->v[0].text && !s->v[0].old)
		return 0; /* nothing to change */
	_cleanup_(text_done) struct text arm = {0};
	text_print(&arm, "bootctl set-oneshot %s", strrchr(s->v[0].path, '/') + 1);
	return arm.failed || strings_add(&l->next, arm.data) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

int trial_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set p = {.set = calloc(2, sizeof(*p.set))};
	const char *loader = l->found_n > 0 ? l->found[0]->name : "";
	int rc = -EINVAL;

	if (!p.set)
		return err_set(err, ENOMEM, "out of memory");
	strings_done(&l->next);
	if (str_equal(loader, "systemd-boot"))
		rc = systemd_boot_plan(r, l, req, &p, err);
	else if (str_equal(loader, "grub"))
		rc = trial_grub_plan(r, l, req, &p, err);
	else
		(void)err_set(err, EINVAL,
			"--trial knows the one-shot boot of systemd-boot's entries and of GRUB's menu, and this is %s: nothing is changed",
			loader);
	if (rc < 0)
		return rc;
	*ret = p;
	p = (struct edit_set){0};
	return 0;
}

int trial_keep(const struct root *r, const struct loaders *l, struct edit_set *to, struct err *err)
{
	const struct karg_source *model = default_find(r, l);

	if (!model || !str_equal(l->found_n > 0 ? l->found[0]->name : "", "systemd-boot"))
		return err_set(err, EINVAL,
			"--once-fallback copies the default entry of systemd-boot, and there is none that is known here");
	struct file_edits *set = calloc(to->n + 1, sizeof(*set));
	if (!set)
		return err_set(err, ENOMEM, "out of memory");
	/* Written first: the copy exists before anything changes. */
	memcpy(set + 1, to->set, to->n * sizeof(*set));
	free(to->set);
	to->set = set;
	to->n++;
	return copy_make(r, model, "before-vfio", "before vfio-bootcfg", &set[0], err);
}

int oneshot_cancel(
	const struct root *r, const struct undone *u, struct strings *next, bool *ret_trial)
{
	int rc = 0;

	*ret_trial = false;
	for (size_t i = 0; i < u->n && rc == 0; i++) {
		const char *path = u->v[i].path, *name = strrchr(path, '/');
		if (name && strstr(name, "-" TRIAL_ID ".conf"))
			*ret_trial = true;
		if (!name || !str_equal(name, "/custom.cfg"))
			continue;
		*ret_trial = true;
		rc = grub_oneshot_cancel(r, path, next);
	}
	return rc;
}

int trial_words_read(const char *text, struct karg_ops *ret, struct err *err)
{
	static const struct {
		const char *verb;
		enum karg_op_kind kind;
	} verbs[] = {{"--add", KARG_OP_ADD}, {"--set", KARG_OP_SET},
		{"--remove", KARG_OP_REMOVE_WORD}, {"--remove-item", KARG_OP_REMOVE_ELEMENT}};

	for (const char *at = text; *at;) {
		const char *cmd_end = karg_end(at), *word = cmd_end + (*cmd_end == ' ');
		const char *end = karg_end(word);
		_cleanup_(str_free) char *verb = strndup(at, (size_t)(cmd_end - at));
		_cleanup_(str_free) char *copy = strndup(word, (size_t)(end - word));
		size_t i = 0, n = sizeof(verbs) / sizeof(*verbs);
		if (!verb || !copy)
			return err_set(err, ENOMEM, "out of memory");
		while (i < n && !str_equal(verbs[i].verb, verb))
			i++;
		int rc = i == n ? err_set(err, EBADMSG, "the journal's %s can't be read", verb)
				: karg_ops_take(ret, verbs[i].kind, copy, err);
		if (rc < 0)
			return rc;
		at = end + (*end == ' ');
	}
	return 0;
}
