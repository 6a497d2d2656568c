/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans carried out on a fake kernel, every call of which may fail, hang or be the last. */
#include "core/apply.h"

#include "base/log.h"
#include "base/str.h"
#include "check.h"
#include "core/steps.h"
#include "core/usable.h"
#include "exact.h"
#include "fake_kernel.h"
#include "fake_sysfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the firmware's framebuffer ---------------------------------------------------------------
 */

/* What is found of the card's BARs; in shared memory, for the framebuffer is released by a child.
 */
static struct bars {
	enum usable usable;
	const char *reason;
	unsigned asked; /* how often */
	struct boot_display boot;
	int release; /* what releasing the framebuffer returns */
	unsigned released;
} * bars;

enum usable __wrap_usable_look_at_bars(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX]);
int __wrap_sysfs_release_framebuffer(struct sysfs *s, const char *name);

enum usable __wrap_usable_look_at_bars(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX])
{
	char address[PCI_ADDR_MAX];

	(void)s;
	(void)check_that(!root && str_equal(pci_addr_format(addr, address), CARD), __FILE__,
		__LINE__, "the BARs of %s are looked at", pci_addr_format(addr, address));
	bars->asked++;
	(void)snprintf(reason, USABLE_REASON_MAX, "%s", bars->reason ? bars->reason : "");
	return bars->usable;
}

/* The child that lets the boot go on may die of it, which is no device's error. */
static bool dies_in_notice;
static pid_t parent;
void __wrap_steps_notify_ready(int *notify_ready);
void __real_steps_notify_ready(int *notify_ready);

void __wrap_steps_notify_ready(int *notify_ready)
{
	if (dies_in_notice && getpid() != parent)
		(void)raise(SIGKILL);
	__real_steps_notify_ready(notify_ready);
}

static bool no_memory;
void *__wrap_steps_shared(size_t size);
void *__real_steps_shared(size_t size);

void *__wrap_steps_shared(size_t size)
{
	return no_memory ? NULL : __real_steps_shared(size);
}

int __wrap_sysfs_release_framebuffer(struct sysfs *s, const char *name)
{
	(void)s;
	bars->released += str_equal(name, bars->boot.framebuffer);
	return bars->release;
}

/* ---- the tests --------------------------------------------------------------------------------
 */

static bool hold;
static const char *more = ""; /* what else the config has */
static char logged[2048];     /* by the last plan that was carried out */

static void forget_driver(const char *name)
{
	(void)unlink(path_of(DRIVERS "/%s/unbind", name));
	(void)rmdir(path_of(DRIVERS "/%s", name));
}

static void new_machine(void)
{
	*world = (struct world){.module = "vfio-pci"};
	*bars = (struct bars){.usable = USABLE};
	(void)snprintf(world->tree, sizeof(world->tree), "%s/sys", top);
	forget_driver("vfio-pci");
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		(void)unlink(path_of(DEVICES "/%s/driver", functions[i]));
		set_override(functions[i], "(null)");
	}
}

static struct apply_result outcomes[N_FUNCTIONS];
static struct interrupt interrupt;
static int64_t took;
static int notice = -1;    /* the end of a pipe for the word that the boot may go on */
static struct err failure; /* of the plan as a whole */

/* Carries out the plan for the card and the network controller. Returns what apply_plan returned.
 */
static int carry_out(unsigned milliseconds)
{
	static const char *const text = "[bind]\naddresses = 01:00.0, 03:00.0\n";
	char config[256];
	_cleanup_(config_done) struct config c = {0};
	_cleanup_(probe_done) struct probe h = {0};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(plan_done) struct plan p = {0};
	const struct boot_switch b = {.mode = BOOT_BIND};
	struct apply_result *got = NULL;
	struct err err = {""};
	int notify_ready = notice;

	(void)snprintf(config, sizeof(config), "%s%s%s", text,
		hold ? "[guard]\non_failure = hold\n" : "", more);
	memset(outcomes, 0, sizeof(outcomes));
	if (config_parse(&c, "F", config, strlen(config)) < 0)
		abort();
	exact_config(&c);
	if (sysfs_open(&s, world->tree, &err) < 0 || probe_devices(&h, &c, &s, NULL, &err) < 0)
		abort();
	exact_probe(&h);
	if (plan_make(&p, &c, &h, &b, &err) < 0 || p.n != N_FUNCTIONS)
		abort();
	exact_plan(&p);
	p.boot = &bars->boot;
	interrupt = (struct interrupt){0};
	interrupt_hold();
	const struct apply_options o = {.sysfs = &s,
		.load_modules = true,
		.milliseconds = milliseconds,
		.notify_ready = &notify_ready,
		.interrupt = &interrupt};
	FILE *log = tmpfile();
	int errors = dup(STDERR_FILENO);
	if (!log || errors < 0 || dup2(fileno(log), STDERR_FILENO) < 0)
		abort();
	int64_t began = steps_now();
	int r = apply_plan(&got, &p, &o, &err);
	took = steps_now() - began;
	(void)dup2(errors, STDERR_FILENO);
	(void)close(errors);
	rewind(log);
	logged[fread(logged, 1, sizeof(logged) - 1, log)] = '\0';
	(void)fclose(log);
	(void)interrupt_came(&interrupt);
	interrupt_release();
	if (r == 0)
		memcpy(outcomes, got, sizeof(outcomes));
	free(got);
	failure = err;
	return r;
}

