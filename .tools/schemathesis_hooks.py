"""Logs in through the simulator, as a mini program does."""

import itertools

import requests
import schemathesis

# These end the session that they use, or others of its user.
ENDS_SESSIONS = {"logOut", "endSession", "endOtherSessions", "deleteAccount"}

HEADERS_OF_2017 = {"x-wx-code", "x-wx-rawdata", "x-wx-signature"}

# Each takes turns among the cases that allow it, so that a seed repeats a run.
newcomers = itertools.count(1)
schemes = itertools.cycle(["Authorization", "X-WX-Code"])


@schemathesis.auth(refresh_interval=None)
class LogIn:
    """One user for all, so that one case finds what another left; a newcomer
    for each case that ends sessions."""

    def __init__(self):
        self.resident = None

    def get(self, case, context):
        if context.operation.definition.raw["operationId"] in ENDS_SESSIONS:
            return log_in(context.operation.base_url, f"newcomer {next(newcomers)}")
        if self.resident is None:
            self.resident = log_in(context.operation.base_url, "resident")
        return self.resident

    def set(self, case, data, context):
        # What was generated for the headers of 2017 must arrive as it is: the
        # token logs in beside it.
        if HEADERS_OF_2017 & {name.lower() for name in case.headers or {}}:
            scheme = "Authorization"
        else:
            scheme = next(schemes)
        case.headers[scheme] = data[scheme]


def log_in(url, user):
    """Returns the header of each security scheme, by its name."""
    phone = post(f"{url}/simulator/login", {"user": user})
    token = post(f"{url}/v1/session", {"code": phone["code"]})["token"]
    phone = post(f"{url}/simulator/login", {"user": user})
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


def post(url, body):
    answer = requests.post(url, json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()
