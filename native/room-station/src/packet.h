#ifndef ROOM_PACKET_H
#define ROOM_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "protocol.h"

/** The most Opus that fits into a packet, bytes */
#define ROOM_MAX_OPUS (ROOM_PACKET_MAX_BYTES - ROOM_PACKET_HEADER_BYTES)
/** `intercom_`, eight digits and the end of the string */
#define ROOM_ID_SIZE 18

/** What came to the port of sound */
enum room_kind {
	ROOM_MALFORMED,	/**< No packet: too short or too long	*/
	ROOM_PROBE,	/**< A station's probe at its start	*/
	ROOM_PCM,	/**< Plain samples of the successor	*/
	ROOM_PACKET	/**< A packet of a talk			*/
};

/** One packet of a talk */
struct room_packet {
	uint8_t sender[ROOM_PACKET_SENDER_BYTES];	/**< Who sends	*/
	uint32_t sequence;	/**< Wraps				*/
	uint8_t priority;	/**< 0 normal, 1 high, 2 emergency	*/
	uint8_t opus_length;	/**< Bytes of Opus			*/
	uint8_t opus[ROOM_MAX_OPUS];	/**< One Opus packet		*/
};

enum room_kind room_parse(struct room_packet *packet, const uint8_t *bytes,
			  size_t length);
size_t room_serialize(uint8_t *bytes, size_t size,
		      const struct room_packet *packet);
bool room_is_silence(const struct room_packet *packet);
void room_sender_of_card(uint8_t *sender, const uint8_t *mac);
void room_station_id(char *id, const uint8_t *sender);

#endif
