/* Every limit of every wait, list, buffer, retry and body stands here, with its unit in the name. What a
 * format fixes (the bytes of a key, of a UUID as text) stands with the format.
 * Sections belong to the folders named above them; agents and simulators have theirs at the end. */
#ifndef CARDWRIGHT_BASE_LIMITS_H
#define CARDWRIGHT_BASE_LIMITS_H

/* ---- base ---- */
#define LOG_LINE_BYTES_MAX 4096
#define LOOP_EVENTS_PER_TURN 256
#define LOOP_TURN_HOOKS_MAX 16
#define CONF_FILE_BYTES_MAX (256 * 1024)
#define CONF_VALUE_BYTES_MAX 1024
#define CONF_FLAGS_MAX 64 /* --section.key=value on one command line */

/* ---- serve ---- */
#define START_DATABASE_WAIT_S 60 /* for the database to come up, before the ports open */
#define STOP_MS_MAX 10000        /* for requests under way, then the process ends anyway */
#define DESCRIPTORS_WANTED 32768
#define STOP_LOOK_MS 50 /* whether requests are still under way */

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

/* ---- crypto ---- */
#define PASSWORD_CHARACTERS_MIN 12
#define PASSWORD_CHARACTERS_MAX 128
#define PASSWORD_MEMORY_BYTES (64 * 1024 * 1024) /* argon2id, trust design 5.2 */
#define PASSWORD_PASSES 3
#define PASSWORD_HASHES_MAX 2 /* at once, or 64 MiB times every client is the attack */
#define PASSWORD_WAIT_MS 3000

/* ---- http ---- */
#define HTTP_BODY_BYTES_MAX (64 * 1024)
#define HTTP_BODY_IMPORT_BYTES_MAX (32 * 1024 * 1024)
#define HTTP_BODY_PHOTO_BYTES_MAX (256 * 1024)
#define HTTP_BODY_RECORDS_BYTES_MAX (1024 * 1024)
#define HTTP_BODY_DEVICE_BYTES_MAX (10 * 1024 * 1024)
#define HTTP_BODIES_BYTES_MAX (256 * 1024 * 1024) /* all bodies held by one server at once */
#define HTTP_DISCARD_BYTES_MAX (1024 * 1024) /* of a refused chunked body, before the connection is cut */
#define HTTP_HEADERS_BYTES_MAX (16 * 1024)
#define HTTP_CONNECTION_MEMORY_BYTES                                                                         \
    (32 * 1024) /* the library zeroes it after each request, so size costs time */
#define HTTP_OPERATOR_CONNECTIONS_MAX 2048
#define HTTP_DEVICE_CONNECTIONS_MAX 16384
#define HTTP_LISTEN_BACKLOG 4096
#define HTTP_IDLE_TIMEOUT_S 60
#define HTTP_WAIT_MS_MAX 30000
#define HTTP_SSE_HEARTBEAT_MS 15000
#define HTTP_WAKES_PER_TURN 256
#define HTTP_STREAMS_MAX 1024
#define HTTP_SSE_BUFFER_BYTES_MAX (256 * 1024)
#define HTTP_QUERY_PARAMS_MAX 32
#define HTTP_REPLY_HEADERS_MAX 16
#define HTTP_REQUEST_ID_BYTES_MAX 64
#define HTTP_HOSTS_MAX 32
#define HTTP_HOSTS_BYTES_MAX 4096 /* http.hosts and the server's own names */
#define HTTP_TOKEN_BYTES_MAX 128  /* value of the session cookie */
#define HTTP_FILES_CACHED_MAX 1024
#define HTTP_FILE_CACHED_BYTES_MAX (4 * 1024 * 1024)
#define HTTP_FILES_CACHED_BYTES_MAX (64 * 1024 * 1024)
#define HTTP_FILE_RECHECK_MS 1000
#define HTTP_FILE_BUCKETS 1024
#define HTTP_FILE_PATH_BYTES_MAX 512
#define HTTP_ROUTES_MAX 512
#define HTTP_ROUTE_SEGMENTS_MAX 16
#define HTTP_ROUTE_PARAMS_MAX 4
#define HTTP_REQUEST_CHUNK_BYTES 4096 /* of a request's arena; a larger piece gets a chunk of its own */
#ifdef __SANITIZE_ADDRESS__
#define HTTP_FREE_REQUESTS_MAX 0 /* so that a use after the end is seen */
#else
#define HTTP_FREE_REQUESTS_MAX 256
#endif
#define HTTP_RETRY_AFTER_S 1 /* the database is usually back, and the queue empty, within a second */
#define HTTP_PEM_BYTES_MAX (256 * 1024)
#define READY_DISK_FREE_BYTES_MIN (64LL * 1024 * 1024) /* /readyz; doctor wants more */
#define FAST_STAGES_MAX 8
#define JSON_DEPTH_MAX 16
#define IN_FIELDS_MAX 48
#define IN_NAME_BYTES_MAX 64
#define PAGE_ROWS_MAX 200
#define PAGE_ROWS_DEFAULT 50
#define METRICS_BYTES_MAX (1024 * 1024)
#define METRICS_TOKEN_BYTES_MAX 256

