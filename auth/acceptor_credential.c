#include "acceptor_credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>
#include <profile.h>

#include "ap_req.h"
#include "gss_status.h"

/*
 * A credential that could not be acquired must never turn into "the default
 * keytab": GSS_C_NO_CREDENTIAL means that to gss_accept_sec_context().  So
 * the default is a file that nobody has.
 */
#define NO_KEYTAB "FILE:/nonexistent/there-is-no-default-keytab"

#define DEFAULT_CLOCK_SKEW_S 300

/* ---- The keytab ----------------------------------------------------------- */

static bool
is_of_service(const krb5_keytab_entry *entry, const char *service)
{
	const krb5_data *first;

	if (entry->principal->length != 2)
		return false; /* SERVICE/host */
	first = &entry->principal->data[0];
	return rv_slice_eq_cstr(
	    (struct rv_slice){ first->data, first->length }, service);
}

/*
 * One pass over the entries.  A weak key that comes later is of no use
 * either (auth/ap_req.h), but this one somebody should be told of.
 */
static int
check_entries(krb5_context ctx, krb5_keytab keytab,
    const struct rv_acceptor_config *config, struct rv_error *e)
{
	krb5_keytab_entry entry;
	krb5_kt_cursor cursor;
	size_t n_keys = 0;
	int r = RV_OK;

	if (krb5_kt_start_seq_get(ctx, keytab, &cursor) != 0) {
		rv_error_set(e,
		    "the keytab %s cannot be read: it must exist and be "
		    "readable by this process",
		    config->keytab);
		return RV_ERR_IO;
	}
	while (krb5_kt_next_entry(ctx, keytab, &entry, &cursor) == 0) {
		if (is_of_service(&entry, config->service)) {
			n_keys++;
			if (!rv_enctype_is_strong(entry.key.enctype)) {
				rv_error_set(e,
				    "the keytab %s has a key of %s with the "
				    "weak encryption type %d: export AES keys "
				    "only",
				    config->keytab, config->service,
				    (int)entry.key.enctype);
				r = RV_ERR_DENIED;
			}
		}
		krb5_free_keytab_entry_contents(ctx, &entry);
	}
	krb5_kt_end_seq_get(ctx, keytab, &cursor);
	if (r == RV_OK && n_keys == 0) {
		rv_error_set(e, "the keytab %s has no key of a principal %s/*",
		    config->keytab, config->service);
		r = RV_ERR_NOTFOUND;
	}
	return r;
}

static int
check_keytab(krb5_context ctx, const char *name,
    const struct rv_acceptor_config *config, struct rv_error *e)
{
	krb5_keytab keytab;
	int r;

	if (krb5_kt_resolve(ctx, name, &keytab) != 0) {
		rv_error_set(e, "%s is no name of a keytab", name);
		return RV_ERR_INVALID;
	}
	r = check_entries(ctx, keytab, config, e);
	krb5_kt_close(ctx, keytab);
	return r;
}

/*
 * The library adds its tolerance to the lifetime of an accepted context; we
 * take off what it added, whatever krb5.conf says it is.
 */
static int64_t
clock_skew_of(krb5_context ctx)
{
	struct _profile_t *profile = NULL;
	int skew = DEFAULT_CLOCK_SKEW_S;

	if (krb5_get_profile(ctx, &profile) != 0)
		return DEFAULT_CLOCK_SKEW_S;
	if (profile_get_integer(profile, "libdefaults", "clockskew", NULL,
		DEFAULT_CLOCK_SKEW_S, &skew) != 0)
		skew = DEFAULT_CLOCK_SKEW_S;
	profile_release(profile);
	return skew >= 0 ? skew : DEFAULT_CLOCK_SKEW_S;
}

/* ---- The replay cache ------------------------------------------------------ */

/* Otherwise its absence would show with the first caller. */
static int
check_replay_cache(const char *path, struct rv_error *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1) {
		rv_error_set(e,
		    "the replay cache %s cannot be opened for writing: %s",
		    path, strerror(errno));
		return RV_ERR_IO;
	}
	close(fd);
	return RV_OK;
}

/* ---- The credentials -------------------------------------------------------- */

/* "SERVICE@" matches every host, so that no name of ours is looked up. */
static int
import_service(const char *service, gss_name_t *ret_name)
{
	struct rv_buf text = { .max = 256 };
	gss_buffer_desc buffer;
	OM_uint32 major, minor;

	rv_buf_printf(&text, "%s@", service);
	if (rv_buf_cstr(&text) == NULL) {
		rv_buf_fini(&text);
		return RV_ERR_INVALID;
	}
	buffer = rv_gss_borrow(rv_buf_slice(&text));
	major = gss_import_name(
	    &minor, &buffer, GSS_C_NT_HOSTBASED_SERVICE, ret_name);
	rv_buf_fini(&text);
	return GSS_ERROR(major) ? RV_ERR_INVALID : RV_OK;
}

#define CACHE_ELEMENT 1

/*
 * What the credentials have in common: the keytab and the replay cache
 * of the configuration, never those of the environment.
 */
struct origin {
	gss_name_t name;
	gss_key_value_set_desc store;
	struct rv_error *error;
};

static int
acquire(const struct origin *origin, gss_OID mech, gss_cred_id_t *ret_cred)
{
	gss_OID_set_desc mechs = { 1, mech };
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	OM_uint32 major, minor;
	char text[256];

	major = gss_acquire_cred_from(&minor, origin->name, GSS_C_INDEFINITE,
	    &mechs, GSS_C_ACCEPT, &origin->store, &cred, NULL, NULL);
	if (GSS_ERROR(major) || cred == GSS_C_NO_CREDENTIAL) {
		rv_gss_status_text("the Kerberos credential of the service",
		    major, minor, text, sizeof(text));
		rv_error_set(origin->error, "%s", text);
		return RV_ERR_UNAVAILABLE;
	}
	*ret_cred = cred;
	return RV_OK;
}

