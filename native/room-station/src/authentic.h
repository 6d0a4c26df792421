#ifndef ROOM_AUTHENTIC_H
#define ROOM_AUTHENTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "packet.h"

/** By how much a packet grows when it is signed, bytes, at most */
#define ROOM_AUTH_GROWTH (2 + ROOM_AUTH_TAG_BYTES + ROOM_AUTH_GROUP_BYTES)
/** Length of the group's key */
#define ROOM_GROUP_KEY_BYTES 32

/** HMAC-SHA-256; hmac_sha256(), or what a chip's own library has */
typedef void (*room_hmac)(uint8_t *digest, const uint8_t *key,
			  size_t key_length, const uint8_t *bytes,
			  size_t length);

/** A key, and what works with it */
struct room_key {
	const uint8_t *bytes;	/**< NULL: nothing is signed		*/
	size_t length;		/**< Of the key, bytes			*/
	room_hmac hmac;		/**< HMAC-SHA-256			*/
};

/** The key of all stations that the hub has let in */
struct room_group {
	bool known;				/**< There is one	*/
	uint8_t id;				/**< Which it is	*/
	uint8_t bytes[ROOM_GROUP_KEY_BYTES];	/**< Key		*/
};

/** Which authentic packets of one sender were seen (RFC 3711, 3.3.2) */
struct room_window {
	bool begun;		/**< Whether any was			*/
	uint32_t highest;	/**< The latest sequence		*/
	uint64_t seen;		/**< It and the 63 before it		*/
};

size_t room_sign(uint8_t *bytes, size_t size, const uint8_t *plain,
		 size_t length, const struct room_key *key,
		 const struct room_group *group);
bool room_is_of_group(const uint8_t *bytes, size_t length,
		      const struct room_group *group, room_hmac hmac);
bool room_is_authentic(const uint8_t *bytes, size_t length,
		       const struct room_key *key);
bool room_window_take(struct room_window *window, uint32_t sequence);

#endif
