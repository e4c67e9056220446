// SPDX-License-Identifier: BSD-3-Clause
// Clients of two roots that are siblings: Ann knows Alice alone, Ben knows Bob alone. Checks what
// they get of each other. Exit status 0 if every check held, 1 if not, 2 for a wrong command line.
#include "tests/lib/identities.h"
#include "tests/lib/udp_node.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MS = 4000, MANY = 400 };

struct place {
	struct udp_net net;
	struct rl_identity root;
};

static struct place alice, bob;
static struct udp_node *ann, *ann2, *ben;
static struct node_peer of_ann, of_ben, of_ann2;
static unsigned hops_wanted, checks, failed;

static bool check(bool ok, const char *text, ...) __attribute__((format(printf, 2, 3)));
static bool check(bool ok, const char *text, ...)
{
	va_list args;
	checks++;
	failed += !ok;
	printf(ok ? "ok - " : "not ok - ");
	va_start(args, text);
	vprintf(text, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return ok;
}

// A question as a client repeats it, until it is answered.
static bool whois(struct place *at, struct udp_node *n, uint64_t address, struct rl_identity *id,
		  unsigned times)
{
	uint8_t p[ZT_PACKET_MAX];
	for (unsigned i = 0; i < times; i++) {
		size_t len = node_whois(&n->node, NODE_SUITE_AUTO, &address, 1, p);
		struct udp_want want = {
			.verb = ZT_VERB_OK, .in_verb = ZT_VERB_WHOIS, .in_id = rl_load64(p)};
		udp_send(&at->net, n, p, len);
		if (udp_wait(&at->net, n, &want, 500)) {
			*id = at->net.event.whois[0];
			return at->net.event.whois_count == 1;
		}
	}
	return false;
}

static bool learns(struct place *at, struct udp_node *n, struct udp_node *other,
		   struct node_peer *peer)
{
	struct rl_identity id;
	return whois(at, n, other->node.id.address, &id, ANSWER_MS / 500) &&
	       rl_identity_equal(&id, &other->node.id) && node_know(&n->node, peer, &id) == 0;
}

static uint64_t say(struct place *at, struct udp_node *n, const struct node_peer *to, size_t size)
{
	static uint8_t text[ZT_PACKET_MAX];
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_user_message(&n->node, to, NODE_SUITE_AUTO, 7, text, size, p);
	udp_send(&at->net, n, p, len);
	return rl_load64(p);
}

static bool arrives(struct place *from, struct udp_node *n, const struct node_peer *to,
		    struct place *at, struct udp_node *other, size_t size, unsigned hops)
{
	struct udp_want want = {.verb = ZT_VERB_USER_MESSAGE, .id = say(from, n, to, size)};
	return udp_wait(&at->net, other, &want, 1500) && at->net.event.hops == hops &&
	       at->net.event.payload_len == 8 + size;
}

// Once a sibling has said that it knows them, nobody counts packets.
static unsigned many_arrive(void)
{
	unsigned before = bob.net.seen;
	struct udp_want want = {.verb = ZT_VERB_USER_MESSAGE};
	for (unsigned i = 0; i < MANY; i++) {
		say(&alice, ann, &of_ben, 64);
		udp_run(&bob.net, 1);
	}
	udp_run(&bob.net, 500);
	return udp_count(&bob.net, ben, &want, before);
}

// What every client asks its root every five seconds; a cluster hears of it then.
static void settle(void)
{
	struct rl_identity id;
	check(whois(&alice, ann, alice.root.address, &id, 4) &&
		      whois(&bob, ben, bob.root.address, &id, 4),
	      "each is at home");
	udp_run(&bob.net, 500);
}

// Ben's root is a cluster, of which Alice reaches another member.
static void there(void)
{
	static const size_t sizes[] = {64, 2700};
	settle();
	check(learns(&alice, ann, ben, &of_ben), "Ann learns from Alice who Ben is");
	node_know(&ben->node, &of_ann, &ann->node.id);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check(arrives(&alice, ann, &of_ben, &bob, ben, sizes[i], hops_wanted),
		      "%zu bytes from Ann to Ben, by %u hops", sizes[i], hops_wanted);
}

static const struct node_group group = {
	.network = 0x8056c2e21c000001, .mac = {1, 0, 0x5e}, .adi = 9};

static bool gathers(struct place *at, struct udp_node *n, const struct udp_node *other)
{
	uint8_t p[ZT_PACKET_MAX], address[ZT_ADDRESS_LEN];
	const struct node_event *e = &at->net.event;
	rl_store40(address, other->node.id.address);
	for (unsigned i = 0; i < 3; i++) {
		size_t len = node_gather(&n->node, NODE_SUITE_AUTO, &group, 32, 0, p);
		struct udp_want want = {.verb = ZT_VERB_OK,
					.in_verb = ZT_VERB_MULTICAST_GATHER,
					.in_id = rl_load64(p)};
		udp_send(&at->net, n, p, len);
		if (udp_wait(&at->net, n, &want, 1500))
			return e->gather_count == 1 && e->group.adi == group.adi &&
			       memcmp(e->gather, address, sizeof(address)) == 0;
		udp_run(&at->net, 6000); // until the silence is forgotten
	}
	return false;
}

static void listen(void)
{
	uint8_t p[ZT_PACKET_MAX];
	struct node_group nobodys = group;
	nobodys.adi = 10;
	udp_send(&alice.net, ann, p, node_like(&ann->node, NODE_SUITE_AUTO, &group, 1, p));
	udp_send(&bob.net, ben, p, node_like(&ben->node, NODE_SUITE_AUTO, &group, 1, p));
	udp_run(&bob.net, 200);
	check(gathers(&alice, ann, ben), "Ann gathers Ben, who listens at Bob");
	check(gathers(&bob, ben, ann), "Ben gathers Ann, who listens at Alice");
	size_t len = node_gather(&ann->node, NODE_SUITE_AUTO, &nobodys, 32, 0, p);
	struct udp_want want = {
		.verb = ZT_VERB_OK, .in_verb = ZT_VERB_MULTICAST_GATHER, .in_id = rl_load64(p)};
	udp_send(&alice.net, ann, p, len);
	check(!udp_wait(&alice.net, ann, &want, 1500), "nobody listens to another group");
}

static void talk(void)
{
	static const size_t sizes[] = {64, 1396, 2700, 9800};
	settle();
	check(learns(&alice, ann, ben, &of_ben), "Ann learns from Alice who Ben is");
	check(learns(&bob, ben, ann, &of_ann), "Ben learns from Bob who Ann is");
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check(arrives(&alice, ann, &of_ben, &bob, ben, sizes[i], hops_wanted),
		      "%zu bytes from Ann to Ben, by %u hops", sizes[i], hops_wanted);
		check(arrives(&bob, ben, &of_ann, &alice, ann, sizes[i], hops_wanted),
		      "%zu bytes from Ben to Ann", sizes[i]);
	}
	unsigned n = many_arrive();
	check(n >= MANY - MANY / 50, "%u of %u packets arrive", n, MANY);
}

