/**
 * @file sound.c  Microphone and loudspeaker over I2S, and Opus
 *
 * NEVER RUN ON A CHIP HERE.
 */
#include "adapter.h"
#include "driver/i2s_std.h"
#include "freertos/FreeRTOS.h"
#include "opus.h"
#include "sdkconfig.h"

/* As the original: 8 buffers of a frame each */
#define BUFFERS 8
#define FRAME_BYTES (ROOM_CODEC_FRAME_SAMPLES * sizeof(int16_t))

static i2s_chan_handle_t microphone, speaker;
static OpusEncoder *encoder;
static OpusDecoder *decoder;

static void begin(void *arg)
{
	int16_t old[ROOM_CODEC_FRAME_SAMPLES];
	size_t got = FRAME_BYTES;

	(void)arg;
	for (int i = 0; i < BUFFERS && got == FRAME_BYTES; i++)
		if (i2s_channel_read(microphone, old, FRAME_BYTES, &got, 0) != ESP_OK)
			return;
}

static bool read_frame(void *arg, int16_t *frame)
{
	size_t got = 0;

	(void)arg;
	return i2s_channel_read(microphone, frame, FRAME_BYTES, &got, 20) == ESP_OK &&
	       got == FRAME_BYTES;
}

static bool write_frame(void *arg, const int16_t *frame, unsigned timeout_ms)
{
	size_t done = 0;

	(void)arg;
	return i2s_channel_write(speaker, frame, FRAME_BYTES, &done, timeout_ms) ==
		       ESP_OK &&
	       done == FRAME_BYTES;
}

static i2s_std_config_t wiring(int bclk, int ws, int out, int in)
{
	i2s_std_config_t c = {
		.clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(ROOM_CODEC_SAMPLE_RATE_HZ),
		.slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(
			I2S_DATA_BIT_WIDTH_16BIT, I2S_SLOT_MODE_MONO),
		.gpio_cfg = {.mclk = I2S_GPIO_UNUSED,
			     .bclk = bclk,
			     .ws = ws,
			     .dout = out,
			     .din = in},
	};

	return c;
}

/** Open both channels; fails hard, since a station without sound is none */
void sound_open(struct room_sound *sound)
{
	i2s_chan_config_t in = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_0, I2S_ROLE_MASTER);
	i2s_chan_config_t out = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_1, I2S_ROLE_MASTER);
	i2s_std_config_t mic = wiring(CONFIG_ROOM_MIC_BCLK, CONFIG_ROOM_MIC_WS,
				      I2S_GPIO_UNUSED, CONFIG_ROOM_MIC_DATA);
	i2s_std_config_t loud = wiring(CONFIG_ROOM_SPEAKER_BCLK,
				       CONFIG_ROOM_SPEAKER_WS,
				       CONFIG_ROOM_SPEAKER_DATA, I2S_GPIO_UNUSED);

	in.dma_desc_num = out.dma_desc_num = BUFFERS;
	in.dma_frame_num = out.dma_frame_num = ROOM_CODEC_FRAME_SAMPLES;
	out.auto_clear = true;
	ESP_ERROR_CHECK(i2s_new_channel(&in, NULL, &microphone));
	ESP_ERROR_CHECK(i2s_new_channel(&out, &speaker, NULL));
	ESP_ERROR_CHECK(i2s_channel_init_std_mode(microphone, &mic));
	ESP_ERROR_CHECK(i2s_channel_init_std_mode(speaker, &loud));
	ESP_ERROR_CHECK(i2s_channel_enable(microphone));
	ESP_ERROR_CHECK(i2s_channel_enable(speaker));
	*sound = (struct room_sound){NULL, begin, read_frame, write_frame};
}

static size_t encode(void *arg, const int16_t *frame, uint8_t *opus, size_t size)
{
	int length = opus_encode(encoder, frame, ROOM_CODEC_FRAME_SAMPLES, opus,
				 (opus_int32)size);

	(void)arg;
	return length > 0 ? (size_t)length : 0;
}

static bool decode(void *arg, const uint8_t *opus, size_t length, bool fec,
		   int16_t *frame)
{
	(void)arg;
	return opus_decode(decoder, opus, (opus_int32)length, frame,
			   ROOM_CODEC_FRAME_SAMPLES,
			   fec) == ROOM_CODEC_FRAME_SAMPLES;
}

static void reset(void *arg)
{
	(void)arg;
	opus_decoder_ctl(decoder, OPUS_RESET_STATE);
}

/** Take an encoder and a decoder; false if there is no memory */
bool codec_open(struct room_codec *codec)
{
	int error;

	encoder = opus_encoder_create(ROOM_CODEC_SAMPLE_RATE_HZ, 1,
				      OPUS_APPLICATION_VOIP, &error);
	decoder = opus_decoder_create(ROOM_CODEC_SAMPLE_RATE_HZ, 1, &error);
	if (!encoder || !decoder)
		return false;

	opus_encoder_ctl(encoder, OPUS_SET_BITRATE(ROOM_CODEC_BITRATE_BPS));
	opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(ROOM_CODEC_COMPLEXITY));
	opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
	opus_encoder_ctl(encoder, OPUS_SET_VBR(1));
	opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
	opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(
					  ROOM_CODEC_EXPECTED_LOSS_PERCENT));
	*codec = (struct room_codec){NULL, encode, decode, reset};

	return true;
}
