/* Role files: what is read, what is refused, and that both ways agree. */
#include "unit/unit.h"

#include <string.h>

#include "rest/role_file.h"

#define FILE_OF(roles) "<SMS_Roles>" roles "</SMS_Roles>"
#define ROLE(operations)                                         \
	FILE_OF("<SMS_Role RoleName='R'><Operations>" operations \
		"</Operations></SMS_Role>")

static json_t *
read_file(const char *xml)
{
	struct rv_error e = { "" };
	json_t *roles;

	if (rv_role_file_read(rv_slice_of(xml), &roles, &e) != RV_OK)
		fail_msg("%s: %s", xml, e.text);
	return roles;
}

static void
assert_read(const char *xml, const char *expected)
{
	json_t *roles = read_file(xml);
	json_t *wanted = json_loads(expected, 0, NULL);
	char *text = json_dumps(roles, JSON_SORT_KEYS);

	if (!json_equal(roles, wanted))
		fail_msg("%s gives %s", xml, text);
	free(text);
	json_decref(wanted);
	json_decref(roles);
}

static void
assert_refused(const char *xml, const char *why)
{
	struct rv_error e = { "" };
	json_t *roles;

	assert_int_equal(
	    rv_role_file_read(rv_slice_of(xml), &roles, &e), RV_ERR_INVALID);
	assert_null(roles);
	if (strstr(e.text, why) == NULL)
		fail_msg("%.80s: says \"%s\", not \"%s\"", xml, e.text, why);
}

static void
test_configuration_manager(void **state)
{
	(void)state;
	assert_read("<SMS_Roles>\r\n"
		    "  <SMS_Role CopiedFromID=\"SMS0009R\" RoleName=\"Example\""
		    " RoleDescription=\"text\">\r\n    <Operations>\r\n"
		    "<Operation GrantedOperations=\"1\" ObjectTypeID=\"6\"/>"
		    "<Operation ObjectTypeID=\"31\" GrantedOperations="
		    "\"140311\"></Operation>"
		    "    </Operations>\r\n  </SMS_Role>\r\n</SMS_Roles>\r\n",
	    "[{\"name\":\"Example\",\"description\":\"text\","
	    "\"copied_from_id\":\"SMS0009R\",\"complete\":false,"
	    "\"operations\":[{\"type\":6,\"mask\":1},"
	    "{\"type\":31,\"mask\":140311}],\"names\":[]}]");
	assert_read(FILE_OF("<SMS_Role RoleName='A'/><!-- and -->"
			    "<SMS_Role RoleName='B'><Operations/></SMS_Role>"),
	    "[{\"name\":\"A\",\"description\":\"\",\"copied_from_id\":\"\","
	    "\"complete\":false,\"operations\":[],\"names\":[]},"
	    "{\"name\":\"B\",\"description\":\"\",\"copied_from_id\":\"\","
	    "\"complete\":false,\"operations\":[],\"names\":[]}]");
}

static void
test_our_own(void **state)
{
	(void)state;
	assert_read(
	    FILE_OF("<SMS_Role ReeveFormat='1' RoleName='R'><Operations>"
		    "<ReeveOperation ObjectTypeID='28' "
		    "OperationName='Simulate'/></Operations></SMS_Role>"),
	    "[{\"name\":\"R\",\"description\":\"\",\"copied_from_id\":\"\","
	    "\"complete\":true,\"operations\":[],"
	    "\"names\":[{\"type\":28,\"name\":\"Simulate\"}]}]");
}

/* The text came as JSON, in UTF-8, whatever its first line says. */
static void
test_encodings(void **state)
{
	static const char expected[] =
	    "[{\"name\":\"\u00dcbung\",\"description\":\"\","
	    "\"copied_from_id\":\"\",\"complete\":false,\"operations\":[],"
	    "\"names\":[]}]";

	(void)state;
	assert_read(FILE_OF("<SMS_Role RoleName='\u00dcbung'/>"), expected);
	assert_read(
	    "\xef\xbb\xbf<?xml version='1.0' encoding='utf-16'?>" FILE_OF(
		"<SMS_Role RoleName='\u00dcbung'/>"),
	    expected);
	assert_read("<?xml version='1.0' encoding='windows-1252'?>" FILE_OF(
			"<SMS_Role RoleName='&#220;bung'/>"),
	    expected);
	assert_refused(FILE_OF("<SMS_Role RoleName='\xdc'/>"), "not UTF-8");
}

