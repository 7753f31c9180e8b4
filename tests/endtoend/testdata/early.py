"""Uploads 512 KiB slowly with the client named in the first argument, and prints the status and code of the answer."""

import json
import sys
import time
import urllib.error
import urllib.request

client, url = sys.argv[1:]
pieces, piece = 32, bytes(16 << 10)
headers = {"Content-Type": "application/json", "If-None-Match": "*"}
sized = headers | {"Content-Length": str(pieces * len(piece))}


def uplink():
    for _ in range(pieces):
        yield piece
        time.sleep(0.03)


def by_urllib():
    request = urllib.request.Request(url, data=uplink(), headers=sized, method="PUT")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def by_requests():
    import requests

    answer = requests.put(url, data=uplink(), headers=headers)  # in chunks
    return answer.status_code, answer.content


def by_httpx():
    import httpx

    answer = httpx.put(url, content=uplink(), headers=sized)
    return answer.status_code, answer.content


status, body = {"urllib": by_urllib, "requests": by_requests, "httpx": by_httpx}[client]()
print(status, json.loads(body)["code"])
