/*
 * Texts of others on a terminal: what one sees is what is there.  Characters
 * that move the cursor, turn the direction of writing or show nothing are
 * written by their numbers, as less(1) does; so are letters of other alphabets
 * within a word of Latin ones, which mostly pass for some of them.
 */
#include "cli/cli.h"

#include <string.h>

struct range {
	unsigned first, last;
};

/*
 * Unicode 15: general categories Cc, Cf, Zl, Zp, Zs but the blank, and what is
 * invisible by its property Default_Ignorable_Code_Point.
 */
static const struct range unseen[] = { { 0x0000, 0x001f }, { 0x007f, 0x00a0 },
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x0600, 0x0605 },
	{ 0x061c, 0x061c }, { 0x06dd, 0x06dd }, { 0x070f, 0x070f },
	{ 0x0890, 0x0891 }, { 0x08e2, 0x08e2 }, { 0x115f, 0x1160 },
	{ 0x1680, 0x1680 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
	{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },
	{ 0x2800, 0x2800 }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb }, { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
	{ 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff } };

/*
 * Blocks with letters that look Latin: IPA and phonetic, Greek, Coptic,
 * Cyrillic, Armenian, Cherokee, letterlike, Lisu, full width, mathematical.
 */
static const struct range alike[] = { { 0x0250, 0x02af }, { 0x0370, 0x058f },
	{ 0x13a0, 0x13ff }, { 0x1c80, 0x1c8f }, { 0x1d00, 0x1dbf },
	{ 0x1f00, 0x1fff }, { 0x2100, 0x214f }, { 0x2c80, 0x2cff },
	{ 0x2de0, 0x2dff }, { 0xa4d0, 0xa4ff }, { 0xa640, 0xa69f },
	{ 0xab30, 0xabbf }, { 0xff01, 0xff5e }, { 0x1d400, 0x1d7ff } };

static bool
is_in(const struct range *ranges, size_t n, unsigned c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static bool
is_unseen(unsigned c)
{
	return is_in(unseen, sizeof(unseen) / sizeof(unseen[0]), c);
}

static bool
is_alike(unsigned c)
{
	return is_in(alike, sizeof(alike) / sizeof(alike[0]), c);
}

static bool
is_latin(unsigned c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Reads one character of UTF-8; a byte that begins none is itself, of the
 * controls from 0x80.
 */
static size_t
take(const char *text, unsigned *ret_c)
{
	const unsigned char *p = (const unsigned char *)text;
	const size_t n = p[0] < 0xc0   ? 1
			 : p[0] < 0xe0 ? 2
			 : p[0] < 0xf0 ? 3
				       : 4;
	unsigned c = p[0];

	if (n > 1 && memchr(text, '\0', n) == NULL &&
	    rv_slice_is_text((struct rv_slice){ text, n })) {
		c &= 0xffu >> (n + 1);
		for (size_t i = 1; i < n; i++)
			c = c << 6 | (p[i] & 0x3fu);
		*ret_c = c;
		return n;
	}
	*ret_c = c < 0x80 ? c : 0x80;
	return 1;
}

/* Whether there is a Latin letter in the word that begins here. */
static bool
word_is_latin(const char *text)
{
	unsigned c;

	while (*text != '\0') {
		text += take(text, &c);
		if (is_latin(c))
			return true;
		if (c < 0x80)
			return false;
	}
	return false;
}

void
rv_cli_print(FILE *out, const char *text)
{
	bool within = false, latin = false;

	while (*text != '\0') {
		unsigned c;
		const size_t n = take(text, &c);
		const bool letter = is_latin(c) || c >= 0x80;

		if (letter && !within)
			latin = word_is_latin(text);
		within = letter;
		if (is_unseen(c) || (latin && letter && is_alike(c)))
			(void)fprintf(out, "<U+%04X>", c);
		else
			(void)fwrite(text, 1, n, out);
		text += n;
	}
}
