/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault PROCESS CALL WHAT COMMAND [ARGUMENT...]: runs a command, and of the PROCESSth process that
 * it is or starts the CALLth system call fails with the errno WHAT, or with WHAT = kill is its
 * last; with the name of another signal (SIGINT) all processes get that when it begins, as by a key
 * at a terminal, and nothing fails. PROCESS 0: nothing happens. WHAT = noprocess: the CALLth fork
 * and each one behind it fails, whoever calls it.
 *
 * Prints a line "process N made M" for each process, and last "status S", the exit status of the
 * command (128 + signal). Ends when the last process has, with 0 where the fault came to be, 1
 * where no such call was made; a command that is not done after SECONDS is ended, and so are we.
 *
 * One fault a run, in one process: the counters of `strace -e inject` begin anew in each, and would
 * fail one in all.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define SECONDS 25
#define PROCESSES 32
#define KILL (-1)
#define NO_PROCESS (-2)
#define SIGNAL(n) (-100 - (n)) /* and back */

struct process {
	pid_t pid;
	unsigned calls;
	bool failing; /* in the call that is to fail */
	bool ended;
};

static struct process processes[PROCESSES];
static size_t n_processes;
static unsigned forks;

static struct process *process_of(pid_t pid)
{
	for (size_t i = 0; i < n_processes; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (n_processes == PROCESSES)
		errx(2, "more than %d processes", PROCESSES);
	processes[n_processes] = (struct process){.pid = pid};
	return &processes[n_processes++];
}

static void set_register(pid_t pid, size_t offset, long value)
{
	if (ptrace(PTRACE_POKEUSER, pid, offset, value) < 0)
		err(2, "PTRACE_POKEUSER");
}

static bool is_fork(const struct ptrace_syscall_info *info)
{
	return info->entry.nr == SYS_fork || info->entry.nr == SYS_vfork ||
	       info->entry.nr == SYS_clone || info->entry.nr == SYS_clone3;
}

/* The kernel does nothing and says that there is no such call, which is replaced on the way out. */
static void fail(struct process *p)
{
	set_register(p->pid, offsetof(struct user_regs_struct, orig_rax), -1);
	p->failing = true;
}

/* A process stands at the beginning or the end of a system call. */
static void at_call(struct process *p, unsigned process, unsigned call, int what)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0)
		return; /* it was killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->failing) {
		set_register(p->pid, offsetof(struct user_regs_struct, rax),
			what == NO_PROCESS ? -EAGAIN : -what);
		p->failing = false;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	p->calls++;
	if (what == NO_PROCESS && process > 0 && is_fork(&info) && ++forks >= call)
		fail(p);
	if (what == NO_PROCESS || (size_t)(p - processes) + 1 != process || p->calls != call)
		return;
	if (what == KILL)
		(void)kill(p->pid, SIGKILL);
	else if (what > 0)
		fail(p);
	for (size_t i = 0; what <= SIGNAL(0) && i < n_processes; i++)
		if (!processes[i].ended)
			(void)kill(processes[i].pid, SIGNAL(what));
}

static int run(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		/* What it says goes where what we say goes. */
		int null = open("/dev/null", O_RDWR);
		for (int fd = 0; fd < 2; fd++)
			(void)dup2(null, fd);
		(void)close(null);
		/* Whatever a shell in the background has made us ignore. */
		(void)signal(SIGHUP, SIG_DFL);
		(void)signal(SIGINT, SIG_DFL);
		(void)signal(SIGTERM, SIG_DFL);
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)kill(getpid(), SIGSTOP);
		execv(argv[0], argv);
		_exit(127);
	}
	int status;
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		errx(2, "%s: can't be traced", argv[0]);
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		err(2, "PTRACE_SETOPTIONS");
	(void)process_of(pid);
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	return pid;
}

static int what_of(const char *word)
{
	static const struct {
		const char *name;
		int what;
	} names[] = {{"kill", KILL}, {"noprocess", NO_PROCESS}, {"SIGINT", SIGNAL(SIGINT)},
		{"SIGTERM", SIGNAL(SIGTERM)}, {"SIGHUP", SIGNAL(SIGHUP)}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(word, names[i].name) == 0)
			return names[i].what;
	int what = (int)strtol(word, NULL, 10);
	if (what < 0)
		errx(2, "%s: no errno, and no signal that is known here", word);
	return what;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		errx(2, "usage: fault PROCESS CALL ERRNO|kill|SIGNAL|noprocess COMMAND [ARGUMENT...]");
	unsigned process = (unsigned)strtoul(argv[1], NULL, 10);
	unsigned call = (unsigned)strtoul(argv[2], NULL, 10);
	int what = what_of(argv[3]);
	int status, result = -1;

	(void)alarm(SECONDS); /* PTRACE_O_EXITKILL takes everybody along */
	pid_t first = run(argv + 4), pid;
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			process_of(pid)->ended = true;
			if (pid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status);
			continue;
		}
		struct process *p = process_of(pid);
		int signal = WSTOPSIG(status);
		if (signal == (SIGTRAP | 0x80))
			at_call(p, process, call, what);
		/* What remains are events and the stop in which a new process begins. */
		if (signal == (SIGTRAP | 0x80) || signal == SIGTRAP || signal == SIGSTOP)
			signal = 0;
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, signal);
	}
	for (size_t i = 0; i < n_processes; i++)
		printf("process %zu made %u\n", i + 1, processes[i].calls);
	printf("status %d\n", result);
	if (what == NO_PROCESS)
		return process > 0 && forks < call;
	return process > 0 && (process > n_processes || processes[process - 1].calls < call);
}
