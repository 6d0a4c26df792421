#ifndef ROOM_HEARD_H
#define ROOM_HEARD_H

#include "authentic.h"

/** More talk at once than are listened to */
#define ROOM_TALKS_HEARD 4

/** What came of one talk to the group */
struct room_heard {
	bool used;			/**< There is one		*/
	uint8_t sender[ROOM_PACKET_SENDER_BYTES];	/**< Who talks	*/
	struct room_window seen;	/**< Its packets		*/
	uint32_t first, last;		/**< Sequences			*/
	uint32_t heard;			/**< Packets, each once		*/
	uint64_t at_ms;			/**< The last one		*/
};

void room_heard_count(struct room_heard *all, const struct room_packet *packet,
		      uint64_t now_ms);
struct room_heard *room_heard_over(struct room_heard *all, uint64_t now_ms);
bool room_make_heard(char *payload, size_t size, const struct room_heard *heard);

#endif
