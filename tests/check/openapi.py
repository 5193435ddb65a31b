"""The document of the API against the program: the same endpoints, permissions, keys, bodies and errors.

    openapi.py                    holds webroot/openapi.json against routes.def and err.def (make check)
    openapi.py --program PROGRAM  the same against what cardwrightd itself lists (make test)

Prints "place: what" for each difference and ends with status 1 if there is one.
"""

import argparse
import json
import re
import subprocess
import sys

try:
    import jsonschema
except ModuleNotFoundError:
    sys.exit("openapi: this needs a package; install it with: apt install python3-jsonschema")

DOCUMENT = "webroot/openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")
# An address that does not exist, or not with this method, belongs to no operation.
CODES_OF_NO_OPERATION = {"method_not_allowed"}
TEXT_MIN = 40


class Faults:
    """What was found."""

    def __init__(self):
        self.lines = []

    def add(self, place, what):
        self.lines.append(f"{place}: {what}")

    def finish(self, well):
        for line in self.lines[:60]:
            print(line)
        if len(self.lines) > 60:
            print(f"... and {len(self.lines) - 60} more")
        if self.lines:
            sys.exit(1)
        print(well)


def load_document(path=DOCUMENT):
    def once(pairs):
        names = [name for name, _ in pairs]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            sys.exit(f"{path}: the member {', '.join(sorted(twice))} is there twice in one object")
        return dict(pairs)

    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=once)


# ---- the tables of the program ----

def split_row(text):
    """Arguments of a macro row: words as they are, adjacent string literals joined."""
    parts = re.findall(r'((?:"(?:[^"\\]|\\.)*"\s*)+|[^,"]+)(?:,|$)', text, re.S)
    joined = []
    for part in parts:
        literals = re.findall(r'"((?:[^"\\]|\\.)*)"', part)
        joined.append("".join(literals).replace('\\"', '"') if literals else part.strip())
    return joined


def rows_of(path, macro):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    for match in re.finditer(rf'^{macro}\(((?:"(?:[^"\\]|\\.)*"|[^")])*)\)', text, re.M):
        yield match.group(0).split("(")[0], split_row(match.group(1))


def routes_of_table():
    words = {name: word for _, (name, word, _) in rows_of("server/base/permissions.def", "PERM")}
    ports = {"ROUTE": ["operator"], "ROUTE_DEVICE": ["device"], "ROUTE_BOTH": ["operator", "device"]}
    for macro, row in rows_of("server/api/routes.def", "ROUTE(?:_DEVICE|_BOTH)?"):
        method, path, handler, permission, lane, replay, body, text = row
        for port in ports[macro]:
            yield {"method": method, "path": path, "permission": words[permission.removeprefix("PERM_")],
                   "lane": lane.removeprefix("LANE_").lower(), "replay": replay.removeprefix("REPLAY_").lower(),
                   "body": body.removeprefix("BODY_").lower(), "handler": handler, "port": port, "help": text}


def errors_of_table():
    for _, (name, status, blame, title, cause, way_out) in rows_of("server/base/err.def", "ERR"):
        yield {"code": name.lower(), "status": int(status), "blame": blame.lower(), "title": title,
               "cause": cause, "next": way_out}


def ask(program, command):
    return json.loads(subprocess.run([program, command, "--json"], check=True, capture_output=True).stdout)


# ---- rules ----

