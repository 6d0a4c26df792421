#ifndef ROOM_AUTHENTIC_H
#define ROOM_AUTHENTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "packet.h"

/** By how much a packet grows when it is signed, bytes, at most */
#define ROOM_AUTH_GROWTH (2 + ROOM_AUTH_TAG_BYTES)

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

/** Which authentic packets of one sender were seen (RFC 3711, 3.3.2) */
struct room_window {
	bool begun;		/**< Whether any was			*/
	uint32_t highest;	/**< The latest sequence		*/
	uint64_t seen;		/**< It and the 63 before it		*/
};

size_t room_sign(uint8_t *bytes, size_t size, const uint8_t *plain,
		 size_t length, const struct room_key *key);
bool room_is_authentic(const uint8_t *bytes, size_t length,
		       const struct room_key *key);
bool room_window_take(struct room_window *window, uint32_t sequence);

#endif
