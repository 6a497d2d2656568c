/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/interrupt.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "cli/cards_prompt.h"
#include "cli/cards_select.h"
#include "cli/check.h"
#include "cli/cmd.h"
#include "cli/config_file.h"
#include "cli/init.h"
#include "cli/plan_table.h"
#include "cli/setup_state.h"
#include "cli/setup_steps.h"
#include "cli/sysroot.h"
#include "core/guard.h"
#include "host/boot_images.h"
#include "host/image_owner.h"
#include "shared/prompt.h"
#include "shared/root.h"
#include "shared/spawn.h"
#include "shared/term.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct setup {
	const char *gpu, *vm;
	char **addresses;
	int n_addresses;
	bool yes, dry_run, json, trial, undo, archive, single;
	bool asks;              /* there is a terminal for questions */
	struct sysroot sysroot; /* this machine; another one for a dry run */
};

static const char *path_of(const struct setup *o)
{
	return o->sysroot.config ? o->sysroot.config : CONFIG_PATH;
}

static bool is_other_machine(const struct setup *o)
{
	return o->sysroot.sysfs || o->sysroot.root || o->sysroot.config || o->sysroot.cmdline;
}

/* ---- obstacles ------------------------------------------------------------------------------- */

/* A finding that a step of setup mends. */
static bool setup_mends(const struct finding *one)
{
	return one->command && str_starts(one->command, "vfio-bootcfg ");
}

/* Who makes the images: without an answer no step could end well. An archive needs none, but a boot
 * partition. */
static int find_owner(struct findings *ret, const struct setup *o, bool archive, struct err *err)
{
	_cleanup_(image_owner_done) struct image_owner owner = {0};
	_cleanup_(root_done) struct root root = {.fd = -1};
	struct err reason = {""};

	if (o->sysroot.sysfs && !o->sysroot.root)
		return 0; /* not known of a tree */
	int r = root_open(&root, o->sysroot.root ? o->sysroot.root : "/", err);
	if (r < 0)
		return r;
	r = image_owner_find(&root, &owner, &reason);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (r == -ENODEV)
		findings_add(ret, true, "generator", "setup stops here, and nothing is written",
			NULL, "%s", reason.text);
	else if (r < 0 && !archive)
		findings_add(ret, true, "generator",
			"no image would hold vfio-bind: setup stops here, and nothing is written. setup --image needs no hook: boot entries load vfio-bind beside their image",
			NULL, "%s", reason.text);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* What would make all of it useless. */
static int obstacles_find(
	struct findings *ret, const struct setup *o, bool archive, struct err *err)
{
	int r = check_machine(ret, &o->sysroot, err);

	return r < 0 ? r : find_owner(ret, o, archive, err);
}

enum go { GO_ON, GO_STOP, GO_LEFT };

/* Says them first. What a step mends needs no question, what no step can do without ends it. */
static enum go obstacles_ask(const struct setup *o, const struct findings *f, bool *ret_open)
{
	struct term p;

	*ret_open = false;
	if (f->n == 0)
		return GO_ON;
	if (!o->json) {
		term_open(&p, stdout, COLOUR_AUTO);
		findings_print(f, &p);
		puts("");
	}
	for (size_t i = 0; i < f->n; i++)
		*ret_open |= !setup_mends(&f->at[i]);
	if (findings_hold_wrong(f))
		return GO_STOP;
	if (!*ret_open || !o->asks || o->dry_run)
		return GO_ON;
	return prompt_yes("Go on all the same? What is set up has no effect before that is mended.")
		       ? GO_ON
		       : GO_LEFT;
}

/* ---- what to do ------------------------------------------------------------------------------ */

struct intent {
	struct findings obstacles;
	struct config_file file;
	struct cards cards;
	struct text body;              /* of the config; empty: the existing file stays */
	bool whole;                    /* every requested device is possible */
	bool ended;                    /* by the user, or there is nothing to choose */
	const char *reason;            /* why nothing is done, or NULL */
	struct ctx planned;            /* of the config as it will be */
	struct outcome_report outcome; /* of that plan */
	struct setup_run run;
	struct setup_vm vm;   /* of --vm */
	struct one_card hook; /* of --single */
};
#define INTENT_EMPTY                                                                               \
	{                                                                                          \
		.whole = true, .cards = {.s.sysfs.devices = -1}, .planned = {.sysfs.devices = -1 } \
	}

static void intent_done(struct intent *i)
{
	findings_done(&i->obstacles);
	config_file_done(&i->file);
	cards_done(&i->cards);
	text_done(&i->body);
	outcome_report_done(&i->outcome);
	ctx_done(&i->planned);
	setup_vm_done(&i->vm);
	one_card_done(&i->hook);
}

static void mark(struct cards *c, struct pci_addr addr)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; j < c->at[i].n; j++)
			if (pci_addr_compare(card_verdict(c, &c->at[i], j)->device->addr, addr) ==
				0)
				c->at[i].chosen = !card_refusal(c, &c->at[i]);
}

