/**
 * @file params.c  Codec and parameter sets, learnt from the bitstream
 *
 * The vendor's own type field means IDR in H.264 and something else in H.265,
 * so it is not read: what decides is a sequence set (H.264) or a video set
 * (H.265), which no unit of the other codec can be taken for.
 */
#include <string.h>
#include "params.h"

enum {
	H264_IDR = 5, H264_SPS = 7, H264_PPS = 8, H264_AUD = 9,
	H265_IRAP_FIRST = 16, H265_IRAP_LAST = 21,
	H265_VPS = 32, H265_SPS = 33, H265_PPS = 34, H265_AUD = 35,
};

static uint8_t unit_type(enum codec codec, const uint8_t *unit)
{
	return codec == CODEC_H265 ? (unit[0] >> 1) & 0x3f : unit[0] & 0x1f;
}

static bool is_set(enum codec codec, uint8_t type)
{
	if (codec == CODEC_H265)
		return type >= H265_VPS && type <= H265_PPS;

	return type == H264_SPS || type == H264_PPS;
}

/** Profiles that exist, so that noise is not taken for a sequence set */
static bool is_h264_profile(uint8_t profile)
{
	static const uint8_t known[] = {66, 77, 88, 100, 110, 122, 244, 44};

	for (size_t i = 0; i < sizeof(known); i++)
		if (known[i] == profile)
			return true;

	return false;
}

static enum codec detect(const uint8_t *unit, uint32_t size)
{
	if (size < 4)
		return CODEC_UNKNOWN;

	if (unit[0] == H265_VPS << 1 && unit[1] == 1)
		return CODEC_H265;

	if ((unit[0] & 0x9f) == H264_SPS && unit[0] & 0x60 &&
	    is_h264_profile(unit[1]))
		return CODEC_H264;

	return CODEC_UNKNOWN;
}

/** An unsigned Exp-Golomb number below 64 at the start of a byte */
static uint8_t exp_golomb(const uint8_t *p, uint32_t size)
{
	uint32_t bits = (uint32_t)p[0] << 8 | (size > 1 ? p[1] : 0);
	uint32_t zeros = 0;

	while (zeros < 6 && !(bits & 0x8000u >> zeros))
		zeros++;

	return (uint8_t)((bits >> (15 - 2 * zeros)) - 1) & 0x3f;
}

/** A stream has one video and one sequence set; picture sets have a number */
static uint8_t set_id(enum codec codec, uint8_t type, const struct nal *nal,
		      const uint8_t *unit)
{
	uint32_t head = codec == CODEC_H265 ? 2 : 1;

	if (type != (codec == CODEC_H265 ? H265_PPS : H264_PPS) ||
	    nal->size <= head)
		return 0;

	return exp_golomb(unit + head, nal->size - head);
}

/** A new sequence set voids the picture sets that referred to the old one */
static void drop_pictures(struct params *params)
{
	uint8_t type = params->codec == CODEC_H265 ? H265_PPS : H264_PPS;

	for (uint32_t i = 0; i < PARAMS_SETS; i++)
		if (params->sets[i].type == type)
			params->sets[i].size = 0;
}

static struct param_set *find_slot(struct params *params, uint8_t type,
				   uint8_t id)
{
	struct param_set *unused = NULL;

	for (uint32_t i = 0; i < PARAMS_SETS; i++) {
		struct param_set *set = &params->sets[i];

		if (set->size && set->type == type && set->id == id)
			return set;

		if (!set->size && !unused)
			unused = set;
	}

	return unused;
}

static void keep(struct params *params, const struct nal *nal,
		 const uint8_t *unit)
{
	uint8_t type = unit_type(params->codec, unit);
	uint8_t id = set_id(params->codec, type, nal, unit);
	struct param_set *set = find_slot(params, type, id);

	if (!set || nal->size > PARAMS_SET_MAX)
		return;

	if (set->size == nal->size && !memcmp(set->bytes, unit, nal->size))
		return;

	if (type == (params->codec == CODEC_H265 ? H265_SPS : H264_SPS))
		drop_pictures(params);

	set->type = type;
	set->id = id;
	set->size = nal->size;
	memcpy(set->bytes, unit, nal->size);
}

/**
 * Take codec and parameter sets from a frame
 *
 * @param params What is known so far
 * @param frame  Frame in Annex B
 */
void params_learn(struct params *params, const struct frame *frame)
{
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct nal *nal = &frame->nals[i];
		const uint8_t *unit = frame->data + nal->at;
		enum codec found = detect(unit, nal->size);

		if (found != CODEC_UNKNOWN && found != params->codec) {
			memset(params, 0, sizeof(*params));
			params->codec = found;
		}

		if (params->codec != CODEC_UNKNOWN &&
		    is_set(params->codec, unit_type(params->codec, unit)))
			keep(params, nal, unit);
	}
}

static bool has_type(const struct params *params, uint8_t type)
{
	for (uint32_t i = 0; i < PARAMS_SETS; i++)
		if (params->sets[i].size && params->sets[i].type == type)
			return true;

	return false;
}

