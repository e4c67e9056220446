// SPDX-License-Identifier: BSD-3-Clause
// What the operator's commands show of a root.
#include "dpdk-app/ctl.h"
#include "tests/lib/identities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEERS = 200 };

static struct test_identity *ids;
static struct rl_root *root;
static struct rl_worker *worker;
static struct state_worlds worlds;
static struct rl_inet endpoint[4];
static struct state_self self;
static struct ctl_view view;
static const char port[1][CTL_PORT_TEXT] = {"af_packet:eth0"};
static const uint32_t udp_port[] = {9993, 443};

static int setup(void **state)
{
	struct rl_options o = rl_options_default();
	const uint8_t seed[32] = {1};
	(void)state;
	if (identities_load(IDENTITIES_FILE, 0, PEERS + 1, &ids) != PEERS + 1)
		return -1;
	o.max_peers = 10000;
	root = rl_root_new(&ids[PEERS].id, &ids[PEERS].secret, &o, NULL, seed);
	worker = root ? rl_worker_new(root, seed) : NULL;
	if (!worker)
		return -1;
	worlds.world = calloc(RL_WORLDS_MAX, sizeof(*worlds.world));
	worlds.has_planet = true;
	worlds.count = 2;
	worlds.world[0] = (struct rl_world){
		.type = ZT_WORLD_PLANET, .id = ZT_WORLD_ID_EARTH, .timestamp = 77, .root_count = 1};
	worlds.world[0].root[0].id = ids[0].id;
	worlds.world[1] = (struct rl_world){.type = ZT_WORLD_MOON, .id = 0xdeadbeef01};
	endpoint[0] = rl_inet4(0x0a000001, 9993);
	endpoint[1] = rl_inet4(0x0a000001, 443);
	self = (struct state_self){&ids[PEERS].id, endpoint, 2, NULL};
	view = (struct ctl_view){
		.root = root,
		.worlds = &worlds,
		.self = &self,
		.workers = 3,
		.path_timeout_ms = 1000,
		.ports = 1,
		.port = port,
		.udp_ports = 2,
		.udp_port = udp_port,
		.started_ms = 5000,
		.now_ms = 65000,
	};
	ctl_view_add(&view, rl_worker_stats(worker));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rl_worker_free(worker);
	rl_root_free(root);
	state_worlds_free(&worlds);
	free(ids);
	return 0;
}

// The single line of a short answer; the caller releases it.
static json_t *ask(char *(*f)(void *, const struct ctl_request *, struct ctl_cursor *))
{
	struct ctl_request q = {0};
	struct ctl_cursor cursor = {0};
	char *text = f(&view, &q, &cursor);
	assert_non_null(text);
	assert_true(cursor.done);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	json_t *answer = json_loads(text, 0, NULL);
	assert_true(json_is_true(json_object_get(answer, "ok")));
	free(text);
	return answer;
}

static long long number(const json_t *o, const char *key)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	return json_integer_value(json_object_get(o, key));
}

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	assert_non_null(s);
	return s;
}

static void info_says_who_and_where(void **state)
{
	char address[11];
	(void)state;
	json_t *answer = ask(ctl_info);
	const json_t *info = json_object_get(answer, "result");
	rl_address_text(ids[PEERS].id.address, address);
	assert_string_equal(string(info, "address"), address);
	assert_string_equal(string(info, "version"), ROOTLINE_VERSION);
	assert_true(json_is_true(json_object_get(info, "online")));
	assert_int_equal(number(info, "uptime"), 60);
	assert_int_equal(number(info, "planetWorldId"), ZT_WORLD_ID_EARTH);
	assert_int_equal(number(info, "planetWorldTimestamp"), 77);
	assert_int_equal(number(info, "workers"), 3);
	assert_int_equal(number(info, "maxPeers"), 10000);
	char *text = json_dumps(json_object_get(info, "addresses"), JSON_COMPACT);
	assert_string_equal(text, "[\"10.0.0.1\"]");
	free(text);
	text = json_dumps(json_object_get(info, "udpPorts"), JSON_COMPACT);
	assert_string_equal(text, "[9993,443]");
	free(text);
	text = json_dumps(json_object_get(info, "moons"), JSON_COMPACT);
	assert_string_equal(text, "[\"000000deadbeef01\"]");
	free(text);
	json_decref(answer);
}

static void a_root_without_an_address_is_not_online(void **state)
{
	(void)state;
	self.endpoint_count = 0;
	json_t *answer = ask(ctl_info);
	assert_true(json_is_false(json_object_get(json_object_get(answer, "result"), "online")));
	self.endpoint_count = 2;
	json_decref(answer);
}

