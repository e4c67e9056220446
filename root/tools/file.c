// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20 };

static int read_fd(int fd, uint8_t *data, size_t room, size_t *len)
{
	*len = 0;
	for (;;) {
		uint8_t over;
		bool full = *len == room;
		ssize_t n = read(fd, full ? &over : data + *len, full ? 1 : room - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if (full)
			return -EFBIG;
		*len += (size_t)n;
	}
}

int file_read(const char *path, void *data, size_t room, size_t *len)
{
	int fd, ret;

	if (strcmp(path, "-") == 0)
		return read_fd(STDIN_FILENO, data, room, len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = read_fd(fd, data, room, len);
	close(fd);
	return ret;
}

int file_read_text(const char *path, char **text, size_t *len)
{
	char *buf = malloc(TEXT_MAX + 1);
	int ret;

	if (!buf)
		return -ENOMEM;
	ret = file_read(path, buf, TEXT_MAX, len);
	if (ret < 0) {
		free(buf);
		return ret;
	}
	buf[*len] = '\0';
	*text = buf;
	return 0;
}

static int write_fd(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

// The umask must not decide who can read a key, hence fchmod. Takes fd.
static int fill(int fd, const void *data, size_t len, mode_t mode)
{
	int ret = write_fd(fd, data, len);

	if (ret == 0 && fchmod(fd, mode) < 0)
		ret = -errno;
	if (ret == 0 && fsync(fd) < 0)
		ret = -errno;
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	return ret;
}

// Makes a new name survive a power cut. Some file systems cannot; that is no reason to fail.
static void sync_dir(const char *path)
{
	char dir[FILE_PATH_MAX];
	int fd;

	file_dir(dir, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int file_create(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = fill(fd, data, len, mode);
	if (ret < 0) {
		unlink(path);
		return ret;
	}
	sync_dir(path);
	return 0;
}

static int write_through(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_fd(fd, data, len);
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	return ret;
}

static int rename_over(const char *path, const void *data, size_t len, mode_t mode)
{
	char temp[FILE_PATH_MAX];
	int fd, ret;

	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fill(fd, data, len, mode);
	if (ret == 0 && rename(temp, path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(temp);
	else
		sync_dir(path);
	return ret;
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode)
{
	char *target;
	struct stat st;
	int ret;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? rename_over(path, data, len, mode) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return write_through(path, data, len);
	target = realpath(path, NULL);
	if (!target)
		return -errno;
	ret = rename_over(target, data, len, mode);
	free(target);
	return ret;
}

static bool holds(const char *path, const void *data, size_t len)
{
	char *other = NULL;
	size_t n = 0;
	bool same;

	if (file_read_text(path, &other, &n) < 0)
		return false;
	same = n == len && memcmp(other, data, n) == 0;
	free(other);
	return same;
}

int file_backup(const char *path, const char *tag, char name[static FILE_PATH_MAX])
{
	char *data = NULL;
	size_t len = 0;
	int ret = file_read_text(path, &data, &len);

	if (ret < 0)
		return ret;
	ret = -EEXIST;
	for (unsigned i = 0; i < 1000 && ret == -EEXIST; i++) {
		char number[16] = "";

		if (i)
			snprintf(number, sizeof(number), ".%u", i);
		if (snprintf(name, FILE_PATH_MAX, "%s.%s%s.bak", path, tag, number) >=
		    FILE_PATH_MAX)
			ret = -ENAMETOOLONG;
		else
			ret = file_create(name, data, len, 0644);
		if (ret == -EEXIST && holds(name, data, len))
			ret = 0;
	}
	free(data);
	return ret;
}

bool file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool file_join(char out[static FILE_PATH_MAX], const char *dir, const char *name)
{
	int n;

	if (name[0] == '/' || !dir[0] || strcmp(dir, ".") == 0)
		n = snprintf(out, FILE_PATH_MAX, "%s", name);
	else
		n = snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name);
	return n < FILE_PATH_MAX;
}

void file_dir(char out[static FILE_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (!slash || n >= FILE_PATH_MAX)
		snprintf(out, FILE_PATH_MAX, ".");
	else if (n == 0)
		snprintf(out, FILE_PATH_MAX, "/");
	else
		snprintf(out, FILE_PATH_MAX, "%.*s", (int)n, path);
}
