/* The tasks in the answer to a poll (PROTOCOL.md "poll"). */
#ifndef CARDWRIGHT_AGENT_TASK_JSON_H
#define CARDWRIGHT_AGENT_TASK_JSON_H

#include "agent/plan.h"

#include <jansson.h>

enum task_kind { TASK_PLAN, TASK_CANCEL, TASK_READ, TASK_TRAINING, TASK_PRINT };

struct task {
    enum task_kind kind;
    struct uuid id;     /* of the plan, the training task or the receipt */
    const char *sealed; /* hex; borrowed from the answer */
    bool has_run;       /* cancel: the process the plan was made for is named */
    uint8_t run[RUN_BYTES];
    const json_t *members; /* the whole object; borrowed */
};

/* Reads the tasks that this agent understands into `ret_tasks` (AGENT_TASKS_MAX) and returns how many; the
 * others, of a newer server or malformed, are counted in `*ret_skipped` and left alone. */
size_t tasks_read(const json_t *answer, struct task *ret_tasks, size_t *ret_skipped);

/* A training action in the words of the simulator's control socket, one line after the other: "place card1".
 * A foreign card takes the most of them: it is made, and each of its 40 trailers gets keys nobody knows. */
struct training_lines {
    char lines[AGENT_TRAINING_LINES_MAX][AGENT_TRAINING_LINE_BYTES_MAX];
    size_t count;
};
/* NULL, or what is wrong with the action. */
const char *training_lines(const json_t *members, struct training_lines *ret_lines);

#endif
