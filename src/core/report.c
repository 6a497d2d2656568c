/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/report.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/str.h"
#include "core/bootcount.h"
#include "core/guard.h"
#include "core/imageinfo.h"
#include "core/run_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Messages about single devices; one more has the number of the rest. */
#define LOG_MAX 6
/* A report of 4,000 devices has about 1.2 MB. */
#define TEXT_MAX (16U << 20)

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static void print_device(
	struct json *j, const struct plan *p, size_t i, const struct apply_result *o)
{
	const struct verdict *v = &p->verdicts[i];
	char name[VERDICT_NAME_MAX], source[SOURCE_MAX];

	json_open_object(j, NULL);
	json_string(j, "address", verdict_name(v, name));
	json_string(j, "asked", verdict_source(p, v, source));
	json_string(j, "action", action_name(v->action));
	json_string(j, "driver", v->action == ACTION_BIND ? v->driver : NULL);
	json_string(j, "why", v->reason);
	json_string(j, "before",
		o           ? or_null(o->before)
		: v->device ? or_null(v->device->driver)
			    : NULL);
	json_string(j, "after", o ? or_null(o->after) : NULL);
	if (o && o->attempted)
		json_int(j, "usec", o->usec);
	else
		json_null(j, "usec");
	json_close_object(j);
}

static void print_config(struct json *j, const struct config *c)
{
	json_open_object(j, "config");
	json_string(j, "file", c->path);
	json_int(j, "errors", (long long)c->n_errors + (long long)c->more_errors);
	json_string(j, "profile", or_null(c->profile));
	json_close_object(j);
}

static void print_bootcount(struct json *j, const struct bootcount *s)
{
	char plan[16];

	if (!s) {
		json_null(j, "standing");
		return;
	}
	(void)snprintf(plan, sizeof(plan), "%08x", s->plan);
	json_open_object(j, "standing");
	json_string(j, "state", bootcount_name(s->state));
	json_string(j, "plan", s->plan ? plan : NULL);
	json_int(j, "tries", s->tries);
	json_int(j, "limit", s->limit);
	json_string(j, "why", or_null(s->reason));
	json_close_object(j);
}

static bool has_error(const struct config *c, const char *error)
{
	for (size_t i = 0; i < c->n_errors; i++)
		if (str_equal(c->errors[i], error))
			return true;
	return false;
}

/* Errors known only when the image was made: a config that could not be copied, for one. */
static void print_recorded_errors(struct json *j, const struct config *c, struct imageinfo *record)
{
	const char *error;

	while ((error = imageinfo_next(record, "error")))
		if (!has_error(c, error))
			json_string(j, NULL, error);
}

static void print_errors(struct json *j, const struct plan *p, const struct apply_result *outcomes,
	const char *error, struct imageinfo *record)
{
	char name[VERDICT_NAME_MAX], text[512];

	json_open_array(j, "errors");
	if (error)
		json_string(j, NULL, error);
	for (size_t i = 0; i < p->config->n_errors; i++)
		json_string(j, NULL, p->config->errors[i]);
	print_recorded_errors(j, p->config, record);
	for (size_t i = 0; outcomes && i < p->n; i++) {
		if (!outcomes[i].error[0])
			continue;
		(void)snprintf(text, sizeof(text), "%s: %s", verdict_name(&p->verdicts[i], name),
			outcomes[i].error);
		json_string(j, NULL, text);
	}
	json_close_array(j);
}

static void print_image(struct json *j, struct imageinfo *record)
{
	char digest[IMAGE_DIGEST_MAX];
	const char *config = imageinfo_next(record, "config");

	if (!record->data) {
		json_null(j, "image");
		return;
	}
	if (config)
		(void)str_copy(digest, sizeof(digest), config);
	json_open_object(j, "image");
	json_string(j, "config", config ? digest : NULL);
	record->at = 0;
	json_string(j, "kernel", imageinfo_next(record, "kernel"));
	record->at = 0;
	json_string(j, "program", imageinfo_next(record, "program"));
	json_close_object(j);
}

