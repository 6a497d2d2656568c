/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a plan one that no boot has tried: each key of [modules] and [device], a later one
 * too. And the count itself, in a directory that takes the place of efivarfs. */
#include "core/bootcount.h"

#include "base/efivar.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "check.h"
#include "core/steps.h"
#include "exact.h"
#include "fake_sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ASKS "[bind]\naddresses = 03:00.0\n"
#define DEVICE "[device 03:00.0]\n"
#define TWO                                                                                        \
	"[bind]\naddresses = 03:00.0, 02:00.0\n[modules]\nload = background\nbefore = a\n"         \
	"options = b=1\n[device 02:00.0]\ndriver = none\n" DEVICE "rebar = 0:14 2:3\n"

static char tree[80], efivars[160], variable[240];

/* The plan for a config, on the desktop. */
struct machine {
	struct config c;
	struct probe h;
	struct sysfs s;
	struct plan p;
};

static void machine_done(struct machine *m)
{
	plan_done(&m->p);
	sysfs_done(&m->s);
	probe_done(&m->h);
	config_done(&m->c);
}

static bool machine_make(struct machine *m, const char *config)
{
	const struct boot_switch b = {.mode = BOOT_BIND};

	*m = (struct machine){.s = {.devices = -1}};
	if (config_parse(&m->c, "F", config, strlen(config)) < 0)
		return check_that(false, __FILE__, __LINE__, "%s", m->c.errors[0]);
	exact_config(&m->c);
	if (sysfs_open(&m->s, tree, NULL) < 0 || probe_devices(&m->h, &m->c, &m->s, NULL, NULL) < 0)
		abort();
	exact_probe(&m->h);
	if (plan_make(&m->p, &m->c, &m->h, &b, NULL) < 0)
		abort();
	exact_plan(&m->p);
	return CHECK(plan_binds(&m->p));
}

static const char *kernel; /* its release; NULL: the running one's, "": it can't be found out */

int __wrap_uname(struct utsname *u);
int __real_uname(struct utsname *u);

int __wrap_uname(struct utsname *u)
{
	if (!kernel)
		return __real_uname(u);
	*u = (struct utsname){.sysname = "Linux"};
	(void)str_copy(u->release, sizeof(u->release), kernel[0] ? kernel : "?");
	return kernel[0] ? 0 : -1;
}

static uint32_t fingerprint(const char *config)
{
	_cleanup_(machine_done) struct machine m;

	return machine_make(&m, config) ? bootcount_fingerprint(&m.p) : 0;
}

/* A value of each key, and another one; those that can hang a machine are in it. */
static const struct row {
	bool device; /* of [device], else of [modules] */
	const char *key, *value, *other;
	bool harmless; /* udev does it on the host: not in the fingerprint */
} rows[] = {
	{false, "load", "background", NULL, false}, /* early is what it is without */
	{false, "before", "vendor-reset", "vendor-reset, i915", false},
	{false, "options", "disable_vga=1", "disable_vga=0", false},
	{true, "driver", "none", "mlx5_vfio_pci", false},
	{true, "rebar", "0:14", "0:14 2:3", false},
	{true, "reset", "flr", "bus flr", false},
	{true, "d3cold", "no", NULL, false},
	{true, "owner", "alice", NULL, true},
	{true, "group", "kvm", NULL, true},
	{true, "mode", "0660", NULL, true},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static uint32_t fingerprint_of(const struct row *r, const char *value)
{
	char config[256];

	(void)snprintf(config, sizeof(config), "%s%s%s = %s\n", ASKS,
		r->device ? DEVICE : "[modules]\n", r->key, value);
	return fingerprint(config);
}

static void test_keys(void)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];
		check_case("fingerprint: %s is %s it", r->key, r->harmless ? "not in" : "in");
		uint32_t without = fingerprint(ASKS), with = fingerprint_of(r, r->value);
		CHECK(without != 0 && with != 0 && (with != without) == !r->harmless);
		CHECK(fingerprint_of(r, r->value) == with);
		if (r->other) {
			uint32_t other = fingerprint_of(r, r->other);
			CHECK(other != 0 && other != with && other != without);
		}
	}
}

