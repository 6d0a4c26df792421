/**
 * @file unit.c  A station with a codec, a network and a broker that remember
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../src/discovery.h"
#include "../src/sha256.h"
#include "../src/station.h"
#include "../src/text.h"

#define CHECK(x)                                                          \
	do {                                                              \
		if (!(x)) {                                               \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #x);    \
			exit(1);                                          \
		}                                                         \
	} while (0)

static struct room_packet sent[8000];
static unsigned sent_count, resets, published;
static char sent_to[16], played[256], last_topic[80], last_payload[2048];
static char last_heard[128];
static unsigned played_count, begun;
static int16_t loudest;
static struct room_station s;
static uint64_t now;

/* Opus of the test: what is said has 40 bytes, silence 4 */
static size_t encode(void *arg, const int16_t *frame, uint8_t *opus, size_t size)
{
	size_t length = frame[0] ? 40 : 4;

	(void)arg;
	CHECK(size >= 40);
	memset(opus, frame[0], length);
	return length;
}

/* A letter for each frame: d decoded, f from the copy, c concealed */
static bool decode(void *arg, const uint8_t *opus, size_t length, bool fec,
		   int16_t *frame)
{
	(void)arg;
	(void)length;
	for (unsigned i = 0; i < ROOM_CODEC_FRAME_SAMPLES; i++)
		frame[i] = (int16_t)(!opus ? 'c' * 100 : fec ? 'f' * 100 : 'd' * 100);
	return true;
}

static void reset(void *arg)
{
	(void)arg;
	resets++;
}

static void begin(void *arg)
{
	(void)arg;
	begun++;
}

static bool read_frame(void *arg, int16_t *frame)
{
	(void)arg;
	memset(frame, 1, sizeof(room_frame));
	return true;
}

static bool write_frame(void *arg, const int16_t *frame, unsigned timeout_ms)
{
	(void)arg;
	CHECK(timeout_ms == 20);
	loudest = 0;
	for (unsigned i = 0; i < ROOM_CODEC_FRAME_SAMPLES; i++)
		if (frame[i] > loudest)
			loudest = frame[i];
	played[played_count++ % 255] = frame[0] ? (char)(frame[0] / 100) : '.';
	return true;
}

static bool send_bytes(void *arg, const char *to, const uint8_t *b, size_t n)
{
	(void)arg;
	(void)snprintf(sent_to, sizeof(sent_to), "%s", to ? to : "group");
	CHECK(room_parse(&sent[sent_count++ % 8000], b, n) == ROOM_PACKET);
	return true;
}

static void publish(void *arg, const char *topic, const char *payload, bool kept)
{
	(void)arg;
	CHECK(kept == (!strstr(topic, "/call") && !strstr(topic, "/key") &&
		       !strstr(topic, "/heard")));
	published++;
	(void)snprintf(last_topic, sizeof(last_topic), "%s", topic);
	if (strstr(topic, "/heard"))
		(void)snprintf(last_heard, sizeof(last_heard), "%s", payload);
	(void)snprintf(last_payload, sizeof(last_payload), "%s", payload);
}

static struct room_ports ports = {
	{NULL, encode, decode, reset},
	{NULL, begin, read_frame, write_frame},
	{NULL, send_bytes},
	{NULL, publish},
	{NULL, 0, hmac_sha256},
};

static void fresh(void)
{
	static const uint8_t sender[8] = {0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd};

	now = 10000;
	sent_count = resets = played_count = begun = 0;
	memset(played, 0, sizeof(played));
	room_station_init(&s, &ports, sender, "Kitchen", "10.0.0.1");
	s.volume = 100;
}

static void ticks(unsigned count)
{
	while (count-- > 0)
		room_station_tick(&s, now += 20);
}

static void hear(uint8_t who, uint32_t sequence, uint8_t priority, size_t opus)
{
	struct room_packet packet = {{who}, sequence, priority, (uint8_t)opus, {8}};
	uint8_t bytes[ROOM_PACKET_MAX_BYTES];

	room_station_hear(&s, bytes,
			  room_serialize(bytes, sizeof(bytes), &packet), false,
			  now);
}

