// SPDX-License-Identifier: BSD-3-Clause
// In place of xdp_filter.c where the build had no clang or no libbpf.
#include "dpdk-app/xdp_filter.h"

#include <errno.h>
#include <stdio.h>

int xdp_filter_find(const char *override, char path[static PORT_PATH_MAX],
		    char why[static PORT_WHY_MAX])
{
	(void) override;
	(void)path;
	snprintf(why, PORT_WHY_MAX,
		 "this rootline was built without AF_XDP: install clang and libbpf-dev and build "
		 "again, or "
		 "use af_packet:INTERFACE");
	return -ENOTSUP;
}

int xdp_filter_open(struct xdp_filter *x, const char *iface, char why[static PORT_WHY_MAX])
{
	(void)x;
	(void)iface;
	(void)why;
	return -ENOTSUP;
}

int xdp_filter_maps(struct xdp_filter *x, char why[static PORT_WHY_MAX])
{
	(void)x;
	(void)why;
	return -ENOTSUP;
}

int xdp_filter_fill(struct xdp_filter *x, const struct frame_filter *f,
		    char why[static PORT_WHY_MAX])
{
	(void)x;
	(void)f;
	(void)why;
	return -ENOTSUP;
}

int xdp_filter_keep(struct xdp_filter *x, char why[static PORT_WHY_MAX])
{
	(void)x;
	(void)why;
	return -ENOTSUP;
}

void xdp_filter_close(struct xdp_filter *x)
{
	(void)x;
}
