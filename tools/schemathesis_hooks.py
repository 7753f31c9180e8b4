"""What Schemathesis cannot know: how to log in, through the simulator as a
mini program does, and what some texts look like."""

import itertools

import requests
import schemathesis
from hypothesis import strategies

# These end the session that they use, or others of its user.
ENDS_SESSIONS = {"logOut", "endSession", "endOtherSessions", "deleteAccount"}

HEADERS_OF_2017 = {"x-wx-code", "x-wx-rawdata", "x-wx-signature"}

# Each takes turns among the cases that allow it, so that a seed repeats a run.
newcomers = itertools.count(1)
schemes = itertools.cycle(["Authorization", "X-WX-Code"])
mends = itertools.cycle([True, True, True, False])


@schemathesis.auth(refresh_interval=None)
class LogIn:
    """One user for all, so that one case finds what another left; a newcomer
    for each case that ends sessions."""

    def __init__(self):
        self.resident = None

    def get(self, case, context):
        operation, url = operation_id(case), context.operation.base_url
        if operation == "logIn":
            return phone_of(url, "resident")
        if operation in ENDS_SESSIONS:
            return log_in(url, f"newcomer {next(newcomers)}")
        if self.resident is None:
            self.resident = log_in(url, "resident")
        return self.resident

    def set(self, case, data, context):
        if operation_id(case) == "logIn":
            # A code is good once: each good login gets one of its own.
            if case.meta.generation.mode.is_positive and set(case.body) == {"code"}:
                case.body = {"code": data["code"]}
            return
        if operation_id(case) == "putDrawing" and case.meta.generation.mode.is_positive and next(mends):
            mend_drawing(case)
        if not context.operation.definition.raw.get("security", True):
            return
        # What was generated for the headers of 2017 must arrive as it is: the
        # token logs in beside it.
        if HEADERS_OF_2017 & {name.lower() for name in case.headers or {}}:
            scheme = "Authorization"
        else:
            scheme = next(schemes)
        case.headers[scheme] = data[scheme]


# Schemathesis has letters and digits only for headers, unless a format of its
# own says better: it would send no entity tag at all.
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
    raw_schema["components"]["schemas"]["EntityTags"]["format"] = "entity-tags"


@schemathesis.deserializer("image/png")
def as_file(context, response):
    """The contract describes it as a file, not as what it holds."""
    return response.content.decode("latin-1")


def mend_drawing(case):
    """Gives a drawing what no schema can ask for, or hardly any would ever be
    there to fetch, share and delete: strokes with as many x as y, times that
    rise, no other id than the path's, and one precondition."""
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
    """Returns the header of each security scheme, by its name."""
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
