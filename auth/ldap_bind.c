#include "ldap_bind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <sasl/sasl.h>

/* Bits of the key that seals; GSSAPI with AES gives 256. */
#define SSF_MIN 128
#define SEALED	"noanonymous,noplain,minssf=128"
/* Inside of TLS: Active Directory refuses to seal twice. */
#define INSIDE_OF_TLS "noanonymous,noplain,maxssf=0"
#define PASSWORD_MAX  1024

int
rv_ldap_unavailable(LDAP *ld, const char *what, int result, struct rv_error *e)
{
	char *diagnostic = NULL;

	rv_ignore(ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE,
	    &diagnostic)); /* only for the text */
	rv_error_set(e, "%s: %s%s%s", what, ldap_err2string(result),
	    diagnostic != NULL && *diagnostic != '\0' ? ": " : "",
	    diagnostic != NULL ? diagnostic : "");
	ldap_memfree(diagnostic);
	return RV_ERR_UNAVAILABLE;
}

/* ---- TLS --------------------------------------------------------------------- */

int
rv_ldap_set_tls(LDAP *ld, const struct rv_ldap_settings *settings,
    const char *pin, struct rv_error *e)
{
	int hard = LDAP_OPT_X_TLS_HARD, lowest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	int as_client = 0;
	const struct {
		int option;
		const void *value;
	} options[] = {
		{ LDAP_OPT_X_TLS_REQUIRE_CERT, &hard },
		{ LDAP_OPT_X_TLS_REQUIRE_SAN, &hard },
		{ LDAP_OPT_X_TLS_PROTOCOL_MIN, &lowest },
		{ LDAP_OPT_X_TLS_CACERTFILE, settings->ca },
		{ LDAP_OPT_X_TLS_CERTFILE, settings->certificate },
		{ LDAP_OPT_X_TLS_KEYFILE, settings->key },
		{ LDAP_OPT_X_TLS_PEERKEY_HASH, pin },
		/* The last: it takes up the others. */
		{ LDAP_OPT_X_TLS_NEWCTX, &as_client },
	};

	if (settings->tls == RV_DIRECTORY_TLS_OFF)
		return RV_OK;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].value == NULL ||
		    ldap_set_option(ld, options[i].option, options[i].value) ==
			LDAP_OPT_SUCCESS)
			continue;
		rv_error_set(e,
		    "TLS to the directory cannot be set up: check "
		    "directory_ca, directory_pins, directory_certificate and "
		    "directory_key");
		return RV_ERR_UNAVAILABLE;
	}
	return RV_OK;
}

/* ---- GSSAPI ------------------------------------------------------------------- */

/* The mechanism asks for names; Kerberos knows them. */
static int
answer_nothing(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
	sasl_interact_t *q = questions;

	(void)ld;
	(void)flags;
	(void)defaults;
	for (; q->id != SASL_CB_LIST_END; q++) {
		q->result = "";
		q->len = 0;
	}
	return LDAP_SUCCESS;
}

static int
check_sealed(LDAP *ld, struct rv_error *e)
{
	ber_len_t ssf = 0;

	if (ldap_get_option(ld, LDAP_OPT_X_SASL_SSF, &ssf) ==
		LDAP_OPT_SUCCESS &&
	    ssf >= SSF_MIN)
		return RV_OK;
	rv_error_set(e, "the connection to the directory is not sealed: the "
			"server must offer GSSAPI with confidentiality");
	return RV_ERR_UNAVAILABLE;
}

static int
bind_gssapi(LDAP *ld, const struct rv_ldap_settings *s, struct rv_error *e)
{
	const bool in_clear = s->tls == RV_DIRECTORY_TLS_OFF;
	const char *properties = in_clear ? SEALED : INSIDE_OF_TLS;
	int result;

	if (ldap_set_option(ld, LDAP_OPT_X_SASL_SECPROPS, properties) !=
	    LDAP_OPT_SUCCESS) {
		rv_error_set(e, "libldap does not take our settings");
		return RV_ERR_INTERNAL;
	}
	result = ldap_sasl_interactive_bind_s(ld, NULL, "GSSAPI", NULL, NULL,
	    LDAP_SASL_QUIET, answer_nothing, NULL);
	if (result != LDAP_SUCCESS)
		return rv_ldap_unavailable(
		    ld, "signing in to the directory", result, e);
	return in_clear ? check_sealed(ld, e) : RV_OK;
}

/* ---- A password ---------------------------------------------------------------- */

/* Read anew for each connection: it may have been changed. */
static int
read_password(const char *path, char password[PASSWORD_MAX + 1], size_t *ret_n,
    struct rv_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		n = read(fd, password, PASSWORD_MAX + 1);
	if (fd >= 0)
		(void)close(fd);
	while (n > 0 && (password[n - 1] == '\n' || password[n - 1] == '\r'))
		n--;
	/* RFC 4513 5.1.2: a bind without a password is one as nobody. */
	if (n > 0 && n <= PASSWORD_MAX) {
		*ret_n = (size_t)n;
		return RV_OK;
	}
	rv_error_set(e,
	    "directory_password_file: %s must be a file with one line, "
	    "readable by nobody but its owner",
	    path);
	return RV_ERR_UNAVAILABLE;
}

static int
bind_simple(LDAP *ld, const struct rv_ldap_settings *s, struct rv_error *e)
{
	char password[PASSWORD_MAX + 1];
	struct berval credential = { 0, password };
	size_t n = 0;
	int result, r;

	r = read_password(s->password_file, password, &n, e);
	if (r != RV_OK)
		goto out;
	credential.bv_len = n;
	result = ldap_sasl_bind_s(
	    ld, s->bind_dn, LDAP_SASL_SIMPLE, &credential, NULL, NULL, NULL);
	if (result != LDAP_SUCCESS)
		r = rv_ldap_unavailable(
		    ld, "signing in to the directory", result, e);
out:
	OPENSSL_cleanse(password, sizeof(password));
	return r;
}

static int
bind_external(LDAP *ld, struct rv_error *e)
{
	struct berval nothing = { 0, NULL };
	int result =
	    ldap_sasl_bind_s(ld, NULL, "EXTERNAL", &nothing, NULL, NULL, NULL);

	if (result == LDAP_SUCCESS)
		return RV_OK;
	return rv_ldap_unavailable(
	    ld, "signing in to the directory by certificate", result, e);
}

/* ---- All ------------------------------------------------------------------------- */

int
rv_ldap_bind(
    LDAP *ld, const struct rv_ldap_settings *settings, struct rv_error *e)
{
	int result;

	if (settings->tls == RV_DIRECTORY_START_TLS) {
		result = ldap_start_tls_s(ld, NULL, NULL);
		if (result != LDAP_SUCCESS)
			return rv_ldap_unavailable(
			    ld, "TLS to the directory", result, e);
	}
	switch (settings->bind) {
	case RV_BIND_GSSAPI:
		return bind_gssapi(ld, settings, e);
	case RV_BIND_EXTERNAL:
		return bind_external(ld, e);
	case RV_BIND_SIMPLE:
		return bind_simple(ld, settings, e);
	}
	return RV_ERR_INTERNAL;
}
