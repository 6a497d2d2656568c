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

/* Called for every "install" line of modprobe.d; runs none. */
static int pass_over_install(struct kmod_module *module, const char *command, void *data)
{
	(void)data;
	log_print(LOG_DEBUG, "%s: 'install %s' of modprobe.d is not run in early boot",
		kmod_module_get_name(module), command);
	return 0;
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
 * The options that follow those of modprobe.d and of the kernel command line. The last "ids="
 * counts, and an empty one names nothing (vfio_pci_fill_ids in drivers/vfio/pci/vfio_pci.c,
 * pci_stub_init in drivers/pci/pci-stub.c). It would be inside a double quote that modprobe.d
 * leaves open (next_arg in lib/cmdline.c). NULL: out of memory.
 */
static char *last_options(const struct kmod_module *module, const char *vfio_options)
{
	const char *name = kmod_module_get_name(module);
	const char *given = kmod_module_get_options(module);
	char *last;

	if (!module_same(name, "vfio_pci") || !vfio_options)
		vfio_options = "";
	if (asprintf(&last, "%s%s ids=", is_odd(given, '"') ? "\" " : "", vfio_options) < 0)
		return NULL;
	return last;
}

/* Inserts one module if it is not loaded, vfio-pci with its options and no ids. Returns 0, -errno,
 * or a positive number for a blacklisted module. */
static int probe_insert(struct kmod_module *module, unsigned flags, const char *vfio_options)
{
	_cleanup_(str_free) char *last = NULL;

	if (module_takes_ids(kmod_module_get_name(module))) {
		last = last_options(module, vfio_options);
		if (!last)
			return -ENOMEM;
	}
	int r = kmod_module_probe_insert_module(module, flags, last, pass_over_install, NULL, NULL);
	return r == -EEXIST ? 0 : r;
}

static int insert(struct kmod_module *module, const char *vfio_options, struct err *err)
{
	int r = probe_insert(module, KMOD_PROBE_IGNORE_COMMAND, vfio_options);

	if (r == 0)
		return 0;
	int code = r > 0 ? EPERM
			 : -r; /* positive: blacklisted, although we pass no blacklist flag */
	return err_set(err, code, "module %s: can't load it: %s", kmod_module_get_name(module),
		load_strerror(code));
}

/*
 * KMOD_PROBE_IGNORE_COMMAND applies to one module: the "install" line of a dependency still
 * replaces the dependency, and as none is run here, its symbols are then missing (ENOENT). So the
 * dependencies are loaded by name, the deepest first (kmod_module_parse_depline), and the module is
 * tried again.
 */
static int insert_with_needed(struct kmod_module *module, const char *vfio_options, struct err *err)
{
	_cleanup_(list_done) struct kmod_list *needed = NULL;
	const struct kmod_list *at;
	int r = insert(module, vfio_options, err);

	if (r != -ENOENT)
		return r;
	needed = kmod_module_get_dependencies(module);
	kmod_list_foreach(at, needed)
	{
		_cleanup_(module_done) struct kmod_module *one = kmod_module_get_module(at);
		if (insert(one, vfio_options, err) < 0)
			return -ENOENT;
	}
	r = insert(module, vfio_options, err);
	if (r == 0 && err)
		err->text[0] = '\0'; /* of the first try */
	return r;
}

/* As in modprobe, a soft dependency that cannot be loaded is not an error. */
static void insert_soft(const struct kmod_list *list, const char *vfio_options)
{
	const struct kmod_list *at;

	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		int r = probe_insert(module, 0, vfio_options);
		if (r < 0)
			log_print(LOG_DEBUG, "module %s, a soft dependency: %s",
				kmod_module_get_name(module), load_strerror(-r));
	}
}

/*
 * KMOD_PROBE_IGNORE_COMMAND skips a module's own "install" line, and its soft dependencies, too
 * (libkmod-module.c, kmod_module_get_probe_list); so these are loaded here.
 */
static int insert_with_soft(struct kmod_module *module, const char *vfio_options, struct err *err)
{
	_cleanup_(list_done) struct kmod_list *pre = NULL;
	_cleanup_(list_done) struct kmod_list *post = NULL;

	(void)kmod_module_get_softdeps(module, &pre, &post);
	insert_soft(pre, vfio_options);
	int r = insert_with_needed(module, vfio_options, err);
	if (r == 0)
		insert_soft(post, vfio_options);
	return r;
}

/* ---- vfio-pci as a soft dependency of another module -------------------------------------------
 *
 * Many guides have "softdep nvidia pre: vfio-pci". libkmod would load vfio-pci together with the
 * other module, with the ids configured elsewhere; so it is loaded here first.
 */
static int find_takers(struct kmod_module *module, struct strv *seen, struct strv *takers);

static int find_takers_in(const struct kmod_list *list, struct strv *seen, struct strv *takers)
{
	const struct kmod_list *at;
	int r = 0;

	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		if (r == 0)
			r = find_takers(module, seen, takers);
	}
	return r;
}

