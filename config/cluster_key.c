// SPDX-License-Identifier: BSD-3-Clause
// The keys of a cluster and of its member: whoever has them can forge what members tell each other,
// so a file that others can read is refused, not warned of.
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BYTES_MAX = CONFIG_SECRET_BYTES,
	SPACE_MAX = 8, // that may stand at the end of a file
};

// A kind of file.
struct kind {
	const char *name;
	size_t bytes;
};

static const struct kind cluster_key = {"cluster key", CONFIG_KEY_BYTES};
static const struct kind member_key = {"member key", CONFIG_SECRET_BYTES};

bool config_hex(const char *text, size_t digits, uint8_t *bytes, size_t len)
{
	if (digits != 2 * len)
		return false;
	memset(bytes, 0, len);
	for (size_t i = 0; i < digits; i++) {
		int c = tolower((unsigned char)text[i]);
		if (!isxdigit(c))
			return false;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (isdigit(c) ? c - '0' : c - 'a' + 10));
	}
	return true;
}

static bool read_hex(const char *text, size_t len, const struct kind *k, uint8_t *key)
{
	while (len > 2 * k->bytes && isspace((unsigned char)text[len - 1]))
		len--;
	return config_hex(text, len, key, k->bytes);
}

static bool is_private(struct config_report *r, int fd, const struct kind *k)
{
	struct stat st;
	if (fd < 0 || fstat(fd, &st)) {
		config_mistake(r, 0, NULL, "%s: %s", k->name, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		config_mistake(r, 0, NULL, "%s: is no file", k->name);
		return false;
	}
	if (st.st_mode & 077) {
		config_mistake(r, 0, NULL,
			       "%s: others may use it (mode %03o): chmod 600, and make a new "
			       "one if somebody could have read it",
			       k->name, st.st_mode & 0777);
		return false;
	}
	return true;
}

static bool read_key(struct config_report *r, const struct kind *k, uint8_t *key)
{
	char text[2 * BYTES_MAX + SPACE_MAX];
	int fd = open(r->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool fine = is_private(r, fd, k);
	if (fine) {
		ssize_t len = read(fd, text, 2 * k->bytes + SPACE_MAX);
		fine = len > 0 && read_hex(text, (size_t)len, k, key);
		explicit_bzero(text, sizeof(text));
		if (!fine)
			config_mistake(r, 0, NULL,
				       "%s: must hold %zu hex digits and nothing else; "
				       "rootline-cli cluster init makes one",
				       k->name, 2 * k->bytes);
	}
	if (fd >= 0)
		close(fd);
	return fine;
}

bool config_cluster_key(const char *path, uint8_t key[static CONFIG_KEY_BYTES], FILE *err)
{
	struct config_report r = {.err = err, .name = path};
	bool fine = read_key(&r, &cluster_key, key);
	if (!fine)
		explicit_bzero(key, CONFIG_KEY_BYTES);
	return fine;
}

bool config_member_key(const char *path, const struct config_member *self,
		       uint8_t secret[static CONFIG_SECRET_BYTES], FILE *err)
{
	struct config_report r = {.err = err, .name = path};
	uint8_t public_key[CONFIG_KEY_BYTES];
	bool fine = read_key(&r, &member_key, secret);
	if (fine && (!config_hex(self->public_key, strlen(self->public_key), public_key,
				 sizeof(public_key)) ||
		     memcmp(secret + sizeof(public_key), public_key, sizeof(public_key)))) {
		config_mistake(
			&r, 0, NULL,
			"member key: is not that of member \"%s\", whose public_key is %s: take "
			"the file that was made for this member, or have the last 64 digits of "
			"this one as its public_key at all members",
			self->name, self->public_key);
		fine = false;
	}
	if (!fine)
		explicit_bzero(secret, CONFIG_SECRET_BYTES);
	return fine;
}
