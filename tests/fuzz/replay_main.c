/* Gives every file named to a fuzz target, for builds without a fuzzer. A crash ends the program; the name of
 * the file is on stderr by then. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "re");
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    if (!file || !bytes) {
        perror(path);
        return 1;
    }
    size_t size = fread(bytes, 1, FILE_BYTES_MAX, file);
    fclose(file);
    fprintf(stderr, "%s\n", path);
    uint8_t *exact = malloc(size ? size : 1); /* so that one byte too far is seen */
    for (size_t i = 0; exact && i < size; i++)
        exact[i] = bytes[i];
    int result = exact ? LLVMFuzzerTestOneInput(exact, size) : 1;
    free(exact);
    free(bytes);
    return result;
}

int main(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++)
        if (replay(argv[i]) != 0)
            return 1;
    printf("%d passed, 0 failed\n", argc - 1);
    return 0;
}
