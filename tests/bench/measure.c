/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure COMMAND [ARGUMENT...]: runs it and prints "BEGIN END STATUS", the time stamp counter at
 * its execve(2) and after it ended.
 *
 * In a guest of QEMU with -accel tcg and -icount shift=0 that counter is the number of instructions
 * executed, the kernel's and everybody's (cpu_get_tsc in QEMU's hw/i386/pc.c: the virtual clock,
 * which ticks once an instruction, at 1 GHz). It needs no clock source and no calibration of the
 * guest's kernel.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

int main(int argc, char **argv)
{
	int status;

	if (argc < 2)
		errx(2, "usage: measure COMMAND [ARGUMENT...]");
	uint64_t *begin = mmap(
		NULL, sizeof(*begin), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (begin == MAP_FAILED)
		err(2, "mmap");
	/* No vfork: what runs of us after the execve would count as the command's. */
	pid_t pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		*begin = __rdtsc();
		execv(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(2, "wait");
	uint64_t end = __rdtsc();
	printf("%" PRIu64 " %" PRIu64 " %d\n", *begin, end,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
