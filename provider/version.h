/* What was built. */
#ifndef PROVIDER_VERSION_H
#define PROVIDER_VERSION_H

/* The version as `git describe` gave it; static storage. */
const char *rv_version(void);

#endif
