#include "agent/reader_nfc.h"

#include "agent/reader_lock.h"
#include "base/log.h"

#include <errno.h>
#include <nfc/nfc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CARD_AUTH_A = 0x60, CARD_AUTH_B = 0x61, CARD_READ = 0x30, CARD_WRITE = 0xA0, CARD_TRANSFER = 0xB0 };

#define CARD_ACK 0x0A       /* four bits; some drivers hand them through */
#define SAK_ISO_DEP 0x20    /* ISO/IEC 14443-3: compliant with part 4 */
#define ANSWER_BYTES_MAX 64 /* a READ has 16; room to notice an answer that belongs elsewhere */

struct nfc_reader {
    struct reader reader; /* first member: the public face */
    nfc_context *library;
    nfc_device *device;
    int lock_fd;
    bool lock_complained;
    struct reader_uid selected;
    bool somebody_halted; /* a card was put to sleep since the field was last off */
    nfc_connstring connstring;
};

static const nfc_modulation iso14443a = {.nmt = NMT_ISO14443A, .nbr = NBR_106};

void reader_nfc_prepare(void)
{
    setenv("LIBNFC_AUTO_SCAN", "false", 1);
    setenv("LIBNFC_INTRUSIVE_SCAN", "false", 1);
    setenv("LIBNFC_LOG_LEVEL", "0", 0);
}

static void pause_ms(long duration_ms)
{
    struct timespec duration = {.tv_sec = duration_ms / 1000, .tv_nsec = duration_ms % 1000 * 1000000};
    nanosleep(&duration, NULL);
}

/* What a failed call says. Only refusals come from the card; anything else leaves the line in doubt. */
static enum reader_status status_of(int result)
{
    switch (result) {
    case NFC_EMFCAUTHFAIL:
        return READER_KEY;
    case NFC_ERFTRANS:
    case NFC_ETGRELEASED:
        return READER_REFUSED;
    default:
        return READER_LOST;
    }
}

/* ---- opening ---- */

static void nfc_reader_close(void *context)
{
    struct nfc_reader *nfc = context;
    if (nfc->device)
        nfc_close(nfc->device);
    nfc->device = NULL;
    if (nfc->lock_fd >= 0)
        close(nfc->lock_fd);
    nfc->lock_fd = -1;
    nfc->selected.count = 0;
    nfc->somebody_halted = false;
}

static bool set_up(nfc_device *device)
{
    return nfc_initiator_init(device) >= 0 &&
           nfc_device_set_property_bool(device, NP_INFINITE_SELECT, false) >= 0 &&
           nfc_device_set_property_bool(device, NP_AUTO_ISO14443_4, false) >= 0 &&
           nfc_device_set_property_int(device, NP_TIMEOUT_COMMAND, AGENT_READER_TIMEOUT_MS) >= 0;
}

static enum reader_state nfc_reader_open(void *context)
{
    struct nfc_reader *nfc = context;
    char path[PATH_MAX];
    bool has_path = reader_port_path(nfc->connstring, path);
    if (has_path && access(path, F_OK) != 0)
        return READER_STATE_ABSENT;
    nfc->lock_fd = reader_lock_take(nfc->connstring);
    if (nfc->lock_fd < 0) {
        if (!nfc->lock_complained)
            log_error("reader.in_use", LOG_TEXT("reader", nfc->connstring),
                      LOG_TEXT("help", "another program uses this reader: end it"), LOG_ERRNO(errno));
        nfc->lock_complained = true;
        return READER_STATE_ABSENT;
    }
    nfc->lock_complained = false;
    nfc->device = nfc_open(nfc->library, nfc->connstring);
    if (nfc->device && set_up(nfc->device))
        return READER_STATE_OK;
    nfc_reader_close(nfc);
    return has_path ? READER_STATE_SILENT : READER_STATE_ABSENT;
}

static const char *nfc_reader_name(void *context)
{
    struct nfc_reader *nfc = context;
    return nfc_device_get_name(nfc->device);
}

/* ---- selecting ---- */

/* Selects any card (`uid` NULL) or the one named. READER_OK fills `ret_target`. */
static enum reader_status select_once(struct nfc_reader *nfc, const struct reader_uid *uid,
                                      nfc_target *ret_target)
{
    nfc->selected.count = 0;
    memset(ret_target, 0, sizeof *ret_target);
    int result = nfc_initiator_select_passive_target(nfc->device, iso14443a, uid ? uid->bytes : NULL,
                                                     uid ? uid->count : 0, ret_target);
    if (result < 0)
        return READER_LOST;
    size_t count = ret_target->nti.nai.szUidLen;
    if (result == 0 || count == 0 || count > CARD_UID_BYTES_MAX)
        return READER_NO_CARD;
    if (uid && (count != uid->count || memcmp(ret_target->nti.nai.abtUid, uid->bytes, count) != 0))
        return READER_NO_CARD;
    nfc->selected.count = (uint8_t)count;
    memcpy(nfc->selected.bytes, ret_target->nti.nai.abtUid, count);
    return READER_OK;
}

