/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/report_parse.h"

#include "base/str.h"
#include "core/report.h"
#include "shared/json_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1

static char *text_member(const struct json_object *object, const char *key)
{
	return json_text_of(json_member(object, key));
}

static long long number_member(
	const struct json_object *object, const char *key, long long otherwise)
{
	long long value;

	return json_number_of(json_member(object, key), &value) ? value : otherwise;
}

static int parse_device(struct report_dev *d, const struct json_object *object, struct err *err)
{
	*d = (struct report_dev){
		.address = text_member(object, "address"),
		.asked = text_member(object, "asked"),
		.action = text_member(object, "action"),
		.driver = text_member(object, "driver"),
		.reason = text_member(object, "why"),
		.before = text_member(object, "before"),
		.after = text_member(object, "after"),
		.usec = number_member(object, "usec", -1),
	};
	return d->address && d->action ? 0
				       : err_set(err, EINVAL, "a device has no name or no fate");
}

static int parse_devices(struct report *p, const struct json_object *j, struct err *err)
{
	const struct json_object *array = json_member(j, "devices");
	int r = 0;

	p->devices = calloc(json_count(array) + 1, sizeof(*p->devices));
	if (!p->devices)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < json_count(array); i++)
		r = parse_device(&p->devices[p->n++], json_element(array, i), err);
	return r;
}

static int parse_errors(struct report *p, const struct json_object *j, struct err *err)
{
	const struct json_object *array = json_member(j, "errors");

	p->errors = calloc(json_count(array) + 1, sizeof(*p->errors));
	if (!p->errors)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < json_count(array); i++) {
		char *text = json_text_of(json_element(array, i));
		if (text)
			p->errors[p->n_errors++] = text;
	}
	return 0;
}

/* The state of a later version may be unknown; then has_bootcount stays false. */
static void parse_bootcount(struct report *p, const struct json_object *j)
{
	const struct json_object *object = json_member(j, "standing");
	_cleanup_(str_free) char *state = text_member(object, "state");
	_cleanup_(str_free) char *plan = text_member(object, "plan");
	_cleanup_(str_free) char *reason = text_member(object, "why");
	struct bootcount *s = &p->bootcount;

	if (!object || !state)
		return;
	p->has_bootcount = bootcount_by_name(state, &s->state);
	const char *digits = plan ? plan : "";
	if (!str_hex_fixed(&digits, 8, &s->plan) || *digits)
		s->plan = 0;
	s->tries = (unsigned)number_member(object, "tries", 0);
	s->limit = (unsigned)number_member(object, "limit", 0);
	(void)str_copy(s->reason, sizeof(s->reason), reason ? reason : "");
}

static int parse_all(struct report *p, const struct json_object *j, struct err *err)
{
	const struct json_object *config = json_member(j, "config");
	const struct json_object *image = json_member(j, "image");
	long long version = number_member(j, "version", 0);

	if (version < 1)
		return err_set(err, EINVAL, "is not a vfio-bind report");
	if (version > FORMAT)
		return err_set(err, EINVAL,
			"is a report of version %lld, this program reads %d; was the image made by a newer one?",
			version, FORMAT);
	p->off = text_member(j, "off");
	p->config = config ? text_member(config, "file") : NULL;
	p->config_errors = config ? number_member(config, "errors", 0) : 0;
	p->profile = config ? text_member(config, "profile") : NULL;
	p->digest = image ? text_member(image, "config") : NULL;
	p->kernel = image ? text_member(image, "kernel") : NULL;
	p->has_image = p->digest || p->kernel;
	p->program = image ? text_member(image, "program") : NULL;
	parse_bootcount(p, j);
	int r = parse_devices(p, j, err);
	return r < 0 ? r : parse_errors(p, j, err);
}

int report_parse(struct report *ret, const char *data, size_t len, struct err *err)
{
	_cleanup_(json_done) struct json_object *j = NULL;
	struct report p = {0};
	int r = json_parse(&j, data, len, err);

	if (r == 0)
		r = parse_all(&p, j, err);
	if (r < 0)
		report_done(&p);
	else
		*ret = p;
	return r;
}

int report_read(struct report *ret, const char *dir, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	struct err reason = {""};
	int r = report_load(dir, &data, err);

	if (r < 0)
		return r;
	r = report_parse(ret, data, strlen(data), &reason);
	return r < 0 ? err_set(err, -r, "%s/" REPORT_NAME ": %.400s", dir, reason.text) : 0;
}

void report_done(struct report *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct report_dev *d = &p->devices[i];
		char *const texts[] = {
			d->address, d->asked, d->action, d->driver, d->reason, d->before, d->after};
		for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
			free(texts[k]);
	}
	for (size_t i = 0; i < p->n_errors; i++)
		free(p->errors[i]);
	free(p->devices);
	free(p->errors);
	free(p->off);
	free(p->config);
	free(p->profile);
	free(p->digest);
	free(p->kernel);
	free(p->program);
	*p = (struct report){0};
}
