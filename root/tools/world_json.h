// SPDX-License-Identifier: BSD-3-Clause
// Worlds as JSON: our own form (mkworld(1), "CONFIGURATION"), and two forms in the wild,
// ztmkworld's mkworld.config.json and idtool's moon.json. Reading gives a plan: a world whose ID,
// time stamp, keys or signature may still be missing. Names of keys, endpoints and identities are
// checked; identities are not validated (that takes milliseconds each). One thread.
#pragma once

#include "root/tools/keyfile.h"
#include "root/world.h"

#include <jansson.h>

enum world_form {
	WORLD_FORM_UNKNOWN, // it was no JSON object
	WORLD_FORM_OWN,
	WORLD_FORM_ZTMKWORLD,
	WORLD_FORM_IDTOOL,
};

struct world_plan {
	enum world_form form;
	struct rl_world world; // what was said; fields without has_ are zero
	bool has_id;
	bool has_timestamp;
	bool has_next_key;
	bool has_signature; // with has_next_key: a whole signed world, as `export --format json`
			    // writes
	bool has_pair;      // idtool: the signing pair is in the file itself
	bool interleave;
	struct keyfile_pair pair;
	char *keys;     // directory, key file or moon.json; or NULL
	char *previous; // two key files by name; both or neither
	char *current;
	char *output; // or NULL
	// Things worth telling that are no mistakes, one a line.
	char notes[1024];
};

// Reads the text of an identity that is given as "@FILE". 0 or -errno.
typedef int (*world_plan_reader)(void *ctx, const char *name, char *text, size_t room);

// text need not be closed by a zero. reader NULL: "@FILE" is refused. 0 or -EINVAL with why. Clear
// the plan in either case.
int world_plan_parse(struct world_plan *plan, const char *text, size_t len,
		     world_plan_reader reader, void *ctx, struct say_why *why);
// From a file ("-": standard input); file names in it are seen from its directory, and come out so
// that they can be opened from here. 0 or -errno with why.
int world_plan_load(struct world_plan *plan, const char *path, struct say_why *why);
void world_plan_clear(struct world_plan *plan); // wipes keys too

// "149604618", "0x8eac90a", "earth", "mars". 0 or -EINVAL.
int world_id_parse(uint64_t *id, const char *text);
// Decimal or 0x. Whole string, 1..UINT64_MAX. 0 or -EINVAL.
int world_number_parse(uint64_t *value, const char *text);

// Our own form. signed_too adds what a finished world has: timestamp, nextKey, signature. keys (or
// NULL) is written as the place of the signing keys. NULL without memory; json_decref() it.
json_t *world_json(const struct rl_world *w, bool signed_too, const char *keys);

// Between the files of world_json*.c only.
int world_json_own(struct world_plan *plan, json_t *root, world_plan_reader reader, void *ctx,
		   struct say_why *why);
int world_json_ztmkworld(struct world_plan *plan, json_t *root, struct say_why *why);
int world_json_idtool(struct world_plan *plan, json_t *root, struct say_why *why);
// Endpoints of a root from the config of a cluster's member. 0 or -EINVAL with why.
int world_json_cluster(struct rl_world_root *r, const char *name, world_plan_reader reader,
		       void *ctx, struct say_why *why);
void world_plan_note(struct world_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
// The string at key, or NULL with why. Never empty.
const char *world_json_string(json_t *object, const char *key, struct say_why *why);
// Exactly len bytes in hex, either case.
int world_json_hex(json_t *object, const char *key, uint8_t *out, size_t len, struct say_why *why);
// The next root of the plan, or NULL with why if it has four.
struct rl_world_root *world_plan_add_root(struct world_plan *plan, struct say_why *why);
int world_json_identity(struct rl_world_root *root, const char *text, struct say_why *why);
int world_json_endpoint(struct rl_world_root *root, const char *text, struct say_why *why);
// Notes (foreign forms) or refuses (ours) keys that are not in the NULL-ended list.
int world_json_known(struct world_plan *plan, json_t *object, const char *const known[],
		     const char *where, struct say_why *why);
