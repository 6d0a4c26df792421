/**
 * @file tap.c  From the firmware's threads to ours, without waiting
 *
 * All that is ours in the firmware's threads: check, copy, wake. The only
 * system call is a futex wake, and only while somebody watches: no descriptor
 * is touched here, since the firmware may close all of them. While nobody
 * watches, frames with parameter sets are kept and all others pass. A thread
 * that finds another one copying yields to it, so often and no more.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "memory.h"
#include "tap.h"

#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
#define YIELDS_MAX 500

#ifndef HOOK_MINIMAL
static uint8_t sound_memory[TAP_SOUND_RING] __attribute__((aligned(8)));
#endif

/**
 * Make ready for the first frame; may be called again after a failure
 *
 * @param tap     Tap
 * @param layout  How the vendor lays frames out
 * @param channel Encoder channel, -1 if it is to be found
 *
 * @return 0 for success, otherwise an errno
 */
int tap_init(struct tap *tap, enum layout layout, int channel)
{
	int err = tap->video.memory ? 0 : memory_map(&tap->video.memory,
						     TAP_VIDEO_RING);

	tap->layout = layout;
	tap->video.size = TAP_VIDEO_RING;
#ifndef HOOK_MINIMAL
	tap->sound.memory = sound_memory;
	tap->sound.size = sizeof(sound_memory);
#endif
	atomic_store(&tap->channel, channel);
	atomic_store(&tap->sound_source, TAP_NONE);
	atomic_store(&tap->speaker, TAP_NONE);

	return err;
}

static void wake(struct tap *tap)
{
	atomic_fetch_add(&tap->word, 1);
	if (atomic_load(&tap->sleeping))
		(void)syscall(SYS_futex, &tap->word, FUTEX_WAKE_PRIVATE, 1,
			      NULL, NULL, 0);
}

/**
 * Wait until something comes, in the serving thread
 *
 * @param tap  Tap
 * @param seen The word as it was before all there was had been taken
 * @param ms   At most so long
 */
void tap_sleep(struct tap *tap, uint32_t seen, int ms)
{
	const long time[2] = {ms / 1000, ms % 1000 * 1000000L};

	atomic_store(&tap->sleeping, true);
	(void)syscall(SYS_futex, &tap->word, FUTEX_WAIT_PRIVATE, seen, time,
		      NULL, 0);
	atomic_store(&tap->sleeping, false);
}

/** Another of the firmware's threads may be copying: it is soon done */
static bool take(atomic_flag *busy)
{
	for (int i = 0; i < YIELDS_MAX; i++) {
		if (!atomic_flag_test_and_set(busy))
			return true;
		(void)syscall(SYS_sched_yield);
	}

	return false;
}

static void count_lost(struct tap *tap, _Atomic uint32_t *cause)
{
	atomic_fetch_add(cause, 1);
	atomic_fetch_add(&tap->lost, 1);
}

static void write_video(struct tap *tap, int channel, const void *stream)
{
	struct video_record head = {.channel = channel};
	uint8_t *record;
	uint32_t length;

	if (packs_measure(tap->layout, stream, &head.packs, &head.bytes)) {
		count_lost(tap, &tap->malformed);
		return;
	}

	length = (uint32_t)sizeof(head) + head.packs * 4u + head.bytes;
	if (length > TAP_VIDEO_RECORD - 8) {
		count_lost(tap, &tap->oversize);
		return;
	}

	record = ring_reserve(&tap->video, length);
	if (!record) {
		count_lost(tap, &tap->full);
		return;
	}

	head.lost = atomic_load(&tap->lost);
	memcpy(record, &head, sizeof(head));
	record += sizeof(head);

	if (packs_copy(tap->layout, stream, (uint32_t *)(void *)record,
		       head.packs, record + head.packs * 4u,
		       head.bytes)) {
		count_lost(tap, &tap->malformed);
		return;
	}

	ring_commit(&tap->video);
}

/**
 * Mirror one encoded frame
 *
 * @param tap     Tap
 * @param channel Encoder channel
 * @param stream  The vendor's frame
 */
void tap_video(struct tap *tap, int channel, const void *stream)
{
	int wanted = atomic_load(&tap->channel);
	enum teaches codec = (enum teaches)atomic_load(&tap->codec);
	bool watched = atomic_load(&tap->watched);

	if (!atomic_load(&tap->open) ||
	    (wanted != TAP_NONE && wanted != channel))
		return;

	if (!watched && wanted != TAP_NONE && codec != TEACHES_ANY &&
	    !packs_teach(tap->layout, stream, codec)) {
		atomic_fetch_add(&tap->unwatched, 1);
		return;
	}

	if (!take(&tap->video_busy)) {
		count_lost(tap, &tap->full);
		return;
	}

	write_video(tap, channel, stream);
	atomic_flag_clear(&tap->video_busy);
	if (watched)
		wake(tap);
}

#ifndef HOOK_MINIMAL

static int sound_check(const struct imp_audio_frame *frame)
{
	if (!frame || frame->bitwidth != 16 || frame->soundmode < 1 ||
	    frame->soundmode > 2 || !frame->vir_addr)
		return EINVAL;

	if (frame->len <= 0 || (uint32_t)frame->len > TAP_SOUND_MAX ||
	    frame->len % (2 * frame->soundmode))
		return EMSGSIZE;

	return 0;
}

static void write_sound(struct tap *tap, int dev,
			const struct imp_audio_frame *frame)
{
	struct sound_record head = {
		.timestamp = frame->timestamp,
		.device = dev,
		.channels = (uint32_t)frame->soundmode,
		.bytes = (uint32_t)frame->len,
	};
	uint8_t *record = ring_reserve(&tap->sound,
				       (uint32_t)sizeof(head) + head.bytes);

	if (!record) {
		atomic_fetch_add(&tap->sound_lost, 1);
		return;
	}

	head.lost = atomic_load(&tap->sound_lost);
	memcpy(record, &head, sizeof(head));
	memcpy(record + sizeof(head), (const void *)frame->vir_addr,
	       head.bytes);
	ring_commit(&tap->sound);
}

static int source_of(int dev, int chn)
{
	return (dev & 0xff) << 8 | (chn & 0xff);
}

/**
 * Mirror one block of sound; the first device seen is the one mirrored
 *
 * @param tap   Tap
 * @param dev   Audio device
 * @param chn   Its channel
 * @param frame The vendor's block
 */
void tap_sound(struct tap *tap, int dev, int chn,
	       const struct imp_audio_frame *frame)
{
	int source = TAP_NONE;

	if (!atomic_load(&tap->open) || !atomic_load(&tap->sound_wanted))
		return;

	if (sound_check(frame))
		return;

	if (!atomic_compare_exchange_strong(&tap->sound_source, &source,
					    source_of(dev, chn)) &&
	    source != source_of(dev, chn))
		return;

	if (!take(&tap->sound_busy)) {
		atomic_fetch_add(&tap->sound_lost, 1);
		return;
	}

	write_sound(tap, dev, frame);
	atomic_flag_clear(&tap->sound_busy);
	wake(tap);
}

/**
 * Note that the firmware itself uses the speaker
 *
 * @param tap Tap
 * @param dev Audio device
 * @param chn Its channel
 */
void tap_speaker(struct tap *tap, int dev, int chn)
{
	atomic_store(&tap->speaker, source_of(dev, chn));
	atomic_fetch_add(&tap->speaker_uses, 1);
}

#endif
