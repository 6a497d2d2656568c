/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"
#include "base/mounts.h"
#include "bootcfg/karg.h"
#include "bootcfg/shell_encode.h"
#include "bootcfg/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

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

/* The value of a line of GRUB's environment block; "" where it is not there. */
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
 * What boots by default, as the menu says: `set default="…"`, but for the one that is the boot for
 * once. That is a number, a title or an id, or several with `>` between, the outer menu first; with
 * ${saved_entry} what the environment holds.
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

/* Behind the line that opened a block, up to before its `}`. As grub-mkconfig writes it: a line
 * that opens ends in {, one that closes is a }. */
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

/* A number, or a title or id in the quotes of grub-mkconfig. */
static bool line_is_named(const char *line, size_t len, const char *name, unsigned long number)
{
	char quoted[512];
	unsigned long wanted;

	if (name[0] == '\0' || str_decimal(name, 9999, &wanted))
		return number == (name[0] ? wanted : 0);
	(void)snprintf(quoted, sizeof(quoted), "'%s'", name);
	return memmem(line, len, quoted, strlen(quoted));
}

/* The entry or submenu of that name in a menu, [*begin, *end) before and what it holds after. */
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

/* The block of the entry that boots by default; of a submenu that is named without one of its
 * entries GRUB takes the first. */
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

/* The words of the linux line of the copy, behind the kernel's path. */
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
	if (rc == 0 && !strings_same_words(&s->after, &expect))
		rc = err_set(err, EINVAL, "%s: can't be edited with certainty", s->v[0].name);
	return rc;
}

/* The entry as it is, but for its name and for savedefault, which would keep it. */
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

/* LVM, LUKS and RAID are device mapper's or md's (Documentation/admin-guide/devices). */
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

/* GRUB resets next_entry itself, by a write it can do on a plain partition only; else the trial
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
		return 0; /* it is so already */
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
	/* GRUB itself leaves it there and empty. */
	if (!root_holds(r, env.data, "\nnext_entry=") ||
		(next_entry[0] && !str_equal(next_entry, TRIAL_ID)))
		return 0;
	text_print(&command, "%s /%s unset next_entry",
		strstr(env.data, "grub2") ? "grub2-editenv" : "grub-editenv", env.data);
	return command.failed ? -ENOMEM : strings_add(next, command.data);
}
