/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "cli/cards_select.h"
#include "cli/cmd.h"
#include "cli/config_file.h"
#include "cli/plan_table.h"
#include "cli/setup_state.h"
#include "cli/sysroot.h"
#include "shared/prompt.h"
#include "shared/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IMAGES "/usr/lib/vfio-bind/setup"

struct setup {
	const char *gpu;
	bool yes, undo;
	struct sysroot sysroot; /* this machine, like the images and the loader */
};

/* ---- what to do ------------------------------------------------------------------------------ */

struct intent {
	struct config_file file;
	struct text body; /* of the config; empty: the existing file stays */
	bool whole;       /* every requested device is possible */
};

static void intent_done(struct intent *i)
{
	config_file_done(&i->file);
	text_done(&i->body);
}

/* An existing config that selects something is used as it is; without one the user is asked. */
static int intent_make(struct intent *ret, const struct setup *o, struct err *err)
{
	const struct cards_select_options choice = {.non_boot_gpus = o->gpu, .yes = o->yes};
	_cleanup_(cards_done) struct cards c = {.s.sysfs.devices = -1};

	*ret = (struct intent){.whole = true};
	int r = config_file_look(&ret->file, CONFIG_PATH, err);
	if (r < 0)
		return r;
	if (ret->file.says_something || ret->file.edited || ret->file.ours) {
		printf("%s is there and stays as it is.\n", CONFIG_PATH);
		return 1;
	}
	if (o->yes && !o->gpu)
		return err_set(err, EINVAL, "--yes: say what with --gpu non-boot");
	r = cards_read(&c, &o->sysroot, err);
	if (r == 0)
		r = cards_select(&c, &choice, &ret->body, err);
	if (r < 0)
		return r;
	ret->whole = r > 0;
	return ret->body.len > 0;
}

/* Prints the plan, and what vfio-bootcfg would write. The IOMMU may still be off: setup turns it
 * on. */
static int intent_show(const struct setup *o, const struct intent *i, struct err *err)
{
	static const char *const bootcfg[] = {"vfio-bootcfg", "--iommu", "--dry-run", NULL};
	const char *text = i->body.len > 0 ? i->body.data : i->file.data;
	size_t len = i->body.len > 0 ? i->body.len : i->file.len;
	_cleanup_(ctx_done) struct ctx s;

	int r = ctx_plan_preview(&s, &o->sysroot, CONFIG_PATH, text, len, true, err);
	if (r < 0)
		return r;
	printf("\n1. %s asks for:\n", CONFIG_PATH);
	plan_table_print(&s.plan, stdout);
	printf("\n2. The kernel parameters:\n");
	r = spawn_program(bootcfg, err);
	if (r < 0)
		return r;
	if (r != 0)
		return err_set(err, EIO,
			"vfio-bootcfg --iommu --dry-run ended with %d (see above); nothing was done",
			r);
	printf("\n3. The initramfs of every kernel is made again, with vfio-bind in it:\n   %s enable\n\n",
		IMAGES);
	return 0;
}

/* ---- the steps ------------------------------------------------------------------------------- */

static int run_or_fail(const char *const argv[], struct err *err)
{
	int r = spawn_program(argv, err);

	if (r <= 0)
		return r;
	return err_set(err, EIO, "%s %s ended with %d (see above)", argv[0], argv[1], r);
}

static int write_config(const struct intent *i, struct setup_state *done, struct err *err)
{
	if (i->body.len == 0)
		return 0;
	done->config = true;
	int r = setup_state_write(done, err);
	return r < 0 ? r : config_file_write(&i->file, i->body.data, i->body.len, err);
}

static int edit_parameters(struct setup_state *done, struct err *err)
{
	static const char *const argv[] = {"vfio-bootcfg", "--iommu", "--yes", NULL};
	unsigned before = setup_last_change();

	int r = run_or_fail(argv, err);
	unsigned after = setup_last_change();
	if (after != before)
		done->change = after;
	int w = setup_state_write(done, r < 0 ? NULL : err);
	return r < 0 ? r : w;
}

static int make_images(struct setup_state *done, struct err *err)
{
	static const char *const argv[] = {IMAGES, "enable", NULL};

	done->images = true;
	int r = setup_state_write(done, err);
	return r < 0 ? r : run_or_fail(argv, err);
}

/* ---- undo, the last step first --------------------------------------------------------------- */

