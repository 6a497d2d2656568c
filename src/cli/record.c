/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/kcmdline.h"
#include "base/log.h"
#include "cli/check.h"
#include "cli/cmd.h"
#include "cli/record_sysfs.h"
#include "cli/redact.h"
#include "cli/sysroot.h"
#include "core/boot_switch.h"
#include "core/imageinfo.h"
#include "core/kmod.h"
#include "host/host_loss.h"
#include "host/host_snapshot.h"
#include "host/other_tools.h"
#include "pci/iomem.h"
#include "pci/sysfs.h"
#include "shared/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record_args {
	struct sysroot sysroot;
	bool full;
};

/* What is recorded, and where to. */
struct record {
	const struct record_args *args;
	struct text *t;
	struct redact *m;
	struct sysfs *s;
	const char *path; /* the directory used as /, or NULL: only sysfs is recorded */
	int root;         /* open, or -1 */
};

#define ROOT_FILE_MAX (4U << 20)

/* A whole file below /, or NULL. */
static char *read_root(const struct record *r, const char *path)
{
	char *text = NULL;
	size_t len;

	return r->root < 0 || file_read(r->root, path, ROOT_FILE_MAX, &text, &len, NULL) < 0 ? NULL
											     : text;
}

/* Adds a file of NOTES_DIRECTORY, unless it is empty. */
static void print_note(const struct record *r, const char *name, const struct text *content)
{
	if (content->data)
		record_file(r->t, name, content->data);
	r->t->failed |= content->failed;
}

/* Adds a file of the recorded root, with its directory. */
static void print_root_file(
	const struct record *r, const char *directory, const char *name, const struct text *content)
{
	text_print(r->t, "\n[" NOTES_ROOT "/%s]\n", directory);
	record_file(r->t, name, content->data ? content->data : "");
	r->t->failed |= content->failed;
}

/* ---- the kernel command line, the config, the image --------------------------------------------
 */

/* The command line of the tree, of the directory used as /, or of this machine; NULL if there is
 * none. */
static char *read_cmdline(const struct record *r)
{
	const struct sysroot *w = &r->args->sysroot;
	char *line = NULL;

	if (w->cmdline)
		return strdup(w->cmdline);
	if (!r->path)
		return sysfs_path_text(r->s, NOTES_DIRECTORY "/cmdline");
	return kcmdline_read(&line, r->path) < 0 ? NULL : line;
}

/* A machine without a config can be recorded, too. */
static void print_config(const struct record *r)
{
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *data = NULL;
	struct err err = {""};
	size_t len;

	if (file_read(AT_FDCWD, sysroot_config_file(&r->args->sysroot), CONFIG_MAX, &data, &len,
		    &err) < 0) {
		log_print(LOG_WARNING, "%s; it is not in the record", err.text);
		return;
	}
	redact_config(r->m, &masked, data);
	print_note(r, "vfio-bind.conf", &masked);
}

/* Adds a line "keep KIND ADDRESS ID CLASS PATH REASON" of a list of protected devices. */
static void print_protected_line(const struct record *r, struct text *t, const char *line)
{
	struct protected_list one = {0};
	char word[64];

	if (protected_parse(&one, line + strlen("keep ")) < 0)
		r->m->failed = true;
	/* The words before the reason name PCI functions alone. */
	for (int i = 0; one.n > 0 && i < 6 && str_next_word(&line, word, sizeof(word)); i++)
		text_print(t, "%s ", word);
	redact_words(r->m, t, line);
	text_print(t, "\n");
	protected_done(&one);
}

/* Another root on the masked command line than on that for which the image was made remains
 * another. */
static uint64_t mask_host_words(const struct record *r, const char *words, const char *cmdline)
{
	_cleanup_(text_done) struct text masked = {0};
	char now[20];

	(void)snprintf(now, sizeof(now), "%016" PRIx64, boot_switch_parse(cmdline).host_words);
	redact_cmdline(r->m, &masked, cmdline);
	uint64_t ret = boot_switch_parse(masked.data ? masked.data : "").host_words;
	r->m->failed |= masked.failed;
	return str_equal(words, now) ? ret : ~ret;
}

