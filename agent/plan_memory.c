#include "agent/plan_memory.h"

#include "base/rules.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct uuid id;
    uint8_t mark;
};

struct plan_memory {
    pthread_mutex_t lock;
    struct uuid youngest_dropped; /* all zero: nothing was dropped yet */
    bool has_dropped;
    size_t capacity;
    size_t count;
    struct entry entries[]; /* by id, ascending: new ids are nearly always the highest */
};

struct plan_memory *plan_memory_new(size_t capacity)
{
    struct plan_memory *memory = calloc(1, sizeof *memory + capacity * sizeof(struct entry));
    if (!memory)
        return NULL;
    memory->capacity = capacity;
    pthread_mutex_init(&memory->lock, NULL);
    return memory;
}

void plan_memory_free(struct plan_memory *memory)
{
    if (!memory)
        return;
    pthread_mutex_destroy(&memory->lock);
    free(memory);
}

static int compare(const struct uuid *left, const struct uuid *right)
{
    return memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

/* Index of the first entry that is not below `id`. */
static size_t place_of(const struct plan_memory *memory, const struct uuid *id)
{
    size_t low = 0;
    size_t high = memory->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&memory->entries[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum plan_mark look(const struct plan_memory *memory, const struct uuid *id)
{
    size_t place = place_of(memory, id);
    if (place < memory->count && compare(&memory->entries[place].id, id) == 0)
        return memory->entries[place].mark;
    if (memory->has_dropped && compare(id, &memory->youngest_dropped) <= 0)
        return PLAN_FORGOTTEN;
    return PLAN_UNKNOWN;
}

static void drop_oldest_quarter(struct plan_memory *memory)
{
    size_t dropped = memory->capacity / 4;
    memory->youngest_dropped = memory->entries[dropped - 1].id;
    memory->has_dropped = true;
    memory->count -= dropped;
    memmove(memory->entries, memory->entries + dropped, memory->count * sizeof(struct entry));
}

/* Sets the mark of a plan; false: it was forgotten, and stays so. */
static bool mark_plan(struct plan_memory *memory, const struct uuid *id, enum plan_mark mark)
{
    enum plan_mark known = look(memory, id);
    if (known == PLAN_UNKNOWN && memory->count == memory->capacity) {
        drop_oldest_quarter(memory);
        known = look(memory, id);
    }
    if (known == PLAN_FORGOTTEN)
        return false;
    size_t place = place_of(memory, id);
    if (known == PLAN_UNKNOWN) {
        memmove(memory->entries + place + 1, memory->entries + place,
                (memory->count - place) * sizeof(struct entry));
        memory->entries[place].id = *id;
        memory->count++;
    }
    memory->entries[place].mark = (uint8_t)mark;
    return true;
}

enum plan_mark plan_memory_look(struct plan_memory *memory, const struct uuid *id)
{
    pthread_mutex_lock(&memory->lock);
    enum plan_mark known = look(memory, id);
    pthread_mutex_unlock(&memory->lock);
    return known;
}

enum plan_mark plan_memory_arrive(struct plan_memory *memory, const struct uuid *id)
{
    pthread_mutex_lock(&memory->lock);
    enum plan_mark known = look(memory, id);
    if (known == PLAN_UNKNOWN && !mark_plan(memory, id, PLAN_WAITING))
        known = PLAN_FORGOTTEN;
    pthread_mutex_unlock(&memory->lock);
    return known;
}

bool plan_memory_start(struct plan_memory *memory, const struct uuid *id)
{
    pthread_mutex_lock(&memory->lock);
    enum plan_mark known = look(memory, id);
    bool may_start = known == PLAN_UNKNOWN || known == PLAN_WAITING;
    if (known == PLAN_BURNT && !rule_on("R18"))
        may_start = true;
    may_start = may_start && mark_plan(memory, id, PLAN_STARTED);
    pthread_mutex_unlock(&memory->lock);
    return may_start;
}

void plan_memory_end(struct plan_memory *memory, const struct uuid *id)
{
    pthread_mutex_lock(&memory->lock);
    if (look(memory, id) == PLAN_STARTED)
        mark_plan(memory, id, PLAN_ENDED);
    pthread_mutex_unlock(&memory->lock);
}

bool plan_memory_burn(struct plan_memory *memory, const struct uuid *id)
{
    pthread_mutex_lock(&memory->lock);
    enum plan_mark known = look(memory, id);
    bool was_started = known == PLAN_STARTED || known == PLAN_ENDED;
    bool may_burn = known != PLAN_FORGOTTEN && (!was_started || !rule_on("R15"));
    may_burn = may_burn && mark_plan(memory, id, PLAN_BURNT);
    pthread_mutex_unlock(&memory->lock);
    return may_burn;
}
