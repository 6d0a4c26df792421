/**
 * @file cases.c  What the hook must do, seen from outside
 *
 * Usage: cases <case> <codec> <video file> <command of the firmware ...>
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../src/imp.h"
#include "es.h"
#include "rig.h"

#define OUT_MAX (4u << 20)
#define SOUND_HEAD 24
#define SOUND_BYTES 640

static struct es es;
static struct rig rig;
static int played;  /**< Frames the firmware has fetched */
static uint8_t want[OUT_MAX], got[OUT_MAX];

static size_t put(uint8_t *to, const uint8_t *unit, uint32_t size)
{
	memcpy(to, "\0\0\0\1", 4);
	memcpy(to + 4, unit, size);

	return size + 4;
}

static const struct es_frame *frame_at(int index)
{
	return &es.frames[index % es.count];
}

/** Behind a frame without a delimiter one comes, unless it is turned off */
static size_t want_end(const struct es_frame *frame, uint8_t *to)
{
	static const uint8_t h264[] = {0x09, 0xf0}, h265[] = {0x46, 1, 0x50};
	const char *aud = getenv("STREAM_HACK_AUD");

	if (aud && !strcmp(aud, "0"))
		return 0;

	for (int i = 0; i < frame->count; i++)
		if (es_is_delimiter(&es, frame->units[i].type))
			return 0;

	return es.h265 ? put(to, h265, sizeof(h265))
		       : put(to, h264, sizeof(h264));
}

/** A frame as it must arrive within a stream */
static size_t want_frame(int index, uint8_t *to)
{
	const struct es_frame *frame = frame_at(index);
	size_t at = 0;

	for (int i = 0; i < frame->count; i++)
		at += put(to + at, frame->units[i].bytes, frame->units[i].size);

	return at + want_end(frame, to + at);
}

static bool starts_with_sets(const struct es_frame *frame)
{
	int sets = es.h265 ? 3 : 2;

	for (int i = 0; i < sets; i++)
		if (i >= frame->count || frame->units[i].type !=
		    (es.h265 ? 32 : 7) + i)
			return false;

	return true;
}

/** A key frame as it must arrive where a stream begins */
static size_t want_start(int index, uint8_t *to)
{
	const struct es_frame *frame = frame_at(index), *first = frame_at(0);
	size_t at = 0;

	if (starts_with_sets(frame))
		return want_frame(index, to);

	for (int i = 0; i < first->count; i++)
		if (es_is_set(&es, first->units[i].type))
			at += put(to + at, first->units[i].bytes,
				  first->units[i].size);

	for (int i = 0; i < frame->count; i++)
		if (!es_is_set(&es, frame->units[i].type) &&
		    !es_is_delimiter(&es, frame->units[i].type))
			at += put(to + at, frame->units[i].bytes,
				  frame->units[i].size);

	return at + want_end(frame, to + at);
}

static void step(int count)
{
	rig_say(&rig, "f %d", count);
	rig_hear(&rig);
	played += count;
}

/** Step when all frames so far have been looked at */
static void step_one(void)
{
	step(1);
	rig_wait_for(&rig, "", "frames", played);
}

static void begin(void)
{
	rig_ports(&rig);
	rig_start(&rig);
	step_one();
}

static int open_video(int clients)
{
	int fd = rig_connect(rig.video_port, 0);
	const char *token = getenv("STREAM_HACK_TOKEN");

	if (token)
		dprintf(fd, "%s\r\n", token);
	rig_wait_for(&rig, "", "clients", clients);

	return fd;
}

static void check(int fd, size_t size, const char *what)
{
	rig_read(fd, got, size, what);
	for (size_t i = 0; i < size; i++)
		if (got[i] != want[i])
			fail("%s: frame %d differs at byte %zu of %zu", what,
			     played - 1, i, size);
}