/* Prints the record of the image that booted this system, which is beside the config. */
static void print_image(const struct record *r, const char *cmdline)
{
	_cleanup_(imageinfo_done) struct imageinfo image = {0};
	_cleanup_(text_done) struct text masked = {0};

	if (imageinfo_read(&image, sysroot_config_file(&r->args->sysroot), NULL) < 0)
		return;
	for (const char *line = image.data; line < image.data + image.len;
		line += strlen(line) + 1) {
		const char *value = line + strcspn(line, " ");
		value += *value == ' ';
		if (str_starts(line, "keep "))
			print_protected_line(r, &masked, line);
		else if (str_starts(line, "config "))
			text_print(&masked, "config %.*s " CONFIG_PATH "\n",
				(int)strspn(value, "0123456789abcdef"), value);
		else if (str_starts(line, "host ") && cmdline)
			text_print(&masked, "host %016" PRIx64 "\n",
				mask_host_words(r, value, cmdline));
		else if (str_starts(line, "version ") || str_starts(line, "kernel ") ||
			 str_starts(line, "program ") || str_starts(line, "missing ") ||
			 str_starts(line, "error ")) {
			text_print(&masked, "%.*s", (int)(value - line), line);
			redact_words(r->m, &masked, value);
			text_print(&masked, "\n");
		}
	}
	print_note(r, "vfio-bind.image", &masked);
}

/* ---- results: what was found on the machine, in place of the files it was found in -------------
 */

static int print_protected(const struct record *r, struct err *err)
{
	_cleanup_(protected_done) struct protected_list list = {0};
	_cleanup_(text_done) struct text found = {0}, masked = {0};
	const struct sysroot *w = &r->args->sysroot;
	int code = w->find(&list, r->path, w->cmdline, r->s, err);

	if (code < 0)
		return code;
	protected_format(&list, &found);
	r->m->failed |= found.failed;
	char *rest = found.data, *line;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			print_protected_line(r, &masked, line);
	print_note(r, "protected", &masked);
	return 0;
}

/* Adds the findings of `check`. Their topics and reasons are ours, without names. */
static void mask_findings(const struct record *r, struct text *t, char *found, const char *config)
{
	for (char *line; (line = strsep(&found, "\n"));) {
		size_t len = strcspn(line, " ");
		if (line[len] == '\0')
			continue;
		if (!str_starts(line, "what ") && !str_starts(line, "command ")) {
			text_print(t, "%s\n", line);
			continue;
		}
		text_print(t, "%.*s", (int)len, line);
		char *rest = line + len, *at = *config ? strstr(rest, config) : NULL;
		if (at) {
			*at = '\0';
			redact_words(r->m, t, rest);
			text_print(t, CONFIG_PATH);
			rest = at + strlen(config);
		}
		redact_words(r->m, t, rest);
		text_print(t, "\n");
	}
}

static void print_findings(const struct record *r)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	_cleanup_(findings_done) struct findings f = {0};
	_cleanup_(text_done) struct text found = {0}, masked = {0};
	const struct sysroot *w = &r->args->sysroot;
	struct err err = {""};

	/* Without a config the machine is checked, too. */
	int code = check_host(&f, &s, w, w->root, &err);
	if (code < 0 && !(code == -EINVAL && s.config.missing))
		return;
	findings_write(&f, check_recorded_topics, &found);
	if (found.data)
		mask_findings(r, &masked, found.data, s.config.path);
	r->t->failed |= found.failed || masked.failed;
	record_file(r->t, "findings", masked.data ? masked.data : "");
}

/* ---- for `list` --------------------------------------------------------------------------------
 */

/* Adds a word of a table, masked, with blanks as the kernel writes them. */
static void print_field(const struct record *r, struct text *t, const char *field)
{
	_cleanup_(text_done) struct text masked = {0};

	redact_words(r->m, &masked, field);
	for (const char *p = masked.data ? masked.data : ""; *p; p++)
		if (strchr(" \t\n\\", *p))
			text_print(t, "\\%03o", (unsigned)*p);
		else
			text_add(t, p, 1);
	r->m->failed |= masked.failed;
}

