// SPDX-License-Identifier: BSD-3-Clause
// A config with a cluster becomes what the steward is started with: the defaults of both, each
// value in its place, keys with which two members understand each other, and keys that are refused.
#include "dpdk-app/cluster_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MEMBERS = 2 };

static char dir[] = "/tmp/cluster-config-XXXXXX";
static uint8_t public[MEMBERS][RL_SEAL_PUBLIC], secret[MEMBERS][RL_SEAL_SECRET];
static uint8_t cluster_key[RL_SEAL_KEY];

static const char *hex(char *text, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

// "key", "a" and "b" in the directory.
static void put_key(const char *name, const uint8_t *key, size_t len)
{
	char path[64], text[2 * RL_SEAL_SECRET + 1];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	fprintf(f, "%s\n", hex(text, key, len));
	assert_int_equal(fclose(f), 0);
}

static int make_keys(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	rl_seal_new_key(cluster_key);
	put_key("key", cluster_key, sizeof(cluster_key));
	for (unsigned i = 0; i < MEMBERS; i++) {
		rl_seal_new_member(public[i], secret[i]);
		put_key(i ? "b" : "a", secret[i], sizeof(secret[i]));
	}
	return 0;
}

static int remove_keys(void **state)
{
	char path[64];
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, (const char *[]){"key", "a", "b"}[i]);
		unlink(path);
	}
	return rmdir(dir);
}

// The config of member "a" or "b". more: further options of "cluster".
static void load(struct config *c, const char *self, const char *more)
{
	char text[4096], a[2 * RL_SEAL_PUBLIC + 1], b[2 * RL_SEAL_PUBLIC + 1];
	int len = snprintf(
		text, sizeof(text),
		"{\"ports\": [\"null\"], \"cluster\": {\"name\": \"x\", "
		"\"cluster_id\": \"f00000000000000d\", \"member\": \"%s\", \"members\": ["
		"{\"id\": 7, \"name\": \"a\", \"coordinates\": \"0,90\", "
		"\"front_ipv4\": \"192.0.2.1/9993\", \"capacity\": 500, \"public_key\": \"%s\"}, "
		"{\"id\": 254, \"name\": \"b\", \"coordinates\": \"-90,0\", "
		"\"front_ipv4\": \"192.0.2.2/443\", \"front_ipv6\": \"2001:db8::2/9994\", "
		"\"public_key\": \"%s\"}], \"key_file\": \"%s/key\", "
		"\"member_key_file\": \"%s/%s\", \"nats_servers\": [\"tls://h:1\"], "
		"\"nats_ca\": \"x\", \"nats_cert\": \"x\", \"nats_key\": \"x\"%s}}",
		self, hex(a, public[0], RL_SEAL_PUBLIC), hex(b, public[1], RL_SEAL_PUBLIC), dir,
		dir, self, more);
	config_defaults(c);
	assert_int_equal(config_parse(c, "f", text, (size_t)len, stderr), 0);
	assert_int_equal(config_finish(c, "f", stderr), 0);
}

static void expect_inet(const struct rl_inet *a, const char *text)
{
	char buf[RL_INET_TEXT];
	assert_string_equal(rl_inet_text(a, buf), text);
}

static void test_members(void **state)
{
	struct config c;
	struct cluster_config k;
	(void)state;
	load(&c, "b", "");
	assert_true(cluster_config_read(&k, &c, stderr));
	assert_int_equal(k.members.count, 2);
	assert_int_equal(k.members.member[0].id, 7);
	assert_string_equal(k.members.member[0].name, "a");
	expect_inet(&k.members.member[0].front[RL_FAMILY_4], "192.0.2.1/9993");
	expect_inet(&k.members.member[0].front[RL_FAMILY_6], "-");
	assert_memory_equal(k.members.member[0].public_key, public[0], RL_SEAL_PUBLIC);
	assert_int_equal(k.members.member[1].id, 254);
	expect_inet(&k.members.member[1].front[RL_FAMILY_6], "2001:db8::2/9994");
	assert_memory_equal(k.members.member[1].public_key, public[1], RL_SEAL_PUBLIC);
	cluster_config_wipe(&k);
}

static void test_own(void **state)
{
	struct config c;
	struct cluster_config k;
	(void)state;
	load(&c, "a", ", \"directory_max\": 5000, \"warm_max\": 6, \"drain_rate\": 8");
	assert_true(cluster_config_read(&k, &c, stderr));
	const struct rl_steward_config *s = &k.steward;
	assert_int_equal(s->own.id, 7);
	assert_string_equal(s->own.name, "a");
	assert_int_equal(s->own.capacity, 500);
	assert_true(s->own.version > 0 && s->own.version < 0x1000000);
	assert_true(rl_geo_km(s->own.place, rl_geo_at(0, 90)) < 1);
	expect_inet(&s->own.front[RL_FAMILY_4], "192.0.2.1/9993");
	expect_inet(&s->own.front[RL_FAMILY_6], "-");
	assert_true(s->cluster == 0xf00000000000000d);
	assert_int_equal(s->directory_max, 5000);
	assert_int_equal(s->warm_max, 6);
	assert_int_equal(s->drain_rate, 8);
	assert_memory_equal(s->key, cluster_key, sizeof(cluster_key));
	assert_memory_equal(s->secret, secret[0], sizeof(secret[0]));
	// What the host adds.
	assert_true(s->root == 0 && s->epoch == 0 && s->own.run == 0);
	cluster_config_wipe(&k);
	static const uint8_t zero[RL_SEAL_SECRET];
	assert_memory_equal(s->key, zero, sizeof(s->key));
	assert_memory_equal(s->secret, zero, sizeof(s->secret));

	load(&c, "b", "");
	assert_true(cluster_config_read(&k, &c, stderr));
	assert_int_equal(s->own.id, 254);
	assert_int_equal(s->own.capacity, 0);
	expect_inet(&s->own.front[RL_FAMILY_4], "192.0.2.2/443");
	assert_true(rl_geo_km(s->own.place, rl_geo_at(-90, 50)) < 1);
	assert_memory_equal(s->secret, secret[1], sizeof(secret[1]));
	cluster_config_wipe(&k);
}

