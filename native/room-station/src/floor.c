/**
 * @file floor.c  Who may talk
 *
 * The first talker wins, until 500 ms after the last packet that is no
 * silence; only a strictly higher priority takes the floor before. Our own
 * talk counts like any other: half duplex, but an emergency gets through.
 */
#include <string.h>
#include "floor.h"

static bool is_holder(const struct room_floor *f, const uint8_t *sender)
{
	return f->held && !memcmp(f->holder, sender, sizeof(f->holder));
}

static bool outranked(const struct room_floor *f, uint8_t priority)
{
	if (f->sending && priority <= f->own_priority)
		return false;

	return !f->held || priority > f->priority;
}

/**
 * A packet came
 *
 * @param f      Floor
 * @param packet Packet of somebody else
 * @param now_ms Time
 *
 * @return Whether it is heard
 */
enum room_verdict room_floor_offer(struct room_floor *f,
				   const struct room_packet *packet,
				   uint64_t now_ms)
{
	bool silence = room_is_silence(packet);

	(void)room_floor_release(f, now_ms);
	if (f->do_not_disturb && packet->priority < 2)
		return ROOM_IGNORED;

	if (is_holder(f, packet->sender)) {
		if (!silence) {
			f->last_ms = now_ms;
			f->priority = packet->priority;
		}
		return ROOM_GOES_ON;
	}

	if (silence || !outranked(f, packet->priority))
		return ROOM_IGNORED;

	f->held = true;
	f->priority = packet->priority;
	f->last_ms = now_ms;
	memcpy(f->holder, packet->sender, sizeof(f->holder));

	return ROOM_TAKEN;
}

/**
 * Free the floor if its holder has said nothing for 500 ms
 *
 * @param f      Floor
 * @param now_ms Time
 *
 * @return True if it became free just now
 */
bool room_floor_release(struct room_floor *f, uint64_t now_ms)
{
	if (!f->held || now_ms < f->last_ms + ROOM_FLOOR_RELEASE_MS)
		return false;

	f->held = false;
	return true;
}

/**
 * Whether we may talk now
 *
 * @param f        Floor
 * @param priority Of our talk
 * @param now_ms   Time
 *
 * @return False while a call locks the button, or somebody talks whom this
 *         priority does not outrank
 */
bool room_floor_may_talk(const struct room_floor *f, uint8_t priority,
			 uint64_t now_ms)
{
	bool busy = f->held && now_ms < f->last_ms + ROOM_FLOOR_RELEASE_MS;

	return now_ms >= f->locked_until_ms && (!busy || priority > f->priority);
}

/**
 * A call was sent: no talk for two seconds
 *
 * @param f      Floor
 * @param now_ms Time
 */
void room_floor_lock(struct room_floor *f, uint64_t now_ms)
{
	f->locked_until_ms = now_ms + ROOM_FLOOR_AFTER_CALL_MS;
}