/** Fetch frames, each of which must arrive before the next; true at the end */
static void follow(int fd, int count, FILE *save)
{
	bool open = false;

	for (int i = 0; i < count; i++) {
		size_t size = 0;

		step(1);
		if (open)
			size = want_frame(played - 1, want);
		else if (frame_at(played - 1)->key)
			size = want_start(played - 1, want);

		if (!size)
			continue;

		open = true;
		check(fd, size, "video");
		if (save)
			fwrite(got, 1, size, save);
	}

	rig_expect_nothing(fd);
	if (!open)
		fail("no key frame came");
}

/** All that is fetched arrives, bit by bit */
static void case_exact(void)
{
	FILE *save = getenv("RIG_SAVE") ? fopen(getenv("RIG_SAVE"), "wb")
					: NULL;
	int fd;

	begin();
	fd = open_video(1);
	follow(fd, 72, save);
	close(fd);
	do
		step_one();
	while (rig_number(&rig, "", "clients"));
	fd = open_video(1);
	follow(fd, 20, NULL);
	rig_stop(&rig);
	if (save)
		fclose(save);
}

/** Does the frame lie at this place of what came? Its size, 0 if not */
static size_t lies_at(const uint8_t *bytes, size_t room, int index, bool start)
{
	size_t size = start ? want_start(index, want)
			    : want_frame(index, want);

	return size <= room && !memcmp(bytes, want, size) ? size : 0;
}

/** Only whole frames, each run of them from a key frame on; counts the gaps */
static int check_whole(const uint8_t *bytes, size_t size, bool cut_at_end)
{
	int next = -1, gaps = 0;
	size_t at = 0, fits;

	while (at < size) {
		fits = next < 0 ? 0 : lies_at(bytes + at, size - at, next,
					      false);
		if (fits) {
			at += fits;
			next++;
			continue;
		}

		for (int i = 0; i < es.count && !fits; i++) {
			if (!frame_at(i)->key)
				continue;
			fits = lies_at(bytes + at, size - at, i, true);
			if (fits)
				next = i + 1;
		}

		if (!fits && cut_at_end && size - at < 200000)
			return gaps;
		if (!fits)
			fail("a cut frame at byte %zu of %zu", at, size);
		at += fits;
		gaps++;
	}

	return gaps - 1;
}

/** One client stops reading: it is closed, the other one misses nothing */
static void case_stalled(void)
{
	int fast, slow, i;
	size_t size;

	setenv("STREAM_HACK_CLIENTS", "2", 1);
	setenv("STREAM_HACK_MAX_DROP_STREAK", "30", 1);
	begin();
	fast = open_video(1);
	slow = rig_connect(rig.video_port, 4096);
	rig_wait_for(&rig, "", "clients", 2);
	follow(fast, es.count, NULL);

	for (i = 0; i < 3000; i++) {
		step(1);
		size = want_frame(played - 1, want);
		check(fast, size, "the fast client");
		if (i % 20)
			continue;
		rig_ask_health(&rig);
		if (rig_number(&rig, "", "clients") == 1)
			break;
	}

	if (i == 3000)
		fail("the stalled client is still there");
	if (rig_number(&rig, "", "dropped") != 30)
		fail("not 30 frames were dropped: %s", rig.health);

	size = rig_read_until_closed(slow, got, OUT_MAX);
	check_whole(got, size, true);
	rig_stop(&rig);
}

static size_t drain(int fd, uint8_t *to, size_t room)
{
	size_t at = 0;
	ssize_t n;
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	while (poll(&poller, 1, 200) > 0) {
		n = recv(fd, to + at, room - at, 0);
		if (n <= 0)
			fail("the connection is closed");
		at += (size_t)n;
	}

	return at;
}

/** A client that stalls and goes on finds whole frames on either side */
static void case_resumed(void)
{
	int fd;
	size_t size;

	setenv("STREAM_HACK_MAX_DROP_STREAK", "5000", 1);
	begin();
	fd = rig_connect(rig.video_port, 4096);
	rig_wait_for(&rig, "", "clients", 1);

	for (int i = 0; i < 4000; i += 10) {
		step(10);
		rig_wait_for(&rig, "", "frames", played);
		if (rig_number(&rig, "", "dropped") > 20)
			break;
	}

	size = drain(fd, got, OUT_MAX);
	step(1500);
	rig_ask_health(&rig);
	size += drain(fd, got + size, OUT_MAX - size);
	step(1);
	while (!frame_at(played)->key)
		step(1);
	step(3);
	size += drain(fd, got + size, OUT_MAX - size);

	if (check_whole(got, size, false) < 1)
		fail("no frame was dropped");
	rig_stop(&rig);
}

