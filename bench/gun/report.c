// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/report.h"

#include <math.h>

static const double shares[] = {0.5, 0.9, 0.99, 0.999};
static const char *const share_names[] = {"p50", "p90", "p99", "p999"};

enum { SHARES = sizeof(shares) / sizeof(shares[0]) };

const char *report_short(double v, char *buf)
{
	if (v >= 9999500)
		snprintf(buf, 16, "%.2fM", v / 1e6);
	else if (v >= 9999.5)
		snprintf(buf, 16, "%.1fk", v / 1e3);
	else
		snprintf(buf, 16, "%.0f", v);
	return buf;
}

static void print_times(FILE *f, const struct histogram *h)
{
	for (unsigned i = 0; i < SHARES; i++)
		fprintf(f, " %8.3f", (double)histogram_at(h, shares[i]) / 1e6);
	fprintf(f, " %8.3f", (double)h->most / 1e6);
}

static const char times_head[] = "   p50 ms      p90      p99    p99.9      max";

// Not rounded up: what is not whole must not look whole.
static double percent(double ratio)
{
	return floor(ratio * 1e5) / 1e3;
}

static void print_tally(FILE *f, const char *name, const struct tally *t)
{
	fprintf(f, "%-24s %12lu", name, t->sent);
	if (t->expected) {
		fprintf(f, " %12lu %8.3f%%", t->answered, percent(replay_ratio(t)));
		print_times(f, &t->latency);
	}
	fputc('\n', f);
}

void report_replay(FILE *f, const struct engine *e, const struct replay_result *r)
{
	char buf[2][16];

	if (r->offered > 0)
		fprintf(f, "offered %s/s, ", report_short(r->offered, buf[0]));
	else
		fprintf(f, "flat out, ");
	fprintf(f, "sent %lu packets in %.2f s: %s/s\n\n", r->total.sent, r->seconds,
		report_short(r->sent_rate, buf[1]));
	fprintf(f, "%-24s %12s %12s %9s%s\n", "sent", "packets", "answered", "ratio", times_head);
	for (unsigned k = 0; k < CLASS_COUNT; k++) {
		const struct tally *t = ledger_tally(e->ledger, k);

		if (t->sent)
			print_tally(f, class_text(k), t);
	}
	print_tally(f, "all", &r->total);
}

void report_heard(FILE *f, const struct engine *e)
{
	fprintf(f, "\n%-44s %12s\n", "heard", "packets");
	for (unsigned h = 0; h < HEARD_COUNT; h++) {
		if (e->heard[h])
			fprintf(f, "%-44s %12lu\n", heard_text(h), e->heard[h]);
	}
}

void report_doubts(FILE *f, const struct engine *e, const struct replay_result *r)
{
	if (r->rx_lost)
		fprintf(f,
			"doubtful: %lu frames came faster than they were read; they count as "
			"not answered\n",
			r->rx_lost);
	if (replay_too_slow(r))
		fprintf(f, "doubtful: this machine could not send as fast as asked\n");
	if (r->tx_stalls)
		fprintf(f, "doubtful: %lu times the device took no more frames; some may be lost\n",
			r->tx_stalls);
	if (r->forgotten)
		fprintf(f, "doubtful: %lu packets were in flight too many to wait for\n",
			r->forgotten);
	if (r->strays)
		fprintf(f, "%lu answers came late, twice, or in several packets\n", r->strays);
	if (e->heard[HEARD_IP_FRAGMENT])
		fprintf(f,
			"doubtful: %lu pieces of IP datagrams came; answers in pieces count as not "
			"answered\n",
			e->heard[HEARD_IP_FRAGMENT]);
	if (e->not_sent)
		fprintf(f,
			"%lu packets were not sent: their source is of another IP version than "
			"the root\n",
			e->not_sent);
}

void report_sweep(FILE *f, const struct sweep *s, double threshold)
{
	char buf[16];

	fprintf(f, "%12s %12s %12s %12s %9s%s\n", "offered/s", "sent/s", "expected", "answered",
		"ratio", times_head);
	for (unsigned i = 0; i < s->count; i++) {
		const struct replay_result *r = &s->step[i];

		fprintf(f, "%12.0f %12.0f %12lu %12lu %8.3f%%", r->offered, r->sent_rate,
			r->total.expected, r->total.answered, percent(replay_ratio(&r->total)));
		print_times(f, &r->total.latency);
		fprintf(f, "%s\n", replay_too_slow(r) ? "  generator too slow" : "");
	}
	if (s->best > 0)
		fprintf(f, "\nhighest rate with %g %% answered: %s packets/s%s\n", threshold * 100,
			report_short(s->best, buf),
			s->limited ? " (as fast as this machine sends)" : "");
	else
		fprintf(f, "\nno rate had %g %% answered\n", threshold * 100);
}

void report_joining(void *ctx, uint32_t online, double seconds)
{
	(void)ctx;
	fprintf(stderr, "%4.0f s  %u online\n", seconds, online);
}

void report_join(FILE *f, const struct join_result *r)
{
	fprintf(f,
		"%u of %u nodes online in %.2f s, %u have proven their address, %lu HELLO sent\n",
		r->online, r->nodes, r->seconds, r->proven, r->hellos);
	if (!r->latency.count)
		return;
	fprintf(f, "%-24s%s\n%-24s", "first HELLO to OK", times_head, "");
	print_times(f, &r->latency);
	fputc('\n', f);
}

static double at_once(const struct errand_tally *t)
{
	return t->begun ? (double)t->at_once / (double)t->begun : 1;
}

