#include "reeve/level.h"

const char *
rv_level_name(enum rv_level level)
{
	switch (level) {
	case RV_LEVEL_NONE:
		return "none";
	case RV_LEVEL_WINDOWS:
		return "windows";
	case RV_LEVEL_CERTIFICATE:
		return "certificate";
	case RV_LEVEL_HELLO:
		return "hello";
	}
	return "none";
}
