/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check.h"

#include "base/command.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/kcmdline.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cmd.h"
#include "cli/image_record.h"
#include "cli/sysroot.h"
#include "core/imageinfo.h"
#include "host/access_rules.h"
#include "host/boot_images.h"
#include "host/hostdevs.h"
#include "host/hotplug_rules.h"
#include "host/image.h"
#include "host/image_owner.h"
#include "host/udev_rules.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ---- what the checks share ---------------------------------------------------------------------
 */

/* Where hooks leave a trace while an image is made: a file for each kernel. */
#define MADE_DIR "/run/vfio-bind/made"

#define TEXT_MAX (4096UL * 1024) /* /proc/interrupts of a large machine */

bool check_ctx_asks(const struct check_ctx *c)
{
	return c->ctx->config.n_all_selectors > 0;
}

bool check_ctx_path(
	const struct check_ctx *c, char buf[static CHECKED_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	if (!c->root)
		return false;
	size_t len = str_copy(buf, CHECKED_PATH_MAX, c->root);
	va_start(ap, fmt);
	int n = vsnprintf(buf + len, CHECKED_PATH_MAX - len, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < CHECKED_PATH_MAX - len;
}

bool check_ctx_exists(const struct check_ctx *c, const char *path)
{
	char full[CHECKED_PATH_MAX];

	return check_ctx_path(c, full, "%s", path) && faccessat(AT_FDCWD, full, F_OK, 0) == 0;
}

char *check_ctx_text(const struct check_ctx *c, const char *path)
{
	char full[CHECKED_PATH_MAX], *text = NULL;
	size_t len;

	if (!check_ctx_path(c, full, "%s", path) ||
		file_read(AT_FDCWD, full, TEXT_MAX, &text, &len, NULL) < 0)
		return NULL;
	return text;
}

static bool is_visible(const char *name)
{
	return name[0] != '.';
}

void check_ctx_each(const struct check_ctx *c, const char *directory,
	int (*order)(const char *a, const char *b),
	void (*each)(const struct check_ctx *c, const char *name, void *to), void *to)
{
	_cleanup_(strings_done) struct strings names = {0};
	char path[CHECKED_PATH_MAX];

	if (check_ctx_path(c, path, "%s", directory))
		(void)dir_list(&names, AT_FDCWD, path, is_visible, order);
	for (size_t i = 0; i < names.n; i++)
		each(c, names.v[i], to);
}

bool check_ctx_can_boot(const struct check_ctx *c, const char *kernel)
{
	struct utsname u;
	char path[CHECKED_PATH_MAX];

	if (c->live && uname(&u) == 0 && str_equal(u.release, kernel))
		return true;
	return (check_ctx_path(c, path, "/boot/vmlinuz-%s", kernel) && access(path, F_OK) == 0) ||
	       (check_ctx_path(c, path, "/lib/modules/%s/vmlinuz", kernel) &&
		       access(path, F_OK) == 0);
}

bool check_ctx_binds(const struct check_ctx *c, struct pci_addr addr)
{
	const struct verdict *v = plan_find(&c->ctx->plan, addr);

	return v && v->action == ACTION_BIND;
}

/* ---- all of them -------------------------------------------------------------------------------
 */

/* The switch decides whether a boot binds; the config is checked either way. */
static void check_switch(const struct check_ctx *c)
{
	struct boot_switch b = boot_switch_parse(c->cmdline);
	struct config *config = &c->ctx->config;
	char names[PROFILE_NAMES_MAX];

	if (b.mode != BOOT_BIND)
		findings_add(c->findings, check_ctx_asks(c), "off", "this boot has bound nothing",
			NULL, "vfio-bind is off: %s", b.reason);
	if (!b.has_profile)
		return;
	int r = profile_choose(config, b.profile);
	if (r == -ENOENT)
		findings_add(c->findings, true, "profile",
			"this boot has bound nothing; correct the word, or write the profile", NULL,
			"vfio_bind.profile=%s: %s has no such profile; valid: %s", b.profile,
			config->path, profile_names(config, names));
	if (profile_choose(config, NULL) == -ENOMEM || r == -ENOMEM)
		c->findings->failed = true;
}

static char *read_cmdline(const struct check_ctx *c, const struct sysroot *w, struct sysfs *s)
{
	char *line = NULL;

	if (w->cmdline)
		return strdup(w->cmdline);
	if (!c->root)
		return sysfs_path_text(s, NOTES_DIRECTORY "/cmdline");
	return kcmdline_read(&line, c->root) < 0 ? NULL : line;
}

const char *const check_recorded_topics[] = {
	"modules", "hook", "confirm", "image", "cmdline", "modprobe", "driverctl", "script", NULL};

/* Kernels, images and the files of other tools are not in a record; what was found in them is. */
static void check_files(const struct check_ctx *c)
{
	struct sysfs *s = &c->ctx->sysfs;
	_cleanup_(str_free) char *found = c->replayed
						  ? sysfs_path_text(s, NOTES_DIRECTORY "/findings")
						  : NULL;

	if (found) {
		findings_read(c->findings, check_recorded_topics, found);
		return;
	}
	if (c->replayed) { /* an older one has only what was found in images */
		_cleanup_(str_free) char *images = sysfs_path_text(s, NOTES_DIRECTORY "/images");
		findings_read(c->findings, check_recorded_topics, images);
	} else {
		check_images(c);
	}
	check_others(c);
}

static int check_profile(
	const struct check_ctx *c, const struct sysroot *w, const char *name, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	struct boot_switch b = {.mode = BOOT_BIND, .has_profile = true};
	struct check_ctx one = *c;
	char prefix[PROFILE_NAME_MAX + 16];
	size_t before = c->findings->n;

	(void)str_copy(b.profile, sizeof(b.profile), name);
	int r = ctx_read(&s, w, &b, err);
	if (r < 0)
		return r;
	one.ctx = &s;
	check_plan(&one);
	(void)snprintf(prefix, sizeof(prefix), "profile %s: ", name);
	findings_prefix(c->findings, before, prefix);
	return 0;
}

/* The one in effect without a word on the kernel command line is checked as all that boot does. */
static int check_profiles(const struct check_ctx *c, const struct sysroot *w, struct err *err)
{
	const struct config *config = &c->ctx->config;
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->n_profiles; i++)
		if (!str_equal(config->profiles[i].name, config->profile))
			r = check_profile(c, w, config->profiles[i].name, err);
	return r;
}

static int run_checks(struct check_ctx *c, const struct sysroot *w, struct err *err)
{
	_cleanup_(inventory_done) struct inventory inventory = {0};
	_cleanup_(host_uses_done) struct host_uses uses = {0};
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	struct pciids names = {0}; /* no device is printed by name here */
	struct sysfs *s = &c->ctx->sysfs;

	int r = inventory_gather(&inventory, s, &names, &notes, err);
	if (r == 0)
		r = host_uses_read(&uses, s, w, err);
	if (r < 0)
		return r;
	_cleanup_(str_free) char *cmdline = read_cmdline(c, w, s);
	c->cmdline = cmdline ? cmdline : "";
	c->inventory = &inventory;
	c->uses = &uses;
	check_switch(c);
	check_iommu(c);
	check_plan(c);
	check_access(c);
	r = check_profiles(c, w, err);
	if (r == 0) {
		check_files(c);
		if (c->live)
			findings_ask_bootcfg(c->findings);
	}
	c->inventory = NULL;
	c->uses = NULL;
	if (r < 0)
		return r;
	return c->findings->failed ? err_set(err, ENOMEM, "out of memory for what was found") : 0;
}

int check_machine(struct findings *ret, const struct sysroot *w, struct err *err)
{
	_cleanup_(ctx_done) struct ctx ctx = {.sysfs = {.devices = -1}};
	struct check_ctx c = {.root = w->root    ? w->root
				      : w->sysfs ? NULL
						 : "",
		.live = !w->root && !w->sysfs,
		.sysroot = w,
		.ctx = &ctx,
		.findings = ret};

	int r = sysfs_open(&ctx.sysfs, w->sysfs, err);
	if (r < 0)
		return r;
	_cleanup_(str_free) char *cmdline = read_cmdline(&c, w, &ctx.sysfs);
	c.cmdline = cmdline ? cmdline : "";
	check_iommu(&c);
	return ret->failed ? err_set(err, ENOMEM, "out of memory for what was found") : 0;
}

int check_host(struct findings *ret, struct ctx *ret_ctx, const struct sysroot *w, const char *root,
	struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};
	struct check_ctx c = {.root = root       ? root
				      : w->sysfs ? NULL
						 : "",
		.live = !root && !w->sysfs,
		.sysroot = w,
		.replayed = w->replayed,
		.ctx = ret_ctx,
		.findings = ret};

	int r = ctx_read(ret_ctx, w, &bind, err);
	if (r == -EINVAL && ret_ctx->config.missing) {
		r = ctx_plan(ret_ctx, w, &bind, err);
		if (r == 0)
			r = run_checks(&c, w, err);
		return r < 0 ? r : -EINVAL;
	}
	return r < 0 ? r : run_checks(&c, w, err);
}

