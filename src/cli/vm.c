/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/domain.h"
#include "cli/guest.h"
#include "cli/script_file.h"
#include "cli/virsh.h"
#include "cli/vm_advice.h"
#include "shared/table.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1U << 20)
/* Files that libvirt writes itself, and reads only when it starts. */
#define LIBVIRT_OWN "/etc/libvirt/"

enum vm_kind { VM_DOMAIN, VM_XML, VM_SCRIPT };

struct vm {
	const char *target; /* NAME or FILE, as given */
	const char *uri;
	enum vm_kind kind;
	struct text text;
	struct domain domain;       /* of that text */
	struct script_file *script; /* or this */
};

struct vm_options {
	struct guest guest;
	const char *connect;
	bool share;
};

static void vm_done(struct vm *v)
{
	domain_done(&v->domain);
	text_done(&v->text);
	if (v->script)
		script_file_done(v->script);
	free(v->script);
}

/* ---- which VM -------------------------------------------------------------------------------- */

static bool is_file(const char *target)
{
	return strchr(target, '/') || access(target, F_OK) == 0;
}

static int file_take(struct vm *v, struct err *err)
{
	char *data = NULL;
	size_t len;

	if (str_starts(v->target, LIBVIRT_OWN))
		return err_set(err, EINVAL,
			"%s: libvirt does not notice a change of its own file; write the VM's name",
			v->target);
	int r = file_read(AT_FDCWD, v->target, FILE_MAX, &data, &len, err);
	if (r < 0)
		return r;
	v->text = (struct text){.data = data, .len = len, .size = len + 1};
	return 0;
}

static int script_take(struct vm *v, struct err *err)
{
	v->kind = VM_SCRIPT;
	v->domain.name = "";
	v->script = calloc(1, sizeof(*v->script));
	if (!v->script)
		return err_set(err, ENOMEM, "out of memory");
	int r = script_file_read(v->script, v->target, err);
	if (r < 0)
		return r;
	v->domain.functions = calloc(v->script->n + 1, sizeof(*v->domain.functions));
	if (!v->domain.functions)
		return err_set(err, ENOMEM, "out of memory");
	for (; v->domain.n < v->script->n; v->domain.n++)
		v->domain.functions[v->domain.n] = (struct domain_function){
			.addr = v->script->list[v->domain.n].addr,
			.rom = v->script->list[v->domain.n].rom,
			.ours = true};
	return 0;
}

static int vm_open(struct vm *ret, const struct vm_options *o, const char *target, struct err *err)
{
	struct err reason = {""};
	int r;

	*ret = (struct vm){.target = target, .uri = o->connect ? o->connect : VIRSH_SYSTEM};
	ret->kind = is_file(target) ? VM_XML : VM_DOMAIN;
	if (ret->kind == VM_XML)
		r = file_take(ret, err);
	else
		r = virsh_read(ret->uri, target, &ret->text, err);
	if (r < 0)
		return r;
	if (ret->kind == VM_XML && script_file_is(ret->text.data, ret->text.len))
		return script_take(ret, err);
	r = domain_read(&ret->domain, ret->text.data ? ret->text.data : "", ret->text.len, &reason);
	if (r < 0)
		return err_set(err, -r,
			ret->text.data && ret->text.data[0] != '<' && ret->kind == VM_XML
				? "%s: neither a script (#!/bin/sh) nor a domain of libvirt: %s"
				: "%s: %s",
			target, reason.text);
	return 0;
}

/* ---- other VMs ------------------------------------------------------------------------------- */

/* 1, with a text, if the VM `name` has one of the functions. */
static int other_has(const struct vm *v, const char *name, const struct guest *g, struct err *err)
{
	_cleanup_(text_done) struct text text = {0};
	_cleanup_(domain_done) struct domain d = {0};
	char address[PCI_ADDR_MAX];
	struct err reason = {""};
	int r = virsh_read(v->uri, name, &text, err);

	if (r < 0)
		return r;
	r = domain_read(&d, text.data ? text.data : "", text.len, &reason);
	if (r < 0)
		return err_set(err, -r, "%s: %s", name, reason.text);
	for (size_t i = 0; i < g->n; i++) {
		if (!domain_find(&d, g->list[i].addr))
			continue;
		pci_addr_format(g->list[i].addr, address);
		(void)err_set(err, EBUSY,
			"%s is in the VM %s already, and only one of both can run; `vfio-bind vm %s remove %s`, or add it with --share",
			address, name, name, address);
		return 1;
	}
	return 0;
}

