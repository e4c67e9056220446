// SPDX-License-Identifier: BSD-3-Clause
// The cluster as this member sees it, and where one client of it is.
#include "dpdk-app/ctl.h"

#include <stdlib.h>

static const char alone[] =
	"this root is no member of a cluster: rootline-cluster(7) tells how to make one";

// The text is JSON that the cluster's thread has written; it is released here.
static char *pass_on(struct ctl_cursor *cursor, char *text)
{
	json_t *o = text ? json_loads(text, 0, NULL) : NULL;
	free(text);
	return o ? ctl_answer(cursor, o) : ctl_refuse(cursor, "not known yet: try again");
}

char *ctl_cluster(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	(void)q;
	if (!v->cluster)
		return ctl_refuse(cursor, alone);
	return pass_on(cursor, v->cluster_status(v->cluster));
}

char *ctl_who(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	if (!q->has_address)
		return ctl_refuse(cursor, "\"address\" is missing: whom to look for");
	if (!v->cluster)
		return ctl_refuse(cursor, alone);
	return pass_on(cursor, v->cluster_who(v->cluster, q->address));
}

char *ctl_siblings(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	const struct ctl_view *v = ctx;
	(void)q;
	if (!v->siblings)
		return ctl_refuse(cursor, "no siblings are configured: rootline-cluster(7) tells "
					  "how roots of other identities are joined");
	return pass_on(cursor, v->siblings_status(v->siblings));
}

static char *drain(const struct ctl_view *v, struct ctl_cursor *cursor, bool on)
{
	if (!v->cluster)
		return ctl_refuse(cursor, alone);
	v->cluster_drain(v->cluster, on);
	return ctl_answer(cursor, json_pack("{s:b}", "draining", on));
}

char *ctl_drain(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	(void)q;
	return drain(ctx, cursor, true);
}

char *ctl_undrain(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor)
{
	(void)q;
	return drain(ctx, cursor, false);
}
