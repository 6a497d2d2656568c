/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm_edit.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/virsh.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1U << 20)
/* Files that libvirt writes itself, and reads only when it starts. */
#define LIBVIRT_OWN "/etc/libvirt/"

void vm_done(struct vm *v)
{
	domain_done(&v->domain);
	text_done(&v->text);
	if (v->script)
		script_file_done(v->script);
	free(v->script);
}

const char *vm_text(const struct vm *v, size_t *ret_len)
{
	*ret_len = v->script ? v->script->len : v->text.len;
	return v->script ? v->script->text : v->text.data;
}

/* ---- which VM -------------------------------------------------------------------------------- */

bool vm_is_file(const char *target)
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

static int vm_read(struct vm *ret, struct err *err)
{
	struct err reason = {""};
	int r;

	if (ret->kind == VM_XML)
		r = file_take(ret, err);
	else
		r = virsh_read(ret->uri, ret->target, &ret->text, err);
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
			ret->target, reason.text);
	return 0;
}

enum cmd_result vm_open(struct vm *ret, const char *uri, const char *target, struct err *err)
{
	*ret = (struct vm){.target = target,
		.uri = uri ? uri : VIRSH_SYSTEM,
		.kind = vm_is_file(target) ? VM_XML : VM_DOMAIN};
	int r = vm_read(ret, err);

	if (r == 0)
		return CMD_AS_ASKED;
	return r == -EINVAL || r == -ENOMSG ? CMD_NOT_ALL : CMD_SYSTEM;
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

/* Of a file libvirt need not know, nor be there at all. */
enum cmd_result vm_is_shared(const struct vm *v, const struct guest *g, bool must, struct err *err)
{
	struct err reason = {""};
	int r = others_have(v, g, &reason);

	if (r == 0 || (r == -ENOENT && v->kind != VM_DOMAIN))
		return CMD_AS_ASKED;
	if (r < 0 && v->kind != VM_DOMAIN && !must) {
		log_print(LOG_WARNING, "which VMs have these devices already is unknown: %s",
			reason.text);
		return CMD_AS_ASKED;
	}
	*err = reason;
	return r == 1 ? CMD_NOT_ALL : CMD_SYSTEM;
}

/* ---- the change ------------------------------------------------------------------------------ */

void vm_change_done(struct vm_change *c)
{
	text_done(&c->text);
}

/* Which slots of the host a change is about. */
static bool touched(struct pci_addr addr, const void *to)
{
	const struct vm_change *c = to;

	for (size_t i = 0; i < c->n; i++)
		if (pci_addr_same_device(c->at[i], addr))
			return true;
	return false;
}

/* Some function of each of these slots. */
static int add_slot(struct vm_change *c, struct pci_addr addr, struct err *err)
{
	if (touched(addr, c))
		return 0;
	if (c->n == GUEST_MAX)
		return err_set(err, E2BIG, "more than %d slots for one VM", GUEST_MAX);
	c->at[c->n++] = addr;
	return 0;
}

static int choose_slots(
	struct vm_change *c, const struct pci_addr *out, size_t n_out, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->guest->n; i++)
		r = add_slot(c, c->guest->list[i].addr, err);
	for (size_t i = 0; r == 0 && i < n_out; i++)
		r = add_slot(c, out[i], err);
	return r;
}

