#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Links between members over real nats-servers: exchange, questions, servers that are killed, frozen, silent, too strict
# or not to be trusted.
#
#   namespace of its own, loopback only
#     nats_link: members 1 and 2 --- nats-server 127.0.0.1:4222 (and 4223), started and killed by nats_link itself
#     and as `rootline-cli cluster init` wants it:
#       member 1 --- 127.0.0.1:4222, gateway 127.0.0.2:7222 === 127.0.0.3:7222, 127.0.0.1:4223 --- member 2
#                                                           === 127.0.0.4:7222, 127.0.0.1:4224 --- member 3
#
# Arguments: rootline-cli, nats_link.

set -u -o pipefail
CLI=$1 NATS_LINK=$2

skip() { echo "SKIP: $*"; exit 77; }

if [ "${NATS_LINK_INSIDE:-}" != 1 ]; then
	[ "$(id -u)" = 0 ] || skip "network namespaces need root"
	command -v nats-server >/dev/null || skip "nats-server is not installed"
	unshare -n true 2>/dev/null || skip "network namespaces cannot be made here"
	NATS_LINK_INSIDE=1 exec unshare -n "$0" "$@"
fi

cleanup() {
	local status=$?
	trap - EXIT INT TERM
	[ $status = 0 ] || tail -n 20 "$WORK"/*.log
	rm -rf "$WORK"
	exit $status
}
WORK=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT TERM
ip link set lo up

for name in alice other; do
	"$CLI" cluster init "$WORK/$name" --name alice --member a=1,1,127.0.0.2/9993 --member b=2,2,127.0.0.3/9993 \
		--member c=3,3,127.0.0.4/9993 >/dev/null || exit 1
done
# Their servers, moved so that all are on one machine.
port=4222
for name in a b c; do
	sed "s|/etc/rootline|$WORK/alice/$name|; s|127.0.0.1:4222|127.0.0.1:$port|" \
		"$WORK/alice/$name/nats/nats-server.conf" >"$WORK/alice/$name.conf"
	port=$((port + 1))
done
# libnats 3.4 forgets the message that it was reading when a connection ends.
echo "leak:natsBuf_Create" >"$WORK/lsan.supp"
LSAN_OPTIONS="suppressions=$WORK/lsan.supp:print_suppressions=0" "$NATS_LINK" "$WORK" "$WORK/alice" "$WORK/other"
