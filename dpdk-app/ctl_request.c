// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/ctl_request.h"

#include "root/identity.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *take_cmd(struct ctl_request *q, const json_t *value)
{
	const char *text = json_string_value(value);
	if (!text || !*text || json_string_length(value) >= sizeof(q->cmd))
		return "\"cmd\" must be the name of a command";
	snprintf(q->cmd, sizeof(q->cmd), "%s", text);
	return NULL;
}

static const char *take_address(struct ctl_request *q, const json_t *value)
{
	const char *text = json_string_value(value);
	if (!text || rl_address_parse(&q->address, text))
		return "\"address\" must be a node's address, ten hex digits";
	q->has_address = true;
	return NULL;
}

static const char *take_ip(struct ctl_request *q, const json_t *value)
{
	const char *text = json_string_value(value);
	if (text && inet_pton(AF_INET, text, q->ip) == 1)
		q->ip_len = 4;
	else if (text && inet_pton(AF_INET6, text, q->ip) == 1)
		q->ip_len = 16;
	else
		return "\"ip\" must be an IPv4 or IPv6 address, without a port";
	return NULL;
}

static const struct {
	const char *key;
	const char *(*take)(struct ctl_request *q, const json_t *value);
} fields[] = {
	{"cmd", take_cmd},
	{"address", take_address},
	{"ip", take_ip},
};

static const char *take(struct ctl_request *q, const char *key, const json_t *value)
{
	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(key, fields[i].key) == 0)
			return fields[i].take(q, value);
	return "a request may have \"cmd\", \"address\" and \"ip\" only";
}

const char *ctl_request_parse(struct ctl_request *q, const char *line, size_t len)
{
	const char *key, *why = NULL;
	json_t *value;
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	*q = (struct ctl_request){0};
	if (!json_is_object(object))
		why = "a request is one JSON object on one line";
	if (!why)
		json_object_foreach(object, key, value) if (!why) why = take(q, key, value);
	if (!why && !*q->cmd)
		why = "\"cmd\" is missing";
	json_decref(object);
	return why;
}
