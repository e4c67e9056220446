// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/quiet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int quiet_init(struct quiet *q, unsigned threads)
{
	size_t size = rte_rcu_qsbr_get_memsize(threads);
	size = (size + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE * RTE_CACHE_LINE_SIZE;
	q->v = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (!q->v)
		return -ENOMEM;
	memset(q->v, 0, size);
	return rte_rcu_qsbr_init(q->v, threads) ? -EINVAL : 0;
}

void quiet_free(struct quiet *q)
{
	free(q->v);
	q->v = NULL;
}
