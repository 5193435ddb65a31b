#include "api/operator_fields.h"

#include "base/limits.h"
#include "http/reply.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

const char *const operator_languages[] = {"en", "zh-CN", NULL};
const char *const operator_role_words[] = {"admin",      "cashier",    "finance", "hr",
                                           "supervisor", "technician", NULL};

bool operator_role_known(const char *word)
{
    for (const char *const *at = operator_role_words; *at; at++)
        if (strcmp(*at, word) == 0)
            return true;
    return false;
}

const char *operator_name_problem(const char *name)
{
    const uint8_t *at = (const uint8_t *)name;
    ucs4_t letter = 0;
    size_t count = 0;
    for (int step; (step = u8_strmbtouc(&letter, at)) > 0; at += step, count++)
        if (uc_is_property_white_space(letter) || uc_is_general_category(letter, UC_CATEGORY_C))
            return "must have no blanks and no control characters";
    if (*at)
        return "must be text in UTF-8";
    return count < 1 || count > OPERATOR_NAME_CHARACTERS_MAX ? "must have 1 to 64 characters" : NULL;
}

void operator_name_check(struct request *rq, const char *pointer, const char *name)
{
    const char *problem = operator_name_problem(name);
    if (problem)
        field_error_add(rq, pointer, "malformed", problem);
}

const char *operator_roles_read(struct request *rq, const char *pointer, const json_t *roles)
{
    const char *text = "";
    bool all_known = true;
    size_t index;
    json_t *role;
    json_array_foreach(roles, index, role)
    {
        const char *word = json_string_value(role);
        if (!word || !operator_role_known(word)) {
            field_error_add(rq, request_printf(rq, "%s/%zu", pointer, index), "unknown_word",
                            "must be one of: admin, cashier, finance, hr, supervisor, technician");
            all_known = false;
            continue;
        }
        text = request_printf(rq, "%s%s%s", text, *text ? "," : "", word);
    }
    return all_known ? request_printf(rq, "{%s}", text) : NULL;
}
