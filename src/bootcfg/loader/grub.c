/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub.h"

#include "base/file.h"
#include "bootcfg/format/shell.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/bls_entries.h"
#include "bootcfg/loader/bls_initrd.h"
#include "bootcfg/loader/bls_own.h"
#include "bootcfg/loader/grub_initrd.h"
#include "bootcfg/loader/grub_menu.h"
#include "bootcfg/loader/grub_own.h"
#include "bootcfg/loader/table.h"
#include "shared/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

struct karg_source *grub_defaults_add(struct loaders *to, const char *variable)
{
	struct karg_source *p = karg_source_add(to, shell_edit, 10, "etc/default/grub");
	if (p)
		p->format = (struct format){
			.names = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"},
			.insert_at = variable,
			.dialect = DIALECT_GRUB};
	return p;
}

int grub_dropins_add(const struct root *r, struct karg_source *to)
{
	_cleanup_(strings_done) struct strings names = {0};
	int rc = root_list(r, "etc/default/grub.d", ".cfg", &names);

	to->format.drop_in = "etc/default/grub.d/zz-vfio-bootcfg.cfg";

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		struct text path = {0};
		if (names.v[i][0] == '.')
			continue;
		text_print(&path, "etc/default/grub.d/%s", names.v[i]);
		rc = strings_take(&to->paths, path.data);
	}
	return rc;
}

/* grub-core/commands/tpm.c */
static const char measured[] = "8, by GRUB";

/* ---- entries read at boot ----------------------------------------------------------------------
 */

static char *grubenv_find(const struct root *r)
{
	static const char *const usual[] = {"boot/grub2/grubenv", "boot/grub/grubenv", NULL};

	for (const char *const *p = usual; *p; p++)
		if (root_holds(r, *p, "\nkernelopts="))
			return strdup(*p);
	return NULL;
}

/*
 * GRUB with entries read at boot (Fedora, RHEL): the entries are for the current kernels,
 * /etc/kernel/cmdline for the next kernel, GRUB_CMDLINE_LINUX is what grub2-mkconfig would write
 * into the entries. It also rewrites /etc/kernel/cmdline if that is the older file: so that file is
 * written second.
 */
static int bls_add(struct loader_search *q, enum bls_reader reader)
{
	bool points = false;

	for (size_t i = 0; i < q->entries.n; i++)
		points |= q->entries.v[i].kernelopts;
	_cleanup_(str_free) char *env = points ? grubenv_find(q->s->root) : NULL;
	if (env && !karg_source_add(q->to, grubenv_edit, 25, env))
		return -ENOMEM;
	if (q->s->grub_defaults) {
		struct karg_source *p = grub_defaults_add(q->to, "GRUB_CMDLINE_LINUX");
		if (!p)
			return -ENOMEM;
		p->format.bash = q->s->sh_is_bash;
	}
	return entries_add(&q->entries, q->s, reader, env != NULL, q->to);
}

static int bls_detect(struct loader_search *q, struct err *err)
{
	bool both = q->s->systemd_boot && !q->o->loader;

	(void)err;
	if (!q->s->grub_bls || q->entries.n == 0)
		return 0;
	loader_found(q->to, &loader_grub_bls);
	return bls_add(q, both ? BLS_BOTH : BLS_GRUB);
}

/* The default by its id, with or without .conf; for a number, of which the first is 0, and without
 * any, the greatest version comes first (blscfg.c). */
static void bls_default_set(struct boot_reading *q, size_t begin)
{
	_cleanup_(str_free) char *source = NULL, *saved_source = NULL;
	_cleanup_(str_free) char *name = grub_menu_variable(q, "default", &source);
	_cleanup_(str_free) char *saved = grub_menu_variable(q, "saved_entry", &saved_source);
	const char *id = name && name[0] ? name : saved && saved[0] ? saved : "0";
	struct boot_entry *best = NULL;

	for (size_t i = begin; i < q->to->n; i++) {
		struct boot_entry *e = &q->to->v[i];
		size_t len = strlen(id);
		bool same = strncmp(e->id, id, len) == 0 &&
			    (!e->id[len] || str_equal(e->id + len, ".conf"));
		if (str_equal(id, "0") ? !best || entry_id_compare(e->id, best->id) > 0 : same)
			best = e;
	}
	for (size_t i = begin; i < q->to->n; i++)
		q->to->v[i].is_default = &q->to->v[i] == best;
}

