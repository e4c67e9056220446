// SPDX-License-Identifier: BSD-3-Clause
// The cluster's key: whoever has it can forge what members tell each other, so a file that others
// can read is refused, not warned of.
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = 2 * CONFIG_KEY_BYTES };

static bool read_hex(const char *text, size_t len, uint8_t *key)
{
	while (len > DIGITS && isspace((unsigned char)text[len - 1]))
		len--;
	if (len != DIGITS)
		return false;
	memset(key, 0, CONFIG_KEY_BYTES);
	for (unsigned i = 0; i < DIGITS; i++) {
		int c = tolower((unsigned char)text[i]);
		if (!isxdigit(c))
			return false;
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | (isdigit(c) ? c - '0' : c - 'a' + 10));
	}
	return true;
}

static bool read_key(struct config_report *r, int fd, uint8_t *key)
{
	char text[DIGITS + 8];
	struct stat st;
	if (fd < 0 || fstat(fd, &st)) {
		config_mistake(r, 0, NULL, "cluster key: %s", strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		config_mistake(r, 0, NULL, "cluster key: is no file");
		return false;
	}
	if (st.st_mode & 077) {
		config_mistake(
			r, 0, NULL,
			"cluster key: others may use it (mode %03o): chmod 600, and make a new "
			"one if somebody could have read it",
			st.st_mode & 0777);
		return false;
	}
	ssize_t len = read(fd, text, sizeof(text));
	bool fine = len > 0 && read_hex(text, (size_t)len, key);
	explicit_bzero(text, sizeof(text));
	if (!fine)
		config_mistake(r, 0, NULL,
			       "cluster key: must hold %d hex digits and nothing else; "
			       "rootline-cli cluster init makes one",
			       DIGITS);
	return fine;
}

bool config_cluster_key(const char *path, uint8_t key[static CONFIG_KEY_BYTES], FILE *err)
{
	struct config_report r = {.err = err, .name = path};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool fine = read_key(&r, fd, key);
	if (fd >= 0)
		close(fd);
	if (!fine)
		explicit_bzero(key, CONFIG_KEY_BYTES);
	return fine;
}