/* ---- the command -------------------------------------------------------------------------------
 */

struct check {
	struct sysroot sysroot;
	const char *root; /* the directory used as / */
	bool fix, yes;
	enum colour_mode colour;
	const char *image;     /* VERSION or DIRECTORY of a kernel, or NULL */
	const char *into;      /* root of the image that is built, or NULL */
	bool rules;            /* write the rules that say which devices concern the config */
	const char *read_back; /* "with", "without", "no-other": what the image of each boot entry
				  has to be */
	bool owner;            /* tell who makes the image that boots */
	bool json;
};

/*
 * The package manager that builds this image, or NULL. A failure here would leave a kernel without
 * an image, or dpkg half configured. dpkg sets the first variable for its maintainer scripts and
 * their children (the trigger of initramfs-tools empties DPKG_MAINTSCRIPT_PACKAGE);
 * kernel-install(8) sets the others for its plugins. A user who sets them gets an image that binds
 * nothing, never one that binds against the config.
 */
static const char *package_manager(void)
{
	if (secure_getenv("DPKG_RUNNING_VERSION"))
		return "dpkg";
	if (secure_getenv("KERNEL_INSTALL_STAGING_AREA") ||
		secure_getenv("KERNEL_INSTALL_MACHINE_ID"))
		return "kernel-install";
	return NULL;
}

