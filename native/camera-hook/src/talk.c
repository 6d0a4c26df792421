/**
 * @file talk.c  What clients say, to the camera's speaker
 *
 * Speech waits in a bounded ring, oldest out first, and is handed to the
 * vendor block by block at the pace at which it sounds, never waiting for
 * room. While the firmware plays sound of its own, and half a second longer,
 * speech is thrown away. The speaker is used as the firmware has set it up.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "log.h"
#include "talk.h"

#define ASK_INTERVAL_MS 5000u
#define BUSY_MS 500u      /**< How long the firmware's sound is waited out */
#define SILENCE_MS 1000u  /**< After which the speaker is free again       */
#define LEAD_US 40000u    /**< How much earlier than due a block is played */
#define FIRST_BLOCKS 3u   /**< Blocks that must have come to begin         */
#define RETRY_MS 5
#define SPEAKING_MS 20    /**< How often to look while somebody speaks    */
#define QUIET_MS 100      /**< ... and while nobody does                  */
#define RETRIES 20u
#define READS_MAX 16

static struct real real_get_attr = {.name = "IMP_AO_GetPubAttr"};

/**
 * Make ready
 *
 * @param talk       Talk
 * @param settings   Settings
 * @param tap        What is known of the firmware's sound
 * @param peers      All connections
 * @param send_frame The vendor's function that plays
 */
void talk_init(struct talk *talk, const struct settings *settings,
	       struct tap *tap, struct peer *peers, struct real *send_frame)
{
	memset(talk, 0, sizeof(*talk));
	talk->settings = settings;
	talk->tap = tap;
	talk->peers = peers;
	talk->send_frame = send_frame;
}

/**
 * A client of the sound port has come
 *
 * @param talk Talk
 * @param peer Client, whose index is set
 */
void talk_open(struct talk *talk, struct peer *peer)
{
	talk->inputs[peer->index].size = 0;
	memset(peer->told, 0, sizeof(peer->told));
}

/**
 * A client of the sound port has gone; what it has said is still played
 *
 * @param talk Talk
 * @param peer Client
 */
void talk_closed(struct talk *talk, const struct peer *peer)
{
	if (talk->owner == peer->serial)
		talk->ended = true;
}

static void drop_oldest(struct talk *talk, uint32_t bytes)
{
	talk->begin = (talk->begin + bytes) % TALK_RING;
	talk->size -= bytes;
	talk->dropped += bytes;
}

static void push(struct talk *talk, const uint8_t *bytes, uint32_t size)
{
	uint32_t at, to_end;

	if (size > TALK_RING - talk->size)
		drop_oldest(talk, size - (TALK_RING - talk->size));

	at = (talk->begin + talk->size) % TALK_RING;
	to_end = TALK_RING - at < size ? TALK_RING - at : size;
	memcpy(talk->ring + at, bytes, to_end);
	memcpy(talk->ring, bytes + to_end, size - to_end);
	talk->size += size;
}

static void take_speech(struct talk *talk, const struct peer *peer,
			const struct sound_head *head, const uint8_t *samples,
			uint64_t now)
{
	if (!head->length) {
		if (talk->owner == peer->serial)
			talk->ended = true;
		return;
	}

	if (!talk->rate || talk->busy || head->rate != talk->rate ||
	    head->channels != talk->channels ||
	    head->length % (2 * talk->channels) ||
	    (talk->owner && talk->owner != peer->serial)) {
		talk->dropped += head->length;
		return;
	}

	talk->owner = peer->serial;
	talk->heard_ms = now;
	talk->ended = false;
	push(talk, samples, head->length);
}

/** Bytes that must have come before the input can be judged further */
static uint32_t input_needs(const struct talk_input *input,
			    const struct sound_head *head)
{
	return input->size < SOUND_HEAD ? SOUND_HEAD
					: SOUND_HEAD + head->length;
}

/** 0 while the record is sound so far, EBADMSG if it is none of ours */
static int input_check(const struct talk_input *input, struct sound_head *head)
{
	if (input->size < SOUND_HEAD)
		return 0;

	if (sound_head_decode(head, input->bytes) ||
	    head->type != SOUND_SPEECH || head->length > TALK_RECORD)
		return EBADMSG;

	return 0;
}