/* ---- db ---- */
#define DB_PARAMS_MAX 32
#define DB_BATCH_REQUESTS_MIN 4  /* fewer are not shared out: they would commit apart */
#define DB_BATCH_REQUESTS_MAX 32 /* some 60 ms of money acts: others wait that long for their locks */
#define DB_FAST_CONNECTIONS_MAX 16
#define DB_FAST_QUEUE_MAX 8192
#define DB_FAST_LOCK_TIMEOUT_MS 1000 /* several batches of a busy machine */
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

/* ---- agent ---- */
#define AGENT_TICK_MS 50             /* a card is looked for, or looked after, this often */
#define AGENT_SECOND_CARD_MS 1000    /* how often a card that lies there is checked for company */
#define AGENT_READER_TIMEOUT_MS 2000 /* NP_TIMEOUT_COMMAND: rides out a stalled USB hub */
#define AGENT_REOPEN_PAUSE_MS 1000   /* between tries to open a reader that is not there */
#define AGENT_FIELD_PAUSE_MS 6       /* ISO/IEC 14443-3: without field 5 ms, ready 5 ms after */
#define AGENT_ATS_BYTES_MAX 64
#define AGENT_READER_NAME_BYTES_MAX 128
/* of a reader, printer or computer, as sent: servers of before take no more characters */
#define AGENT_NAME_BYTES_MAX 120
#define AGENT_CONNSTRING_BYTES_MAX 1024 /* libnfc's own limit */
/* keys of one "open" or one sector of a read plan: A and B of each version */
#define AGENT_STEP_KEYS_MAX 12
#define AGENT_PLAN_KIND_BYTES_MAX 24
#define AGENT_START_WITHIN_MS_MAX 60000
#define AGENT_REREAD_PAUSE_MS 500        /* "read" tasks closer together are one */
#define AGENT_REFUSED_CARD_PAUSE_MS 5000 /* before a card is presented again that the server refused */
#define AGENT_VAIN_TRIES_MAX 20          /* readings and plans in a row that one card spoils */
#define AGENT_KNOWN_TASK_PAUSE_MS 250    /* before a poll that would only bring known tasks again */
#define AGENT_READ_SECTORS_MAX 40
#define AGENT_READ_ATTEMPTS_MAX 3 /* a card still moving into the field loses a reading now and then */
#define AGENT_PLANS_REMEMBERED_MAX 16384
#define AGENT_TASKS_MAX 16 /* of one poll, and waiting for the desk thread */
#define AGENT_OUTBOX_MESSAGES_MAX 64
#define AGENT_OUTBOX_REPORTS_MAX 32    /* unanswered reports; no further plan is taken then */
#define AGENT_REPORT_PAUSE_MS_MIN 3000 /* before a refused report is sent again; doubles up to _MAX */
#define AGENT_REPORT_PAUSE_MS_MAX 30000
#define AGENT_EVENT_KEEP_MS 60000 /* a reading that could not be delivered is worth nothing later */
#define AGENT_TRAINING_ANSWERS_MAX 32
#define AGENT_TRAINING_LINES_MAX 41 /* of one act: a card is made and each of its 40 trailers gets keys */
#define AGENT_TRAINING_LINE_BYTES_MAX 160
#define AGENT_ANSWER_BYTES_MAX (1024 * 1024)
#define AGENT_CONNECT_TIMEOUT_MS 5000
#define AGENT_CALL_TIMEOUT_MS 10000
#define AGENT_CALL_SLICE_MS 1000  /* how long a call sleeps when nobody wakes it */
#define AGENT_POLL_SLACK_MS 10000 /* beyond poll_wait_ms before a poll counts as lost */
#define AGENT_POLL_WAIT_MS_MAX 60000
#define AGENT_RETRY_PAUSE_MS_MIN 200
#define AGENT_RETRY_PAUSE_MS_MAX 3000 /* so long a desk may stay dark once its server is back */
#define AGENT_RETRY_AFTER_S_MAX 60
#define AGENT_REFUSED_PAUSE_MS 30000 /* not paired */
#define AGENT_TOO_OLD_PAUSE_MS 60000
#define AGENT_SKEW_REPEATS_MAX 2
#define AGENT_PRINT_MS_MAX 8000      /* one receipt, from opening the printer to its last byte */
#define AGENT_PRINTER_LOOKUP_MS 3000 /* of these, for the address of its name */
#define AGENT_LOOKUPS_LATE_MAX 2
#define AGENT_PRINTER_STATUS_MS 400    /* for the answer to a status request; many printers give none */
#define AGENT_PRINTER_QUEUE_MAX 4      /* receipts that wait for the printer */
#define AGENT_PRINTS_REMEMBERED_MAX 32 /* receipts taken, so that none is printed twice */
#define AGENT_PRINTER_HOST_BYTES_MAX 100
#define AGENT_PRINTER_ADDRESS_BYTES_MAX (AGENT_NAME_BYTES_MAX + 1)
#define AGENT_RECEIPT_LINES_MAX 64
#define AGENT_RECEIPT_TEXT_BYTES_MAX 600 /* of one text of a line */
#define AGENT_RECEIPT_BYTES_MAX (32 * 1024)
#define AGENT_STOP_FLUSH_MS 3000 /* on Ctrl-C: to deliver the last reports */
#define AGENT_STATE_FILE_BYTES_MAX 4096
#define AGENT_URL_BYTES_MAX 512
#define AGENT_SIM_RESTART_PAUSE_MS 1000
#define AGENT_SIM_START_CHECK_MS 20
#define AGENT_SIGNAL_SLICE_S 1 /* how long the main thread waits for a signal before it looks around */

