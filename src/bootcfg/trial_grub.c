/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"
#include "bootcfg/kword.h"
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
	while (*begin < *end && kword_blank(text[*begin]))
		(*begin)++;
	return true;
}

static bool starts(const char *text, size_t begin, size_t end, const char *word)
{
	size_t n = strlen(word);
	return end - begin > n && memcmp(text + begin, word, n) == 0 &&
	       strchr(" \t", text[begin + n]);
}

/* The saved entry's id or title, behind the last `>`: "" where none is saved. */
static char *saved_entry(const struct root *r, const char *env)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read(r, env, &text, &len, NULL) < 0)
		return strdup("");
	const char *at = strstr(text, "\nsaved_entry=");
	if (!at)
		return strdup("");
	at += strlen("\nsaved_entry=");
	const char *end = at + strcspn(at, "\n");
	for (const char *p = at; p < end; p++)
		if (*p == '>')
			at = p + 1;
	return strndup(at, (size_t)(end - at));
}

/* The block of the entry that boots by default: behind its first line, up to before its `}`. As
 * grub-mkconfig writes it: a line that opens ends in {, one that closes is a }. */
static bool entry_find(const char *menu, const char *saved, size_t *ret_begin, size_t *ret_end)
{
	size_t at = 0, begin, end;
	char quoted[512];

	(void)snprintf(quoted, sizeof(quoted), "'%s'", saved);
	while (line_next(menu, &at, &begin, &end)) {
		if (!starts(menu, begin, end, "menuentry") ||
			(saved[0] && !memmem(menu + begin, end - begin, quoted, strlen(quoted))))
			continue;
		*ret_begin = at;
		for (int depth = 1; line_next(menu, &at, &begin, &end);) {
			depth += end > begin && menu[end - 1] == '{';
			depth -= end - begin == 1 && menu[begin] == '}';
			if (depth == 0) {
				while (begin > 0 && menu[begin - 1] != '\n')
					begin--;
				*ret_end = begin;
				return true;
			}
		}
	}
	return false;
}

/* The words of the linux line of the copy, behind the kernel's path. */
static int linux_find(const struct source *s, struct line *l, struct err *err)
{
	size_t len, at = 0, begin, end;
	const char *text = source_text(s, &len), *own = strstr(text, "--id " TRIAL_ID);

	at = own ? (size_t)(own - text) : 0;
	while (own && line_next(text, &at, &begin, &end)) {
		if (!starts(text, begin, end, "linux") && !starts(text, begin, end, "linuxefi") &&
			!starts(text, begin, end, "linux16"))
			continue;
		for (int skip = 0; skip < 2; skip++) {
			while (begin < end && !kword_blank(text[begin]))
				begin++;
			while (begin < end && kword_blank(text[begin]))
				begin++;
		}
		struct field *f = line_field(l);
		if (!f || field_add_bytes(f, text, begin, end, 0) < 0)
			return err_set(err, ENOMEM, "out of memory");
		f->at = begin;
		l->dialect = DIALECT_GRUB;
		return line_split(l, err);
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
		const char *end = kword_end(text);
		_cleanup_(str_free) char *word = strndup(text, (size_t)(end - text));
		int rc = word ? grub_encode(word, ret, err) : -ENOMEM;
		if (rc < 0)
			return rc;
		text = end;
	}
	return 0;
}

static int copy_edit(struct sources *s, const struct request *req, struct err *err)
{
	_cleanup_(line_done) struct line old = {0}, new = {0};
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

/* GRUB resets next_entry itself, by a write it can do on a plain partition only; else the trial
 * would boot again and again (GRUB manual, "Environment block"). */
static int writable_check(const struct root *r, const char *env, struct err *err)
{
	struct statfs fs;
	_cleanup_(fd_close) int fd = root_fd(r, env, O_RDONLY | O_NOFOLLOW);
	_cleanup_(str_free) char *mounts = NULL;
	size_t len;

	if (fd < 0)
		return err_set(err, EINVAL,
			"/%s: is no file GRUB could write to; `grub-editenv create' makes it", env);
	if (!r->host)
		return 0;
	if (fstatfs(fd, &fs) == 0 &&
		(fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == 0x2fc12fc1 /* ZFS */ ||
			fs.f_type == F2FS_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC))
		return err_set(err, EINVAL,
			"/%s: GRUB can't write to its file system, so the trial would boot again "
			"and again",
			env);
	struct stat st;
	char mapped[64];
	if (fstat(fd, &st) < 0)
		return 0;
	/* LVM, LUKS and RAID are device mapper's or md's (Documentation/admin-guide/devices). */
	(void)snprintf(mapped, sizeof(mapped), " %u:%u ", major(st.st_dev), minor(st.st_dev));
	if (root_read(r, "proc/self/mountinfo", &mounts, &len, NULL) < 0)
		return 0;
	const char *line = strstr(mounts, mapped);
	const char *end = line ? strchrnul(line, '\n') : NULL;
	if (line && (memmem(line, (size_t)(end - line), " /dev/mapper/", 13) ||
			    memmem(line, (size_t)(end - line), " /dev/md", 8) ||
			    memmem(line, (size_t)(end - line), " /dev/dm-", 9)))
		return err_set(err, EINVAL,
			"/%s: is on LVM, LUKS or RAID, where GRUB can't write, so the trial would "
			"boot again and again",
			env);
	return 0;
}

static int menu_check(const char *menu, const char *cfg, struct err *err)
{
	if (!strstr(menu, "next_entry"))
		return err_set(err, EINVAL,
			"/%s: knows no next_entry, so there is no boot for once; set "
			"GRUB_DEFAULT=saved in /etc/default/grub and run update-grub",
			cfg);
	if (!strstr(menu, "custom.cfg"))
		return err_set(err, EINVAL,
			"/%s: does not read custom.cfg (/etc/grub.d/41_custom is off): there is no "
			"place for an entry to try",
			cfg);
	return 0;
}

int trial_grub_plan(const struct root *r, struct loaders *l, const struct request *req,
	struct plan *p, struct err *err)
{
	_cleanup_(str_free) char *menu = NULL, *own = NULL, *saved = NULL;
	_cleanup_(text_done) struct text text = {0};
	struct sources *s = &p->set[p->n++];
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
	saved = saved_entry(r, env);
	if (!saved || !entry_find(menu, saved, &begin, &end))
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
	rc = sources_add(s, custom, own, own_len);
	own = NULL;
	if (rc < 0 || source_take(&s->v[0], &text) < 0)
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