static int read_record(struct talk *talk, struct peer *peer, uint64_t now)
{
	struct talk_input *input = &talk->inputs[peer->index];
	struct sound_head head = {.length = 0};
	ssize_t n;

	(void)input_check(input, &head);
	n = recv(peer->fd, input->bytes + input->size,
		 input_needs(input, &head) - input->size, MSG_DONTWAIT);
	if (n < 0)
		return errno;
	if (!n)
		return ENOTCONN;

	input->size += (uint32_t)n;
	if (input_check(input, &head))
		return EBADMSG;

	if (input->size >= SOUND_HEAD &&
	    input->size == SOUND_HEAD + head.length) {
		take_speech(talk, peer, &head, input->bytes + SOUND_HEAD, now);
		input->size = 0;
	}

	return 0;
}

/**
 * Read what a client says
 *
 * @param talk Talk
 * @param peer Client
 * @param now  Time
 */
void talk_read(struct talk *talk, struct peer *peer, uint64_t now)
{
	int err = 0;

	if (!talk->settings->talk) {
		peer_discard(peer);
		return;
	}

	for (int i = 0; i < READS_MAX && !err; i++)
		err = read_record(talk, peer, now);

	switch (err) {

	case 0:
	case EAGAIN:
	case EINTR:
		break;

	case ENOTCONN:
		peer->deaf = true;
		talk_closed(talk, peer);
		break;

	case EBADMSG:
		peer->failed = "not a record of speech";
		break;

	default:
		peer->failed = "connection lost";
	}
}

static void forget_speaker(struct talk *talk)
{
	talk->rate = talk->channels = talk->block = 0;
}

/** Ask how the firmware has set the speaker up */
static void ask_speaker(struct talk *talk, int device)
{
	imp_audio_attr_h *get_attr =
		(imp_audio_attr_h *)real_find(&real_get_attr);
	struct imp_audio_attr attr;
	uint32_t channels, block;

	memset(&attr, 0, sizeof(attr));

	if (!get_attr || get_attr(device, &attr) || attr.bitwidth != 16 ||
	    attr.samplerate < 8000 || attr.samplerate > 48000) {
		forget_speaker(talk);
		return;
	}

	channels = attr.soundmode == 2 ? 2 : 1;
	block = (uint32_t)attr.samples_per_frame * 2 * channels;
	if (attr.samples_per_frame <= 0 || attr.samples_per_frame > 2048 ||
	    block > TALK_BLOCK)
		block = (uint32_t)attr.samplerate / 50 * 2 * channels;

	talk->rate = (uint32_t)attr.samplerate;
	talk->channels = channels;
	talk->block = block;
}

static int speaker_of(const struct talk *talk)
{
	int speaker = atomic_load(&talk->tap->speaker);

	return speaker == TAP_NONE ? 0 : speaker;
}

static void watch_firmware(struct talk *talk, uint64_t now)
{
	uint32_t uses = atomic_load(&talk->tap->speaker_uses);

	if (uses != talk->speaker_uses) {
		talk->speaker_uses = uses;
		talk->busy_until_ms = now + BUSY_MS;
		if (!talk->busy)
			talk->asked = false;
	}

	talk->busy = now < talk->busy_until_ms;
	if (talk->busy && talk->size)
		drop_oldest(talk, talk->size);
}

static bool enough(const struct talk *talk)
{
	if (talk->ended)
		return talk->size > 0;

	return talk->size >= talk->block * (talk->playing ? 1 : FIRST_BLOCKS);
}

static int play_block(struct talk *talk, uint32_t size)
{
	static uint8_t samples[TALK_BLOCK];
	imp_audio_frame_h *send_frame =
		(imp_audio_frame_h *)real_find(talk->send_frame);
	struct imp_audio_frame frame = {
		.bitwidth = 16,
		.soundmode = (int)talk->channels,
		.vir_addr = (uintptr_t)samples,
		.len = (int)talk->block,
	};
	int speaker = speaker_of(talk);

	if (!send_frame)
		return ENOSYS;

	memset(samples, 0, talk->block);
	for (uint32_t i = 0; i < size; i++)
		samples[i] = talk->ring[(talk->begin + i) % TALK_RING];

	return send_frame(speaker >> 8, speaker & 0xff, &frame, IMP_NOBLOCK)
	       ? EAGAIN : 0;
}

