"""Logs in, saves two drawings, reads them on two pages, gets one and its picture, deletes
both, and is told that they are gone, with the client that openapi-python-client makes of
the contract and nothing else."""

import os
import uuid

from onestroke_client import AuthenticatedClient, Client
from onestroke_client.api.drawings import delete_drawing, get_drawing, get_drawing_image, list_drawings, put_drawing
from onestroke_client.api.session import log_in
from onestroke_client.models import Canvas, DrawingContent, FormatVersion, LoginRequest, Stroke, StrokeTool

url = os.environ["ONESTROKE_URL"]
ids = [uuid.uuid4(), uuid.uuid4()]
content = DrawingContent(
    title="一笔猫",
    canvas=Canvas(width=3750, height=6670),
    format_=FormatVersion.FORMAT_1,
    strokes=[
        Stroke(tool=StrokeTool.PEN, color="#666666", width=50, x=[100, 110, 120], y=[200, 220, 230], t=[0, 16, 34])
    ],
)

logged_in = log_in.sync(client=Client(base_url=url), body=LoginRequest(code=os.environ["ONESTROKE_CODE"]))
client = AuthenticatedClient(base_url=url, token=logged_in.token)

for drawing_id in ids:
    created = put_drawing.sync_detailed(drawing_id, client=client, body=content, if_none_match="*")
    assert created.status_code == 201, created
    assert created.headers["ETag"], created

listed = []
page = list_drawings.sync(client=client, limit=1)
while page.items:
    listed += [item.id for item in page.items]
    if not page.next_cursor:
        break
    page = list_drawings.sync(client=client, limit=1, cursor=page.next_cursor)
assert sorted(listed) == sorted(ids), listed  # in any order: both may be of one millisecond

drawing = get_drawing.sync(ids[0], client=client)
assert [(s.x, s.y, s.t) for s in drawing.strokes] == [(s.x, s.y, s.t) for s in content.strokes], drawing
picture = get_drawing_image.sync(ids[0], client=client)
assert picture.payload.read().startswith(b"<svg"), picture

for drawing_id in ids:
    assert delete_drawing.sync_detailed(drawing_id, client=client).status_code == 204
gone = get_drawing.sync(ids[0], client=client)
assert gone.code == os.environ["ONESTROKE_GONE"], gone
