#ifndef ROOM_KEYS_H
#define ROOM_KEYS_H

#include "authentic.h"

/** Senders of the group whose packets are counted */
#define ROOM_SENDERS 16

/** What the tags of a packet say */
enum room_tags {
	ROOM_PLAIN,	/**< None that counts here			*/
	ROOM_AUTHENTIC,	/**< It is who it says it is			*/
	ROOM_REPLAYED	/**< The same, but it was heard before		*/
};

/** What was heard of one sender under one key of the group */
struct room_heard_of {
	bool used;					/**< Taken	*/
	uint8_t key_id;					/**< The key	*/
	uint8_t sender[ROOM_PACKET_SENDER_BYTES];	/**< Who	*/
	struct room_window window;			/**< Packets	*/
};

/** The group's keys of a station, as the hub gives them */
struct room_keys {
	struct room_group group;	/**< The one that is signed under */
	struct room_group before;	/**< Still heard for a while	*/
	uint64_t before_until_ms;	/**< So long			*/
	uint32_t sequence;		/**< The hub's count of packets	*/
	uint64_t told_ms;		/**< and when it was told	*/
	bool any_emergency;		/**< No proof is asked for	*/
	struct room_window from_hub;	/**< Sent to us alone		*/
	struct room_heard_of heard[ROOM_SENDERS];
	unsigned next;			/**< Entry that gives way next	*/
};

int room_keys_take(struct room_keys *keys, const struct room_key *own,
		   const char *hex, uint64_t now_ms);
enum room_tags room_keys_judge(struct room_keys *keys,
			       const struct room_key *own, const uint8_t *bytes,
			       size_t length, const struct room_packet *packet,
			       uint64_t now_ms);
uint32_t room_keys_count(const struct room_keys *keys, uint64_t now_ms);
bool room_keys_want_proof(const struct room_keys *keys);

#endif
