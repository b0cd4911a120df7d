"""Puts the parts of all identities together into the arrays of `assets/heads/heads.npz`."""

from dataclasses import replace
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.bake import pigments
from espressivo.generators.face.bake.body import Body, Hung, taken, vertex_normals
from espressivo.generators.face.bake.eyes import Eyeball
from espressivo.generators.face.bake.hair import STYLES, Hair
from espressivo.generators.face.bake.lips import with_shut_lips
from espressivo.generators.face.bake.openness import openness
from espressivo.generators.face.bake.people import PEOPLE, PIGMENTS, VARIATIONS, Person, palette, shaped
from espressivo.generators.face.bake.surface import above_collar, brows, lashes, skin_and_cloth
from espressivo.generators.face.bake.teeth import LOWER, UPPER, TeethRow
from espressivo.generators.face.bake.wheel import Wheel

HEAD_PIVOT_M = (0.0, -0.046, 0.010)
_NECK_M = (0.004, 0.062)  # above the collar: where the skin starts to follow the head, where it follows wholly
_SMALLEST_MM = 0.004
_LID_CLEARANCE_M = 0.0004
_LANDMARKS = {
    "lip_upper_inner": 520,
    "lip_lower_inner": 523,
    "mouth_right": 425,
    "nose_tip": 5054,
    "chin": 5162,
    "lid_upper_left": 14742,
    "lid_upper_right": 14867,
    "lid_lower_left": 14756,
    "lid_lower_right": 14881,
}
"""Vertices of MakeHuman's base mesh; those of the lids are roots of lashes."""


class Part(Protocol):
    """A piece of the head, built anew for each person with the same triangles."""

    @property
    def region(self) -> str:
        """Which region of the rig it belongs to."""
        ...

    @property
    def triangles(self) -> Int[np.ndarray, "triangles 3"]:
        """Corners, as numbers within the part."""
        ...

    def place(self, body: Body) -> Float[np.ndarray, "vertices 3"]:
        """Where its vertices lie on a body."""
        ...

    def carry(self, offsets: Float[np.ndarray, "body 3"]) -> Float[np.ndarray, "vertices 3"]:
        """How its vertices move when the body's move by `offsets`."""
        ...


def bake(wheel: Wheel) -> dict[str, np.ndarray]:
    """Build everything that ships. Deterministic: the same wheel gives the same arrays."""
    masks = {name: wheel.mask(name) for name in ("lips", "ears", "inside-mouth")}
    first = PEOPLE["default"]
    mean = _body(wheel, first)
    parts = _parts(mean, first, masks)
    places = [part.place(mean) for part in parts]
    starts = np.concatenate([[0], np.cumsum([len(place) for place in places])])
    vertices = np.concatenate(places)
    triangles = np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=False)])
    baked = {
        "vertices": vertices.astype(np.float32),
        "triangles": triangles.astype(np.uint16),
        "triangle_region": np.repeat(np.arange(len(parts)), [len(part.triangles) for part in parts]).astype(np.uint8),
        "regions": np.array([part.region for part in parts]),
        "head_pivot": np.array(HEAD_PIVOT_M, np.float32),
    }
    baked |= _sparse("delta", _shapes(wheel, mean, parts, vertices))
    baked |= _surface(mean, parts, places, triangles, masks)
    baked |= _landmarks(mean, parts, starts)
    baked |= _identities(wheel, masks, vertices)
    baked |= _variations(wheel, first, parts, vertices, mean)
    return baked


def _body(wheel: Wheel, person: Person) -> Body:
    return with_shut_lips(Body.of(wheel, shaped(wheel, person)), wheel.mask("inside-mouth"))


def _parts(mean: Body, person: Person, masks: dict[str, np.ndarray]) -> list[Part]:
    skin, mouth, cloth = skin_and_cloth(mean, masks["inside-mouth"])
    return [
        skin,
        mouth,
        Eyeball("l"),
        Eyeball("r"),
        TeethRow("teeth_upper", UPPER, mean),
        TeethRow("teeth_lower", LOWER, mean),
        taken("tongue", mean.wheel.quads["helper-tongue"]),
        lashes(mean, "upper"),
        lashes(mean, "lower"),
        brows(mean, person.brow_fullness, person.brow_tilt_mm * 1e-3),
        Hair(STYLES[person.style], masks["ears"]),
        cloth,
    ]


