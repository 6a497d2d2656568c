/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/init.h"

#include "base/command.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "cli/cards_select.h"
#include "cli/cmd.h"
#include "cli/config_file.h"
#include "cli/import.h"
#include "cli/plan_table.h"
#include "cli/sysroot.h"
#include "core/guard.h"
#include "shared/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- json --------------------------------------------------------------------------------------
 */

static const char *or_null(const char *s)
{
	return s && s[0] ? s : NULL;
}

static int print_lines(struct json *j, const struct text *body, struct err *err)
{
	_cleanup_(str_free) char *copy = strdup(body->data ? body->data : "");
	char *rest = copy;

	if (!copy)
		return err_set(err, ENOMEM, "out of memory");
	json_open_array(j, "lines");
	for (char *line; (line = strsep(&rest, "\n"));)
		if (rest) /* no line follows the last newline */
			json_string(j, NULL, line);
	json_close_array(j);
	return 0;
}

static void print_device(struct json *j, const struct ctx *s, const struct verdict *v)
{
	const struct device *d = v->device;
	char name[VERDICT_NAME_MAX], id[PCI_ID_MAX];

	json_open_object(j, NULL);
	json_string(j, "address", verdict_name(v, name));
	if (d) {
		struct pci_id shown = d->id;
		shown.subvendor = shown.subdevice = PCI_ANY;
		json_string(j, "id", pci_id_format(&shown, id));
	} else {
		json_null(j, "id");
	}
	if (d && d->group >= 0 && !s->groups_by_slots)
		json_int(j, "group", d->group);
	else
		json_null(j, "group");
	json_string(j, "action", action_name(v->action));
	json_string(j, "driver", v->action == ACTION_BIND ? v->driver : NULL);
	json_bool(j, "companion", v->companion);
	json_string(j, "why", v->reason);
	json_string(j, "before", d ? or_null(d->driver) : NULL);
	json_close_object(j);
}

/* Prints the displays that --gpu would select, if the guards allowed it. */
static void print_stays(struct json *j, const struct cards *c)
{
	char address[PCI_ADDR_MAX];

	json_open_array(j, "stays");
	for (size_t i = 0; c && i < c->n; i++) {
		const struct card *k = &c->at[i];
		const char *reason = k->display ? card_refusal(c, k) : NULL;
		for (size_t f = 0; reason && f < k->n; f++) {
			const struct verdict *v = card_verdict(c, k, f);
			json_open_object(j, NULL);
			json_string(j, "address", pci_addr_format(v->device->addr, address));
			json_string(j, "why", v->action == ACTION_BIND ? reason : v->reason);
			json_close_object(j);
		}
	}
	json_close_array(j);
}

int init_json(struct json *j, const struct init_report *t, struct err *err)
{
	json_string(j, "file", t->file);
	json_bool(j, "written", t->written);
	json_bool(j, "undone", t->undone);
	json_bool(j, "whole", t->whole);
	json_string(j, "why", t->reason);
	int r = print_lines(j, t->body, err);
	if (r < 0)
		return r;
	json_open_array(j, "devices");
	for (size_t i = 0; t->s && i < t->s->plan.n; i++)
		print_device(j, t->s, &t->s->plan.verdicts[i]);
	json_close_array(j);
	print_stays(j, t->cards);
	if (t->s && t->s->host.devices.n > 0)
		json_bool(j, "iommu", !t->s->groups_by_slots);
	else
		json_null(j, "iommu");
	groups_print_json(t->s ? t->s->plan.groups : NULL, j);
	outcomes_print_json(t->outcomes, j);
	return 0;
}

static int print_json(const struct init_report *t, struct err *err)
{
	struct json j = {.f = stdout};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	int r = init_json(&j, t, err);
	if (r < 0)
		return r;
	json_close_object(&j);
	json_end(&j);
	return 0;
}

/* ---- init --------------------------------------------------------------------------------------
 */

struct init {
	struct sysroot sysroot;
	const char *gpu;
	bool import, yes, dry_run, undo, json;
};

