// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/ammo.h"

#include "bench/gun/datagram.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <stdlib.h>

enum { COUNTED_MAX = 4096 };

// Destinations seen, to find the most frequent.
struct counted {
	struct rl_inet to;
	uint64_t packets;
};

static bool link_of(pcap_t *pcap, enum datagram_link *link)
{
	switch (pcap_datalink(pcap)) {
	case DLT_EN10MB:
		*link = DATAGRAM_ETHERNET;
		return true;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		*link = DATAGRAM_RAW;
		return true;
	case DLT_LINUX_SLL:
		*link = DATAGRAM_SLL;
		return true;
	case DLT_LINUX_SLL2:
		*link = DATAGRAM_SLL2;
		return true;
	case DLT_NULL:
	case DLT_LOOP:
		*link = DATAGRAM_NULL;
		return true;
	default:
		return false;
	}
}

static void count(struct counted *list, unsigned *n, const struct rl_inet *to)
{
	for (unsigned i = 0; i < *n; i++) {
		if (!rl_inet_equal(&list[i].to, to))
			continue;
		list[i].packets++;
		// Frequent ones wander to the front, so that this walk is short.
		if (i && list[i].packets > list[i - 1].packets) {
			struct counted t = list[i - 1];

			list[i - 1] = list[i];
			list[i] = t;
		}
		return;
	}
	if (*n < COUNTED_MAX)
		list[(*n)++] = (struct counted){*to, 1};
}

static pcap_t *open_file(const char *path, enum datagram_link *link, struct say_why *why)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);

	if (!pcap) {
		// libpcap names the file where it cannot be opened, and only there.
		say_why(why, "%s%s%s", strstr(error, path) ? "" : path,
			strstr(error, path) ? "" : ": ", error);
		return NULL;
	}
	if (!link_of(pcap, link)) {
		say_why(why, "%s: link type %s is not read; Ethernet, raw IP and Linux 'any' are",
			path, pcap_datalink_val_to_name(pcap_datalink(pcap)));
		pcap_close(pcap);
		return NULL;
	}
	return pcap;
}

static int ended(pcap_t *pcap, int ret, const char *path, struct say_why *why)
{
	if (ret == PCAP_ERROR)
		return say_why(why, "%s: %s", path, pcap_geterr(pcap));
	return 0;
}

static int find_destination(struct ammo *a, const char *path, struct say_why *why)
{
	struct counted *list = calloc(COUNTED_MAX, sizeof(*list));
	unsigned n = 0, best = 0;
	struct pcap_pkthdr *h;
	struct datagram d;
	enum datagram_link link;
	const uint8_t *frame;
	pcap_t *pcap = list ? open_file(path, &link, why) : NULL;
	int ret;

	if (!pcap) {
		free(list);
		return list ? -EINVAL : say_why(why, "no memory");
	}
	while ((ret = pcap_next_ex(pcap, &h, &frame)) == 1) {
		if (datagram_read(&d, link, frame, h->caplen) == DATAGRAM_UDP &&
		    d.to.family == a->to.family)
			count(list, &n, &d.to);
	}
	ret = ended(pcap, ret, path, why);
	pcap_close(pcap);
	for (unsigned i = 1; i < n; i++)
		best = list[i].packets > list[best].packets ? i : best;
	if (n)
		a->to = list[best].to;
	free(list);
	if (ret == 0 && n == 0)
		ret = say_why(why, "%s: no UDP datagrams by IPv%u", path, a->to.family);
	return ret;
}

// Room for one more packet of len bytes.
static bool grow(struct ammo *a, uint64_t *item_room, uint64_t *byte_room, size_t len)
{
	if (a->count == *item_room) {
		uint64_t room = *item_room ? 2 * *item_room : 4096;
		void *mem = realloc(a->item, room * sizeof(*a->item));

		if (!mem || room > UINT32_MAX)
			return false;
		a->item = mem;
		*item_room = room;
	}
	if (a->len + len > *byte_room) {
		uint64_t room = *byte_room ? 2 * *byte_room : 1 << 20;
		void *mem;

		while (room < a->len + len)
			room *= 2;
		mem = realloc(a->bytes, room);
		if (!mem)
			return false;
		a->bytes = mem;
		*byte_room = room;
	}
	return true;
}

static void take(struct ammo *a, const struct datagram *d, const struct population *p,
		 struct rl_cipher *cipher)
{
	struct ammo_item *item = &a->item[a->count++];
	uint8_t *data = a->bytes + a->len;

	memcpy(data, d->data, d->len);
	item->at = a->len;
	a->len += d->len;
	if (p)
		shot_open(&item->shot, p, cipher, data, d->len);
	else
		item->shot = (struct shot){.kind = CLASS_FOREIGN,
					   .sender = POPULATION_NONE,
					   .to = POPULATION_NONE,
					   .len = d->len};
	item->shot.from = d->from;
	a->fresh += item->shot.fresh != SHOT_AS_IS;
}

static int load(struct ammo *a, const char *path, const struct population *p,
		struct rl_cipher *cipher, size_t payload_max, struct say_why *why)
{
	uint64_t items = 0, bytes = 0;
	struct pcap_pkthdr *h;
	struct datagram d;
	enum datagram_link link;
	const uint8_t *frame;
	pcap_t *pcap = open_file(path, &link, why);
	int ret;

	if (!pcap)
		return -EINVAL;
	while ((ret = pcap_next_ex(pcap, &h, &frame)) == 1) {
		a->frames++;
		if (datagram_read(&d, link, frame, h->caplen) != DATAGRAM_UDP ||
		    d.len > payload_max) {
			a->left_out++;
		} else if (!rl_inet_equal(&d.to, &a->to)) {
			a->elsewhere++;
		} else if (!grow(a, &items, &bytes, d.len)) {
			pcap_close(pcap);
			return say_why(why, "%s: does not fit into memory", path);
		} else {
			take(a, &d, p, cipher);
		}
	}
	ret = ended(pcap, ret, path, why);
	pcap_close(pcap);
	return ret;
}

int ammo_load(struct ammo *a, const char *path, const struct population *p,
	      const struct rl_inet *to, size_t payload_max, struct say_why *why)
{
	struct rl_cipher *cipher = rl_cipher_new();
	char text[RL_INET_TEXT];
	int ret = cipher ? 0 : say_why(why, "the cipher libraries do not start");

	*a = (struct ammo){.to = *to};
	if (ret == 0 && to->port == 0)
		ret = find_destination(a, path, why);
	if (ret == 0)
		ret = load(a, path, p, cipher, payload_max, why);
	if (ret == 0 && a->count == 0)
		ret = say_why(why, "%s: no UDP datagram to %s that can be sent", path,
			      rl_inet_text(&a->to, text));
	rl_cipher_free(cipher);
	return ret;
}

void ammo_free(struct ammo *a)
{
	free(a->item);
	free(a->bytes);
	*a = (struct ammo){0};
}
