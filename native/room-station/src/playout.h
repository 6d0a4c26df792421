#ifndef ROOM_PLAYOUT_H
#define ROOM_PLAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "protocol.h"

/** One frame of 20 ms */
typedef int16_t room_frame[ROOM_CODEC_FRAME_SAMPLES];

/** Frames that wait for the loudspeaker */
struct room_playout {
	room_frame frames[ROOM_PLAYOUT_QUEUE_FRAMES];	/**< A ring	*/
	unsigned first;		/**< The oldest				*/
	unsigned count;		/**< How many wait			*/
	bool playing;		/**< Whether the pre-fill was reached	*/
	uint32_t overflow;	/**< Dropped since the queue was full	*/
	uint32_t underrun;	/**< Times nothing was there in time	*/
};

int16_t *room_playout_push(struct room_playout *p);
const int16_t *room_playout_pop(struct room_playout *p, bool talk);
void room_playout_clear(struct room_playout *p);

#endif
