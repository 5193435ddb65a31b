#include "agent/probe.h"

#include "agent/probe_facts.h"
#include "agent/reader_nfc.h"
#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define SAK_CLASSIC_1K 0x08
#define SAK_CLASSIC_4K 0x18
#define ANSWER_BYTES_MAX 32

enum { EXIT_FIT = 0, EXIT_NOT_MADE = 1, EXIT_NOT_FIT = 3 };

struct tally {
    int needed_missing;
    int risks;
};

static bool asked_and_agreed(const struct reader_card *card)
{
    char uid[2 * CARD_UID_BYTES_MAX + 1];
    char answer[ANSWER_BYTES_MAX];
    bytes_to_hex(card->uid.bytes, card->uid.count, uid);
    printf("Card %s lies on the reader. The probe writes to its sector 1 and destroys what is there;\n"
           "use a blank card that you can spare. Type DESTROY to go on: ",
           uid);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && strcmp(answer, "DESTROY\n") == 0;
}

/* NULL, or why there is nothing to probe. */
static const char *find_card(struct probe *probe, bool yes)
{
    switch (reader_open(probe->reader)) {
    case READER_STATE_ABSENT:
        return "the reader is not there, or another program uses it";
    case READER_STATE_SILENT:
        return "the reader does not answer";
    case READER_STATE_OK:
        break;
    }
    if (reader_find(probe->reader, &probe->card) != READER_OK)
        return "no card lies on the reader";
    if (probe->card.cards > 1)
        return "more than one card lies on the reader";
    if (probe->card.sak != SAK_CLASSIC_1K && probe->card.sak != SAK_CLASSIC_4K)
        return "this is not a MIFARE Classic 1K or 4K";
    if (!yes && !asked_and_agreed(&probe->card))
        return "nothing was written";
    return probe_reset_sector(probe) ? NULL
                                     : "sector 1 does not open with the transport key: use a blank card";
}

static void print_fact(const struct probe_fact *fact, bool holds, const char *note, struct tally *tally)
{
    static const char *const failed_words[] = {
        [FACT_NEEDED] = "NO  ", [FACT_RISK] = "RISK", [FACT_NOTE] = "note"};
    printf("%s  %s%s\n", holds ? "yes " : failed_words[fact->level],
           !holds && fact->level == FACT_NOTE ? "not so: " : "", fact->text);
    if (note)
        printf("      %s\n", note);
    tally->needed_missing += !holds && fact->level == FACT_NEEDED;
    tally->risks += !holds && fact->level == FACT_RISK;
}

/* False: the line to the reader broke. */
static bool try_facts(struct probe *probe, struct tally *ret_tally)
{
    for (const struct probe_fact *fact = probe_facts; fact->text; fact++) {
        probe->note = NULL;
        bool holds = fact->holds(probe);
        if (!reader_is_sound(probe->reader))
            return false;
        print_fact(fact, holds, probe->note, ret_tally);
    }
    return true;
}

static int verdict(const struct tally *tally)
{
    if (tally->needed_missing) {
        printf("Verdict: NOT FIT. %d of the needed facts do not hold; do not issue cards of this kind.\n",
               tally->needed_missing);
        return EXIT_NOT_FIT;
    }
    if (tally->risks)
        printf("Verdict: fit, with a risk: a stolen machine key can raise values. Keep ceilings checked by\n"
               "machines and collect their records often.\n");
    else
        printf("Verdict: fit. This card behaves as the card format assumes.\n");
    return EXIT_FIT;
}

int probe_card(const char *connstring, bool yes)
{
    struct probe probe = {.reader = reader_nfc_new(connstring)};
    struct tally tally = {0};
    if (!probe.reader) {
        fprintf(stderr, "cardwright-agent: --reader %.200s is not a name libnfc can use\n", connstring);
        return EXIT_NOT_MADE;
    }
    int status = EXIT_NOT_MADE;
    const char *trouble = find_card(&probe, yes);
    if (!trouble && !try_facts(&probe, &tally))
        trouble = "the line to the reader broke; the card can be probed again";
    if (trouble)
        fprintf(stderr, "cardwright-agent: %s\n", trouble);
    else
        status = verdict(&tally);
    reader_nfc_free(probe.reader);
    return status;
}
