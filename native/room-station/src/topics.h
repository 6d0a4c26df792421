#ifndef ROOM_TOPICS_H
#define ROOM_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include "packet.h"

/** A room's name, bytes, with the end of the string */
#define ROOM_NAME_SIZE 33
/** The longest topic, bytes, with the end of the string */
#define ROOM_TOPIC_SIZE 64
/** The longest payload that a station makes or reads, bytes */
#define ROOM_PAYLOAD_SIZE 1024
/** What everybody is called */
#define ROOM_ALL "All Rooms"

/** What of a station has a state */
enum room_what {
	ROOM_STATUS,
	ROOM_STATE,
	ROOM_VOLUME,
	ROOM_MUTE,
	ROOM_TARGET,
	ROOM_PRIORITY,
	ROOM_DND,
	ROOM_GROUP_KEY,
	ROOM_HEARD,
	ROOM_ENDING,
	ROOM_OWN_CALL,
	ROOM_WHATS
};

/** What a topic is about */
enum room_about {
	ROOM_NOTHING,	/**< Nothing of ours			*/
	ROOM_OF_STATION,	/**< A state of a station	*/
	ROOM_COMMAND,	/**< A command to a station		*/
	ROOM_INFO,	/**< Who is there			*/
	ROOM_CALL	/**< Somebody rings a room		*/
};

/** A topic, read */
struct room_address {
	enum room_about about;	/**< What it is about	*/
	enum room_what what;	/**< Of a state or command	*/
	char station[ROOM_ID_SIZE];	/**< Whose		*/
};

extern const char *const room_filters[4];
extern const char *const room_priorities[3];

void room_parse_topic(struct room_address *address, const char *topic);
bool room_topic(char *topic, size_t size, const struct room_address *address);
int room_parse_switch(const char *payload);
int room_parse_percent(const char *payload);
int room_parse_priority(const char *payload);
bool room_is_all(const char *target);
bool room_make_info(char *payload, size_t size, const char *room,
		    const char *ip, const char *id);
bool room_make_call(char *payload, size_t size, const char *target,
		    const char *caller);
bool room_make_wish(char *payload, size_t size, const char *what,
		    const char *id);
bool room_make_state(char *payload, size_t size, const char *state,
		     const char *target);

#endif
