/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cmd.h"
#include "cli/dev_status.h"
#include "cli/other_ids.h"
#include "cli/sysroot.h"
#include "core/config.h"
#include "core/report.h"
#include "host/host_snapshot.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct status_args {
	const char *run_dir;
	const char *sysfs;
	const char *config;
	bool json, quiet, clear, confirm;
};

static void log_config(const struct status *a)
{
	if (a->config_changed > 0)
		log_print(LOG_WARNING,
			"%s is another than the one in this boot's image: /usr/lib/vfio-bind/setup enable makes the images anew",
			a->boot.config ? a->boot.config : "the config");
}

/* Logs everything in one line, for a journal or the mail of a monitor. */
static void log_line(const struct status *a)
{
	char text[DEV_STATUS_TEXT_MAX], address[PCI_ADDR_MAX];
	const struct dev_status *first = NULL;
	size_t bad = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (dev_status_is_ok(&a->rows[i]))
			continue;
		bad++;
		first = first ? first : &a->rows[i];
	}
	if (a->boot.off)
		log_print(LOG_ERROR, "nothing was touched at this boot: %s", a->boot.off);
	else if (a->boot.config_errors > 0)
		log_print(LOG_ERROR, "nothing was bound at this boot, the config was in error: %s",
			a->boot.n_errors > 0 ? a->boot.errors[0] : "the report does not say which");
	else if (!first && a->n_unfinished > 0)
		log_print(LOG_ERROR, "%s %s", pci_addr_format(a->unfinished[0].addr, address),
			status_unfinished_text(&a->unfinished[0], text));
	else if (first)
		log_print(LOG_ERROR, "%zu of %zu devices are not as asked: %s %s (asked at %s)%s",
			bad, a->n, first->requested->address, dev_status_text(first, a, text),
			first->requested->asked ? first->requested->asked : "?",
			bad > 1 ? ", and others" : "");
	else if (a->strays.n > 0)
		log_print(LOG_ERROR, "%s", a->strays.v[0]);
	else
		log_print(LOG_INFO, "all %zu devices are as asked", a->n);
}

static enum cmd_result tell(const struct status_args *o, const struct status *a, struct err *err)
{
	if (o->json) {
		status_print_json(a, stdout);
	} else if (o->quiet) {
		log_line(a);
	} else {
		for (size_t i = 0; i < a->boot.n_errors && a->boot.config_errors > 0; i++)
			log_print(LOG_ERROR, "%s", a->boot.errors[i]);
		if (a->boot.config_errors > 0)
			log_print(LOG_ERROR, "%s: nothing was bound because of the errors in it",
				a->boot.config ? a->boot.config : "the config");
		status_print(a, stdout);
		for (size_t i = 0; i < a->strays.n; i++)
			log_print(LOG_ERROR, "%s", a->strays.v[i]);
	}
	if (!o->quiet)
		log_config(a);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	if (a->boot.config_errors > 0)
		return CMD_CONFIG;
	return status_is_ok(a) ? CMD_AS_ASKED : CMD_NOT_ALL;
}

/* ---- devices that vfio-pci took by ids of other tools ---------------------------------------- */

/* For a tree, from its record of the machine. */
static void read_other_ids(struct other_ids *ret, const struct status_args *o, struct sysfs *s)
{
	_cleanup_(str_free) char *cmdline = NULL, *root = NULL;

	if (o->sysfs)
		cmdline = sysfs_path_text(s, NOTES_DIRECTORY "/cmdline");
	else
		(void)!kcmdline_read(&cmdline, NULL);
	if (o->sysfs && asprintf(&root, "%s/" NOTES_ROOT, o->sysfs) < 0)
		root = NULL;
	other_ids_read(ret, o->sysfs ? root : "", cmdline ? cmdline : "");
}

static bool is_endpoint(const struct device *d, const void *arg)
{
	(void)arg;
	return !device_is_bridge(d);
}

static bool was_bound(const struct status *a, const char *address)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_equal(a->rows[i].requested->address, address) &&
			str_equal(a->rows[i].requested->action, action_name(ACTION_BIND)))
			return true;
	return false;
}

static int add_stray(
	struct status *a, const struct device *d, const struct other_id *one, struct err *err)
{
	_cleanup_(str_free) char *line = NULL;
	char address[PCI_ADDR_MAX];

