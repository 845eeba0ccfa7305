/*
 * The table of routes: what exists, what it needs, who handles it.
 */
#ifndef PROVIDER_PIPELINE_ROUTE_H
#define PROVIDER_PIPELINE_ROUTE_H

#include <stdio.h>

#include "pipeline/message.h"

struct rv_exchange;

/* docs/rule.md section 10: every route has one of these. */
enum rv_access {
	RV_ACCESS_NONE = 0, /* an error: the provider does not start */
	RV_ACCESS_OPEN,	    /* without authentication, not audited */
	RV_ACCESS_SELF,	    /* any authenticated caller, about itself */
	RV_ACCESS_GUARDED,  /* needs (type, operation) */
};

enum rv_error_form {
	RV_FORM_PROBLEM, /* RFC 9457 */
	RV_FORM_ODATA,
};

struct rv_route {
	enum rv_method method;
	/*
	 * Below /AdminService compared with ASCII case folded, and with
	 * parameters: {key}, what stands between parentheses, not yet read
	 * (odata/key.h), and {class}, the name of a class or entity.
	 */
	const char *path;
	enum rv_access access;
	/* When guarded; "*": the object's own, "{class}": the path's. */
	const char *type;
	const char *operation; /* when guarded */
	bool body;	       /* takes a JSON body */
	/* The body is read before anybody is known: it is the credential. */
	bool credential_in_body;
	int bad_media_status; /* 415, or 400 on AuthZEN's routes */
	const char *event;    /* of the audit record */
	void (*handle)(struct rv_exchange *x);
};

/* The rows of one subject: rest/routes.h. */
struct rv_route_table {
	const struct rv_route *rows;
	size_t n;
};

/* What a path said; borrowed from it, absent where its route has none. */
struct rv_route_params {
	struct rv_slice key, class;
};

/* All routes, by number from 0; NULL behind the last. */
const struct rv_route *rv_route_at(size_t i);

/*
 * The route of a request, an exact path before a pattern; NULL and
 * *ret_allowed == 0 when no route has the path, NULL and a bit mask of
 * methods (1 << enum rv_method) when another method is needed.
 */
const struct rv_route *rv_route_find(enum rv_method method,
    struct rv_slice path, struct rv_route_params *ret_params,
    unsigned *ret_allowed);
/* All methods that some route takes, as such a mask. */
unsigned rv_routes_methods(void);
/* The form of errors for a path, known route or not. */
enum rv_error_form rv_route_error_form(struct rv_slice path);
/*
 * One line a route: method, path, power ("open", "self", or type and
 * operation), tab-separated; what reeved --routes prints.
 */
void rv_routes_print(FILE *out);
/* Every route complete: a power, a handler, an event.  Names the first. */
RV_MUSTUSE int rv_routes_validate(struct rv_error *e);

#endif
