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
gone() { ! kill -0 "$1" 2>/dev/null; }
# stop PID...: politely; ENDED[PID] is how. One that has not ended after ten seconds is killed, and fails the test.
declare -A ENDED
stop() {
	local pid
	kill "$@" 2>/dev/null
	for pid in "$@"; do
		if ! wait_for 10 gone "$pid"; then
			echo "not ok - process $pid has not ended 10 s after SIGTERM"
			FAILED=1
			kill -9 "$pid"
		fi
		wait "$pid" 2>/dev/null
		ENDED[$pid]=$?
	done
}
