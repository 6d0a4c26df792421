/**
 * @file server.c  The one thread that serves sockets
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clock.h"
#ifndef HOOK_MINIMAL
#include "health.h"
#endif
#include "log.h"
#include "peer.h"
#include "server.h"
#include "video.h"
#ifndef HOOK_MINIMAL
#include "sound.h"
#include "talk.h"
#endif

#define BACKLOG 64
#define ACCEPTS_MAX 16
#define TICK_MS 1000
#define RETRY_MS 5000u
#define TOKEN_MS 5000u
#define LAST_MS 2000u
#define LISTEN PEERS_MAX
#define FDS (PEERS_MAX + PEER_KINDS)
#define SERVING_MS 20  /* Between looks at the sockets while frames come */
#define BACKLOG_MS 10  /* ... and while a client is behind               */

struct listener {
	int port;          /**< 0: off                               */
	int fd;
	bool failed;       /**< The failure has been logged          */
	uint64_t idle_ms;  /**< Left alone until then, 0 at first    */
};

extern int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*run)(void *), void *arg)
	__attribute__((weak));

static struct settings settings;
static struct tap *tap;
static struct peer peers[PEERS_MAX];
static struct listener listeners[PEER_KINDS];
static struct video video;
#ifndef HOOK_MINIMAL
static struct sound sound;
static struct talk talk;
#endif
static uint64_t started_ms;

static const char *const kind_names[PEER_KINDS] = {"video", "sound", "health"};

static int listen_open(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = INADDR_ANY,
	};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		const int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}

	return fd;
}

static void open_listeners(uint64_t now)
{
	for (int kind = 0; kind < PEER_KINDS && !settings.shut; kind++) {
		struct listener *listener = &listeners[kind];

		if (!listener->port || listener->fd >= 0 ||
		    now < listener->idle_ms)
			continue;

		listener->fd = listen_open(listener->port);
		if (listener->fd >= 0) {
			log_line("%s on port %d", kind_names[kind],
				 listener->port);
			listener->failed = false;
			continue;
		}

		if (!listener->failed)
			log_line("no %s on port %d, errno %d: trying again",
				 kind_names[kind], listener->port, errno);
		listener->failed = true;
		listener->idle_ms = now + RETRY_MS;
	}
}

static void drop_peer(struct peer *peer)
{
	if (peer->state != PEER_LAST)
		log_line("%s client %u closed: %s", kind_names[peer->kind],
			 peer->serial, peer->failed);
#ifndef HOOK_MINIMAL
	if (peer->kind == PEER_SOUND)
		talk_closed(&talk, peer);
#endif

	peer_close(peer);
}

static struct peer *find_oldest(enum peer_state state, int kind)
{
	struct peer *oldest = NULL;

	for (int i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &peers[i];

		if (peer->state == state && (kind < 0 || (int)peer->kind == kind)
		    && (!oldest || peer->serial < oldest->serial))
			oldest = peer;
	}

	return oldest;
}

static struct peer *find_slot(void)
{
	struct peer *peer = find_oldest(PEER_FREE, -1);

	if (peer)
		return peer;

	peer = find_oldest(PEER_LAST, -1);
	if (!peer)
		peer = find_oldest(PEER_TOKEN, -1);
	if (!peer)
		return NULL;

	peer->failed = "another one came";
	drop_peer(peer);

	return peer;
}

/** The lowest buffer that no client of the kind has, -1 if there is none */
static int free_index(enum peer_kind kind)
{
	unsigned used = 0;

	for (int i = 0; i < PEERS_MAX; i++)
		if (peers[i].state == PEER_OPEN && peers[i].kind == kind)
			used |= 1u << peers[i].index;

	for (int i = 0; i < settings.clients; i++)
		if (!(used & 1u << i))
			return i;

	return -1;
}

#ifndef HOOK_MINIMAL
static void serve_health(struct peer *peer, uint64_t now)
{
	const struct health health = {
		.settings = &settings, .tap = tap, .peers = peers,
		.video = &video, .sound = &sound, .talk = &talk,
		.started_ms = started_ms,
	};
	char line[HEALTH_MAX];

	peer_write(peer, line, (uint32_t)health_line(&health, now, line), now);
	peer_finish(peer, now);
}
#endif

