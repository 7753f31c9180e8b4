"""Logs in, saves a drawing, lists it, fetches it and deletes it, with the client
that openapi-python-client makes of the contract and nothing else."""

import os
import uuid

from onestroke_client import AuthenticatedClient, Client
from onestroke_client.api.drawings import delete_drawing, get_drawing, list_drawings, put_drawing
from onestroke_client.api.session import log_in
from onestroke_client.models import Canvas, DrawingContent, FormatVersion, LoginRequest, Stroke, StrokeTool

url = os.environ["ONESTROKE_URL"]
drawing_id = uuid.uuid4()
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

created = put_drawing.sync_detailed(drawing_id, client=client, body=content, if_none_match="*")
assert created.status_code == 201, created
assert created.headers["ETag"], created

listed = list_drawings.sync(client=client, limit=1)
assert listed.items[0].id == drawing_id, listed

drawing = get_drawing.sync(drawing_id, client=client)
assert [(s.x, s.y, s.t) for s in drawing.strokes] == [(s.x, s.y, s.t) for s in content.strokes], drawing

assert delete_drawing.sync_detailed(drawing_id, client=client).status_code == 204
gone = get_drawing.sync(drawing_id, client=client)
assert gone.code == os.environ["ONESTROKE_GONE"], gone
