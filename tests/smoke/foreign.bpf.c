// SPDX-License-Identifier: BSD-3-Clause
// An XDP program that is not ours: passes everything.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int foreign(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char foreign_license[] SEC("license") = "BSD";
