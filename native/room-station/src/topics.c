/**
 * @file topics.c  Topics and payloads by which stations are steered and shown
 *
 * As the original firmware sends and takes them.
 */
#include <string.h>
#include "text.h"
#include "topics.h"

/** What a station subscribes to; `%` stands for its id */
const char *const room_filters[4] = {"intercom/%/+/set", "intercom/+/status",
				     "intercom/devices/+/info",
				     "intercom/call"};

/** Priorities as words, by number */
const char *const room_priorities[3] = {"Normal", "High", "Emergency"};

static const char *const whats[ROOM_WHATS] = {
	"status", "state", "volume", "mute", "target", "priority", "dnd",
	"key", "heard", "ending", "call"};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* One level of a topic; the slash behind it is passed over */
static bool level(const char **at, char *out, size_t size)
{
	size_t length = strcspn(*at, "/");

	if (length == 0 || length >= size)
		return false;

	memcpy(out, *at, length);
	out[length] = '\0';
	*at += length + ((*at)[length] == '/');

	return true;
}

static enum room_what what_of(const char *name)
{
	unsigned what = 0;

	while (what < ROOM_WHATS && strcmp(whats[what], name))
		what++;

	return (enum room_what)what;
}

static bool parse_info(struct room_address *a, const char *at)
{
	return level(&at, a->station, sizeof(a->station)) && !strcmp(at, "info");
}

static bool parse_station(struct room_address *a, const char *at)
{
	char name[12];

	if (!level(&at, a->station, sizeof(a->station)) ||
	    !level(&at, name, sizeof(name)))
		return false;

	a->what = what_of(name);
	a->about = *at ? ROOM_COMMAND : ROOM_OF_STATION;

	return a->what != ROOM_WHATS && (!*at || !strcmp(at, "set"));
}

/**
 * Read a topic
 *
 * @param address Filled in
 * @param topic   Topic
 */
void room_parse_topic(struct room_address *address, const char *topic)
{
	memset(address, 0, sizeof(*address));
	if (!strcmp(topic, "intercom/call")) {
		address->about = ROOM_CALL;
	} else if (begins(topic, "intercom/devices/")) {
		if (parse_info(address, topic + 17))
			address->about = ROOM_INFO;
	} else if (begins(topic, "intercom/")) {
		if (!parse_station(address, topic + 9))
			address->about = ROOM_NOTHING;
	}
}

/**
 * Write a topic
 *
 * @param topic   Where it goes
 * @param size    Room there
 * @param address What it is about
 *
 * @return False if it does not fit, or is about nothing
 */
bool room_topic(char *topic, size_t size, const struct room_address *address)
{
	struct room_text t;

	room_text_init(&t, topic, size);
	room_text_add(&t, "intercom/");
	switch (address->about) {
	case ROOM_NOTHING:
		return false;
	case ROOM_CALL:
		room_text_add(&t, "call");
		return t.whole;
	case ROOM_INFO:
		room_text_add(&t, "devices/");
		room_text_add(&t, address->station);
		room_text_add(&t, "/info");
		return t.whole;
	case ROOM_OF_STATION:
	case ROOM_COMMAND:
		break;
	}

	room_text_add(&t, address->station);
	room_text_add(&t, "/");
	room_text_add(&t, whats[address->what]);
	if (address->about == ROOM_COMMAND)
		room_text_add(&t, "/set");

	return t.whole;
}

/**
 * ON and OFF, and what people's automations send for them
 *
 * @param payload Payload
 *
 * @return 1, 0, or -1 for anything else
 */
int room_parse_switch(const char *payload)
{
	static const char *const words[6] = {"off", "on",   "false",
					     "true", "0", "1"};

	for (int i = 0; i < 6; i++)
		if (room_same(words[i], payload))
			return i & 1;

	return -1;
}

/**
 * A percentage
 *
 * @param payload Payload, digits with at most a sign before and a fraction
 *
 * @return 0 to 100, -1 for what is no number
 */
int room_parse_percent(const char *payload)
{
	const char *at = payload + (*payload == '-');
	int value = 0;

	if (*at < '0' || *at > '9')
		return -1;

	for (; *at >= '0' && *at <= '9'; at++)
		value = value > 100 ? value : value * 10 + (*at - '0');
	if (*at == '.') {
		value += at[1] >= '5' && at[1] <= '9';
		do {
			at++;
		} while (*at >= '0' && *at <= '9');
	}
	if (*at)
		return -1;
	if (*payload == '-')
		return 0;

	return value > 100 ? 100 : value;
}

/**
 * A priority's word
 *
 * @param payload Payload
 *
 * @return 0 to 2, -1 for anything else
 */
int room_parse_priority(const char *payload)
{
	for (int i = 0; i < 3; i++)
		if (room_same(room_priorities[i], payload))
			return i;

	return -1;
}

/**
 * Whether a target is everybody
 *
 * @param target Target
 *
 * @return True for `All Rooms` and `all`
 */
bool room_is_all(const char *target)
{
	return room_same(target, ROOM_ALL) || room_same(target, "all");
}

/* {"name":"value", ... of pairs that end with NULL */
static bool object(char *payload, size_t size, const char *const *pairs)
{
	struct room_text t;

	room_text_init(&t, payload, size);
	for (unsigned i = 0; pairs[i]; i += 2) {
		room_text_add(&t, i ? "," : "{");
		room_text_json(&t, pairs[i]);
		room_text_add(&t, ":");
		room_text_json(&t, pairs[i + 1]);
	}
	room_text_add(&t, "}");

	return t.whole;
}

/** `intercom/devices/<id>/info` */
bool room_make_info(char *payload, size_t size, const char *room,
		    const char *ip, const char *id)
{
	const char *const pairs[] = {"room",  room, "ip",    ip,  "id", id,
				     "calls", "1",  NULL};

	return object(payload, size, pairs);
}

/** `intercom/call` */
bool room_make_call(char *payload, size_t size, const char *target,
		    const char *caller)
{
	const char *const pairs[] = {"target", target, "caller", caller, NULL};

	return object(payload, size, pairs);
}

/** `intercom/<id>/call` */
bool room_make_wish(char *payload, size_t size, const char *what,
		    const char *id)
{
	const char *const pairs[] = {"do", what, "id", id, NULL};

	return object(payload, size, pairs);
}

/** `intercom/<id>/state`; target NULL where none is */
bool room_make_state(char *payload, size_t size, const char *state,
		     const char *target)
{
	const char *const pairs[] = {"state", state, target ? "target" : NULL,
				     target, NULL};

	return object(payload, size, pairs);
}
