// SPDX-License-Identifier: BSD-3-Clause
// The limits stand twice, since config/ may not know the core: both must have the same fields and
// defaults, and the core must take whatever the table of options lets through.
#include "config/schema.h"
#include "root/root.h"
#include "tests/lib/identities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// clang-format off
#define LIMITS(X) \
	X(max_peers) X(hop_limit) X(introduce_ms) X(introduce_pairs) X(keepalive_ms) X(path_timeout_ms) \
	X(peer_timeout_ms) X(group_members) X(group_timeout_ms) X(peer_groups_per_min) X(gather_max) X(whois_max) \
	X(budget_cells) X(relay_pps) X(known_pps) X(forwarder_pps) X(peer_verb_pps) X(sibling_pps) X(guess_pps) \
	X(stranger_pps) X(stranger_total_pps) X(encrypted_pps) X(validate_pps) X(reassembly_slots) X(reassembly_ms)
// clang-format on

static void test_same_defaults(void **state)
{
	(void)state;
	const struct rl_options o = rl_options_default();
	struct config c;
	unsigned count = 0, rows = 0;
	config_defaults(&c);
#define X(name)                                  \
	assert_int_equal(c.limits.name, o.name); \
	count++;
	LIMITS(X)
#undef X
	for (unsigned i = 0; i < config_row_count; i++)
		rows += config_rows[i].group && !strcmp(config_rows[i].group, "limits");
	// No limit was forgotten: neither in the table, nor in the struct, nor above.
	assert_int_equal(rows, count);
	assert_int_equal(sizeof(struct config_limits), count * sizeof(uint32_t));
}

// A copy of the core's options where one field has the value of the same name in `l`.
static struct rl_options copy(const struct config_limits *l)
{
	struct rl_options o;
	memset(&o, 0, sizeof(o));
#define X(name) o.name = l->name;
	LIMITS(X)
#undef X
	return o;
}

// Smallest and, where that does not mean memory by the gigabyte, largest value of every limit. A
// value that does not fit its field in the core would come back smaller.
static void test_core_takes_edges(void **state)
{
	(void)state;
	static const uint8_t seed[32] = {1};
	struct test_identity *self;
	assert_int_equal(identities_load(IDENTITIES_FILE, 0, 1, &self), 1);
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		if (!row->group)
			continue;
		for (unsigned edge = 0; edge < 2; edge++) {
			struct config c;
			config_defaults(&c);
			c.limits.max_peers = 16;
			c.limits.peer_timeout_ms = UINT32_MAX;
			uint32_t *v = (uint32_t *)((char *)&c + row->at);
			*v = edge ? row->max : row->min;
			const struct rl_options o = copy(&c.limits);
#define X(name) assert_int_equal(o.name, c.limits.name);
			LIMITS(X)
#undef X
			if (edge && row->max > 1000000)
				continue;
			if (c.limits.peer_timeout_ms < c.limits.path_timeout_ms)
				continue;
			struct rl_root *r = rl_root_new(&self->id, &self->secret, &o, NULL, seed);
			assert_non_null(r);
			rl_root_free(r);
		}
	}
	free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_defaults),
		cmocka_unit_test(test_core_takes_edges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
