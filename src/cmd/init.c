/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "cmd/ask.h"
#include "cmd/begin.h"
#include "cmd/choose.h"
#include "cmd/cmd.h"
#include "cmd/config_file.h"
#include "cmd/import.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct init {
	struct world world;
	const char *gpu;
	bool import, yes, dry_run, undo;
};

static const char *path_of(const struct init *o)
{
	return o->world.config ? o->world.config : CONFIG_PATH;
}

static enum cmd_result undo(const struct init *o, struct err *err)
{
	int r = config_file_take_back(path_of(o), !o->yes, err);

	if (r < 0)
		return r == -EBUSY ? CMD_NOT_ALL : CMD_SYSTEM;
	log_print(LOG_NOTICE,
		r > 0 ? "%s: the file before init is back"
		      : "%s: init has written nothing there, nothing to take back",
		path_of(o));
	return CMD_AS_ASKED;
}

/* The plan of what would be written, so that nobody says yes to what they have not seen. */
static int show(const struct init *o, const struct text *body, struct err *err)
{
	_cleanup_(situation_done) struct situation s;
	int r = situation_imagine(&s, &o->world, path_of(o), body->data, body->len, true, err);

	if (r < 0)
		return r;
	puts("");
	plan_print(&s.plan, stdout);
	if (s.groups_imagined)
		printf("The IOMMU is off: nothing is bound before it is on in the firmware and in "
		       "the kernel\n(vfio-bootcfg --iommu).\n");
	puts("");
	return 0;
}

static void tell_next(void)
{
	puts("Next: vfio-bootcfg --iommu --dry-run     the kernel parameters; then without "
	     "--dry-run\n"
	     "      /usr/lib/vfio-bind/setup enable    the initramfs of every kernel\n"
	     "      reboot, and vfio-bind status\n"
	     "Back: vfio-bind init --undo");
}

/* A file with a person's own settings is not ours to replace unasked. */
static bool may_replace(const struct init *o, const struct config_file *f)
{
	if (!f->says_something && !f->edited)
		return true;
	if (o->yes) {
		log_print(LOG_ERROR,
			"%s has settings of its own%s: nothing is written; put the lines above "
			"into "
			"it by hand, or empty it first",
			f->path, f->edited ? " since init wrote it" : "");
		return false;
	}
	return ask_yes("%s has settings of its own. Replace it (it stays as %s.before-init)?",
		f->path, f->path);
}

static enum cmd_result put(const struct init *o, const struct text *body, bool all, struct err *err)
{
	_cleanup_(config_file_done) struct config_file f = {0};
	enum cmd_result done = all ? CMD_AS_ASKED : CMD_NOT_ALL;

	if (config_file_look(&f, path_of(o), err) < 0)
		return CMD_SYSTEM;
	fwrite(body->data, 1, body->len, stdout);
	if (o->dry_run)
		return done;
	if (show(o, body, err) < 0)
		return CMD_SYSTEM;
	if (config_file_holds(&f, body->data, body->len)) {
		log_print(LOG_NOTICE, "%s says this already", f.path);
		return done;
	}
	if (!may_replace(o, &f) || (!o->yes && !ask_yes("Write this to %s?", f.path))) {
		log_print(LOG_NOTICE, "nothing was written");
		return CMD_NOT_ALL;
	}
	if (config_file_write(&f, body->data, body->len, err) < 0)
		return CMD_SYSTEM;
	log_print(LOG_NOTICE, "%s is written", f.path);
	tell_next();
	return done;
}

static int gather(const struct init *o, struct text *body, struct err *err)
{
	const struct choose_options choice = {.non_boot_gpus = o->gpu, .yes = o->yes};
	_cleanup_(cards_done) struct cards c = {.s.sysfs.devices = -1};

	if (o->import)
		return import_config(o->world.root, &o->world, body, err);
	int r = cards_read(&c, &o->world, err);
	if (r == 0)
		r = choose_cards(&c, &choice, body, err);
	if (!o->gpu && !o->yes)
		puts(""); /* between the questions and what came of them */
	return r;
}

static enum cmd_result init(const struct init *o, struct err *err)
{
	_cleanup_(text_done) struct text body = {0};
	int r = gather(o, &body, err);

	if (r < 0)
		return CMD_SYSTEM;
	if (body.len == 0) {
		log_print(LOG_NOTICE, o->import ? "no other tool's settings were found"
						: "nothing was chosen, nothing is written");
		return CMD_NOT_ALL;
	}
	return put(o, &body, r > 0, err);
}

enum cmd_result cmd_init(int argc, char **argv, struct err *err)
{
	struct init o = {0};
	static const struct face face = {
		.about = "Asks which devices VMs shall have, and writes the config."};
	bool help = false;
	const struct option_row rows[] = {
		{"gpu", 0, "WHICH", "non-boot: every display but the boot display", &o.gpu, NULL,
			NULL, NULL},
		{"import", 0, NULL, "take over what other tools and scripts were told", NULL,
			&o.import, NULL, NULL},
		{"dry-run", 'n', NULL, "print the config and write nothing", NULL, &o.dry_run, NULL,
			NULL},
		{"yes", 'y', NULL, "ask nothing", NULL, &o.yes, NULL, NULL},
		{"undo", 0, NULL, "put the file before init back", NULL, &o.undo, NULL, NULL},
		WORLD_OPTIONS(&o.world),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_begin(&face, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if (o.gpu && !str_equal(o.gpu, "non-boot")) {
		(void)err_set(err, EINVAL, "--gpu %s: write non-boot", o.gpu);
		return CMD_USAGE;
	}
	if (o.yes && !o.gpu && !o.import && !o.undo) {
		(void)err_set(err, EINVAL, "--yes: say what with --gpu non-boot or --import");
		return CMD_USAGE;
	}
	log_open("vfio-bind", LOG_TO_STDERR, false);
	return o.undo ? undo(&o, err) : init(&o, err);
}
