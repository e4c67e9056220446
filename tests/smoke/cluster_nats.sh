#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The files of `rootline-cli cluster init` in use: three nats-servers find each other, a stranger with an authority of its
# own gets in nowhere, and a client needs a certificate.
#
#   namespace of its own, loopback only
#     a 127.0.0.2:7222 === b 127.0.0.3:7222 === c 127.0.0.4:7222 === a     gateways, TLS both ways
#     stranger 127.0.0.5:7222 -x-> a, b                                    same names, other authority
#
# Argument: rootline-cli.

set -u -o pipefail
CLI=$1

# shellcheck source=tests/smoke/_nats.sh
. "$(dirname "$0")/_nats.sh"

# serve NAME FOLDER PORT: a nats-server with the files of that folder; rootline's own port moved, as all are on one machine.
serve() {
	sed "s|/etc/rootline|$2|; s|127.0.0.1:4222|127.0.0.1:$3|" "$2/nats/nats-server.conf" >"$WORK/$1.conf"
	nats-server -c "$WORK/$1.conf" 2>"$WORK/$1.log" &
	PIDS+=($!)
}
# Both ways, as each server makes a connection of its own.
joined() { # NAME OTHER
	grep -q "Outbound gateway connection to \"$2\" .* registered" "$WORK/$1.log" &&
		grep -q "Inbound gateway connection from \"$2\" .* registered" "$WORK/$1.log"
}
logged() { grep -q -e "$2" "$WORK/$1.log"; }

# client NAME CA [CERTIFICATE KEY]: does what a client of NATS does; 0: it was let in.
client() {
	python3 - "$@" <<-'EOF'
		import socket, ssl, sys
		plain = socket.create_connection(("127.0.0.1", 4222), 5)
		plain.settimeout(5)
		while not plain.recv(4096).endswith(b"\r\n"):
		    pass
		context = ssl.create_default_context(cafile=sys.argv[1])
		if len(sys.argv) > 2:
		    context.load_cert_chain(sys.argv[2], sys.argv[3])
		answer = b""
		try:
		    s = context.wrap_socket(plain, server_hostname="127.0.0.1")
		    s.sendall(b'CONNECT {"verbose":false,"tls_required":true}\r\nPING\r\n')
		    while b"PONG" not in answer:
		        more = s.recv(4096)
		        if not more:
		            sys.exit("turned away: %r" % answer)
		        answer += more
		except ssl.SSLCertVerificationError as e:
		    sys.exit("not trusted: %s" % e)
		except OSError as e: # an alert, or a connection that is gone already
		    sys.exit("turned away: %s" % e)
	EOF
}
refused() { # WORDS COMMAND...
	local words=$1
	shift
	! "$@" >"$WORK/said" 2>&1 && grep -q -e "$words" "$WORK/said" || { cat "$WORK/said"; return 1; }
}

members=(--member "a=1,1,127.0.0.2/9993" --member "b=2,2,127.0.0.3/9993")
check "files" "$CLI" cluster init "$WORK/alice" --name alice "${members[@]}" --member c=3,3,127.0.0.4/9993
check "files of somebody else" "$CLI" cluster init "$WORK/other" --name alice "${members[@]}" --member c=3,3,127.0.0.5/9993
serve a "$WORK/alice/a" 4222
serve b "$WORK/alice/b" 4223
serve c "$WORK/alice/c" 4224
for pair in "a b" "a c" "b a" "b c" "c a" "c b"; do
	# shellcheck disable=SC2086
	check "joined: $pair" wait_for 15 joined $pair
done
serve stranger "$WORK/other/c" 4225
check "a stranger does not trust us" wait_for 15 logged stranger "TLS gateway handshake error: x509: .*unknown authority"
check "nor is it let in" wait_for 15 logged a "TLS gateway handshake error: "
check "by nobody" eval '! logged stranger "registered"'

A=$WORK/alice/a
check "a member's rootline is let in" client "$A/ca.crt" "$A/member.crt" "$A/member.key"
check "a client without a certificate is not" refused "^turned away" client "$A/ca.crt"
check "nor one with somebody else's" refused "^turned away" client "$A/ca.crt" "$WORK/other/a/member.crt" \
	"$WORK/other/a/member.key"
check "nor does a member trust somebody else's server" refused "^not trusted: .*CERTIFICATE_VERIFY_FAILED" client "$WORK/other/ca.crt" \
	"$A/member.crt" "$A/member.key"
exit $FAILED
