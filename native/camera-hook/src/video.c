/**
 * @file video.c  Frames to the clients of the video port
 *
 * A client begins with the parameter sets and a key frame, and begins so again
 * after each loss. Its frames are whole or not there.
 */
#include <string.h>
#include "log.h"
#include "memory.h"
#include "real.h"
#include "video.h"

#define KEY_INTERVAL_MS 2000u
#define FRAME_MAX (TAP_VIDEO_RECORD + TAP_VIDEO_RECORD / 4)
#define QUEUE_MAX (FRAME_MAX + PARAMS_PREFIX_MAX)

static uint8_t *frame_memory;
static struct real real_request_idr = {.name = "IMP_Encoder_RequestIDR"};

/**
 * Make ready
 *
 * @param video    Video
 * @param settings Settings
 * @param tap      Where frames come from
 * @param peers    All connections
 *
 * @return 0 for success, otherwise an errno
 */
int video_init(struct video *video, const struct settings *settings,
	       struct tap *tap, struct peer *peers)
{
	int err = frame_memory ? 0 : memory_map(&frame_memory, FRAME_MAX);

	memset(video, 0, sizeof(*video));
	video->settings = settings;
	video->tap = tap;
	video->peers = peers;
	video->frame.data = frame_memory;
	video->frame.capacity = FRAME_MAX;

	return err;
}

static bool is_client(const struct peer *peer)
{
	return peer->state == PEER_OPEN && peer->kind == PEER_VIDEO &&
	       !peer->failed;
}

/**
 * Serve a client from the next key frame on
 *
 * @param video Video
 * @param peer  Client, whose index is set
 */
void video_open(struct video *video, struct peer *peer)
{
	if (memory_map(&peer->queue, QUEUE_MAX)) {
		peer->failed = "no memory";
		return;
	}

	peer->mapped = true;
	peer->capacity = QUEUE_MAX;
	peer->waiting = true;
	atomic_store(&video->tap->watched, true);
}

/** Write the frame behind the kept parameter sets, without its own */
static void write_behind_prefix(struct video *video, struct peer *peer,
				uint64_t now)
{
	const struct frame *frame = &video->frame;
	uint8_t prefix[PARAMS_PREFIX_MAX];

	peer_write(peer, prefix, params_prefix(&video->params, prefix), now);

	for (uint32_t i = 0; i < frame->count; i++) {
		const struct nal *nal = &frame->nals[i];

		if (!nal_is_header(video->params.codec, frame->data + nal->at))
			peer_write(peer, frame->data + nal->at - 4,
				   nal->size + 4, now);
	}

	if (video->tail)
		peer_write(peer, frame->data + frame->size - video->tail,
			   video->tail, now);
}

static void write_frame(struct video *video, struct peer *peer, uint64_t now)
{
	if (peer->waiting &&
	    !frame_starts_stream(video->params.codec, &video->frame))
		write_behind_prefix(video, peer, now);
	else
		peer_write(peer, video->frame.data, video->frame.size, now);

	peer->waiting = false;
	peer->dropped = 0;
}

/** A frame this client does not get because it is behind */
static void drop_frame(struct video *video, struct peer *peer)
{
	peer->waiting = true;
	peer->dropped++;
	video->dropped++;

	if (peer->dropped >= video->settings->drop_streak)
		peer->failed = "too slow";
}

static void offer_frame(struct video *video, struct peer *peer, bool key,
			uint64_t now)
{
	uint32_t size = video->frame.size;

	if (peer->waiting && (!key || !params_complete(&video->params))) {
		if (peer_backlog(peer))
			drop_frame(video, peer);
		return;
	}

	if (peer->waiting)
		size += PARAMS_PREFIX_MAX;

	if (peer_fits(peer, size))
		write_frame(video, peer, now);
	else
		drop_frame(video, peer);
}

/** A frame is missing: what follows cannot be decoded before a key frame */
static void break_stream(struct video *video)
{
	for (int i = 0; i < PEERS_MAX; i++)
		if (is_client(&video->peers[i]))
			video->peers[i].waiting = true;
}