/** A client that takes nothing is closed by time, with no frame to tell it */
static void case_silent(void)
{
	int fd;

	setenv("STREAM_HACK_MAX_DROP_STREAK", "5000", 1);
	setenv("STREAM_HACK_MAX_STALL_MS", "1000", 1);
	begin();
	fd = rig_connect(rig.video_port, 4096);
	rig_wait_for(&rig, "", "clients", 1);

	do {
		step(10);
		rig_ask_health(&rig);
	} while (!rig_number(&rig, "", "dropped"));

	rig_wait_for(&rig, "", "clients", 0);
	close(fd);
	rig_stop(&rig);
}

/** By default a newer client takes the place of the older one */
static void case_replaced(void)
{
	int first, second;

	begin();
	first = open_video(1);
	follow(first, 15, NULL);
	second = rig_connect(rig.video_port, 0);
	rig_expect_closed(first);
	follow(second, 30, NULL);
	rig_stop(&rig);
}

/** Four clients that begin at different times; a fifth replaces the oldest */
static void case_four(void)
{
	int fds[5];

	setenv("STREAM_HACK_CLIENTS", "4", 1);
	begin();

	for (int i = 0; i < 4; i++) {
		fds[i] = open_video(i + 1);
		for (int k = 0; k < 3; k++) {
			while (!frame_at(played)->key) {
				step(1);
				for (int m = 0; m < i + !!k; m++)
					check(fds[m], want_frame(played - 1,
						want), "older client");
			}
			step(1);
			for (int m = 0; m <= i; m++)
				check(fds[m], m == i && !k ?
				      want_start(played - 1, want) :
				      want_frame(played - 1, want), "client");
		}
	}

	fds[4] = rig_connect(rig.video_port, 0);
	rig_expect_closed(fds[0]);
	rig_wait_for(&rig, "", "clients", 4);
	rig_stop(&rig);
}

/** The token line comes first; a wrong one ends the connection */
static void case_token(void)
{
	int fd, other;

	setenv("STREAM_HACK_TOKEN", "open-sesame-1", 1);
	begin();
	fd = open_video(1);
	follow(fd, 15, NULL);

	other = rig_connect(rig.video_port, 0);
	dprintf(other, "open-sesame-2\n");
	rig_expect_closed(other);
	other = rig_connect(rig.video_port, 0);
	dprintf(other, "open-sesame-11\n");
	rig_expect_closed(other);
	other = rig_connect(rig.video_port, 0);
	dprintf(other, "open");
	shutdown(other, SHUT_WR);
	rig_expect_closed(other);
	other = rig_connect(rig.health_port, 0);
	dprintf(other, "\n");
	rig_expect_closed(other);

	rig_ask_health(&rig);
	if (rig_number(&rig, "", "clients") != 1)
		fail("a wrong token has replaced the client");
	step(1);
	check(fd, want_frame(played - 1, want), "video");
	rig_stop(&rig);
}

static void expect_shut(const char *variable, const char *value)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char log[] = "/tmp/camera-hook-log-XXXXXX", text[2000];
	int file = mkstemp(log);
	ssize_t size = 0;

	setenv("STREAM_HACK_LOG", log, 1);
	setenv(variable, value, 1);
	rig_ports(&rig);
	rig_start(&rig);
	step(1);

	for (uint64_t end = rig_now_ms() + RIG_WAIT_MS;
	     rig_now_ms() < end && size >= 0;) {
		size = pread(file, text, sizeof(text) - 1, 0);
		text[size < 0 ? 0 : size] = 0;
		if (strstr(text, "no port is opened"))
			break;
	}
	if (!strstr(text, "no port is opened"))
		fail("%s=%s is not refused: %s", variable, value, text);

	step(1);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)rig.video_port);
	if (!connect(fd, (void *)&address, sizeof(address)))
		fail("%s=%s opens the port", variable, value);

	rig_stop(&rig);
	close(fd);
	close(file);
	unlink(log);
	unsetenv(variable);
	unsetenv("STREAM_HACK_LOG");
}

