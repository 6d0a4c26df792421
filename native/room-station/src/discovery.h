#ifndef ROOM_DISCOVERY_H
#define ROOM_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

/** How many entities a station has */
#define ROOM_ENTITIES 6
/** The longest of their topics and payloads, bytes */
#define ROOM_DISCOVERY_TOPIC 80
#define ROOM_DISCOVERY_SIZE 1536

/** What the descriptions are made of */
struct room_entity_of {
	const char *id;		/**< `intercom_` and eight digits	*/
	const char *identifier;	/**< The sender, 16 digits		*/
	const char *room;	/**< Its name				*/
	const char *version;	/**< Of the program			*/
	const char *const *targets;	/**< Rooms that can be talked to */
	unsigned target_count;	/**< How many				*/
};

bool room_discovery(unsigned index, const struct room_entity_of *of,
		    char *topic, char *payload);

#endif
