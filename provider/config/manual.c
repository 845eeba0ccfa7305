#include "config/config.h"

#include <string.h>

#include "config/table.h"
#include "config/value.h"

/* Columns of the source, as mandoc(1) advises. */
#define WIDTH 78

/* Parts before and after the generated list of parameters. */
static const char head[] =
    ".\\\" Made by `reeved --manual`; change provider/config, not this.\n"
    ".Dd November 22, 2026\n"
    ".Dt REEVED.CONF 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm reeved.conf\n"
    ".Nd configuration of the role-based administration provider\n"
    ".Sh DESCRIPTION\n"
    "The file\n"
    ".Nm\n"
    "sets the parameters of\n"
    ".Xr reeved 8 .\n"
    "It is read at start and at\n"
    ".Dv SIGHUP .\n"
    "It must belong to root or to the user that starts the provider, and\n"
    "neither group nor others may write it.\n"
    ".Pp\n"
    "The file is UTF-8 text.\n"
    "A line is empty, or begins with\n"
    ".Sq # ,\n"
    "or sets one parameter:\n"
    ".Pp\n"
    ".Dl name = value\n"
    ".Pp\n"
    "Each parameter may be set once.\n"
    "A value may stand in double quotes; inside them\n"
    ".Ql \\e\\(dq\n"
    "is a quote and\n"
    ".Ql \\e\\e\n"
    "a backslash.\n"
    "It must stand in quotes when a\n"
    ".Sq #\n"
    "follows a blank in it: a comment after a value is an error.\n"
    "The empty value\n"
    ".Ql \\(dq\\(dq\n"
    "means that a parameter is not set.\n"
    "The types are:\n"
    ".Bl -tag -width duration\n"
    ".It string\n"
    "Any text.\n"
    ".It path\n"
    "An absolute path.\n"
    ".It list\n"
    "Strings, separated by blanks; each may be quoted.\n"
    ".It integer\n"
    "A decimal number.\n"
    ".It duration\n"
    "A whole number with one of the units\n"
    ".Cm ms , s , m , h\n"
    "and\n"
    ".Cm d .\n"
    ".It size\n"
    "A whole number of bytes, or one with\n"
    ".Cm K , M\n"
    "or\n"
    ".Cm G\n"
    "(powers of 1024).\n"
    ".It choice\n"
    "One of the words that the parameter lists.\n"
    ".El\n"
    ".Pp\n"
    "A parameter takes effect at a restart, unless it is marked\n"
    ".Dq reload :\n"
    "then\n"
    ".Dv SIGHUP\n"
    "takes it up too.\n"
    ".Sh PARAMETERS\n";

static const char tail[] =
    ".Sh FILES\n"
    ".Bl -tag -width /etc/reeve/reeved.conf -compact\n"
    ".It Pa /etc/reeve/reeved.conf\n"
    "The file that is read without\n"
    ".Fl f .\n"
    ".El\n"
    ".Sh EXAMPLES\n"
    "The least that a provider needs:\n"
    ".Bd -literal -offset indent\n"
    "tls_certificate = /etc/reeve/tls.pem\n"
    "tls_key = /etc/reeve/tls.key\n"
    "keytab = /etc/reeve/http.keytab\n"
    "replay_cache = /var/lib/reeve/replay\n"
    "realms = EXAMPLE.ORG\n"
    "store = \"host=/run/postgresql dbname=reeve user=reeve\"\n"
    "audit_directory = /var/lib/reeve/audit\n"
    ".Ed\n"
    ".Sh DIAGNOSTICS\n"
    "A mistake in the file is reported as FILE:LINE:COLUMN with the reason;\n"
    "columns count bytes from 1.\n"
    "The provider does not start with such a file, and a running one keeps\n"
    "what it had.\n"
    "Test a file with\n"
    ".Dl reeved -f FILE --check-config\n"
    ".Sh SEE ALSO\n"
    ".Xr systemd.unit 5 ,\n"
    ".Xr reeved 8\n";

/*
 * Prints prose as roff text: lines of bounded width, each sentence on a new
 * line, nothing that could be taken for a request or an escape.
 */
static void
print_prose(const char *text, FILE *out)
{
	size_t column = 0;
	bool sentence_ended = false;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column > 0 && (sentence_ended || column + n >= WIDTH)) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			column += (size_t)(fputc(' ', out) == ' ');
		else if (*text == '.' || *text == '\'')
			(void)fputs("\\&", out);
		for (size_t i = 0; i < n; i++)
			if (text[i] == '\\')
				(void)fputs("\\e", out);
			else
				(void)fputc(text[i], out);
		column += n;
		sentence_ended = n > 0 && text[n - 1] == '.';
		text += n;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

static const char *
type_name(enum rv_param_type type)
{
	switch (type) {
	case RV_PARAM_STRING:
		return "string";
	case RV_PARAM_PATH:
		return "path";
	case RV_PARAM_LIST:
		return "list";
	case RV_PARAM_INTEGER:
		return "integer";
	case RV_PARAM_DURATION:
		return "duration";
	case RV_PARAM_SIZE:
		return "size";
	case RV_PARAM_CHOICE:
		return "choice";
	}
	return "string";
}

static void
print_limit(const struct rv_param *param, int64_t value, FILE *out)
{
	struct rv_buf text = { .max = 64 };
	const char *s;

	if (param->type == RV_PARAM_DURATION)
		rv_value_print_duration(value, &text);
	else
		rv_value_print_size((uint64_t)value, &text);
	s = param->type == RV_PARAM_INTEGER ? NULL : rv_buf_cstr(&text);
	if (s != NULL)
		(void)fputs(s, out);
	else
		(void)fprintf(out, "%lld", (long long)value);
	rv_buf_fini(&text);
}

/* "Type: integer, 1 to 64, default 4, reload." */
static void
print_facts(const struct rv_param *param, FILE *out)
{
	if (param->type == RV_PARAM_CHOICE) {
		(void)fputs("One of ", out);
		for (int i = 0;; i++) {
			struct rv_slice v = rv_param_value_at(param, i);

			if (v.p == NULL)
				break;
			(void)fprintf(out, "%s%.*s", i == 0 ? "" : " | ",
			    RV_SLICE_FMT(v));
		}
	} else {
		(void)fprintf(out, "Type: %s", type_name(param->type));
	}
	if (param->type == RV_PARAM_INTEGER ||
	    param->type == RV_PARAM_DURATION || param->type == RV_PARAM_SIZE) {
		(void)fputs(", ", out);
		print_limit(param, param->min, out);
		(void)fputs(" to ", out);
		print_limit(param, param->max, out);
	}
	if (param->dflt[0] != '\0')
		(void)fprintf(out, ", default %s", param->dflt);
	(void)fputs(param->reload ? ", reload.\n" : ".\n", out);
}

void
rv_config_manual(FILE *out)
{
	size_t n;
	const struct rv_param *table = rv_param_table(&n);
	bool in_list = false;

	(void)fputs(head, out);
	for (size_t i = 0; i < n; i++) {
		if (table[i].section != NULL) {
			if (in_list)
				(void)fputs(".El\n", out);
			(void)fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n",
			    table[i].section);
			in_list = true;
			continue;
		}
		(void)fprintf(out, ".It Ic %s\n", table[i].name);
		print_prose(table[i].prose, out);
		(void)fputs(".br\n", out);
		print_facts(&table[i], out);
	}
	if (in_list)
		(void)fputs(".El\n", out);
	(void)fputs(tail, out);
}