/**
 * Are all the sets known that a decoder needs?
 *
 * @param params What is known
 *
 * @return True if a stream can begin
 */
bool params_complete(const struct params *params)
{
	switch (params->codec) {

	case CODEC_H264:
		return has_type(params, H264_SPS) && has_type(params, H264_PPS);

	case CODEC_H265:
		return has_type(params, H265_VPS) &&
		       has_type(params, H265_SPS) && has_type(params, H265_PPS);

	default:
		return false;
	}
}

static uint32_t write_type(const struct params *params, uint8_t type,
			   uint8_t *to)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < PARAMS_SETS; i++) {
		const struct param_set *set = &params->sets[i];

		if (!set->size || set->type != type)
			continue;

		memcpy(to + at, "\0\0\0\1", 4);
		memcpy(to + at + 4, set->bytes, set->size);
		at += 4 + set->size;
	}

	return at;
}

/**
 * Write the parameter sets as a stream begins with them
 *
 * @param params What is known
 * @param to     Gets at most PARAMS_PREFIX_MAX bytes
 *
 * @return Bytes written
 */
uint32_t params_prefix(const struct params *params, uint8_t *to)
{
	uint32_t at = 0;

	if (params->codec == CODEC_H265) {
		at += write_type(params, H265_VPS, to);
		at += write_type(params, H265_SPS, to + at);
		at += write_type(params, H265_PPS, to + at);
	}
	else {
		at += write_type(params, H264_SPS, to);
		at += write_type(params, H264_PPS, to + at);
	}

	return at;
}

/**
 * Name of a codec
 *
 * @param codec Codec
 *
 * @return "h264", "h265" or "unknown"
 */
const char *params_codec_name(enum codec codec)
{
	switch (codec) {

	case CODEC_H264: return "h264";
	case CODEC_H265: return "h265";
	default:         return "unknown";
	}
}

/**
 * Can a decoder begin with this frame, once it has the parameter sets?
 *
 * @param codec Codec of the stream
 * @param frame Frame in Annex B
 *
 * @return True for IDR (H.264) and IRAP (H.265)
 */
bool frame_is_key(enum codec codec, const struct frame *frame)
{
	for (uint32_t i = 0; i < frame->count; i++) {
		uint8_t type = unit_type(codec,
					 frame->data + frame->nals[i].at);

		if (codec == CODEC_H264 && type == H264_IDR)
			return true;

		if (codec == CODEC_H265 && type >= H265_IRAP_FIRST &&
		    type <= H265_IRAP_LAST)
			return true;
	}

	return false;
}

/**
 * Does the frame itself begin with all the parameter sets?
 *
 * @param codec Codec of the stream
 * @param frame Frame in Annex B
 *
 * @return True if nothing need be put in front
 */
bool frame_starts_stream(enum codec codec, const struct frame *frame)
{
	const bool h265 = codec == CODEC_H265;
	const uint8_t want[3] = {H265_VPS, h265 ? H265_SPS : H264_SPS,
				 h265 ? H265_PPS : H264_PPS};

	for (uint32_t i = 0, k = h265 ? 0 : 1; i < frame->count; i++) {
		if (unit_type(codec, frame->data + frame->nals[i].at) !=
		    want[k])
			return false;
		if (++k == 3)
			return true;
	}

	return false;
}

static bool is_delimiter(enum codec codec, const uint8_t *unit)
{
	return unit_type(codec, unit) ==
	       (codec == CODEC_H265 ? H265_AUD : H264_AUD);
}

/**
 * Has the encoder put an access unit delimiter into this frame?
 *
 * @param codec Codec of the stream
 * @param frame Frame in Annex B
 *
 * @return True if it has
 */
bool frame_has_delimiter(enum codec codec, const struct frame *frame)
{
	for (uint32_t i = 0; i < frame->count; i++)
		if (is_delimiter(codec, frame->data + frame->nals[i].at))
			return true;

	return false;
}

/**
 * Write the delimiter of the next frame behind this one, for any type of
 * picture. It does not become one of the frame's units.
 *
 * @param codec Codec of the stream
 * @param frame Frame in Annex B
 *
 * @return Bytes written, 0 if there is no room
 */
uint32_t frame_delimit(enum codec codec, struct frame *frame)
{
	static const uint8_t h264[] = {0, 0, 0, 1, H264_AUD, 0xf0};
	static const uint8_t h265[] = {0, 0, 0, 1, H265_AUD << 1, 1, 0x50};
	const uint8_t *unit = codec == CODEC_H265 ? h265 : h264;
	uint32_t size = codec == CODEC_H265 ? sizeof(h265) : sizeof(h264);

	if (size > frame->capacity - frame->size)
		return 0;

	memcpy(frame->data + frame->size, unit, size);
	frame->size += size;

	return size;
}

/**
 * Is this unit left out where the kept sets are put in front of its frame?
 *
 * @param codec Codec of the stream
 * @param unit  Unit
 *
 * @return True for parameter sets and access unit delimiters
 */
bool nal_is_header(enum codec codec, const uint8_t *unit)
{
	return is_set(codec, unit_type(codec, unit)) ||
	       is_delimiter(codec, unit);
}
