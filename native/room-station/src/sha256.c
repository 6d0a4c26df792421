/**
 * @file sha256.c  SHA-256 (FIPS 180-4) and HMAC (RFC 2104)
 *
 * Small rather than fast: a packet of 20 ms is five blocks.
 */
#include <string.h>
#include "sha256.h"

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t value, unsigned bits)
{
	return value >> bits | value << (32 - bits);
}

static void schedule(uint32_t *w, const uint8_t *block)
{
	for (unsigned i = 0; i < 16; i++, block += 4)
		w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
		       (uint32_t)block[2] << 8 | block[3];

	for (unsigned i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		a = turn(a, 7) ^ turn(a, 18) ^ a >> 3;
		b = turn(b, 17) ^ turn(b, 19) ^ b >> 10;
		w[i] = w[i - 16] + a + w[i - 7] + b;
	}
}

static void add_block(uint32_t *state, const uint8_t *block)
{
	uint32_t w[64], s[8];

	schedule(w, block);
	memcpy(s, state, sizeof(s));

	for (unsigned i = 0; i < 64; i++) {
		uint32_t e = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
		uint32_t a = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
		uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
		uint32_t most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
		uint32_t first = s[7] + e + choice + constants[i] + w[i];

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += first;
		s[0] = first + a + most;
	}

	for (unsigned i = 0; i < 8; i++)
		state[i] += s[i];
}

/**
 * Begin a digest
 *
 * @param sha Digest
 */
void sha256_init(struct sha256 *sha)
{
	static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
					  0xa54ff53a, 0x510e527f, 0x9b05688c,
					  0x1f83d9ab, 0x5be0cd19};

	memcpy(sha->state, start, sizeof(start));
	sha->length = 0;
}

/**
 * Add bytes to a digest
 *
 * @param sha    Digest
 * @param bytes  Bytes
 * @param length How many
 */
void sha256_add(struct sha256 *sha, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		sha->block[sha->length++ & 63] = bytes[i];
		if ((sha->length & 63) == 0)
			add_block(sha->state, sha->block);
	}
}

/**
 * End a digest
 *
 * @param sha    Digest
 * @param digest SHA256_BYTES bytes
 */
void sha256_end(struct sha256 *sha, uint8_t *digest)
{
	uint64_t bits = sha->length * 8;
	uint8_t byte = 0x80;

	do {
		sha256_add(sha, &byte, 1);
		byte = 0;
	} while ((sha->length & 63) != 56);

	for (int shift = 56; shift >= 0; shift -= 8) {
		byte = (uint8_t)(bits >> shift);
		sha256_add(sha, &byte, 1);
	}

	for (unsigned i = 0; i < SHA256_BYTES; i++)
		digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - i % 4 * 8));
}

static void pass(uint8_t *digest, const uint8_t *key, uint8_t pad,
		 const uint8_t *bytes, size_t length)
{
	struct sha256 sha;
	uint8_t block[64];

	for (unsigned i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;

	sha256_init(&sha);
	sha256_add(&sha, block, sizeof(block));
	sha256_add(&sha, bytes, length);
	sha256_end(&sha, digest);
}

/**
 * HMAC-SHA-256
 *
 * @param digest     SHA256_BYTES bytes
 * @param key        Key
 * @param key_length Its length
 * @param bytes      What is signed
 * @param length     Its length
 */
void hmac_sha256(uint8_t *digest, const uint8_t *key, size_t key_length,
		 const uint8_t *bytes, size_t length)
{
	uint8_t block[64] = {0};
	struct sha256 sha;

	if (key_length > sizeof(block)) {
		sha256_init(&sha);
		sha256_add(&sha, key, key_length);
		sha256_end(&sha, block);
	} else if (key_length > 0) {
		memcpy(block, key, key_length);
	}

	pass(digest, block, 0x36, bytes, length);
	pass(digest, block, 0x5c, digest, SHA256_BYTES);
}
