/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/boot_images.h"

#include "base/file.h"
#include "core/imageinfo.h"
#include "host/initrd.h"
#include "shared/json_read.h"
#include "shared/root.h"
#include "shared/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOTCFG "vfio-bootcfg"
#define BOOTCFG_SECONDS 60
#define STATUS_MAX ((size_t)16 << 20)
#define ENTRIES_MAX 1000

static void boot_image_done(struct boot_image *b)
{
	str_free(&b->title);
	str_free(&b->path);
	str_free(&b->why);
	str_free(&b->profile);
}

void boot_images_done(struct boot_images *b)
{
	for (size_t i = 0; i < b->n; i++)
		boot_image_done(&b->at[i]);
	free(b->at);
	*b = (struct boot_images){0};
}

/* ---- one image ---------------------------------------------------------------------------------
 */

/* An image that was read already: several entries may start the same. */
struct seen {
	char *path;
	enum boot_image_state state;
	struct strings kernels; /* of its record */
	char *why;
};

struct reading {
	const struct root *root;
	const char *config; /* or NULL */
	struct seen *seen;
	size_t seen_n;
};

static void reading_done(struct reading *g)
{
	for (size_t i = 0; i < g->seen_n; i++) {
		str_free(&g->seen[i].path);
		strings_done(&g->seen[i].kernels);
		str_free(&g->seen[i].why);
	}
	free(g->seen);
	*g = (struct reading){0};
}

/* What the record says: the digest of its config, and its kernels. */
static int judge_record(const struct reading *g, struct text *record, struct seen *to)
{
	struct imageinfo info = {.data = record->data, .len = record->len};
	char digest[IMAGE_DIGEST_MAX] = "";

	if (!record->data) {
		to->state = BOOT_IMAGE_OTHER;
		return 0;
	}
	for (char *p = record->data; (p = strchr(p, '\n'));)
		*p++ = '\0';
	const char *config = imageinfo_next(&info, "config");
	if (config)
		(void)str_copy(digest, sizeof(digest), config);
	while (config && imageinfo_next(&info, "config"))
		;
	to->state = g->config && imageinfo_is_of_config(config ? digest : NULL, g->config, NULL) ==
					    1
			    ? BOOT_IMAGE_HOLDS
			    : BOOT_IMAGE_OTHER;
	for (const char *kernel; (kernel = imageinfo_next(&info, "kernel"));)
		if (strings_add(&to->kernels, kernel) < 0)
			return -ENOMEM;
	return 0;
}

static int judge_file(const struct reading *g, struct seen *to)
{
	_cleanup_(text_done) struct text record = {0};
	_cleanup_(fd_close) int fd = root_fd(g->root, to->path, O_RDONLY | O_NONBLOCK);
	struct err err = {""};

	int r = fd < 0 ? err_set(&err, -fd, "/%s: can't open it: %s", to->path, strerror(-fd))
		       : initrd_record_read(fd, to->path, &record, &err);
	if (r < 0)
		to->why = strdup(err.text);
	else if (r == 0)
		to->state = BOOT_IMAGE_WITHOUT;
	else
		return judge_record(g, &record, to);
	return 0;
}

static const struct seen *image_judge(struct reading *g, const char *path)
{
	for (size_t i = 0; i < g->seen_n; i++)
		if (str_equal(g->seen[i].path, path))
			return &g->seen[i];
	struct seen *more = reallocarray(g->seen, g->seen_n + 1, sizeof(*more));
	if (!more)
		return NULL;
	g->seen = more;
	struct seen *to = &more[g->seen_n];
	*to = (struct seen){.path = strdup(path)};
	if (!to->path)
		return NULL;
	g->seen_n++;
	return judge_file(g, to) < 0 ? NULL : to;
}

/* ---- one entry ---------------------------------------------------------------------------------
 */

/* The path of a file that is there; NULL: none is named, or it is not there or not looked at. */
static char *path_there(const struct json_object *file)
{
	char *there = json_text_of(json_member(file, "path"));

	if (there && !json_is_true(json_member(file, "there")))
		str_free(&there);
	return there;
}

