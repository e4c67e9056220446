// SPDX-License-Identifier: BSD-3-Clause
// The backplane: carries bytes between the members of a cluster, at most once, in no sure order.
// What the bytes mean, and who has really sent them, is not known here: cluster/seal.h protects
// them. Two implementations of this contract: NATS (link_nats.h), and a hub within one process for
// tests and simulations (link_loop.h).
//
//   rl_link_publish -> outbox -> (network) -> inbox -> rl_link_poll -> handler
//
// Nothing here waits for the network. Both boxes are bounded; what does not fit is dropped and
// counted by name, and its sender's numbers (cluster/batch.h) show the gap. There are two lanes, so
// that a snapshot of millions of locations cannot keep back the heartbeats that say who lives.
//
// Threads: one thread, the backplane's, polls, asks and answers (rl_link_request, _reply, _poll);
// _publish, _status and _fd from any thread; _start, _stop and _free from one, with no other
// inside. Memory is taken when a link is made.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RL_LINK_ALL = 0, // members are 1..255 (RL_NOBODY of cluster/location.h)
	RL_LINK_BYTES_MAX = 65536,
	RL_LINK_ASKED_MAX = 256, // questions under way
	RL_LINK_WHY_MAX = 512,
	RL_LINK_SERVER_MAX = 300,
};

enum rl_link_lane {
	RL_LINK_URGENT, // heartbeats, notices, introductions, questions and answers
	RL_LINK_BULK,   // locations, snapshots
	RL_LINK_LANES,
};

// clang-format off
#define RL_LINK_DROPS(X) \
	X(OUT_FULL, "out_full", "outbox full: more is published than the connection carries, or there is none") \
	X(OUT_STALE, "out_stale", "waited in the outbox until it was too old to be of use: no connection") \
	X(OUT_REFUSED, "out_refused", "the server takes no message of this size: raise max_payload there to 1 MB") \
	X(IN_FULL, "in_full", "inbox full: the backplane thread does not keep up") \
	X(IN_SLOW, "in_slow", "came faster than the client library could pass on") \
	X(STRANGE, "strange", "longer than any batch, or on a subject of no form of ours") \
	X(LATE, "late", "answer to a question that had ended")
// clang-format on

enum rl_link_drop {
#define X(name, text, help) RL_LINK_DROP_##name,
	RL_LINK_DROPS(X)
#undef X
		RL_LINK_DROP_COUNT
};

const char *rl_link_drop_name(enum rl_link_drop d); // "out_full"
const char *rl_link_drop_help(enum rl_link_drop d); // the sentence

struct rl_link_limits {
	size_t out_bytes[RL_LINK_LANES]; // room for waiting messages, about 32 bytes each included
	size_t in_bytes[RL_LINK_LANES];
	uint32_t stale_ms; // what waited longer for a connection is dropped
};
// 1 and 8 MiB out, 2 and 32 MiB in; 5 s.
extern const struct rl_link_limits rl_link_limits_default;

enum rl_link_what {
	RL_LINK_DATA,
	RL_LINK_QUESTION, // rl_link_reply answers it, now or later
	RL_LINK_ANSWER,   // to rl_link_request
	RL_LINK_FAILED,   // a question has ended with fewer answers than wanted; error says why
	RL_LINK_UP,       // connected (again), text: to what. Messages may have been lost before
	RL_LINK_DOWN,     // not connected (any more), text: why. It is tried again for ever
};

struct rl_link_message {
	enum rl_link_what what;
	enum rl_link_lane lane;
	uint8_t to;       // RL_LINK_ALL: to all of us
	uint8_t asker;    // of a question
	uint32_t request; // of a question, an answer, a failure
	int error;        // of a failure: -ETIMEDOUT, or -EHOSTUNREACH: nobody listens there
	uint8_t *bytes;   // aligned to 8; may be changed (cluster/seal.h opens in place)
	size_t len;
	const char *text; // else ""
};

// m and all it points to are gone when it returns. It may publish, ask and answer; it may not poll.
typedef void (*rl_link_handler)(void *arg, const struct rl_link_message *m);

struct rl_link;

// Begins to connect, and returns at once: that no server can be reached is no error, it is tried
// for ever and told by RL_LINK_DOWN. 0, or -errno with a sentence in `why` that says what to do.
int rl_link_start(struct rl_link *l, char why[static RL_LINK_WHY_MAX]);
// Sends what waits and closes: 4 s at most, if the server is frozen. A link is started once.
void rl_link_stop(struct rl_link *l);
// NULL is fine; stops it if need be.
void rl_link_free(struct rl_link *l);

// Copies len (1..RL_LINK_BYTES_MAX) bytes into the outbox, for one member or all others. It never
// comes back to its sender. 0; -ENOBUFS: no room, dropped and counted; -EMSGSIZE; -EINVAL: to
// oneself.
int rl_link_publish(struct rl_link *l, enum rl_link_lane lane, uint8_t to, const void *bytes,
		    size_t len);

// Asks one member or all others. The handler gets RL_LINK_ANSWERs until there were `answers` of
// them, or else one RL_LINK_FAILED after timeout_ms, at the next poll, or sooner if the server
// knows that nobody is there. *request tells them apart. 0; -ENOTCONN: not
// asked, there is no connection; -EBUSY: RL_LINK_ASKED_MAX are under way; -ENOBUFS, -EMSGSIZE,
// -EINVAL.
int rl_link_request(struct rl_link *l, uint8_t to, const void *bytes, size_t len, unsigned answers,
		    uint32_t timeout_ms, uint32_t *request);
// asker and request: of the question. As rl_link_publish.
int rl_link_reply(struct rl_link *l, uint8_t asker, uint32_t request, const void *bytes,
		  size_t len);

// Hands over what has come, urgent before bulk, `max` messages at most, and what has happened to
// the connection and to questions. How often it called the handler.
unsigned rl_link_poll(struct rl_link *l, rl_link_handler handler, void *arg, unsigned max);
// Readable (poll, epoll) when there may be something to take; rl_link_poll clears it. Timeouts of
// questions do not ring: poll every 20 ms or so while some are under way.
int rl_link_fd(const struct rl_link *l);

struct rl_link_status {
	bool connected;
	char server[RL_LINK_SERVER_MAX]; // connected to, or tried last; without credentials
	char error[RL_LINK_WHY_MAX];     // the last one, also of earlier connections; "": none yet
	uint32_t rtt_us;                 // to the server and back, with the library; 0: not known
	uint64_t connects;               // 2 and more: it has reconnected
	uint64_t changed_ms;        // when it last connected or disconnected; CLOCK_MONOTONIC, or
				    // the hub's time
	size_t out_bytes, in_bytes; // waiting
	uint64_t sent, sent_bytes, taken, taken_bytes;
	uint64_t drops[RL_LINK_DROP_COUNT];
};

void rl_link_status(struct rl_link *l, struct rl_link_status *s);
