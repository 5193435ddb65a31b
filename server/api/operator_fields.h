/* What operators are made of: login names and roles, checked the same way by the API, the set-up and the
 * command line.
 */
#ifndef CARDWRIGHT_API_OPERATOR_FIELDS_H
#define CARDWRIGHT_API_OPERATOR_FIELDS_H

#include "http/request.h"

/* Languages that screens have texts for; NULL-terminated, the first is the default. */
extern const char *const operator_languages[];

/* The fixed roles, NULL-terminated, as in table role. */
extern const char *const operator_role_words[];
bool operator_role_known(const char *word);

/* Why `name` cannot be a login name, as an end of "the login name ..."; NULL: it can. Letters of any script,
 * no blanks. */
const char *operator_name_problem(const char *name);

/* Collects a wrong field (field_error_add) when the name cannot be one. */
void operator_name_check(struct request *rq, const char *pointer, const char *name);

/* Reads an array of role words into the text of a PostgreSQL array ("{cashier,hr}"). NULL: a field error was
 * collected for every element that is no role. */
const char *operator_roles_read(struct request *rq, const char *pointer, const json_t *roles);

#endif
