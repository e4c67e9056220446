# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by scripts that print a line for each thing they check. They set WORK, a directory of their own, and
# end with "exit $FAILED".
# shellcheck disable=SC2034 # read by who sources this
FAILED=0

skip() { echo "SKIP: $*"; exit 77; }
# check TEXT COMMAND...: the command's output is shown if it fails.
check() {
	local text=$1
	shift
	if "$@" >"$WORK/out" 2>&1; then
		echo "ok - $text"
	else
		echo "not ok - $text"
		sed 's/^/    /' "$WORK/out"
		FAILED=1
	fi
}
# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