// What nobody has set is the same on both sides.
static void test_same_defaults(void **state)
{
	const struct rl_steward_config *d = &rl_steward_config_default;
	struct config c;
	struct cluster_config k;
	(void)state;
	load(&c, "a", "");
	assert_true(cluster_config_read(&k, &c, stderr));
	assert_int_equal(k.steward.directory_max, d->directory_max);
	assert_int_equal(k.steward.warm_max, d->warm_max);
	assert_int_equal(k.steward.drain_rate, d->drain_rate);
	assert_int_equal(k.steward.rtt_max, d->rtt_max);
	assert_int_equal(k.steward.timers_max, d->timers_max);
	assert_int_equal(k.steward.drain_max, d->drain_max);
	assert_int_equal(k.steward.sight_ms, d->sight_ms);
	assert_int_equal(k.steward.sync.refresh_ms, rl_sync_config_default.refresh_ms);
	cluster_config_wipe(&k);
}

static void start_seal(struct rl_seal *s, const char *self, const char *other_cluster)
{
	struct config c;
	struct cluster_config k;
	load(&c, self, "");
	if (other_cluster)
		strcpy(c.cluster.cluster_id, other_cluster);
	assert_true(cluster_config_read(&k, &c, stderr));
	rl_seal_init(s, k.steward.key, k.steward.cluster, k.steward.own.id, k.steward.secret, 1, 2);
	for (unsigned i = 0; i < k.members.count; i++)
		rl_seal_member(s, k.members.member[i].id, k.members.member[i].public_key);
	cluster_config_wipe(&k);
}

// What one member seals the other opens, and one of another cluster does not.
static void test_members_understand_each_other(void **state)
{
	static struct rl_seal a, b, stranger;
	static uint8_t batch[RL_BATCH_MAX], copy[RL_BATCH_MAX];
	struct rl_batch_writer w;
	const struct rl_batch_head head = {.kind = RL_BATCH_HEARTBEAT, .time_ms = 1};
	(void)state;
	start_seal(&a, "a", NULL);
	start_seal(&b, "b", NULL);
	start_seal(&stranger, "b", "f00000000000000e");
	rl_batch_open(&w, batch, &head);
	size_t len = rl_seal_close(&a, batch, rl_batch_close(&w)), same = len;
	memcpy(copy, batch, len);
	assert_int_not_equal(rl_seal_open(&stranger, copy, &same), RL_REFUSAL_NONE);
	assert_int_equal(rl_seal_open(&b, batch, &len), RL_REFUSAL_NONE);
	rl_seal_wipe(&a);
	rl_seal_wipe(&b);
	rl_seal_wipe(&stranger);
}

static void refused(const char *words)
{
	struct config c;
	struct cluster_config k;
	static const uint8_t zero[RL_SEAL_SECRET];
	char *said;
	size_t len;
	load(&c, "a", "");
	FILE *err = open_memstream(&said, &len);
	assert_false(cluster_config_read(&k, &c, err));
	fclose(err);
	if (!strstr(said, words))
		fail_msg("no \"%s\" in: %s", words, said);
	free(said);
	assert_memory_equal(k.steward.key, zero, sizeof(k.steward.key));
	assert_memory_equal(k.steward.secret, zero, sizeof(k.steward.secret));
}

static void test_refused_keys(void **state)
{
	uint8_t damaged[RL_SEAL_SECRET];
	(void)state;
	put_key("a", secret[1], sizeof(secret[1]));
	refused("/a: member key: is not that of member \"a\"");
	memcpy(damaged, secret[0], sizeof(damaged));
	damaged[0] ^= 1; // the public half is right
	put_key("a", damaged, sizeof(damaged));
	refused("/a: member key: is damaged: its last 64 digits are not the public key that "
		"belongs to the first 64");
	put_key("a", secret[0], sizeof(secret[0]));
	put_key("key", secret[0], sizeof(secret[0]));
	refused("/key: cluster key: must hold 64 hex digits");
	put_key("key", cluster_key, sizeof(cluster_key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_same_defaults),
		cmocka_unit_test(test_members_understand_each_other),
		cmocka_unit_test(test_refused_keys),
	};
	return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
