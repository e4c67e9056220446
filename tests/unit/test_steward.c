// SPDX-License-Identifier: BSD-3-Clause
// Three members of one root (steward_fixture.h): what a member has its root say, and what all
// members then know.
#include "tests/unit/steward_fixture.h"

static void heartbeats_make_members_live(void **state)
{
	struct cluster *c = *state;
	for (unsigned i = 0; i < MEMBERS; i++)
		for (unsigned k = 1; k <= MEMBERS; k++)
			assert_true(rl_member_target(&c->m[i].s.members, (uint8_t)k));
	rl_steward_leave(&c->m[2].s, c->now);
	c->m[2].up = false;
	deliver(c);
	assert_false(rl_member_alive(&c->m[0].s.members, 3));
	assert_true(rl_member_alive(&c->m[0].s.members, 2));
}

// Its row of the config has changed: the others hear of it with the next heartbeat.
static void a_member_tells_its_new_row(void **state)
{
	struct cluster *c = *state;
	struct rl_member_news own = {.id = 9, .capacity = 77, .draining = true, .name = "new"};
	rl_inet_parse(&own.front[RL_FAMILY_4], "192.0.2.99/1");
	rl_steward_own(&c->m[0].s, &own);
	run(c, RL_MEMBER_BEAT_MS + 100);
	for (unsigned i = 0; i < MEMBERS; i++) {
		const struct rl_member_news *n = &c->m[i].s.members.at[1].news;
		assert_int_equal(n->id, 1);
		assert_int_equal(n->capacity, 77);
		assert_string_equal(n->name, "new");
		assert_true(rl_inet_equal(&n->front[RL_FAMILY_4], &own.front[RL_FAMILY_4]));
		assert_int_equal(n->front[RL_FAMILY_6].family, 0);
		assert_false(n->draining); // the operator's, not the config's
		assert_int_equal(n->run, 1);
	}
}

// Each measures its own row; all see all of it, until it is measured no more.
static void round_trips_between_fronts_are_known_to_all(void **state)
{
	struct cluster *c = *state;
	for (unsigned i = 0; i < MEMBERS; i++)
		for (unsigned k = 0; k < MEMBERS; k++)
			if (i != k)
				rl_steward_front_rtt(&c->m[i].s, (uint8_t)(k + 1),
						     1000 * (i + 1) + k, c->now);
	run(c, RL_MATRIX_TELL_MS + RL_MEMBER_BEAT_MS);
	for (unsigned m = 0; m < MEMBERS; m++)
		for (unsigned i = 0; i < MEMBERS; i++)
			for (unsigned k = 0; k < MEMBERS; k++)
				assert_int_equal(rl_matrix_get(&c->m[m].s.matrix, (uint8_t)(i + 1),
							       (uint8_t)(k + 1), c->now),
						 i == k ? 0 : 1000 * (i + 1) + k);
	rl_steward_front_rtt(&c->m[0].s, 2, 5, c->now);
	run(c, RL_MATRIX_LIFE_MS - 1000);
	assert_int_equal(rl_matrix_get(&c->m[2].s.matrix, 1, 2, c->now), 5);
	assert_int_equal(rl_matrix_get(&c->m[2].s.matrix, 1, 3, c->now), 0);
	run(c, RL_MATRIX_LIFE_MS);
	assert_int_equal(rl_matrix_get(&c->m[2].s.matrix, 1, 2, c->now), 0);
}

// The client of New York lands in Amsterdam, is offered its two best, and goes home.
static void a_client_is_moved_to_its_nearest(void **state)
{
	struct cluster *c = *state;
	greet(c, 0, 0, 80);
	assert_null(find_said(c, 0, PUSH, 0)); // perhaps another member has just sent it here
	sight(c, 0, 0, RL_SIGHT_SPOKE, -1);
	assert_null(find_said(c, 0, PUSH, 0)); // or claims it in this moment
	run(c, RL_REDIRECT_SETTLE_MS + 100);
	const struct said *s = find_said(c, 0, PUSH, 0);
	assert_non_null(s);
	assert_int_equal(s->n, 2);
	assert_true(rl_inet_equal(&s->at[0], &c->m[1].s.news.front[RL_FAMILY_4]));
	assert_true(rl_inet_equal(&s->at[1], &c->m[0].s.news.front[RL_FAMILY_4]));
	run(c, 100);
	land(c, 1, 0, 5);
	run(c, 1000);
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct rl_location l = at(c, i, 0);
		assert_int_equal(l.home, 2);
		assert_true(rl_inet_equal(&l.v4, &c->addr[0]));
		assert_true(l.backup == 1 || l.backup == 2);
		assert_int_equal(l.pushes.count, 1);
	}
	// What it says to its old member is no claim.
	greet(c, 0, 0, 80);
	run(c, 1000);
	assert_int_equal(at(c, 1, 0).home, 2);
}

