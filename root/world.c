// SPDX-License-Identifier: BSD-3-Clause
#include "root/world.h"

#include <errno.h>
#include <stdlib.h>

enum {
	FENCE_LEN = 8,
	FENCE_START = 0x7f,
	FENCE_END = 0xf7,
};

static bool type_ok(uint8_t type)
{
	return type == ZT_WORLD_PLANET || type == ZT_WORLD_MOON;
}

static bool endpoint_ok(const struct rl_inet *a)
{
	return a->family == 4 || a->family == 6;
}

static void root_get(struct rl_reader *r, struct rl_world_root *root)
{
	rl_identity_get(r, &root->id);
	root->endpoint_count = rl_get8(r);
	if (root->endpoint_count > ZT_WORLD_ENDPOINTS_MAX) {
		root->endpoint_count = 0;
		r->bad = true;
	}
	for (unsigned i = 0; i < root->endpoint_count && !r->bad; i++) {
		root->endpoint[i] = rl_inet_get(r);
		if (!endpoint_ok(&root->endpoint[i]))
			r->bad = true;
	}
}

static void copy_field(struct rl_reader *r, uint8_t *out, size_t len)
{
	const uint8_t *p = rl_get(r, len);

	if (p)
		memcpy(out, p, len);
}

void rl_world_get(struct rl_reader *r, struct rl_world *w)
{
	memset(w, 0, sizeof(*w));
	w->type = rl_get8(r);
	if (!type_ok(w->type))
		r->bad = true;
	w->id = rl_get64(r);
	w->timestamp = rl_get64(r);
	copy_field(r, w->next_key, sizeof(w->next_key));
	copy_field(r, w->signature, sizeof(w->signature));
	w->root_count = rl_get8(r);
	if (w->root_count > ZT_WORLD_ROOTS_MAX) {
		w->root_count = 0;
		r->bad = true;
	}
	for (unsigned i = 0; i < w->root_count && !r->bad; i++)
		root_get(r, &w->root[i]);
	if (w->type == ZT_WORLD_MOON)
		rl_get(r, rl_get16(r)); // dictionary
}

int rl_world_parse(struct rl_world *w, const void *data, size_t len)
{
	struct rl_reader r = rl_reader(data, len);

	rl_world_get(&r, w);
	return r.bad || rl_reader_left(&r) ? -EINVAL : 0;
}

static bool limits_ok(const struct rl_world *w)
{
	if (!type_ok(w->type) || w->root_count > ZT_WORLD_ROOTS_MAX)
		return false;
	for (unsigned i = 0; i < w->root_count; i++) {
		const struct rl_world_root *root = &w->root[i];

		if (root->endpoint_count > ZT_WORLD_ENDPOINTS_MAX ||
		    !rl_address_ok(root->id.address))
			return false;
		for (unsigned j = 0; j < root->endpoint_count; j++) {
			if (!endpoint_ok(&root->endpoint[j]))
				return false;
		}
	}
	return true;
}

static void put(struct rl_writer *out, const struct rl_world *w, bool with_signature)
{
	rl_put8(out, w->type);
	rl_put64(out, w->id);
	rl_put64(out, w->timestamp);
	rl_put_bytes(out, w->next_key, sizeof(w->next_key));
	if (with_signature)
		rl_put_bytes(out, w->signature, sizeof(w->signature));
	rl_put8(out, w->root_count);
	for (unsigned i = 0; i < w->root_count; i++) {
		const struct rl_world_root *root = &w->root[i];

		rl_identity_put(out, &root->id);
		rl_put8(out, root->endpoint_count);
		for (unsigned j = 0; j < root->endpoint_count; j++)
			rl_inet_put(out, &root->endpoint[j]);
	}
	// An empty dictionary: the one form of it that signatures know.
	if (w->type == ZT_WORLD_MOON)
		rl_put16(out, 0);
}

static void put_fence(struct rl_writer *out, uint8_t fence)
{
	uint8_t *p = rl_put(out, FENCE_LEN);

	if (p)
		memset(p, fence, FENCE_LEN);
}

