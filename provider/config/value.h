/*
 * Values of parameters: text to field, field to text.  Private to
 * provider/config.
 */
#ifndef PROVIDER_CONFIG_VALUE_H
#define PROVIDER_CONFIG_VALUE_H

#include "config/record.h"

/*
 * Parses the text right of '=' (blanks around it trimmed) into the field of
 * a parameter; strings go to the arena of the record.  On failure e says what
 * is wrong, without the place, and *ret_offset where in the text.
 */
RV_MUSTUSE int rv_value_parse(struct rv_slice text,
    const struct rv_param *param, const struct rv_record *record,
    size_t *ret_offset, struct rv_error *e);

/*
 * Writes the field of a parameter in the struct of its table so that
 * rv_value_parse() reads it back.
 */
void rv_value_print(
    const void *fields, const struct rv_param *param, struct rv_buf *out);

/* A number of ms or bytes in the largest unit that divides it. */
void rv_value_print_duration(int64_t ms, struct rv_buf *out);
void rv_value_print_size(uint64_t bytes, struct rv_buf *out);

/*
 * Quotes some text for a message: at most 40 bytes, others than printable
 * ASCII replaced by '?'.
 */
struct rv_quoted {
	char text[48];
};
struct rv_quoted rv_value_quote(struct rv_slice s);

#endif
