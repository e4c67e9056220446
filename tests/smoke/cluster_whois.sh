#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Clients of two members ask who the other's are, talk, and are introduced; an identity that one member has validated the
# other takes as it is.
#
#   a 10.91.0.1 ---+--- switch ---+--- cli 192.88.99.1: the clients, at an address that is worth telling others
#   b 10.91.0.2 ---+
#
# Arguments: rootline, rootline-cli, the folder of the root's identity, cluster_whois.

set -u -o pipefail
ROOTLINE=$1 CLI=$2 DATA=$3 CLIENT=$4
P=rlwho-$$ MEMBERS="a b"

# shellcheck source=tests/smoke/_cluster.sh
. "$(dirname "$0")/_cluster.sh"
wire_all
wire cli 10.91.0.9
ip -n "$P-cli" addr add 192.88.99.1/32 dev eth0
for m in $MEMBERS; do
	ip -n "$P-$m" route add 192.88.99.0/24 dev eth0
done
"$CLI" cluster init "$FILES" --name alice --member a=52.4,4.9,10.91.0.1/9993 --member b=40.7,-74.0,10.91.0.2/9993 \
	>"$WORK/init" || die "cluster init"
for m in $MEMBERS; do serve_nats $m; done
for m in $MEMBERS; do serve $m; done
check "a reaches b" wait_for 30 sees a b live
check "b reaches a" wait_for 30 sees b a live

ip netns exec "$P-cli" "$CLIENT" "$DATA/identity.public" 10.91.0.1/9993 10.91.0.2/9993 192.88.99.1/1 </dev/null || FAILED=1

counter() { ask "$1" counters | jq --arg c "$2" '.[] | select(.name == $c).count'; }
asked() { ask "$1" cluster | jq ".whois.$2"; }
# shown MEMBER FILTER: what is shown of the cluster is a second old.
shown() { ask "$1" cluster | jq -e "$2" >/dev/null; }
check "a has validated its two clients and the newcomer" test "$(counter a validations)" = 3
check "b its two clients, not the newcomer" test "$(counter b validations)" = 2
check "which a had validated" wait_for 3 shown b '.validationsSpared == 1'
check "b has asked a" wait_for 3 shown b '.whois | .whole >= 2 and .learned >= 2'
check "and what it has learned is remembered" test "$(asked b remembered)" -ge 1
# who says where a client is, who told, and by which paths.
home=$(ask a cluster | jq -r '.members[] | select(.self).name')
client=$(ask a peers | jq -r '.[].address' | while read -r address; do
	ask a who "$address" | jq -r 'select(.here) | .address'
done | head -n 1)
at_a() { ask a who "$client" | jq -e '.live and (.paths | length) > 0'; }
told_b() {
	ask b who "$client" | jq -e --arg home "$home" '.live and (.here | not) and .home == $home and
		.way == "10.91.0.1/9993" and .toldMs >= 0 and (.ipv4 | startswith("192.88.99.1/"))'
}
as_a_line() { "$CLI" --state "$WORK/state-b" who "$client" | grep "^$client is at $home; .* told by $home "; }
check "a client is at a, by paths of its own" at_a
check "b was told so by a, and would send there by its front" told_b
check "it is shown" as_a_line
check "the cluster is shown with it" eval '"$CLI" --state "$WORK/state-b" cluster | grep -q "^whois.*learned"'
exit $FAILED
