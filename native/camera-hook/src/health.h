/**
 * @file health.h  One line on how the hook is
 */
#ifndef HOOK_HEALTH_H
#define HOOK_HEALTH_H

#include <stdint.h>
#include "peer.h"
#include "sound.h"
#include "talk.h"
#include "video.h"

#define HEALTH_MAX 1024

/** What the line is made of */
struct health {
	const struct settings *settings;
	const struct tap *tap;
	const struct peer *peers;
	const struct video *video;
	const struct sound *sound;
	const struct talk *talk;
	uint64_t started_ms;
};

int health_line(const struct health *health, uint64_t now, char *line);

#endif
