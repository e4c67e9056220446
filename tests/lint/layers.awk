# SPDX-License-Identifier: BSD-3-Clause
# Input: names of C files, one a line, from the top of the tree. Output: a line per include that is against the rules.

BEGIN {
	# What files of a folder may include of ours: folders, or single files. The longest entry that fits a file counts:
	# itself, or a folder around it.
	may["root"] = "root"
	may["config"] = "config"
	may["geoip"] = "geoip"
	may["cluster"] = "cluster root"
	may["dpdk-app"] = "dpdk-app root cluster geoip config"
	may["dpdk-app/cli"] = "dpdk-app/cli dpdk-app/ctl_proto.h config"
	may["tests"] = may["bench"] = "root config geoip cluster dpdk-app tests bench"

	# Of others, what a folder keeps away from: expressions on the name between < and >.
	host = "^(rte_|pthread|threads|sys/socket|sys/epoll|sys/ioctl|netinet/|net/|linux/|poll\\.h|time\\.h)"
	never["root"] = host "|^(jansson|nats|qrencode|bpf/|xdp/)"
	never["root/tools"] = "^(rte_|pthread|threads|nats|bpf/|xdp/)"
	never["config"] = "^(rte_|pthread|threads|sodium|openssl/|nats|bpf/|xdp/)"
	never["geoip"] = "^(rte_|pthread|threads|nats)"
	never["cluster"] = "^(rte_|pthread|threads|nats)"
	# The backplane alone has threads, and one implementation of it NATS.
	never["cluster/link_box.h"] = "^(rte_|threads|nats)"
	never["cluster/link_nats_setup.h"] = "^(rte_|threads)"
	never["dpdk-app/cli"] = "^(rte_|bpf/|xdp/|nats)"
}

function folder_of(file, table,   f)
{
	f = file
	do
		if (f in table)
			return f
	while (sub("/[^/]*$", "", f))
	return ""
}

function complain(text)
{
	printf "%s:%d: %s\n", file, line, text
	bad = 1
}

function check_ours(name,   folder, n, parts, i)
{
	if (name !~ "/" || name ~ "(^|/)\\.\\.?/" || (getline unused < name) < 0) {
		complain("\"" name "\" is not a path from the top of the tree")
		return
	}
	close(name)
	folder = folder_of(file, may)
	n = split(may[folder], parts, " ")
	for (i = 1; i <= n; i++)
		if (name == parts[i] || index(name, parts[i] "/") == 1)
			return
	complain(folder " may not include \"" name "\"; it may: " may[folder])
}

function check_others(name,   folder)
{
	folder = folder_of(file, never)
	if (folder != "" && name ~ never[folder])
		complain(folder " may not include <" name ">")
}

{
	file = $0
	line = 0
	if (folder_of(file, may) == "") {
		complain("a folder without a rule")
		next
	}
	while ((getline text < file) > 0) {
		line++
		if (text !~ /^[ \t]*#[ \t]*include[ \t]/)
			continue
		if (match(text, /"[^"]*"/))
			check_ours(substr(text, RSTART + 1, RLENGTH - 2))
		else if (match(text, /<[^>]*>/))
			check_others(substr(text, RSTART + 1, RLENGTH - 2))
	}
	close(file)
}

END {
	exit bad
}
