#ifndef ROOM_SEQUENCER_H
#define ROOM_SEQUENCER_H

#include "packet.h"

/** How long a missing packet is waited for, ms */
#define ROOM_MAX_WAIT_MS 60
/** One more than are held back, while one is taken */
#define ROOM_HELD 9

/**
 * Takes a packet in its turn
 *
 * @param arg    Argument
 * @param packet Packet
 * @param lost   Packets that never came before it
 */
typedef void (*room_ready)(void *arg, const struct room_packet *packet,
			   uint32_t lost);

/** A packet that waits for its predecessors */
struct room_held {
	bool used;			/**< Whether there is one	*/
	uint64_t at_ms;			/**< When it came		*/
	struct room_packet packet;	/**< The packet			*/
};

/** Packets of one sender, in sequence and once each */
struct room_sequencer {
	room_ready ready;	/**< Where they go			*/
	void *arg;		/**< Its argument			*/
	bool begun;		/**< Whether `next` is known		*/
	uint32_t next;		/**< Whose turn it is			*/
	uint32_t strange_next;	/**< What would go on another count	*/
	unsigned strange_run;	/**< How many went on it		*/
	unsigned held_count;	/**< How many wait			*/
	struct room_held held[ROOM_HELD];	/**< Those that wait	*/
	uint32_t received;	/**< Packets				*/
	uint32_t duplicate;	/**< Copies of what had come already	*/
	uint32_t lost;		/**< Given up				*/
	uint32_t restarts;	/**< Times it began to count anew	*/
};

void room_sequencer_init(struct room_sequencer *s, room_ready ready, void *arg);
void room_sequencer_push(struct room_sequencer *s,
			 const struct room_packet *packet, uint64_t now_ms);
void room_sequencer_expire(struct room_sequencer *s, uint64_t now_ms);
void room_sequencer_skip(struct room_sequencer *s);
void room_sequencer_end(struct room_sequencer *s);

#endif
