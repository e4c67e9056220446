// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/state.h"

#include "dpdk-app/log.h"
#include "root/tools/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int join(const struct state *s, char path[static FILE_PATH_MAX], const char *name)
{
	return file_join(path, s->dir, name) ? 0 : -ENAMETOOLONG;
}

// Who holds the lock, from its content; 0: it does not say.
static long lock_holder(int fd)
{
	char text[32] = "";
	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

static int take_lock(struct state *s)
{
	char path[FILE_PATH_MAX], text[32];
	if (join(s, path, "rootline.lock"))
		return -ENAMETOOLONG;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		int err = errno;
		log_error("%s: %s; the state directory must be writable", path, strerror(err));
		return -err;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int err = errno == EWOULDBLOCK ? EBUSY : errno;
		if (err == EBUSY)
			log_error("another rootline (process %ld) runs on the state directory %s: "
				  "stop "
				  "it, or give this one a directory of its own with --state",
				  lock_holder(fd), s->dir);
		else
			log_error("%s: cannot be locked: %s", path, strerror(err));
		close(fd);
		return -err;
	}
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	// The number only serves the message above.
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, n, 0) < 0)
		log_debug("%s: %s", path, strerror(errno));
	s->lock = fd;
	return 0;
}

int state_open(struct state *s, const char *dir)
{
	struct stat st;
	*s = (struct state){.lock = -1};
	if ((size_t)snprintf(s->dir, sizeof(s->dir), "%s", dir) >= sizeof(s->dir)) {
		log_error("--state: the path is too long");
		return -ENAMETOOLONG;
	}
	if (mkdir(dir, 0750) < 0 && errno != EEXIST) {
		int err = errno;
		log_error("state directory %s: cannot be made: %s", dir, strerror(err));
		return -err;
	}
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		log_error("state directory %s: is no directory", dir);
		return -ENOTDIR;
	}
	return take_lock(s);
}

void state_close(struct state *s)
{
	sodium_memzero(&s->secret, sizeof(s->secret));
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

static bool is_valid(const struct rl_identity *id)
{
	struct rl_scratch *scratch = rl_scratch_new();
	bool ok = scratch && rl_identity_validate(scratch, id);
	rl_scratch_free(scratch);
	return ok;
}

static void warn_of_mode(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && st.st_mode & 077)
		log_warning("%s can be read by others (mode %04o): chmod 600 it", path,
			    (unsigned)st.st_mode & 07777);
}

static int read_secret(struct state *s, const char *path)
{
	char text[1024];
	size_t len;
	int ret = file_read(path, text, sizeof(text) - 1, &len);
	if (ret == -ENOENT)
		return ret;
	if (ret == -EFBIG)
		ret = -EINVAL;
	if (ret && ret != -EINVAL) {
		log_error("%s: %s", path, strerror(-ret));
		return ret;
	}
	if (!ret) {
		text[len] = 0;
		ret = strlen(text) == len ? rl_identity_parse(&s->id, &s->secret, text) : -EINVAL;
	}
	sodium_memzero(text, sizeof(text));
	if (ret == -ENOENT)
		log_error("%s: holds a public identity only; put the secret one there", path);
	else if (ret)
		log_error("%s: is no identity; restore it from a backup, or move it away to get a "
			  "new identity (every client then needs a new planet)",
			  path);
	else if (!rl_identity_matches(&s->id, &s->secret) || !is_valid(&s->id))
		log_error("%s: address and keys do not belong together; restore it from a backup",
			  path);
	else
		return warn_of_mode(path), 0;
	return -EINVAL;
}

// Under another name first: whoever sees identity.secret sees all of it, whenever power fails.
static int create_whole(const char *path, const char *text, mode_t mode)
{
	char temp[FILE_PATH_MAX];
	if ((size_t)snprintf(temp, sizeof(temp), "%s.new", path) >= sizeof(temp))
		return -ENAMETOOLONG;
	unlink(temp); // of a run that was killed; the lock keeps others out
	int ret = file_create(temp, text, strlen(text), mode);
	if (ret)
		return ret;
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) < 0)
		ret = -errno;
	// A file system without that flag: the lock keeps other roots out in between.
	if (ret == -EINVAL)
		ret = file_exists(path) ? -EEXIST : rename(temp, path) < 0 ? -errno : 0;
	if (ret)
		unlink(temp);
	return ret;
}

static int make_secret(struct state *s, const char *path)
{
	char text[RL_IDENTITY_SECRET_TEXT];
	struct rl_scratch *scratch = rl_scratch_new();
	if (!scratch)
		return -ENOMEM;
	log_info("no identity in %s yet: making one, which takes a few seconds", s->dir);
	int ret = rl_identity_generate(scratch, &s->id, &s->secret, 0, 0, NULL, NULL);
	rl_scratch_free(scratch);
	if (!ret)
		ret = create_whole(path, rl_identity_text(&s->id, &s->secret, text), 0600);
	sodium_memzero(text, sizeof(text));
	if (ret)
		log_error("%s: cannot be made: %s", path, strerror(-ret));
	else
		log_info("new identity %010llx in %s: keep a copy of it in a safe place",
			 (unsigned long long)s->id.address, path);
	return ret;
}

static void check_public(const struct state *s, const char *path)
{
	char text[1024];
	size_t len;
	struct rl_identity id;
	int ret = file_read(path, text, sizeof(text) - 1, &len);
	text[ret ? 0 : len] = 0;
	if (ret || rl_identity_parse(&id, NULL, text) || !rl_identity_equal(&id, &s->id))
		log_warning("%s does not show the identity of identity.secret, which is the one "
			    "used: remove it to have it made again",
			    path);
}

// Others can do without it, so a failure is no reason not to serve.
static void write_public(const struct state *s, const char *path)
{
	char text[RL_IDENTITY_SECRET_TEXT];
	int ret = create_whole(path, rl_identity_text(&s->id, NULL, text), 0644);
	if (ret)
		log_warning("%s: cannot be made: %s", path, strerror(-ret));
}

int state_identity(struct state *s)
{
	char secret[FILE_PATH_MAX], public[FILE_PATH_MAX];
	if (join(s, secret, "identity.secret") || join(s, public, "identity.public"))
		return -ENAMETOOLONG;
	bool has_public = file_exists(public);
	int ret = read_secret(s, secret);
	if (ret == -ENOENT && has_public) {
		log_error("%s is missing, but identity.public is there: restore the secret from a "
			  "backup, or remove identity.public to get a new identity",
			  secret);
		return -EINVAL;
	}
	if (ret == -ENOENT)
		ret = make_secret(s, secret);
	if (ret)
		return ret;
	if (has_public)
		check_public(s, public);
	else
		write_public(s, public);
	return 0;
}