static long long count_of(const json_t *list, const char *name)
{
	size_t i;
	json_t *row;
	json_array_foreach(list, i, row) if (strcmp(string(row, "name"), name) == 0)
	{
		assert_true(strlen(string(row, "help")) > 0);
		return number(row, "count");
	}
	fail_msg("no row %s", name);
	return -1;
}

static void drops_add_up_over_threads_and_ports(void **state)
{
	static uint64_t other[RL_DROP_COUNT];
	(void)state;
	rl_worker_count_drop(worker, RL_DROP_ADMISSION_FULL);
	rl_worker_count_drop(worker, RL_DROP_NO_PEER);
	other[RL_DROP_FRAME_NOT_OURS] = 5;
	other[RL_DROP_NO_PEER] = 2;
	ctl_view_add_drops(&view, other);
	json_t *answer = ask(ctl_drops);
	const json_t *list = json_object_get(answer, "result");
	assert_int_equal(json_array_size(list), RL_DROP_COUNT - 1);
	assert_int_equal(count_of(list, "admission_full"), 1);
	assert_int_equal(count_of(list, "no_peer"), 3);
	assert_int_equal(count_of(list, "frame_not_ours"), 5);
	assert_int_equal(count_of(list, "bad_mac"), 0);
	json_decref(answer);
}

static void counters_have_names_and_sentences(void **state)
{
	(void)state;
	view.nic.rx_missed = 9;
	json_t *answer = ask(ctl_counters);
	const json_t *list = json_object_get(answer, "result");
	assert_int_equal(count_of(list, "rx_packets"), 0);
	assert_int_equal(count_of(list, "verb_hello"), 0);
	assert_int_equal(count_of(list, "nic_rx_missed"), 9);
	json_decref(answer);
}

// All pieces of an answer, joined.
static char *all_peers(unsigned *pieces)
{
	struct ctl_request q = {0};
	struct ctl_cursor cursor = {0};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	for (*pieces = 0; !cursor.done; ++*pieces) {
		char *piece = ctl_peers(&view, &q, &cursor);
		assert_non_null(piece);
		fputs(piece, out);
		free(piece);
	}
	fclose(out);
	return text;
}

static void peers_are_listed_once_in_pieces(void **state)
{
	unsigned pieces, lines = 0;
	uint64_t seen = 0, wanted = 0;
	(void)state;
	for (unsigned i = 0; i < PEERS; i++) {
		assert_int_equal(rl_root_peer_add(root, &ids[i].id, view.now_ms), 0);
		wanted ^= ids[i].id.address;
	}
	char *text = all_peers(&pieces);
	assert_true(pieces > 3);
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		json_t *object = json_loads(line, 0, NULL);
		assert_non_null(object);
		const json_t *peer = json_object_get(object, "peer");
		if (peer) {
			uint64_t address;
			assert_int_equal(rl_address_parse(&address, string(peer, "address")), 0);
			seen ^= address;
			lines++;
			assert_string_equal(string(peer, "role"),
					    address == ids[0].id.address ? "PLANET" : "LEAF");
			// Put in from a database: nothing else is known yet.
			assert_int_equal(number(peer, "versionMajor"), -1);
			assert_int_equal(number(peer, "latency"), -1);
			assert_string_equal(string(peer, "version"), "");
			assert_int_equal(json_array_size(json_object_get(peer, "paths")), 0);
			assert_int_equal(number(object, "clock"), view.now_ms);
		} else {
			assert_true(json_is_true(json_object_get(object, "ok")));
			assert_int_equal(number(json_object_get(object, "result"), "peers"), PEERS);
		}
		json_decref(object);
	}
	assert_int_equal(lines, PEERS);
	assert_int_equal(seen, wanted);
	free(text);
}

static void one_peer_is_found_or_refused(void **state)
{
	struct ctl_request q = {.has_address = true, .address = ids[3].id.address};
	struct ctl_cursor cursor = {0};
	char address[11];
	(void)state;
	char *text = ctl_peers(&view, &q, &cursor);
	assert_true(cursor.done);
	rl_address_text(q.address, address);
	assert_non_null(strstr(text, address));
	assert_non_null(strstr(text, "\n{\"ok\":true"));
	free(text);
	cursor = (struct ctl_cursor){0};
	q.address = 0x1234567890;
	text = ctl_peers(&view, &q, &cursor);
	assert_true(cursor.done);
	assert_non_null(strstr(text, "{\"ok\":false"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info_says_who_and_where),
		cmocka_unit_test(a_root_without_an_address_is_not_online),
		cmocka_unit_test(drops_add_up_over_threads_and_ports),
		cmocka_unit_test(counters_have_names_and_sentences),
		cmocka_unit_test(peers_are_listed_once_in_pieces),
		cmocka_unit_test(one_peer_is_found_or_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
