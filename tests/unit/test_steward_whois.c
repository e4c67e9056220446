// SPDX-License-Identifier: BSD-3-Clause
// Three members of one root (steward_fixture.h): a client asks who a client of another is.
#include "tests/unit/steward_fixture.h"

static void ask_who(struct cluster *c, unsigned m, unsigned i, uint64_t id, unsigned about)
{
	struct rl_ask a = {.client = client(i), .path.addr = c->addr[i], .verb = 4, .id = id};
	a.whois.count = 2;
	a.whois.address[0] = client(about);
	a.whois.address[1] = 0x9999999999; // nobody
	rl_steward_whois(&c->m[m].s, &a, c->now);
	rl_steward_asked(&c->m[m].s);
}

static void who_a_client_elsewhere_is_its_home_says(void **state)
{
	struct cluster *c = *state;
	struct rl_identity want = identity(0);
	land(c, 0, 1, 5);
	land(c, 1, 0, 5);
	run(c, 1000);
	forget_said(c);
	ask_who(c, 0, 1, 77, 0);
	assert_null(find_said(c, 0, TOLD, 1));
	assert_int_equal(c->queued, 1);
	deliver(c); // the question
	deliver(c); // the reply
	const struct said *s = find_said(c, 0, TOLD, 1);
	assert_non_null(s);
	assert_int_equal(s->other, 77);
	assert_int_equal(s->asked, 2);
	assert_int_equal(s->n, 1);
	assert_memory_equal(&s->given[0], &want, sizeof(want));
	assert_true(rl_inet_equal(&s->by, &c->addr[1]));
	assert_int_equal(c->m[1].s.whois.counts.answered, 1);
	// Remembered: no further question.
	forget_said(c);
	ask_who(c, 0, 1, 78, 0);
	assert_int_equal(c->queued, 0);
	assert_int_equal(find_said(c, 0, TOLD, 1)->n, 1);
}

// Its home was killed and nobody else knows it: the answer is what is known, and does not wait for
// ever.
static void nobody_waits_for_a_dead_home(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	land(c, 1, 0, 5);
	run(c, 1000);
	forget_said(c);
	c->m[1].up = false;
	ask_who(c, 0, 1, 77, 0);
	run(c, 1100);
	assert_int_equal(count_said(c, 0, TOLD, 1), 1);
	assert_int_equal(find_said(c, 0, TOLD, 1)->n, 0);
	assert_int_equal(c->m[0].s.whois.counts.unanswered, 1);
}

static void the_introduced_who_ask_are_introduced_again(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	land(c, 1, 0, 5);
	run(c, 1000);
	rl_steward_introduce(&c->m[0].s, client(1), client(0), c->now);
	run(c, 100);
	forget_said(c);
	ask_who(c, 1, 0, 77, 1); // the other one, which has got a packet of a stranger
	run(c, 100);
	assert_int_equal(count_said(c, 1, RENDEZVOUS, 0), 1);
	assert_int_equal(count_said(c, 0, RENDEZVOUS, 1), 1);
	forget_said(c);
	ask_who(c, 1, 0, 78, 1);
	run(c, 100);
	assert_int_equal(count_said(c, 1, TOLD, 0), 1);
	assert_int_equal(count_said(c, 1, RENDEZVOUS, 0), 0); // once
}

static void an_identity_valid_here_is_valid_everywhere(void **state)
{
	struct cluster *c = *state;
	struct rl_identity id = identity(2), liar = identity(2);
	liar.public_key[63] ^= 1;
	assert_false(rl_steward_validated(&c->m[1].s, &id));
	uint64_t fingerprint = rl_steward_fingerprint(&c->m[0].s, &id);
	rl_steward_valid(&c->m[0].s, id.address, fingerprint, c->now);
	run(c, 500);
	for (unsigned i = 0; i < MEMBERS; i++) {
		assert_true(rl_steward_validated(&c->m[i].s, &id));
		assert_false(rl_steward_validated(&c->m[i].s, &liar));
	}
	// And that of a client that was known before this start, as it is claimed.
	id = identity(1);
	land(c, 0, 1, 5);
	run(c, 500);
	for (unsigned i = 0; i < MEMBERS; i++)
		assert_true(rl_steward_validated(&c->m[i].s, &id));
}

// Whom this member is the backup of, but never heard, its root does not know either: what such a
// client says to open the way would be a stranger's. Its home tells who it is, and has it come.
static void a_backup_learns_whom_it_never_heard(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, 16000);
	assert_int_equal(at(c, 0, 1).backup, 2);
	assert_true(c->m[1].adopted[1]);
	assert_int_equal(c->m[1].s.counters.adopted, 1);
	assert_int_equal(count_said(c, 0, RENDEZVOUS, 1), 1);
	// Known by now: when it goes silent later, its home alone is told.
	run(c, 60000);
	assert_int_equal(c->m[1].s.counters.adopted, 1);
	assert_true(count_said(c, 0, RENDEZVOUS, 1) > 1);
}

// Not on the word of one member alone: another key than the one that is known to be valid.
static void a_backup_believes_no_other_key(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	rl_steward_valid(&c->m[2].s, client(1), 1, c->now); // of two the lesser one holds
	run(c, 16000);
	assert_int_equal(at(c, 1, 1).backup, 2);
	assert_false(c->m[1].adopted[1]);
	assert_int_equal(c->m[1].s.counters.adopted, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_cluster, close_cluster)
	const struct CMUnitTest tests[] = {
		T(who_a_client_elsewhere_is_its_home_says),
		T(nobody_waits_for_a_dead_home),
		T(the_introduced_who_ask_are_introduced_again),
		T(an_identity_valid_here_is_valid_everywhere),
		T(a_backup_learns_whom_it_never_heard),
		T(a_backup_believes_no_other_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
