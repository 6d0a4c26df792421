/**
 * @file params.h  Codec and parameter sets, learnt from the bitstream
 */
#ifndef HOOK_PARAMS_H
#define HOOK_PARAMS_H

#include <stdbool.h>
#include <stdint.h>
#include "nal.h"

#define PARAMS_SETS 8u         /**< Sets kept             */
#define PARAMS_SET_MAX 512u    /**< Bytes in one of them  */
#define PARAMS_PREFIX_MAX (PARAMS_SETS * (PARAMS_SET_MAX + 4u))

enum codec { CODEC_UNKNOWN, CODEC_H264, CODEC_H265 };

struct param_set {
	uint8_t type;   /**< NAL unit type            */
	uint8_t id;     /**< Which one of its type    */
	uint32_t size;  /**< Bytes, 0 for a free slot */
	uint8_t bytes[PARAMS_SET_MAX];
};

struct params {
	enum codec codec;
	struct param_set sets[PARAMS_SETS];
};

void params_learn(struct params *params, const struct frame *frame);
bool params_complete(const struct params *params);
uint32_t params_prefix(const struct params *params, uint8_t *to);
const char *params_codec_name(enum codec codec);
bool frame_is_key(enum codec codec, const struct frame *frame);
bool frame_starts_stream(enum codec codec, const struct frame *frame);
bool frame_has_delimiter(enum codec codec, const struct frame *frame);
uint32_t frame_delimit(enum codec codec, struct frame *frame);
bool nal_is_header(enum codec codec, const uint8_t *unit);

#endif
