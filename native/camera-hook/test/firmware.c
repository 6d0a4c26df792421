/**
 * @file firmware.c  A stock firmware that does as it is told: for tests only
 *
 * Reads commands from its standard input and answers each with one line:
 *
 *   f N   fetch N frames                     -> f
 *   t N   fetch N frames and time the calls  -> t p50 p99 max, nanoseconds
 *   c N   make N calls and hash all results  -> c hash
 *   a N   fetch N blocks of sound            -> a
 *   s N   play N blocks of its own           -> s result of the last one
 *   i     key frames asked for               -> i count, least gap in ms
 *   o     what the speaker got               -> o bytes hash
 *   m N   N frames, blocks and own blocks at the same time -> m
 *   d N   close all descriptors but the first three and open N files -> d
 *   z     what was written to these files    -> z bytes
 *   e N   fetch a frame of encoder channel N -> e result
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "../src/imp.h"
#include "stub_imp.h"

#define TIMES 20000

/** As the newest SDK has it: fields behind those that the hook knows */
union stream {
	struct imp_stream_t31 t31;
	struct imp_stream_t20 t20;
	uint8_t bytes[128];
};

static union stream stream;
static uint64_t times[TIMES];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint32_t hash(uint32_t sum, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;

	while (size--)
		sum = (sum ^ *p++) * 16777619u;

	return sum;
}

static void fetch(int count)
{
	const bool mark = getenv("FIRMWARE_MARK");

	for (int i = 0; i < count; i++) {
		if (mark)
			(void)syscall(SYS_getppid);
		IMP_Encoder_GetStream(0, &stream, true);
		if (mark)
			(void)syscall(SYS_getpid);
	}

	printf("f\n");
}

static void fetch_timed(int count)
{
	if (count > TIMES)
		count = TIMES;

	for (int i = 0; i < count; i++) {
		uint64_t begin = now_ns();

		IMP_Encoder_GetStream(0, &stream, true);
		times[i] = now_ns() - begin - stub_real_ns();
	}

	qsort(times, (size_t)count, sizeof(times[0]), compare);
	printf("t %llu %llu %llu\n", (unsigned long long)times[count / 2],
	       (unsigned long long)times[count * 99 / 100],
	       (unsigned long long)times[count - 1]);
}

/** Result, errno and every byte of the stream that is not an address */
static void call(int count)
{
	uint32_t sum = 2166136261u;

	for (int i = 0; i < count; i++) {
		int result, error;

		memset(&stream, i & 0xff, sizeof(stream));
		errno = i % 100;
		result = IMP_Encoder_GetStream(i % 3 ? 0 : 1, &stream, true);
		error = errno;
		sum = hash(sum, &result, sizeof(result));
		sum = hash(sum, &error, sizeof(error));

		if (!result) {
			sum = hash(sum, &stream.t31.stream_size, 4);
			sum = hash(sum, &stream.t31.pack_count, 4);
			sum = hash(sum, &stream.t31.seq, 4);
			if (stream.t31.pack)
				sum = hash(sum, stream.t31.pack,
					   sizeof(struct imp_pack_t31));
			sum = hash(sum, stream.bytes + sizeof(stream.t31),
				   sizeof(stream) - sizeof(stream.t31));
		}
	}

	printf("c %08x\n", (unsigned)sum);
}

static void listen_sound(int count)
{
	struct imp_audio_frame sound;

	for (int i = 0; i < count; i++)
		IMP_AI_GetFrame(0, 0, &sound, 0);

	printf("a\n");
}

static void play(int count)
{
	static uint8_t samples[320];
	struct imp_audio_frame sound = {
		.vir_addr = (uintptr_t)samples, .len = sizeof(samples)};
	int result = 0;

	for (int i = 0; i < count; i++)
		result = IMP_AO_SendFrame(0, 0, &sound, 0);

	printf("s %d\n", result);
}

static void *run_video(void *count)
{
	for (int i = 0; i < *(int *)count; i++)
		IMP_Encoder_GetStream(0, &stream, true);

	return NULL;
}

static void *run_sound(void *count)
{
	struct imp_audio_frame sound;

	for (int i = 0; i < *(int *)count; i++)
		IMP_AI_GetFrame(0, 0, &sound, 0);

	return NULL;
}

static void *run_speaker(void *count)
{
	static uint8_t samples[320];
	struct imp_audio_frame sound = {
		.vir_addr = (uintptr_t)samples, .len = sizeof(samples)};

	for (int i = 0; i < *(int *)count; i++)
		IMP_AO_SendFrame(0, 0, &sound, 0);

	return NULL;
}

static void run_all(int count)
{
	void *(*const runs[3])(void *) = {run_video, run_sound, run_speaker};
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, runs[i], &count);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);

	printf("m\n");
}

static int files[256];
static int file_count;

/** As a late daemon() does; the numbers are used again for other things */
static void close_all(int count)
{
	for (int fd = 3; fd < 1024; fd++)
		(void)syscall(SYS_close, fd);

	for (file_count = 0; file_count < count; file_count++) {
		char name[] = "/tmp/camera-hook-file-XXXXXX";

		files[file_count] = mkstemp(name);
		(void)unlink(name);
	}

	printf("d\n");
}

static void tell_files(void)
{
	long long bytes = 0;

	for (int i = 0; i < file_count; i++)
		bytes += lseek(files[i], 0, SEEK_END);

	printf("z %lld\n", bytes);
}

static void answer(char command, int count)
{
	uint64_t gap_ms;
	uint32_t sum, size;
	int asked;

	switch (command) {

	case 'f': fetch(count); break;
	case 't': fetch_timed(count); break;
	case 'c': call(count); break;
	case 'a': listen_sound(count); break;
	case 's': play(count); break;
	case 'm': run_all(count); break;
	case 'd': close_all(count); break;
	case 'z': tell_files(); break;
	case 'e':
		printf("e %d\n", IMP_Encoder_GetStream(count, &stream, true));
		break;
	case 'i':
		stub_idr(&asked, &gap_ms);
		printf("i %d %llu\n", asked, (unsigned long long)gap_ms);
		break;
	case 'o':
		size = stub_speaker(&sum);
		printf("o %u %08x\n", (unsigned)size, (unsigned)sum);
		break;
	default:
		printf("?\n");
	}

	fflush(stdout);
}

int main(void)
{
	char line[64];

	while (fgets(line, sizeof(line), stdin))
		answer(line[0], line[1] ? atoi(line + 1) : 0);

	return 0;
}
