/* certificate.c - see certificate.h. */
#include "hooks/out/certificate.h"
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

static gint64
end_of(const X509 *certificate)
{
	struct tm parts = { 0 };
	if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts))
		return 0;
	return (gint64)timegm(&parts) * CLOCK_SECOND;
}

gint64
certificate_expires(const char *path, GError **error)
{
	FILE *file = fopen(path, "re");
	X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	gint64 expires = certificate ? end_of(certificate) : 0;
	if (!expires)
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s: %s", path,
			    file ? "no certificate in PEM" : g_strerror(errno));
	X509_free(certificate);
	if (file)
		fclose(file);
	return expires;
}