static void check_device(const char *address, const char *driver, const char *override)
{
	char have[64];

	driver_of(address, have, sizeof(have));
	(void)check_that(str_equal(have, driver), __FILE__, __LINE__,
		"%s has the driver '%s', not '%s'", address, have, driver);
	override_of(address, have, sizeof(have));
	(void)check_that(str_equal(have, override), __FILE__, __LINE__,
		"%s has the override '%s', not '%s'", address, have, override);
}

static bool trace_has(const char *line, size_t *ret_at)
{
	for (size_t i = 0; i < world->calls && i < CALLS_MAX; i++)
		if (str_equal(world->trace[i], line)) {
			if (ret_at)
				*ret_at = i;
			return true;
		}
	return false;
}

static size_t last_of(const char *what)
{
	size_t at = 0;

	for (size_t i = 0; i < world->calls && i < CALLS_MAX; i++)
		if (str_starts(world->trace[i], what))
			at = i;
	return at;
}

static void check_all_bound(void)
{
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		CHECK(outcomes[i].attempted && outcomes[i].holds && !outcomes[i].reverted);
		CHECK_STR(outcomes[i].after, "vfio-pci");
		CHECK_STR(outcomes[i].error, "");
		CHECK(!outcomes[i].unusable && !outcomes[i].timed_out && !outcomes[i].overridden);
		CHECK(outcomes[i].usec > 0 && outcomes[i].usec < 10000000);
		check_device(functions[i], "vfio-pci", "vfio-pci");
	}
}

static void test_bound(void)
{
	size_t load = 0, probe = 0;

	check_case("early boot, a module: overrides, load, then probes, and all is bound");
	new_machine();
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK(trace_has("load vfio-pci", &load));
	CHECK(trace_has("probe 0000:01:00.0", &probe));
	CHECK_INT(last_of("override"), N_FUNCTIONS - 1);
	CHECK(load == N_FUNCTIONS && probe > load);
	CHECK(!trace_has("unbind 0000:01:00.0", NULL));
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		CHECK_STR(outcomes[i].before, "");

	check_case("built in: it does not look again by itself, so it is probed");
	new_machine();
	kernel_register("vfio-pci", functions);
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK(trace_has("probe 0000:03:00.0", NULL));

	check_case("bound already: nobody is unbound");
	world->calls = 0;
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK(!trace_has("unbind 0000:01:00.0", NULL));
	CHECK_STR(outcomes[0].before, "vfio-pci");

	check_case("host drivers have them: unbound once vfio-pci is there, then probed");
	new_machine();
	kernel_register("nouveau", functions);
	kernel_register("igc", functions);
	check_device("0000:01:00.0", "nouveau", "");
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK_STR(outcomes[0].before, "nouveau");
	CHECK(trace_has("load vfio-pci", &load) && trace_has("unbind 0000:01:00.0", &probe));
	CHECK(load < probe);
}

