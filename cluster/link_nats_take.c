// SPDX-License-Identifier: BSD-3-Clause
// What libnats calls: from its thread that delivers messages, and from the one for all else. All of
// it only fills the inbox and rings.
#include "cluster/link_nats_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A number in the given base behind a point, at *at; moves on. False: none, or above max.
static bool number(const char **at, int base, uint64_t max, uint64_t *v)
{
	static const char digits[] = "0123456789abcdef";
	char *end;
	if (**at != '.' || !(*at)[1] || !memchr(digits, (*at)[1], (size_t)base))
		return false;
	errno = 0;
	*v = strtoull(*at + 1, &end, base);
	*at = end;
	return !errno && *v <= max;
}

// "PREFIX.reply.MEMBER.NUMBER", whole. So an answer goes nowhere else, whatever a question names.
static bool reply_parse(const char *prefix, const char *subject, uint8_t *member, uint32_t *request)
{
	static const char word[] = ".reply";
	size_t len = strlen(prefix);
	uint64_t m, r;
	if (strncmp(subject, prefix, len) || strncmp(subject + len, word, sizeof(word) - 1))
		return false;
	subject += len + sizeof(word) - 1;
	if (!number(&subject, 10, 255, &m) || !number(&subject, 16, UINT32_MAX, &r) || *subject)
		return false;
	*member = (uint8_t)m;
	*request = (uint32_t)r;
	return m != RL_LINK_ALL;
}

static void take_reply(struct rl_nats *n, natsMsg *m)
{
	struct rl_link_head h = {
		.what = RL_LINK_ANSWER, .lane = RL_LINK_URGENT, .to = n->link.self};
	int len = natsMsg_GetDataLength(m);

	if (!reply_parse(n->setup->prefix, natsMsg_GetSubject(m), &h.asker, &h.request)) {
		rl_link_count(&n->link, RL_LINK_DROP_STRANGE, 1);
	} else if (!h.request) {
		uint64_t sent_us = atomic_exchange(&n->probe_us, 0);
		if (sent_us)
			atomic_store(&n->link.rtt_us, (uint32_t)(rl_nats_now_us() - sent_us));
	} else if (natsMsg_IsNoResponders(m)) {
		h.what = RL_LINK_FAILED;
		h.error = -EHOSTUNREACH;
		rl_link_came(&n->link, h, NULL);
	} else if (len < 1 || len > RL_LINK_BYTES_MAX) {
		rl_link_count(&n->link, RL_LINK_DROP_STRANGE, 1);
	} else {
		h.len = (uint32_t)len;
		rl_link_came(&n->link, h, natsMsg_GetData(m));
	}
}

// Is this the last word of the subject, a broadcast's sender? The server does not know that both
// connections are of one member.
static bool is_own(const struct rl_nats *n, const char *subject)
{
	const char *at = strrchr(subject, '.');
	uint64_t from;
	return at && number(&at, 10, 255, &from) && from == n->link.self;
}

static void take_data(struct rl_nats *n, natsMsg *m, unsigned sub)
{
	bool all = sub == RL_NATS_ALL_URGENT || sub == RL_NATS_ALL_BULK;
	bool bulk = sub == RL_NATS_ALL_BULK || sub == RL_NATS_OWN_BULK;
	struct rl_link_head h = {
		.what = RL_LINK_DATA,
		.lane = bulk ? RL_LINK_BULK : RL_LINK_URGENT,
		.to = all ? RL_LINK_ALL : n->link.self,
	};
	if (all && is_own(n, natsMsg_GetSubject(m)))
		return;
	const char *reply = natsMsg_GetReply(m);
	int len = natsMsg_GetDataLength(m);

	if (reply) {
		h.what = RL_LINK_QUESTION;
		if (!reply_parse(n->setup->prefix, reply, &h.asker, &h.request))
			len = 0;
	}
	if (len < 1 || len > RL_LINK_BYTES_MAX) {
		rl_link_count(&n->link, RL_LINK_DROP_STRANGE, 1);
		return;
	}
	h.len = (uint32_t)len;
	rl_link_came(&n->link, h, natsMsg_GetData(m));
}

struct event {
	unsigned sub;
	natsMsg *message;
	natsStatus status;
	const char *url;
};

static void message(struct rl_nats *n, void *arg)
{
	const struct event *e = arg;
	if (e->sub == RL_NATS_REPLY)
		take_reply(n, e->message);
	else
		take_data(n, e->message, e->sub);
}

void rl_nats_on_message(natsConnection *nc, natsSubscription *sub, natsMsg *m, void *closure)
{
	uintptr_t c = (uintptr_t)closure;
	(void)nc;
	(void)sub;
	rl_nats_with(c / 8, message, &(struct event){.sub = c % 8, .message = m});
	natsMsg_Destroy(m);
}

static void closed(struct rl_nats *n, void *arg)
{
	(void)arg;
	n->closed = true;
	rl_link_bell_ring(n->link.out.bell);
}

void rl_nats_on_closed(natsConnection *nc, void *closure)
{
	(void)nc;
	rl_nats_with((uintptr_t)closure / 8, closed, NULL);
}

static void error(struct rl_nats *n, void *arg)
{
	const struct event *e = arg;
	char why[RL_LINK_WHY_MAX];
	rl_nats_setup_why(n->setup, e->url, e->status, nats_GetLastError(NULL), true, true, why);
	rl_link_error(&n->link, why);
}

void rl_nats_on_error(natsConnection *nc, natsSubscription *sub, natsStatus e, void *closure)
{
	char url[RL_LINK_SERVER_MAX] = "";
	(void)sub;
	// Slow consumers are counted message by message (link_nats.c).
	if (e == NATS_SLOW_CONSUMER)
		return;
	natsConnection_GetConnectedUrl(nc, url, sizeof(url));
	rl_nats_with((uintptr_t)closure / 8, error, &(struct event){.status = e, .url = url});
}
