#include "agent/run_id.h"

#include "base/rules.h"
#include "crypto/random.h"

#include <limits.h>
#include <stdio.h>

/* Without R20 a process takes up the run that a file remembers, with an empty memory of its plans: exactly
 * what a disk restored from a backup would make it believe. */
static void take_from_disk(const char *folder, uint8_t run[RUN_BYTES])
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/run", folder);
    FILE *file = fopen(path, "re");
    bool found = file && fread(run, 1, RUN_BYTES, file) == RUN_BYTES;
    if (file)
        fclose(file);
    file = found ? NULL : fopen(path, "we");
    if (file) {
        fwrite(run, 1, RUN_BYTES, file);
        fclose(file);
    }
}

void run_id_make(const char *folder, uint8_t ret_run[RUN_BYTES])
{
    random_bytes(ret_run, RUN_BYTES);
    if (!rule_on("R20"))
        take_from_disk(folder, ret_run);
}