def operations_of(document):
    """(METHOD, path), operation, and its parameters with those of its path, references followed."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = item.get("parameters", []) + item[method].get("parameters", [])
                yield (method.upper(), path), item[method], [followed(document, p) for p in parameters]


def followed(document, value):
    if "$ref" not in value:
        return value
    place = document
    for word in value["$ref"].removeprefix("#/").split("/"):
        place = place[word]
    return place


def check_endpoints(document, routes, faults):
    wanted = {}
    for route in routes:
        path = re.sub(r":([a-z_]+)", r"{\1}", route["path"])
        wanted.setdefault((route["method"], path), []).append(route)
    described = {key: (operation, parameters) for key, operation, parameters in operations_of(document)}
    for key in sorted(wanted.keys() - described.keys()):
        faults.add(" ".join(key), f"is a route, but {DOCUMENT} does not describe it")
    for key in sorted(described.keys() - wanted.keys()):
        faults.add(" ".join(key), f"is in {DOCUMENT}, but is no route")
    for key in sorted(wanted.keys() & described.keys()):
        check_endpoint(" ".join(key), wanted[key], described[key], faults)


def check_endpoint(place, routes, described, faults):
    operation, parameters = described
    route = routes[0]
    facts = [
        ("x-permission", operation.get("x-permission"), route["permission"]),
        ("x-ports", operation.get("x-ports", ["operator"]), [each["port"] for each in routes]),
        ("the header Idempotency-Key", any(p["name"] == "Idempotency-Key" and p["required"] for p in parameters),
         route["replay"] == "keyed"),
        ("requestBody", "requestBody" in operation, route["body"] != "none"),
        ("security", operation.get("security", "session"),
         {"public": [], "agent": [{"agent": []}]}.get(route["permission"], "session")),
        ("path parameters", sorted(p["name"] for p in parameters if p["in"] == "path"),
         sorted(re.findall(r":([a-z_]+)", route["path"]))),
        ("summary", operation["summary"].lower(), route["help"].lower()),
    ]
    for what, described_value, value in facts:
        if described_value != value:
            faults.add(place, f"{what} says {described_value!r}, the route {value!r}")


def check_codes(document, errors, faults):
    status_of = {error["code"]: error["status"] for error in errors}
    enumerated = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    if enumerated != list(status_of):
        faults.add("Problem.code", f"is not the list of err.def: {sorted(set(enumerated) ^ set(status_of))}")
    answered = set(CODES_OF_NO_OPERATION)
    for key, operation, _ in operations_of(document):
        place = " ".join(key)
        codes = operation.get("x-codes", [])
        answered.update(codes)
        for code in codes:
            if code not in status_of:
                faults.add(place, f"x-codes names {code}, which err.def does not have")
        statuses = {str(status_of[code]) for code in codes if code in status_of}
        problems = {s for s, answer in operation["responses"].items() if "Problem" in answer.get("$ref", "")}
        if statuses != problems:
            faults.add(place, f"x-codes gives the statuses {sorted(statuses)}, responses {sorted(problems)}")
    for code in sorted(status_of.keys() - answered):
        faults.add("x-codes", f"no operation answers {code}")


def check_error_texts(errors, faults):
    seen = {}
    for error in errors:
        for member in ("title", "cause", "next"):
            other = seen.setdefault((member, error[member].casefold()), error["code"])
            if other != error["code"]:
                faults.add(error["code"], f"has the same {member} as {other}")
        if len(error["cause"]) + len(error["next"]) < TEXT_MIN:
            faults.add(error["code"], f"cause and next together say less than {TEXT_MIN} characters")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", error["code"]) or error["blame"] not in ("caller", "state", "ours"):
            faults.add(error["code"], "has a malformed code or blame")


def walk(value, place="#"):
    yield place, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from walk(child, f"{place}/{name}")


def check_form(document, faults):
    used = set()
    for place, value in walk(document):
        if not isinstance(value, dict):
            continue
        if isinstance(value.get("$ref"), str):
            used.add(value["$ref"])
            try:
                followed(document, value)
            except KeyError:
                faults.add(place, f"refers to {value['$ref']}, which is not there")
        if place.endswith("/schema") or re.fullmatch("#/components/schemas/[A-Za-z]+", place):
            try:
                jsonschema.Draft202012Validator.check_schema(value)
            except jsonschema.SchemaError as error:
                faults.add(place, f"is no schema: {error.message}")
    for kind in ("schemas", "parameters", "headers", "responses"):
        for name in document["components"][kind]:
            if f"#/components/{kind}/{name}" not in used and name != "DeskEvents":
                faults.add(f"components/{kind}/{name}", "is used nowhere")
    ids = [operation["operationId"] for _, operation, _ in operations_of(document)]
    tags = {tag["name"] for tag in document["tags"]}
    for key, operation, _ in operations_of(document):
        if ids.count(operation["operationId"]) > 1:
            faults.add(" ".join(key), "has the operationId of another")
        if not set(operation["tags"]) <= tags:
            faults.add(" ".join(key), "has a tag that is not described")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program")
    arguments = parser.parse_args()
    program = arguments.program
    routes = ask(program, "routes") if program else list(routes_of_table())
    errors = ask(program, "errors") if program else list(errors_of_table())
    document = load_document()
    faults = Faults()
    check_form(document, faults)
    check_endpoints(document, routes, faults)
    check_codes(document, errors, faults)
    check_error_texts(errors, faults)
    faults.finish(f"{len(list(operations_of(document)))} operations and {len(errors)} errors are described as they are")


if __name__ == "__main__":
    main()
