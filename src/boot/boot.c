/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/boot.h"

#include "base/file.h"
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "core/apply.h"
#include "core/guard.h"
#include "core/kmod.h"
#include "core/release.h"
#include "core/report.h"
#include "core/run_state.h"
#include "core/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DEFAULT_SECONDS 10
#define MAX_SECONDS 600
#define LOCK_LOOK_MS 20

struct boot {
	const struct boot_host *host; /* or NULL, in an image */
	struct sysroot sysroot;
	const char *run_dir;
	unsigned milliseconds;
	bool json;
	bool join;
	bool by_hand; /* on the running system, where devices are in use */
};

/*
 * True in an initramfs, where nothing is in use yet: /etc/initrd-release exists
 * (initrd-release(5)), or / is the file system into which the kernel unpacked it, "rootfs" in
 * mountinfo (init/do_mounts.c). A host whose / is a tmpfs has another one on top of that.
 */
static bool initramfs_is_here(void)
{
	struct statfs root;
	char line[256];

	if (access("/etc/initrd-release", F_OK) == 0)
		return true;
	if (statfs("/", &root) < 0 || (root.f_type != RAMFS_MAGIC && root.f_type != TMPFS_MAGIC))
		return false;
	/* Without /proc the boot has only begun. */
	if (file_read_small(AT_FDCWD, "/proc/self/mountinfo", line, sizeof(line)) < 0)
		return true;
	/* The kernel's own mount comes first; if another is mounted over it, it is unreachable and
	 * not listed (show_mountinfo in fs/proc_namespace.c). One line only: boot waits for
	 * each. */
	line[strcspn(line, "\n")] = '\0';
	return strstr(line, " / / ") && strstr(line, " - rootfs "); /* proc_pid_mountinfo(5) */
}

/* Where it can't be asked who has a device open, a driver is enough. */
static void refuse_with_driver(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND && v->device->driver[0] &&
			!str_equal(v->device->driver, v->driver))
			guard_refuse_card(
				p, v, "a driver has it, and this program can't tell who uses it");
	}
}

int boot_refuse_in_use(
	struct plan *p, struct sysfs *s, bool live, const struct boot_host *host, struct err *err)
{
	if (host)
		return host->refuse_in_use(p, s, live, err);
	/* What the kernel itself needs of a device, as a disk that is mounted, is asked before the
	 * driver is unbound (core/apply). */
	if (!live || !initramfs_is_here())
		refuse_with_driver(p);
	return 0;
}

/* The report is what people and `boot --join` look for: it comes last, and whatever became of the
 * state. */
static void save(const struct boot *o, const struct ctx *s, const struct apply_result *outcomes,
	const char *error)
{
	struct err err = {""}, state_err = {""};
	_cleanup_(fd_close) int dir = report_dir_open(o->run_dir, &err);
	int state = dir < 0 ? 0 : run_state_save(dir, s->plan.bootcount, &s->protected, &state_err);

	if (dir < 0 || report_save(dir, &s->plan, outcomes, error, &err) < 0)
		log_print(LOG_WARNING, "%s", err.text);
	else if (state < 0)
		log_print(LOG_WARNING, "%s", state_err.text);
}

static enum cmd_result finish(const struct boot *o, const struct ctx *s,
	const struct apply_result *outcomes, const char *error)
{
	save(o, s, outcomes, error);
	if (o->json) {
		report_print(&s->plan, outcomes, error, stdout);
		(void)fflush(stdout);
	}
	if (s->bootcount.state == BOOT_BAD)
		return CMD_NOT_ALL;
	if (s->profile_unknown)
		return CMD_NOT_ALL;
	if (s->plan.off) /* nothing was to be carried out: same result as `plan` */
		return plan_is_whole(&s->plan) ? CMD_AS_ASKED : CMD_NOT_ALL;
	for (size_t i = 0; i < s->plan.n; i++)
		if (!outcomes || !outcomes[i].holds || outcomes[i].unusable)
			return CMD_NOT_ALL;
	return CMD_AS_ASKED;
}

/* Binding a VGA device blanks the console on it (aperture_remove_conflicting_pci_devices,
 * drivers/vfio/pci/vfio_pci_core.c): warn while the text is still visible. */
