/**
 * @file stub_imp.c  A libimp.so that plays a file: for the tests only
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../src/imp.h"
#include "es.h"
#include "stub_imp.h"

#define PACKS 5
#define BLOCK 640

static struct es es;
static uint8_t *ring;
static uint32_t ring_size, ring_at;
static int played;
static uint32_t random_state;
static uint64_t real_ns;
static int idr_count;
static uint64_t idr_last_ms, idr_gap_ms = UINT64_MAX;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t speaker[1u << 20];
static uint32_t speaker_size;
static int sound_seq;

static union {
	struct imp_pack_t31 t31[ES_UNITS];
	struct imp_pack_t20 t20[ES_UNITS];
} packs;

static uint8_t frame[4u << 20];

static const char *option(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value && *value ? value : fallback;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;

	return random_state;
}

static void setup(void)
{
	if (ring)
		return;

	ring_size = (uint32_t)atoi(option("STUB_RING", "300000"));
	ring = malloc(ring_size);
	random_state = (uint32_t)atoi(option("STUB_CHAOS", "1"));

	if (!ring || es_load(&es, option("STUB_VIDEO", ""),
			     !strcmp(option("STUB_CODEC", "h264"), "h265"))) {
		fprintf(stderr, "stub: no video\n");
		exit(3);
	}

	if (getenv("STUB_SETS_ONCE"))
		es_sets_once(&es);
}

/** Units begin..end of a frame as the encoder would write them */
static uint32_t write_units(const struct es_frame *from, int begin, int end,
			    const char *framing, uint8_t *to)
{
	uint32_t at = 0;

	for (int i = begin; i < end; i++) {
		uint32_t size = from->units[i].size;
		const uint8_t avcc[4] = {(uint8_t)(size >> 24),
					 (uint8_t)(size >> 16),
					 (uint8_t)(size >> 8), (uint8_t)size};

		if (!strcmp(framing, "avcc")) {
			memcpy(to + at, avcc, 4);
			at += 4;
		}
		else if (!strcmp(framing, "annexb3") ||
			 (!strcmp(framing, "cut") && i % 2)) {
			memcpy(to + at, "\0\0\1", 3);
			at += 3;
		}
		else {
			memcpy(to + at, "\0\0\0\1", 4);
			at += 4;
		}

		memcpy(to + at, from->units[i].bytes, size);
		at += size;
	}

	return at;
}

static void put_pack(int i, uint32_t size, const uint8_t *bytes, bool t20)
{
	for (uint32_t k = 0; k < size; k++)
		ring[(ring_at + k) % ring_size] = bytes[k];

	if (t20) {
		packs.t20[i] = (struct imp_pack_t20){
			.vir_addr = (uintptr_t)bytes, .length = size,
			.timestamp = played * 40000LL};
		return;
	}

	packs.t31[i] = (struct imp_pack_t31){
		.offset = ring_at, .length = size,
		.timestamp = played * 40000LL, .nal_type = 5};
	ring_at = (ring_at + size) % ring_size;
}

/** One frame in as many packs as asked for, or in 1 to 5 of them by turns */
static int make_packs(bool t20)
{
	const struct es_frame *from = &es.frames[played % es.count];
	const char *framing = option("STUB_FRAMING", "annexb4");
	int count = atoi(option("STUB_PACKS", "0"));
	uint32_t at = 0;

	if (!count)
		count = 1 + played % PACKS;

	if (!strcmp(framing, "cut")) {
		uint32_t size = write_units(from, 0, from->count, framing,
					    frame);

		for (int i = 0; i < count; i++) {
			uint32_t end = size / (uint32_t)count *
				       (uint32_t)(i + 1);

			if (i == count - 1)
				end = size;
			put_pack(i, end - at, frame + at, t20);
			at = end;
		}

		return count;
	}

	if (count > from->count)
		count = from->count;

	for (int i = 0; i < count; i++) {
		int begin = from->count * i / count;
		int end = from->count * (i + 1) / count;
		uint32_t size = write_units(from, begin, end, framing,
					    frame + at);

		put_pack(i, size, frame + at, t20);
		at += size;
	}

	return count;
}

static void fill_t31(struct imp_stream_t31 *stream, int count)
{
	stream->phy_addr = 0x1234;
	stream->vir_addr = (uintptr_t)ring;
	stream->stream_size = ring_size;
	stream->pack = packs.t31;
	stream->pack_count = (uint32_t)count;
	stream->seq = (uint32_t)played;
}

static void fill_t20(struct imp_stream_t20 *stream, int count)
{
	stream->pack = packs.t20;
	stream->pack_count = (uint32_t)count;
	stream->seq = (uint32_t)played;
}

