// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/endpoints.h"

#include <stdio.h>
#include <string.h>

// fe80::1 has a scope of its own (docs/protocol.md 5.2), so the scope alone does not tell.
static bool is_link_local(const struct rl_inet *a)
{
	bool fe80 = a->family == 6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
	return fe80 || rl_inet_scope(a) == RL_SCOPE_LINK_LOCAL;
}

static void add(struct endpoints *e, const struct frame_filter *f, struct rl_inet a)
{
	if (is_link_local(&a))
		return;
	for (unsigned i = 0; i < f->port_count; i++) {
		bool seen = false;
		a.port = f->ports[i];
		for (unsigned j = 0; j < e->count && !seen; j++)
			seen = rl_inet_equal(&e->v[j], &a);
		if (!seen && e->count < ENDPOINTS_MAX)
			e->v[e->count++] = a;
	}
}

void endpoints_add(struct endpoints *e, const struct frame_filter *f)
{
	for (unsigned i = 0; i < f->ip4_count; i++) {
		struct rl_inet a = {.family = 4};
		memcpy(a.ip, &f->ip4[i], 4);
		add(e, f, a);
	}
	for (unsigned i = 0; i < f->ip6_count; i++) {
		struct rl_inet a = {.family = 6};
		memcpy(a.ip, f->ip6[i], 16);
		add(e, f, a);
	}
}

void endpoints_of(struct endpoints *e, const struct ports *ps)
{
	e->count = 0;
	for (unsigned i = 0; i < ports_count(ps); i++)
		endpoints_add(e, port_filter(ports_at(ps, i)));
}

const char *endpoints_text(const struct endpoints *e, char *text, size_t size)
{
	size_t n = 0;
	*text = 0;
	for (unsigned i = 0; i < e->count && n < size; i++) {
		char one[RL_INET_TEXT];
		bool seen = false;
		for (unsigned j = 0; j < i && !seen; j++)
			seen = rl_inet_same_ip(&e->v[j], &e->v[i]);
		if (seen)
			continue;
		rl_inet_text(&e->v[i], one);
		*strchrnul(one, '/') = 0;
		n += (size_t)snprintf(text + n, size - n, "%s%s", n ? " " : "", one);
	}
	if (!*text)
		snprintf(text, size, "no address yet");
	return text;
}
