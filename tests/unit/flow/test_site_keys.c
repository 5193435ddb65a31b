/* Site keys at start: made once, recognised ever after, refused when they are not the ones of the database;
 * and what is sealed under them. */
#include "flow/site_keys.h"
#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_pg pg;
static PGconn *side;
static struct db_settings settings;
static struct db_conn *db;
static char directory[64];
static char path[96];
static char problem[512];

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
    test_pg_create(&pg, "site_keys", TEST_PG_MIGRATED);
    side = test_pg_connect(pg.owner);
    settings = (struct db_settings){.conninfo = pg.app, .application_name = "test-site-keys"};
    settings.statements = db_statements_all(&settings.statement_count);
    db = db_conn_new(&settings);
    snprintf(directory, sizeof directory, "/tmp/cardwright-keys-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/site.key", directory);
    problem[0] = '\0';
}

static void tear_down(void)
{
    site_keys_unload();
    db_conn_free(db);
    PQfinish(side);
    test_pg_drop(&pg);
    unlink(path);
    rmdir(directory);
}

TestSuite(flow_site_keys, .init = set_up, .fini = tear_down, .timeout = 60);

static bool load(void)
{
    return site_keys_load(db, path, problem, sizeof problem);
}

static void write_keys(const char *text)
{
    unlink(path);
    FILE *out = fopen(path, "w");
    cr_assert(out);
    fputs(text, out);
    fclose(out);
    cr_assert_eq(chmod(path, 0400), 0);
}

#define LINE_1 "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define LINE_2 "2 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00112233445566778899aabbccddeeff\n"
#define OTHER_1 "1 ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

Test(flow_site_keys, a_new_database_gets_a_key_and_knows_it_again)
{
    uint8_t first[SITE_KEY_BYTES];
    cr_assert(load(), "%s", problem);
    cr_assert_eq(site_keys_newest(), 1);
    memcpy(first, site_keys_get(1), sizeof first);
    cr_assert_eq(test_pg_number(side, "select count(*) from site_key"), 1);
    site_keys_unload();
    cr_assert_eq(site_keys_newest(), 0);
    cr_assert_null(site_keys_get(1));
    cr_assert(load(), "%s", problem);
    cr_assert_arr_eq(site_keys_get(1), first, sizeof first);
    cr_assert_eq(test_pg_number(side, "select count(*) from site_key"), 1);
}

Test(flow_site_keys, a_lost_file_is_never_replaced_by_a_new_one)
{
    cr_assert(load(), "%s", problem);
    unlink(path);
    cr_assert_not(load());
    cr_assert(strstr(problem, "copy the key file from the first server"), "%s", problem);
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(site_keys_newest(), 0);
}

Test(flow_site_keys, another_key_is_refused)
{
    write_keys(LINE_1);
    cr_assert(load(), "%s", problem);
    write_keys(OTHER_1);
    cr_assert_not(load());
    cr_assert(strstr(problem, "copy the key file from the first server"), "%s", problem);
    cr_assert_eq(site_keys_newest(), 0);
}

Test(flow_site_keys, a_looser_mode_is_refused_and_registers_nothing)
{
    write_keys(LINE_1);
    chmod(path, 0640);
    cr_assert_not(load());
    cr_assert(strstr(problem, "chmod 0400"), "%s", problem);
    cr_assert_eq(test_pg_number(side, "select count(*) from site_key"), 0);
}

Test(flow_site_keys, a_further_version_is_registered_and_must_stay)
{
    write_keys(LINE_1);
    cr_assert(load(), "%s", problem);
    write_keys(LINE_1 LINE_2);
    cr_assert(load(), "%s", problem);
    cr_assert_eq(site_keys_newest(), 2);
    cr_assert_eq(test_pg_number(side, "select count(*) from site_key"), 2);
    write_keys(LINE_1);
    cr_assert_not(load());
    cr_assert(strstr(problem, "lacks a version"), "%s", problem);
}

Test(flow_site_keys, the_fingerprint_is_that_of_the_card_design)
{
    char fingerprint[80];
    write_keys(LINE_1);
    cr_assert(load(), "%s", problem);
    test_pg_text(side, "select encode(fingerprint, 'hex') from site_key", fingerprint, sizeof fingerprint);
    cr_assert_eq(strncmp(fingerprint, "389061764dbc09cb", 16), 0, "%s", fingerprint);
}

