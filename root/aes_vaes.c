// SPDX-License-Identifier: BSD-3-Clause
// Eight packets in two registers of 512 bits.
#include "root/aes_ni.h"

#define WIDTH  512
#define REGS   2
#define DEEP   4
#define TARGET __attribute__((target("avx512f,avx512bw,vaes,vpclmulqdq,aes,pclmul")))
#include "root/aes_packets.h"

#include <cpuid.h>

// The builtin of clang 14 knows neither VAES nor VPCLMULQDQ.
static bool found(void)
{
	unsigned a, b, c, d;
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __get_cpuid_count(7, 0, &a, &b, &c, &d) && c & bit_VAES && c & bit_VPCLMULQDQ;
}

TARGET static void seal(struct rl_siv_packet *p, unsigned n)
{
	seal_packets(p, n);
}

TARGET static void open(struct rl_siv_packet *p, unsigned n)
{
	open_packets(p, n);
}

const struct aes_many aes_vaes = {"VAES", LANES, 2, found, seal, open};
