/*
 * Every parameter of a file in the folder `issuers`, once: one file is one
 * issuer of tokens.  params.h says what PARAM and CHOICE mean.
 */
/* clang-format off */

SECTION("Issuer")
PARAM(issuer, string, "", 0, 0, RELOAD,
    "The issuer as its tokens name it (iss), compared byte by byte. With kind "
    "= entra it may contain {tenantid} once, which stands for each of tenants. "
    "Required.")
CHOICE(kind, "oidc|entra", "oidc", RELOAD,
    "What the issuer is: any OpenID Connect provider, or Microsoft Entra ID. "
    "entra names people by tenant and object id (tid and oid) and reads "
    "Entra's own claims.")
PARAM(audience, list, "", 0, 0, RELOAD,
    "Names of this provider, one of which a token must be meant for (aud). "
    "Required.")
PARAM(tenants, list, "", 0, 0, RELOAD,
    "Tenants (tid) whose people may sign in. Empty: the claim is not asked "
    "for.")

SECTION("Keys")
PARAM(discovery_uri, string, "", 0, 0, RELOAD,
    "URL of the issuer's metadata, which name the URL of its keys. Unset: that "
    "of issuer with /.well-known/openid-configuration behind it.")
PARAM(jwks_uri, string, "", 0, 0, RELOAD,
    "URL of the issuer's keys, instead of discovery_uri.")
PARAM(ca, path, "", 0, 0, RELOAD,
    "PEM of the authority that the certificate of the issuer's HTTPS server "
    "must chain to. Unset: one of those that the system trusts.")
PARAM(ca_pins, list, "", 0, 0, RELOAD,
    "Keys, one of which some certificate in the chain of the HTTPS server must "
    "have, each as sha256: with the hash of its SubjectPublicKeyInfo in base64 "
    "or hexadecimal. Empty: any chain will do.")
PARAM(keys_refresh, duration, "1h", 60000, 604800000, RELOAD,
    "Age at which the keys are fetched again. A token with an unknown key "
    "makes the provider fetch them sooner.")
PARAM(keys_max_age, duration, "24h", 60000, 604800000, RELOAD,
    "Age after which keys that could not be fetched again no longer count: "
    "tokens of the issuer are then refused.")

SECTION("Tokens")
PARAM(algorithms, list, "RS256 PS256 ES256", 0, 0, RELOAD,
    "Signature algorithms that are accepted, of RS256, PS256 and ES256.")
PARAM(types, list, "at+jwt JWT", 0, 0, RELOAD,
    "Types of token (typ) that are accepted, of at+jwt and JWT. JWT takes "
    "tokens that do not say what they are for: leave it out where the issuer "
    "marks its access tokens.")
PARAM(max_lifetime, duration, "24h", 60000, 604800000, RELOAD,
    "Longest life of a token, from its issue (iat) to its end (exp). One that "
    "was issued for longer is refused.")
PARAM(max_age, duration, "0", 0, 31536000000, RELOAD,
    "Longest time since the person signed in with the issuer (auth_time). 0: "
    "not asked for.")
PARAM(leeway, duration, "60s", 0, 60000, RELOAD,
    "Difference between the clocks of the issuer and of this machine that is "
    "put up with.")
CHOICE(sender_constrained, "when_offered|require", "when_offered", RELOAD,
    "Whether a token must be bound to a key that its sender proves to have "
    "(DPoP, or a client certificate). when_offered accepts one that is bound "
    "to nothing; the proof for one that is bound is needed always.")

SECTION("People")
PARAM(subject_claim, string, "sub", 0, 0, RELOAD,
    "Claim that identifies a person for ever. With kind = entra it is not "
    "used.")
PARAM(principal_claim, string, "", 0, 0, RELOAD,
    "Claim with the name that is shown and written to the audit log. It "
    "decides nothing. Unset: the subject is shown.")
PARAM(lookup_claim, string, "", 0, 0, RELOAD,
    "Claim that says which account of the directory a person has: a SID, or a "
    "name in directory_realm. Name only a claim that people cannot change by "
    "themselves. Unset: the token leads to no account.")
PARAM(directory_realm, string, "", 0, 0, RELOAD,
    "Realm of the directory in which the people of this issuer have their "
    "accounts. Unset: they have none, unless they are mapped to one.")
PARAM(groups_claim, string, "", 0, 0, RELOAD,
    "Claim with the groups of a person. Unset: a token brings no groups.")

SECTION("Levels")
CHOICE(domain_sign_in, "no|yes", "no", RELOAD,
    "Whether signing in with the issuer is a sign-in to the domain: with yes "
    "each of its tokens proves the level windows. With no a token proves a "
    "level only by the lists below.")
PARAM(certificate_acrs, list, "", 0, 0, RELOAD,
    "Authentication contexts (claim acrs of Entra ID, such as c1) that prove "
    "the level certificate.")
PARAM(certificate_acr, list, "", 0, 0, RELOAD,
    "Values of the claim acr that prove the level certificate.")
PARAM(certificate_amr, list, "", 0, 0, RELOAD,
    "Sets of methods (claim amr) that prove the level certificate, each "
    "written a+b+c: all methods of one set must be there.")
PARAM(hello_acrs, list, "", 0, 0, RELOAD,
    "Authentication contexts that prove the level hello.")
PARAM(hello_acr, list, "", 0, 0, RELOAD,
    "Values of the claim acr that prove the level hello.")
PARAM(hello_amr, list, "", 0, 0, RELOAD,
    "Sets of methods that prove the level hello, written as in "
    "certificate_amr.")
/* clang-format on */
