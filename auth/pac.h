/*
 * The Privilege Attribute Certificate of a ticket: who the account is by
 * its SID, which groups it is in, and whether a service got the ticket on
 * its behalf.  The library has verified its signature; the bytes are still
 * read as if a stranger had written them.
 *
 * Sources: MS-PAC sections 2.3 to 2.10, MS-RPCE section 2.2.6 (type
 * serialization), MS-DTYP section 2.4.2 (SIDs), MS-KILE.
 */
#ifndef AUTH_PAC_H
#define AUTH_PAC_H

#include "reeve/auth_evidence.h"

/* "S-1-" with 15 sub-authorities of 10 digits, and a NUL. */
#define RV_SID_SIZE 192
/* More groups than Windows lets anybody be in (1,015), with room. */
#define RV_PAC_GROUPS_MAX 4096u

/* SERVICE_ASSERTED_IDENTITY (MS-DTYP 2.4.2.4), the mark of S4U2self. */
#define RV_SID_S4U "S-1-18-2"

struct rv_pac {
	bool has_logon_info;
	char account_sid[RV_SID_SIZE]; /* "S-1-5-21-1-2-3-1104"; "" : none */
	char domain_sid[RV_SID_SIZE];  /* of the account's domain */
	struct rv_texts groups;	       /* of the domain and its resources */
	struct rv_texts extra;	       /* ExtraSids, well-known ones too */
	bool has_delegation;	       /* S4U2proxy has been at work */
	struct rv_texts services;      /* by which it went, in order */
	/* Of the requestor (type 18), which must be the account itself. */
	char requestor_sid[RV_SID_SIZE];
};

/*
 * Reads a whole PAC.  RV_ERR_INVALID when it is damaged, contradicts itself
 * or is beyond a limit; RV_ERR_NOMEM.  *ret is then empty.  Pure.
 */
RV_MUSTUSE int rv_pac_read(struct rv_slice bytes, struct rv_pac *ret);
void rv_pac_fini(struct rv_pac *pac);

#endif
