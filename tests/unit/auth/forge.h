/*
 * Tokens for an acceptor: those of an honest client with a credential
 * cache, and tickets made by hand with the keys of the lab, for what no
 * KDC would issue or only a clock could show.
 */
#ifndef TESTS_UNIT_AUTH_FORGE_H
#define TESTS_UNIT_AUTH_FORGE_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>

#include "unit/auth/der.h"
#include "unit/auth/lab.h"

/* Exported by the library for the KDC, but in no public header. */
krb5_error_code krb5_encrypt_tkt_part(
    krb5_context, const krb5_keyblock *, krb5_ticket *);
krb5_error_code encode_krb5_ticket(const krb5_ticket *, krb5_data **);

/* ---- An honest client -------------------------------------------------------- */

struct client {
	const char *cache;  /* file in the lab's folder */
	const char *target; /* "HTTP@localhost" */
	OM_uint32 flags;
	const char *binding; /* NULL: none */
	bool bare;	     /* krb5 without SPNEGO */
};

static inline gss_cred_id_t
client_credential(const char *cache, gss_OID mech)
{
	char *path = lab_path("FILE:", cache);
	gss_key_value_element_desc element = { "ccache", path };
	gss_key_value_set_desc store = { 1, &element };
	gss_OID_set_desc mechs = { 1, mech };
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	OM_uint32 major, minor;

	major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
	    &mechs, GSS_C_INITIATE, &store, &cred, NULL, NULL);
	RV_ASSERT(!GSS_ERROR(major));
	free(path);
	return cred;
}

/* The first token of the client; context stays open when it is not NULL. */
static inline void
client_token(const struct client *client, struct rv_buf *token,
    gss_ctx_id_t *ret_context)
{
	char spnego_bytes[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 };
	gss_OID_desc spnego = { sizeof(spnego_bytes), spnego_bytes };
	gss_OID mech = client->bare ? gss_mech_krb5 : &spnego;
	gss_cred_id_t cred = client_credential(client->cache, mech);
	gss_buffer_desc target = { strlen(client->target),
		(void *)(uintptr_t)client->target };
	struct gss_channel_bindings_struct channel = { .initiator_addrtype =
							   0 };
	gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 major, minor;

	if (client->binding != NULL) {
		channel.application_data.value =
		    (void *)(uintptr_t)client->binding;
		channel.application_data.length = strlen(client->binding);
	}
	major =
	    gss_import_name(&minor, &target, GSS_C_NT_HOSTBASED_SERVICE, &name);
	RV_ASSERT(!GSS_ERROR(major));
	major = gss_init_sec_context(&minor, cred, &context, name, mech,
	    client->flags, 0,
	    client->binding != NULL ? &channel : GSS_C_NO_CHANNEL_BINDINGS,
	    GSS_C_NO_BUFFER, NULL, &output, NULL, NULL);
	RV_ASSERT(!GSS_ERROR(major));
	rv_buf_put(token, output.value, output.length);
	if (ret_context != NULL)
		*ret_context = context;
	else
		gss_delete_sec_context(&minor, &context, NULL);
	gss_release_buffer(&minor, &output);
	gss_release_name(&minor, &name);
	gss_release_cred(&minor, &cred);
}

/* True when the client is content with the answer: mutual authentication. */
static inline bool
client_finish(
    const struct client *client, gss_ctx_id_t *context, struct rv_slice answer)
{
	char spnego_bytes[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 };
	gss_OID_desc spnego = { sizeof(spnego_bytes), spnego_bytes };
	gss_cred_id_t cred = client_credential(client->cache, &spnego);
	gss_buffer_desc target = { strlen(client->target),
		(void *)(uintptr_t)client->target };
	gss_buffer_desc input = { answer.n, (void *)(uintptr_t)answer.p };
	gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 major, minor;

	gss_import_name(&minor, &target, GSS_C_NT_HOSTBASED_SERVICE, &name);
	major = gss_init_sec_context(&minor, cred, context, name, &spnego,
	    client->flags, 0, GSS_C_NO_CHANNEL_BINDINGS, &input, NULL, &output,
	    NULL, NULL);
	gss_release_buffer(&minor, &output);
	gss_release_name(&minor, &name);
	gss_release_cred(&minor, &cred);
	gss_delete_sec_context(&minor, context, NULL);
	return major == GSS_S_COMPLETE;
}

/* ---- A forger ----------------------------------------------------------------- */

struct forgery {
	const char *client;    /* principal */
	const char *service;   /* principal whose key is used */
	krb5_flags flags;      /* of the ticket */
	int start_s, end_s;    /* of the ticket, from now */
	int client_clock_s;    /* how far the client's clock is off */
	bool delegated;	       /* a PAC that says S4U2Proxy */
	bool wrong_key;	       /* not the service's */
	bool without_checksum; /* no flags, no bindings: RFC 4121 4.1.1 */
};

#define FORGE(call) RV_ASSERT((call) == 0)

struct forge {
	krb5_context ctx;
	krb5_principal client, service;
	krb5_keyblock service_key, session_key;
	krb5_timestamp now;
};

