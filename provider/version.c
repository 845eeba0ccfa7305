#include "version.h"

#ifndef RV_VERSION
#define RV_VERSION "unknown"
#endif

const char *
rv_version(void)
{
	return RV_VERSION;
}
