/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/setup_steps.h"

#include "base/log.h"
#include "core/config.h"
#include "host/boot_images.h"
#include "shared/spawn.h"

#include <errno.h>
#include <stdio.h>

#define TELL_EVERY 30 /* seconds */

static const char *const titles[SETUP_STEPS] = {[STEP_CONFIG] = ("write " CONFIG_PATH),
	[STEP_PARAMETERS] = "set the kernel parameters",
	[STEP_VM] = "put the devices into the VM",
	[STEP_HOOK] = "write the hook of libvirt",
	[STEP_IMAGES] = "make the images; this takes minutes"};

static const char *title_of(const struct setup_run *s, unsigned step)
{
	return step == STEP_IMAGES && (s->archive || s->state.archive)
		       ? "have the boot entries load vfio-bind"
		       : titles[step];
}

/* ---- what is needed -------------------------------------------------------------------------- */

static bool parameters_are_set(void)
{
	char path[PATH_MAX];
	const char *const argv[] = {
		boot_images_bootcfg(path), "--iommu", "--check", "--quiet", NULL};
	struct err err;

	return spawn_silently(argv, &err) == 0;
}

/* Unknown is not up to date, but for a way back, which is no boot of ours. */
static bool images_hold(void)
{
	_cleanup_(boot_images_done) struct boot_images images = {0};
	struct err err = {""};

	if (boot_images_read(&images, "/", CONFIG_PATH, &err) < 0)
		return false;
	for (size_t i = 0; i < images.n; i++)
		if (!boot_image_is(&images.at[i], BOOT_IMAGE_WANT_WITH) ||
			(images.at[i].state == BOOT_IMAGE_UNKNOWN && !images.at[i].way_back))
			return false;
	return images.n > 0;
}

void setup_find_needed(struct setup_run *s)
{
	s->needed[STEP_PARAMETERS] = !parameters_are_set() || (s->state.trial && !s->trial);
	s->needed[STEP_IMAGES] = s->needed[STEP_CONFIG] || !s->state.made || !images_hold();
}

/* ---- programs -------------------------------------------------------------------------------- */

struct watch {
	const char *what;
	unsigned told; /* seconds */
	bool finish, told_interrupt;
	const struct interrupt *interrupt;
};

static void tick(void *to, unsigned seconds)
{
	struct watch *w = to;

	if (w->interrupt->signal && !w->told_interrupt) {
		w->told_interrupt = true;
		if (w->finish)
			log_print(LOG_NOTICE,
				"%s: the images are finished first, for half an image does not boot",
				interrupt_name(w->interrupt->signal));
	}
	if (seconds < w->told + TELL_EVERY)
		return;
	w->told = seconds;
	log_print(LOG_NOTICE, "%s: %u s so far", w->what, seconds);
}

static int run_or_fail(struct setup_run *s, const char *what, const char *const argv[], bool finish,
	struct err *err)
{
	struct watch w = {.what = what, .finish = finish, .interrupt = &s->interrupt};
	const struct spawn_watch watch = {.to_stderr = s->to_stderr,
		.finish = finish,
		.interrupt = &s->interrupt,
		.tick = tick,
		.to = &w};

	int r = spawn_watched(argv, &watch, err);
	if (r <= 0)
		return r;
	return err_set(err, EIO, "%s %s ended with %d (see above)", argv[0], argv[1], r);
}

/* ---- the steps ------------------------------------------------------------------------------- */

static void note_file_before(struct setup_run *s)
{
	const struct config_file *f = s->file;

	if (f->ours && s->state.config)
		return; /* the first run has noted it */
	s->state.knows_before = !f->ours;
	s->state.had_file = f->data != NULL;
	s->state.before = str_hash(f->data ? f->data : "", f->len);
}

static int write_config(struct setup_run *s, struct err *err)
{
	note_file_before(s);
	s->state.config = true;
	int r = setup_state_write(&s->state, err);
	return r < 0 ? r : config_file_write(s->file, s->body->data, s->body->len, err);
}