/** The client may be served; it replaces the oldest one if need be */
static void open_peer(struct peer *peer, uint64_t now)
{
	struct peer *oldest;

#ifndef HOOK_MINIMAL
	if (peer->kind == PEER_HEALTH) {
		serve_health(peer, now);
		return;
	}
#endif

	peer->index = free_index(peer->kind);
	oldest = find_oldest(PEER_OPEN, (int)peer->kind);
	if (peer->index < 0 && oldest) {
		peer->index = oldest->index;
		oldest->failed = "replaced by a newer one";
		drop_peer(oldest);
	}

	peer->state = PEER_OPEN;
	peer->since_ms = now;
	log_line("%s client %u opened: %u.%u.%u.%u", kind_names[peer->kind],
		 peer->serial, peer->address >> 24,
		 peer->address >> 16 & 255, peer->address >> 8 & 255,
		 peer->address & 255);

	if (peer->kind == PEER_VIDEO)
		video_open(&video, peer);
#ifndef HOOK_MINIMAL
	else {
		sound_open(&sound, peer);
		talk_open(&talk, peer);
	}
#endif
}

static void take_connection(enum peer_kind kind, int fd, uint32_t address,
			    uint64_t now)
{
	struct peer *peer = settings_allows(&settings, address) ? find_slot()
								: NULL;

	if (!peer) {
		(void)close(fd);
		log_line("%s connection refused", kind_names[kind]);
		return;
	}

	peer_accept(peer, kind, fd, address, now);
	if (!*settings.token)
		open_peer(peer, now);
}

/** Host order, byte by byte: ntohl() is a function of the compiler's */
static uint32_t address_of(const struct sockaddr_in *from)
{
	uint8_t byte[4];

	memcpy(byte, &from->sin_addr, sizeof(byte));

	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 |
	       (uint32_t)byte[2] << 8 | byte[3];
}

static void accept_all(enum peer_kind kind, uint64_t now)
{
	struct listener *listener = &listeners[kind];

	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		int fd = accept(listener->fd, (struct sockaddr *)&from, &size);

		if (fd >= 0) {
			take_connection(kind, fd, address_of(&from), now);
			continue;
		}

		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			listener->idle_ms = now + TICK_MS;
		return;
	}
}

static void read_peer(struct peer *peer, uint64_t now)
{
	int err;

	if (peer->state == PEER_TOKEN) {
		err = peer_read_token(peer, settings.token);
		if (err == EACCES)
			peer->failed = "wrong token";
		else if (!err)
			open_peer(peer, now);
	}
#ifndef HOOK_MINIMAL
	else if (peer->state == PEER_OPEN && peer->kind == PEER_SOUND) {
		talk_read(&talk, peer, now);
	}
#endif
	else {
		peer_discard(peer);
	}
}

static void check_time(struct peer *peer, uint64_t now)
{
	if (peer->state == PEER_TOKEN && now - peer->since_ms >= TOKEN_MS)
		peer->failed = "no token";
	else if (peer->state == PEER_LAST && now - peer->since_ms >= LAST_MS)
		peer->failed = "done";
	else if (peer_backlog(peer) &&
		 now - peer->moved_ms >= (uint64_t)settings.stall_ms)
		peer->failed = "it takes nothing";
}

static void sweep_peers(uint64_t now)
{
	bool listens = false, watches = false;

	for (int i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &peers[i];

		if (peer->state == PEER_FREE)
			continue;

		check_time(peer, now);
		if (peer->failed)
			drop_peer(peer);

		listens |= peer->state == PEER_OPEN &&
			   peer->kind == PEER_SOUND;
		watches |= peer->state == PEER_OPEN &&
			   peer->kind == PEER_VIDEO;
	}

	atomic_store(&tap->watched, watches);
	atomic_store(&tap->sound_wanted, listens);
}

