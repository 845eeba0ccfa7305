/* What the command prints of texts that others have chosen. */
#include "unit/unit.h"

#include <stdlib.h>

#include "cli/cli.h"

static void
expect(const char *text, const char *shown)
{
	char *got = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&got, &n);

	assert_non_null(out);
	rv_cli_print(out, text);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(got, shown);
	free(got);
}

static void
texts_are_shown_as_they_are(void **state)
{
	(void)state;
	expect("", "");
	expect("All Systems (SMS00001), a\\b <x>",
	    "All Systems (SMS00001), a\\b <x>");
	expect("B\u00fcro Z\u00fcrich", "B\u00fcro Z\u00fcrich");
	expect("\u0411\u044e\u0440\u043e 7", "\u0411\u044e\u0440\u043e 7");
	expect("\u0391\u03b8\u03ae\u03bd\u03b1 and \u6771\u4eac",
	    "\u0391\u03b8\u03ae\u03bd\u03b1 and \u6771\u4eac");
	expect("e\u0301 \U0001f510", "e\u0301 \U0001f510");
}

static void
what_a_terminal_obeys_is_not(void **state)
{
	(void)state;
	expect("a\r\nb\tc", "a<U+000D><U+000A>b<U+0009>c");
	expect("\033[2J", "<U+001B>[2J");
	expect("\177", "<U+007F>");
	expect("\xc2\x9b"
	       "2J",
	    "<U+009B>2J");
	/* What is no UTF-8 could be one of its controls to a terminal. */
	expect("\x9b"
	       "2J\xff",
	    "<U+0080>2J<U+0080>");
	expect("a\xe2\x80", "a<U+0080><U+0080>");
	expect("\xc0\xaf", "<U+0080><U+0080>");
}

static void
what_cannot_be_seen_is(void **state)
{
	(void)state;
	/* That it misleads is what is tested. */
	/* NOLINTNEXTLINE(misc-misleading-bidirectional) */
	expect("nimda\u202egro", "nimda<U+202E>gro");
	expect("\u2066a\u2069", "<U+2066>a<U+2069>");
	expect("al\u200bice", "al<U+200B>ice");
	expect("\ufeffalice\u00ad", "<U+FEFF>alice<U+00AD>");
	expect("a\u00a0b\u3000c\u2028d", "a<U+00A0>b<U+3000>c<U+2028>d");
	expect("\u3164\U000e0061", "<U+3164><U+E0061>");
}

static void
letters_that_pass_for_others_are_told(void **state)
{
	(void)state;
	expect("\u0430lice", "<U+0430>lice");
	expect("alic\u0435", "alic<U+0435>");
	expect("bob and \u0430lice", "bob and <U+0430>lice");
	expect("\u0410\u0411 alice", "\u0410\u0411 alice");
	expect("b\u03bfb", "b<U+03BF>b");
	expect("ali\uff43e", "ali<U+FF43>e");
	expect("ali\U0001d41ce", "ali<U+1D41C>e");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_shown_as_they_are),
		cmocka_unit_test(what_a_terminal_obeys_is_not),
		cmocka_unit_test(what_cannot_be_seen_is),
		cmocka_unit_test(letters_that_pass_for_others_are_told),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
