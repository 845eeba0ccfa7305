/*
 * Authentication levels, in the order of strength (Configuration Manager:
 * Windows authentication 0, certificate 10, Windows Hello for Business 20).
 * They cross folders: auth/ proves one, rbac/ demands one.
 */
#ifndef REEVE_LEVEL_H
#define REEVE_LEVEL_H

enum rv_level {
	RV_LEVEL_NONE = 0,
	RV_LEVEL_WINDOWS = 1,
	RV_LEVEL_CERTIFICATE = 2,
	RV_LEVEL_HELLO = 3,
};

/* "none", "windows", "certificate", "hello"; never NULL. */
const char *rv_level_name(enum rv_level level);

#endif
