// SPDX-License-Identifier: BSD-3-Clause
// What is tried, and what is measured while it goes on.
#pragma once

#include "tests/sim/figure.h"
#include "tests/sim/sim.h"

enum {
	SIM_LAND_MS = 120000,   // all clients come within it
	SIM_SETTLE_MS = 480000, // and two full rounds of theirs
	SIM_STAY_MS = 2400000, // more than twice as long as members wait before they move one again
	SIM_RECOVER_MS = 300000, // after what was done to it a cluster has settled again
};

// Each adds its figures to f. 0 or -errno. places: places.csv.

// The world by itself against an independent simulation of the same.
int sim_table(struct sim_figures *f, const struct sim_options *o, const char *places);
// Alice's clients, then Bob's, each at its best member.
int sim_handoff(struct sim_figures *f, const struct sim_options *o, const char *places);
// A tenth of the prefixes is said to be elsewhere.
int sim_wrong(struct sim_figures *f, const struct sim_options *o, const char *places);
// Singapore has half the capacity it would need.
int sim_capacity(struct sim_figures *f, const struct sim_options *o, const char *places);

// One member's clock is 3 s ahead, then behind; and the backplane parts, and a member dies.
int sim_skew(struct sim_figures *f, const struct sim_options *o, const char *places);
// The backplane loses a twentieth and delays by up to 300 ms; members die, and it parts.
int sim_links(struct sim_figures *f, const struct sim_options *o, const char *places);

// These go on from where a cluster is, and leave it whole.
void sim_kill(struct sim_figures *f, struct sim *s);
// The two busiest members die at once.
void sim_double(struct sim_figures *f, struct sim *s);
void sim_drain(struct sim_figures *f, struct sim *s);
void sim_partition(struct sim_figures *f, struct sim *s);
// The busiest member dies, and comes back; figures of that name.
void sim_kill_of(struct sim_figures *f, struct sim *s, const char *prefix);
// What a redirect undoes counts only while nothing else has changed: forgets all of them.
void sim_forget_moves(struct sim *s);

// Sets it up, lets all land and settle.
int sim_landed(struct sim *s, const struct sim_options *o, const char *places);
// Round trip to the member that the client uses; infinite if none.
double sim_used_ms(const struct sim *s, uint32_t client);
// Of all clients, or of the marked, those whose member lives and has answered them within two of
// their WHOIS.
double sim_served(const struct sim *s, bool marked);
double sim_under_100ms(const struct sim *s); // share of the clients
// PUSHes beyond the gate, and redirects undone, of this run: added to what f has of them.
void sim_judge(struct sim_figures *f, const struct sim *s);