static void refuse_frame(struct video *video)
{
	video->malformed++;
	if (!video->malformed_run++)
		log_line("a frame is neither Annex B nor AVCC: left out");
	break_stream(video);
}

/** The codec is known by its first parameter set, and the channel with it */
static bool learn(struct video *video, int channel)
{
	enum codec before = video->params.codec;

	params_learn(&video->params, &video->frame);
	if (video->params.codec == CODEC_UNKNOWN)
		return false;

	if (video->params.codec != before) {
		video->delimited = false;
		log_line("channel %d is %s", channel,
			 params_codec_name(video->params.codec));
		break_stream(video);
	}

	atomic_store(&video->tap->channel, channel);
	if (params_complete(&video->params))
		atomic_store(&video->tap->codec,
			     video->params.codec == CODEC_H264 ? TEACHES_H264
							       : TEACHES_H265);

	return true;
}

/**
 * Whoever reads a stream knows the end of a frame by the beginning of the
 * next. Where the encoder writes no delimiters, one behind each frame tells it
 * at once.
 */
static void end_frame(struct video *video)
{
	enum codec codec = video->params.codec;

	video->delimited |= frame_has_delimiter(codec, &video->frame);
	video->tail = 0;
	if (video->settings->aud && !video->delimited)
		video->tail = frame_delimit(codec, &video->frame);
}

static void take_record(struct video *video, const uint8_t *record,
			uint64_t now)
{
	struct video_record head;
	const uint32_t *sizes;
	int channel = atomic_load(&video->tap->channel);
	bool key;

	memcpy(&head, record, sizeof(head));
	sizes = (const uint32_t *)(const void *)(record + sizeof(head));

	if (channel != TAP_NONE && channel != head.channel)
		return;

	if (head.lost != video->lost) {
		video->lost = head.lost;
		break_stream(video);
	}

	if (channel == TAP_NONE)
		video->framing = FRAMING_UNKNOWN;

	if (nal_normalise(&video->frame, &video->framing,
			  (const uint8_t *)(sizes + head.packs), sizes,
			  head.packs)) {
		if (channel != TAP_NONE)
			refuse_frame(video);
		return;
	}

	if (video->malformed_run) {
		log_line("%u frames left out", video->malformed_run);
		video->malformed_run = 0;
	}

	if (!learn(video, head.channel))
		return;

	key = frame_is_key(video->params.codec, &video->frame);
	video->frames++;
	video->keys += key;
	video->bytes += video->frame.size;
	end_frame(video);

	for (int i = 0; i < PEERS_MAX; i++)
		if (is_client(&video->peers[i]))
			offer_frame(video, &video->peers[i], key, now);
}

/**
 * Hand all frames that have come to the clients
 *
 * @param video Video
 * @param now   Time
 */
void video_pump(struct video *video, uint64_t now)
{
	const uint8_t *record;
	uint32_t length;

	while ((record = ring_front(&video->tap->video, &length))) {
		take_record(video, record, now);
		ring_release(&video->tap->video);
	}
}

static bool key_is_wanted(const struct video *video)
{
	for (int i = 0; i < PEERS_MAX; i++) {
		const struct peer *peer = &video->peers[i];

		if (is_client(peer) && peer->waiting && !peer_backlog(peer))
			return true;
	}

	return false;
}

/**
 * Ask the encoder for a key frame if a client that could take it waits for
 * one, and none was asked for in the last two seconds
 *
 * @param video Video
 * @param now   Time
 */
void video_request_key(struct video *video, uint64_t now)
{
	int channel = atomic_load(&video->tap->channel);
	imp_request_idr_h *request;

	if (channel == TAP_NONE || !key_is_wanted(video))
		return;

	if (video->idr_requests && now - video->asked_ms < KEY_INTERVAL_MS)
		return;

	request = (imp_request_idr_h *)real_find(&real_request_idr);
	video->asked_ms = now;
	video->idr_requests++;
	if (request)
		(void)request(channel);
}
