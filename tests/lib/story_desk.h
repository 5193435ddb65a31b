/* A desk of a story with everything real: cardwright-agent in training mode on its own simulated reader, an
 * operator who sits there, cards placed through the API.
 *
 *     struct story_desk *desk = story_desk_start(story, "cashier");
 *     story_desk_card(desk, "red", "9c3ad15e");     blank, placed, read: {set.reading} is its reading
 *     ... a step that asks for an operation ...
 *     story_desk_wait(desk, "issue", "completed");  {set.reading} is the reading afterwards
 *     story_desk_stop(desk);
 *
 * Its receipt printer is the file {set.folder}/paper, which is not there until the story makes it.
 *
 * Programs: $CARDWRIGHT_AGENT, $SIM_READER. */
#ifndef CARDWRIGHT_TESTS_LIB_STORY_DESK_H
#define CARDWRIGHT_TESTS_LIB_STORY_DESK_H

#include "tests/lib/story.h"

struct story_desk;

/* A step that asks for an act on the card that lies there; `members` of its body beside kind and reading. */
#define OPERATIONS_BY(as_) POST("/api/v1/desks/{set.desk}/operations"), .as = as_
#define ACT(kind, members)                                                                                   \
    .body = "{'kind': '" kind "', 'presentation_id': '{set.reading}', " members "}", .keyed = true,          \
    .want = 201

/* Makes the desk ("desk"), sets the system password, pairs and starts the agent, lets client `as` sit down
 * and opens the desk's stream. {set.desk} is its id. Fails the test when the reader does not come up. */
struct story_desk *story_desk_start(struct story *story, const char *as);
/* The same; then the card "red" lies on its reader, issued to Ann Bell: {ann.id}, {issue.id}. */
struct story_desk *story_desk_start_issued(struct story *story, const char *as);
/* Ends the agent, which must end with success; the books must be right. */
void story_desk_stop(struct story_desk *desk);

/* A new blank 1K card of this name and UID, placed and read. */
void story_desk_card(struct story_desk *desk, const char *name, const char *uid_hex);
/* Asks the reader for something ("place", members such as ", 'card': 'red'") and wants it done. */
void story_desk_training(struct story_desk *desk, const char *action, const char *members);

/* Waits until the screen shows the card in this state ("blank", "active", ...), nothing of it still open. */
void story_desk_shows(struct story_desk *desk, const char *state);
/* Waits until the screen shows no card. */
void story_desk_shows_none(struct story_desk *desk);
/* Waits until the operation that step `label` asked for has this state, and when it is finished until the
 * desk shows a reading that an act can be based on. */
void story_desk_wait(struct story_desk *desk, const char *label, const char *state);

#endif
