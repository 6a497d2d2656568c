/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "base/command.h"

/*
 * Each command takes its own argv (argv[0] is its name), prints data to standard output and
 * messages to the log. err has the reason if it could not do its work at all.
 */
enum cmd_result cmd_boot(int argc, char **argv, struct err *err);
enum cmd_result cmd_plan(int argc, char **argv, struct err *err);
enum cmd_result cmd_hotplug(int argc, char **argv, struct err *err);
enum cmd_result cmd_check(int argc, char **argv, struct err *err);
enum cmd_result cmd_bind(int argc, char **argv, struct err *err);
enum cmd_result cmd_release(int argc, char **argv, struct err *err);
enum cmd_result cmd_qemu(int argc, char **argv, struct err *err);
enum cmd_result cmd_libvirt(int argc, char **argv, struct err *err);
enum cmd_result cmd_vm(int argc, char **argv, struct err *err);
enum cmd_result cmd_rom(int argc, char **argv, struct err *err);
enum cmd_result cmd_setup(int argc, char **argv, struct err *err);
enum cmd_result cmd_init(int argc, char **argv, struct err *err);
enum cmd_result cmd_list(int argc, char **argv, struct err *err);
enum cmd_result cmd_status(int argc, char **argv, struct err *err);
enum cmd_result cmd_image(int argc, char **argv, struct err *err);
enum cmd_result cmd_record(int argc, char **argv, struct err *err);

#endif