/* What another tool had set before we came. */
static void test_others_override(void)
{
	check_case(
		"another tool's override comes back where a child is killed before it has read it");
	new_machine();
	set_override(CARD, "pci-stub");
	world->fate = DIE_BEFORE;
	world->at = 1;
	CHECK_INT(carry_out(10000), 0);
	check_device(CARD, "", "pci-stub");
	CHECK(!outcomes[0].holds && !outcomes[0].overridden);

	check_case("... and nothing is written where there was none, and it was not read either");
	new_machine();
	set_override(CARD, "");
	world->fate = DIE_BEFORE;
	world->at = 1;
	CHECK_INT(carry_out(10000), 0);
	CHECK(!trace_has("give back " CARD, NULL));
	CHECK(!outcomes[0].holds && !outcomes[0].overridden);

	check_case("... and is in the result where the device is bound");
	new_machine();
	set_override(CARD, "pci-stub");
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK_STR(outcomes[0].prev_override, "pci-stub");
	CHECK_STR(outcomes[1].prev_override, "");
	set_override(CARD, "vfio-pci");
	CHECK_INT(carry_out(10000), 0);
	CHECK_STR(outcomes[0].prev_override, "");

	check_case("what was set already and can't be written is bound all the same");
	new_machine();
	set_override(CARD, "vfio-pci");
	world->fate = FAIL;
	world->code = EPERM;
	world->at = 1;
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
}

static void test_given_back(void)
{
	check_case("no module: all is given back and the host's drivers come");
	new_machine();
	world->module[0] = '\0';
	kernel_register("nouveau", functions);
	kernel_register("igc", functions);
	CHECK_INT(carry_out(10000), 0);
	check_device("0000:01:00.0", "nouveau", "");
	check_device("0000:01:00.1", "snd_hda_intel", "");
	check_device("0000:03:00.0", "igc", "");
	CHECK(!trace_has("unbind 0000:01:00.0", NULL));
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		CHECK(outcomes[i].attempted && !outcomes[i].holds && outcomes[i].reverted);
		CHECK_HAS(outcomes[i].error, "module vfio-pci: none for this kernel");
	}

	check_case("vfio-pci refuses one: it goes back to its driver, the others stay");
	new_machine();
	(void)snprintf(world->refused, sizeof(world->refused), "0000:03:00.0");
	kernel_register("igc", functions);
	CHECK_INT(carry_out(10000), 0);
	check_device("0000:03:00.0", "igc", "");
	CHECK_HAS(outcomes[4].error, "the driver refuses it");
	CHECK(outcomes[4].reverted);
	CHECK_STR(outcomes[4].before, "igc");
	CHECK_STR(outcomes[4].after, "igc");
	for (size_t i = 0; i < 4; i++)
		check_device(functions[i], "vfio-pci", "vfio-pci");

	check_case("... of two host drivers to the one that it had");
	new_machine();
	(void)snprintf(world->refused, sizeof(world->refused), CARD);
	(void)snprintf(world->second, sizeof(world->second), "nvidiafb");
	kernel_register("nvidiafb", functions);
	kernel_register("nouveau", functions);
	CHECK_INT(carry_out(10000), 0);
	check_device(CARD, "nvidiafb", "");

	check_case("hold: what is refused stays reserved");
	new_machine();
	hold = true;
	(void)snprintf(world->refused, sizeof(world->refused), "0000:03:00.0");
	kernel_register("igc", functions);
	CHECK_INT(carry_out(10000), 0);
	check_device("0000:03:00.0", "", "vfio-pci");
	CHECK(!outcomes[4].reverted && !outcomes[4].holds);
	hold = false;
}

static void old_machine(void)
{
	fake_sysfs_make("desktop");
	fake_sysfs_unbind_all();
}

/* The machine of an SMMU before Linux 6.15: no function has a group before a driver is probed.
 * `third`: a function that is not asked for is of the NIC's group. */
static void new_late_machine(bool third)
{
	old_machine();
	new_machine();
	world->late = true;
	must_shell(
		"cd '%s' && mkdir -p class/iommu/smmu3.0x0000000009050000 && cd bus/pci/devices && "
		"for d in *; do [ ! -L $d/iommu_group ] || { basename $(readlink $d/iommu_group) >$d/late_group; "
		"rm $d/iommu_group; }; done; rm -rf ../../../kernel/iommu_groups/*",
		world->tree);
	if (third)
		must_shell(
			"cd '%s' && g=kernel/iommu_groups/$(cat bus/pci/devices/0000:03:00.0/late_group)/devices && "
			"mkdir -p $g && ln -s ../../../../bus/pci/devices/0000:02:00.0 $g/",
			world->tree);
}

