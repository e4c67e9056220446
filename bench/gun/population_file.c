// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/population_file.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = {'R', 'L', 'G', 'U', 'N', 'P', 'O', 'P'};

static size_t file_len(enum population_kind kind, uint32_t room)
{
	size_t pair = kind == POPULATION_INVENTED ? 0 : sizeof(struct population_pair);

	return sizeof(struct population_header) +
	       (size_t)room * (sizeof(struct population_node) + pair);
}

static void sum_of(const struct population_header *h, size_t len, uint8_t sum[static 32])
{
	crypto_generichash_state s;

	crypto_generichash_init(&s, NULL, 0, 32);
	crypto_generichash_update(&s, (const uint8_t *)h, sizeof(*h) - sizeof(h->sum));
	crypto_generichash_update(&s, (const uint8_t *)(h + 1), len - sizeof(*h));
	crypto_generichash_final(&s, sum, 32);
}

static int failed(struct say_why *why, const char *path, const char *doing)
{
	int error = errno ? errno : EIO;

	say_why(why, "%s: cannot %s: %s", path, doing, strerror(error));
	return -error;
}

static void fill_header(struct population_header *h, enum population_kind kind, uint64_t seed,
			const struct rl_identity *root, const struct sources *sources)
{
	struct rl_writer w = rl_writer(h->root, sizeof(h->root));

	memcpy(h->magic, magic, sizeof(magic));
	h->version = POPULATION_VERSION;
	h->header_len = sizeof(*h);
	h->kind = kind;
	h->node_len = sizeof(struct population_node);
	h->pair_len = kind == POPULATION_INVENTED ? 0 : sizeof(struct population_pair);
	h->seed = seed;
	rl_identity_put(&w, root);
	h->family = sources->family;
	h->prefix_len = sources->prefix_len;
	h->first_port = sources->first_port;
	memcpy(h->prefix, sources->prefix, sizeof(h->prefix));
}

int population_create(struct population_writer *w, const char *path, enum population_kind kind,
		      uint32_t room, uint64_t seed, const struct rl_identity *root,
		      const struct sources *sources, struct say_why *why)
{
	void *map;

	*w = (struct population_writer){.room = room, .len = file_len(kind, room), .fd = -1};
	w->path = strdup(path);
	if (!w->path || asprintf(&w->part, "%s.part", path) < 0) {
		w->part = NULL;
		return say_why(why, "no memory");
	}
	w->fd = open(w->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->fd < 0)
		return failed(why, w->part, "create");
	// All blocks now: a full disk is told here, not by a signal when the mapping is written.
	errno = posix_fallocate(w->fd, 0, (off_t)w->len);
	if (errno)
		return failed(why, w->part, "take the space");
	map = mmap(NULL, w->len, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
	if (map == MAP_FAILED)
		return failed(why, w->part, "map");
	w->header = map;
	w->node = (struct population_node *)(w->header + 1);
	if (kind != POPULATION_INVENTED)
		w->pair = (struct population_pair *)(w->node + room);
	fill_header(w->header, kind, seed, root, sources);
	return 0;
}

uint32_t population_claim(struct population_writer *w)
{
	uint32_t i = atomic_fetch_add(&w->next, 1);

	if (i < w->room)
		return i;
	atomic_store(&w->next, w->room);
	return POPULATION_NONE;
}

int population_finish(struct population_writer *w, uint32_t count, struct say_why *why)
{
	// An unfinished last record of a thread that was stopped is not part of the file.
	memset(w->node + count, 0, (w->room - count) * sizeof(*w->node));
	if (w->pair)
		memset(w->pair + count, 0, (w->room - count) * sizeof(*w->pair));
	w->header->count = count;
	w->header->room = w->room;
	w->header->file_len = w->len;
	sum_of(w->header, w->len, w->header->sum);
	if (msync(w->header, w->len, MS_SYNC) < 0 || fsync(w->fd) < 0)
		return failed(why, w->part, "write");
	if (rename(w->part, w->path) < 0)
		return failed(why, w->path, "replace");
	free(w->part);
	w->part = NULL;
	return 0;
}

void population_abandon(struct population_writer *w)
{
	if (w->header)
		munmap(w->header, w->len);
	if (w->fd >= 0)
		close(w->fd);
	if (w->part && w->fd >= 0)
		unlink(w->part);
	free(w->part);
	free(w->path);
	*w = (struct population_writer){.fd = -1};
}

// Everything a program may rely on afterwards.
static bool header_ok(const struct population_header *h, size_t len, struct population *p)
{
	struct rl_reader r = rl_reader(h->root, sizeof(h->root));

	if (h->header_len != sizeof(*h) || h->node_len != sizeof(struct population_node) ||
	    h->kind >= POPULATION_KINDS || h->count > h->room || h->room > POPULATION_MAX ||
	    h->count == 0)
		return false;
	if (h->file_len != len || len != file_len(h->kind, h->room))
		return false;
	p->kind = h->kind;
	p->count = h->count;
	p->seed = h->seed;
	rl_identity_get(&r, &p->root);
	p->sources = (struct sources){
		.family = h->family, .prefix_len = h->prefix_len, .first_port = h->first_port};
	memcpy(p->sources.prefix, h->prefix, sizeof(h->prefix));
	return !r.bad && sources_derive(&p->sources) && sources_room(&p->sources) >= p->count;
}

static int check(struct population *p, const char *path, struct say_why *why)
{
	const struct population_header *h = p->map;
	uint8_t sum[32];

	if (p->map_len < sizeof(*h) || memcmp(h->magic, magic, sizeof(magic)) != 0)
		return say_why(why, "%s is no population file", path);
	if (h->version != POPULATION_VERSION)
		return say_why(why,
			       "%s is a population file of version %u; this program reads %u: make "
			       "it again",
			       path, h->version, POPULATION_VERSION);
	sum_of(h, p->map_len, sum);
	if (sodium_memcmp(sum, h->sum, sizeof(sum)) != 0 || !header_ok(h, p->map_len, p))
		return say_why(why, "%s is damaged: make it again", path);
	p->node = (const struct population_node *)(h + 1);
	if (p->kind != POPULATION_INVENTED)
		p->pair = (const struct population_pair *)(p->node + h->room);
	return 0;
}

int population_open(struct population *p, const char *path, struct say_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map = MAP_FAILED;
	int ret;

	*p = (struct population){0};
	if (fd < 0 || fstat(fd, &st) < 0) {
		ret = failed(why, path, "read");
		goto close_file;
	}
	if (!S_ISREG(st.st_mode) || st.st_size == 0) {
		ret = say_why(why, "%s is no population file", path);
		goto close_file;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		ret = failed(why, path, "map");
		goto close_file;
	}
	p->map = map;
	p->map_len = (size_t)st.st_size;
	ret = check(p, path, why);

close_file:
	if (fd >= 0)
		close(fd);
	return ret;
}

void population_close(struct population *p)
{
	free(p->index);
	if (p->map)
		munmap((void *)(uintptr_t)p->map, p->map_len);
	*p = (struct population){0};
}
