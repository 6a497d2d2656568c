/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/setup_vm.h"

#include "base/log.h"
#include "cli/virsh.h"
#include "cli/vm_advice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which VM -------------------------------------------------------------------------------- */

enum cmd_result setup_vm_open(struct setup_vm *ret, const char *target, struct err *err)
{
	/* An undo may come from another directory. */
	ret->target = vm_is_file(target) ? realpath(target, NULL) : strdup(target);
	if (!ret->target) {
		(void)err_set(err, errno, "%s: %s", target, strerror(errno));
		return CMD_SYSTEM;
	}
	enum cmd_result r = vm_open(&ret->vm, NULL, ret->target, err);
	if (ret->vm.script)
		ret->vm.script->log_words = true; /* standard output may be JSON */
	return r;
}

void setup_vm_done(struct setup_vm *s)
{
	vm_change_done(&s->change);
	vm_done(&s->vm);
	free(s->target);
}

/* ---- the change ------------------------------------------------------------------------------ */

static bool any_named(const struct cards *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].named)
			return true;
	return false;
}

static bool is_named(const struct cards *c, struct pci_addr addr)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; c->at[i].named && j < c->at[i].n; j++)
			if (pci_addr_compare(card_verdict(c, &c->at[i], j)->device->addr, addr) ==
				0)
				return true;
	return false;
}

static bool is_bound_by(const struct plan *p, struct pci_addr addr)
{
	const struct verdict *v = plan_find(p, addr);

	return v && v->action == ACTION_BIND;
}

static int gather(struct setup_vm *s, const struct plan *p, const struct cards *c, struct err *err)
{
	bool all = !any_named(c);

	for (size_t i = 0; i < p->n; i++) {
		const struct device *d = p->verdicts[i].device;
		if (!d || p->verdicts[i].action != ACTION_BIND || !(all || is_named(c, d->addr)))
			continue;
		if (s->guest.n == GUEST_MAX)
			return err_set(err, E2BIG, "more than %d functions for one VM", GUEST_MAX);
		s->guest.list[s->guest.n++] = (struct guest_function){
			.addr = d->addr, .id = d->id, .class = d->class};
	}
	return 0;
}

static void gather_out(
	struct setup_vm *s, const struct plan *p, const struct setup_vm_state *before)
{
	for (size_t i = 0; before && i < before->n; i++) {
		const struct domain_function *f = domain_find(&s->vm.domain, before->functions[i]);
		if (f && f->ours && !is_bound_by(p, f->addr))
			s->out[s->n_out++] = f->addr;
	}
}

enum cmd_result setup_vm_plan(struct setup_vm *s, const struct plan *plan,
	const struct cards *cards, const struct setup_state *before, const struct sysroot *w,
	struct err *err)
{
	enum cmd_result r = CMD_AS_ASKED;

	s->guest.args.sysroot = *w;
	if (gather(s, plan, cards, err) < 0)
		return CMD_SYSTEM;
	gather_out(s, plan, setup_state_vm(before, s->target));
	s->added = s->guest.n;
	if (s->guest.n == 0 && s->n_out == 0) {
		(void)err_set(err, ENODEV, "--vm %s: no device is bound at boot that it could get",
			s->target);
		return CMD_NOT_ALL;
	}
	if (!w->sysfs) /* another machine's devices are in no VM of this one */
		r = vm_is_shared(&s->vm, &s->guest, false, err);
	if (r == CMD_AS_ASKED)
		r = vm_change_make(&s->change, &s->vm, &s->guest, s->out, s->n_out, err);
	return r;
}

/* ---- one graphics card ----------------------------------------------------------------------- */

/* The only display that is no management controller's. */
static int find_card(const struct sysroot *w, char ret[static PCI_ADDR_MAX], struct err *err)
{
	_cleanup_(cards_done) struct cards c = {.s.sysfs.devices = -1};
	unsigned found = 0;

	int r = cards_read(&c, w, err);
	for (size_t i = 0; r == 0 && i < c.n; i++) {
		const struct device *d = card_verdict(&c, &c.at[i], 0)->device;
		if (!c.at[i].display || device_is_bmc_display(d))
			continue;
		found++;
		pci_addr_format(d->addr, ret);
	}
	if (r == 0 && found != 1)
		r = err_set(err, EINVAL,
			found == 0
				? "--single: this machine has no graphics card"
				: "--single: this machine has several graphics cards; name the one, or use setup --vm for one that the host can do without");
	return r;
}

enum cmd_result setup_vm_plan_single(struct setup_vm *s, char **operands, int n,
	const struct sysroot *w, struct pci_addr *ret_card, struct err *err)
{
	char found[PCI_ADDR_MAX];
	char *only[] = {found};

	if (s->vm.kind != VM_DOMAIN) {
		(void)err_set(err, EINVAL,
			"--single: %s is a file; the hook is libvirt's, for a domain by its name",
			s->target);
		return CMD_USAGE;
	}
	if (n == 0) {
		int r = find_card(w, found, err);
		if (r < 0)
			return r == -EINVAL ? CMD_USAGE : CMD_SYSTEM;
	}
	s->guest.args.sysroot = *w;
	s->guest.args.sysroot.config = ONE_CARD_CONFIG;
	s->guest.later = s->guest.by_turns = true;
	enum cmd_result r = guest_look(&s->guest, n == 0 ? only : operands, n == 0 ? 1 : n, err);
	if (r == CMD_NOT_ALL)
		(void)err_set(err, ENODEV, "--single: %s can't get the card", s->target);
	if (r != CMD_AS_ASKED)
		return r;
	*ret_card = s->guest.list[0].addr;
	/* Other VMs may have it, too: the hook refuses one while another has it. */
	return vm_change_make(&s->change, &s->vm, &s->guest, s->out, s->n_out, err);
}

