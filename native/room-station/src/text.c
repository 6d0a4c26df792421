/**
 * @file text.c  Text and flat JSON in buffers of fixed size
 *
 * The reader knows objects of strings, numbers and words, as stations send
 * them; anything nested is refused.
 */
#include <string.h>
#include "text.h"

/** Where the reader is */
struct reader {
	const char *at;		/**< Next character	*/
	const char *end;	/**< Behind the last	*/
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static void add_char(struct room_text *t, char c)
{
	if (t->length + 1 >= t->size) {
		t->whole = false;
		return;
	}

	t->at[t->length++] = c;
	t->at[t->length] = '\0';
}

/**
 * Begin a text
 *
 * @param t      Text
 * @param buffer Where it goes
 * @param size   Room there, at least 1
 */
void room_text_init(struct room_text *t, char *buffer, size_t size)
{
	t->at = buffer;
	t->size = size;
	t->length = 0;
	t->whole = true;
	buffer[0] = '\0';
}

/**
 * Add a string as it is
 *
 * @param t      Text
 * @param string String
 */
void room_text_add(struct room_text *t, const char *string)
{
	while (*string)
		add_char(t, *string++);
}

/**
 * Add a string of JSON, with its quotes
 *
 * @param t      Text
 * @param string String; control characters become blanks
 */
void room_text_json(struct room_text *t, const char *string)
{
	add_char(t, '"');
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			add_char(t, '\\');
		add_char(t, (unsigned char)*string < ' ' ? ' ' : *string);
	}
	add_char(t, '"');
}

static char next_of(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' ||
				  *r->at == '\n' || *r->at == '\r'))
		r->at++;

	return r->at < r->end ? *r->at : '\0';
}

static bool skip_char(struct reader *r, char c)
{
	if (next_of(r) != c)
		return false;

	r->at++;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);

	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Characters beyond the basic plane come as two; each half becomes '?' */
static bool add_code(struct reader *r, struct room_text *t)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++) {
		int digit = r->at < r->end ? digit_of(*r->at++) : -1;

		if (digit < 0)
			return false;
		code = code << 4 | (unsigned)digit;
	}

	if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
		add_char(t, '?');
	} else if (code < 0x80) {
		add_char(t, (char)code);
	} else if (code < 0x800) {
		add_char(t, (char)(0xc0 | code >> 6));
		add_char(t, (char)(0x80 | (code & 0x3f)));
	} else {
		add_char(t, (char)(0xe0 | code >> 12));
		add_char(t, (char)(0x80 | (code >> 6 & 0x3f)));
		add_char(t, (char)(0x80 | (code & 0x3f)));
	}

	return true;
}

static bool add_escape(struct reader *r, struct room_text *t)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/ \f\n\r\t";
	const char *found;

	if (r->at == r->end)
		return false;
	if (*r->at == 'u') {
		r->at++;
		return add_code(r, t);
	}

	found = *r->at ? strchr(from, *r->at) : NULL;
	if (!found)
		return false;

	r->at++;
	add_char(t, to[found - from]);
	return true;
}

static bool read_string(struct reader *r, struct room_text *t)
{
	if (!skip_char(r, '"'))
		return false;

	while (r->at < r->end) {
		char c = *r->at++;

		if (c == '"')
			return true;
		if (c == '\0' || (c == '\\' && !add_escape(r, t)))
			return false;
		if (c != '\\')
			add_char(t, c);
	}

	return false;
}

static bool read_value(struct reader *r, struct room_text *t)
{
	if (next_of(r) == '"')
		return read_string(r, t);

	while (r->at < r->end && *r->at && !strchr(",}{[] \t\r\n\"", *r->at))
		add_char(t, *r->at++);

	return t->length > 0 || !t->whole;
}

/**
 * Read one member of a flat object
 *
 * @param json   Text
 * @param length Its length
 * @param name   Name of the member
 * @param value  Where its value goes, as a string
 * @param size   Room there
 *
 * @return False if the text is no flat object, or has no such member, or its
 *         value does not fit
 */
bool room_json_get(const char *json, size_t length, const char *name,
		   char *value, size_t size)
{
	struct reader r = {json, json + length};
	bool found = false;

	value[0] = '\0';
	if (!skip_char(&r, '{'))
		return false;
	if (next_of(&r) == '}')
		return false;

	do {
		char key[24], other[2];
		struct room_text k, v;
		bool wanted;

		room_text_init(&k, key, sizeof(key));
		if (!read_string(&r, &k) || !skip_char(&r, ':'))
			return false;

		wanted = k.whole && !strcmp(key, name);
		room_text_init(&v, wanted ? value : other,
			       wanted ? size : sizeof(other));
		if (!read_value(&r, &v) || (wanted && !v.whole))
			return false;
		found |= wanted;
	} while (skip_char(&r, ','));

	return skip_char(&r, '}') && next_of(&r) == '\0' && found;
}

/**
 * Whether two strings are the same but for the case of ASCII letters
 *
 * @param a One
 * @param b The other
 *
 * @return True if so
 */
bool room_same(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}

	return lower(*a) == lower(*b);
}