Test(flow_site_keys, an_absent_database_is_said_to_be_absent)
{
    settings.conninfo = "host=/nonexistent dbname=none";
    db_conn_free(db);
    db = db_conn_new(&settings);
    cr_assert_not(load());
    cr_assert(strstr(problem, "not reachable"), "%s", problem);
    cr_assert_neq(access(path, F_OK), 0);
}

Test(flow_site_keys, seals_open_with_the_right_key_only)
{
    uint8_t sealed[SITE_PASSWORD_SEALED_BYTES];
    uint8_t again[SITE_PASSWORD_SEALED_BYTES];
    uint8_t agent_sealed[AGENT_KEY_SEALED_BYTES];
    uint8_t agent_key[AGENT_KEY_BYTES] = {1, 2, 3};
    uint8_t opened[AGENT_KEY_BYTES];
    char digits[SITE_DIGITS];
    write_keys(LINE_1);
    cr_assert(load(), "%s", problem);
    site_keys_seal_digits("2580", sealed);
    site_keys_seal_digits("2580", again);
    cr_assert_arr_neq(sealed, again, sizeof sealed);
    cr_assert(site_keys_open_digits(sealed, sizeof sealed, digits));
    cr_assert_arr_eq(digits, "2580", SITE_DIGITS);
    site_keys_seal_agent(agent_key, agent_sealed);
    cr_assert(site_keys_open_agent(agent_sealed, sizeof agent_sealed, opened));
    cr_assert_arr_eq(opened, agent_key, sizeof opened);
    cr_assert_not(site_keys_open_agent(agent_sealed, sizeof agent_sealed - 1, opened));
    agent_sealed[30] ^= 1;
    cr_assert_not(site_keys_open_agent(agent_sealed, sizeof agent_sealed, opened));

    write_keys(LINE_1 LINE_2);
    cr_assert(load(), "%s", problem);
    cr_assert(site_keys_open_digits(sealed, sizeof sealed, digits), "what version 1 sealed still opens");
    test_pg_exec(side, "delete from site_key");
    write_keys(OTHER_1);
    cr_assert(load(), "%s", problem);
    cr_assert_not(site_keys_open_digits(sealed, sizeof sealed, digits));
}

/* PRK_1 of the worked example of the card design: site 7, digits 2580. */
Test(flow_site_keys, expands_and_remembers_key_trees)
{
    static const uint8_t prk[] = {0x66, 0xd6, 0xe2, 0xd3, 0x77, 0x0c, 0x51, 0xbe};
    uint8_t sealed[SITE_PASSWORD_SEALED_BYTES];
    struct site_keys keys;
    write_keys(LINE_1);
    cr_assert(load(), "%s", problem);
    site_keys_seal_digits("2580", sealed);
    struct site_seal seal = {
        .version = 1, .site_id = 7, .password_sealed = sealed, .password_sealed_bytes = sizeof sealed};
    for (int i = 0; i < 3; i++) {
        cr_assert(site_keys_expand(&seal, &keys));
        cr_assert_arr_eq(keys.prk, prk, sizeof prk);
    }
    for (uint16_t site_id = 8; site_id < 20; site_id++) {
        seal.site_id = site_id;
        cr_assert(site_keys_expand(&seal, &keys));
        cr_assert_eq(keys.site_id, site_id);
        cr_assert_arr_neq(keys.prk, prk, sizeof prk);
    }
    seal.version = 2;
    cr_assert_not(site_keys_expand(&seal, &keys));
    seal.version = 1;
    sealed[0] ^= 1;
    cr_assert_not(site_keys_expand(&seal, &keys));
    site_keys_clear(&keys);
}

Test(flow_site_keys, the_credential_of_the_service_manager_comes_first)
{
    char found[128];
    unsetenv("CREDENTIALS_DIRECTORY");
    cr_assert(site_keys_path("var/site.key", found, sizeof found));
    cr_assert_str_eq(found, "var/site.key");
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    cr_assert(site_keys_path("var/site.key", found, sizeof found));
    cr_assert_str_eq(found, "var/site.key", "no such credential: the setting counts");
    write_keys(LINE_1);
    cr_assert(site_keys_path("var/site.key", found, sizeof found));
    cr_assert_str_eq(found, path);
    cr_assert_not(site_keys_path("var/site.key", found, 4));
}