static void test_late_groups(void)
{
	check_case("a group that comes with the driver: bound, and known afterwards");
	new_late_machine(false);
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();

	check_case("no group even then: given back, with all of its card");
	new_late_machine(false);
	(void)unlink(path_of(DEVICES "/0000:01:00.1/late_group"));
	kernel_register("nouveau", functions);
	kernel_register("igc", functions);
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		(void)unlink(path_of(DEVICES "/%s/driver", functions[i]));
	must_shell("rm -f '%s'/bus/pci/devices/*/iommu_group", world->tree);
	CHECK_INT(carry_out(10000), 0);
	CHECK_HAS(outcomes[1].error, "no IOMMU group");
	CHECK_HAS(outcomes[0].error, "another function of its card");
	for (size_t i = 0; i < 4; i++)
		CHECK(!outcomes[i].holds && outcomes[i].reverted);
	check_device(CARD, "nouveau", "");
	check_device("0000:01:00.1", "snd_hda_intel", "");
	check_device("0000:03:00.0", "vfio-pci", "vfio-pci");

	check_case("a member stays with the host: bound all the same, as where it is known before");
	new_late_machine(true);
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();

	check_case("... and with strict_groups given back; the others stay");
	new_late_machine(true);
	more = "[guard]\nstrict_groups = yes\n";
	kernel_register("igc", functions);
	(void)unlink(path_of(DEVICES "/0000:03:00.0/driver"));
	(void)unlink(path_of(DEVICES "/0000:03:00.0/iommu_group"));
	CHECK_INT(carry_out(10000), 0);
	more = "";
	check_device("0000:03:00.0", "igc", "");
	CHECK_HAS(outcomes[4].error, "strict_groups: of its IOMMU group");
	CHECK_HAS(outcomes[4].error, "0000:02:00.0 stays with the host");
	CHECK(outcomes[4].reverted && !outcomes[4].holds);
	for (size_t i = 0; i < 4; i++)
		check_device(functions[i], "vfio-pci", "vfio-pci");
	old_machine();
}

/* After whatever happened a device is ours whole or the host's whole, and the outcome says which.
 */
static void check_whole(void)
{
	char driver[64], override[64];

	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		driver_of(functions[i], driver, sizeof(driver));
		override_of(functions[i], override, sizeof(override));
		bool ours = str_equal(driver, "vfio-pci") && str_equal(override, "vfio-pci");
		bool hosts = !str_equal(driver, "vfio-pci") && override[0] == '\0';
		(void)check_that(ours || hosts, __FILE__, __LINE__,
			"%s is left half: driver '%s', override '%s'", functions[i], driver,
			override);
		(void)check_that(outcomes[i].holds == ours, __FILE__, __LINE__,
			"%s: the outcome says %s; driver '%s', override '%s'", functions[i],
			outcomes[i].holds ? "bound" : "not bound", driver, override);
		CHECK_INT(outcomes[i].error[0] != '\0', !outcomes[i].holds);
	}
}

/* A machine on which every step has something to do: a driver has one of the devices. */
static void new_busy_machine(void)
{
	new_machine();
	kernel_register("igc", functions);
	kernel_register("xhci_hcd", functions);
}

static unsigned count_calls(void)
{
	new_busy_machine();
	(void)carry_out(10000);
	return world->calls;
}

static void test_each_call(enum dev_state fate, const char *name)
{
	unsigned n = count_calls();

	for (unsigned at = 1; at <= n; at++) {
		check_case("call %u of %u %s: ours whole or the host's whole", at, n, name);
		new_busy_machine();
		world->fate = fate;
		world->code = EIO;
		world->at = at;
		CHECK_INT(carry_out(10000), 0);
		check_whole();
		CHECK(took < 2000);
	}
}

/* The plan on a machine where the call of that name goes wrong: its first, of a run before. */
static void carry_out_with(bool built_in, const char *call, enum dev_state fate, int code)
{
	size_t at = 0;

	for (int pass = 0; pass < 2; pass++) {
		new_busy_machine();
		if (built_in)
			kernel_register("vfio-pci", functions);
		if (pass == 1) {
			world->fate = fate;
			world->code = code;
			world->at = (unsigned)at + 1;
		}
		CHECK_INT(carry_out(10000), 0);
		if (pass == 0)
			CHECK(trace_has(call, &at));
	}
}

