/**
 * @file heard.c  What comes by the group, counted whoever has the floor
 *
 * By that the hub learns how good the network is for everybody's talk.
 */
#include <stdio.h>
#include <string.h>
#include "heard.h"

/* A sequence so far from the last is another count */
#define FURTHEST 500

static struct room_heard *entry_of(struct room_heard *all, const uint8_t *sender)
{
	struct room_heard *empty = NULL;

	for (unsigned i = 0; i < ROOM_TALKS_HEARD; i++) {
		if (all[i].used &&
		    !memcmp(all[i].sender, sender, sizeof(all[i].sender)))
			return &all[i];
		if (!all[i].used && !empty)
			empty = &all[i];
	}

	return empty;
}

/**
 * A packet came by the group
 *
 * @param all    Talks, ROOM_TALKS_HEARD
 * @param packet Packet
 * @param now_ms Time
 */
void room_heard_count(struct room_heard *all, const struct room_packet *packet,
		      uint64_t now_ms)
{
	struct room_heard *heard = entry_of(all, packet->sender);
	int32_t ahead;

	if (!heard)
		return;

	ahead = (int32_t)(packet->sequence - heard->last);
	if (!heard->used || ahead >= FURTHEST || ahead <= -FURTHEST) {
		memset(heard, 0, sizeof(*heard));
		heard->used = true;
		memcpy(heard->sender, packet->sender, sizeof(heard->sender));
		heard->first = heard->last = packet->sequence;
	} else if (ahead > 0) {
		heard->last = packet->sequence;
	}
	heard->at_ms = now_ms;
	heard->heard += room_window_take(&heard->seen, packet->sequence);
}

/**
 * A talk that is over; the caller says when it is told, by `used`
 *
 * @param all    Talks
 * @param now_ms Time
 *
 * @return NULL where none is
 */
struct room_heard *room_heard_over(struct room_heard *all, uint64_t now_ms)
{
	for (unsigned i = 0; i < ROOM_TALKS_HEARD; i++)
		if (all[i].used &&
		    now_ms - all[i].at_ms >= ROOM_FLOOR_RELEASE_MS)
			return &all[i];

	return NULL;
}

/** `intercom/<id>/heard` */
bool room_make_heard(char *payload, size_t size, const struct room_heard *heard)
{
	uint32_t span = heard->last - heard->first + 1;
	char from[2 * ROOM_PACKET_SENDER_BYTES + 1];
	int length;

	for (unsigned i = 0; i < ROOM_PACKET_SENDER_BYTES; i++)
		(void)snprintf(from + 2 * i, 3, "%02x",
			       (unsigned)heard->sender[i]);
	length = snprintf(payload, size,
			  "{\"from\":\"%s\",\"heard\":%u,\"lost\":%u}", from,
			  (unsigned)heard->heard,
			  (unsigned)(span > heard->heard ? span - heard->heard
							 : 0));

	return length > 0 && (size_t)length < size;
}
