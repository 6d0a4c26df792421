/**
 * @file peer.h  One connection of a client's
 */
#ifndef HOOK_PEER_H
#define HOOK_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include "settings.h"

#define PEERS_MAX 16

enum peer_kind { PEER_VIDEO, PEER_SOUND, PEER_HEALTH, PEER_KINDS };

enum peer_state {
	PEER_FREE,   /**< Slot is unused                        */
	PEER_TOKEN,  /**< The token line has not come yet       */
	PEER_OPEN,   /**< Served                                */
	PEER_LAST,   /**< All is sent; waits for the other side */
};

struct peer {
	enum peer_state state;
	enum peer_kind kind;
	int fd;
	uint32_t address;     /**< IPv4, host order                       */
	uint16_t port;        /**< Theirs, network order                  */
	uint64_t since_ms;    /**< When it entered its state              */
	uint64_t moved_ms;    /**< When it last took bytes                */
	uint32_t serial;      /**< Grows with each connection             */
	const char *failed;   /**< Why it is to be closed, NULL if not    */
	bool deaf;            /**< It has ended its own direction         */
	uint32_t received;    /**< Bytes it sent that mean nothing        */
	uint32_t token_size;
	char token[SETTINGS_TOKEN_MAX + 2];
	uint8_t *queue;       /**< Whole frames that wait for the network */
	bool mapped;          /**< The queue is to be given back          */
	uint32_t capacity;
	uint32_t begin, end;
	bool waiting;         /**< Video: nothing until a key frame       */
	int dropped;          /**< Video: frames lost in a row            */
	bool gap;             /**< Sound: the next block follows a loss   */
	int index;            /**< Which of its kind's buffers it has     */
	uint8_t told[24];     /**< Sound: the last it heard of the speaker */
};

void peer_accept(struct peer *peer, enum peer_kind kind, int fd,
		 uint32_t address, uint64_t now);
bool peer_is_ours(const struct peer *peer);
void peer_close(struct peer *peer);
int peer_read_token(struct peer *peer, const char *token);
void peer_discard(struct peer *peer);
uint32_t peer_backlog(const struct peer *peer);
bool peer_fits(const struct peer *peer, uint32_t size);
void peer_write(struct peer *peer, const void *bytes, uint32_t size,
		uint64_t now);
void peer_flush(struct peer *peer, uint64_t now);
void peer_finish(struct peer *peer, uint64_t now);

#endif
