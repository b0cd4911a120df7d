"""What the browser fetches besides Gradio's own pages: our scripts and styles, and the heads that the preview shows."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

STATIC = Path(__file__).parent / "static"


def studio_routes() -> "list[BaseRoute]":
    """Return the routes below /studio: files that ship, and heads by name; nothing of any user."""
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    return [
        Route("/studio/heads/{identity}.glb", _send_head),
        Mount("/studio", StaticFiles(directory=STATIC)),
    ]


def _send_head(request: "Request") -> "Response":
    from starlette.responses import PlainTextResponse, Response

    from espressivo.generators.face.rig import list_identities

    identity = request.path_params["identity"]
    if identity not in list_identities():
        return PlainTextResponse("There is no such head.", status_code=404)
    headers = {"Cache-Control": "max-age=3600"}
    return Response(head_glb(identity), media_type="model/gltf-binary", headers=headers)


@cache
def head_glb(identity: str) -> bytes:
    """Return a head at rest, with its 52 shapes, as a GLB."""
    import numpy as np

    from espressivo.generators.face.export.glb import write_glb
    from espressivo.generators.face.motion import FaceMotion
    from espressivo.generators.face.rig import load_head

    still = FaceMotion(np.zeros((0, 52)), np.zeros((0, 3)), np.zeros((0, 2)), 30.0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "head.glb"
        write_glb(path, load_head(identity), still)
        return path.read_bytes()
