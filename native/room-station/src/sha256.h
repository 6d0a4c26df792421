#ifndef ROOM_SHA256_H
#define ROOM_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/** A digest in the making */
struct sha256 {
	uint32_t state[8];	/**< So far				*/
	uint64_t length;	/**< Bytes so far			*/
	uint8_t block[64];	/**< What is no whole block yet		*/
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const uint8_t *bytes, size_t length);
void sha256_end(struct sha256 *sha, uint8_t *digest);
void hmac_sha256(uint8_t *digest, const uint8_t *key, size_t key_length,
		 const uint8_t *bytes, size_t length);

#endif