static void warn_of_dark(const struct plan *p, bool unknown)
{
	char name[VERDICT_NAME_MAX];

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND && v->device->is_boot_display)
			log_print(LOG_WARNING,
				"taking the boot display %s: the console on it goes blank",
				verdict_name(v, name));
		else if (v->action == ACTION_BIND && unknown && device_has_outputs(v->device))
			log_print(LOG_WARNING,
				"nothing tells which display shows the boot; it may be %s, which is taken now",
				verdict_name(v, name));
	}
}

/*
 * VFIO's IOMMU driver, which a VM needs and binding does not. Its lock is held until it is loaded:
 * `boot --join`, the last hook of an image, waits for that.
 */
#define IOMMU_LOCK "iommu.lock"

static int iommu_lock_open(const struct boot *o, struct err *err)
{
	_cleanup_(fd_close) int dir = report_dir_open(o->run_dir, err);

	return dir < 0 ? dir : file_open_lock(dir, IOMMU_LOCK, err);
}

static int iommu_lock_take(const struct boot *o)
{
	struct err err = {""};
	int lock = iommu_lock_open(o, &err);

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	if (lock < 0)
		log_print(LOG_DEBUG, "%s", err.text);
	fd_close(&lock);
	return -1;
}

/* In a process of its own, unless this is one: a module that hangs hangs that. */
static void load_iommu(bool in_background)
{
	struct err err = {""};
	int notify_ready = -1;
	int parent = in_background ? -1 : steps_detach(&notify_ready, &err);

	if (parent < 0 && !in_background)
		log_print(LOG_WARNING, "no VM can open a device yet: %s", err.text);
	else if (parent <= 0 && module_load_iommu(&err) < 0)
		log_print(LOG_WARNING, "no VM can open a device yet: %s", err.text);
	fd_close(&notify_ready);
	if (parent > 0)
		fd_close(&parent);
}

static unsigned time_left(const struct boot *o, const struct ctx *s)
{
	return s->bootcount.spent < o->milliseconds ? o->milliseconds - s->bootcount.spent : 1;
}

static enum cmd_result carry_out(
	const struct boot *o, struct ctx *s, int *notify_ready, struct err *err)
{
	const bool in_background = *notify_ready >= 0;
	struct apply_result *outcomes = NULL;
	struct interrupt interrupt = {0};
	const struct apply_options a = {.sysfs = &s->sysfs,
		.load_modules = !o->sysroot.sysfs,
		.iommu_later = !o->by_hand,
		.milliseconds = time_left(o, s),
		.notify_ready = notify_ready,
		.interrupt = &interrupt};

	warn_of_dark(&s->plan, s->host.boot.by == WITNESS_NONE);
	interrupt_hold(); /* systemd ends a service that takes too long, and all services at
			   * switch-root */
	if (o->by_hand)
		prev_driver_save_all(o->run_dir, &s->plan, &s->sysfs);
	if (apply_plan(&outcomes, &s->plan, &a, err) < 0) {
		(void)finish(o, s, NULL, err->text);
		return CMD_SYSTEM;
	}
	if (o->by_hand)
		prev_driver_after_bind(o->run_dir, &s->plan, outcomes);
	settings_note_save(o->run_dir, &s->plan, outcomes);
	report_log_interrupt(&s->plan, outcomes, &interrupt);
	report_log(&s->plan, outcomes);
	ctx_read_groups(s, GROUPS_ANY);
	groups_log(&s->groups);
	/* Before the report is there, after which `boot --join` waits for nothing else. */
	bool iommu = a.load_modules && a.iommu_later;
	int lock = iommu ? iommu_lock_take(o) : -1;
	enum cmd_result r = finish(o, s, outcomes, NULL);
	free(outcomes);
	if (iommu)
		load_iommu(in_background);
	fd_close(&lock); /* another process still has it, if that loads the driver */
	return r;
}

static void forget_report(const struct boot *o)
{
	_cleanup_(str_free) char *path = NULL;

	if (asprintf(&path, "%s/" REPORT_NAME, o->run_dir) >= 0)
		(void)unlink(path);
}

static bool has_report(const struct boot *o)
{
	_cleanup_(str_free) char *path = NULL;

	return asprintf(&path, "%s/" REPORT_NAME, o->run_dir) >= 0 && access(path, F_OK) == 0;
}

