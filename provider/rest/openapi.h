/*
 * The OpenAPI 3.1 document of the service: made of the table of routes, of
 * the classes that there are, and of what openapi.json says by hand of each
 * route and of the bodies that are no classes.
 */
#ifndef PROVIDER_REST_OPENAPI_H
#define PROVIDER_REST_OPENAPI_H

#include <jansson.h>

#include "reeve/rbac.h"

#include "rest/classes.h"

struct rv_exchange;
struct rv_route;

/* GET /openapi.json */
void rv_rest_openapi(struct rv_exchange *x);

/*
 * Takes up openapi.json, which is part of the program, and holds it to the
 * table of routes: each route is described there, in words and by schemas
 * that there are, and nothing else is.  Called once, at the start, before
 * there are threads.  RV_ERR_INTERNAL names the first that is wrong.
 */
RV_MUSTUSE int rv_openapi_init(struct rv_error *e);

/* The same of one route, after rv_openapi_init(). */
RV_MUSTUSE int rv_openapi_check(
    const struct rv_route *route, struct rv_error *e);

/*
 * Appends the document; s gives the registered types, whose classes go into
 * the arena.  After rv_openapi_init(); any thread.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_openapi_put(
    const struct rv_snapshot *s, struct rv_arena *arena, struct rv_buf *out);

/* ---- Parts of it ------------------------------------------------------- */

/* What openapi.json says; borrowed, not to be changed. */
json_t *rv_openapi_part(const char *name);
/* What it says of a route, "like" followed; NULL: nothing. */
const json_t *rv_openapi_of(const struct rv_route *route);
/* A member of that, or of its kind; NULL: neither has it. */
const json_t *rv_openapi_member(const json_t *of, const char *name);

/* Appends a value of JSON. */
void rv_openapi_put_json(struct rv_buf *out, const json_t *value);
/* Appends a text as JSON, with the name of a class for {class}. */
void rv_openapi_put_text(
    struct rv_buf *out, const char *text, const char *class_name);

/*
 * Appends the operation that a route is at a path; class: that of the path,
 * NULL for routes without one.  openapi_route.c
 */
void rv_openapi_put_operation(struct rv_buf *out, const struct rv_route *route,
    const char *path, const struct rv_class *class);
/* Appends the answers that all operations share, as members. */
void rv_openapi_put_responses(struct rv_buf *out);

/*
 * Appends the schemas of a class, as members, each after a comma: of its
 * rows, of lists and, where objects of it are written, of their bodies.
 * openapi_class.c
 */
void rv_openapi_put_class(
    struct rv_buf *out, const struct rv_class *class, bool written);

#endif