/* Takes the power from all cards for a moment: afterwards each answers again, also one that was halted. */
static enum reader_status reset_field(struct nfc_reader *nfc)
{
    nfc->selected.count = 0;
    if (nfc_device_set_property_bool(nfc->device, NP_ACTIVATE_FIELD, false) < 0)
        return READER_LOST;
    pause_ms(AGENT_FIELD_PAUSE_MS);
    if (nfc_device_set_property_bool(nfc->device, NP_ACTIVATE_FIELD, true) < 0)
        return READER_LOST;
    pause_ms(AGENT_FIELD_PAUSE_MS);
    nfc->somebody_halted = false;
    return READER_OK;
}

/* After a refusal a card may be asleep so deeply that only a new field wakes it, so one miss proves nothing.
 */
static enum reader_status select_surely(struct nfc_reader *nfc, const struct reader_uid *uid,
                                        nfc_target *ret_target)
{
    enum reader_status status = select_once(nfc, uid, ret_target);
    if (status != READER_NO_CARD)
        return status;
    status = reset_field(nfc);
    return status == READER_OK ? select_once(nfc, uid, ret_target) : status;
}

static enum reader_status nfc_reader_select(void *context, const struct reader_uid *uid)
{
    nfc_target target;
    return select_surely(context, uid, &target);
}

static void describe(const nfc_iso14443a_info *info, struct reader_card *ret_card)
{
    *ret_card = (struct reader_card){.sak = info->btSak, .cards = 1};
    ret_card->uid.count = (uint8_t)info->szUidLen;
    memcpy(ret_card->uid.bytes, info->abtUid, info->szUidLen);
    memcpy(ret_card->atqa, info->abtAtqa, sizeof ret_card->atqa);
}

/* An ISO-DEP card (a phone, a DESFire) says with its ATS what it is. It is asked with the automatic RATS of
 * the chip and then put back to plain selection, which the watch for its removal needs. */
static enum reader_status ask_ats(struct nfc_reader *nfc, struct reader_card *card)
{
    nfc_target target;
    if (nfc_device_set_property_bool(nfc->device, NP_AUTO_ISO14443_4, true) < 0)
        return READER_LOST;
    enum reader_status status =
        select_surely(nfc, reader_uid_is_random(&card->uid) ? NULL : &card->uid, &target);
    if (status == READER_LOST || nfc_device_set_property_bool(nfc->device, NP_AUTO_ISO14443_4, false) < 0)
        return READER_LOST;
    if (status != READER_OK)
        return status;
    size_t count = target.nti.nai.szAtsLen;
    card->ats_bytes = (uint8_t)(count < sizeof card->ats ? count : sizeof card->ats);
    memcpy(card->ats, target.nti.nai.abtAts, card->ats_bytes);
    status = reset_field(nfc);
    if (status != READER_OK)
        return status;
    status = select_once(nfc, reader_uid_is_random(&card->uid) ? NULL : &card->uid, &target);
    if (status == READER_OK)
        memcpy(card->uid.bytes, target.nti.nai.abtUid, card->uid.count); /* phones draw a new one */
    return status;
}

/* Sends the card found to sleep and looks whether another one answers. Leaves the first one selected, if it
 * is alone. Chips that wake sleeping cards find the same card again; with the others only a new field brings
 * it back. */
static enum reader_status look_for_second(struct nfc_reader *nfc, struct reader_card *card)
{
    nfc_target other;
    if (nfc_initiator_deselect_target(nfc->device) < 0)
        return READER_LOST;
    nfc->somebody_halted = true;
    enum reader_status status = select_once(nfc, NULL, &other);
    if (status == READER_LOST)
        return status;
    if (status == READER_OK) {
        bool same = reader_uid_equal(&nfc->selected, &card->uid) ||
                    (reader_uid_is_random(&nfc->selected) && reader_uid_is_random(&card->uid));
        card->cards = same ? 1 : 2;
        return READER_OK;
    }
    status = reset_field(nfc);
    if (status != READER_OK)
        return status;
    bool random = reader_uid_is_random(&card->uid);
    status = select_once(nfc, random ? NULL : &card->uid, &other);
    if (status == READER_OK && random)
        describe(&other.nti.nai, card);
    return status;
}

static enum reader_status nfc_reader_find(void *context, struct reader_card *ret_card)
{
    struct nfc_reader *nfc = context;
    nfc_target target;
    enum reader_status status = nfc->somebody_halted ? reset_field(nfc) : READER_OK;
    if (status == READER_OK)
        status = select_once(nfc, NULL, &target);
    if (status != READER_OK)
        return status;
    describe(&target.nti.nai, ret_card);
    status = look_for_second(nfc, ret_card);
    if (status == READER_OK && ret_card->cards == 1 && ret_card->sak & SAK_ISO_DEP)
        status = ask_ats(nfc, ret_card);
    return status;
}