static void print_names(struct json *j, const char *key, const struct strings *names)
{
	json_open_array(j, key);
	for (size_t i = 0; i < names->n; i++)
		json_string(j, NULL, names->v[i]);
	json_close_array(j);
}

static void print_json(const struct config *c, const char *directory, const struct image *image,
	const struct findings *findings)
{
	struct json j = {.f = stdout};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_string(&j, "config", c->path);
	json_open_array(&j, "errors");
	for (size_t i = 0; i < c->n_errors; i++)
		json_string(&j, NULL, c->errors[i]);
	json_close_array(&j);
	if (findings)
		findings_print_json(findings, &j);
	if (directory) {
		json_open_object(&j, "image");
		json_string(&j, "kernel", directory);
		json_string(&j, "program", image->program);
		print_names(&j, "libraries", &image->libraries);
		print_names(&j, "files", &image->files);
		print_names(&j, "modules", &image->modules);
		print_names(&j, "unpacked", &image->unpacked);
		print_names(&j, "missing", &image->missing);
		json_close_object(&j);
	}
	json_close_object(&j);
	json_end(&j);
}

/* Prints a line per item that the generator has to bring, its kind first: a shell reads it with
 * `read -r kind thing`. */
static void print_list(const struct image *image)
{
	printf("program %s\n", image->program);
	for (size_t i = 0; i < image->libraries.n; i++)
		printf("library %s\n", image->libraries.v[i]);
	for (size_t i = 0; i < image->files.n; i++)
		printf("file %s\n", image->files.v[i]);
	for (size_t i = 0; i < image->modules.n; i++)
		if (!strings_have(&image->unpacked, image->modules.v[i]))
			printf("module %s\n", image->modules.v[i]);
}

