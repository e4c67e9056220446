// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/record.h"

#include "cluster/record_parts.h"

static const char *const names[RL_BATCH_KINDS_END] = {
#define X(name, text, type, help) [RL_BATCH_##name] = text,
	RL_BATCH_KINDS(X)
#undef X
};

const char *rl_batch_kind_name(uint8_t kind)
{
	return kind < RL_BATCH_KINDS_END && names[kind] ? names[kind] : "?";
}

uint64_t rl_record_address(struct rl_reader *r)
{
	uint64_t address = rl_get40(r);
	if (!rl_address_ok(address))
		r->bad = true;
	return address;
}

void rl_record_put_blob(struct rl_writer *w, const struct rl_record_context *c,
			const union rl_record *in)
{
	(void)c;
	if (in->blob.len == 0 || in->blob.len > RL_BLOB_MAX)
		w->bad = true;
	rl_put8(w, in->blob.len);
	rl_put_bytes(w, in->blob.bytes, in->blob.len);
}

void rl_record_get_blob(struct rl_reader *r, const struct rl_record_context *c,
			union rl_record *out)
{
	(void)c;
	out->blob.len = rl_get8(r);
	if (out->blob.len == 0 || out->blob.len > RL_BLOB_MAX)
		r->bad = true;
	out->blob.bytes = rl_get(r, out->blob.len);
}

void rl_record_put_range(struct rl_writer *w, const struct rl_record_context *c,
			 const union rl_record *in)
{
	(void)c;
	rl_put64(w, in->range.from);
	rl_put64(w, in->range.to);
}

void rl_record_get_range(struct rl_reader *r, const struct rl_record_context *c,
			 union rl_record *out)
{
	(void)c;
	out->range.from = rl_get64(r);
	out->range.to = rl_get64(r);
	if (out->range.from == 0 || out->range.to < out->range.from)
		r->bad = true;
}

void rl_record_put_shards(struct rl_writer *w, const struct rl_record_context *c,
			  const union rl_record *in)
{
	(void)c;
	rl_put_bytes(w, in->shards.bits, sizeof(in->shards.bits));
}

void rl_record_get_shards(struct rl_reader *r, const struct rl_record_context *c,
			  union rl_record *out)
{
	(void)c;
	const uint8_t *bits = rl_get(r, sizeof(out->shards.bits));
	if (bits)
		memcpy(out->shards.bits, bits, sizeof(out->shards.bits));
}

void rl_record_put_wanted(struct rl_writer *w, const struct rl_record_context *c,
			  const union rl_record *in)
{
	(void)c;
	rl_put40(w, in->address);
}

void rl_record_get_wanted(struct rl_reader *r, const struct rl_record_context *c,
			  union rl_record *out)
{
	(void)c;
	out->address = rl_record_address(r);
}

void rl_record_put_identity(struct rl_writer *w, const struct rl_record_context *c,
			    const union rl_record *in)
{
	(void)c;
	rl_put40(w, in->identity.address);
	rl_put_bytes(w, in->identity.public_key, ZT_PUBLIC_LEN);
}

void rl_record_get_identity(struct rl_reader *r, const struct rl_record_context *c,
			    union rl_record *out)
{
	(void)c;
	out->identity.address = rl_record_address(r);
	const uint8_t *key = rl_get(r, ZT_PUBLIC_LEN);
	if (key)
		memcpy(out->identity.public_key, key, ZT_PUBLIC_LEN);
}

void rl_record_put_introduction(struct rl_writer *w, const struct rl_record_context *c,
				const union rl_record *in)
{
	(void)c;
	rl_put40(w, in->introduction.client);
	rl_put40(w, in->introduction.other);
	rl_inet_put(w, &in->introduction.v4);
	rl_inet_put(w, &in->introduction.v6);
}

// Nil or of that family, with a port.
static struct rl_inet get_inet(struct rl_reader *r, uint8_t family)
{
	const uint8_t *at = r->at;
	struct rl_inet a = rl_inet_get(r);
	if (a.family == 0 ? !r->bad && *at != 0 : a.family != family || a.port == 0)
		r->bad = true;
	return a;
}

void rl_record_get_introduction(struct rl_reader *r, const struct rl_record_context *c,
				union rl_record *out)
{
	(void)c;
	struct rl_introduction *i = &out->introduction;
	i->client = rl_record_address(r);
	i->other = rl_record_address(r);
	i->v4 = get_inet(r, 4);
	i->v6 = get_inet(r, 6);
	if (i->client == i->other || (i->v4.family == 0 && i->v6.family == 0))
		r->bad = true;
}

void rl_record_put_notice(struct rl_writer *w, const struct rl_record_context *c,
			  const union rl_record *in)
{
	(void)c;
	rl_put40(w, in->notice.address);
	rl_put8(w, in->notice.what);
	rl_put8(w, in->notice.member);
}

void rl_record_get_notice(struct rl_reader *r, const struct rl_record_context *c,
			  union rl_record *out)
{
	(void)c;
	out->notice.address = rl_record_address(r);
	out->notice.what = rl_get8(r);
	out->notice.member = rl_get8(r);
	if (out->notice.what == 0 || out->notice.what >= RL_NOTICE_END || out->notice.member == 0)
		r->bad = true;
}

static const struct {
	void (*put)(struct rl_writer *w, const struct rl_record_context *c,
		    const union rl_record *in);
	void (*get)(struct rl_reader *r, const struct rl_record_context *c, union rl_record *out);
} rows[RL_BATCH_KINDS_END] = {
#define X(name, text, type, help) [RL_BATCH_##name] = {rl_record_put_##type, rl_record_get_##type},
	RL_BATCH_KINDS(X)
#undef X
};

void rl_record_put(struct rl_writer *w, const struct rl_record_context *c,
		   const union rl_record *in)
{
	if (c->kind >= RL_BATCH_KINDS_END || !rows[c->kind].put)
		w->bad = true;
	else
		rows[c->kind].put(w, c, in);
}

void rl_record_get(struct rl_reader *r, const struct rl_record_context *c, union rl_record *out)
{
	if (c->kind >= RL_BATCH_KINDS_END || !rows[c->kind].get)
		r->bad = true;
	else
		rows[c->kind].get(r, c, out);
}
