/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bootcount.h"

#include "check.h"

#include <stdlib.h>

#define A 0x11111111U
#define B 0x22222222U

/* One boot with a plan: B bound or D stood down, then w where its beginning was written; and if the
 * boot reaches its end, w again where that was. "Bw" is a boot that failed, "Bw." one that came up
 * and wrote nothing then. */
static const char *boot(struct boot_history *b, uint32_t plan, unsigned limit, bool comes_up)
{
	static char text[8];
	bool changed;
	enum boot_verdict word = boot_history_begin(b, plan, limit, &changed);
	size_t n = 0;

	text[n++] = word == PLAN_BLOCKED ? 'D' : 'B';
	if (changed)
		text[n++] = 'w';
	if (comes_up)
		text[n++] = boot_history_reached(b, plan, limit, word == PLAN_BLOCKED) ? 'W' : '.';
	text[n] = '\0';
	return text;
}

static void test_new(void)
{
	struct boot_history b = {0};

	check_case("boots: a new plan that comes up is written twice, and then no more");
	CHECK_STR(boot(&b, A, 2, true), "BwW");
	CHECK_STR(boot(&b, A, 2, true), "B.");
	CHECK_STR(boot(&b, A, 2, false), "B");
	CHECK_STR(boot(&b, A, 2, false), "B");
	CHECK_STR(boot(&b, A, 2, true), "B.");

	check_case("boots: one failure, and it comes up");
	CHECK_STR(boot(&b, B, 2, false), "Bw");
	CHECK_STR(boot(&b, B, 2, true), "BwW");
	CHECK_STR(boot(&b, B, 2, true), "B.");

	check_case("boots: going back and forth costs nothing");
	for (int i = 0; i < 4; i++) {
		CHECK_STR(boot(&b, A, 2, true), "B.");
		CHECK_STR(boot(&b, B, 2, true), "B.");
	}

	check_case("boots: the plan that was confirmed first is forgotten first");
	for (uint32_t other = 1; other < BOOT_HISTORY_GOOD; other++)
		CHECK_STR(boot(&b, other, 2, true), "BwW");
	CHECK_STR(boot(&b, B, 2, true), "B.");
	CHECK_STR(boot(&b, A, 2, true), "BwW");
}

static void test_blame(void)
{
	struct boot_history b = {0};

	check_case("boots: fail, fail, stand down, once more, confirmed");
	CHECK_STR(boot(&b, A, 2, false), "Bw");
	CHECK_STR(boot(&b, A, 2, false), "Bw");
	CHECK_STR(boot(&b, A, 2, true), "DW");
	CHECK_STR(boot(&b, A, 2, true), "BwW");
	CHECK_STR(boot(&b, A, 2, true), "B.");

	check_case("boots: boots that stand down and fail change nothing, and write nothing");
	b = (struct boot_history){0};
	CHECK_STR(boot(&b, A, 2, false), "Bw");
	CHECK_STR(boot(&b, A, 2, false), "Bw");
	for (int i = 0; i < 300; i++)
		CHECK_STR(boot(&b, A, 2, false), "D");

	check_case("boots: after each relapse twice as many good boots without it, eight at most");
	static const unsigned waits[] = {1, 2, 4, 8, 8, 8};
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		for (unsigned good = 0; good < waits[i]; good++) {
			CHECK_INT(boot_history_wait(&b), waits[i] - good);
			CHECK_STR(boot(&b, A, 2, true), "DW");
		}
		CHECK_STR(boot(&b, A, 2, false), "Bw");
		CHECK_STR(boot(&b, A, 2, false), "D");
		CHECK_INT(b.relapses, i < 3 ? i + 1 : 3);
	}

	check_case("boots: another plan begins anew, and so does the first one after it");
	CHECK_STR(boot(&b, B, 2, false), "Bw");
	CHECK_STR(boot(&b, A, 2, false), "Bw");
	CHECK_STR(boot(&b, A, 2, false), "Bw");
	CHECK_STR(boot(&b, A, 2, false), "D");

	check_case("boots: a confirmed plan does not take the blame off another");
	b = (struct boot_history){.confirmed = {B}};
	CHECK_STR(boot(&b, A, 1, false), "Bw");
	CHECK_STR(boot(&b, B, 1, true), "B.");
	CHECK_STR(boot(&b, A, 1, false), "D");
}

