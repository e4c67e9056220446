// SPDX-License-Identifier: BSD-3-Clause
// The files of a new cluster. They are made in a directory beside the one that is wanted, which
// gets its name when all is there.
#include "dpdk-app/cli/cli_cluster.h"
#include "dpdk-app/cli/cli_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET = 0600, PUBLIC = 0644 };

struct writer {
	const struct cli_cluster *c;
	FILE *err;
	char dir[CLI_PATH_MAX]; // where it is made
	struct cli_tls *ca;
	char ca_certificate[CLI_TLS_PEM_MAX];
	time_t until, ca_until;
};

static bool fail(struct writer *w, const char *what, int err)
{
	fprintf(w->err, "rootline-cli: %s: %s\n", what, strerror(err));
	return false;
}

// member NULL: beside the folders of the members.
static bool path_of(struct writer *w, char path[static CLI_PATH_MAX], const char *member,
		    const char *name)
{
	int n = snprintf(path, CLI_PATH_MAX, "%s%s%s%s%s", w->dir, member ? "/" : "",
			 member ? member : "", *name ? "/" : "", name);
	return n < CLI_PATH_MAX || fail(w, w->c->dir, ENAMETOOLONG);
}

static bool make_dir(struct writer *w, const char *member, const char *name)
{
	char path[CLI_PATH_MAX];
	if (!path_of(w, path, member, name))
		return false;
	return mkdir(path, 0755) == 0 || fail(w, path, errno);
}

// text NULL: out of memory where it was made.
static bool put(struct writer *w, const char *member, const char *name, const char *text,
		mode_t mode)
{
	char path[CLI_PATH_MAX];
	if (!text)
		return fail(w, name, ENOMEM);
	if (!path_of(w, path, member, name))
		return false;
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return fail(w, path, errno);
	// The modes are part of the promise, whatever the umask.
	ssize_t n = fchmod(fd, mode) == 0 ? write(fd, text, len) : -1;
	bool fine = n == (ssize_t)len && fsync(fd) == 0;
	int err = n >= 0 && n < (ssize_t)len ? ENOSPC : errno;
	close(fd);
	return fine || fail(w, path, err);
}

static bool put_pair(struct writer *w, const char *member, const char *certificate, const char *key,
		     const struct cli_tls_pair *pair)
{
	return put(w, member, certificate, pair->certificate, PUBLIC) &&
	       put(w, member, key, pair->key, SECRET);
}

static bool put_issued(struct writer *w, const struct config_member *m, bool server)
{
	struct cli_tls_pair pair = {.until = 0};
	char *san = server ? cli_cluster_san(m) : NULL;
	bool fine = (!server || san) && cli_tls_issue(w->ca, m->name, san, server, &pair);
	if (!fine)
		fprintf(w->err, "rootline-cli: no certificate could be made for %s\n", m->name);
	else if (server)
		fine = put_pair(w, m->name, "nats/nats.crt", "nats/nats.key", &pair);
	else
		fine = put_pair(w, m->name, "member.crt", "member.key", &pair);
	w->until = pair.until;
	cli_tls_wipe(&pair);
	free(san);
	return fine;
}

static bool put_text(struct writer *w, const char *member, const char *name, char *text)
{
	bool fine = put(w, member, name, text, PUBLIC);
	free(text);
	return fine;
}

// A line of hex digits.
static bool put_key(struct writer *w, const char *member, const char *name, const uint8_t *key,
		    size_t len)
{
	char text[2 * CONFIG_SECRET_BYTES + 2];
	cli_cluster_hex(text, key, len);
	strcat(text, "\n");
	bool fine = put(w, member, name, text, SECRET);
	explicit_bzero(text, sizeof(text));
	return fine;
}

static bool put_keys(struct writer *w, unsigned i)
{
	const struct cli_cluster *c = w->c;
	const char *name = c->members.v[i].name;
	return put_key(w, name, "cluster.key", c->key, sizeof(c->key)) &&
	       (!c->signs[i] ||
		put_key(w, name, CLI_CLUSTER_SIGN, c->secret[i], sizeof(c->secret[i])));
}

