// SPDX-License-Identifier: BSD-3-Clause
// What recorded clients said to two other roots, said to ours; its answers beside theirs. The table
// names every kind of difference and why it is meant; any other one fails.
#include "tests/vectors/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { STOCK = REPLAY_STOCK, DEDICATED = REPLAY_DEDICATED, BOTH = -1 };

static bool our_version(const struct replay *r, const struct replay_sent *ours,
			const struct replay_sent *theirs)
{
	const struct node_event *e = ours->event;

	(void)r;
	(void)theirs;
	return e->proto == 12 && e->major == RL_SOFTWARE_MAJOR && e->minor == RL_SOFTWARE_MINOR &&
	       e->revision == RL_SOFTWARE_REVISION;
}

static bool ours_is_suite3(const struct replay *r, const struct replay_sent *ours,
			   const struct replay_sent *theirs)
{
	(void)r;
	return ours->event->suite == 3 && theirs->event->suite == 1;
}

// The first OK of a stock root to a peer; from then on it is suite 3 as well.
static bool first_ok_to_peer(const struct replay *r, const struct replay_sent *ours,
			     const struct replay_sent *theirs)
{
	if (!ours_is_suite3(r, ours, theirs))
		return false;
	for (unsigned i = 0; &r->theirs.sent[i] != theirs; i++) {
		const struct replay_sent *s = &r->theirs.sent[i];

		// A root that was started anew knows the versions of nobody.
		if (s->node == theirs->node && !s->relayed && theirs->ms - s->ms < 5000)
			return false;
	}
	return true;
}

// Theirs is the planet that the client said it has.
static bool planet_not_newer(const struct replay *r, const struct replay_sent *ours,
			     const struct replay_sent *theirs)
{
	struct rl_world w;

	return ours->event->worlds_len == 0 && strncmp(r->test->name, "i_", 2) != 0 &&
	       rl_world_parse(&w, theirs->event->worlds, theirs->event->worlds_len) == 0;
}

static bool answered_another_copy(const struct replay *r, const struct replay_sent *ours,
				  const struct replay_sent *theirs)
{
	(void)theirs;
	for (unsigned i = 0; i < r->theirs.count; i++) {
		const struct replay_sent *s = &r->theirs.sent[i];

		if (s->node == ours->node && !s->relayed && s->event->in_verb == ZT_VERB_HELLO &&
		    s->ms + 250 >= ours->ms && s->ms <= ours->ms + 250)
			return true;
	}
	return false;
}

static bool encrypted(const struct replay *r, const struct replay_sent *ours,
		      const struct replay_sent *theirs)
{
	(void)ours;
	(void)theirs;
	return strcmp(r->test->name, "j_exthello_zt") == 0;
}

// The recorded root had not said a word to this node yet.
static bool newcomer(const struct replay *r, const struct replay_sent *ours,
		     const struct replay_sent *theirs)
{
	(void)theirs;
	for (unsigned i = 0; i < r->theirs.count; i++) {
		const struct replay_sent *s = &r->theirs.sent[i];

		if (s->node == ours->node && s->ms < ours->ms)
			return false;
	}
	return true;
}

static bool about_the_root(const struct replay *r, const struct replay_sent *ours,
			   const struct replay_sent *theirs)
{
	(void)r;
	(void)theirs;
	return ours->event->whois_count == 1 && ours->event->whois[0].address == 0x82baeaf349;
}

static bool not_known_to_us(const struct replay *r, const struct replay_sent *ours,
			    const struct replay_sent *theirs)
{
	(void)ours;
	return strcmp(r->test->name, "i_planet_rotate_zt") == 0 && theirs->frame == 120;
}