static const char *path_of(const struct init *o)
{
	return o->sysroot.config ? o->sysroot.config : CONFIG_PATH;
}

/* Prints the result as JSON if requested; text has been logged before. */
static enum cmd_result tell(
	const struct init *o, const struct init_report *t, enum cmd_result done, struct err *err)
{
	if (o->json && print_json(t, err) < 0)
		return CMD_SYSTEM;
	if (fflush(stdout) == 0)
		return done;
	(void)err_set(err, errno, "standard output: %s", strerror(errno));
	return CMD_SYSTEM;
}

static enum cmd_result undo(const struct init *o, struct err *err)
{
	const struct text nothing = {0};
	struct init_report t = {.file = path_of(o), .body = &nothing, .whole = true};
	int r = config_file_take_back(t.file, !o->yes && !o->json, err);

	if (r < 0 && r != -EBUSY)
		return CMD_SYSTEM;
	t.undone = r > 0;
	t.whole = r >= 0;
	if (r < 0)
		t.reason = err->text;
	else if (r == 0)
		t.reason = "init has written nothing there";
	if (r >= 0)
		log_print(LOG_NOTICE,
			r > 0 ? "%s: the file before init is back"
			      : "%s: init has written nothing there, nothing to take back",
			t.file);
	return tell(o, &t, r < 0 ? CMD_NOT_ALL : CMD_AS_ASKED, err);
}

/* Plans for the config to be written. */
static int preview(const struct init *o, struct ctx *s, const struct text *body, struct err *err)
{
	int r = ctx_plan_preview(s, &o->sysroot, path_of(o), body->data, body->len, true, err);

	if (r == 0 && !s->groups_by_slots)
		ctx_read_groups(s, GROUPS_HOST);
	return r;
}

/* Prints the plan before the question whether to write the config. */
static void show(const struct init_report *t)
{
	const struct ctx *s = t->s;
	struct term p;

	puts("");
	plan_table_print(&s->plan, stdout);
	puts("");
	term_open(&p, stdout, COLOUR_AUTO);
	outcomes_print(t->outcomes, &p);
	if (s->groups_by_slots)
		printf("The IOMMU is off: nothing is bound before it is on in the firmware and in the kernel\n(vfio-bootcfg --iommu).\n");
	puts("");
}

static void log_next(void)
{
	puts("Next: vfio-bootcfg --iommu --dry-run     the kernel parameters; then without --dry-run\n"
	     "      /usr/lib/vfio-bind/setup enable    the initramfs of every kernel\n"
	     "      reboot, and vfio-bind status\n"
	     "Back: vfio-bind init --undo");
}

/* A file with other settings is not replaced without a question. */
static bool may_replace(const struct init *o, const struct config_file *f)
{
	if (!f->says_something && !f->edited)
		return true;
	if (o->yes) {
		log_print(LOG_ERROR,
			"%s has settings of its own%s: nothing is written; put the lines above into it by hand, or empty it first",
			f->path, f->edited ? " since init wrote it" : "");
		return false;
	}
	return prompt_yes("%s has settings of its own. Replace it (it stays as %s.before-init)?",
		f->path, f->path);
}

/* Writes the body of t, unless that is not wanted, and fills in the result. */
static enum cmd_result put(const struct init *o, struct init_report *t, struct err *err)
{
	_cleanup_(config_file_done) struct config_file f = {0};
	enum cmd_result done = t->whole ? CMD_AS_ASKED : CMD_NOT_ALL;

