#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by PID 1: waits for what boot left running: the IOMMU driver of VFIO, and `load = background`.
[ ! -x /usr/bin/vfio-bind ] || /usr/bin/vfio-bind boot --join
:
