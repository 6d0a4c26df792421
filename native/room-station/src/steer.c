/**
 * @file steer.c  A station in MQTT
 *
 * A message with the retain flag is never a command, and a payload that
 * nobody expects changes nothing.
 */
#include <stdio.h>
#include <string.h>
#include "discovery.h"
#include "station.h"
#include "text.h"

static void publish(struct room_station *s, const struct room_address *address,
		    const char *payload, bool retained)
{
	const struct room_mqtt *mqtt = &s->ports->mqtt;
	char topic[ROOM_TOPIC_SIZE];

	if (mqtt->publish && room_topic(topic, sizeof(topic), address))
		mqtt->publish(mqtt->arg, topic, payload, retained);
}

static void publish_own(struct room_station *s, enum room_what what,
			const char *payload)
{
	struct room_address address = {ROOM_OF_STATION, what, {0}};

	memcpy(address.station, s->id, sizeof(address.station));
	publish(s, &address, payload, true);
}

/* What is said once, and tells nothing to whoever comes later */
static void report(struct room_station *s, enum room_what what,
		   const char *payload)
{
	struct room_address address = {ROOM_OF_STATION, what, {0}};

	memcpy(address.station, s->id, sizeof(address.station));
	publish(s, &address, payload, false);
}

/**
 * Tell how much of a talk to the group came
 *
 * @param s     Station
 * @param heard Talk
 */
void room_tell_heard(struct room_station *s, const struct room_heard *heard)
{
	char json[96];

	if (room_make_heard(json, sizeof(json), heard))
		report(s, ROOM_HEARD, json);
}

/**
 * Tell the hub what somebody here wants of the call
 *
 * @param s    Station
 * @param what answer, decline or hangup
 */
void room_tell_wish(struct room_station *s, const char *what)
{
	char json[96];

	if (room_make_wish(json, sizeof(json), what, s->call.id))
		report(s, ROOM_OWN_CALL, json);
}

static void take_own_call(struct room_station *s, const char *payload)
{
	if (room_call_take(&s->call, payload, strlen(payload), s->now_ms))
		room_call_changed(s);
}

static void take_key(struct room_station *s, const char *payload)
{
	int id = room_keys_take(&s->keys, &s->ports->key, payload, s->now_ms);
	char text[12];

	if (id < 0)
		return;

	(void)snprintf(text, sizeof(text), "%d", id);
	report(s, ROOM_GROUP_KEY, text);
}

static void publish_volume(struct room_station *s)
{
	char text[12];

	(void)snprintf(text, sizeof(text), "%u", s->volume);
	publish_own(s, ROOM_VOLUME, text);
}

static void publish_switches(struct room_station *s)
{
	publish_own(s, ROOM_MUTE, s->mute ? "ON" : "OFF");
	publish_own(s, ROOM_DND, s->floor.do_not_disturb ? "ON" : "OFF");
}

static const char *state_of(const struct room_station *s)
{
	if (s->phase != ROOM_QUIET)
		return "transmitting";

	return s->floor.held ? "receiving" : "idle";
}

/**
 * Publish what the station does, if that is new
 *
 * @param s Station
 */
void room_show_state(struct room_station *s)
{
	const char *state = state_of(s);
	bool talks = s->phase != ROOM_QUIET;
	char json[96];

	if (state == s->shown)
		return;

	s->shown = state;
	if (room_make_state(json, sizeof(json), state, talks ? s->to_name : NULL))
		publish_own(s, ROOM_STATE, json);
}

static void publish_discovery(struct room_station *s)
{
	char topic[ROOM_DISCOVERY_TOPIC], identifier[17];
	const char *targets[ROOM_PEERS];
	struct room_entity_of of = {s->id, identifier, s->room, ROOM_VERSION,
				    targets, 0};
	const struct room_mqtt *mqtt = &s->ports->mqtt;

	for (unsigned i = 0; i < sizeof(s->sender); i++)
		(void)snprintf(identifier + 2 * i, 3, "%02x",
			       (unsigned)s->sender[i]);
	for (unsigned i = 0; i < ROOM_PEERS; i++)
		if (*s->peers[i].id && *s->peers[i].room)
			targets[of.target_count++] = s->peers[i].room;
	for (unsigned i = 0; mqtt->publish && i < ROOM_ENTITIES; i++)
		if (room_discovery(i, &of, topic, s->payload))
			mqtt->publish(mqtt->arg, topic, s->payload, true);
}

/**
 * MQTT is connected and subscribed: say who is here, and that last
 *
 * @param s Station
 */
void room_station_online(struct room_station *s)
{
	struct room_address info = {ROOM_INFO, ROOM_STATUS, {0}};
	char json[160];

	publish_discovery(s);
	memcpy(info.station, s->id, sizeof(info.station));
	if (room_make_info(json, sizeof(json), s->room, s->ip, s->id))
		publish(s, &info, json, true);
	s->shown = NULL;
	room_show_state(s);
	publish_volume(s);
	publish_switches(s);
	publish_own(s, ROOM_TARGET, s->target);
	publish_own(s, ROOM_PRIORITY, room_priorities[s->priority]);
	publish_own(s, ROOM_STATUS, "online");
}

/**
 * The station of a room
 *
 * @param s    Station
 * @param room Name of the room
 *
 * @return NULL if it is unknown
 */
struct room_peer *room_peer_of(struct room_station *s, const char *room)
{
	for (unsigned i = 0; i < ROOM_PEERS; i++)
		if (*s->peers[i].id && room_same(s->peers[i].room, room))
			return &s->peers[i];

	return NULL;
}

/* The entry of an id, or a new one; NULL if all are taken */
static struct room_peer *peer_with(struct room_station *s, const char *id)
{
	struct room_peer *empty = NULL;

	for (unsigned i = 0; i < ROOM_PEERS; i++) {
		if (!strcmp(s->peers[i].id, id))
			return &s->peers[i];
		if (!*s->peers[i].id && !empty)
			empty = &s->peers[i];
	}
	if (empty)
		(void)snprintf(empty->id, sizeof(empty->id), "%s", id);

	return empty;
}

static void take_info(struct room_station *s, const char *id,
		      const char *payload, size_t length)
{
	struct room_peer *peer = NULL;
	char room[ROOM_NAME_SIZE], ip[16];
	bool known;

	if (!strcmp(id, s->id))
		return;

	known = room_json_get(payload, length, "room", room, sizeof(room)) &&
		room_json_get(payload, length, "ip", ip, sizeof(ip)) && *room;
	if (!known && length > 0)
		return;

	peer = peer_with(s, id);
	if (peer && length == 0) {
		memset(peer, 0, sizeof(*peer));
	} else if (peer) {
		memcpy(peer->room, room, sizeof(room));
		memcpy(peer->ip, ip, sizeof(ip));
	}
	publish_discovery(s);
}

static void take_status(struct room_station *s, const char *id,
			const char *payload)
{
	struct room_peer *peer = strcmp(id, s->id) ? peer_with(s, id) : NULL;

	if (peer)
		peer->online = !strcmp(payload, "online");
}

/* A call is heard over mute and volume, but not over do not disturb */
static void take_call(struct room_station *s, const char *payload,
		      size_t length)
{
	char target[ROOM_NAME_SIZE], caller[ROOM_NAME_SIZE];

	if (!room_json_get(payload, length, "target", target, sizeof(target)) ||
	    !room_json_get(payload, length, "caller", caller, sizeof(caller)))
		return;
	if (room_same(caller, s->room) || s->floor.do_not_disturb)
		return;
	if (!room_is_all(target) && !room_same(target, s->room))
		return;

	s->ringing = true;
	room_tone(s, 50, 12);
}

static void command(struct room_station *s, enum room_what what,
		    const char *payload)
{
	int percent = room_parse_percent(payload);
	int on = room_parse_switch(payload);
	int priority = room_parse_priority(payload);
	bool fits = *payload && strlen(payload) < sizeof(s->target);

	if (what == ROOM_GROUP_KEY) {
		take_key(s, payload);
	} else if (what == ROOM_OWN_CALL) {
		take_own_call(s, payload);
	} else if (what == ROOM_ENDING) {
		room_talk_warn(s);
	} else if (what == ROOM_VOLUME && percent >= 0) {
		s->volume = (unsigned)percent;
		publish_volume(s);
	} else if (what == ROOM_MUTE && on >= 0) {
		s->mute = on;
		publish_switches(s);
	} else if (what == ROOM_DND && on >= 0) {
		s->floor.do_not_disturb = on;
		publish_switches(s);
	} else if (what == ROOM_PRIORITY && priority >= 0) {
		s->priority = (uint8_t)priority;
		publish_own(s, ROOM_PRIORITY, room_priorities[priority]);
	} else if (what == ROOM_TARGET && fits) {
		memcpy(s->target, payload, strlen(payload) + 1);
		publish_own(s, ROOM_TARGET, s->target);
	}
}

/**
 * A message came
 *
 * @param s        Station
 * @param topic    Its topic
 * @param payload  Its payload
 * @param length   Length of that; longer ones than a station knows are ignored
 * @param retained Whether the broker had kept it
 */
void room_station_message(struct room_station *s, const char *topic,
			  const char *payload, size_t length, bool retained)
{
	char text[ROOM_PAYLOAD_SIZE];
	struct room_address address;

	room_parse_topic(&address, topic);
	if (length >= sizeof(text))
		return;

	if (length > 0)
		memcpy(text, payload, length);
	text[length] = '\0';

	if (address.about == ROOM_INFO)
		take_info(s, address.station, text, length);
	else if (address.about == ROOM_OF_STATION && address.what == ROOM_STATUS)
		take_status(s, address.station, text);
	else if (address.about == ROOM_CALL && !retained)
		take_call(s, text, length);
	else if (address.about == ROOM_COMMAND && !retained &&
		 !strcmp(address.station, s->id))
		command(s, address.what, text);
}

/**
 * Hang up, give up our call, or decline what rings
 *
 * @param s Station
 *
 * @return False if there is no call
 */
bool room_station_hang_up(struct room_station *s)
{
	const char *what = room_call_end(&s->call);

	if (what)
		room_tell_wish(s, what);

	return what != NULL;
}

/**
 * Call a room, or whomever the hub knows by that name; the button is locked
 * for two seconds. While there is a call the button ends it
 *
 * @param s      Station
 * @param target Room, or everybody
 * @param now_ms Time
 *
 * @return False if the room is unknown
 */
bool room_station_call(struct room_station *s, const char *target,
		       uint64_t now_ms)
{
	struct room_address address = {ROOM_CALL, ROOM_STATUS, {0}};
	char json[160];

	if (room_station_hang_up(s))
		return true;
	if (!room_is_all(target) && !room_peer_of(s, target) && !s->call.known)
		return false;
	if (!room_make_call(json, sizeof(json), target, s->room))
		return false;

	publish(s, &address, json, false);
	room_floor_lock(&s->floor, now_ms);
	room_call_expect(&s->call, now_ms);

	return true;
}
