// SPDX-License-Identifier: BSD-3-Clause
#include "tests/sim/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int sim_queue_init(struct sim_queue *q, uint32_t events, uint64_t now)
{
	*q = (struct sim_queue){.now = now, .size = events};
	q->pool = calloc(events + 1ul, sizeof(*q->pool));
	q->head = calloc(SIM_WHEEL, sizeof(*q->head));
	q->tail = calloc(SIM_WHEEL, sizeof(*q->tail));
	if (!q->pool || !q->head || !q->tail) {
		sim_queue_free(q);
		return -ENOMEM;
	}
	for (uint32_t i = events; i > 0; i--) {
		q->pool[i].next = q->free;
		q->free = i;
	}
	return 0;
}

void sim_queue_free(struct sim_queue *q)
{
	free(q->pool);
	free(q->head);
	free(q->tail);
	*q = (struct sim_queue){0};
}

void sim_queue_put(struct sim_queue *q, uint64_t delay_ms, const struct sim_event *e)
{
	uint32_t i = q->free;

	if (i == 0 || delay_ms >= SIM_WHEEL) {
		fprintf(stderr, "cluster_sim: %s\n",
			i ? "an event lies too far ahead" : "more events at a time than planned");
		exit(2);
	}
	q->free = q->pool[i].next;
	q->pool[i] = *e;
	q->pool[i].next = 0;
	if (++q->used > q->most)
		q->most = q->used;
	uint32_t slot = (q->now + delay_ms) % SIM_WHEEL;
	if (q->head[slot] == 0)
		q->head[slot] = i;
	else
		q->pool[q->tail[slot]].next = i;
	q->tail[slot] = i;
}

bool sim_queue_next(struct sim_queue *q, uint64_t until, struct sim_event *e)
{
	for (; q->now <= until; q->now++) {
		uint32_t slot = q->now % SIM_WHEEL, i = q->head[slot];
		if (i == 0) {
			if (q->now == until)
				break;
			continue;
		}
		q->head[slot] = q->pool[i].next;
		*e = q->pool[i];
		q->pool[i].next = q->free;
		q->free = i;
		q->used--;
		return true;
	}
	return false;
}
