#include "directory_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ldap_entry.h"

/* OpenLDAP's password policy: this time means "by an administrator". */
#define LOCKED_FOR_EVER "000001010000Z"
/* MS-ADTS 2.2.16, userAccountControl. */
#define CONTROL_DISABLED 0x2u
#define CONTROL_LOCKED	 0x10u
/* accountExpires: 100 ns since 1601; 0 and the greatest: never. */
#define FILETIME_EPOCH_S 11644473600
#define FILETIME_TICKS	 10000000

/* RV_ERR_NOTFOUND when the attribute is not there. */
static int
number(const struct rv_ldap_entry *entry, const char *attribute,
    intmax_t *ret_value)
{
	char *text = NULL, *end;
	int r = rv_ldap_entry_value(entry, attribute, 24, &text);

	if (r != RV_OK)
		return r;
	errno = 0;
	*ret_value = strtoimax(text, &end, 10);
	if (*end != '\0' || end == text || errno != 0)
		r = RV_ERR_INVALID;
	free(text);
	return r;
}

static int
read_password_policy(
    const struct rv_ldap_entry *entry, struct rv_account_state *state)
{
	char *text = NULL;
	int r = rv_ldap_entry_value(entry, "pwdAccountLockedTime", 64, &text);

	if (r == RV_OK) {
		state->locked = true;
		if (strcmp(text, LOCKED_FOR_EVER) == 0)
			state->disabled = true;
	}
	free(text);
	return r == RV_ERR_NOTFOUND ? RV_OK : r;
}

/* 389 Directory Server and FreeIPA. */
static int
read_account_lock(
    const struct rv_ldap_entry *entry, struct rv_account_state *state)
{
	char *text = NULL;
	int r = rv_ldap_entry_value(entry, "nsAccountLock", 8, &text);

	if (r == RV_OK) {
		if (rv_slice_ieq(rv_slice_of(text), RV_SLICE_LIT("true")))
			state->disabled = true;
		else if (!rv_slice_ieq(
			     rv_slice_of(text), RV_SLICE_LIT("false")))
			r = RV_ERR_INVALID;
	}
	free(text);
	return r == RV_ERR_NOTFOUND ? RV_OK : r;
}

/* Active Directory; the second attribute is computed, and knows of locks. */
static int
read_control(const struct rv_ldap_entry *entry, const char *attribute,
    struct rv_account_state *state)
{
	intmax_t control = 0;
	int r = number(entry, attribute, &control);

	if (r == RV_OK) {
		state->disabled |= ((uintmax_t)control & CONTROL_DISABLED) != 0;
		state->locked |= ((uintmax_t)control & CONTROL_LOCKED) != 0;
	}
	return r == RV_ERR_NOTFOUND ? RV_OK : r;
}

static int
read_expiry(const struct rv_ldap_entry *entry, int64_t now_s,
    struct rv_account_state *state)
{
	intmax_t ticks = 0;
	int r = number(entry, "accountExpires", &ticks);

	if (r == RV_OK && ticks < 0)
		return RV_ERR_INVALID;
	if (r == RV_OK && ticks != 0 && ticks != INT64_MAX)
		state->expired =
		    ticks / FILETIME_TICKS - FILETIME_EPOCH_S <= now_s;
	return r == RV_ERR_NOTFOUND ? RV_OK : r;
}

int
rv_account_state_read(const struct rv_ldap_entry *entry, int64_t now_s,
    struct rv_account_state *ret, struct rv_error *e)
{
	struct rv_account_state state = { .disabled = false };
	int r = read_password_policy(entry, &state);

	if (r == RV_OK)
		r = read_account_lock(entry, &state);
	if (r == RV_OK)
		r = read_control(entry, "userAccountControl", &state);
	if (r == RV_OK)
		r = read_control(
		    entry, "msDS-User-Account-Control-Computed", &state);
	if (r == RV_OK)
		r = read_expiry(entry, now_s, &state);
	if (r == RV_OK)
		*ret = state;
	else
		rv_error_set(e, "the state of the account is not readable");
	return r;
}
