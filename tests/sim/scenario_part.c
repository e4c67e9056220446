// SPDX-License-Identifier: BSD-3-Clause
// The backplane parts into two halves for a minute and heals. Both serve their own meanwhile, and
// agree soon afterwards: also if a member dies in between, if clocks are wrong, and over links that
// lose and delay.
#include "tests/sim/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SECOND = 1000,
	PART_MS = 60000,
	RESTARTED_PERCENT = 5,
	UNDER_WAY_MS = 5000, // what is claimed later than that may not have come everywhere
	DEAD = 1,            // who dies in the midst of it
	SKEWED = 3,          // whose clock is wrong
	SKEW_MS = 3000,
	DICE_RESTART = 120,
};

static const double LOSES_MUCH = 0.01;

static void part(struct sim *s, bool cut)
{
	for (unsigned a = 0; a < SIM_MEMBERS; a++)
		for (unsigned b = 0; b < SIM_MEMBERS; b++)
			s->cut[a][b] = cut && a / 3 != b / 3;
}

// What an entry says of where its client is; not when that was confirmed last.
static uint64_t entry_digest(const struct rl_location *l)
{
	uint64_t words[7] = {l->address, (uint64_t)l->home << 16 | l->backup << 8 | l->gone};
	memcpy(&words[2], l->v4.ip, 4);
	memcpy(&words[3], l->v6.ip, 16);
	words[5] = (uint64_t)l->v4.port << 32 | (uint64_t)l->v4.family << 48 | l->v6.port;
	words[6] = l->v6.family;
	uint64_t d = 0;
	for (unsigned i = 0; i < 7; i++)
		d = sim_random(d ^ words[i], 121, i);
	return d;
}

struct agreement {
	double agreed;      // share of the clients of which all members say the same, or soon will
	unsigned digests;   // different ones, of whole directories but for what is under way
	uint32_t under_way; // clients left out of them
};

static void agreement(const struct sim *s, struct agreement *a, bool tell)
{
	uint64_t sum[SIM_MEMBERS] = {0}, now = SIM_EPOCH + sim_now(s);
	uint32_t same = 0, told = 0;

	*a = (struct agreement){0};
	for (uint32_t i = 0; i < s->o.clients; i++) {
		uint64_t entry[SIM_MEMBERS], newest = 0, first = 0;
		bool differs = false;
		for (unsigned m = 0, any = 0; m < SIM_MEMBERS; m++) {
			struct rl_location l = {0};
			if (!s->node[m].up)
				continue;
			sim_member_find(s, m, i, &l);
			entry[m] = entry_digest(&l);
			newest = l.stamp_ms > newest ? l.stamp_ms : newest;
			differs |= any++ && entry[m] != first;
			first = entry[m];
		}
		bool under_way = differs && newest + UNDER_WAY_MS > now;
		same += !differs || under_way;
		a->under_way += under_way;
		if (under_way)
			continue;
		if (differs && tell && told++ < 5)
			sim_trace_differs(s, i);
		for (unsigned m = 0; m < SIM_MEMBERS; m++)
			sum[m] += s->node[m].up ? entry[m] : 0;
	}
	a->agreed = (double)same / s->o.clients;
	for (unsigned m = 0; m < SIM_MEMBERS; m++) {
		bool new = s->node[m].up;
		for (unsigned k = 0; k < m && new; k++)
			new = !s->node[k].up || sum[k] != sum[m];
		a->digests += new;
	}
}

static void restart_some(struct sim *s)
{
	for (uint32_t i = 0; i < s->o.clients; i++)
		if (sim_random(s->o.seed, DICE_RESTART, i) % 100 < RESTARTED_PERCENT)
			sim_client_on(s, i);
}

static void figure(struct sim_figures *f, const char *prefix, const char *name, double value,
		   const char *unit, enum sim_goal goal, double limit)
{
	char full[40];
	snprintf(full, sizeof(full), "%s_%s", prefix, name);
	sim_figure(f, full, value, unit, goal, limit);
}

// Halves that part, with or without a death in between. The dead one's clients are served again
// within the minute but for those whom nobody could rescue (README.md).
static void halves(struct sim_figures *f, struct sim *s, const char *prefix, bool death)
{
	struct agreement a;

	sim_forget_moves(s);
	part(s, true);
	sim_run(s, PART_MS / 3);
	restart_some(s);
	if (death)
		sim_member_kill(s, DEAD);
	sim_run(s, PART_MS - PART_MS / 3);
	figure(f, prefix, "served", sim_served(s, false), "share", SIM_AT_LEAST,
	       death ? 0.995 : 0.999);
	agreement(s, &a, false);
	figure(f, prefix, "disagreed", 1 - a.agreed, "share", SIM_NO_GOAL, 0);
	part(s, false);
	sim_run(s, 10 * SECOND);
	agreement(s, &a, true);
	// Of a minute's changes, told again in many batches, some are lost once more.
	bool loses = s->o.link_loss > LOSES_MUCH;
	figure(f, prefix, "agreed_10s", a.agreed, "share", SIM_AT_LEAST, loses ? 0.97 : 0.999);
	// What the dead one claimed after the halves had parted only one of them may ever know.
	figure(f, prefix, "digests_10s", a.digests, "count", death ? SIM_NO_GOAL : SIM_AT_MOST, 1);
	figure(f, prefix, "under_way_10s", a.under_way, "count", SIM_NO_GOAL, 0);
	if (!loses)
		return;
	sim_run(s, 20 * SECOND);
	agreement(s, &a, true);
	figure(f, prefix, "agreed_30s", a.agreed, "share", SIM_AT_LEAST, 0.998);
}

void sim_partition(struct sim_figures *f, struct sim *s)
{
	halves(f, s, "partition", false);
	sim_run(s, SIM_RECOVER_MS);
	halves(f, s, "part_death", true);
}

static int with_death(struct sim_figures *f, const struct sim_options *o, const char *places,
		      const char *prefix, bool kill)
{
	struct sim s;

	int ret = sim_landed(&s, o, places);
	if (ret < 0)
		return ret;
	figure(f, prefix, "under_100ms", sim_under_100ms(&s), "share", SIM_AT_LEAST, 0.94);
	if (kill)
		sim_kill_of(f, &s, prefix);
	halves(f, &s, prefix, true);
	if (o->link_loss > LOSES_MUCH) {
		// A newcomer at two members is told by both if word of either claim is lost.
		figure(f, prefix, "undone", (double)s.undone / s.o.clients, "share", SIM_AT_MOST,
		       0.0001);
		s.undone = 0;
	}
	sim_judge(f, &s);
	sim_free(&s);
	return 0;
}

int sim_skew(struct sim_figures *f, const struct sim_options *o, const char *places)
{
	struct sim_options own = *o;

	own.skew_ms[SKEWED] = SKEW_MS;
	int ret = with_death(f, &own, places, "ahead", false);
	if (ret < 0)
		return ret;
	own.skew_ms[SKEWED] = -SKEW_MS;
	return with_death(f, &own, places, "behind", false);
}

int sim_links(struct sim_figures *f, const struct sim_options *o, const char *places)
{
	struct sim_options own = *o;

	own.link_loss = 0.05;
	own.link_delay_ms = 300;
	return with_death(f, &own, places, "links", true);
}