/** Only addresses on the list are served; a list that is wrong shuts all */
static void case_allow(void)
{
	int fd;

	setenv("STREAM_HACK_ALLOW", "10.0.0.0/8, 127.0.0.0/30", 1);
	begin();
	fd = open_video(1);
	follow(fd, 15, NULL);
	rig_stop(&rig);
	close(fd);

	played = 0;
	setenv("STREAM_HACK_ALLOW", "10.0.0.0/8", 1);
	rig_ports(&rig);
	rig_start(&rig);
	step(1);
	fd = rig_connect(rig.video_port, 0);
	rig_expect_closed(fd);
	rig_stop(&rig);

	expect_shut("STREAM_HACK_ALLOW", "10.0.0.0/8,home");
	expect_shut("STREAM_HACK_TOKEN", "no spaces please");
}

/** The firmware closes all descriptors: none of its own files is written to */
static void case_closed(void)
{
	int fd;

	begin();
	fd = open_video(1);
	follow(fd, 15, NULL);

	for (int i = 0; i < 2; i++) {
		rig_ask(&rig, "d 60");
		step(3);
		rig_expect_closed(fd);
		fd = open_video(1);
		follow(fd, 20, NULL);
	}

	if (strcmp(rig_ask(&rig, "z"), "z 0"))
		fail("the firmware's files were written to");
	rig_stop(&rig);
}

/** No thread to be had at first: it is tried again */
static void case_late(void)
{
	int fd;

	setenv("STUB_NO_THREAD", "2", 1);
	rig_ports(&rig);
	rig_start(&rig);
	step(129);
	fd = open_video(1);
	follow(fd, 20, NULL);
	rig_stop(&rig);
}

/** Nobody watches: only what teaches the parameter sets is looked at */
static void case_unwatched(void)
{
	long long bytes;
	int fd;

	begin();
	rig_ask_health(&rig);
	bytes = rig_number(&rig, "", "bytes");
	for (int i = 0; i < es.count - 1; i++)
		step(1);
	rig_wait_for(&rig, "", "frames", played);
	if (getenv("STUB_SETS_ONCE") &&
	    rig_number(&rig, "", "bytes") != bytes)
		fail("frames are copied though nobody watches");
	fd = open_video(1);
	follow(fd, 20, NULL);
	rig_stop(&rig);
}

/** The video alone, without a health port to ask */
static void case_bare(void)
{
	struct pollfd poller = {.events = POLLIN};
	size_t size = 0;

	rig_ports(&rig);
	rig_start(&rig);
	step(1);
	poller.fd = rig_connect(rig.video_port, 0);

	while (size < 100000) {
		step(1);
		if (poll(&poller, 1, size ? 0 : 20) <= 0)
			continue;

		ssize_t n = recv(poller.fd, got + size, OUT_MAX - size, 0);

		if (n <= 0)
			fail("closed");
		size += (size_t)n;
	}

	if (check_whole(got, size, true))
		fail("a frame is missing");
	rig_stop(&rig);
}

/** Channel -1 is found by its bitstream, whichever is fetched first */
static void case_channel(void)
{
	int fd;

	setenv("STREAM_HACK_CHANNEL", "-1", 1);
	rig_ports(&rig);
	rig_start(&rig);
	rig_ask(&rig, "e 9");
	step_one();
	if (rig_number(&rig, "", "channel") != 0)
		fail("channel 0 is not found: %s", rig.health);
	fd = open_video(1);
	follow(fd, 20, NULL);
	rig_ask(&rig, "e 1");
	played++;
	step(1);
	check(fd, want_frame(played - 1, want), "video");
	rig_stop(&rig);
}

