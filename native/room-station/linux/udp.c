/**
 * @file udp.c  Sound over UDP: one socket, two groups, time to live 1, no loop
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "adapter.h"

static bool set(int fd, int name, int value)
{
	return setsockopt(fd, IPPROTO_IP, name, &value, sizeof(value)) == 0;
}

static bool send_to(void *arg, const char *address, const uint8_t *bytes,
		    size_t length)
{
	struct udp_port *u = arg;
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)u->port),
				 .sin_addr = u->group};

	if (address && inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return false;

	return sendto(u->fd, bytes, length, 0, (struct sockaddr *)&to,
		      sizeof(to)) == (ssize_t)length;
}

static bool member(const struct udp_port *u, int what, struct in_addr group)
{
	struct ip_mreqn request = {.imr_multiaddr = group,
				   .imr_ifindex = u->interface};

	return setsockopt(u->fd, IPPROTO_IP, what, &request,
			  sizeof(request)) == 0;
}

/* Both groups are heard, whichever we send to */
static bool members(const struct udp_port *u, int what)
{
	static const char *const groups[2] = {ROOM_GROUP, ROOM_OTHER_GROUP};
	bool done = member(u, what, u->group);

	for (unsigned i = 0; i < 2; i++) {
		struct in_addr group;

		(void)inet_pton(AF_INET, groups[i], &group);
		if (group.s_addr != u->group.s_addr)
			(void)member(u, what, group);
	}

	return done;
}

/**
 * Open the socket
 *
 * @param u     Its port and interface are set; kept
 * @param group Group that is sent to
 * @param net   Filled in
 *
 * @return False on failure; errno says why
 */
bool udp_open(struct udp_port *u, const char *group, struct room_network *net)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)u->port)};
	struct ip_mreqn out = {.imr_ifindex = u->interface};
	int yes = 1;

	u->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0 || inet_pton(AF_INET, group, &u->group) != 1)
		return false;

	*net = (struct room_network){u, send_to};
	(void)setsockopt(u->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));

	return bind(u->fd, (struct sockaddr *)&here, sizeof(here)) == 0 &&
	       set(u->fd, IP_MULTICAST_TTL, ROOM_TIME_TO_LIVE) &&
	       set(u->fd, IP_MULTICAST_LOOP, 0) && set(u->fd, IP_PKTINFO, 1) &&
	       setsockopt(u->fd, IPPROTO_IP, IP_MULTICAST_IF, &out,
			  sizeof(out)) == 0 &&
	       members(u, IP_ADD_MEMBERSHIP);
}

/**
 * Receive a datagram
 *
 * @param u        Socket
 * @param bytes    Where it goes; the rest of a longer one is lost
 * @param size     Room there
 * @param by_group Set to whether it was sent to a group, not to us alone
 *
 * @return Its length, less than 0 where none is there
 */
ssize_t udp_receive(struct udp_port *u, uint8_t *bytes, size_t size,
		    bool *by_group)
{
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;
	struct iovec part = {bytes, size};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(u->fd, &message, 0);

	*by_group = false;
	if (length < 0)
		return length;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c;
	     c = CMSG_NXTHDR(&message, c)) {
		struct in_pktinfo info;

		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		*by_group = IN_MULTICAST(ntohl(info.ipi_addr.s_addr));
	}

	return length;
}

/**
 * Renew the membership when it is time, by leaving and joining: a second
 * join alone sends nothing, and switches forget
 *
 * @param u      Socket
 * @param now_ms Time
 */
void udp_renew(struct udp_port *u, uint64_t now_ms)
{
	if (now_ms < u->renew_ms)
		return;

	if (u->renew_ms) {
		(void)members(u, IP_DROP_MEMBERSHIP);
		(void)members(u, IP_ADD_MEMBERSHIP);
	}
	u->renew_ms = now_ms + ROOM_RENEW_SECONDS * 1000u;
}
