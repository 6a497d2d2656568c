/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peak COMMAND [ARGUMENT...]: runs it and tells, as the last line on standard output, the largest
 * resident set in KiB that it or a child it waited for had.
 *
 * To be linked static and kept tiny: a process starts with the peak of the program that it was
 * before execve (setmax_mm_hiwater_rss in fs/exec.c), so that a shell would measure itself.
 */
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;

	if (argc < 2)
		errx(2, "usage: peak COMMAND [ARGUMENT...]");
	pid_t pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		execv(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	if (waitpid(pid, &status, 0) != pid || getrusage(RUSAGE_CHILDREN, &usage) < 0)
		err(2, "wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		errx(2, "%s: ended with %#x", argv[1], (unsigned)status);
	printf("%ld\n", usage.ru_maxrss);
	return 0;
}