/* The VMs of this libvirt but the one that is edited. 1, with a text, if one has a function. */
static int others_have(const struct vm *v, const struct guest *g, struct err *err)
{
	_cleanup_(strings_done) struct strings names = {0};
	int r = virsh_names(v->uri, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (!str_equal(names.v[i], v->domain.name))
			r = other_has(v, names.v[i], g, err);
	return r;
}

/* Of a file libvirt need not know, nor be there at all. Another machine's devices (--sysfs) are in
 * no VM of this one. */
static enum cmd_result share_check(const struct vm *v, const struct vm_options *o, struct err *err)
{
	struct err reason = {""};

	if (o->share || (o->guest.args.sysroot.sysfs && !o->connect))
		return CMD_AS_ASKED;
	int r = others_have(v, &o->guest, &reason);
	if (r == 0 || (r == -ENOENT && v->kind != VM_DOMAIN))
		return CMD_AS_ASKED;
	if (r < 0 && v->kind != VM_DOMAIN && !o->connect) {
		log_print(LOG_WARNING, "which VMs have these devices already is unknown: %s",
			reason.text);
		return CMD_AS_ASKED;
	}
	*err = reason;
	return r == 1 ? CMD_NOT_ALL : CMD_SYSTEM;
}

/* ---- the change ------------------------------------------------------------------------------ */

/* Which slots of the host an edit is about. */
struct slots {
	const struct pci_addr *at;
	size_t n;
};

static bool touched(struct pci_addr addr, const void *to)
{
	const struct slots *s = to;

	for (size_t i = 0; i < s->n; i++)
		if (pci_addr_same_device(s->at[i], addr))
			return true;
	return false;
}

static int vm_write(const struct vm *v, const struct text *edited, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place place = TXN_NOWHERE;
	static const struct txn_owner none = {0}; /* the file is there */

	if (v->kind == VM_DOMAIN)
		return virsh_define(v->uri, edited, err);
	int r = txn_place_host(v->target, &place, err);
	if (r < 0)
		return r;
	return txn_put(&place, (struct txn_bytes){v->text.data, v->text.len},
		(struct txn_bytes){edited->data, edited->len}, &none, err);
}

/* What libvirt made of it. A file has been read back by shared/txn. */
static int vm_read_back(
	const struct vm *v, const struct guest *g, const struct slots *slots, struct err *err)
{
	_cleanup_(text_done) struct text text = {0};
	_cleanup_(domain_done) struct domain now = {0};
	size_t ours = 0;

	if (v->kind != VM_DOMAIN)
		return 0;
	int r = virsh_read(v->uri, v->target, &text, err);
	if (r == 0)
		r = domain_read(&now, text.data ? text.data : "", text.len, err);
	for (size_t i = 0; r == 0 && i < g->n; i++) {
		const struct domain_function *f = domain_find(&now, g->list[i].addr);
		if (!f || !f->ours)
			r = err_set(err, EIO, "%s: libvirt did not keep what was added", v->target);
	}
	for (size_t i = 0; r == 0 && i < now.n; i++)
		ours += now.functions[i].ours && touched(now.functions[i].addr, slots);
	if (r == 0 && ours != g->n)
		r = err_set(err, EIO, "%s: libvirt did not keep what was changed", v->target);
	return r;
}

static void log_running(const struct vm *v)
{
	struct err err = {""};
	int r = v->kind == VM_DOMAIN ? virsh_runs(v->uri, v->target, &err) : 0;

	if (r < 0)
		log_print(LOG_WARNING, "%s: whether it runs is unknown: %s", v->target, err.text);
	if (r == 1)
		log_print(LOG_WARNING,
			"%s runs now: the change is for its next start, after a shutdown (a reboot inside the VM is not enough)",
			v->target);
}

static enum cmd_result edit_failed(int code)
{
	return code == -ENOMEM || code == -EIO ? CMD_SYSTEM : CMD_NOT_ALL;
}

/* A script has its devices in one place: those of other slots are written again, too. */
static enum cmd_result script_edit_slots(const struct vm *v, const struct guest *g,
	const struct slots *slots, bool *ret_changed, struct err *err)
{
	struct guest_function all[GUEST_MAX];
	size_t n = g->n;

	memcpy(all, g->list, n * sizeof(*all));
	for (size_t i = 0; i < v->script->n && n < GUEST_MAX; i++)
		if (!touched(v->script->list[i].addr, slots))
			all[n++] = v->script->list[i];
	if (!guest_lay_out(all, n)) {
		(void)err_set(err, E2BIG, "more than %d slots for one VM", GUEST_PORTS_MAX);
		return CMD_SYSTEM;
	}
	return script_file_set(v->script, all, n, ret_changed, err);
}

/* Lets the VM have the list in these slots. *ret_changed: it had something else. */
static enum cmd_result vm_edit(const struct vm *v, const struct guest *g, const struct slots *slots,
	bool *ret_changed, struct err *err)
{
	_cleanup_(text_done) struct text edited = {0};
	struct err reason = {""};

	if (v->kind == VM_SCRIPT)
		return script_edit_slots(v, g, slots, ret_changed, err);
	int r = domain_edit(&edited, &v->domain, g->list, g->n, touched, slots, &reason);

	if (r < 0) {
		(void)err_set(err, -r, "%s: %s", v->target, reason.text);
		return edit_failed(r);
	}
	*ret_changed = !txn_same(edited.data, edited.len, v->text.data, v->text.len);
	if (!*ret_changed)
		return CMD_AS_ASKED;
	if (vm_write(v, &edited, err) < 0 || vm_read_back(v, g, slots, err) < 0)
		return CMD_SYSTEM;
	log_running(v);
	return CMD_AS_ASKED;
}

/* A card's functions that the VM has by earlier commands stay, with their ROM files. */
static int keep_rest(struct guest *g, const struct domain *d, const struct slots *slots,
	const struct pci_addr *out, size_t n_out, struct err *err)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct domain_function *f = &d->functions[i];
		bool skip = !f->ours || !touched(f->addr, slots);
		for (size_t k = 0; !skip && k < n_out; k++)
			skip = pci_addr_compare(out[k], f->addr) == 0;
		for (size_t k = 0; !skip && k < g->n; k++) {
			skip = pci_addr_compare(g->list[k].addr, f->addr) == 0;
			if (skip && !g->list[k].rom)
				g->list[k].rom = f->rom;
		}
		if (skip)
			continue;
		if (g->n == GUEST_MAX)
			return err_set(err, E2BIG, "more than %d functions for one VM", GUEST_MAX);
		g->list[g->n++] = (struct guest_function){.addr = f->addr, .rom = f->rom};
	}
	if (!guest_lay_out(g->list, g->n))
		return err_set(err, E2BIG, "more than %d slots for one VM", GUEST_PORTS_MAX);
	return 0;
}

