/**
 * @file mqtt.c  A small client of MQTT 3.1.1 over TCP
 *
 * Clean session, keep-alive of 15 s, `offline` as last will. What is retained
 * is published with QoS 1; the answer is not waited for, since a lost
 * connection means that all is published anew. A broken one is tried again
 * after 1 s, then 2, up to 30. Nothing here ever waits.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../src/text.h"
#include "adapter.h"

#define KEEP_ALIVE_S 15u

static void drop(struct mqtt_port *m)
{
	if (m->fd >= 0)
		(void)close(m->fd);
	m->fd = -1;
	m->connecting = m->online = false;
	m->in_length = m->out_length = m->skip = 0;
}

static void fail(struct mqtt_port *m, uint64_t now_ms)
{
	drop(m);
	m->wait_ms = m->wait_ms ? m->wait_ms * 2 : 1000;
	if (m->wait_ms > 30000)
		m->wait_ms = 30000;
	m->next_ms = now_ms + m->wait_ms;
}

static bool add(struct mqtt_port *m, const void *bytes, size_t length)
{
	if (length > sizeof(m->out) - m->out_length)
		return false;

	memcpy(m->out + m->out_length, bytes, length);
	m->out_length += length;
	return true;
}

static void add_head(struct mqtt_port *m, uint8_t type, size_t length)
{
	uint8_t head[5] = {type};
	size_t n = 1;

	do {
		head[n] = length & 127;
		length >>= 7;
		head[n++] |= length ? 128 : 0;
	} while (length && n < sizeof(head));
	(void)add(m, head, n);
}

static void add_number(struct mqtt_port *m, size_t number)
{
	const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};

	(void)add(m, bytes, 2);
}

static void add_string(struct mqtt_port *m, const char *string)
{
	add_number(m, strlen(string));
	(void)add(m, string, strlen(string));
}

static void flush(struct mqtt_port *m)
{
	ssize_t sent;

	if (m->fd < 0 || m->connecting || m->out_length == 0)
		return;

	sent = send(m->fd, m->out, m->out_length, MSG_NOSIGNAL);
	if (sent <= 0)
		return;

	m->out_length -= (size_t)sent;
	memmove(m->out, m->out + sent, m->out_length);
}

static void publish(void *arg, const char *topic, const char *payload,
		    bool retained)
{
	struct mqtt_port *m = arg;
	size_t length = 2 + strlen(topic) + strlen(payload) + (retained ? 2 : 0);

	if (!m->online || m->out_length + length + 5 > sizeof(m->out))
		return;

	add_head(m, retained ? 0x33 : 0x30, length);
	add_string(m, topic);
	if (retained) {
		m->packet_id = m->packet_id == 0xffff ? 1 : m->packet_id + 1;
		add_number(m, m->packet_id);
	}
	(void)add(m, payload, strlen(payload));
	flush(m);
}

static void say_hello(struct mqtt_port *m)
{
	struct room_address address = {ROOM_OF_STATION, ROOM_STATUS, {0}};
	char topic[ROOM_TOPIC_SIZE];
	uint8_t flags = 0x02 | 0x04 | 0x08 | 0x20;
	size_t length;

	memcpy(address.station, m->id, sizeof(address.station));
	(void)room_topic(topic, sizeof(topic), &address);
	length = 10 + 2 + strlen(m->id) + 2 + strlen(topic) + 2 + 7;
	if (m->user) {
		flags |= 0x80;
		length += 2 + strlen(m->user);
	}
	if (m->user && m->password) {
		flags |= 0x40;
		length += 2 + strlen(m->password);
	}

	add_head(m, 0x10, length);
	add_string(m, "MQTT");
	(void)add(m, (const uint8_t[]){4, flags}, 2);
	add_number(m, KEEP_ALIVE_S);
	add_string(m, m->id);
	add_string(m, topic);
	add_string(m, "offline");
	if (m->user)
		add_string(m, m->user);
	if (m->user && m->password)
		add_string(m, m->password);
	flush(m);
}

static void subscribe(struct mqtt_port *m)
{
	for (unsigned i = 0; i < 4; i++) {
		char filter[ROOM_TOPIC_SIZE];
		const char *own = strchr(room_filters[i], '%');
		struct room_text t;

		room_text_init(&t, filter, sizeof(filter));
		if (own) {
			room_text_add(&t, "intercom/");
			room_text_add(&t, m->id);
			room_text_add(&t, own + 1);
		} else {
			room_text_add(&t, room_filters[i]);
		}
		add_head(m, 0x82, 2 + 2 + t.length + 1);
		add_number(m, i + 1);
		add_string(m, filter);
		(void)add(m, "", 1);
	}
	flush(m);
}

static void take_publish(struct mqtt_port *m, uint8_t head,
			 const uint8_t *body, size_t length)
{
	char topic[ROOM_TOPIC_SIZE * 2];
	size_t name = length >= 2 ? (size_t)body[0] << 8 | body[1] : length;
	size_t skip = 2 + name + (head & 6 ? 2 : 0);

	if (skip > length || name >= sizeof(topic))
		return;

	memcpy(topic, body + 2, name);
	topic[name] = '\0';
	m->events.message(m->events.arg, topic, (const char *)body + skip,
			  length - skip, head & 1);
}

/* False ends the connection */
static bool take(struct mqtt_port *m, uint8_t head, const uint8_t *body,
		 size_t length)
{
	if (head >> 4 == 2) {
		if (length != 2 || body[1] != 0)
			return false;
		subscribe(m);
	} else if (head >> 4 == 9 && length == 3 && body[1] == 4) {
		m->online = true;
		m->wait_ms = 0;
		m->events.online(m->events.arg);
	} else if (head >> 4 == 3) {
		take_publish(m, head, body, length);
	}

	return true;
}

