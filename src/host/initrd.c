/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/initrd.h"

#include "core/imageinfo.h"
#include "shared/pe.h"
#include "shared/spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- cpio --------------------------------------------------------------------------------------
 */

/* newc (cpio(5)): 13 numbers of 8 hexadecimal digits after the magic. Names and data are padded to
 * four bytes, counted from the header. */
#define HEADER_SIZE 110
#define HEADER_MODE 14
#define HEADER_FILE_SIZE 54
#define HEADER_NAME_SIZE 94
#define NAME_MAX_SIZE 4096
#define TRAILER "TRAILER!!!"

static uint32_t hex(const char *at)
{
	uint32_t n = 0;

	return str_hex_fixed(&at, 8, &n) ? n : UINT32_MAX;
}

static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~(uint64_t)3;
}

/* The header is whole. */
static int header_end(struct cpio_search *s)
{
	if (memcmp(s->part, "070701", 6) != 0 && memcmp(s->part, "070702", 6) != 0)
		return -EINVAL;
	s->name_size = hex(s->part + HEADER_NAME_SIZE);
	s->size = hex(s->part + HEADER_FILE_SIZE);
	uint32_t type = hex(s->part + HEADER_MODE) & S_IFMT;
	s->link = type == S_IFLNK;
	s->matches = type == S_IFREG || (s->link && s->or_link);
	if (s->name_size == 0 || s->name_size > NAME_MAX_SIZE)
		return -EINVAL;
	s->left = padded(HEADER_SIZE + s->name_size) - HEADER_SIZE;
	s->have = 0;
	s->state = CPIO_NAME;
	return 0;
}

/* The name is whole: in `part`, as far as it fits. */
static void name_end(struct cpio_search *s)
{
	const char *name = s->part;

	s->part[sizeof(s->part) - 1] = '\0';
	if (str_equal(name, TRAILER)) {
		s->ended = true;
		s->have = 0;
		s->state = CPIO_BETWEEN;
		return;
	}
	name += str_starts(name, "./") ? 2 : str_starts(name, "/");
	s->matches = s->matches && s->name_size < sizeof(s->part) && str_equal(name, s->wanted);
	if (s->matches) {
		text_done(&s->content);
		s->found = true;
		s->is_link = s->link;
		s->too_large = s->size > s->max;
	}
	s->left = padded(s->size);
	s->have = 0;
	s->state = s->left > 0 ? CPIO_DATA : CPIO_HEADER;
}

static int data_take(struct cpio_search *s, const char *bytes, size_t n)
{
	uint64_t at = padded(s->size) - s->left;

	if (s->matches && !s->too_large && at < s->size)
		text_add(&s->content, bytes, at + n > s->size ? (size_t)(s->size - at) : n);
	s->left -= n;
	if (s->left == 0)
		s->state = CPIO_HEADER;
	return s->content.failed ? -ENOMEM : 0;
}

/* Copies into `part` up to `size` bytes of it; those that do not fit are passed over. */
static void part_take(struct cpio_search *s, const char *bytes, size_t n)
{
	size_t room = s->have < sizeof(s->part) ? sizeof(s->part) - s->have : 0;

	if (room > 0)
		memcpy(s->part + s->have, bytes, n < room ? n : room);
	s->have += n;
}

static size_t smaller(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

/* Takes what it can in one state; *ret_taken of n (> 0) bytes. */
static int step(struct cpio_search *s, const char *bytes, size_t n, size_t *ret_taken)
{
	size_t take = n;
	int r = 0;

	switch (s->state) {
	case CPIO_BETWEEN:
		take = bytes[0] == '\0';
		if (bytes[0] == '0') {
			s->have = 0;
			s->state = CPIO_HEADER;
		}
		break;
	case CPIO_HEADER:
		take = smaller(HEADER_SIZE - s->have, n);
		part_take(s, bytes, take);
		if (s->have == HEADER_SIZE)
			r = header_end(s);
		break;
	case CPIO_NAME:
		take = smaller(s->left, n);
		part_take(s, bytes, take);
		s->left -= take;
		if (s->left == 0)
			name_end(s);
		break;
	case CPIO_DATA:
		take = smaller(s->left, n);
		r = data_take(s, bytes, take);
		break;
	}
	*ret_taken = take;
	return r;
}

ssize_t cpio_search_feed(struct cpio_search *s, const char *bytes, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t taken = 0;
		int r = step(s, bytes + at, n - at, &taken);
		if (r < 0)
			return r;
		at += taken;
		if (taken == 0 && s->state == CPIO_BETWEEN)
			break;
	}
	return (ssize_t)at;
}

bool cpio_search_is_whole(const struct cpio_search *s)
{
	return s->state == CPIO_BETWEEN || (s->state == CPIO_HEADER && s->have == 0);
}

/* ---- the image ---------------------------------------------------------------------------------
 */

