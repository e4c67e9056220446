# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by every smoke test. Two private namespaces joined by one veth pair; everything goes away
# at the end, whatever the end is.
#
#      PREFIX-root                         PREFIX-cli
#   +-----------------+                 +--------------------------+
#   | rootline   eth0 |=====  veth =====| eth0   sim_client        |
#   +-----------------+                 +--------------------------+
#     10.99.0.1/24                        10.99.0.2/24, 10.99.0.10 - 10.99.0.79
#     fd99::1/64                          fd99::2/64,   fd99::10 - fd99::55 (70 addresses)
#
# The build sets: SMOKE_ROOTLINE, SMOKE_CLI, SMOKE_CLIENT, SMOKE_HELPER (programs), SMOKE_DIR (here).

set -u -o pipefail

NODES=70        # addresses for simulated nodes
P=rlsmoke$$     # prefix of the namespaces
FAILED=0
PIDS=()

skip() { echo "SKIP: $*"; exit 77; }
die() { echo "FAIL: $*" >&2; exit 1; }
note() { echo "# $*"; }

# ok STATUS TEXT: one line per check; the script's exit status remembers.
ok() {
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		FAILED=1
	fi
}

check() { # TEXT COMMAND...
	local text=$1
	shift
	"$@"
	ok $? "$text"
}

finish() { exit $FAILED; }

root() { ip netns exec "$P-root" "$@"; }
cli() { ip netns exec "$P-cli" "$@"; }

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

stop_pid() { # PID [SIGNAL]
	kill "-${2:-TERM}" "$1" 2>/dev/null
	wait_for 10 gone "$1" || { kill -9 "$1" 2>/dev/null; return 1; }
}

cleanup() {
	local status=$? pid
	trap - EXIT INT TERM
	for pid in "${PIDS[@]}"; do
		gone "$pid" || stop_pid "$pid"
	done
	for ns in root cli; do
		ip netns list | grep -qw "$P-$ns" && ip netns del "$P-$ns"
	done
	if [ $status -ne 0 ] && [ $status -ne 77 ] && [ -s "$WORK/log" ]; then
		echo "--- rootline said:"
		tail -n 40 "$WORK/log"
	fi
	rm -rf "$WORK"
	exit $status
}

need() {
	local tool
	[ "$(id -u)" = 0 ] || skip "network namespaces need root"
	for tool in ip ethtool sysctl awk; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	for tool in "$SMOKE_ROOTLINE" "$SMOKE_CLIENT" "$SMOKE_HELPER"; do
		[ -x "$tool" ] || die "$tool is not built"
	done
	ip netns add "$P-probe" 2>/dev/null || skip "network namespaces cannot be made here"
	ip netns del "$P-probe"
}

add_namespace() {
	ip netns add "$P-$1" || die "cannot make namespace $P-$1"
	ip netns exec "$P-$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0
	ip -n "$P-$1" link set lo up
}

# Without offloads every frame on the pair is what it would be on a wire, checksums included.
add_wire() {
	ip link add eth0 netns "$P-root" type veth peer name eth0 netns "$P-cli" ||
		die "cannot make a veth pair"
	for ns in root cli; do
		ip netns exec "$P-$ns" ethtool -K eth0 tx off rx off gso off gro off tso off >/dev/null 2>&1
		ip -n "$P-$ns" link set eth0 up
	done
}

add_addresses() {
	local i
	{
		for ((i = 0; i < NODES; i++)); do
			echo "addr add 10.99.0.$((10 + i))/24 dev eth0"
			printf 'addr add fd99::%x/64 dev eth0 nodad\n' $((16 + i))
		done
		echo "addr add 10.99.0.2/24 dev eth0"
		echo "addr add fd99::2/64 dev eth0 nodad"
	} | ip -n "$P-cli" -batch - || die "cannot add addresses"
	ip -n "$P-root" addr add 10.99.0.1/24 dev eth0
	ip -n "$P-root" addr add fd99::1/64 dev eth0 nodad
}

setup() {
	WORK=$(mktemp -d) || die "no temporary directory"
	trap cleanup EXIT
	trap 'exit 130' INT TERM
	need
	add_namespace root
	add_namespace cli
	add_wire
	add_addresses
	mkdir -p "$WORK/state/moons.d"
	cp "$SMOKE_DIR/data/identity.secret" "$SMOKE_DIR/data/identity.public" "$SMOKE_DIR/data/planet" \
		"$WORK/state/"
	chmod 600 "$WORK/state/identity.secret"
	cp "$SMOKE_DIR/data/moon" "$WORK/state/moons.d/0000000551856be9.moon"
}

# start_root KIND: rootline on KIND:eth0, returns when it says that it serves. ROOT_PID is its pid.
start_root() {
	local ready
	rm -f "$WORK/notify"
	"$SMOKE_HELPER" ready "$WORK/notify" 30 &
	ready=$!
	wait_for 5 test -S "$WORK/notify" || die "the helper does not listen"
	NOTIFY_SOCKET=$WORK/notify ip netns exec "$P-root" "$SMOKE_ROOTLINE" --state "$WORK/state" \
		--port "$1:eth0" --udp-port 9993 >>"$WORK/log" 2>&1 &
	ROOT_PID=$!
	PIDS+=("$ROOT_PID")
	while ! gone $ready; do
		if gone "$ROOT_PID"; then
			kill $ready
			grep -q 'not built\|not supported' "$WORK/log" && [ "${2:-}" = may-skip ] &&
				skip "$1: $(tail -n 1 "$WORK/log")"
			die "rootline ended at once"
		fi
		sleep 0.05
	done
	wait $ready || die "rootline does not serve within 30 s"
}

stop_root() { # [SIGNAL]
	[ "${1:-}" != KILL ] || disown "$ROOT_PID" # the shell shall not comment on it
	stop_pid "$ROOT_PID" "${1:-TERM}"
	wait "$ROOT_PID" 2>/dev/null
}

SKIP_IDS=0
# sim FAMILIES SCENARIO...: 4, 6 or 46. Each call takes fresh identities.
sim() {
	local args=() families=$1
	shift
	case $families in *4*) args+=(--root4 10.99.0.1/9993 --base4 10.99.0.10/1) ;; esac
	case $families in *6*) args+=(--root6 fd99::1/9993 --base6 fd99::10/1) ;; esac
	cli "$SMOKE_CLIENT" --root "$SMOKE_DIR/data/identity.public" "${args[@]}" \
		--planet "$SMOKE_DIR/data/planet" --moon "$SMOKE_DIR/data/moon" --skip $SKIP_IDS "$@"
	local status=$?
	SKIP_IDS=$((SKIP_IDS + 150))
	[ $status = 0 ] || FAILED=1
	return $status
}

# Counters of the kernel in the root's namespace: packets to UDP ports nobody listens on, and
# "unreachable" sent.
kernel_refusals() {
	root awk '
		/^Udp: [0-9]/ { n += $3 }
		/^Icmp: InMsgs/ { for (i = 2; i <= NF; i++) if ($i == "OutDestUnreachs") at = i }
		/^Icmp: [0-9]/ { n += $at }
		/^Udp6NoPorts|^Icmp6OutDestUnreachs/ { n += $2 }
		END { print n + 0 }' /proc/net/snmp /proc/net/snmp6
}
