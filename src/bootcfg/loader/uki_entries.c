/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/uki_entries.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- an image as a file ------------------------------------------------------------------------
 */

/* -EIO for fewer bytes. */
static int bytes_read(int fd, void *to, size_t len, uint64_t offset)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (char *)to + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		done += (size_t)n;
	}
	return 0;
}

static int section_take(struct uki *u, int fd, const struct pe_section *s)
{
	bool is_large = str_equal(s->name, ".linux") || str_equal(s->name, ".initrd");
	size_t len = is_large ? 0 : (size_t)s->size;
	char *text = s->size <= UKI_TEXT_MAX || is_large ? malloc(len + 1) : NULL;
	int rc = text                     ? bytes_read(fd, text, len, s->offset)
		 : s->size > UKI_TEXT_MAX ? -EFBIG
					  : -ENOMEM;

	if (rc == 0) {
		text[len] = '\0';
		rc = uki_section(u, s->name, text, strnlen(text, len));
	}
	free(text);
	return rc;
}

static bool section_holds(int fd, const struct pe_section *s, const char *data, size_t len)
{
	char part[16384];

	for (uint64_t at = 0; at < s->size; at += sizeof(part)) {
		size_t n = s->size - at < sizeof(part) ? (size_t)(s->size - at) : sizeof(part);
		if (bytes_read(fd, part, n, s->offset + at) < 0)
			return false;
		for (size_t i = 0; i < n; i++)
			if (part[i] != (at + i < len ? data[at + i] : 0))
				return false;
	}
	return s->size >= len;
}

/* Opens an EFI program and reads its sections: the descriptor, or a negative errno. *ret is to be
 * emptied in each case. */
static int pe_open(const struct root *r, const char *path, struct pe *ret)
{
	_cleanup_(fd_close) int fd = root_fd(r, path, O_RDONLY | O_NONBLOCK);
	uint8_t *head = malloc(PE_HEAD_MAX);
	struct stat st;
	int rc = !head ? -ENOMEM : fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ? -EIO : 0;
	size_t len = rc < 0 ? 0 : st.st_size < PE_HEAD_MAX ? (size_t)st.st_size : PE_HEAD_MAX;

	*ret = (struct pe){0};
	if (rc == 0)
		rc = bytes_read(fd, head, len, 0);
	if (rc == 0)
		rc = pe_parse(ret, head, len, (uint64_t)st.st_size);
	free(head);
	if (rc < 0)
		return rc;
	int opened = fd;
	fd = -1;
	return opened;
}

bool uki_holds(
	const struct root *r, const char *path, const char *section, const char *data, size_t len)
{
	struct pe p;
	_cleanup_(fd_close) int fd = pe_open(r, path, &p);
	const struct pe_section *s = fd < 0 ? NULL : pe_next(&p, NULL, section);
	bool holds = s && section_holds(fd, s, data, len);

	pe_done(&p);
	return holds;
}

int uki_read(const struct root *r, const char *path, struct uki *ret)
{
	struct uki u = {0};
	struct pe p;
	_cleanup_(fd_close) int fd = pe_open(r, path, &p);
	int rc = fd < 0 ? fd : 0;

	for (size_t i = 0; i < p.n && rc == 0; i++)
		if (uki_wants(p.at[i].name))
			rc = section_take(&u, fd, &p.at[i]);
	u.is_signed = p.is_signed;
	pe_done(&p);
	if (rc < 0)
		uki_done(&u);
	*ret = u;
	return rc;
}

int uki_sections(const struct root *r, const char *path, struct strings *ret)
{
	struct pe p;
	_cleanup_(fd_close) int fd = pe_open(r, path, &p);
	int rc = fd < 0 ? fd : 0;

	for (size_t i = 0; i < p.n && rc == 0; i++)
		if (!strings_have(ret, p.at[i].name))
			rc = strings_add(ret, p.at[i].name);
	pe_done(&p);
	return rc;
}

int uki_section_copy(const struct root *r, const char *path, const char *section, struct tmpdir *to)
{
	struct pe p;
	_cleanup_(fd_close) int fd = pe_open(r, path, &p);
	const struct pe_section *s = fd < 0 ? NULL : pe_next(&p, NULL, section);
	int rc = fd < 0 ? fd : !s ? -ENOENT : tmpdir_write(to, section, 0, "", 0);
	char part[65536];

	for (uint64_t at = 0; rc == 0 && at < s->size; at += sizeof(part)) {
		size_t n = s->size - at < sizeof(part) ? (size_t)(s->size - at) : sizeof(part);
		rc = bytes_read(fd, part, n, s->offset + at);
		if (rc == 0)
			rc = tmpdir_write(to, section, (off_t)at, part, n);
	}
	pe_done(&p);
	return rc;
}

