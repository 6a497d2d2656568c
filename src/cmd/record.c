/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/record.h"

#include "base/file.h"
#include "base/log.h"
#include "bind/config.h"
#include "bind/imageinfo.h"
#include "bind/modules.h"
#include "cmd/check.h"
#include "cmd/check_host.h"
#include "cmd/cmd.h"
#include "cmd/command_parse.h"
#include "cmd/ctx.h"
#include "pci/inventory.h"
#include "pci/sysfs_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CMDLINE_MAX 8192

struct record_options {
	struct sysroot world;
	bool full;
};

static void print_note(struct text *t, const char *name, const struct text *content)
{
	if (content->data)
		record_file(t, name, content->data);
	t->failed |= content->failed;
}

/* A tree without a root may have these all the same, for `list`. */
static void print_mounts(const struct record_root *r, const struct host_snapshot *notes)
{
	_cleanup_(text_done) struct text mounts = {0}, swaps = {0};

	if (r->m->full) {
		if (notes->mountinfo)
			record_file(r->t, "mountinfo", notes->mountinfo);
		if (notes->swaps)
			record_file(r->t, "swaps", notes->swaps);
		return;
	}
	char *one = notes->mountinfo ? strdup(notes->mountinfo) : NULL;
	char *other = notes->swaps ? strdup(notes->swaps) : NULL;

	r->t->failed |= (notes->mountinfo && !one) || (notes->swaps && !other);
	if (one)
		record_mounts(r, &mounts, one);
	if (other)
		record_swaps(r, &swaps, other);
	print_note(r->t, "mountinfo", &mounts);
	print_note(r->t, "swaps", &swaps);
}

/* "eth0 192.0.2.1/24" */
static void print_addresses(struct text *t, struct redact *m, char *text)
{
	_cleanup_(text_done) struct text masked = {0};

	for (char *line; (line = strsep(&text, "\n"));) {
		const char *name = strsep(&line, " ");
		const char *address = strsep(&line, "/");
		if (!address || !line)
			continue;
		redact_text(m, &masked, name);
		text_print(&masked, " ");
		redact_address(m, &masked, address);
		text_print(&masked, "/%s\n", line);
	}
	print_note(t, "addresses", &masked);
}

static void print_candidates(
	struct text *t, struct sysfs *s, const struct host_snapshot *notes, bool live)
{
	_cleanup_(text_done) struct text lines = {0};
	struct module_index index;
	struct err err = {""};

	if (notes->candidates)
		record_file(t, "candidates", notes->candidates);
	if (!live || module_index_open(&index, &err) < 0)
		return;
	for (size_t i = 0; i < s->n_listed; i++) {
		char alias[96], address[PCI_ADDR_MAX];
		if (sysfs_read(s, s->listed[i], "modalias", alias, sizeof(alias)) <= 0)
			continue;
		_cleanup_(str_free) char *drivers = module_index_drivers(&index, alias);
		if (drivers)
			text_print(
				&lines, "%s %s\n", pci_addr_format(s->listed[i], address), drivers);
	}
	module_index_done(&index);
	print_note(t, "candidates", &lines);
}

/* Of the tree, of what stands for /, or of this machine; NULL where nobody says. */
static char *read_cmdline(const struct record_options *o, struct sysfs *s)
{
	_cleanup_(str_free) char *path = NULL;
	char *line = NULL;
	size_t len;

	if (o->world.cmdline)
		return strdup(o->world.cmdline);
	if (o->world.sysfs && !o->world.root)
		return sysfs_path_text(s, NOTES_DIRECTORY "/cmdline");
	if (asprintf(&path, "%s/proc/cmdline", o->world.root ? o->world.root : "") < 0)
		path = NULL;
	return path && file_read(AT_FDCWD, path, CMDLINE_MAX, &line, &len, NULL) == 0 ? line : NULL;
}

static void print_cmdline(struct text *t, struct redact *m, const char *line)
{
	_cleanup_(text_done) struct text masked = {0};

	if (!line)
		return;
	redact_cmdline(m, &masked, line);
	record_file(t, "cmdline", masked.data ? masked.data : "");
	t->failed |= masked.failed;
}

/* A machine without a config is worth a record too. */
static void print_config(struct text *t, struct redact *m, const struct record_options *o)
{
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *data = NULL;
	struct err err = {""};
	size_t len;

	if (file_read(AT_FDCWD, sysroot_config_file(&o->world), CONFIG_MAX, &data, &len, &err) <
		0) {
		log_print(LOG_WARNING, "%s; it is not in the record", err.text);
		return;
	}
	redact_config(m, &masked, data);
	print_note(t, "vfio-bind.conf", &masked);
}