	if (asprintf(&line,
		    "%s: %s has it by an id, and no guard was asked: %s claims it; take that out",
		    pci_addr_format(d->addr, address), d->driver, one->from) < 0) {
		line = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	return strings_add_unique(&a->strays, line, err);
}

/* Reads the device's current driver, and finds the first entry that matches it. */
static int check_stray(struct status *a, struct sysfs *s, struct device *d,
	const struct other_ids *ids, struct err *err)
{
	char address[PCI_ADDR_MAX];

	if (d->error < 0 || was_bound(a, pci_addr_format(d->addr, address)))
		return 0;
	scan_driver(s, d);
	for (size_t i = 0; i < ids->n; i++)
		if (other_ids_mean(ids->at[i].ids, d))
			return other_ids_have(s, d) ? add_stray(a, d, &ids->at[i], err) : 0;
	return 0;
}

static int find_strays(const struct status_args *o, struct status *a, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(other_ids_done) struct other_ids ids = {0};
	_cleanup_(device_list_done) struct device_list all = {0};
	int r = sysfs_open(&s, o->sysfs, err);

	if (r < 0)
		return r;
	read_other_ids(&ids, o, &s);
	if (ids.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (ids.n > 0)
		r = scan_all(&s, &all, false, is_endpoint, NULL, err);
	scan_sort(&all);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = check_stray(a, &s, &all.at[i], &ids, err);
	return r;
}

/* After installation, before the first device is configured, an alarm is useless. */
static bool asks_for_something(const char *config)
{
	_cleanup_(config_done) struct config c = {0};

	return (config_read(&c, config, false) < 0 && !c.missing) || c.n_all_selectors > 0;
}

static enum cmd_result compare(const struct status_args *o, struct err *err)
{
	_cleanup_(status_done) struct status a;
	char text[DEV_STATUS_TEXT_MAX], address[PCI_ADDR_MAX];
	struct err reason = {""};
	int r = status_read(&a, o->run_dir, o->sysfs, o->config, &reason);

	bool no_report = r == -ENOENT && !a.boot.devices;
	for (size_t i = 0; r < 0 && i < a.n_unfinished; i++)
		log_print(LOG_ERROR, "%s %s", pci_addr_format(a.unfinished[i].addr, address),
			status_unfinished_text(&a.unfinished[i], text));
	if (no_report && !asks_for_something(o->config)) {
		log_print(LOG_INFO,
			"%s asks for nothing, and there is no report of this boot; vfio-bind setup chooses devices",
			o->config);
		return a.n_unfinished > 0 ? CMD_NOT_ALL : CMD_AS_ASKED;
	}
	if (r == 0)
		r = find_strays(o, &a, &reason);
	if (no_report)
		(void)err_set(err, ENOENT,
			"%s/" REPORT_NAME
			" is not there: at this boot vfio-bind did not run. Is it in the image? /usr/lib/vfio-bind/setup enable puts it there",
			o->run_dir);
	else if (r < 0)
		*err = reason;
	return r < 0 ? CMD_SYSTEM : tell(o, &a, err);
}

/* A boot without a report had nothing to bind, so there is nothing to confirm. */
static enum cmd_result confirm(const struct status_args *o, struct err *err)
{
	_cleanup_(report_done) struct report boot = {0};
	int r = report_read(&boot, o->run_dir, err);

	if (r == -ENOENT) {
		*err = (struct err){""};
		return CMD_AS_ASKED;
	}
	if (r == 0)
		r = bootcount_reached(&boot.bootcount, o->sysfs, err);
	if (r > 0)
		log_print(LOG_INFO, "%s",
			boot.bootcount.state == BOOT_BAD
				? "this boot without the devices has reached its end"
				: "confirmed: with these devices and this kernel a boot reaches its end");
	return r < 0 ? CMD_SYSTEM : CMD_AS_ASKED;
}

static enum cmd_result clear(const struct status_args *o, struct err *err)
{
	if (bootcount_clear(o->sysfs, err) < 0)
		return CMD_SYSTEM;
	if (!o->quiet)
		log_print(LOG_INFO, "failed boots are forgotten; the next boot binds");
	return CMD_AS_ASKED;
}

static enum cmd_result run(const struct status_args *o, struct err *err)
{
	if (o->clear && o->confirm)
		(void)err_set(err, EINVAL, "--clear and --confirm: one of them");
	else if (o->clear)
		return clear(o, err);
	else if (o->confirm)
		return confirm(o, err);
	else
		return compare(o, err);
	return CMD_USAGE;
}

enum cmd_result cmd_status(int argc, char **argv, struct err *err)
{
	struct status_args o = {.run_dir = REPORT_DIR, .config = CONFIG_PATH};
	static const struct command_info info = {
		.about =
			"Compares what was asked for with what is: who has each device now, and since when. Exit status 0 where all of it holds."};
	bool help = false;
	const struct option_row rows[] = {
		{"config", 'c', "FILE", "compare with FILE instead of " CONFIG_PATH, &o.config,
			NULL, NULL, NULL},
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &o.sysfs, NULL, NULL, NULL},
		{"run", 0, "DIR", "look for the reports below DIR instead of " REPORT_DIR,
			&o.run_dir, NULL, NULL, NULL},
		{"json", 0, NULL, "print JSON instead of a table", NULL, &o.json, NULL, NULL},
		{"quiet", 'q', NULL, "print no table, only one line for the log", NULL, &o.quiet,
			NULL, NULL},
		{"clear", 0, NULL, "forget the boots that failed: the next one binds", NULL,
			&o.clear, NULL, NULL},
		{"confirm", 0, NULL, "this boot has reached its end (run by the system)", NULL,
			&o.confirm, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if ((o.clear || o.confirm) &&
		needs_root(o.clear ? "status --clear" : "status --confirm", o.sysfs, err) < 0)
		return CMD_SYSTEM;
	return run(&o, err);
}
