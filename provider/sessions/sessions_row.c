#include "sessions/sessions_row.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/hex.h"

json_t *
rv_session_row(const struct rv_session *session, const char *node)
{
	char hash[2 * RV_SESSION_HASH_SIZE + 1], exporter[65];
	const struct rv_identity *id = session->identity;
	char *identity = NULL;
	json_t *row = NULL;

	if (rv_identity_print(id, &identity) != RV_OK)
		return NULL;
	row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:s, s:s, "
			"s:I, s:I}",
	    "hash", rv_hex(hash, session->hash, sizeof(session->hash)), "id",
	    session->id, "node", node, "principal", id->principal, "method",
	    rv_auth_method_name(id->method), "level", (int)id->level,
	    "identity", identity, "binding", (int)session->binding, "address",
	    session->address, "exporter",
	    rv_hex(exporter, session->exporter, sizeof(session->exporter)),
	    "began_at", (json_int_t)session->began_at_ms, "expires_at",
	    (json_int_t)session->expires_at_ms);
	free(identity);
	return row;
}

static bool
number(const PGresult *row, int column, uint64_t max, int64_t *ret)
{
	uint64_t value;

	if (rv_slice_to_u64(
		rv_slice_of(PQgetvalue(row, 0, column)), max, &value) != RV_OK)
		return false;
	*ret = (int64_t)value;
	return true;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
unhex(const char *text, unsigned char bytes[32])
{
	if (strlen(text) != 64)
		return false;
	for (size_t i = 0; i < 32; i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool
copy(const PGresult *row, int column, char *field, size_t size)
{
	const char *text = PQgetvalue(row, 0, column);
	size_t n = strlen(text);

	if (PQgetisnull(row, 0, column) || n >= size)
		return false;
	memcpy(field, text, n + 1);
	return true;
}

int
rv_session_of_row(const PGresult *row,
    const unsigned char hash[RV_SESSION_HASH_SIZE], struct rv_session *ret)
{
	int64_t binding;

	*ret = (struct rv_session){ .local = false };
	if (PQnfields(row) != 7 || !copy(row, 0, ret->id, sizeof(ret->id)) ||
	    !number(row, 2, RV_SESSION_BOUND_NOTHING, &binding) ||
	    !copy(row, 3, ret->address, sizeof(ret->address)) ||
	    !unhex(PQgetvalue(row, 0, 4), ret->exporter) ||
	    !number(row, 5, INT64_MAX, &ret->began_at_ms) ||
	    !number(row, 6, INT64_MAX, &ret->expires_at_ms))
		return RV_ERR_INVALID;
	ret->binding = (enum rv_session_binding)binding;
	ret->used_at_ms = ret->began_at_ms;
	memcpy(ret->hash, hash, RV_SESSION_HASH_SIZE);
	return rv_identity_read(
	    rv_slice_of(PQgetvalue(row, 0, 1)), &ret->identity);
}
