# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced, with its caller's arguments, by scripts that need nats-servers on a loopback of their own: starts them anew in a
# network namespace, makes WORK, and cleans up behind them. They put processes to be stopped into PIDS.
# shellcheck source=tests/smoke/_check.sh
. "$(dirname "$0")/_check.sh"
PIDS=()

if [ "${NATS_INSIDE:-}" != 1 ]; then
	[ "$(id -u)" = 0 ] || skip "network namespaces need root"
	command -v nats-server >/dev/null || skip "nats-server is not installed"
	unshare -n true 2>/dev/null || skip "network namespaces cannot be made here"
	NATS_INSIDE=1 exec unshare -n "$0" "$@"
fi

cleanup() {
	local status=$?
	trap - EXIT INT TERM
	[ ${#PIDS[@]} = 0 ] || stop "${PIDS[@]}"
	[ $status != 0 ] || status=$FAILED
	[ $status = 0 ] || tail -n 20 "$WORK"/*.log
	rm -rf "$WORK"
	exit $status
}
WORK=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT TERM
ip link set lo up