/** Now and then a pack that lies, where the hook must not follow */
static void spoil_t31(struct imp_stream_t31 *stream)
{
	struct imp_pack_t31 *pack = &packs.t31[0];

	switch (next_random() % 8) {

	case 0: pack->offset = ring_size + next_random() % 1000; break;
	case 1: pack->length = UINT32_MAX - next_random() % 9; break;
	case 2: stream->pack_count = 0; break;
	case 3: stream->pack_count = 0x40000000; break;
	case 4: stream->pack = NULL; break;
	case 5: stream->vir_addr = 0; break;
	case 6: stream->stream_size = 0; break;
	default: pack->length = 0;
	}
}

static int real_get_stream(void *stream)
{
	const bool t20 = !strcmp(option("STUB_SOC", "T31"), "T20");
	const bool chaos = getenv("STUB_CHAOS");
	const long period_us = atol(option("STUB_PERIOD_US", "0"));
	int count;

	if (period_us) {
		struct timespec wait = {0, period_us * 1000};

		nanosleep(&wait, NULL);
	}

	if (chaos && next_random() % 5 == 0) {
		errno = (int)(next_random() % 130);
		return next_random() % 2 ? -1 : (int)(1 + next_random() % 999);
	}

	count = make_packs(t20);
	if (t20) {
		fill_t20(stream, count);
	}
	else {
		fill_t31(stream, count);
		if (chaos && next_random() % 7 == 0)
			spoil_t31(stream);
	}

	played++;
	if (chaos)
		errno = (int)(next_random() % 130);

	return 0;
}

int IMP_Encoder_GetStream(int channel, void *stream, bool block)
{
	uint64_t begin = now_ns();
	int result;

	(void)block;
	setup();
	result = channel == 9 ? -1 : real_get_stream(stream);
	real_ns = now_ns() - begin;

	return result;
}

int IMP_Encoder_RequestIDR(int channel)
{
	uint64_t now = now_ns() / 1000000u;

	(void)channel;
	pthread_mutex_lock(&lock);
	if (idr_count++ && now - idr_last_ms < idr_gap_ms)
		idr_gap_ms = now - idr_last_ms;
	idr_last_ms = now;
	pthread_mutex_unlock(&lock);

	return 0;
}

int IMP_AI_GetFrame(int dev, int chn, struct imp_audio_frame *sound, int block)
{
	static int16_t samples[BLOCK / 2];

	(void)dev;
	(void)chn;
	(void)block;

	for (int i = 0; i < BLOCK / 2; i++)
		samples[i] = (int16_t)(sound_seq * 31 + i * 7);

	*sound = (struct imp_audio_frame){
		.bitwidth = 16, .soundmode = 1,
		.vir_addr = (uintptr_t)samples,
		.timestamp = sound_seq * 20000LL,
		.seq = sound_seq, .len = BLOCK};
	sound_seq++;

	return 0;
}

int IMP_AI_GetPubAttr(int dev, struct imp_audio_attr *attr)
{
	(void)dev;
	attr->samplerate = 16000;

	return 0;
}

int IMP_AO_GetPubAttr(int dev, struct imp_audio_attr *attr)
{
	(void)dev;

	if (getenv("STUB_NO_SPEAKER"))
		return -1;

	attr->samplerate = 8000;
	attr->bitwidth = 16;
	attr->soundmode = 1;
	attr->samples_per_frame = 160;

	return 0;
}

int IMP_AO_SendFrame(int dev, int chn, struct imp_audio_frame *sound, int block)
{
	(void)dev;
	(void)chn;

	if (!block)
		return 7;

	pthread_mutex_lock(&lock);
	if ((uint32_t)sound->len <= sizeof(speaker) - speaker_size) {
		memcpy(speaker + speaker_size, (void *)sound->vir_addr,
		       (size_t)sound->len);
		speaker_size += (uint32_t)sound->len;
	}
	pthread_mutex_unlock(&lock);

	return 0;
}

uint64_t stub_real_ns(void)
{
	return real_ns;
}

void stub_idr(int *count, uint64_t *gap_ms)
{
	pthread_mutex_lock(&lock);
	*count = idr_count;
	*gap_ms = idr_gap_ms;
	pthread_mutex_unlock(&lock);
}

uint32_t stub_speaker(uint32_t *hash)
{
	uint32_t size;

	pthread_mutex_lock(&lock);
	size = speaker_size;
	*hash = 2166136261u;
	for (uint32_t i = 0; i < size; i++)
		*hash = (*hash ^ speaker[i]) * 16777619u;
	pthread_mutex_unlock(&lock);

	return size;
}

/** Stands in front of the C library's: fails so often as it is told to */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*run)(void *), void *arg)
{
	static int failed;
	int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
		      void *) = NULL;
	void *found = dlsym(RTLD_NEXT, "pthread_create");

	if (failed++ < atoi(option("STUB_NO_THREAD", "0")))
		return EAGAIN;

	memcpy(&create, &found, sizeof(create));

	return create(thread, attr, run, arg);
}