// One introduction in 30 s and one repetition, in each direction and family.
static bool within_the_limit(const struct replay *r, const struct replay_sent *ours,
			     const struct replay_sent *theirs)
{
	unsigned count = 0;

	(void)theirs;
	for (unsigned i = 0; i < r->ours.count; i++) {
		const struct replay_sent *s = &r->ours.sent[i];

		if (!s->relayed && s->event->verb == ZT_VERB_RENDEZVOUS && s->node == ours->node &&
		    s->event->meet == ours->event->meet &&
		    s->event->meet_at.family == ours->event->meet_at.family && s->ms <= ours->ms &&
		    s->ms + 29900 > ours->ms)
			count++;
	}
	return count <= 2;
}

static bool to_proven(const struct replay *r, const struct replay_sent *ours,
		      const struct replay_sent *theirs)
{
	(void)r;
	(void)theirs;
	return ours->proven;
}

static bool empty(const struct replay *r, const struct replay_sent *ours,
		  const struct replay_sent *theirs)
{
	(void)r;
	(void)theirs;
	return ours->len == ZT_HDR_LEN && ours->event->suite == ZT_SUITE_SALSA_POLY1305;
}

// clang-format off
static struct compare_meant meant[] = {
	// Proof of an address
	{COMPARE_THEIRS, STOCK, ZT_VERB_HELLO, 0, NULL, NULL,
	 "a stock root proves an address with a HELLO of its own", 0},
	{COMPARE_OURS, BOTH, ZT_VERB_ECHO, 0, NULL, empty,
	 "ours with an empty ECHO in suite 1, which fits the bytes it had", 0},
	// OK(HELLO)
	{COMPARE_FIELD, BOTH, ZT_VERB_OK, ZT_VERB_HELLO, "version", our_version,
	 "each root tells its own version; the dedicated one tells protocol 11", 0},
	{COMPARE_FIELD, STOCK, ZT_VERB_OK, ZT_VERB_HELLO, "suite", first_ok_to_peer,
	 "the first OK of a stock root is suite 1; ours is suite 3 to who says protocol 12", 0},
	{COMPARE_FIELD, DEDICATED, ZT_VERB_OK, ZT_VERB_HELLO, "worlds", planet_not_newer,
	 "the dedicated root sends its planet always; ours only if it is newer", 0},
	{COMPARE_OURS, DEDICATED, ZT_VERB_OK, ZT_VERB_HELLO, NULL, answered_another_copy,
	 "the dedicated root answers one copy of a HELLO; ours all, for each refreshes one path", 0},
	{COMPARE_OURS, STOCK, ZT_VERB_OK, ZT_VERB_HELLO, NULL, encrypted,
	 "a stock root cannot read the encrypted HELLO", 0},
	{COMPARE_OURS, STOCK, ZT_VERB_OK, ZT_VERB_HELLO, NULL, newcomer,
	 "a stock root lets one newcomer of a /24 in every two seconds", 0},
	// Suite
	{COMPARE_FIELD, DEDICATED, ZT_VERB_OK, ZT_VERB_HELLO, "suite", ours_is_suite3,
	 "the dedicated root has no suite 3", 0},
	{COMPARE_FIELD, DEDICATED, ZT_VERB_OK, ZT_VERB_WHOIS, "suite", ours_is_suite3,
	 "the dedicated root has no suite 3", 0},
	{COMPARE_FIELD, DEDICATED, ZT_VERB_OK, ZT_VERB_MULTICAST_GATHER, "suite", ours_is_suite3,
	 "the dedicated root has no suite 3", 0},
	{COMPARE_FIELD, DEDICATED, ZT_VERB_RENDEZVOUS, 0, "suite", ours_is_suite3,
	 "the dedicated root has no suite 3", 0},
	// WHOIS
	{COMPARE_OURS, DEDICATED, ZT_VERB_OK, ZT_VERB_WHOIS, NULL, about_the_root,
	 "the dedicated root does not know itself", 0},
	{COMPARE_THEIRS, STOCK, ZT_VERB_OK, ZT_VERB_WHOIS, NULL, not_known_to_us,
	 "the recorded root was started anew and had the peer on disk; the core here starts empty", 0},
	// Introductions
	{COMPARE_OURS, BOTH, ZT_VERB_RENDEZVOUS, 0, NULL, within_the_limit,
	 "ours introduces in each family, and once more after the WHOIS that closes the gap", 0},
	{COMPARE_FIELD, BOTH, ZT_VERB_RENDEZVOUS, 0, "port", NULL,
	 "a client has two ports and both are right; the address is compared", 0},
	{COMPARE_FIELD, BOTH, ZT_VERB_RENDEZVOUS, 0, "path", to_proven,
	 "told at another port of the same client, one that is proven", 0},
	// Relaying: bytes and hop counts are compared
	{COMPARE_FIELD, BOTH, COMPARE_RELAY, 0, "path", to_proven,
	 "ours relays by the path heard last, which is proven", 0},
	// Keepalive
	{COMPARE_OURS, BOTH, ZT_VERB_NOP, 0, NULL, to_proven,
	 "ours keeps the NAT mappings of silent paths open", 0},
};
// clang-format on

