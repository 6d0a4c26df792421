/**
 * @file talk.h  What clients say, to the camera's speaker
 */
#ifndef HOOK_TALK_H
#define HOOK_TALK_H

#include <stdint.h>
#include "peer.h"
#include "real.h"
#include "settings.h"
#include "sound.h"
#include "tap.h"

#define TALK_RING 32768u    /**< Bytes of speech that wait to be played */
#define TALK_RECORD 4096u   /**< Bytes of samples in one record         */
#define TALK_BLOCK 4096u    /**< Bytes in one block for the vendor      */

/** What a client is told in a record of the speaker */
enum {
	TALK_READY = 1,  /**< The speaker takes speech             */
	TALK_BUSY  = 2,  /**< The firmware's own sound is on it    */
	TALK_TAKEN = 4,  /**< Another client speaks                */
	TALK_YOURS = 8,  /**< You speak                            */
};

/** A record that has not come whole yet */
struct talk_input {
	uint32_t size;
	uint8_t bytes[SOUND_HEAD + TALK_RECORD];
};

struct talk {
	const struct settings *settings;
	struct tap *tap;
	struct peer *peers;
	struct real *send_frame;
	struct talk_input inputs[SETTINGS_CLIENTS_MAX];
	uint32_t rate;          /**< Hz, 0: the speaker is not set up     */
	uint32_t channels;
	uint32_t block;         /**< Bytes in a block                     */
	uint64_t asked_ms;      /**< When the camera was asked for these  */
	bool asked;
	uint32_t speaker_uses;  /**< Blocks of the firmware's known of    */
	uint64_t busy_until_ms;
	bool busy;
	uint32_t owner;         /**< Serial of who speaks, 0: nobody      */
	uint64_t heard_ms;      /**< When the owner last spoke            */
	bool ended;             /**< The owner said it has finished       */
	bool playing;           /**< Enough has come to begin             */
	uint64_t due_us;        /**< When the next block is to be played  */
	unsigned refused;       /**< Times the vendor refused the block   */
	uint8_t ring[TALK_RING];
	uint32_t begin, size;
	uint64_t played;        /**< Blocks played                        */
	uint32_t dropped;       /**< Bytes of speech not played           */
};

void talk_init(struct talk *talk, const struct settings *settings,
	       struct tap *tap, struct peer *peers, struct real *send_frame);
void talk_open(struct talk *talk, struct peer *peer);
void talk_closed(struct talk *talk, const struct peer *peer);
void talk_read(struct talk *talk, struct peer *peer, uint64_t now);
int talk_tick(struct talk *talk, uint64_t now);

#endif
