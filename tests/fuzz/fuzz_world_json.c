// SPDX-License-Identifier: BSD-3-Clause
// Worlds as text: configurations of three forms, and every form of a finished world. What is taken
// must be within the limits of the wire, and come back the same from our own JSON.
#include "root/tools/world_file.h"
#include "root/tools/world_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_world(const struct rl_world *w)
{
	uint8_t out[ZT_WORLD_MAX];
	struct world_plan again;
	json_t *json;
	char *text;

	// A plan may lack its ID, or an ID of a world may be 0, which our JSON does not write.
	if (w->root_count > ZT_WORLD_ROOTS_MAX || rl_world_write(w, out) == 0)
		abort();
	if (w->id == 0 || w->timestamp == 0)
		return;
	json = world_json(w, true, NULL);
	text = json_dumps(json, 0);
	if (world_plan_parse(&again, text, strlen(text), NULL, NULL, NULL) < 0)
		abort();
	for (unsigned i = 0; i < w->root_count; i++) {
		const struct rl_world_root *r = &w->root[i];

		if (r->endpoint_count > ZT_WORLD_ENDPOINTS_MAX ||
		    r->endpoint_count != again.world.root[i].endpoint_count ||
		    memcmp(r->endpoint, again.world.root[i].endpoint,
			   r->endpoint_count * sizeof(r->endpoint[0])) ||
		    !rl_identity_equal(&r->id, &again.world.root[i].id))
			abort();
	}
	if (again.world.id != w->id || again.world.timestamp != w->timestamp)
		abort();
	world_plan_clear(&again);
	free(text);
	json_decref(json);
}

// Nil endpoints and ports of 0 are legal in a binary world, not in a text.
static bool speakable(const struct rl_world *w)
{
	for (unsigned i = 0; i < w->root_count; i++)
		for (unsigned k = 0; k < w->root[i].endpoint_count; k++)
			if (!w->root[i].endpoint[k].family || !w->root[i].endpoint[k].port)
				return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + !size);
	enum world_format format;
	struct world_plan plan;
	struct rl_world w;
	struct say_why why = {""};

	memcpy(copy, data, size);
	if (world_plan_parse(&plan, copy, size, NULL, NULL, &why) == 0)
		check_world(&plan.world);
	else if (!why.text[0])
		abort(); // refused without a reason
	world_plan_clear(&plan);
	why.text[0] = '\0';
	if (world_decode(&w, &format, copy, size, &why) == 0) {
		if (speakable(&w))
			check_world(&w);
	} else if (!why.text[0]) {
		abort();
	}
	free(copy);
	return 0;
}
