// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/sibling_config.h"

_Static_assert((int)RL_SIBLINGS_MAX == (int)CONFIG_SIBLINGS_MAX &&
		       (int)RL_SIBLING_FRONTS == (int)CONFIG_LIST_MAX,
	       "what the config may list has room in the core");

// A digit that is wrong would show as a sibling that never answers.
static bool read_one(struct sibling_config *s, const struct config_sibling *from,
		     const struct rl_identity *self, struct rl_scratch *scratch, FILE *err)
{
	struct rl_identity *id = &s->at[s->count].id;
	if (rl_identity_parse(id, NULL, from->identity) != 0 ||
	    !rl_identity_validate(scratch, id)) {
		fprintf(err,
			"siblings: \"%s\": its identity is damaged: its address does not follow "
			"from its key; copy identity.public of that root again\n",
			from->name);
		return false;
	}
	if (id->address == self->address) {
		fprintf(err,
			"siblings: \"%s\" has this root's own identity: members of one root belong "
			"into \"cluster\"\n",
			from->name);
		return false;
	}
	for (unsigned i = 0; i < from->fronts.count; i++)
		if (rl_inet_parse(&s->at[s->count].front[i], from->fronts.v[i]) != 0)
			return false;
	s->at[s->count++].fronts = from->fronts.count;
	return true;
}

bool sibling_config_read(struct sibling_config *s, const struct config *c,
			 const struct rl_identity *self, FILE *err)
{
	*s = (struct sibling_config){0};
	struct rl_scratch *scratch = rl_scratch_new();
	bool fine = scratch != NULL;
	if (!fine)
		fputs("siblings: no memory to check their identities\n", err);
	for (unsigned i = 0; fine && i < c->siblings.count; i++)
		fine = read_one(s, &c->siblings.v[i], self, scratch, err);
	rl_scratch_free(scratch);
	return fine;
}