static void fill_fds(struct pollfd *fds, uint64_t now)
{
	for (int i = 0; i < PEERS_MAX; i++) {
		const struct peer *peer = &peers[i];

		fds[i].fd = peer->state == PEER_FREE ? -1 : peer->fd;
		fds[i].events = (short)((peer->deaf ? 0 : POLLIN) |
					(peer_backlog(peer) ? POLLOUT : 0));
		fds[i].revents = 0;
	}

	for (int k = 0; k < PEER_KINDS; k++) {
		bool idle = now < listeners[k].idle_ms;

		fds[LISTEN + k] = (struct pollfd){
			.fd = idle ? -1 : listeners[k].fd, .events = POLLIN};
	}
}

static void serve_peer(struct peer *peer, short events, uint64_t now)
{
	if (peer->state == PEER_FREE || peer->failed)
		return;

	if (events & POLLIN)
		read_peer(peer, now);
	else if (events & (POLLERR | POLLHUP | POLLNVAL))
		peer->failed = "connection lost";

	if (events & POLLOUT && peer->state != PEER_FREE)
		peer_flush(peer, now);
}

static bool listener_is_ours(const struct listener *listener)
{
	struct sockaddr_in at = {.sin_family = AF_UNSPEC};
	socklen_t size = sizeof(at);

	return !getsockname(listener->fd, (struct sockaddr *)&at, &size) &&
	       at.sin_family == AF_INET &&
	       at.sin_port == htons((uint16_t)listener->port);
}

/** The firmware may close all descriptors, and use their numbers anew */
static bool all_are_ours(void)
{
	for (int i = 0; i < PEERS_MAX; i++)
		if (peers[i].state != PEER_FREE && !peer_is_ours(&peers[i]))
			return false;

	for (int k = 0; k < PEER_KINDS; k++)
		if (listeners[k].fd >= 0 && !listener_is_ours(&listeners[k]))
			return false;

	return true;
}

/** Begin with new descriptors; what is not ours any more is left alone */
static void open_anew(void)
{
	log_line("the firmware has closed our descriptors: opening others");

	for (int i = 0; i < PEERS_MAX; i++)
		if (peers[i].state != PEER_FREE) {
			peers[i].failed = "closed by the firmware";
			drop_peer(&peers[i]);
		}

	for (int k = 0; k < PEER_KINDS; k++) {
		struct listener *listener = &listeners[k];

		if (listener->fd >= 0 && listener_is_ours(listener))
			(void)close(listener->fd);
		listener->fd = -1;
		listener->idle_ms = 0;
	}
}

static bool is_served(void)
{
	return atomic_load(&tap->watched) || atomic_load(&tap->sound_wanted);
}

static bool is_behind(void)
{
	for (int i = 0; i < PEERS_MAX; i++)
		if (peers[i].state != PEER_FREE && peer_backlog(&peers[i]))
			return true;

	return false;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/**
 * Wait for the sockets. While frames come, the wait is for these (see run()),
 * and sockets are only looked at.
 */
static void wait_for_sockets(struct pollfd *fds, int wait_ms)
{
	if (is_behind())
		wait_ms = least(wait_ms, BACKLOG_MS);
	else if (is_served())
		wait_ms = 0;

	if (poll(fds, FDS, wait_ms) < 0)
		memset(fds, 0, sizeof(*fds) * FDS);
}

/** One turn of the loop; returns how long the next may wait */
static int turn(int wait_ms)
{
	struct pollfd fds[FDS];
	uint32_t serials[PEERS_MAX];
	uint64_t now = clock_ms();

	for (int i = 0; i < PEERS_MAX; i++)
		serials[i] = peers[i].serial;

	fill_fds(fds, now);
	wait_for_sockets(fds, wait_ms);

	now = clock_ms();
	if (!all_are_ours()) {
		open_anew();
		memset(fds, 0, sizeof(fds));
	}

	for (int i = 0; i < PEERS_MAX; i++)
		if (peers[i].serial == serials[i])
			serve_peer(&peers[i], fds[i].revents, now);

	for (int k = 0; k < PEER_KINDS; k++)
		if (fds[LISTEN + k].revents)
			accept_all((enum peer_kind)k, now);

	video_pump(&video, now);
	wait_ms = TICK_MS;
#ifndef HOOK_MINIMAL
	sound_pump(&sound, now);
	wait_ms = talk_tick(&talk, now);
#endif
	sweep_peers(now);
	video_request_key(&video, now);
	open_listeners(now);

	return wait_ms < 0 || wait_ms > TICK_MS ? TICK_MS : wait_ms;
}

static void log_start(void)
{
	const char *name;

	log_open(settings.log);
	log_line("started, layout of %s", settings.soc);

	for (unsigned bit = 0; (name = settings_name(bit)); bit++)
		if (settings.replaced & 1u << bit)
			log_line("%s is not valid: replaced", name);

	if (settings.shut)
		log_line("no port is opened with a bad TOKEN or ALLOW");
#ifndef HOOK_MINIMAL
	if (settings.talk && !settings.sound_port)
		log_line("STREAM_HACK_TALK needs STREAM_HACK_SOUND_PORT");
#else
	if (settings.sound_port || settings.health_port)
		log_line("built without sound and health");
#endif
	if (real_file_failed())
		log_line("STREAM_HACK_LIBIMP is not the library: left aside");
}

/** Being woken by the firmware's thread must not put that thread aside */
static void yield_to_firmware(void)
{
	const int priority = 0;

	(void)syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &priority);
}

