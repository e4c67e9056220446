// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/admission.h"

#include "dpdk-app/handle.h"
#include "dpdk-app/log.h"

#include <errno.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <rte_ring.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	NICE = 10, // where a thread must share a worker's core, packets come first
	SLEEP_MIN_US = 50,
	SLEEP_MAX_US = 4000, // a stranger's first answer may be that late
};

struct thread {
	struct admission *admission;
	unsigned id; // as sender and in quiet.h
	pthread_t pthread;
	bool started;
	struct rte_ring *ring; // of struct port_packet *
	struct rl_scratch *scratch;
	struct handle handle;
	_Atomic uint64_t pushed; // workers: write
	_Atomic uint64_t done;   // thread: writes
};

struct admission {
	struct admission_options o;
	atomic_bool stop;
	struct thread thread[ADMISSION_THREADS_MAX];
};

// All packets of one stranger wait for the same thread, so that copies of a HELLO find the peer
// that the first one made.
static struct thread *thread_for(struct admission *a, const struct port_packet *pk)
{
	return &a->thread[pk->p.zt_from % a->o.threads];
}

bool admission_push(struct admission *a, struct port_packet *pk)
{
	struct thread *t = thread_for(a, pk);
	if (rte_ring_full(t->ring))
		return false;
	struct port_packet *kept = port_packet_keep(pk);
	atomic_fetch_add_explicit(&t->pushed, 1, memory_order_relaxed);
	if (rte_ring_enqueue(t->ring, kept) == 0)
		return true;
	// Another worker took the last place in between.
	atomic_fetch_sub_explicit(&t->pushed, 1, memory_order_relaxed);
	*pk = *kept;
	pk->p.host = pk;
	return false;
}

static void admit(struct thread *t, const struct port_packet *kept)
{
	// Its description lives in the buffer, which is gone before the out-box is sent.
	struct port_packet pk = *kept;
	pk.p.host = &pk;
	rl_admit(t->handle.core, t->scratch, clock_now(t->admission->o.clock), &pk.p);
	handle_packet(&t->handle, &pk);
	handle_out(&t->handle);
	handle_sights(&t->handle);
	port_tx_flush(t->handle.tx);
}

static void doze(unsigned *us)
{
	struct timespec t = {.tv_nsec = (long)*us * 1000};
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	*us = *us * 2 < SLEEP_MAX_US ? *us * 2 : SLEEP_MAX_US;
}

static void settle(const struct thread *t)
{
	const struct admission *a = t->admission;
	char name[16];
	snprintf(name, sizeof(name), "rl-admit-%u", t->id - a->o.workers);
	pthread_setname_np(pthread_self(), name);
	if (CPU_COUNT(&a->o.cpus))
		pthread_setaffinity_np(pthread_self(), sizeof(a->o.cpus), &a->o.cpus);
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	// With a number of its own the thread has a cache of buffers; without, it is only slower.
	if (rte_thread_register())
		log_debug("admission thread without buffer cache");
}

static void *run(void *arg)
{
	struct thread *t = arg;
	struct admission *a = t->admission;
	unsigned sleep_us = SLEEP_MIN_US;
	settle(t);
	quiet_enter(a->o.quiet, t->id);
	while (!atomic_load_explicit(&a->stop, memory_order_relaxed)) {
		void *pk;
		if (rte_ring_dequeue(t->ring, &pk)) {
			doze(&sleep_us);
		} else {
			admit(t, pk);
			atomic_fetch_add(&t->done, 1);
			sleep_us = SLEEP_MIN_US;
		}
		quiet_report(a->o.quiet, t->id);
	}
	quiet_leave(a->o.quiet, t->id);
	rte_thread_unregister();
	return NULL;
}

static int start_thread(struct admission *a, unsigned i)
{
	struct thread *t = &a->thread[i];
	uint8_t seed[32];
	char name[RTE_RING_NAMESIZE];
	t->admission = a;
	t->id = a->o.workers + i;
	snprintf(name, sizeof(name), "admission%u", i);
	t->ring = rte_ring_create(name, ADMISSION_QUEUE, SOCKET_ID_ANY,
				  RING_F_SC_DEQ | RING_F_EXACT_SZ);
	t->scratch = rl_scratch_new();
	randombytes_buf(seed, sizeof(seed));
	t->handle.core = rl_worker_new(a->o.root, seed);
	t->handle.tx = port_tx_new(a->o.ports, t->id);
	if (!t->ring || !t->scratch || !t->handle.core || !t->handle.tx)
		return -ENOMEM;
	int ret = -pthread_create(&t->pthread, NULL, run, t);
	t->started = ret == 0;
	return ret;
}

static void stop_thread(struct thread *t)
{
	void *pk;
	if (t->started)
		pthread_join(t->pthread, NULL);
	while (t->ring && rte_ring_dequeue(t->ring, &pk) == 0)
		port_packet_free(pk);
	port_tx_free(t->handle.tx);
	rl_worker_free(t->handle.core);
	rl_scratch_free(t->scratch);
	rte_ring_free(t->ring);
}

int admission_start(struct admission **admission, const struct admission_options *o)
{
	struct admission *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->o = *o;
	for (unsigned i = 0; i < o->threads; i++) {
		int ret = start_thread(a, i);
		if (ret) {
			admission_stop(a);
			return ret;
		}
	}
	*admission = a;
	return 0;
}

// The push that follows orders this before the thread's look at it.
void admission_use(struct admission *a, struct backplane *b)
{
	for (unsigned i = 0; i < a->o.threads; i++)
		a->thread[i].handle.backplane = b;
}

void admission_stop(struct admission *a)
{
	if (!a)
		return;
	atomic_store(&a->stop, true);
	for (unsigned i = 0; i < a->o.threads; i++)
		stop_thread(&a->thread[i]);
	free(a);
}

bool admission_idle(const struct admission *a)
{
	for (unsigned i = 0; i < a->o.threads; i++) {
		const struct thread *t = &a->thread[i];
		if (atomic_load(&t->pushed) != atomic_load(&t->done))
			return false;
	}
	return true;
}

const struct rl_stats *admission_stats(const struct admission *a, unsigned thread)
{
	return rl_worker_stats(a->thread[thread].handle.core);
}

const struct port_tx_stats *admission_tx_stats(const struct admission *a, unsigned thread)
{
	return port_tx_stats(a->thread[thread].handle.tx);
}
