#include "api/errors.h"

#include "base/err.h"

#include <jansson.h>
#include <stdio.h>

static void print_line(const struct err_info *info)
{
    printf("%s\t%d\t%s\t%s\t%s\t%s\n", info->code, info->http_status, err_blame_word(info->blame),
           info->title, info->cause, info->next);
}

int errors_print(bool as_json)
{
    json_t *list = json_array();
    for (int err = 1; err < ERR_COUNT; err++) {
        const struct err_info *info = err_info((enum err)err);
        if (!as_json)
            print_line(info);
        json_array_append_new(list,
                              json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "code", info->code, "status",
                                        info->http_status, "blame", err_blame_word(info->blame), "title",
                                        info->title, "cause", info->cause, "next", info->next));
    }
    if (as_json && json_dumpf(list, stdout, JSON_INDENT(1)) == 0)
        putchar('\n');
    json_decref(list);
    return 0;
}