// Its two families come to two members before either has heard of the other: one of them decides.
static void a_newcomer_at_two_members_is_told_by_one(void **state)
{
	struct cluster *c = *state;
	for (unsigned m = 0; m < MEMBERS; m += 2) {
		const struct rl_steward_sight proof = {client(0), c->addr[0], RL_SIGHT_PROOF, 90},
					      word = {client(0), c->addr[0], RL_SIGHT_SPOKE, -1};
		c->m[m].heard[0] = c->now;
		rl_steward_sight(&c->m[m].s, &proof, c->now);
		rl_steward_sight(&c->m[m].s, &word, c->now);
	}
	assert_int_equal(at(c, 0, 0).home, 1);
	assert_int_equal(at(c, 2, 0).home, 3);
	run(c, 2000);
	assert_int_equal(count_said(c, 0, PUSH, 0) + count_said(c, 2, PUSH, 0), 1);
}

static void a_client_at_its_nearest_gets_a_backup(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, RL_REDIRECT_SETTLE_MS + 100);
	const struct said *s = find_said(c, 0, PUSH, 1);
	assert_non_null(s);
	assert_int_equal(s->n, 2);
	assert_true(rl_inet_equal(&s->at[1], &c->m[0].s.news.front[RL_FAMILY_4])); // self last
	unsigned backup = at(c, 0, 1).backup;
	assert_int_equal(backup, 2);
	c->m[1].heard[1] = c->now;
	forget_said(c);
	run(c, 16000);
	// Once, and once more as there was no answer.
	assert_in_range(count_said(c, 1, ECHO, 1), 1, 2);
	assert_int_equal(count_said(c, 0, PUSH, 1), 0);
}

static void the_backup_rescues_when_the_home_dies(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, 16000);
	c->m[1].heard[1] = c->now;
	forget_said(c);
	c->m[0].up = false;
	run(c, 4000);
	assert_int_equal(count_said(c, 1, PUSH, 1), 0);
	c->m[1].heard[1] = c->now;
	run(c, 2000);
	assert_in_range(count_said(c, 1, PUSH, 1), 2, RL_RESCUE_PUSHES);
	const struct said *s = find_said(c, 1, PUSH, 1);
	assert_int_equal(s->n, 2);
	assert_true(rl_inet_equal(&s->at[0], &c->m[0].s.news.front[RL_FAMILY_4]));
	assert_true(rl_inet_equal(&s->at[1], &c->m[1].s.news.front[RL_FAMILY_4]));
	sight(c, 1, 1, RL_SIGHT_SPOKE, -1);
	run(c, 500);
	assert_int_equal(at(c, 2, 1).home, 2);
}

// A backup that has started anew knows no way to the client: its home opens one at once, not after
// three ECHOs that cannot leave.
static void a_backup_that_never_heard_the_client_says_so(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	c->m[1].heard[1] = 0;
	forget_said(c);
	run(c, 16000);
	assert_int_equal(at(c, 0, 1).backup, 2);
	assert_int_equal(count_said(c, 0, RENDEZVOUS, 1), 1);
	const struct said *s = find_said(c, 0, RENDEZVOUS, 1);
	assert_true(rl_inet_equal(&s->at[0], &c->m[1].s.news.front[RL_FAMILY_4]));
	run(c, 15000); // not with every ECHO, if the client cannot get there
	assert_int_equal(count_said(c, 0, RENDEZVOUS, 1), 1);
	c->m[1].heard[1] = c->now;
	run(c, 16000);
	assert_int_equal(count_said(c, 1, ECHO, 1) > 0, 1);
}

// A member that has just started moves nobody, but whoever comes to it has a backup at once.
static void a_new_member_finds_backups(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 0, 80);
	run(c, 3000);
	assert_int_equal(at(c, 1, 0).backup, 2);
	forget_said(c);
	c->m[1].s.start_ms = c->now;
	land(c, 1, 0, 5);
	run(c, 1000);
	assert_int_equal(at(c, 2, 0).home, 2);
	assert_int_equal(at(c, 2, 0).backup, 1);
	assert_int_equal(count_said(c, 1, RENDEZVOUS, 0), 1);
	land(c, 1, 1, 80); // one that was never moved
	run(c, 3000);
	assert_int_equal(at(c, 2, 1).home, 2);
	assert_int_equal(count_said(c, 1, PUSH, 1), 0);
}

