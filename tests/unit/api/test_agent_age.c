#include "api/agent_age.h"

#include <criterion/criterion.h>

Test(api_agent_age, versions_are_compared_number_by_number)
{
    cr_expect(agent_version_older("1.0.9", "1.1.0"));
    cr_expect(agent_version_older("1", "1.0.1"));
    cr_expect(agent_version_older("0.10.0", "1.0.0"));
    cr_expect(agent_version_older("1.9.0", "1.10.0"));
    cr_expect_not(agent_version_older("1.10.0", "1.9.9"));
    cr_expect_not(agent_version_older("1.1.0", "1.1.0"));
    cr_expect_not(agent_version_older("1.1.0-rc1", "1.1.0"));
    cr_expect_not(agent_version_older("2", "1.9.9"));
    cr_expect(agent_version_older("", "0.0.1"));
    cr_expect(agent_version_older("-3.1", "1.0.0"));
    cr_expect(agent_version_older("anything", "1.0.0"));
    cr_expect_not(agent_version_older("99999999999999999999.0.0", "1.0.0"));
}

Test(api_agent_age, the_protocol_decides_who_is_let_in)
{
    cr_expect_str_eq(agent_age(0, "9.9.9").update, "required");
    cr_expect_str_eq(agent_age(0, "9.9.9").needs, AGENT_VERSION_MIN);
    cr_expect_str_eq(agent_age(1, "1.0.0").update, "advised");
    cr_expect_str_eq(agent_age(1, "1.0.0").needs, AGENT_VERSION_WANTED);
    cr_expect_null(agent_age(1, AGENT_VERSION_WANTED).update);
    cr_expect_null(agent_age(7, "3.0.0").needs);
}
