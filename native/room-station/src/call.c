/**
 * @file call.c  Our call, as the hub tells of it
 *
 * The microphone is opened for no call that nobody here made or answered,
 * whatever comes over MQTT.
 */
#include <string.h>
#include "call.h"
#include "text.h"

/* After a call was made so long the hub's answer to it is expected */
#define EXPECTED_MS 10000u
/* Without a word of the hub for so long a call is over */
#define LOST_MS 30000u

static const char *const states[4] = {"idle", "calling", "ringing", "answered"};

static bool state_of(const char *word, enum room_call_state *state)
{
	for (unsigned i = 0; i < 4; i++) {
		if (!strcmp(states[i], word)) {
			*state = (enum room_call_state)i;
			return true;
		}
	}

	return false;
}

/* Which is the one that somebody here wants */
static void want(struct room_call *c, const char *id)
{
	memcpy(c->ours, id, sizeof(c->ours));
}

/**
 * The hub says how our call stands
 *
 * @param c      Call
 * @param json   What it says
 * @param length Its length
 * @param now_ms Time
 *
 * @return True if it stands otherwise than before
 */
bool room_call_take(struct room_call *c, const char *json, size_t length,
		    uint64_t now_ms)
{
	enum room_call_state before = c->state, state;
	char word[12], id[sizeof(c->id)];
	bool ours;

	if (!room_json_get(json, length, "state", word, sizeof(word)) ||
	    !state_of(word, &state))
		return false;

	memset(id, 0, sizeof(id));
	(void)room_json_get(json, length, "id", id, sizeof(id));
	if (!room_json_get(json, length, "who", c->who, sizeof(c->who)))
		c->who[0] = '\0';
	if (!room_json_get(json, length, "to", c->to, sizeof(c->to)))
		c->to[0] = '\0';

	ours = now_ms < c->expected_ms &&
	       (state == ROOM_CALLING || state == ROOM_IN_CALL);
	if (ours) {
		want(c, id);
		c->expected_ms = 0;
	}
	c->known = true;
	c->heard_ms = now_ms;
	c->state = state;
	memcpy(c->id, id, sizeof(c->id));

	return state != before;
}

/**
 * Somebody here called
 *
 * @param c      Call
 * @param now_ms Time
 */
void room_call_expect(struct room_call *c, uint64_t now_ms)
{
	c->expected_ms = now_ms + EXPECTED_MS;
}

/**
 * Somebody here answers what rings
 *
 * @param c Call
 *
 * @return What the hub is to do; NULL if nothing rings
 */
const char *room_call_answer(struct room_call *c)
{
	if (c->state != ROOM_RUNG || !*c->id)
		return NULL;

	want(c, c->id);
	return "answer";
}

/**
 * Somebody here hangs up, gives up, or declines
 *
 * @param c Call
 *
 * @return What the hub is to do; NULL if there is no call
 */
const char *room_call_end(struct room_call *c)
{
	if (c->state == ROOM_NO_CALL || !*c->id)
		return NULL;

	c->ours[0] = '\0';
	return c->state == ROOM_RUNG ? "decline" : "hangup";
}

/**
 * Where our microphone is to be heard
 *
 * @param c Call
 *
 * @return An IPv4 address; NULL while it is to be closed
 */
const char *room_call_talks_to(const struct room_call *c)
{
	bool ours = c->state == ROOM_IN_CALL && *c->id && !strcmp(c->id, c->ours);

	return ours && *c->to ? c->to : NULL;
}

/**
 * Time passes: a hub of which nothing is heard any more has no call for us
 *
 * @param c      Call
 * @param now_ms Time
 *
 * @return True if one is over by that just now
 */
bool room_call_expire(struct room_call *c, uint64_t now_ms)
{
	if (c->state == ROOM_NO_CALL || now_ms < c->heard_ms + LOST_MS)
		return false;

	c->state = ROOM_NO_CALL;
	c->ours[0] = '\0';
	return true;
}
