/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>

/*
 * libzstd.a decodes zstd's formats from before 2016 (0.5 to 0.7), with 75 kB of code that would be
 * in every initramfs; the kernel's modules never used them (it adopted zstd in 5.13). These
 * functions replace the entry points of those decoders, so that the linker leaves them out: a
 * stream calls ZBUFFv0n_createDCtx first, and treats its NULL as "out of memory"
 * (ZSTD_initLegacyStream, lib/legacy/zstd_legacy.h). Weak, so that a libzstd that links its own
 * decoders uses those.
 */
#define NONE(name)                                                                                 \
	void *name(void);                                                                          \
	__attribute__((weak)) void *name(void)                                                     \
	{                                                                                          \
		return NULL;                                                                       \
	}
#define NO_FORMAT(n)                                                                               \
	NONE(ZBUFFv0##n##_createDCtx)                                                              \
	NONE(ZBUFFv0##n##_decompressContinue)                                                      \
	NONE(ZBUFFv0##n##_decompressInitDictionary)                                                \
	NONE(ZBUFFv0##n##_freeDCtx)                                                                \
	NONE(ZSTDv0##n##_createDCtx)                                                               \
	NONE(ZSTDv0##n##_decompress_usingDict)                                                     \
	NONE(ZSTDv0##n##_findFrameSizeInfoLegacy)                                                  \
	NONE(ZSTDv0##n##_freeDCtx)                                                                 \
	NONE(ZSTDv0##n##_getFrameParams)

NO_FORMAT(5)
NO_FORMAT(6)
NO_FORMAT(7)
