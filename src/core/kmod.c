/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kmod.h"

#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <libkmod.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static void ctx_done(struct kmod_ctx **ctx)
{
	kmod_unref(*ctx);
}

static void list_done(struct kmod_list **list)
{
	(void)kmod_module_unref_list(*list);
}

static void module_done(struct kmod_module **module)
{
	(void)kmod_module_unref(*module);
}

/* libkmod prints its messages to standard error, which early boot does not have. */
static void log_kmod(void *data, int priority, const char *file, int line, const char *fn,
	const char *format, va_list args) __attribute__((format(printf, 6, 0)));
static void log_kmod(void *data, int priority, const char *file, int line, const char *fn,
	const char *format, va_list args)
{
	char text[512];

	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	int n = vsnprintf(text, sizeof(text), format, args);
	if (n > 0 && (size_t)n < sizeof(text) && text[n - 1] == '\n')
		text[n - 1] = '\0';
	log_print(LOG_DEBUG, "libkmod: %s", text);
}

/* The meaning of the errors of init_module(2) and finit_module(2), and the remedy. */
static const char *load_strerror(int code)
{
	switch (code) {
	case ENOENT: /* also a missing symbol: kernel/module/main.c, simplify_symbols */
		return "a module that it needs is missing or doesn't fit this kernel; rebuild the image";
	case ENOEXEC:
		return "the file is damaged or of another kernel; rebuild the image";
	case EKEYREJECTED:
	case ENOKEY:
		return "the kernel rejects its signature (Secure Boot); sign it or take the distribution's module";
	case EPERM:
		return "not permitted (lockdown, or not root)";
	case EBUSY:
		return "another process is loading or removing it";
	case EINVAL:
		return "the kernel refuses it: the file is damaged (rebuild the image), or an option of [modules] or modprobe.d is wrong";
	default:
		return strerror(code);
	}
}

static int not_found(const char *name, struct err *err)
{
	struct utsname u;

	return err_set(err, ENOENT,
		"module %s: none for kernel %s in this image; rebuild the image, or install the kernel's modules",
		name, uname(&u) == 0 ? u.release : "?");
}

bool module_takes_ids(const char *name)
{
	return module_same(name, "vfio_pci") || module_same(name, "pci_stub");
}

static bool is_odd(const char *s, char c)
{
	bool odd = false;

	for (; s && *s; s++)
		odd ^= *s == c;
	return odd;
}

/*
 * The options of modprobe.d and of the kernel command line, and for a module with ids ours after
 * them. The last "ids=" counts, and an empty one names nothing (vfio_pci_fill_ids in
 * drivers/vfio/pci/vfio_pci.c, pci_stub_init in drivers/pci/pci-stub.c). It would be inside a
 * double quote that modprobe.d leaves open (next_arg in lib/cmdline.c). NULL: out of memory.
 */
static char *all_options(const struct kmod_module *module, const char *vfio_options)
{
	const char *name = kmod_module_get_name(module);
	const char *given = kmod_module_get_options(module);
	char *all;

	if (!given)
		given = "";
	if (!module_takes_ids(name))
		return strdup(given);
	if (!module_same(name, "vfio_pci") || !vfio_options)
		vfio_options = "";
	if (asprintf(&all, "%s%s %s ids=", given, is_odd(given, '"') ? " \"" : "", vfio_options) <
		0)
		return NULL;
	return all;
}

/* Inserts one module and none that it needs, if it is not loaded. */
static int insert(struct kmod_module *module, const char *vfio_options, struct err *err)
{
	_cleanup_(str_free) char *options = NULL;
	int state = kmod_module_get_initstate(module);

	if (state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN)
		return 0;
	options = all_options(module, vfio_options);
	int r = options ? kmod_module_insert_module(module, 0, options) : -ENOMEM;
	if (r == 0 || r == -EEXIST)
		return 0;
	return err_set(err, -r, "module %s: can't load it: %s", kmod_module_get_name(module),
		load_strerror(-r));
}

/* ---- loading with all that a module needs ------------------------------------------------------
 *
 * Not by kmod_module_probe_insert_module: it would load the IOMMU driver of VFIO in the middle of
 * vfio-pci's dependencies, and vfio-pci, where another module brings it along (many guides have
 * "softdep nvidia pre: vfio-pci"), with the ids configured elsewhere; and it leaves out a
 * dependency that has an "install" line.
 */
