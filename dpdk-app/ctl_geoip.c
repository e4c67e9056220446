// SPDX-License-Identifier: BSD-3-Clause
// Where an address is believed to be.
#include "dpdk-app/ctl.h"
#include "dpdk-app/places.h"

#include <arpa/inet.h>

char *ctl_geoip(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	struct rl_geoip_place p;
	char ip[INET6_ADDRSTRLEN];
	if (!q->ip_len)
		return ctl_refuse(cursor, "\"ip\" is missing: the address to look up");
	if (!v->geoip)
		return ctl_refuse(cursor, "no database of places is configured: name one in "
					  "\"geoip\": {\"files\": [..]}, see rootline.conf(5)");
	if (!rl_geoip_ready(v->geoip))
		return ctl_refuse(cursor, "the databases of places could not be read: the log of "
					  "rootline says why");
	inet_ntop(q->ip_len == 4 ? AF_INET : AF_INET6, q->ip, ip, sizeof(ip));
	if (!rl_geoip_find(v->geoip, PLACES_READER_CONTROL, q->ip, q->ip_len, &p))
		return ctl_answer(cursor, json_pack("{s:s, s:b}", "ip", ip, "known", 0));
	return ctl_answer(cursor, json_pack("{s:s, s:b, s:f, s:f, s:s}", "ip", ip, "known", 1,
					    "latitude", p.latitude, "longitude", p.longitude,
					    "file", rl_geoip_path(v->geoip, p.file)));
}