/* The keys of a section, as the parser itself tells them to who writes another one. */
static void test_no_other_key(bool device, const char *heading)
{
	_cleanup_(config_done) struct config c = {0};
	char text[64];

	check_case("fingerprint: %.8s] has no key that this test does not know", heading);
	(void)snprintf(text, sizeof(text), "%sx = 1\n", heading);
	CHECK(config_parse(&c, "F", text, strlen(text)) < 0 && c.n_errors == 1);
	char *known = strstr(c.errors[0], "; valid: ");
	if (!CHECK(known))
		return;
	known += strlen("; valid: ");
	for (char *key; (key = strsep(&known, ", "));) {
		bool found = *key == '\0';
		for (size_t i = 0; i < N_ROWS; i++)
			found |= rows[i].device == device && str_equal(rows[i].key, key);
		(void)check_that(found, __FILE__, __LINE__,
			"'%s' is new: have bootcount_fingerprint take it, and give it a row here",
			key);
	}
}

static void test_rest(void)
{
	check_case("fingerprint: the same as in earlier versions, for it is kept over an update");
	kernel = "6.1.0";
	uint32_t then = fingerprint(ASKS), two = fingerprint(TWO);
	CHECK_INT(then, 0xe2845ab0);
	CHECK_INT(two, 0xf52aa502);
	check_case("fingerprint: another kernel is another plan, and so is one without a name");
	kernel = "6.1.1";
	CHECK(fingerprint(ASKS) != then);
	kernel = "";
	CHECK(fingerprint(ASKS) != then && fingerprint(ASKS) != 0);
	kernel = NULL;

	uint32_t all = fingerprint(ASKS);

	check_case("fingerprint: another device, or one more, is another plan");
	CHECK(fingerprint("[bind]\naddresses = 01:00.0\n") != all);
	CHECK(fingerprint("[bind]\naddresses = 03:00.0, 01:00.0\n") != all);

	check_case("fingerprint: the order of modules is in it, for they are loaded in it");
	CHECK(fingerprint(ASKS "[modules]\nbefore = a, b\n") !=
		fingerprint(ASKS "[modules]\nbefore = b, a\n"));
	check_case("fingerprint: a module is no option, nor part of another's name");
	CHECK(fingerprint(ASKS "[modules]\nbefore = a, b\n") !=
		fingerprint(ASKS "[modules]\nbefore = ab\n"));

	check_case("fingerprint: comments, order, guards and what says the same are not in it");
	CHECK_INT(fingerprint("# text\n\n" ASKS "; text\n"), all);
	CHECK_INT(fingerprint("[bind]\naddresses = 03:00.*\n"), all);
	CHECK_INT(fingerprint("[modules]\nload = early\n" ASKS), all);
	CHECK_INT(fingerprint(ASKS DEVICE "driver = vfio-pci\n"), all);
	CHECK_INT(fingerprint(ASKS "[device 01:00.0]\nrebar = 0:14\n"), all);
	CHECK_INT(fingerprint(ASKS "[guard]\nboot_vga = allow\nlast_display = allow\n"
				   "on_failure = hold\nfailed_boots = 3\nefivarfs = load\n"),
		all);
	CHECK_INT(fingerprint("[bind]\naddresses = 03:00.0, 01:00.0\n"),
		fingerprint("[bind]\naddresses = 01:00.0\naddresses = 03:00.0\n"));
}

/* ---- the count --------------------------------------------------------------------------------
 */

/* What becomes of the child that reads the variable, and of its parent. */
static enum { ANSWERS, HANGS, DIES, NO_CHILD, NO_MEMORY } firmware;

int __wrap_efivar_open(int place, bool of_tree, struct err *err);
int __real_efivar_open(int place, bool of_tree, struct err *err);
pid_t __wrap_fork(void);
pid_t __real_fork(void);
void *__wrap_steps_shared(size_t size);
void *__real_steps_shared(size_t size);

int __wrap_efivar_open(int place, bool of_tree, struct err *err)
{
	while (firmware == HANGS)
		(void)pause();
	if (firmware == DIES)
		(void)raise(SIGKILL);
	return __real_efivar_open(place, of_tree, err);
}

pid_t __wrap_fork(void)
{
	if (firmware != NO_CHILD)
		return __real_fork();
	errno = EAGAIN;
	return -1;
}

void *__wrap_steps_shared(size_t size)
{
	return firmware == NO_MEMORY ? NULL : __real_steps_shared(size);
}

/* What was logged by the last boot. */
static char logged[1024];

