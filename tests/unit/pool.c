/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The allocator of the image's program, under names of its own beside that of the sanitizers. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

void *pool_malloc(size_t size);
void pool_free(void *ptr);
void *pool_calloc(size_t nmemb, size_t size);
void *pool_realloc(void *ptr, size_t size);
void *pool_aligned_alloc(size_t alignment, size_t size);

#define malloc pool_malloc
#define free pool_free
#define calloc pool_calloc
#define realloc pool_realloc
#define aligned_alloc pool_aligned_alloc
#include "boot/pool.c" // NOLINT(bugprone-suspicious-include): with other names, beside those of the sanitizers
#undef malloc
#undef free
#undef calloc
#undef realloc
#undef aligned_alloc

#define BLOCKS 64
#define ROUNDS 20000

static unsigned seed = 1;

static unsigned next_random(void)
{
	seed = seed * 1103515245U + 12345U;
	return seed >> 8;
}

static bool holds(const unsigned char *block, size_t size, unsigned char value)
{
	for (size_t i = 0; i < size; i++)
		if (block[i] != value)
			return false;
	return true;
}

static void test_reuse(void)
{
	check_case("the last block is used again, and no other");
	char *a = pool_malloc(100), *b = pool_malloc(100);
	CHECK(a && b && b >= a + 100);
	pool_free(b);
	CHECK(pool_malloc(100) == b);
	pool_free(a);
	CHECK(pool_malloc(100) != a);
	pool_free(NULL);
}

static void test_large(void)
{
	check_case("a large block is mapped by itself, and zeroed");
	unsigned char *large = pool_calloc(1024, 1024);
	CHECK(large && holds(large, (size_t)1024 * 1024, 0));
	pool_free(large);
	check_case("what can't be had is an error");
	errno = 0;
	CHECK(!pool_malloc(SIZE_MAX - 100) && errno == ENOMEM);
	CHECK(!pool_calloc(SIZE_MAX / 2, 4));
	CHECK(!pool_aligned_alloc(4096, 1));
	CHECK(pool_aligned_alloc(16, 1));
}

static void test_random(void)
{
	static unsigned char *block[BLOCKS];
	static size_t size[BLOCKS];
	bool whole = true;

	check_case("blocks keep their bytes, whatever is taken, grown and freed beside them");
	for (unsigned round = 0; round < ROUNDS && whole; round++) {
		unsigned i = next_random() % BLOCKS;
		size_t want = next_random() % (round % 16 == 0 ? 2 * LARGE : 300);
		whole = !block[i] || holds(block[i], size[i], (unsigned char)i);
		if (round % 3 == 0) {
			pool_free(block[i]);
			block[i] = NULL;
			continue;
		}
		unsigned char *more = pool_realloc(block[i], want);
		size_t kept = block[i] && size[i] < want ? size[i] : block[i] ? want : 0;
		whole &= more && (uintptr_t)more % ALIGNMENT == 0 &&
			 holds(more, kept, (unsigned char)i);
		if (more)
			memset(more, (int)i, want);
		block[i] = more;
		size[i] = want;
	}
	CHECK(whole);
	for (unsigned i = 0; i < BLOCKS; i++)
		pool_free(block[i]);
}

int main(void)
{
	test_reuse();
	test_large();
	test_random();
	return check_done();
}
