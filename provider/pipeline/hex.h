/* Bytes as lower-case hexadecimal digits. */
#ifndef PROVIDER_PIPELINE_HEX_H
#define PROVIDER_PIPELINE_HEX_H

#include "reeve/base.h"

/* Writes 2 n digits and a NUL into out, which has room; returns out. */
const char *rv_hex(char *out, const unsigned char *bytes, size_t n);

/* The n bytes that 2 n digits of either case stand for; false: they do not. */
bool rv_unhex(unsigned char *out, size_t n, struct rv_slice digits);

#endif