/* Marks what the existing config selects. */
static int mark_configured(struct intent *i, const struct setup *o, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};

	if (!i->file.data)
		return 0;
	int r = ctx_plan_preview(&s, &o->sysroot, path_of(o), i->file.data, i->file.len, true, err);
	for (size_t v = 0; r == 0 && v < s.plan.n; v++)
		if (s.plan.verdicts[v].device)
			mark(&i->cards, s.plan.verdicts[v].device->addr);
	return r;
}

/* A device that setup has chosen and that is not there now is still asked for. */
static int keep_absent(struct intent *i, const struct setup *o, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};

	if (i->body.len == 0 || !i->file.plain)
		return 0;
	int r = ctx_plan_preview(&s, &o->sysroot, path_of(o), i->file.data, i->file.len, true, err);
	for (size_t v = 0; r == 0 && v < s.plan.n; v++)
		if (s.plan.verdicts[v].action == ACTION_ABSENT)
			text_print(&i->body, "# not there when this was written\naddresses = %s\n",
				s.plan.verdicts[v].selector->text);
	return r == 0 && i->body.failed ? err_set(err, ENOMEM, "out of memory") : r;
}

static bool is_bound_by(const struct ctx *s, const struct cards *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; c->at[i].chosen && j < c->at[i].n; j++) {
			const struct verdict *v = plan_find(
				&s->plan, card_verdict(c, &c->at[i], j)->device->addr);
			if (!v || v->action != ACTION_BIND)
				return false;
		}
	return true;
}

/* The existing file of a person is replaced only after a question. 1: it may be, or need not be. */
static int may_replace(struct intent *i, const struct setup *o, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	const struct config_file *f = &i->file;

	if (!f->data || f->plain || (!f->says_something && !f->edited && !f->ours))
		return 1;
	int r = ctx_plan_preview(&s, &o->sysroot, path_of(o), f->data, f->len, true, err);
	if (r == 0 && is_bound_by(&s, &i->cards)) {
		text_done(&i->body); /* it says so already */
		return 1;
	}
	if (r < 0 && r != -EINVAL)
		return r;
	if (o->asks &&
		prompt_yes("%s has settings of its own. Replace it (it stays as %s.before-init)?",
			path_of(o), path_of(o)))
		return 1;
	return err_set(err, EEXIST,
		"%s has settings of its own, and stays as it is: add `addresses = ADDRESS` to its [bind] by hand, or move it away",
		path_of(o));
}

