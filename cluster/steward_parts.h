// SPDX-License-Identifier: BSD-3-Clause
// Between the files of the steward.
#pragma once

#include "cluster/steward.h"

bool rl_steward_find(const struct rl_steward *s, uint64_t client, struct rl_location *l);
struct rl_score_view rl_steward_view(const struct rl_steward *s);
struct rl_geo rl_steward_where(const struct rl_steward *s, const struct rl_location *l);
// The family by which the client was heard last here.
enum rl_family rl_steward_family(const struct rl_steward *s, uint64_t client,
				 const struct rl_location *l);
// The families by which this member has a path to the client.
void rl_steward_reaches(const struct rl_steward *s, uint64_t client, bool by[RL_FAMILIES]);
// This member's own claim, and what follows from it.
void rl_steward_claim(struct rl_steward *s, const struct rl_location *l);
// Its first decision about a newcomer, if that one is still here and nobody else has decided.
void rl_steward_look(struct rl_steward *s, uint64_t client, enum rl_family family);
// steward_plan.c
void rl_steward_plan(struct rl_steward *s, uint64_t client, const struct rl_plan *p);
void rl_steward_timers(struct rl_steward *s);
// steward_link.c
// Batches without a record are not sent, but by the second.
void rl_steward_send(struct rl_steward *s, struct rl_batch_writer *b);
void rl_steward_send_even_empty(struct rl_steward *s, struct rl_batch_writer *b);
void rl_steward_notice(struct rl_steward *s, uint8_t to, const struct rl_notice *n);
// To the home of a client that this member is the backup of, and does not reach.
void rl_steward_cold(struct rl_steward *s, uint64_t client, uint8_t home);
void rl_steward_flush(struct rl_steward *s);
void rl_steward_beat(struct rl_steward *s);
void rl_steward_tell_rtt(struct rl_steward *s, const struct rl_rtt_news *n);
// steward_whois.c
struct rl_whois_host rl_steward_whois_host(struct rl_steward *s);
void rl_steward_whois_reply(struct rl_steward *s, struct rl_batch_reader *asked);
void rl_steward_whois_take(struct rl_steward *s, struct rl_batch_reader *reply);
// The fingerprint of a client that the root knows.
void rl_steward_identify(const struct rl_steward *s, struct rl_location *l);
// Has the root know a client that this member is the backup of. False: it does, or nobody can tell.
bool rl_steward_adopt(struct rl_steward *s, uint64_t client);
// A client here was told of one that is not.
void rl_steward_introduced(struct rl_steward *s, uint64_t client, uint64_t other);
// steward_turn.c
void rl_steward_turn(struct rl_steward *s);
// steward_group.c
size_t rl_steward_group_size(const struct rl_steward_config *c);
void rl_steward_group_init(struct rl_steward *s, void *mem, const uint64_t dice[8],
			   uint64_t now_ms);
void rl_steward_group_turn(struct rl_steward *s);
// False: it is of another kind.
bool rl_steward_group_batch(struct rl_steward *s, struct rl_batch_reader *b);