/* The same length, but for the zeros that one of them may be filled up with. */
static bool bytes_same(int fd_a, const struct pe_section *a, int fd_b, const struct pe_section *b)
{
	uint64_t longer = a->size > b->size ? a->size : b->size;
	char x[16384], y[16384];

	for (uint64_t at = 0; at < longer; at += sizeof(x)) {
		size_t n = at >= a->size              ? 0
			   : a->size - at < sizeof(x) ? (size_t)(a->size - at)
						      : sizeof(x);
		size_t m = at >= b->size              ? 0
			   : b->size - at < sizeof(y) ? (size_t)(b->size - at)
						      : sizeof(y);
		memset(x, 0, sizeof(x));
		memset(y, 0, sizeof(y));
		if (bytes_read(fd_a, x, n, a->offset + at) < 0 ||
			bytes_read(fd_b, y, m, b->offset + at) < 0 || memcmp(x, y, sizeof(x)) != 0)
			return false;
	}
	return true;
}

bool uki_section_same(const struct root *a, const char *path_a, const struct root *b,
	const char *path_b, const char *section)
{
	struct pe p, q;
	_cleanup_(fd_close) int fd_a = pe_open(a, path_a, &p), fd_b = pe_open(b, path_b, &q);
	const struct pe_section *s = fd_a < 0 ? NULL : pe_next(&p, NULL, section);
	const struct pe_section *t = fd_b < 0 ? NULL : pe_next(&q, NULL, section);
	bool same = s && t && bytes_same(fd_a, s, fd_b, t);

	pe_done(&p);
	pe_done(&q);
	return same;
}

/* ---- addons ------------------------------------------------------------------------------------
 */

static int addon_words(
	struct boot_reading *q, struct boot_entry *e, const char *path, const struct uki *addon)
{
	_cleanup_(text_done) struct text source = {0}, reason = {0};

	text_print(&source, "in the addon /%s", path);
	text_print(&reason, "/%s is not signed, so with Secure Boot on it is left out", path);
	if (source.failed || reason.failed)
		return -ENOMEM;
	if (!addon->is_signed && q->secure_boot == SECURE_BOOT_ON)
		return boot_entry_add_note(
			e, "/%s is left out: it is not signed, and Secure Boot is on", path);
	if (!addon->is_signed && q->secure_boot == SECURE_BOOT_UNKNOWN)
		return boot_entry_add_maybe(e, addon->cmdline, reason.data);
	return boot_entry_add_text(e, addon->cmdline, strlen(addon->cmdline), source.data);
}

/* Unpacked after that of the image. What is not certain is none. */
static int addon_initrd(struct boot_reading *q, struct boot_entry *e, const char *path,
	const struct uki *addon, const struct uki *image)
{
	struct boot_file file = {.state = BOOT_FILE_THERE};

	if (image->stub < STUB_INITRDS)
		return boot_entry_add_note(e,
			"the initrd of /%s is left out: systemd-stub reads it from version %d on, and that of the image is %s",
			path, STUB_INITRDS, image->stub > 0 ? "older" : "not known");
	if (!addon->is_signed && q->secure_boot != SECURE_BOOT_OFF)
		return boot_entry_add_note(e, "the initrd of /%s is left out%s: it is not signed",
			path, q->secure_boot == SECURE_BOOT_ON ? "" : " with Secure Boot on");
	file.path = strdup(path);
	return file.path ? boot_entry_take_initrd(e, &file) : -ENOMEM;
}

static int addon_add(
	struct boot_reading *q, struct boot_entry *e, const char *path, const struct uki *image)
{
	_cleanup_(uki_done) struct uki addon = {0};
	int rc = uki_read(q->root, path, &addon);

	if (rc == -ENOMEM)
		return rc;
	if (rc < 0 || addon.is_image)
		return boot_entry_add_note(e, "/%s is left out: it is not an addon", path);
	if (image->uname && addon.uname && !str_equal(image->uname, addon.uname))
		return boot_entry_add_note(
			e, "/%s is left out: it is for the kernel %s", path, addon.uname);
	if (addon.has_initrd)
		rc = addon_initrd(q, e, path, &addon, image);
	if (rc < 0)
		return rc;
	return addon.cmdline && addon.cmdline[0] ? addon_words(q, e, path, &addon) : 0;
}

static bool ends_in(const char *name, const char *tail)
{
	size_t len = strlen(name), n = strlen(tail);
	return len >= n && strcasecmp(name + len - n, tail) == 0;
}