/* What the image knows that this was started from: where it stands beside the config. */
static void print_image(struct text *t, struct redact *m, const struct record_options *o)
{
	_cleanup_(imageinfo_done) struct imageinfo image = {0};
	_cleanup_(text_done) struct text masked = {0};

	if (imageinfo_read(&image, sysroot_config_file(&o->world), NULL) < 0)
		return;
	for (const char *line = image.data; line < image.data + image.len; line += strlen(line) + 1)
		redact_fact(m, &masked, line);
	print_note(t, "vfio-bind.image", &masked);
}

/* Kernels, generators and images are too much to take along: what `check` finds of them does. */
static void print_images(struct text *t, struct redact *m, const struct record_options *o)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	_cleanup_(findings_done) struct findings f = {0};
	_cleanup_(text_done) struct text found = {0}, masked = {0};
	const char *root = o->world.root;
	struct err err = {""};

	if (o->world.sysfs && !root)
		return;
	/* Without a config the machine is judged, too. */
	int r = check_host(&f, &s, &o->world, root, &err);
	if (r == 0 || (r == -EINVAL && s.config.missing))
		findings_write(&f, check_image_topics, &found);
	if (found.data)
		redact_found(m, &masked, found.data, s.config.path);
	t->failed |= found.failed;
	print_note(t, "images", &masked);
}

static void print_notes(struct text *t, struct redact *m, const struct record_options *o,
	struct sysfs *s, const char *cmdline)
{
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	_cleanup_(str_free) char *names = NULL;

	host_snapshot_read(&notes, s, !o->world.sysfs);
	text_print(t, "[" NOTES_DIRECTORY "]\n");
	print_cmdline(t, m, cmdline);
	print_config(t, m, o);
	print_image(t, m, o);
	print_images(t, m, o);
	print_candidates(t, s, &notes, !o->world.sysfs);
	print_addresses(t, m, notes.addresses);
	if (o->world.sysfs && (names = sysfs_path_text(s, NOTES_DIRECTORY "/pci.ids")))
		record_file(t, "pci.ids", names);
	if (o->world.sysfs && !o->world.root) {
		const struct record_root r = {
			.t = t, .m = m, .s = s, .fd = -1, .links = &(struct text){0}};
		print_mounts(&r, &notes);
	}
}

static int record_all(struct text *t, struct redact *m, const struct record_options *o,
	struct sysfs *s, struct err *err)
{
	const char *path = o->world.root || o->world.sysfs ? o->world.root : "/";
	_cleanup_(fd_close) int root = path ? open(path, O_DIRECTORY | O_PATH | O_CLOEXEC) : -1;
	_cleanup_(str_free) char *cmdline = read_cmdline(o, s);
	_cleanup_(text_done) struct text tree = {0}, links = {0};
	const struct record_root r = {
		.t = t, .m = m, .s = s, .fd = root, .cmdline = cmdline, .links = &links};

	if (path && root < 0)
		return err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));
	text_print(t,
		"# vfio-bind record 1: a machine as `vfio-bind plan`, `list` and `check` see it.%s\n"
		"# It replays with --sysfs THIS-FILE, and as a test in tests/unit/trees.\n",
		o->full ? " With everything that names it."
			: " What names this machine is masked.");
	if (path)
		record_people(m, root);
	record_sysfs(&tree, m, s); /* first, for it lists the devices */
	print_notes(t, m, o, s, cmdline);
	if (path)
		record_root(&r);
	if (tree.data)
		text_add(t, tree.data, tree.len);
	if (t->failed || tree.failed || m->failed || links.failed)
		return err_set(err, ENOMEM, "no memory for the record");
	return 0;
}

static enum cmd_result record(const struct record_options *o, const char *path, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(redact_done) struct redact m = {.full = o->full};
	_cleanup_(text_done) struct text t = {0};

	if (sysfs_open(&s, o->world.sysfs, err) < 0)
		return CMD_SYSTEM;
	if (record_all(&t, &m, o, &s, err) < 0)
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
	struct record_options o = {0};
	static const struct command_info info = {
		.about =
			"Writes what plan, list and check need to know of this machine as one text (- for standard output), for a report or a test; what names the machine is masked.",
		.takes = "one file to write, or -",
		.operands = "FILE",
		.least = 1,
		.most = 1};
	bool help = false;
	const struct option_row rows[] = {
		{"full", 0, NULL, "mask nothing: serial numbers, UUIDs, addresses stand in it",
			NULL, &o.full, NULL, NULL},
		WORLD_OPTIONS(&o.world),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	_cleanup_(sysroot_done) struct sysroot_record unfolded;
	return sysroot_unfold(&o.world, &unfolded, err) < 0 ? CMD_SYSTEM : record(&o, argv[1], err);
}
