/**
 * @file unit.c  The modules by themselves
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../src/imp.h"
#include "../src/nal.h"
#include "../src/packs.h"
#include "../src/params.h"
#include "../src/peer.h"
#include "../src/ring.h"
#include "../src/settings.h"
#include "../src/sound.h"
#include "../src/tap.h"

#define TAP_FRAMES 3000

#define CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#what); \
			exit(1); \
		} \
	} while (0)

static struct settings settings;
static struct frame frame;
static uint8_t frame_bytes[4096];

static void ring_keeps_order_and_gives_up_when_full(void)
{
	static uint8_t memory[256] __attribute__((aligned(8)));
	struct ring ring = {.memory = memory, .size = sizeof(memory)};
	uint32_t written = 0, read = 0, refused = 0, length, seed = 7;

	atomic_store(&ring.head, UINT32_MAX - 63);
	atomic_store(&ring.tail, UINT32_MAX - 63);

	while (written < 100000) {
		seed = seed * 1664525u + 1013904223u;

		if (seed >> 31) {
			uint32_t size = 4 + (seed >> 8) % 100;
			uint8_t *to = ring_reserve(&ring, size);

			refused += !to;
			if (!to)
				continue;
			CHECK(to >= memory && to + size <= memory + 256);
			memset(to, (int)(written & 0xff), size);
			ring_commit(&ring);
			written++;
		}
		else {
			const uint8_t *from = ring_front(&ring, &length);

			CHECK(!from == (read == written));
			if (!from)
				continue;
			for (uint32_t i = 0; i < length; i++)
				CHECK(from[i] == (read & 0xff));
			ring_release(&ring);
			read++;
		}
	}

	CHECK(refused > 100);
	CHECK(!ring_reserve(&ring, 249) && !ring_reserve(&ring, UINT32_MAX));
}

static int normalise(enum framing *framing, const char *bytes, uint32_t size)
{
	frame.data = frame_bytes;
	frame.capacity = sizeof(frame_bytes);

	return nal_normalise(&frame, framing, (const uint8_t *)bytes, &size, 1);
}

#define NORMALISE(framing, bytes) normalise(framing, bytes, sizeof(bytes) - 1)
#define FRAME_IS(bytes) (frame.size == sizeof(bytes) - 1 && \
			 !memcmp(frame.data, bytes, sizeof(bytes) - 1))

static void start_codes_are_always_four_bytes(void)
{
	enum framing framing = FRAMING_UNKNOWN;

	CHECK(!NORMALISE(&framing, "\0\0\1\x41\x11\0\0\1\x41\x22\0\0\0\0\1\x41"));
	CHECK(FRAME_IS("\0\0\0\1\x41\x11\0\0\0\1\x41\x22\0\0\0\1\x41"));
	CHECK(framing == FRAMING_ANNEXB && frame.count == 3);
	CHECK(!NORMALISE(&framing, "\0\0\0\1\x67\x01\0\0\3\0\0\0"));
	CHECK(FRAME_IS("\0\0\0\1\x67\x01\0\0\3"));
}

static void avcc_is_judged_whole(void)
{
	enum framing framing = FRAMING_UNKNOWN;

	CHECK(!NORMALISE(&framing, "\0\0\0\2\x67\x11\0\0\0\3\x68\x22\x33"));
	CHECK(FRAME_IS("\0\0\0\1\x67\x11\0\0\0\1\x68\x22\x33"));
	CHECK(framing == FRAMING_AVCC);
	CHECK(NORMALISE(&framing, "\0\0\0\2\x67\x11\0\0\0\4\x68\x22\x33") ==
	      EBADMSG);
	CHECK(frame.count == 0);
	CHECK(NORMALISE(&framing, "\0\0\0\2\x67\x11\0\0\0") == EBADMSG);
	CHECK(NORMALISE(&framing, "\0\0\0\0") == EBADMSG);
	CHECK(NORMALISE(&framing, "\x67\x11\x22\x33\x44") == EBADMSG);
	CHECK(NORMALISE(&framing, "") == EBADMSG);
}

static void what_can_be_either_is_what_the_stream_is(void)
{
	static char bytes[4 + 0x141];
	enum framing framing = FRAMING_UNKNOWN;

	memset(bytes, 0x55, sizeof(bytes));
	memcpy(bytes, "\0\0\1\x41", 4);

	CHECK(!normalise(&framing, bytes, sizeof(bytes)));
	CHECK(framing == FRAMING_UNKNOWN && frame.data[4] == 0x41);
	framing = FRAMING_AVCC;
	CHECK(!normalise(&framing, bytes, sizeof(bytes)));
	CHECK(frame.data[4] == 0x55 && frame.size == sizeof(bytes));
	framing = FRAMING_ANNEXB;
	CHECK(!normalise(&framing, bytes, sizeof(bytes)));
	CHECK(frame.data[4] == 0x41 && frame.size == sizeof(bytes) + 1);
}

static void a_unit_may_go_on_in_the_next_pack(void)
{
	enum framing framing = FRAMING_UNKNOWN;
	const uint32_t sizes[4] = {6, 0, 5, 4};

	frame.data = frame_bytes;
	frame.capacity = sizeof(frame_bytes);
	CHECK(!nal_normalise(&frame, &framing, (const uint8_t *)
			     "\0\0\0\1\x65\x88" "\xab\xcd\xef\0\0" "\1\x65\x77\x66",
			     sizes, 4));
	CHECK(FRAME_IS("\0\0\0\1\x65\x88\xab\xcd\xef\0\0\0\1\x65\x77\x66"));
}

static void a_frame_that_is_too_big_is_refused(void)
{
	enum framing framing = FRAMING_UNKNOWN;
	uint32_t size = 8;

	frame.data = frame_bytes;
	frame.capacity = 8;
	CHECK(!nal_normalise(&frame, &framing, (const uint8_t *)
			     "\0\0\0\1\x65\x88\x11\x22", &size, 1));
	frame.capacity = 7;
	CHECK(nal_normalise(&frame, &framing, (const uint8_t *)
			    "\0\0\0\1\x65\x88\x11\x22", &size, 1) == EMSGSIZE);
}

static void the_codec_is_in_the_bitstream(void)
{
	static struct params params;
	enum framing framing = FRAMING_UNKNOWN;
	uint8_t prefix[PARAMS_PREFIX_MAX];

	NORMALISE(&framing, "\0\0\0\1\x65\x88\x80\x10");
	params_learn(&params, &frame);
	CHECK(params.codec == CODEC_UNKNOWN && !params_complete(&params));

	NORMALISE(&framing, "\0\0\0\1\x67\x42\0\x1e\xab\0\0\0\1\x68\xce\x3c");
	params_learn(&params, &frame);
	CHECK(params.codec == CODEC_H264 && params_complete(&params));
	CHECK(frame_starts_stream(CODEC_H264, &frame));
	CHECK(!frame_is_key(CODEC_H264, &frame));
	CHECK(params_prefix(&params, prefix) == 16 &&
	      !memcmp(prefix, frame.data, 16));

	NORMALISE(&framing, "\0\0\0\1\x67\x42\0\x1f\xab");
	params_learn(&params, &frame);
	CHECK(!params_complete(&params));

	NORMALISE(&framing, "\0\0\0\1\x40\1\x0c\1\0\0\0\1\x42\1\1\1"
		  "\0\0\0\1\x44\1\xc1\x72\0\0\0\1\x26\1\xaf");
	params_learn(&params, &frame);
	CHECK(params.codec == CODEC_H265 && params_complete(&params));
	CHECK(frame_is_key(CODEC_H265, &frame));
	CHECK(frame_starts_stream(CODEC_H265, &frame));
	CHECK(params_prefix(&params, prefix) == 24);
}

static void the_end_of_a_frame_can_be_told(void)
{
	enum framing framing = FRAMING_UNKNOWN;

	NORMALISE(&framing, "\0\0\0\1\x65\x88\x80\x10");
	CHECK(!frame_has_delimiter(CODEC_H264, &frame));
	CHECK(frame_delimit(CODEC_H264, &frame) == 6 && frame.count == 1);
	CHECK(FRAME_IS("\0\0\0\1\x65\x88\x80\x10\0\0\0\1\x09\xf0"));

	NORMALISE(&framing, "\0\0\0\1\x26\1\xaf");
	CHECK(!frame_has_delimiter(CODEC_H265, &frame));
	frame.capacity = frame.size + 6;
	CHECK(!frame_delimit(CODEC_H265, &frame));
	CHECK(FRAME_IS("\0\0\0\1\x26\1\xaf"));
	frame.capacity = frame.size + 7;
	CHECK(frame_delimit(CODEC_H265, &frame) == 7);
	CHECK(FRAME_IS("\0\0\0\1\x26\1\xaf\0\0\0\1\x46\1\x50"));

	NORMALISE(&framing, "\0\0\0\1\x09\xf0\0\0\0\1\x41\x9a");
	CHECK(frame_has_delimiter(CODEC_H264, &frame));
	NORMALISE(&framing, "\0\0\0\1\x46\1\x50\0\0\0\1\2\1\xd0");
	CHECK(frame_has_delimiter(CODEC_H265, &frame));
	CHECK(!frame_has_delimiter(CODEC_H264, &frame));
}

static void packs_lie_within_their_bounds(void)
{
	static uint8_t ring[100];
	struct imp_pack_t31 packs[2] = {
		{.offset = 90, .length = 20}, {.offset = 10, .length = 5}};
	struct imp_stream_t31 stream = {
		.vir_addr = (uintptr_t)ring, .stream_size = 100,
		.pack = packs, .pack_count = 2};
	uint32_t count, bytes, sizes[2];
	uint8_t copy[25];

	for (int i = 0; i < 100; i++)
		ring[i] = (uint8_t)i;

	CHECK(!packs_measure(LAYOUT_T31, &stream, &count, &bytes));
	CHECK(count == 2 && bytes == 25);
	CHECK(!packs_copy(LAYOUT_T31, &stream, sizes, 2, copy, 25));
	CHECK(copy[9] == 99 && copy[10] == 0 && copy[19] == 9 &&
	      copy[20] == 10 && sizes[0] == 20 && sizes[1] == 5);

	packs[1].offset = 100;
	CHECK(packs_measure(LAYOUT_T31, &stream, &count, &bytes) == ERANGE);
	packs[1].offset = 0;
	packs[1].length = 101;
	CHECK(packs_measure(LAYOUT_T31, &stream, &count, &bytes) == ERANGE);
	packs[1].length = 100;
	CHECK(!packs_measure(LAYOUT_T31, &stream, &count, &bytes));
	stream.pack_count = 1025;
	CHECK(packs_measure(LAYOUT_T31, &stream, &count, &bytes) == EINVAL);
	CHECK(packs_measure(LAYOUT_T31, NULL, &count, &bytes) == EINVAL);
}

static bool replaced(const char *name)
{
	const char *known;

	settings_read(&settings);
	for (unsigned bit = 0; (known = settings_name(bit)); bit++)
		if (!strcmp(name, known))
			return settings.replaced >> bit & 1;

	return false;
}

static bool refuses(const char *name, const char *value)
{
	bool result;

	setenv(name, value, 1);
	result = replaced(name);
	unsetenv(name);

	return result;
}

static void settings_are_checked(void)
{
	settings_read(&settings);
	CHECK(settings.port == 12345 && !settings.channel &&
	      settings.drop_streak == 90 && settings.clients == 1 &&
	      !settings.sound_port && !settings.health_port &&
	      !settings.talk && !*settings.log && !settings.replaced &&
	      settings.aud == 1 &&
	      settings.layout == LAYOUT_T31 && !settings.shut);
	CHECK(settings_allows(&settings, 0x7f000001));

	CHECK(refuses("STREAM_HACK_PORT", "0") && settings.port == 12345);
	CHECK(refuses("STREAM_HACK_PORT", "65536"));
	CHECK(refuses("STREAM_HACK_PORT", "80x") && settings.port == 12345);
	CHECK(refuses("STREAM_HACK_PORT", "-"));
	CHECK(refuses("STREAM_HACK_PORT", "99999999999999999999"));
	CHECK(!refuses("STREAM_HACK_PORT", "80") && settings.port == 80);
	CHECK(!refuses("STREAM_HACK_CHANNEL", "-1") && settings.channel == -1);
	CHECK(refuses("STREAM_HACK_CHANNEL", "-2") && settings.channel == 0);
	CHECK(refuses("STREAM_HACK_MAX_DROP_STREAK", "5001"));
	CHECK(refuses("STREAM_HACK_CLIENTS", "5") && settings.clients == 1);
	CHECK(!refuses("STREAM_HACK_AUD", "0") && !settings.aud);
	CHECK(refuses("STREAM_HACK_SOUND_PORT", "12345") &&
	      !settings.sound_port);
	CHECK(refuses("STREAM_HACK_SOC", "T32") &&
	      settings.layout == LAYOUT_T31);
	CHECK(!refuses("STREAM_HACK_SOC", "T23") &&
	      settings.layout == LAYOUT_T20);
	CHECK(!refuses("STREAM_HACK_LOG", "1") &&
	      !strcmp(settings.log, "/mnt/extsd/stream_hack.log"));
	CHECK(!refuses("STREAM_HACK_LOG", "0") && !*settings.log);
}

static void a_wrong_list_or_token_shuts_all(void)
{
	CHECK(!refuses("STREAM_HACK_ALLOW", "192.168.1.0/24,10.1.2.3"));
	CHECK(settings_allows(&settings, 0xc0a80105) &&
	      settings_allows(&settings, 0x0a010203) &&
	      !settings_allows(&settings, 0x0a010204));
	CHECK(refuses("STREAM_HACK_ALLOW", "192.168.1.256") && settings.shut);
	CHECK(refuses("STREAM_HACK_ALLOW", "192.168.1.1/33") && settings.shut);
	CHECK(refuses("STREAM_HACK_ALLOW", "192.168.1") && settings.shut);
	CHECK(refuses("STREAM_HACK_ALLOW", ",") && settings.shut);
	CHECK(refuses("STREAM_HACK_ALLOW", "1.1.1.1,2.2.2.2x"));
	CHECK(!refuses("STREAM_HACK_ALLOW", "0.0.0.0/0") &&
	      settings_allows(&settings, 0xffffffff));
	CHECK(refuses("STREAM_HACK_TOKEN", "a b") && settings.shut);
	CHECK(!refuses("STREAM_HACK_TOKEN", "secret") && !settings.shut &&
	      !strcmp(settings.token, "secret"));
}

static void a_head_of_sound_reads_as_it_was_written(void)
{
	const struct sound_head head = {
		SOUND_SPEECH, 2, 0x1234, 48000, 4096, 0x123456789abcdef0u};
	struct sound_head back;
	uint8_t bytes[SOUND_HEAD];

	sound_head_encode(bytes, &head);
	CHECK(!sound_head_decode(&back, bytes));
	CHECK(back.type == head.type && back.channels == head.channels &&
	      back.flags == head.flags && back.rate == head.rate &&
	      back.length == head.length && back.timestamp == head.timestamp);
	bytes[3] = '2';
	CHECK(sound_head_decode(&back, bytes) == EBADMSG);
}

/** One of the firmware's threads: frames of its own, as fast as they go */
static void sound_flows_from_the_moment_a_client_is_open(void)
{
	static struct settings settings = {.clients = 1};
	static struct tap tap;
	static struct peer peers[PEERS_MAX];
	static struct sound sound;
	uint16_t samples[4] = {1, 2, 3, 4};
	struct imp_audio_frame block = {
		.bitwidth = 16, .soundmode = 1, .len = sizeof(samples),
		.vir_addr = (uintptr_t)samples};
	uint32_t length;

	CHECK(!tap_init(&tap, LAYOUT_T31, 0));
	atomic_store(&tap.open, true);
	sound_init(&sound, &settings, &tap, peers);

	tap_sound(&tap, 0, 0, &block);
	CHECK(!ring_front(&tap.sound, &length));

	sound_open(&sound, &peers[0]);
	tap_sound(&tap, 0, 0, &block);
	CHECK(ring_front(&tap.sound, &length));
	CHECK(length == sizeof(struct sound_record) + sizeof(samples));
}

