/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that go back to a fake kernel's host drivers, every call of which may fail, hang or be
 * the last. */
#include "core/release.h"

#include "base/str.h"
#include "check.h"
#include "core/steps.h"
#include "fake_kernel.h"
#include "fake_sysfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct release list[N_FUNCTIONS];
static int64_t took;
static int known;               /* what module_load_for answers */
static struct prev_driver prev; /* of the card */
static struct interrupt interrupt;

int __wrap_module_load_for(const char *modalias, struct err *err);
int __wrap_module_load_for(const char *modalias, struct err *err)
{
	int r = meet("load", str_starts(modalias, "pci:v") ? "for a modalias" : "?", true);

	if (r < 0)
		return err_set(err, -r, "module snd_hda_intel: can't load it");
	if (world->module[0])
		kernel_register(world->module, functions);
	return known;
}

/* A machine whose card and network controller a VM has had: vfio-pci has them all. */
static void new_machine(void)
{
	*world = (struct world){0};
	known = 0;
	prev = (struct prev_driver){0};
	(void)snprintf(world->tree, sizeof(world->tree), "%s/sys", top);
	if (!check_shell(
		    "cd %s/sys/" DRIVERS
		    " && rm -rf snd_hda_intel nvidiafb && mkdir -p vfio-pci && : >vfio-pci/unbind",
		    top))
		abort();
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		(void)unlink(path_of(DEVICES "/%s/driver", functions[i]));
		set_override(functions[i], "vfio-pci");
	}
	kernel_register("vfio-pci", functions);
	kernel_register("nouveau", functions);
	kernel_register("igc", functions);
	world->calls = 0;
}

static int give_back(unsigned milliseconds)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	struct err err = {""};

	if (sysfs_open(&s, world->tree, &err) < 0)
		abort();
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		if (!pci_addr_parse(functions[i], &list[i].addr))
			abort();
	list[0].prev = prev;
	interrupt = (struct interrupt){0};
	interrupt_hold();
	const struct release_options o = {.sysfs = &s,
		.load_modules = true,
		.milliseconds = milliseconds,
		.interrupt = &interrupt};
	int64_t began = steps_now();
	int r = release_all(list, N_FUNCTIONS, &o, &err);
	took = steps_now() - began;
	(void)interrupt_came(&interrupt);
	interrupt_release();
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

static size_t count(const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < world->calls && i < CALLS_MAX; i++)
		n += str_starts(world->trace[i], what);
	return n;
}

static void test_back(void)
{
	check_case("overrides are cleared, vfio lets go, and the host's drivers come");
	new_machine();
	(void)snprintf(world->module, sizeof(world->module), "snd_hda_intel");
	known = 1;
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nouveau", "");
	check_device("0000:01:00.1", "snd_hda_intel", "");
	check_device("0000:03:00.0", "igc", "");
	CHECK(list[0].holds && list[1].holds && list[4].holds);
	CHECK_STR(list[0].before, "vfio-pci");
	CHECK_STR(list[0].after, "nouveau");
	CHECK_STR(list[0].error, "");

	check_case("once more: nothing is unbound, and nothing written");
	world->calls = 0;
	known = 0;
	CHECK_INT(give_back(10000), 0);
	CHECK_INT(count("unbind"), 0);
	CHECK_INT(count("give back"), 0);
	check_device("0000:01:00.0", "nouveau", "");
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		CHECK(list[i].holds);

	check_case("a device that no module wants is free, and that is all");
	new_machine();
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.1", "", "");
	CHECK(list[1].holds);

	check_case("a module that wants a device and does not take it is told");
	new_machine();
	known = 1;
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.1", "", "");
	CHECK(!list[1].holds && list[0].holds);
	CHECK_HAS(list[1].error, "did not take it");

	check_case("somebody else's override stays");
	new_machine();
	(void)unlink(path_of(DEVICES "/%s/driver", functions[0]));
	set_override(functions[0], "nouveau");
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nouveau", "nouveau");
	CHECK(list[0].holds);

	check_case("driver = none: the override for no driver goes");
	new_machine();
	(void)unlink(path_of(DEVICES "/%s/driver", functions[4]));
	set_override(functions[4], "none");
	CHECK_INT(give_back(10000), 0);
	check_device("0000:03:00.0", "igc", "");
	CHECK(list[4].holds);
}