void setup_vm_show(const struct setup_vm *s)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; s->change.differs && i < s->guest.n; i++)
		printf("  %s in\n", pci_addr_format(s->guest.list[i].addr, address));
	for (size_t i = 0; s->change.differs && i < s->n_out; i++)
		printf("  %s out\n", pci_addr_format(s->out[i], address));
	fflush(stdout); /* before what is logged of it */
}

void setup_vm_advise(const struct setup_vm *s)
{
	if (s->change.differs)
		vm_advise(s->target, &s->vm.domain, &s->guest);
}

/* ---- the state ------------------------------------------------------------------------------- */

static bool noted(const struct setup_vm_state *vm, struct pci_addr addr)
{
	for (size_t i = 0; i < vm->n; i++)
		if (pci_addr_compare(vm->functions[i], addr) == 0)
			return true;
	return false;
}

/* What the state has of this VM, added with the digest of its text; NULL: there is no room. */
static struct setup_vm_state *state_of_vm(
	const struct setup_vm *s, struct setup_state *state, struct err *err)
{
	size_t len;
	const char *text = vm_text(&s->vm, &len);

	return setup_state_add_vm(state, s->target, str_hash(text ? text : "", len), err);
}

int setup_vm_note(const struct setup_vm *s, struct setup_state *state, struct err *err)
{
	struct setup_vm_state *vm = state_of_vm(s, state, err);

	if (!vm)
		return -ENOSPC;
	for (size_t i = 0; i < s->guest.n; i++) {
		struct pci_addr addr = s->guest.list[i].addr;
		/* What `vfio-bind vm` has put there is none of setup's. */
		if (domain_find(&s->vm.domain, addr) || noted(vm, addr))
			continue;
		if (vm->n == SETUP_VM_FUNCTIONS)
			return err_set(err, ENOSPC, "setup notes up to %d functions of a VM: %s",
				SETUP_VM_FUNCTIONS, s->target);
		vm->functions[vm->n++] = addr;
	}
	return 0;
}

int setup_vm_note_hook(const struct setup_vm *s, const struct one_card *hook,
	struct setup_state *state, struct err *err)
{
	struct setup_vm_state *vm = state_of_vm(s, state, err);

	if (!vm)
		return -ENOSPC;
	if (!vm->has_hook)
		vm->hook_dirs = one_card_missing_dirs();
	vm->has_hook = true;
	vm->hook = str_hash(hook->text.data, hook->text.len);
	return 0;
}

/* ---- undo ------------------------------------------------------------------------------------ */

/* 1 if it is there. */
static int exists(const char *target, struct err *err)
{
	_cleanup_(strings_done) struct strings names = {0};

	if (target[0] == '/')
		return access(target, F_OK) == 0 || errno != ENOENT;
	int r = virsh_names(VIRSH_SYSTEM, &names, err);
	return r < 0 ? r : strings_have(&names, target);
}

static int compare(const struct setup_vm_state *of, struct err *err)
{
	_cleanup_(vm_done) struct vm now = {0};
	size_t len;

	if (vm_open(&now, NULL, of->target, err) != CMD_AS_ASKED)
		return -EIO;
	const char *text = vm_text(&now, &len);
	if (str_hash(text ? text : "", len) != of->before)
		log_print(LOG_NOTICE,
			"%s: setup's devices are out; others have changed it since, and that stays",
			of->target);
	return 0;
}

static int take_out(const struct setup_vm_state *of, struct setup_vm *s, struct err *err)
{
	log_print(LOG_NOTICE, "undo: take the devices out of %s", of->target);
	if (setup_vm_open(s, of->target, err) != CMD_AS_ASKED)
		return -EIO;
	for (size_t i = 0; i < of->n; i++) {
		const struct domain_function *f = domain_find(&s->vm.domain, of->functions[i]);
		if (f && f->ours)
			s->out[s->n_out++] = f->addr;
	}
	if (vm_change_make(&s->change, &s->vm, &s->guest, s->out, s->n_out, err) != CMD_AS_ASKED ||
		vm_change_write(&s->vm, &s->change, err) != CMD_AS_ASKED)
		return -EIO;
	return compare(of, err);
}

int setup_vm_undo(const struct setup_vm_state *of, struct err *err)
{
	_cleanup_(setup_vm_done) struct setup_vm s = {0};
	struct err reason = {""};
	int r = of->has_hook ? one_card_remove(of->target, of->hook, of->hook_dirs, err) : 0;

	if (r < 0)
		return r;
	r = exists(of->target, &reason);
	if (r == 0) {
		log_print(LOG_NOTICE, "%s: does not exist any more; nothing of setup is left in it",
			of->target);
		return 0;
	}
	if (r > 0)
		r = take_out(of, &s, &reason);
	if (r == 0)
		return 0;
	return err_set(err, -r,
		"%s: setup's devices are still in it: %s; vfio-bind setup --undo goes on with it",
		of->target, reason.text);
}
