/* The thread pool of the WORK lane: one bounded queue, one connection a thread. */
#include "db/work.h"

#include "base/limits.h"
#include "base/log.h"
#include "db/work_conn.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct work_item {
    work_fn *fn;
    void *context;
};

struct work_pool {
    const struct db_settings *settings;
    pthread_mutex_t lock; /* guards everything below, but the threads' own connections */
    pthread_cond_t arrived;
    struct work_item queue[WORK_QUEUE_MAX]; /* a ring */
    int first;
    int waiting;
    bool closing;
    int busy;
    uint64_t submitted;
    uint64_t refused;
    struct db_tally tally;
    int thread_count;
    pthread_t threads[WORK_THREADS_MAX];
};

/* Waits for work. False: the pool is closing and everything was taken. */
static bool take(struct work_pool *pool, struct work_item *ret_item, bool *ret_closing)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->waiting == 0 && !pool->closing)
        pthread_cond_wait(&pool->arrived, &pool->lock);
    bool got = pool->waiting > 0;
    if (got) {
        *ret_item = pool->queue[pool->first];
        pool->first = (pool->first + 1) % WORK_QUEUE_MAX;
        pool->waiting--;
        pool->busy++;
    }
    *ret_closing = pool->closing;
    pthread_mutex_unlock(&pool->lock);
    return got;
}

static void put_down(struct work_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->busy--;
    pthread_mutex_unlock(&pool->lock);
}

static void *serve(void *context)
{
    struct work_pool *pool = context;
    struct work_item item;
    bool closing;
    pthread_setname_np(pthread_self(), "work");
    struct db_conn *conn = db_conn_new(pool->settings);
    if (!conn) {
        log_error("db.no_memory_for_connection");
        abort(); /* a pool without its threads would let requests wait for ever */
    }
    db_conn_tally(conn, &pool->tally);
    while (take(pool, &item, &closing)) {
        if (closing)
            db_conn_shut(conn);
        item.fn(conn, item.context);
        put_down(pool);
    }
    db_conn_free(conn);
    return NULL;
}

struct work_pool *work_pool_new(const struct db_settings *settings, int thread_count)
{
    assert(thread_count >= 1 && thread_count <= WORK_THREADS_MAX);
    struct work_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->settings = settings;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->arrived, NULL);
    for (; pool->thread_count < thread_count; pool->thread_count++) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, serve, pool) != 0) {
            work_pool_free(pool);
            return NULL;
        }
    }
    return pool;
}

void work_pool_free(struct work_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->arrived);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->arrived);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

enum err work_submit(struct work_pool *pool, work_fn *fn, void *context)
{
    pthread_mutex_lock(&pool->lock);
    bool accepted = !pool->closing && pool->waiting < WORK_QUEUE_MAX;
    if (accepted) {
        pool->queue[(pool->first + pool->waiting++) % WORK_QUEUE_MAX] =
            (struct work_item){.fn = fn, .context = context};
        pool->submitted++;
        pthread_cond_signal(&pool->arrived);
    } else {
        pool->refused++;
    }
    pthread_mutex_unlock(&pool->lock);
    return accepted ? OK : ERR_UNAVAILABLE;
}

void work_counters(struct work_pool *pool, struct work_counters *ret_counters)
{
    pthread_mutex_lock(&pool->lock);
    *ret_counters = (struct work_counters){
        .submitted = pool->submitted,
        .refused = pool->refused,
        .transactions = atomic_load_explicit(&pool->tally.transactions, memory_order_relaxed),
        .retries = atomic_load_explicit(&pool->tally.retries, memory_order_relaxed),
        .queue_length = (uint64_t)pool->waiting,
        .busy_threads = (uint64_t)pool->busy,
    };
    pthread_mutex_unlock(&pool->lock);
}
