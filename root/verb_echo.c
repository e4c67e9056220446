// SPDX-License-Identifier: BSD-3-Clause
// ECHO (docs/protocol.md 4.7) and the one question about networks that a root refuses by name
// (4.4).
#include "root/reply.h"

void rl_verb_echo(struct rl_worker *w, struct rl_request *q)
{
	struct rl_writer out = rl_reply_begin(w, q, ZT_VERB_OK, ZT_VERB_ECHO);
	rl_put_bytes(&out, q->data + ZT_AT_PAYLOAD, q->len - ZT_AT_PAYLOAD);
	if (out.bad)
		rl_drop(q->packet, RL_DROP_TOO_LONG);
	else if (rl_reply_allowed(w, q, rl_writer_len(&out)))
		rl_reply_send(w, q, &out);
}

// There is no controller here: without this the client asks on in vain.
void rl_verb_network_config(struct rl_worker *w, struct rl_request *q)
{
	struct rl_reader in = rl_reader(q->data + ZT_AT_PAYLOAD, q->len - ZT_AT_PAYLOAD);
	uint64_t network = rl_get64(&in);
	if (in.bad) {
		rl_drop(q->packet, RL_DROP_MALFORMED);
		return;
	}
	struct rl_writer out = rl_reply_begin(w, q, ZT_VERB_ERROR, ZT_VERB_NETWORK_CONFIG_REQUEST);
	rl_put8(&out, ZT_ERROR_UNSUPPORTED_OPERATION);
	rl_put64(&out, network);
	if (rl_reply_allowed(w, q, rl_writer_len(&out)))
		rl_reply_send(w, q, &out);
}
