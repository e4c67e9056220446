// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/world_check.h"
#include "root/tools/keyfile.h"
#include "root/tools/world_edit.h"
#include "root/tools/world_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS        86400000ULL
#define SECONDS_UNTIL 100000000000ULL // as milliseconds 1973, as seconds far in the future

struct listener {
	world_complaint complain;
	void *ctx;
};

static void warn(const struct listener *to, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void warn(const struct listener *to, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	to->complain(to->ctx, text);
}

int world_refuse(const struct rl_world *w, struct say_why *why)
{
	struct rl_scratch *scratch;
	int ret = 0;

	if (w->root_count == 0)
		return say_why(why, "there is no root in it: clients would have nobody to ask");
	scratch = rl_scratch_new();
	if (!scratch)
		return -ENOMEM;
	for (unsigned i = 0; i < w->root_count && ret == 0; i++)
		if (!rl_identity_validate(scratch, &w->root[i].id))
			ret = say_why(why,
				      "the identity of root %010" PRIx64
				      " is not valid: its address does "
				      "not follow from its key. Copy identity.public of that "
				      "machine again",
				      w->root[i].id.address);
	rl_scratch_free(scratch);
	return ret;
}

static const char *scope_trouble(const struct rl_inet *a)
{
	switch (rl_inet_scope(a)) {
	case RL_SCOPE_NONE:
	case RL_SCOPE_MULTICAST:
	case RL_SCOPE_LOOPBACK:
	case RL_SCOPE_LINK_LOCAL:
		return "clients never use such an address";
	case RL_SCOPE_PRIVATE:
	case RL_SCOPE_SHARED:
		return "a private address, reached from the same network only";
	case RL_SCOPE_PSEUDO_PRIVATE:
	case RL_SCOPE_GLOBAL:
		break;
	}
	return NULL;
}

static bool used_before(const struct rl_world *w, unsigned root, unsigned endpoint)
{
	const struct rl_inet *a = &w->root[root].endpoint[endpoint];

	for (unsigned i = 0; i <= root; i++) {
		unsigned n = i == root ? endpoint : w->root[i].endpoint_count;

		for (unsigned k = 0; k < n; k++)
			if (rl_inet_equal(&w->root[i].endpoint[k], a))
				return true;
	}
	return false;
}

static void warn_root(const struct listener *to, const struct rl_world *w, unsigned i)
{
	const struct rl_world_root *r = &w->root[i];
	char text[RL_INET_TEXT];

	if (r->endpoint_count == 0)
		warn(to, "root %010" PRIx64 " has no endpoint: clients cannot find it",
		     r->id.address);
	for (unsigned k = 0; k < r->endpoint_count; k++) {
		const char *trouble = scope_trouble(&r->endpoint[k]);

		if (trouble)
			warn(to, "endpoint %s: %s", rl_inet_text(&r->endpoint[k], text), trouble);
		if (used_before(w, i, k))
			warn(to, "endpoint %s is listed twice",
			     rl_inet_text(&r->endpoint[k], text));
	}
	if (world_in_blocks(r))
		warn(to,
		     "root %010" PRIx64
		     ": the endpoints come in blocks of one family, which sends most "
		     "newcomers to the first of each; --interleave spreads them",
		     r->id.address);
	for (unsigned k = 0; k < i; k++)
		if (w->root[k].id.address == r->id.address)
			warn(to, "root %010" PRIx64 " is listed twice", r->id.address);
}

// Two addresses of one family are members of a cluster, or at least two ways to one machine.
static bool at_one_place(const struct rl_world_root *r)
{
	for (unsigned i = 0; i < r->endpoint_count; i++)
		for (unsigned k = 0; k < i; k++)
			if (r->endpoint[i].family == r->endpoint[k].family &&
			    !rl_inet_same_ip(&r->endpoint[i], &r->endpoint[k]))
				return false;
	return true;
}

void world_warn(const struct rl_world *w, uint64_t now_ms, world_complaint complain, void *ctx)
{
	struct listener to = {complain, ctx};

	if (w->root_count == 1 && w->type == ZT_WORLD_PLANET && at_one_place(&w->root[0]))
		warn(&to, "a single root: while it is away, clients find nobody");
	for (unsigned i = 0; i < w->root_count; i++)
		warn_root(&to, w, i);
	if (w->timestamp < SECONDS_UNTIL)
		warn(&to,
		     "time stamp %" PRIu64
		     " is in 1970-1973: were seconds meant? It counts milliseconds",
		     w->timestamp);
	else if (w->timestamp > now_ms + DAY_MS)
		warn(&to,
		     "time stamp %" PRIu64
		     " lies in the future: each later revision must be above it",
		     w->timestamp);
}

static bool shares_endpoint(const struct rl_world *w, const struct rl_world *old)
{
	for (unsigned i = 0; i < old->root_count; i++)
		for (unsigned k = 0; k < old->root[i].endpoint_count; k++)
			for (unsigned n = 0; n < w->root_count; n++)
				for (unsigned m = 0; m < w->root[n].endpoint_count; m++)
					if (rl_inet_equal(&w->root[n].endpoint[m],
							  &old->root[i].endpoint[k]) &&
					    w->root[n].id.address == old->root[i].id.address)
						return true;
	return false;
}

void world_warn_against(const struct rl_world *w, const struct rl_world *old,
			world_complaint complain, void *ctx)
{
	struct listener to = {complain, ctx};
	enum rl_world_verdict verdict = rl_world_replaces(old, w);
	char text[400];

	if (verdict != RL_WORLD_TAKEN) {
		warn(&to, "clients that hold the old one will not take this: %s",
		     world_explain(w, old, verdict, text));
		return;
	}
	if (!shares_endpoint(w, old))
		warn(&to, "no endpoint of the old revision is left: clients learn of the new one "
			  "from an old "
			  "endpoint only, so keep a root answering there until all have it");
}

const char *world_explain(const struct rl_world *w, const struct rl_world *old,
			  enum rl_world_verdict verdict, char text[static 400])
{
	char key[9] = "";

	if (old)
		keyfile_name(old->next_key, key);
	switch (verdict) {
	case RL_WORLD_TAKEN:
		snprintf(text, 400,
			 "same ID, newer (%" PRIu64 " after %" PRIu64 "), signed by the key that "
			 "the old one names (%s)",
			 w->timestamp, old->timestamp, key);
		break;
	case RL_WORLD_TAKEN_FIRST:
		snprintf(text, 400, "nothing is held yet, so it is taken unchecked");
		break;
	case RL_WORLD_OTHER_TYPE:
		snprintf(text, 400, "one is a planet and the other a moon");
		break;
	case RL_WORLD_OTHER_ID:
		snprintf(text, 400,
			 "the ID changed from %" PRIu64 " to %" PRIu64 "; it must stay, else every "
			 "client needs the file by hand",
			 old->id, w->id);
		break;
	case RL_WORLD_NOT_NEWER:
		snprintf(text, 400, "its time stamp %" PRIu64 " is not newer than %" PRIu64,
			 w->timestamp, old->timestamp);
		break;
	case RL_WORLD_BAD_SIGNATURE:
		snprintf(
			text, 400,
			"it is not signed by the key that the old one names (%s...); sign with the "
			"key file whose public half begins so",
			key);
		break;
	default:
		snprintf(text, 400, "%s", rl_world_verdict_text(verdict));
	}
	return text;
}

void world_complain_stderr(void *ctx, const char *text)
{
	(void)ctx;
	say_warning("%s", text);
}
