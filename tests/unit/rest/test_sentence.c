/* One sentence a decision: what it says, and what it leaves out. */
#include "unit/unit.h"

#include "rest/sentence.h"

static const char *const headquarters[] = { "Headquarters" };
static const char *const branches[] = { "Branch Offices" };
static const char *const many[] = { "A", "B", "C", "D", "E", "F" };
static const char *const workstations[] = { "Workstations" };
static const char *const giving[] = { "Full Administrator",
	"Application Administrator" };

static const struct rv_sentence_assignment author = {
	.role = "Application Author",
	.scopes = { headquarters, 1, 0 },
};
static const struct rv_sentence_assignment unseen = {
	.scopes = { NULL, 0, 1 },
	.collections = { NULL, 0, 2 },
};
static const struct rv_sentence_assignment expired = {
	.role = "Asset Manager",
	.group = "group:1",
	.ended = "2024-02-01T00:00:00.000Z",
};
static const struct rv_sentence_assignment tools = {
	.role = "Remote Tools Operator",
	.scopes = { many, 6, 1 },
	.collections = { workstations, 1, 0 },
};

#define APPLICATION                                                          \
	.operation = "Modify", .type = "SMS_Application", .object = "App-7", \
	.level = RV_LEVEL_WINDOWS
#define DEVICE                                                 \
	.operation = "Remote Control", .type = "SMS_R_System", \
	.object = "HQ-1", .level = RV_LEVEL_WINDOWS
#define BOB .who = "bob@LAB.TEST"
#define NO  .decision = RV_DENY, .reason = "not_permitted"

