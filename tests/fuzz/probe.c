// SPDX-License-Identifier: BSD-3-Clause
// Does this compiler come with libFuzzer? Compiled by the build, never run.
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return data && size > 1 ? 0 : -1;
}
