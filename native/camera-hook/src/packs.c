/**
 * @file packs.c  Bounded walk over the packs of one encoded frame
 *
 * Runs in the firmware's thread: it reads and copies, it calls nothing else.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "imp.h"
#include "packs.h"

/** The bytes of one pack: two pieces where it runs over the ring's end */
struct span {
	const uint8_t *piece[2];
	uint32_t size[2];
};

static int span_t31(const struct imp_stream_t31 *stream, uint32_t i,
		    struct span *span)
{
	const struct imp_pack_t31 *pack = &stream->pack[i];
	const uint8_t *base = (const uint8_t *)stream->vir_addr;
	uint32_t offset = pack->offset, length = pack->length;
	uint32_t to_end;

	if (!length) {
		span->size[0] = span->size[1] = 0;
		return 0;
	}

	if (offset >= stream->stream_size || length > stream->stream_size)
		return ERANGE;

	to_end = stream->stream_size - offset;
	span->piece[0] = base + offset;
	span->size[0] = length < to_end ? length : to_end;
	span->piece[1] = base;
	span->size[1] = length - span->size[0];

	return 0;
}

static int span_t20(const struct imp_stream_t20 *stream, uint32_t i,
		    struct span *span)
{
	const struct imp_pack_t20 *pack = &stream->pack[i];
	uintptr_t address = pack->vir_addr;
	uint32_t length = pack->length;

	span->size[0] = length;
	span->size[1] = 0;

	if (!length)
		return 0;

	if (!address || length > PACKS_BYTES_MAX ||
	    address > UINTPTR_MAX - length)
		return ERANGE;

	span->piece[0] = (const uint8_t *)address;

	return 0;
}

static int span_get(enum layout layout, const void *stream, uint32_t i,
		    struct span *span)
{
	return layout == LAYOUT_T31 ? span_t31(stream, i, span)
				    : span_t20(stream, i, span);
}

static int check_t31(const struct imp_stream_t31 *stream, uint32_t *count)
{
	if (!stream->pack || !stream->vir_addr || !stream->stream_size ||
	    stream->stream_size > PACKS_RING_MAX ||
	    stream->vir_addr > UINTPTR_MAX - stream->stream_size)
		return EINVAL;

	*count = stream->pack_count;

	return 0;
}

static int check_t20(const struct imp_stream_t20 *stream, uint32_t *count)
{
	if (!stream->pack)
		return EINVAL;

	*count = stream->pack_count;

	return 0;
}

/**
 * Check every pack of a frame and add them up
 *
 * @param layout How the frame is laid out
 * @param stream The vendor's frame
 * @param count  Packs in it
 * @param bytes  Bytes in all of them
 *
 * @return 0 if each pack lies within its bounds, otherwise an errno
 */
int packs_measure(enum layout layout, const void *stream, uint32_t *count,
		  uint32_t *bytes)
{
	uint32_t total = 0;
	int err;

	if (!stream)
		return EINVAL;

	err = layout == LAYOUT_T31 ? check_t31(stream, count)
				   : check_t20(stream, count);
	if (err)
		return err;

	if (!*count || *count > PACKS_MAX)
		return EINVAL;

	for (uint32_t i = 0; i < *count; i++) {
		struct span span;

		err = span_get(layout, stream, i, &span);
		if (err)
			return err;

		if (span.size[0] > PACKS_BYTES_MAX - total)
			return EMSGSIZE;
		total += span.size[0];

		if (span.size[1] > PACKS_BYTES_MAX - total)
			return EMSGSIZE;
		total += span.size[1];
	}

	*bytes = total;

	return total ? 0 : EINVAL;
}

/**
 * Copy a frame's packs one after the other
 *
 * @param layout How the frame is laid out
 * @param stream The vendor's frame, measured before
 * @param sizes  Gets the size of each pack
 * @param count  Packs, as measured
 * @param to     Gets the bytes
 * @param bytes  Bytes, as measured
 *
 * @return 0 if the frame is still as it was measured, otherwise an errno
 */
int packs_copy(enum layout layout, const void *stream, uint32_t *sizes,
	       uint32_t count, uint8_t *to, uint32_t bytes)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct span span;
		int err = span_get(layout, stream, i, &span);

		if (err)
			return err;

		sizes[i] = span.size[0] + span.size[1];

		for (int k = 0; k < 2; k++) {
			if (span.size[k] > bytes - at)
				return EMSGSIZE;
			if (span.size[k])
				memcpy(to + at, span.piece[k], span.size[k]);
			at += span.size[k];
		}
	}

	return at == bytes ? 0 : EMSGSIZE;
}

/** The byte at a place of a pack, 0 behind its end */
static uint8_t byte_of(const struct span *span, uint32_t at)
{
	if (at < span->size[0])
		return span->piece[0][at];

	at -= span->size[0];

	return at < span->size[1] ? span->piece[1][at] : 0;
}

/** First byte of the unit that a pack begins with: behind 00 00 01 or 4 bytes */
static uint8_t first_of(const struct span *span)
{
	bool brief = !byte_of(span, 0) && !byte_of(span, 1) &&
		     byte_of(span, 2) == 1;

	return byte_of(span, brief ? 3 : 4);
}

static bool is_set(uint8_t first, enum teaches codec)
{
	unsigned type = codec == TEACHES_H264 ? first & 31u : first >> 1 & 63u;

	if (codec == TEACHES_H264)
		return type == 7 || type == 8;

	return type >= 32 && type <= 34;
}

/**
 * Does one of the first packs of a frame begin with a parameter set?
 *
 * @param layout How the frame is laid out
 * @param stream The vendor's frame
 * @param codec  Which sets
 *
 * @return True if so; false for a frame that is out of its bounds, too
 */
bool packs_teach(enum layout layout, const void *stream, enum teaches codec)
{
	uint32_t count, bytes;

	if (packs_measure(layout, stream, &count, &bytes))
		return false;

	for (uint32_t i = 0; i < count && i < 4; i++) {
		struct span span;

		if (span_get(layout, stream, i, &span) || !span.size[0])
			return false;
		if (is_set(first_of(&span), codec))
			return true;
	}

	return false;
}