static void message(const char *topic, const char *payload)
{
	room_station_message(&s, topic, payload, strlen(payload), false);
}

static bool heard(const char *what)
{
	bool same = !strcmp(played, what);

	if (!same)
		printf("played %s, not %s\n", played, what);
	memset(played, 0, sizeof(played));
	played_count = 0;
	return same;
}

static void test_hmac(void)
{
	uint8_t digest[SHA256_BYTES];
	static const uint8_t want[4] = {0x5b, 0xdc, 0xc1, 0x46};

	/* RFC 4231, case 2 */
	hmac_sha256(digest, (const uint8_t *)"Jefe", 4,
		    (const uint8_t *)"what do ya want for nothing?", 28);
	CHECK(!memcmp(digest, want, 4));
}

static void test_gaps(void)
{
	fresh();
	hear(1, 100, 0, 40);
	ticks(1);
	CHECK(heard("."));	/* pre-fill: one frame is not enough */
	hear(1, 101, 0, 40);
	ticks(2);
	CHECK(heard("dd"));
	hear(1, 103, 0, 40);	/* one is missing: from the copy */
	ticks(2);
	CHECK(heard("fd"));
	hear(1, 107, 0, 40);	/* three: two invented, the last from the copy */
	ticks(4);
	CHECK(heard("ccfd"));
	hear(1, 113, 0, 40);	/* five: silence */
	ticks(6);
	CHECK(heard(".....d"));
	CHECK(s.counters.repaired == 2 && s.counters.concealed == 2 &&
	      s.counters.silent == 5 && s.counters.lost == 9);
}

static void test_copies_and_order(void)
{
	fresh();
	for (uint32_t i = 0; i < 6; i += 2)
		for (unsigned copy = 0; copy < 4; copy++) {
			hear(1, 201 + i, 0, 40);
			if (i > 0)
				hear(1, 200 + i, 0, 40);
		}
	ticks(7);
	CHECK(heard("ddddd.."));
	CHECK(s.counters.lost == 0);
	for (unsigned copy = 0; copy < 16; copy++)
		hear(1, 205, 0, 40);
	ticks(30);
	hear(1, 205, 0, 40);	/* long after the end: no new talk */
	CHECK(!s.floor.held && s.counters.decoded == 5);
	hear(1, 231, 0, 40);
	CHECK(s.floor.held && s.counters.decoded == 6);
}

static void test_overflow(void)
{
	fresh();
	for (uint32_t i = 0; i < 20; i++)
		hear(1, i, 0, 40);
	CHECK(s.playout.count == 15 && s.playout.overflow == 5);
}

static void test_floor(void)
{
	fresh();
	hear(1, 1, 1, 4);	/* silence takes no floor */
	CHECK(!s.floor.held);
	hear(1, 2, 1, 40);
	CHECK(s.floor.held && resets == 1);
	for (uint32_t i = 0; i < 20; i++)
		hear(2, i, 1, 40);	/* another, of the same priority */
	CHECK(resets == 1 && s.floor.holder[0] == 1);
	hear(3, 1, 2, 4);	/* silence pre-empts nobody */
	CHECK(s.floor.holder[0] == 1);
	hear(3, 2, 2, 40);
	CHECK(s.floor.holder[0] == 3 && resets == 2);
	now += 499;
	CHECK(!room_floor_release(&s.floor, now));
	hear(3, 3, 2, 4);	/* silence does not keep it */
	now += 1;
	CHECK(room_floor_release(&s.floor, now));
	hear(1, 3, 0, 40);
	CHECK(s.floor.holder[0] == 1);
}

