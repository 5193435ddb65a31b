/* Every limit of every wait, list, buffer, retry and body stands here, with its unit in the name.
 * Sections belong to the folders named above them; agents and simulators have theirs at the end. */
#ifndef CARDWRIGHT_BASE_LIMITS_H
#define CARDWRIGHT_BASE_LIMITS_H

/* ---- base ---- */
#define LOG_LINE_BYTES_MAX 4096
#define LOOP_EVENTS_PER_TURN 256
#define LOOP_TURN_HOOKS_MAX 16
#define CONF_FILE_BYTES_MAX (256 * 1024)
#define CONF_VALUE_BYTES_MAX 1024

/* ---- card ---- */
#define CARD_UID_BYTES_MAX 10
#define CARD_BLOCK_BYTES 16
#define CARD_KEY_BYTES 6
#define CARD_SECTORS_MAX 40 /* MIFARE Classic 4K */
#define CARD_BLOCKS_MAX 256
#define PLAN_STEPS_MAX 160 /* an issue of L0..L6 needs about 110 */
#define PLAN_JSON_BYTES_MAX (16 * 1024)
#define PLAN_LEGS_MAX 2  /* consumption and water; times is always alone */
#define READ_TRIES_MAX 6 /* transport and five versions of the site key */
#define READ_PLAN_BLOCKS_MAX 21
#define EVIDENCE_EPOCHS_MAX 128 /* at most 100 numbers beyond the committed one are allocated */
#define PLAN_START_WITHIN_MS 30000
#define PURSE_WATER_MINOR_MAX 131071         /* 17 bits of T_w in the issuer record */
#define PURSE_CONSUMPTION_MINOR_MAX 16777215 /* 24 bits of T_c */

/* ---- http ---- */
#define HTTP_BODY_BYTES_MAX (64 * 1024)
#define HTTP_BODY_IMPORT_BYTES_MAX (32 * 1024 * 1024)
#define HTTP_BODY_RECORDS_BYTES_MAX (1024 * 1024)
#define HTTP_BODY_DEVICE_BYTES_MAX (10 * 1024 * 1024)
#define HTTP_BODIES_BYTES_MAX (256 * 1024 * 1024) /* all bodies held by one server at once */
#define HTTP_CONNECTION_MEMORY_BYTES (48 * 1024)
#define HTTP_OPERATOR_CONNECTIONS_MAX 2048
#define HTTP_DEVICE_CONNECTIONS_MAX 16384
#define HTTP_LISTEN_BACKLOG 4096
#define HTTP_IDLE_TIMEOUT_S 60
#define HTTP_WAIT_MS_MAX 30000
#define HTTP_POLL_WAIT_MS 25000
#define HTTP_SSE_HEARTBEAT_MS 15000
#define HTTP_WAKES_PER_TURN 256
#define HTTP_STREAMS_MAX 1024
#define HTTP_SSE_BUFFER_BYTES_MAX (256 * 1024)
#define HTTP_QUERY_PARAMS_MAX 32
#define HTTP_REPLY_HEADERS_MAX 16
#define HTTP_REQUEST_ID_BYTES_MAX 64
#define HTTP_HOSTS_MAX 32
#define HTTP_FILES_CACHED_MAX 1024
#define HTTP_FILE_CACHED_BYTES_MAX (4 * 1024 * 1024)
#define HTTP_FILES_CACHED_BYTES_MAX (64 * 1024 * 1024)
#define HTTP_FILE_RECHECK_MS 1000
#define HTTP_ROUTES_MAX 512
#define HTTP_RATE_KEYS_MAX 4096
#define JSON_DEPTH_MAX 16
#define IN_FIELDS_MAX 48
#define PAGE_ROWS_MAX 200
#define PAGE_ROWS_DEFAULT 50

/* ---- db ---- */
#define DB_PARAMS_MAX 32
#define DB_BATCH_REQUESTS_MAX 64
#define DB_FAST_CONNECTIONS_MAX 16
#define DB_FAST_QUEUE_MAX 8192
#define DB_FAST_LOCK_TIMEOUT_MS 200
#define DB_FAST_STATEMENT_TIMEOUT_MS 5000
#define DB_FAST_BATCH_MS_MAX 30000 /* an unanswered batch: the connection is given up */
#define DB_RERUN_WAIT_MS 3000      /* a call of a lost connection waits this long for another one */
#define DB_WORK_LOCK_TIMEOUT_MS 5000
#define DB_WORK_STATEMENT_TIMEOUT_MS 30000
#define DB_CONNECT_TIMEOUT_S 5
#define DB_RETRIES_MAX 5
#define DB_RECONNECT_PAUSE_MS_MIN 100
#define DB_RECONNECT_PAUSE_MS_MAX 3000
#define DB_RETRY_PAUSE_MS_MIN 5 /* doubles with each retry of a transaction */
#define HINT_BYTES_MAX 120
#define HINT_NOTIFY_BYTES_MAX 7900 /* PostgreSQL refuses a payload of 8000 */
#define HINT_BUFFER_BYTES (64 * 1024)
#define MIGRATIONS_MAX 9999
#define MIGRATION_FILE_BYTES_MAX (4 * 1024 * 1024)
#define DOCTOR_DISK_FREE_BYTES_MIN (1024LL * 1024 * 1024)
#define WORK_THREADS_DEFAULT 4
#define WORK_THREADS_MAX 64
#define WORK_QUEUE_MAX 512
#define RE_READ_MS 2000 /* a lost NOTIFY hint costs at most this */

/* ---- tests/sim/reader ---- */
#define SIM_FRAME_DATA_BYTES_MAX                                                                             \
    265                         /* direction byte + command + 263 bytes of parameters (PN532 user manual) */
#define SIM_CARD_BYTES_MAX 4096 /* MIFARE Classic 4K */
#define SIM_FIELD_CARDS_MAX 2   /* more than the PN532 itself can tell apart */
#define SIM_OUTBOX_REPLIES_MAX 16
#define SIM_CONTROL_CLIENTS_MAX 8
#define SIM_CONTROL_LINE_BYTES_MAX 512
#define SIM_CONTROL_REPLY_BYTES_MAX (2 * SIM_CARD_BYTES_MAX + 64)
#define SIM_FILE_NAME_BYTES_MAX 64
#define SIM_WAIT_MS_MAX 60000
#define SIM_STALL_MS_MAX 600000
#define SIM_COUNTDOWN_MAX 1000000
#define SIM_READER_START_MS_MAX 5000
#define SIM_READER_STOP_MS_MAX 5000
#define SIM_READER_COMMAND_MS_MAX (SIM_WAIT_MS_MAX + 5000)

#endif