/* Bytes of the first packet's head; 0 while it is not whole */
static size_t head_of(const struct mqtt_port *m, size_t *length)
{
	size_t n = 1;

	*length = 0;
	while (n < 5 && n < m->in_length) {
		*length |= (size_t)(m->in[n] & 127) << 7 * (n - 1);
		if (!(m->in[n++] & 128))
			return n;
	}

	return 0;
}

static void shift(struct mqtt_port *m, size_t bytes)
{
	m->in_length -= bytes;
	memmove(m->in, m->in + bytes, m->in_length);
}

static bool take_all(struct mqtt_port *m)
{
	size_t length, head;

	while ((head = head_of(m, &length)) > 0) {
		if (head + length > sizeof(m->in)) {
			m->skip = head + length - m->in_length;
			m->in_length = 0;
			return true;
		}
		if (head + length > m->in_length)
			return true;
		if (!take(m, m->in[0], m->in + head, length))
			return false;
		shift(m, head + length);
	}

	return m->in_length < 5;
}

/**
 * Something may have come
 *
 * @param m      Client
 * @param now_ms Time
 */
void mqtt_read(struct mqtt_port *m, uint64_t now_ms)
{
	ssize_t got;

	if (m->fd < 0 || m->connecting)
		return;

	got = recv(m->fd, m->in + m->in_length, sizeof(m->in) - m->in_length, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		fail(m, now_ms);
		return;
	}

	m->heard_ms = now_ms;
	if (m->skip) {
		size_t skipped = m->skip < (size_t)got ? m->skip : (size_t)got;

		m->skip -= skipped;
		m->in_length += (size_t)got;
		shift(m, skipped);
	} else {
		m->in_length += (size_t)got;
	}
	if (!take_all(m))
		fail(m, now_ms);
}

static void begin(struct mqtt_port *m, uint64_t now_ms)
{
	m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	m->heard_ms = now_ms;
	m->connecting = true;
	if (m->fd < 0 ||
	    (connect(m->fd, (struct sockaddr *)&m->broker, sizeof(m->broker)) &&
	     errno != EINPROGRESS))
		fail(m, now_ms);
}

static void finish(struct mqtt_port *m, uint64_t now_ms)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int error = 0;
	socklen_t error_size = sizeof(error);

	(void)getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
	if (error) {
		fail(m, now_ms);
	} else if (getpeername(m->fd, (struct sockaddr *)&peer, &size) == 0) {
		m->connecting = false;
		m->ping_ms = now_ms + KEEP_ALIVE_S * 500u;
		say_hello(m);
	}
}

/**
 * 20 ms have passed
 *
 * @param m      Client
 * @param now_ms Time
 */
void mqtt_tick(struct mqtt_port *m, uint64_t now_ms)
{
	if (m->fd < 0 && now_ms >= m->next_ms)
		begin(m, now_ms);
	if (m->fd >= 0 && m->connecting)
		finish(m, now_ms);
	if (m->fd >= 0 && now_ms > m->heard_ms + KEEP_ALIVE_S * 1500u)
		fail(m, now_ms);
	if (m->online && now_ms >= m->ping_ms) {
		m->ping_ms = now_ms + KEEP_ALIVE_S * 500u;
		add_head(m, 0xc0, 0);
	}
	flush(m);
}

/**
 * Set a client up
 *
 * @param m    Broker, id and events are set
 * @param port Filled in
 */
void mqtt_open(struct mqtt_port *m, struct room_mqtt *port)
{
	m->fd = -1;
	*port = (struct room_mqtt){m, publish};
}

/**
 * Say good-bye, and that we are offline
 *
 * @param m Client
 */
void mqtt_close(struct mqtt_port *m)
{
	struct room_address address = {ROOM_OF_STATION, ROOM_STATUS, {0}};
	char topic[ROOM_TOPIC_SIZE];

	memcpy(address.station, m->id, sizeof(address.station));
	if (m->online && room_topic(topic, sizeof(topic), &address)) {
		publish(m, topic, "offline", true);
		add_head(m, 0xe0, 0);
		flush(m);
	}
	drop(m);
}
