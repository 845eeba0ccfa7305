/*
 * Every parameter of reeved.conf, once: parser, defaults, limits,
 * --check-config and reeved.conf(5) all come from this table.
 *
 * PARAM(name, type, default, min, max, reload, prose)
 *   type    string | path | list | integer | duration | size | choice
 *   default as one would write it in the file; "" means unset
 *   min/max of integers; of durations in ms; of sizes in bytes
 *   reload  RELOAD when SIGHUP takes it up, else RESTART
 * CHOICE(name, values, default, reload, prose): values separated by '|'
 *
 * In struct rv_config: string, path -> const char * (NULL when unset);
 * list -> struct rv_strings; integer, duration (ms) -> int64_t;
 * size (bytes) -> size_t; choice -> int, the index of the value.
 */
/* clang-format off */

SECTION("Listening")
PARAM(listen, list, "127.0.0.1:8443", 0, 0, RESTART,
    "Addresses and ports on which the provider answers, as ADDRESS:PORT "
    "or [ADDRESS]:PORT. Port 0 takes a free one.")
PARAM(listen_certificate, list, "", 0, 0, RESTART,
    "Further addresses, on which a client certificate is demanded in the TLS "
    "handshake. On those of listen it is optional.")
PARAM(port_file, path, "", 0, 0, RESTART,
    "File into which the first bound port is written once the provider "
    "listens.")
PARAM(public_url, string, "", 0, 0, RESTART,
    "URL at which callers reach the provider, https://HOST[:PORT], without a "
    "slash at the end. It is the identity of the decision point in its "
    "metadata, which are not served while it is unset.")
PARAM(tls_certificate, path, "", 0, 0, RESTART,
    "Certificate chain of the provider, PEM, leaf first.")
PARAM(tls_key, path, "", 0, 0, RESTART,
    "Private key of the certificate, PEM. Must not be readable by others.")
CHOICE(tls_minimum, "1.3|1.2", "1.3", RESTART,
    "Lowest TLS version. 1.2 is for callers without anything newer; it is "
    "limited to ECDHE with AEAD.")
PARAM(binding_certificates, list, "", 0, 0, RELOAD,
    "Further certificates, PEM files, whose channel bindings callers may "
    "have: those of proxies that end TLS in front of the provider.")
PARAM(max_connections, integer, "4096", 1, 1000000, RESTART,
    "Connections in all; further ones wait in the queue of the kernel.")
PARAM(max_unauthenticated, integer, "1024", 1, 1000000, RESTART,
    "Connections that have not authenticated yet. From half of it on new "
    "ones are refused at random, the more the nearer to it.")
PARAM(authentication_timeout, duration, "10s", 100, 600000, RESTART,
    "Time in which a new connection must authenticate some request; one that "
    "only asks for what is open to all is not ended by it.")
PARAM(max_header, size, "98304", 8192, 1048576, RESTART,
    "Bytes of one request head. A Kerberos token of 64 KiB needs 88 KiB.")
PARAM(max_body, size, "1048576", 1024, 67108864, RESTART,
    "Bytes of one request body.")
CHOICE(require_if_match, "off|on", "off", RESTART,
    "Whether PATCH, PUT and DELETE of an object must say by If-Match which "
    "state of it they mean. Without one they are answered with 428.")
PARAM(header_timeout, duration, "10s", 100, 600000, RESTART,
    "Time from the first byte of a request (or from the connection) to the "
    "end of its head, the TLS handshake included.")
PARAM(body_timeout, duration, "10s", 100, 600000, RESTART,
    "Time from the moment at which the provider wants the body, which is "
    "after authentication, to its end.")
PARAM(idle_timeout, duration, "60s", 100, 3600000, RESTART,
    "Time that a connection may wait for its next request.")
PARAM(write_timeout, duration, "30s", 100, 600000, RESTART,
    "Time in which a caller must take some byte of an answer.")
PARAM(drain_timeout, duration, "10s", 0, 600000, RELOAD,
    "Time that requests in work are given to end after SIGTERM.")

SECTION("Processes")
PARAM(node, string, "", 0, 0, RESTART,
    "Name of this provider in the audit log. Unset: the host name.")
PARAM(user, string, "", 0, 0, RESTART,
    "User to become when started as root. Required then.")
PARAM(acceptor_threads, integer, "4", 1, 64, RESTART,
    "Threads of the process that judges Kerberos tickets.")
CHOICE(sandbox, "on|off", "on", RESTART,
    "Whether the processes give up what they do not need (seccomp, Landlock). "
    "off is for looking for a fault, and is written to the log as a warning.")
PARAM(keeper_key, path, "", 0, 0, RESTART,
    "File of the key with which the keeper process signs, PEM, readable by "
    "nobody but its owner. Unset: no keeper runs.")
PARAM(role_file_keys, list, "", 0, 0, RESTART,
    "Public keys of other sites, 64 hexadecimal digits each, whose signatures "
    "on role files this site trusts; and its own former ones.")
CHOICE(require_role_signature, "off|on", "off", RESTART,
    "Whether role files are imported only with a signature by this site's "
    "keeper or one of role_file_keys.")
PARAM(loops, integer, "0", 0, 256, RESTART,
    "Event loops. 0: one per processor.")
PARAM(workers, integer, "8", 1, 256, RESTART,
    "Threads for what can only block: Kerberos and the directory.")
CHOICE(log_level, "error|warning|info|debug", "info", RELOAD,
    "The least important message that is written to standard error.")

SECTION("Kerberos")
PARAM(keytab, path, "", 0, 0, RESTART,
    "Keytab with the key of the service. Required.")
PARAM(service, string, "HTTP", 0, 0, RESTART,
    "Service name; every key SERVICE/host of the keytab is accepted.")
PARAM(replay_cache, path, "", 0, 0, RESTART,
    "File of the replay cache. Keep it over restarts. Required.")
PARAM(realms, list, "", 0, 0, RESTART,
    "Realms whose principals may sign in. Required.")
PARAM(gateways, list, "", 0, 0, RELOAD,
    "Services that may act for people by S4U, as full principals. A ticket "
    "that another service got on somebody's behalf is refused.")
PARAM(pac_domains, list, "", 0, 0, RELOAD,
    "Domains whose SIDs count when a ticket of a realm carries them, as "
    "REALM=S-1-5-21-A-B-C. SIDs of other domains are ignored.")
CHOICE(channel_binding, "off|when_offered|require", "when_offered", RESTART,
    "Whether a ticket must be bound to the TLS connection (RFC 5929 "
    "tls-server-end-point). when_offered refuses a wrong binding and "
    "accepts a missing one.")

SECTION("Levels")
PARAM(certificate_indicators, list, "pkinit", 0, 0, RELOAD,
    "Authentication indicators that prove the level certificate. Empty: "
    "the level cannot be reached by Kerberos.")
PARAM(hello_indicators, list, "passkey", 0, 0, RELOAD,
    "Authentication indicators of sign-ins that are bound to a device and "
    "verify their user: they prove the level hello.")
PARAM(certificate_sids, list, "", 0, 0, RELOAD,
    "SIDs in a ticket that prove the level certificate, such as the group "
    "of an Authentication Mechanism Assurance policy.")
PARAM(hello_sids, list, "S-1-18-5", 0, 0, RELOAD,
    "SIDs in a ticket that prove the level hello.")
PARAM(enforcement_levels, list, "", 0, 0, RELOAD,
    "Principals of enforcement points that may say at which level the person "
    "they ask about has signed in.")

SECTION("Certificates")
PARAM(authorities, path, "", 0, 0, RELOAD,
    "Folder with a file NAME.conf for each authority whose client "
    "certificates are accepted. Unset: none are.")

