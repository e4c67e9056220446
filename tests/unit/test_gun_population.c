// SPDX-License-Identifier: BSD-3-Clause
// Population files: what was written is read, what is damaged is refused.
#include "tests/unit/gun_fixture.h"

#include "bench/gun/population_known.h"
#include "dpdk-app/store.h"

#include <errno.h>
#include <sys/stat.h>

static void what_is_written_is_read(void **state)
{
	struct gun_fixture *g = gun_setup();
	struct rl_identity id;
	struct rl_secret secret;
	struct rl_key theirs;
	struct stat st;

	(void)state;
	assert_int_equal(g->p.kind, POPULATION_VALID);
	assert_int_equal(g->p.count, GUN_NODES);
	assert_true(rl_identity_equal(&g->p.root, &g->root.id));
	for (uint32_t i = 0; i < GUN_NODES; i++) {
		population_identity(&g->p, i, &id);
		assert_true(rl_identity_equal(&id, &g->id[i].id));
		assert_true(population_secret(&g->p, i, &secret));
		assert_memory_equal(&secret, &g->id[i].secret, sizeof(secret));
		// The root comes to the same key from its own side.
		assert_int_equal(rl_key_agree(&theirs, &g->root.secret, id.public_key), 0);
		assert_memory_equal(&theirs, &g->p.node[i].key, sizeof(theirs));
		assert_int_equal(population_find(&g->p, id.address), i);
	}
	assert_int_equal(population_find(&g->p, g->root.id.address), POPULATION_NONE);
	assert_int_equal(stat(g->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600); // it holds secrets
	gun_teardown(g);
}

static void new_nodes_are_valid(void **state)
{
	struct gun_fixture *g = gun_setup_files();
	struct rl_scratch *scratch = rl_scratch_new();
	struct population_plan plan;
	struct say_why why;
	struct rl_identity id;
	struct rl_secret secret;

	(void)state;
	gun_make_plan(g, &plan);
	plan.from = NULL;
	plan.nodes = 2;
	plan.threads = 2;
	assert_int_equal(population_make(&plan, g->path, &why), 2);
	assert_int_equal(population_open(&g->p, g->path, &why), 0);
	for (uint32_t i = 0; i < 2; i++) {
		population_identity(&g->p, i, &id);
		assert_true(population_secret(&g->p, i, &secret));
		assert_true(rl_identity_validate(scratch, &id));
		assert_true(rl_identity_matches(&id, &secret));
	}
	rl_scratch_free(scratch);
	gun_teardown(g);
}

// From one population into another, for another root.
static void nodes_move_to_another_root(void **state)
{
	struct gun_fixture *g = gun_setup();
	struct population_plan plan;
	struct say_why why;
	struct population q;
	struct rl_key theirs;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/other.pop", g->dir);
	gun_make_plan(g, &plan);
	plan.root = g->id[3].id;
	plan.nodes = 3; // the fourth would be that root itself
	plan.from = g->path;
	assert_int_equal(population_make(&plan, path, &why), 3);
	assert_int_equal(population_open(&q, path, &why), 0);
	assert_int_equal(rl_key_agree(&theirs, &g->id[3].secret, g->id[2].id.public_key), 0);
	assert_memory_equal(&theirs, &q.node[2].key, sizeof(theirs));
	population_close(&q);
	unlink(path);
	gun_teardown(g);
}

static void invented_ones_are_repeatable(void **state)
{
	struct gun_fixture *g = gun_setup_files();
	struct population_plan plan;
	struct say_why why;
	struct population q;
	struct rl_identity a, b;
	struct rl_secret secret;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/again.pop", g->dir);
	gun_make_plan(g, &plan);
	plan.kind = POPULATION_INVENTED;
	plan.from = NULL;
	plan.nodes = 5000;
	plan.threads = 3;
	assert_int_equal(population_make(&plan, g->path, &why), 5000);
	plan.threads = 1;
	assert_int_equal(population_make(&plan, path, &why), 5000);
	assert_int_equal(population_open(&g->p, g->path, &why), 0);
	assert_int_equal(population_open(&q, path, &why), 0);
	assert_int_equal(g->p.map_len, q.map_len);
	assert_memory_equal(g->p.map, q.map, q.map_len);
	assert_int_equal(population_index(&q, &why), 0);
	for (uint32_t i = 0; i < q.count; i++) {
		assert_true(rl_address_ok(q.node[i].address));
		assert_int_equal(population_find(&q, q.node[i].address), i);
	}
	population_identity(&q, 0, &a);
	population_identity(&q, 1, &b);
	assert_memory_not_equal(a.public_key, b.public_key, ZT_PUBLIC_LEN);
	assert_false(population_secret(&q, 0, &secret));
	population_close(&q);
	unlink(path);
	gun_teardown(g);
}

static void unvalidated_ones_have_real_keys(void **state)
{
	struct gun_fixture *g = gun_setup_files();
	struct population_plan plan;
	struct say_why why;
	struct rl_identity id;
	struct rl_key theirs;

	(void)state;
	gun_make_plan(g, &plan);
	plan.kind = POPULATION_UNVALIDATED;
	plan.from = NULL;
	plan.nodes = 4;
	assert_int_equal(population_make(&plan, g->path, &why), 4);
	assert_int_equal(population_open(&g->p, g->path, &why), 0);
	for (uint32_t i = 0; i < 4; i++) {
		population_identity(&g->p, i, &id);
		assert_int_equal(rl_key_agree(&theirs, &g->root.secret, id.public_key), 0);
		assert_memory_equal(&theirs, &g->p.node[i].key, sizeof(theirs));
	}
	gun_teardown(g);
}

static uint8_t *read_all(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);

	assert_non_null(f);
	*len = fread(data, 1, 1 << 20, f);
	fclose(f);
	return data;
}

