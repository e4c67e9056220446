#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs one fuzz target for a few seconds: run.sh PROGRAM CORPUS. Always the same seed, so that a failure comes
# back; what is found goes to the current directory. Exit: 0 clean, 1 found something (libFuzzer's own 77 would count as
# skipped), 70 too slow, 71 too much memory.
# FUZZ_SECONDS: how long (3).
set -eu
program=$1
corpus=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
set -- "$work"
if [ -d "$corpus" ]; then
	set -- "$work" "$corpus"
fi
"$program" -seed=1 -error_exitcode=1 -max_total_time="${FUZZ_SECONDS:-3}" -max_len=10200 -timeout=5 \
	-rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 "$@"
