/* The bookings of a person or a card, as JSON in pages or as one CSV file. */
#include "api/answer.h"
#include "api/csv.h"
#include "api/outcome.h"
#include "api/page.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"prepare",    "prove", "void",    "spend",    "debt_paid", "opening",
                                    "correction", "issue", "unissue", "recharge", "withdraw",  NULL};

struct filter {
    struct page page;
    struct uuid person_id;
    bool has_person;
    struct uuid card_id;
    bool has_card;
    const char *from;
    const char *to;
    int kind;
};

static void set_id(json_t *filter, const char *member, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    json_object_set_new(filter, member, json_string(text));
}

static bool filter_read(struct request *rq, struct filter *in)
{
    const struct in_field spec[] = {
        IN_PAGE(&in->page),
        IN_UUID_OPT("person_id", &in->person_id, &in->has_person),
        IN_UUID_OPT("card_id", &in->card_id, &in->has_card),
        IN_DATE_OPT("from", &in->from, NULL),
        IN_DATE_OPT("to", &in->to, NULL),
        IN_ENUM_OPT("kind", &in->kind, kinds, NULL),
        IN_END,
    };
    if (!in_query(rq, spec) || !page_open(rq, &in->page))
        return false;
    if (!in->has_person && !in->has_card) {
        reply_field_error(rq, "/query/person_id", "missing", "Name a person or a card.");
        return false;
    }
    return true;
}

/* The filter as fn_transaction_list takes it, allocated. */
static char *filter_text(const struct filter *in)
{
    json_t *filter = json_object();
    if (in->has_person)
        set_id(filter, "person_id", &in->person_id);
    if (in->has_card)
        set_id(filter, "card_id", &in->card_id);
    if (in->from)
        json_object_set_new(filter, "from", json_string(in->from));
    if (in->to)
        json_object_set_new(filter, "to", json_string(in->to));
    if (in->kind >= 0)
        json_object_set_new(filter, "kind", json_string(kinds[in->kind]));
    char *text = json_dumps(filter, JSON_COMPACT);
    json_decref(filter);
    return text;
}

/* ---- CSV ---- */

static const char *member_text(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

/* Money as decimals, counts as they are. */
static void csv_amount(struct buf *out, const json_t *entry, const char *member, int exponent)
{
    char money_member[40];
    snprintf(money_member, sizeof money_member, "%s_minor", member);
    const json_t *money = json_object_get(entry, money_member);
    if (money)
        csv_money(out, json_integer_value(money), exponent);
    else
        csv_number(out, json_integer_value(json_object_get(entry, member)));
}

static void csv_entry(struct buf *out, const json_t *line, const json_t *entry, int exponent)
{
    const json_t *operation = json_object_get(line, "operation");
    const json_t *card_no = json_object_get(json_object_get(line, "card"), "card_no");
    csv_text(out, member_text(line, "at"));
    csv_text(out, member_text(line, "booked_at"));
    csv_text(out, member_text(line, "kind"));
    csv_text(out, member_text(operation, "kind"));
    csv_text(out, member_text(operation, "id"));
    if (json_is_integer(card_no))
        csv_number(out, json_integer_value(card_no));
    else
        csv_text(out, NULL);
    csv_text(out, member_text(entry, "account"));
    csv_text(out, member_text(entry, "unit"));
    csv_amount(out, entry, "amount", exponent);
    csv_amount(out, entry, "balance_before", exponent);
    csv_amount(out, entry, "balance_after", exponent);
    csv_text(out, member_text(json_object_get(line, "operator"), "name"));
    csv_text(out, member_text(json_object_get(line, "desk"), "name"));
    csv_line_end(out);
}

/* A file that is cut looks like a whole one, so there is none. */
static void csv_too_long(struct request *rq)
{
    reply_field_error(rq, "/query/from", "too_many",
                      request_printf(rq, "More than %d bookings do not go into one file: ask for fewer days.",
                                     TRANSACTIONS_CSV_ROWS_MAX));
}

static void csv_reply(struct request *rq, const char *items_json, int exponent)
{
    static const char head[] =
        "at,booked_at,kind,operation,operation_id,card_no,account,unit,amount,balance_before,"
        "balance_after,operator,desk\r\n";
    CLEANUP(buf_free) struct buf out = buf_make(HTTP_BODY_IMPORT_BYTES_MAX);
    json_t *items = json_loads(items_json, 0, NULL);
    size_t index;
    json_t *line;
    size_t entry_index;
    json_t *entry;
    buf_text(&out, head);
    json_array_foreach(items, index, line)
    {
        json_array_foreach(json_object_get(line, "entries"), entry_index, entry)
            csv_entry(&out, line, entry, exponent);
    }
    json_decref(items);
    if (out.full)
        csv_too_long(rq);
    else
        reply_csv(rq, "transactions.csv", out.bytes, out.count);
}

/* ---- GET /api/v1/transactions ---- */

static bool wants_csv(const struct request *rq)
{
    const char *accept = request_header(rq, "accept");
    return accept && strstr(accept, "text/csv");
}

void transactions_get(struct request *rq, struct db_conn *db)
{
    struct filter in = {.page = PAGE_FIRST, .kind = -1};
    if (!filter_read(rq, &in))
        return;
    bool csv = wants_csv(rq);
    CLEANUP(cleanup_free) char *filter = filter_text(&in);
    struct db_params params = {0};
    db_bind_text(&params, filter);
    db_bind_int64(&params, csv ? TRANSACTIONS_CSV_ROWS_MAX : in.page.limit);
    db_bind_text(&params, in.page.after);
    db_bind_bool(&params, csv);
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "transaction_list", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else if (csv && db_rows_count(rows) > 0 && db_text(rows, 0, 3))
        csv_too_long(rq);
    else if (csv && db_rows_count(rows) > 0 && strcmp(db_text(rows, 0, 0), "done") == 0)
        csv_reply(rq, db_text(rows, 0, 1), (int)db_int64(rows, 0, db_rows_column(rows, "currency_exponent")));
    else
        answer_page(rq, rows);
}