static int bls_entries(struct boot_reading *q)
{
	size_t begin = q->to->n;
	int rc = q->facts->grub_bls
			 ? bls_entries_read(q, &loader_grub_bls, BLS_GRUB, grub_menu_variable)
			 : 0;

	bls_default_set(q, begin);
	return rc;
}

/* GRUB's own tool writes the environment block; kernel packages write it, too. */
static int bls_prefer(const struct root *r, struct loaders *l, const struct boot_entry *own,
	struct file_edits *s, struct err *err)
{
	size_t len = strlen(own->id);

	(void)r;
	(void)l;
	(void)s;
	if (str_ends(own->id, ".conf"))
		len -= strlen(".conf");
	return err_set(err, EINVAL,
		"GRUB keeps which loader entry boots by default in its environment block: run `grub2-set-default %.*s`, and once more after a new kernel",
		(int)len, own->id);
}

const struct loader loader_grub_bls = {
	.name = "grub (with loader entries)",
	.called = (const char *const[]){"grub", NULL},
	.read_by = (const struct loader *const[]){&loader_grub, NULL},
	.measured = measured,
	.detect = bls_detect,
	.entries = bls_entries,
	.initrd = bls_initrd,
	.prefer = bls_prefer,
	.own = bls_own,
	.own_files = bls_own_files,
};

/* ---- a menu made by grub-mkconfig --------------------------------------------------------------
 */

/*
 * SLE Micro, openSUSE MicroOS, and servers installed as transactional: the root file system is
 * read-only, and the menu is made in the next snapshot of it.
 */
static bool is_transactional(const struct detect *s)
{
	return s->root_read_only && root_is_file(s->root, "usr/sbin/transactional-update");
}

/* Debian's update-grub knows one menu; any other is named to the program that is installed. */
static int menu_command_add(const struct detect *s, struct strings *to)
{
	bool debian = detect_is_like(s, "debian") || detect_is_like(s, "ubuntu");
	bool grub2 = s->grub_mkconfig ? s->grub2 : strstr(s->grub_cfg, "grub2") != NULL;
	struct text command = {0};

	if (is_transactional(s))
		return strings_add(to, "transactional-update grub.cfg");
	if (debian && str_equal(s->grub_cfg, "boot/grub/grub.cfg"))
		return strings_add(to, "update-grub");
	text_print(&command, "%s -o /%s", grub2 ? "grub2-mkconfig" : "grub-mkconfig", s->grub_cfg);
	return strings_take(to, command.data);
}

/* Adds /etc/default/grub and, if this grub-mkconfig reads them, its drop-ins in C order. */
static int menu_add(struct loader_search *q)
{
	struct karg_source *p = grub_defaults_add(q->to, "GRUB_CMDLINE_LINUX_DEFAULT");

	if (!p)
		return -ENOMEM;
	p->format.bash = q->s->sh_is_bash;
	p->format.dropins_unsure = !q->s->grub_dropins_sure;
	if ((q->s->grub_dropins || !q->s->grub_dropins_sure) && grub_dropins_add(q->s->root, p) < 0)
		return -ENOMEM;
	if (!q->s->grub_dropins_sure)
		p->format.drop_in = NULL;
	if (q->s->grub_cfg) {
		q->to->menu = strdup(q->s->grub_cfg);
		if (!q->to->menu || menu_command_add(q->s, &q->to->next) < 0)
			return -ENOMEM;
	}
	q->to->remains = !q->s->grub_cfg;
	if (!q->s->grub_cfg)
		return strings_add(&q->to->notes,
			"no grub.cfg was found: if GRUB does not boot this system, this edit is without effect");
	return 0;
}

/*
 * The directory that has to be mounted before a menu can be made, or NULL: /boot, where
 * grub-mkconfig looks for kernels, or any of those in fstab where the menu may be.
 */
static const char *mount_missing(const struct detect *s)
{
	if (strings_have(&s->unmounted, "boot"))
		return "boot";
	return !s->grub_cfg && s->unmounted.n > 0 ? s->unmounted.v[0] : NULL;
}