struct reading {
	int fd;
	const char *path;
	struct cpio_search cpio;
};

/* What unmkinitramfs(8) tells apart, by the first bytes. */
static const struct compression {
	const char *magic;
	size_t len;
	const char *argv[4];
} compressions[] = {
	{"\x1f\x8b", 2, {"gzip", "-dc"}},
	{"\x28\xb5\x2f\xfd", 4, {"zstd", "-dc"}},
	{"\xfd"
	 "7zXZ",
		5, {"xz", "-dc"}},
	{"\x02\x21\x4c\x18", 4, {"lz4", "-dc"}},
	{"\x04\x22\x4d\x18", 4, {"lz4", "-dc"}},
	{"BZh", 3, {"bzip2", "-dc"}},
	{"\x5d\x00\x00", 3, {"xz", "--format=lzma", "-dc"}},
	{"\x89LZO", 4, {"lzop", "-dc"}},
};

static const struct compression *compression_of(const char *bytes, size_t n)
{
	for (size_t i = 0; i < sizeof(compressions) / sizeof(*compressions); i++)
		if (n >= compressions[i].len &&
			memcmp(bytes, compressions[i].magic, compressions[i].len) == 0)
			return &compressions[i];
	return NULL;
}

static int take_output(void *to, const char *bytes, size_t n)
{
	struct cpio_search *s = to;
	ssize_t taken = cpio_search_feed(s, bytes, n);

	/* What follows the last archive is of no interest. */
	return taken < 0 ? (int)taken : 0;
}

/* Reads the rest of the file from `at` on through its decompressor. */
static int read_compressed(
	struct reading *g, const struct compression *by, uint64_t at, struct err *err)
{
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	const struct spawn_job job = {.argv = by->argv,
		.name = by->argv[0],
		.in = g->fd,
		.seconds = INITRD_SECONDS,
		.max = INITRD_MAX,
		.take = take_output,
		.to = &g->cpio};

	if (lseek(g->fd, (off_t)at, SEEK_SET) < 0)
		return err_set(err, errno, "%s: %s", g->path, strerror(errno));
	g->cpio.ended = false;
	int status = spawn_bounded(&job, &result, err);
	if (status < 0)
		return status == -ENOENT
			       ? err_set(err, ENOPKG,
					 "%s: it takes %s to read it, which is not installed",
					 g->path, by->argv[0])
			       : status;
	if (status == 127)
		return err_set(err, ENOPKG, "%s: it takes %s to read it, which is not installed",
			g->path, by->argv[0]);
	/* gzip and zstd complain of what follows their data, after they have printed them. */
	if (!g->cpio.ended || !cpio_search_is_whole(&g->cpio))
		return err_set(err, EINVAL, "%s: %s can't decompress it", g->path, by->argv[0]);
	return 0;
}

/*
 * ---- what follows a compressed archive ----------------------------------------------------------
 *
 * Its decompressor does not say where it ends, and the kernel goes on there. Found is what
 * `vfio-bind image` writes, not compressed: at a multiple of four bytes a directory "etc" begins an
 * archive with a record. Anything else that looks like it ends as an archive that is damaged.
 */
#define BEGINS "070701"
#define BEGINS_WITH "etc"

static int read_one(struct reading *g, uint64_t at, uint64_t end, struct cpio_search *ret)
{
	char buf[65536];

	while (at < end && !ret->ended) {
		size_t want = end - at < sizeof(buf) ? (size_t)(end - at) : sizeof(buf);
		ssize_t n = pread(g->fd, buf, want, (off_t)at);
		ssize_t taken = n > 0 ? cpio_search_feed(ret, buf, (size_t)n) : -EINVAL;
		if (taken < n)
			return taken == -ENOMEM ? -ENOMEM : 0;
		at += (uint64_t)taken;
	}
	return 0;
}

/* Takes the record of the archive at that place, if there is one. */
static int take_one(struct reading *g, uint64_t at, uint64_t end)
{
	struct cpio_search s = {
		.wanted = g->cpio.wanted, .or_link = g->cpio.or_link, .max = g->cpio.max};
	int r = read_one(g, at, end, &s);

	if (r == 0 && s.ended && s.found) {
		text_done(&g->cpio.content);
		g->cpio.content = s.content;
		g->cpio.found = true;
		g->cpio.is_link = s.is_link;
		g->cpio.too_large = s.too_large;
	} else
		text_done(&s.content);
	return r;
}

static bool may_begin(const char *at)
{
	return memcmp(at, BEGINS, sizeof(BEGINS) - 1) == 0 &&
	       memcmp(at + HEADER_SIZE, BEGINS_WITH, sizeof(BEGINS_WITH)) == 0;
}