/* ---- card commands ---- */

/* Sends one command and wants exactly `wanted` bytes back (0: an acknowledge). An answer of any other length
 * belongs to something else. */
static enum reader_status exchange(struct nfc_reader *nfc, const uint8_t *command, size_t command_bytes,
                                   uint8_t *ret_answer, int wanted)
{
    uint8_t answer[ANSWER_BYTES_MAX];
    int result =
        nfc_initiator_transceive_bytes(nfc->device, command, command_bytes, answer, sizeof answer, -1);
    enum reader_status status = READER_LOST;
    if (result < 0)
        status = status_of(result);
    else if (wanted == 0 && result == 1)
        status = (answer[0] & 0x0F) == CARD_ACK ? READER_OK : READER_REFUSED;
    else if (result == wanted)
        status = READER_OK;
    if (status == READER_OK && wanted > 0)
        memcpy(ret_answer, answer, (size_t)wanted);
    sodium_memzero(answer, sizeof answer);
    if (status != READER_OK)
        nfc->selected.count = 0;
    return status;
}

static enum reader_status nfc_reader_authenticate(void *context, uint8_t block, char slot,
                                                  const uint8_t key[CARD_KEY_BYTES])
{
    struct nfc_reader *nfc = context;
    if (nfc->selected.count < 4)
        return READER_REFUSED;
    uint8_t command[2 + CARD_KEY_BYTES + 4] = {slot == 'A' ? CARD_AUTH_A : CARD_AUTH_B, block};
    memcpy(command + 2, key, CARD_KEY_BYTES);
    memcpy(command + 2 + CARD_KEY_BYTES, nfc->selected.bytes + nfc->selected.count - 4, 4);
    enum reader_status status = exchange(nfc, command, sizeof command, NULL, 0);
    sodium_memzero(command, sizeof command);
    return status;
}

static enum reader_status nfc_reader_read(void *context, uint8_t block, uint8_t ret_data[CARD_BLOCK_BYTES])
{
    const uint8_t command[] = {CARD_READ, block};
    return exchange(context, command, sizeof command, ret_data, CARD_BLOCK_BYTES);
}

static enum reader_status nfc_reader_write(void *context, uint8_t block, const uint8_t data[CARD_BLOCK_BYTES])
{
    uint8_t command[2 + CARD_BLOCK_BYTES] = {CARD_WRITE, block};
    memcpy(command + 2, data, CARD_BLOCK_BYTES);
    enum reader_status status = exchange(context, command, sizeof command, NULL, 0);
    sodium_memzero(command, sizeof command); /* a trailer holds keys */
    return status;
}

static enum reader_status nfc_reader_value(void *context, enum reader_value_command value_command,
                                           uint8_t block, uint32_t operand)
{
    const uint8_t command[] = {(uint8_t)value_command,   block,
                               (uint8_t)operand,         (uint8_t)(operand >> 8),
                               (uint8_t)(operand >> 16), (uint8_t)(operand >> 24)};
    return exchange(context, command, sizeof command, NULL, 0);
}

static enum reader_status nfc_reader_transfer(void *context, uint8_t block)
{
    const uint8_t command[] = {CARD_TRANSFER, block};
    return exchange(context, command, sizeof command, NULL, 0);
}

static const struct reader_driver nfc_driver_table = {
    .open = nfc_reader_open,
    .close = nfc_reader_close,
    .name = nfc_reader_name,
    .find = nfc_reader_find,
    .select = nfc_reader_select,
    .authenticate = nfc_reader_authenticate,
    .read = nfc_reader_read,
    .write = nfc_reader_write,
    .value = nfc_reader_value,
    .transfer = nfc_reader_transfer,
};

struct reader *reader_nfc_new(const char *connstring)
{
    if (strlen(connstring) >= sizeof(nfc_connstring))
        return NULL;
    struct nfc_reader *nfc = calloc(1, sizeof *nfc);
    if (!nfc)
        return NULL;
    snprintf(nfc->connstring, sizeof nfc->connstring, "%s", connstring);
    nfc->lock_fd = -1;
    nfc_init(&nfc->library);
    if (!nfc->library) {
        free(nfc);
        return NULL;
    }
    nfc->reader.driver = &nfc_driver_table;
    nfc->reader.context = nfc;
    return &nfc->reader;
}

void reader_nfc_free(struct reader *reader)
{
    if (!reader)
        return;
    struct nfc_reader *nfc = reader->context;
    reader_close(reader);
    nfc_exit(nfc->library);
    free(nfc);
}
