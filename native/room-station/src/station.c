/**
 * @file station.c  What a station hears and plays
 *
 * The holder of the floor alone is decoded, so that nobody else's packets
 * touch the decoder or the order of his. What is missing is waited for as
 * long as there is sound in the queue, and made up for then: one packet from
 * the copy in its successor, up to four by concealment, more by silence.
 */
#include <stdio.h>
#include <string.h>
#include "station.h"

static void add(struct room_station *s, const struct room_packet *packet,
		bool fec)
{
	const struct room_codec *codec = &s->ports->codec;
	int16_t *frame = room_playout_push(&s->playout);
	const uint8_t *opus = packet ? packet->opus : NULL;
	size_t length = packet ? packet->opus_length : 0;

	if (!codec->decode(codec->arg, opus, length, fec, frame))
		memset(frame, 0, sizeof(room_frame));
}

static void make_up(struct room_station *s, const struct room_packet *packet,
		    uint32_t lost)
{
	bool silence = lost > ROOM_PLAYOUT_MAX_CONCEALED_GAP;

	if (lost > ROOM_PLAYOUT_QUEUE_FRAMES)
		lost = ROOM_PLAYOUT_QUEUE_FRAMES;

	for (; lost > 0; lost--) {
		if (silence) {
			memset(room_playout_push(&s->playout), 0,
			       sizeof(room_frame));
			s->counters.silent++;
		} else if (lost == ROOM_PLAYOUT_MAX_FEC_GAP) {
			add(s, packet, true);
			s->counters.repaired++;
		} else {
			add(s, NULL, false);
			s->counters.concealed++;
		}
	}
}

static void in_turn(void *arg, const struct room_packet *packet, uint32_t lost)
{
	struct room_station *s = arg;

	s->counters.lost += lost;
	make_up(s, packet, lost);
	add(s, packet, false);
	s->counters.decoded++;
	s->known_last = true;
	s->last_next = packet->sequence + 1;
	memcpy(s->last_sender, packet->sender, sizeof(s->last_sender));
}

/* A copy of what the last talk ended with begins no talk */
static bool is_echo(const struct room_station *s, const struct room_packet *p)
{
	return !s->floor.held && s->known_last &&
	       !memcmp(p->sender, s->last_sender, sizeof(p->sender)) &&
	       s->last_next - 1 - p->sequence < ROOM_AUTH_WINDOW_PACKETS;
}

/* Also of another talk while it is interrupted: its last words are played */
static void end_talk(struct room_station *s)
{
	room_sequencer_end(&s->sequencer);
	s->counters.duplicate += s->sequencer.duplicate;
	s->sequencer.duplicate = 0;
}

static void begin_talk(struct room_station *s)
{
	end_talk(s);
	if (s->phase != ROOM_QUIET && !s->in_call)
		room_talk_cut(s);

	room_playout_clear(&s->playout);
	room_sequencer_init(&s->sequencer, in_turn, s);
	memset(&s->window, 0, sizeof(s->window));
	s->ports->codec.reset(s->ports->codec.arg);
}

static bool is_trusted(const struct room_station *s, const uint8_t *sender)
{
	for (unsigned i = 0; i < s->trusted_count; i++)
		if (!memcmp(s->trusted[i], sender, sizeof(s->trusted[i])))
			return true;

	return false;
}

/* An emergency of who could sign it and did not is somebody else's */
static bool is_forged(struct room_station *s, const struct room_packet *packet,
		      bool authentic)
{
	if (is_trusted(s, packet->sender))
		return !authentic && packet->priority == 2 &&
		       !room_is_silence(packet);

	if (authentic && s->trusted_count < ROOM_PEERS)
		memcpy(s->trusted[s->trusted_count++], packet->sender,
		       sizeof(packet->sender));

	return false;
}

static void hear_packet(struct room_station *s, const uint8_t *bytes,
			size_t length, uint64_t now_ms)
{
	struct room_packet *packet = &s->rx_packet;
	enum room_tags tags = room_keys_judge(&s->keys, &s->ports->key, bytes,
					      length, packet, now_ms);
	bool authentic = tags != ROOM_PLAIN;
	enum room_verdict verdict;

	if (is_forged(s, packet, authentic)) {
		s->counters.ignored++;
		return;
	}
	if (is_echo(s, packet)) {
		s->counters.duplicate++;
		return;
	}
	if (tags == ROOM_REPLAYED) {
		s->counters.replayed++;
		return;
	}

	/* Anybody can say that it is an emergency */
	if (packet->priority == 2 && !authentic &&
	    room_keys_want_proof(&s->keys) && !room_is_silence(packet))
		packet->priority = 1;

	verdict = room_floor_offer(&s->floor, packet, now_ms);
	if (verdict == ROOM_IGNORED) {
		s->counters.ignored++;
		return;
	}

	if (verdict == ROOM_TAKEN)
		begin_talk(s);

	if (authentic && !room_window_take(&s->window, packet->sequence)) {
		s->counters.replayed++;
		return;
	}

	room_sequencer_push(&s->sequencer, packet, now_ms);
}

