// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/link.h"

void link_close(struct link *l)
{
	if (l)
		l->ops->close(l);
}