/* Keeps the decision of an earlier run in this boot, and counts a boot once. Returns true if
 * nothing is bound because of failed boots. */
static bool is_blocked(const struct boot *o, struct ctx *s, bool again)
{
	_cleanup_(run_state_done) struct run_state last = {0};
	_cleanup_(fd_close) int place = -1;

	s->plan.bootcount = &s->bootcount;
	if (!o->by_hand) {
		place = bootcount_place(&s->bootcount, &s->plan, o->sysroot.sysfs);
		if (place < 0)
			return false;
	}
	bool ran = run_state_read(&last, o->run_dir, NULL) == 0;
	if (ran)
		released_refuse(&s->plan, o->run_dir, &s->sysfs);
	again |= ran;
	if (o->by_hand)
		s->bootcount = last.has_bootcount
				       ? last.bootcount
				       : (struct bootcount){.reason = "run by hand, not at boot"};
	else if (last.bootcount.state == BOOT_BAD)
		s->bootcount = last.bootcount;
	else
		bootcount_begin(&s->bootcount, &s->plan, place, o->sysroot.sysfs != NULL, again);
	if (s->bootcount.state != BOOT_BAD)
		return false;
	s->plan.off = s->bootcount.reason;
	/* Error level, so that it reaches a console with `quiet`. */
	log_print(LOG_ERROR, "nothing is bound: %s", s->plan.off);
	return true;
}

/* The parent returns once all overrides are set; from then on no other driver can bind first. The
 * background process has the lock until its last child ends. */
static enum cmd_result carry_out_in_background(const struct boot *o, struct ctx *s, struct err *err)
{
	_cleanup_(fd_close) int lock = lock_open(o->run_dir, err);
	int notify_ready = -1;

	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (lock >= 0)
			log_print(
				LOG_WARNING, "another vfio-bind is at work; doing it all at once");
		return carry_out(o, s, &notify_ready, err);
	}
	forget_report(o);
	_cleanup_(fd_close) int wait = steps_detach(&notify_ready, err);
	if (wait > 0) {
		if (steps_wait(wait, o->milliseconds) < 0)
			log_print(LOG_WARNING, "the overrides took longer than %u ms; booting on",
				o->milliseconds);
		return CMD_AS_ASKED;
	}
	if (wait < 0)
		log_print(LOG_WARNING, "%s; doing it all at once", err->text);
	return carry_out(o, s, &notify_ready, err);
}

/* Works as `bind` with the devices of the config: skips devices that are in use or were
 * released. */
static enum cmd_result run_by_hand(const struct boot *o, struct ctx *s, struct err *err)
{
	_cleanup_(lock_done) int lock = lock_take(o->run_dir, o->milliseconds, err);
	int notify_ready = -1;

	if (lock < 0)
		return CMD_SYSTEM;
	released_refuse(&s->plan, o->run_dir, &s->sysfs);
	probe_drivers(&s->host, &s->sysfs);
	if (boot_refuse_in_use(&s->plan, &s->sysfs, true, o->host, err) < 0)
		return CMD_SYSTEM;
	return carry_out(o, s, &notify_ready, err);
}

static enum cmd_result boot(
	struct boot *o, const struct boot_switch *b, bool at_once, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s;
	int notify_ready = -1;
	int r = ctx_read(&s, &o->sysroot, b, err);

	if (r < 0) {
		ctx_log_errors(&s.config);
		if (r != -EINVAL) {
			(void)finish(o, &s, NULL, err->text);
			return CMD_SYSTEM;
		}
		log_print(LOG_ERROR, "%s: nothing is bound because of the errors in it",
			s.config.path);
		(void)finish(o, &s, NULL, NULL);
		return CMD_CONFIG;
	}
	ctx_ask_crash(&s, &o->sysroot);
	if (s.plan.off)
		log_print(s.profile_unknown ? LOG_ERROR : LOG_NOTICE, "nothing is touched: %s",
			s.plan.off);
	bool off = s.plan.off || !plan_binds(&s.plan);
	if (!off)
		o->by_hand = !o->sysroot.sysfs && !initramfs_is_here();
	off = off || is_blocked(o, &s, at_once);
	if (!off && at_once) /* other programs may have released devices meanwhile */
		released_refuse(&s.plan, o->run_dir, &s.sysfs);
	if (!off && o->by_hand)
		return run_by_hand(o, &s, err);
	if (off || !plan_binds(&s.plan)) {
		probe_drivers(&s.host, &s.sysfs);
		report_log(&s.plan, NULL);
		return finish(o, &s, NULL, NULL);
	}
	if (s.config.load_in_background && !at_once)
		return carry_out_in_background(o, &s, err);
	return carry_out(o, &s, &notify_ready, err);
}

