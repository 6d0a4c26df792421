/**
 * @file imp.h  What we need of the vendor's ABI (libimp.so), in our own words
 *
 * Offsets are those of the MIPS32 o32 ABI and are asserted below. Pointers the
 * vendor keeps in 32-bit integers are uintptr_t here, so that the tests run the
 * same code on a 64-bit machine.
 */
#ifndef HOOK_IMP_H
#define HOOK_IMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One pack of a T31 frame; its bytes lie in the stream's ring */
struct imp_pack_t31 {
	uint32_t offset;    /**< Where it begins in the ring   */
	uint32_t length;    /**< Bytes, may run over the end   */
	int64_t timestamp;  /**< Microseconds                  */
	bool frame_end;
	uint32_t nal_type;  /**< Means two things; not trusted */
	uint32_t slice_type;
};

/** One T31 frame. Later SDKs append fields after seq; none is read */
struct imp_stream_t31 {
	uint32_t phy_addr;
	uintptr_t vir_addr;    /**< Base of the ring       */
	uint32_t stream_size;  /**< Bytes in the ring      */
	const struct imp_pack_t31 *pack;
	uint32_t pack_count;
	uint32_t seq;
};

/** One pack of a T20, T21, T23 or T30 frame; it has its own memory */
struct imp_pack_t20 {
	uint32_t phy_addr;
	uintptr_t vir_addr;
	uint32_t length;
	int64_t timestamp;
	bool frame_end;
	uint32_t data_type;
};

/** One T20, T21, T23 or T30 frame */
struct imp_stream_t20 {
	const struct imp_pack_t20 *pack;
	uint32_t pack_count;
	uint32_t seq;
};

/** One block of sound; the same on all of the family */
struct imp_audio_frame {
	int bitwidth;        /**< 16                  */
	int soundmode;       /**< 1 mono, 2 stereo    */
	uintptr_t vir_addr;  /**< The samples         */
	uint32_t phy_addr;
	int64_t timestamp;   /**< Microseconds        */
	int seq;
	int len;             /**< Bytes               */
};

/** Attributes of a sound device, with room for fields we do not know */
struct imp_audio_attr {
	int samplerate;
	int bitwidth;
	int soundmode;
	int frame_num;
	int samples_per_frame;
	int channel_count;
	int spare[26];
};

#define IMP_NOBLOCK 1

#if UINTPTR_MAX == UINT32_MAX
_Static_assert(offsetof(struct imp_pack_t31, timestamp) == 8, "T31 pack");
_Static_assert(offsetof(struct imp_pack_t31, nal_type) == 20, "T31 pack");
_Static_assert(sizeof(struct imp_pack_t31) == 32, "T31 pack stride");
_Static_assert(offsetof(struct imp_stream_t31, pack) == 12, "T31 stream");
_Static_assert(offsetof(struct imp_stream_t31, pack_count) == 16, "T31");
_Static_assert(offsetof(struct imp_pack_t20, length) == 8, "T20 pack");
_Static_assert(offsetof(struct imp_pack_t20, timestamp) == 16, "T20 pack");
_Static_assert(offsetof(struct imp_pack_t20, data_type) == 28, "T20 pack");
_Static_assert(sizeof(struct imp_pack_t20) == 32, "T20 pack stride");
_Static_assert(offsetof(struct imp_stream_t20, pack_count) == 4, "T20");
_Static_assert(offsetof(struct imp_audio_frame, vir_addr) == 8, "sound");
_Static_assert(offsetof(struct imp_audio_frame, timestamp) == 16, "sound");
_Static_assert(offsetof(struct imp_audio_frame, len) == 28, "sound");
#endif

typedef int (imp_get_stream_h)(int channel, void *stream, bool block);
typedef int (imp_request_idr_h)(int channel);
typedef int (imp_audio_frame_h)(int dev, int chn, struct imp_audio_frame *frame,
				int block);
typedef int (imp_audio_attr_h)(int dev, struct imp_audio_attr *attr);

#endif
