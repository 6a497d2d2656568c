/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/list.h"

#include "base/log.h"
#include "base/str.h"
#include "bind/modules.h"
#include "cmd/cmd.h"
#include "cmd/command_parse.h"
#include "cmd/ctx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLASS_USB 0x0c03

struct list {
	struct sysroot world;
	bool json, tree, gpu, usb, asked;
	const char *group;
	int group_number;
	enum colour_mode colour;
};

/* A card is shown whole: with its sound, which goes where it goes. */
static bool is_of_display(const struct inventory *v, const struct function *f)
{
	for (size_t i = 0; i < v->n; i++)
		if (device_is_display(&v->at[i].d) &&
			pci_addr_same_device(v->at[i].d.addr, f->d.addr))
			return true;
	return false;
}

static bool is_wanted(const struct list *o, const struct listing *l, const struct function *f)
{
	bool kind = (o->gpu && is_of_display(l->inventory, f)) ||
		    (o->usb && f->d.class >> 8 == CLASS_USB);

	return (kind || !(o->gpu || o->usb)) && (!o->group || f->d.group == o->group_number) &&
	       (!o->asked || listing_verdict(l, f));
}

/* What has no group comes last. */
static int order(const void *a, const void *b)
{
	const struct function *x = *(const struct function *const *)a;
	const struct function *y = *(const struct function *const *)b;
	unsigned one = (unsigned)x->d.group, other = (unsigned)y->d.group;

	return one != other ? (one > other) - (one < other)
			    : pci_addr_compare(x->d.addr, y->d.addr);
}

static enum cmd_result show(const struct list *o, struct listing *l, struct err *err)
{
	struct term page;

	/* pointers are what is sorted */
	l->shown = calloc(l->inventory->n ? l->inventory->n : 1,
		sizeof(*l->shown)); // NOLINT(bugprone-sizeof-expression)
	if (!l->shown) {
		(void)err_set(err, ENOMEM, "no memory for %zu devices", l->inventory->n);
		return CMD_SYSTEM;
	}
	for (size_t i = 0; i < l->inventory->n; i++)
		if (is_wanted(o, l, &l->inventory->at[i]))
			l->shown[l->n++] = &l->inventory->at[i];
	qsort(l->shown, l->n, sizeof(*l->shown), order); // NOLINT(bugprone-sizeof-expression)
	term_open(&page, stdout, o->colour);
	if (o->json)
		listing_print_json(l, stdout);
	else if (o->tree)
		listing_print_tree(l, &page);
	else
		listing_print(l, &page);
	free(l->shown);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	return CMD_AS_ASKED;
}

/* The drivers that the running kernel would load; modalias is what it asks modprobe for. */
static void add_candidates(struct inventory *v, struct sysfs *s)
{
	struct err err = {""};
	struct module_index index;
	char alias[96];

	if (module_index_open(&index, &err) < 0)
		return; /* no index, no candidates: that is `check`'s to tell */
	for (size_t i = 0; i < v->n; i++)
		if (sysfs_read(s, v->at[i].d.addr, "modalias", alias, sizeof(alias)) > 0)
			v->at[i].candidates = module_index_drivers(&index, alias);
	module_index_done(&index);
}

/* A config that is not there asks for nothing; one with errors would, and nobody knows what for. */
static int read_situation(const struct list *o, struct ctx *s, struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};
	int r = ctx_read(s, &o->world, &bind, err);

	if (r != -EINVAL)
		return r;
	if (o->world.config || o->asked || access(sysroot_config_file(&o->world), F_OK) == 0) {
		ctx_log_errors(&s->config);
		log_print(LOG_WARNING, "what the config asks for is not marked");
	}
	return r;
}

static enum cmd_result list(const struct list *o, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s;
	_cleanup_(sysfs_done) struct sysfs sysfs = {.devices = -1};
	_cleanup_(inventory_done) struct inventory inventory = {0};
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	_cleanup_(pciids_close) struct pciids names = {0};
	int asked = read_situation(o, &s, err);

	if (asked < 0 && asked != -EINVAL)
		return CMD_SYSTEM;
	if (sysfs_open(&sysfs, o->world.sysfs, err) < 0)
		return CMD_SYSTEM;
	host_snapshot_read(&notes, &sysfs, !o->world.sysfs);
	pciids_open_of(&names, o->world.sysfs);
	const struct boot_display_from from = sysroot_display(&o->world);
	if (inventory_gather(&inventory, &sysfs, &names, &notes, err) < 0 ||
		inventory_find_boot_display(&inventory, &sysfs, &from) < 0)
		return CMD_SYSTEM;
	if (!o->world.sysfs)
		add_candidates(&inventory, &sysfs);
	struct listing l = {.inventory = &inventory,
		.plan = asked == 0 ? &s.plan : NULL,
		.asked_only = o->asked};
	enum cmd_result result = show(o, &l, err);
	return result == CMD_AS_ASKED && o->asked && asked < 0 ? CMD_CONFIG : result;
}

static int set_group(struct list *o, struct err *err)
{
	unsigned long number;

	if (!o->group)
		return 0;
	if (!str_decimal(o->group, INT32_MAX, &number))
		return err_set(err, EINVAL, "--group %s: write the number of a group", o->group);
	o->group_number = (int)number;
	return 0;
}

enum cmd_result cmd_list(int argc, char **argv, struct err *err)
{
	struct list o = {0};
	static const struct command_info info = {
		.about =
			"Prints the PCI devices by IOMMU group, with their drivers and attached disks, NICs and USB devices."};
	bool help = false;
	const struct option_row rows[] = {
		{"gpu", 0, NULL, "only display controllers, each with its slot", NULL, &o.gpu, NULL,
			NULL},
		{"usb", 0, NULL, "only USB controllers", NULL, &o.usb, NULL, NULL},
		{"group", 0, "N", "only this IOMMU group", &o.group, NULL, NULL, NULL},
		{"asked", 0, NULL, "only what the config asks for", NULL, &o.asked, NULL, NULL},
		{"tree", 0, NULL, "as a tree of bridges", NULL, &o.tree, NULL, NULL},
		{"json", 0, NULL, "print JSON", NULL, &o.json, NULL, NULL},
		{"color", 0, "WHEN", "auto, always or never", NULL, NULL, term_set_colour,
			&o.colour},
		{"config", 'c', "FILE", "read FILE instead of " CONFIG_PATH, &o.world.config, NULL,
			NULL, NULL},
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &o.world.sysfs, NULL, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if (set_group(&o, err) < 0)
		return CMD_USAGE;
	_cleanup_(sysroot_done) struct sysroot_record record;
	return sysroot_unfold(&o.world, &record, err) < 0 ? CMD_SYSTEM : list(&o, err);
}