static inline void
forge_keys(struct forge *f, const struct forgery *what)
{
	char *path = lab_path("FILE:", "http.keytab");
	krb5_keytab_entry entry;
	krb5_keytab keytab;

	FORGE(krb5_kt_resolve(f->ctx, path, &keytab));
	FORGE(krb5_kt_get_entry(f->ctx, keytab, f->service, 0, 0, &entry));
	FORGE(krb5_copy_keyblock_contents(f->ctx, &entry.key, &f->service_key));
	FORGE(
	    krb5_c_make_random_key(f->ctx, entry.key.enctype, &f->session_key));
	if (what->wrong_key)
		f->service_key.contents[0] ^= 1;
	krb5_free_keytab_entry_contents(f->ctx, &entry);
	krb5_kt_close(f->ctx, keytab);
	free(path);
}

static inline void
forge_pac(struct forge *f, krb5_enc_tkt_part *part)
{
	char info[] = "who and through whom";
	krb5_data data = { .length = sizeof(info), .data = info };
	krb5_pac pac;

	FORGE(krb5_pac_init(f->ctx, &pac));
	FORGE(
	    krb5_pac_add_buffer(f->ctx, pac, KRB5_PAC_DELEGATION_INFO, &data));
	FORGE(krb5_kdc_sign_ticket(f->ctx, part, pac, f->service, f->client,
	    &f->service_key, &f->service_key, FALSE));
	krb5_pac_free(f->ctx, pac);
}

static inline krb5_data *
forge_ticket(
    struct forge *f, const struct forgery *what, krb5_ticket_times *times)
{
	krb5_enc_tkt_part part = {
		.flags = what->flags,
		.session = &f->session_key,
		.client = f->client,
		.transited = { .tr_type = 1 },
	};
	krb5_ticket ticket = { .server = f->service, .enc_part2 = &part };
	krb5_data *encoded = NULL;

	times->authtime = f->now + what->start_s;
	times->starttime = f->now + what->start_s;
	times->endtime = f->now + what->end_s;
	part.times = *times;
	if (what->delegated)
		forge_pac(f, &part);
	FORGE(krb5_encrypt_tkt_part(f->ctx, &f->service_key, &ticket));
	FORGE(encode_krb5_ticket(&ticket, &encoded));
	krb5_free_data_contents(f->ctx, &ticket.enc_part.ciphertext);
	krb5_free_authdata(f->ctx, part.authorization_data);
	return encoded;
}

/* An AP-REQ with the checksum of RFC 4121 section 4.1.1. */
static inline void
forge_request(struct forge *f, const struct forgery *what, krb5_data *request)
{
	/* length of the bindings, no bindings, GSS_C_MUTUAL_FLAG */
	char checksum[24] = { 16, 0, 0, 0, [20] = GSS_C_MUTUAL_FLAG };
	krb5_data in = { .length = sizeof(checksum), .data = checksum };
	krb5_creds creds = {
		.client = f->client,
		.server = f->service,
		.keyblock = f->session_key,
	};
	krb5_data *ticket = forge_ticket(f, what, &creds.times);
	krb5_auth_context auth = NULL;

	creds.ticket = *ticket;
	FORGE(krb5_auth_con_init(f->ctx, &auth));
	if (!what->without_checksum)
		FORGE(krb5_auth_con_set_req_cksumtype(f->ctx, auth, 0x8003));
	FORGE(krb5_set_real_time(f->ctx, f->now + what->client_clock_s, 0));
	/* The library uses no ticket that is over or not yet valid. */
	creds.times.starttime = f->now + what->client_clock_s - 60;
	creds.times.endtime = f->now + what->client_clock_s + 60;
	FORGE(krb5_mk_req_extended(f->ctx, &auth, AP_OPTS_MUTUAL_REQUIRED,
	    what->without_checksum ? NULL : &in, &creds, request));
	krb5_auth_con_free(f->ctx, auth);
	krb5_free_data(f->ctx, ticket);
}

static inline void
forge_token(const struct forgery *what, struct rv_buf *token)
{
	struct der *inner = calloc(1, sizeof(*inner));
	struct der *outer = calloc(1, sizeof(*outer));
	struct forge f = { .now = (krb5_timestamp)time(NULL) };
	krb5_data request = { .length = 0 };

	RV_ASSERT(inner != NULL && outer != NULL);
	FORGE(krb5_init_context(&f.ctx));
	FORGE(krb5_parse_name(f.ctx, what->client, &f.client));
	FORGE(krb5_parse_name(f.ctx, what->service, &f.service));
	forge_keys(&f, what);
	forge_request(&f, what, &request);
	der_append(inner, RV_SLICE_LIT("\x01\x00"));
	der_append(inner, (struct rv_slice){ request.data, request.length });
	der_frame(inner, OID_KRB5_DER);
	der_spnego(outer, OID_KRB5_DER, der_slice(inner));
	rv_buf_put_slice(token, der_slice(outer));
	krb5_free_data_contents(f.ctx, &request);
	krb5_free_keyblock_contents(f.ctx, &f.service_key);
	krb5_free_keyblock_contents(f.ctx, &f.session_key);
	krb5_free_principal(f.ctx, f.client);
	krb5_free_principal(f.ctx, f.service);
	krb5_free_context(f.ctx);
	free(inner);
	free(outer);
}

#endif