static void test_limits(void)
{
	for (unsigned limit = 1; limit <= BOOT_HISTORY_LIMIT_MAX; limit++) {
		struct boot_history b = {0};
		check_case("boots: %u failed boots until it stands down", limit);
		for (unsigned i = 0; i < limit; i++)
			CHECK_STR(boot(&b, A, limit, false), "Bw");
		CHECK_STR(boot(&b, A, limit, true), "DW");
		CHECK_STR(boot(&b, A, limit, false), "Bw");
		CHECK_STR(boot(&b, A, limit, false), "D");
	}
	struct boot_history b = {0};
	check_case("boots: the last try, where the limit is changed meanwhile");
	CHECK_STR(boot(&b, A, 3, false), "Bw");
	CHECK_STR(boot(&b, A, 3, false), "Bw");
	CHECK_STR(boot(&b, A, 2, false), "D");
	CHECK_STR(boot(&b, A, 3, true), "BwW");

	check_case(
		"boots: an end that comes twice, or of a boot that began nothing, changes nothing");
	CHECK(!boot_history_reached(&b, A, 2, false));
	CHECK(!boot_history_reached(&b, B, 2, false));
	CHECK(!boot_history_reached(&b, B, 2, true));
}

/* What is left of it when it is confirmed, and ends that are not its own. */
static void test_ends(void)
{
	struct boot_history b = {0};

	check_case("boots: a plan that is confirmed is on trial no longer");
	CHECK_STR(boot(&b, A, 3, false), "Bw");
	CHECK_STR(boot(&b, A, 3, true), "BwW");
	CHECK_INT(b.plan, 0);
	CHECK_INT(b.tries + b.rests + b.relapses, 0);
	CHECK_INT(b.confirmed[0], A);

	check_case("boots: the end of another plan's boot, or of one that was not counted");
	b = (struct boot_history){.plan = A, .tries = 1};
	CHECK(!boot_history_reached(&b, B, 2, false));
	CHECK_INT(b.plan, A);
	b = (struct boot_history){.plan = A};
	CHECK(!boot_history_reached(&b, A, 2, false));
	CHECK_INT(b.plan, A);

	check_case("boots: a limit that was changed meanwhile");
	b = (struct boot_history){.plan = A, .tries = 2};
	CHECK(!boot_history_reached(&b, A, 3, true));
	CHECK_INT(b.rests, 0);
	CHECK(boot_history_reached(&b, A, 0, true));
	CHECK_INT(b.tries, 0);
	b = (struct boot_history){.plan = A, .tries = 2};
	CHECK(boot_history_reached(&b, A, 1, true));
	CHECK_INT(b.tries, 0);
}

static void test_bytes(void)
{
	struct boot_history b = {.plan = 0x01020304,
		.tries = 5,
		.rests = 6,
		.relapses = 7,
		.confirmed = {8, 0xffffffff, 10}};
	struct boot_history back;
	uint8_t bytes[BOOT_HISTORY_SIZE + 1];

	check_case("boots: what is written is read back");
	boot_history_encode(&b, bytes);
	CHECK(boot_history_decode(&back, bytes, BOOT_HISTORY_SIZE));
	CHECK_INT(back.plan, b.plan);
	CHECK_INT(back.tries, 5);
	CHECK_INT(back.rests, 6);
	CHECK_INT(back.relapses, 7);
	for (size_t i = 0; i < BOOT_HISTORY_GOOD; i++)
		CHECK_INT(back.confirmed[i], b.confirmed[i]);
	CHECK_INT(bytes[0], 1);
	CHECK_INT(bytes[4], 4);

	check_case("boots: the CRC is everybody's (zlib.crc32)");
	boot_history_encode(&(struct boot_history){.plan = A, .tries = 2}, bytes);
	CHECK_INT(bytes[20] | bytes[21] << 8 | bytes[22] << 16 | (long long)bytes[23] << 24,
		0x39fcefd7);

	check_case("boots: no bit may change, no byte be missing or too many");
	for (size_t bit = 0; bit < (size_t)8 * BOOT_HISTORY_SIZE; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!boot_history_decode(&back, bytes, BOOT_HISTORY_SIZE));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(!boot_history_decode(&back, bytes, BOOT_HISTORY_SIZE - 1));
	CHECK(!boot_history_decode(&back, bytes, BOOT_HISTORY_SIZE + 1));
	CHECK(!boot_history_decode(&back, bytes, 0));
}

int main(void)
{
	test_new();
	test_blame();
	test_limits();
	test_ends();
	test_bytes();
	return check_done();
}