static void *run(void *arg)
{
	int wait_ms = 0;

	(void)arg;
	yield_to_firmware();
	log_start();

	for (;;) {
		const uint32_t seen = atomic_load(&tap->word);

		wait_ms = turn(wait_ms);
		if (is_served() && !is_behind())
			tap_sleep(tap, seen, least(wait_ms, SERVING_MS));
	}

	return NULL;
}

/**
 * All signals but those of the C library's own, for the new thread: the
 * firmware's handlers run in the firmware's threads. The kernel's mask, since
 * sigset_t is of another size in each C library.
 */
static void block_signals(unsigned char *before, bool block)
{
	unsigned char mask[_NSIG / 8];

	memset(mask, 0xff, sizeof(mask));
	mask[31 / 8] &= 0x7f;  /* 32, 33 and 34 */
	mask[32 / 8] &= 0xfc;
	mask[(SIGSEGV - 1) / 8] &= (unsigned char)~(1u << (SIGSEGV - 1) % 8);
	mask[(SIGBUS - 1) / 8] &= (unsigned char)~(1u << (SIGBUS - 1) % 8);

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, block ? mask : before,
		      block ? before : NULL, sizeof(mask));
}

static int create_thread(void)
{
	unsigned char before[_NSIG / 8];
	pthread_t thread;
	int err;

	if (!pthread_create)
		return ENOSYS;

	memset(before, 0, sizeof(before));
	block_signals(before, true);
	err = pthread_create(&thread, NULL, run, NULL);
	block_signals(before, false);

	return err;
}

/**
 * Read the settings and begin to serve
 *
 * @param the_tap    Where frames come from
 * @param send_frame The vendor's function that plays
 *
 * @return 0 for success, otherwise an errno, and nothing is mirrored until it
 *         is called again with success
 */
int server_start(struct tap *the_tap, struct real *send_frame)
{
	int err;

	tap = the_tap;
	settings_read(&settings);

	err = tap_init(tap, settings.layout, settings.channel);
	if (err)
		return err;

	err = video_init(&video, &settings, tap, peers);
	if (err)
		return err;

	listeners[PEER_VIDEO].port = settings.port;
#ifdef HOOK_MINIMAL
	(void)send_frame;
#else
	sound_init(&sound, &settings, tap, peers);
	talk_init(&talk, &settings, tap, peers, send_frame);
	listeners[PEER_SOUND].port = settings.sound_port;
	listeners[PEER_HEALTH].port = settings.health_port;
#endif
	for (int kind = 0; kind < PEER_KINDS; kind++)
		listeners[kind].fd = -1;

	started_ms = clock_ms();
	err = create_thread();
	if (!err)
		atomic_store(&tap->open, true);

	return err;
}
