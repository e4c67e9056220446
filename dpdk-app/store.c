// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/store.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	QUEUE = 16384,
	KEY_LEN = ZT_ADDRESS_LEN,
	VALUE_LEN = ZT_PUBLIC_LEN + 8 + 8,
	BATCH_MS = 500, // a newcomer is on disk this soon
};

// Address space only; the file grows as it is filled: 100 million identities fit.
static const size_t map_size = (size_t)16 << 30;

struct store {
	MDB_env *env;
	MDB_dbi dbi;
	pthread_t thread;
	pthread_mutex_t lock; // of all below
	pthread_cond_t wake;
	bool stop;
	uint64_t expire_before_ms;
	unsigned count;
	struct store_record *queue; // QUEUE
	struct store_record *batch; // QUEUE; the thread's own
	struct store_stats stats;
};

static void record_write(const struct store_record *r, uint8_t key[KEY_LEN],
			 uint8_t value[VALUE_LEN])
{
	struct rl_writer w = rl_writer(value, VALUE_LEN);
	rl_store40(key, r->id.address);
	rl_put_bytes(&w, r->id.public_key, ZT_PUBLIC_LEN);
	rl_put64(&w, r->first_ms);
	rl_put64(&w, r->heard_ms);
}

static bool record_read(const MDB_val *key, const MDB_val *value, struct store_record *r)
{
	if (key->mv_size != KEY_LEN || value->mv_size != VALUE_LEN)
		return false;
	struct rl_reader in = rl_reader(value->mv_data, value->mv_size);
	r->id.address = rl_load40(key->mv_data);
	memcpy(r->id.public_key, rl_get(&in, ZT_PUBLIC_LEN), ZT_PUBLIC_LEN);
	r->first_ms = rl_get64(&in);
	r->heard_ms = rl_get64(&in);
	return true;
}

static int write_batch(struct store *s, unsigned n)
{
	MDB_txn *txn;
	int ret = mdb_txn_begin(s->env, NULL, 0, &txn);
	for (unsigned i = 0; ret == 0 && i < n; i++) {
		uint8_t key[KEY_LEN], value[VALUE_LEN];
		record_write(&s->batch[i], key, value);
		ret = mdb_put(txn, s->dbi, &(MDB_val){KEY_LEN, key}, &(MDB_val){VALUE_LEN, value},
			      0);
		if (ret != 0)
			mdb_txn_abort(txn);
	}
	return ret == 0 ? mdb_txn_commit(txn) : ret;
}

static uint64_t remove_old(struct store *s, uint64_t before_ms)
{
	MDB_txn *txn;
	MDB_cursor *at;
	MDB_val key, value;
	uint64_t removed = 0;
	if (mdb_txn_begin(s->env, NULL, 0, &txn) != 0)
		return 0;
	if (mdb_cursor_open(txn, s->dbi, &at) != 0) {
		mdb_txn_abort(txn);
		return 0;
	}
	while (mdb_cursor_get(at, &key, &value, MDB_NEXT) == 0) {
		struct store_record r;
		if (record_read(&key, &value, &r) && r.heard_ms >= before_ms)
			continue;
		if (mdb_cursor_del(at, 0) != 0)
			break;
		removed++;
	}
	mdb_cursor_close(at);
	return mdb_txn_commit(txn) == 0 ? removed : 0;
}

// Waits for the first record, then a little longer, so that one commit (one fsync) serves many.
static void wait_for_work(struct store *s)
{
	while (s->count == 0 && s->expire_before_ms == 0 && !s->stop)
		pthread_cond_wait(&s->wake, &s->lock);
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += BATCH_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (!s->stop && s->count < QUEUE / 2 &&
	       pthread_cond_timedwait(&s->wake, &s->lock, &until) != ETIMEDOUT)
		;
}

