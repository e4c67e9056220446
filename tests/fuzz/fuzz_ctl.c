// SPDX-License-Identifier: BSD-3-Clause
// A request on the control socket: taken apart within its bounds, or refused with a sentence.
#include "dpdk-app/ctl_request.h"
#include "root/identity.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_request q;
	char *copy = malloc(size + !size); // no byte more, so that reading on is seen
	memcpy(copy, data, size);
	const char *why = ctl_request_parse(&q, copy, size);
	if (why ? !*why : !*q.cmd || strnlen(q.cmd, CTL_CMD_MAX) == CTL_CMD_MAX)
		abort();
	if (!why && q.has_address && !rl_address_ok(q.address))
		abort();
	free(copy);
	return 0;
}