static void
test_limits_of_numbers(void **state)
{
	static const char *const wrong[] = { "4294967296", "-1", "+1", "01",
		"0x1", "1e3", "", " 1", "1.0",
		"99999999999999999999999999999999" };
	char xml[256];

	(void)state;
	assert_read(ROLE("<Operation ObjectTypeID='999999999' "
			 "GrantedOperations='4294967295'/>"),
	    "[{\"name\":\"R\",\"description\":\"\",\"copied_from_id\":\"\","
	    "\"complete\":false,\"operations\":[{\"type\":999999999,"
	    "\"mask\":4294967295}],\"names\":[]}]");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(xml, sizeof(xml),
		    ROLE("<Operation "
			 "ObjectTypeID='1' "
			 "GrantedOperations='%s'"
			 "/>"),
		    wrong[i]);
		assert_refused(xml, "no number of that size");
	}
	assert_refused(
	    ROLE(
		"<Operation ObjectTypeID='1000000000' GrantedOperations='1'/>"),
	    "no number of that size in ObjectTypeID");
	assert_refused(
	    ROLE("<Operation ObjectTypeID='0' GrantedOperations='1'/>"),
	    "never 0");
}

static void
test_no_role_files(void **state)
{
	(void)state;
	assert_refused("", "not XML");
	assert_refused("no XML", "not XML");
	assert_refused("<SMS_Roles>", "not XML");
	assert_refused(FILE_OF(""), "no role in it");
	assert_refused("<SMS_Roles/>", "no role in it");
	assert_refused(
	    "<SMS_Role RoleName='R'/>", "no place for the element SMS_Role");
	assert_refused("<html/>", "no place for the element html");
	assert_refused(FILE_OF("<SMS_Role/>"), "no RoleName");
	assert_refused(FILE_OF("<SMS_Role RoleName='R'/>") "<x/>", "not XML");
	assert_refused(
	    FILE_OF("<SMS_Role RoleName='R' Admin='1'/>"), "attribute Admin");
	assert_refused(
	    FILE_OF("<SMS_Role RoleName='R' RoleName='S'/>"), "not XML");
	assert_refused(
	    FILE_OF("<SMS_Role RoleName='R' ReeveFormat='2'/>"), "format 1");
	assert_refused(FILE_OF("<x:SMS_Role xmlns:x='urn:x' RoleName='R'/>"),
	    "x:SMS_Role");
	assert_refused(
	    FILE_OF("<SMS_Role RoleName='R'>text</SMS_Role>"), "no text");
	assert_refused(
	    FILE_OF("<SMS_Role RoleName='R'><![CDATA[x]]></SMS_Role>"),
	    "no text");
	assert_refused(FILE_OF("<SMS_Role RoleName='R'><Operations/>"
			       "<Operations/></SMS_Role>"),
	    "a second element Operations");
	assert_refused(ROLE("<Operation ObjectTypeID='1'/>"), "is missing");
	assert_refused(
	    ROLE("<Operation GrantedOperations='1'/>"), "is missing");
	assert_refused(
	    ROLE("<Operation ObjectTypeID='1' GrantedOperations='1'><x/>"
		 "</Operation>"),
	    "no place for the element x");
	assert_refused(ROLE("<ReeveOperation ObjectTypeID='1' "
			    "GrantedOperations='1'/>"),
	    "attribute GrantedOperations");
}

/* What has made readers of XML fetch files, or run out of memory. */
static void
test_hostile(void **state)
{
	(void)state;
	assert_refused(
	    "<!DOCTYPE SMS_Roles SYSTEM 'file:///etc/passwd'>" FILE_OF(
		"<SMS_Role RoleName='R'/>"),
	    "no document type");
	assert_refused(
	    "<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b "
	    "'&a;&a;&a;&a;'>]>" FILE_OF("<SMS_Role RoleName='&b;'/>"),
	    "no document type");
	assert_refused(FILE_OF("<SMS_Role RoleName='&a;'/>"), "not XML");
	assert_refused(FILE_OF("<SMS_Role RoleName='a&#0;'/>"), "not XML");
	assert_refused(FILE_OF("<SMS_Role RoleName='a&#x1b;'/>"), "not XML");
	assert_refused(FILE_OF("<xi:include xmlns:xi='http://www.w3.org/2001/"
			       "XInclude' href='file:///etc/passwd'/>"),
	    "xi:include");
}

