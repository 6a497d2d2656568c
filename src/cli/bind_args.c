/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/bind_args.h"

#include "base/array.h"
#include "base/log.h"
#include "core/config_values.h"
#include "core/guard.h"
#include "core/in_use.h"
#include "core/release.h"
#include "core/report.h"
#include "host/host_loss.h"
#include "host/in_use_by.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- devices in use ----------------------------------------------------------------------------
 */

int held_ask(struct text *ret, struct sysfs *s, const struct device *d, struct held_rules rules,
	struct err *err)
{
	_cleanup_(text_done) struct text users = {0};
	char reason[IN_USE_REASON_MAX], address[PCI_ADDR_MAX];
	enum in_use_kind kind = in_use_look(s, d->addr, rules.live, reason);
	int n = in_use_by_find(&users, s, d, rules.live);

	if (n < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (kind == IN_USE_FREE && n == 0)
		return 0;
	bool stays = kind == IN_USE_CLAIMED || !rules.force;
	if (stays)
		text_print(ret, "in use%s: ",
			kind == IN_USE_CLAIMED ? "" : " (--force takes it all the same)");
	text_print(ret, "%s%s%s", n > 0 ? users.data : "", n > 0 && reason[0] ? "; " : "", reason);
	if (ret->failed)
		return err_set(err, ENOMEM, "out of memory");
	if (!stays)
		log_print(LOG_WARNING, "%s is in use: %s; going on, as asked by --force",
			pci_addr_format(d->addr, address), ret->data);
	return stays;
}

static bool has_it(const struct verdict *v)
{
	return str_equal(v->device->driver, str_equal(v->driver, NO_DRIVER) ? "" : v->driver);
}

int held_refuse(struct plan *p, struct sysfs *s, struct held_rules rules, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		_cleanup_(text_done) struct text reason = {0};
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || !v->device->driver[0] || has_it(v))
			continue;
		int r = held_ask(&reason, s, v->device, rules, err);
		if (r < 0)
			return r;
		if (r > 0)
			guard_refuse_card(p, v, reason.data);
	}
	return 0;
}

/* ---- arguments ---------------------------------------------------------------------------------
 */

#define MAX_SECONDS 600

int bind_args_set_seconds(void *to, const char *value, struct err *err)
{
	unsigned *milliseconds = to;
	unsigned long seconds;

	if (!str_decimal(value, MAX_SECONDS, &seconds) || seconds == 0)
		return err_set(
			err, EINVAL, "--timeout %s: write seconds, 1 to %d", value, MAX_SECONDS);
	*milliseconds = (unsigned)seconds * 1000;
	return 0;
}

static int add_selector(struct config *c, const struct selector *s, struct err *err)
{
	struct selector *grown = array_grow(
		c->selectors, c->n_selectors, &c->size_selectors, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	c->selectors = grown;
	c->selectors[c->n_selectors++] = *s;
	return 0;
}

static bool operand_read(const char *word, struct selector *ret, struct err *err)
{
	*ret = (struct selector){0};
	if (!(strchr(word, '/') ? parse_path : parse_address)(word, ret, err))
		return false;
	(void)str_copy(ret->text, sizeof(ret->text), word);
	return true;
}

/* Only [device], [guard], [modules] and [exclude] of the config count, the first and the last of
 * the profile of this boot; [bind] is for boot. Without a config every key has its default. */
static enum cmd_result read_config(
	struct config *c, const struct bind_args *o, bool with_config, struct err *err)
{
	const char *path = o->sysroot.config ? o->sysroot.config : CONFIG_PATH;
	bool to_do = !o->sysroot.config || (!o->sysroot.sysfs && !o->dry_run);
	int r = with_config ? config_read(c, path, to_do) : -ENOENT;

	if (r == -ENOENT && !(with_config && o->sysroot.config)) {
		config_done(c);
		r = config_parse(c, path, "", 0);
	}
	if (r == -ENOMEM) {
		(void)err_set(err, ENOMEM, "%s: out of memory", path);
		return CMD_SYSTEM;
	}
	if (r < 0) {
		ctx_log_errors(c);
		return CMD_CONFIG;
	}
	const struct boot_switch boot = sysroot_switch(&o->sysroot);
	if (ctx_choose_profile(c, &boot) < 0) {
		(void)err_set(err, ENOMEM, "%s: out of memory", path);
		return CMD_SYSTEM;
	}
	size_t kept = 0;
	for (size_t i = 0; i < c->n_selectors; i++)
		if (c->selectors[i].exclude)
			c->selectors[kept++] = c->selectors[i];
	c->n_selectors = kept;
	c->companions = !o->only;
	c->hold_on_failure =
		false; /* on failure the previous driver is restored: the system is running */
	return CMD_AS_ASKED;
}

static bool any(const struct device *d, const void *arg)
{
	(void)d;
	(void)arg;
	return true;
}

static bool shares_group(const struct plan *p, int group)
{
	for (size_t i = 0; group >= 0 && i < p->n; i++)
		if (p->verdicts[i].device && p->verdicts[i].device->group == group)
			return true;
	return false;
}

/* Selects the other devices in the groups of the plan's devices. */
static int add_groups(struct ctx *s, struct err *err)
{
	_cleanup_(device_list_done) struct device_list all = {0};
	int r = scan_all(&s->sysfs, &all, false, any, NULL, err);

	scan_sort(&all);
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct device *d = &all.at[i];
		struct selector one = {.kind = SELECT_ADDRESS, .addr = d->addr};
		(void)pci_addr_format(d->addr, one.text);
		if (d->error < 0 || device_is_fixed(d))
			continue;
		scan_group(&s->sysfs, d);
		if (shares_group(&s->plan, d->group))
			r = add_selector(&s->config, &one, err);
	}
	return r;
}

