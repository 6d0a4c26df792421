/**
 * @file sequencer.c  Copies are removed, a wrong order is repaired
 *
 * The same rules as src/protocols/room/sequencer.ts, and tested against it.
 */
#include <string.h>
#include "sequencer.h"

/* Further ahead is no gap of a talk, but another count: 5 s */
#define FURTHEST_AHEAD 250
/* Further behind is no straggler */
#define FURTHEST_BEHIND (-64)
/* So many in a row that go on from one another show another count */
#define RESTART_RUN 3

static struct room_held *find(struct room_sequencer *s, uint32_t sequence)
{
	for (unsigned i = 0; i < ROOM_HELD; i++) {
		struct room_held *held = &s->held[i];

		if (held->used && held->packet.sequence == sequence)
			return held;
	}

	return NULL;
}

static void drain(struct room_sequencer *s, uint32_t lost)
{
	struct room_held *held;

	while ((held = find(s, s->next)) != NULL) {
		held->used = false;
		s->held_count--;
		s->next++;
		s->ready(s->arg, &held->packet, lost);
		lost = 0;
	}
}

static void hold(struct room_sequencer *s, const struct room_packet *packet,
		 uint64_t now_ms)
{
	for (unsigned i = 0; i < ROOM_HELD; i++) {
		struct room_held *held = &s->held[i];

		if (held->used)
			continue;

		held->used = true;
		held->at_ms = now_ms;
		held->packet = *packet;
		s->held_count++;
		return;
	}
}

static bool expired(const struct room_sequencer *s, uint64_t now_ms)
{
	for (unsigned i = 0; i < ROOM_HELD; i++) {
		const struct room_held *held = &s->held[i];

		if (held->used && held->at_ms + ROOM_MAX_WAIT_MS <= now_ms)
			return true;
	}

	return false;
}

static void take(struct room_sequencer *s, const struct room_packet *packet,
		 uint64_t now_ms)
{
	if (!s->begun)
		s->next = packet->sequence;

	s->begun = true;
	hold(s, packet, now_ms);
	drain(s, 0);
	room_sequencer_expire(s, now_ms);
}

static bool counts_anew(struct room_sequencer *s, uint32_t sequence)
{
	bool goes_on = s->strange_run > 0 && s->strange_next == sequence;

	s->strange_run = goes_on ? s->strange_run + 1 : 1;
	s->strange_next = sequence + 1;

	return s->strange_run >= RESTART_RUN;
}

/**
 * Begin with a sender
 *
 * @param s     Sequencer
 * @param ready Where packets go in their turn
 * @param arg   Its argument
 */
void room_sequencer_init(struct room_sequencer *s, room_ready ready, void *arg)
{
	memset(s, 0, sizeof(*s));
	s->ready = ready;
	s->arg = arg;
}

/**
 * Take one packet as it arrived
 *
 * @param s      Sequencer
 * @param packet Packet
 * @param now_ms Time
 */
void room_sequencer_push(struct room_sequencer *s,
			 const struct room_packet *packet, uint64_t now_ms)
{
	uint32_t step = s->begun ? packet->sequence - s->next : 0;
	int64_t ahead = step > INT32_MAX ? (int64_t)step - ((int64_t)1 << 32)
					 : (int64_t)step;
	bool strange = ahead > FURTHEST_AHEAD || ahead < FURTHEST_BEHIND;

	s->received++;
	if (strange) {
		if (!counts_anew(s, packet->sequence)) {
			room_sequencer_expire(s, now_ms);
			return;
		}
		s->restarts++;
		room_sequencer_end(s);
		take(s, packet, now_ms);
		return;
	}

	s->strange_run = 0;
	if (ahead < 0 || find(s, packet->sequence)) {
		s->duplicate++;
		room_sequencer_expire(s, now_ms);
		return;
	}

	take(s, packet, now_ms);
}

/**
 * Give those whose predecessors have been waited for long enough
 *
 * @param s      Sequencer
 * @param now_ms Time
 */
void room_sequencer_expire(struct room_sequencer *s, uint64_t now_ms)
{
	while (s->held_count > ROOM_HELD - 1 || expired(s, now_ms))
		room_sequencer_skip(s);
}

/**
 * Give up what is missing before the first one held, if any is
 *
 * @param s Sequencer
 */
void room_sequencer_skip(struct room_sequencer *s)
{
	uint32_t gap = UINT32_MAX;

	if (s->held_count == 0)
		return;

	for (unsigned i = 0; i < ROOM_HELD; i++) {
		const struct room_held *held = &s->held[i];
		uint32_t step = held->packet.sequence - s->next;

		if (held->used && step < gap)
			gap = step;
	}

	s->lost += gap;
	s->next += gap;
	drain(s, gap);
}

/**
 * The talk is over: whatever is held back, now
 *
 * @param s Sequencer
 */
void room_sequencer_end(struct room_sequencer *s)
{
	while (s->held_count > 0)
		room_sequencer_skip(s);

	s->begun = false;
	s->strange_run = 0;
}