static void a_drained_member_withholds_until_the_client_is_elsewhere(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, 60000); // the gate forgets
	c->m[0].heard[1] = c->now;
	forget_said(c);
	rl_steward_drain(&c->m[0].s, true);
	run(c, 1000);
	assert_int_equal(count_said(c, 0, WITHHOLD, 1), 1);
	const struct said *s = find_said(c, 0, PUSH, 1);
	assert_non_null(s);
	assert_true(find_said(c, 0, WITHHOLD, 1) < s);
	assert_int_equal(count_said(c, 0, ANSWER, 1), 0);
	sight(c, 1, 1, RL_SIGHT_SPOKE, -1);
	run(c, 200);
	assert_int_equal(count_said(c, 0, ANSWER, 1), 1);
	assert_int_equal(at(c, 0, 1).home, 2);
	assert_int_equal(c->m[0].s.drain.arrived, 1);
}

static void who_does_not_arrive_is_answered_again(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, 60000);
	c->m[0].heard[1] = c->now;
	forget_said(c);
	rl_steward_drain(&c->m[0].s, true);
	run(c, 14000);
	assert_int_equal(count_said(c, 0, WITHHOLD, 1), 1);
	assert_int_equal(count_said(c, 0, ANSWER, 1), 1);
	assert_int_equal(count_said(c, 0, NOP, 1), 1);
}

static void clients_of_two_members_are_introduced(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	land(c, 1, 0, 5);
	run(c, 1000);
	forget_said(c);
	rl_steward_introduce(&c->m[0].s, client(1), client(0), c->now);
	deliver(c);
	const struct said *a = find_said(c, 0, RENDEZVOUS, 1), *b = find_said(c, 1, RENDEZVOUS, 0);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->other, client(0));
	assert_true(rl_inet_equal(&a->at[0], &c->addr[0]));
	assert_int_equal(b->other, client(1));
	assert_true(rl_inet_equal(&b->at[0], &c->addr[1]));
	// Not by a member that is not the home of the first.
	forget_said(c);
	rl_steward_introduce(&c->m[2].s, client(1), client(0), c->now);
	deliver(c);
	assert_int_equal(c->m[0].said_count + c->m[1].said_count + c->m[2].said_count, 0);
}

static void a_backup_that_is_shut_out_has_the_home_open_the_way(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, RL_REDIRECT_SETTLE_MS + 100);
	assert_int_equal(at(c, 0, 1).backup, 2);
	forget_said(c);
	for (unsigned s = 0; s < 70; s++) {
		c->m[1].heard[1] = c->m[0].heard[1] = c->now;
		sight(c, 0, 1, RL_SIGHT_SPOKE, -1);
		run(c, 1000);
	}
	const struct said *s = find_said(c, 0, RENDEZVOUS, 1);
	assert_non_null(s);
	assert_int_equal(s->other, 0xaaaaaaaaaa);
	assert_true(rl_inet_equal(&s->at[0], &c->m[1].s.news.front[RL_FAMILY_4]));
}

static void what_is_not_of_the_cluster_is_refused(void **state)
{
	struct cluster *c = *state;
	uint8_t junk[2000];
	for (size_t len = 0; len < sizeof(junk); len += 13) {
		randombytes_buf(junk, sizeof(junk));
		rl_steward_batch(&c->m[0].s, junk, len, c->now);
	}
	// A member in another's name: its seal is right, its name is not.
	land(c, 1, 0, 5);
	run(c, 500);
	c->m[1].s.news.id = 3;
	c->m[1].s.news.load = 12345;
	uint32_t before = c->m[0].s.members.at[3].news.load;
	run(c, 3000);
	assert_int_equal(c->m[0].s.members.at[3].news.load, before);
	assert_true(c->m[0].s.sync.peer[2].refusals.count[RL_REFUSAL_MALFORMED] > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_cluster, close_cluster)
	const struct CMUnitTest tests[] = {
		T(a_member_tells_its_new_row),
		T(round_trips_between_fronts_are_known_to_all),
		T(heartbeats_make_members_live),
		T(a_client_is_moved_to_its_nearest),
		T(a_newcomer_at_two_members_is_told_by_one),
		T(a_client_at_its_nearest_gets_a_backup),
		T(the_backup_rescues_when_the_home_dies),
		T(a_backup_that_never_heard_the_client_says_so),
		T(a_new_member_finds_backups),
		T(a_drained_member_withholds_until_the_client_is_elsewhere),
		T(who_does_not_arrive_is_answered_again),
		T(clients_of_two_members_are_introduced),
		T(a_backup_that_is_shut_out_has_the_home_open_the_way),
		T(what_is_not_of_the_cluster_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
