/**
 * @file settings.h  The environment, checked
 */
#ifndef HOOK_SETTINGS_H
#define HOOK_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include "packs.h"

#define SETTINGS_CLIENTS_MAX 4
#define SETTINGS_ALLOW_MAX 16
#define SETTINGS_TOKEN_MAX 128
#define SETTINGS_PATH_MAX 200

/** A range of addresses, in host order */
struct network {
	uint32_t address;
	uint32_t mask;
};

struct settings {
	int port;              /**< Video                                  */
	int sound_port;        /**< 0: off                                 */
	int health_port;       /**< 0: off                                 */
	int channel;           /**< Encoder channel, -1: found             */
	int drop_streak;       /**< Frames a client may lose in a row      */
	int stall_ms;          /**< Time in which a client must take bytes */
	int clients;           /**< Of video, and of sound                 */
	int talk;              /**< 1: talk-back                           */
	int sound_rate;        /**< Hz, 0: ask the camera                  */
	int aud;               /**< 1: a delimiter behind each frame       */
	enum layout layout;
	const char *soc;
	char log[SETTINGS_PATH_MAX];  /**< Empty: off                      */
	char token[SETTINGS_TOKEN_MAX + 1];
	bool allow_all;
	struct network allow[SETTINGS_ALLOW_MAX];
	int allow_count;
	bool shut;            /**< A bad token or list: no port is opened  */
	uint32_t replaced;    /**< One bit for each setting that was wrong */
};

void settings_read(struct settings *settings);
const char *settings_name(unsigned bit);
bool settings_allows(const struct settings *settings, uint32_t address);

#endif
