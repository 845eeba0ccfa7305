/*
 * Whose reading comes next: one caller's lists may not take all connections
 * of a lane, since others read and write as well.  What is too much waits
 * for its turn, for a while.
 */
#ifndef PROVIDER_REST_READING_TURNS_H
#define PROVIDER_REST_READING_TURNS_H

#include "rest/reading.h"

enum rv_turn {
	RV_TURN_NOW,  /* it is among the lane's readings in work */
	RV_TURN_WAIT, /* it waits: start is called, or refuse */
	RV_TURN_NONE, /* too many wait */
};

/*
 * Asks for a turn.  With RV_TURN_WAIT the reading is of this file until one
 * of its start and refuse is called, once, from rv_reading_turns_next().
 */
enum rv_turn rv_reading_turn_ask(struct rv_reading *r);

/* Takes a reading from those in work; harmless for others. */
void rv_reading_turn_end(struct rv_reading *r);

/*
 * Gives turns to those who may have one now, and refuses who has waited too
 * long; called when a reading is over and nothing of it is used any more.
 */
void rv_reading_turns_next(struct rv_lane *lane);

#endif
