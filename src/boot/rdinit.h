/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOT_RDINIT_H
#define BOOT_RDINIT_H

/*
 * PID 1 of an image whose /init is not systemd, by rdinit=ARCHIVE_INIT on the kernel command line:
 * mounts what `boot` reads where that is missing, runs the program of the archive (`boot`, then
 * `boot --join`, each within a time), keeps its report, unmounts, and becomes the image's own
 * /init, which gets argv. That is done whatever became of the program: killed, hung, missing.
 *
 * Returns only if the image has no /init: the exit status for the kernel, which panics.
 */
int rdinit_run(char **argv);

#endif
