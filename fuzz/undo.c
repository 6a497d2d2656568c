/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any machine and any fault against a model of undoing (core/apply.h), written from its contract
 * and not from its code: the first bytes make the machine (who has each function, whose override is
 * set, what vfio-pci refuses, whether there is a module), the next ones say which call of all
 * fails, kills the child, or is where a signal comes. What is not bound afterwards has the driver
 * and the override that it had.
 */
#include "core/apply.h"

#include "base/str.h"
#include "core/steps.h"
#include "fake_kernel.h"
#include "fake_sysfs.h"

#include <stdio.h>
#include <stdlib.h>

#define OTHER "pci-stub" /* an override that is another tool's */
#define ARENA (256UL * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
void *__wrap_steps_shared(size_t size);

static char scene[400];
static uint8_t *arena;
static size_t arena_used;

/* What is shared stays until the process ends; here it is one region, from run to run. */
void *__wrap_steps_shared(size_t size)
{
	size_t from = arena_used;

	arena_used += (size + 63) / 64 * 64;
	if (arena_used > ARENA)
		return NULL;
	memset(arena + from, 0, size);
	return arena + from;
}
void *__real_steps_shared(size_t size);

/* ---- the machine -------------------------------------------------------------------------------
 */

/* A function as it was, and as it has to be where it is not bound. */
static struct before {
	char driver[32], override[32];
} before[N_FUNCTIONS];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	arena = __real_steps_shared(ARENA);
	world = __real_steps_shared(sizeof(*world));
	if (!arena || !world)
		abort();
	interrupt_hold(); /* libFuzzer's thread inherits it: the signal has to come to the parent */
	fake_sysfs_begin("undo");
	fake_sysfs_make("desktop");
	fake_sysfs_unbind_all();
	return 0;
}

static uint8_t take(const uint8_t **data, size_t *size)
{
	if (*size == 0)
		return 0;
	(*size)--;
	return *(*data)++;
}

/* A byte a function: bit 0 its host driver has it, bits 1-2 whose override is set. */
static void make_machine(const uint8_t **data, size_t *size)
{
	static const char *const drivers[] = {
		"nouveau", "snd_hda_intel", "xhci_hcd", "igc", "vfio-pci", OTHER};
	static const char *const overrides[] = {"(null)", "(null)", "vfio-pci", OTHER};
	const char *none[] = {NULL};

	*world = (struct world){.module = "vfio-pci"};
	(void)snprintf(world->tree, sizeof(world->tree), "%s/sys", top);
	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		(void)unlink(path_of(DRIVERS "/%s/unbind", drivers[i]));
		(void)rmdir(path_of(DRIVERS "/%s", drivers[i]));
	}
	for (size_t i = 0; i < 4; i++)
		kernel_register(drivers[i], none);
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		uint8_t how = take(data, size);
		char native[64];
		(void)unlink(path_of(DEVICES "/%s/driver", functions[i]));
		set_override(functions[i], "(null)");
		read_word(path_of(DEVICES "/%s/native", functions[i]), native, sizeof(native));
		if ((how & 1) && kernel_attach(functions[i], native) < 0)
			abort();
		set_override(functions[i], overrides[how >> 1 & 3]);
		driver_of(functions[i], before[i].driver, sizeof(before[i].driver));
		override_of(functions[i], before[i].override, sizeof(before[i].override));
	}
}

/* ---- what has to hold --------------------------------------------------------------------------
 */

static void fail(const char *address, const char *what)
{
	(void)fprintf(stderr, "%s: %s\n%s\n", address, what, scene);
	for (size_t i = 0; i < world->calls && i < CALLS_MAX; i++)
		(void)fprintf(stderr, "  %zu %s\n", i + 1, world->trace[i]);
	abort();
}

static void must(bool holds, const char *address, const char *what)
{
	if (!holds)
		fail(address, what);
}