/* Each module once, so it ends. */
static int find_takers(struct kmod_module *module, struct strv *seen, struct strv *takers)
{
	_cleanup_(list_done) struct kmod_list *needs = NULL;
	_cleanup_(list_done) struct kmod_list *pre = NULL;
	_cleanup_(list_done) struct kmod_list *post = NULL;
	const char *name = kmod_module_get_name(module);
	size_t before = seen->n;

	if (module_takes_ids(name))
		return strv_add_unique(takers, name, NULL);
	int r = strv_add_unique(seen, name, NULL);
	if (r < 0 || seen->n == before)
		return r;
	needs = kmod_module_get_dependencies(module);
	(void)kmod_module_get_softdeps(module, &pre, &post);
	r = find_takers_in(pre, seen, takers);
	if (r == 0)
		r = find_takers_in(needs, seen, takers);
	return r == 0 ? find_takers_in(post, seen, takers) : r;
}

/* First loads the modules with ids that this module pulls in. */
static void insert_takers(
	struct kmod_ctx *ctx, struct kmod_module *module, const char *vfio_options)
{
	_cleanup_(strv_done) struct strv seen = {0}, takers = {0};

	if (module_takes_ids(kmod_module_get_name(module)) ||
		find_takers(module, &seen, &takers) < 0)
		return;
	for (size_t i = 0; i < takers.n; i++) {
		_cleanup_(module_done) struct kmod_module *one = NULL;
		if (kmod_module_new_from_name(ctx, takers.name[i], &one) == 0 &&
			insert_with_soft(one, vfio_options, NULL) < 0)
			log_print(LOG_DEBUG, "module %s, a soft dependency: not loaded",
				takers.name[i]);
	}
}

int module_load(const char *name, const char *vfio_options, struct err *err)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	_cleanup_(list_done) struct kmod_list *list = NULL;
	struct kmod_list *at;

	if (!ctx)
		return err_set(err, ENOMEM, "module %s: libkmod can't start", name);
	kmod_set_log_fn(ctx, log_kmod, NULL);
	/* A lookup without a result succeeds with an empty list. */
	int r = kmod_module_new_from_lookup(ctx, name, &list);
	if (r < 0 && r != -ENOENT && r != -ENOSYS)
		return err_set(err, -r, "module %s: can't look it up: %s", name, strerror(-r));
	if (!list)
		return not_found(name, err);
	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		insert_takers(ctx, module, vfio_options);
		r = insert_with_soft(module, vfio_options, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int module_load_for(const char *modalias, struct err *err)
{
	_cleanup_(ctx_done) struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	_cleanup_(list_done) struct kmod_list *list = NULL;
	struct kmod_list *at;
	int known = 0, failed = 0;

	if (!ctx)
		return err_set(err, ENOMEM, "libkmod can't start");
	kmod_set_log_fn(ctx, log_kmod, NULL);
	if (kmod_module_new_from_lookup(ctx, modalias, &list) < 0)
		return 0;
	kmod_list_foreach(at, list)
	{
		_cleanup_(module_done) struct kmod_module *module = kmod_module_get_module(at);
		insert_takers(ctx, module, NULL);
		int r = probe_insert(module, KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY, NULL);
		if (r > 0) /* blacklisted */
			continue;
		known++;
		if (r == 0)
			continue;
		failed++;
		(void)err_set(err, -r, "module %s: can't load it: %s", kmod_module_get_name(module),
			load_strerror(-r));
	}
	return known > 0 && failed == known ? -EIO : known;
}

bool strv_has(const struct strv *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (str_equal(names->name[i], name))
			return true;
	return false;
}

int strv_add_unique(struct strv *names, const char *name, struct err *err)
{
	if (strv_has(names, name))
		return 0;
	if (names->n == names->size) {
		size_t size = names->size ? names->size * 2 : 16;
		char **grown = reallocarray(names->name, size, sizeof(*grown));
		if (!grown)
			return err_set(err, ENOMEM, "out of memory");
		names->name = grown;
		names->size = size;
	}
	names->name[names->n] = strdup(name);
	if (!names->name[names->n])
		return err_set(err, ENOMEM, "out of memory");
	names->n++;
	return 0;
}

void strv_done(struct strv *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct strv){0};
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
	struct strv *names, struct kmod_module *module, unsigned depth, struct err *err);

static int add_list(
	struct strv *names, const struct kmod_list *list, unsigned depth, struct err *err)
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
	struct strv *names, struct kmod_module *module, unsigned depth, struct err *err)
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
		r = strv_add_unique(names, kmod_module_get_name(module), err);
	return r < 0 ? r : add_list(names, post, depth + 1, err);
}

int modules_needed(struct strv *names, const char *directory, const char *name, struct err *err)
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
	struct strv *names;
	struct err *err;
};

/* The program itself and the kernel's vdso have no path. */
static int add_library(struct dl_phdr_info *info, size_t size, void *to)
{
	struct library_walk *walk = to;

	(void)size;
	return info->dlpi_name[0] == '/' ? strv_add_unique(walk->names, info->dlpi_name, walk->err)
					 : 0;
}

int modules_libraries(struct strv *names, const char *directory, struct err *err)
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