/** Hand one block on; true if the vendor is to be tried again later */
static bool play_next(struct talk *talk)
{
	uint32_t size = talk->size < talk->block ? talk->size : talk->block;

	if (play_block(talk, size) && ++talk->refused < RETRIES)
		return true;

	if (talk->refused >= RETRIES)
		talk->dropped += size;
	else
		talk->played++;

	talk->refused = 0;
	talk->begin = (talk->begin + size) % TALK_RING;
	talk->size -= size;
	talk->due_us += talk->block / 2 / talk->channels * 1000000u /
			talk->rate;

	return false;
}

/** In 32 bits, since a 64-bit division is a function of the compiler's */
static int wait_ms(uint64_t us)
{
	return (int)((uint32_t)us / 1000 + 1);
}

/** Milliseconds until there is something to play, -1 if nothing waits */
static int play(struct talk *talk, uint64_t now)
{
	if (!talk->rate || talk->busy)
		return -1;

	if (!talk->playing)
		talk->due_us = now * 1000;

	while (enough(talk)) {
		talk->playing = true;

		if (now * 1000 + LEAD_US < talk->due_us)
			return wait_ms(talk->due_us - LEAD_US - now * 1000);
		if (play_next(talk))
			return RETRY_MS;
	}

	if (now * 1000 > talk->due_us)
		talk->playing = false;

	return -1;
}

static void free_speaker(struct talk *talk, uint64_t now)
{
	if (!talk->owner || enough(talk))
		return;

	if ((talk->ended && !talk->size) ||
	    now - talk->heard_ms >= SILENCE_MS) {
		drop_oldest(talk, talk->size);
		talk->owner = 0;
		talk->ended = false;
	}
}

static uint16_t flags_for(const struct talk *talk, const struct peer *peer)
{
	if (!talk->rate)
		return 0;

	return (uint16_t)(TALK_READY | (talk->busy ? TALK_BUSY : 0) |
			  (!talk->owner ? 0 : talk->owner == peer->serial
			   ? TALK_YOURS : TALK_TAKEN));
}

/** Tell a client what has become of the speaker, if it does not know */
static void tell(const struct talk *talk, struct peer *peer, uint64_t now)
{
	const struct sound_head head = {
		.type = SOUND_SPEAKER,
		.channels = (uint8_t)talk->channels,
		.flags = flags_for(talk, peer),
		.rate = talk->rate,
	};
	uint8_t bytes[SOUND_HEAD];

	sound_head_encode(bytes, &head);
	if (!memcmp(peer->told, bytes, SOUND_HEAD) ||
	    !peer_fits(peer, SOUND_HEAD))
		return;

	peer_write(peer, bytes, sizeof(bytes), now);
	memcpy(peer->told, bytes, SOUND_HEAD);
}

static int use_speaker(struct talk *talk, uint64_t now)
{
	int wait;

	watch_firmware(talk, now);

	if (!talk->owner &&
	    (!talk->asked || now - talk->asked_ms >= ASK_INTERVAL_MS)) {
		ask_speaker(talk, speaker_of(talk) >> 8);
		talk->asked = true;
		talk->asked_ms = now;
	}

	wait = play(talk, now);
	free_speaker(talk, now);

	if (wait >= 0)
		return wait;

	return talk->owner ? SPEAKING_MS : QUIET_MS;
}

/**
 * Play what is due and tell the clients of the sound port about the speaker
 *
 * @param talk Talk
 * @param now  Time
 *
 * @return Milliseconds until the next call, -1 if that does not matter
 */
int talk_tick(struct talk *talk, uint64_t now)
{
	bool anybody = false;
	int wait;

	for (int i = 0; i < PEERS_MAX; i++)
		anybody |= talk->peers[i].state == PEER_OPEN &&
			   talk->peers[i].kind == PEER_SOUND;

	if (!anybody && !talk->owner)
		return -1;

	wait = talk->settings->talk ? use_speaker(talk, now) : -1;

	for (int i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &talk->peers[i];

		if (peer->state == PEER_OPEN && peer->kind == PEER_SOUND)
			tell(talk, peer, now);
	}

	return wait;
}
