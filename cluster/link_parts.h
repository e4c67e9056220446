// SPDX-License-Identifier: BSD-3-Clause
// What both implementations of a link are made of. For them alone.
#pragma once

#include "cluster/link_asked.h"
#include "cluster/link_box.h"

#include <stdatomic.h>

struct rl_link_ops {
	uint64_t (*now_ms)(const struct rl_link *l);
	int (*start)(struct rl_link *l, char why[static RL_LINK_WHY_MAX]);
	void (*stop)(struct rl_link *l);
	void (*free)(struct rl_link *l); // of the whole, after rl_link_fini
};

// The first field of an implementation's own struct.
struct rl_link {
	const struct rl_link_ops *ops;
	uint8_t self;
	uint32_t stale_ms;
	struct rl_link_box out; // taken by the implementation
	struct rl_link_box in;  // taken by rl_link_poll
	struct rl_link_asked asked;
	bool started, stopped;

	_Atomic uint64_t sent, sent_bytes;   // the implementation writes
	_Atomic uint64_t taken, taken_bytes; // rl_link_poll writes
	_Atomic uint64_t drops[RL_LINK_DROP_COUNT];
	_Atomic uint32_t rtt_us;

	pthread_mutex_t mutex; // of what follows; held for moments
	bool connected;
	uint64_t connects, changed_ms;
	uint64_t news; // changes so far: rl_link_poll tells those it has not told
	char server[RL_LINK_SERVER_MAX];
	char error[RL_LINK_WHY_MAX];

	// rl_link_poll's.
	uint64_t news_told, connects_told;
	bool connected_told;
};

// All zero but ops is assumed. 0, or -ENOMEM and the like; rl_link_fini is due in either case.
int rl_link_init(struct rl_link *l, const struct rl_link_ops *ops, uint8_t self,
		 const struct rl_link_limits *limits, uint32_t turn);
void rl_link_fini(struct rl_link *l);

// For the implementations, from any of their threads.

void rl_link_count(struct rl_link *l, enum rl_link_drop d, uint64_t n);
// The state of the connection; both texts are copied. error NULL: no new one. server NULL: as
// before. A failure to connect counts as news once, until its error is another one.
void rl_link_state(struct rl_link *l, bool connected, const char *server, const char *error);
// Something is wrong that is no end of the connection.
void rl_link_error(struct rl_link *l, const char *error);
// Something has come; bytes are copied into the inbox or dropped and counted. time_ms is set here.
void rl_link_came(struct rl_link *l, struct rl_link_head h, const void *bytes);
// The next record of the outbox, as rl_link_box_first; stale ones are dropped.
struct rl_link_head *rl_link_out_first(struct rl_link *l);
// It was sent.
void rl_link_out_sent(struct rl_link *l, const struct rl_link_head *h);
