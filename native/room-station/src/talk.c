/**
 * @file talk.c  Our own talk: button, lead-in, words, trail-out
 *
 * Every frame leaves at its tick: 15 of silence from the press on, so that
 * all stations have woken up when the words come, then the microphone, then
 * 10 of silence. The sequence goes on from talk to talk. Silence is sent
 * unsigned: padding would make it look like sound to older firmware.
 */
#include <stdio.h>
#include <string.h>
#include "station.h"
#include "text.h"

#define WARNING_AFTER (ROOM_FLOOR_LONGEST_TALK_MS - ROOM_FLOOR_WARNING_MS)

static void transmit(struct room_station *s, size_t length)
{
	const struct room_network *network = &s->ports->network;
	const struct room_key *key = &s->ports->key;
	const struct room_group *group =
		s->keys.group.known ? &s->keys.group : NULL;
	const uint8_t *bytes = s->tx;
	size_t with_tag = 0;

	if (key->bytes && !room_is_silence(&s->tx_packet))
		with_tag = room_sign(s->tx_signed, sizeof(s->tx_signed), s->tx,
				     length, key, group);
	if (with_tag) {
		bytes = s->tx_signed;
		length = with_tag;
	}

	if (network->send(network->arg, *s->to ? s->to : NULL, bytes, length))
		s->counters.sent++;
}

/* The frame in tx_frame, to where the talk goes */
static void send_frame(struct room_station *s)
{
	const struct room_codec *codec = &s->ports->codec;
	struct room_packet *packet = &s->tx_packet;
	size_t length = codec->encode(codec->arg, s->tx_frame, packet->opus,
				      ROOM_MAX_OPUS - ROOM_AUTH_GROWTH);

	if (length == 0 || length > ROOM_MAX_OPUS)
		return;

	packet->opus_length = (uint8_t)length;
	packet->priority = s->talk_priority;
	packet->sequence = s->sequence++;
	memcpy(packet->sender, s->sender, sizeof(packet->sender));
	transmit(s, room_serialize(s->tx, sizeof(s->tx), packet));
}

static void set_phase(struct room_station *s, enum room_phase phase,
		      unsigned frames)
{
	s->phase = phase;
	s->phase_frames = frames;
	if (phase == ROOM_QUIET)
		s->in_call = false;
	s->floor.sending = phase != ROOM_QUIET && !s->in_call;
}

static void send_silence(struct room_station *s)
{
	memset(s->tx_frame, 0, sizeof(s->tx_frame));
	send_frame(s);
	if (--s->phase_frames > 0)
		return;

	if (s->phase == ROOM_LEAD_IN) {
		set_phase(s, ROOM_WORDS, 0);
		s->ports->sound.begin(s->ports->sound.arg);
	} else {
		set_phase(s, ROOM_QUIET, 0);
	}
}

static void send_words(struct room_station *s)
{
	const struct room_sound *sound = &s->ports->sound;

	if (!sound->read(sound->arg, s->tx_frame))
		memset(s->tx_frame, 0, sizeof(s->tx_frame));
	send_frame(s);
}

/**
 * Our talk ends soon: a tone says so, once
 *
 * @param s Station
 */
void room_talk_warn(struct room_station *s)
{
	if (s->warned || (s->phase != ROOM_LEAD_IN && s->phase != ROOM_WORDS))
		return;

	s->warned = true;
	room_tone(s, 25, 9);
}

/**
 * 20 ms have passed: send what is due
 *
 * @param s      Station
 * @param now_ms Time
 */
void room_talk_tick(struct room_station *s, uint64_t now_ms)
{
	uint64_t long_ms = now_ms - s->talk_ms;

	if (s->phase == ROOM_LEAD_IN || s->phase == ROOM_TRAIL_OUT) {
		send_silence(s);
	} else if (s->phase == ROOM_WORDS) {
		send_words(s);
		if (s->in_call)
			return;
		if (long_ms >= WARNING_AFTER)
			room_talk_warn(s);
		if (long_ms >= ROOM_FLOOR_LONGEST_TALK_MS)
			room_station_release(s);
	}
}

/**
 * Somebody of a higher priority talks: we are silent at once
 *
 * @param s Station
 */
void room_talk_cut(struct room_station *s)
{
	set_phase(s, ROOM_QUIET, 0);
}

/* A talk of this priority, to where `to` says */
static void begin(struct room_station *s, uint8_t priority, uint64_t now_ms)
{
	uint32_t count = room_keys_count(&s->keys, now_ms);

	if (s->keys.group.known && (int32_t)(count - s->sequence) > 0)
		s->sequence = count;
	s->talk_priority = priority;
	s->talk_ms = now_ms;
	s->warned = false;
	set_phase(s, ROOM_LEAD_IN, ROOM_FLOOR_LEAD_IN_FRAMES);
}

/**
 * Our microphone is open as long as we are in a call that somebody here has
 * made or answered
 *
 * @param s      Station
 * @param now_ms Time
 */
void room_talk_follow_call(struct room_station *s, uint64_t now_ms)
{
	const char *to = room_call_talks_to(&s->call);

	if (!to) {
		if (s->in_call)
			room_talk_cut(s);
		return;
	}
	if (s->in_call)
		return;

	if (s->phase != ROOM_QUIET)
		room_talk_cut(s);
	memcpy(s->to, to, strlen(to) + 1);
	memcpy(s->to_name, s->call.who, sizeof(s->to_name));
	s->in_call = true;
	begin(s, 0, now_ms);
}

/* Where the target is; an unknown or absent one is never everybody */
static bool find_target(struct room_station *s)
{
	const struct room_peer *peer;

	*s->to = '\0';
	(void)snprintf(s->to_name, sizeof(s->to_name), "%s", s->target);
	if (room_is_all(s->target))
		return true;

	peer = room_peer_of(s, s->target);
	if (!peer || !peer->online || !*peer->ip)
		return false;

	memcpy(s->to, peer->ip, sizeof(s->to));
	return true;
}

/**
 * The button is pressed
 *
 * @param s      Station
 * @param now_ms Time
 *
 * @return What comes of it; pressed twice it is one talk, and while somebody
 *         calls us it answers
 */
enum room_press room_station_press(struct room_station *s, uint64_t now_ms)
{
	if (room_call_answer(&s->call)) {
		room_tell_wish(s, "answer");
		return ROOM_ANSWERS;
	}
	if (s->phase == ROOM_LEAD_IN || s->phase == ROOM_WORDS)
		return ROOM_TALKS;
	if (now_ms < s->floor.locked_until_ms)
		return ROOM_LOCKED;
	if (!room_floor_may_talk(&s->floor, s->priority, now_ms))
		return ROOM_BUSY;
	if (!find_target(s))
		return ROOM_NOBODY;

	s->floor.held = false;
	s->floor.own_priority = s->priority;
	begin(s, s->priority, now_ms);

	return ROOM_TALKS;
}

/**
 * The button is let go; a call goes on
 *
 * @param s Station
 */
void room_station_release(struct room_station *s)
{
	if (s->in_call)
		return;
	if (s->phase == ROOM_LEAD_IN || s->phase == ROOM_WORDS)
		set_phase(s, ROOM_TRAIL_OUT, ROOM_FLOOR_TRAIL_OUT_FRAMES);
}
