/* "cardwrightd serve": start order, signals, stop order. */
#ifndef CARDWRIGHT_SERVE_H
#define CARDWRIGHT_SERVE_H

#include "base/conf.h"

/* Runs until SIGTERM or SIGINT. Returns the exit status. */
int serve(const struct conf *conf);

/* "http://127.0.0.1:8080": how people reach the operator port, without a slash at the end. */
void serve_base_url(const struct conf *conf, int port, char *ret_url, size_t capacity);

#endif
