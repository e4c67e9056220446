// SPDX-License-Identifier: BSD-3-Clause
// The list of what a root sent.
#include "tests/vectors/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct replay_sent *replay_note(struct replay_list *l, uint64_t root, const uint8_t *data,
				size_t len, const struct rl_inet *to)
{
	struct replay_sent *s;

	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 256;
		l->sent = realloc(l->sent, l->room * sizeof(*l->sent));
		assert_non_null(l->sent);
	}
	s = &l->sent[l->count++];
	*s = (struct replay_sent){.to = *to, .len = (uint16_t)len};
	assert_true(len >= ZT_FRAG_HDR_LEN);
	s->id = rl_load64(data);
	s->node = rl_load40(data + ZT_AT_TO);
	s->data = malloc(len);
	assert_non_null(s->data);
	memcpy(s->data, data, len);
	if (data[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED) {
		s->piece = data[ZT_FRAG_AT_COUNT];
		s->hops = data[ZT_FRAG_AT_HOPS];
		s->relayed = true;
	} else {
		s->hops = data[ZT_AT_FLAGS] & ZT_HOPS_MASK;
		s->relayed = rl_load40(data + ZT_AT_FROM) != root;
	}
	return s;
}

static void free_list(struct replay_list *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		free(l->sent[i].data);
		free(l->sent[i].event);
	}
	free(l->sent);
}

void replay_free(struct replay *r)
{
	free_list(&r->ours);
	free_list(&r->theirs);
}

const char *replay_verb(unsigned verb)
{
	static const char *const names[ZT_VERB_COUNT] = {
		[ZT_VERB_NOP] = "NOP",
		[ZT_VERB_HELLO] = "HELLO",
		[ZT_VERB_ERROR] = "ERROR",
		[ZT_VERB_OK] = "OK",
		[ZT_VERB_WHOIS] = "WHOIS",
		[ZT_VERB_RENDEZVOUS] = "RENDEZVOUS",
		[ZT_VERB_ECHO] = "ECHO",
		[ZT_VERB_MULTICAST_GATHER] = "MULTICAST_GATHER",
		[ZT_VERB_NETWORK_CONFIG_REQUEST] = "NETWORK_CONFIG_REQUEST",
	};

	return verb < ZT_VERB_COUNT && names[verb] ? names[verb] : "?";
}

const char *replay_text(const struct replay_sent *s)
{
	static char text[256];
	char addr[RL_INET_TEXT];
	int at;

	if (s->relayed)
		at = snprintf(text, sizeof(text), "relayed %016llx piece %02x",
			      (unsigned long long)s->id, s->piece);
	else if (s->event->verb == ZT_VERB_OK || s->event->verb == ZT_VERB_ERROR)
		at = snprintf(text, sizeof(text), "%s(%s %016llx)", replay_verb(s->event->verb),
			      replay_verb(s->event->in_verb), (unsigned long long)s->event->in_id);
	else
		at = snprintf(text, sizeof(text), "%s", replay_verb(s->event->verb));
	snprintf(text + at, sizeof(text) - (size_t)at, " to %010llx at %s, frame %u",
		 (unsigned long long)s->node, rl_inet_text(&s->to, addr), s->frame);
	return text;
}