static void *fetch_frames(void *arg)
{
	struct tap *tap = arg;
	uint8_t bytes[3000];
	struct imp_pack_t31 pack = {.length = sizeof(bytes)};
	const struct imp_stream_t31 stream = {
		.vir_addr = (uintptr_t)bytes, .stream_size = sizeof(bytes),
		.pack = &pack, .pack_count = 1};

	memset(bytes, 7, sizeof(bytes));
	for (int i = 0; i < TAP_FRAMES; i++) {
		while (atomic_load(&tap->video.head) -
			       atomic_load(&tap->video.tail) > TAP_VIDEO_RING / 2)
			(void)sched_yield();
		tap_video(tap, 0, &stream);
	}

	return NULL;
}

/*
 * A scheduler may leave one that copies waiting for longer than the other one
 * yields, whose frame is lost then: it is counted, and nothing else is.
 */
static void two_threads_of_one_channel_mix_nothing(void)
{
	static struct tap tap = {.video_busy = ATOMIC_FLAG_INIT};
	pthread_t threads[2];
	uint32_t length;
	uint32_t frames = 0;

	CHECK(!tap_init(&tap, LAYOUT_T31, 0));
	atomic_store(&tap.open, true);
	atomic_store(&tap.watched, true);
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&threads[i], NULL, fetch_frames, &tap));

	while (frames + atomic_load(&tap.lost) < 2 * TAP_FRAMES) {
		const uint32_t seen = atomic_load(&tap.word);
		const uint8_t *record;

		while ((record = ring_front(&tap.video, &length))) {
			CHECK(record[length - 1] == 7);
			ring_release(&tap.video);
			frames++;
		}
		if (frames + atomic_load(&tap.lost) < 2 * TAP_FRAMES)
			tap_sleep(&tap, seen, 100);
	}

	for (int i = 0; i < 2; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(frames >= TAP_FRAMES);
	CHECK(frames + atomic_load(&tap.lost) == 2 * TAP_FRAMES);
	CHECK(atomic_load(&tap.full) == atomic_load(&tap.lost));
	CHECK(!ring_front(&tap.video, &length));
}