/* A trial that was booted becomes what boots by default; one that was not is refused there. */
static int edit_parameters(struct setup_run *s, struct err *err)
{
	char path[PATH_MAX];
	const char *program = boot_images_bootcfg(path);
	const char *const words[] = {
		program, "--iommu", "--yes", s->trial ? "--trial" : NULL, NULL};
	const char *const confirm[] = {program, "--confirm", "--yes", NULL};
	bool confirms = s->state.trial && !s->trial;
	unsigned before = setup_last_change();

	int r = run_or_fail(s, "kernel parameters", confirms ? confirm : words, false, err);
	unsigned after = setup_last_change();
	struct err *first = r < 0 ? NULL : err;
	int w = after == before ? 0 : setup_state_add(&s->state, after, first);
	if (r == 0)
		s->state.trial = s->trial;
	if (w == 0)
		w = setup_state_write(&s->state, first);
	return r < 0 ? r : w;
}

static int edit_vm(struct setup_run *s, struct err *err)
{
	int r = setup_vm_note(s->vm, &s->state, err);

	if (r == 0)
		r = setup_state_write(&s->state, err);
	if (r < 0)
		return r;
	s->vm_begun = true;
	return vm_change_write(&s->vm->vm, &s->vm->change, err) == CMD_AS_ASKED ? 0 : -EIO;
}

static int write_hook(struct setup_run *s, struct err *err)
{
	int r = setup_vm_note_hook(s->vm, s->hook, &s->state, err);

	if (r == 0)
		r = setup_state_write(&s->state, err);
	if (r < 0)
		return r;
	s->hook_begun = true;
	return one_card_write(s->hook, err);
}

/* One that an earlier run has written is needed as before, and is as good as that. */
static int revert_hook(struct setup_run *s, const struct setup_state *before, struct err *err)
{
	const struct setup_vm_state *was = setup_state_vm(before, s->vm->target);
	const struct setup_vm_state *now = setup_state_vm(&s->state, s->vm->target);

	if (!s->hook_begun || (was && was->has_hook))
		return 0;
	return one_card_remove(now->target, now->hook, now->hook_dirs, err);
}

static int make_images(struct setup_run *s, struct err *err)
{
	const char *const argv[] = {SETUP_IMAGES, s->archive ? "archive" : "enable", NULL};
	unsigned before = setup_last_change();

	s->images_begun = s->state.images = true;
	s->state.made = false;
	s->state.archive = s->archive;
	int r = setup_state_write(&s->state, err);
	if (r == 0)
		r = run_or_fail(s, "images", argv, true, err);
	/* The change of the entries, which is taken back before the archive is. */
	unsigned after = setup_last_change();
	int w = after == before ? 0 : setup_state_add(&s->state, after, r < 0 ? NULL : err);
	if (w == 0)
		w = setup_state_write(&s->state, r < 0 ? NULL : err);
	if (r < 0 || w < 0)
		return r < 0 ? r : w;
	s->state.made = true;
	return setup_state_write(&s->state, err);
}

static int (*const steps[SETUP_STEPS])(struct setup_run *s, struct err *err) = {
	[STEP_CONFIG] = write_config,
	[STEP_PARAMETERS] = edit_parameters,
	[STEP_VM] = edit_vm,
	[STEP_HOOK] = write_hook,
	[STEP_IMAGES] = make_images,
};

/* ---- back to what was before this run -------------------------------------------------------- */

static int revert_change(struct setup_run *s, unsigned number, struct err *err)
{
	char change[12], path[PATH_MAX];
	const char *const argv[] = {boot_images_bootcfg(path), "--undo", change, "--yes", NULL};

	if (!setup_change_exists(number))
		return 0; /* taken back by hand */
	(void)snprintf(change, sizeof(change), "%u", number);
	return run_or_fail(s, "kernel parameters", argv, false, err);
}