	if (config_file_look(&f, t->file, err) < 0)
		return CMD_SYSTEM;
	if (!o->json)
		fwrite(t->body->data, 1, t->body->len, stdout);
	if (o->dry_run) {
		t->reason = "a dry run";
		return done;
	}
	if (!o->json)
		show(t);
	if (config_file_holds(&f, t->body->data, t->body->len)) {
		t->reason = "the file says this already";
		log_print(LOG_NOTICE, "%s says this already", f.path);
		return done;
	}
	if (!may_replace(o, &f) || (!o->yes && !prompt_yes("Write this to %s?", f.path))) {
		t->reason = "the file has settings of its own"; /* printed without a question */
		log_print(LOG_NOTICE, "nothing was written");
		return CMD_NOT_ALL;
	}
	if (config_file_write(&f, t->body->data, t->body->len, err) < 0)
		return CMD_SYSTEM;
	t->written = true;
	log_print(LOG_NOTICE, "%s is written", f.path);
	if (!o->json)
		log_next();
	return done;
}

/* Reads the cards, which remain the caller's, unless the config is imported. */
static int gather(const struct init *o, struct cards *c, struct text *body, struct err *err)
{
	const struct cards_select_options choice = {
		.non_boot_gpus = o->gpu, .yes = o->yes || o->json};

	if (o->import)
		return import_config(o->sysroot.root, &o->sysroot, body, err);
	int r = cards_read(c, &o->sysroot, err);
	if (r == 0)
		r = cards_select(c, &choice, body, err);
	if (!o->gpu && !o->yes)
		puts(""); /* between the questions and the result */
	return r;
}

static const char *why_nothing(const struct init *o, bool whole)
{
	if (!o->import)
		return "nothing was chosen";
	return whole ? "no other tool's settings were found"
		     : "nothing that was found can be taken over: name the devices in [bind]";
}

static enum cmd_result init(const struct init *o, struct err *err)
{
	_cleanup_(text_done) struct text body = {0};
	_cleanup_(cards_done) struct cards c = {.s.sysfs.devices = -1};
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	_cleanup_(outcome_report_done) struct outcome_report outcome = {0};
	int r = gather(o, &c, &body, err);

	if (r < 0)
		return CMD_SYSTEM;
	struct init_report t = {
		.file = path_of(o), .whole = r > 0, .body = &body, .cards = o->import ? NULL : &c};
	if (body.len == 0) {
		t.whole = false;
		t.reason = why_nothing(o, r > 0);
		log_print(LOG_NOTICE, "%s%s", t.reason, o->import ? "" : ", nothing is written");
		return tell(o, &t, CMD_NOT_ALL, err);
	}
	if ((o->json || !o->dry_run) &&
		(preview(o, &s, &body, err) < 0 ||
			outcome_report_make(&outcome, &s, &o->sysroot, err) < 0))
		return CMD_SYSTEM;
	t.s = &s;
	t.outcomes = &outcome.outcomes;
	enum cmd_result done = put(o, &t, err);
	return done == CMD_SYSTEM ? done : tell(o, &t, done, err);
}

/* Questions are for users; with JSON everything is on the command line. */
static bool words_fit(const struct init *o, struct err *err)
{
	bool said = o->gpu || o->import || o->undo;

	if (o->gpu && !str_equal(o->gpu, "non-boot"))
		(void)err_set(err, EINVAL, "--gpu %s: write non-boot", o->gpu);
	else if ((o->yes || o->json) && !said)
		(void)err_set(err, EINVAL, "%s: say what with --gpu non-boot or --import",
			o->json ? "--json asks nothing" : "--yes");
	else if (o->json && !o->yes && !o->dry_run && !o->undo)
		(void)err_set(err, EINVAL,
			"--json asks nothing: with --yes it writes, with --dry-run it does not");
	else
		return true;
	return false;
}

enum cmd_result cmd_init(int argc, char **argv, struct err *err)
{
	struct init o = {.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about = "Asks for the devices for VMs and writes the config."};
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
		{"json", 0, NULL, "print JSON, with --yes, --dry-run or --undo", NULL, &o.json,
			NULL, NULL},
		SYSROOT_OPTIONS(&o.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if (!words_fit(&o, err))
		return CMD_USAGE;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	if (!o.dry_run && !o.sysroot.config && needs_root("init", NULL, err) < 0)
		return CMD_SYSTEM;
	return o.undo ? undo(&o, err) : init(&o, err);
}
