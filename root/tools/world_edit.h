// SPDX-License-Identifier: BSD-3-Clause
// Changes to a world that `mkworld update` offers. Pure but for identities read from files; one
// thread.
#pragma once

#include "root/tools/say.h"
#include "root/world.h"

#include <stdbool.h>

// All take one argument of the command line and return 0, or -EINVAL with why. IDENTITY is the text
// of an identity or a file that holds it; ENDPOINTS are "ADDRESS/PORT" with commas between.

// "IDENTITY[,ENDPOINTS]"
int world_add_root(struct rl_world *w, const char *spec, struct say_why *why);
// "NODE" (ten hex digits)
int world_remove_root(struct rl_world *w, const char *spec, struct say_why *why);
// "NODE,IDENTITY[,ENDPOINTS]": the endpoints stay if none are given.
int world_replace_root(struct rl_world *w, const char *spec, struct say_why *why);
// "[NODE,]ENDPOINTS"; NODE may be left out if there is one root only.
int world_add_endpoints(struct rl_world *w, const char *spec, struct say_why *why);
int world_remove_endpoints(struct rl_world *w, const char *spec, struct say_why *why);
int world_set_endpoints(struct rl_world *w, const char *spec, struct say_why *why);

// Alternates the families, beginning with that of the first endpoint; order within each is kept.
void world_interleave(struct rl_world *w);
// True if interleaving would spread newcomers better (see mkworld(1)).
bool world_in_blocks(const struct rl_world_root *r);