/* n times one, in which # is a number that grows. */
static char *
repeated(const char *before, const char *one, size_t n, const char *after)
{
	struct rv_buf out;
	char *text;

	rv_buf_init(&out, 0);
	rv_buf_puts(&out, before);
	for (size_t i = 0; i < n; i++)
		for (const char *p = one; *p != '\0'; p++) {
			if (*p == '#')
				rv_buf_printf(&out, "%zu", i);
			else
				rv_buf_putc(&out, *p);
		}
	rv_buf_puts(&out, after);
	text = rv_slice_dup(rv_buf_slice(&out));
	rv_buf_fini(&out);
	assert_non_null(text);
	return text;
}

static void
assert_limit(const char *before, const char *one, size_t most,
    const char *after, const char *why)
{
	char *fits = repeated(before, one, most, after);
	char *over = repeated(before, one, most + 1, after);

	json_decref(read_file(fits));
	assert_refused(over, why);
	free(fits);
	free(over);
}

static void
test_limits(void **state)
{
	char *text;

	(void)state;
	assert_limit("<SMS_Roles>", "<SMS_Role RoleName='#'/>",
	    RV_ROLE_FILE_ROLES, "</SMS_Roles>", "too many roles");
	assert_limit("<SMS_Roles><SMS_Role RoleName='R'><Operations>",
	    "<Operation ObjectTypeID='1#' GrantedOperations='1'/>",
	    RV_ROLE_FILE_OPERATIONS, "</Operations></SMS_Role></SMS_Roles>",
	    "too many operations");
	assert_limit("<SMS_Roles><SMS_Role RoleName='", "x",
	    RV_ROLE_FILE_ATTRIBUTE_MAX, "'/></SMS_Roles>", "too long");
	text = repeated("<SMS_Roles>", "<a>", 100000, "");
	assert_refused(text, "no place for the element a");
	free(text);
	text = repeated(
	    FILE_OF("<SMS_Role RoleName='R'/>"), " ", RV_ROLE_FILE_MAX, "");
	assert_refused(text, "longer than 1 MiB");
	free(text);
}

static void
test_round_trip(void **state)
{
	static const char roles[] =
	    "[{\"name\":\"a<b>&\\\"'c\\td\\u00fc\",\"description\":"
	    "\"x\\r\\ny\","
	    "\"copied_from_id\":\"SMS0001R\",\"complete\":true,"
	    "\"operations\":[{\"type\":31,\"mask\":4294967295}],"
	    "\"names\":[{\"type\":28,\"name\":\"A & B\"}]},"
	    "{\"name\":\"B\",\"description\":\"\",\"copied_from_id\":\"\","
	    "\"complete\":true,\"operations\":[],\"names\":[]}]";
	json_t *before = json_loads(roles, 0, NULL);
	struct rv_buf xml;

	(void)state;
	rv_buf_init(&xml, 0);
	rv_role_file_write(before, &xml);
	assert_false(xml.failed);
	assert_read(rv_buf_cstr(&xml), roles);
	json_decref(before);
	rv_buf_fini(&xml);
}

static void
test_no_characters_of_xml(void **state)
{
	json_t *roles = json_loads("[{\"name\":\"a\\u0001\\ufffe\\uffffb\","
				   "\"description\":\"\","
				   "\"copied_from_id\":\"\"}]",
	    0, NULL);
	struct rv_buf xml;

	(void)state;
	rv_buf_init(&xml, 0);
	rv_role_file_write(roles, &xml);
	assert_read(rv_buf_cstr(&xml),
	    "[{\"name\":\"a\\ufffd\\ufffd\\ufffdb\",\"description\":\"\","
	    "\"copied_from_id\":\"\",\"complete\":true,\"operations\":[],"
	    "\"names\":[]}]");
	json_decref(roles);
	rv_buf_fini(&xml);
}

static void
test_writing_what_is_none(void **state)
{
	static const char *const none[] = { "{}", "[{}]",
		"[{\"name\":1,\"description\":\"\",\"copied_from_id\":\"\"}]",
		"[{\"name\":\"\",\"description\":\"\",\"copied_from_id\":\"\","
		"\"operations\":[{}]}]" };
	struct rv_buf xml;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		json_t *roles = json_loads(none[i], 0, NULL);

		rv_buf_init(&xml, 0);
		rv_role_file_write(roles, &xml);
		assert_true(xml.failed);
		json_decref(roles);
		rv_buf_fini(&xml);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configuration_manager),
		cmocka_unit_test(test_our_own),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_limits_of_numbers),
		cmocka_unit_test(test_no_role_files),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_characters_of_xml),
		cmocka_unit_test(test_writing_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
