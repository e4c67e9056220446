// SPDX-License-Identifier: BSD-3-Clause
// In place of link_nats*.c where libnats is missing.
#include "cluster/link_nats.h"

#include <errno.h>
#include <stdio.h>

int rl_link_nats_new(struct rl_link **l, const struct rl_link_nats_config *c,
		     char why[static RL_LINK_WHY_MAX])
{
	(void)c;
	*l = NULL;
	snprintf(why, RL_LINK_WHY_MAX,
		 "built without NATS, which a cluster needs: install libnats-dev and build again");
	return -ENOTSUP;
}