void report_devices(FILE *f, const struct devices_result *r)
{
	fprintf(f, "%u of %u devices served\n\n%-10s %10s %10s %10s %9s %9s%s\n", r->served,
		r->nodes, "errand", "begun", "answered", "repeats", "at once", "per s", times_head);
	for (unsigned k = 0; k < ERRAND_COUNT; k++) {
		const struct errand_tally *t = &r->errand[k];

		fprintf(f, "%-10s %10lu %10lu %10lu %8.3f%% %9.0f", errand_text(k), t->begun,
			t->answered, t->repeats, percent(at_once(t)),
			r->seconds > 0 ? (double)t->begun / r->seconds : 0);
		print_times(f, &t->latency);
		fputc('\n', f);
	}
	if (r->rx_lost || r->tx_stalls)
		fprintf(f,
			"doubtful: %lu frames came faster than they were read, %lu times the "
			"device "
			"took no more\n",
			r->rx_lost, r->tx_stalls);
}

static json_t *times_json(const struct histogram *h)
{
	json_t *o = json_object();

	json_object_set_new(o, "count", json_integer((json_int_t)h->count));
	json_object_set_new(o, "mean_ns", json_real(histogram_mean(h)));
	for (unsigned i = 0; i < SHARES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%s_ns", share_names[i]);
		json_object_set_new(o, name, json_integer((json_int_t)histogram_at(h, shares[i])));
	}
	json_object_set_new(o, "max_ns", json_integer((json_int_t)h->most));
	return o;
}

static json_t *tally_json(const struct tally *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "sent", json_integer((json_int_t)t->sent));
	json_object_set_new(o, "expected", json_integer((json_int_t)t->expected));
	json_object_set_new(o, "answered", json_integer((json_int_t)t->answered));
	json_object_set_new(o, "ratio", t->expected ? json_real(replay_ratio(t)) : json_null());
	json_object_set_new(o, "latency", times_json(&t->latency));
	return o;
}

static json_t *result_json(const struct replay_result *r)
{
	json_t *o = tally_json(&r->total);

	json_object_set_new(o, "offered_per_s",
			    r->offered > 0 ? json_real(r->offered) : json_null());
	json_object_set_new(o, "sent_per_s", json_real(r->sent_rate));
	json_object_set_new(o, "seconds", json_real(r->seconds));
	json_object_set_new(o, "generator_too_slow", json_boolean(replay_too_slow(r)));
	json_object_set_new(o, "lost_by_generator", json_integer((json_int_t)r->rx_lost));
	json_object_set_new(o, "device_full", json_integer((json_int_t)r->tx_stalls));
	json_object_set_new(o, "strays", json_integer((json_int_t)r->strays));
	return o;
}

json_t *report_heard_json(const struct engine *e)
{
	json_t *o = json_object();

	for (unsigned h = 0; h < HEARD_COUNT; h++)
		json_object_set_new(o, heard_text(h), json_integer((json_int_t)e->heard[h]));
	return o;
}

json_t *report_replay_json(const struct engine *e, const struct replay_result *r)
{
	json_t *o = result_json(r), *classes = json_object();

	for (unsigned k = 0; k < CLASS_COUNT; k++) {
		const struct tally *t = ledger_tally(e->ledger, k);

		if (t->sent)
			json_object_set_new(classes, class_text(k), tally_json(t));
	}
	json_object_set_new(o, "by_verb", classes);
	return o;
}

json_t *report_sweep_json(const struct sweep *s, double threshold)
{
	json_t *o = json_object(), *steps = json_array();

	for (unsigned i = 0; i < s->count; i++)
		json_array_append_new(steps, result_json(&s->step[i]));
	json_object_set_new(o, "steps", steps);
	json_object_set_new(o, "threshold", json_real(threshold));
	json_object_set_new(o, "highest_per_s", s->best > 0 ? json_real(s->best) : json_null());
	json_object_set_new(o, "limited_by_generator", json_boolean(s->limited));
	return o;
}

json_t *report_devices_json(const struct devices_result *r)
{
	json_t *o = json_object(), *errands = json_object();

	json_object_set_new(o, "nodes", json_integer(r->nodes));
	json_object_set_new(o, "served", json_integer(r->served));
	json_object_set_new(o, "seconds", json_real(r->seconds));
	json_object_set_new(o, "lost_by_generator", json_integer((json_int_t)r->rx_lost));
	json_object_set_new(o, "device_full", json_integer((json_int_t)r->tx_stalls));
	for (unsigned k = 0; k < ERRAND_COUNT; k++) {
		const struct errand_tally *t = &r->errand[k];
		json_t *e = json_object();

		json_object_set_new(e, "begun", json_integer((json_int_t)t->begun));
		json_object_set_new(e, "answered", json_integer((json_int_t)t->answered));
		json_object_set_new(e, "repeats", json_integer((json_int_t)t->repeats));
		json_object_set_new(e, "at_once", json_real(at_once(t)));
		json_object_set_new(e, "latency", times_json(&t->latency));
		json_object_set_new(errands, errand_text(k), e);
	}
	json_object_set_new(o, "errands", errands);
	return o;
}

json_t *report_join_json(const struct join_result *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "nodes", json_integer(r->nodes));
	json_object_set_new(o, "online", json_integer(r->online));
	json_object_set_new(o, "proven", json_integer(r->proven));
	json_object_set_new(o, "hellos", json_integer((json_int_t)r->hellos));
	json_object_set_new(o, "seconds", json_real(r->seconds));
	json_object_set_new(o, "latency", times_json(&r->latency));
	return o;
}