static void *writer(void *arg)
{
	struct store *s = arg;
	pthread_mutex_lock(&s->lock);
	while (!s->stop || s->count != 0) {
		wait_for_work(s);
		unsigned n = s->count;
		uint64_t before = s->expire_before_ms;
		memcpy(s->batch, s->queue, n * sizeof(*s->batch));
		s->count = 0;
		s->expire_before_ms = 0;
		pthread_mutex_unlock(&s->lock);
		int ret = n ? write_batch(s, n) : 0;
		uint64_t expired = before ? remove_old(s, before) : 0;
		pthread_mutex_lock(&s->lock);
		*(ret == 0 ? &s->stats.written : &s->stats.lost) += n;
		s->stats.expired += expired;
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int open_database(struct store *s, const char *path)
{
	MDB_txn *txn;
	int ret = mdb_env_create(&s->env);
	if (ret != 0)
		return ret;
	mdb_env_set_mapsize(s->env, map_size);
	// A crash of the machine may lose the last commit, never the database; readers follow
	// threads freely.
	ret = mdb_env_open(s->env, path, MDB_NOSUBDIR | MDB_NOMETASYNC | MDB_NOTLS, 0600);
	if (ret != 0)
		return ret;
	int dead;
	mdb_reader_check(s->env, &dead); // of a run that was killed
	ret = mdb_txn_begin(s->env, NULL, 0, &txn);
	if (ret != 0)
		return ret;
	ret = mdb_dbi_open(txn, NULL, 0, &s->dbi);
	if (ret != 0) {
		mdb_txn_abort(txn);
		return ret;
	}
	return mdb_txn_commit(txn);
}

static int start_thread(struct store *s)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&s->lock, NULL);
	return pthread_create(&s->thread, NULL, writer, s);
}

struct store *store_open(const char *path, char why[static STORE_WHY_MAX])
{
	struct store *s = calloc(1, sizeof(*s));
	int ret = ENOMEM;
	if (s) {
		s->queue = calloc(QUEUE, sizeof(*s->queue));
		s->batch = calloc(QUEUE, sizeof(*s->batch));
		if (s->queue && s->batch)
			ret = open_database(s, path);
		if (ret == 0)
			ret = start_thread(s);
	}
	if (ret == 0)
		return s;
	snprintf(why, STORE_WHY_MAX,
		 "%s: %s; move the file away to begin with an empty database of peers", path,
		 mdb_strerror(ret));
	if (s) {
		mdb_env_close(s->env);
		free(s->queue);
		free(s->batch);
		free(s);
	}
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	mdb_env_sync(s->env, 1);
	mdb_env_close(s->env);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s->queue);
	free(s->batch);
	free(s);
}

bool store_put(struct store *s, const struct store_record *r)
{
	pthread_mutex_lock(&s->lock);
	bool room = s->count < QUEUE;
	if (room)
		s->queue[s->count++] = *r;
	else
		s->stats.lost++;
	if (s->count == 1 || s->count == QUEUE / 2)
		pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	return room;
}

bool store_room(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	bool room = s->count < QUEUE;
	pthread_mutex_unlock(&s->lock);
	return room;
}

bool store_has(struct store *s, const struct rl_identity *id)
{
	MDB_txn *txn;
	MDB_val value;
	struct store_record r;
	uint8_t key[KEY_LEN];
	rl_store40(key, id->address);
	MDB_val k = {KEY_LEN, key};
	if (mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn) != 0)
		return false;
	bool has = mdb_get(txn, s->dbi, &k, &value) == 0 && record_read(&k, &value, &r) &&
		   rl_identity_equal(&r.id, id);
	mdb_txn_abort(txn);
	return has;
}

long store_load(struct store *s, uint64_t since_ms,
		bool (*each)(void *ctx, const struct store_record *r), void *ctx)
{
	MDB_txn *txn;
	MDB_cursor *at;
	MDB_val key, value;
	long n = 0;
	if (mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn) != 0)
		return -EIO;
	if (mdb_cursor_open(txn, s->dbi, &at) != 0) {
		mdb_txn_abort(txn);
		return -EIO;
	}
	while (mdb_cursor_get(at, &key, &value, MDB_NEXT) == 0) {
		struct store_record r;
		if (!record_read(&key, &value, &r) || r.heard_ms < since_ms)
			continue;
		n++;
		if (!each(ctx, &r))
			break;
	}
	mdb_cursor_close(at);
	mdb_txn_abort(txn);
	return n;
}

void store_expire(struct store *s, uint64_t now_ms)
{
	uint64_t keep = STORE_KEEP_DAYS * 86400000ULL;
	if (now_ms <= keep)
		return;
	pthread_mutex_lock(&s->lock);
	s->expire_before_ms = now_ms - keep;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void store_stats(struct store *s, struct store_stats *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	pthread_mutex_unlock(&s->lock);
}
