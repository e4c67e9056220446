// SPDX-License-Identifier: BSD-3-Clause
#include "root/drop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// Counters are found by name (CLI, metrics): no two rows may share one.
static void names_are_unique_and_explained(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RL_DROP_COUNT; i++) {
		assert_true(strlen(rl_drop_name(i)) > 0);
		assert_true(strlen(rl_drop_help(i)) > 0);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(rl_drop_name(i), rl_drop_name(j));
	}
	assert_string_equal(rl_drop_name(RL_DROP_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_unique_and_explained)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
