/**
 * @file hook.c  The functions that stand in front of the vendor's
 *
 * The vendor's function always runs first and its result and errno are handed
 * on as they are. All that follows it may fail, and then nothing happens.
 */
#include <errno.h>
#include "imp.h"
#include "real.h"
#include "server.h"
#include "tap.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int IMP_Encoder_GetStream(int channel, void *stream, bool block);
#ifndef HOOK_MINIMAL
EXPORT int IMP_AI_GetFrame(int dev, int chn, struct imp_audio_frame *frame,
			   int block);
EXPORT int IMP_AO_SendFrame(int dev, int chn, struct imp_audio_frame *frame,
			    int block);
#endif

static struct real real_get_stream = {
	.name = "IMP_Encoder_GetStream", .ours = IMP_Encoder_GetStream};
#ifdef HOOK_MINIMAL
#define START_SPEAKER NULL
#else
#define START_SPEAKER (&real_send_frame)
static struct real real_get_frame = {
	.name = "IMP_AI_GetFrame", .ours = IMP_AI_GetFrame};
static struct real real_send_frame = {
	.name = "IMP_AO_SendFrame", .ours = IMP_AO_SendFrame};
#endif

static struct tap tap = {
	.video_busy = ATOMIC_FLAG_INIT, .sound_busy = ATOMIC_FLAG_INIT};

/** Whether the serving thread runs; a start that failed is tried again */
enum { START_NOT, START_BUSY, START_DONE };
static _Atomic int started = START_NOT;
static _Atomic uint32_t calls;

#define START_EVERY 64u  /* calls: 2.5 s at 25 frames a second */

static void *behind(struct real *real)
{
	const int saved = errno;
	void *address = real_find(real);

	errno = address ? saved : ENOSYS;

	return address;
}

static void start(void)
{
	int expected = START_NOT;

	if (atomic_load(&started) == START_DONE ||
	    atomic_fetch_add(&calls, 1) % START_EVERY)
		return;

	if (!atomic_compare_exchange_strong(&started, &expected, START_BUSY))
		return;

	atomic_store(&started, server_start(&tap, START_SPEAKER) ? START_NOT
								 : START_DONE);
}

/**
 * Fetch one encoded frame, and mirror it
 *
 * @param channel Encoder channel
 * @param stream  Gets the frame
 * @param block   Wait for it?
 *
 * @return The vendor's result; -1 and ENOSYS if there is no vendor's function
 */
int IMP_Encoder_GetStream(int channel, void *stream, bool block)
{
	imp_get_stream_h *get_stream = behind(&real_get_stream);
	int result, saved;

	if (!get_stream)
		return -1;

	result = get_stream(channel, stream, block);
	saved = errno;
	start();
	if (!result)
		tap_video(&tap, channel, stream);
	errno = saved;

	return result;
}

#ifndef HOOK_MINIMAL

/**
 * Fetch one block of sound, and mirror it
 *
 * @param dev   Audio device
 * @param chn   Its channel
 * @param frame Gets the block
 * @param block Wait for it?
 *
 * @return The vendor's result; -1 and ENOSYS if there is no vendor's function
 */
int IMP_AI_GetFrame(int dev, int chn, struct imp_audio_frame *frame, int block)
{
	imp_audio_frame_h *get_frame = behind(&real_get_frame);
	int result, saved;

	if (!get_frame)
		return -1;

	result = get_frame(dev, chn, frame, block);
	saved = errno;
	start();
	if (!result)
		tap_sound(&tap, dev, chn, frame);
	errno = saved;

	return result;
}

/**
 * Play one block of the firmware's own sound, and note that it did
 *
 * @param dev   Audio device
 * @param chn   Its channel
 * @param frame Block
 * @param block Wait for room?
 *
 * @return The vendor's result; -1 and ENOSYS if there is no vendor's function
 */
int IMP_AO_SendFrame(int dev, int chn, struct imp_audio_frame *frame, int block)
{
	imp_audio_frame_h *send_frame = behind(&real_send_frame);

	if (!send_frame)
		return -1;

	tap_speaker(&tap, dev, chn);

	return send_frame(dev, chn, frame, block);
}

#endif
