/* Do cards and books agree? Card bytes are decoded by the card code in this process; the books are read as
 * rows, not through the functions that wrote them. */
#include "tests/lib/rig_internal.h"

#include "base/bytes.h"
#include "card/epoch.h"
#include "card/image.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARGINAL_BLOCKS_MAX 3 /* weak blocks of one card whose contents are all tried */
#define CONTENTS 3            /* of a weak block: as stored, before, after */
#define SHORT_UID_BYTES 4
#define LONG_UID_BYTES 7

static const char *const purse_names[PURSES] = {"consumption", "water", "times"};

struct marginal_block {
    int number;
    uint8_t contents[CONTENTS][CARD_BLOCK_BYTES];
};

/* One simulated card and what the books say of it. */
struct checked {
    const char *file;
    struct card_uid uid;
    uint8_t bytes[SIM_CARD_BYTES_MAX];
    size_t byte_count;
    struct marginal_block marginal[MARGINAL_BLOCKS_MAX];
    int marginal_count;
    json_t *books; /* NULL: no card row has this chip */
    struct card_keys keys;
    int differences;
};

static void differs(struct checked *card, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void differs(struct checked *card, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "card %s: %s\n", card->file, text);
    card->differences++;
}

/* ---- the card ---- */

static bool read_dump(const struct rig *rig, struct checked *card)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", rig->cards, card->file);
    FILE *file = fopen(path, "re");
    card->byte_count = file ? fread(card->bytes, 1, sizeof card->bytes, file) : 0;
    if (file)
        fclose(file);
    if (card->byte_count < 1024)
        return false;
    const uint8_t *maker = card->bytes; /* a single size UID is followed by its check byte */
    bool is_short = (maker[0] ^ maker[1] ^ maker[2] ^ maker[3]) == maker[4];
    card->uid.length = is_short ? SHORT_UID_BYTES : LONG_UID_BYTES;
    memcpy(card->uid.bytes, maker, card->uid.length);
    return true;
}

static void read_marginal(const struct rig *rig, struct checked *card)
{
    char path[264], line[256], before[40], after[40];
    int number;
    snprintf(path, sizeof path, "%s/%s.info", rig->cards, card->file);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "marginal %d %32s %32s", &number, before, after) != 3 ||
            card->marginal_count == MARGINAL_BLOCKS_MAX)
            continue;
        struct marginal_block *block = &card->marginal[card->marginal_count++];
        block->number = number;
        memcpy(block->contents[0], card->bytes + number * CARD_BLOCK_BYTES, CARD_BLOCK_BYTES);
        bytes_from_hex(before, block->contents[1], CARD_BLOCK_BYTES);
        bytes_from_hex(after, block->contents[2], CARD_BLOCK_BYTES);
    }
    if (file)
        fclose(file);
}

