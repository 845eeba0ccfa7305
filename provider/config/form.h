/*
 * Forms of texts that the type of a parameter does not tell.  Private to
 * provider/config.
 */
#ifndef PROVIDER_CONFIG_FORM_H
#define PROVIDER_CONFIG_FORM_H

#include "config/record.h"

/* One parameter and the form of its text, or of each item of its list. */
struct rv_form {
	const char *name;
	bool (*is_good)(const char *s);
	const char *takes; /* "NAME takes ..., not 'x'" */
};

/* RV_ERR_INVALID for the first text that has not its form. */
RV_MUSTUSE int rv_form_check(const struct rv_record *record,
    const struct rv_form *forms, size_t n, struct rv_error *e);

bool rv_form_is_path(const char *s);
bool rv_form_is_http(const char *s);
bool rv_form_is_https(const char *s);
/* Of a principal, behind its '@': not empty, no '@', no blanks. */
bool rv_form_is_suffix(const char *s);
/* S-1-5-21-A-B-C, with decimal numbers of 32 bits. */
bool rv_form_is_sid_domain(const char *s);
/* At least two decimal numbers with dots between them, none with a zero in
 * front. */
bool rv_form_is_oid(const char *s);
/* "sha256:" and 32 bytes, in base64 or in hexadecimal of either case. */
bool rv_form_is_pin(const char *s);
bool rv_form_is_algorithm(const char *s);
bool rv_form_is_token_type(const char *s);
/* a+b+c */
bool rv_form_is_methods(const char *s);

#endif
