/**
 * @file wav.c  A microphone and a loudspeaker that are WAV files
 *
 * `-` is standard input or output, without a header: plain samples.
 */
#include <string.h>
#include "adapter.h"

#define HEADER 44u
#define FRAME_BYTES (ROOM_CODEC_FRAME_SAMPLES * 2u)

static void begin(void *arg)
{
	(void)arg;
}

/* Files and machines are little-endian here, as Linux is where this runs */
static bool read_frame(void *arg, int16_t *frame)
{
	struct wav_port *w = arg;
	size_t length = w->in ? fread(frame, 1, FRAME_BYTES, w->in) : 0;

	memset((uint8_t *)frame + length, 0, FRAME_BYTES - length);

	return length > 0;
}

static bool write_frame(void *arg, const int16_t *frame, unsigned timeout_ms)
{
	struct wav_port *w = arg;

	(void)timeout_ms;
	if (!w->out)
		return true;
	if (w->bytes > UINT32_MAX - HEADER - FRAME_BYTES)
		return false;

	w->bytes += FRAME_BYTES;
	return fwrite(frame, 1, FRAME_BYTES, w->out) == FRAME_BYTES;
}

static void put(uint8_t *at, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void write_header(struct wav_port *w)
{
	uint8_t h[HEADER] = "RIFF....WAVEfmt ";

	put(h + 4, w->bytes + HEADER - 8, 4);
	put(h + 16, 16, 4);
	put(h + 20, 1, 2);
	put(h + 22, 1, 2);
	put(h + 24, ROOM_CODEC_SAMPLE_RATE_HZ, 4);
	put(h + 28, ROOM_CODEC_SAMPLE_RATE_HZ * 2, 4);
	put(h + 32, 2, 2);
	put(h + 34, 16, 2);
	memcpy(h + 36, "data", 4);
	put(h + 40, w->bytes, 4);
	(void)fwrite(h, 1, sizeof(h), w->out);
}

static uint32_t get(const uint8_t *at, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes > 0)
		value = value << 8 | at[--bytes];

	return value;
}

/* To the samples, over whatever stands before them */
static bool read_header(FILE *in)
{
	uint8_t h[16];
	bool known = false;

	if (fread(h, 1, 12, in) != 12 || memcmp(h, "RIFF", 4) ||
	    memcmp(h + 8, "WAVE", 4))
		return false;

	while (fread(h, 1, 8, in) == 8 && memcmp(h, "data", 4)) {
		uint32_t length = get(h + 4, 4), rest = length + (length & 1);

		if (!memcmp(h, "fmt ", 4) && length >= 16) {
			if (fread(h, 1, 16, in) != 16)
				return false;
			known = get(h, 2) == 1 && get(h + 2, 2) == 1 &&
				get(h + 4, 4) == ROOM_CODEC_SAMPLE_RATE_HZ &&
				get(h + 14, 2) == 16;
			rest -= 16;
		}
		if (fseek(in, (long)rest, SEEK_CUR) != 0)
			return false;
	}

	return known;
}

/**
 * Open both files
 *
 * @param w     Kept for wav_close()
 * @param in    What is said, NULL for silence
 * @param out   What is heard, NULL for nowhere
 * @param sound Filled in
 *
 * @return False if a file is not there, or is not of this form
 */
bool wav_open(struct wav_port *w, const char *in, const char *out,
	      struct room_sound *sound)
{
	bool plain_in = in && !strcmp(in, "-"), plain = out && !strcmp(out, "-");

	if (in) {
		w->in = plain_in ? stdin : fopen(in, "rb");
		if (!w->in || (!plain_in && !read_header(w->in)))
			return false;
	}
	if (out) {
		w->out = plain ? stdout : fopen(out, "wb");
		if (!w->out)
			return false;
		if (!plain)
			write_header(w);
	}
	*sound = (struct room_sound){w, begin, read_frame, write_frame};

	return true;
}

/**
 * Close both files; the header gets its lengths
 *
 * @param w What wav_open() opened
 */
void wav_close(struct wav_port *w)
{
	if (w->out && w->out != stdout && fseek(w->out, 0, SEEK_SET) == 0)
		write_header(w);
	if (w->out)
		(void)fclose(w->out);
	if (w->in && w->in != stdin)
		(void)fclose(w->in);
}
