// SPDX-License-Identifier: BSD-3-Clause
// The dear work: identity validation and the admission of new peers.
#pragma once

// rounds: how many of each are timed, 1..1000. Identities that fail end the program.
void identity_work(unsigned rounds);
