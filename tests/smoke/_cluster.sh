# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by scripts about members of a cluster, each in a namespace at one switch, with a nats-server of its own. They set
# ROOTLINE, CLI, DATA (the folder of the root's identity), P (what the namespaces' names begin with) and MEMBERS, of which
# the n-th has 10.91.0.n.
# shellcheck disable=SC2153 # by who sources this
declare -A PID_OF
WIRED=()

# shellcheck source=tests/smoke/_check.sh
. "$(dirname "$0")/_check.sh"
die() { echo "FAIL: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for tool in ip nats-server jq; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
WORK=$(mktemp -d)
# stop_one NAME, kill_one NAME: of a process that serve or serve_nats has started.
stop_one() {
	stop "${PID_OF[$1]}"
	unset "PID_OF[$1]"
}
kill_one() {
	kill -9 "${PID_OF[$1]}" && wait "${PID_OF[$1]}" 2>/dev/null
	unset "PID_OF[$1]"
}
cleanup() {
	local status=$? m
	trap - EXIT INT TERM
	[ ${#PID_OF[@]} = 0 ] || stop "${PID_OF[@]}"
	for m in $MEMBERS; do
		[ "${ENDED[${PID_OF[$m]:-0}]:-0}" = 0 ] || { echo "not ok - $m ended with an error"; FAILED=1; }
	done
	[ $status != 0 ] || status=$FAILED
	if [ $status != 0 ]; then
		for m in $MEMBERS; do
			echo "--- $m:"
			tail -n 15 "$WORK/$m.log" "$WORK/nats-$m.log" 2>/dev/null
		done
	fi
	for m in "${WIRED[@]}" sw; do
		ip netns del "$P-$m" 2>/dev/null
	done
	rm -rf "$WORK"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# In a build with sanitizers: what libnats leaks is not ours.
LSAN_OPTIONS="suppressions=$(dirname "$0")/lsan.supp:print_suppressions=0"
export LSAN_OPTIONS

# wire NAME ADDRESS: a namespace at the switch.
wire() {
	ip netns add "$P-$1" || die "cannot make a namespace"
	WIRED+=("$1")
	ip -n "$P-$1" link set lo up
	ip link add eth0 netns "$P-$1" type veth peer name "to-$1" netns "$P-sw" || die "cannot make a veth pair"
	ip -n "$P-sw" link set "to-$1" master br0 up
	ip netns exec "$P-$1" ethtool -K eth0 tx off >/dev/null 2>&1
	ip -n "$P-$1" addr add "$2/24" dev eth0
	ip -n "$P-$1" link set eth0 up
}
wire_all() {
	local m n=0
	ip netns add "$P-sw" 2>/dev/null || skip "network namespaces cannot be made here"
	ip -n "$P-sw" link add br0 type bridge
	ip -n "$P-sw" link set br0 up
	for m in $MEMBERS; do
		n=$((n + 1))
		wire "$m" 10.91.0.$n
	done
}

# The folder of member $1 in the place of /etc/rootline; FILES is where all folders are.
FILES=$WORK/alice
install_config() { sed "s|/etc/rootline|$FILES/$1|" "$FILES/$1/rootline.json" >"$WORK/$1.json"; }
serve_nats() {
	sed "s|/etc/rootline|$FILES/$1|" "$FILES/$1/nats/nats-server.conf" >"$WORK/$1.conf"
	ip netns exec "$P-$1" nats-server -c "$WORK/$1.conf" 2>>"$WORK/nats-$1.log" &
	PID_OF[nats-$1]=$!
}
serve() {
	local state=$WORK/state-$1
	install_config "$1"
	mkdir -p "$state"
	install -m 600 "$DATA/identity.secret" "$state/"
	install -m 644 "$DATA/identity.public" "$DATA/planet" "$state/"
	ip netns exec "$P-$1" "$ROOTLINE" --config "$WORK/$1.json" --port af_packet:eth0 --state "$state" \
		--hugepages no --memory-mb 128 --workers 1 2>>"$WORK/$1.log" &
	PID_OF[$1]=$!
}
ask() { "$CLI" --state "$WORK/state-$1" --json "${@:2}" 2>/dev/null; }
# sees MEMBER OTHER STATE: what it says of the other, with a round trip measured by its ports.
sees() {
	ask "$1" cluster | jq -e --arg o "$2" --arg s "$3" \
		'.members[] | select(.name == $o) | select(.state == $s and .rttUs > 0)' >/dev/null
}
state_is() { ask "$1" cluster | jq -e --arg o "$2" --arg s "$3" '.members[] | select(.name == $o and .state == $s)' >/dev/null; }