/* ---- flow ---- */
#define SITE_KEY_VERSIONS_MAX 255
#define SITE_KEY_FILE_BYTES_MAX (32 * 1024)
#define SITE_KEY_EXPANDED_MAX 4 /* expanded key trees kept in locked memory */

/* ---- verify ---- */
#define VERIFY_STATEMENT_TIMEOUT_MS 3600000 /* one invariant over a ledger of many years, at night */
#define VERIFY_LOCK_TIMEOUT_MS 5000         /* a migration holds tables: come again later */

/* ---- api: people, desks, agents ---- */
#define AGENT_TIME_WINDOW_MS 60000
#define AGENT_POLL_WAIT_MS 10000 /* a poll without a task; hello tells the agent */
#define AGENT_CACHE_MS 10000
#define AGENT_CACHE_SETS 256 /* times AGENT_CACHE_WAYS entries */
#define AGENT_CACHE_WAYS 4
#define AGENT_PROTOCOL_MIN 1     /* oldest agent/PROTOCOL.md this server speaks */
#define PAIR_TRIES_PER_MINUTE 20 /* per address; a code has 40 bits and dies after five wrong ones */
#define TRAINING_WAIT_MS 10000
#define RECEIPT_WAIT_MS                                                                                      \
    15000 /* longer than an agent tries (AGENT_PRINT_MS_MAX), so that it answers first                       \
           */