/* SPNEGO offers whatever is installed unless it is told. */
static int
restrict_to_krb5(gss_cred_id_t spnego, struct rv_error *e)
{
	gss_OID_set_desc krb5_only = { 1, gss_mech_krb5 };
	OM_uint32 major, minor;
	char text[256];

	major = gss_set_neg_mechs(&minor, spnego, &krb5_only);
	if (GSS_ERROR(major)) {
		rv_gss_status_text("restricting SPNEGO to Kerberos", major,
		    minor, text, sizeof(text));
		rv_error_set(e, "%s", text);
		return RV_ERR_INTERNAL;
	}
	return RV_OK;
}

static int
acquire_all(struct origin *origin, struct rv_acceptor_credential *credential)
{
	char spnego_bytes[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 };
	gss_OID_desc spnego = { sizeof(spnego_bytes), spnego_bytes };
	int r;

	r = acquire(origin, &spnego, &credential->spnego);
	if (r == RV_OK)
		r = restrict_to_krb5(credential->spnego, origin->error);
	if (r == RV_OK)
		r = acquire(origin, gss_mech_krb5, &credential->krb5);
	if (r == RV_OK) {
		origin->store.elements[CACHE_ELEMENT].value = "none:";
		r = acquire(origin, gss_mech_krb5, &credential->krb5_uncached);
		if (r == RV_OK)
			r = acquire(
			    origin, &spnego, &credential->spnego_uncached);
		if (r == RV_OK)
			r = restrict_to_krb5(
			    credential->spnego_uncached, origin->error);
	}
	return r;
}

static int
import_and_acquire(const struct rv_acceptor_config *config, const char *keytab,
    const char *replay_cache, struct rv_acceptor_credential *credential,
    struct rv_error *e)
{
	gss_key_value_element_desc elements[] = {
		{ "keytab", keytab },
		[CACHE_ELEMENT] = { "rcache", replay_cache },
	};
	struct origin origin = { .store = { 2, elements }, .error = e };
	OM_uint32 minor;
	int r;

	r = import_service(config->service, &origin.name);
	if (r != RV_OK) {
		rv_error_set(
		    e, "\"%s\" is no name of a service", config->service);
		return r;
	}
	r = acquire_all(&origin, credential);
	rv_ignore((int)gss_release_name(&minor, &origin.name));
	return r;
}

static int
check_and_acquire(const struct rv_acceptor_config *config, const char *keytab,
    const char *replay_cache, struct rv_acceptor_credential *credential,
    struct rv_error *e)
{
	krb5_context ctx;
	int r;

	if (krb5_init_context(&ctx) != 0) {
		rv_error_set(e, "krb5.conf cannot be read");
		return RV_ERR_IO;
	}
	r = check_keytab(ctx, keytab, config, e);
	credential->clock_skew_s = clock_skew_of(ctx);
	krb5_free_context(ctx);
	if (r == RV_OK)
		r = check_replay_cache(config->replay_cache, e);
	if (r == RV_OK)
		r = import_and_acquire(
		    config, keytab, replay_cache, credential, e);
	return r;
}

int
rv_acceptor_credential_init(const struct rv_acceptor_config *config,
    struct rv_acceptor_credential *ret_credential, struct rv_error *e)
{
	struct rv_acceptor_credential credential = { .spnego = NULL };
	struct rv_buf keytab = { .max = 4096 }, cache = { .max = 4096 };
	int r = RV_ERR_NOMEM;

	credential.keytab = strdup(config->keytab);
	if (credential.keytab == NULL ||
	    setenv("KRB5_KTNAME", NO_KEYTAB, 1) != 0) {
		rv_error_set(e, "out of memory");
		goto out;
	}
	rv_buf_printf(&keytab, "FILE:%s", config->keytab);
	rv_buf_printf(&cache, "file2:%s", config->replay_cache);
	if (rv_buf_cstr(&keytab) == NULL || rv_buf_cstr(&cache) == NULL) {
		rv_error_set(e, "the path of the keytab or of the replay "
				"cache is too long");
		r = RV_ERR_LIMIT;
		goto out;
	}
	r = check_and_acquire(config, keytab.p, cache.p, &credential, e);
	if (r != RV_OK)
		goto out;
	*ret_credential = credential;
	credential = (struct rv_acceptor_credential){ .spnego = NULL };
out:
	rv_acceptor_credential_fini(&credential);
	rv_buf_fini(&keytab);
	rv_buf_fini(&cache);
	return r;
}

bool
rv_acceptor_credential_has_keytab(
    const struct rv_acceptor_credential *credential)
{
	return faccessat(AT_FDCWD, credential->keytab, R_OK, AT_EACCESS) == 0;
}

void
rv_acceptor_credential_fini(struct rv_acceptor_credential *credential)
{
	OM_uint32 minor;

	rv_ignore((int)gss_release_cred(&minor, &credential->spnego));
	rv_ignore((int)gss_release_cred(&minor, &credential->spnego_uncached));
	rv_ignore((int)gss_release_cred(&minor, &credential->krb5));
	rv_ignore((int)gss_release_cred(&minor, &credential->krb5_uncached));
	free(credential->keytab);
	credential->keytab = NULL;
}