static void nobody(void)
{
	struct node_peer to = of_ben;
	struct rl_identity id;
	to.id.address = 0x1234567890;
	check(!whois(&alice, ann, to.id.address, &id, 6), "nobody is nobody at both");
	for (unsigned i = 0; i < MANY; i++) {
		to.id.address = 0x1234500000 + i;
		say(&alice, ann, &to, 64);
		udp_run(&alice.net, 1);
	}
	udp_run(&alice.net, 500);
	check(true, "%u packets to as many nobodies sent", MANY);
}

static void alone(void)
{
	static struct node_peer back;
	struct rl_identity id;
	node_know(&ann->node, &of_ann2, &ann2->node.id);
	node_know(&ann2->node, &back, &ann->node.id);
	check(arrives(&alice, ann, &of_ann2, &alice, ann2, 64, 1), "Alice's clients talk on");
	check(arrives(&alice, ann, &of_ann2, &alice, ann2, 2700, 1), "also at length");
	check(whois(&alice, ann, ann2->node.id.address, &id, 2), "and learn of each other");
	check(!whois(&alice, ann, 0x1234599999, &id, 4), "nobody is nobody");
}

static bool load_place(struct place *p, const char *identity, const char *addr, unsigned nodes)
{
	char text[RL_IDENTITY_SECRET_TEXT + 8] = "";
	FILE *f = fopen(identity, "re");
	bool fine = f && fgets(text, sizeof(text), f) && udp_net_init(&p->net, nodes) == 0 &&
		    rl_identity_parse(&p->root, NULL, text) == 0 &&
		    rl_inet_parse(&p->net.root4, addr) == 0;
	if (f)
		fclose(f);
	return fine;
}

static struct udp_node *node_at(struct place *p, unsigned i, const struct test_identity *id,
				struct rl_cipher *cipher)
{
	const struct rl_inet any = {.family = 4};
	struct udp_node *n = &p->net.node[i];
	if (node_init(&n->node, &id->id, &id->secret, &p->root, cipher, udp_now()) ||
	    udp_open(n, 0, &any))
		exit(2);
	n->node.join = node_join_new();
	return n;
}

static bool online(struct place *p, const char *who)
{
	return check(udp_online(&p->net, p->net.node, p->net.count, 6000) == p->net.count,
		     "%s's clients are online", who);
}

int main(int argc, char **argv)
{
	struct test_identity *ids;
	struct rl_cipher *cipher = rl_cipher_new();
	if (argc != 7 || !load_place(&alice, argv[1], argv[2], 2) ||
	    !load_place(&bob, argv[3], argv[4], 1) ||
	    identities_load(IDENTITIES_FILE, 0, 3, &ids) != 3 || !cipher) {
		fprintf(stderr, "usage: sibling_client ALICE.public IP/PORT BOB.public IP/PORT "
				"HOPS talk|nobody|there|alone\n");
		return 2;
	}
	hops_wanted = (unsigned)strtoul(argv[5], NULL, 10);
	ann = node_at(&alice, 0, &ids[0], cipher);
	ann2 = node_at(&alice, 1, &ids[1], cipher);
	ben = node_at(&bob, 0, &ids[2], cipher);
	of_ben.id = ben->node.id;
	bool left = strcmp(argv[6], "alone") == 0;
	if (online(&alice, "Alice") && (left || online(&bob, "Bob"))) {
		if (left)
			alone();
		else if (strcmp(argv[6], "there") == 0)
			there();
		else
			talk();
		if (strcmp(argv[6], "talk") == 0)
			listen();
		if (strcmp(argv[6], "nobody") == 0)
			nobody();
	}
	printf("# %u checks, %u failed\n", checks, failed);
	for (unsigned i = 0; i < 2; i++)
		node_join_free(alice.net.node[i].node.join);
	node_join_free(bob.net.node[0].node.join);
	udp_net_free(&alice.net);
	udp_net_free(&bob.net);
	rl_cipher_free(cipher);
	free(ids);
	return failed || !checks;
}
