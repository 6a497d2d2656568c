/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc(3) of the image's program with musl, for a process that lives for a moment: small blocks
 * come from a pool in the program's own memory, one after the other, without a system call; of what
 * is freed only the last block is used again. Large blocks (a module while it is decompressed, the
 * list of thousands of devices) are mapped and unmapped one by one, so that what is held stays
 * bounded by what is in use.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 16U
#define POOL_SIZE ((size_t)256 * 1024)
#define LARGE ((size_t)32 * 1024)
#define STEP                                                                                       \
	((size_t)256 * 1024) /* what a mapped block grows by; pages count when they are touched */

/* Before each block. `mapped` is the length that munmap takes, 0 of a block in a pool. */
struct header {
	size_t size, mapped;
};

static _Alignas(ALIGNMENT) unsigned char first_pool[POOL_SIZE];
static unsigned char *pool = first_pool;
static size_t used;

static struct header *header_of(void *block)
{
	return (struct header *)((unsigned char *)block - sizeof(struct header));
}

static void *map(size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static size_t mapped_length(size_t size)
{
	return (size + sizeof(struct header) + STEP - 1) / STEP * STEP;
}

static void *block_at(unsigned char *at, size_t size, size_t mapped)
{
	*(struct header *)at = (struct header){.size = size, .mapped = mapped};
	return at + sizeof(struct header);
}

static bool is_last(const struct header *h)
{
	return (const unsigned char *)(h + 1) + h->size == pool + used;
}

/* Of no name that the compiler knows: it makes a call of calloc of malloc and memset. */
static void *allocate(size_t size)
{
	if (size > PTRDIFF_MAX - 2 * STEP) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	size_t all = size + sizeof(struct header);
	if (size >= LARGE) {
		size_t len = mapped_length(size);
		unsigned char *at = map(len);
		return at ? block_at(at, len - sizeof(struct header), len) : NULL;
	}
	if (all > POOL_SIZE - used) {
		unsigned char *next = map(POOL_SIZE);
		if (!next)
			return NULL;
		pool = next;
		used = 0;
	}
	void *block = block_at(pool + used, size, 0);
	used += all;
	return block;
}

void *malloc(size_t size)
{
	return allocate(size);
}

void free(void *ptr)
{
	int saved = errno;

	if (!ptr)
		return;
	struct header *h = header_of(ptr);
	if (h->mapped)
		(void)munmap(h, h->mapped);
	else if (is_last(h))
		used -= h->size + sizeof(*h);
	errno = saved;
}

void *calloc(size_t nmemb, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(nmemb, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	void *block = allocate(all);
	return block ? memset(block, 0, all) : NULL;
}

/* libkmod grows a module's buffer a piece at a time while it decompresses. */
static void *grow_mapped(struct header *h, size_t size)
{
	size_t all = mapped_length(size);
	void *at = mremap(h, h->mapped, all, MREMAP_MAYMOVE);

	return at == MAP_FAILED ? NULL : block_at(at, all - sizeof(*h), all);
}

void *realloc(void *ptr, size_t size)
{
	if (!ptr)
		return allocate(size);
	struct header *h = header_of(ptr);
	if (size <= h->size)
		return ptr;
	if (size > PTRDIFF_MAX - 2 * STEP) {
		errno = ENOMEM;
		return NULL;
	}
	if (h->mapped)
		return grow_mapped(h, size);
	void *more = allocate(size);
	if (more) {
		memcpy(more, ptr, h->size);
		free(ptr);
	}
	return more;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (alignment <= ALIGNMENT)
		return allocate(size);
	errno = ENOMEM; /* nothing here asks for it */
	return NULL;
}
