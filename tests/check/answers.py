"""What the stories really got, held against webroot/openapi.json.

    answers.py ANSWERS.ndjson PROGRAM

Each answer must have a status, media type, headers and body that the document gives for its operation, each accepted
request must fit the schema of its body and parameters, and each refusal must carry a code its operation names, in the
words of the program's table. Every endpoint must have been called with success, every kind of event seen, and every
error expected by some story. Before that, damaged answers prove that differences are found.
"""

import copy
import json
import re
import sys

from openapi import CODES_OF_NO_OPERATION, Faults, ask, followed, jsonschema, load_document, operations_of

# Errors that no story can bring about, each with the reason.
NOT_PRODUCIBLE = {}

# What is refused before an address is looked at, or because there is none.
CODES_BEFORE_ROUTES = {"bad_request", "headers_too_large", "cross_site", "not_found", "internal"} | CODES_OF_NO_OPERATION


class Operation:
    def __init__(self, document, key, described, parameters):
        self.key = key
        self.place = " ".join(key)
        self.described = described
        self.parameters = parameters
        self.pattern = re.compile(re.sub(r"{[a-z_]+}", "[^/]+", key[1]) + "$")
        self.ports = described.get("x-ports", ["operator"])
        self.succeeded = False
        self.document = document

    def header(self, name):
        return any(p["in"] == "header" and p["name"].lower() == name for p in self.parameters)


class Contract:
    def __init__(self, document, errors):
        self.document = document
        self.errors = {error["code"]: error for error in errors}
        self.operations = [Operation(document, *row) for row in operations_of(document)]
        self.events_seen = set()
        self.codes_expected = set()
        self.validators = {}

    def problems(self, schema, value):
        """What is wrong with a value, one line each."""
        if id(schema) not in self.validators:
            self.validators[id(schema)] = jsonschema.Draft202012Validator(
                schema, resolver=jsonschema.RefResolver("", self.document))
        for error in self.validators[id(schema)].iter_errors(value):
            error = jsonschema.exceptions.best_match([error])
            yield f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"

    def find(self, method, path, port):
        method = "GET" if method == "HEAD" else method
        for operation in self.operations:
            if operation.key[0] == method and port in operation.ports and operation.pattern.match(path):
                return operation
        return None

    def check(self, row):
        """Differences between one row and the document."""
        target = re.sub(r"^https?://[^/]+", "", row["path"])
        path, _, query = target.partition("?")
        if row["method"] == "EVENT":
            return list(self.check_event(row))
        port = "device" if "server.device_port" in row["template"] else "operator"
        operation = self.find(row["method"], path, port)
        if row["status"] >= 400:
            found = list(self.check_problem(row, operation))
        elif operation:
            found = list(self.check_success(row, operation, query))
        else:
            found = list(self.check_elsewhere(row))
        if not found and operation and 200 <= row["status"] < 300:
            operation.succeeded = True
        if not found and row["expected"]:
            self.codes_expected.add(row["expected"])
        return found

    def check_event(self, row):
        schemas = self.document["components"]["schemas"]["DeskEvents"]["properties"]
        if row["event"] not in schemas:
            yield f"the event {row['event']} is not described"
            return
        yield from self.problems(schemas[row["event"]], row["body"])
        self.find("GET", row["path"].partition("?")[0], "operator").succeeded = True
        self.events_seen.add(row["event"])

    def check_problem(self, row, operation):
        code = row["code"]
        known = self.errors.get(code)
        allowed = operation.described["x-codes"] if operation else CODES_BEFORE_ROUTES
        if known is None:
            yield f"the code {code} is not in err.def"
            return
        if code not in allowed:
            yield f"the code {code} is not among the x-codes"
        if row["status"] != known["status"]:
            yield f"{code} has the status {known['status']}, answered was {row['status']}"
        if row["type"] != "application/problem+json":
            yield f"a problem came as {row['type']}"
        if row["method"] != "HEAD":
            yield from self.problems(self.document["components"]["schemas"]["Problem"], row["body"])
            for member in ("title", "next"):
                if row["body"].get(member) != known[member]:
                    yield f"{member} is not that of err.def"
            if row["body"].get("type") != f"/docs/errors/{code}":
                yield "type does not name the code"
        if known["status"] in (429, 503) and not row["headers"].get("retry-after", "").isdigit():
            yield "Retry-After is missing"
        if code == "method_not_allowed" and "allow" not in row["headers"]:
            yield "Allow is missing"

    def check_success(self, row, operation, query):
        status = str(row["status"])
        answer = operation.described["responses"].get(status)
        if answer is None or "$ref" in answer:
            yield f"the status {status} is not described as a success"
            return
        content = answer.get("content", {})
        if row["type"] not in (content or {"": None}):
            yield f"the media type {row['type']!r} is not described for {status}"
        elif row["type"] == "application/json" and row["method"] != "HEAD":
            yield from self.problems(content["application/json"]["schema"], row["body"])
        for name, header in answer.get("headers", {}).items():
            value = row["headers"].get(name.lower())
            must = name in ("ETag", "Location")
            if value is None and must:
                yield f"the header {name} is missing"
            elif value is not None:
                yield from (f"{name} {what}" for what in self.problems(followed(self.document, header)["schema"], value))
        yield from self.check_request(row, operation, query)

    def check_request(self, row, operation, query):
        content = operation.described.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            yield from (f"request{what}" for what in self.problems(schema, row["request"]))
        parameters = {p["name"]: p["schema"] for p in operation.parameters if p["in"] == "query"}
        for name in re.findall(r"(?:^|&)([^=&]+)", query):
            if name not in parameters:
                yield f"the parameter {name} was taken and is not described"

    def check_elsewhere(self, row):
        """Not an operation: a static file, or OPTIONS of an address."""
        if row["method"] == "OPTIONS" and row["status"] == 204:
            return
        if row["method"] in ("GET", "HEAD") and row["status"] in (200, 304) and row["type"] != "application/json":
            return
        yield "no operation of the document has this method and address"

    def check_coverage(self, faults):
        for operation in self.operations:
            if not operation.succeeded:
                faults.add(operation.place, "no story calls it with success")
        for kind in self.document["components"]["schemas"]["DeskEvents"]["properties"]:
            if kind not in self.events_seen:
                faults.add("DeskEvents", f"no story receives {kind}")
        for code in self.errors:
            if code in self.codes_expected and code in NOT_PRODUCIBLE:
                faults.add(code, "is said not to be producible, and a story produces it")
            elif code not in self.codes_expected and code not in NOT_PRODUCIBLE:
                faults.add(code, "no story expects it")


