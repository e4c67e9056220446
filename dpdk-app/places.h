// SPDX-License-Identifier: BSD-3-Clause
// The databases of places that the config names, kept fresh. Whatever is wrong with them is logged
// and hinders nothing else. Control thread, except rl_geoip_find (geoip/geoip.h).
#pragma once

#include "config/config.h"
#include "geoip/geoip.h"

// Numbers of the threads that look up.
enum places_reader { PLACES_READER_CONTROL, PLACES_READER_BACKPLANE };

// NULL if none is configured, or no memory. Files that cannot be used are taken once they can.
struct rl_geoip *places_open(const struct config *c);
// SIGHUP: reads them again. NULL is fine.
void places_reload(struct rl_geoip *g);
// Now and then: takes files that have changed. NULL is fine.
void places_refresh(struct rl_geoip *g);