static void write_all(const char *path, const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void refused(const char *path, const char *because)
{
	struct population p;
	struct say_why why = {""};

	assert_true(population_open(&p, path, &why) < 0);
	assert_non_null(strstr(why.text, because));
	population_close(&p);
}

// One bit anywhere: header, keys, secrets, checksum.
static void damage_is_seen(void **state)
{
	struct gun_fixture *g = gun_setup();
	size_t len;
	uint8_t *data;

	(void)state;
	population_close(&g->p);
	data = read_all(g->path, &len);
	for (size_t at = 0; at < len; at += at < 256 ? 1 : 97) {
		data[at] ^= 1;
		write_all(g->path, data, len);
		refused(g->path, at < 8 ? "no population file" : at < 12 ? "version" : "damaged");
		data[at] ^= 1;
	}
	for (size_t cut = 0; cut < len; cut += cut < 300 ? 1 : 1021) {
		write_all(g->path, data, cut);
		refused(g->path, cut < 256 ? "no population file" : "damaged");
	}
	refused(g->dir, "no population file");
	refused("/nowhere/at.all", "No such file");
	free(data);
	gun_teardown(g);
}

static void bad_lists_are_refused(void **state)
{
	static const struct {
		const char *text, *because;
	} row[] = {
		{"hello\n", "line 1"},
		{"# only a comment\n\n95487f78cb:0:00\n", "line 3"},
	};
	struct gun_fixture *g = gun_setup_files();
	struct population_plan plan;
	struct say_why why;
	char list[128];

	(void)state;
	snprintf(list, sizeof(list), "%s/list", g->dir);
	gun_make_plan(g, &plan);
	plan.from = list;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		write_all(list, (const uint8_t *)row[i].text, strlen(row[i].text));
		assert_true(population_make(&plan, g->path, &why) < 0);
		assert_non_null(strstr(why.text, row[i].because));
		assert_int_equal(access(g->path, F_OK), -1);
	}
	unlink(list);
	gun_teardown(g);
}

// Somebody listed twice would get somebody else's answers.
static void doubles_are_refused(void **state)
{
	struct gun_fixture *g = gun_setup_files();
	struct population_plan plan;
	struct say_why why;
	char list[128], text[RL_IDENTITY_SECRET_TEXT], twice[1024];

	(void)state;
	snprintf(list, sizeof(list), "%s/list", g->dir);
	rl_identity_text(&g->id[0].id, &g->id[0].secret, text);
	snprintf(twice, sizeof(twice), "%s\n%s\n", text, text);
	write_all(list, (const uint8_t *)twice, strlen(twice));
	gun_make_plan(g, &plan);
	plan.from = list;
	plan.nodes = 2;
	assert_true(population_make(&plan, g->path, &why) < 0);
	assert_non_null(strstr(why.text, "one address"));
	unlink(list);
	gun_teardown(g);
}

// What --known writes is what a rootline reads at its next start.
static void a_root_is_told(void **state)
{
	struct gun_fixture *g = gun_setup();
	struct say_why why = {""};
	char path[128], reason[STORE_WHY_MAX], text[RL_IDENTITY_SECRET_TEXT];
	struct store *s;

	(void)state;
	snprintf(path, sizeof(path), "%s/identity.public", g->dir);
	rl_identity_text(&g->id[0].id, NULL, text);
	write_all(path, (const uint8_t *)text, strlen(text));
	assert_true(population_known(&g->p, g->dir, 5000, &why) < 0);
	assert_non_null(strstr(why.text, "another root"));
	rl_identity_text(&g->root.id, NULL, text);
	write_all(path, (const uint8_t *)text, strlen(text));
	assert_int_equal(population_known(&g->p, g->dir, 5000, &why), 0);
	unlink(path);
	assert_true(population_known(&g->p, g->dir, 5000, &why) < 0);

	snprintf(path, sizeof(path), "%s/peers.mdb", g->dir);
	s = store_open(path, reason);
	assert_non_null(s);
	for (uint32_t i = 0; i < GUN_NODES; i++)
		assert_true(store_has(s, &g->id[i].id));
	assert_false(store_has(s, &g->root.id));
	store_close(s);
	unlink(path);
	snprintf(path, sizeof(path), "%s/peers.mdb-lock", g->dir);
	unlink(path);
	gun_teardown(g);
}

static void a_stop_keeps_what_is_there(void **state)
{
	struct gun_fixture *g = gun_setup_files();
	atomic_bool stop = true;
	struct population_plan plan;
	struct say_why why;

	(void)state;
	gun_make_plan(g, &plan);
	plan.nodes = 100000; // far more than the list has
	plan.stop = &stop;
	int64_t made = population_make(&plan, g->path, &why);
	assert_true(made >= 2000 && made < 3000);
	assert_int_equal(population_open(&g->p, g->path, &why), 0);
	assert_int_equal(g->p.count, made);
	gun_teardown(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(new_nodes_are_valid),
		cmocka_unit_test(nodes_move_to_another_root),
		cmocka_unit_test(invented_ones_are_repeatable),
		cmocka_unit_test(unvalidated_ones_have_real_keys),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(bad_lists_are_refused),
		cmocka_unit_test(doubles_are_refused),
		cmocka_unit_test(a_root_is_told),
		cmocka_unit_test(a_stop_keeps_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
