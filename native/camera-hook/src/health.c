/**
 * @file health.c  One line on how the hook is
 */
#include <stdio.h>
#include "health.h"

#define VERSION "1"

static int count_clients(const struct health *health, enum peer_kind kind)
{
	int count = 0;

	for (int i = 0; i < PEERS_MAX; i++)
		count += health->peers[i].state == PEER_OPEN &&
			 health->peers[i].kind == kind;

	return count;
}

static unsigned load(const _Atomic uint32_t *counter)
{
	return atomic_load(counter);
}

/**
 * Write the line; see WIRE.md
 *
 * @param health What it is made of
 * @param now    Time
 * @param line   Gets at most HEALTH_MAX bytes, the last a newline
 *
 * @return Bytes in the line
 */
int health_line(const struct health *health, uint64_t now, char *line)
{
	const struct tap *tap = health->tap;
	const struct video *video = health->video;
	const struct sound *sound = health->sound;
	const struct talk *talk = health->talk;
	int n = snprintf(line, HEALTH_MAX,
		"{\"hook\":\"" VERSION "\",\"uptimeMs\":%llu,\"soc\":\"%s\","
		"\"codec\":\"%s\",\"channel\":%d,\"frames\":%llu,"
		"\"keyFrames\":%llu,\"bytes\":%llu,\"clients\":%d,"
		"\"dropped\":%u,\"lost\":{\"full\":%u,\"oversize\":%u,"
		"\"malformed\":%u},\"keyRequests\":%u,"
		"\"sound\":{\"clients\":%d,\"rateHz\":%u,\"blocks\":%llu,"
		"\"dropped\":%u,\"lost\":%u},"
		"\"talk\":{\"rateHz\":%u,\"channels\":%u,\"busy\":%s,"
		"\"taken\":%s,\"blocks\":%llu,\"droppedBytes\":%u}}\n",
		(unsigned long long)(now - health->started_ms),
		health->settings->soc, params_codec_name(video->params.codec),
		atomic_load(&tap->channel),
		(unsigned long long)(video->frames + load(&tap->unwatched)),
		(unsigned long long)video->keys,
		(unsigned long long)video->bytes,
		count_clients(health, PEER_VIDEO), video->dropped,
		load(&tap->full), load(&tap->oversize),
		load(&tap->malformed) + video->malformed, video->idr_requests,
		count_clients(health, PEER_SOUND), sound->rate,
		(unsigned long long)sound->blocks, sound->dropped,
		load(&tap->sound_lost), talk->rate, talk->channels,
		talk->busy ? "true" : "false", talk->owner ? "true" : "false",
		(unsigned long long)talk->played, talk->dropped);

	return n < HEALTH_MAX ? n : HEALTH_MAX - 1;
}