static const char *what_is_lost(const char *module)
{
	if (module_same(module, "vfio-pci"))
		return "nothing can be bound";
	return module_same(module, "efivarfs") ? "failed boots are not counted"
					       : "what needs it can't be bound";
}

static void log_missing(const struct image *image, const char *kernel)
{
	for (size_t i = 0; i < image->missing.n; i++)
		log_print(LOG_WARNING,
			"kernel %s has no module %s: with this image %s; install the kernel's modules and rebuild it",
			kernel, image->missing.v[i], what_is_lost(image->missing.v[i]));
}

/* An invalid config still makes a list: the image binds nothing, and reports why at each boot. */
static enum cmd_result check_all(const struct check *o, const struct config *c)
{
	const char *manager = o->image ? package_manager() : NULL;

	ctx_log_errors(c);
	if (c->n_errors == 0)
		return CMD_AS_ASKED;
	if (!manager)
		return CMD_CONFIG;
	log_print(LOG_WARNING,
		"%s: has errors; because %s builds it, the image is made all the same, and it binds nothing: correct the file and rebuild the image",
		c->path, manager);
	return CMD_AS_ASKED;
}

static int leave_record(const struct check *o, const struct config *c, const struct image *image,
	const char *kernel, struct err *err)
{
	_cleanup_(strings_done) struct strings kernels = {0};
	_cleanup_(text_done) struct text record = {0};
	struct sysroot host = o->sysroot;

	host.root = o->root;
	int r = strings_add_unique(&kernels, kernel, err);
	if (r >= 0)
		r = image_record_make(
			&record, &host, c, image->digest, &kernels, &image->missing, err);
	return r < 0 ? r : imageinfo_save(o->into, &record, err);
}

/* Beside the record, where this kernel has other drivers than vfio-pci for some device. */
static int leave_drivers(
	const struct check *o, const struct image *image, const char *kernel, struct err *err)
{
	_cleanup_(text_done) struct text lines = {0};

	variants_format(&image->variants, kernel, &lines);
	if (lines.failed)
		return err_set(err, ENOMEM, "out of memory");
	return lines.len > 0 ? imageinfo_save_as(o->into, VARIANTS_NAME, &lines, err) : 0;
}

/* A driver that a person has named is not replaced by another one. */
static enum cmd_result refuse_drivers(
	const struct image *image, const char *kernel, enum cmd_result result)
{
	for (size_t i = 0; i < image->no_driver.n; i++)
		log_print(LOG_ERROR,
			"kernel %s has no driver %s, which a [device] of the config names: install its module, correct the name, or write driver = auto",
			kernel, image->no_driver.v[i]);
	return image->no_driver.n > 0 && !package_manager() ? CMD_CONFIG : result;
}

/* A trace that the hook ran for this kernel, for setup: a generator may end well without it. Where
 * it can't be left, setup reads the images alone. */
static void leave_trace(const struct image *image, const char *kernel)
{
	_cleanup_(str_free) char *path = NULL;
	struct err err = {""};

	if (asprintf(&path, MADE_DIR "/%s", kernel) < 0) {
		path = NULL;
		return;
	}
	if (dir_make(MADE_DIR, &err) < 0 || file_replace_volatile(AT_FDCWD, path, image->digest,
						    strlen(image->digest), 0644, &err) < 0)
		log_print(LOG_DEBUG, "%s", err.text);
}

