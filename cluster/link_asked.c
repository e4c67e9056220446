// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/link_asked.h"

// A number is its place in the table and a turn that differs for each user of the place.
static unsigned place(uint32_t request)
{
	return request % RL_LINK_ASKED_MAX;
}

void rl_link_asked_init(struct rl_link_asked *a, uint32_t turn)
{
	*a = (struct rl_link_asked){.turn = turn, .first_ms = UINT64_MAX};
}

uint32_t rl_link_asked_add(struct rl_link_asked *a, unsigned answers, uint64_t until_ms)
{
	if (a->count == RL_LINK_ASKED_MAX)
		return 0;
	do
		a->turn++;
	while (!a->turn || a->at[place(a->turn)].request);
	unsigned i = place(a->turn);
	a->at[i].request = a->turn;
	a->at[i].answers = answers;
	a->at[i].until_ms = until_ms;
	a->count++;
	if (until_ms < a->first_ms)
		a->first_ms = until_ms;
	return a->turn;
}

bool rl_link_asked_answer(struct rl_link_asked *a, uint32_t request)
{
	unsigned i = place(request);
	if (!request || a->at[i].request != request)
		return false;
	if (--a->at[i].answers == 0)
		rl_link_asked_end(a, request);
	return true;
}

bool rl_link_asked_end(struct rl_link_asked *a, uint32_t request)
{
	unsigned i = place(request);
	if (!request || a->at[i].request != request)
		return false;
	a->at[i].request = 0;
	a->count--;
	return true;
}

uint32_t rl_link_asked_late(struct rl_link_asked *a, uint64_t now_ms)
{
	if (!a->count || now_ms < a->first_ms)
		return 0;
	uint64_t first = UINT64_MAX;
	for (unsigned i = 0; i < RL_LINK_ASKED_MAX; i++) {
		uint32_t request = a->at[i].request;
		if (!request)
			continue;
		if (a->at[i].until_ms <= now_ms) {
			rl_link_asked_end(a, request);
			return request;
		}
		if (a->at[i].until_ms < first)
			first = a->at[i].until_ms;
	}
	a->first_ms = first;
	return 0;
}
