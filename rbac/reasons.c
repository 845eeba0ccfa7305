#include "reeve/rbac.h"

const char *
rv_reason_name(enum rv_reason reason)
{
	switch (reason) {
	case RV_REASON_ALLOWED:
		return "allowed";
	case RV_REASON_NO_ASSIGNMENT:
		return "no_assignment";
	case RV_REASON_NOT_PERMITTED:
		return "not_permitted";
	case RV_REASON_OP_NOT_APPLICABLE:
		return "op_not_applicable";
	case RV_REASON_UNKNOWN_TYPE:
		return "unknown_type";
	case RV_REASON_UNKNOWN_OPERATION:
		return "unknown_operation";
	case RV_REASON_NO_SUCH_OBJECT:
		return "no_such_object";
	case RV_REASON_GROUPS_UNKNOWN:
		return "groups_unknown";
	}
	return "unknown_reason";
}

const char *
rv_missing_name(enum rv_missing bit)
{
	switch (bit) {
	case RV_MISSING_OPERATION:
		return "operation";
	case RV_MISSING_SCOPE:
		return "scope";
	case RV_MISSING_COLLECTION:
		return "collection";
	case RV_MISSING_LEVEL:
		return "level";
	case RV_MISSING_TIME:
		return "time";
	case RV_MISSING_READ:
		return "read";
	}
	return "unknown";
}
