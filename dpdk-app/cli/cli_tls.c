// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/cli/cli_tls.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum {
	DAY_S = 86400,
	EARLY_S = 3600, // valid from an hour ago: clocks differ
	SERIAL_BITS = 127,
	X509_V3 = 2,
};

struct cli_tls {
	EVP_PKEY *key;
	X509 *cert;
	const char *cluster; // the caller's
};

static bool to_pem(BIO *from, char text[static CLI_TLS_PEM_MAX])
{
	int n = BIO_read(from, text, CLI_TLS_PEM_MAX - 1);
	text[n > 0 ? n : 0] = 0;
	return n > 0 && BIO_pending(from) == 0;
}

static bool key_pem(EVP_PKEY *key, char *text)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool fine = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
		    to_pem(bio, text);
	BIO_free(bio);
	return fine;
}

static bool certificate_pem(X509 *cert, char *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool fine = bio && PEM_write_bio_X509(bio, cert) && to_pem(bio, text);
	BIO_free(bio);
	return fine;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *n = BN_new();
	bool fine = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
		    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return fine;
}

static bool set_times(X509 *cert, time_t until)
{
	return ASN1_TIME_set(X509_getm_notBefore(cert), time(NULL) - EARLY_S) &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), until);
}

static bool add_name(X509_NAME *name, const char *field, const char *text)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const uint8_t *)text, -1, -1,
					  0);
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool fine = e && X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
	return fine;
}

struct extension {
	int nid;
	const char *value; // NULL: left out
};

static bool add_extensions(X509 *cert, X509 *issuer, const struct extension *e)
{
	for (; e->nid; e++)
		if (e->value && !add_extension(cert, issuer, e->nid, e->value))
			return false;
	return true;
}

static time_t end_of(const X509 *cert)
{
	struct tm tm;
	return ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) ? timegm(&tm) : 0;
}

// Not longer than its issuer; NULL: it is its own.
static time_t end_within(int days, const X509 *issuer)
{
	time_t until = time(NULL) + (time_t)days * DAY_S, last = issuer ? end_of(issuer) : until;
	return until < last ? until : last;
}

// Not yet signed; the subject is named for the cluster and `name`.
static X509 *new_certificate(EVP_PKEY *key, const char *cluster, const char *name, time_t until)
{
	X509 *cert = X509_new();
	if (cert && X509_set_version(cert, X509_V3) && set_serial(cert) && set_times(cert, until) &&
	    X509_set_pubkey(cert, key) && add_name(X509_get_subject_name(cert), "O", cluster) &&
	    add_name(X509_get_subject_name(cert), "CN", name))
		return cert;
	X509_free(cert);
	return NULL;
}

static bool sign(X509 *cert, X509 *issuer, EVP_PKEY *key)
{
	return X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

struct cli_tls *cli_tls_new(const char *cluster, struct cli_tls_pair *self)
{
	static const struct extension extensions[] = {
		{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
		{NID_key_usage, "critical,keyCertSign,cRLSign"},
		{NID_subject_key_identifier, "hash"},
		{0, NULL},
	};
	struct cli_tls *ca = calloc(1, sizeof(*ca));
	if (!ca)
		return NULL;
	ca->cluster = cluster;
	ca->key = EVP_EC_gen("P-256");
	self->until = end_within(CLI_TLS_CA_DAYS, NULL);
	if (ca->key)
		ca->cert = new_certificate(ca->key, cluster, "authority", self->until);
	if (ca->cert && add_extensions(ca->cert, ca->cert, extensions) &&
	    sign(ca->cert, ca->cert, ca->key) && key_pem(ca->key, self->key) &&
	    certificate_pem(ca->cert, self->certificate))
		return ca;
	cli_tls_free(ca);
	return NULL;
}

bool cli_tls_issue(const struct cli_tls *ca, const char *name, const char *san, bool server,
		   struct cli_tls_pair *pair)
{
	const struct extension extensions[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, server ? "serverAuth,clientAuth" : "clientAuth"},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid:always"},
		{NID_subject_alt_name, san},
		{0, NULL},
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	pair->until = end_within(CLI_TLS_DAYS, ca->cert);
	X509 *cert = key ? new_certificate(key, ca->cluster, name, pair->until) : NULL;
	bool fine = cert && add_extensions(cert, ca->cert, extensions) &&
		    sign(cert, ca->cert, ca->key) && key_pem(key, pair->key) &&
		    certificate_pem(cert, pair->certificate);
	X509_free(cert);
	EVP_PKEY_free(key);
	return fine;
}

struct cli_tls *cli_tls_load(const char *cluster, const char *certificate, const char *key,
			     time_t *until)
{
	struct cli_tls *ca = calloc(1, sizeof(*ca));
	BIO *c = BIO_new_mem_buf(certificate, -1), *k = BIO_new_mem_buf(key, -1);
	if (ca && c && k) {
		ca->cluster = cluster;
		ca->cert = PEM_read_bio_X509(c, NULL, NULL, NULL);
		// "": no question for a pass phrase.
		ca->key = PEM_read_bio_PrivateKey(k, NULL, NULL, (void *)"");
	}
	BIO_free(c);
	BIO_free(k);
	if (ca && ca->cert && ca->key && X509_check_private_key(ca->cert, ca->key) == 1) {
		*until = end_of(ca->cert);
		return ca;
	}
	cli_tls_free(ca);
	return NULL;
}

void cli_tls_free(struct cli_tls *ca)
{
	if (!ca)
		return;
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	free(ca);
}

void cli_tls_wipe(struct cli_tls_pair *pair)
{
	OPENSSL_cleanse(pair, sizeof(*pair));
}

bool cli_tls_random(void *bytes, size_t len)
{
	return RAND_priv_bytes(bytes, (int)len) == 1;
}