static void test_disturb_and_emergency(void)
{
	fresh();
	message("intercom/intercom_aabbccdd/dnd/set", "ON");
	message("intercom/intercom_aabbccdd/mute/set", "ON");
	message("intercom/intercom_aabbccdd/volume/set", "10");
	hear(1, 1, 1, 40);
	CHECK(!s.floor.held && s.counters.ignored == 1);
	hear(2, 1, 2, 40);
	hear(2, 2, 2, 40);
	ticks(1);
	CHECK(loudest == 10000);	/* in full */
	CHECK(s.mute && s.volume == 10);
	ticks(40);
	message("intercom/intercom_aabbccdd/dnd/set", "OFF");
	hear(1, 7, 1, 40);
	hear(1, 8, 1, 40);
	ticks(1);
	CHECK(loudest == 0);	/* muted again */
	message("intercom/intercom_aabbccdd/mute/set", "OFF");
	ticks(1);
	CHECK(loudest == 1000);	/* and as loud as before */
}

static void test_talk(void)
{
	fresh();
	s.priority = 1;
	CHECK(room_station_press(&s, now) == ROOM_TALKS);
	CHECK(room_station_press(&s, now) == ROOM_TALKS);
	ticks(15 + 20);
	room_station_release(&s);
	ticks(20);
	CHECK(sent_count == 15 + 20 + 10 && begun == 1);
	for (unsigned i = 0; i < sent_count; i++) {
		CHECK(sent[i].sequence == i && sent[i].priority == 1);
		CHECK(room_is_silence(&sent[i]) == (i < 15 || i >= 35));
	}
	CHECK(!strcmp(sent_to, "group"));
	CHECK(room_station_press(&s, now) == ROOM_TALKS);
	ticks(1);
	CHECK(sent[45].sequence == 45);
	hear(1, 1, 1, 40);	/* half duplex */
	CHECK(!s.floor.held && s.phase == ROOM_LEAD_IN);
	hear(1, 2, 2, 40);	/* but an emergency gets through */
	CHECK(s.floor.held && s.phase == ROOM_QUIET);
	CHECK(room_station_press(&s, now) == ROOM_BUSY);
	s.priority = 2;
	CHECK(room_station_press(&s, now) == ROOM_BUSY);
}

static void test_longest(void)
{
	unsigned tone = 0;

	fresh();
	CHECK(room_station_press(&s, now) == ROOM_TALKS);
	for (unsigned i = 1; i <= 6100; i++) {
		ticks(1);
		if (loudest > 0 && !tone)
			tone = i;
	}
	CHECK(tone == 5500);	/* at 110 s */
	CHECK(s.phase == ROOM_QUIET && sent_count == 6000 + 10);
}

static void test_targets_and_calls(void)
{
	fresh();
	message("intercom/intercom_aabbccdd/target/set", "Bath");
	CHECK(room_station_press(&s, now) == ROOM_NOBODY && sent_count == 0);
	message("intercom/devices/intercom_00000001/info",
		"{\"room\":\"bath\",\"ip\":\"10.0.0.2\",\"id\":\"intercom_00000001\"}");
	CHECK(room_station_press(&s, now) == ROOM_NOBODY);	/* not online */
	message("intercom/intercom_00000001/status", "online");
	CHECK(room_station_call(&s, "BATH", now));
	CHECK(!strcmp(last_payload, "{\"target\":\"BATH\",\"caller\":\"Kitchen\"}"));
	now += 1999;
	CHECK(room_station_press(&s, now) == ROOM_LOCKED);
	now += 1;
	CHECK(room_station_press(&s, now) == ROOM_TALKS);
	ticks(1);
	CHECK(!strcmp(sent_to, "10.0.0.2"));
	CHECK(!strcmp(last_topic, "intercom/intercom_aabbccdd/state"));
	CHECK(!strcmp(last_payload,
		      "{\"state\":\"transmitting\",\"target\":\"Bath\"}"));
	CHECK(!room_station_call(&s, "Cellar", now));
}

