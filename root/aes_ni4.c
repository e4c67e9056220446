// SPDX-License-Identifier: BSD-3-Clause
// Four packets in four registers, for CPUs that have AES for 128 bits only.
#include "root/aes_ni.h"

#define WIDTH  128
#define REGS   4
#define DEEP   1
#define TARGET __attribute__((target("aes,pclmul,sse4.1,ssse3")))
#include "root/aes_packets.h"

static bool found(void)
{
	return aes_ni_found();
}

TARGET static void seal(struct rl_siv_packet *p, unsigned n)
{
	seal_packets(p, n);
}

TARGET static void open(struct rl_siv_packet *p, unsigned n)
{
	open_packets(p, n);
}

const struct aes_many aes_ni4 = {"AES-NI", LANES, 3, found, seal, open};
