/**
 * @file sound.h  The camera's microphone to the clients of the sound port
 */
#ifndef HOOK_SOUND_H
#define HOOK_SOUND_H

#include <stdint.h>
#include "peer.h"
#include "settings.h"
#include "tap.h"

#define SOUND_HEAD 24u  /**< Bytes in the head of a record; see WIRE.md */

enum sound_type { SOUND_PCM = 1, SOUND_SPEAKER = 2, SOUND_SPEECH = 3 };

#define SOUND_FLAG_GAP 1u

/** Head of a record on the sound port */
struct sound_head {
	uint8_t type;
	uint8_t channels;
	uint16_t flags;
	uint32_t rate;
	uint32_t length;
	uint64_t timestamp;
};

struct sound {
	const struct settings *settings;
	struct tap *tap;
	struct peer *peers;
	uint32_t rate;       /**< Hz, 0: to be asked for       */
	bool rate_unknown;   /**< The camera did not tell      */
	uint32_t lost;
	uint64_t blocks;
	uint32_t dropped;    /**< Blocks clients did not take  */
};

void sound_init(struct sound *sound, const struct settings *settings,
		struct tap *tap, struct peer *peers);
void sound_open(struct sound *sound, struct peer *peer);
void sound_pump(struct sound *sound, uint64_t now);
void sound_head_encode(uint8_t *to, const struct sound_head *head);
int sound_head_decode(struct sound_head *head, const uint8_t *from);

#endif