static void test_ringing(void)
{
	fresh();
	s.mute = true;
	message("intercom/call", "{\"target\":\"Bath\",\"caller\":\"Hall\"}");
	message("intercom/call", "{\"target\":\"kitchen\"}");
	ticks(1);
	CHECK(loudest == 0);
	room_station_message(&s, "intercom/call",
			     "{\"target\":\"all\",\"caller\":\"Hall\"}", 32, true);
	ticks(1);
	CHECK(loudest == 0);	/* retained: no command */
	message("intercom/call", "{ \"target\" : \"kitchen\", \"caller\":\"H\\u00e4ll\" }");
	ticks(1);
	CHECK(loudest > 5000);
	ticks(50);
	CHECK(loudest == 0);
}

static void test_messages(void)
{
	static const char *const junk[] = {
		"null", "", "{", "[]", "{}", "\"", "{\"room\":{\"a\":1}}", "{\"room",
		"{\"room\":\"\\u12", "{\"room\":\"x\",\"ip\":\"1.2.3.4.5.6.7.8.9.10\"}",
		"{\"room\":\"\\", "-", "1e999999", "99999999999999999999"};
	char topic[ROOM_DISCOVERY_TOPIC], payload[ROOM_DISCOVERY_SIZE];
	const char *const targets[2] = {"Bath", "Say \"hi\""};
	struct room_entity_of of = {"intercom_aabbccdd", "00000000aabbccdd",
				    "Kitchen", "1.0.0", targets, 2};

	fresh();
	for (unsigned i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		message("intercom/devices/intercom_00000009/info", junk[i]);
		message("intercom/call", junk[i]);
		message("intercom/intercom_aabbccdd/priority/set", junk[i]);
		message("intercom/intercom_aabbccdd/mute/set", junk[i]);
		room_station_message(&s, junk[i], junk[i], strlen(junk[i]), false);
	}
	for (unsigned i = 0; i < ROOM_PEERS; i++)
		CHECK(!*s.peers[i].room);
	CHECK(s.priority == 0 && !s.mute && !s.ringing);
	published = 0;
	room_station_online(&s);
	CHECK(published == ROOM_ENTITIES + 8);
	CHECK(!strcmp(last_topic, "intercom/intercom_aabbccdd/status"));
	CHECK(room_discovery(4, &of, topic, payload));
	CHECK(!strcmp(topic, "homeassistant/select/intercom_aabbccdd_target/config"));
	CHECK(strstr(payload, "\"options\":[\"All Rooms\",\"Bath\",\"Say \\\"hi\\\"\"]"));
	for (unsigned i = 0; i < ROOM_ENTITIES; i++)
		if (room_discovery(i, &of, topic, payload))
			printf("#%s\n", payload);
}

static void test_signed(void)
{
	static const uint8_t key[3] = {7, 8, 9};
	uint8_t plain[ROOM_PACKET_MAX_BYTES], bytes[ROOM_PACKET_MAX_BYTES];
	struct room_packet packet = {{5}, 1, 0, 40, {8}};
	size_t length;

	fresh();
	ports.key.bytes = key;
	ports.key.length = sizeof(key);
	length = room_sign(bytes, sizeof(bytes), plain,
			   room_serialize(plain, sizeof(plain), &packet),
			   &ports.key, NULL);
	CHECK(length == 13 + 52 && room_is_authentic(bytes, length, &ports.key));
	room_station_hear(&s, bytes, length, true, now);
	room_station_hear(&s, bytes, length, true, now);
	CHECK(s.counters.replayed == 1 && s.counters.decoded == 1);
	ticks(30);
	hear(5, 50, 2, 40);	/* it could sign, and did not */
	CHECK(!s.floor.held);
	hear(6, 50, 2, 40);
	CHECK(s.floor.held);
	fresh();
	(void)room_station_press(&s, now);
	ticks(16);
	CHECK(room_is_silence(&sent[14]));
	CHECK(sent[15].opus_length == 52 && sent[15].opus[2] == 10);
	ports.key.bytes = NULL;
}