/* With --group what has no loss may come along; the rest is for a person to decide. */
static int log_member(struct ctx *s, const struct host_uses *u, const struct group_member *m)
{
	_cleanup_(device_list_done) struct device_list list = {0};
	_cleanup_(host_losses_done) struct host_losses all = {0};
	_cleanup_(host_losses_done) struct host_losses own = {0};
	_cleanup_(text_done) struct text loss = {0};
	char address[PCI_ADDR_MAX];

	int r = scan_one(&s->sysfs, m->addr, &list, NULL);
	if (r > 0) {
		scan_driver(&s->sysfs, &list.at[0]);
		r = host_losses_of_plan(&all, u, &s->plan, &list.at[0]);
	}
	if (r == 0)
		r = host_losses_copy(&own, &all, m->addr);
	host_losses_format(&own, &loss);
	if (r < 0 || loss.failed)
		return -ENOMEM;
	log_print(LOG_WARNING,
		"%s is of the same IOMMU group (%d) and on %s: no VM gets the group before it is taken too%s%s%s",
		pci_addr_format(m->addr, address), m->group, m->driver,
		loss.len > 0 ? ", and the host loses " : "; --group does that",
		loss.len > 0 ? loss.data : "", loss.len > 0 ? " then" : "");
	return 0;
}

int bind_args_log_groups(struct ctx *s, const struct host_uses *u, struct err *err)
{
	int r = 0;

	ctx_read_groups(s, GROUPS_HOST);
	for (size_t i = 0; r == 0 && i < s->groups.n; i++)
		r = log_member(s, u, &s->groups.stay[i]);
	return r < 0 ? err_set(err, ENOMEM, "out of memory for the IOMMU groups") : 0;
}

int bind_args_log_losses(const struct ctx *s, const struct host_uses *u, struct err *err)
{
	_cleanup_(host_losses_done) struct host_losses all = {0};
	_cleanup_(text_done) struct text text = {0};

	int r = host_losses_of_plan(&all, u, &s->plan, NULL);
	host_losses_format(&all, &text);
	if (r < 0 || text.failed)
		return err_set(err, ENOMEM, "out of memory for what the host loses");
	if (text.len > 0)
		log_print(LOG_WARNING, "the host loses %s", text.data);
	return 0;
}

static enum cmd_result plan_again(struct ctx *s, const struct bind_args *o, struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};

	plan_done(&s->plan);
	probe_done(&s->host);
	sysfs_done(&s->sysfs);
	s->plan = (struct plan){.config = &s->config};
	s->host = (struct probe){0};
	s->sysfs = (struct sysfs){.devices = -1};
	return ctx_plan(s, &o->sysroot, &bind, err) < 0 ? CMD_SYSTEM : CMD_AS_ASKED;
}

enum cmd_result bind_args_plan(struct ctx *s, const struct bind_args *o, char **operands, int n,
	bool with_config, struct err *err)
{
	struct selector one;

	*s = (struct ctx){.sysfs = {.devices = -1}};
	for (int i = 0; i < n; i++)
		if (!operand_read(operands[i], &one, err))
			return CMD_USAGE;
	enum cmd_result r = read_config(&s->config, o, with_config, err);
	for (int i = 0; r == CMD_AS_ASKED && i < n; i++)
		if (operand_read(operands[i], &one, err) && add_selector(&s->config, &one, err) < 0)
			r = CMD_SYSTEM;
	if (r == CMD_AS_ASKED)
		r = plan_again(s, o, err);
	if (r == CMD_AS_ASKED && o->group)
		r = add_groups(s, err) < 0 ? CMD_SYSTEM : plan_again(s, o, err);
	if (r == CMD_AS_ASKED)
		probe_drivers(&s->host, &s->sysfs);
	return r;
}

struct held_rules bind_args_rules(const struct bind_args *o)
{
	return (struct held_rules){.live = !o->sysroot.sysfs, .force = o->force};
}

void bind_args_forget(const struct bind_args *o, struct pci_addr addr)
{
	_cleanup_(str_free) char *path = NULL;
	char address[PCI_ADDR_MAX];

	if (asprintf(&path, "%s/%s/" REPORT_NAME, o->run_dir, pci_addr_format(addr, address)) >= 0)
		(void)unlink(path);
	prev_driver_remove(o->run_dir, addr);
	settings_note_remove(o->run_dir, addr);
}
