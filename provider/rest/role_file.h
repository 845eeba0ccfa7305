/*
 * Role files: Configuration Manager's XML of security roles, several in one.
 *
 *   <SMS_Roles>
 *     <SMS_Role CopiedFromID="SMS0009R" RoleName="..." RoleDescription="...">
 *       <Operations>
 *         <Operation ObjectTypeID="31" GrantedOperations="1"/>
 *
 * A mask holds 32 bits.  What has a higher one, operations of Reeve's and of
 * applications, stands beside by its name, and the attribute ReeveFormat says
 * that all of these are there:
 *
 *     <SMS_Role ReeveFormat="1" ...>
 *         <ReeveOperation ObjectTypeID="28" OperationName="Simulate"/>
 *
 * In memory a file is an array of {"name", "description", "copied_from_id",
 * "complete", "operations": [{"type", "mask"}], "names": [{"type", "name"}]}:
 * what the store's change role_import takes.  Pure; any thread.
 */
#ifndef PROVIDER_REST_ROLE_FILE_H
#define PROVIDER_REST_ROLE_FILE_H

#include <jansson.h>

#include "reeve/base.h"

#define RV_ROLE_FILE_MAX	   (1u << 20) /* bytes */
#define RV_ROLE_FILE_ROLES	   100u
#define RV_ROLE_FILE_OPERATIONS	   1000u /* of one role, both kinds */
#define RV_ROLE_FILE_ATTRIBUTE_MAX 2048u /* bytes of a value */

/*
 * Reads a file in UTF-8, whatever encoding it names.  There are no document
 * types and no entities but XML's own; nothing is fetched.  The array is the
 * caller's.  RV_ERR_INVALID with a line for the caller in *e, RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_role_file_read(
    struct rv_slice xml, json_t **ret_roles, struct rv_error *e);

/*
 * Writes what rv_role_file_read() reads as the same.  Characters that XML
 * does not have become U+FFFD.  roles: as above, "complete" is not looked at;
 * out fails when it is not of that shape.
 */
void rv_role_file_write(const json_t *roles, struct rv_buf *out);

#endif