def prove(contract, rows):
    """Each damage must be found, or the check proves nothing. Returns how many were."""
    session = next(r for r in rows if r["method"] == "GET" and r["path"] == "/api/v1/session" and r["status"] == 200)
    person = next(r for r in rows if r["method"] == "POST" and r["path"] == "/api/v1/people" and r["status"] == 201)
    refusal = next(r for r in rows if r.get("code") == "bad_field" and r["path"] == "/api/v1/people")
    damages = [
        (session, lambda r: r["body"].update(extra=1)),
        (session, lambda r: r["body"].pop("permissions")),
        (session, lambda r: r["body"]["operator"].update(id=7)),
        (session, lambda r: r.update(status=202)),
        (session, lambda r: r.update(type="text/html")),
        (session, lambda r: r.update(path="/api/v1/sessions")),
        (person, lambda r: r["headers"].pop("location")),
        (person, lambda r: r["request"].update(shoe_size=43)),
        (refusal, lambda r: r["body"].pop("errors")),
        (refusal, lambda r: r["body"].update(title="Oops")),
        (refusal, lambda r: r.update(code="too_late", status=409)),
        (refusal, lambda r: r.update(code="no_such_code")),
        (refusal, lambda r: r.update(type="application/json")),
    ]
    for number, (row, damage) in enumerate(damages):
        damaged = copy.deepcopy(row)
        damage(damaged)
        if contract.check(row) or not contract.check(damaged):
            sys.exit(f"answers: the damage number {number} to an answer is not found: this check proves nothing")
    return len(damages)


def main():
    answers_path, program = sys.argv[1:]
    document = load_document()
    with open(answers_path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    errors = ask(program, "errors")
    damages = prove(Contract(document, errors), rows)
    contract = Contract(document, errors)
    faults = Faults()
    seen = set()
    for row in rows:
        place = f"{row['method']} {row.get('template', row['path'])} {row.get('status', row.get('event'))}"
        for what in contract.check(row):
            if (place, what) not in seen:
                seen.add((place, what))
                faults.add(place, what)
    contract.check_coverage(faults)
    faults.finish(f"{len(rows)} answers of {len(contract.operations)} operations are as the document says, "
                  f"{len(contract.codes_expected)} of {len(errors)} errors expected; {damages} damages found")


if __name__ == "__main__":
    main()
