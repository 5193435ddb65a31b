#include "crypto/password.h"

#include "base/limits.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void init(void)
{
    cr_assert(sodium_init() >= 0);
}
TestSuite(crypto_password, .init = init);

Test(crypto_password, a_hash_belongs_to_its_password_only)
{
    char hash[PASSWORD_HASH_BYTES];
    cr_assert_eq(password_hash("four quiet green rivers", hash), OK);
    cr_assert_not_null(strstr(hash, "$argon2id$"));
    cr_assert_not_null(strstr(hash, "m=65536,t=3,p=1"), "64 MiB and 3 passes stand in the hash: %s", hash);

    bool outdated = true;
    cr_assert_eq(password_check(hash, "four quiet green rivers", &outdated), OK);
    cr_assert_not(outdated);
    cr_assert_eq(password_check(hash, "four quiet green river", NULL), ERR_LOGIN_FAILED);
    cr_assert_eq(password_check(hash, "", NULL), ERR_LOGIN_FAILED);
}

Test(crypto_password, the_same_password_never_gives_the_same_hash)
{
    char first[PASSWORD_HASH_BYTES], second[PASSWORD_HASH_BYTES];
    cr_assert_eq(password_hash("four quiet green rivers", first), OK);
    cr_assert_eq(password_hash("four quiet green rivers", second), OK);
    cr_assert_str_neq(first, second);
}

Test(crypto_password, a_hash_of_another_cost_is_outdated)
{
    char hash[PASSWORD_HASH_BYTES];
    cr_assert_eq(
        crypto_pwhash_str_alg(hash, "four quiet green rivers", 23, 1, 8192 * 2, crypto_pwhash_ALG_ARGON2ID13),
        0);
    bool outdated = false;
    cr_assert_eq(password_check(hash, "four quiet green rivers", &outdated), OK);
    cr_assert(outdated);
}

Test(crypto_password, what_is_no_hash_fails_without_harm)
{
    char longest[2 * PASSWORD_HASH_BYTES];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = 0;
    cr_assert_eq(password_check("", "four quiet green rivers", NULL), ERR_LOGIN_FAILED);
    cr_assert_eq(password_check("$argon2id$v=19$m=65536", "four quiet green rivers", NULL), ERR_LOGIN_FAILED);
    cr_assert_eq(password_check(longest, "four quiet green rivers", NULL), ERR_LOGIN_FAILED);
    cr_assert_eq(password_check_nobody("four quiet green rivers"), ERR_LOGIN_FAILED);
}

static void *hash_once(void *unused)
{
    (void)unused;
    char hash[PASSWORD_HASH_BYTES];
    return (void *)(intptr_t)password_hash("four quiet green rivers", hash);
}

Test(crypto_password, more_callers_than_places_take_turns)
{
    pthread_t threads[2 * PASSWORD_HASHES_MAX];
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hash_once, NULL), 0);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        void *result = NULL;
        cr_assert_eq(pthread_join(threads[i], &result), 0);
        enum err err = (enum err)(intptr_t)result;
        cr_assert(err == OK || err == ERR_UNAVAILABLE);
    }
}

static const char *const ann[] = {"ann.bell", "Ann Bell-Çelik", NULL};

Test(crypto_password, surprising_ones_are_taken)
{
    static const char *const good[] = {"four quiet green rivers",      "xK7#pq!mRz2v",
                                       "我的密码是一个很长的句子吧",   "liebe grüße aus köln",
                                       "sunshine over the old bridge", "correct battery staple"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_assert_null(password_problem(good[i], ann), "%s: %s", good[i], password_problem(good[i], ann));
}

Test(crypto_password, easy_ones_are_refused)
{
    static const char *const bad[] = {
        "",
        "elevenchars",
        "ÄÖÜäöüßßß11", /* 11 characters, more than 12 bytes */
        "password1234",
        "PassWord2026!!",
        "!!!Password!!!",
        "passwordpassword",
        "P@ssw0rd2026",
        "1qaz2wsx2026",
        "qwertyuiop12",
        "aaaaaaaaaaaa",
        "121212121212",
        "123456789012",
        "234567890123",
        "abcdefghijkl",
        "Cardwright2026",
        "Contraseña123",
        "correct horse battery staple",
        "i am ann the great",   /* login name */
        "BELLs of the village", /* last name */
        "old Çelik bridges",    /* folded */
        "\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not_null(password_problem(bad[i], ann), "taken: %s", bad[i]);
}

Test(crypto_password, short_names_forbid_nothing)
{
    static const char *const names[] = {"al", "J. O", NULL};
    cr_assert_null(password_problem("also four green rivers", names));
    static const char *const chinese[] = {"王小", NULL};
    cr_assert_not_null(password_problem("王小和他的一只黑猫在花园里", chinese));
}
