// SPDX-License-Identifier: BSD-3-Clause
// Building what the root sends: headers, OK and ERROR in answer to a request, the out-box,
// fragments (docs/protocol.md 2.1, 3.2, 4.1). One worker's thread only.
#pragma once

#include "root/core.h"

// A fresh entry of the out-box, or NULL if it is full (counted). Not sent until rl_out_send.
struct rl_out *rl_out_new(struct rl_worker *w);
void rl_out_send(struct rl_worker *w, struct rl_out *out, const struct rl_path *to, size_t len);

// Seals a packet of this burst, at the latest when rl_seal_all is called; its bytes must stay where
// they are until then. Several are sealed side by side.
void rl_seal(struct rl_worker *w, const struct rl_key *key, uint8_t *data, size_t len,
	     unsigned suite);
void rl_seal_all(struct rl_worker *w);

// Header of a packet to `to` with a random ID, in buf; the writer stands behind the verb byte.
struct rl_writer rl_reply_header(struct rl_worker *w, uint8_t *buf, size_t room, uint64_t to,
				 enum zt_verb verb);
// OK or ERROR about a request: header, verb and ID answered; in w->plain, with room for the longest
// packet that can be sent in fragments.
struct rl_writer rl_reply_begin(struct rl_worker *w, const struct rl_request *q, enum zt_verb kind,
				enum zt_verb in_re);
// May this many bytes go to where the request came from? Nothing goes to a client that is being
// moved to another member (WITHHELD). An unproven address gets less than it
// sent, all answers to it together, with room for a probe kept (8.1 row 11); a sibling's front,
// which gets no probe, as much as it sent and the nine bytes by which an OK(ECHO) is longer. If
// not, counts UNPROVEN and sets the verdict, unless an earlier answer has set it.
bool rl_reply_allowed(struct rl_worker *w, struct rl_request *q, size_t len);
// Seals what lies in w->plain up to out's position and sends it to where the request came from: in
// place of the request, or by the out-box; cut into fragments if it is longer than ZT_MTU.
void rl_reply_send(struct rl_worker *w, struct rl_request *q, const struct rl_writer *out);
// The suite this peer can open: 3 from protocol 12 on.
unsigned rl_reply_suite(const struct rl_peer *peer);
