// SPDX-License-Identifier: BSD-3-Clause
// Who may still be reading what control has taken away: every worker and admission thread reports
// once per turn that it holds no pointer into the core's tables (RCU, quiescent state).
#pragma once

#include <rte_rcu_qsbr.h>

struct quiet {
	struct rte_rcu_qsbr *v;
};

// threads: ids 0..threads-1 will be used. 0 or -errno.
int quiet_init(struct quiet *q, unsigned threads);
void quiet_free(struct quiet *q);

// From the thread itself: before its first look into the core, at the end of each turn, and after
// the last one.
static inline void quiet_enter(struct quiet *q, unsigned id)
{
	rte_rcu_qsbr_thread_register(q->v, id);
	rte_rcu_qsbr_thread_online(q->v, id);
}
static inline void quiet_report(struct quiet *q, unsigned id)
{
	rte_rcu_qsbr_quiescent(q->v, id);
}
static inline void quiet_leave(struct quiet *q, unsigned id)
{
	rte_rcu_qsbr_thread_offline(q->v, id);
	rte_rcu_qsbr_thread_unregister(q->v, id);
}

// Control: what is unreachable now is free once quiet_passed says so of this token.
static inline uint64_t quiet_start(struct quiet *q)
{
	return rte_rcu_qsbr_start(q->v);
}
static inline bool quiet_passed(struct quiet *q, uint64_t token)
{
	return rte_rcu_qsbr_check(q->v, token, false) == 1;
}
