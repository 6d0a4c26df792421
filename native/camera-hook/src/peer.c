/**
 * @file peer.c  One connection of a client's
 *
 * What is written goes to the network at once; what the network does not take
 * waits in the queue. A caller asks first whether all of it fits, so that no
 * part of a frame is ever left out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "memory.h"
#include "peer.h"

#define SEND_BUFFER (512 * 1024)
#define DISCARD_MAX (64u * 1024u)
#define KEEP_IDLE_S 10
#define KEEP_INTERVAL_S 5
#define KEEP_PROBES 3
#define USER_TIMEOUT 18  /* TCP_USER_TIMEOUT, missing in old headers */
#define USER_TIMEOUT_MS 20000

static void set_option(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

/** Their port; false if the descriptor is no socket with a network address */
static bool port_of(int fd, uint16_t *port)
{
	struct sockaddr_in from = {.sin_family = AF_UNSPEC};
	socklen_t size = sizeof(from);

	if (getpeername(fd, (struct sockaddr *)&from, &size) < 0)
		return errno == ENOTCONN;

	*port = from.sin_port;

	return from.sin_family == AF_INET;
}

/**
 * Take over a connection
 *
 * @param peer    Free slot
 * @param kind    Which port it came to
 * @param fd      Socket
 * @param address Where it comes from
 * @param now     Time
 */
void peer_accept(struct peer *peer, enum peer_kind kind, int fd,
		 uint32_t address, uint64_t now)
{
	static uint32_t serial;

	memset(peer, 0, sizeof(*peer));
	peer->state = PEER_TOKEN;
	peer->kind = kind;
	peer->fd = fd;
	peer->address = address;
	peer->since_ms = now;
	peer->serial = ++serial;
	peer->index = -1;
	(void)port_of(fd, &peer->port);

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_PROBES);
	set_option(fd, IPPROTO_TCP, USER_TIMEOUT, USER_TIMEOUT_MS);

	if (kind == PEER_VIDEO)
		set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
}

/**
 * Is the descriptor still the one of this connection? The firmware may have
 * closed it, and opened something else under its number.
 *
 * @param peer Peer
 *
 * @return True if it is
 */
bool peer_is_ours(const struct peer *peer)
{
	uint16_t port = peer->port;

	return port_of(peer->fd, &port) && port == peer->port;
}

/**
 * Close a connection and free its slot; a descriptor that is not ours any more
 * is left alone
 *
 * @param peer Peer
 */
void peer_close(struct peer *peer)
{
	if (peer_is_ours(peer))
		(void)close(peer->fd);
	if (peer->mapped)
		memory_unmap(peer->queue, peer->capacity);
	peer->mapped = false;
	peer->fd = -1;
	peer->state = PEER_FREE;
}

/** Compares in a time that depends on the length of what came only */
static bool token_matches(const struct peer *peer, const char *token)
{
	const uint32_t length = (uint32_t)strlen(token);
	uint32_t size = peer->token_size;
	unsigned differs;

	if (size && peer->token[size - 1] == '\r')
		size--;

	differs = size ^ length;
	for (uint32_t i = 0; i < size; i++)
		differs |= (unsigned char)peer->token[i] ^
			   (unsigned char)token[length ? i % length : 0];

	return !differs;
}

/**
 * Read the token line, a byte at a time, so that nothing behind it is lost
 *
 * @param peer  Peer
 * @param token What it must be
 *
 * @return 0 if it is right, EAGAIN if more must come, EACCES if it is wrong
 */
int peer_read_token(struct peer *peer, const char *token)
{
	for (;;) {
		char c;
		ssize_t n = recv(peer->fd, &c, 1, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return EAGAIN;
		if (n <= 0)
			return EACCES;
		if (c == '\n')
			return token_matches(peer, token) ? 0 : EACCES;
		if (peer->token_size == sizeof(peer->token))
			return EACCES;
		peer->token[peer->token_size++] = c;
	}
}

/**
 * Read what a client says that is only to listen, and forget it
 *
 * @param peer Peer
 */
void peer_discard(struct peer *peer)
{
	char bytes[1024];
	ssize_t n = recv(peer->fd, bytes, sizeof(bytes), 0);

	if (n > 0) {
		peer->received += (uint32_t)n;
		if (peer->received > DISCARD_MAX)
			peer->failed = "it only talks";
	}
	else if (!n) {
		peer->deaf = true;
		if (peer->state == PEER_LAST)
			peer->failed = "done";
	}
	else if (errno != EAGAIN && errno != EINTR) {
		peer->failed = "connection lost";
	}
}

/**
 * Bytes that wait for the network
 *
 * @param peer Peer
 *
 * @return Bytes
 */
uint32_t peer_backlog(const struct peer *peer)
{
	return peer->end - peer->begin;
}

/**
 * Can so much be written and none of it be lost?
 *
 * @param peer Peer
 * @param size Bytes
 *
 * @return True if it can
 */
bool peer_fits(const struct peer *peer, uint32_t size)
{
	return size <= peer->capacity - peer_backlog(peer);
}

/** Bytes the network took, 0 if it takes none now */
static uint32_t send_some(struct peer *peer, const uint8_t *bytes,
			  uint32_t size, uint64_t now)
{
	ssize_t n = send(peer->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0) {
		peer->moved_ms = now;
		return (uint32_t)n;
	}

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		peer->failed = "connection lost";

	return 0;
}

static void enqueue(struct peer *peer, const uint8_t *bytes, uint32_t size,
		    uint64_t now)
{
	if (!peer_fits(peer, size)) {
		peer->failed = "no room";
		return;
	}

	if (size > peer->capacity - peer->end) {
		memmove(peer->queue, peer->queue + peer->begin,
			peer_backlog(peer));
		peer->end -= peer->begin;
		peer->begin = 0;
	}

	if (!peer_backlog(peer))
		peer->moved_ms = now;

	memcpy(peer->queue + peer->end, bytes, size);
	peer->end += size;
}

/**
 * Write bytes of which the caller knows that they fit
 *
 * @param peer  Peer
 * @param bytes Bytes
 * @param size  How many
 * @param now   Time
 */
void peer_write(struct peer *peer, const void *bytes, uint32_t size,
		uint64_t now)
{
	const uint8_t *from = bytes;

	if (peer->failed)
		return;

	if (!peer_backlog(peer)) {
		uint32_t sent = send_some(peer, from, size, now);

		from += sent;
		size -= sent;
	}

	if (size && !peer->failed)
		enqueue(peer, from, size, now);
}

/**
 * Send what waits, as far as the network takes it
 *
 * @param peer Peer
 * @param now  Time
 */
void peer_flush(struct peer *peer, uint64_t now)
{
	if (!peer_backlog(peer))
		return;

	peer->begin += send_some(peer, peer->queue + peer->begin,
				 peer_backlog(peer), now);

	if (!peer_backlog(peer))
		peer->begin = peer->end = 0;
}

/**
 * Say that nothing more will come, and wait for the other side
 *
 * @param peer Peer
 * @param now  Time
 */
void peer_finish(struct peer *peer, uint64_t now)
{
	(void)shutdown(peer->fd, SHUT_WR);
	peer->state = PEER_LAST;
	peer->since_ms = now;
}