def _shapes(
    wheel: Wheel, mean: Body, parts: list[Part], vertices: Float[np.ndarray, "vertices 3"]
) -> list[Float[np.ndarray, "vertices 3"]]:
    """Offsets of every vertex at weight 1, in the order of `ARKIT_NAMES`."""
    shapes = []
    for name in ARKIT_NAMES:
        offsets = wheel.target(f"faceunits/{name}")
        moved = np.concatenate([part.carry(offsets) for part in parts])
        if name.startswith("eye"):
            _keep_off_eyes(mean, parts, vertices, moved)
        shapes.append(moved)
    return shapes


def _keep_off_eyes(mean: Body, parts: list[Part], vertices: np.ndarray, moved: np.ndarray) -> None:
    """Lengthen the way of lids that would end inside an eyeball."""
    outside = np.concatenate(
        [np.full(len(part.carry(mean.points_m)), not part.region.startswith("eye")) for part in parts]
    )
    for centre, radius in mean.eyes:
        arm = vertices + moved - centre
        distance = np.linalg.norm(arm, axis=1)
        sunk = outside & (distance < radius + _LID_CLEARANCE_M) & np.any(moved, axis=1)
        moved[sunk] += arm[sunk] * ((radius + _LID_CLEARANCE_M) / distance[sunk] - 1)[:, None]


