// SPDX-License-Identifier: BSD-3-Clause
#include "root/drop.h"

static const char *const names[RL_DROP_COUNT] = {
#define X(name, text, help) [RL_DROP_##name] = text,
	RL_DROPS(X)
#undef X
};

static const char *const helps[RL_DROP_COUNT] = {
#define X(name, text, help) [RL_DROP_##name] = help,
	RL_DROPS(X)
#undef X
};

const char *rl_drop_name(enum rl_drop d)
{
	return d < RL_DROP_COUNT ? names[d] : "?";
}

const char *rl_drop_help(enum rl_drop d)
{
	return d < RL_DROP_COUNT ? helps[d] : "?";
}
