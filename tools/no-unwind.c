/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other half of no-unwind.ld: without its tables libgcc's unwinder is 21 kB that cannot run.
 * libc.a refers to it in functions that clean up when a thread is cancelled, and there are no
 * threads here. These take the place of its entries (Itanium C++ ABI, "Exception Handling", and
 * unwind-dw2-fde.h of libgcc), so that the linker has no need of them. Weak: a libgcc that is
 * pulled in for another name keeps its own.
 */
#define WEAK __attribute__((weak))

#define ENDS(name)                                                                                 \
	WEAK void name(void);                                                                      \
	WEAK void name(void)                                                                       \
	{                                                                                          \
		__builtin_trap();                                                                  \
	}
#define NONE(name)                                                                                 \
	WEAK void *name(void);                                                                     \
	WEAK void *name(void)                                                                      \
	{                                                                                          \
		return 0;                                                                          \
	}

ENDS(_Unwind_Resume)
ENDS(__gcc_personality_v0)
NONE(__register_frame_info)
NONE(__deregister_frame_info)

/*
 * assert() of libkmod: libc's own prints by way of gettext, iconv and wide characters, 28 kB that
 * nothing else needs. It ends the process all the same, and whoever waits for that process says so
 * (core/steps.c).
 */
WEAK _Noreturn void __assert_fail(
	const char *assertion, const char *file, unsigned line, const char *function);
WEAK _Noreturn void __assert_fail(
	const char *assertion, const char *file, unsigned line, const char *function)
{
	(void)assertion;
	(void)file;
	(void)line;
	(void)function;
	__builtin_trap();
}
