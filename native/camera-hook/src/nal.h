/**
 * @file nal.h  From whatever the encoder wrote to Annex B with 4-byte codes
 */
#ifndef HOOK_NAL_H
#define HOOK_NAL_H

#include <stdint.h>

#define NAL_MAX 1024u  /**< NAL units in one frame */

/** What the packs of a stream begin with */
enum framing {
	FRAMING_UNKNOWN,
	FRAMING_ANNEXB,  /**< Start codes                */
	FRAMING_AVCC,    /**< 4-byte big-endian lengths  */
};

/** One unit within a frame, without its start code */
struct nal {
	uint32_t at;
	uint32_t size;
};

/** One frame in Annex B, every unit behind 00 00 00 01 */
struct frame {
	uint8_t *data;
	uint32_t capacity;
	uint32_t size;
	uint32_t count;
	struct nal nals[NAL_MAX];
};

int nal_normalise(struct frame *frame, enum framing *framing,
		  const uint8_t *bytes, const uint32_t *sizes, uint32_t packs);

#endif
