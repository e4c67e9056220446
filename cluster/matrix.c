// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/matrix.h"

#include <string.h>

void rl_matrix_init(struct rl_matrix *m, uint8_t self)
{
	memset(m, 0, sizeof(*m));
	m->self = self;
}

void rl_matrix_measured(struct rl_matrix *m, uint8_t to, uint32_t rtt_us, uint64_t now_ms)
{
	if (to == RL_NOBODY || to == m->self || rtt_us == 0 || rtt_us > RL_FRONT_RTT_MAX)
		return;
	m->rtt_us[m->self][to] = rtt_us;
	m->measured_ms[to] = now_ms;
}

void rl_matrix_row(struct rl_matrix *m, uint8_t from, uint64_t now_ms)
{
	if (from == m->self)
		return;
	memset(m->rtt_us[from], 0, sizeof(m->rtt_us[from]));
	m->heard_ms[from] = now_ms;
}

void rl_matrix_heard(struct rl_matrix *m, uint8_t from, const struct rl_front_rtt *f)
{
	if (from != m->self)
		m->rtt_us[from][f->to] = f->rtt_us;
}

bool rl_matrix_due(struct rl_matrix *m, uint64_t now_ms)
{
	if (now_ms - m->told_ms < RL_MATRIX_TELL_MS && now_ms >= m->told_ms)
		return false;
	m->told_ms = now_ms;
	return true;
}

uint32_t rl_matrix_get(const struct rl_matrix *m, uint8_t from, uint8_t to, uint64_t now_ms)
{
	uint64_t at = from == m->self ? m->measured_ms[to] : m->heard_ms[from];
	return at != 0 && now_ms - at < RL_MATRIX_LIFE_MS ? m->rtt_us[from][to] : 0;
}