static void hear_others(struct room_station *s, const uint8_t *bytes,
			size_t length, bool by_group)
{
	if (by_group)
		room_heard_count(s->heard, &s->rx_packet, s->now_ms);
	hear_packet(s, bytes, length, s->now_ms);
}

/**
 * A datagram came
 *
 * @param s      Station
 * @param bytes  Datagram
 * @param length Its length; longer ones than a packet may be cut
 * @param by_group It was sent to the group, not to us alone; false where that
 *               is not known: then the hub is told nothing of the network
 * @param now_ms Time
 */
void room_station_hear(struct room_station *s, const uint8_t *bytes,
		       size_t length, bool by_group, uint64_t now_ms)
{
	s->now_ms = now_ms;
	switch (room_parse(&s->rx_packet, bytes, length)) {
	case ROOM_MALFORMED:
		s->counters.malformed++;
		break;
	case ROOM_PROBE:
		s->counters.probes++;
		break;
	case ROOM_PCM:
		s->counters.pcm++;
		break;
	case ROOM_PACKET:
		if (!memcmp(s->rx_packet.sender, s->sender, sizeof(s->sender)))
			s->counters.own++;
		else
			hear_others(s, bytes, length, by_group);
		break;
	}
}

/* Emergencies and calls sound in full; what was set is not touched by that,
   and so counts again when they end */
static unsigned gain_of(const struct room_station *s)
{
	bool loud = s->ringing || (s->floor.held && s->floor.priority == 2);

	if (loud)
		return 100;

	return s->mute ? 0 : s->volume;
}

/* A triangle: sound enough for a signal, without a table of sines */
static int16_t tone_sample(struct room_station *s)
{
	unsigned at = s->tone_at++ % (2 * s->tone_step);
	int rise = (int)(at < s->tone_step ? at : 2 * s->tone_step - at);

	return (int16_t)(rise * 12000 / (int)s->tone_step - 6000);
}

static void add_tone(struct room_station *s)
{
	if (s->tone_frames == 0)
		return;

	for (unsigned i = 0; i < ROOM_CODEC_FRAME_SAMPLES; i++)
		s->rx_frame[i] = tone_sample(s);

	if (--s->tone_frames == 0)
		s->ringing = false;
}

/**
 * Sound a tone
 *
 * @param s         Station
 * @param frames    How long, in frames of 20 ms
 * @param half_wave Samples of half a wave
 */
void room_tone(struct room_station *s, unsigned frames, unsigned half_wave)
{
	s->tone_frames = frames;
	s->tone_step = half_wave;
	s->tone_at = 0;
}

/**
 * Our call stands otherwise: a tone that rang for it ends
 *
 * @param s Station
 */
void room_call_changed(struct room_station *s)
{
	if (!s->ringing || s->call.state == ROOM_RUNG)
		return;

	s->ringing = false;
	s->tone_frames = 0;
}

static void play(struct room_station *s)
{
	const struct room_sound *sound = &s->ports->sound;
	int gain = (int)gain_of(s);
	const int16_t *frame;

	if (s->playout.count == 0)
		room_sequencer_skip(&s->sequencer);

	frame = room_playout_pop(&s->playout, s->floor.held);
	for (unsigned i = 0; i < ROOM_CODEC_FRAME_SAMPLES; i++)
		s->rx_frame[i] = frame ? (int16_t)(frame[i] * gain / 100) : 0;

	add_tone(s);
	if (!sound->write(sound->arg, s->rx_frame, ROOM_PLAYOUT_WRITE_TIMEOUT_MS))
		s->counters.late++;
}

/**
 * 20 ms have passed
 *
 * @param s      Station
 * @param now_ms Time
 */
void room_station_tick(struct room_station *s, uint64_t now_ms)
{
	struct room_heard *heard = room_heard_over(s->heard, now_ms);

	s->now_ms = now_ms;
	if (heard) {
		heard->used = false;
		room_tell_heard(s, heard);
	}
	room_sequencer_expire(&s->sequencer, now_ms);
	if (room_floor_release(&s->floor, now_ms))
		end_talk(s);

	if (room_call_expire(&s->call, now_ms))
		room_call_changed(s);
	room_talk_follow_call(s, now_ms);
	room_talk_tick(s, now_ms);
	play(s);
	room_show_state(s);
}

/**
 * Set a station up
 *
 * @param s      Station
 * @param ports  What it needs from the machine; must outlive it
 * @param sender Eight bytes, unique in the house
 * @param room   Name of its room, cut to 32 bytes
 * @param ip     Its IPv4 address
 */
void room_station_init(struct room_station *s, const struct room_ports *ports,
		       const uint8_t *sender, const char *room, const char *ip)
{
	memset(s, 0, sizeof(*s));
	s->ports = ports;
	memcpy(s->sender, sender, sizeof(s->sender));
	room_station_id(s->id, sender);
	(void)snprintf(s->room, sizeof(s->room), "%s", room);
	(void)snprintf(s->ip, sizeof(s->ip), "%s", ip);
	(void)snprintf(s->target, sizeof(s->target), ROOM_ALL);
	s->volume = 80;
	room_sequencer_init(&s->sequencer, in_turn, s);
}
