/*
 * Every parameter of a file in the folder `authorities`, once: one file is
 * one certificate authority.  params.h says what PARAM and CHOICE mean.
 */
/* clang-format off */

SECTION("Authority")
PARAM(certificate, path, "", 0, 0, RELOAD,
    "Certificate of the authority, PEM: client certificates must chain to it. "
    "It need not be a root. Required.")
PARAM(chain, path, "", 0, 0, RELOAD,
    "Further intermediate certificates, PEM, from which chains may be built "
    "when callers do not send them. They are not trusted by themselves.")

SECTION("Revocation")
PARAM(crl, list, "", 0, 0, RELOAD,
    "Files with the revocation lists of the authority and of its "
    "intermediates, PEM or DER, as absolute paths.")
CHOICE(crl_required, "yes|no", "yes", RELOAD,
    "Whether each certificate of a chain, but that of the authority itself, "
    "needs a revocation list that is in force. With yes an expired list "
    "refuses everyone whom it should cover. no accepts certificates without a "
    "list, or with one that has expired; a list that names them refuses them "
    "still.")
PARAM(alarm_before, duration, "24h", 0, 2592000000, RELOAD,
    "Time before the next update of a revocation list from which on the log "
    "warns that no newer one has come.")
CHOICE(ocsp, "off|soft|hard", "off", RELOAD,
    "Whether the responder at ocsp_url is asked about each client certificate. "
    "hard refuses a certificate about which no good answer comes in time; soft "
    "then accepts it. Both refuse what the responder calls revoked.")
PARAM(ocsp_url, string, "", 0, 0, RELOAD,
    "URL of the OCSP responder. Required unless ocsp is off: what "
    "certificates say about a responder is not followed.")
PARAM(ocsp_timeout, duration, "3s", 100, 30000, RELOAD,
    "Time in which the responder must answer.")

SECTION("Names")
CHOICE(mapping, "strong|weak", "strong", RELOAD,
    "Which names of a certificate tell whose it is. strong takes only the "
    "account's SID, which the authority itself puts into the certificate, and "
    "keys, serial numbers and key ids that an administrative user was given. "
    "weak also takes user principal names and the Kerberos names of realms: "
    "whoever may choose such a name when asking for a certificate can then "
    "sign in as anybody who has one.")
PARAM(upn_suffixes, list, "", 0, 0, RELOAD,
    "What may stand behind the @ of a user principal name, such as "
    "example.org. Such names count only when mapping is weak. Empty: none "
    "does.")
PARAM(realms, list, "", 0, 0, RELOAD,
    "Kerberos realms for whose principals the authority may speak by the name "
    "id-pkinit-san (RFC 4556). Such names count only when mapping is weak. "
    "Empty: no such name is accepted.")
PARAM(sid_domains, list, "", 0, 0, RELOAD,
    "Domains for whose accounts the authority may speak by their SID, as "
    "S-1-5-21-A-B-C. Empty: no SID is accepted.")

SECTION("Levels")
PARAM(certificate_policies, list, "", 0, 0, RELOAD,
    "Certificate policies (OIDs), one of which a chain must have to prove the "
    "level certificate. Empty: any chain of this authority proves it.")
PARAM(hello_policies, list, "", 0, 0, RELOAD,
    "Certificate policies (OIDs), one of which a chain must have to prove the "
    "level hello: name only those of keys that a device protects and that "
    "need a gesture of their user. Empty: none does.")
/* clang-format on */
