/*
 * A request and an answer as the pipeline sees them: nothing here knows of
 * HTTP/1.1 or HTTP/2.  Doors (provider/http) decode into the one and encode
 * the other.
 */
#ifndef PROVIDER_PIPELINE_MESSAGE_H
#define PROVIDER_PIPELINE_MESSAGE_H

#include "reeve/base.h"

struct rv_certified; /* transport/certified.h */

enum rv_method {
	RV_GET,
	RV_HEAD,
	RV_POST,
	RV_PUT,
	RV_PATCH,
	RV_DELETE,
	RV_OPTIONS,
};

const char *rv_method_name(enum rv_method method);

/* A header field: the name in lower case, the value trimmed. */
struct rv_field {
	struct rv_slice name;
	struct rv_slice value;
};

/* The other end of the connection; lives as long as the connection. */
struct rv_peer {
	char ip[46];
	uint16_t port;
	const char *tls; /* "TLSv1.3", "TLSv1.2" */
	/* RFC 5929 tls-server-end-point data of our certificate, or absent */
	struct rv_slice binding;
	/* RFC 9266 tls-exporter of the connection. */
	unsigned char exporter[32];
	bool has_exporter;
	/* The certificate that it has proved to have the key of, or NULL; an
	 * exchange takes a reference of its own. */
	const struct rv_certified *certified;
};

/*
 * One request.  Slices are borrowed from the door and stay valid until the
 * door is given the answer.  path is percent-decoded and has no empty, "."
 * or ".." segment; a door refuses what does not decode to such a one.
 * query is what follows '?', not decoded; absent when there is none.
 */
struct rv_request {
	enum rv_method method;
	struct rv_slice path;
	struct rv_slice query;
	const struct rv_field *fields;
	size_t n_fields;
	bool has_body;
	bool body_length_known;
	uint64_t body_length;
	const struct rv_peer *peer;
};

/*
 * The value of a field by lower-case name; absent when there is none.  A
 * field that occurs twice has no value in this sense: *ret_twice is set
 * (ret_twice may be NULL) and the absent slice returned.
 */
struct rv_slice rv_request_field(
    const struct rv_request *r, const char *name, bool *ret_twice);

#define RV_ANSWER_FIELDS 16

/* One answer.  Names and values are borrowed from the exchange's arena. */
struct rv_answer {
	int status; /* HTTP's numbers, RFC 9110 section 15 */
	struct rv_field fields[RV_ANSWER_FIELDS];
	size_t n_fields;
	const char *content_type; /* NULL: no body */
	struct rv_slice body;
	bool close; /* end the connection after it */
};

#endif
