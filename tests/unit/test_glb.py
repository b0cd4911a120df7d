"""Animated GLB: valid, complete, and moving exactly as the head does."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
import pytest
import trimesh
from PIL import Image

from espressivo.errors import OutputError
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL
from espressivo.generators.face.export.glb import write_glb
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import Head, load_head

FRAMES, FPS = 5, 30
_DTYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class ReadGlb:
    """A GLB read back and posed by the rules of glTF 2.0 (sections 3.7.2.2 and 3.7.3), independent of the writer."""

    def __init__(self, path: Path) -> None:
        self.document: Any = pygltflib.GLTF2().load(str(path))  # pygltflib declares every field as optional
        self.blob: bytes = self.document.binary_blob()

    def _view(self, index: int, dtype: Any, count: int, offset: int = 0) -> np.ndarray:
        start = self.document.bufferViews[index].byteOffset + offset
        return np.frombuffer(self.blob, dtype, count, start)

    def array(self, index: int) -> np.ndarray:
        accessor = self.document.accessors[index]
        dtype, width = _DTYPES[accessor.componentType], _WIDTHS[accessor.type]
        values = np.zeros((accessor.count, width), dtype)
        if accessor.bufferView is not None:
            flat = self._view(accessor.bufferView, dtype, accessor.count * width, accessor.byteOffset or 0)
            values = flat.reshape(accessor.count, width).copy()
        if accessor.sparse:
            sparse = accessor.sparse
            rows = self._view(sparse.indices.bufferView, _DTYPES[sparse.indices.componentType], sparse.count)
            flat = self._view(sparse.values.bufferView, dtype, sparse.count * width)
            values[rows] = flat.reshape(sparse.count, width)
        return values

    def animated(self, node_name: str, path: str) -> np.ndarray:
        (animation,) = self.document.animations
        node = [n.name for n in self.document.nodes].index(node_name)
        (channel,) = [c for c in animation.channels if (c.target.node, c.target.path) == (node, path)]
        return self.array(animation.samplers[channel.sampler].output)

    def joint_matrices(self, frame: int) -> np.ndarray:
        document = self.document
        (skin,) = document.skins
        parents = {child: index for index, node in enumerate(document.nodes) for child in node.children or []}

        def world(index: int) -> np.ndarray:
            node = document.nodes[index]
            local = np.eye(4)
            local[:3, 3] = node.translation or 0
            if node.name != "shoulders":
                x, y, z, w = self.animated(node.name, "rotation")[frame].astype(float)
                skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
                local[:3, :3] = np.eye(3) + 2 * (w * skew + skew @ skew)
            return world(parents[index]) @ local if index in parents else local

        inverse_bind = self.array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
        return np.stack([world(joint) for joint in skin.joints]) @ inverse_bind

    def posed(self, frame: int) -> dict[str, np.ndarray]:
        """Vertices of each primitive, by the name of its material."""
        joints_now = self.joint_matrices(frame)
        weights = self.animated("face", "weights").reshape(-1, len(ARKIT_NAMES))[frame]
        result = {}
        for primitive in self.document.meshes[0].primitives:
            positions = self.array(primitive.attributes.POSITION).astype(float)
            for weight, target in zip(weights, primitive.targets, strict=True):
                positions += weight * self.array(target["POSITION"])
            joints, shares = self.array(primitive.attributes.JOINTS_0), self.array(primitive.attributes.WEIGHTS_0)
            matrices = (joints_now[joints] * shares[..., None, None]).sum(axis=1)
            homogeneous = np.concatenate([positions, np.ones((len(positions), 1))], axis=1)
            result[self.document.materials[primitive.material].name] = np.einsum(
                "vij,vj->vi", matrices[:, :3], homogeneous
            )
        return result


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


@pytest.fixture(scope="module")
def motion() -> FaceMotion:
    rng = np.random.default_rng(5)
    weights = rng.random((FRAMES, 52)) * 0.6
    weights[0] = 0
    head_rad, gaze_rad = rng.normal(0, 0.2, (FRAMES, 3)), rng.normal(0, 0.2, (FRAMES, 2))
    head_rad[0], gaze_rad[0] = 0, 0
    return FaceMotion(weights, head_rad, gaze_rad, FPS)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, head: Head, motion: FaceMotion) -> Path:
    path = tmp_path_factory.mktemp("glb") / "face.glb"
    write_glb(path, head, motion, {"emotion": "happiness:0.8"})
    return path


@pytest.fixture(scope="module")
def read(path: Path) -> ReadGlb:
    return ReadGlb(path)


REGIONS = {
    "skin": ["skin"],
    "mouth": ["inside_mouth", "tongue"],
    "teeth": ["teeth_upper", "teeth_lower"],
    "eyes": ["eye_l", "eye_r"],
    "lashes": ["lash_upper", "lash_lower"],
    "brows": ["brow"],
    "hair": ["hair"],
    "cloth": ["cloth"],
}


@pytest.mark.parametrize("frame", range(FRAMES))
def test_every_vertex_moves_as_in_the_rig(read: ReadGlb, head: Head, motion: FaceMotion, frame: int) -> None:
    expected = head.pose(motion.weights[frame], motion.head_rad[frame], motion.gaze_rad[frame], slide_lids=False)
    for material, vertices in read.posed(frame).items():
        members = np.unique(np.concatenate([head.region_vertices[name] for name in REGIONS[material]]))
        assert np.abs(vertices - expected[members]).max() < 1e-6  # a thousandth of a millimetre


def test_every_triangle_of_the_head_is_there(read: ReadGlb, head: Head) -> None:
    primitives = read.document.meshes[0].primitives
    assert sum(len(read.array(primitive.indices)) for primitive in primitives) == 3 * len(head.triangles)
    assert [read.document.materials[primitive.material].name for primitive in primitives] == list(REGIONS)


def test_targets_are_the_52_names_in_every_primitive(read: ReadGlb) -> None:
    (mesh,) = read.document.meshes
    assert mesh.extras["targetNames"] == list(ARKIT_NAMES)
    assert mesh.weights == [0.0] * 52
    assert {len(primitive.targets) for primitive in mesh.primitives} == {52}


def test_look_targets_leave_the_eyeballs_to_their_joints(read: ReadGlb) -> None:
    eyes = next(p for p in read.document.meshes[0].primitives if read.document.materials[p.material].name == "eyes")
    for name in ("eyeLookInLeft", "eyeLookUpRight", "eyeLookDownLeft"):
        assert not read.array(eyes.targets[CHANNEL[name]]["POSITION"]).any()


def test_normals_bend_with_the_shapes(read: ReadGlb) -> None:
    skin = read.document.meshes[0].primitives[0]
    neutral = read.array(skin.attributes.NORMAL)
    np.testing.assert_allclose(np.linalg.norm(neutral, axis=1), 1, atol=1e-5)
    for name in ("jawOpen", "mouthSmileLeft"):
        bent = neutral + read.array(skin.targets[CHANNEL[name]]["NORMAL"])
        np.testing.assert_allclose(np.linalg.norm(bent, axis=1), 1, atol=1e-2)
        assert np.abs(bent - neutral).max() > 0.1


def test_skin_faces_outward(read: ReadGlb) -> None:
    skin = read.document.meshes[0].primitives[0]
    positions, normals = read.array(skin.attributes.POSITION), read.array(skin.attributes.NORMAL)
    nose_tip = positions[:, 2].argmax()
    assert normals[nose_tip, 2] > 0.5


def test_colours_are_linear_albedo(read: ReadGlb, head: Head) -> None:
    skin = read.document.meshes[0].primitives[0]
    colours = read.array(skin.attributes.COLOR_0) / 65535
    members = head.region_vertices["skin"]
    np.testing.assert_allclose(colours[:, :3], head.albedo[members] * head.occlusion[members, None], atol=1e-4)
    assert read.document.accessors[skin.attributes.COLOR_0].normalized


def test_keys_are_the_moments_of_the_frames(read: ReadGlb) -> None:
    (animation,) = read.document.animations
    for sampler in animation.samplers:
        np.testing.assert_allclose(read.array(sampler.input)[:, 0], np.arange(FRAMES) / FPS, atol=1e-6)


def test_a_turn_past_half_a_circle_takes_the_short_way(tmp_path: Path, head: Head) -> None:
    turn = np.zeros((60, 3))
    turn[:, 1] = (np.linspace(2.5, 3.8, 60) + np.pi) % (2 * np.pi) - np.pi
    write_glb(tmp_path / "turn.glb", head, FaceMotion(np.zeros((60, 52)), turn, np.zeros((60, 2)), FPS))
    quats = ReadGlb(tmp_path / "turn.glb").animated("head", "rotation")
    assert ((quats[1:] * quats[:-1]).sum(axis=1) > 0).all()


def test_extras_and_generator_are_kept(read: ReadGlb) -> None:
    assert read.document.asset.extras == {"emotion": "happiness:0.8"}
    assert read.document.asset.generator.startswith("espressivo ")


def test_the_eyes_have_an_iris(read: ReadGlb) -> None:
    (image,) = read.document.images
    view = read.document.bufferViews[image.bufferView]
    picture = read.blob[view.byteOffset : view.byteOffset + view.byteLength]
    pixels = np.asarray(Image.open(io.BytesIO(picture))).astype(int).sum(axis=2)
    middle = len(pixels) // 2
    pupil, iris, white = pixels[middle, [middle, middle + 36, -1]]
    assert pupil < iris < white
    eyes = next(p for p in read.document.meshes[0].primitives if p.attributes.TEXCOORD_0 is not None)
    assert read.document.materials[eyes.material].pbrMetallicRoughness.baseColorTexture.index == 0
    front = read.array(eyes.attributes.POSITION)[:, 2].argmax()
    np.testing.assert_allclose(read.array(eyes.attributes.TEXCOORD_0)[front], 0.5, atol=0.08)


def test_ten_seconds_take_less_than_6_mb(tmp_path: Path, head: Head) -> None:
    weights = np.random.default_rng(0).random((300, 52))
    write_glb(tmp_path / "ten.glb", head, FaceMotion(weights, np.zeros((300, 3)), np.zeros((300, 2)), 30))
    assert (tmp_path / "ten.glb").stat().st_size < 6e6


def test_trimesh_loads_it(path: Path, head: Head) -> None:
    scene = trimesh.load_scene(path)
    assert sum(len(mesh.faces) for mesh in scene.geometry.values()) == len(head.triangles)


def test_missing_folder_is_one_sentence(tmp_path: Path, head: Head, motion: FaceMotion) -> None:
    with pytest.raises(OutputError, match="No such file"):
        write_glb(tmp_path / "missing" / "face.glb", head, motion)


def test_the_khronos_validator_finds_nothing(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = (
        "const v=require('gltf-validator'),fs=require('fs');"
        "v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))"
        ".then(r=>console.log(JSON.stringify(r.issues)))"
    )
    done = subprocess.run([node, "-e", script, str(path)], capture_output=True, text=True, env=os.environ, timeout=120)
    if "Cannot find module" in done.stderr:
        pytest.skip("npm package gltf-validator is not installed where node looks (NODE_PATH)")
    issues = json.loads(done.stdout)
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
