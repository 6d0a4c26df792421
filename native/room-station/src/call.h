#ifndef ROOM_CALL_H
#define ROOM_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include "topics.h"

/** How a call of ours stands, as the hub tells */
enum room_call_state {
	ROOM_NO_CALL,	/**< There is none			*/
	ROOM_CALLING,	/**< We called, nobody has answered yet	*/
	ROOM_RUNG,	/**< Somebody calls us			*/
	ROOM_IN_CALL	/**< We take part			*/
};

/** A call */
struct room_call {
	enum room_call_state state;
	char id[48];			/**< As the hub names it	*/
	char who[ROOM_NAME_SIZE * 2];	/**< Caller, called, or others	*/
	char to[16];			/**< Where our words go		*/
	char ours[48];			/**< The one that we want	*/
	bool known;			/**< A hub tells us of calls	*/
	uint64_t heard_ms;		/**< When it did last		*/
	uint64_t expected_ms;		/**< Until when our own is new	*/
};

bool room_call_take(struct room_call *c, const char *json, size_t length,
		    uint64_t now_ms);
void room_call_expect(struct room_call *c, uint64_t now_ms);
const char *room_call_answer(struct room_call *c);
const char *room_call_end(struct room_call *c);
const char *room_call_talks_to(const struct room_call *c);
bool room_call_expire(struct room_call *c, uint64_t now_ms);

#endif
