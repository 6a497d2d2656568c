/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "host/other_tools.h"
#include "host/variants.h"
#include "shared/spawn.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_PROGRAM "vfio-bind-boot"
#define UDEV_RULES "/usr/lib/udev/rules.d/70-vfio-bind.rules"

static int image_add_module(
	struct image *image, const char *directory, const char *name, struct err *err)
{
	int r = modules_needed(&image->modules, directory, name, err);

	if (r != -ENOENT)
		return r;
	*err = (struct err){""};
	return strings_add_unique(&image->missing, name, err);
}

/* A driver that [device] names. */
static int want_driver(
	struct image *image, const char *directory, const char *driver, struct err *err)
{
	size_t before = image->missing.n;

	if (!*driver || str_equal(driver, "none") || str_equal(driver, DRIVER_AUTO) ||
		variants_late(&image->variants, driver))
		return 0;
	int r = image_add_module(image, directory, driver, err);
	return r >= 0 && image->missing.n > before && !module_same(driver, "vfio-pci")
		       ? strings_add_unique(&image->no_driver, driver, err)
		       : r;
}

/* vfio_iommu_type1 is only a softdep of vfio, but without it no device can be passed to a VM;
 * vfio-pci comes first, so that its absence is reported first. */
static int want_modules(
	struct image *image, const struct config *c, const char *directory, struct err *err)
{
	static const char *const vfio[] = {"vfio-pci", VFIO_IOMMU_DRIVER};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < c->n_before; i++)
		r = image_add_module(image, directory, c->before[i], err);
	for (size_t i = 0; r >= 0 && i < sizeof(vfio) / sizeof(*vfio); i++) {
		r = image_add_module(image, directory, vfio[i], err);
		if (r >= 0 && modules_needed(&image->vfio, directory, vfio[i], NULL) == -ENOMEM)
			r = err_set(err, ENOMEM, "out of memory");
	}
	if (r >= 0 && c->load_efivarfs && c->failed_boots > 0)
		r = image_add_module(image, directory, "efivarfs", err);
	for (size_t i = 0; r >= 0 && i < c->n_settings; i++)
		r = want_driver(image, directory, c->settings[i].driver, err);
	for (size_t i = 0; r >= 0 && i < image->variants.n; i++)
		if (!image->variants.at[i].late)
			r = image_add_module(image, directory, image->variants.at[i].driver, err);
	return r;
}

struct wanted {
	struct image *image;
	struct err *err;
};

/* Takes the file of each line "options MODULE …" or "softdep MODULE …" of one of our modules. */
static int add_settings(const struct modprobe_line *line, void *to)
{
	const struct wanted *w = to;
	const struct strings *modules = &w->image->modules;
	bool ours = false;

	if (!str_equal(line->command, "options") && !str_equal(line->command, "softdep"))
		return 0;
	for (size_t i = 0; i < modules->n; i++)
		ours |= module_same(modules->v[i], line->module);
	return ours && strings_add_unique(&w->image->files, line->path, w->err) < 0 ? -ENOMEM : 0;
}

static int want_settings(struct image *image, struct err *err)
{
	_cleanup_(fd_close) int root = open("/", O_DIRECTORY | O_PATH | O_CLOEXEC);
	struct wanted w = {image, err};

	return other_tools_modprobe(root, add_settings, &w) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

static int want_config(struct image *image, const struct config *c, struct err *err)
{
	int r = imageinfo_digest(image->digest, c->path, err);

	return r < 0 ? r : strings_add_unique(&image->files, c->path, err);
}

/*
 * The program of an image is beside this one where both were built, else where it was installed: in
 * ../lib/vfio-bind of this one's directory.
 */
static int find_program(struct image *image, struct err *err)
{
	_cleanup_(str_free) char *built = NULL, *installed = NULL;
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_set(
			err, errno, "/proc/self/exe: %s; is /proc mounted?", strerror(errno));
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	char *prefix = strrchr(self, '/');
	int length = prefix ? (int)(prefix - self) : 0;
	if (asprintf(&built, "%s/" BOOT_PROGRAM, self) < 0 ||
		asprintf(&installed, "%.*s/lib/vfio-bind/" BOOT_PROGRAM, length, self) < 0)
		return err_set(err, ENOMEM, "out of memory");
	char **found = access(built, X_OK) == 0 ? &built : &installed;
	if (access(*found, X_OK) < 0)
		return err_set(err, errno, "%s: %s; it is a part of vfio-bind: install it again",
			installed, strerror(errno));
	image->program = *found;
	*found = NULL;
	return 0;
}

/* Has an ELF program an interpreter, which loads shared libraries? (elf(5), PT_INTERP) */
static bool is_dynamic(const char *path)
{
	_cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;
	Elf64_Phdr one;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return false;
	for (unsigned i = 0; i < header.e_phnum; i++)
		if (pread(fd, &one, sizeof(one), (off_t)(header.e_phoff + i * sizeof(one))) ==
				sizeof(one) &&
			one.p_type == PT_INTERP)
			return true;
	return false;
}

int image_list(struct image *ret, const struct config *c, const struct sysroot *w,
	const char *directory, struct err *err)
{
	*ret = (struct image){0};
	if (access(directory, F_OK) < 0)
		return err_set(err, errno, "%s: no modules of this kernel: %s", directory,
			strerror(errno));
	int r = variants_of_kernel(&ret->variants, c, w, directory, err);
	if (r >= 0)
		r = want_modules(ret, c, directory, err);
	if (r >= 0)
		r = find_program(ret, err);
	if (r >= 0 && is_dynamic(ret->program))
		r = modules_libraries(&ret->libraries, directory, err);
	if (r >= 0 && !c->unread)
		r = want_config(ret, c, err);
	if (r >= 0 && access(UDEV_RULES, F_OK) == 0)
		r = strings_add_unique(&ret->files, UDEV_RULES, err);
	if (r >= 0)
		r = want_settings(ret, err);
	return r < 0 ? r : 0;
}

void image_done(struct image *image)
{
	free(image->program);
	strings_done(&image->modules);
	strings_done(&image->vfio);
	strings_done(&image->unpacked);
	strings_done(&image->missing);
	strings_done(&image->no_driver);
	variants_done(&image->variants);
	strings_done(&image->libraries);
	strings_done(&image->files);
}

/* The largest modules, those of GPU drivers, have some 30 MiB. */
#define MODULE_MAX (256U << 20)

/* The kernel's own choice (scripts/Makefile.modinst). */
static const struct {
	const char *suffix, *program;
} decompressors[] = {{".ko.xz", "xz"}, {".ko.zst", "zstd"}, {".ko.gz", "gzip"}};
#define N_DECOMPRESSORS (sizeof(decompressors) / sizeof(*decompressors))

static const char *decompressor(const char *name, size_t *ret_len)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < N_DECOMPRESSORS; i++) {
		size_t n = strlen(decompressors[i].suffix);
		if (len > n && str_equal(name + len - n, decompressors[i].suffix)) {
			*ret_len = len - n + strlen(".ko");
			return decompressors[i].program;
		}
	}
	return NULL;
}

