/*
 * loopback_tls.h - an HTTPS server on 127.0.0.1 that answers 200 to everything, one connection
 * after another, with a certificate made on the spot.
 */
#ifndef LOOPBACK_TLS_H
#define LOOPBACK_TLS_H

#include <arpa/inet.h>
#include <glib.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct loopback_tls {
	guint16 port;
	char *ca_file; /* its own certificate, to be trusted */
	SSL_CTX *context;
	int listener, wake[2];
	int requests; /* atomic */
	GThread *thread;
};

static void
tls_add_name(X509 *x509, const char *names)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
}

/* Self-signed, valid from a day ago until `days` from now. */
static X509 *
tls_certificate(EVP_PKEY *key, const char *names, int days)
{
	X509 *x509 = X509_new();
	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), -10 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(x509), days * 86400L);
	X509_set_pubkey(x509, key);
	X509_NAME *name = X509_get_subject_name(x509);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const guchar *)"test", -1, -1, 0);
	X509_set_issuer_name(x509, name);
	tls_add_name(x509, names);
	X509_sign(x509, key, EVP_sha256());
	return x509;
}

static void
tls_serve(struct loopback_tls *server, int fd)
{
	static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
				    "Connection: close\r\n\r\n";
	SSL *ssl = SSL_new(server->context);
	SSL_set_fd(ssl, fd);
	g_autoptr(GString) in = g_string_new(NULL);
	char buffer[4096];
	int got = SSL_accept(ssl);
	while (got > 0 && !strstr(in->str, "\r\n\r\n{")) {
		got = SSL_read(ssl, buffer, sizeof buffer);
		g_string_append_len(in, buffer, MAX(got, 0));
	}
	if (got > 0) {
		g_atomic_int_inc(&server->requests);
		SSL_write(ssl, reply, strlen(reply));
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(fd);
}

static gpointer
tls_main(gpointer data)
{
	struct loopback_tls *server = data;
	struct pollfd fds[] = { { server->listener, POLLIN, 0 }, { server->wake[0], POLLIN, 0 } };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE); /* a client that breaks the handshake off */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		int fd = accept(server->listener, NULL, NULL);
		if (fd >= 0)
			tls_serve(server, fd);
	}
	return NULL;
}

/* @param names a subjectAltName, "IP:127.0.0.1" */
static struct loopback_tls *
loopback_tls_start(const char *names, int days)
{
	struct loopback_tls *server = g_new0(struct loopback_tls, 1);
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t length = sizeof at;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = tls_certificate(key, names, days);
	server->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(server->context, x509);
	SSL_CTX_use_PrivateKey(server->context, key);
	int fd = g_file_open_tmp("leadmilter-ca-XXXXXX", &server->ca_file, NULL);
	FILE *file = fdopen(fd, "w");
	PEM_write_X509(file, x509);
	fclose(file);
	X509_free(x509);
	EVP_PKEY_free(key);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->listener, (struct sockaddr *)&at, sizeof at) ||
	    listen(server->listener, 16) ||
	    getsockname(server->listener, (struct sockaddr *)&at, &length) || pipe(server->wake))
		g_error("loopback TLS server can't be started");
	server->port = ntohs(at.sin_port);
	server->thread = g_thread_new("loopback-tls", tls_main, server);
	return server;
}

static void
loopback_tls_stop(struct loopback_tls *server)
{
	if (write(server->wake[1], "x", 1) != 1)
		g_error("loopback TLS server can't be stopped");
	g_thread_join(server->thread);
	close(server->listener);
	close(server->wake[0]);
	close(server->wake[1]);
	unlink(server->ca_file);
	g_free(server->ca_file);
	SSL_CTX_free(server->context);
	g_free(server);
}

#endif
