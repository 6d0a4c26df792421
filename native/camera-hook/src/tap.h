/**
 * @file tap.h  From the firmware's threads to ours, without waiting
 */
#ifndef HOOK_TAP_H
#define HOOK_TAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "imp.h"
#include "packs.h"
#include "ring.h"

#define TAP_VIDEO_RING (1u << 20)
#define TAP_VIDEO_RECORD (TAP_VIDEO_RING / 2)  /**< One frame, with head */
#define TAP_SOUND_RING (64u << 10)
#define TAP_SOUND_MAX 16384u                   /**< One block of sound   */
#define TAP_NONE (-1)

/** Head of a record of video; then the packs' sizes, then their bytes */
struct video_record {
	int32_t channel;
	uint32_t lost;   /**< Frames lost so far, of all channels */
	uint32_t packs;
	uint32_t bytes;
};

/** Head of a record of sound; then its samples */
struct sound_record {
	int64_t timestamp;
	int32_t device;
	uint32_t channels;
	uint32_t lost;
	uint32_t bytes;
};

/** What both sides see */
struct tap {
	enum layout layout;           /**< Set before the thread runs        */
	struct ring video;
	struct ring sound;
	atomic_flag video_busy;
	atomic_flag sound_busy;
	_Atomic bool open;            /**< The serving thread runs           */
	_Atomic bool watched;         /**< Somebody watches                  */
	_Atomic int codec;            /**< enum teaches, once it is known    */
	_Atomic bool sound_wanted;    /**< Somebody listens                  */
	_Atomic int channel;          /**< Of video, -1 until it is found    */
	_Atomic int sound_source;     /**< Device and channel, -1 at first   */
	_Atomic int speaker;          /**< The same, of the firmware's sound */
	_Atomic uint32_t speaker_uses;
	_Atomic uint32_t lost;        /**< Frames of video not mirrored      */
	_Atomic uint32_t full;        /**< ... of them for want of room      */
	_Atomic uint32_t malformed;   /**< ... of them outside their bounds  */
	_Atomic uint32_t oversize;    /**< ... of them too big               */
	_Atomic uint32_t unwatched;   /**< Frames that passed unseen         */
	_Atomic uint32_t sound_lost;
	_Atomic uint32_t word;        /**< Grows with all that comes         */
	_Atomic bool sleeping;        /**< The serving thread waits for it   */
};

int tap_init(struct tap *tap, enum layout layout, int channel);
void tap_sleep(struct tap *tap, uint32_t seen, int ms);
void tap_video(struct tap *tap, int channel, const void *stream);
void tap_sound(struct tap *tap, int dev, int chn,
	       const struct imp_audio_frame *frame);
void tap_speaker(struct tap *tap, int dev, int chn);

#endif