static int decompress(struct text *ret, const char *program, const char *file, struct err *err)
{
	const char *const argv[] = {program, "-dc", file, NULL};
	int status = spawn_read(argv, ret, MODULE_MAX, err);

	if (status < 0)
		return status;
	if (status > 0 || ret->len < SELFMAG || memcmp(ret->data, ELFMAG, SELFMAG) != 0)
		return err_set(err, EIO, "%s: %s can't decompress it", file, program);
	return 0;
}

/* lib is a link to usr/lib in all but old images. */
static int open_updates(const char *root, const char *kernel, struct err *err)
{
	_cleanup_(str_free) char *lib = NULL, *path = NULL;
	struct stat st;

	if (asprintf(&lib, "%s/lib", root) < 0)
		return err_set(err, ENOMEM, "out of memory");
	bool own = lstat(lib, &st) == 0 && S_ISDIR(st.st_mode);
	if (asprintf(&path, "%s/%slib/modules/%s/updates/vfio-bind", root, own ? "" : "usr/",
		    kernel) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (dir_make(path, err) < 0)
		return -EIO;
	int fd = open(path, O_DIRECTORY | O_PATH | O_CLOEXEC);
	return fd >= 0 ? fd : err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));
}

static int module_name(char **ret, const char *file, size_t len, struct err *err)
{
	const char *slash = strrchr(file, '/');

	*ret = strndup(slash ? slash + 1 : file, len - (slash ? (size_t)(slash + 1 - file) : 0));
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int read_plain(struct text *ret, const char *file, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len;
	int r = file_read(AT_FDCWD, file, MODULE_MAX, &data, &len, err);

	if (r < 0)
		return r;
	text_add(ret, data, len);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

int module_read(char **ret_name, struct text *ret, const char *file, struct err *err)
{
	size_t len = strlen(file);
	const char *program = decompressor(file, &len);
	int r = module_name(ret_name, file, len, err);

	if (r == 0)
		r = program ? decompress(ret, program, file, err) : read_plain(ret, file, err);
	if (r < 0) {
		text_done(ret);
		str_free(ret_name);
	}
	return r;
}

/*
 * Writes the module of a file NAME.ko.xz, .zst or .gz without its compression, its signature
 * included, into an image: below `root`, the directory that becomes the image, as
 * lib/modules/KERNEL/updates/vfio-bind/NAME.ko. depmod(8) prefers what is in updates (depmod.d(5),
 * search), so that a compressed copy which anything else adds to the image does no harm.
 *
 * Returns 1, or 0 for a file that is not compressed. -errno with a text if its decompressor (xz,
 * zstd, gzip) is missing or fails, or the file can't be written; then nothing is left of it.
 */
static int module_unpack(const char *root, const char *kernel, const char *file, struct err *err)
{
	_cleanup_(text_done) struct text content = {0};
	_cleanup_(str_free) char *name = NULL;
	size_t len = 0;

	if (!decompressor(file, &len))
		return 0;
	int r = module_read(&name, &content, file, err);
	if (r < 0)
		return r;
	_cleanup_(fd_close) int dir = open_updates(root, kernel, err);
	if (dir < 0)
		return dir;
	r = file_replace_volatile(dir, name, content.data, content.len, 0644, err);
	return r < 0 ? r : 1;
}

int image_unpack(struct image *image, const char *directory, const char *into, struct err *err)
{
	const char *slash = strrchr(directory, '/');
	const char *kernel = slash ? slash + 1 : directory;

	for (size_t i = 0; i < image->vfio.n; i++) {
		const char *name = image->vfio.v[i];
		_cleanup_(str_free) char *file = module_file(directory, name);
		struct err why = {""};
		int r = file ? module_unpack(into, kernel, file, &why) : 0;
		if (r < 0)
			log_print(LOG_NOTICE, "module %s stays compressed: %s", name, why.text);
		if (r > 0 && strings_add_unique(&image->unpacked, name, err) < 0)
			return -ENOMEM;
	}
	return 0;
}
