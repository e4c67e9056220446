// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/pcap_out.h"

#include "dpdk-app/frame_out.h"

#include <errno.h>
#include <unistd.h>

enum {
	SNAP_LEN = 65535,
	LINK_ETHERNET = 1,
};

static void put_le(uint8_t *p, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static int put(struct pcap_out *o, const void *data, size_t len)
{
	if (fwrite(data, 1, len, o->f) != len)
		return errno ? -errno : -EIO;
	o->bytes += len;
	return 0;
}

int pcap_out_open(struct pcap_out *o, const char *path)
{
	uint8_t head[24] = {0};

	*o = (struct pcap_out){
		.path = path,
		.own_mac = {0x02, 0, 0, 0, 0, 0x01},
		.next_mac = {0x02, 0, 0, 0, 0, 0x02},
	};
	o->f = strcmp(path, "-") == 0 ? fdopen(dup(1), "wb") : fopen(path, "wbe");
	if (!o->f)
		return -errno;
	setvbuf(o->f, NULL, _IOFBF, 1 << 20);
	put_le(head, 0xa1b2c3d4, 4);
	put_le(head + 4, 2, 2);
	put_le(head + 6, 4, 2);
	put_le(head + 16, SNAP_LEN, 4);
	put_le(head + 20, LINK_ETHERNET, 4);
	errno = 0;
	return put(o, head, sizeof(head));
}

int pcap_out_udp(struct pcap_out *o, uint64_t us, const struct rl_inet *from,
		 const struct rl_inet *to, const uint8_t *data, size_t len)
{
	uint8_t frame[FRAME_HEADER_MAX + PCAP_OUT_PAYLOAD_MAX], head[16];
	struct frame_way way = {.own = *from};
	struct frame_header header;
	unsigned n;
	int ret;

	if (len > PCAP_OUT_PAYLOAD_MAX)
		return -EMSGSIZE;
	memcpy(way.own_mac, o->own_mac, 6);
	memcpy(way.next_mac, o->next_mac, 6);
	frame_header_make(&header, &way);
	memcpy(frame + FRAME_HEADER_MAX, data, len);
	n = frame_out(frame + FRAME_HEADER_MAX, (uint16_t)len, &header, to, frame_sum(data, len));
	if (!n)
		return -EMSGSIZE;
	put_le(head, (uint32_t)(us / 1000000), 4);
	put_le(head + 4, (uint32_t)(us % 1000000), 4);
	put_le(head + 8, n + (uint32_t)len, 4);
	put_le(head + 12, n + (uint32_t)len, 4);
	errno = 0;
	ret = put(o, head, sizeof(head));
	if (ret == 0)
		ret = put(o, frame + FRAME_HEADER_MAX - n, n + len);
	o->frames += ret == 0;
	return ret;
}

int pcap_out_close(struct pcap_out *o)
{
	int ret = 0;

	if (!o->f)
		return 0;
	errno = 0;
	if (ferror(o->f) || fclose(o->f) != 0)
		ret = errno ? -errno : -EIO;
	o->f = NULL;
	return ret;
}
