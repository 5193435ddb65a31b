/* What a file name of the webroot says about type and caching. */
#ifndef CARDWRIGHT_HTTP_FILE_TYPE_H
#define CARDWRIGHT_HTTP_FILE_TYPE_H

#include <stdbool.h>

const char *file_content_type(const char *name);

/* True for names that change with their content: "vendor/preact@11.2.0/preact.js", "tabler-1.6.1.css",
 * "app.0f3a9c21.js". */
bool file_is_versioned(const char *name);

/* Value of Cache-Control: a year for versioned names, else ask again each time (with the ETag). */
const char *file_cache_control(const char *name);

#endif
