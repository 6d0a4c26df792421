/**
 * @file authentic.c  Tags in the padding of a packet's Opus
 *
 *     header (13) | TOC, code 3 | count, padding flag | 10, 11 or 21 | frames |
 *     own tag (10) | id of the group's key (1), group's tag (10)
 *
 * Either part may be missing. Every decoder skips padding (RFC 6716, 3.2.5),
 * so that stations which know nothing of the tags hear the same. A tag is the
 * beginning of HMAC-SHA-256 over all that stands before it.
 */
#include <string.h>
#include "authentic.h"
#include "sha256.h"

#define TAG ROOM_AUTH_TAG_BYTES
#define GROUP ROOM_AUTH_GROUP_BYTES
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

static struct room_key key_of(const struct room_group *group, room_hmac hmac)
{
	return (struct room_key){group->bytes, sizeof(group->bytes), hmac};
}

/* Bytes of padding that could hold tags; 0 for a packet without */
static size_t padding_of(const uint8_t *bytes, size_t length)
{
	const uint8_t *opus = bytes + HEADER;

	if (length < HEADER + OPUS_HEAD || (opus[0] & 3u) != 3 ||
	    !(opus[1] & PADDING) || length < (size_t)HEADER + OPUS_HEAD + opus[2])
		return 0;

	return opus[2];
}

static bool has_tag(const uint8_t *bytes, size_t at, const struct room_key *key)
{
	uint8_t tag[TAG], differs = 0;

	tag_of(tag, bytes, at, key);
	for (size_t i = 0; i < TAG; i++)
		differs |= tag[i] ^ bytes[at + i];

	return differs == 0;
}

static void write_tags(uint8_t *bytes, size_t at, const struct room_key *key,
		       const struct room_group *group)
{
	struct room_key groups;

	tag_of(bytes + at, bytes, at, key);
	at += TAG;
	if (group) {
		groups = key_of(group, key->hmac);
		bytes[at] = group->id;
		tag_of(bytes + at + 1, bytes, at + 1, &groups);
	}
}

/**
 * Sign a packet
 *
 * @param bytes  Where the signed packet goes
 * @param size   Room there
 * @param plain  The packet as it would be sent unsigned
 * @param length Its length
 * @param key    Our own key
 * @param group  The group's key; NULL for none
 *
 * @return Length of the signed packet; 0 where it does not fit, or has padding
 *         of its own or no frame: such packets are sent plain
 */
size_t room_sign(uint8_t *bytes, size_t size, const uint8_t *plain,
		 size_t length, const struct room_key *key,
		 const struct room_group *group)
{
	const uint8_t *opus = plain + HEADER;
	size_t padding = TAG + (group ? GROUP : 0), head, total;
	uint8_t code;

	if (length <= HEADER)
		return 0;

	code = opus[0] & 3u;
	head = code == 3 ? 2 : 1;
	if (length < HEADER + head || (code == 3 && (opus[1] & PADDING)))
		return 0;

	total = length - head + OPUS_HEAD + padding;
	if (total > size || total > ROOM_PACKET_MAX_BYTES)
		return 0;

	memcpy(bytes, plain, HEADER);
	bytes[HEADER] = opus[0] | 3u;
	bytes[HEADER + 1] = (code == 3 ? opus[1] : counts[code]) | PADDING;
	bytes[HEADER + 2] = (uint8_t)padding;
	memcpy(bytes + HEADER + OPUS_HEAD, opus + head, length - HEADER - head);
	write_tags(bytes, total - padding, key, group);

	return total;
}

/**
 * Whether a packet carries the own tag of a key
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
	size_t padding = padding_of(bytes, length);

	if (padding != TAG && padding != TAG + GROUP)
		return false;

	return has_tag(bytes, length - padding, key);
}

/**
 * Whether a packet carries the group's tag
 *
 * @param bytes  Packet
 * @param length Its length
 * @param group  The group's key
 * @param hmac   What works with it
 */
bool room_is_of_group(const uint8_t *bytes, size_t length,
		      const struct room_group *group, room_hmac hmac)
{
	size_t padding = padding_of(bytes, length);
	struct room_key key = key_of(group, hmac);

	if (!group->known || (padding != GROUP && padding != TAG + GROUP) ||
	    bytes[length - GROUP] != group->id)
		return false;

	return has_tag(bytes, length - TAG, &key);
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
	int32_t ahead = (int32_t)(sequence - window->highest);
	uint32_t behind = window->highest - sequence;
	uint64_t bit;

	if (!window->begun || ahead > 0) {
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