static void test_errors(void)
{
	static const struct {
		int code;
		const char *override, *probe;
	} rows[] = {
		{EPERM, "not permitted (lockdown, or not root)",
			"not permitted (lockdown, or not root)"},
		{EACCES, "not permitted (lockdown, or not root)",
			"not permitted (lockdown, or not root)"},
		{ENOENT, "no such file; the device is gone, or the kernel is older than 3.16",
			"No such file or directory"},
		{EROFS, "sysfs is mounted read-only", "Read-only file system"},
		{EINVAL, "Invalid argument",
			"the driver refuses it: no IOMMU group, or no plain function"},
		{EBUSY, "Device or resource busy", "it is in use"},
		{ENODEV, "No such device", "it is gone"},
		{EIO, "Input/output error", "Input/output error"},
	};
	char text[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_case("errors: %s", strerror(rows[i].code));
		carry_out_with(false, "override " CARD, FAIL, rows[i].code);
		(void)snprintf(
			text, sizeof(text), "can't write driver_override: %s", rows[i].override);
		CHECK_STR(outcomes[0].error, text);
		CHECK(!outcomes[0].overridden && !trace_has("give back " CARD, NULL));
		for (size_t k = 1; k < 4; k++)
			CHECK_STR(outcomes[k].error,
				"another function of its card could not be reserved");
		CHECK_STR(outcomes[4].error, "");
		carry_out_with(true, "probe " CARD, FAIL, rows[i].code);
		(void)snprintf(text, sizeof(text), "can't probe it: %s", rows[i].probe);
		CHECK_STR(outcomes[0].error, text);
		carry_out_with(false, "unbind 0000:03:00.0", FAIL, rows[i].code);
		(void)snprintf(
			text, sizeof(text), "igc does not let it go: %s", strerror(rows[i].code));
		CHECK_STR(outcomes[4].error, text);
	}

	check_case("errors: a child that is killed in a step");
	carry_out_with(false, "override " CARD, DIE_BEFORE, 0);
	CHECK_STR(outcomes[0].error, "writing driver_override was killed");
	carry_out_with(false, "unbind 0000:03:00.0", DIE_BEFORE, 0);
	CHECK_STR(outcomes[4].error, "taking it from its driver was killed");
	carry_out_with(true, "probe 0000:01:00.1", DIE_BEFORE, 0);
	CHECK_STR(outcomes[1].error, "probing was killed");
	carry_out_with(false, "load vfio-pci", DIE_BEFORE, 0);
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		CHECK_STR(outcomes[i].error, "loading the modules was killed");

	check_case("errors: a child that dies where the boot may go on is in no device's error");
	new_machine();
	(void)snprintf(world->refused, sizeof(world->refused), CARD);
	int ends[2];
	char word = 'x';
	if (pipe(ends) < 0)
		abort();
	notice = ends[1];
	dies_in_notice = true;
	CHECK_INT(carry_out(10000), 0);
	dies_in_notice = false;
	notice = -1;
	CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && read(ends[0], &word, 1) == 1);
	CHECK_INT(word, '\0');
	(void)close(ends[0]);
	CHECK_HAS(outcomes[0].error, "the driver refuses it");
	CHECK(outcomes[1].holds);

	check_case("errors: a child that is killed while it undoes: another one does it");
	size_t at = 0;
	for (int pass = 0; pass < 2; pass++) {
		new_busy_machine();
		(void)snprintf(world->refused, sizeof(world->refused), "0000:03:00.0");
		world->fate = pass ? DIE_BEFORE : GO_ON;
		world->at = (unsigned)at + 1;
		CHECK_INT(carry_out(10000), 0);
		CHECK(trace_has("give back 0000:03:00.0", &at));
		CHECK(!outcomes[4].holds && outcomes[4].reverted && !outcomes[4].overridden);
		check_device("0000:03:00.0", "igc", "");
		CHECK(outcomes[0].holds);
	}

	check_case("errors: no time for anything");
	new_busy_machine();
	CHECK_INT(carry_out(0), 0);
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		CHECK_STR(outcomes[i].error, "no time was left for writing driver_override");
	CHECK_INT(world->calls, 0);
}

