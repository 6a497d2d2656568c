#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by PID 1 (no systemd in the image), before any driver: never exits, never fails.
[ ! -x /usr/bin/vfio-bind ] || /usr/bin/vfio-bind boot
:
