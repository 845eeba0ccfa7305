/* Bytes as lower-case hexadecimal digits. */
#ifndef PROVIDER_PIPELINE_HEX_H
#define PROVIDER_PIPELINE_HEX_H

#include <stddef.h>

/* Writes 2 n digits and a NUL into out, which has room; returns out. */
const char *rv_hex(char *out, const unsigned char *bytes, size_t n);

#endif
