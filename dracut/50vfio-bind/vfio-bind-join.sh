#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by PID 1: waits for what `load = background` left running; otherwise there is nothing to do.
[ ! -x /usr/bin/vfio-bind ] || /usr/bin/vfio-bind boot --join
:
