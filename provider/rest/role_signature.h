/*
 * Signatures on role files: the keeper signs what is exported, and an import
 * says whether a file is as a site that is trusted has signed it.
 *
 * What is signed are the bytes of the file (process/keeper_key.h says how,
 * docs/api.md how to verify it with other programs); the key is the keeper's,
 * the purpose one of its own.
 */
#ifndef PROVIDER_REST_ROLE_SIGNATURE_H
#define PROVIDER_REST_ROLE_SIGNATURE_H

#include <jansson.h>

#include "pipeline/exchange.h"

/* Whether this site signs. */
bool rv_role_signs(const struct rv_exchange *x);

/*
 * Has the file (in the arena) signed, answers 200 with body, which gets the
 * member {"key", "signature"}, and finishes; 503 without the keeper.  Takes
 * the reference.
 */
void rv_role_sign(struct rv_exchange *x, struct rv_slice file, json_t *body,
    const char *member);

/*
 * Takes the member "signature" from args and looks whether it is one of the
 * file by a key that this site trusts.  *ret_by is a new reference to {"key",
 * "own"}, or null for a file without one where that is allowed.  False: the
 * exchange has been answered, 400 for what is no signature, 422 for another
 * or none.
 */
bool rv_role_signature_check(
    struct rv_exchange *x, json_t *args, struct rv_slice file, json_t **ret_by);

/* GET /reeve/v1/roles/file-keys: which keys this site signs with and trusts. */
void rv_rest_role_file_keys(struct rv_exchange *x);

#endif