static enum cmd_result join_iommu(const struct boot *o, int64_t deadline, struct err *err)
{
	_cleanup_(fd_close) int lock = iommu_lock_open(o, err);

	while (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (steps_now() >= deadline) {
			(void)err_set(err, ETIMEDOUT,
				"module " VFIO_IOMMU_DRIVER
				": not loaded in %u s; without it no VM can open a device",
				o->milliseconds / 1000);
			return CMD_SYSTEM;
		}
		(void)usleep(LOCK_LOOK_MS * 1000);
	}
	return lock < 0 ? CMD_SYSTEM : CMD_AS_ASKED;
}

/* Waits for the work in the background; repeats in the foreground what it did not finish. */
static enum cmd_result join_work(
	struct boot *o, const struct boot_switch *b, int64_t deadline, struct err *err)
{
	if (b->mode == BOOT_OFF)
		return CMD_AS_ASKED;
	_cleanup_(fd_close) int lock = lock_open(o->run_dir, err);
	if (lock < 0)
		return CMD_SYSTEM;
	while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		/* A child that hangs in the kernel keeps the lock after the work is done. */
		if (has_report(o))
			return CMD_AS_ASKED;
		if (steps_now() >= deadline) {
			(void)err_set(err, ETIMEDOUT,
				"the work in the background did not end in %u s",
				o->milliseconds / 1000);
			return CMD_SYSTEM;
		}
		(void)usleep(LOCK_LOOK_MS * 1000);
	}
	return has_report(o) ? CMD_AS_ASKED : boot(o, b, true, err);
}

static enum cmd_result join(struct boot *o, const struct boot_switch *b, struct err *err)
{
	int64_t deadline = steps_now() + o->milliseconds;
	enum cmd_result r = join_work(o, b, deadline, err);

	if (b->mode == BOOT_OFF || r == CMD_SYSTEM)
		return r;
	enum cmd_result iommu = join_iommu(o, deadline, err);
	return r == CMD_AS_ASKED ? iommu : r;
}

static int set_seconds(void *to, const char *value, struct err *err)
{
	unsigned *milliseconds = to;
	unsigned long seconds;

	if (!str_decimal(value, MAX_SECONDS, &seconds) || seconds == 0)
		return err_set(
			err, EINVAL, "--timeout %s: write seconds, 1 to %d", value, MAX_SECONDS);
	*milliseconds = (unsigned)seconds * 1000;
	return 0;
}

enum cmd_result boot_run(int argc, char **argv, const struct boot_host *host, struct err *err)
{
	struct boot o = {.host = host,
		.sysroot.acts = true,
		.sysroot.find = host ? host->find : NULL,
		.sysroot.variants = host ? host->variants : NULL,
		.sysroot.boots = true,
		.run_dir = REPORT_DIR,
		.milliseconds = DEFAULT_SECONDS * 1000};
	static const struct command_info info = {
		.about =
			"Reserves and binds the devices of the config; what the hooks of an initramfs run.",
		.at_boot = true};
	bool help = false;
	const struct option_row rows[] = {
		SYSROOT_OPTIONS(&o.sysroot),
		{"run", 0, "DIR", "write the report below DIR instead of " REPORT_DIR, &o.run_dir,
			NULL, NULL, NULL},
		{"timeout", 0, "SECONDS", "return after this time even if a driver hangs (10)",
			NULL, NULL, set_seconds, &o.milliseconds},
		{"join", 0, NULL,
			"wait for what boot left running: VFIO's IOMMU driver, and `load = background`",
			NULL, &o.join, NULL, NULL},
		{"json", 0, NULL, "print the report too", NULL, &o.json, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	struct boot_switch b = sysroot_switch(&o.sysroot);
	log_open("vfio-bind", o.sysroot.sysfs ? LOG_TO_STDERR : LOG_TO_KMSG, b.debug);
	return o.join ? join(&o, &b, err) : boot(&o, &b, false, err);
}