enum { ROWS = sizeof(meant) / sizeof(meant[0]) };

static const struct replay_case cases[] = {
	{"a_hello_zt", REPLAY_STOCK, {{0, "planet-A"}}},
	{"a_hello_ref", REPLAY_DEDICATED, {{0, "planet-A"}}},
	{"b_whois_zt", REPLAY_STOCK, {{0, "planet-A"}}},
	{"b_whois_ref", REPLAY_DEDICATED, {{0, "planet-A"}}},
	{"relay", REPLAY_STOCK, {{0, "planet-A"}}},
	{"d_relay_ref", REPLAY_DEDICATED, {{0, "planet-A"}}},
	{"f_multicast_zt", REPLAY_STOCK, {{0, "planet-A"}}},
	{"f_multicast_ref", REPLAY_DEDICATED, {{0, "planet-A"}}},
	{"g_ipv6_zt", REPLAY_STOCK, {{0, "planet-v6only"}}},
	{"g_ipv6_ref", REPLAY_DEDICATED, {{0, "planet-v6only"}}},
	{"i_planet_zt", REPLAY_STOCK, {{0, "planet-B"}}},
	{"i_planet_ref", REPLAY_DEDICATED, {{0, "planet-B"}}},
	{"i_planet_rotate_zt",
	 REPLAY_STOCK,
	 {{0, "planet-C"}, {40, "planet-D"}, {103, "planet-X"}}},
	{"i_planet_rotate_ref",
	 REPLAY_DEDICATED,
	 {{0, "planet-C"}, {20, "planet-D"}, {32, "planet-X"}}},
	{"j_exthello_zt", REPLAY_STOCK, {{0, "planet-A"}}},
	{"encrypted_hello", REPLAY_DEDICATED, {{0, "planet-A"}}},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void replayed(void **state)
{
	const struct replay_case *c = *state;
	struct replay r;
	unsigned compared = 0, unexpected;

	replay_run(&r, c);
	unexpected = compare(&r, meant, ROWS, &compared);
	printf("%s: the recorded root sent %u datagrams, ours %u; %u are the same in both\n",
	       c->name, r.theirs.count, r.ours.count, compared);
	replay_free(&r);
	assert_int_equal(unexpected, 0);
}

// A row that nothing matches any more says something that is not so.
static void every_row_is_needed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		printf("%5u times: %s\n", meant[i].hits, meant[i].why);
		assert_int_not_equal(meant[i].hits, 0);
	}
}

int main(void)
{
	struct CMUnitTest tests[CASES + 1];

	for (unsigned i = 0; i < CASES; i++)
		tests[i] =
			(struct CMUnitTest){cases[i].name, replayed, NULL, NULL, (void *)&cases[i]};
	tests[CASES] = (struct CMUnitTest)cmocka_unit_test(every_row_is_needed);
	return _cmocka_run_group_tests("captures", tests, CASES + 1, NULL, NULL);
}
