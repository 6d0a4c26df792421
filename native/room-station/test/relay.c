/**
 * @file relay.c  A bridge of two ports that loses and copies sound
 *
 * relay A B LOSS COPIES: every frame that comes in at one interface goes out
 * at the other; of UDP LOSS per cent are lost, and the rest comes COPIES times.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t state = 20240901;

static uint32_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % 10000;
}

static int port(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex(name)};
	struct packet_mreq all = {.mr_ifindex = at.sll_ifindex,
				  .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		exit(1);

	return fd;
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];

	return length & 1 ? sum + ((uint32_t)bytes[length - 1] << 8) : sum;
}

/* The sender left the sums to a card that is none */
static void put_sum(uint8_t *ip)
{
	size_t head = (ip[0] & 15u) * 4u, all = (size_t)ip[2] << 8 | ip[3];
	uint8_t *body = ip + head;
	uint8_t *at = body + (ip[9] == 17 ? 6 : 16);
	uint32_t sum = ip[9] + (uint32_t)(all - head);

	at[0] = at[1] = 0;
	if (ip[9] == 17)
		return;

	sum = add_words(add_words(sum, ip + 12, 8), body, all - head);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

static void pass(int from, int to, unsigned loss, unsigned copies)
{
	uint8_t f[2048];
	struct sockaddr_ll who;
	socklen_t size = sizeof(who);
	ssize_t length = recvfrom(from, f, sizeof(f), MSG_DONTWAIT,
				  (struct sockaddr *)&who, &size);
	int ip = length > 42 && f[12] == 8 && f[13] == 0;
	int udp = ip && f[23] == 17;

	if (length <= 0 || who.sll_pkttype == PACKET_OUTGOING)
		return;
	if (udp && chance() < loss * 100)
		return;
	if ((udp || (ip && f[23] == 6 && length > 53)) && (f[16] << 8 | f[17]) + 14 <= length)
		put_sum(f + 14);
	for (unsigned i = udp ? copies : 1; i > 0; i--)
		(void)!write(to, f, (size_t)length);
}

int main(int argc, char **argv)
{
	struct pollfd fds[2];

	if (argc != 5)
		return 2;

	fds[0] = (struct pollfd){port(argv[1]), POLLIN, 0};
	fds[1] = (struct pollfd){port(argv[2]), POLLIN, 0};
	puts("ready");
	(void)fflush(stdout);
	while (poll(fds, 2, -1) > 0)
		for (unsigned i = 0; i < 2; i++)
			if (fds[i].revents)
				pass(fds[i].fd, fds[1 - i].fd,
				     (unsigned)atoi(argv[3]),
				     (unsigned)atoi(argv[4]));

	return 0;
}