def _surface(
    mean: Body, parts: list[Part], places: list[np.ndarray], triangles: np.ndarray, masks: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    vertices = np.concatenate(places)
    thick = np.concatenate(
        [np.full(len(part.triangles), not part.region.startswith(("lash", "brow"))) for part in parts]
    )
    light = openness(vertices, vertex_normals(vertices, triangles), triangles[thick])
    light = np.split(light, np.cumsum([len(place) for place in places])[:-1])
    shares, gloss, subsurface, occlusion, follow, teeth_st = [], [], [], [], [], []
    for part, place, open_share in zip(parts, places, light, strict=True):
        at = {name: _at(part, mask, len(place)) for name, mask in masks.items()}
        thin = part.skin_share if isinstance(part, Hair) else None
        shares.append(pigments.pigment_shares(part.region, place, mean, at, thin))
        gloss.append(pigments.gloss(part.region, at["lips"]))
        subsurface.append(pigments.subsurface(part.region, len(place)))
        lit = (
            pigments.depth_in_mouth(place) if part.region in pigments.IN_MOUTH else np.clip(1.15 * open_share, 0.05, 1)
        )
        fixed = part.region.startswith(("eye", "lash", "brow"))
        occlusion.append(np.ones(len(place)) if fixed else lit)
        follow.append(_follow(part.region, place))
        teeth_st.append(part.teeth_st if isinstance(part, TeethRow) else np.zeros((len(place), 2)))
    return {
        "pigments": np.round(np.concatenate(shares) * 255).astype(np.uint8),
        "gloss": np.concatenate(gloss).astype(np.float16),
        "subsurface": np.concatenate(subsurface).astype(np.float16),
        "occlusion": np.concatenate(occlusion).astype(np.float16),
        "neck_weight": np.concatenate(follow).astype(np.float16),
        "teeth_st": np.concatenate(teeth_st).astype(np.float16),
    }


def _at(part: Part, mask: np.ndarray, count: int) -> Float[np.ndarray, "vertices"]:
    return part.carry(mask[:, None])[:, 0] if isinstance(part, Hung) else np.zeros(count)


def _follow(region: str, place: np.ndarray) -> Float[np.ndarray, "vertices"]:
    if region not in ("skin", "cloth"):
        return np.ones(len(place))
    share = np.clip((above_collar(place) - _NECK_M[0]) / (_NECK_M[1] - _NECK_M[0]), 0, 1)
    return share * share * (3 - 2 * share) * (region == "skin")


def _landmarks(mean: Body, parts: list[Part], starts: np.ndarray) -> dict[str, np.ndarray]:
    vertices = np.concatenate([part.place(mean) for part in parts])
    named = {}
    for name, number in _LANDMARKS.items():
        regions = ("lash_upper", "lash_lower") if name.startswith("lid") else ("skin", "inside_mouth")
        named[name] = _nearest(parts, starts, vertices, mean.points_m[number], regions)
    corner = vertices[named["mouth_right"]] * (-1, 1, 1)
    named["mouth_left"] = _nearest(parts, starts, vertices, corner, ("skin", "inside_mouth"))
    for side, sign in (("left", 1), ("right", -1)):
        named[f"brow_inner_{side}"] = _nearest(
            parts, starts, vertices, np.array([sign * 0.0125, 0.020, 0.14]), ("brow",)
        )
        named[f"brow_outer_{side}"] = _nearest(
            parts, starts, vertices, np.array([sign * 0.055, 0.0196, 0.12]), ("brow",)
        )
    return {"landmark_names": np.array(list(named)), "landmark_index": np.array(list(named.values()), np.int32)}


def _nearest(parts: list[Part], starts: np.ndarray, vertices: np.ndarray, point: np.ndarray, regions: tuple) -> int:
    chosen = [range(starts[k], starts[k + 1]) for k, part in enumerate(parts) if part.region in regions]
    numbers = np.concatenate([np.array(numbers) for numbers in chosen])
    return int(numbers[np.argmin(np.linalg.norm(vertices[numbers] - point, axis=1))])


def _identities(wheel: Wheel, masks: dict[str, np.ndarray], vertices: np.ndarray) -> dict[str, np.ndarray]:
    offsets, eyes = [], []
    default = _body(wheel, PEOPLE["default"])
    for person in PEOPLE.values():
        body = _body(wheel, person)
        parts = _parts(default, person, masks)
        offsets.append(np.concatenate([part.place(body) for part in parts]) - vertices)
        eyes.append([[*centre, radius] for centre, radius in body.eyes])
    return {
        "identity_names": np.array(list(PEOPLE)),
        "identity_offset_mm": (np.array(offsets) * 1e3).round(2).astype(np.float16),
        "identity_eyes": np.array(eyes, np.float32),
        "identity_palette": np.array([palette(person) for person in PEOPLE.values()], np.float32),
        "identity_iris": np.array([person.iris for person in PEOPLE.values()], np.float32),
        "pigment_names": np.array(PIGMENTS),
    }


def _variations(
    wheel: Wheel, person: Person, parts: list[Part], vertices: np.ndarray, mean: Body
) -> dict[str, np.ndarray]:
    offsets, eyes = [], []
    base = shaped(wheel, person)
    start = Body.of(wheel, base)
    for more, less in VARIATIONS.values():
        moved = sum(wheel.target(name) for name in more) - sum(wheel.target(name) for name in less)
        body = replace(mean, points_m=mean.points_m + Body.of(wheel, base + 0.5 * moved).points_m - start.points_m)
        offsets.append(np.concatenate([part.place(body) for part in parts]) - vertices)
        eyes.append([body.eyes[k][0] - mean.eyes[k][0] for k in (0, 1)])
    return _sparse("variation", offsets) | {"variation_eyes": np.array(eyes, np.float32)}


def _sparse(name: str, offsets_m: list[Float[np.ndarray, "vertices 3"]]) -> dict[str, np.ndarray]:
    """Rows of the vertices that move, one shape after the other; millimetres."""
    index, value, pointer = [], [], [0]
    for offsets in offsets_m:
        moving = np.flatnonzero(np.abs(offsets).max(axis=1) * 1e3 > _SMALLEST_MM)
        index.append(moving)
        value.append(offsets[moving] * 1e3)
        pointer.append(pointer[-1] + len(moving))
    return {
        f"{name}_index": np.concatenate(index).astype(np.uint16),
        f"{name}_value": np.concatenate(value).astype(np.float16),
        f"{name}_ptr": np.array(pointer, np.int32),
    }