/* Which key opens a sector of the dump, as a desk's reading would find. */
static bool open_sector(const struct checked *card, int sector, const uint8_t *trailer,
                        struct image_sector *image)
{
    static const uint8_t transport[CARD_KEY_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    if (memcmp(trailer, card->keys.key_a[sector], CARD_KEY_BYTES) == 0)
        image->opened = (struct opened_key){KEY_SLOT_A, card->keys.version};
    else if (memcmp(trailer, transport, CARD_KEY_BYTES) == 0)
        image->opened = (struct opened_key){KEY_SLOT_A, 0};
    else
        return false;
    image->result = SECTOR_OK;
    return true;
}

static void fill_image(const struct checked *card, int start_sector, struct card_image *ret_image)
{
    *ret_image = (struct card_image){.uid = card->uid, .start_sector = (uint8_t)start_sector};
    for (uint8_t sector = 0; sector < CARD_SECTORS_LOGICAL; sector++) {
        const uint8_t *blocks =
            card->bytes + (size_t)(start_sector + sector) * SECTOR_BLOCKS * CARD_BLOCK_BYTES;
        if (!open_sector(card, sector, blocks + TRAILER_BLOCK * CARD_BLOCK_BYTES,
                         &ret_image->sectors[sector]))
            continue;
        for (uint8_t block = 0; block < TRAILER_BLOCK; block++)
            card_image_set(ret_image, (struct block_place){sector, block}, blocks + block * CARD_BLOCK_BYTES);
    }
}

/* ---- the books ---- */

static json_t *query(PGconn *pg, const char *sql, const char *parameter)
{
    PGresult *result = PQexecParams(pg, sql, parameter ? 1 : 0, NULL, &parameter, NULL, NULL, 0);
    json_t *json = NULL;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fprintf(stderr, "%s", PQerrorMessage(pg));
    else if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
        json = json_loads(PQgetvalue(result, 0, 0), JSON_DECODE_ANY, NULL);
    PQclear(result);
    return json;
}

static json_t *read_books(PGconn *pg, const struct card_uid *uid)
{
    static const char sql[] =
        "WITH c AS (SELECT * FROM card WHERE uid = decode($1, 'hex') ORDER BY (state IN ('issuing', "
        "'active', "
        "'damaged', 'lost')) DESC, created_at DESC LIMIT 1) "
        "SELECT jsonb_build_object('state', c.state, 'card_no', c.card_no, 'key_version', c.key_version, "
        "'start_sector', c.start_sector, 'site_id', (SELECT site_id FROM site), 'cases', (SELECT "
        "coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'purse', purse, 'evidence', evidence)), '[]') "
        "FROM "
        "card_case WHERE uid = c.uid AND closed_at IS NULL), "
        "'wiped', EXISTS (SELECT FROM operation WHERE card_id = c.id AND kind = 'unissue' AND state = "
        "'completed'), "
        "'open', EXISTS (SELECT FROM operation WHERE uid = c.uid AND finished_at IS NULL), "
        "'accounts', (SELECT jsonb_object_agg(kind, balance_minor) FROM account WHERE person_id = "
        "c.person_id), "
        "'held', (SELECT jsonb_object_agg(purse, held) FROM (SELECT purse, sum(l.amount_minor - "
        "l.spent_from_transit_minor) AS held FROM leg l JOIN operation o ON o.id = l.operation_id WHERE "
        "o.uid = "
        "c.uid AND o.kind = 'withdraw' AND l.state = 'P' GROUP BY purse) h), "
        "'purses', (SELECT jsonb_object_agg(p.purse, to_jsonb(p) || jsonb_build_object('epochs', (SELECT "
        "coalesce(jsonb_agg(to_jsonb(e)), '[]') FROM epoch e WHERE e.uid = p.uid AND e.purse = p.purse AND "
        "e.state = "
        "'open' AND e.epoch_no > p.committed_no))) FROM card_purse p WHERE p.uid = c.uid)) FROM c";
    char hex[2 * CARD_UID_BYTES_MAX + 1];
    card_uid_format(uid, hex);
    return query(pg, sql, hex);
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool derive_keys(const struct rig *rig, struct checked *card)
{
    uint8_t key[SITE_KEY_BYTES];
    char line[200], hex[2 * SITE_KEY_BYTES + 1];
    int version = 0;
    bool found = false;
    FILE *file = fopen(rig->servers[0]->site_key_path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = sscanf(line, "%d %64s", &version, hex) == 2 && version == number(card->books, "key_version");
    if (file)
        fclose(file);
    struct site_key_input input = {key, (uint8_t)version, (uint16_t)number(card->books, "site_id"),
                                   RIG_DIGITS};
    struct site_keys site;
    if (!found || !bytes_from_hex(hex, key, sizeof key) || !site_keys_init(&input, &site))
        return false;
    card_keys_derive(&site, &card->uid, &card->keys);
    site_keys_clear(&site);
    return true;
}

/* ---- comparing ---- */

/* Whether the card shows an epoch that is open: then its operation is still to be settled. */
static bool shows_open(const struct decoded_purse *purse, json_t *books)
{
    json_t *epoch;
    size_t index;
    json_array_foreach(json_object_get(books, "epochs"), index, epoch)
    {
        if (epoch_byte(number(epoch, "epoch_no")) == purse->epoch &&
            number(epoch, "opening_minor") == purse->value_minor)
            return true;
    }
    return false;
}

static void compare_purse(struct checked *card, const struct decoded_purse *purse, json_t *books)
{
    const char *name = purse_names[purse->purse];
    if (!purse->readable) {
        differs(card, "%s is unreadable", name);
        return;
    }
    if (purse->epoch == epoch_byte(number(books, "committed_no")) &&
        purse->value_minor == number(books, "lowest_minor")) {
        if (purse->named &&
            (purse->opening != number(books, "opening_minor") ||
             (purse->purse == PURSE_CONSUMPTION && purse->stored != number(books, "opening_stored_minor"))))
            differs(card, "%s: T %u S %u, the books say %lld %lld", name, purse->opening, purse->stored,
                    (long long)number(books, "opening_minor"),
                    (long long)number(books, "opening_stored_minor"));
        return;
    }
    if (json_is_true(json_object_get(card->books, "open")) && shows_open(purse, books))
        return;
    differs(card, "%s shows %lld in epoch %u, the books say %lld in %lld (mod 256: %u)", name,
            (long long)purse->value_minor, purse->epoch, (long long)number(books, "lowest_minor"),
            (long long)number(books, "committed_no"), epoch_byte(number(books, "committed_no")));
}

/* The purse accounts and what open withdrawals hold make up the value proven, split by the rule. */
static void compare_accounts(struct checked *card)
{
    json_t *purses = json_object_get(card->books, "purses");
    json_t *accounts = json_object_get(card->books, "accounts");
    json_t *held = json_object_get(card->books, "held");
    json_t *consumption = json_object_get(purses, "consumption");
    struct purse_split split =
        purse_split(number(consumption, "lowest_minor"), number(consumption, "opening_stored_minor"));
    const struct {
        const char *account;
        int64_t proven, held;
    } wanted[] = {
        {"stored", split.stored_minor, number(held, "consumption")},
        {"subsidy", split.subsidy_minor, 0},
        {"water", number(json_object_get(purses, "water"), "lowest_minor"), number(held, "water")},
        {"times", number(json_object_get(purses, "times"), "lowest_minor"), number(held, "times")},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        int64_t booked = number(accounts, wanted[i].account);
        if (booked + wanted[i].held != wanted[i].proven)
            differs(card, "account %s holds %lld and open withdrawals %lld, proven on the card is %lld",
                    wanted[i].account, (long long)booked, (long long)wanted[i].held,
                    (long long)wanted[i].proven);
    }
    bool open = json_is_true(json_object_get(card->books, "open"));
    if (!open && (number(accounts, "in_transit") != 0 || number(accounts, "in_transit_times") != 0))
        differs(card, "nothing is open, but %lld and %lld times are in transit",
                (long long)number(accounts, "in_transit"), (long long)number(accounts, "in_transit_times"));
}

static void compare_content(struct checked *card)
{
    int start_sector = (int)number(card->books, "start_sector");
    struct card_image image;
    struct card_decoded decoded;
    fill_image(card, start_sector, &image);
    for (int sector = 0; sector <= SECTOR_TIMES_RECORDS; sector++) {
        if (image.sectors[sector].result != SECTOR_OK || image.sectors[sector].opened.version == 0)
            differs(card, "logical sector %d does not open with its derived key", sector);
    }
    card_decode(&image, &card->keys, &decoded);
    if (!decoded.id_good || decoded.id.card_no != number(card->books, "card_no"))
        differs(card, "the ID block is not that of card %lld", (long long)number(card->books, "card_no"));
    for (int purse = 0; purse < PURSES; purse++)
        compare_purse(card, &decoded.purses[purse],
                      json_object_get(json_object_get(card->books, "purses"), purse_names[purse]));
}

/* A card that was taken back is as it was delivered. */
static void compare_blank(struct checked *card)
{
    static const uint8_t empty[TRAILER_BLOCK * CARD_BLOCK_BYTES] = {0};
    static const uint8_t delivered[CARD_BLOCK_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x07,
                                                        0x80, 0x69, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    int start_sector = (int)number(card->books, "start_sector");
    for (int sector = 0; sector <= SECTOR_TIMES_RECORDS; sector++) {
        const uint8_t *blocks =
            card->bytes + (size_t)(start_sector + sector) * SECTOR_BLOCKS * CARD_BLOCK_BYTES;
        if (memcmp(blocks, empty, sizeof empty) != 0 ||
            memcmp(blocks + sizeof empty, delivered, sizeof delivered) != 0)
            differs(card, "was taken back, and logical sector %d is not blank", sector);
    }
}

/* Weak blocks read as one content or the other: whatever they say, the card must mean the same. */
static void compare_contents(struct checked *card, void (*compare_one)(struct checked *card))
{
    int combinations = 1;
    for (int i = 0; i < card->marginal_count; i++)
        combinations *= CONTENTS;
    for (int choice = 0; choice < combinations && card->differences == 0; choice++) {
        int rest = choice;
        for (int i = 0; i < card->marginal_count; i++, rest /= CONTENTS)
            memcpy(card->bytes + card->marginal[i].number * CARD_BLOCK_BYTES,
                   card->marginal[i].contents[rest % CONTENTS], CARD_BLOCK_BYTES);
        compare_one(card);
    }
}

static void compare(const struct rig *rig, struct checked *card)
{
    json_t *cases = json_object_get(card->books, "cases");
    const char *state = rig_text(card->books, "state");
    if (json_array_size(cases) > 0) {
        char *text = json_dumps(cases, JSON_COMPACT);
        differs(card, "cases: %s", text ? text : "");
        free(text);
    }
    if (strcmp(state, "cancelled") == 0 && json_is_true(json_object_get(card->books, "wiped")))
        compare_contents(card, compare_blank);
    if (strcmp(state, "active") != 0)
        return; /* issuing, scrapped: no money can be on it */
    if (!derive_keys(rig, card)) {
        differs(card, "its keys cannot be derived");
        return;
    }
    compare_accounts(card);
    compare_contents(card, compare_content);
    card_keys_clear(&card->keys);
}

int rig_verify_card(struct rig *rig, PGconn *pg, const char *file)
{
    struct checked card = {.file = file};
    if (!read_dump(rig, &card))
        return -1;
    card.books = read_books(pg, &card.uid);
    if (!card.books)
        return PQstatus(pg) == CONNECTION_OK && PQtransactionStatus(pg) == PQTRANS_IDLE ? 0 : -1;
    read_marginal(rig, &card);
    compare(rig, &card);
    json_decref(card.books);
    return card.differences;
}

/* ---- the whole site ---- */

static bool is_dump(const char *name)
{
    return name[0] != '.' && !strstr(name, ".info") && !strstr(name, ".log");
}

/* Cash that came into drawers is on cards, on its way, spent, paid debts, or bought times. */
static int compare_cash(PGconn *pg)
{
    static const char sql[] =
        "SELECT jsonb_build_object('cash', coalesce((SELECT -sum(e.amount_minor) FROM entry e JOIN account a "
        "ON a.id = "
        "e.account_id WHERE a.kind = 'cash'), 0), "
        "'proven', coalesce((SELECT sum(lowest_minor) FROM card_purse WHERE purse <> 'times'), 0), "
        "'recharging', coalesce((SELECT sum(CASE l.purse WHEN 'times' THEN 0 ELSE l.amount_minor END) FROM "
        "leg l JOIN "
        "operation o ON o.id = l.operation_id WHERE l.state = 'P' AND o.kind = 'recharge'), 0), "
        "'sold', coalesce((SELECT sum(CASE o.kind WHEN 'recharge' THEN l.price_minor ELSE -l.price_minor "
        "END) FROM leg l "
        "JOIN operation o ON o.id = l.operation_id WHERE l.purse = 'times' AND (l.state = 'C' OR l.state = "
        "'P' AND o.kind "
        "= 'recharge')), 0), "
        "'spent', coalesce((SELECT sum(balance_minor) FROM account WHERE kind = 'uncollected'), 0), "
        "'debts', coalesce((SELECT sum(balance_minor) FROM account WHERE kind = 'debt'), 0))";
    json_t *sums = query(pg, sql, NULL);
    if (!sums)
        return -1;
    int64_t cash = number(sums, "cash");
    int64_t elsewhere = number(sums, "proven") + number(sums, "recharging") + number(sums, "sold") +
                        number(sums, "spent") + number(sums, "debts");
    json_decref(sums);
    if (cash == elsewhere)
        return 0;
    fprintf(stderr, "drawers hold %lld, cards and books explain %lld\n", (long long)cash,
            (long long)elsewhere);
    return 1;
}

/* The product's own verifier, of programs that have it. */
static int verify_ledger(struct rig *rig)
{
    const char *const help[] = {"--help", NULL};
    const char *const arguments[] = {"verify-ledger", NULL};
    int status = 0;
    char *output = server_command(rig->servers[0], help, &status);
    bool known = strstr(output, "verify-ledger") != NULL;
    free(output);
    if (!known)
        return 0;
    output = server_command(rig->servers[0], arguments, &status);
    if (status != 0)
        fprintf(stderr, "verify-ledger ended with %d:\n%s\n", status, output);
    free(output);
    return status == 0 ? 0 : 1;
}

int rig_verify(struct rig *rig)
{
    int differences = 0;
    PGconn *pg = test_pg_connect(rig->servers[0]->pg.owner);
    DIR *folder = opendir(rig->cards);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int of_card = is_dump(entry->d_name) ? rig_verify_card(rig, pg, entry->d_name) : 0;
        if (of_card < 0)
            fprintf(stderr, "card %s could not be checked\n", entry->d_name);
        differences += of_card < 0 ? 1 : of_card;
    }
    if (folder)
        closedir(folder);
    int of_cash = compare_cash(pg);
    PQfinish(pg);
    return of_cash < 0 ? -1 : differences + of_cash + verify_ledger(rig);
}