/* What the slots have by earlier commands stays, with its ROM files. */
static int keep_rest(const struct vm_change *c, const struct domain *d, const struct pci_addr *out,
	size_t n_out, struct err *err)
{
	struct guest *g = c->guest;

	for (size_t i = 0; i < d->n; i++) {
		const struct domain_function *f = &d->functions[i];
		bool skip = !f->ours || !touched(f->addr, c);
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

/* A script has its devices in one place: those of other slots are written again, too. */
static enum cmd_result script_change(struct vm_change *c, const struct vm *v, struct err *err)
{
	struct guest_function all[GUEST_MAX];
	size_t n = c->guest->n;

	memcpy(all, c->guest->list, n * sizeof(*all));
	for (size_t i = 0; i < v->script->n && n < GUEST_MAX; i++)
		if (!touched(v->script->list[i].addr, c))
			all[n++] = v->script->list[i];
	if (!guest_lay_out(all, n)) {
		(void)err_set(err, E2BIG, "more than %d slots for one VM", GUEST_PORTS_MAX);
		return CMD_SYSTEM;
	}
	return script_file_edit(&c->text, v->script, all, n, err);
}

static enum cmd_result domain_change(struct vm_change *c, const struct vm *v, struct err *err)
{
	struct err reason = {""};
	int r = domain_edit(&c->text, &v->domain, c->guest->list, c->guest->n, touched, c, &reason);

	if (r == 0)
		return CMD_AS_ASKED;
	(void)err_set(err, -r, "%s: %s", v->target, reason.text);
	return r == -ENOMEM || r == -EIO ? CMD_SYSTEM : CMD_NOT_ALL;
}

enum cmd_result vm_change_make(struct vm_change *ret, const struct vm *v, struct guest *guest,
	const struct pci_addr *out, size_t n_out, struct err *err)
{
	size_t len;

	*ret = (struct vm_change){.guest = guest};
	if (choose_slots(ret, out, n_out, err) < 0 ||
		keep_rest(ret, &v->domain, out, n_out, err) < 0)
		return CMD_SYSTEM;
	enum cmd_result r = v->kind == VM_SCRIPT ? script_change(ret, v, err)
						 : domain_change(ret, v, err);
	if (r != CMD_AS_ASKED)
		return r;
	const char *now = vm_text(v, &len);
	ret->differs = !txn_same(ret->text.data, ret->text.len, now, len);
	return CMD_AS_ASKED;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What libvirt made of it. A file has been read back by shared/txn. */
static int read_back(const struct vm *v, const struct vm_change *c, struct err *err)
{
	_cleanup_(text_done) struct text text = {0};
	_cleanup_(domain_done) struct domain now = {0};
	size_t ours = 0;

	int r = virsh_read(v->uri, v->target, &text, err);
	if (r == 0)
		r = domain_read(&now, text.data ? text.data : "", text.len, err);
	for (size_t i = 0; r == 0 && i < c->guest->n; i++) {
		const struct domain_function *f = domain_find(&now, c->guest->list[i].addr);
		if (!f || !f->ours)
			r = err_set(err, EIO, "%s: libvirt did not keep what was added", v->target);
	}
	for (size_t i = 0; r == 0 && i < now.n; i++)
		ours += now.functions[i].ours && touched(now.functions[i].addr, c);
	if (r == 0 && ours != c->guest->n)
		r = err_set(err, EIO, "%s: libvirt did not keep what was changed", v->target);
	return r;
}

static void log_running(const struct vm *v)
{
	struct err err = {""};
	int r = virsh_runs(v->uri, v->target, &err);

	if (r < 0)
		log_print(LOG_WARNING, "%s: whether it runs is unknown: %s", v->target, err.text);
	if (r == 1)
		log_print(LOG_WARNING,
			"%s runs now: the change is for its next start, after a shutdown (a reboot inside the VM is not enough)",
			v->target);
}

enum cmd_result vm_change_write(const struct vm *v, const struct vm_change *c, struct err *err)
{
	size_t len;
	const char *now = vm_text(v, &len);

	if (!c->differs)
		return CMD_AS_ASKED;
	if (v->kind != VM_DOMAIN)
		return txn_put_host(v->target, (struct txn_bytes){now, len},
			       (struct txn_bytes){c->text.data, c->text.len}, err) < 0
			       ? CMD_SYSTEM
			       : CMD_AS_ASKED;
	if (virsh_define(v->uri, &c->text, err) < 0 || read_back(v, c, err) < 0)
		return CMD_SYSTEM;
	log_running(v);
	return CMD_AS_ASKED;
}

int vm_change_revert(const struct vm *v, const struct vm_change *c, struct err *err)
{
	_cleanup_(vm_done) struct vm now = {0};
	size_t len, len_now;
	const char *before = vm_text(v, &len);

	if (!c->differs)
		return 0;
	if (vm_open(&now, v->uri, v->target, err) != CMD_AS_ASKED)
		return -EIO;
	const char *text = vm_text(&now, &len_now);
	if (txn_same(text, len_now, before, len))
		return 0;
	if (v->kind == VM_DOMAIN)
		return virsh_define(v->uri, &v->text, err);
	return txn_put_host(v->target, (struct txn_bytes){c->text.data, c->text.len},
		(struct txn_bytes){before, len}, err);
}
