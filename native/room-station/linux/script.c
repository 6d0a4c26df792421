/**
 * @file script.c  What the command line asks for at its time
 */
#include <stdio.h>
#include "script.h"

static const char *const refusals[] = {NULL, "somebody else talks",
				       "a call was sent just now",
				       "this room is not there", NULL};

static void complain(const char *what, const char *target)
{
	fprintf(stderr, "room-station: %s: %s\n", what, target);
}

/* True once, when its time has come */
static bool is_due(long long *at, long long since_ms)
{
	if (*at < 0 || since_ms < *at)
		return false;

	*at = -1;
	return true;
}

static void press(const struct script *script, struct room_station *s,
		  uint64_t now_ms)
{
	const char *refusal = refusals[room_station_press(s, now_ms)];

	if (refusal)
		complain(refusal, script->target);
}

/* For people, when it stands otherwise than before */
static void show_call(struct script *script, const struct room_call *call)
{
	static const char *const words[] = {"no call any more", "calling",
					    "is called by", "in a call with"};

	if (call->state == script->shown)
		return;

	script->shown = call->state;
	fprintf(stderr, "room-station: %s %s\n", words[call->state],
		call->state == ROOM_NO_CALL ? "" : call->who);
}

static void follow_call(struct script *script, struct room_station *s,
			long long since_ms, uint64_t now_ms)
{
	bool rings = s->call.state == ROOM_RUNG;

	if (!rings)
		script->answer_at = -1;
	else if (!script->rings && script->answer_after >= 0)
		script->answer_at = since_ms + script->answer_after;
	script->rings = rings;

	if (is_due(&script->answer_at, since_ms))
		(void)room_station_press(s, now_ms);
	if (is_due(&script->hang_up_at, since_ms))
		(void)room_station_hang_up(s);
}

/**
 * 20 ms have passed: call, talk, answer, hang up
 *
 * @param script   What is asked for
 * @param s        Station
 * @param since_ms Time since the start
 * @param now_ms   Time
 */
void script_follow(struct script *script, struct room_station *s,
		   long long since_ms, uint64_t now_ms)
{
	if (is_due(&script->call_at, since_ms) &&
	    !room_station_call(s, script->target, now_ms))
		complain(refusals[ROOM_NOBODY], script->target);
	if (is_due(&script->talk_at, since_ms)) {
		script->release_at = since_ms + script->talk_for;
		press(script, s, now_ms);
	}
	if (is_due(&script->release_at, since_ms))
		room_station_release(s);
	show_call(script, &s->call);
	follow_call(script, s, since_ms, now_ms);
}