static void print_mount(const struct record *r, struct text *t, const struct mount_row *one)
{
	text_print(t, "1 1 %u:%u / ", one->major, one->minor);
	print_field(r, t, one->point);
	text_print(t, " rw - auto ");
	print_field(r, t, one->source);
	text_print(t, " rw\n");
}

static void print_swap(const struct record *r, struct text *t, const struct mount_row *one)
{
	print_field(r, t, one->source);
	text_print(t, " partition 0 0 0\n");
}

/* Adds the rows about disks of a table: of a record that is recorded once more its notes, for in
 * its tables the numbers of devices are masked; else that below root. */
static void print_rows(const struct record *r, const char *name, const char *path, const char *note,
	int (*parse)(struct mount_table *ret, const char *text),
	void (*print)(const struct record *r, struct text *t, const struct mount_row *one))
{
	_cleanup_(mount_table_done) struct mount_table table = {0};
	_cleanup_(text_done) struct text rows = {0};
	_cleanup_(str_free) char *own = r->path ? read_root(r, path) : NULL;
	const char *text = own && !(note && r->args->sysroot.sysfs) ? own : note;

	if (!text)
		return;
	if (parse(&table, text) < 0)
		r->t->failed = true;
	for (size_t i = 0; i < table.n; i++)
		if (str_starts(table.at[i].source, "/dev/"))
			print(r, &rows, &table.at[i]);
	print_note(r, name, &rows);
}

/* Adds where disks are mounted, and which are swap. */
static void print_mounts(const struct record *r, const struct host_snapshot *notes)
{
	print_rows(r, "mountinfo", "proc/self/mountinfo", notes->mountinfo, mount_table_parse,
		print_mount);
	print_rows(r, "swaps", "proc/swaps", notes->swaps, mount_table_parse_swaps, print_swap);
}

/* "eth0 192.0.2.1/24" */
static void print_addresses(const struct record *r, char *text)
{
	_cleanup_(text_done) struct text masked = {0};

	for (char *line; (line = strsep(&text, "\n"));) {
		const char *name = strsep(&line, " ");
		const char *address = strsep(&line, "/");
		if (!address || !line)
			continue;
		redact_sysfs_path(r->m, &masked, name);
		text_print(&masked, " ");
		redact_address(r->m, &masked, address);
		text_print(&masked, "/%.*s\n", (int)strspn(line, "0123456789"), line);
	}
	print_note(r, "addresses", &masked);
}

static void print_candidates(const struct record *r, const struct host_snapshot *notes)
{
	_cleanup_(text_done) struct text lines = {0};
	struct module_index index;
	struct err err = {""};

	if (notes->candidates)
		record_file(r->t, "candidates", notes->candidates);
	if (r->args->sysroot.sysfs || module_index_open(&index, &err) < 0)
		return;
	for (size_t i = 0; i < r->s->n_listed; i++) {
		char alias[96], address[PCI_ADDR_MAX];
		if (sysfs_read(r->s, r->s->listed[i], "modalias", alias, sizeof(alias)) <= 0)
			continue;
		_cleanup_(str_free) char *drivers = module_index_drivers(&index, alias);
		if (drivers)
			text_print(&lines, "%s %s\n", pci_addr_format(r->s->listed[i], address),
				drivers);
	}
	module_index_done(&index);
	print_note(r, "candidates", &lines);
}

/* ---- the root ----------------------------------------------------------------------------------
 */

/* Adds a file of which `check` only wants to know whether it has certain words. */
static void print_if_has(const struct record *r, const char *name, const char *before,
	const char *const *words, size_t n)
{
	_cleanup_(text_done) struct text t = {0};
	_cleanup_(str_free) char *text = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%s", name);
	text = read_root(r, path);
	if (!text)
		return;
	text_print(&t, "of the record:\n");
	if (strstr(text, before))
		text_print(&t, "%s:", before + (*before == '\n'));
	for (size_t i = 0; i < n; i++)
		if (strstr(text, words[i]))
			text_print(&t, " %s", words[i]);
	text_print(&t, "\n");
	print_root_file(r, "proc", name, &t);
}

