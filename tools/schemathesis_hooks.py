"""Hooks for Schemathesis: how to log in, through the simulator as a mini program
does, and how to generate some values."""

import itertools
import os

import requests
import schemathesis
from hypothesis import strategies

# These operations end the session of the request, or others of its user.
ENDS_SESSIONS = {"logOut", "endSession", "endOtherSessions", "deleteAccount"}

HEADERS_OF_2017 = {"x-wx-code", "x-wx-rawdata", "x-wx-signature"}

# Counters instead of random numbers, so that a seed repeats a run.
new_users = itertools.count(1)
schemes = itertools.cycle(["Authorization", "X-WX-Code"])
repairs = itertools.cycle([True, True, True, False])


@schemathesis.auth(refresh_interval=None)
class LogIn:
    """One user for all cases, so that a case finds the drawings of another; a new
    user for each case that ends sessions."""

    def __init__(self):
        self.shared = None

    def get(self, case, context):
        operation, url = operation_id(case), context.operation.base_url
        if operation == "logIn":
            return phone_of(url, "logs in often")  # each login may end the oldest session of its user
        if operation in ENDS_SESSIONS:
            return log_in(url, f"new user {next(new_users)}")
        if self.shared is None:
            self.shared = log_in(url, "shared")
        return self.shared

    def set(self, case, data, context):
        if operation_id(case) == "logIn":
            # A code is valid once: each valid login gets its own.
            if case.meta.generation.mode.is_positive and set(case.body) == {"code"}:
                case.body = {"code": data["code"]}
            return
        if operation_id(case) == "putDrawing" and case.meta.generation.mode.is_positive and next(repairs):
            repair_drawing(case)
        security = context.operation.definition.raw.get("security")
        if security == []:
            return
        if "operator" in context.operation.definition.raw["tags"]:
            case.headers["Authorization"] = f"Bearer {os.environ['ADMIN_TOKEN']}"
            return
        # A generated token is not valid. Generated headers of 2017 are sent unchanged, together with a token.
        case.headers.pop("Authorization", None)
        has_2017 = any("wxCode" in requirement for requirement in security)
        if not has_2017 or HEADERS_OF_2017 & {name.lower() for name in case.headers or {}}:
            scheme = "Authorization"
        else:
            scheme = next(schemes)
        case.headers[scheme] = data[scheme]


# By default, Schemathesis generates only letters and digits for headers, so no
# entity tags. This format generates them.
schemathesis.openapi.format(
    "entity-tags",
    strategies.one_of(
        strategies.just("*"),
        strategies.lists(
            strategies.from_regex(r'(W/)?"[!#-~]{0,40}"', fullmatch=True), min_size=1, max_size=9
        ).map(", ".join),
    ),
)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for name in ("EntityTags", "KnownEntityTags"):
        raw_schema["components"]["schemas"][name]["format"] = "entity-tags"
    for schema in raw_schema["components"]["schemas"].values():
        if schema.get("x-closed-in-requests"):
            schema["additionalProperties"] = False
    # It is for clients: the service answers with the statuses that are named, and no other.
    for path in raw_schema["paths"].values():
        for operation in path.values():
            del operation["responses"]["default"]
            # The contract describes the body as a text, and Schemathesis reads it as YAML.
            operation["responses"].get("200", {}).get("content", {}).get("application/yaml", {}).pop("schema", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps an invalid If-None-Match invalid. A list without elements, such as a comma, is
    against its pattern, and the service reads it as if it was not sent (RFC 9110, section 5.6.1)."""
    for name, value in (case.headers or {}).items():
        if name.lower() == "if-none-match" and not value.strip(", \t"):
            case.headers[name] = f"{value}x"


@schemathesis.deserializer("image/png")
def as_file(context, response):
    """The contract describes the body as a file, without its content."""
    return response.content.decode("latin-1")


def repair_drawing(case):
    """Makes a generated drawing follow the rules that a schema cannot express:
    columns of the same length, increasing times, the id of the path, and one
    precondition. Without it, almost no drawing would be saved."""
    body = {name: value for name, value in case.body.items() if name != "id"}
    body["strokes"] = []
    for stroke in case.body["strokes"]:
        columns = {name: list(stroke[name]) for name in "xytp" if name in stroke}
        points = min(len(column) for column in columns.values())
        columns = {name: column[:points] for name, column in columns.items()}
        if "t" in columns:
            columns["t"].sort()
        body["strokes"].append({**stroke, **columns})
    case.body = body
    if "If-Match" in case.headers:
        case.headers.pop("If-None-Match", None)
    else:
        case.headers["If-None-Match"] = "*"


def operation_id(case):
    return case.operation.definition.raw["operationId"]


def log_in(url, user):
    """Returns the headers of both security schemes."""
    token = post(f"{url}/v1/session", {"code": phone_of(url, user)["code"]})["token"]
    phone = phone_of(url, user)
    requests.get(
        f"{url}/v1/session",
        headers={
            "X-WX-Code": phone["code"],
            "X-WX-RawData": requests.utils.quote(phone["rawData"], safe=""),
            "X-WX-Signature": phone["signature"],
        },
        timeout=10,
    ).raise_for_status()
    return {"Authorization": f"Bearer {token}", "X-WX-Code": phone["code"]}


def phone_of(url, user):
    return post(f"{url}/simulator/login", {"user": user})


def post(url, body):
    answer = requests.post(url, json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()
