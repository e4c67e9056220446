// SPDX-License-Identifier: BSD-3-Clause
#include "tests/interop/delay_net.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAC = 6, HEADER = 14, ANY = DELAY_PORTS_MAX };

void delay_net_init(struct delay_net *n, uint64_t seed)
{
	n->dice = seed;
}

void delay_net_free(struct delay_net *n)
{
	while (n->frames > 0)
		free(n->heap[--n->frames]);
}

static int find(const struct delay_net *n, const char *name)
{
	for (unsigned i = 0; i < n->ports; i++)
		if (strcmp(n->name[i], name) == 0)
			return (int)i;
	return strcmp(name, "*") == 0 ? ANY : -1;
}

int delay_net_port(struct delay_net *n, const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len >= DELAY_NAME_MAX || n->ports == DELAY_PORTS_MAX || find(n, name) >= 0)
		return -EINVAL;
	memcpy(n->name[n->ports], name, len + 1);
	return (int)n->ports++;
}

// A number from 0 to max with an end that is `unit`.
static bool number(const char *text, const char *unit, double max, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return end != text && strcmp(end, unit) == 0 && isfinite(*out) && *out >= 0 && *out <= max;
}

static void set(struct delay_net *n, unsigned from, unsigned to, struct delay_way way)
{
	for (unsigned i = 0; i < n->ports; i++)
		for (unsigned k = 0; k < n->ports; k++)
			if ((from == ANY || from == i) && (to == ANY || to == k))
				n->way[i][k] = n->way[k][i] = way;
}

bool delay_net_rule(struct delay_net *n, const char *line, char why[static DELAY_WHY_MAX])
{
	char text[256], *word[5] = {0}, *rest = text;
	unsigned words = 0;
	if (strcspn(line, "#\n") >= sizeof(text)) {
		snprintf(why, DELAY_WHY_MAX, "the line is too long");
		return false;
	}
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "#\n"), line);
	for (char *w; words < 5 && (w = strtok_r(rest, " \t\r", &rest));)
		word[words++] = w;
	if (words == 0)
		return true;
	if (words < 3 || words > 4) {
		snprintf(why, DELAY_WHY_MAX, "a rule is: FROM TO MILLISECONDS [LOSS%%]");
		return false;
	}
	int from = find(n, word[0]), to = find(n, word[1]);
	if (from < 0 || to < 0) {
		snprintf(why, DELAY_WHY_MAX, "there is no port \"%.32s\"", word[from < 0 ? 0 : 1]);
		return false;
	}
	double ms, loss = 0;
	if (!number(word[2], "", DELAY_MS_MAX, &ms)) {
		snprintf(why, DELAY_WHY_MAX, "\"%.32s\" is no delay of 0 to %d milliseconds",
			 word[2], DELAY_MS_MAX);
		return false;
	}
	if (word[3] && !number(word[3], "%", 100, &loss)) {
		snprintf(why, DELAY_WHY_MAX, "\"%.32s\" is no loss of 0%% to 100%%", word[3]);
		return false;
	}
	set(n, (unsigned)from, (unsigned)to,
	    (struct delay_way){(uint32_t)lround(ms * 1000),
			       (uint32_t)lround(loss * DELAY_LOST_ALL / 100)});
	return true;
}

static int port_of(const struct delay_net *n, const uint8_t *mac)
{
	for (unsigned i = 0; i < DELAY_MACS_MAX && n->mac[i].used; i++)
		if (memcmp(n->mac[i].mac, mac, MAC) == 0)
			return n->mac[i].port;
	return -1;
}

static void learn(struct delay_net *n, const uint8_t *mac, unsigned port)
{
	unsigned i = 0;
	while (i < DELAY_MACS_MAX && n->mac[i].used && memcmp(n->mac[i].mac, mac, MAC) != 0)
		i++;
	if (i == DELAY_MACS_MAX)
		i = n->mac_next++ % DELAY_MACS_MAX;
	memcpy(n->mac[i].mac, mac, MAC);
	n->mac[i].port = (uint8_t)port;
	n->mac[i].used = true;
}

// xorshift64*: good enough to lose frames by.
static bool falls(struct delay_net *n, uint32_t loss)
{
	n->dice += !n->dice;
	n->dice ^= n->dice >> 12;
	n->dice ^= n->dice << 25;
	n->dice ^= n->dice >> 27;
	return (n->dice * 0x2545f4914f6cdd1d >> 32) % DELAY_LOST_ALL < loss;
}

static bool before(const struct delay_frame *a, const struct delay_frame *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void push(struct delay_net *n, struct delay_frame *f)
{
	unsigned i = n->frames++;
	for (; i > 0 && before(f, n->heap[(i - 1) / 2]); i = (i - 1) / 2)
		n->heap[i] = n->heap[(i - 1) / 2];
	n->heap[i] = f;
}

static void send(struct delay_net *n, unsigned from, unsigned to, const uint8_t *data, size_t len,
		 uint64_t now_us)
{
	const struct delay_way *way = &n->way[from][to];
	if (falls(n, way->loss)) {
		n->lost++;
		return;
	}
	struct delay_frame *f = n->frames < DELAY_QUEUE_MAX ? malloc(sizeof(*f) + len) : NULL;
	if (!f) {
		n->full++;
		return;
	}
	*f = (struct delay_frame){now_us + way->us, n->order++, (uint16_t)to, (uint16_t)len};
	memcpy(f->data, data, len);
	push(n, f);
	n->passed++;
}

void delay_net_take(struct delay_net *n, unsigned port, const uint8_t *data, size_t len,
		    uint64_t now_us)
{
	const uint8_t *to = data, *from = data + MAC;
	if (len < HEADER || len > DELAY_FRAME_MAX || from[0] & 1) {
		n->odd++;
		return;
	}
	learn(n, from, port);
	int out = to[0] & 1 ? -1 : port_of(n, to);
	for (unsigned i = 0; i < n->ports; i++)
		if (i != port && (out < 0 || (unsigned)out == i))
			send(n, port, i, data, len, now_us);
}

struct delay_frame *delay_net_next(struct delay_net *n, uint64_t now_us)
{
	if (n->frames == 0 || n->heap[0]->due_us > now_us)
		return NULL;
	struct delay_frame *first = n->heap[0], *last = n->heap[--n->frames];
	unsigned i = 0;
	for (;;) {
		unsigned child = 2 * i + 1;
		if (child >= n->frames)
			break;
		child += child + 1 < n->frames && before(n->heap[child + 1], n->heap[child]);
		if (!before(n->heap[child], last))
			break;
		n->heap[i] = n->heap[child];
		i = child;
	}
	n->heap[i] = last;
	return first;
}

uint64_t delay_net_due(const struct delay_net *n)
{
	return n->frames ? n->heap[0]->due_us : UINT64_MAX;
}