SECTION("Tokens")
PARAM(issuers, path, "", 0, 0, RELOAD,
    "Folder with a file NAME.conf for each issuer whose tokens are accepted. "
    "Unset: none are.")

SECTION("Directory")
PARAM(directory_uri, list, "", 0, 0, RESTART,
    "LDAP servers that know the groups of callers, ldap://HOST:PORT, or "
    "ldaps:// with directory_tls = ldaps; the first that answers is taken. "
    "Unset: the groups of every caller are unknown, so that assignments to "
    "groups give nothing.")
CHOICE(directory_kind, "auto|openldap|ad", "auto", RESTART,
    "What the directory is. auto asks it. ad reads tokenGroups and the state "
    "of accounts as Active Directory keeps them.")
CHOICE(directory_bind, "gssapi|external|simple", "gssapi", RESTART,
    "How the provider signs in: with directory_keytab; with a client "
    "certificate over TLS; or with a name and a password, over TLS only.")
CHOICE(directory_tls, "off|start_tls|ldaps", "off", RESTART,
    "TLS to the directory. off is for GSSAPI alone, which seals by itself.")
PARAM(directory_ca, path, "", 0, 0, RESTART,
    "PEM of the authority that the directory's certificate must chain to.")
PARAM(directory_pins, list, "", 0, 0, RESTART,
    "Keys that the directory's certificate may have, each "
    "sha256:BASE64 of its SubjectPublicKeyInfo. Empty: any that chains.")
PARAM(directory_certificate, path, "", 0, 0, RESTART,
    "Client certificate for directory_bind = external, PEM.")
PARAM(directory_key, path, "", 0, 0, RESTART,
    "Its private key.")
PARAM(directory_bind_dn, string, "", 0, 0, RESTART,
    "Name for directory_bind = simple.")
PARAM(directory_password_file, path, "", 0, 0, RESTART,
    "File with its password, readable by nobody but its owner.")
PARAM(directory_cache, integer, "16384", 0, 1000000, RESTART,
    "People whose account and groups are remembered for groups_refresh. 0: "
    "each sign-in asks the directory.")
PARAM(directory_base, string, "", 0, 0, RESTART,
    "Search base of people.")
PARAM(directory_group_base, string, "", 0, 0, RESTART,
    "Search base of groups. Unset: directory_base.")
PARAM(directory_user_filter, string, "(uid=%s)", 0, 0, RESTART,
    "Filter that finds exactly one person; %s is the principal's first "
    "component, escaped.")
PARAM(directory_id_attribute, string, "entryUUID", 0, 0, RESTART,
    "Attribute with the immutable id of people and groups.")
PARAM(directory_realm, string, "", 0, 0, RESTART,
    "Realm whose principals are in this directory.")
PARAM(directory_domain, string, "", 0, 0, RESTART,
    "NetBIOS name of the domain, as in CORP\\alice. Unset: the first label of "
    "directory_realm.")
PARAM(directory_keytab, path, "", 0, 0, RESTART,
    "Keytab of the principal that binds to the directory; it must not be "
    "the service's own.")
PARAM(directory_deadline, duration, "2s", 50, 60000, RESTART,
    "Time for one look-up of a person and all groups. After it the groups "
    "are unknown.")
PARAM(directory_max_groups, integer, "4096", 1, 100000, RESTART,
    "Groups of one person. With more they are unknown.")
PARAM(directory_max_depth, integer, "16", 1, 64, RESTART,
    "Depth of nested groups. Deeper ones make the groups unknown.")
PARAM(groups_refresh, duration, "5m", 100, 86400000, RESTART,
    "Age after which the groups of a session are read again.")
PARAM(groups_max_age, duration, "15m", 100, 86400000, RESTART,
    "Age after which groups that could not be read again are unknown.")