/** A port that is taken costs nothing, and is tried again */
static void case_taken(void)
{
	int holder, fd;

	rig_ports(&rig);
	holder = rig_listen(rig.video_port);
	rig_start(&rig);
	step_one();
	step(30);
	close(holder);
	fd = open_video(1);
	follow(fd, 20, NULL);
	rig_stop(&rig);
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static void read_record(int fd, uint8_t *head, uint8_t *samples)
{
	rig_read(fd, head, SOUND_HEAD, "head of sound");
	if (memcmp(head, "DWS1", 4) || le32(head + 12) > 16384)
		fail("no head of a record");
	rig_read(fd, samples, le32(head + 12), "sound");
}

static void check_block(const uint8_t *head, const uint8_t *samples, int seq)
{
	if (head[4] != 1 || head[5] != 1 || le32(head + 8) != 16000 ||
	    le32(head + 12) != SOUND_BYTES ||
	    le32(head + 16) != (uint32_t)seq * 20000)
		fail("head of block %d: type %d, %u Hz, %u bytes, at %u", seq,
		     head[4], le32(head + 8), le32(head + 12), le32(head + 16));

	for (int i = 0; i < SOUND_BYTES / 2; i++) {
		int16_t want_sample = (int16_t)(seq * 31 + i * 7);

		if ((int16_t)(samples[2 * i] | samples[2 * i + 1] << 8) !=
		    want_sample)
			fail("block %d differs at sample %d", seq, i);
	}
}

static int open_sound(int flags)
{
	uint8_t head[SOUND_HEAD];
	int fd = rig_connect(rig.sound_port, 0);

	rig_read(fd, head, SOUND_HEAD, "head of the speaker");
	if (head[4] != 2 || le32(head + 12) || head[6] != flags)
		fail("first record: type %d, flags %d", head[4], head[6]);

	return fd;
}

/** What the microphone hears arrives; nothing else is said */
static void case_sound(void)
{
	uint8_t head[SOUND_HEAD], samples[16384];
	int fd;

	begin();
	rig_ask(&rig, "a 3");
	fd = open_sound(0);
	rig_wait_for(&rig, "sound", "clients", 1);

	for (int i = 3; i < 60; i++) {
		rig_ask(&rig, "a 1");
		read_record(fd, head, samples);
		check_block(head, samples, i);
	}

	rig_expect_nothing(fd);
	rig_stop(&rig);
}

static void say_block(int fd, uint32_t bytes, uint8_t value)
{
	uint8_t record[SOUND_HEAD + 4096] = {'D', 'W', 'S', '1', 3, 1};

	record[8] = 8000 & 255;
	record[9] = 8000 >> 8;
	record[12] = (uint8_t)bytes;
	record[13] = (uint8_t)(bytes >> 8);
	memset(record + SOUND_HEAD, value, bytes);
	if (write(fd, record, SOUND_HEAD + bytes) !=
	    (ssize_t)(SOUND_HEAD + bytes))
		fail("cannot speak");
}

static uint32_t hash(uint32_t sum, uint8_t value, uint32_t count)
{
	while (count--)
		sum = (sum ^ value) * 16777619u;

	return sum;
}

static void expect_flags(int fd, int flags)
{
	uint8_t head[SOUND_HEAD], samples[16384];

	do {
		read_record(fd, head, samples);
		if (head[4] != 2 || (head[6] && le32(head + 8) != 8000))
			fail("no record of the speaker: type %d", head[4]);
	} while (head[6] != flags);
}

static void expect_speaker(uint32_t size, uint32_t sum)
{
	unsigned bytes, value;
	uint64_t end = rig_now_ms() + RIG_WAIT_MS;

	do {
		if (sscanf(rig_ask(&rig, "o"), "o %u %x", &bytes, &value) != 2)
			fail("the firmware does not tell");
		if (bytes == size && value == sum)
			return;
	} while (rig_now_ms() < end && bytes <= size);

	fail("the speaker got %u bytes, not %u, or others", bytes, size);
}

/** Speech reaches the speaker, block by block, and gives way */
static void case_talk(void)
{
	uint32_t sum = 2166136261u;
	uint64_t begun;
	int fd, other;

	setenv("STREAM_HACK_TALK", "1", 1);
	setenv("STREAM_HACK_CLIENTS", "2", 1);
	begin();
	fd = open_sound(1);
	other = open_sound(1);

	begun = rig_now_ms();
	for (int i = 0; i < 20; i++)
		say_block(fd, 320, (uint8_t)i);
	say_block(fd, 100, 200);
	expect_flags(fd, 1 | 8);
	expect_flags(other, 1 | 4);
	say_block(other, 320, 99);
	say_block(fd, 0, 0);
	expect_flags(fd, 1);
	expect_flags(other, 1);

	for (int i = 0; i < 20; i++)
		sum = hash(sum, (uint8_t)i, 320);
	sum = hash(sum, 200, 100);
	sum = hash(sum, 0, 220);
	expect_speaker(21 * 320, sum);
	if (rig_now_ms() - begun < 300)
		fail("420 ms of speech were played in %u ms",
		     (unsigned)(rig_now_ms() - begun));

	rig_ask(&rig, "s 1");
	expect_flags(fd, 1 | 2);
	say_block(fd, 4000, 5);
	expect_flags(fd, 1);
	expect_speaker(21 * 320, sum);

	write(fd, "not a record of speech, certainly not", 37);
	rig_expect_closed(fd);
	rig_stop(&rig);
}

static void report_times(const char *what)
{
	unsigned long long p50, p99, most;

	if (sscanf(rig_hear(&rig), "t %llu %llu %llu", &p50, &p99, &most) != 3)
		fail("no times");

	printf("#   %-28s p50 %4llu us  p99 %4llu us  max %5llu us\n", what,
	       p50 / 1000, p99 / 1000, most / 1000);
	fflush(stdout);
	if (getenv("RIG_LIMIT") && p99 > 1000000)
		fail("%s: p99 is over 1 ms", what);
}

/** What the hook adds to a call; each condition with its own firmware */
static void case_timing(void)
{
	int count = atoi(getenv("RIG_COUNT")), fd, holder;
	const char *condition = getenv("RIG_CONDITION");
	unsigned long long gap;
	int asked, reconnects = atoi(getenv("RIG_RECONNECTS"));

	rig_ports(&rig);
	holder = strcmp(condition, "taken") ? -1 : rig_listen(rig.video_port);
	if (!strcmp(condition, "log"))
		setenv("STREAM_HACK_LOG", "/dev/full", 1);
	rig_start(&rig);
	step(1);

	if (!strcmp(condition, "none") || holder >= 0) {
		rig_say(&rig, "t %d", count);
		report_times(condition);
		rig_stop(&rig);
		return;
	}

	fd = rig_connect(rig.video_port, 4096);
	rig_wait_for(&rig, "", "clients", 1);
	rig_say(&rig, "t %d", count);

	if (!strcmp(condition, "log")) {
		struct pollfd pollers[2] = {
			{.fd = fd, .events = POLLIN},
			{.fd = fileno(rig.from), .events = POLLIN}};

		while (!pollers[1].revents && poll(pollers, 2, -1) > 0)
			if (pollers[0].revents &&
			    recv(fd, got, OUT_MAX, 0) <= 0)
				fail("closed");
	}

	if (!strcmp(condition, "reconnects")) {
		const uint64_t end = rig_now_ms() + 4200;
		int i;

		for (i = 0; i < reconnects || rig_now_ms() < end; i++) {
			close(rig_connect(rig.video_port, 0));
			if (i % 32 == 0)
				rig_ask_health(&rig);
		}
		reconnects = i;
		report_times(condition);
		sscanf(rig_ask(&rig, "i"), "i %d %llu", &asked, &gap);
		printf("#   %d reconnects: %d key frames asked for, at least "
		       "%llu ms apart\n", reconnects, asked, gap);
		if (asked < 2 || gap < 1990)
			fail("%d key frames asked for", asked);
	}
	else {
		report_times(condition);
	}

	rig_ask_health(&rig);
	rig_stop(&rig);
}

/** Video, sound, the speaker and a client of each at the same time */
static void case_threads(void)
{
	int video, sound;

	setenv("STREAM_HACK_TALK", "1", 1);
	setenv("STREAM_HACK_MAX_DROP_STREAK", "5000", 1);
	begin();
	video = open_video(1);
	sound = open_sound(1);
	rig_say(&rig, "m %s", getenv("RIG_COUNT"));

	for (struct pollfd pollers[3] = {
		{.fd = video, .events = POLLIN},
		{.fd = sound, .events = POLLIN},
		{.fd = fileno(rig.from), .events = POLLIN}};
	     !pollers[2].revents && poll(pollers, 3, -1) > 0;) {
		for (int i = 0; i < 2; i++)
			if (pollers[i].revents &&
			    recv(pollers[i].fd, got, OUT_MAX, 0) <= 0)
				fail("closed");
		say_block(sound, 320, 1);
		rig_ask_health(&rig);
	}

	rig_hear(&rig);
	rig_stop(&rig);
}

/** Print a hash of so many calls' results */
static void case_calls(void)
{
	int fd = -1;

	rig_ports(&rig);
	rig_start(&rig);
	rig_say(&rig, "c %s", getenv("RIG_COUNT"));
	if (getenv("RIG_CLIENT"))
		fd = rig_connect(rig.video_port, 0);
	if (fd >= 0) {
		struct pollfd pollers[2] = {
			{.fd = fd, .events = POLLIN},
			{.fd = fileno(rig.from), .events = POLLIN}};

		while (!pollers[1].revents && poll(pollers, 2, -1) > 0)
			if (pollers[0].revents)
				(void)recv(fd, got, OUT_MAX, 0);
	}
	printf("%s\n", rig_hear(&rig));
	rig_stop(&rig);
}

/** Hold a client of the program's own choice to the video */
static void case_live(void)
{
	int frames = atoi(getenv("RIG_COUNT"));
	char command[512];
	FILE *client;

	begin();
	snprintf(command, sizeof(command), getenv("RIG_CLIENT"),
		 rig.video_port);
	client = popen(command, "w");
	if (!client)
		fail("no client");
	rig_wait_for(&rig, "", "clients", 1);
	while (!frame_at(played)->key)
		step_one();
	for (int i = 0; i < frames; i++)
		step_one();
	rig_stop(&rig);
	if (pclose(client))
		fail("the client failed");
}

static const struct {
	const char *name;
	void (*run)(void);
} all[] = {
	{"exact", case_exact}, {"stalled", case_stalled},
	{"resumed", case_resumed}, {"silent", case_silent},
	{"replaced", case_replaced},
	{"four", case_four}, {"token", case_token}, {"allow", case_allow},
	{"closed", case_closed}, {"late", case_late},
	{"unwatched", case_unwatched}, {"bare", case_bare},
	{"channel", case_channel}, {"taken", case_taken},
	{"sound", case_sound}, {"talk", case_talk}, {"timing", case_timing},
	{"threads", case_threads}, {"calls", case_calls}, {"live", case_live},
};

int main(int argc, char **argv)
{
	const bool once = getenv("STUB_SETS_ONCE");

	if (argc < 5)
		fail("usage: cases <case> <codec> <video> <command ...>");

	if (es_load(&es, argv[3], !strcmp(argv[2], "h265")))
		fail("no video in %s", argv[3]);
	if (once)
		es_sets_once(&es);

	setenv("STUB_CODEC", argv[2], 1);
	setenv("STUB_VIDEO", argv[3], 1);
	rig_command = argv + 4;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(argv[1], all[i].name)) {
			all[i].run();
			return 0;
		}
	}

	fail("no case %s", argv[1]);
}