/* Bounds short enough for a test: a quarter of the time is kept for undoing. */
static void test_hangs(void)
{
	static const struct {
		const char *call;
		const char *words;
	} rows[] = {
		{"override 0000:01:00.0", "writing driver_override timed out"},
		{"load vfio-pci", "loading the modules timed out"},
		{"unbind 0000:03:00.0", "taking it from its driver timed out"},
		{"probe 0000:01:00.2", "probing timed out"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = 0, told = 0;

		check_case("%s hangs: left behind in time, told, undone", rows[i].call);
		(void)count_calls();
		CHECK(trace_has(rows[i].call, &at));
		new_busy_machine();
		world->fate = HANG;
		world->at = (unsigned)at + 1;
		CHECK_INT(carry_out(1200), 0);
		CHECK(took >= 600 && took < 3000);
		check_whole();
		for (size_t k = 0; k < N_FUNCTIONS; k++)
			told += strstr(outcomes[k].error, rows[i].words) != NULL;
		CHECK(told > 0);
		/* The lock of the one that hangs may be held: the others do not wait for it. */
		if (str_equal(rows[i].call, "unbind 0000:03:00.0"))
			CHECK(last_of("give back 0000:03:00.0") > last_of("attach"));
	}
}

/* What is wished for beside vfio-pci is worth no device. */
static void test_before(void)
{
	size_t at = 0;

	more = "[modules]\nbefore = vendor-reset\n";
	check_case("a module of `before` that is not there: all is bound");
	new_machine();
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK_STR(logged,
		"vfio-bind: warning: [modules] before: module vendor-reset: none for this kernel\n");

	check_case("one that is there: nothing is logged");
	new_machine();
	kernel_register("vendor-reset", functions + N_FUNCTIONS);
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK_STR(logged, "");
	forget_driver("vendor-reset");
	new_machine();
	CHECK_INT(carry_out(10000), 0);

	check_case("one whose loading hangs: left behind, and all is bound");
	CHECK(trace_has("load vendor-reset", &at));
	new_machine();
	world->fate = HANG;
	world->at = (unsigned)at + 1;
	CHECK_INT(carry_out(1200), 0);
	CHECK(took < 1200);
	check_all_bound();
	CHECK_STR(logged,
		"vfio-bind: warning: [modules] before: loading one of them timed out in the kernel\n");

	more = "[modules]\noptions = disable_vga=1\n";
	check_case("options for a module that is there already: a warning");
	new_machine();
	kernel_register("vfio-pci", functions);
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK_HAS(logged, "the options of [modules] have no effect");
	more = "";
	new_machine();
	kernel_register("vfio-pci", functions);
	CHECK_INT(carry_out(10000), 0);
	CHECK_STR(logged, "");
}

/* ---- BARs */

static void test_rebar(void)
{
	size_t at = 0, load = 0;

	more = "[device 01:00.0]\nrebar = 0:14 2:3\n";
	check_case("BARs of a device without a driver are resized before the module is loaded");
	new_machine();
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK(trace_has("resize " CARD, &at) && trace_has("load vfio-pci", &load) && at < load);
	CHECK(last_of("resize") == at + 1);

	check_case("... of one with a host's driver after it has let go, and only then");
	new_machine();
	kernel_register("nouveau", functions);
	CHECK_INT(carry_out(10000), 0);
	check_all_bound();
	CHECK(trace_has("unbind " CARD, &load) && trace_has("resize " CARD, &at) && at > load);
	CHECK(last_of("resize") == at + 1);

	check_case("one that can't be resized: bound, with the error");
	for (unsigned n = 0; n < 2; n++) {
		new_machine();
		world->fate = FAIL;
		world->code = ENOSPC;
		world->at = (unsigned)N_FUNCTIONS + 1 + n;
		CHECK_INT(carry_out(10000), 0);
		CHECK(str_equal(world->trace[world->at - 1], "resize " CARD));
		CHECK(outcomes[0].attempted && outcomes[0].holds && !outcomes[0].unusable);
		CHECK_STR(outcomes[0].error, "can't resize a BAR: No space left on device");
		CHECK_INT(bars->asked, 0);
		check_device(CARD, "vfio-pci", "vfio-pci");
		CHECK_STR(outcomes[4].error, "");
	}
	more = "";
}

static void check_bars(const char *error, bool unusable)
{
	CHECK_INT(carry_out(10000), 0);
	CHECK(outcomes[0].attempted && outcomes[0].holds && !outcomes[0].reverted);
	CHECK_INT(outcomes[0].unusable, unusable);
	CHECK_STR(outcomes[0].error, error);
	CHECK_INT(bars->asked, 1);
	for (size_t i = 1; i < N_FUNCTIONS; i++) {
		CHECK(outcomes[i].holds && !outcomes[i].unusable);
		CHECK_STR(outcomes[i].error, "");
	}
}

static void new_machine_with(enum usable u, const char *reason, enum boot_witness by, int release)
{
	new_machine();
	*bars = (struct bars){.usable = u,
		.reason = reason,
		.boot = {.by = by, .addr = {.bus = 1}, .framebuffer = "efi-framebuffer.0"},
		.release = release};
}

static void test_bars(void)
{
	check_case("bound, and a BAR is held: no VM can open it");
	new_machine();
	bars->usable = USABLE_NOT;
	bars->reason = "BAR 1 is held by x";
	check_bars("no VM can open it: BAR 1 is held by x", true);
	CHECK_INT(bars->released, 0);

	check_case("... not known, and why");
	new_machine();
	bars->usable = USABLE_UNVERIFIED;
	bars->reason = "/proc/iomem: x";
	check_bars("whether a VM can open it is not verified: /proc/iomem: x", true);

	check_case("the firmware's framebuffer is released");
	new_machine_with(USABLE, NULL, WITNESS_FRAMEBUFFER, 0);
	check_bars("", false);
	CHECK_INT(bars->released, 1);
	new_machine_with(USABLE, NULL, WITNESS_IOMEM, 0);
	check_bars("", false);
	CHECK_INT(bars->released, 1);

	check_case("... where it has a driver and is still there, and there is one");
	new_machine_with(USABLE_NOT, "a", WITNESS_IOMEM, -ENOENT);
	check_bars("no VM can open it: a", true);
	new_machine_with(USABLE_NOT, "b", WITNESS_FRAMEBUFFER, -ENODEV);
	check_bars("no VM can open it: b", true);
	new_machine_with(USABLE_NOT, "c", WITNESS_FRAMEBUFFER, -EBUSY);
	check_bars("no VM can open it: c, which can't be released: Device or resource busy", true);
	new_machine_with(USABLE, NULL, WITNESS_BOOT_VGA, 0);
	check_bars("", false);
	CHECK_INT(bars->released, 0);
	new_machine_with(USABLE, NULL, WITNESS_FRAMEBUFFER, 0);
	bars->boot.framebuffer[0] = '\0';
	check_bars("", false);
	CHECK_INT(bars->released, 0);
	new_machine_with(USABLE, NULL, WITNESS_FRAMEBUFFER, 0);
	bars->boot.addr.bus = 9;
	check_bars("", false);
	CHECK_INT(bars->released, 0);

	check_case("... but not of a card that its host keeps, whose BARs do not matter");
	new_machine_with(USABLE_NOT, "a", WITNESS_FRAMEBUFFER, 0);
	(void)snprintf(world->refused, sizeof(world->refused), CARD);
	CHECK_INT(carry_out(10000), 0);
	CHECK(!outcomes[0].holds);
	CHECK_INT(bars->released + bars->asked, 0);

	check_case("without a driver: neither released nor looked at");
	more = "[device 01:00.0]\ndriver = none\n";
	new_machine_with(USABLE_NOT, "a", WITNESS_FRAMEBUFFER, 0);
	CHECK_INT(carry_out(10000), 0);
	CHECK(outcomes[0].holds);
	CHECK_STR(outcomes[0].error, "");
	CHECK_INT(bars->released + bars->asked, 0);
	CHECK(!trace_has("load none", NULL));
	CHECK(!trace_has("probe " CARD, NULL) && trace_has("probe 0000:01:00.1", NULL));
	more = "";
}

/* Who loads the driver hangs on it; the driver is there all the same. */
static void test_locked(void)
{
	check_case("a device whose lock is held stops the loading of its driver, not the others");
	new_machine();
	(void)snprintf(world->locked, sizeof(world->locked), "0000:01:00.0");
	CHECK_INT(carry_out(10000), 0);
	CHECK(took < 10000);
	for (size_t i = 1; i < N_FUNCTIONS; i++) {
		CHECK(outcomes[i].holds);
		check_device(functions[i], "vfio-pci", "vfio-pci");
	}
	CHECK(!outcomes[0].holds && outcomes[0].reverted);
	CHECK_HAS(outcomes[0].error, "timed out in the kernel");
	check_device("0000:01:00.0", "", "");
}

static void test_interrupted(void)
{
	unsigned n = count_calls(), bound = 0;

	for (unsigned at = 1; at <= n; at++) {
		check_case("interrupted at call %u of %u: each card is ours whole or the host's",
			at, n);
		new_busy_machine();
		world->fate = INTERRUPT;
		world->at = at;
		CHECK_INT(carry_out(10000), 0);
		CHECK_INT(interrupt.signal, SIGINT);
		check_whole();
		for (size_t i = 1; i < 4; i++)
			CHECK_INT(outcomes[i].holds, outcomes[0].holds);
		if (!outcomes[0].holds)
			check_device("0000:01:00.2", "xhci_hcd", "");
		if (!outcomes[4].holds)
			check_device("0000:03:00.0", "igc", "");
		for (size_t i = 0; i < N_FUNCTIONS; i++)
			if (!outcomes[i].holds)
				CHECK_HAS(outcomes[i].error, "SIGINT came");
		CHECK(took < 3000);
		bound += outcomes[0].holds && outcomes[4].holds;
	}
	check_case("interrupted: the probes are finished, what comes before them is undone");
	CHECK(bound > 0 && bound < n);

	size_t at = 0;
	check_case(
		"interrupted, and the first of a card is refused: the others of it are given back");
	new_machine();
	(void)snprintf(world->refused, sizeof(world->refused), CARD);
	CHECK_INT(carry_out(10000), 0);
	CHECK(outcomes[1].holds && trace_has("probe " CARD, &at));
	new_machine();
	(void)snprintf(world->refused, sizeof(world->refused), CARD);
	world->fate = INTERRUPT;
	world->at = (unsigned)at + 1;
	CHECK_INT(carry_out(10000), 0);
	CHECK_HAS(outcomes[0].error, "the driver refuses it");
	for (size_t i = 1; i < 4; i++) {
		CHECK(!outcomes[i].holds && outcomes[i].reverted);
		CHECK_STR(outcomes[i].error, "SIGINT came before all of its card was bound");
		CHECK(!str_equal(outcomes[i].after, "vfio-pci"));
	}
	CHECK(outcomes[4].holds);

	check_case("interrupted while the host's driver hangs: soon left behind, the rest undone");
	(void)count_calls();
	CHECK(trace_has("unbind 0000:03:00.0", &at));
	new_busy_machine();
	world->fate = HANG;
	world->at = (unsigned)at + 1;
	interrupt_hold();
	pid_t killer = fork();
	if (killer == 0) {
		(void)usleep(500 * 1000);
		(void)kill(getppid(), SIGTERM);
		_exit(0);
	}
	CHECK_INT(carry_out(20000), 0);
	CHECK(took < 2900); /* TIMEOUT_MS is waited where nobody interrupts */
	check_whole();
	CHECK_HAS(outcomes[4].error, "SIGTERM came during taking it from its driver");
	CHECK_HAS(outcomes[0].error, "SIGTERM came before");
	check_device("0000:01:00.0", "nouveau", "");
	CHECK_INT(waitpid(killer, NULL, 0), killer);
}

static void test_no_process(void)
{
	size_t at = 0;

	check_case("no memory to be had: nothing is written");
	new_busy_machine();
	no_memory = true;
	CHECK_INT(carry_out(10000), -ENOMEM);
	no_memory = false;
	CHECK_INT(world->calls, 0);
	CHECK_STR(failure.text, "out of memory for 5 devices");

	check_case("no process to be had: nothing is written");
	new_busy_machine();
	world->forks = 1;
	CHECK_INT(carry_out(10000), -EAGAIN);
	CHECK_HAS(failure.text, "can't start a child");
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		check_device(functions[i], i == 2 ? "xhci_hcd" : i == 4 ? "igc" : "", "");

	check_case("none any more when the first was killed: each override that stays is named");
	(void)count_calls();
	CHECK(trace_has("load vfio-pci", &at));
	new_busy_machine();
	world->fate = DIE_BEFORE;
	world->at = (unsigned)at + 1;
	world->forks = 2;
	CHECK_INT(carry_out(10000), 0);
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		char command[64];
		(void)snprintf(
			command, sizeof(command), "`vfio-bind release %s` clears it", functions[i]);
		check_device(functions[i], i == 2 ? "xhci_hcd" : i == 4 ? "igc" : "", "vfio-pci");
		CHECK(!outcomes[i].holds && !outcomes[i].reverted && outcomes[i].overridden);
		CHECK_HAS(outcomes[i].error, command);
	}
	CHECK(took >= FORK_MS && took < 4000);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	parent = getpid();
	fake_sysfs_begin("apply");
	world = steps_shared(sizeof(*world));
	bars = steps_shared(sizeof(*bars));
	if (!world || !bars)
		abort();
	fake_sysfs_make("desktop");
	fake_sysfs_unbind_all();
	test_bound();
	test_others_override();
	test_given_back();
	test_late_groups();
	test_each_call(FAIL, "fails");
	test_each_call(DIE_BEFORE, "is where the child is killed");
	test_each_call(DIE_AFTER, "is the last before the child is killed");
	test_errors();
	test_hangs();
	test_before();
	test_rebar();
	test_bars();
	test_locked();
	test_interrupted();
	test_no_process();
	return check_done();
}