static void test_former(void)
{
	check_case("of two host drivers the former one gets it, not the one the kernel would ask");
	new_machine();
	kernel_register("nvidiafb", functions);
	(void)snprintf(world->second, sizeof(world->second), "nvidiafb");
	prev = (struct prev_driver){"nvidiafb", "nvidiafb"};
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nvidiafb", "");
	check_device("0000:03:00.0", "igc", "");
	CHECK(list[0].holds);
	CHECK_STR(list[0].other, "");

	check_case("... its module is loaded where it is not there, and no other");
	new_machine();
	(void)snprintf(world->second, sizeof(world->second), "nvidiafb");
	(void)snprintf(world->module, sizeof(world->module), "nvidiafb");
	prev = (struct prev_driver){"nvidiafb", "nvidiafb"};
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nvidiafb", "");
	CHECK_INT(count("load nvidiafb"), 1);
	CHECK_INT(count("load for a modalias"), 1); /* for the function that nobody wants */

	check_case("... no module of it any more: the kernel's choice, and why");
	new_machine();
	prev = (struct prev_driver){"nvidiafb", "nvidiafb"};
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nouveau", "");
	CHECK(list[0].holds);
	CHECK_HAS(list[0].other, "module nvidiafb: none for this kernel");

	check_case("... it is there and does not want it: the kernel's choice, and why");
	new_machine();
	kernel_register("nvidiafb", functions);
	prev = (struct prev_driver){"nvidiafb", ""};
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nouveau", "");
	CHECK(list[0].holds);
	CHECK_HAS(list[0].other, "does not take it");

	check_case("a device that is with a host driver stays, whoever had it before");
	world->calls = 0;
	(void)snprintf(world->second, sizeof(world->second), "nvidiafb");
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nouveau", "");
	CHECK_INT(count("attach"), 0);
	CHECK_STR(list[0].other, "");
}

/* Whatever happened, a device is the VM's whole or the host's, and is called what it is. */
static void check_whole(void)
{
	char driver[64], override[64];

	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		driver_of(functions[i], driver, sizeof(driver));
		override_of(functions[i], override, sizeof(override));
		bool ours = str_equal(driver, "vfio-pci");
		(void)check_that(ours || !str_equal(override, "vfio-pci"), __FILE__, __LINE__,
			"%s has no driver, and an override that lets none come", functions[i]);
		(void)check_that(!(ours && list[i].holds), __FILE__, __LINE__,
			"%s is on vfio-pci and said to be back", functions[i]);
		CHECK_INT(list[i].error[0] != '\0', !list[i].holds);
		CHECK_STR(list[i].after, driver);
	}
}

/* With two drivers for the card, so that each way to one of them is gone. */
static void new_machine_of_two(void)
{
	new_machine();
	kernel_register("nvidiafb", functions);
	(void)snprintf(world->second, sizeof(world->second), "nvidiafb");
	prev = (struct prev_driver){"nvidiafb", "nvidiafb"};
}

static unsigned count_calls(void)
{
	new_machine_of_two();
	(void)give_back(10000);
	return world->calls;
}

static void test_each_call(enum dev_state fate, const char *name)
{
	unsigned n = count_calls();

	for (unsigned at = 1; at <= n; at++) {
		check_case("call %u of %u %s: the VM's whole or the host's", at, n, name);
		new_machine_of_two();
		world->fate = fate;
		world->code = EIO;
		world->at = at;
		CHECK_INT(give_back(10000), 0);
		check_whole();
		CHECK(took < 2000);
		/* Who failed to be given to the one is given to the other. */
		if (fate == FAIL && str_starts(world->trace[at - 1], "attach"))
			check_device("0000:01:00.0", "nouveau", "");
	}
}