/* What the hub would send: a key of the group, for who has `own` */
static void make_key(char *hex, const uint8_t *own, uint8_t id, uint32_t count)
{
	uint8_t m[63] = {1, id, 0, (uint8_t)(count >> 24), (uint8_t)(count >> 16),
			 (uint8_t)(count >> 8), (uint8_t)count};
	uint8_t digest[SHA256_BYTES], text[14 + 47] = "room group key";

	memset(m + 7, id, 8);
	memcpy(text + 14, m + 7, 8);
	hmac_sha256(digest, own, 32, text, 22);
	for (unsigned i = 0; i < 32; i++)
		m[15 + i] = digest[i] ^ (uint8_t)(id + i);
	memcpy(text, "room group tag", 14);
	memcpy(text + 14, m, 47);
	hmac_sha256(digest, own, 32, text, 61);
	memcpy(m + 47, digest, 16);
	for (unsigned i = 0; i < sizeof(m); i++)
		(void)sprintf(hex + 2 * i, "%02x", m[i]);
}

static void hear_group(const struct room_group *group, uint32_t sequence,
		       uint8_t priority)
{
	static const uint8_t other[32] = {9};
	struct room_key key = {other, sizeof(other), hmac_sha256};
	struct room_packet packet = {{7}, sequence, priority, 40, {8}};
	uint8_t plain[ROOM_PACKET_MAX_BYTES], bytes[ROOM_PACKET_MAX_BYTES];
	size_t length = room_sign(bytes, sizeof(bytes), plain,
				  room_serialize(plain, sizeof(plain), &packet),
				  &key, group);

	CHECK(length == 13 + 40 + 2 + 21);
	room_station_hear(&s, bytes, length, true, now);
}

static void test_group(void)
{
	static const uint8_t own[32] = {1, 2, 3};
	static const char topic[] = "intercom/intercom_aabbccdd/key/set";
	struct room_group group = {true, 5, {0}}, next = {true, 6, {0}};
	char key[128];

	for (unsigned i = 0; i < 32; i++) {
		group.bytes[i] = (uint8_t)(5 + i);
		next.bytes[i] = (uint8_t)(6 + i);
	}
	fresh();
	ports.key.bytes = own;
	ports.key.length = sizeof(own);
	hear(6, 50, 2, 40);
	CHECK(s.floor.held && s.floor.priority == 2);	/* no key yet */
	ticks(30);
	make_key(key, own, 5, 100000);
	key[80] ^= 1;
	published = 0;
	message(topic, key);
	CHECK(published == 0 && !s.keys.group.known);
	key[80] ^= 1;
	message(topic, key);
	CHECK(published == 1 && !strcmp(last_payload, "5"));
	CHECK(!strcmp(last_topic, "intercom/intercom_aabbccdd/key"));
	message(topic, key);
	CHECK(published == 1);	/* the same again is from before */

	hear(6, 90, 2, 40);	/* an emergency of anybody is urgent */
	CHECK(s.floor.held && s.floor.priority == 1);
	hear_group(&group, 100010, 2);	/* and one of the group is one */
	CHECK(s.floor.priority == 2 && s.floor.holder[0] == 7);
	ticks(40);
	CHECK(!strcmp(last_heard,
		      "{\"from\":\"0700000000000000\",\"heard\":1,\"lost\":0}"));
	hear_group(&group, 100010, 2);	/* recorded, when nobody talks */
	hear_group(&group, 99000, 2);
	CHECK(!s.floor.held && s.counters.duplicate + s.counters.replayed == 2);
	hear_group(&next, 100011, 2);	/* nobody gave us that key */
	CHECK(!s.floor.held);

	ticks(40);
	(void)room_station_press(&s, now);
	ticks(20);
	CHECK(sent[sent_count - 1].sequence >= 100000);
	CHECK(sent[sent_count - 1].opus[2] == 21);
	message("intercom/intercom_aabbccdd/ending/set", "10");
	CHECK(s.tone_frames > 0);	/* the hub ends our talk soon */
	room_station_release(&s);
	ticks(40);

	make_key(key, own, 6, 100200);
	message(topic, key);
	hear_group(&group, 100210, 0);	/* the one before, for ten seconds */
	CHECK(s.floor.held);
	ticks(600);
	hear_group(&group, 100900, 2);
	CHECK(!s.floor.held);
	hear_group(&next, 100901, 2);
	CHECK(s.floor.held && s.floor.priority == 2);
	ports.key.bytes = NULL;
}

