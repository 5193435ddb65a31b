#include "base/buf.h"

#include <criterion/criterion.h>

Test(base_buf, grows_and_stays_terminated)
{
    struct buf buf = buf_make(1000);
    cr_assert_str_eq(buf_string(&buf), "");
    for (int i = 0; i < 100; i++)
        cr_assert(buf_printf(&buf, "%d,", i % 10));
    cr_assert_eq(buf.count, 200);
    cr_assert_eq(buf.bytes[200], '\0');
    buf_free(&buf);
}

Test(base_buf, takes_exactly_its_bound)
{
    struct buf buf = buf_make(8);
    cr_assert(buf_text(&buf, "12345678"));
    cr_assert_not(buf.full);
    cr_assert_not(buf_text(&buf, "9"));
    cr_assert(buf.full);
    cr_assert_str_eq(buf_string(&buf), "12345678");
    cr_assert_not(buf_add(&buf, "", 0),
                  "a full buffer refuses everything, so that one look at the end is enough");
    buf_free(&buf);
}

Test(base_buf, printf_that_does_not_fit_adds_nothing)
{
    struct buf buf = buf_make(4);
    cr_assert(buf_text(&buf, "ab"));
    cr_assert_not(buf_printf(&buf, "%s", "cde"));
    cr_assert_str_eq(buf_string(&buf), "ab");
    buf_free(&buf);
}

Test(base_buf, drop_takes_from_the_front)
{
    struct buf buf = buf_make(100);
    buf_text(&buf, "hello world");
    buf_drop(&buf, 6);
    cr_assert_str_eq(buf_string(&buf), "world");
    buf_drop(&buf, 5);
    cr_assert_eq(buf.count, 0);
    buf_free(&buf);
}
