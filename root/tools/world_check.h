// SPDX-License-Identifier: BSD-3-Clause
// What an operator should know about a world before clients hold it. One thread.
#pragma once

#include "root/tools/say.h"
#include "root/world.h"

// One warning, a sentence without its end.
typedef void (*world_complaint)(void *ctx, const char *text);

// What makes a world useless to clients: no root, an identity that is none. 0, or -EINVAL with why.
// Takes milliseconds per root.
int world_refuse(const struct rl_world *w, struct say_why *why);
// What is likely a mistake. now_ms: wall clock.
void world_warn(const struct rl_world *w, uint64_t now_ms, world_complaint complain, void *ctx);
// Why clients that hold `old` will not take w, or may never hear of it.
void world_warn_against(const struct rl_world *w, const struct rl_world *old,
			world_complaint complain, void *ctx);
// One sentence on a verdict, with IDs, times and keys. Returns text.
const char *world_explain(const struct rl_world *w, const struct rl_world *old,
			  enum rl_world_verdict verdict, char text[static 400]);
// For `complain`: prints a warning on stderr.
void world_complain_stderr(void *ctx, const char *text);