static int read_behind(struct reading *g, uint64_t begin, uint64_t end, struct err *err)
{
	char buf[65536];
	const size_t least = HEADER_SIZE + sizeof(BEGINS_WITH);
	uint64_t at = begin;

	while (end - at >= least) {
		size_t want = end - at < sizeof(buf) ? (size_t)(end - at) : sizeof(buf);
		ssize_t n = pread(g->fd, buf, want, (off_t)at);
		if (n < 0)
			return err_set(err, errno, "%s: %s", g->path, strerror(errno));
		if ((size_t)n < least)
			break;
		size_t i = 0;
		for (; i + least <= (size_t)n; i += 4)
			if (may_begin(buf + i) && take_one(g, at + i, end) == -ENOMEM)
				return err_set(err, ENOMEM, "out of memory");
		at += i;
	}
	return 0;
}

/* Reads archives from `at` to `end`; what is compressed is read to the end of the file. */
static int read_archives(struct reading *g, uint64_t at, uint64_t end, struct err *err)
{
	const uint64_t begin = at;
	char buf[65536];

	while (at < end) {
		size_t want = end - at < sizeof(buf) ? (size_t)(end - at) : sizeof(buf);
		ssize_t n = pread(g->fd, buf, want, (off_t)at);
		if (n < 0)
			return err_set(err, errno, "%s: %s", g->path, strerror(errno));
		if (n == 0)
			break;
		ssize_t taken = cpio_search_feed(&g->cpio, buf, (size_t)n);
		if (taken < 0)
			return err_set(err, (int)-taken, "%s: its archive is damaged", g->path);
		at += (uint64_t)taken;
		if (taken == n)
			continue;
		const struct compression *by = compression_of(buf + taken, (size_t)(n - taken));
		if (n - taken < 8 && at + 8 < end)
			continue; /* the first bytes are cut here */
		if (!by)
			return g->cpio.ended
				       ? 0
				       : err_set(err, EINVAL,
						 "%s: is not an initramfs image that can be read",
						 g->path);
		int r = read_compressed(g, by, at, err);
		return r < 0 ? r : read_behind(g, begin, end, err);
	}
	if (!cpio_search_is_whole(&g->cpio))
		return err_set(err, EINVAL, "%s: ends within a file: it is cut off", g->path);
	return 0;
}

/* The .initrd of each profile of a unified kernel image. */
static int read_sections(struct reading *g, const struct pe *p, struct err *err)
{
	const struct pe_section *s = NULL;
	int r = 0;

	while (r == 0 && (s = pe_next(p, s, ".initrd")))
		r = read_archives(g, s->offset, s->offset + s->size, err);
	return r;
}

static int read_image(struct reading *g, uint64_t size, struct err *err)
{
	_cleanup_(str_free) char *head = malloc(PE_HEAD_MAX);
	struct pe p;

	if (!head)
		return err_set(err, ENOMEM, "out of memory");
	ssize_t n = pread(g->fd, head, PE_HEAD_MAX, 0);
	if (n < 0)
		return err_set(err, errno, "%s: %s", g->path, strerror(errno));
	if (n < 2 || memcmp(head, "MZ", 2) != 0)
		return read_archives(g, 0, size, err);
	int r = pe_parse(&p, (const uint8_t *)head, (size_t)n, size);
	if (r < 0)
		return err_set(err, -r, "%s: is not an EFI program that can be read", g->path);
	r = read_sections(g, &p, err);
	pe_done(&p);
	return r;
}

/* Searches the whole image. */
static int search(struct reading *g, struct err *err)
{
	struct stat st;

	if (fstat(g->fd, &st) < 0)
		return err_set(err, errno, "%s: %s", g->path, strerror(errno));
	if ((uint64_t)st.st_size > INITRD_MAX)
		return err_set(err, EFBIG, "%s: is larger than 2 GiB", g->path);
	return read_image(g, (uint64_t)st.st_size, err);
}

int initrd_record_read(int fd, const char *path, struct text *ret, struct err *err)
{
	struct reading g = {.fd = fd,
		.path = path,
		.cpio = {.wanted = "etc/" IMAGE_RECORD_NAME, .max = IMAGE_RECORD_MAX}};
	int r = search(&g, err);

	if (r == 0 && g.cpio.too_large)
		r = err_set(err, EFBIG, "%s: its /etc/" IMAGE_RECORD_NAME " is too large", path);
	if (r < 0) {
		text_done(&g.cpio.content);
		return r;
	}
	*ret = g.cpio.content;
	return g.cpio.found;
}

#define INIT_TARGET_MAX 4096

int initrd_is_systemd(int fd, const char *path, struct err *err)
{
	struct reading g = {.fd = fd,
		.path = path,
		.cpio = {.wanted = "init", .or_link = true, .max = INIT_TARGET_MAX}};
	int r = search(&g, err);
	const struct text *to = &g.cpio.content;
	bool systemd = g.cpio.is_link && to->data && str_ends(to->data, "/systemd");

	text_done(&g.cpio.content);
	return r < 0 ? r : systemd;
}
