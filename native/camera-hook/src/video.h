/**
 * @file video.h  Frames to the clients of the video port
 */
#ifndef HOOK_VIDEO_H
#define HOOK_VIDEO_H

#include <stdint.h>
#include "params.h"
#include "peer.h"
#include "settings.h"
#include "tap.h"

struct video {
	const struct settings *settings;
	struct tap *tap;
	struct peer *peers;     /**< PEERS_MAX of them            */
	enum framing framing;
	struct params params;
	struct frame frame;
	uint32_t tail;          /**< Bytes of our delimiter in it */
	bool delimited;         /**< The encoder writes its own   */
	uint32_t lost;          /**< Losses heard of              */
	uint32_t malformed_run; /**< Frames refused in a row      */
	uint64_t asked_ms;      /**< Last key-frame request       */
	uint64_t frames;        /**< Frames mirrored              */
	uint64_t bytes;
	uint64_t keys;
	uint32_t malformed;     /**< Frames that are no bitstream */
	uint32_t dropped;       /**< Frames clients did not take  */
	uint32_t idr_requests;
};

int video_init(struct video *video, const struct settings *settings,
	       struct tap *tap, struct peer *peers);
void video_open(struct video *video, struct peer *peer);
void video_pump(struct video *video, uint64_t now);
void video_request_key(struct video *video, uint64_t now);

#endif
