#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Three members of one root, three nats-servers, one switch: they find each other over the backplane and by their ports,
# know each other's clients, and one that dies is noticed.
#
#   a 10.91.0.1 ---+
#   b 10.91.0.2 ---+--- switch (a bridge in a namespace of its own)
#   c 10.91.0.3 ---+
#
# Arguments: rootline, rootline-cli, the folder of the root's identity, cluster_multicast.

set -u -o pipefail
ROOTLINE=$1 CLI=$2 DATA=$3 MULTICAST=$4
P=rlclu-$$ MEMBERS="a b c"

# shellcheck source=tests/smoke/_cluster.sh
. "$(dirname "$0")/_cluster.sh"
wire_all
"$CLI" cluster init "$FILES" --name alice --member a=52.4,4.9,10.91.0.1/9993 --member b=40.7,-74.0,10.91.0.2/9993 \
	--member c=1.35,103.8,10.91.0.3/9993 >"$WORK/init" || die "cluster init"

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
# Each knows the groups of the others, and asks nobody in vain.
knows_groups() { ask "$1" cluster | jq -e '.groups.elsewhere == "known"' >/dev/null; }
for m in $MEMBERS; do
	check "$m has been told of groups" wait_for 20 knows_groups $m
done
wire d 10.91.0.20
ip netns exec "$P-d" "$MULTICAST" "$DATA/identity.public" 10.91.0.1/9993 10.91.0.2/9993 10.91.0.3/9993 10.91.0.20/1 ||
	FAILED=1
check "who is not known" eval '"$CLI" --state "$WORK/state-a" who 1234567890 | grep -q "not known"'

kill_one b
check "a member that died is noticed within 8 s" wait_for 8 state_is a b dead
serve b
check "it comes back" wait_for 20 sees a b live

stop "${PID_OF[c]}"
check "a member ends in good order" test "${ENDED[${PID_OF[c]}]}" = 0
unset "PID_OF[c]"
check "and says so" wait_for 3 state_is a c left

kill_one nats-a
down() { ask a cluster | jq -e '.link.connected == false' >/dev/null; }
up() { ask a cluster | jq -e '.link.connected' >/dev/null; }
check "a member without its nats-server says so" wait_for 10 down
check "and serves on" "$CLI" --state "$WORK/state-a" info
serve_nats a
check "it is connected again when that is back" wait_for 20 up
check "and hears the others" wait_for 20 sees a b live
exit $FAILED