/* For the udev of the image. */
static int leave_rules(const struct check *o, const struct config *c, struct err *err)
{
	_cleanup_(str_free) char *dir = NULL;

	if (asprintf(&dir, "%s/usr/lib/udev/rules.d", o->into) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return hotplug_rules_save(dir, c, err);
}

static enum cmd_result show_image(
	const struct check *o, const struct config *c, enum cmd_result result, struct err *err)
{
	_cleanup_(image_done) struct image image = {0};
	_cleanup_(str_free) char *directory = NULL;

	if (asprintf(&directory, "%s%s", strchr(o->image, '/') ? "" : "/lib/modules/", o->image) <
		0) {
		(void)err_set(err, ENOMEM, "out of memory");
		return CMD_SYSTEM;
	}
	/* dracut passes "/lib/modules/VERSION/". */
	for (size_t len = strlen(directory); len > 1 && directory[len - 1] == '/'; len--)
		directory[len - 1] = '\0';
	struct sysroot w = o->sysroot;
	w.root = o->root;
	if (image_list(&image, c, &w, directory, err) < 0 ||
		(o->into && image_unpack(&image, directory, o->into, err) < 0))
		return CMD_SYSTEM;
	if (o->json)
		print_json(c, directory, &image, NULL);
	else
		print_list(&image);
	const char *slash = strrchr(directory, '/');
	const char *kernel = slash && slash[1] ? slash + 1 : directory;
	log_missing(&image, kernel);
	result = refuse_drivers(&image, kernel, result);
	if (o->into &&
		(leave_record(o, c, &image, kernel, err) < 0 ||
			leave_drivers(o, &image, kernel, err) < 0 || leave_rules(o, c, err) < 0))
		return CMD_SYSTEM;
	if (o->into && !o->root)
		leave_trace(&image, kernel);
	return result;
}

/* Without a list, for example for a kernel without modules, only an image built by hand fails. */
static enum cmd_result without_list(struct err *err)
{
	const char *manager = package_manager();

	if (!manager)
		return CMD_SYSTEM;
	log_print(LOG_WARNING,
		"%s; because %s builds it, the image is made all the same, and it binds nothing",
		err->text, manager);
	*err = (struct err){""};
	return CMD_AS_ASKED;
}

/* A config that is named without a machine is checked alone: for hooks, tests and chroots. */
static bool wants_host(const struct check *o)
{
	return !o->image && !o->rules && (!o->sysroot.config || o->sysroot.sysfs || o->root);
}

static void print_findings(const struct check *o, const struct findings *findings)
{
	struct term page;

	term_open(&page, stdout, o->colour);
	findings_print(findings, &page);
	if (findings->n == 0)
		puts("all is as the config asks");
}

static enum cmd_result fix(struct findings *findings, bool yes)
{
	switch (findings_fix(findings, yes)) {
	case FIX_ALL:
		return CMD_AS_ASKED;
	case FIX_NOT_ALL:
		return CMD_NOT_ALL;
	default:
		return CMD_SYSTEM;
	}
}

/* With --root, whatever is not named otherwise is below that root. */
static enum cmd_result check_host_only(const struct check *o, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	_cleanup_(findings_done) struct findings findings = {0};
	_cleanup_(str_free) char *sysfs = NULL;
	_cleanup_(str_free) char *config = NULL;
	_cleanup_(sysroot_done) struct sysroot_record record;
	struct sysroot w = o->sysroot;

	w.root = o->root;
	if (sysroot_unfold(&w, &record, err) < 0)
		return CMD_SYSTEM;
	const char *root = w.root;
	if (o->root && (asprintf(&sysfs, "%s/sys", o->root) < 0 ||
			       asprintf(&config, "%s" CONFIG_PATH, o->root) < 0)) {
		(void)err_set(err, ENOMEM, "%s: out of memory", o->root);
		return CMD_SYSTEM;
	}
	w.sysfs = w.sysfs ? w.sysfs : sysfs;
	w.config = w.config ? w.config : config;
	int r = check_host(&findings, &s, &w, root, err);

	if (r < 0 && r != -EINVAL)
		return CMD_SYSTEM;
	ctx_log_errors(&s.config);
	if (o->json)
		print_json(&s.config, NULL, NULL, &findings);
	else if (r == 0 || findings.n > 0)
		print_findings(o, &findings);
	if (fflush(stdout) != 0) {
		(void)err_set(err, EIO, "standard output: can't write");
		return CMD_SYSTEM;
	}
	if (r < 0)
		return CMD_CONFIG;
	if (o->fix)
		return fix(&findings, o->yes);
	return findings_hold_wrong(&findings) ? CMD_NOT_ALL : CMD_AS_ASKED;
}

/* Those for who may open a device are of this boot's profile; the others, of each. */
static enum cmd_result save_rules(const struct check *o, struct config *c, struct err *err)
{
	struct boot_switch boot = sysroot_switch(&o->sysroot);

	if (boot.has_profile && profile_choose(c, boot.profile) == -ENOMEM) {
		(void)err_set(err, ENOMEM, "out of memory");
		return CMD_SYSTEM;
	}
	int r = hotplug_rules_save(UDEV_RULES_DIR, c, err);
	int access = access_rules_save(UDEV_RULES_DIR, c, err);
	return r < 0 || access < 0 ? CMD_SYSTEM : CMD_AS_ASKED;
}

static enum cmd_result check(const struct check *o, struct err *err)
{
	_cleanup_(config_done) struct config c = {0};
	const char *path = o->sysroot.config ? o->sysroot.config : CONFIG_PATH;

	if (config_read(&c, path, o->image || str_equal(path, CONFIG_PATH)) == -ENOMEM) {
		(void)err_set(err, ENOMEM, "%s: out of memory", path);
		return CMD_SYSTEM;
	}
	enum cmd_result result = check_all(o, &c);
	if (o->rules)
		result = save_rules(o, &c, err);
	else if (o->image)
		result = show_image(o, &c, result, err);
	else if (o->json)
		print_json(&c, NULL, NULL, NULL);
	if (result == CMD_SYSTEM && o->image)
		result = without_list(err);
	if (fflush(stdout) != 0) {
		(void)err_set(err, EIO, "standard output: can't write");
		return CMD_SYSTEM;
	}
	return result;
}

/* A line each, for setup: `owner`, `generator` and `mark`, then each `run` and each `note`. */
static enum cmd_result print_owner(const char *directory, struct err *err)
{
	_cleanup_(image_owner_done) struct image_owner owner = {0};
	_cleanup_(root_done) struct root root = {.fd = -1};

	if (root_open(&root, directory, err) < 0 || image_owner_find(&root, &owner, err) < 0)
		return CMD_SYSTEM;
	printf("owner %s\ngenerator %s\nmark /%s\n", owner.name, owner.generator, owner.mark);
	for (size_t i = 0; i < owner.commands.n; i++)
		printf("run %s\n", owner.commands.v[i]);
	for (size_t i = 0; i < owner.notes.n; i++)
		printf("note %s\n", owner.notes.v[i]);
	if (fflush(stdout) != 0) {
		(void)err_set(err, EIO, "standard output: can't write");
		return CMD_SYSTEM;
	}
	return CMD_AS_ASKED;
}

/* Prints a line for each boot entry. 1 if an image is not what was asked for. */
static enum cmd_result print_boot_images(
	const struct boot_images *images, enum boot_image_want want)
{
	enum cmd_result result = CMD_AS_ASKED;

	for (size_t i = 0; i < images->n; i++) {
		const struct boot_image *b = &images->at[i];
		bool right = boot_image_is(b, want);
		term_row_styled(stdout, right ? GOOD : BAD, right ? "ok    " : "wrong ",
			"%s: %s%s%s", b->title, b->path ? "/" : "", b->path ? b->path : "",
			boot_image_text(b));
		if (!right)
			result = CMD_NOT_ALL;
	}
	return result;
}

static enum cmd_result read_back(const struct check *o, struct err *err)
{
	_cleanup_(boot_images_done) struct boot_images images = {0};
	const char *config = o->sysroot.config ? o->sysroot.config : CONFIG_PATH;
	static const char *const words[] = {[BOOT_IMAGE_WANT_WITH] = "with",
		[BOOT_IMAGE_WANT_WITHOUT] = "without",
		[BOOT_IMAGE_WANT_NO_OTHER] = "no-other"};
	const size_t n = sizeof(words) / sizeof(*words);
	size_t want = 0;

	while (want < n && !str_equal(o->read_back, words[want]))
		want++;
	if (want == n) {
		(void)err_set(err, EINVAL, "--read-back %s: write with, without or no-other",
			o->read_back);
		return CMD_USAGE;
	}
	if (boot_images_read(&images, o->root ? o->root : "/", config, err) < 0)
		return CMD_SYSTEM;
	enum cmd_result result = print_boot_images(&images, want);
	if (fflush(stdout) != 0) {
		(void)err_set(err, EIO, "standard output: can't write");
		return CMD_SYSTEM;
	}
	return result;
}

enum cmd_result cmd_check(int argc, char **argv, struct err *err)
{
	struct check o = {.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"Judges the config (every error as FILE:LINE, and exit status 3), the machine and its images: what is wrong, why that matters, what mends it."};
	bool help = false;
	const struct option_row rows[] = {
		{"config", 'c', "FILE",
			"check FILE instead of " CONFIG_PATH
			", and without --sysfs or --root nothing else",
			&o.sysroot.config, NULL, NULL, NULL},
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &o.sysroot.sysfs, NULL, NULL, NULL},
		{"cmdline", 0, "STRING", "let STRING stand for the kernel command line",
			&o.sysroot.cmdline, NULL, NULL, NULL},
		{"root", 0, "DIR", "let DIR stand for /, of a machine that does not run", &o.root,
			NULL, NULL, NULL},
		{"fix", 0, NULL, "run what mends a finding, one by one, after asking", NULL, &o.fix,
			NULL, NULL},
		{"yes", 'y', NULL, "with --fix: do not ask", NULL, &o.yes, NULL, NULL},
		{"color", 0, "WHEN", "auto, always or never", NULL, NULL, term_set_colour,
			&o.colour},
		{"image", 0, "KERNEL",
			"list what an image of this kernel has to hold (a version or its module directory)",
			&o.image, NULL, NULL, NULL},
		{"into", 0, "DIR",
			"with --image: leave a record of it in the image that DIR becomes", &o.into,
			NULL, NULL, NULL},
		{"hotplug-rules", 0, NULL,
			"only write udev's rules in " UDEV_RULES_DIR
			": which new devices may concern the config, and who may open them",
			NULL, &o.rules, NULL, NULL},
		{"image-owner", 0, NULL,
			"only tell who makes the image that boots, and by which commands", NULL,
			&o.owner, NULL, NULL},
		{"read-back", 0, "WHAT",
			"only read the image of each boot entry: with, or without vfio-bind and this config, or no-other config",
			&o.read_back, NULL, NULL, NULL},
		{"json", 0, NULL, "print JSON", NULL, &o.json, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if (o.owner)
		return print_owner(o.root ? o.root : "/", err);
	if (o.read_back)
		return read_back(&o, err);
	if (o.into && !o.image) {
		(void)err_set(
			err, EINVAL, "--into %s: say of which kernel: --image KERNEL", o.into);
		return CMD_USAGE;
	}
	if (o.fix && (o.sysroot.sysfs || o.root || o.json || !wants_host(&o))) {
		(void)err_set(err, EINVAL,
			"--fix is for this machine, and for people: not with --sysfs, --root, --config, --image or --json");
		return CMD_USAGE;
	}
	if (o.fix && needs_root("check --fix", NULL, err) < 0)
		return CMD_SYSTEM;
	return wants_host(&o) ? check_host_only(&o, err) : check(&o, err);
}
