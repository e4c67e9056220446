// SPDX-License-Identifier: BSD-3-Clause
// What operators may ask of a member of a cluster, and of a root that is alone.
#include "dpdk-app/ctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// In place of a backplane.
struct fake {
	const char *status;
	uint64_t asked;
	int drained; // -1: not told
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static char *fake_status(void *cluster)
{
	return copy(((struct fake *)cluster)->status);
}

static char *fake_who(void *cluster, uint64_t address)
{
	struct fake *f = cluster;
	f->asked = address;
	return copy(f->status);
}

static void fake_drain(void *cluster, bool on)
{
	((struct fake *)cluster)->drained = on;
}

typedef char *command(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);

static json_t *ask(command *c, struct fake *f, const struct ctl_request *q)
{
	struct ctl_view view = {.cluster = f,
				.cluster_status = fake_status,
				.cluster_who = fake_who,
				.cluster_drain = fake_drain};
	struct ctl_cursor cursor = {0};
	char *line = c(&view, q, &cursor);
	assert_non_null(line);
	assert_true(cursor.done);
	// One line, the newline at its end.
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	json_t *answer = json_loads(line, 0, NULL);
	assert_non_null(answer);
	free(line);
	return answer;
}

static void refused(command *c, struct fake *f, const struct ctl_request *q, const char *words)
{
	json_t *answer = ask(c, f, q);
	const char *error = json_string_value(json_object_get(answer, "error"));
	assert_true(json_is_false(json_object_get(answer, "ok")));
	if (!error || !strstr(error, words))
		fail_msg("\"%s\" does not say \"%s\"", error ? error : "", words);
	json_decref(answer);
}

static const struct ctl_request nothing, somebody = {.has_address = true, .address = 0x1234567890};

static void a_root_alone_says_so(void **state)
{
	static command *const all[] = {ctl_cluster, ctl_who, ctl_drain, ctl_undrain};
	(void)state;
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
		refused(all[i], NULL, &somebody, "no member of a cluster: rootline-cluster(7)");
}

static void who_needs_an_address(void **state)
{
	struct fake f = {.status = "{}"};
	(void)state;
	refused(ctl_who, &f, &nothing, "\"address\" is missing");
	refused(ctl_who, NULL, &nothing, "\"address\" is missing");
	assert_int_equal(f.asked, 0);
}

static void what_is_not_known_yet_is_refused(void **state)
{
	struct fake f = {.status = NULL};
	(void)state;
	refused(ctl_cluster, &f, &nothing, "try again");
	refused(ctl_who, &f, &somebody, "try again");
	f.status = "{\"cut\":"; // out of memory in its middle
	refused(ctl_cluster, &f, &nothing, "try again");
}

static void the_answer_is_passed_on(void **state)
{
	struct fake f = {.status = "{\"members\":[{\"id\":1}],\"name\":\"alice\"}"};
	(void)state;
	command *const both[] = {ctl_cluster, ctl_who};
	for (unsigned i = 0; i < 2; i++) {
		json_t *answer = ask(both[i], &f, &somebody), *want = json_loads(f.status, 0, NULL);
		assert_true(json_is_true(json_object_get(answer, "ok")));
		assert_true(json_equal(json_object_get(answer, "result"), want));
		json_decref(answer);
		json_decref(want);
	}
	assert_int_equal(f.asked, 0x1234567890);
}

static void a_drain_is_told_and_undone(void **state)
{
	struct fake f = {.drained = -1};
	(void)state;
	for (int on = 1; on >= 0; on--) {
		json_t *answer = ask(on ? ctl_drain : ctl_undrain, &f, &nothing);
		assert_int_equal(f.drained, on);
		const json_t *said = json_object_get(json_object_get(answer, "result"), "draining");
		assert_true(on ? json_is_true(said) : json_is_false(said));
		json_decref(answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_root_alone_says_so),
		cmocka_unit_test(who_needs_an_address),
		cmocka_unit_test(what_is_not_known_yet_is_refused),
		cmocka_unit_test(the_answer_is_passed_on),
		cmocka_unit_test(a_drain_is_told_and_undone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
