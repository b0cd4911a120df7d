"""An animated head as binary glTF 2.0: one skinned mesh, 52 ARKit morph targets, and joints for neck and eyes.

The skeleton reproduces `Head.pose`, but for its sliding lids, which shapes cannot do: shoulders and head are two
joints, between which a vertex is blended by its neck weight, and each eye is a joint of its own. The `eyeLook`
targets therefore move lids only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float, Int

from espressivo import __version__
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.export.buffers import INDEX_DATA, VERTEX_DATA, Buffers
from espressivo.generators.face.export.rotations import quaternions
from espressivo.generators.face.export.surface import eye_picture_at, normals_of_shapes, paint_eye
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import Head
from espressivo.media.whole_file import write_whole

if TYPE_CHECKING:
    from pygltflib import Animation, Attributes, Material, Node, Primitive


@dataclass(frozen=True)
class _Finish:
    """How the surface of some regions looks, next to their vertex colours."""

    name: str
    regions: tuple[str, ...]
    roughness: float
    two_sided: bool = False


_FINISHES: Final = (
    _Finish("skin", ("skin",), 0.55),
    _Finish("mouth", ("inside_mouth", "tongue"), 0.35),
    _Finish("teeth", ("teeth_upper", "teeth_lower"), 0.2),
    _Finish("eyes", ("eye_l", "eye_r"), 0.08),
    _Finish("lashes", ("lash_upper", "lash_lower"), 0.9, two_sided=True),
    _Finish("brows", ("brow",), 0.9, two_sided=True),
    _Finish("hair", ("hair",), 0.6, two_sided=True),
    _Finish("cloth", ("cloth",), 0.9),
)
_EYES = next(finish for finish in _FINISHES if finish.name == "eyes")

_SHOULDERS, _HEAD, _EYE_LEFT, _EYE_RIGHT, _FACE = range(5)  # nodes; the first four are the joints, in this order
_SMALLEST_BEND = 5e-3
"""Changes of a normal below a third of a degree are left out."""


def write_glb(path: Path, head: Head, motion: FaceMotion, extras: Mapping[str, Any] | None = None) -> None:
    """Write `head` moving as `motion`.

    Args:
        path: Where to write; an existing file is replaced.
        head: The face.
        motion: Its weights, head rotation and gaze; one key per frame.
        extras: What else to keep in the file (`asset.extras`), such as emotion and provenance; JSON values.

    Raises:
        OutputError: the file cannot be written.
    """
    import pygltflib as gltf

    buffers = Buffers()
    eye_picture = buffers.add_bytes(paint_eye(head.iris))
    document = gltf.GLTF2(
        asset=gltf.Asset(version="2.0", generator=f"espressivo {__version__}", extras=dict(extras or {})),
        scene=0,
        scenes=[gltf.Scene(nodes=[_SHOULDERS, _FACE])],
        nodes=_nodes(head),
        meshes=[
            gltf.Mesh(
                name="face",
                primitives=_primitives(buffers, head),
                weights=[0.0] * len(ARKIT_NAMES),
                extras={"targetNames": list(ARKIT_NAMES)},
            )
        ],
        skins=[
            gltf.Skin(
                name="head",
                skeleton=_SHOULDERS,
                joints=[_SHOULDERS, _HEAD, _EYE_LEFT, _EYE_RIGHT],
                inverseBindMatrices=buffers.add(_inverse_bind_matrices(head)),
            )
        ],
        materials=[_material(finish) for finish in _FINISHES],
        images=[gltf.Image(name="eye", bufferView=eye_picture, mimeType="image/png")],
        samplers=[gltf.Sampler(magFilter=9729, minFilter=9987, wrapS=33071, wrapT=33071)],
        textures=[gltf.Texture(sampler=0, source=0)],
        animations=[_animation(buffers, motion)] if len(motion) else [],
        bufferViews=buffers.views,
        accessors=buffers.accessors,
        buffers=[gltf.Buffer(byteLength=len(buffers.content))],
    )
    document.set_binary_blob(buffers.content)
    write_whole(path, b"".join(document.save_to_bytes()))


def _nodes(head: Head) -> "list[Node]":
    import pygltflib as gltf

    eyes = ((head.eye_centre_l, "eye_left"), (head.eye_centre_r, "eye_right"))
    return [
        gltf.Node(name="shoulders", children=[_HEAD]),
        gltf.Node(name="head", children=[_EYE_LEFT, _EYE_RIGHT], translation=head.head_pivot.tolist()),
        *(gltf.Node(name=name, translation=(centre - head.head_pivot).tolist()) for centre, name in eyes),
        gltf.Node(name="face", mesh=0, skin=0),
    ]


def _inverse_bind_matrices(head: Head) -> Float[np.ndarray, "joints 4 4"]:
    matrices = np.tile(np.eye(4, dtype=np.float32), (4, 1, 1))
    origins = np.stack([np.zeros(3), head.head_pivot, head.eye_centre_l, head.eye_centre_r])
    matrices[:, 3, :3] = -origins  # glTF stores matrices column by column
    return matrices


def _primitives(buffers: Buffers, head: Head) -> "list[Primitive]":
    """One primitive per finish, each with vertices of its own and all 52 targets."""
    import pygltflib as gltf

    finishes = {finish.name: _triangles_of(head, finish) for finish in _FINISHES}
    parts = {name: np.unique(triangles) for name, triangles in finishes.items()}
    normals, bends = normals_of_shapes(head)
    targets: dict[str, list[Attributes]] = {name: [] for name in parts}
    shapes = head.shapes.tocsc()
    for column, bend in enumerate(bends):
        offsets_m = shapes[:, [column]].toarray().reshape(-1, 3)
        bend[np.linalg.norm(bend, axis=1) < _SMALLEST_BEND] = 0
        for name, part in parts.items():
            targets[name].append(
                gltf.Attributes(POSITION=_sparse(buffers, offsets_m[part]), NORMAL=_sparse(buffers, bend[part]))
            )
    return [
        _primitive(buffers, head, index, finishes[finish.name], normals, targets[finish.name])
        for index, finish in enumerate(_FINISHES)
        if len(parts[finish.name])
    ]


def _triangles_of(head: Head, finish: _Finish) -> Int[np.ndarray, "triangles 3"]:
    chosen = [index for index, region in enumerate(head.regions) if region in finish.regions]
    return head.triangles[np.isin(head.triangle_region, chosen)]


def _sparse(buffers: Buffers, vectors: Float[np.ndarray, "vertices 3"]) -> int:
    rows = np.flatnonzero(vectors.any(axis=1))
    return buffers.add_sparse(len(vectors), rows, vectors[rows])


def _primitive(
    buffers: Buffers,
    head: Head,
    finish: int,
    triangles: Int[np.ndarray, "triangles 3"],
    normals: Float[np.ndarray, "vertices 3"],
    targets: "list[Attributes]",
) -> "Primitive":
    import pygltflib as gltf

    part, local = np.unique(triangles, return_inverse=True)
    joints, weights = _influences(head)
    colour = np.ones((len(part), 4))
    shade = head.occlusion[part, None]
    colour[:, :3] = shade if _FINISHES[finish] is _EYES else shade * head.albedo[part]
    attributes = gltf.Attributes(
        POSITION=buffers.add(head.vertices_m[part], VERTEX_DATA, bounds=True),
        NORMAL=buffers.add(normals[part], VERTEX_DATA),
        COLOR_0=buffers.add(np.round(colour * 65535).astype(np.uint16), VERTEX_DATA, normalised=True),
        JOINTS_0=buffers.add(joints[part], VERTEX_DATA),
        WEIGHTS_0=buffers.add(weights[part], VERTEX_DATA),
    )
    if _FINISHES[finish] is _EYES:
        left = np.isin(part, head.region_vertices["eye_l"])[:, None]
        directions = head.vertices_m[part] - np.where(left, head.eye_centre_l, head.eye_centre_r)
        attributes.TEXCOORD_0 = buffers.add(eye_picture_at(directions), VERTEX_DATA)
    return gltf.Primitive(
        attributes=attributes,
        indices=buffers.add(local.ravel().astype(np.uint16 if len(part) < 1 << 16 else np.uint32), INDEX_DATA),
        material=finish,
        targets=targets,
    )


def _influences(head: Head) -> tuple[Int[np.ndarray, "vertices 4"], Float[np.ndarray, "vertices 4"]]:
    """Which joints move each vertex, and by how much. A joint without weight must be number 0."""
    count = len(head.vertices_m)
    joints, weights = np.zeros((count, 4), np.uint8), np.zeros((count, 4), np.float32)
    follow = head.neck_weight
    joints[:, 0] = np.where(follow > 0, _HEAD, _SHOULDERS)
    weights[:, 0] = np.where(follow > 0, follow, 1)
    weights[:, 1] = np.where(follow > 0, 1 - follow, 0)
    for name, joint in (("eye_l", _EYE_LEFT), ("eye_r", _EYE_RIGHT)):
        joints[head.region_vertices[name], 0] = joint
    return joints, weights


def _material(finish: _Finish) -> "Material":
    import pygltflib as gltf

    surface = gltf.PbrMetallicRoughness(metallicFactor=0.0, roughnessFactor=finish.roughness)
    if finish is _EYES:
        surface.baseColorTexture = gltf.TextureInfo(index=0)
    return gltf.Material(name=finish.name, pbrMetallicRoughness=surface, doubleSided=finish.two_sided)


def _animation(buffers: Buffers, motion: FaceMotion) -> "Animation":
    import pygltflib as gltf

    gaze = np.stack([motion.gaze_rad[:, 1], motion.gaze_rad[:, 0], np.zeros(len(motion))], axis=1)
    times = buffers.add(motion.times_s.astype(np.float32), bounds=True)
    outputs = (
        buffers.add(motion.weights.reshape(-1)),
        buffers.add(quaternions(motion.head_rad).astype(np.float32)),
        buffers.add(quaternions(gaze).astype(np.float32)),
    )
    moved = ((0, _FACE, "weights"), (1, _HEAD, "rotation"), (2, _EYE_LEFT, "rotation"), (2, _EYE_RIGHT, "rotation"))
    return gltf.Animation(
        name="performance",
        samplers=[gltf.AnimationSampler(input=times, output=output, interpolation="LINEAR") for output in outputs],
        channels=[
            gltf.AnimationChannel(sampler=sampler, target=gltf.AnimationChannelTarget(node=node, path=path))
            for sampler, node, path in moved
        ],
    )