static bool put_member(struct writer *w, unsigned i)
{
	const struct config_member *m = &w->c->members.v[i];
	return make_dir(w, m->name, "") && make_dir(w, m->name, "nats") &&
	       put_text(w, m->name, "rootline.json", cli_cluster_config(w->c, i)) &&
	       put_keys(w, i) && put(w, m->name, "ca.crt", w->ca_certificate, PUBLIC) &&
	       put_issued(w, m, false) &&
	       put_text(w, m->name, "nats/nats-server.conf", cli_cluster_nats(w->c, i)) &&
	       put(w, m->name, "nats/ca.crt", w->ca_certificate, PUBLIC) && put_issued(w, m, true);
}

static bool new_authority(struct writer *w)
{
	struct cli_tls_pair self = {.until = 0};
	w->ca = cli_tls_new(w->c->name, &self);
	bool fine = w->ca != NULL;
	if (!fine)
		fputs("rootline-cli: no certificate could be made for the authority\n", w->err);
	else
		fine = put_pair(w, NULL, "ca.crt", "ca.key", &self);
	memcpy(w->ca_certificate, self.certificate, sizeof(w->ca_certificate));
	w->ca_until = self.until;
	cli_tls_wipe(&self);
	return fine;
}

// The one that was renewed goes on.
static bool old_authority(struct writer *w)
{
	char *certificate = cli_cluster_old(w->c, NULL, "ca.crt");
	char *key = cli_cluster_old(w->c, NULL, "ca.key");
	if (certificate && key && strlen(certificate) < sizeof(w->ca_certificate)) {
		w->ca = cli_tls_load(w->c->name, certificate, key, &w->ca_until);
		strcpy(w->ca_certificate, certificate);
	}
	bool fine = w->ca && w->ca_until > time(NULL);
	if (!w->ca)
		fprintf(w->err,
			"rootline-cli: %s: ca.crt and ca.key are not there, or do not belong "
			"together\n",
			w->c->from);
	else if (!fine)
		fprintf(w->err,
			"rootline-cli: %s: the authority's certificate has ended: make new files "
			"with \"cluster init\"\n",
			w->c->from);
	else
		fine = put(w, NULL, "ca.crt", certificate, PUBLIC) &&
		       put(w, NULL, "ca.key", key, SECRET);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	free(certificate);
	return fine;
}

static bool put_all(struct writer *w)
{
	bool fine = w->c->from ? old_authority(w) : new_authority(w);
	for (unsigned i = 0; fine && i < w->c->members.count; i++)
		fine = put_member(w, i);
	return fine;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	remove(path); // what cannot be removed is named by who cannot remove its directory
	return 0;
}

// A name beside the wanted one, on the same file system.
static bool begin(struct writer *w)
{
	size_t len = strlen(w->c->dir);
	while (len > 1 && w->c->dir[len - 1] == '/')
		len--;
	if ((size_t)snprintf(w->dir, sizeof(w->dir), "%.*s.XXXXXX", (int)len, w->c->dir) >=
	    sizeof(w->dir))
		return fail(w, w->c->dir, ENAMETOOLONG);
	if (access(w->c->dir, F_OK) == 0) {
		fprintf(w->err,
			"rootline-cli: %s exists, and nothing is overwritten: name another "
			"directory\n",
			w->c->dir);
		return false;
	}
	return mkdtemp(w->dir) || fail(w, w->c->dir, errno);
}

enum cli_exit cli_cluster_write(const struct cli_cluster *c, FILE *out, FILE *err)
{
	struct writer w = {.c = c, .err = err};
	if (!begin(&w))
		return CLI_REFUSED;
	bool fine = put_all(&w);
	if (fine && renameat2(AT_FDCWD, w.dir, AT_FDCWD, c->dir, RENAME_NOREPLACE))
		fine = fail(&w, c->dir, errno);
	if (!fine)
		nftw(w.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	else
		cli_cluster_next_steps(c, w.until, w.ca_until, out);
	cli_tls_free(w.ca);
	return fine ? CLI_OK : CLI_REFUSED;
}
