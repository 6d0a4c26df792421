/**
 * @file nal.c  From whatever the encoder wrote to Annex B with 4-byte codes
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "nal.h"

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/** At least two zeros, a one, and something behind it */
static bool starts_annexb(const uint8_t *p, uint32_t size)
{
	uint32_t i = 0;

	while (i < size && !p[i])
		i++;

	return i >= 2 && i + 1 < size && p[i] == 1;
}

/** Lengths that lead from the first byte to the last, and units behind them */
static bool is_avcc(const uint8_t *p, uint32_t size)
{
	uint32_t at = 0;

	while (at < size) {
		uint32_t length;

		if (size - at < 5)
			return false;

		length = be32(p + at);
		at += 4;
		if (!length || length > size - at || p[at] & 0x80)
			return false;

		at += length;
	}

	return size > 0;
}

/**
 * A pack of 4 + 256 + n bytes that begins 00 00 01 n can be either; then it is
 * what the rest of the stream is.
 */
static enum framing pack_framing(enum framing *learned, const uint8_t *p,
				 uint32_t size)
{
	bool annexb = starts_annexb(p, size), avcc = is_avcc(p, size);

	if (annexb && avcc)
		return *learned == FRAMING_AVCC ? FRAMING_AVCC : FRAMING_ANNEXB;

	if (annexb)
		*learned = FRAMING_ANNEXB;
	else if (avcc)
		*learned = FRAMING_AVCC;
	else
		return FRAMING_UNKNOWN;

	return *learned;
}

static int append(struct frame *frame, const uint8_t *unit, uint32_t size)
{
	static const uint8_t code[4] = {0, 0, 0, 1};
	uint32_t room = frame->capacity - frame->size;

	if (frame->count == NAL_MAX || room < sizeof(code) ||
	    size > room - sizeof(code))
		return EMSGSIZE;

	memcpy(frame->data + frame->size, code, sizeof(code));
	frame->size += sizeof(code);
	frame->nals[frame->count++] = (struct nal){frame->size, size};
	memcpy(frame->data + frame->size, unit, size);
	frame->size += size;

	return 0;
}

/** Where the next 00 00 01 begins, or the size */
static uint32_t find_code(const uint8_t *p, uint32_t at, uint32_t size)
{
	while (at + 2 < size) {
		if (p[at + 2] > 1)
			at += 3;
		else if (p[at + 2] == 1 && !p[at + 1] && !p[at])
			return at;
		else
			at++;
	}

	return size;
}

/** A unit never ends in zero: what is zero there belongs to the next code */
static int append_annexb(struct frame *frame, const uint8_t *p, uint32_t size)
{
	uint32_t at = find_code(p, 0, size);

	while (at < size) {
		uint32_t begin = at + 3;
		uint32_t end;
		int err;

		at = find_code(p, begin, size);

		for (end = at; end > begin && !p[end - 1]; end--)
			;

		if (end == begin)
			continue;

		err = append(frame, p + begin, end - begin);
		if (err)
			return err;
	}

	return 0;
}

static int append_avcc(struct frame *frame, const uint8_t *p, uint32_t size)
{
	for (uint32_t at = 0; at < size;) {
		uint32_t length = be32(p + at);
		int err = append(frame, p + at + 4, length);

		if (err)
			return err;

		at += 4 + length;
	}

	return 0;
}

/**
 * Bring one frame into Annex B with 4-byte start codes
 *
 * Each pack is judged whole before any of it is written. One that has neither
 * start code nor lengths continues the Annex B pack before it.
 *
 * @param frame   Gets the frame; data and capacity are the caller's
 * @param framing What the stream's packs were so far; learns from this frame
 * @param bytes   The packs, one after the other
 * @param sizes   Their sizes, whose sum is within bytes
 * @param packs   How many
 *
 * @return 0 for success, EBADMSG if it is no frame, EMSGSIZE if it is too big
 */
int nal_normalise(struct frame *frame, enum framing *framing,
		  const uint8_t *bytes, const uint32_t *sizes, uint32_t packs)
{
	uint32_t at = 0, run = 0;  /* run: Annex B bytes just before at */
	int err;

	frame->size = 0;
	frame->count = 0;

	for (uint32_t i = 0; i < packs; i++) {
		const uint32_t size = sizes[i];
		enum framing kind = pack_framing(framing, bytes + at, size);

		if (kind == FRAMING_AVCC) {
			err = append_annexb(frame, bytes + at - run, run);
			if (!err)
				err = append_avcc(frame, bytes + at, size);
			if (err)
				return err;
			run = 0;
		}
		else if (kind == FRAMING_ANNEXB || run || !size) {
			run += size;
		}
		else {
			return EBADMSG;
		}

		at += size;
	}

	err = append_annexb(frame, bytes + at - run, run);
	if (err)
		return err;

	return frame->count ? 0 : EBADMSG;
}