/* If nothing is to be read (vfio_bind=off), the record is not read either. */
static void read_record(struct imageinfo *ret, const struct plan *p)
{
	struct err err;

	*ret = (struct imageinfo){0};
	if (p->off && p->n == 0 && p->config->n_errors == 0)
		return;
	int r = imageinfo_read(ret, p->config->file, &err);
	if (r < 0 && r != -ENOENT)
		log_print(LOG_WARNING, "%s", err.text);
}

void report_print(
	const struct plan *p, const struct apply_result *outcomes, const char *error, FILE *f)
{
	_cleanup_(imageinfo_done) struct imageinfo record;
	struct json j = {.f = f};

	read_record(&record, p);
	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_string(&j, "off", p->off);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < p->n; i++)
		print_device(&j, p, i, outcomes ? &outcomes[i] : NULL);
	json_close_array(&j);
	print_errors(&j, p, outcomes, error, &record);
	print_image(&j, &record);
	print_config(&j, p->config);
	print_bootcount(&j, p->bootcount);
	groups_print_json(p->groups, &j);
	json_close_object(&j);
	json_end(&j);
}

static void log_failure(const struct plan *p, const struct verdict *v, const struct apply_result *o)
{
	char name[VERDICT_NAME_MAX], source[SOURCE_MAX];
	const char *has = o->after[0] ? o->after : "no driver";
	const char *outcome = o->reverted                  ? "given back, and has"
			      : p->config->hold_on_failure ? "held, and has"
							   : "left as it is, and has";

	log_print(LOG_ERROR, "%s not on %s: %s; %s %s (asked at %s)", verdict_name(v, name),
		v->driver, o->error, outcome, has, verdict_source(p, v, source));
}

static void log_verdict(const struct plan *p, const struct verdict *v, const struct apply_result *o)
{
	char name[VERDICT_NAME_MAX], id[PCI_ID_MAX], source[SOURCE_MAX];

	verdict_name(v, name);
	verdict_source(p, v, source);
	if (v->action == ACTION_ABSENT) {
		log_print(LOG_WARNING, "%s: %s (asked at %s)", name, v->reason, source);
	} else if (v->action == ACTION_REFUSE) {
		log_print(LOG_WARNING, "%s left to the host: %s (asked at %s)", name, v->reason,
			source);
	} else if (o && o->attempted && !o->holds) {
		log_failure(p, v, o);
	} else if (o && o->unusable) {
		log_print(LOG_ERROR, "%s is on %s, but %s (asked at %s)", name, v->driver, o->error,
			source);
	} else {
		struct pci_id shown = v->device->id;
		shown.subvendor = shown.subdevice = PCI_ANY;
		pci_id_format(&shown, id);
		log_print(LOG_INFO, "%s %s %s %s: %s (asked at %s)", name, id,
			v->late             ? "is reserved for"
			: o && o->attempted ? "is on"
					    : "would go to",
			str_equal(v->driver, NO_DRIVER) ? "no driver" : v->driver, v->reason,
			source);
		if (o && o->prev_override[0])
			log_print(LOG_WARNING,
				"%s: driver_override was already set to '%s', perhaps by another tool",
				name, o->prev_override);
	}
}

static bool is_bad(const struct verdict *v, const struct apply_result *o)
{
	return v->action != ACTION_BIND || (o && o->attempted && (!o->holds || o->unusable));
}

void report_log_unverified(const struct plan *p)
{
	if (p->unverified[0])
		log_print(LOG_WARNING,
			"a controller is bound because the config names it, and it is not known whether the host needs it: %s",
			p->unverified);
}

void report_log(const struct plan *p, const struct apply_result *outcomes)
{
	size_t logged = 0, all = p->n;

	report_log_unverified(p);
	if (p->no_iommu) {
		log_print(LOG_ERROR,
			"nothing is bound: no device asked for has an IOMMU group; turn on VT-d, AMD-Vi or the SMMU in the firmware, and the kernel's IOMMU with vfio-bootcfg --iommu");
		all = 0;
	}
	for (int good = 0; good <= 1; good++)
		for (size_t i = 0; i < all && logged < LOG_MAX; i++) {
			const struct apply_result *o = outcomes ? &outcomes[i] : NULL;
			if (is_bad(&p->verdicts[i], o) == (bool)good)
				continue;
			log_verdict(p, &p->verdicts[i], o);
			logged++;
		}
	if (logged < all)
		log_print(LOG_NOTICE, "and %zu more devices; all are in the report", all - logged);
}

