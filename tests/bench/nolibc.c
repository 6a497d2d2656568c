/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nolibc ETC ADDRESS...: the reserve stage without a C library, a parser, a guard or a message: the
 * system calls that `boot` makes for a config with these two addresses, a display first, in the
 * order of strace(1), and the overrides written by a child. How much more `boot` takes is what its
 * own code costs. ETC has a vfio-bind.conf and a vfio-bind.image. For x86-64.
 */
#include <asm/unistd.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

static char buf[65536];

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* "FIRST" "SECOND" in memory of its own. */
static const char *join(const char *first, const char *second)
{
	static char path[256];
	unsigned long n = 0;

	for (; *first && n < sizeof(path) - 1; first++)
		path[n++] = *first;
	for (; *second && n < sizeof(path) - 1; second++)
		path[n++] = *second;
	path[n] = '\0';
	return path;
}

static long open_at(long dir, const char *path, long flags)
{
	return call(__NR_openat, dir, (long)path, flags | O_CLOEXEC, 0, 0, 0);
}

static void read_at(long dir, const char *path)
{
	(void)call(__NR_read, open_at(dir, path, O_RDONLY), (long)buf, 96, 0, 0, 0);
}

/* With its size, as file_read does. */
static void read_file(const char *path)
{
	long fd = open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);

	(void)call(__NR_fstat, fd, (long)buf, 0, 0, 0, 0);
	(void)call(__NR_read, fd, (long)buf, sizeof(buf), 0, 0, 0);
	(void)call(__NR_close, fd, 0, 0, 0, 0, 0);
}

static void look(long dir, const char *path)
{
	(void)call(__NR_readlinkat, dir, (long)path, (long)buf, 511, 0, 0);
}

static void list(long dir, const char *path)
{
	long fd = open_at(dir, path, O_RDONLY | O_DIRECTORY);

	while (call(__NR_getdents64, fd, (long)buf, 32768, 0, 0, 0) > 0)
		;
	(void)call(__NR_close, fd, 0, 0, 0, 0, 0);
}

static void override(long dir, const char *address)
{
	long fd = open_at(dir, join(address, "/driver_override"), O_RDWR);

	(void)call(__NR_read, fd, (long)buf, 63, 0, 0, 0);
	(void)call(__NR_pwrite64, fd, (long)"vfio-pci", 8, 0, 0, 0);
}

static void reserve(long argc, char **argv)
{
	unsigned long blocked = 1UL << (SIGTERM - 1);

	read_file("/proc/cmdline");
	read_file(join(argv[1], "/vfio-bind.conf"));
	long dir = open_at(AT_FDCWD, "/sys/bus/pci/devices", O_RDONLY | O_DIRECTORY);
	for (long i = 2; i < argc; i++)
		read_at(dir, join(argv[i], "/modalias"));
	read_at(dir, join(argv[2], "/boot_vga"));
	list(dir, join(argv[2], "/.."));
	look(dir, "../../../bus/platform/devices/efi-framebuffer.0");
	look(dir, "../../../bus/platform/devices/simple-framebuffer.0");
	look(dir, "../../../bus/platform/devices/vesa-framebuffer.0");
	for (long i = 2; i < argc; i++)
		look(dir, join(argv[i], "/iommu_group"));
	read_file(join(argv[1], "/vfio-bind.image"));
	(void)call(__NR_access, (long)"/proc/vmcore", 0, 0, 0, 0, 0);
	(void)call(__NR_access, (long)"/etc/initrd-release", 0, 0, 0, 0, 0);
	(void)call(__NR_statfs, (long)"/", (long)buf, 0, 0, 0, 0);
	read_at(AT_FDCWD, "/proc/self/mountinfo");
	(void)open_at(AT_FDCWD, "/sys/firmware/efi/efivars", O_RDONLY | O_DIRECTORY);
	(void)call(__NR_rt_sigprocmask, SIG_BLOCK, (long)&blocked, 0, sizeof(blocked), 0, 0);
	(void)call(__NR_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long pid = call(__NR_fork, 0, 0, 0, 0, 0, 0);
	if (pid == 0)
		for (long i = 2; i < argc; i++)
			override(dir, argv[i]);
	else
		(void)call(__NR_wait4, pid, 0, 0, 0, 0, 0);
}

__attribute__((used)) static void begin(long *stack)
{
	if (stack[0] >= 3)
		reserve(stack[0], (char **)&stack[1]);
	(void)call(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

/* The kernel leaves argc and argv on the stack (System V ABI, AMD64 supplement, 3.4.1). */
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n\thlt\n");
