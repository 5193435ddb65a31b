/* Leaks on purpose: Criterion calls this test passed, so the run has to find the report by itself. */
#include <criterion/criterion.h>
#include <stdlib.h>

Test(leak, on_purpose)
{
    char *volatile lost = malloc(64);
    cr_assert_not_null(lost);
    lost = NULL;
}
