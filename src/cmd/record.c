/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/record.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mounts.h"
#include "bind/config.h"
#include "bind/modules.h"
#include "cmd/begin.h"
#include "cmd/cmd.h"
#include "cmd/situation.h"
#include "pci/inventory.h"
#include "pci/sysfs_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CMDLINE_MAX 8192

struct record_options {
	struct world world;
	bool full;
};

static void put_note(struct text *t, const char *name, const struct text *content)
{
	if (content->data)
		record_file(t, name, content->data);
	t->failed |= content->failed;
}

/* Fewer words than the kernel's line has, in its places. */
static void put_mounts(struct text *t, struct mask *m, const struct notes *notes)
{
	_cleanup_(mounts_done) struct mounts mounts = {0};
	_cleanup_(text_done) struct text lines = {0};
	_cleanup_(text_done) struct text swaps = {0};

	if ((notes->mountinfo && mounts_add_mountinfo(&mounts, notes->mountinfo) < 0) ||
		(notes->swaps && mounts_add_swaps(&mounts, notes->swaps) < 0)) {
		t->failed = true;
		return;
	}
	for (size_t i = 0; i < mounts.n; i++) {
		const struct mount *one = &mounts.at[i];
		char source[160];
		/* Only the last part is known: what is no kernel's name stands in /dev/mapper. */
		bool mapped = strchr(one->source, '-') || strchr(one->source, '_');
		(void)snprintf(source, sizeof(source), "/dev/%s%.128s", mapped ? "mapper/" : "",
			one->source);
		bool swap = one->device[0] == '\0';
		struct text *lines_of = swap ? &swaps : &lines;
		if (!swap) {
			text_print(lines_of, "1 1 %s / ", one->device);
			mask_point(m, lines_of, one->point);
			text_print(lines_of, " rw - none ");
		}
		mask_text(m, lines_of, source);
		text_print(lines_of, swap ? " partition 0 0 0\n" : " rw\n");
	}
	put_note(t, "mountinfo", &lines);
	put_note(t, "swaps", &swaps);
}

static void put_candidates(struct text *t, struct sysfs *s, const struct notes *notes, bool live)
{
	_cleanup_(text_done) struct text lines = {0};
	struct module_index index;
	struct err err = {""};

	if (notes->candidates)
		record_file(t, "candidates", notes->candidates);
	if (!live || module_index_open(&index, &err) < 0)
		return;
	for (size_t i = 0; i < s->n_listed; i++) {
		char alias[96], address[SLOT_MAX];
		if (sysfs_read(s, s->listed[i], "modalias", alias, sizeof(alias)) <= 0)
			continue;
		_cleanup_(str_free) char *drivers = module_index_drivers(&index, alias);
		if (drivers)
			text_print(&lines, "%s %s\n", slot_format(s->listed[i], address), drivers);
	}
	module_index_done(&index);
	put_note(t, "candidates", &lines);
}

static void put_cmdline(
	struct text *t, struct mask *m, const struct record_options *o, struct sysfs *s)
{
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *line = NULL;

	if (o->world.cmdline)
		line = strdup(o->world.cmdline);
	else if (o->world.sysfs)
		line = sysfs_path_text(s, NOTES_DIRECTORY "/cmdline");
	else if ((line = malloc(CMDLINE_MAX)) &&
		 file_read_small(AT_FDCWD, "/proc/cmdline", line, CMDLINE_MAX) < 0)
		line[0] = '\0';
	if (!line)
		return;
	mask_cmdline(m, &masked, line);
	record_file(t, "cmdline", masked.data ? masked.data : "");
	t->failed |= masked.failed;
}

/* A machine without a config is worth a record too. */
static void put_config(struct text *t, struct mask *m, const struct record_options *o)
{
	const char *path = o->world.config ? o->world.config : CONFIG_PATH;
	_cleanup_(text_done) struct text masked = {0};
	_cleanup_(str_free) char *data = NULL;
	struct err err = {""};
	size_t len;

	if (file_read(AT_FDCWD, path, CONFIG_MAX, &data, &len, &err) < 0) {
		log_print(LOG_WARNING, "%s; it is not in the record", err.text);
		return;
	}
	mask_config(m, &masked, data);
	put_note(t, "vfio-bind.conf", &masked);
}

static void record_all(
	struct text *t, struct mask *m, const struct record_options *o, struct sysfs *s)
{
	_cleanup_(notes_done) struct notes notes = {0};
	_cleanup_(text_done) struct text tree = {0};
	_cleanup_(str_free) char *names = NULL;

	notes_read(&notes, s, !o->world.sysfs);
	text_print(t,
		"# vfio-bind record 1: a machine as `vfio-bind plan` and `list` see it.%s\n"
		"# It replays with --sysfs THIS-FILE, and as a test in tests/unit/trees.\n",
		o->full ? " With everything that names it."
			: " What names this machine is masked.");
	record_sysfs(&tree, m, s); /* first, for it lists the devices */
	text_print(t, "[" NOTES_DIRECTORY "]\n");
	put_cmdline(t, m, o, s);
	put_config(t, m, o);
	put_candidates(t, s, &notes, !o->world.sysfs);
	if (o->full && notes.addresses)
		record_file(t, "addresses", notes.addresses);
	if (o->world.sysfs && (names = sysfs_path_text(s, NOTES_DIRECTORY "/pci.ids")))
		record_file(t, "pci.ids", names);
	put_mounts(t, m, &notes);
	if (tree.data)
		text_add(t, tree.data, tree.len);
	t->failed |= tree.failed || m->failed;
}

static enum cmd_result record(const struct record_options *o, const char *path, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(mask_done) struct mask m = {.full = o->full};
	_cleanup_(text_done) struct text t = {0};

	if (sysfs_open(&s, o->world.sysfs, err) < 0)
		return CMD_SYSTEM;
	record_all(&t, &m, o, &s);
	if (t.failed) {
		(void)err_set(err, ENOMEM, "no memory for the record");
		return CMD_SYSTEM;
	}
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
	static const struct face face = {
		.about = "Writes what plan and list need to know of this machine as one text (- "
			 "for standard output), for a report or a test; what names the machine is "
			 "masked.",
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
	int operands;
	enum cmd_result result;

	if (!command_begin(&face, rows, argc, argv, &help, &operands, &result, err))
		return result;
	if (operands != 1) {
		(void)err_set(err, EINVAL, "record takes one file to write, or -");
		return CMD_USAGE;
	}
	_cleanup_(world_done) struct world_record unfolded;
	return world_unfold(&o.world, &unfolded, err) < 0 ? CMD_SYSTEM : record(&o, argv[1], err);
}