static void call_news(const char *news)
{
	message("intercom/intercom_aabbccdd/call/set", news);
}

static void test_call(void)
{
	const char *answered = "{\"state\":\"answered\",\"id\":\"c1\","
			       "\"who\":\"Bath\",\"to\":\"10.0.0.1\"}";

	fresh();
	call_news(answered);	/* nobody here wants that */
	ticks(5);
	CHECK(s.phase == ROOM_QUIET && sent_count == 0);
	call_news("{\"state\":\"idle\"}");
	CHECK(room_station_call(&s, "Anna", now));	/* the hub may know her */
	call_news("{\"state\":\"calling\",\"id\":\"c1\",\"who\":\"Anna\"}");
	ticks(5);
	CHECK(s.phase == ROOM_QUIET);
	call_news(answered);
	ticks(20);
	CHECK(s.phase == ROOM_WORDS && !strcmp(sent_to, "10.0.0.1"));
	hear(1, 1, 1, 40);	/* and heard meanwhile */
	CHECK(s.floor.held && s.phase == ROOM_WORDS);
	CHECK(room_station_press(&s, now) == ROOM_TALKS);
	room_station_release(&s);
	for (unsigned i = 0; i < 10; i++) {
		ticks(700);	/* longer than a talk may be */
		call_news(answered);
	}
	CHECK(s.phase == ROOM_WORDS);
	CHECK(room_station_call(&s, "Bath", now));
	CHECK(!strcmp(last_topic, "intercom/intercom_aabbccdd/call"));
	CHECK(!strcmp(last_payload, "{\"do\":\"hangup\",\"id\":\"c1\"}"));
	ticks(1);
	CHECK(s.phase == ROOM_QUIET);	/* nobody here wants it any more */
}

static void test_answer(void)
{
	fresh();
	message("intercom/call", "{\"target\":\"Kitchen\",\"caller\":\"Bath\"}");
	CHECK(s.ringing);
	call_news("{\"state\":\"ringing\",\"id\":\"c2\",\"who\":\"Bath\"}");
	CHECK(s.ringing);
	CHECK(room_station_press(&s, now) == ROOM_ANSWERS);
	CHECK(!strcmp(last_payload, "{\"do\":\"answer\",\"id\":\"c2\"}"));
	call_news("{\"state\":\"answered\",\"id\":\"c2\",\"to\":\"10.0.0.1\"}");
	CHECK(!s.ringing);
	ticks(20);
	CHECK(s.phase == ROOM_WORDS);
	call_news("{\"state\":\"idle\",\"why\":\"ended\"}");
	ticks(1);
	CHECK(s.phase == ROOM_QUIET);
	call_news("{\"state\":\"ringing\",\"id\":\"c3\",\"who\":\"Bath\"}");
	CHECK(room_station_hang_up(&s));
	CHECK(!strcmp(last_payload, "{\"do\":\"decline\",\"id\":\"c3\"}"));
	ticks(1499);
	CHECK(s.call.state == ROOM_RUNG);
	ticks(2);	/* the hub is gone */
	CHECK(s.call.state == ROOM_NO_CALL && !room_station_hang_up(&s));
}

int main(void)
{
	test_hmac();
	test_gaps();
	test_copies_and_order();
	test_overflow();
	test_floor();
	test_disturb_and_emergency();
	test_talk();
	test_longest();
	test_targets_and_calls();
	test_ringing();
	test_signed();
	test_group();
	test_messages();
	test_call();
	test_answer();

	return 0;
}
