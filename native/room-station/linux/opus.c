/**
 * @file opus.c  Opus by libopus, set up as the protocol says
 */
#include <opus/opus.h>
#include "adapter.h"

static size_t encode(void *arg, const int16_t *frame, uint8_t *opus, size_t size)
{
	struct opus_port *o = arg;
	int length = opus_encode(o->encoder, frame, ROOM_CODEC_FRAME_SAMPLES,
				 opus, (opus_int32)size);

	return length > 0 ? (size_t)length : 0;
}

static bool decode(void *arg, const uint8_t *opus, size_t length, bool fec,
		   int16_t *frame)
{
	struct opus_port *o = arg;

	return opus_decode(o->decoder, opus, (opus_int32)length, frame,
			   ROOM_CODEC_FRAME_SAMPLES, fec) ==
	       ROOM_CODEC_FRAME_SAMPLES;
}

static void reset(void *arg)
{
	struct opus_port *o = arg;

	(void)opus_decoder_ctl(o->decoder, OPUS_RESET_STATE);
}

static void set_up(OpusEncoder *e)
{
	(void)opus_encoder_ctl(e, OPUS_SET_BITRATE(ROOM_CODEC_BITRATE_BPS));
	(void)opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(ROOM_CODEC_COMPLEXITY));
	(void)opus_encoder_ctl(e, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
	(void)opus_encoder_ctl(e, OPUS_SET_VBR(1));
	(void)opus_encoder_ctl(e, OPUS_SET_DTX(0));
	(void)opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(1));
	(void)opus_encoder_ctl(
		e, OPUS_SET_PACKET_LOSS_PERC(ROOM_CODEC_EXPECTED_LOSS_PERCENT));
}

/**
 * Take an encoder and a decoder
 *
 * @param o     Kept for opus_close()
 * @param codec Filled in
 *
 * @return False if there is no memory
 */
bool opus_open(struct opus_port *o, struct room_codec *codec)
{
	int error;

	o->encoder = opus_encoder_create(ROOM_CODEC_SAMPLE_RATE_HZ, 1,
					 OPUS_APPLICATION_VOIP, &error);
	o->decoder = opus_decoder_create(ROOM_CODEC_SAMPLE_RATE_HZ, 1, &error);
	if (!o->encoder || !o->decoder)
		return false;

	set_up(o->encoder);
	*codec = (struct room_codec){o, encode, decode, reset};

	return true;
}

/**
 * Give both back
 *
 * @param o What opus_open() took
 */
void opus_close(struct opus_port *o)
{
	if (o->encoder)
		opus_encoder_destroy(o->encoder);
	if (o->decoder)
		opus_decoder_destroy(o->decoder);
}
