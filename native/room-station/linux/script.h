#ifndef SCRIPT_H
#define SCRIPT_H

#include "../src/station.h"

/** What the command line asks for; times in ms since the start, -1: never */
struct script {
	const char *target;
	long long talk_at, talk_for, call_at, answer_after, hang_up_at;
	long long release_at;	/**< Set when it talks: -1 at first	*/
	long long answer_at;	/**< Set when it rings: -1 at first	*/
	bool rings;
	enum room_call_state shown;	/**< What was said of a call last	*/
};

void script_follow(struct script *script, struct room_station *s,
		   long long since_ms, uint64_t now_ms);

#endif