/* In the order of their names; root_list has the order of C. */
static int addons_add(
	struct boot_reading *q, struct boot_entry *e, const char *dir, const struct uki *image)
{
	_cleanup_(strings_done) struct strings names = {0};
	int rc = 0;

	(void)!root_list(q->root, dir, "", &names);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		_cleanup_(text_done) struct text path = {0};
		if (names.v[i][0] == '.' || !ends_in(names.v[i], ".addon.efi"))
			continue;
		text_print(&path, "%s/%s", dir, names.v[i]);
		rc = path.failed ? -ENOMEM : addon_add(q, e, path.data, image);
	}
	return rc;
}

size_t uki_stem(const char *name)
{
	size_t len = strlen(name) - (ends_in(name, ".efi") ? strlen(".efi") : 0), plus = len;

	while (plus > 0 && strchr("0123456789-", name[plus - 1]))
		plus--;
	return plus > 0 && plus < len && name[plus - 1] == '+' ? plus - 1 : len;
}

void uki_addons_print(const char *image, struct text *to)
{
	const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image;

	text_print(
		to, "%.*s%.*s.efi.extra.d", (int)(name - image), image, (int)uki_stem(name), name);
}

size_t uki_partition(const char *path)
{
	const char *last = NULL;

	for (const char *p = path; (p = strcasestr(p, "/EFI/")); p++)
		last = p;
	return last ? (size_t)(last - path) : 0;
}

/* The boot partition that the image is on: its directory below the root, this long. An image that
 * is in no directory EFI: that of the boot files around it. */
static size_t partition_of(const struct boot_reading *q, const char *path)
{
	size_t best = uki_partition(path);

	if (best > 0)
		return best;
	for (size_t i = 0; i < q->facts->boots.n; i++) {
		const char *boot = q->facts->boots.v[i];
		size_t len = strlen(boot);
		if (str_starts(path, boot) && path[len] == '/' && len > best)
			best = len;
	}
	return best;
}

/* First those of all images, then those of this one (systemd-stub, load_all_addons). */
static int all_addons_add(struct boot_reading *q, struct boot_entry *e, const struct uki *image)
{
	_cleanup_(text_done) struct text all = {0}, own = {0};
	const char *path = e->image.path;
	size_t boot = partition_of(q, path);

	if (image->stub > 0 && image->stub < STUB_ADDONS)
		return 0;
	text_print(&all, "%.*s%sloader/addons", (int)boot, path, boot > 0 ? "/" : "");
	uki_addons_print(path, &own);
	if (all.failed || own.failed)
		return -ENOMEM;
	int rc = addons_add(q, e, all.data, image);
	return rc < 0 ? rc : addons_add(q, e, own.data, image);
}

/* ---- the line ----------------------------------------------------------------------------------
 */

static int own_words(struct boot_entry *e, const char *line)
{
	_cleanup_(text_done) struct text source = {0};

	text_print(&source, "in the image /%s", e->image.path);
	if (source.failed)
		return -ENOMEM;
	return line ? boot_entry_add_text(e, line, strlen(line), source.data) : 0;
}

static int image_words(struct boot_reading *q, struct boot_entry *e, const struct uki *u,
	const char *options, const char *source)
{
	const char *rest = options, *line = u->cmdline;
	unsigned chosen = options ? uki_profile_chosen(options, &rest) : 0;
	int rc = 0;

	if (chosen > 0 && (chosen >= u->profiles || (u->stub > 0 && u->stub < STUB_PROFILES)))
		return boot_entry_set_unknown(e, "/%s has no profile @%u", e->image.path, chosen);
	if (chosen < u->profiles && u->profile[chosen].cmdline)
		line = u->profile[chosen].cmdline;
	bool have = rest && rest[strspn(rest, " ")];
	if (have && line && q->secure_boot == SECURE_BOOT_UNKNOWN)
		rc = boot_entry_set_unknown(e,
			"with Secure Boot on the line in /%s counts, not the options",
			e->image.path);
	if (rc < 0)
		return rc;
	if (have && (!line || q->secure_boot != SECURE_BOOT_ON))
		rc = boot_entry_add_text(e, rest, strlen(rest), source);
	else
		rc = own_words(e, line);
	if (rc == 0 && have && line && q->secure_boot == SECURE_BOOT_ON)
		rc = boot_entry_add_note(e,
			"%s is left out: with Secure Boot on the line of the image counts", source);
	return rc < 0 ? rc : all_addons_add(q, e, u);
}

