// SPDX-License-Identifier: BSD-3-Clause
// What the operator is told about an address, and about databases that are not there.
#include "dpdk-app/ctl.h"
#include "dpdk-app/places.h"
#include "tests/lib/mmdb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct ctl_request asked = {.ip = {192, 0, 2, 1}, .ip_len = 4};

static json_t *ask(struct rl_geoip *g, const struct ctl_request *q)
{
	struct ctl_view view = {.geoip = g};
	struct ctl_cursor cursor = {0};
	char *text = ctl_geoip(&view, q, &cursor);
	assert_true(cursor.done);
	json_t *answer = json_loads(text, 0, NULL);
	assert_non_null(answer);
	free(text);
	return answer;
}

static void refused(struct rl_geoip *g, const struct ctl_request *q, const char *words)
{
	json_t *answer = ask(g, q);
	const char *error = json_string_value(json_object_get(answer, "error"));
	assert_true(json_is_false(json_object_get(answer, "ok")));
	if (!error || !strstr(error, words))
		fail_msg("\"%s\" does not say \"%s\"", error, words);
	json_decref(answer);
}

static void what_is_missing_is_named(void **state)
{
	static const struct ctl_request nothing;
	struct config c = {.geoip_files = {1, {"/nonexistent/city.mmdb"}}};
	struct rl_geoip *g = places_open(&c);
	(void)state;
	refused(NULL, &nothing, "\"ip\" is missing");
	refused(NULL, &asked, "no database of places is configured");
	refused(g, &asked, "could not be read");
	rl_geoip_close(g);
	c.geoip_files.count = 0;
	assert_null(places_open(&c));
	places_reload(NULL);
	places_refresh(NULL);
}

static void places_are_shown_with_their_file(void **state)
{
	static const struct test_mmdb_row row = {"192.0.2.0/24", -33.87, 151.21};
	static const struct test_mmdb m = {TEST_MMDB_FLAT, 64, 4, 24, &row, 1};
	struct config c = {.geoip_files = {1, {"/tmp/ctl-geoip-XXXXXX"}}};
	struct ctl_request other = asked;
	char *path = c.geoip_files.v[0];
	(void)state;
	close(mkstemp(path));
	struct rl_geoip *g = places_open(&c);
	refused(g, &asked, "could not be read");
	// It comes later, and is taken without being told.
	test_mmdb_write(&m, path);
	places_refresh(g);
	unlink(path);
	json_t *answer = ask(g, &asked);
	const json_t *place = json_object_get(answer, "result");
	assert_string_equal(json_string_value(json_object_get(place, "ip")), "192.0.2.1");
	assert_true(json_is_true(json_object_get(place, "known")));
	assert_true(json_real_value(json_object_get(place, "latitude")) == -33.87);
	assert_true(json_real_value(json_object_get(place, "longitude")) == 151.21);
	assert_string_equal(json_string_value(json_object_get(place, "file")), path);
	json_decref(answer);
	other.ip[0] = 10;
	answer = ask(g, &other);
	place = json_object_get(answer, "result");
	assert_string_equal(json_string_value(json_object_get(place, "ip")), "10.0.2.1");
	assert_true(json_is_false(json_object_get(place, "known")));
	assert_null(json_object_get(place, "latitude"));
	json_decref(answer);
	// Gone: what was read stays.
	places_reload(g);
	answer = ask(g, &asked);
	assert_true(json_is_true(json_object_get(json_object_get(answer, "result"), "known")));
	json_decref(answer);
	rl_geoip_close(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(places_are_shown_with_their_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