static int choose_operands(struct intent *i, const struct setup *o, struct err *err)
{
	for (int n = 0; n < o->n_addresses; n++) {
		int r = cards_choose(&i->cards, o->addresses[n], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The choice. 0, or -errno; ended: there is nothing to go on with. */
static int choose(struct intent *i, const struct setup *o, struct err *err)
{
	const struct cards_select_options choice = {
		.non_boot_gpus = o->gpu, .chosen = o->n_addresses > 0, .yes = !o->asks};

	int r = cards_read(&i->cards, &o->sysroot, err);
	if (r == 0 && i->file.plain)
		r = mark_configured(i, o, err);
	if (r == 0)
		r = choose_operands(i, o, err);
	if (r == 0)
		r = cards_select(&i->cards, &choice, &i->body, err);
	if (r < 0)
		return r;
	i->whole = r > 0;
	r = keep_absent(i, o, err);
	if (r < 0)
		return r;
	i->ended = i->body.len == 0;
	if (i->ended)
		i->reason = i->file.plain
				    ? "nothing was changed; vfio-bind setup --undo takes all back"
				    : "nothing was chosen, nothing is done";
	r = i->ended ? 1 : may_replace(i, o, err);
	return r < 0 ? r : 0;
}

/* A config of a person is used as it is, unless devices are named. */
static int intent_make(struct intent *i, const struct setup *o, struct err *err)
{
	bool named = o->gpu || o->n_addresses > 0;

	int r = config_file_look(&i->file, path_of(o), err);
	if (r < 0)
		return r;
	bool has_settings = i->file.says_something || i->file.edited || i->file.ours;
	if (!named && has_settings && (!i->file.plain || !o->asks)) {
		if (!o->json)
			printf("%s is there and stays as it is.\n", path_of(o));
		return 0;
	}
	if (!named && !o->asks)
		return err_set(err, EINVAL,
			"setup without questions: say what, by address or with --gpu non-boot; vfio-bind list shows the devices");
	return choose(i, o, err);
}

/* ---- showing it ------------------------------------------------------------------------------ */

static int preview_plan(struct intent *i, const struct setup *o, struct err *err)
{
	const char *text = i->body.len > 0 ? i->body.data : i->file.data;
	size_t len = i->body.len > 0 ? i->body.len : i->file.len;

	int r = ctx_plan_preview(
		&i->planned, &o->sysroot, path_of(o), text ? text : "", len, true, err);
	if (r == 0 && !i->planned.groups_by_slots)
		ctx_read_groups(&i->planned, GROUPS_HOST);
	if (r == 0)
		r = outcome_report_make(&i->outcome, &i->planned, &o->sysroot, err);
	i->whole &= !outcomes_fail(&i->outcome.outcomes);
	return r;
}

static void find_needed(struct intent *i, const struct setup *o)
{
	struct setup_run *run = &i->run;

	run->file = &i->file;
	run->body = &i->body;
	run->trial = o->trial;
	run->to_stderr = o->json;
	run->needed[STEP_CONFIG] = i->body.len > 0 &&
				   !config_file_holds(&i->file, i->body.data, i->body.len);
	run->needed[STEP_VM] = i->vm.change.differs;
	if (is_other_machine(o))
		run->needed[STEP_PARAMETERS] = run->needed[STEP_IMAGES] = true;
	else
		setup_find_needed(run);
}

static int show_parameters(const struct setup *o, struct err *err)
{
	char path[PATH_MAX];
	const char *argv[8] = {boot_images_bootcfg(path), "--iommu", "--dry-run"};
	size_t n = 3;

	if (o->trial)
		argv[n++] = "--trial";
	if (o->sysroot.root) {
		argv[n++] = "--root";
		argv[n++] = o->sysroot.root;
	}
	argv[n] = NULL;
	int r = spawn_program(argv, err);
	if (r > 0)
		return err_set(err, EIO,
			"vfio-bootcfg --iommu --dry-run ended with %d (see above); nothing was done",
			r);
	return r;
}

/* The heading of a step, "2. ": its continuation lines are below its words. */
static void print_heading(const char *text)
{
	struct term p;

	term_open(&p, stdout, COLOUR_AUTO);
	term_line(&p, 0);
	term_put(&p, BOLD, "%.3s", text);
	p.indent = p.column;
	term_words(&p, BOLD, "%s", text + 3);
	term_end(&p);
}

static void show_images(const struct intent *i, unsigned number)
{
	_cleanup_(text_done) struct text words = {0};

	text_print(&words, "%u. ", number);
	if (i->run.needed[STEP_IMAGES] && i->run.archive)
		text_print(&words,
			"The images stay as they are, and boot entries load one archive more: vfio-bind image --install");
	else if (i->run.needed[STEP_IMAGES])
		text_print(&words,
			"The initramfs of every kernel is made again, with vfio-bind in it: " SETUP_IMAGES
			" enable");
	else
		text_print(&words, "The images of all boot entries hold this config already.");
	print_heading(words.failed ? "out of memory" : words.data);
}

static void show_vm(const struct intent *i, unsigned number)
{
	_cleanup_(text_done) struct text words = {0};

	if (!i->vm.target)
		return;
	text_print(&words,
		i->run.needed[STEP_VM] ? "%u. The VM %s gets the devices:"
				       : "%u. The VM %s has the devices already.",
		number, i->vm.target);
	puts("");
	print_heading(words.failed ? "out of memory" : words.data);
	setup_vm_show(&i->vm);
}

/* Prints the plan, and what vfio-bootcfg would write. The IOMMU may still be off: setup turns it
 * on. */
static int show(const struct intent *i, const struct setup *o, struct err *err)
{
	struct term p;

	puts("");
	print_heading(i->run.needed[STEP_CONFIG] ? "1. " CONFIG_PATH " will ask for:"
						 : "1. " CONFIG_PATH
						   " asks for, and stays as it is:");
	plan_table_print(&i->planned.plan, stdout);
	puts("");
	term_open(&p, stdout, COLOUR_AUTO);
	outcomes_print(&i->outcome.outcomes, &p);
	puts("");
	int r = 0;
	if (i->run.needed[STEP_PARAMETERS]) {
		print_heading(o->trial ? "2. The kernel parameters, for the next boot only:"
				       : "2. The kernel parameters:");
		if (!o->sysroot.sysfs || o->sysroot.root)
			r = show_parameters(o, err);
	} else {
		print_heading("2. The kernel parameters are set already.");
	}
	show_vm(i, 3);
	puts("");
	show_images(i, i->vm.target ? 4 : 3);
	puts("");
	return r;
}

/* ---- json ------------------------------------------------------------------------------------ */

static int print_json(const struct intent *i, const struct setup *o, const char *reason,
	enum cmd_result result, struct err *err)
{
	static const char *const names[SETUP_STEPS] = {
		"config", "parameters", "vm", "hook", "images"};
	const struct init_report t = {.file = path_of(o),
		.written = i->run.done[STEP_CONFIG],
		.whole = i->whole && result == CMD_AS_ASKED,
		.reason = reason,
		.body = &i->body,
		.s = i->planned.sysfs.devices >= 0 ? &i->planned : NULL,
		.outcomes = i->outcome.inventory.at ? &i->outcome.outcomes : NULL,
		.cards = i->cards.n > 0 ? &i->cards : NULL};
	struct json j = {.f = stdout};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	findings_print_json(&i->obstacles, &j);
	json_open_array(&j, "steps");
	for (unsigned n = 0; n < SETUP_STEPS; n++) {
		if ((n == STEP_VM && !o->vm) || (n == STEP_HOOK && !o->single))
			continue;
		json_open_object(&j, NULL);
		json_string(&j, "step", names[n]);
		json_bool(&j, "needed", i->run.needed[n]);
		json_bool(&j, "done", i->run.done[n]);
		json_close_object(&j);
	}
	json_close_array(&j);
	int r = init_json(&j, &t, err);
	if (r < 0)
		return r;
	json_close_object(&j);
	json_end(&j);
	return 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum cmd_result stop(struct intent *i, const char *reason)
{
	i->reason = reason;
	log_print(LOG_NOTICE, "%s", reason);
	return CMD_NOT_ALL;
}

static bool is_interrupted(struct intent *i)
{
	return interrupt_came(&i->run.interrupt) != 0;
}

static enum cmd_result carry_out(struct intent *i, struct err *err)
{
	if (setup_do(&i->run, err) < 0)
		return CMD_SYSTEM;
	if (i->run.interrupt.signal)
		log_print(LOG_NOTICE, "the interrupt came in the last step, which was finished");
	log_print(LOG_NOTICE, "all is set up (back: vfio-bind setup --undo)");
	if (i->run.hook)
		log_print(LOG_NOTICE,
			"reboot now, also for libvirt to see the hook; then the start of %s ends the desktop, and its end brings that back",
			i->vm.target);
	else
		log_print(LOG_NOTICE, "reboot now, then run vfio-bind status");
	return i->whole ? CMD_AS_ASKED : CMD_NOT_ALL;
}

static enum cmd_result ask_and_do(struct intent *i, const struct setup *o, struct err *err)
{
	const bool *needed = i->run.needed;
	bool any = false;

	for (unsigned n = 0; n < SETUP_STEPS; n++)
		any |= needed[n];
	if (o->dry_run) {
		i->reason = "a dry run";
		return i->whole ? CMD_AS_ASKED : CMD_NOT_ALL;
	}
	if (!any) {
		i->reason = "all of this is set up already";
		log_print(LOG_NOTICE, "%s (back: vfio-bind setup --undo)", i->reason);
		return i->whole ? CMD_AS_ASKED : CMD_NOT_ALL;
	}
	if (o->asks && !prompt_yes("Apply these changes?"))
		return stop(i,
			is_interrupted(i) ? "interrupted: nothing was done" : "nothing was done");
	return carry_out(i, err);
}

/* ---- one graphics card ----------------------------------------------------------------------- */

static int show_single(const struct intent *i, const struct setup *o, struct err *err)
{
	_cleanup_(text_done) struct text words = {0};
	int r = 0;

	print_heading(i->run.needed[STEP_PARAMETERS] ? "1. The kernel parameters:"
						     : "1. The kernel parameters are set already.");
	if (i->run.needed[STEP_PARAMETERS] && (!o->sysroot.sysfs || o->sysroot.root))
		r = show_parameters(o, err);
	puts("");
	show_vm(i, 2);
	puts("");
	text_print(&words,
		i->run.needed[STEP_HOOK]
			? "3. A hook of libvirt ends the desktop for it, and brings that back: %s"
			: "3. The hook of libvirt is there already: %s",
		i->hook.path);
	print_heading(words.failed ? "out of memory" : words.data);
	puts("");
	return r;
}

/* Nothing is bound at boot, so that no config and no image is needed: the hook has the card bound
 * when the VM starts. */
static enum cmd_result go_single(struct intent *i, const struct setup *o, struct err *err)
{
	struct pci_addr card;

	enum cmd_result r = setup_vm_open(&i->vm, o->vm, err);
	if (r == CMD_AS_ASKED)
		r = setup_vm_plan_single(
			&i->vm, o->addresses, o->n_addresses, &o->sysroot, &card, err);
	if (r != CMD_AS_ASKED)
		return r;
	int code = one_card_look(&i->hook, i->vm.target, card, err);
	if (code < 0)
		return code == -EEXIST ? CMD_NOT_ALL : CMD_SYSTEM;
	i->run.vm = &i->vm;
	i->run.hook = &i->hook;
	find_needed(i, o);
	i->run.needed[STEP_CONFIG] = i->run.needed[STEP_IMAGES] = false;
	i->run.needed[STEP_HOOK] = i->hook.differs;
	if (!o->json && show_single(i, o, err) < 0)
		return CMD_SYSTEM;
	setup_vm_advise(&i->vm);
	one_card_advise(&i->hook, i->vm.target);
	return ask_and_do(i, o, err);
}

/* ---- the way ----------------------------------------------------------------------------------
 */

static enum cmd_result result_of(int r)
{
	if (r == -EINVAL)
		return CMD_USAGE;
	return r == -EEXIST || r == -ENODEV ? CMD_NOT_ALL : CMD_SYSTEM;
}

static enum cmd_result go(struct intent *i, const struct setup *o, struct err *err)
{
	bool open;

	if (setup_state_read(&i->run.state, err) < 0)
		return CMD_SYSTEM;
	const struct setup_state *was = &i->run.state;
	if (o->archive && was->images && !was->archive)
		return stop(i,
			"setup has made images with vfio-bind here: take that back first, by vfio-bind setup --undo");
	/* It goes on as it has begun. */
	i->run.archive = o->archive || was->archive;
	if (obstacles_find(&i->obstacles, o, i->run.archive || o->single, err) < 0)
		return CMD_SYSTEM;
	switch (obstacles_ask(o, &i->obstacles, &open)) {
	case GO_STOP:
		return stop(i, "setup stops here; nothing was done");
	case GO_LEFT:
		return stop(i,
			is_interrupted(i) ? "interrupted: nothing was done" : "nothing was done");
	default:
		i->whole &= !open;
	}
	if (o->single)
		return go_single(i, o, err);
	if (o->vm) {
		enum cmd_result found = setup_vm_open(&i->vm, o->vm, err);
		if (found != CMD_AS_ASKED)
			return found;
		i->run.vm = &i->vm;
	}
	int r = intent_make(i, o, err);
	if (is_interrupted(i)) {
		*err = (struct err){""};
		return stop(i, "interrupted: nothing was done");
	}
	if (r < 0)
		return result_of(r);
	i->whole &= !open;
	if (i->ended)
		return stop(i, i->reason);
	r = preview_plan(i, o, err);
	if (r < 0)
		return r == -EINVAL ? CMD_CONFIG : CMD_SYSTEM;
	if (o->vm) {
		enum cmd_result fits = setup_vm_plan(
			&i->vm, &i->planned.plan, &i->cards, was, &o->sysroot, err);
		if (fits != CMD_AS_ASKED)
			return fits;
	}
	find_needed(i, o);
	if (!o->json && show(i, o, err) < 0)
		return CMD_SYSTEM;
	setup_vm_advise(&i->vm);
	return ask_and_do(i, o, err);
}

static enum cmd_result setup(const struct setup *o, struct err *err)
{
	_cleanup_(intent_done) struct intent i = INTENT_EMPTY;

	interrupt_hold();
	enum cmd_result result = go(&i, o, err);
	if (o->json && result != CMD_USAGE &&
		print_json(&i, o, err->text[0] ? err->text : i.reason, result, err) < 0)
		result = CMD_SYSTEM;
	(void)interrupt_came(&i.run.interrupt);
	interrupt_release();
	if (fflush(stdout) == 0)
		return result;
	(void)err_set(err, errno, "standard output: %s", strerror(errno));
	return CMD_SYSTEM;
}

static enum cmd_result undo(const struct setup *o, struct err *err)
{
	struct setup_run run = {.ask = o->asks, .to_stderr = o->json};

	if (setup_state_read(&run.state, err) < 0)
		return CMD_SYSTEM;
	if (setup_state_is_empty(&run.state)) {
		log_print(LOG_NOTICE, "setup has done nothing here, nothing to take back");
		return CMD_AS_ASKED;
	}
	interrupt_hold();
	int r = setup_undo(&run, err);
	(void)interrupt_came(&run.interrupt);
	interrupt_release();
	if (r < 0)
		return CMD_SYSTEM;
	log_print(LOG_NOTICE, "all that setup did is taken back; reboot now");
	return CMD_AS_ASKED;
}

static bool words_fit(const struct setup *o, struct err *err)
{
	if (o->gpu && !str_equal(o->gpu, "non-boot"))
		(void)err_set(err, EINVAL, "--gpu %s: write non-boot", o->gpu);
	else if (o->gpu && o->n_addresses > 0)
		(void)err_set(err, EINVAL, "--gpu and addresses: one of them");
	else if (o->single && (!o->vm || o->gpu || o->archive || o->undo))
		(void)err_set(err, EINVAL,
			"--single goes with --vm NAME, and without --gpu, --image and --undo: nothing is bound at boot");
	else if (o->undo && (o->gpu || o->vm || o->n_addresses > 0 || o->dry_run || o->trial ||
				    o->json || o->archive))
		(void)err_set(err, EINVAL, "--undo takes back all of it, with --yes alone");
	else if (o->json && !o->yes && !o->dry_run)
		(void)err_set(err, EINVAL,
			"--json asks nothing: with --yes it writes, with --dry-run it does not");
	else if (!o->asks && !o->yes && !o->dry_run && !o->undo)
		(void)err_set(err, EINVAL,
			"standard input is not a terminal, so that setup can't ask: name the devices and add --yes");
	else if (is_other_machine(o) && !o->dry_run)
		(void)err_set(err, EINVAL,
			"--config, --sysfs, --root and --cmdline name another machine: add --dry-run");
	else
		return true;
	return false;
}

enum cmd_result cmd_setup(int argc, char **argv, struct err *err)
{
	struct setup o = {.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"The whole way: config, kernel parameters and initramfs, shown and confirmed once. Run again it adds and removes devices.",
		.takes = "PCI addresses, as 0000:01:00.0 or 01:00.*",
		.operands = "[ADDRESS...]"};
	bool help = false;
	const struct option_row rows[] = {
		{"gpu", 0, "WHICH", "non-boot: every display but the boot display", &o.gpu, NULL,
			NULL, NULL},
		{"vm", 0, "NAME|FILE", "put the devices into this VM, too, as vfio-bind vm does",
			&o.vm, NULL, NULL, NULL},
		{"single", 0, NULL,
			"the only graphics card, which the desktop and the VM have by turns", NULL,
			&o.single, NULL, NULL},
		{"yes", 'y', NULL, "ask nothing", NULL, &o.yes, NULL, NULL},
		{"dry-run", 'n', NULL, "show all of it and do nothing", NULL, &o.dry_run, NULL,
			NULL},
		{"trial", 0, NULL, "set the kernel parameters for the next boot only", NULL,
			&o.trial, NULL, NULL},
		{"image", 0, NULL,
			"make no image: have the boot entries load an archive beside theirs", NULL,
			&o.archive, NULL, NULL},
		{"undo", 0, NULL, "take back all that setup did", NULL, &o.undo, NULL, NULL},
		{"json", 0, NULL, "print JSON, with --yes or --dry-run", NULL, &o.json, NULL, NULL},
		SYSROOT_OPTIONS(&o.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &o.n_addresses, &result, err))
		return result;
	o.addresses = argv + 1;
	o.asks = !o.yes && !o.json && isatty(STDIN_FILENO);
	log_open("vfio-bind", LOG_TO_STDERR, false);
	if (!words_fit(&o, err))
		return CMD_USAGE;
	if (geteuid() != 0 && !o.dry_run) {
		(void)err_set(err, EPERM, "setup needs root: run it with sudo");
		return CMD_SYSTEM;
	}
	return o.undo ? undo(&o, err) : setup(&o, err);
}
