/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor ADDRESS... -- MODULE-FILE...: what binding these functions to vfio-pci takes and nothing
 * more. No config, no choice, no guard, no dependency is looked up, no error undone: whoever does
 * the job can't do it in less, because all that is here is the kernel's work. Ends with 1 when a
 * function did not get the driver.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DRIVER "vfio-pci"
#define DEVICES "/sys/bus/pci/devices/"

#ifndef MODULE_INIT_COMPRESSED_FILE /* include/uapi/linux/module.h, since Linux 5.17 */
#define MODULE_INIT_COMPRESSED_FILE 4
#endif

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	(void)close(fd);
}

static void load(const char *path)
{
	const char *dot = strrchr(path, '.');
	int flags = dot && strcmp(dot, ".ko") != 0 ? MODULE_INIT_COMPRESSED_FILE : 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", flags) < 0 && errno != EEXIST))
		err(1, "%s", path);
	(void)close(fd);
}

static int has_driver(const char *address)
{
	char path[128], target[256];

	(void)snprintf(path, sizeof(path), DEVICES "%s/driver", address);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return 0;
	target[n] = '\0';
	const char *last = strrchr(target, '/');
	return last && strcmp(last + 1, DRIVER) == 0;
}

int main(int argc, char **argv)
{
	char path[128];
	int modules = 1;

	while (modules < argc && strcmp(argv[modules], "--") != 0)
		modules++;
	for (int i = 1; i < modules; i++) {
		(void)snprintf(path, sizeof(path), DEVICES "%s/driver_override", argv[i]);
		put(path, DRIVER);
	}
	for (int i = modules + 1; i < argc; i++)
		load(argv[i]);
	/* The module's own registration has bound them by now; a look is all that is left. */
	for (int i = 1; i < modules; i++)
		if (!has_driver(argv[i]))
			errx(1, "%s: is not on " DRIVER, argv[i]);
	return 0;
}
