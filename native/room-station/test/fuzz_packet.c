/**
 * @file fuzz_packet.c  Any datagram, and any message, to a whole station
 */
#include <string.h>
#include "../src/sha256.h"
#include "../src/station.h"

static const uint8_t key[4] = {1, 2, 3, 4};

static size_t encode(void *arg, const int16_t *f, uint8_t *opus, size_t size)
{
	(void)arg;
	(void)f;
	memset(opus, 0, size);
	return size;
}

static bool decode(void *arg, const uint8_t *opus, size_t length, bool fec,
		   int16_t *frame)
{
	(void)arg;
	(void)fec;
	memset(frame, length ? opus[length - 1] : 0, sizeof(room_frame));
	return length != 1;
}

static void nothing(void *arg)
{
	(void)arg;
}

static bool read_frame(void *arg, int16_t *frame)
{
	(void)arg;
	(void)frame;
	return false;
}

static bool write_frame(void *arg, const int16_t *frame, unsigned timeout)
{
	(void)arg;
	(void)timeout;
	return frame[0] != 1;
}

static bool send_bytes(void *arg, const char *to, const uint8_t *b, size_t n)
{
	(void)arg;
	(void)to;
	return b && n;
}

static void publish(void *arg, const char *topic, const char *payload, bool kept)
{
	(void)arg;
	(void)kept;
	if (strlen(topic) + strlen(payload) > 4096)
		__builtin_trap();
}

static const struct room_ports ports = {
	{NULL, encode, decode, nothing},
	{NULL, nothing, read_frame, write_frame},
	{NULL, send_bytes},
	{NULL, publish},
	{key, sizeof(key), hmac_sha256},
};

static const char *const topics[8] = {
	"intercom/call", "intercom/devices/intercom_11223344/info",
	"intercom/intercom_11223344/status", "intercom/intercom_04050607/volume/set",
	"intercom/intercom_04050607/target/set",
	"intercom/intercom_04050607/priority/set",
	"intercom/intercom_04050607/key/set", "intercom/intercom_04050607/mute/set"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a row of: what to do, a length, so many bytes */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t sender[8] = {0, 1, 2, 3, 4, 5, 6, 7};
	static struct room_station s;
	uint64_t now = 1000;
	struct room_packet packet;

	(void)room_parse(&packet, data, size);
	room_station_init(&s, &ports, sender, "Fuzz", "127.0.0.1");
	room_station_online(&s);
	while (size >= 2) {
		uint8_t what = data[0];
		size_t length = data[1];

		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		if (what < 128)
			room_station_hear(&s, data, length, what & 1, now);
		else if (what < 200)
			room_station_message(&s, topics[what & 7],
					     (const char *)data, length, what & 8);
		else if (what < 210)
			(void)room_station_press(&s, now);
		else if (what < 220)
			room_station_release(&s);
		room_station_tick(&s, now += 20);
		data += length;
		size -= length;
	}

	return 0;
}
