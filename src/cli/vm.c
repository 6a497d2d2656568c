/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/log.h"
#include "cli/virsh.h"
#include "cli/vm_advice.h"
#include "cli/vm_edit.h"
#include "shared/table.h"

#include <errno.h>
#include <stdlib.h>

struct vm_options {
	struct guest guest;
	const char *connect;
	bool share;
};

/* Another machine's devices (--sysfs) are in no VM of this one. */
static enum cmd_result share_check(const struct vm *v, const struct vm_options *o, struct err *err)
{
	if (o->share || (o->guest.args.sysroot.sysfs && !o->connect))
		return CMD_AS_ASKED;
	return vm_is_shared(v, &o->guest, o->connect != NULL, err);
}

static enum cmd_result vm_add(
	struct vm_options *o, const char *target, char **operands, int n, struct err *err)
{
	_cleanup_(vm_done) struct vm v = {0};
	_cleanup_(vm_change_done) struct vm_change change = {0};

	enum cmd_result r = vm_open(&v, o->connect, target, err);
	if (r != CMD_AS_ASKED)
		return r;
	if (!guest_roms_are_absolute(&o->guest, err))
		return CMD_USAGE;
	o->guest.later = true;
	r = guest_look(&o->guest, operands, n, err);
	if (r == CMD_NOT_ALL)
		(void)err_set(err, EINVAL, "%s: nothing is changed", target);
	if (r == CMD_AS_ASKED)
		r = share_check(&v, o, err);
	size_t added = o->guest.n;
	if (r == CMD_AS_ASKED)
		r = vm_change_make(&change, &v, &o->guest, NULL, 0, err);
	if (r == CMD_AS_ASKED)
		r = vm_change_write(&v, &change, err);
	if (r != CMD_AS_ASKED)
		return r;
	if (change.differs) {
		log_print(LOG_INFO, "%s: %zu functions are in (out: vfio-bind vm %s remove)",
			target, added, target);
		vm_advise(target, &v.domain, &o->guest);
	} else {
		log_print(LOG_INFO, "%s has them already; nothing is changed", target);
	}
	return CMD_AS_ASKED;
}

/* The addresses; without any, all of vfio-bind's. A card goes whole, unless --only. */
static enum cmd_result choose_out(const struct vm_options *o, const struct domain *d,
	char **operands, int n, struct pci_addr out[static GUEST_MAX], size_t *ret, struct err *err)
{
	char address[PCI_ADDR_MAX];
	struct pci_addr named;

	*ret = 0;
	for (int k = 0; k < n; k++) {
		bool found = false, other = false;
		if (!pci_addr_parse(operands[k], &named)) {
			(void)err_set(err, EINVAL,
				"invalid PCI address '%s'; expected 0000:0a:00.0", operands[k]);
			return CMD_USAGE;
		}
		for (size_t i = 0; i < d->n && *ret < GUEST_MAX; i++) {
			const struct domain_function *f = &d->functions[i];
			bool same = pci_addr_compare(f->addr, named) == 0;
			other |= same && !f->ours;
			if (!f->ours || !(same || (!o->guest.args.only &&
							  pci_addr_same_device(f->addr, named))))
				continue;
			found = true;
			out[(*ret)++] = f->addr;
		}
		if (found)
			continue;
		(void)err_set(err, ENODEV,
			other ? "%s is not from vfio-bind; take it out by hand"
			      : "%s is not in this VM",
			pci_addr_format(named, address));
		return CMD_NOT_ALL;
	}
	for (size_t i = 0; n == 0 && i < d->n && *ret < GUEST_MAX; i++)
		if (d->functions[i].ours)
			out[(*ret)++] = d->functions[i].addr;
	return CMD_AS_ASKED;
}

static enum cmd_result vm_remove(
	struct vm_options *o, const char *target, char **operands, int n, struct err *err)
{
	_cleanup_(vm_done) struct vm v = {0};
	_cleanup_(vm_change_done) struct vm_change change = {0};
	struct pci_addr out[GUEST_MAX];
	struct err reason = {""};
	size_t n_out;

	enum cmd_result r = vm_open(&v, o->connect, target, err);
	if (r != CMD_AS_ASKED)
		return r;
	r = choose_out(o, &v.domain, operands, n, out, &n_out, &reason);
	if (r != CMD_AS_ASKED) {
		(void)err_set(err, EINVAL, "%s: %s", target, reason.text);
		return r;
	}
	o->guest.n = 0;
	r = vm_change_make(&change, &v, &o->guest, out, n_out, err);
	if (r == CMD_AS_ASKED)
		r = vm_change_write(&v, &change, err);
	if (r == CMD_AS_ASKED)
		log_print(LOG_INFO,
			change.differs ? "%s: %zu functions are out"
				       : "%s: nothing of vfio-bind is in it",
			target, n_out);
	return r;
}

