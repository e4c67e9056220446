// SPDX-License-Identifier: BSD-3-Clause
#include "root/root.h"

struct rl_options rl_options_default(void)
{
	return (struct rl_options){
		.max_peers = 65536,
		.hop_limit = 3,
		.introduce_ms = 30000,
		.introduce_pairs = 65536,
		.keepalive_ms = 20000,
		.path_timeout_ms = 243000,
		.peer_timeout_ms = 86400000,
		.group_members = 262144,
		.group_timeout_ms = 600000,
		.peer_groups_per_min = 1024,
		.gather_max = 255,
		.whois_max = 32,
		.budget_cells = 16384,
		.relay_pps = 200000,
		.known_pps = 5000,
		.forwarder_pps = 2000000,
		.peer_verb_pps = 200,
		.sibling_pps = 20000,
		.guess_pps = 20,
		.stranger_pps = 200,
		.stranger_total_pps = 2000,
		.encrypted_pps = 100,
		.validate_pps = 64,
		.reassembly_slots = 64,
		.reassembly_ms = 2000,
	};
}