/* vmlinuz-VERSION, where VERSION has modules: another name says nothing of the version. */
static bool is_other_kernel(
	const struct reading *g, const char *kernel, const struct strings *versions)
{
	_cleanup_(str_free) char *modules = NULL;
	const char *name = kernel ? strrchr(kernel, '/') : NULL;
	const char *dash = strchr(name ? name : "", '-');

	if (!dash || versions->n == 0 || strings_have(versions, dash + 1) ||
		asprintf(&modules, "lib/modules/%s", dash + 1) < 0)
		return false;
	return root_is_dir(g->root, modules);
}

/* Of several images of an entry the one that holds most; an unknown one leaves only what is held
 * for certain. */
static void take_image(struct boot_image *to, const struct seen *s, bool *first)
{
	bool better = *first || s->state == BOOT_IMAGE_HOLDS ||
		      (s->state == BOOT_IMAGE_UNKNOWN && to->state == BOOT_IMAGE_WITHOUT) ||
		      (s->state == BOOT_IMAGE_OTHER && to->state != BOOT_IMAGE_HOLDS);

	if (!better)
		return;
	str_free(&to->path);
	str_free(&to->why);
	to->state = s->state;
	to->path = strdup(s->path);
	to->why = s->why ? strdup(s->why) : NULL;
	*first = false;
}

/* False if the entry is known whole and starts a kernel that is no image itself. */
static bool kernel_only_is_unknown(const struct json_object *entry)
{
	_cleanup_(str_free) char *unknown = json_text_of(json_member(entry, "unknown"));
	_cleanup_(str_free) char *image = json_text_of(
		json_member(json_member(entry, "image"), "path"));

	return unknown || image;
}

static int entry_judge(struct reading *g, const struct json_object *entry, struct boot_image *to)
{
	_cleanup_(str_free) char *kernel = json_text_of(
		json_member(json_member(entry, "kernel"), "path"));
	struct json_object *initrds = json_member(entry, "initrds");
	size_t n = json_count(initrds);
	bool first = true;

	if (n == 0 && !kernel_only_is_unknown(entry)) {
		to->state = BOOT_IMAGE_WITHOUT;
		return 0;
	}
	to->why = strdup("no image that it starts is there");
	for (size_t i = 0; i <= n; i++) {
		_cleanup_(str_free) char *path = path_there(
			i < n ? json_element(initrds, i) : json_member(entry, "image"));
		if (!path)
			continue;
		const struct seen *s = image_judge(g, path);
		if (!s)
			return -ENOMEM;
		take_image(to, s, &first);
		if (s->state == BOOT_IMAGE_HOLDS && is_other_kernel(g, kernel, &s->kernels))
			to->state = BOOT_IMAGE_KERNEL;
	}
	return 0;
}

/* Of several words the last one counts. */
static int profile_take(struct boot_image *to, const struct json_object *entry)
{
	static const char key[] = "vfio_bind.profile=";
	struct json_object *words = json_member(entry, "words");

	for (size_t i = 0; i < json_count(words); i++) {
		_cleanup_(str_free) char *word = json_text_of(json_element(words, i));
		if (!word || !str_starts(word, key))
			continue;
		str_free(&to->profile);
		to->profile = strdup(word + strlen(key));
		if (!to->profile)
			return -ENOMEM;
	}
	return 0;
}