static void begin(struct bootcount *ret, const struct plan *p, int at, bool again)
{
	FILE *f = tmpfile();
	int errors = dup(STDERR_FILENO);

	if (!f || errors < 0 || dup2(fileno(f), STDERR_FILENO) < 0)
		abort();
	bootcount_begin(ret, p, at, true, again);
	(void)dup2(errors, STDERR_FILENO);
	rewind(f);
	logged[fread(logged, 1, sizeof(logged) - 1, f)] = '\0';
	(void)fclose(f);
	(void)close(errors);
}

/* One boot: what it decides is in *ret. */
static void boot(struct bootcount *ret, const struct plan *p, bool again)
{
	int at = bootcount_place(ret, p, tree);

	if (!CHECK(at >= 0))
		return;
	begin(ret, p, at, again);
	(void)close(at);
	CHECK_INT(ret->limit, p->config->failed_boots);
	CHECK(ret->spent < 2500);
}

static void check_boot(const struct plan *p, enum boot_state state, unsigned tries)
{
	struct bootcount s;

	boot(&s, p, false);
	CHECK_INT(s.state, state);
	CHECK_INT(s.tries, tries);
	CHECK_INT(s.plan, bootcount_fingerprint(p));
	CHECK_STR(logged, "");
	if (state != BOOT_BAD)
		CHECK_STR(s.reason, "");
}

static void check_uncounted(const struct plan *p, const char *reason, const char *log)
{
	struct bootcount s;

	boot(&s, p, false);
	CHECK_INT(s.state, BOOT_UNCOUNTED);
	CHECK_HAS(s.reason, reason);
	CHECK_HAS(logged, log);
	CHECK_INT(s.tries, 0);
}