static void print_processor(const struct record *r)
{
	static const char *const flags[] = {"vmx", "svm", "hypervisor"};
	static const char *const kinds[] = {"IR-"};

	print_if_has(r, "cpuinfo", "\nflags", flags, sizeof(flags) / sizeof(*flags));
	print_if_has(r, "interrupts", "APIC", kinds, 1);
}

struct regions {
	const struct record *r;
	struct text t;
};

/* Which driver, or whose framebuffer, has a region of a PCI function: without its addresses. */
static bool print_region(const struct iomem_region *region, void *to)
{
	struct regions *g = to;
	char address[PCI_ADDR_MAX];

	text_print(&g->t, "0-0 : %s\n  0-0 : ", pci_addr_format(region->owner, address));
	redact_words(g->r->m, &g->t, region->name);
	text_print(&g->t, "\n");
	return false;
}

static void print_iomem(const struct record *r)
{
	_cleanup_(str_free) char *text = read_root(r, "proc/iomem");
	struct regions g = {.r = r};

	if (text)
		(void)iomem_find_in(text, strlen(text), print_region, &g);
	if (g.t.data)
		print_root_file(r, "proc", "iomem", &g.t);
	text_done(&g.t);
}

/* ---- --full: the tables themselves, masked -----------------------------------------------------
 */

static void print_table(const struct record *r, const char *directory, const char *name)
{
	_cleanup_(text_done) struct text masked = {0}, shown = {0};
	char path[512];

	(void)snprintf(path, sizeof(path), "%.200s/%.255s", directory, name);
	_cleanup_(str_free) char *text = read_root(r, path);
	if (!text)
		return;
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
		/* Of a comment only its line. */
		if (line[strspn(line, " \t")] == '#')
			text_print(&masked, "#");
		else
			redact_words(r->m, &masked, line);
		if (rest)
			text_print(&masked, "\n");
	}
	redact_sysfs_path(r->m, &shown, name);
	r->t->failed |= shown.failed;
	if (shown.data)
		print_root_file(r, directory, shown.data, &masked);
}

static bool is_visible(const char *name)
{
	return name[0] != '.';
}

static void print_tables_of(const struct record *r, const char *directory)
{
	_cleanup_(strings_done) struct strings names = {0};

	(void)dir_list(&names, r->root, directory, is_visible, strverscmp);
	for (size_t i = 0; i < names.n; i++)
		print_table(r, directory, names.v[i]);
}

static void print_tables(const struct record *r)
{
	static const struct {
		const char *directory, *name;
	} tables[] = {{"proc/self", "mountinfo"}, {"proc", "swaps"}, {"etc", "fstab"},
		{"etc", "crypttab"}, {"proc/net", "route"}, {"proc/net", "ipv6_route"},
		{"proc/bus/input", "devices"}};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		print_table(r, tables[i].directory, tables[i].name);
	for (const char *const *at = other_tools_settings; *at; at++)
		print_tables_of(r, *at + 1);
	print_tables_of(r, &OTHER_TOOLS_OVERRIDES[1]);
}

/* What the host would lose with a USB controller; a name may be that of a user. */
static void print_keyboards(const struct record *r)
{
	_cleanup_(host_uses_done) struct host_uses uses = {0};
	_cleanup_(text_done) struct text t = {0};
	char address[PCI_ADDR_MAX];

	if (host_keyboards_read(&uses, r->s, &r->args->sysroot) < 0)
		r->m->failed = true;
	for (size_t i = 0; i < uses.n_keyboards; i++) {
		const struct host_keyboard *k = &uses.keyboards[i];
		text_print(&t, "%s ", k->on_pci ? pci_addr_format(k->addr, address) : "-");
		redact_words(r->m, &t, k->name);
		text_print(&t, "\n");
	}
	print_note(r, "keyboards", &t);
}