static int entry_add(struct reading *g, const struct json_object *entry, struct boot_images *to)
{
	_cleanup_(str_free) char *way_back = json_text_of(json_member(entry, "way_back"));

	if (!json_is_true(json_member(entry, "ours")) || !json_is_true(json_member(entry, "linux")))
		return 0;
	struct boot_image *more = reallocarray(to->at, to->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	to->at = more;
	struct boot_image *b = &more[to->n++];
	*b = (struct boot_image){
		.title = json_text_of(json_member(entry, "title")), .way_back = way_back != NULL};
	if (!b->title || profile_take(b, entry) < 0)
		return -ENOMEM;
	return entry_judge(g, entry, b);
}

static void mark_shared(struct boot_images *b)
{
	for (size_t i = 0; i < b->n; i++)
		for (size_t k = 0; k < b->n && b->at[i].way_back; k++)
			b->at[i].shared |= !b->at[k].way_back && b->at[i].path && b->at[k].path &&
					   str_equal(b->at[i].path, b->at[k].path);
}

bool boot_image_is(const struct boot_image *b, enum boot_image_want want)
{
	if (b->state == BOOT_IMAGE_UNKNOWN)
		return true;
	if (want == BOOT_IMAGE_WANT_NO_OTHER)
		return b->state != BOOT_IMAGE_OTHER;
	if (want == BOOT_IMAGE_WANT_WITHOUT)
		return b->state == BOOT_IMAGE_WITHOUT;
	if (b->way_back)
		return b->shared || b->state == BOOT_IMAGE_WITHOUT;
	return b->state == BOOT_IMAGE_HOLDS;
}

const char *boot_image_text(const struct boot_image *b)
{
	switch (b->state) {
	case BOOT_IMAGE_UNKNOWN:
		return b->path ? ": can't be read" : b->why ? b->why : "unknown";
	case BOOT_IMAGE_WITHOUT:
		return b->path ? " is without vfio-bind" : "starts no initramfs image";
	case BOOT_IMAGE_OTHER:
		return " holds vfio-bind, and not this config";
	case BOOT_IMAGE_KERNEL:
		return " holds vfio-bind for another kernel than that of the entry";
	case BOOT_IMAGE_HOLDS:
		return " holds vfio-bind and this config";
	}
	return "";
}

/* ---- the entries -------------------------------------------------------------------------------
 */

const char *boot_images_bootcfg(char path[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof(BOOTCFG));

	if (n <= 0)
		return BOOTCFG;
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (!slash)
		return BOOTCFG;
	(void)str_copy(slash + 1, sizeof(BOOTCFG), BOOTCFG);
	return access(path, X_OK) == 0 ? path : BOOTCFG;
}

static int status_read(const char *root, struct json_object **ret, struct err *err)
{
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	char path[PATH_MAX];
	const char *const argv[] = {
		boot_images_bootcfg(path), "--status", "--json", "--root", root, NULL};
	const struct spawn_job job = {.argv = argv,
		.name = BOOTCFG,
		.in = -1,
		.seconds = BOOTCFG_SECONDS,
		.max = STATUS_MAX};

	int status = spawn_bounded(&job, &result, err);
	if (status < 0)
		return status == -ENOMEM ? status : -ENOENT;
	if (status != 0 || !result.out.data)
		return err_set(err, ENOENT, BOOTCFG " --status: %.200s",
			result.said.data ? result.said.data : "ended without an answer");
	int r = json_parse(ret, result.out.data, result.out.len, err);
	return r < 0 && r != -ENOMEM ? -ENOENT : r;
}

static int entries_judge(struct reading *g, const struct json_object *status,
	struct boot_images *ret, struct err *err)
{
	struct json_object *entries = json_member(status, "entries");
	size_t n = json_count(entries);
	int r = 0;

	for (size_t i = 0; i < n && i < ENTRIES_MAX && r == 0; i++)
		r = entry_add(g, json_element(entries, i), ret);
	if (r < 0)
		return err_set(err, ENOMEM, "out of memory");
	mark_shared(ret);
	return ret->n > 0 ? 0 : err_set(err, ENOENT, "no boot entry of this system was found");
}

int boot_images_read(struct boot_images *ret, const char *root, const char *config, struct err *err)
{
	_cleanup_(root_done) struct root r = {.fd = -1};
	_cleanup_(reading_done) struct reading g = {.root = &r, .config = config};
	_cleanup_(json_done) struct json_object *status = NULL;

	*ret = (struct boot_images){0};
	int rc = root_open(&r, root, err);
	if (rc == 0)
		rc = status_read(root, &status, err);
	return rc < 0 ? rc : entries_judge(&g, status, ret, err);
}
