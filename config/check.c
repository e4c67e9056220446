// SPDX-License-Identifier: BSD-3-Clause
// What a string in a list must look like, and what must hold between options.
#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

// Linux takes 1..15 bytes; the marks would change the meaning of DPDK's device arguments.
static bool is_interface(const char *s)
{
	size_t n = strlen(s);
	for (const char *c = s; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr("/,=[]", *c))
			return false;
	return n >= 1 && n <= 15;
}

static bool hex(const char **s, unsigned digits)
{
	while (digits--)
		if (!isxdigit((unsigned char)*(*s)++))
			return false;
	return true;
}

// "03:00.0" or "0000:03:00.0".
static bool is_pci(const char *s)
{
	if (strcspn(s, ":") == 4 && (!hex(&s, 4) || *s++ != ':'))
		return false;
	return hex(&s, 2) && *s++ == ':' && hex(&s, 2) && *s++ == '.' && *s >= '0' && *s <= '7' &&
	       !s[1];
}

// One of the two files may be left out: nothing comes in, or what goes out is forgotten.
static const char *check_pcap(const char *files)
{
	const char *comma = strchr(files, ',');
	if (!*files || !strcmp(files, ","))
		return "names no file: pcap:IN,OUT or pcap:IN or pcap:,OUT";
	if (strpbrk(files, "=[]") || (comma && strchr(comma + 1, ',')))
		return "needs two files without any of , = [ ] in their names: pcap:IN,OUT";
	if (comma && strlen(comma + 1) == (size_t)(comma - files) &&
	    !strncmp(files, comma + 1, comma - files))
		return "reads and writes the same file";
	return NULL;
}

const char *config_check_port(char *text)
{
	static const char *const with_interface[] = {"af_packet:", "af_xdp:"};
	for (unsigned i = 0; i < 2; i++) {
		size_t n = strlen(with_interface[i]);
		if (!strncmp(text, with_interface[i], n))
			return is_interface(text + n) ? NULL : "does not name an interface";
	}
	if (!strncmp(text, "pcap:", 5))
		return check_pcap(text + 5);
	if (!strcmp(text, "null") || !strcmp(text, "auto") || is_pci(text))
		return NULL;
	return "is no port: af_packet:INTERFACE, af_xdp:INTERFACE, "
	       "a PCI address like 0000:03:00.0, pcap:IN,OUT, null or auto";
}

static const char *check_ip4(const uint8_t a[4])
{
	if (a[0] == 0)
		return "is no address of a host; leave the option out for those of the interfaces";
	if (a[0] >= 224)
		return "is a multicast, broadcast or reserved address";
	return NULL;
}

static const char *check_ip6(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_UNSPECIFIED(a))
		return "is no address of a host; leave the option out for those of the interfaces";
	if (IN6_IS_ADDR_MULTICAST(a))
		return "is a multicast address";
	if (IN6_IS_ADDR_V4MAPPED(a))
		return "is an IPv4 address in IPv6 clothes: write it as IPv4";
	return NULL;
}

const char *config_check_address(char *text)
{
	uint8_t ip4[4];
	struct in6_addr ip6;
	const char *wrong;
	if (inet_pton(AF_INET, text, ip4) == 1) {
		wrong = check_ip4(ip4);
		if (!wrong)
			inet_ntop(AF_INET, ip4, text, CONFIG_TEXT_MAX);
		return wrong;
	}
	if (inet_pton(AF_INET6, text, &ip6) != 1)
		return strchr(text, '/')
			       ? "is not an IP address: leave out the slash and what follows"
			       : "is not an IP address";
	wrong = check_ip6(&ip6);
	if (!wrong)
		inet_ntop(AF_INET6, &ip6, text, CONFIG_TEXT_MAX);
	return wrong;
}

const char *config_check_file(char *text)
{
	if (!*text)
		return "is no name of a file";
	return strlen(text) < CONFIG_PATH_MAX ? NULL : "is too long: 255 bytes are the most";
}

// A mistake of one option against others: with its line if the file has it, else the command line's
// name.
static void against(struct config_report *r, const struct config *c, const char *group,
		    const char *key, const char *what)
{
	const struct config_row *row = config_row_by_key(group, key);
	unsigned at = row - config_rows;
	char name[CONFIG_NAME_MAX], flag[CONFIG_FLAG_MAX];
	bool by_args = c->set_by_args >> at & 1;
	if (r->name && !by_args) {
		config_mistake(r, c->line[at], config_name(row, name), "%s", what);
		return;
	}
	snprintf(name, sizeof(name), "--%s", config_flag(row, flag));
	struct config_report args = {.err = r->err};
	config_mistake(&args, 0, name, "%s", what);
	r->count++;
}

static void check_together(struct config_report *r, const struct config *c)
{
	const struct config_limits *l = &c->limits;
	char what[CONFIG_WHY_MAX];
	if (!c->ports.count)
		against(r, c, NULL, "ports", "missing: name a port, for example af_packet:eth0");
	if (c->worker_cores.count && c->worker_cores.count != c->workers) {
		snprintf(what, sizeof(what), "%u cores for %u workers: give one each, or none",
			 c->worker_cores.count, c->workers);
		against(r, c, NULL, "worker_cores", what);
	}
	if (l->keepalive_ms >= l->path_timeout_ms) {
		snprintf(what, sizeof(what), "%u is too long: less than path_timeout_ms (%u), or 0",
			 l->keepalive_ms, l->path_timeout_ms);
		against(r, c, "limits", "keepalive_ms", what);
	}
	if (l->path_timeout_ms > l->peer_timeout_ms) {
		snprintf(what, sizeof(what), "%u is too long: peer_timeout_ms is %u",
			 l->path_timeout_ms, l->peer_timeout_ms);
		against(r, c, "limits", "path_timeout_ms", what);
	}
}

// Paths whose default lies below state_dir and that nobody has set.
static void fill_paths(struct config_report *r, struct config *c)
{
	static const char state[] = "STATE/";
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		if (row->type != CONFIG_PATH || strncmp(row->preset, state, sizeof(state) - 1))
			continue;
		char *path = (char *)c + row->at;
		if (*path)
			continue;
		char full[2 * CONFIG_PATH_MAX];
		int n = snprintf(full, sizeof(full), "%s/%s", c->state_dir,
				 row->preset + sizeof(state) - 1);
		if (n <= row->max) {
			strcpy(path, full);
			continue;
		}
		char what[CONFIG_WHY_MAX];
		snprintf(what, sizeof(what), "too long: %s would have %d bytes, %lld are the most",
			 row->key, n, (long long)row->max);
		against(r, c, NULL, "state_dir", what);
	}
}

unsigned config_finish(struct config *c, const char *name, FILE *err)
{
	struct config_report r = {.err = err, .name = name};
	fill_paths(&r, c);
	check_together(&r, c);
	config_check_cluster(&r, c);
	return r.count;
}