static int revert_parameters(struct setup_state *done, struct err *err)
{
	char change[12];
	const char *const argv[] = {"vfio-bootcfg", "--undo", change, "--yes", NULL};

	if (done->change == 0)
		return 0;
	(void)snprintf(change, sizeof(change), "%u", done->change);
	int r = run_or_fail(argv, err);
	if (r < 0)
		return r;
	done->change = 0;
	return setup_state_write(done, err);
}

static int revert_config(const struct setup *o, struct setup_state *done, struct err *err)
{
	if (!done->config)
		return 0;
	int r = config_file_take_back(CONFIG_PATH, !o->yes, err);
	if (r < 0)
		return r;
	done->config = false;
	return setup_state_write(done, err);
}

/* Last, because the images contain the config. */
static int revert_images(struct setup_state *done, struct err *err)
{
	static const char *const argv[] = {IMAGES, "undo", NULL};

	if (!done->images)
		return 0;
	int r = run_or_fail(argv, err);
	if (r < 0)
		return r;
	done->images = false;
	return setup_state_write(done, err);
}

static int undo_steps(const struct setup *o, struct setup_state *done, struct err *err)
{
	int r = revert_parameters(done, err);

	if (r == 0)
		r = revert_config(o, done, err);
	return r < 0 ? r : revert_images(done, err);
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum cmd_result undo(const struct setup *o, struct err *err)
{
	struct setup_state done;

	if (setup_state_read(&done, err) < 0)
		return CMD_SYSTEM;
	if (!done.config && !done.images && done.change == 0) {
		log_print(LOG_NOTICE, "setup has done nothing here, nothing to take back");
		return CMD_AS_ASKED;
	}
	if (undo_steps(o, &done, err) < 0)
		return CMD_SYSTEM;
	log_print(LOG_NOTICE, "all that setup did is taken back; reboot now");
	return CMD_AS_ASKED;
}

static enum cmd_result carry_out(const struct setup *o, const struct intent *i, struct err *err)
{
	struct setup_state done;

	if (setup_state_read(&done, err) < 0)
		return CMD_SYSTEM;
	int r = write_config(i, &done, err);
	if (r == 0)
		r = edit_parameters(&done, err);
	if (r == 0)
		r = make_images(&done, err);
	if (r == 0) {
		log_print(LOG_NOTICE, "all is set up (back: vfio-bind setup --undo)");
		log_print(LOG_NOTICE, "reboot now, then run vfio-bind status");
		return i->whole ? CMD_AS_ASKED : CMD_NOT_ALL;
	}
	struct err again = {""};
	if (undo_steps(o, &done, &again) < 0)
		log_print(LOG_ERROR, "%s; run vfio-bind setup --undo when that is mended",
			again.text);
	else
		log_print(LOG_NOTICE, "what was done is taken back");
	return CMD_SYSTEM;
}

static enum cmd_result setup(const struct setup *o, struct err *err)
{
	_cleanup_(intent_done) struct intent i = {0};
	int r = intent_make(&i, o, err);

	if (r < 0)
		return r == -EINVAL ? CMD_USAGE : CMD_SYSTEM;
	if (r == 0) {
		log_print(LOG_NOTICE, "nothing was chosen, nothing is done");
		return CMD_NOT_ALL;
	}
	if (intent_show(o, &i, err) < 0)
		return CMD_SYSTEM;
	if (!o->yes && !prompt_yes("Apply these changes?")) {
		log_print(LOG_NOTICE, "nothing was done");
		return CMD_NOT_ALL;
	}
	return carry_out(o, &i, err);
}

enum cmd_result cmd_setup(int argc, char **argv, struct err *err)
{
	struct setup o = {.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"The whole way: config, kernel parameters and initramfs, shown and confirmed once."};
	bool help = false;
	const struct option_row rows[] = {
		{"gpu", 0, "WHICH", "non-boot: every display but the boot display", &o.gpu, NULL,
			NULL, NULL},
		{"yes", 'y', NULL, "ask nothing", NULL, &o.yes, NULL, NULL},
		{"undo", 0, NULL, "take back all that setup did", NULL, &o.undo, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if (o.gpu && !str_equal(o.gpu, "non-boot")) {
		(void)err_set(err, EINVAL, "--gpu %s: write non-boot", o.gpu);
		return CMD_USAGE;
	}
	log_open("vfio-bind", LOG_TO_STDERR, false);
	if (geteuid() != 0) {
		(void)err_set(err, EPERM, "setup needs root: run it with sudo");
		return CMD_SYSTEM;
	}
	return o.undo ? undo(&o, err) : setup(&o, err);
}