int uki_words_add(
	struct boot_reading *q, struct boot_entry *e, const char *options, const char *source)
{
	_cleanup_(uki_done) struct uki u = {0};
	bool there = e->image.state == BOOT_FILE_THERE;
	int rc = there ? uki_read(q->root, e->image.path, &u) : 0;

	if (rc == -ENOMEM)
		return rc;
	if (rc == 0 && u.is_image)
		return image_words(q, e, &u, options, source);
	if (rc == -EFBIG)
		return boot_entry_set_unknown(
			e, "/%s: has a section of text of more than 64 KiB", e->image.path);
	/* A kernel with the kernel's own stub, or a program that is no kernel. */
	e->no_linux = !options && there;
	if (!there)
		rc = boot_entry_set_unknown(
			e, "the image %s is not there to be read", e->image.path);
	return rc < 0 && rc != -EINVAL && rc != -EIO ? rc
	       : options ? boot_entry_add_text(e, options, strlen(options), source)
			 : 0;
}

/* ---- type 2 ------------------------------------------------------------------------------------
 */

static int title_set(struct boot_entry *e, const struct uki *u, unsigned profile)
{
	const char *name = u->title ? u->title : e->id;
	const struct uki_profile *p = profile < u->profiles ? &u->profile[profile] : NULL;
	struct text title = {0};

	text_print(&title, "%s", name);
	if (p && (p->title || (profile > 0 && p->id)))
		text_print(&title, " (%s)", p->title ? p->title : p->id);
	else if (profile > 0)
		text_print(&title, " (Profile #%u)", profile + 1);
	if (title.failed)
		return -ENOMEM;
	free(e->title);
	e->title = title.data;
	return 0;
}

static int profile_entry_add(struct boot_reading *q, const struct loader *reader, const char *path,
	const struct uki *u, unsigned profile)
{
	const char *name = strrchr(path, '/') + 1;
	_cleanup_(text_done) struct text id = {0}, options = {0};
	struct boot_entry *e = boot_entry_add(q, reader, path, 0, strdup(name));

	if (!e)
		return -ENOMEM;
	text_print(&id, "%.*s.efi", (int)uki_stem(name), name);
	if (profile > 0) {
		const char *named = u->profile[profile].id;
		text_print(&options, "@%u", profile);
		text_print(&id, "%s%s", named ? "@" : options.data, named ? named : "");
	}
	e->image = (struct boot_file){.path = strdup(path), .state = BOOT_FILE_THERE};
	if (id.failed || options.failed || !e->image.path)
		return -ENOMEM;
	int rc = boot_entry_set_id(e, id.data, id.len);
	if (rc == 0)
		rc = title_set(e, u, profile);
	if (rc == 0)
		rc = boot_entry_set_order(e, u->sort_key, u->version);
	if (rc == 0 && !u->title && !u->sort_key)
		rc = boot_entry_add_note(e, "no menu shows it, for it has no .osrel");
	return rc < 0 ? rc : image_words(q, e, u, options.data, "by the loader");
}

static int image_entries_add(struct boot_reading *q, const struct loader *reader, const char *path)
{
	_cleanup_(uki_done) struct uki u = {0};
	int rc = uki_read(q->root, path, &u);

	if (rc == -ENOMEM || (rc == 0 && !u.is_image))
		return rc;
	if (rc < 0) {
		struct boot_entry *e = boot_entry_add(
			q, reader, path, 0, strdup(strrchr(path, '/') + 1));
		return e ? boot_entry_set_unknown(e, "/%s cannot be read as an EFI program", path)
			 : -ENOMEM;
	}
	for (unsigned i = 0; i == 0 || (rc == 0 && i < u.profiles); i++)
		rc = profile_entry_add(q, reader, path, &u, i);
	return rc;
}

int uki_entries_read(struct boot_reading *q, const struct loader *reader)
{
	int rc = 0;

	for (size_t i = 0; i < q->facts->boots.n && rc == 0; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char dir[1024];
		(void)snprintf(dir, sizeof(dir), "%s/EFI/Linux", q->facts->boots.v[i]);
		(void)!root_list(q->root, dir, "", &names);
		for (size_t n = 0; n < names.n && rc == 0; n++) {
			_cleanup_(text_done) struct text path = {0};
			text_print(&path, "%s/%s", dir, names.v[n]);
			if (path.failed)
				return -ENOMEM;
			if (names.v[n][0] != '.' && !str_starts(names.v[n], "auto-") &&
				ends_in(names.v[n], ".efi") && root_is_file(q->root, path.data))
				rc = image_entries_add(q, reader, path.data);
		}
	}
	return rc;
}
