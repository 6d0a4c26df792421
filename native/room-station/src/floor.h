#ifndef ROOM_FLOOR_H
#define ROOM_FLOOR_H

#include "packet.h"

/** What a packet means for the floor */
enum room_verdict {
	ROOM_IGNORED,	/**< It is not heard			*/
	ROOM_TAKEN,	/**< Its sender has the floor from now on	*/
	ROOM_GOES_ON	/**< Its sender has it already		*/
};

/** Who talks, as one station hears it */
struct room_floor {
	bool held;		/**< Whether anybody else does		*/
	uint8_t holder[ROOM_PACKET_SENDER_BYTES];	/**< Who	*/
	uint8_t priority;	/**< Of the talk			*/
	uint64_t last_ms;	/**< Last packet that was no silence	*/
	bool sending;		/**< Whether we talk ourselves		*/
	uint8_t own_priority;	/**< Of our own talk			*/
	bool do_not_disturb;	/**< Only emergencies are heard		*/
	uint64_t locked_until_ms;	/**< The button does nothing	*/
};

enum room_verdict room_floor_offer(struct room_floor *f,
				   const struct room_packet *packet,
				   uint64_t now_ms);
bool room_floor_release(struct room_floor *f, uint64_t now_ms);
bool room_floor_may_talk(const struct room_floor *f, uint8_t priority,
			 uint64_t now_ms);
void room_floor_lock(struct room_floor *f, uint64_t now_ms);

#endif