/* The last change first. */
static int revert_changes(struct setup_run *s, size_t until, struct err *err)
{
	while (s->state.n_changes > until) {
		int r = revert_change(s, s->state.change[s->state.n_changes - 1], err);
		if (r < 0)
			return r;
		s->state.n_changes--;
		s->state.trial = false;
		r = setup_state_write(&s->state, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The images were made of the config that is back by now, or without any. */
static int revert_images(struct setup_run *s, const struct setup_state *before, struct err *err)
{
	const char *back = s->archive ? "undo-archive" : "undo";
	const char *again = before->archive ? "archive" : "enable";
	const char *const argv[] = {SETUP_IMAGES, before->images ? again : back, NULL};

	if (!s->images_begun)
		return 0;
	return run_or_fail(s, "images", argv, true, err);
}

static int roll_back(struct setup_run *s, const struct setup_state *before, struct err *err)
{
	int r = revert_changes(s, before->n_changes, err);

	if (r == 0 && s->needed[STEP_CONFIG])
		r = config_file_rollback(s->file, err);
	if (r == 0)
		r = revert_images(s, before, err);
	if (r == 0 && s->vm)
		r = revert_hook(s, before, err);
	if (r == 0 && s->vm_begun)
		r = vm_change_revert(&s->vm->vm, &s->vm->change, err);
	return r < 0 ? r : setup_state_write(before, err);
}

static int undone(struct setup_run *s, const struct setup_state *before, int why, struct err *err)
{
	struct err again = {""};

	s->interrupt.signal = 0; /* the way back has its own */
	if (roll_back(s, before, &again) < 0)
		log_print(LOG_ERROR,
			"%s; run vfio-bind setup again when that is mended, or vfio-bind setup --undo",
			again.text);
	else if (why != -EINTR)
		log_print(LOG_NOTICE, "what this run did is taken back");
	else
		(void)err_set(err, EINTR, "interrupted: what this run did is taken back");
	return why;
}

static unsigned count(const bool *flags)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SETUP_STEPS; i++)
		n += flags[i];
	return n;
}

int setup_do(struct setup_run *s, struct err *err)
{
	const struct setup_state before = s->state;
	unsigned number = 0, all = count(s->needed);

	for (unsigned i = 0; i < SETUP_STEPS; i++) {
		if (!s->needed[i])
			continue;
		if (interrupt_came(&s->interrupt))
			return undone(s, &before, err_set(err, EINTR, "interrupted"), err);
		log_print(LOG_NOTICE, "step %u of %u: %s", ++number, all, title_of(s, i));
		int r = steps[i](s, err);
		if (r < 0 && i != STEP_IMAGES && interrupt_came(&s->interrupt))
			r = -EINTR;
		if (r < 0)
			return undone(s, &before, r, err);
		s->done[i] = true;
	}
	return 0;
}

/* ---- undo of all ----------------------------------------------------------------------------- */

static int check_config(const struct setup_run *s, struct err *err)
{
	_cleanup_(config_file_done) struct config_file now = {0};
	int r = config_file_look(&now, CONFIG_PATH, err);

	if (r < 0 || !s->state.knows_before)
		return r;
	if ((now.data != NULL) == s->state.had_file &&
		str_hash(now.data ? now.data : "", now.len) == s->state.before)
		return 0;
	return err_set(err, EBUSY,
		CONFIG_PATH ": is not what was there before setup; nothing else is taken back");
}

static int revert_config(struct setup_run *s, struct err *err)
{
	if (!s->state.config)
		return 0;
	int r = config_file_take_back(CONFIG_PATH, s->ask, err);
	if (r >= 0)
		r = check_config(s, err);
	if (r < 0)
		return r;
	s->state.config = false;
	return setup_state_write(&s->state, err);
}

/* After that, because the images contain the config. */
static int revert_all_images(struct setup_run *s, struct err *err)
{
	const char *const argv[] = {SETUP_IMAGES, s->state.archive ? "undo-archive" : "undo", NULL};

	if (!s->state.images)
		return 0;
	log_print(LOG_NOTICE, "undo: %s", title_of(s, STEP_IMAGES));
	int r = run_or_fail(s, "images", argv, true, err);
	if (r < 0)
		return r;
	s->state.images = s->state.made = s->state.archive = false;
	return setup_state_write(&s->state, err);
}

/* Last, because the machine boots without it. */
static int revert_vms(struct setup_run *s, struct err *err)
{
	while (s->state.n_vms > 0) {
		int r = setup_vm_undo(&s->state.vm[s->state.n_vms - 1], err);
		if (r < 0)
			return r;
		s->state.n_vms--;
		r = setup_state_write(&s->state, err);
		if (r < 0 || interrupt_came(&s->interrupt))
			return r;
	}
	return 0;
}

int setup_undo(struct setup_run *s, struct err *err)
{
	int r = revert_changes(s, 0, err);

	if (r == 0 && !interrupt_came(&s->interrupt))
		r = revert_config(s, err);
	if (r == 0 && !interrupt_came(&s->interrupt))
		r = revert_all_images(s, err);
	if (r == 0 && !interrupt_came(&s->interrupt))
		r = revert_vms(s, err);
	if (s->interrupt.signal && (r < 0 || !setup_state_is_empty(&s->state)))
		return err_set(err, EINTR,
			"interrupted: the undo is not complete; vfio-bind setup --undo goes on with it");
	return r;
}
