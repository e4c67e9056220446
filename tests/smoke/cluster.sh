#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Three members of one root, three nats-servers, one switch: they find each other over the backplane and by their ports,
# know each other's clients, and one that dies is noticed.
#
#   a 10.91.0.1 ---+
#   b 10.91.0.2 ---+--- switch (a bridge in a namespace of its own)
#   c 10.91.0.3 ---+
#
# Arguments: rootline, rootline-cli, the folder of the root's identity.

set -u -o pipefail
ROOTLINE=$1 CLI=$2 DATA=$3
P=rlclu-$$ MEMBERS="a b c"
declare -A PID_OF

# shellcheck source=tests/smoke/_check.sh
. "$(dirname "$0")/_check.sh"
die() { echo "FAIL: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for tool in ip nats-server jq; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
WORK=$(mktemp -d)
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
	for m in $MEMBERS sw; do
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

ip netns add "$P-sw" 2>/dev/null || skip "network namespaces cannot be made here"
ip -n "$P-sw" link add br0 type bridge
ip -n "$P-sw" link set br0 up

# wire NAME ADDRESS: a namespace at the switch.
wire() {
	ip netns add "$P-$1" || die "cannot make a namespace"
	ip -n "$P-$1" link set lo up
	ip link add eth0 netns "$P-$1" type veth peer name "to-$1" netns "$P-sw" || die "cannot make a veth pair"
	ip -n "$P-sw" link set "to-$1" master br0 up
	ip netns exec "$P-$1" ethtool -K eth0 tx off >/dev/null 2>&1
	ip -n "$P-$1" addr add "$2/24" dev eth0
	ip -n "$P-$1" link set eth0 up
}
n=0
for m in $MEMBERS; do
	n=$((n + 1))
	wire $m 10.91.0.$n
done

"$CLI" cluster init "$WORK/alice" --name alice --member a=52.4,4.9,10.91.0.1/9993 --member b=40.7,-74.0,10.91.0.2/9993 \
	--member c=1.35,103.8,10.91.0.3/9993 >"$WORK/init" || die "cluster init"

serve_nats() {
	sed "s|/etc/rootline|$WORK/alice/$1|" "$WORK/alice/$1/nats/nats-server.conf" >"$WORK/$1.conf"
	ip netns exec "$P-$1" nats-server -c "$WORK/$1.conf" 2>"$WORK/nats-$1.log" &
	PID_OF[nats-$1]=$!
}
serve() {
	local state=$WORK/state-$1
	mkdir -p "$state"
	install -m 600 "$DATA/identity.secret" "$state/"
	install -m 644 "$DATA/identity.public" "$DATA/planet" "$state/"
	sed "s|/etc/rootline|$WORK/alice/$1|" "$WORK/alice/$1/rootline.json" >"$WORK/$1.json"
	ip netns exec "$P-$1" "$ROOTLINE" --config "$WORK/$1.json" --port af_packet:eth0 --state "$state" \
		--hugepages no --memory-mb 128 --workers 1 2>"$WORK/$1.log" &
	PID_OF[$1]=$!
}
ask() { "$CLI" --state "$WORK/state-$1" --json "${@:2}" 2>/dev/null; }
# sees MEMBER OTHER STATE: what it says of the other, with a round trip measured by its ports.
sees() {
	ask "$1" cluster | jq -e --arg o "$2" --arg s "$3" \
		'.members[] | select(.name == $o) | select(.state == $s and .rttUs > 0)' >/dev/null
}
state_is() { ask "$1" cluster | jq -e --arg o "$2" --arg s "$3" '.members[] | select(.name == $o and .state == $s)' >/dev/null; }

for m in $MEMBERS; do serve_nats $m; done
for m in $MEMBERS; do serve $m; done
for m in $MEMBERS; do
	for o in $MEMBERS; do
		[ $m = $o ] || check "$m hears $o, and reaches it by its port" wait_for 30 sees $m $o live
	done
done
check "it is shown as a table" "$CLI" --state "$WORK/state-a" cluster
# Each has measured the two others, and told the third.
whole() { ask "$1" cluster | jq -e '[.roundTrips[].rttUs | length] == [2, 2, 2]' >/dev/null; }
for m in $MEMBERS; do
	check "$m knows the round trips between all fronts" wait_for 20 whole $m
done
check "who is not known" eval '"$CLI" --state "$WORK/state-a" who 1234567890 | grep -q "not known"'

kill -9 "${PID_OF[b]}" && wait "${PID_OF[b]}" 2>/dev/null
unset "PID_OF[b]"
check "a member that died is noticed within 8 s" wait_for 8 state_is a b dead
serve b
check "it comes back" wait_for 20 sees a b live

stop "${PID_OF[c]}"
check "a member ends in good order" test "${ENDED[${PID_OF[c]}]}" = 0
unset "PID_OF[c]"
check "and says so" wait_for 3 state_is a c left

kill -9 "${PID_OF[nats-a]}" && wait "${PID_OF[nats-a]}" 2>/dev/null
unset "PID_OF[nats-a]"
down() { ask a cluster | jq -e '.link.connected == false' >/dev/null; }
up() { ask a cluster | jq -e '.link.connected' >/dev/null; }
check "a member without its nats-server says so" wait_for 10 down
check "and serves on" "$CLI" --state "$WORK/state-a" info
serve_nats a
check "it is connected again when that is back" wait_for 20 up
check "and hears the others" wait_for 20 sees a b live
exit $FAILED
