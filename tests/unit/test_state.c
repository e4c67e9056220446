// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/state.h"
#include "root/tools/file.h"
#include "tests/lib/identities.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];
static struct state s;
static struct test_identity *ids;

static int load_ids(void **state)
{
	(void)state;
	return identities_load(IDENTITIES_FILE, 0, 2, &ids) == 2 ? 0 : -1;
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rootline-state-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	state_close(&s);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_dir(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void put(const char *name, const void *text, size_t len, mode_t mode)
{
	unlink(in_dir(name));
	assert_int_equal(file_create(in_dir(name), text, len, mode), 0);
}

static char *get(const char *name)
{
	char *text;
	size_t len;
	assert_int_equal(file_read_text(in_dir(name), &text, &len), 0);
	return text;
}

static void an_identity_is_made_once(void **state)
{
	struct stat st;
	struct rl_identity id, public;
	struct rl_secret secret;
	(void)state;
	// Of a run that was killed while it wrote.
	put("identity.secret.new", "half", 4, 0600);
	assert_int_equal(state_open(&s, dir), 0);
	umask(0);
	assert_int_equal(state_identity(&s), 0);
	umask(022);
	assert_int_equal(stat(in_dir("identity.secret"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(file_exists(in_dir("identity.secret.new")));
	char *text = get("identity.secret"), *shown = get("identity.public");
	assert_int_equal(rl_identity_parse(&id, &secret, text), 0);
	assert_int_equal(rl_identity_parse(&public, NULL, shown), 0);
	assert_true(rl_identity_equal(&id, &public));
	assert_true(rl_identity_equal(&id, &s.id));
	assert_memory_equal(&secret, &s.secret, sizeof(secret));

	state_close(&s);
	assert_int_equal(state_open(&s, dir), 0);
	assert_int_equal(state_identity(&s), 0);
	assert_true(rl_identity_equal(&id, &s.id));
	char *again = get("identity.secret");
	assert_string_equal(text, again);
	free(text);
	free(shown);
	free(again);
}

static void the_identity_of_a_stock_node_is_taken(void **state)
{
	char text[RL_IDENTITY_SECRET_TEXT + 1];
	(void)state;
	strcpy(text,
	       rl_identity_text(&ids[0].id, &ids[0].secret, (char[RL_IDENTITY_SECRET_TEXT]){0}));
	put("identity.secret", text, strlen(text), 0600);
	// Somebody else's: warned about, not touched.
	put("identity.public", "other", 5, 0644);
	assert_int_equal(state_open(&s, dir), 0);
	assert_int_equal(state_identity(&s), 0);
	assert_int_equal(s.id.address, ids[0].id.address);
	char *shown = get("identity.public");
	assert_string_equal(shown, "other");
	free(shown);
}

static void broken_identities_are_refused_and_kept(void **state)
{
	char whole[RL_IDENTITY_SECRET_TEXT], mixed[RL_IDENTITY_SECRET_TEXT],
		moved[RL_IDENTITY_SECRET_TEXT], public[RL_IDENTITY_SECRET_TEXT];
	char long_text[2000];
	struct rl_identity other = ids[0].id;
	(void)state;
	rl_identity_text(&ids[0].id, &ids[0].secret, whole);
	rl_identity_text(&ids[0].id, &ids[1].secret, mixed);
	rl_identity_text(&ids[0].id, NULL, public);
	other.address ^= 1;
	rl_identity_text(&other, &ids[0].secret, moved);
	memset(long_text, 'a', sizeof(long_text));
	const struct {
		const char *what, *text;
		size_t len;
	} rows[] = {
		{"empty, as after a full disk", "", 0},
		{"no identity", "hello\n", 6},
		{"cut", whole, strlen(whole) - 1},
		{"zero byte behind it", whole, strlen(whole) + 1},
		{"public only", public, strlen(public)},
		{"secret of another", mixed, strlen(mixed)},
		{"address that the key does not give", moved, strlen(moved)},
		{"far too long", long_text, sizeof(long_text)},
	};
	assert_int_equal(state_open(&s, dir), 0);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char now[2048];
		size_t len;
		put("identity.secret", rows[i].text, rows[i].len, 0600);
		if (state_identity(&s) != -EINVAL)
			fail_msg("%s: not refused", rows[i].what);
		assert_int_equal(file_read(in_dir("identity.secret"), now, sizeof(now), &len), 0);
		assert_int_equal(len, rows[i].len);
		assert_memory_equal(now, rows[i].text, len);
		assert_false(file_exists(in_dir("identity.public")));
	}
}

static void a_lost_secret_is_not_replaced_silently(void **state)
{
	char public[RL_IDENTITY_SECRET_TEXT];
	(void)state;
	rl_identity_text(&ids[0].id, NULL, public);
	put("identity.public", public, strlen(public), 0644);
	assert_int_equal(state_open(&s, dir), 0);
	assert_int_equal(state_identity(&s), -EINVAL);
	assert_false(file_exists(in_dir("identity.secret")));
}

static void one_rootline_in_a_directory(void **state)
{
	struct state second;
	(void)state;
	assert_int_equal(state_open(&s, dir), 0);
	assert_int_equal(state_open(&second, dir), -EBUSY);
	state_close(&second);
	state_close(&s);
	// The file is still there, as after kill -9; the lock is not.
	assert_true(file_exists(in_dir("rootline.lock")));
	assert_int_equal(state_open(&s, dir), 0);
}

static void directories_are_made_or_refused(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(state_open(&s, in_dir("new")), 0);
	assert_int_equal(stat(in_dir("new"), &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	state_close(&s);
	put("file", "", 0, 0600);
	assert_int_equal(state_open(&s, in_dir("file")), -ENOTDIR);
	assert_int_equal(state_open(&s, in_dir("no/such")), -ENOENT);
	char path[2 * STATE_PATH_MAX];
	memset(path, 'd', sizeof(path));
	path[sizeof(path) - 1] = 0;
	assert_int_equal(state_open(&s, path), -ENAMETOOLONG);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_identity_is_made_once),
		CASE(the_identity_of_a_stock_node_is_taken),
		CASE(broken_identities_are_refused_and_kept),
		CASE(a_lost_secret_is_not_replaced_silently),
		CASE(one_rootline_in_a_directory),
		CASE(directories_are_made_or_refused),
	};
	int failed = cmocka_run_group_tests(tests, load_ids, NULL);
	free(ids);
	return failed;
}
