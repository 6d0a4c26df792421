/**
 * @file fuzz_packs.c  Any frame, any packs: libFuzzer on the way of a frame
 *
 * Byte 0: layout and framing. Byte 1: packs. Then 4 bytes a pack: offset and
 * length. Then the encoder's ring, in memory of exactly its size.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../src/imp.h"
#include "../src/nal.h"
#include "../src/packs.h"
#include "../src/params.h"

#define PACKS 255
#define OUT 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static union {
	struct imp_pack_t31 t31[PACKS];
	struct imp_pack_t20 t20[PACKS];
} packs;

static uint32_t u16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static void check_frame(const struct frame *frame)
{
	uint32_t at = 0;

	assert(frame->size <= frame->capacity && frame->count <= NAL_MAX);
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct nal *nal = &frame->nals[i];

		assert(nal->size && nal->at == at + 4);
		assert(!memcmp(frame->data + at, "\0\0\0\1", 4));
		at = nal->at + nal->size;
	}
	assert(at == frame->size);
}

static void follow(const uint8_t *bytes, const uint32_t *sizes, uint32_t count,
		   enum framing framing)
{
	static struct params params;
	static struct frame frame;
	uint8_t *prefix = malloc(PARAMS_PREFIX_MAX);
	int err;

	frame.data = malloc(OUT);
	frame.capacity = OUT;
	memset(&params, 0, sizeof(params));

	err = nal_normalise(&frame, &framing, bytes, sizes, count);
	check_frame(&frame);
	params_learn(&params, &frame);
	assert(params_prefix(&params, prefix) <= PARAMS_PREFIX_MAX);
	if (!err) {
		(void)frame_is_key(params.codec, &frame);
		(void)frame_starts_stream(params.codec, &frame);
		for (uint32_t i = 0; i < frame.count; i++)
			(void)nal_is_header(params.codec,
					    frame.data + frame.nals[i].at);
	}

	free(frame.data);
	free(prefix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum layout layout = size && data[0] & 1 ? LAYOUT_T20 : LAYOUT_T31;
	uint32_t count = size > 1 ? data[1] : 0, ring_size, measured, bytes;
	struct imp_stream_t31 t31;
	struct imp_stream_t20 t20;
	const void *stream = layout == LAYOUT_T31 ? (void *)&t31 : (void *)&t20;
	uint8_t *ring;

	if (size < 2 + 4 * (size_t)count + 1)
		return 0;

	ring_size = (uint32_t)(size - 2 - 4 * count);
	ring = malloc(ring_size);
	memcpy(ring, data + 2 + 4 * count, ring_size);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t offset = u16(data + 2 + 4 * i);
		uint32_t length = u16(data + 4 + 4 * i);

		if (layout == LAYOUT_T31) {
			packs.t31[i].offset = offset;
			packs.t31[i].length = length == 0xffff ? UINT32_MAX
							       : length;
			continue;
		}

		offset %= ring_size;
		if (length > ring_size - offset)
			length = ring_size - offset;
		packs.t20[i].vir_addr = (uintptr_t)(ring + offset);
		packs.t20[i].length = length;
	}

	t31 = (struct imp_stream_t31){
		.vir_addr = (uintptr_t)ring, .stream_size = ring_size,
		.pack = packs.t31, .pack_count = count};
	t20 = (struct imp_stream_t20){.pack = packs.t20, .pack_count = count};

	if (!packs_measure(layout, stream, &measured, &bytes)) {
		uint32_t *sizes = malloc(measured * sizeof(*sizes));
		uint8_t *copy = malloc(bytes);

		assert(!packs_copy(layout, stream, sizes, measured, copy,
				   bytes));
		assert(packs_copy(layout, stream, sizes, measured, copy,
				  bytes - 1));
		assert(!packs_copy(layout, stream, sizes, measured, copy,
				   bytes));
		follow(copy, sizes, measured,
		       (enum framing)(data[0] >> 1 & 3) % 3);
		free(copy);
		free(sizes);
	}

	free(ring);

	return 0;
}