/* ---- record ------------------------------------------------------------------------------------
 */

static int print_notes(const struct record *r, struct err *err)
{
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *names = NULL, *cmdline = read_cmdline(r);
	int code = 0;

	host_snapshot_read(&notes, r->s, !r->args->sysroot.sysfs);
	text_print(r->t, "[" NOTES_DIRECTORY "]\n");
	if (cmdline) {
		redact_cmdline(r->m, &masked, cmdline);
		record_file(r->t, "cmdline", masked.data ? masked.data : "");
		r->t->failed |= masked.failed;
	}
	print_config(r);
	print_image(r, cmdline);
	if (r->path) {
		print_findings(r);
		code = print_protected(r, err);
	}
	print_keyboards(r);
	print_candidates(r, &notes);
	print_addresses(r, notes.addresses);
	print_mounts(r, &notes);
	if (r->args->sysroot.sysfs && (names = sysfs_path_text(r->s, NOTES_DIRECTORY "/pci.ids")))
		record_file(r->t, "pci.ids", names);
	return code;
}

static int record_all(const struct record *r, struct err *err)
{
	_cleanup_(text_done) struct text tree = {0};

	text_print(r->t,
		"# vfio-bind record 1: a machine as `vfio-bind plan`, `list` and `check` see it.%s\n"
		"# It replays with --sysfs THIS-FILE, and as a test in tests/unit/trees.\n"
		"# What names this machine or its users is masked.\n",
		r->args->full ? " With the tables that it was found in." : "");
	record_sysfs(&tree, r->m, r->s); /* first, because it lists the devices */
	int code = print_notes(r, err);
	if (code < 0)
		return code;
	if (r->path) {
		text_print(r->t, "\n[" NOTES_ROOT "]\n");
		print_processor(r);
		print_iomem(r);
	}
	if (r->path && r->args->full)
		print_tables(r);
	if (tree.data)
		text_add(r->t, tree.data, tree.len);
	if (r->t->failed || tree.failed || r->m->failed)
		return err_set(err, ENOMEM, "no memory for the record");
	return 0;
}

static enum cmd_result record(const struct record_args *args, const char *path, struct err *err)
{
	const char *directory = args->sysroot.root || args->sysroot.sysfs ? args->sysroot.root
									  : "/";
	_cleanup_(fd_close) int root = directory ? open(directory, O_DIRECTORY | O_PATH | O_CLOEXEC)
						 : -1;
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(redact_done) struct redact m = {0};
	_cleanup_(text_done) struct text t = {0};
	const struct record r = {args, &t, &m, &s, directory, root};

	if (directory && root < 0) {
		(void)err_set(err, errno, "%s: can't open it: %s", directory, strerror(errno));
		return CMD_SYSTEM;
	}
	if (sysfs_open(&s, args->sysroot.sysfs, err) < 0 || record_all(&r, err) < 0)
		return CMD_SYSTEM;
	if (!str_equal(path, "-"))
		return file_replace_volatile(AT_FDCWD, path, t.data, t.len, 0644, err) < 0
			       ? CMD_SYSTEM
			       : CMD_AS_ASKED;
	(void)fwrite(t.data, 1, t.len, stdout);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	return CMD_AS_ASKED;
}

enum cmd_result cmd_record(int argc, char **argv, struct err *err)
{
	struct record_args args = {.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"Writes what plan, list and check need to know of this machine as one text (- for standard output), for a report or a test; what names the machine is masked.",
		.takes = "one file to write, or -",
		.operands = "FILE",
		.least = 1,
		.most = 1};
	bool help = false;
	const struct option_row rows[] = {
		{"full", 0, NULL,
			"add the tables that it was found in (mounts, routes, crypttab, modprobe.d), masked as the rest",
			NULL, &args.full, NULL, NULL},
		SYSROOT_OPTIONS(&args.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	_cleanup_(sysroot_done) struct sysroot_record unfolded;
	return sysroot_unfold(&args.sysroot, &unfolded, err) < 0 ? CMD_SYSTEM
								 : record(&args, argv[1], err);
}
