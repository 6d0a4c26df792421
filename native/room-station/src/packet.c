/**
 * @file packet.c  Packets of the room intercom
 *
 *     [0-7]  sender     8 bytes
 *     [8-11] sequence   big-endian
 *     [12]   priority   above 2 counts as 0
 *     [13-]  Opus       one packet
 */
#include <stdio.h>
#include <string.h>
#include "packet.h"

/**
 * Read what came to the port of sound
 *
 * @param packet Filled in if it is a packet
 * @param bytes  Datagram
 * @param length Its length
 *
 * @return What it is, told by its length
 */
enum room_kind room_parse(struct room_packet *packet, const uint8_t *bytes,
			  size_t length)
{
	const uint8_t *at = bytes + ROOM_PACKET_SEQUENCE_AT;
	uint8_t priority;

	if (length == ROOM_PACKET_PROBE_BYTES)
		return ROOM_PROBE;
	if (length == ROOM_PACKET_PCM_BYTES)
		return ROOM_PCM;
	if (length < ROOM_PACKET_HEADER_BYTES || length > ROOM_PACKET_MAX_BYTES)
		return ROOM_MALFORMED;

	priority = bytes[ROOM_PACKET_PRIORITY_AT];
	memcpy(packet->sender, bytes, ROOM_PACKET_SENDER_BYTES);
	packet->sequence = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
			   (uint32_t)at[2] << 8 | at[3];
	packet->priority = priority > 2 ? 0 : priority;
	packet->opus_length = (uint8_t)(length - ROOM_PACKET_HEADER_BYTES);
	memcpy(packet->opus, bytes + ROOM_PACKET_HEADER_BYTES,
	       packet->opus_length);

	return ROOM_PACKET;
}

/**
 * Write a packet
 *
 * @param bytes  Where to
 * @param size   Room there
 * @param packet Packet
 *
 * @return Bytes written, 0 if they do not fit
 */
size_t room_serialize(uint8_t *bytes, size_t size,
		      const struct room_packet *packet)
{
	size_t length = (size_t)ROOM_PACKET_HEADER_BYTES + packet->opus_length;
	uint8_t *at = bytes + ROOM_PACKET_SEQUENCE_AT;

	if (packet->opus_length > ROOM_MAX_OPUS || length > size)
		return 0;

	memcpy(bytes, packet->sender, ROOM_PACKET_SENDER_BYTES);
	at[0] = (uint8_t)(packet->sequence >> 24);
	at[1] = (uint8_t)(packet->sequence >> 16);
	at[2] = (uint8_t)(packet->sequence >> 8);
	at[3] = (uint8_t)packet->sequence;
	bytes[ROOM_PACKET_PRIORITY_AT] = packet->priority;
	memcpy(bytes + ROOM_PACKET_HEADER_BYTES, packet->opus,
	       packet->opus_length);

	return length;
}

/**
 * Whether so little is in a packet that nobody speaks
 *
 * @param packet Packet
 *
 * @return True for silence
 */
bool room_is_silence(const struct room_packet *packet)
{
	return packet->opus_length < ROOM_PACKET_SILENCE_BYTES;
}

/**
 * The sender that is made of a network card
 *
 * @param sender Eight bytes
 * @param mac    Six bytes
 */
void room_sender_of_card(uint8_t *sender, const uint8_t *mac)
{
	memcpy(sender, mac, 6);
	sender[6] = mac[0] ^ mac[2] ^ mac[4];
	sender[7] = mac[1] ^ mac[3] ^ mac[5];
}

/**
 * The station's id in MQTT
 *
 * @param id     ROOM_ID_SIZE characters
 * @param sender Eight bytes
 */
void room_station_id(char *id, const uint8_t *sender)
{
	(void)snprintf(id, ROOM_ID_SIZE, "intercom_%02x%02x%02x%02x",
		       (unsigned)sender[4], (unsigned)sender[5],
		       (unsigned)sender[6], (unsigned)sender[7]);
}