static void write_variable(const char *bytes, size_t len)
{
	FILE *f = fopen(variable, "we");

	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static void test_place(void)
{
	_cleanup_(machine_done) struct machine m, never;
	struct bootcount s;

	check_case("count: never, and on a machine without EFI variables");
	if (!machine_make(&never, ASKS "[guard]\nfailed_boots = 0\n") || !machine_make(&m, ASKS))
		return;
	CHECK_INT(bootcount_place(&s, &never.p, tree), -1);
	CHECK_INT(s.state, BOOT_UNCOUNTED);
	CHECK_STR(s.reason, "[guard] failed_boots = 0");
	CHECK_INT(s.limit, 0);
	CHECK_INT(bootcount_place(&s, &m.p, tree), -1);
	CHECK_INT(s.state, BOOT_UNCOUNTED);
	CHECK_STR(s.reason, "this machine has no EFI variables");
	CHECK_INT(s.limit, 2);

	struct err err = {""};
	s = (struct bootcount){.plan = 1, .limit = 2, .state = BOOT_BAD};
	CHECK(bootcount_reached(&s, tree, &err) < 0);
	CHECK_STR(err.text, "this machine has no EFI variables");
	err.text[0] = '\0';
	CHECK(bootcount_clear(tree, &err) < 0);
	CHECK_STR(err.text, "this machine has no EFI variables");
	CHECK_INT(bootcount_wait(&s, tree), 0);
	CHECK(!bootcount_confirmed_since(&s, tree));
}

static void test_count(void)
{
	_cleanup_(machine_done) struct machine m, other;
	struct bootcount s;
	struct err err = {""};

	if (!machine_make(&m, ASKS) || !machine_make(&other, "[bind]\naddresses = 02:00.0\n"))
		return;
	check_case("count: two boots that fail, and the third binds nothing");
	check_boot(&m.p, BOOT_INDETERMINATE, 1);
	boot(&s, &m.p, true);
	CHECK_INT(s.state, BOOT_INDETERMINATE);
	CHECK_INT(s.tries, 1);
	CHECK_INT(bootcount_wait(&s, tree), 0);
	check_boot(&m.p, BOOT_INDETERMINATE, 2);
	check_boot(&m.p, BOOT_BAD, 2);
	boot(&s, &m.p, false);
	CHECK_STR(s.reason,
		"the last 2 boots with these devices failed; binding is disabled until 'vfio-bind status --clear'");
	CHECK_INT(bootcount_wait(&s, tree), 1);
	CHECK(!bootcount_confirmed_since(&s, tree));
	CHECK(s.spent < 1000);

	check_case("count: the boot that was counted already is on trial, whatever the count");
	boot(&s, &m.p, true);
	CHECK_INT(s.state, BOOT_INDETERMINATE);
	CHECK_STR(s.reason, "");

	check_case("count: it comes up without them, and the next one binds again");
	boot(&s, &m.p, false);
	CHECK_INT(bootcount_reached(&s, tree, &err), 1);
	CHECK_INT(bootcount_wait(&s, tree), 0);
	check_boot(&m.p, BOOT_INDETERMINATE, 2);
	check_boot(&m.p, BOOT_BAD, 2);
	boot(&s, &m.p, false);
	CHECK_INT(bootcount_wait(&s, tree), 2);

	check_case("count: another plan has its own tries, and is confirmed when it comes up");
	boot(&s, &other.p, false);
	CHECK_INT(s.state, BOOT_INDETERMINATE);
	CHECK_INT(s.tries, 1);
	CHECK(!bootcount_confirmed_since(&s, tree));
	CHECK_INT(bootcount_reached(&s, tree, &err), 1);
	CHECK_INT(bootcount_reached(&s, tree, &err), 0);
	CHECK(bootcount_confirmed_since(&s, tree));
	check_boot(&other.p, BOOT_GOOD, 0);
	s.state = BOOT_GOOD;
	CHECK_INT(bootcount_reached(&s, "/nowhere", &err), 0);
	s.state = BOOT_UNCOUNTED;
	CHECK_INT(bootcount_reached(&s, "/nowhere", &err), 0);
	s = (struct bootcount){.state = BOOT_BAD};
	CHECK_INT(bootcount_reached(&s, "/nowhere", &err), 0);
	CHECK_STR(err.text, "");

	check_case("count: cleared, also without standard input");
	int input = dup(STDIN_FILENO);
	(void)close(STDIN_FILENO);
	int r = bootcount_clear(tree, &err);
	boot(&s, &m.p, false);
	(void)dup2(input, STDIN_FILENO);
	(void)close(input);
	CHECK_INT(r, 0);
	CHECK_INT(s.state, BOOT_INDETERMINATE);
	CHECK_INT(s.tries, 1);
	CHECK_INT(bootcount_clear(tree, &err), 0);
	CHECK_INT(bootcount_clear(tree, &err), 0);
	CHECK(access(variable, F_OK) < 0);

	check_case("count: as many as may be, and the last is asked for once more");
	m.c.failed_boots = BOOT_HISTORY_LIMIT_MAX;
	for (unsigned i = 1; i <= BOOT_HISTORY_LIMIT_MAX; i++)
		check_boot(&m.p, BOOT_INDETERMINATE, i);
	boot(&s, &m.p, true);
	CHECK_INT(s.state, BOOT_INDETERMINATE);
	CHECK_INT(s.tries, BOOT_HISTORY_LIMIT_MAX);
	check_boot(&m.p, BOOT_BAD, BOOT_HISTORY_LIMIT_MAX);
	CHECK_INT(bootcount_clear(tree, &err), 0);

	check_case("count: one failed boot, where that is enough");
	m.c.failed_boots = 1;
	check_boot(&m.p, BOOT_INDETERMINATE, 1);
	boot(&s, &m.p, false);
	CHECK_STR(s.reason,
		"the last 1 boot with these devices failed; binding is disabled until 'vfio-bind status --clear'");
	CHECK_INT(bootcount_clear(tree, &err), 0);
}

static void test_damage(void)
{
	_cleanup_(machine_done) struct machine m;
	struct bootcount s;
	struct err err = {""};

	if (!machine_make(&m, ASKS))
		return;
	check_case("count: a variable that is damaged, or none of ours, is written anew");
	static const char damaged[4 + BOOT_HISTORY_SIZE] = "\7\0\0\0\1\1";
	static const char *const words[] = {"is damaged, or of another version",
		"has no attributes", "is none of ours", "is damaged, or of another version"};
	for (size_t i = 0; i < 4; i++) {
		write_variable(damaged, i == 0 ? sizeof(damaged) : i == 1 ? 3 : 5);
		if (i == 2)
			write_variable("\6\0\0\0\1", 5);
		CHECK_INT(bootcount_wait(&s, tree), 0);
		boot(&s, &m.p, false);
		CHECK_INT(s.state, BOOT_INDETERMINATE);
		CHECK_INT(s.tries, 1);
		CHECK_STR(s.reason, "");
		CHECK_HAS(
			logged, "warning: failed boots are not counted as they should be: the EFI");
		CHECK_HAS(logged, words[i]);
		check_boot(&m.p, BOOT_INDETERMINATE, 2);
		CHECK_INT(bootcount_clear(tree, &err), 0);
	}
	write_variable(damaged, 4);
	check_boot(&m.p, BOOT_INDETERMINATE, 1);
	s = (struct bootcount){.plan = 1, .limit = 2, .state = BOOT_BAD};
	write_variable(damaged, sizeof(damaged));
	CHECK_INT(bootcount_reached(&s, tree, &err), -EBADMSG);
	CHECK_HAS(err.text, "is damaged");
	CHECK(!bootcount_confirmed_since(&s, tree));
	CHECK_INT(bootcount_clear(tree, &err), 0);

	check_case("count: a variable that can't be read is not counted, with a message");
	CHECK_INT(mkdir(variable, 0755), 0);
	check_uncounted(&m.p, "can't read it: Is a directory",
		"failed boots are not counted: the EFI variable");
	CHECK(!strstr(logged, "as they should be"));
	CHECK_INT(bootcount_reached(&s, tree, &err), -EISDIR);
	CHECK(bootcount_clear(tree, &err) < 0);
	CHECK_INT(rmdir(variable), 0);

	check_case("count: one that can't be written is not counted, and there is a warning");
	int at = bootcount_place(&s, &m.p, tree);
	CHECK_INT(rmdir(efivars), 0);
	begin(&s, &m.p, at, false);
	CHECK_HAS(logged,
		"warning: failed boots are not counted as they should be: the EFI variable");
	(void)close(at);
	CHECK_INT(mkdir(efivars, 0755), 0);
	CHECK_INT(s.state, BOOT_UNCOUNTED);
	CHECK_HAS(s.reason, "can't write it: No such file");
	CHECK_INT(s.tries, 0);
}

static void test_firmware(void)
{
	_cleanup_(machine_done) struct machine m;

	if (!machine_make(&m, ASKS))
		return;
	check_case("count: firmware that does not answer holds up no boot");
	int64_t began = steps_now();
	firmware = HANGS;
	check_uncounted(&m.p, "the firmware did not answer",
		"warning: failed boots are not counted as they should be: timed out reading EFI variables");
	CHECK(steps_now() - began >= 1900 && steps_now() - began < 3000);
	firmware = DIES;
	check_uncounted(&m.p, "the firmware did not answer", "timed out reading EFI variables");

	check_case("count: no process and no memory for it");
	firmware = NO_CHILD;
	check_uncounted(
		&m.p, "can't start a child", "failed boots are not counted: can't start a child");
	firmware = NO_MEMORY;
	check_uncounted(&m.p, "out of memory", "");
	firmware = ANSWERS;
	check_boot(&m.p, BOOT_INDETERMINATE, 1);
}

static void test_names(void)
{
	enum boot_state state;

	check_case("count: each state has its name");
	CHECK_STR(bootcount_name(BOOT_UNCOUNTED), "uncounted");
	CHECK_STR(bootcount_name(BOOT_GOOD), "confirmed");
	CHECK_STR(bootcount_name(BOOT_INDETERMINATE), "trial");
	CHECK_STR(bootcount_name(BOOT_BAD), "down");
	CHECK(bootcount_by_name("uncounted", &state) && state == BOOT_UNCOUNTED);
	CHECK(bootcount_by_name("down", &state) && state == BOOT_BAD);
	CHECK(!bootcount_by_name("up", &state));
}

int main(void)
{
	char command[256];

	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* no child may print what its parent buffered */
	fake_sysfs_begin("bootcount");
	fake_sysfs_make("desktop");
	(void)snprintf(tree, sizeof(tree), "%s/sys", top);
	(void)snprintf(efivars, sizeof(efivars), "%s/firmware/efi/efivars", tree);
	(void)snprintf(variable, sizeof(variable), "%s/" BOOT_HISTORY_NAME, efivars);
	test_keys();
	test_no_other_key(false, "[modules]\n");
	test_no_other_key(true, DEVICE);
	test_rest();
	test_place();
	(void)snprintf(command, sizeof(command), "mkdir -p %s", efivars);
	if (system(command) != 0) // NOLINT(cert-env33-c)
		abort();
	test_count();
	test_damage();
	test_firmware();
	test_names();
	return check_done();
}
