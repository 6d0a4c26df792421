/**
 * @file rig.c  A firmware on a leash, and clients of its hook
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "rig.h"

char **rig_command;

static pid_t running;

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);

	if (running > 0)
		kill(running, SIGKILL);
	exit(1);
}

uint64_t rig_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/** A listening socket; port 0 takes any free one */
int rig_listen(int port)
{
	struct sockaddr_in address = local(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		fail("cannot listen on port %d", port);

	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	getsockname(fd, (void *)&address, &size);

	return ntohs(address.sin_port);
}

/** Choose three free ports and put them into the environment */
void rig_ports(struct rig *rig)
{
	static const char *const names[3] = {
		"STREAM_HACK_PORT", "STREAM_HACK_SOUND_PORT",
		"STREAM_HACK_HEALTH_PORT"};
	int *ports[3] = {&rig->video_port, &rig->sound_port,
			 &rig->health_port};
	int fds[3];

	for (int i = 0; i < 3; i++)
		fds[i] = rig_listen(0);

	for (int i = 0; i < 3; i++) {
		char text[8];

		*ports[i] = port_of(fds[i]);
		snprintf(text, sizeof(text), "%d", *ports[i]);
		setenv(names[i], text, 1);
		close(fds[i]);
	}
}

void rig_start(struct rig *rig)
{
	int in[2], out[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		fail("no pipe");

	rig->pid = fork();
	if (!rig->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp(rig_command[0], rig_command);
		_exit(127);
	}

	close(in[0]);
	close(out[1]);
	rig->to = fdopen(in[1], "w");
	rig->from = fdopen(out[0], "r");
	running = rig->pid;
}

void rig_say(struct rig *rig, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(rig->to, format, args);
	va_end(args);
	fputc('\n', rig->to);
	fflush(rig->to);
}

const char *rig_hear(struct rig *rig)
{
	static char line[128];

	if (!fgets(line, sizeof(line), rig->from)) {
		int status = 0;

		waitpid(rig->pid, &status, 0);
		running = 0;
		fail("the firmware ended with status %x", status);
	}

	line[strcspn(line, "\n")] = 0;

	return line;
}

const char *rig_ask(struct rig *rig, const char *command)
{
	rig_say(rig, "%s", command);

	return rig_hear(rig);
}

void rig_stop(struct rig *rig)
{
	int status = 0;

	fclose(rig->to);
	waitpid(rig->pid, &status, 0);
	fclose(rig->from);
	running = 0;
	if (status)
		fail("the firmware ended with status %x", status);
}

/** Connect, again and again while the port is closed */
int rig_connect(int port, int receive_buffer)
{
	const uint64_t end = rig_now_ms() + RIG_WAIT_MS;
	const struct timespec pause = {0, 1000000};
	struct sockaddr_in address = local(port);
	int one = 1;

	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (receive_buffer)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
				   sizeof(receive_buffer));
		if (!connect(fd, (void *)&address, sizeof(address))) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
				   sizeof(one));
			return fd;
		}

		close(fd);
		if (rig_now_ms() > end)
			fail("nobody listens on port %d", port);
		nanosleep(&pause, NULL);
	}
}

static int wait_readable(int fd, int ms)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	return poll(&poller, 1, ms);
}

void rig_read(int fd, void *bytes, size_t size, const char *what)
{
	uint8_t *to = bytes;

	while (size) {
		ssize_t n;

		if (wait_readable(fd, RIG_WAIT_MS) <= 0)
			fail("%s: %zu bytes did not come", what, size);

		n = recv(fd, to, size, 0);
		if (n <= 0)
			fail("%s: closed, %zu bytes missing", what, size);
		to += n;
		size -= (size_t)n;
	}
}

size_t rig_read_until_closed(int fd, uint8_t *bytes, size_t room)
{
	size_t at = 0;

	while (at < room && wait_readable(fd, RIG_WAIT_MS) > 0) {
		ssize_t n = recv(fd, bytes + at, room - at, 0);

		if (n <= 0)
			return at;
		at += (size_t)n;
	}

	fail("the connection is not closed");
}

void rig_expect_nothing(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != -1 ||
	    errno != EAGAIN)
		fail("bytes came where none should");
}

void rig_expect_closed(int fd)
{
	char bytes[4096];

	for (;;) {
		if (wait_readable(fd, RIG_WAIT_MS) <= 0)
			fail("the connection is not closed");
		if (recv(fd, bytes, sizeof(bytes), 0) <= 0)
			break;
	}

	close(fd);
}

void rig_ask_health(struct rig *rig)
{
	const char *token = getenv("STREAM_HACK_TOKEN");
	int fd = rig_connect(rig->health_port, 0);
	size_t size;

	if (token)
		dprintf(fd, "%s\n", token);

	size = rig_read_until_closed(fd, (uint8_t *)rig->health,
				     sizeof(rig->health) - 1);
	rig->health[size] = 0;
	close(fd);
	if (!size || rig->health[size - 1] != '\n')
		fail("no line of health: %s", rig->health);
}

/** A number in the last line of health; section "" for the outermost one */
long long rig_number(const struct rig *rig, const char *section,
		     const char *name)
{
	char key[64];
	const char *at = rig->health;

	if (*section) {
		snprintf(key, sizeof(key), "\"%s\":{", section);
		at = strstr(at, key);
	}

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = at ? strstr(at, key) : NULL;
	if (!at)
		fail("health has no %s: %s", name, rig->health);

	return atoll(at + strlen(key));
}

void rig_wait_for(struct rig *rig, const char *section, const char *name,
		  long long value)
{
	const uint64_t end = rig_now_ms() + RIG_WAIT_MS;

	do {
		rig_ask_health(rig);
		if (rig_number(rig, section, name) == value)
			return;
	} while (rig_now_ms() < end);

	fail("%s is not %lld: %s", name, value, rig->health);
}