static void frames_that_teach_are_told(void)
{
	static const struct {
		uint8_t bytes[6];
		enum teaches codec;
		bool teaches;
	} all[] = {
		{{0, 0, 0, 1, 0x67, 1}, TEACHES_H264, true},
		{{0, 0, 1, 0x68, 1, 1}, TEACHES_H264, true},
		{{0, 0, 0, 2, 0x27, 1}, TEACHES_H264, true},
		{{0, 0, 0, 1, 0x65, 1}, TEACHES_H264, false},
		{{0, 0, 0, 1, 0x41, 1}, TEACHES_H264, false},
		{{0, 0, 0, 1, 0x40, 1}, TEACHES_H265, true},
		{{0, 0, 1, 0x42, 1, 1}, TEACHES_H265, true},
		{{0, 0, 0, 1, 0x26, 1}, TEACHES_H265, false},
		{{0, 0, 0, 1, 0x02, 1}, TEACHES_H265, false},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (uint32_t at = 0; at < 6; at++) {
			uint8_t ring[6];
			struct imp_pack_t31 pack = {.offset = at, .length = 6};
			const struct imp_stream_t31 stream = {
				.vir_addr = (uintptr_t)ring, .stream_size = 6,
				.pack = &pack, .pack_count = 1};

			for (uint32_t k = 0; k < 6; k++)
				ring[(at + k) % 6] = all[i].bytes[k];
			CHECK(packs_teach(LAYOUT_T31, &stream, all[i].codec) ==
			      all[i].teaches);
		}
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
#define TEST(name) {#name, name}
	TEST(ring_keeps_order_and_gives_up_when_full),
	TEST(two_threads_of_one_channel_mix_nothing),
	TEST(frames_that_teach_are_told),
	TEST(start_codes_are_always_four_bytes),
	TEST(avcc_is_judged_whole),
	TEST(what_can_be_either_is_what_the_stream_is),
	TEST(a_unit_may_go_on_in_the_next_pack),
	TEST(a_frame_that_is_too_big_is_refused),
	TEST(the_codec_is_in_the_bitstream),
	TEST(the_end_of_a_frame_can_be_told),
	TEST(packs_lie_within_their_bounds),
	TEST(settings_are_checked),
	TEST(a_wrong_list_or_token_shuts_all),
	TEST(a_head_of_sound_reads_as_it_was_written),
	TEST(sound_flows_from_the_moment_a_client_is_open),
};

int main(void)
{
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		tests[i].run();
		printf("#   %s\n", tests[i].name);
	}

	return 0;
}
