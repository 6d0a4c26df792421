#ifndef ROOM_TEXT_H
#define ROOM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/** Text that grows in a buffer of fixed size */
struct room_text {
	char *at;	/**< The buffer; always a string		*/
	size_t size;	/**< Its size					*/
	size_t length;	/**< Characters in it				*/
	bool whole;	/**< False once something did not fit		*/
};

void room_text_init(struct room_text *t, char *buffer, size_t size);
void room_text_add(struct room_text *t, const char *string);
void room_text_json(struct room_text *t, const char *string);
bool room_json_get(const char *json, size_t length, const char *name,
		   char *value, size_t size);
bool room_same(const char *a, const char *b);

#endif
