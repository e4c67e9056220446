// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/directory_slots.h"

#define get(x) atomic_load_explicit(&(x), memory_order_relaxed)

enum {
	PASSED_SHIFT = 56,
	PASSED_MAX = 255, // and more: such a group is then always passed on from
};

static uint8_t tag_of(uint64_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 56);
	return tag ? tag : 1;
}

static unsigned passed(uint64_t word)
{
	return (unsigned)(word >> PASSED_SHIFT);
}

// The high bit of each byte of the first seven that equals `tag`. The borrow of the subtraction may
// mark a byte above a true one too: a candidate more, that its address then rules out.
static uint64_t tag_matches(uint64_t word, uint8_t tag)
{
	uint64_t ones = 0x0101010101010101, x = word ^ ones * tag;
	return (x - ones) & ~x & 0x0080808080808080;
}

void rl_directory_prefetch_entry(const struct rl_directory *d, uint64_t hash)
{
	RL_PREFETCHES_APART();
	uint64_t group = rl_directory_group(d, hash);
	uint64_t m = tag_matches(get(d->words[group]), tag_of(hash));
	for (; m != 0; m &= m - 1)
		__builtin_prefetch(rl_slot_entry(d, group, (unsigned)__builtin_ctzll(m) / 8));
}

// An entry is written before its tag is stored and emptied after its tag is cleared, and `passed`
// of the groups it has passed is raised before and lowered after that. Tags and counts are one
// word, stored with release and loaded with acquire. So whoever sees a tag sees its entry; an entry
// that is in the table during the whole call is never beyond a group that says nothing follows; and
// one whose place has been given to another address in the meantime is told by its address, which
// is read together with the rest.
bool rl_directory_find(const struct rl_directory *d, uint64_t address, uint64_t hash,
		       struct rl_location *out)
{
	uint64_t group = rl_directory_group(d, hash);
	uint8_t tag = tag_of(hash);
	for (uint64_t n = 0; n < d->groups; n++, group = rl_slot_next_group(d, group)) {
		uint64_t word = atomic_load_explicit(&d->words[group], memory_order_acquire);
		for (uint64_t m = tag_matches(word, tag); m != 0; m &= m - 1) {
			const struct rl_entry *e =
				rl_slot_entry(d, group, (unsigned)__builtin_ctzll(m) / 8);
			if (rl_entry_address(e) == address && rl_entry_read(e, out) &&
			    out->address == address)
				return true;
		}
		if (passed(word) == 0)
			return false;
	}
	return false;
}

bool rl_slot_find(const struct rl_directory *d, uint64_t address, uint64_t hash, struct rl_slot *s)
{
	s->group = rl_directory_group(d, hash);
	uint8_t tag = tag_of(hash);
	for (uint64_t n = 0; n < d->groups; n++, s->group = rl_slot_next_group(d, s->group)) {
		uint64_t word = get(d->words[s->group]);
		for (uint64_t m = tag_matches(word, tag); m != 0; m &= m - 1) {
			s->i = (unsigned)__builtin_ctzll(m) / 8;
			if (rl_entry_address(rl_slot_entry(d, s->group, s->i)) == address)
				return true;
		}
		if (passed(word) == 0)
			return false;
	}
	return false;
}

static void store_word(struct rl_directory *d, uint64_t group, uint64_t word)
{
	atomic_store_explicit(&d->words[group], word, memory_order_release);
}

static void tag_set(struct rl_directory *d, const struct rl_slot *s, uint8_t tag)
{
	uint64_t word = get(d->words[s->group]) & ~(UINT64_C(0xff) << 8 * s->i);
	store_word(d, s->group, word | (uint64_t)tag << 8 * s->i);
}

// One more, or one less, that belongs to `hash` lives in group `at`.
static void passed_add(struct rl_directory *d, uint64_t hash, uint64_t at, int by)
{
	for (uint64_t g = rl_directory_group(d, hash); g != at; g = rl_slot_next_group(d, g)) {
		uint64_t word = get(d->words[g]);
		// A count that has once reached its end knows no more how many they are.
		if (passed(word) == PASSED_MAX)
			continue;
		store_word(d, g,
			   by > 0 ? word + (UINT64_C(1) << PASSED_SHIFT)
				  : word - (UINT64_C(1) << PASSED_SHIFT));
	}
}

void rl_slot_store(struct rl_directory *d, struct rl_entry *e, const struct rl_location *old,
		   const struct rl_location *l, uint32_t seen_s)
{
	d->live[old->home] -= rl_location_live(old);
	d->live[l->home] += rl_location_live(l);
	rl_entry_write(e, l, seen_s);
}

void rl_slot_erase(struct rl_directory *d, const struct rl_slot *s)
{
	struct rl_entry *e = rl_slot_entry(d, s->group, s->i);
	struct rl_location old, none = {0};
	rl_slot_load(e, &old);
	uint64_t hash = rl_directory_hash(d, old.address);
	tag_set(d, s, 0);
	passed_add(d, hash, s->group, -1);
	rl_slot_store(d, e, &old, &none, 0);
	d->count--;
}

// The first empty place from where `hash` belongs. There is one: an eighth of all are empty.
static struct rl_slot free_slot(const struct rl_directory *d, uint64_t hash)
{
	struct rl_slot s = {.group = rl_directory_group(d, hash)};
	for (;; s.group = rl_slot_next_group(d, s.group)) {
		uint64_t word = get(d->words[s.group]);
		for (s.i = 0; s.i < RL_GROUP_ENTRIES; s.i++)
			if (rl_slot_empty(word, s.i))
				return s;
	}
}

void rl_slot_insert(struct rl_directory *d, const struct rl_location *l, uint64_t hash,
		    uint32_t seen_s)
{
	struct rl_slot s = free_slot(d, hash);
	struct rl_location none = {0};
	passed_add(d, hash, s.group, 1);
	rl_slot_store(d, rl_slot_entry(d, s.group, s.i), &none, l, seen_s);
	tag_set(d, &s, tag_of(hash));
	d->count++;
}

bool rl_slot_passed(const struct rl_directory *d, uint64_t group)
{
	return passed(get(d->words[group])) != 0;
}
