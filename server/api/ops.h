/* What /readyz and /metrics need to know before the ports open. */
#ifndef CARDWRIGHT_API_OPS_H
#define CARDWRIGHT_API_OPS_H

#include "base/conf.h"

#define OPS_VERSION "0.1.0"

/* Reads the newest migration of the folder and the token of /metrics. False: `ret_problem` says what to do.
 */
bool ops_init(const struct conf *conf, char *ret_problem, size_t capacity);

#endif
