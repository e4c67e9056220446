// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/port_spec.h"

#include "dpdk-app/netif.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FORMS                                                                                 \
	"af_packet:INTERFACE, af_xdp:INTERFACE, a PCI address like 0000:03:00.0, pcap:IN,OUT" \
	" or null"

enum {
	AF_PACKET_FRAMES = 4096, // of 2 KiB, per queue and direction
	AF_PACKET_BLOCK = 65536,
};

__attribute__((format(printf, 3, 4))) static int refuse(char why[static PORT_WHY_MAX], int err,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, PORT_WHY_MAX, format, args);
	va_end(args);
	return err;
}

static bool all_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

// "03:00.0" or "0000:03:00.0".
static bool is_pci(const char *s)
{
	if (strlen(s) == 12 && all_hex(s, 4) && s[4] == ':')
		s += 5;
	return strlen(s) == 7 && all_hex(s, 2) && s[2] == ':' && all_hex(s + 3, 2) && s[5] == '.' &&
	       s[6] >= '0' && s[6] <= '7';
}

static int parse_pci(struct port_spec *s, const char *text)
{
	s->kind = PORT_PCI;
	snprintf(s->pci, sizeof(s->pci), "%s%s", strlen(text) == 7 ? "0000:" : "", text);
	for (char *c = s->pci; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

static int parse_iface(struct port_spec *s, const char *name, char why[static PORT_WHY_MAX])
{
	size_t len = strlen(name);

	if (len == 0)
		return refuse(why, -EINVAL,
			      "port \"%s\": the interface is missing; write %seth0, or %sauto for "
			      "the one of the default route",
			      s->text, s->text, s->text);
	if (len >= PORT_IFACE_MAX)
		return refuse(
			why, -EINVAL,
			"port \"%s\": the interface's name is too long: %d characters at most",
			s->text, PORT_IFACE_MAX - 1);
	// The last four would change the meaning of DPDK's device arguments.
	for (const char *c = name; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr("/,=[]", *c))
			return refuse(why, -EINVAL,
				      "port \"%s\": \"%s\" cannot be the name of an interface",
				      s->text, name);
	memcpy(s->iface, name, len + 1);
	return 0;
}

static int parse_pcap(struct port_spec *s, const char *files, char why[static PORT_WHY_MAX])
{
	const char *comma = strchr(files, ',');
	size_t in = comma ? (size_t)(comma - files) : strlen(files);
	const char *out = comma ? comma + 1 : "";

	s->kind = PORT_PCAP;
	if (strpbrk(out, ",=[]") || strcspn(files, "=[]") < in)
		return refuse(
			why, -EINVAL,
			"port \"%s\": two files at most, without any of , = [ ] in their names",
			s->text);
	if (in == 0 && *out == 0)
		return refuse(why, -EINVAL,
			      "port \"%s\": no file; write pcap:IN,OUT, pcap:IN or pcap:,OUT",
			      s->text);
	if (in >= PORT_PATH_MAX || strlen(out) >= PORT_PATH_MAX)
		return refuse(why, -EINVAL,
			      "port \"pcap:...\": a file's name is too long: %d characters at most",
			      PORT_PATH_MAX - 1);
	memcpy(s->in, files, in);
	memcpy(s->out, out, strlen(out));
	if (strcmp(s->in, s->out) == 0)
		return refuse(why, -EINVAL, "port \"%s\": input and output are the same file",
			      s->text);
	return 0;
}

int port_spec_parse(struct port_spec *s, const char *text, char why[static PORT_WHY_MAX])
{
	memset(s, 0, sizeof(*s));
	why[0] = 0;
	if (strlen(text) >= sizeof(s->text))
		return refuse(why, -EINVAL, "port \"%.32s...\": too long", text);
	memcpy(s->text, text, strlen(text));
	if (strcmp(text, "null") == 0) {
		s->kind = PORT_NULL;
		return 0;
	}
	if (is_pci(text))
		return parse_pci(s, text);
	if (strcmp(text, "auto") == 0) {
		s->kind = PORT_AF_PACKET;
		return parse_iface(s, text, why);
	}
	if (strncmp(text, "af_packet:", 10) == 0) {
		s->kind = PORT_AF_PACKET;
		return parse_iface(s, text + 10, why);
	}
	if (strncmp(text, "af_xdp:", 7) == 0) {
		s->kind = PORT_AF_XDP;
		return parse_iface(s, text + 7, why);
	}
	if (strncmp(text, "pcap:", 5) == 0)
		return parse_pcap(s, text + 5, why);
	return refuse(why, -EINVAL, "port \"%s\": unknown kind; use " FORMS, text);
}

static int check_iface(struct port_spec *s, char why[static PORT_WHY_MAX])
{
	struct netif n;
	int ret;

	if (strcmp(s->iface, "auto") == 0) {
		ret = netif_default(s->iface);
		if (ret)
			return refuse(why, ret,
				      "port \"%s\": this machine has no default route; name the "
				      "interface instead (`ip link` lists them)",
				      s->text);
	}
	ret = netif_read(&n, s->iface);
	if (ret == -ENODEV)
		return refuse(why, ret,
			      "port \"%s\": there is no interface \"%s\" (`ip link` lists them)",
			      s->text, s->iface);
	if (ret)
		return refuse(why, ret, "port \"%s\": cannot ask for interface \"%s\": %s", s->text,
			      s->iface, strerror(-ret));
	if (!n.ether)
		return refuse(why, -EPROTONOSUPPORT,
			      "port \"%s\": \"%s\" is not an Ethernet interface", s->text,
			      s->iface);
	if (!n.up)
		return refuse(why, -ENETDOWN,
			      "port \"%s\": interface \"%s\" is down; `ip link set %s up` first",
			      s->text, s->iface, s->iface);
	return 0;
}

static int check_files(const struct port_spec *s, char why[static PORT_WHY_MAX])
{
	char dir[PORT_PATH_MAX] = ".";
	char *slash;

	if (*s->in && access(s->in, R_OK) < 0)
		return refuse(why, -errno, "port \"%s\": cannot read \"%s\": %s", s->text, s->in,
			      strerror(errno));
	if (!*s->out)
		return 0;
	if (strchr(s->out, '/'))
		memcpy(dir, s->out, sizeof(dir));
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = 0;
	if (access(s->out, F_OK) == 0 ? access(s->out, W_OK) < 0 : access(dir, W_OK) < 0)
		return refuse(why, -errno, "port \"%s\": cannot write \"%s\": %s", s->text, s->out,
			      strerror(errno));
	return 0;
}

int port_spec_check(struct port_spec *s, char why[static PORT_WHY_MAX])
{
	char path[64];

	switch (s->kind) {
	case PORT_AF_PACKET:
	case PORT_AF_XDP:
		return check_iface(s, why);
	case PORT_PCAP:
		return check_files(s, why);
	case PORT_PCI:
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", s->pci);
		if (access(path, F_OK) < 0)
			return refuse(why, -ENODEV,
				      "port \"%s\": no such PCI device (`dpdk-devbind.py --status` "
				      "lists them)",
				      s->text);
		return 0;
	case PORT_NULL:
		break;
	}
	return 0;
}

bool port_spec_has_iface(const struct port_spec *s)
{
	return s->kind == PORT_AF_PACKET || s->kind == PORT_AF_XDP;
}

bool port_spec_same_device(const struct port_spec *a, const struct port_spec *b)
{
	if (port_spec_has_iface(a) && port_spec_has_iface(b))
		return strcmp(a->iface, b->iface) == 0;
	if (a->kind != b->kind)
		return false;
	if (a->kind == PORT_PCI)
		return strcmp(a->pci, b->pci) == 0;
	return a->kind == PORT_PCAP && *a->out && strcmp(a->out, b->out) == 0;
}

void port_spec_device(const struct port_spec *s, unsigned index, char buf[static 32])
{
	static const char *const drivers[] = {
		[PORT_AF_XDP] = "net_af_xdp",
		[PORT_AF_PACKET] = "net_af_packet",
		[PORT_PCAP] = "net_pcap",
		[PORT_NULL] = "net_null",
	};

	if (s->kind == PORT_PCI)
		snprintf(buf, 32, "%s", s->pci);
	else
		snprintf(buf, 32, "%s%u", drivers[s->kind], index);
}

int port_spec_vdev(const struct port_spec *s, unsigned index, unsigned queues, const char *filter,
		   char buf[static PORT_VDEV_MAX])
{
	char name[32];
	int n = 0;

	port_spec_device(s, index, name);
	buf[0] = 0;
	switch (s->kind) {
	case PORT_AF_PACKET:
		n = snprintf(buf, PORT_VDEV_MAX,
			     "%s,iface=%s,qpairs=%u,qdisc_bypass=1,framecnt=%d,blocksz=%d", name,
			     s->iface, queues, AF_PACKET_FRAMES, AF_PACKET_BLOCK);
		break;
	case PORT_AF_XDP:
		n = snprintf(buf, PORT_VDEV_MAX,
			     "%s,iface=%s,start_queue=0,queue_count=%u,busy_budget=0,xdp_prog=%s",
			     name, s->iface, queues, filter);
		break;
	case PORT_PCAP:
		n = snprintf(buf, PORT_VDEV_MAX, "%s%s%s%s%s", name, *s->in ? ",rx_pcap=" : "",
			     s->in, *s->out ? ",tx_pcap=" : "", s->out);
		break;
	case PORT_NULL:
		n = snprintf(buf, PORT_VDEV_MAX, "%s,no-rx=1", name);
		break;
	case PORT_PCI:
		break;
	}
	return n < PORT_VDEV_MAX ? 0 : -ENAMETOOLONG;
}
