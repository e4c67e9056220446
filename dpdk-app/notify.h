// SPDX-License-Identifier: BSD-3-Clause
// What systemd is told (sd_notify(3)): one datagram to the socket named in NOTIFY_SOCKET. Without
// that variable nothing is sent. Control thread only.
#pragma once

#include <stdint.h>

// state: "READY=1", several assignments separated by newlines. 0, -errno; 0 too if nobody asked.
int notify_send(const char *state);
// "RELOADING=1" with the clock that systemd wants beside it.
int notify_reloading(void);
// Microseconds within which the service manager wants to hear "WATCHDOG=1"; 0: it does not.
uint64_t notify_watchdog_us(void);
