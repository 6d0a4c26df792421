/**
 * @file authentic.c  A tag in the padding of a packet's Opus
 *
 *     header (13) | TOC, code 3 | count, padding flag | 10 | frames | tag (10)
 *
 * Every decoder skips padding (RFC 6716, 3.2.5), so that stations which know
 * nothing of the tag hear the same. It is the beginning of HMAC-SHA-256 over
 * all that stands before it.
 */
#include <string.h>
#include "authentic.h"
#include "sha256.h"

#define TAG ROOM_AUTH_TAG_BYTES
#define HEADER ROOM_PACKET_HEADER_BYTES
#define OPUS_HEAD 3
#define PADDING 0x40u
#define VARIABLE 0x80u

_Static_assert(ROOM_AUTH_WINDOW_PACKETS == 64, "the window is one word");

static const uint8_t counts[3] = {1, 2, 2 | VARIABLE};

static void tag_of(uint8_t *tag, const uint8_t *bytes, size_t length,
		   const struct room_key *key)
{
	uint8_t digest[SHA256_BYTES];

	key->hmac(digest, key->bytes, key->length, bytes, length);
	memcpy(tag, digest, TAG);
}

/**
 * Sign a packet
 *
 * @param bytes  Where the signed packet goes
 * @param size   Room there
 * @param plain  The packet as it would be sent unsigned
 * @param length Its length
 * @param key    Key
 *
 * @return Length of the signed packet; 0 where it does not fit, or has padding
 *         of its own or no frame: such packets are sent plain
 */
size_t room_sign(uint8_t *bytes, size_t size, const uint8_t *plain,
		 size_t length, const struct room_key *key)
{
	const uint8_t *opus = plain + HEADER;
	size_t head, total;
	uint8_t code;

	if (length <= HEADER)
		return 0;

	code = opus[0] & 3u;
	head = code == 3 ? 2 : 1;
	if (length < HEADER + head || (code == 3 && (opus[1] & PADDING)))
		return 0;

	total = length - head + OPUS_HEAD + TAG;
	if (total > size)
		return 0;

	memcpy(bytes, plain, HEADER);
	bytes[HEADER] = opus[0] | 3u;
	bytes[HEADER + 1] = (code == 3 ? opus[1] : counts[code]) | PADDING;
	bytes[HEADER + 2] = TAG;
	memcpy(bytes + HEADER + OPUS_HEAD, opus + head, length - HEADER - head);
	tag_of(bytes + total - TAG, bytes, total - TAG, key);

	return total;
}

/**
 * Whether a packet carries the tag of a key
 *
 * @param bytes  Packet
 * @param length Its length
 * @param key    Key
 *
 * @return False for a plain packet, and for a forged one
 */
bool room_is_authentic(const uint8_t *bytes, size_t length,
		       const struct room_key *key)
{
	const uint8_t *opus = bytes + HEADER;
	uint8_t tag[TAG], differs = 0;

	if (length < HEADER + OPUS_HEAD + TAG)
		return false;
	if ((opus[0] & 3u) != 3 || !(opus[1] & PADDING) || opus[2] != TAG)
		return false;

	tag_of(tag, bytes, length - TAG, key);
	for (size_t i = 0; i < TAG; i++)
		differs |= tag[i] ^ bytes[length - TAG + i];

	return differs == 0;
}

/**
 * Take a sequence for the first time
 *
 * @param window   What was seen
 * @param sequence Sequence of an authentic packet
 *
 * @return False for one that was taken before, or is too old to tell
 */
bool room_window_take(struct room_window *window, uint32_t sequence)
{
	uint32_t ahead = sequence - window->highest;
	uint32_t behind = window->highest - sequence;
	uint64_t bit;

	if (!window->begun || sequence > window->highest) {
		bool far = !window->begun || ahead >= 64;

		window->seen = far ? 1 : window->seen << ahead | 1;
		window->highest = sequence;
		window->begun = true;
		return true;
	}

	if (behind >= 64)
		return false;

	bit = (uint64_t)1 << behind;
	if (window->seen & bit)
		return false;

	window->seen |= bit;
	return true;
}