static void check_function(size_t i, const struct apply_result *o, bool hold)
{
	const char *address = functions[i];
	char driver[32], override[32];

	driver_of(address, driver, sizeof(driver));
	override_of(address, override, sizeof(override));
	bool ours = str_equal(driver, "vfio-pci");
	must(o->holds == (ours && str_equal(override, "vfio-pci")), address,
		"the outcome is not what came of it");
	must(o->holds == (o->error[0] == '\0'), address, "no reason, or one for what is bound");
	if (o->holds)
		return;
	/* One that was not written is as it was, ours from before too. */
	bool as_before = !o->overridden && str_equal(override, before[i].override);
	must(as_before || o->overridden == str_equal(override, "vfio-pci"), address,
		"an override that stays is not told, or one that is gone is");
	if (o->overridden) {
		must(hold || strstr(o->error, "vfio-bind release"), address,
			"no command clears the override");
		return;
	}
	must(!ours || str_equal(before[i].driver, "vfio-pci"), address,
		"without an override on vfio-pci");
	/* An override of ours that was there before and was given back is not set again. */
	bool was_ours = str_equal(before[i].override, "vfio-pci");
	must(as_before || (was_ours && !override[0]), address, "not the override that it had");
	/* Without a driver before, its host driver may have come; what another's override names
	 * is all that may come. */
	bool may_come = !before[i].driver[0] || (before[i].override[0] && !was_ours);
	must(may_come || str_equal(driver, before[i].driver), address,
		"not the driver that it had");
}

static int carry_out(bool hold, struct apply_result outcomes[N_FUNCTIONS])
{
	char text[128];
	_cleanup_(config_done) struct config c = {0};
	_cleanup_(probe_done) struct probe h = {0};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(plan_done) struct plan p = {0};
	const struct boot_switch b = {.mode = BOOT_BIND};
	struct interrupt interrupt = {0};
	struct apply_result *got = NULL;
	struct err err = {""};
	int notify_ready = -1;

	(void)snprintf(text, sizeof(text), "[bind]\naddresses = 01:00.0, 03:00.0\n%s",
		hold ? "[guard]\non_failure = hold\n" : "");
	if (config_parse(&c, "F", text, strlen(text)) < 0 ||
		sysfs_open(&s, world->tree, &err) < 0 ||
		probe_devices(&h, &c, &s, NULL, &err) < 0 || plan_make(&p, &c, &h, &b, &err) < 0 ||
		p.n != N_FUNCTIONS)
		abort();
	interrupt_hold();
	const struct apply_options o = {.sysfs = &s,
		.load_modules = true,
		.milliseconds = 4000,
		.notify_ready = &notify_ready,
		.interrupt = &interrupt};
	int r = apply_plan(&got, &p, &o, &err);
	(void)interrupt_came(&interrupt);
	interrupt_release();
	if (r == 0)
		memcpy(outcomes, got, N_FUNCTIONS * sizeof(*outcomes));
	free(got);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dev_state fates[] = {GO_ON, FAIL, DIE_BEFORE, DIE_AFTER, INTERRUPT};
	static const int codes[] = {EIO, ENODEV, EBUSY, EPERM, ENOMEM};
	struct apply_result outcomes[N_FUNCTIONS] = {0};

	arena_used = 0;
	make_machine(&data, &size);
	uint8_t how = take(&data, &size), refused = take(&data, &size);
	bool hold = how & 1;
	if (how & 2)
		world->module[0] = '\0';
	if (how & 4)
		kernel_register("vfio-pci", (const char *const[]){NULL});
	if (refused < N_FUNCTIONS)
		(void)snprintf(world->refused, sizeof(world->refused), "%s", functions[refused]);
	world->fate = fates[take(&data, &size) % (sizeof(fates) / sizeof(*fates))];
	world->at = take(&data, &size);
	world->code = codes[take(&data, &size) % (sizeof(codes) / sizeof(*codes))];
	(void)snprintf(scene, sizeof(scene),
		"hold %d, module '%s', refused '%s', fate %d at %u, %s", hold, world->module,
		world->refused, world->fate, world->at, strerror(world->code));
	world->calls = 0;
	if (carry_out(hold, outcomes) < 0)
		fail("-", "apply_plan failed");
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		check_function(i, &outcomes[i], hold);
	return 0;
}