static void test_hangs(void)
{
	check_case("a VM has it: the unbind hangs, is left behind in time, and the others go on");
	(void)count_calls();
	size_t at = 0;
	while (at < world->calls && !str_equal(world->trace[at], "unbind 0000:01:00.0"))
		at++;
	new_machine_of_two();
	world->fate = HANG;
	world->at = (unsigned)at + 1;
	CHECK_INT(give_back(6000), 0);
	CHECK(took >= 2500 && took < 6500);
	CHECK(list[0].timed_out && !list[0].holds && !list[4].timed_out && list[4].holds);
	CHECK_HAS(list[0].error, "taking it from its driver timed out");
	check_device("0000:03:00.0", "igc", "");
}

/* Half given back serves nobody: what has begun is finished. */
static void test_interrupted(void)
{
	unsigned n = count_calls();

	for (unsigned at = 1; at <= n; at++) {
		check_case("interrupted at call %u of %u: all go back", at, n);
		new_machine_of_two();
		world->fate = INTERRUPT;
		world->at = at;
		CHECK_INT(give_back(10000), 0);
		CHECK_INT(interrupt.signal, SIGINT);
		check_whole();
		CHECK_INT(world->calls, n);
		check_device("0000:03:00.0", "igc", "");
	}

	size_t at = 0;
	check_case("interrupted while it waits for a VM: soon left behind, the others go back");
	(void)count_calls();
	while (at < world->calls && !str_equal(world->trace[at], "unbind 0000:01:00.0"))
		at++;
	new_machine_of_two();
	world->fate = HANG;
	world->at = (unsigned)at + 1;
	interrupt_hold();
	pid_t killer = fork();
	if (killer == 0) {
		(void)usleep(500 * 1000);
		(void)kill(getppid(), SIGTERM);
		_exit(0);
	}
	CHECK_INT(give_back(20000), 0);
	CHECK(took < 2900);
	CHECK(list[0].timed_out && !list[0].holds && list[4].holds);
	check_device("0000:03:00.0", "igc", "");
	CHECK_INT(waitpid(killer, NULL, 0), killer);
}

static void test_no_process(void)
{
	size_t at = 0;

	check_case("no process to be had: nothing is written");
	new_machine();
	world->forks = 1;
	CHECK_INT(give_back(10000), -EAGAIN);
	check_device("0000:01:00.0", "vfio-pci", "vfio-pci");

	check_case("none any more when the first was killed: each device says so");
	(void)count_calls();
	while (at < world->calls && !str_equal(world->trace[at], "unbind 0000:01:00.0"))
		at++;
	new_machine_of_two();
	world->fate = DIE_AFTER;
	world->at = (unsigned)at + 1;
	world->forks = 2;
	CHECK_INT(give_back(10000), 0);
	check_whole();
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		CHECK_HAS(list[i].error, "release it once more");
	check_device("0000:01:00.0", "", "");

	check_case("... and once more it is done");
	world->forks = 0;
	world->fate = GO_ON;
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nvidiafb", "");
	check_device("0000:03:00.0", "igc", "");
}

/* What a command that was killed has left: an override, and no driver. */
static void test_unfinished(void)
{
	check_case(
		"an override that a killed command left is told and cleared, and its driver comes");
	new_machine();
	(void)unlink(path_of(DEVICES "/0000:01:00.0/driver"));
	CHECK_INT(give_back(10000), 0);
	check_device("0000:01:00.0", "nouveau", "");
	CHECK(list[0].unfinished && !list[4].unfinished);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	fake_sysfs_begin("release");
	world = steps_shared(sizeof(*world));
	if (!world)
		abort();
	fake_sysfs_make("desktop");
	fake_sysfs_unbind_all();
	test_back();
	test_former();
	test_each_call(FAIL, "fails");
	test_each_call(DIE_BEFORE, "is where the child is killed");
	test_each_call(DIE_AFTER, "is the last before the child is killed");
	test_hangs();
	test_interrupted();
	test_no_process();
	test_unfinished();
	return check_done();
}