/* Its remains count only if no other loader is found. */
static int menu_detect(struct loader_search *q, struct err *err)
{
	const struct detect *s = q->s;
	bool made = s->grub_complete && (s->grub_defaults || s->grub_mkconfig);
	const char *mount = mount_missing(s);

	if (s->grub_bls && q->entries.n > 0)
		return 0;
	if (s->grub_defaults && !made && q->to->found_n > 0 && !q->o->loader)
		return strings_add(&q->to->notes,
			"/etc/default/grub: left alone: there is no grub.cfg that is made from it");
	if ((s->grub_defaults || made) && mount)
		return err_set(err, ENOENT,
			"/%s: is in /etc/fstab and not mounted, and GRUB's menu can't be made without it; run `mount /%s`, then this again",
			mount, mount);
	if (s->grub_defaults || made) {
		loader_found(q->to, &loader_grub);
		return menu_add(q);
	}
	if (s->grub_cfg && !q->hint &&
		asprintf(&q->hint,
			"/%s: is there without /etc/default/grub and grub-mkconfig: a menu written by hand is edited by hand",
			s->grub_cfg) < 0) {
		q->hint = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* One line, [begin, end) without its newline; false at the end of the text. */
static bool line_next(const char *text, size_t *at, size_t *begin, size_t *end)
{
	*begin = *at;
	if (!text[*at])
		return false;
	*end = *begin + strcspn(text + *begin, "\n");
	*at = *end + (text[*end] == '\n');
	while (*begin < *end && kcmdline_is_blank(text[*begin]))
		(*begin)++;
	return true;
}

static bool starts(const char *text, size_t begin, size_t end, const char *word)
{
	size_t n = strlen(word);
	return end - begin > n && memcmp(text + begin, word, n) == 0 &&
	       strchr(" \t", text[begin + n]);
}

/* True for a line that loads a kernel. *ret_words: its parameters, after the path of the kernel. */
static bool loads_kernel(const char *text, size_t begin, size_t end, size_t *ret_words)
{
	if (!starts(text, begin, end, "linux") && !starts(text, begin, end, "linuxefi") &&
		!starts(text, begin, end, "linux16"))
		return false;
	for (int skip = 0; skip < 2; skip++) {
		while (begin < end && !kcmdline_is_blank(text[begin]))
			begin++;
		while (begin < end && kcmdline_is_blank(text[begin]))
			begin++;
	}
	*ret_words = begin;
	return true;
}

static bool menu_makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	(void)r;
	return l->menu && str_equal(l->menu, e->path);
}

/* 10_linux gives recovery entries other words than the rest. */
static void menu_part(const struct boot_entry *e, struct format *f)
{
	static const char recovery[] = "GRUB_CMDLINE_LINUX_RECOVERY";

	if (f->dialect != DIALECT_GRUB || !e->way_back || !str_equal(e->way_back, "recovery"))
		return;
	f->names[0] = f->insert_at = recovery;
	f->names[1] = "GRUB_CMDLINE_LINUX";
}

static int menu_entries(struct boot_reading *q)
{
	return grub_menu_read(q, &loader_grub);
}

/* ---- grub-mkconfig -----------------------------------------------------------------------------
 */

/* Counts the lines of a menu that load a kernel, and those of them with a root=. */
static void menu_count(const char *text, size_t *ret_linux, size_t *ret_root)
{
	size_t at = 0, begin, end, words;

	*ret_linux = *ret_root = 0;
	while (text && line_next(text, &at, &begin, &end)) {
		if (!loads_kernel(text, begin, end, &words))
			continue;
		(*ret_linux)++;
		*ret_root += memmem(text + words, end - words, "root=", 5) != NULL;
	}
}

/* Parameters with quotes or blanks have another spelling in a script: their names have to occur. */
static bool words_there(const char *menu, const struct strings *added, const char **ret_missing)
{
	for (size_t i = 0; i < added->n; i++) {
		_cleanup_(karg_done) struct karg k = {0};
		bool plain = !strpbrk(added->v[i], " \"'\\$;&|<>{}()");
		*ret_missing = added->v[i];
		if (karg_read(added->v[i], &k) < 0 || !strstr(menu, plain ? added->v[i] : k.name))
			return false;
	}
	return true;
}

static int output_check(
	const char *old, const char *menu, const struct strings *added, struct err *err)
{
	size_t linux_before = 0, root_before = 0, linux_now, root_now;
	const char *missing = "";

	menu_count(old, &linux_before, &root_before);
	menu_count(menu, &linux_now, &root_now);
	if (linux_before > 0 && linux_now == 0)
		return err_set(err, EIO, "the new menu starts no kernel at all");
	if (linux_before > 0 && root_before == linux_before && root_now < linux_now)
		return err_set(err, EIO, "the new menu has entries without root=");
	if (linux_now > 0 && !words_there(menu, added, &missing))
		return err_set(err, EIO, "the new menu does not have %s", missing);
	return 0;
}

/* With `-o' grub-mkconfig empties the file first: it ends in `cat >'. */
static const char *prints(const struct loaders *l, const char *command, const char **ret_path)
{
	bool grub2 = str_starts(command, "grub2-mkconfig ");

	if (!l->menu || !(grub2 || str_starts(command, "grub-mkconfig ") ||
				str_equal(command, "update-grub")))
		return NULL;
	*ret_path = l->menu;
	return grub2 ? "grub2-mkconfig" : "grub-mkconfig";
}

static const struct loader_output output = {
	.prints = prints, .syntax = "grub-script-check", .check = output_check};

/* ---- one boot with other parameters ------------------------------------------------------------
 */

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
		if (!loads_kernel(text, begin, end, &begin))
			continue;
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
		if (kcmdline_is_blank(*text)) {
			text_add(ret, text++, 1);
			continue;
		}
		const char *end = kcmdline_word_end(text);
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
	return rc < 0 ? rc : line_verify(s, &new, &expect, s->v[0].name, err);
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
	_cleanup_(str_free) char *text = NULL;
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

static int oneshot(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct file_edits *s, struct err *err)
{
	_cleanup_(str_free) char *menu = NULL, *own = NULL, *name = NULL;
	_cleanup_(text_done) struct text text = {0};
	const char *cfg = l->menu ? l->menu : "boot/grub/grub.cfg";
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

/* Without the entry GRUB would boot the first one instead. None if another one-time boot is set. */
static int oneshot_cancel(
	const struct root *r, const char *path, struct strings *next, bool *ret_trial)
{
	_cleanup_(text_done) struct text env = {0}, arm = {0};
	const char *name = strrchr(path, '/');

	if (!name || !str_equal(name, "/custom.cfg"))
		return 0;
	*ret_trial = true;
	text_print(&env, "%.*s/grubenv", (int)(name - path), path);
	if (env.failed)
		return -ENOMEM;
	_cleanup_(str_free) char *next_entry = env_value(r, env.data, "next_entry");
	if (!next_entry)
		return -ENOMEM;
	/* After a one-time boot GRUB leaves the variable in place, empty. */
	if (!root_holds(r, env.data, "\nnext_entry=") ||
		(next_entry[0] && !str_equal(next_entry, TRIAL_ID)))
		return 0;
	text_print(&arm, "%s /%s unset next_entry",
		strstr(env.data, "grub2") ? "grub2-editenv" : "grub-editenv", env.data);
	return arm.failed ? -ENOMEM : strings_add(next, arm.data);
}

/* GRUB adds BOOT_IMAGE= first, with a path of its own style. */
static bool booted(const char *cmdline)
{
	return str_starts(cmdline, "BOOT_IMAGE=") && !strstr(cmdline, " initrd=");
}

const struct loader loader_grub = {
	.name = "grub",
	.called = (const char *const[]){"grub", NULL},
	.loader_info = (const char *const[]){"GRUB", NULL},
	.booted = booted,
	.measured = measured,
	.detect = menu_detect,
	.entries = menu_entries,
	.makes = menu_makes,
	.part = menu_part,
	.output = &output,
	.oneshot = oneshot,
	.oneshot_cancel = oneshot_cancel,
	.initrd = grub_initrd,
	.prefer = grub_prefer,
	.own = grub_own,
};