size_t rl_world_write(const struct rl_world *w, uint8_t out[static ZT_WORLD_MAX])
{
	struct rl_writer writer = rl_writer(out, ZT_WORLD_MAX);

	if (!limits_ok(w))
		return 0;
	put(&writer, w, true);
	return writer.bad ? 0 : rl_writer_len(&writer);
}

size_t rl_world_signed_bytes(const struct rl_world *w, uint8_t out[static ZT_WORLD_MAX + 16])
{
	struct rl_writer writer = rl_writer(out, ZT_WORLD_MAX + 2 * FENCE_LEN);

	if (!limits_ok(w))
		return 0;
	put_fence(&writer, FENCE_START);
	put(&writer, w, false);
	put_fence(&writer, FENCE_END);
	return writer.bad ? 0 : rl_writer_len(&writer);
}

int rl_world_sign(struct rl_world *w, const uint8_t private_blob[static ZT_PRIVATE_LEN])
{
	uint8_t bytes[ZT_WORLD_MAX + 2 * FENCE_LEN];
	size_t len = rl_world_signed_bytes(w, bytes);

	return len ? rl_sign(private_blob, bytes, len, w->signature) : -EINVAL;
}

bool rl_world_verify(const struct rl_world *w, const uint8_t public_blob[static ZT_PUBLIC_LEN])
{
	uint8_t bytes[ZT_WORLD_MAX + 2 * FENCE_LEN];
	size_t len = rl_world_signed_bytes(w, bytes);

	return len && rl_verify(public_blob, bytes, len, w->signature, sizeof(w->signature));
}

enum rl_world_verdict rl_world_replaces(const struct rl_world *old, const struct rl_world *new)
{
	if (!old || old->id == 0 || old->type == 0)
		return RL_WORLD_TAKEN_FIRST;
	if (old->type != new->type)
		return RL_WORLD_OTHER_TYPE;
	if (old->id != new->id)
		return RL_WORLD_OTHER_ID;
	if (old->timestamp >= new->timestamp)
		return RL_WORLD_NOT_NEWER;
	return rl_world_verify(new, old->next_key) ? RL_WORLD_TAKEN : RL_WORLD_BAD_SIGNATURE;
}

const char *rl_world_verdict_text(enum rl_world_verdict v)
{
	switch (v) {
	case RL_WORLD_TAKEN:
		return "taken: newer, and signed by the key of the one held";
	case RL_WORLD_TAKEN_FIRST:
		return "taken unchecked: none held yet";
	case RL_WORLD_OTHER_TYPE:
		return "refused: of another type (planet, moon) than the one held";
	case RL_WORLD_OTHER_ID:
		return "refused: another world ID than the one held";
	case RL_WORLD_NOT_NEWER:
		return "refused: its timestamp is not later than that of the one held";
	case RL_WORLD_BAD_SIGNATURE:
		return "refused: not signed by the key named in the one held";
	}
	return "?";
}

static int sign_of(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

// The words as genmoon sees them: network order bytes in a little-endian register.
static int endpoint_compare(const void *va, const void *vb)
{
	const struct rl_inet *a = va;
	const struct rl_inet *b = vb;

	if (a->family != b->family)
		return sign_of(a->family, b->family);
	if (a->port != b->port)
		return sign_of(__builtin_bswap16(a->port), __builtin_bswap16(b->port));
	if (a->family == 4)
		return sign_of(__builtin_bswap32(rl_load32(a->ip)),
			       __builtin_bswap32(rl_load32(b->ip)));
	return memcmp(a->ip, b->ip, sizeof(a->ip));
}

static int root_compare(const void *va, const void *vb)
{
	const struct rl_world_root *a = va;
	const struct rl_world_root *b = vb;

	return rl_identity_compare(&a->id, &b->id);
}

void rl_world_sort(struct rl_world *w)
{
	for (unsigned i = 0; i < w->root_count; i++)
		qsort(w->root[i].endpoint, w->root[i].endpoint_count,
		      sizeof(w->root[i].endpoint[0]), endpoint_compare);
	qsort(w->root, w->root_count, sizeof(w->root[0]), root_compare);
}
