/**
 * @file keys.c  The group's key, as the hub gives it, and what is heard under it
 *
 * It comes over MQTT in hexadecimal digits, for this station alone:
 *
 *     [0] version 1 | [1] id | [2] flags | [3-6] the hub's count of packets |
 *     [7-14] nonce | [15-46] key, masked | [47-62] tag
 *
 * The mask is HMAC-SHA-256 under the station's own key over "room group key"
 * and the nonce, the tag the beginning of that over "room group tag" and all
 * that stands before it. Once there is one, no packet counts twice, however
 * old it is: the hub's count says what is from before.
 */
#include <string.h>
#include "keys.h"

#define NONCE_AT 7
#define KEY_AT 15
#define TAG_AT (KEY_AT + ROOM_GROUP_KEY_BYTES)
#define TAG_BYTES 16
#define MESSAGE_BYTES (TAG_AT + TAG_BYTES)
#define DIGEST_BYTES 32
#define LABEL 14
/* So long packets under the key before count */
#define BEFORE_MS 10000
/* How far clocks may have drifted apart since the hub told its count: 10 s */
#define SLACK 500

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;

	return -1;
}

static bool unhex(uint8_t *bytes, const char *hex)
{
	if (strlen(hex) != (size_t)2 * MESSAGE_BYTES)
		return false;

	for (unsigned i = 0; i < MESSAGE_BYTES; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high * 16 + low);
	}

	return true;
}

/* HMAC under our own key over a label of 14 letters and some bytes */
static void digest_of(uint8_t *digest, const struct room_key *own,
		      const char *label, const uint8_t *bytes, size_t length)
{
	uint8_t input[LABEL + TAG_AT];

	memcpy(input, label, LABEL);
	memcpy(input + LABEL, bytes, length);
	own->hmac(digest, own->bytes, own->length, input, LABEL + length);
}

static bool is_hubs(const uint8_t *message, const struct room_key *own)
{
	uint8_t digest[DIGEST_BYTES], differs = 0;

	digest_of(digest, own, "room group tag", message, TAG_AT);
	for (unsigned i = 0; i < TAG_BYTES; i++)
		differs |= digest[i] ^ message[TAG_AT + i];

	return differs == 0;
}

/* A window that takes nothing from before */
static void begin_at(struct room_window *window, uint32_t from)
{
	window->begun = true;
	window->highest = from - 1;
	window->seen = UINT64_MAX;
}

static void use(struct room_keys *keys, const struct room_group *group,
		uint32_t sequence, uint64_t now_ms)
{
	if (keys->group.known && keys->group.id == group->id &&
	    !memcmp(keys->group.bytes, group->bytes, sizeof(group->bytes)))
		return;

	if (!keys->group.known)
		begin_at(&keys->from_hub, sequence - SLACK);
	keys->before = keys->group;
	keys->before_until_ms = now_ms + BEFORE_MS;
	keys->group = *group;
	for (unsigned i = 0; i < ROOM_SENDERS; i++)
		if (keys->heard[i].key_id == group->id)
			keys->heard[i].used = false;
}

/**
 * A key of the group came
 *
 * @param keys   Keys
 * @param own    Our own key, which the hub knows
 * @param hex    Message
 * @param now_ms Time
 *
 * @return Id of the key; -1 for what is not the hub's, or is from before
 */
int room_keys_take(struct room_keys *keys, const struct room_key *own,
		   const char *hex, uint64_t now_ms)
{
	uint8_t message[MESSAGE_BYTES], mask[DIGEST_BYTES];
	struct room_group group = {.known = true};
	uint32_t sequence;

	if (!own->bytes || !unhex(message, hex) || message[0] != 1 ||
	    !is_hubs(message, own))
		return -1;

	sequence = (uint32_t)message[3] << 24 | (uint32_t)message[4] << 16 |
		   (uint32_t)message[5] << 8 | message[6];
	if (keys->group.known && (int32_t)(sequence - keys->sequence) <= 0)
		return -1;

	digest_of(mask, own, "room group key", message + NONCE_AT,
		  KEY_AT - NONCE_AT);
	group.id = message[1];
	for (unsigned i = 0; i < ROOM_GROUP_KEY_BYTES; i++)
		group.bytes[i] = message[KEY_AT + i] ^ mask[i];
	use(keys, &group, sequence, now_ms);
	keys->sequence = sequence;
	keys->told_ms = now_ms;
	keys->any_emergency = message[2] & 1;

	return group.id;
}

static const struct room_group *group_of(const struct room_keys *keys,
					 const struct room_key *own,
					 const uint8_t *bytes, size_t length,
					 uint64_t now_ms)
{
	if (room_is_of_group(bytes, length, &keys->group, own->hmac))
		return &keys->group;
	if (now_ms < keys->before_until_ms &&
	    room_is_of_group(bytes, length, &keys->before, own->hmac))
		return &keys->before;

	return NULL;
}

static struct room_window *window_of(struct room_keys *keys, uint8_t key_id,
				     const uint8_t *sender)
{
	struct room_heard_of *heard;

	for (unsigned i = 0; i < ROOM_SENDERS; i++) {
		heard = &keys->heard[i];
		if (heard->used && heard->key_id == key_id &&
		    !memcmp(heard->sender, sender, sizeof(heard->sender)))
			return &heard->window;
	}

	heard = &keys->heard[keys->next++ % ROOM_SENDERS];
	heard->used = true;
	heard->key_id = key_id;
	memcpy(heard->sender, sender, sizeof(heard->sender));
	begin_at(&heard->window, keys->sequence - SLACK);

	return &heard->window;
}

/**
 * What the tags of a packet say
 *
 * @param keys   Keys
 * @param own    Our own key
 * @param bytes  Packet as it came
 * @param length Its length
 * @param packet The same, read
 * @param now_ms Time
 */
enum room_tags room_keys_judge(struct room_keys *keys,
			       const struct room_key *own, const uint8_t *bytes,
			       size_t length, const struct room_packet *packet,
			       uint64_t now_ms)
{
	const struct room_group *group;
	struct room_window *window;

	if (!own->bytes)
		return ROOM_PLAIN;

	if (room_is_authentic(bytes, length, own)) {
		if (!keys->group.known)
			return ROOM_AUTHENTIC;
		window = &keys->from_hub;
	} else {
		group = group_of(keys, own, bytes, length, now_ms);
		if (!group)
			return ROOM_PLAIN;
		window = window_of(keys, group->id, packet->sender);
	}

	return room_window_take(window, packet->sequence) ? ROOM_AUTHENTIC
							   : ROOM_REPLAYED;
}

/**
 * The hub's count of packets by now, as far as it told: ours are numbered no
 * lower, so that nobody takes them for recorded
 *
 * @param keys   Keys, of which one of the group is known
 * @param now_ms Time
 */
uint32_t room_keys_count(const struct room_keys *keys, uint64_t now_ms)
{
	return keys->sequence +
	       (uint32_t)((now_ms - keys->told_ms) / ROOM_CODEC_FRAME_MS);
}

/**
 * Whether an emergency has to be signed to count as one
 *
 * @param keys Keys
 */
bool room_keys_want_proof(const struct room_keys *keys)
{
	return keys->group.known && !keys->any_emergency;
}
