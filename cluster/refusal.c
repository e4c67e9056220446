// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/refusal.h"

static const char *const names[RL_REFUSAL_COUNT] = {
#define X(name, text, help) [RL_REFUSAL_##name] = text,
	RL_REFUSALS(X)
#undef X
};

static const char *const helps[RL_REFUSAL_COUNT] = {
#define X(name, text, help) [RL_REFUSAL_##name] = help,
	RL_REFUSALS(X)
#undef X
};

const char *rl_refusal_name(enum rl_refusal r)
{
	return r < RL_REFUSAL_COUNT ? names[r] : "?";
}

const char *rl_refusal_help(enum rl_refusal r)
{
	return r < RL_REFUSAL_COUNT ? helps[r] : "?";
}
