/* What a file name of the webroot says about type and caching. */
#ifndef CARDWRIGHT_HTTP_FILE_TYPE_H
#define CARDWRIGHT_HTTP_FILE_TYPE_H

#include <stdbool.h>

const char *file_content_type(const char *name);

/* True for names that change with their content: "vendor/preact@11.2.0/preact.js", "tabler-1.6.1.css",
 * "app.0f3a9c21.js". */
bool file_is_versioned(const char *name);

/* False for what only ever is a part of a page: plain scripts, styles, data, fonts, pictures without scripts.
 * A page's own policies govern those; on them the headers would be a tenth of the bytes of a first load and
 * mean nothing. Scripts of workers ("*worker.js") and all other types carry them. */
bool file_needs_policy(const char *name);

/* Value of Cache-Control: a year for versioned names, else ask again each time (with the ETag). */
const char *file_cache_control(const char *name);

#endif
