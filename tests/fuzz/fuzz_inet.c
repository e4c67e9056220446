// SPDX-License-Identifier: BSD-3-Clause
// Physical addresses, as text and as bytes: what is taken must come out the same again.
#include "root/inet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct rl_inet *a)
{
	uint8_t wire[19];
	char buf[RL_INET_TEXT];
	struct rl_writer w = rl_writer(wire, sizeof(wire));
	struct rl_reader r;
	struct rl_inet b;

	rl_inet_put(&w, a);
	r = rl_reader(wire, rl_writer_len(&w));
	b = rl_inet_get(&r);
	if (w.bad || r.bad || rl_reader_left(&r) || !rl_inet_equal(a, &b))
		abort();
	rl_inet_text(a, buf);
	if (a->family && a->port && (rl_inet_parse(&b, buf) || !rl_inet_equal(a, &b)))
		abort();
	if (rl_inet_scope(a) > RL_SCOPE_PRIVATE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rl_reader r = rl_reader(data, size);
	char *copy = malloc(size + 1);
	struct rl_inet a;

	memcpy(copy, data, size);
	copy[size] = 0;
	if (rl_inet_parse(&a, copy) == 0)
		check(&a);
	while (rl_reader_left(&r)) {
		a = rl_inet_get(&r);
		check(&a);
	}
	free(copy);
	return 0;
}
