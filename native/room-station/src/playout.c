/**
 * @file playout.c  The queue before the loudspeaker
 *
 * It begins to play with two frames, takes fifteen, and drops the oldest when
 * a sixteenth comes: what is late is worth less than what is new.
 */
#include <stddef.h>
#include "playout.h"

/**
 * Room for one more frame
 *
 * @param p Queue
 *
 * @return Where its samples go
 */
int16_t *room_playout_push(struct room_playout *p)
{
	if (p->count == ROOM_PLAYOUT_QUEUE_FRAMES) {
		p->first = (p->first + 1) % ROOM_PLAYOUT_QUEUE_FRAMES;
		p->count--;
		p->overflow++;
	}

	return p->frames[(p->first + p->count++) % ROOM_PLAYOUT_QUEUE_FRAMES];
}

/**
 * The frame whose turn it is
 *
 * @param p    Queue
 * @param talk Whether more will come: then playing goes on over a gap
 *
 * @return Samples, valid until the next push; NULL for silence
 */
const int16_t *room_playout_pop(struct room_playout *p, bool talk)
{
	const int16_t *frame;

	if (!p->playing && p->count >= ROOM_PLAYOUT_PREFILL_FRAMES)
		p->playing = true;
	if (!talk && p->count > 0)
		p->playing = true;
	if (!p->playing)
		return NULL;

	if (p->count == 0) {
		p->playing = talk;
		p->underrun += talk;
		return NULL;
	}

	frame = p->frames[p->first];
	p->first = (p->first + 1) % ROOM_PLAYOUT_QUEUE_FRAMES;
	p->count--;

	return frame;
}

/**
 * Forget what waits
 *
 * @param p Queue
 */
void room_playout_clear(struct room_playout *p)
{
	p->count = 0;
	p->playing = false;
}