/* ---- the verbs ------------------------------------------------------------------------------- */

static size_t addresses_of(const struct guest *g, struct pci_addr ret[static GUEST_MAX])
{
	for (size_t i = 0; i < g->n; i++)
		ret[i] = g->list[i].addr;
	return g->n;
}

static enum cmd_result vm_add(
	struct vm_options *o, const char *target, char **operands, int n, struct err *err)
{
	_cleanup_(vm_done) struct vm v = {0};
	struct pci_addr at[GUEST_MAX];
	struct slots slots = {.at = at};
	bool changed;

	int code = vm_open(&v, o, target, err);
	if (code < 0)
		return code == -EINVAL || code == -ENOMSG ? CMD_NOT_ALL : CMD_SYSTEM;
	for (size_t i = 0; i < o->guest.n_roms; i++)
		if (o->guest.rom[i].path[0] != '/') {
			(void)err_set(err, EINVAL,
				"--rom: %s: libvirt wants the whole path, from / on",
				o->guest.rom[i].path);
			return CMD_USAGE;
		}
	o->guest.later = true;
	enum cmd_result r = guest_look(&o->guest, operands, n, err);
	if (r != CMD_AS_ASKED) {
		if (r == CMD_NOT_ALL)
			(void)err_set(err, EINVAL, "%s: nothing is changed", target);
		return r;
	}
	r = share_check(&v, o, err);
	if (r != CMD_AS_ASKED)
		return r;
	slots.n = addresses_of(&o->guest, at);
	size_t added = o->guest.n;
	if (keep_rest(&o->guest, &v.domain, &slots, NULL, 0, err) < 0)
		return CMD_SYSTEM;
	r = vm_edit(&v, &o->guest, &slots, &changed, err);
	if (r != CMD_AS_ASKED)
		return r;
	if (changed) {
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
	struct pci_addr out[GUEST_MAX];
	struct slots slots = {.at = out};
	struct err reason = {""};
	bool changed;

	int code = vm_open(&v, o, target, err);
	if (code < 0)
		return code == -EINVAL || code == -ENOMSG ? CMD_NOT_ALL : CMD_SYSTEM;
	enum cmd_result r = choose_out(o, &v.domain, operands, n, out, &slots.n, &reason);
	if (r != CMD_AS_ASKED) {
		(void)err_set(err, EINVAL, "%s: %s", target, reason.text);
		return r;
	}
	o->guest.n = 0;
	if (keep_rest(&o->guest, &v.domain, &slots, out, slots.n, err) < 0)
		return CMD_SYSTEM;
	r = vm_edit(&v, &o->guest, &slots, &changed, err);
	if (r == CMD_AS_ASKED)
		log_print(LOG_INFO,
			changed ? "%s: %zu functions are out" : "%s: nothing of vfio-bind is in it",
			target, slots.n);
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
	int code = vm_open(&v, o, target, err);
	if (code < 0)
		return code == -EINVAL || code == -ENOMSG ? CMD_NOT_ALL : CMD_SYSTEM;
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