#define PRINTER_NAME_CHARACTERS_MAX 120
#define RECEIPT_PAPER_NARROW_MM 58 /* the two widths that receipt printers are made for */
#define RECEIPT_PAPER_WIDE_MM 80
#define SEARCH_TEXT_CHARACTERS_MAX 120
#define NAME_CHARACTERS_MAX 120 /* of people, departments and the site */
#define PERSONNEL_NO_CHARACTERS_MAX 40
#define EXTERNAL_ID_CHARACTERS_MAX 200
#define PRINTED_NO_CHARACTERS_MAX 40
#define PHOTO_SIDE_PIXELS_MAX                                                                                \
    1600 /* the pages send 480 by 600; a small file may unfold to a large picture                            \
          */
#define CASE_REASON_CHARACTERS_MIN 3
#define CASE_REASON_CHARACTERS_MAX 400
#define DESK_NAME_CHARACTERS_MAX 60
#define URL_CHARACTERS_MAX 200
#define AGENT_VERSION_CHARACTERS_MAX 60
#define AGENT_HOST_CHARACTERS_MAX 120
#define AGENT_RUN_BYTES 16
#define AGENT_PROTOCOL_NUMBER_MAX 1000
#define PAIRING_CODE_TYPED_MAX 40         /* with hyphens and blanks */
#define SYSTEM_PASSWORD_CHARACTERS_MAX 64 /* so that a wrong length is answered as such */
#define READER_NAME_CHARACTERS_MAX 127    /* an agent of before cuts at so many bytes */
#define PRESETS_MAX 8
#define TRAINING_CARDS_MAX 64
#define TRAINING_CARD_CHARACTERS_MAX 40
#define TRAINING_MESSAGE_CHARACTERS_MAX 300
#define TRAINING_DAMAGE_BLOCKS_MAX 8
#define TRAINING_COUNT_MAX 1000000
#define TRANSACTIONS_CSV_ROWS_MAX 20000

/* ---- api: operators and sessions ---- */
#define OPERATOR_NAME_CHARACTERS_MAX 64
#define OPERATOR_FULL_NAME_CHARACTERS_MAX 120
#define OPERATOR_ROLES_MAX 6
#define SETUP_TOKEN_CHARACTERS_MAX 100
#define STEP_UP_PURPOSE_CHARACTERS_MAX 40
#define SESSION_COOKIE_MAX_AGE_S (12 * 60 * 60) /* as fn_session_absolute_limit */
#define SESSION_TOUCH_MS 60000
#define SESSION_TOUCH_SLOTS 4096
#define PAGE_CURSOR_CHARACTERS_MAX 400

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
#define SIM_FOLDER_BYTES_MAX 255
#define SIM_WAIT_MS_MAX 60000
#define SIM_STALL_MS_MAX 600000
#define SIM_COUNTDOWN_MAX 1000000
#define SIM_READER_START_MS_MAX 5000
#define SIM_READER_STOP_MS_MAX 5000
#define SIM_READER_COMMAND_MS_MAX (SIM_WAIT_MS_MAX + 5000)

/* ---- flow ---- */
#define VIEW_EPOCHS_MAX 128 /* epochs of one purse in a view: 100 ahead, the committed one, 20 behind */
#define READ_PLAN_JSON_BYTES_MAX (16 * 1024)
#define RECEIPT_JSON_BYTES_MAX (8 * 1024)
#define READING_TRIES_MAX 3 /* the ledger's view went stale while the card was judged */
#define TIMES_MAX 16777215
#define DESK_EVENTS_PER_READ 100
#define DESK_EVENTS_RETRY_MS 1000
#define DESK_WAKE_SLOTS 4096 /* desks that share a slot only read once too often */

#endif