static bool is_named(const struct domain_function *f, char **operands, int n)
{
	struct pci_addr named;

	for (int i = 0; i < n; i++)
		if (pci_addr_parse(operands[i], &named) && pci_addr_compare(named, f->addr) == 0)
			return true;
	return n == 0;
}

static void show_json(const struct vm *v, char **operands, int n)
{
	struct json j = {.f = stdout};
	char address[PCI_ADDR_MAX];

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_string(&j, "vm", v->target);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < v->domain.n; i++) {
		const struct domain_function *f = &v->domain.functions[i];
		if (!is_named(f, operands, n))
			continue;
		json_open_object(&j, NULL);
		json_string(&j, "address", pci_addr_format(f->addr, address));
		json_bool(&j, "ours", f->ours);
		if (v->script)
			json_null(&j, "line");
		else
			json_int(&j, "line", domain_line(&v->domain, f));
		json_string(&j, "rom", f->rom);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}

static void show_table(const struct vm *v, char **operands, int n)
{
	static const struct table_column columns[] = {
		{.name = "ADDRESS"}, {.name = "BY"}, {.name = "ROM"}};
	_cleanup_(table_done) struct table t;
	char address[PCI_ADDR_MAX];

	table_open(&t, columns, 3);
	for (size_t i = 0; i < v->domain.n; i++) {
		const struct domain_function *f = &v->domain.functions[i];
		const char *const cells[] = {
			pci_addr_format(f->addr, address), f->ours ? "vfio-bind" : "other"};
		if (is_named(f, operands, n))
			table_row(&t, cells, "%s", f->rom ? f->rom : "-");
	}
	table_print(&t, stdout);
}

/* 1 where a named device is not in the VM. */
static enum cmd_result vm_show(
	struct vm_options *o, const char *target, char **operands, int n, struct err *err)
{
	_cleanup_(vm_done) struct vm v = {0};
	enum cmd_result r = CMD_AS_ASKED;
	struct pci_addr named;

	for (int i = 0; i < n; i++)
		if (!pci_addr_parse(operands[i], &named)) {
			(void)err_set(err, EINVAL,
				"invalid PCI address '%s'; expected 0000:0a:00.0", operands[i]);
			return CMD_USAGE;
		}
	enum cmd_result opened = vm_open(&v, o->connect, target, err);
	if (opened != CMD_AS_ASKED)
		return opened;
	for (int i = 0; i < n; i++)
		if (pci_addr_parse(operands[i], &named) && !domain_find(&v.domain, named)) {
			log_print(LOG_WARNING, "%s: %s is not in this VM", target, operands[i]);
			r = CMD_NOT_ALL;
		}
	(o->guest.args.json ? show_json : show_table)(&v, operands, n);
	return guest_flush(r, err);
}

enum cmd_result cmd_vm(int argc, char **argv, struct err *err)
{
	struct vm_options o = {.guest.args.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"Puts PCI devices into a VM that exists, a domain of libvirt by its name or its XML file or a script that starts QEMU, and out of it.",
		.takes = "a VM, add, remove or show, and PCI addresses",
		.operands = "NAME|FILE add|remove|show [ADDRESS...]",
		.least = 2};
	bool help = false;
	const struct option_row rows[] = {
		{"share", 0, NULL, "add a device that is in another VM, too", NULL, &o.share, NULL,
			NULL},
		{"connect", 0, "URI", "libvirt's connection (" VIRSH_SYSTEM ")", &o.connect, NULL,
			NULL, NULL},
		GUEST_OPTIONS(&o.guest),
		SYSROOT_OPTIONS(&o.guest.args.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	static const struct {
		const char *name;
		enum cmd_result (*run)(struct vm_options *o, const char *target, char **operands,
			int n, struct err *err);
	} verbs[] = {{"add", vm_add}, {"remove", vm_remove}, {"show", vm_show}};
	int operands;
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &operands, &result, err))
		return result;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (str_equal(argv[2], verbs[i].name))
			return verbs[i].run(&o, argv[1], argv + 3, operands - 2, err);
	(void)err_set(err, EINVAL, "vm %s %s: write add, remove or show", argv[1], argv[2]);
	return CMD_USAGE;
}
