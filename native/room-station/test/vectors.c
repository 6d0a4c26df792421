/**
 * @file vectors.c  One line in, one line out, for the comparison with the hub
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../src/keys.h"
#include "../src/sequencer.h"
#include "../src/sha256.h"
#include "../src/topics.h"

static size_t unhex(uint8_t *bytes, size_t size, const char *hex)
{
	size_t length = 0;
	unsigned byte;

	while (length < size && sscanf(hex + 2 * length, "%2x", &byte) == 1)
		bytes[length++] = (uint8_t)byte;

	return length;
}

static void hex(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		printf("%02x", bytes[i]);
}

static void ready(void *arg, const struct room_packet *packet, uint32_t lost)
{
	(void)arg;
	printf("%" PRIu32 "/%" PRIu32 " ", packet->sequence, lost);
}

static void parse(const uint8_t *bytes, size_t length)
{
	static const char *const kinds[] = {"malformed", "probe", "pcm", "packet"};
	struct room_packet packet;
	enum room_kind kind = room_parse(&packet, bytes, length);

	printf("%s", kinds[kind]);
	if (kind != ROOM_PACKET)
		return;

	printf(" ");
	hex(packet.sender, sizeof(packet.sender));
	printf(" %" PRIu32 " %u %d ", packet.sequence, packet.priority,
	       room_is_silence(&packet));
	hex(packet.opus, packet.opus_length);
}

static void serialize(const char *sender, const char *rest)
{
	struct room_packet packet = {0};
	uint8_t bytes[ROOM_PACKET_MAX_BYTES];
	char opus[512] = "";
	unsigned priority = 0;

	(void)unhex(packet.sender, sizeof(packet.sender), sender);
	(void)sscanf(rest, "%" SCNu32 " %u %511s", &packet.sequence, &priority,
		     opus);
	packet.priority = (uint8_t)priority;
	packet.opus_length = (uint8_t)unhex(packet.opus, sizeof(packet.opus), opus);
	hex(bytes, room_serialize(bytes, sizeof(bytes), &packet));
}

static void signing(bool make, const char *key_hex, const char *rest)
{
	uint8_t key_bytes[128], plain[512], bytes[512];
	struct room_key key = {key_bytes, 0, hmac_sha256};
	size_t length = unhex(plain, sizeof(plain), rest);

	key.length = unhex(key_bytes, sizeof(key_bytes), key_hex);
	if (make)
		hex(bytes, room_sign(bytes, sizeof(bytes), plain, length, &key, NULL));
	else
		printf("%d", room_is_authentic(plain, length, &key));
}

/* Of our own key (32), the group's id (1) and its key (32) */
static void group_signing(bool make, const char *keys_hex, const char *rest)
{
	uint8_t keys[65], plain[512], bytes[512];
	struct room_key key = {keys, 32, hmac_sha256};
	struct room_group group = {.known = true};
	size_t length = unhex(plain, sizeof(plain), rest);

	(void)unhex(keys, sizeof(keys), keys_hex);
	group.id = keys[32];
	memcpy(group.bytes, keys + 33, sizeof(group.bytes));
	if (make)
		hex(bytes, room_sign(bytes, sizeof(bytes), plain, length, &key,
				     &group));
	else
		printf("%d %d", room_is_authentic(plain, length, &key),
		       room_is_of_group(plain, length, &group, hmac_sha256));
}

static void open_key(const char *own_hex, const char *message)
{
	uint8_t own[32];
	struct room_key key = {own, unhex(own, sizeof(own), own_hex),
			       hmac_sha256};
	struct room_keys keys = {.group = {.known = false}};

	printf("%d", room_keys_take(&keys, &key, message, 0));
	if (!keys.group.known)
		return;

	printf(" %" PRIu32 " %d ", keys.sequence, keys.any_emergency);
	hex(keys.group.bytes, sizeof(keys.group.bytes));
}

static void topic(const char *text)
{
	struct room_address address;
	char again[ROOM_TOPIC_SIZE];

	room_parse_topic(&address, text);
	printf("%s", room_topic(again, sizeof(again), &address) ? again : "-");
}

int main(void)
{
	static char line[4096], what[16], a[2048], rest[2048];
	static struct room_sequencer s;
	struct room_window window = {0};
	uint8_t bytes[1024];
	char id[ROOM_ID_SIZE];

	while (fgets(line, sizeof(line), stdin)) {
		struct room_packet packet = {0};
		uint64_t now = 0;

		a[0] = rest[0] = '\0';
		if (sscanf(line, "%15s %2047s %2047[^\n]", what, a, rest) < 1)
			break;
		if (!strcmp(what, "parse")) {
			parse(bytes, unhex(bytes, sizeof(bytes), a));
		} else if (!strcmp(what, "serialize")) {
			serialize(a, rest);
		} else if (!strcmp(what, "sign") || !strcmp(what, "authentic")) {
			signing(what[0] == 's', a, rest);
		} else if (!strcmp(what, "gsign") || !strcmp(what, "gauthentic")) {
			group_signing(what[1] == 's', a, rest);
		} else if (!strcmp(what, "key")) {
			open_key(a, rest);
		} else if (!strcmp(what, "window")) {
			printf("%d", room_window_take(&window, (uint32_t)strtoul(a, NULL, 10)));
		} else if (!strcmp(what, "id")) {
			(void)unhex(bytes, 8, a);
			room_station_id(id, bytes);
			printf("%s", id);
		} else if (!strcmp(what, "card")) {
			(void)unhex(bytes, 6, a);
			room_sender_of_card(bytes + 8, bytes);
			hex(bytes + 8, 8);
		} else if (!strcmp(what, "begin")) {
			room_sequencer_init(&s, ready, NULL);
		} else if (!strcmp(what, "push")) {
			packet.sequence = (uint32_t)strtoul(a, NULL, 10);
			(void)sscanf(rest, "%" SCNu64, &now);
			room_sequencer_push(&s, &packet, now);
		} else if (!strcmp(what, "expire")) {
			room_sequencer_expire(&s, strtoull(a, NULL, 10));
		} else if (!strcmp(what, "end")) {
			room_sequencer_end(&s);
		} else if (!strcmp(what, "counters")) {
			printf("%u %u %u %u", s.received, s.duplicate, s.lost, s.restarts);
		} else if (!strcmp(what, "topic")) {
			topic(a);
		} else if (!strcmp(what, "switch")) {
			printf("%d", room_parse_switch(a));
		} else if (!strcmp(what, "percent")) {
			printf("%d", room_parse_percent(a));
		} else if (!strcmp(what, "priority")) {
			printf("%d", room_parse_priority(a));
		}
		printf("\n");
	}

	return 0;
}
