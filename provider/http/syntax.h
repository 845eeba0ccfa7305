/* Which bytes may stand where in HTTP (RFC 9110 section 5).  Pure. */
#ifndef PROVIDER_HTTP_SYNTAX_H
#define PROVIDER_HTTP_SYNTAX_H

#include "reeve/base.h"

/* tchar: field names and methods. */
bool rv_http_is_token_byte(unsigned char c);
/* True when all bytes are tchar and there is one. */
bool rv_http_is_token(struct rv_slice s);
/* A field value: visible bytes, obs-text, blank and tab. */
bool rv_http_is_value_byte(unsigned char c);
bool rv_http_is_value(struct rv_slice s);
/* Without blanks and tabs at both ends. */
struct rv_slice rv_http_trim(struct rv_slice s);

#endif
