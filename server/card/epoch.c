#include "card/epoch.h"

bool epoch_newer(uint8_t left, uint8_t right)
{
    uint8_t distance = (uint8_t)(left - right);
    return distance >= 1 && distance <= 127;
}

uint8_t epoch_byte(int64_t epoch_no)
{
    return (uint8_t)((uint64_t)epoch_no & 255);
}

int64_t epoch_from_image(uint8_t byte, int64_t committed_epoch_no)
{
    int64_t lowest = committed_epoch_no - EPOCH_WINDOW_BELOW;
    return lowest + (uint8_t)(byte - epoch_byte(lowest));
}

int64_t epoch_from_machine_record(uint8_t byte, int64_t highest_epoch_no)
{
    return highest_epoch_no - (uint8_t)(epoch_byte(highest_epoch_no) - byte);
}

static int64_t smaller(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

struct purse_split purse_split(int64_t value_minor, int64_t stored_of_epoch_minor)
{
    int64_t value = value_minor > 0 ? value_minor : 0;
    struct purse_split split;
    split.stored_minor = smaller(value, stored_of_epoch_minor);
    split.subsidy_minor = value - split.stored_minor;
    return split;
}

bool epoch_result(const struct result_input *input, struct epoch_terms *ret_terms)
{
    int64_t value = input->value_minor > 0 ? input->value_minor : 0;
    int64_t stored = smaller(value, input->stored_of_epoch_minor);
    int64_t amount = input->amount_minor;

    if (amount < 0 || input->subsidy_minor < 0)
        return false;
    switch (input->kind) {
    case RESULT_RECHARGE:
        ret_terms->opening_minor = value + amount;
        ret_terms->stored_minor = stored + amount;
        return true;
    case RESULT_WITHDRAW:
        if (amount > stored)
            return false; /* subsidy is never paid out */
        ret_terms->opening_minor = value - amount;
        ret_terms->stored_minor = stored - amount;
        return true;
    case RESULT_GRANT:
        ret_terms->opening_minor = value + amount;
        ret_terms->stored_minor = stored;
        return true;
    case RESULT_LOAD:
        ret_terms->opening_minor = amount + input->subsidy_minor;
        ret_terms->stored_minor = amount;
        return true;
    case RESULT_FENCE:
    case RESULT_REPAIR:
        ret_terms->opening_minor = value;
        ret_terms->stored_minor = stored;
        return true;
    }
    return false;
}
