/**
 * @file discovery.c  What Home Assistant is told of a station
 *
 * `homeassistant/<component>/<object>/config`, one message for each entity.
 */
#include "discovery.h"
#include "text.h"
#include "topics.h"

/** One entity */
struct entity {
	const char *component;	/**< Home Assistant's word	*/
	const char *what;	/**< Behind the station's id	*/
	const char *name;	/**< For people			*/
	const char *more;	/**< Keys of its own		*/
};

static const struct entity entities[ROOM_ENTITIES] = {
	{"sensor", "state", "State",
	 ",\"value_template\":\"{{ value_json.state }}\","
	 "\"icon\":\"mdi:phone-classic\""},
	{"number", "volume", "Volume",
	 ",\"min\":0,\"max\":100,\"step\":5,\"unit_of_measurement\":\"%\","
	 "\"mode\":\"slider\""},
	{"switch", "mute", "Mute",
	 ",\"payload_on\":\"ON\",\"payload_off\":\"OFF\""},
	{"switch", "dnd", "Do Not Disturb",
	 ",\"payload_on\":\"ON\",\"payload_off\":\"OFF\""},
	{"select", "target", "Target", ",\"has_entity_name\":true"},
	{"select", "priority", "Priority",
	 ",\"options\":[\"Normal\",\"High\",\"Emergency\"]"},
};

static void add_pair(struct room_text *t, const char *name, const char *value)
{
	room_text_add(t, t->length > 1 ? "," : "");
	room_text_json(t, name);
	room_text_add(t, ":");
	room_text_json(t, value);
}

/* "name":"intercom/<id>/<what>" */
static void add_topic(struct room_text *t, const char *name, const char *id,
		      const char *what, const char *behind)
{
	room_text_add(t, ",\"");
	room_text_add(t, name);
	room_text_add(t, "\":\"intercom/");
	room_text_add(t, id);
	room_text_add(t, "/");
	room_text_add(t, what);
	room_text_add(t, behind);
	room_text_add(t, "\"");
}

static void add_targets(struct room_text *t, const struct room_entity_of *of)
{
	room_text_add(t, ",\"options\":[\"" ROOM_ALL "\"");
	for (unsigned i = 0; i < of->target_count; i++) {
		room_text_add(t, ",");
		room_text_json(t, of->targets[i]);
	}
	room_text_add(t, "]");
}

static void add_device(struct room_text *t, const struct room_entity_of *of)
{
	room_text_add(t, ",\"device\":{\"identifiers\":[");
	room_text_json(t, of->identifier);
	room_text_add(t, "]");
	add_pair(t, "name", of->room);
	add_pair(t, "model", "Room Station");
	add_pair(t, "manufacturer", "Doorward");
	add_pair(t, "sw_version", of->version);
	room_text_add(t, "}}");
}

static void add_object(struct room_text *t, const struct room_entity_of *of,
		       const struct entity *e)
{
	room_text_add(t, of->id);
	room_text_add(t, "_");
	room_text_add(t, e->what);
}

/**
 * The description of one entity
 *
 * @param index   0 to ROOM_ENTITIES - 1
 * @param of      Station
 * @param topic   ROOM_DISCOVERY_TOPIC characters; retained
 * @param payload ROOM_DISCOVERY_SIZE characters
 *
 * @return False if it does not fit
 */
bool room_discovery(unsigned index, const struct room_entity_of *of,
		    char *topic, char *payload)
{
	const struct entity *e = &entities[index];
	struct room_text t, p;
	char object[32];
	struct room_text o;

	room_text_init(&o, object, sizeof(object));
	add_object(&o, of, e);

	room_text_init(&t, topic, ROOM_DISCOVERY_TOPIC);
	room_text_add(&t, "homeassistant/");
	room_text_add(&t, e->component);
	room_text_add(&t, "/");
	room_text_add(&t, object);
	room_text_add(&t, "/config");

	room_text_init(&p, payload, ROOM_DISCOVERY_SIZE);
	room_text_add(&p, "{");
	add_pair(&p, "name", e->name);
	add_pair(&p, "unique_id", object);
	add_topic(&p, "state_topic", of->id, e->what, "");
	if (index > 0)
		add_topic(&p, "command_topic", of->id, e->what, "/set");
	add_topic(&p, "availability_topic", of->id, "status", "");
	room_text_add(&p, e->more);
	if (index == 4)
		add_targets(&p, of);
	add_device(&p, of);

	return o.whole && t.whole && p.whole;
}
