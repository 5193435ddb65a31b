/* A recharge on the simulated reader at line speed: card commands and card time after the reading, and how
 * long a card takes from lying down to the event on the desk's screen. Run by .make/rig.sh. */
#include "tests/lib/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAPS 21
#define COMMANDS_MAX 10 /* goals of the card design, section 12 */
#define CARD_MS_MAX 250
#define PRESENCE_MS_MAX 150 /* from the agent's word that a card came */

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* "time=2026-11-22T15:46:01.123Z ..." as milliseconds of the epoch. */
static double line_ms(const char *line)
{
    struct tm tm = {0};
    const char *rest = strptime(line + strlen("time="), "%Y-%m-%dT%H:%M:%S", &tm);
    return rest ? (double)timegm(&tm) * 1e3 + strtod(rest, NULL) * 1e3 : 0;
}

/* When the agent saw the card come the last time. */
static double came_ms(const struct rig_desk *desk)
{
    char line[1024];
    double found = 0;
    FILE *log = fopen(desk->agent_log, "r");
    while (log && fgets(line, sizeof line, log)) {
        if (strstr(line, "event=card.present") && strncmp(line, "time=", 5) == 0)
            found = line_ms(line);
    }
    if (log)
        fclose(log);
    return found;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void need(bool done, const struct rig_desk *desk)
{
    if (!done) {
        fprintf(stderr, "bench: %s\n", desk->problem);
        exit(1);
    }
}

static bool verdict(const char *label, double *values, int count, double goal, const char *unit)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    double median = values[count / 2];
    printf("%-34s median %6.1f %s   largest %6.1f   goal %.0f   %s\n", label, median, unit, values[count - 1],
           goal, median <= goal ? "met" : "MISSED");
    return median <= goal;
}

/* The agent says commands and card time of each plan in its log; the recharges are the last TAPS. */
static int read_plans(const struct rig_desk *desk, double *commands, double *card_ms)
{
    char line[1024];
    int count = 0;
    FILE *log = fopen(desk->agent_log, "r");
    while (log && fgets(line, sizeof line, log)) {
        const char *c = strstr(line, " commands=");
        const char *ms = strstr(line, " card_ms=");
        if (!strstr(line, "event=plan.end") || !strstr(line, "result=written") || !c || !ms ||
            strtod(c + 10, NULL) > 40)
            continue; /* the issue has 72 commands */
        if (count < TAPS) {
            commands[count] = strtod(c + 10, NULL);
            card_ms[count++] = strtod(ms + 9, NULL);
        }
    }
    if (log)
        fclose(log);
    return count;
}

int main(void)
{
    double presence[TAPS];
    double down[TAPS];
    double whole[TAPS];
    double commands[TAPS];
    double card_ms[TAPS];
    char person[RIG_ID_BYTES];
    char id[RIG_ID_BYTES];
    struct rig *rig = rig_start(&(struct rig_options){.pacing = true, .safe_commits = true});
    if (!rig)
        return 1;
    struct rig_desk *desk = rig_desk(rig, 0);
    need(rig_person(desk, "Ann Bell", person) && rig_card_new(desk, "ann", "1k", "9c3ad15e"), desk);
    need(rig_place(desk, "ann") && rig_issue(desk, person, id) && rig_wait_operation(desk, id, "completed"),
         desk);
    for (int i = 0; i < TAPS; i++) {
        need(rig_remove(desk), desk);
        double laid_ms = now_ms();
        need(rig_put(desk, "ann") && rig_wait_card(desk), desk);
        down[i] = now_ms() - laid_ms;
        presence[i] = wall_ms();
        presence[i] -= came_ms(desk);
        double asked_ms = now_ms();
        need(rig_operation(desk, "recharge", "{'consumption_minor': 100}", id) &&
                 rig_wait_operation(desk, id, "completed"),
             desk);
        whole[i] = now_ms() - asked_ms;
    }
    int plans = read_plans(desk, commands, card_ms);
    bool met =
        plans == TAPS && verdict("presence to event at line speed", presence, TAPS, PRESENCE_MS_MAX, "ms");
    met = verdict("recharge: card commands", commands, plans, COMMANDS_MAX, "  ") && met;
    met = verdict("recharge: card time", card_ms, plans, CARD_MS_MAX, "ms") && met;
    qsort(down, TAPS, sizeof *down, compare);
    printf("card down to event                 median %6.1f ms   largest %6.1f\n", down[TAPS / 2],
           down[TAPS - 1]);
    qsort(whole, TAPS, sizeof *whole, compare);
    printf("recharge: click to proven          median %6.1f ms\n", whole[TAPS / 2]);
    return rig_stop(rig) ? (met ? 0 : 3) : 1;
}