void report_log_interrupt(
	const struct plan *p, const struct apply_result *outcomes, const struct interrupt *i)
{
	size_t attempted = 0, bound = 0, back = 0;

	for (size_t k = 0; k < p->n; k++) {
		attempted += outcomes[k].attempted;
		bound += outcomes[k].attempted && outcomes[k].holds;
		back += outcomes[k].attempted && !outcomes[k].holds && !outcomes[k].overridden;
	}
	if (!i->signal)
		return;
	if (bound == attempted)
		log_print(LOG_NOTICE, "%s came when all was done: what was asked for is bound",
			interrupt_name(i->signal));
	else
		log_print(LOG_WARNING,
			"interrupted by %s: of %zu devices %zu are with the host again, %zu bound",
			interrupt_name(i->signal), attempted, back, bound);
}

int report_dir_open(const char *dir, struct err *err)
{
	/* Readable by all, writable only by the owner, whatever hook or shell started us. */
	(void)umask(022);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_set(err, errno, "%s: can't make it: %s", dir, strerror(errno));
	int fd = open(dir, O_DIRECTORY | O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", dir, strerror(errno));
	return fd;
}

int report_save(int dir, const struct plan *p, const struct apply_result *outcomes,
	const char *error, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&data, &len);

	if (!f)
		return err_set(err, ENOMEM, "out of memory for the report");
	report_print(p, outcomes, error, f);
	bool failed = ferror(f);
	if (fclose(f) != 0 || failed)
		return err_set(err, ENOMEM, "out of memory for the report");
	return file_replace_volatile(dir, REPORT_NAME, data, len, 0644, err);
}

int report_save_of(const char *dir, struct pci_addr addr, const struct plan *p,
	const struct apply_result *outcomes, struct err *err)
{
	_cleanup_(str_free) char *path = NULL;
	char address[PCI_ADDR_MAX];

	if (asprintf(&path, "%s/%s", dir, pci_addr_format(addr, address)) < 0)
		return err_set(err, ENOMEM, "out of memory for the report");
	_cleanup_(fd_close) int fd = report_dir_open(path, err);
	return fd < 0 ? fd : report_save(fd, p, outcomes, NULL, err);
}

int report_file_read(
	const char *dir, const char *name, size_t max, char **ret, size_t *ret_len, struct err *err)
{
	_cleanup_(str_free) char *path = NULL, *kept = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0 ||
		asprintf(&kept, REPORT_KEPT_DIR "/%s", name) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int r = file_read(AT_FDCWD, path, max, ret, ret_len, err);
	if (r == -ENOENT && str_equal(dir, REPORT_DIR) &&
		file_read_trusted(AT_FDCWD, kept, max, ret, ret_len, NULL) == 0) {
		if (err)
			err->text[0] = '\0';
		return 0;
	}
	return r;
}

int report_load(const char *dir, char **ret, struct err *err)
{
	size_t len;

	return report_file_read(dir, REPORT_NAME, TEXT_MAX, ret, &len, err);
}

void report_keep(void)
{
	static const char *const names[] = {REPORT_NAME, RUN_STATE_NAME};
	struct err err = {""};
	_cleanup_(fd_close) int dir = report_dir_open(REPORT_KEPT_DIR, &err);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && dir >= 0; i++) {
		_cleanup_(str_free) char *data = NULL, *path = NULL;
		size_t len;
		if (asprintf(&path, REPORT_DIR "/%s", names[i]) < 0 ||
			file_read(AT_FDCWD, path, TEXT_MAX, &data, &len, &err) < 0)
			break;
		if (file_replace_volatile(dir, names[i], data, len, 0644, &err) < 0)
			break;
	}
	if (err.text[0])
		log_print(LOG_WARNING, "the report is not kept: %s", err.text);
}
