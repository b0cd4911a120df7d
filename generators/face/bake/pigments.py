"""What each vertex is made of: shares of the pigments, gloss, translucency, and how much light reaches it."""

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.bake.body import Body
from espressivo.generators.face.bake.people import PIGMENTS

_REGION_PIGMENT = {
    "skin": "skin",
    "inside_mouth": "mouth",
    "eye_l": "eye",
    "eye_r": "eye",
    "teeth_upper": "teeth",
    "teeth_lower": "teeth",
    "tongue": "tongue",
    "lash_upper": "lash",
    "lash_lower": "lash",
    "brow": "brow",
    "hair": "hair",
    "cloth": "cloth",
}
_GLOSS = {"skin": 0.33, "inside_mouth": 0.45, "teeth_upper": 0.68, "teeth_lower": 0.68, "tongue": 0.5, "cloth": 0.12}
_OTHER_GLOSS = 0.2
_SUBSURFACE = {"skin": 1.0, "inside_mouth": 0.8, "tongue": 0.9, "teeth_upper": 0.3, "teeth_lower": 0.3}
IN_MOUTH = ("inside_mouth", "teeth_upper", "teeth_lower", "tongue")


def pigment_shares(
    region: str,
    points_m: Float[np.ndarray, "vertices 3"],
    body: Body,
    masks: dict[str, Float[np.ndarray, "vertices"]],
    thin: Float[np.ndarray, "vertices"] | None = None,
) -> Float[np.ndarray, "vertices pigments"]:
    """Shares of `PIGMENTS` for the vertices of one part; rows sum to 1.

    `masks` are painted masks at these vertices; `thin` is how much skin shows through hair.
    """
    shares = np.zeros((len(points_m), len(PIGMENTS)))
    if region == "skin":
        x, y, z = points_m.T
        lips = _ramp(0.25, 0.75, masks["lips"])
        ears = 0.5 * masks["ears"]
        cheeks = 0.55 * _spot(np.abs(x), y, 0.043, -0.038, 0.022) * _ramp(0.05, 0.10, z)
        nose = 0.5 * _spot(np.abs(x), y, 0.006, -0.036, 0.014) * _ramp(0.12, 0.14, z)
        lids = 0.35 * np.exp(-((np.hypot((np.abs(x) - 0.029) / 0.019, (y + 0.001) / 0.011)) ** 2)) * (z > 0.09)
        flush = np.clip(ears + cheeks + nose + lids, 0, 0.8) * (1 - lips)
        jaw = _ramp(-0.035, -0.062, y - 0.55 * np.maximum(np.abs(x) - 0.03, 0)) * _ramp(0.035, 0.060, z)
        moustache = _spot(np.abs(x), y, 0.010, -0.053, 0.009) * (z > 0.1)
        beard = np.maximum(jaw * _ramp(-0.150, -0.118, y), moustache) * (1 - lips) * (1 - flush)
        roots = body.points_m[np.unique(np.concatenate([body.wheel.quads[f"helper-{s}-eyelashes-2"] for s in "lr"]))]
        rim = 0.5 * np.exp(-((_distance(points_m, roots) / 0.0013) ** 2)) * (1 - flush)
        for name, share in (("lips", lips), ("flush", flush), ("beard", 0.9 * beard), ("lash", rim)):
            shares[:, PIGMENTS.index(name)] = share
    if thin is not None:
        shares[:, PIGMENTS.index("skin")] = thin
    pigment = PIGMENTS.index(_REGION_PIGMENT[region])
    shares[:, pigment] = 1 - shares.sum(axis=1)
    return shares


def gloss(region: str, lips: Float[np.ndarray, "vertices"]) -> Float[np.ndarray, "vertices"]:
    """0 dull to 1 wet."""
    return _GLOSS.get(region, _OTHER_GLOSS) + 0.17 * lips * (region == "skin")


def subsurface(region: str, count: int) -> Float[np.ndarray, "vertices"]:
    """How much light passes through: 1 flesh, 0 hair and cloth."""
    return np.full(count, _SUBSURFACE.get(region, 0.1))


def depth_in_mouth(points_m: Float[np.ndarray, "vertices 3"]) -> Float[np.ndarray, "vertices"]:
    """Share of light that reaches a point behind the lips: falls off toward the throat and the cheeks."""
    inward = np.clip((points_m[:, 2] - 0.092) / 0.048, 0, 1) ** 1.4
    aside = 1 - 0.45 * _ramp(0.016, 0.034, np.abs(points_m[:, 0]))
    return np.clip(inward * aside, 0.025, 1.0)


def _distance(points_m: np.ndarray, others_m: np.ndarray) -> np.ndarray:
    from scipy.spatial import KDTree

    return KDTree(others_m).query(points_m)[0]


def _spot(x: np.ndarray, y: np.ndarray, at_x: float, at_y: float, size: float) -> np.ndarray:
    return np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / size**2)


def _ramp(start: float, end: float, value: np.ndarray) -> np.ndarray:
    share = np.clip((value - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)
