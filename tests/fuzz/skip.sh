#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
echo "fuzz targets need clang with libFuzzer; this build has none (install clang, or see -Dfuzz)"
exit 77