struct loading {
	const char *vfio_options;
	struct strings seen; /* each module once: soft dependencies may form a cycle */
};

static int load(struct loading *l, struct kmod_module *module, struct err *err);

/* An "install" line would be run instead; none is in early boot. */
static bool has_install(const struct kmod_module *module)
{
	const char *command = kmod_module_get_install_commands(module);

	if (command)
		log_print(LOG_DEBUG, "%s: 'install %s' of modprobe.d is not run in early boot",
			kmod_module_get_name(module), command);
	return command;
}

/* As in modprobe, a soft dependency that cannot be loaded is not an error. */
static void load_soft(struct loading *l, const struct kmod_list *list)
{
	const struct kmod_list *at;

	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		struct err err = {""};
		if (!module_same(kmod_module_get_name(module), VFIO_IOMMU_DRIVER) &&
			!has_install(module) && load(l, module, &err) < 0)
			log_print(LOG_DEBUG, "a soft dependency: %s", err.text);
	}
}

static int load_needed(struct loading *l, struct kmod_module *module, struct err *err)
{
	_cleanup_(list_done) struct kmod_list *needed = kmod_module_get_dependencies(module);
	const struct kmod_list *at;
	int r = 0;

	kmod_list_foreach(at, needed)
	{
		_cleanup_(module_done) struct kmod_module *one = kmod_module_get_module(at);
		if (r == 0)
			r = load(l, one, err);
	}
	return r;
}

static int load(struct loading *l, struct kmod_module *module, struct err *err)
{
	_cleanup_(list_done) struct kmod_list *pre = NULL;
	_cleanup_(list_done) struct kmod_list *post = NULL;
	size_t before = l->seen.n;

	if (strings_add_unique(&l->seen, kmod_module_get_name(module), err) < 0)
		return -ENOMEM;
	if (l->seen.n == before)
		return 0;
	(void)kmod_module_get_softdeps(module, &pre, &post);
	load_soft(l, pre);
	int r = load_needed(l, module, err);
	if (r == 0)
		r = insert(module, l->vfio_options, err);
	if (r == 0)
		load_soft(l, post);
	return r;
}

static int load_module(struct kmod_module *module, const char *vfio_options, struct err *err)
{
	struct loading l = {.vfio_options = vfio_options};
	int r = load(&l, module, err);

	strings_done(&l.seen);
	return r;
}

/* A lookup without a result succeeds with an empty list. */
static int look_up_in(struct kmod_ctx **ctx, const char *directory, const char *name,
	struct kmod_list **ret, struct err *err)
{
	kmod_unref(*ctx);
	*ctx = kmod_new(directory, NULL);
	if (!*ctx)
		return err_set(err, ENOMEM, "module %s: libkmod can't start", name);
	kmod_set_log_fn(*ctx, log_kmod, NULL);
	int r = kmod_module_new_from_lookup(*ctx, name, ret);
	if (r < 0 && r != -ENOENT && r != -ENOSYS)
		return err_set(err, -r, "module %s: can't look it up: %s", name, strerror(-r));
	return 0;
}

/* The image's own index first: where a hook has put the modules there, the other is not asked. */
static int look_up(struct kmod_ctx **ctx, const char *name, struct kmod_list **ret, struct err *err)
{
	char directory[sizeof(ARCHIVE_MODULES) + sizeof(((struct utsname *)NULL)->release)];
	struct utsname u;
	int r = look_up_in(ctx, NULL, name, ret, err);

	if (r < 0 || *ret || uname(&u) < 0)
		return r;
	size_t len = str_copy(directory, sizeof(directory), ARCHIVE_MODULES "/");
	(void)str_copy(directory + len, sizeof(directory) - len, u.release);
	return look_up_in(ctx, directory, name, ret, err);
}

int module_load(const char *name, const char *vfio_options, struct err *err)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = NULL;
	_cleanup_(list_done) struct kmod_list *list = NULL;
	struct kmod_list *at;

	int r = look_up(&ctx, name, &list, err);
	if (r < 0)
		return r;
	if (!list)
		return not_found(name, err);
	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		r = load_module(module, vfio_options, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_loaded(struct kmod_ctx *ctx, const char *name)
{
	_cleanup_(module_done) struct kmod_module *module = NULL;

	if (kmod_module_new_from_name(ctx, name, &module) < 0)
		return false;
	int state = kmod_module_get_initstate(module);
	return state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN;
}

int module_load_iommu(struct err *err)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = NULL;
	_cleanup_(list_done) struct kmod_list *list = NULL;

	int r = look_up(&ctx, VFIO_IOMMU_DRIVER, &list, err);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || !list || !is_loaded(ctx, "vfio"))
		return 0;
	_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(list);
	return has_install(module) ? 0 : load_module(module, NULL, err);
}

int module_load_for(const char *modalias, struct err *err)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	_cleanup_(list_done) struct kmod_list *all = NULL;
	_cleanup_(list_done) struct kmod_list *list = NULL;
	struct kmod_list *at;
	int known = 0, failed = 0;

	if (!ctx)
		return err_set(err, ENOMEM, "libkmod can't start");
	kmod_set_log_fn(ctx, log_kmod, NULL);
	if (kmod_module_new_from_lookup(ctx, modalias, &all) < 0 || !all ||
		kmod_module_apply_filter(ctx, KMOD_FILTER_BLACKLIST, all, &list) < 0)
		return 0;
	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		known++;
		if (!has_install(module) && load_module(module, NULL, err) < 0)
			failed++;
	}
	return known > 0 && failed == known ? -EIO : known;
}

bool module_same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char one = *a == '-' ? '_' : *a, other = *b == '-' ? '_' : *b;
		if (one != other)
			return false;
	}
	return *a == *b;
}

/* A soft dependency may form a cycle: `depth` ends it. */
#define DEPTH_MAX 8
static int add_module(
	struct strings *names, struct kmod_module *module, unsigned depth, struct err *err);

static int add_list(
	struct strings *names, const struct kmod_list *list, unsigned depth, struct err *err)
{
	const struct kmod_list *at;
	int r = 0;

	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		if (r >= 0)
			r = add_module(names, module, depth, err);
	}
	return r;
}

/* A built-in module, and a softdep that this kernel does not have, has no file. */
static int add_module(
	struct strings *names, struct kmod_module *module, unsigned depth, struct err *err)
{
	_cleanup_(list_done) struct kmod_list *needs = kmod_module_get_dependencies(module);
	_cleanup_(list_done) struct kmod_list *pre = NULL;
	_cleanup_(list_done) struct kmod_list *post = NULL;

	if (depth == DEPTH_MAX || !kmod_module_get_path(module))
		return 0;
	(void)kmod_module_get_softdeps(module, &pre, &post);
	int r = add_list(names, pre, depth + 1, err);
	if (r >= 0)
		r = add_list(names, needs, depth + 1, err);
	if (r >= 0)
		r = strings_add_unique(names, kmod_module_get_name(module), err);
	return r < 0 ? r : add_list(names, post, depth + 1, err);
}

int modules_needed(struct strings *names, const char *directory, const char *name, struct err *err)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = kmod_new(directory, NULL);
	_cleanup_(list_done) struct kmod_list *list = NULL;

	if (!ctx)
		return err_set(err, ENOMEM, "module %s: libkmod can't start", name);
	kmod_set_log_fn(ctx, log_kmod, NULL);
	int r = kmod_module_new_from_lookup(ctx, name, &list);
	if (r < 0 && r != -ENOENT && r != -ENOSYS)
		return err_set(err, -r, "module %s: can't look it up in %s: %s", name, directory,
			strerror(-r));
	if (!list)
		return err_set(err, ENOENT, "module %s: none in %s", name, directory);
	return add_list(names, list, 0, err);
}

char *module_file(const char *directory, const char *name)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = kmod_new(directory, NULL);
	_cleanup_(module_done) struct kmod_module *module = NULL;

	if (!ctx || kmod_module_new_from_name(ctx, name, &module) < 0)
		return NULL;
	const char *path = kmod_module_get_path(module);
	return path ? strdup(path) : NULL;
}

/* Makes libkmod open a module file: since kmod 33 it loads its decoders with dlopen when a module
 * is compressed (libkmod/libkmod-file.c), so our own ELF file does not list them. */
static void read_a_module(const char *directory)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = kmod_new(directory, NULL);
	_cleanup_(module_done) struct kmod_module *module = NULL;
	_cleanup_(list_done) struct kmod_list *list = NULL;
	struct kmod_list *info = NULL;

	if (!ctx)
		return;
	kmod_set_log_fn(ctx, log_kmod, NULL);
	if (kmod_module_new_from_lookup(ctx, "vfio-pci", &list) < 0 || !list)
		return;
	module = kmod_module_get_module(list);
	if (kmod_module_get_path(module) && kmod_module_get_info(module, &info) >= 0)
		kmod_module_info_free_list(info);
}

struct library_walk {
	struct strings *names;
	struct err *err;
};

/* The program itself and the kernel's vdso have no path. */
static int add_library(struct dl_phdr_info *info, size_t size, void *to)
{
	struct library_walk *walk = to;

	(void)size;
	return info->dlpi_name[0] == '/'
		       ? strings_add_unique(walk->names, info->dlpi_name, walk->err)
		       : 0;
}

int modules_libraries(struct strings *names, const char *directory, struct err *err)
{
	struct library_walk walk = {names, err};

	read_a_module(directory);
	return dl_iterate_phdr(add_library, &walk);
}

int module_index_open(struct module_index *ret, struct err *err)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (!ctx)
		return err_set(err, ENOMEM, "libkmod can't start");
	kmod_set_log_fn(ctx, log_kmod, NULL);
	int r = kmod_load_resources(ctx); /* else each lookup would open them again */
	if (r < 0) {
		kmod_unref(ctx);
		return err_set(
			err, -r, "the modules of this kernel can't be looked up: %s", strerror(-r));
	}
	ret->ctx = ctx;
	return 0;
}

char *module_index_drivers(struct module_index *index, const char *modalias)
{
	_cleanup_(list_done) struct kmod_list *list = NULL;
	const struct kmod_list *at;
	const char *last = ""; /* several aliases of one module are adjacent */
	struct text names = {0};

	if (kmod_module_new_from_lookup(index->ctx, modalias, &list) < 0)
		return NULL;
	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		const char *name = kmod_module_get_name(module);
		if (!str_equal(name, last))
			text_print(&names, "%s%s", names.len ? " " : "", name);
		last = name;
	}
	return names.data;
}

void module_index_done(struct module_index *index)
{
	kmod_unref(index->ctx);
	index->ctx = NULL;
}

/* ---- no_legacy ------------------------------------------------------------------------------ */

/*
 * libzstd.a decodes zstd's formats from before 2016 (0.5 to 0.7), with 75 kB of code that would be
 * in every initramfs; the kernel's modules never used them (it adopted zstd in 5.13). These
 * functions replace the entry points of those decoders, so that the linker leaves them out: a
 * stream calls ZBUFFv0n_createDCtx first, and treats its NULL as "out of memory"
 * (ZSTD_initLegacyStream, lib/legacy/zstd_legacy.h). Weak, so that a libzstd that links its own
 * decoders uses those.
 */
#define NONE(name)                                                                                 \
	void *name(void);                                                                          \
	__attribute__((weak)) void *name(void)                                                     \
	{                                                                                          \
		return NULL;                                                                       \
	}
#define NO_FORMAT(n)                                                                               \
	NONE(ZBUFFv0##n##_createDCtx)                                                              \
	NONE(ZBUFFv0##n##_decompressContinue)                                                      \
	NONE(ZBUFFv0##n##_decompressInitDictionary)                                                \
	NONE(ZBUFFv0##n##_freeDCtx)                                                                \
	NONE(ZSTDv0##n##_createDCtx)                                                               \
	NONE(ZSTDv0##n##_decompress_usingDict)                                                     \
	NONE(ZSTDv0##n##_findFrameSizeInfoLegacy)                                                  \
	NONE(ZSTDv0##n##_freeDCtx)                                                                 \
	NONE(ZSTDv0##n##_getFrameParams)

NO_FORMAT(5)
NO_FORMAT(6)
NO_FORMAT(7)