static const struct {
	struct rv_sentence sentence;
	const char *text;
} table[] = {
	{ { BOB, NO, APPLICATION, .missing = RV_MISSING_SCOPE,
	      .nearest = &author, .in = { branches, 1, 0 } },
	    "bob@LAB.TEST may not Modify the application App-7: the role "
	    "Application Author holds it, but only in the scope Headquarters, "
	    "and the application is in Branch Offices." },
	{ { .self = true,
	      NO,
	      APPLICATION,
	      .missing = RV_MISSING_SCOPE,
	      .nearest = &unseen },
	    "You may not Modify the application App-7: one of your roles holds "
	    "it, but only in a scope that you may not see, and the application "
	    "is in another." },
	{ { .self = true,
	      NO,
	      DEVICE,
	      .missing = RV_MISSING_COLLECTION,
	      .nearest = &tools,
	      .others = 2 },
	    "You may not Remote Control the device HQ-1: your role Remote "
	    "Tools Operator holds it, but only on the collection Workstations, "
	    "where it is no member (2 more came as near)." },
	{ { BOB, NO, .operation = "Modify", .type = "SMS_ConfigurationItem",
	      .object = "Profile", .own_type = "SMS_VpnProfile",
	      .missing = RV_MISSING_OPERATION, .nearest = &author,
	      .roles = { giving, 1, 0 } },
	    "bob@LAB.TEST may not Modify the SMS_ConfigurationItem Profile: "
	    "that needs Author Policy of SMS_VpnProfile besides, and the role "
	    "Application Author does not hold it; Full Administrator would "
	    "give it." },
	{ { BOB, NO, APPLICATION, .missing = RV_MISSING_OPERATION,
	      .nearest = &author, .roles = { giving, 2, 0 } },
	    "bob@LAB.TEST may not Modify the application App-7: the role "
	    "Application Author does not hold it; Full Administrator and "
	    "Application Administrator would." },
	{ { BOB, NO, APPLICATION, .missing = RV_MISSING_TIME,
	      .nearest = &expired },
	    "bob@LAB.TEST may not Modify the application App-7: the role Asset "
	    "Manager (by the group group:1) holds it, but expired at "
	    "2024-02-01T00:00:00.000Z." },
	{ { .self = true,
	      NO,
	      APPLICATION,
	      .missing = RV_MISSING_LEVEL,
	      .level_needed = RV_LEVEL_CERTIFICATE,
	      .nearest = &author },
	    "You may not Modify the application App-7: your role Application "
	    "Author holds it, but asks for the level certificate, and you "
	    "signed in at windows: sign in again with a certificate "
	    "(PKINIT)." },
	{ { BOB, NO, APPLICATION, .missing = RV_MISSING_READ,
	      .nearest = &author },
	    "bob@LAB.TEST may not Modify the application App-7: the role "
	    "Application Author holds it, but it needs Read of the same object "
	    "as well, which no assignment gives there." },
	{ { BOB, NO, APPLICATION,
	      .missing = RV_MISSING_OPERATION | RV_MISSING_TIME,
	      .nearest = &expired },
	    "bob@LAB.TEST may not Modify the application App-7: the role Asset "
	    "Manager (by the group group:1) does not hold it, and expired at "
	    "2024-02-01T00:00:00.000Z." },
	{ { .self = true,
	      .decision = RV_DENY,
	      .reason = "no_such_object",
	      APPLICATION },
	    "You may not Modify the application App-7: there is no such "
	    "object, or it is outside your administrative scope." },
	{ { BOB, .decision = RV_DENY, .reason = "no_assignment", APPLICATION,
	      .roles = { giving, 1, 0 } },
	    "bob@LAB.TEST may not Modify the application App-7: no assignment "
	    "names this one, or a group of it; Full Administrator would give "
	    "it." },
	{ { BOB, .decision = RV_DENY, .reason = "account_disabled",
	      APPLICATION },
	    "bob@LAB.TEST may not Modify the application App-7: the directory "
	    "account is disabled." },
	{ { .self = true,
	      NO,
	      .operation = "Create",
	      .type = "SMS_Application" },
	    "You may not Create application: no assignment gives it." },
	{ { .self = true,
	      .decision = RV_ALLOW,
	      .reason = "allowed",
	      APPLICATION,
	      .nearest = &author,
	      .others = 1 },
	    "You may Modify the application App-7: your role Application "
	    "Author holds it in the scope Headquarters, and 1 more does." },
	{ { BOB, .decision = RV_ALLOW, .reason = "allowed", DEVICE,
	      .nearest = &tools },
	    "bob@LAB.TEST may Remote Control the device HQ-1: the role Remote "
	    "Tools Operator holds it in the scopes A, B, C, D and 3 more and "
	    "on the collection Workstations." },
	{ { BOB, .decision = RV_ALLOW, .reason = "allowed", APPLICATION },
	    "bob@LAB.TEST may Modify the application App-7." },
	{ { BOB, .decision = RV_DENY, .reason = "unknown_type",
	      .operation = "Read", .type = "X", .object = "1" },
	    "bob@LAB.TEST may not Read the X 1: the site knows no such "
	    "type." },
};

static void
each_row_reads_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rv_buf out = { 0 };

		rv_sentence_put(&out, &table[i].sentence);
		assert_string_equal(rv_buf_cstr(&out), table[i].text);
		rv_buf_fini(&out);
	}
}

/* Whatever is lacking, it is one sentence with an end. */
static void
all_conditions_give_a_sentence(void **state)
{
	static const struct rv_sentence_assignment *const nearest[] = { NULL,
		&author, &unseen, &expired, &tools };

	(void)state;
	for (unsigned missing = 0; missing < 64; missing++)
		for (size_t i = 0; i < 5; i++) {
			const struct rv_sentence s = { BOB, NO, DEVICE,
				.missing = missing,
				.level_needed = RV_LEVEL_HELLO,
				.nearest = nearest[i] };
			struct rv_buf out = { 0 };
			const char *text;

			rv_sentence_put(&out, &s);
			text = rv_buf_cstr(&out);
			assert_non_null(text);
			assert_int_equal(
			    strncmp(text, "bob@LAB.TEST may not ", 21), 0);
			assert_int_equal(text[out.n - 1], '.');
			assert_null(strstr(text, "(null)"));
			assert_null(strstr(text, "  "));
			rv_buf_fini(&out);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_reads_so),
		cmocka_unit_test(all_conditions_give_a_sentence),
	};

	return cmocka_run_group_tests_name("sentence", tests, NULL, NULL);
}
