/**
 * @file sound.c  The camera's microphone to the clients of the sound port
 */
#include <errno.h>
#include <string.h>
#include "log.h"
#include "memory.h"
#include "real.h"
#include "sound.h"

#define QUEUE_MAX (64u * 1024u)
#define RATE_MAX 192000

static const uint8_t magic[4] = {'D', 'W', 'S', '1'};
static struct real real_get_attr = {.name = "IMP_AI_GetPubAttr"};

static void put_le32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_le32(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

/**
 * Write the head of a record
 *
 * @param to   Gets SOUND_HEAD bytes
 * @param head Head
 */
void sound_head_encode(uint8_t *to, const struct sound_head *head)
{
	memcpy(to, magic, sizeof(magic));
	to[4] = head->type;
	to[5] = head->channels;
	to[6] = (uint8_t)head->flags;
	to[7] = (uint8_t)(head->flags >> 8);
	put_le32(to + 8, head->rate);
	put_le32(to + 12, head->length);
	put_le32(to + 16, (uint32_t)head->timestamp);
	put_le32(to + 20, (uint32_t)(head->timestamp >> 32));
}

/**
 * Read the head of a record
 *
 * @param head Gets the head
 * @param from SOUND_HEAD bytes
 *
 * @return 0 for success, EBADMSG if it is none
 */
int sound_head_decode(struct sound_head *head, const uint8_t *from)
{
	if (memcmp(from, magic, sizeof(magic)))
		return EBADMSG;

	head->type = from[4];
	head->channels = from[5];
	head->flags = (uint16_t)(from[6] | from[7] << 8);
	head->rate = get_le32(from + 8);
	head->length = get_le32(from + 12);
	head->timestamp = get_le32(from + 16) |
			  (uint64_t)get_le32(from + 20) << 32;

	return 0;
}

/**
 * Make ready
 *
 * @param sound    Sound
 * @param settings Settings
 * @param tap      Where sound comes from
 * @param peers    All connections
 */
void sound_init(struct sound *sound, const struct settings *settings,
		struct tap *tap, struct peer *peers)
{
	memset(sound, 0, sizeof(*sound));
	sound->settings = settings;
	sound->tap = tap;
	sound->peers = peers;
	sound->rate = (uint32_t)settings->sound_rate;
}

static bool is_client(const struct peer *peer)
{
	return peer->state == PEER_OPEN && peer->kind == PEER_SOUND &&
	       !peer->failed;
}

/**
 * Serve a client from the next block on
 *
 * @param sound Sound
 * @param peer  Client, whose index is set
 */
void sound_open(struct sound *sound, struct peer *peer)
{
	if (memory_map(&peer->queue, QUEUE_MAX)) {
		peer->failed = "no memory";
		return;
	}

	peer->mapped = true;
	peer->capacity = QUEUE_MAX;
	sound->rate_unknown = false;
	/* Before the client is told anything: it may count on the next block */
	atomic_store(&sound->tap->sound_wanted, true);
}

/** A block does not say its rate; the camera does, once */
static void ask_rate(struct sound *sound, int device)
{
	imp_audio_attr_h *get_attr =
		(imp_audio_attr_h *)real_find(&real_get_attr);
	struct imp_audio_attr attr;

	memset(&attr, 0, sizeof(attr));

	if (get_attr && !get_attr(device, &attr) && attr.samplerate > 0 &&
	    attr.samplerate <= RATE_MAX) {
		sound->rate = (uint32_t)attr.samplerate;
		log_line("sound at %u Hz", sound->rate);
		return;
	}

	sound->rate_unknown = true;
	log_line("the sampling rate is not known: set STREAM_HACK_SOUND_RATE");
}

static void offer_block(struct sound *sound, struct peer *peer,
			struct sound_head *head, const uint8_t *samples,
			uint64_t now)
{
	uint8_t bytes[SOUND_HEAD];

	if (!peer_fits(peer, SOUND_HEAD + head->length)) {
		peer->gap = true;
		sound->dropped++;
		return;
	}

	head->flags = peer->gap ? SOUND_FLAG_GAP : 0;
	sound_head_encode(bytes, head);
	peer_write(peer, bytes, sizeof(bytes), now);
	peer_write(peer, samples, head->length, now);
	peer->gap = false;
}

static void take_record(struct sound *sound, const uint8_t *record,
			uint64_t now)
{
	struct sound_record from;
	struct sound_head head = {.type = SOUND_PCM};
	bool gap;

	memcpy(&from, record, sizeof(from));
	gap = from.lost != sound->lost;
	sound->lost = from.lost;

	if (!sound->rate && !sound->rate_unknown)
		ask_rate(sound, from.device);
	if (!sound->rate)
		return;

	sound->blocks++;
	head.channels = (uint8_t)from.channels;
	head.rate = sound->rate;
	head.length = from.bytes;
	head.timestamp = (uint64_t)from.timestamp;

	for (int i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &sound->peers[i];

		if (!is_client(peer))
			continue;

		peer->gap |= gap;
		offer_block(sound, peer, &head, record + sizeof(from), now);
	}
}

/**
 * Hand all sound that has come to the clients
 *
 * @param sound Sound
 * @param now   Time
 */
void sound_pump(struct sound *sound, uint64_t now)
{
	const uint8_t *record;
	uint32_t length;

	while ((record = ring_front(&sound->tap->sound, &length))) {
		take_record(sound, record, now);
		ring_release(&sound->tap->sound);
	}
}