SECTION("Sessions")
PARAM(session_lifetime, duration, "8h", 1000, 604800000, RESTART,
    "Longest life of a session; it never outlives the sign-in behind it.")
CHOICE(session_binding, "address|connection|none", "address", RESTART,
    "What a session is bound to: the address of the caller, the TLS "
    "connection that it began on, or nothing.")
PARAM(max_sessions_per_person, integer, "256", 1, 100000, RESTART,
    "Live sessions of one person. Beyond, the oldest one ends.")
PARAM(max_sessions, integer, "100000", 1, 10000000, RESTART,
    "Live sessions in all. Beyond, callers sign in with each request.")

SECTION("Penalties")
PARAM(penalty_delay, duration, "100ms", 0, 10000, RELOAD,
    "Time after which a refused credential is answered, whatever was wrong "
    "with it; it doubles with each further one of the same source or for "
    "the same principal, up to penalty_max_delay.")
PARAM(penalty_max_delay, duration, "8s", 0, 60000, RELOAD,
    "Longest delay of an answer to a refused credential.")
PARAM(penalty_decay, duration, "60s", 1000, 3600000, RELOAD,
    "Time in which one failure is forgotten.")
PARAM(penalty_exempt, list, "", 0, 0, RELOAD,
    "Addresses or networks (ADDRESS/BITS) whose failures are not delayed: "
    "gateways behind which many people are.")

SECTION("Operator")
PARAM(operator_socket, path, "", 0, 0, RESTART,
    "Unix socket on which the operator of this machine is answered: status "
    "and rescue. Unset: there is none.")
PARAM(operator_user, string, "root", 0, 0, RESTART,
    "User who may, besides root, use operator_socket.")
CHOICE(rescue, "on|off", "on", RESTART,
    "Whether the operator may set the level back to windows and add an "
    "administrator for 24 hours.")
PARAM(store_rescue, string, "", 0, 0, RESTART,
    "libpq connection string for rescue: a login with the role reeve_rescue, "
    "which the process that faces the network does not have. Not by peer authentication, which knows only the user that all "
    "processes are: use a passfile that this user alone can read; it is "
    "hidden from the process that faces the network.")

SECTION("Store")
PARAM(store, string, "", 0, 0, RESTART,
    "libpq connection string of the run-time role. Required.")
PARAM(store_feed, string, "", 0, 0, RESTART,
    "Connection string for the change feed, where LISTEN needs another way "
    "than a pooler. Unset: store.")
PARAM(store_owner, string, "", 0, 0, RESTART,
    "Connection string of a superuser or of the owner, for --migrate and "
    "--init only.")
PARAM(sql_directory, path, "", 0, 0, RESTART,
    "Folder of the migrations. Unset: the installed one.")
PARAM(store_connections, integer, "4", 1, 64, RESTART,
    "Connections to the store for each loop.")
PARAM(store_deadline, duration, "2s", 50, 60000, RESTART,
    "Time for one statement or transaction.")
PARAM(max_staleness, duration, "60s", 1000, 300000, RESTART,
    "Age of the last confirmation of the snapshot beyond which decisions "
    "are refused.")

SECTION("Questions")
PARAM(max_batch, integer, "1000", 1, 1000, RESTART,
    "Questions in one batch; a larger one is refused.")
PARAM(revision_wait, duration, "1s", 0, 60000, RESTART,
    "Time that a request waits for the revision of the site's rules that it "
    "asks for (Reeve-At-Least), before it is told that this provider does "
    "not have it.")

SECTION("Audit")
PARAM(audit_directory, path, "", 0, 0, RESTART,
    "Folder of the audit log. Required.")
PARAM(audit_segment_size, size, "64M", 65536, 4294967296, RESTART,
    "Size at which a segment of the log is closed and the next begun.")
PARAM(audit_reserve, size, "16M", 0, 4294967296, RESTART,
    "Bytes that must stay free beside the log; below, writes are refused "
    "first.")
/* clang-format on */
