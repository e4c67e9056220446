#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Alice alone, and Bob a cluster of two: what Alice asks of one member of Bob, and sends there, finds the clients of the
# other.
#
#   alice 10.93.0.1 ---+
#   b1    10.93.0.2 ---+--- switch --- cli 10.93.0.9: Ann, of Alice; Ben, at b2
#   b2    10.93.0.3 ---+
#
# Arguments: rootline, rootline-cli, rootline-idtool, sibling_client.

set -u -o pipefail
ROOTLINE=$1 CLI=$2 IDTOOL=$3 CLIENT=$4
P=rlsic-$$ ROOTS="alice b1 b2" NEED="nats-server"
# shellcheck source=tests/smoke/_switch.sh
. "$(dirname "$0")/_switch.sh"

wire alice 10.93.0.1
wire b1 10.93.0.2
wire b2 10.93.0.3
wire cli 10.93.0.9

for r in alice bob; do
	"$IDTOOL" generate "$WORK/$r.secret" "$WORK/$r.public" >/dev/null || die "no identity"
done
"$CLI" cluster init "$WORK/bob" --name bob --member b1=52.4,4.9,10.93.0.2/9993 --member b2=40.7,-74.0,10.93.0.3/9993 \
	>"$WORK/init" || die "cluster init"
for r in $ROOTS; do
	mkdir "$WORK/state-$r"
	id=$r
	[ $r = alice ] || id=bob
	install -m 600 "$WORK/$id.secret" "$WORK/state-$r/identity.secret"
	install -m 644 "$WORK/$id.public" "$WORK/state-$r/identity.public"
done
# sibling NAME IP: the section.
sibling() {
	jq -n --arg n "$1" --arg i "$(cat "$WORK/$1.public")" --arg f "$2/9993" \
		'{siblings: [{name: $n, identity: $i, fronts: [$f]}]}'
}
sibling bob 10.93.0.2 >"$WORK/alice.json"
sed "s|/etc/rootline|$WORK/bob/b1|" "$WORK/bob/b1/rootline.json" | jq --argjson s "$(sibling alice 10.93.0.1)" '. + $s' \
	>"$WORK/b1.json"
sed "s|/etc/rootline|$WORK/bob/b2|" "$WORK/bob/b2/rootline.json" >"$WORK/b2.json"

serve() {
	ip netns exec "$P-$1" "$ROOTLINE" --config "$WORK/$1.json" --port af_packet:eth0 --state "$WORK/state-$1" \
		--hugepages no --memory-mb 128 --workers 1 </dev/null >>"$WORK/$1.log" 2>&1 &
	PID_OF[$1]=$!
}
serve_nats() {
	sed "s|/etc/rootline|$WORK/bob/$1|" "$WORK/bob/$1/nats/nats-server.conf" >"$WORK/$1.conf"
	ip netns exec "$P-$1" nats-server -c "$WORK/$1.conf" </dev/null >"$WORK/nats-$1.log" 2>&1 &
	PID_OF[nats-$1]=$!
}
ask() { "$CLI" --state "$WORK/state-$1" --json "${@:2}" 2>/dev/null; }
reaches() { ask "$1" siblings | jq -e '.siblings[0].fronts[0] | .used and .rttUs > 0' >/dev/null; }
sees() {
	ask "$1" cluster | jq -e --arg o "$2" '.members[] | select(.name == $o) | select(.state == "live" and .rttUs > 0)' >/dev/null
}

serve_nats b1
serve_nats b2
for r in $ROOTS; do serve "$r"; done
check "b1 hears b2" wait_for 30 sees b1 b2
check "b2 hears b1" wait_for 30 sees b2 b1
check "Alice reaches b1" wait_for 15 reaches alice
check "b1 reaches Alice" wait_for 15 reaches b1
check "Ann finds Ben, who is at b2" ip netns exec "$P-cli" "$CLIENT" "$WORK/alice.public" 10.93.0.1/9993 \
	"$WORK/bob.public" 10.93.0.3/9993 3 there </dev/null
forwarded() { [ "$(ask b1 cluster | jq .forwarded)" -ge 3 ]; }
check "b1 has passed it on" wait_for 3 forwarded
exit $FAILED
