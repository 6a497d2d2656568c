/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_write.h"
#include "bind/groups.h"
#include "cmd/init.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		if (rest) /* behind the last newline there is no line */
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
	if (d && d->group >= 0 && !s->groups_imagined)
		json_int(j, "group", d->group);
	else
		json_null(j, "group");
	json_string(j, "action", action_name(v->action));
	json_string(j, "driver", v->action == ACTION_BIND ? v->driver : NULL);
	json_bool(j, "companion", v->companion);
	json_string(j, "why", v->why);
	json_string(j, "before", d ? or_null(d->driver) : NULL);
	json_close_object(j);
}

/* The displays that --gpu would have taken, but for the guards. */
static void print_stays(struct json *j, const struct cards *c)
{
	char address[PCI_ADDR_MAX];

	json_open_array(j, "stays");
	for (size_t i = 0; c && i < c->n; i++) {
		const struct card *k = &c->at[i];
		const char *why = k->display ? card_refusal(c, k) : NULL;
		for (size_t f = 0; why && f < k->n; f++) {
			const struct verdict *v = card_verdict(c, k, f);
			json_open_object(j, NULL);
			json_string(j, "address", pci_addr_format(v->device->addr, address));
			json_string(j, "why", v->action == ACTION_BIND ? why : v->why);
			json_close_object(j);
		}
	}
	json_close_array(j);
}

int init_print_json(const struct init_told *t, struct err *err)
{
	struct json j = {.f = stdout};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_string(&j, "file", t->file);
	json_bool(&j, "written", t->written);
	json_bool(&j, "undone", t->undone);
	json_bool(&j, "whole", t->whole);
	json_string(&j, "why", t->why);
	int r = print_lines(&j, t->body, err);
	if (r < 0)
		return r;
	json_open_array(&j, "devices");
	for (size_t i = 0; t->s && i < t->s->plan.n; i++)
		print_device(&j, t->s, &t->s->plan.verdicts[i]);
	json_close_array(&j);
	print_stays(&j, t->cards);
	if (t->s && t->s->host.devices.n > 0)
		json_bool(&j, "iommu", !t->s->groups_imagined);
	else
		json_null(&j, "iommu");
	groups_print_json(t->s ? t->s->plan.groups : NULL, &j);
	json_close_object(&j);
	json_end(&j);
	return 0;
}
