/* The pairing on disk, the typed code, and the id of a process. */
#include "agent/identity.h"
#include "agent/pairing.h"
#include "agent/run_id.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/agent-identity-XXXXXX";
static char file[PATH_MAX];
static char error[512];
static struct identity *identity;

static void set_up(void)
{
    cr_assert_geq(sodium_init(), 0);
    cr_assert(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/agent.json", folder);
    identity = identity_new();
    identity->agent_id.bytes[0] = 1;
    identity->desk_id.bytes[0] = 2;
    snprintf(identity->desk_name, sizeof identity->desk_name,
             "Mensa \"S\xc3\xbc"
             "d\"");
    snprintf(identity->server, sizeof identity->server, "https://cards.example.org");
    memset(identity->key, 0xa5, sizeof identity->key);
}

static void tear_down(void)
{
    identity_free(identity);
    unlink(file);
    rmdir(folder);
}

TestSuite(agent_identity, .init = set_up, .fini = tear_down);

static enum identity_status load(struct identity *ret_identity)
{
    error[0] = '\0';
    return identity_load(folder, ret_identity, error, sizeof error);
}

Test(agent_identity, kept_and_found_again)
{
    struct stat facts;
    struct identity *found = identity_new();
    cr_assert(identity_save(folder, identity, error, sizeof error), "%s", error);
    cr_assert_eq(stat(file, &facts), 0);
    cr_assert_eq(facts.st_mode & 07777, 0600);
    cr_assert_eq(load(found), IDENTITY_OK, "%s", error);
    cr_assert_eq(memcmp(found, identity, sizeof *found), 0);
    cr_assert(identity_save(folder, identity, error, sizeof error), "a new pairing replaces the old one");
    identity_free(found);
}

Test(agent_identity, nothing_else_is_kept)
{
    cr_assert(identity_save(folder, identity, error, sizeof error));
    DIR *open_folder = opendir(folder);
    int files = 0;
    for (struct dirent *entry; (entry = readdir(open_folder));)
        files += entry->d_name[0] != '.';
    closedir(open_folder);
    cr_assert_eq(files, 1);
}

Test(agent_identity, none_yet)
{
    cr_assert_eq(load(identity), IDENTITY_NONE);
    cr_assert_eq(identity_load("/tmp/agent-no-such-folder", identity, error, sizeof error), IDENTITY_NONE);
}

Test(agent_identity, a_file_open_to_others_is_refused)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0610, 0666};
    cr_assert(identity_save(folder, identity, error, sizeof error));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        chmod(file, modes[i]);
        cr_assert_eq(load(identity), IDENTITY_BAD, "mode %o", (unsigned)modes[i]);
        cr_assert(strstr(error, "chmod 600"), "%s", error);
    }
}

Test(agent_identity, a_folder_others_may_write_is_refused)
{
    cr_assert(identity_save(folder, identity, error, sizeof error));
    chmod(folder, 0770);
    cr_assert_eq(load(identity), IDENTITY_BAD);
    cr_assert(strstr(error, "chmod 700"), "%s", error);
    cr_assert_not(identity_save(folder, identity, error, sizeof error));
    chmod(folder, 0700);
}

Test(agent_identity, a_link_is_not_followed)
{
    cr_assert_eq(symlink("/etc/passwd", file), 0);
    cr_assert_eq(load(identity), IDENTITY_BAD);
}

Test(agent_identity, a_damaged_file_is_refused)
{
    static const char *const texts[] = {"", "{", "[]", "{\"key\":\"00\"}", "{\"key\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        cr_assert_eq(write(fd, texts[i], strlen(texts[i])), (ssize_t)strlen(texts[i]));
        close(fd);
        cr_assert_eq(load(identity), IDENTITY_BAD, "%s", texts[i]);
        cr_assert(strstr(error, "--pair"), "%s", error);
    }
}

Test(agent_identity, codes_as_people_type_them)
{
    char code[PAIRING_CODE_CHARACTERS + 1];
    cr_assert(pairing_code_read("7k3m-qx2b", code));
    cr_assert_str_eq(code, "7K3MQX2B");
    cr_assert(pairing_code_read(" 7K3M QX2B ", code));
    cr_assert_not(pairing_code_read("7K3MQX2", code));
    cr_assert_not(pairing_code_read("7K3MQX2BB", code));
    cr_assert_not(pairing_code_read("0K3MQX2B", code), "0 and O are not used");
    cr_assert_not(pairing_code_read("IK3MQX2B", code));
    cr_assert_not(pairing_code_read("", code));
}

Test(agent_identity, r20_a_process_never_takes_up_the_run_of_another)
{
    uint8_t first[RUN_BYTES];
    uint8_t second[RUN_BYTES];
    char left_behind[PATH_MAX];
    run_id_make(folder, first);
    run_id_make(folder, second);
    snprintf(left_behind, sizeof left_behind, "%s/run", folder);
    bool on_disk = unlink(left_behind) == 0;
    cr_assert_neq(memcmp(first, second, sizeof first), 0);
    cr_assert_not(on_disk);
}
