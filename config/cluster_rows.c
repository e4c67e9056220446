// SPDX-License-Identifier: BSD-3-Clause
// The rows of objects in lists, and what their strings must look like.
#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
#define MEMBER(field)  .key = #field, .at = offsetof(struct config_member, field), .file_only = true
#define SIBLING(field) .key = #field, .at = offsetof(struct config_sibling, field), .file_only = true

const struct config_row config_member_rows[] = {
	{MEMBER(id), .type = CONFIG_INT, .min = 1, .max = 254, .required = true,
	 .help = "a number of its own that it keeps for ever"},
	{MEMBER(name), .type = CONFIG_TEXT, .max = CONFIG_LABEL_MAX - 1, .check = config_check_label, .required = true,
	 .help = "a short name, such as that of its city"},
	{MEMBER(coordinates), .type = CONFIG_TEXT, .max = CONFIG_PLACE_MAX - 1, .check = config_check_coordinates,
	 .required = true,
	 .help = "where it stands: \"LATITUDE,LONGITUDE\" in degrees"},
	{MEMBER(front_ipv4), .type = CONFIG_TEXT, .max = CONFIG_FRONT_MAX - 1, .check = config_check_front4,
	 .help = "where clients reach it by IPv4: \"IP/PORT\""},
	{MEMBER(front_ipv6), .type = CONFIG_TEXT, .max = CONFIG_FRONT_MAX - 1, .check = config_check_front6,
	 .help = "where clients reach it by IPv6: \"IP/PORT\""},
	{MEMBER(public_key), .type = CONFIG_TEXT, .max = CONFIG_PUBLIC_MAX - 1, .check = config_check_public_key,
	 .required = true, .unquoted = true,
	 .help = "what its signatures are checked with: the last 64 of the 128 hex digits in its member_key_file"},
	{MEMBER(capacity), .type = CONFIG_INT, .min = 0, .max = UINT32_MAX,
	 .help = "clients it shall have at most; 0, as if left out: no limit"},
};

const struct config_row config_sibling_rows[] = {
	{SIBLING(name), .type = CONFIG_TEXT, .max = CONFIG_LABEL_MAX - 1, .check = config_check_label, .required = true,
	 .help = "a short name"},
	{SIBLING(identity), .type = CONFIG_TEXT, .max = CONFIG_IDENTITY_MAX - 1, .check = config_check_identity,
	 .required = true,
	 .help = "what is in its identity.public"},
	{SIBLING(fronts), .type = CONFIG_STRINGS, .fewest = 1, .most = CONFIG_LIST_MAX, .check = config_check_front,
	 .required = true,
	 .help = "where its members are reached: a list of \"IP/PORT\""},
};
// clang-format on

_Static_assert(sizeof(config_member_rows) / sizeof(*config_member_rows) == CONFIG_MEMBER_ROWS &&
		       sizeof(config_sibling_rows) / sizeof(*config_sibling_rows) ==
			       CONFIG_SIBLING_ROWS,
	       "as the header says");
_Static_assert(!offsetof(struct config_member, line) && !offsetof(struct config_sibling, line),
	       "an object begins with its line");

// Also part of subjects of NATS and of file names.
const char *config_check_label(char *text)
{
	if (!*text || *text == '-')
		return "is no name: it begins with a letter or digit";
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return "is no name: only a to z, 0 to 9 and - may be in it";
	return NULL;
}

static bool degrees(const char **text, double max, double *v)
{
	char *end;
	// Neither spaces nor hex digits nor "inf", which strtod would take.
	if ((*text)[strspn(*text, "+-.0123456789,")])
		return false;
	*v = strtod(*text, &end);
	bool fine = end != *text && fabs(*v) <= max;
	*text = end;
	return fine;
}

bool config_coordinates(const char *text, double *latitude, double *longitude)
{
	return degrees(&text, 90, latitude) && *text++ == ',' && degrees(&text, 180, longitude) &&
	       !*text;
}

const char *config_check_coordinates(char *text)
{
	double lat, lon;
	return config_coordinates(text, &lat, &lon)
		       ? NULL
		       : "is no place: write LATITUDE,LONGITUDE in degrees, such as 52.37,4.90";
}

// The address in its normal form, the port without zeros in front.
const char *config_check_front(char *text)
{
	char *slash = strchr(text, '/'), *end;
	if (!slash || !isdigit((unsigned char)slash[1]))
		return "is no IP/PORT, such as 198.51.100.1/9993 or 2001:db8::1/9993";
	unsigned long port = strtoul(slash + 1, &end, 10);
	if (*end || port < 1 || port > 65535)
		return "has no port from 1 to 65535 behind its slash";
	*slash = 0;
	const char *wrong = config_check_address(text);
	if (!wrong)
		sprintf(text + strlen(text), "/%lu", port);
	return wrong;
}

const char *config_check_front4(char *text)
{
	const char *wrong = config_check_front(text);
	return wrong || !strchr(text, ':') ? wrong : "is an IPv6 address: see front_ipv6";
}

const char *config_check_front6(char *text)
{
	const char *wrong = config_check_front(text);
	return wrong || strchr(text, ':') ? wrong : "is an IPv4 address: see front_ipv4";
}

static const char hex[] = "0123456789abcdefABCDEF";

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

// Neither more nor less than so many hex digits.
static bool is_hex(const char *text, size_t digits)
{
	return strspn(text, hex) == digits && !text[digits];
}

const char *config_check_cluster_id(char *text)
{
	if (!is_hex(text, CONFIG_ID_MAX - 1) || strspn(text, "0") == CONFIG_ID_MAX - 1)
		return "is no number of a cluster: 16 hex digits, not all 0; rootline-cli cluster "
		       "init draws one";
	lower(text);
	return NULL;
}

const char *config_check_public_key(char *text)
{
	if (is_hex(text, 2 * CONFIG_SECRET_BYTES))
		return "is a secret key: take the last 64 of its 128 hex digits, and make a new "
		       "one if somebody could have read it here";
	if (!is_hex(text, CONFIG_PUBLIC_MAX - 1))
		return "is no public key: 64 hex digits; rootline-cli cluster init makes one";
	lower(text);
	return NULL;
}

const char *config_check_identity(char *text)
{
	if (strspn(text, hex) != 10 || strncmp(text + 10, ":0:", 3) ||
	    strspn(text + 13, hex) != 128)
		return "is no identity: 10 hex digits, \":0:\" and 128 hex digits, as in "
		       "identity.public";
	if (text[141])
		return text[141] == ':' ? "holds more than an identity; what comes then is secret: "
					  "take identity.public, not identity.secret"
					: "is longer than an identity";
	lower(text);
	return NULL;
}

const char *config_check_server(char *text)
{
	static const char *const shape =
		"is no server: write tls://HOST:PORT; links without TLS are "
		"not possible";
	if (strncmp(text, "tls://", 6))
		return shape;
	const char *host = text + 6, *port = strrchr(host, ':');
	if (!port || port == host || !isdigit((unsigned char)port[1]))
		return shape;
	char *end;
	unsigned long n = strtoul(port + 1, &end, 10);
	if (*end || n < 1 || n > 65535)
		return "has no port from 1 to 65535 at its end";
	for (; host < port; host++)
		if (!isalnum((unsigned char)*host) && !strchr(".-:[]_", *host))
			return shape;
	return NULL;
}
