"""The look of the picture: one table of lights and materials that the CPU and the OpenGL renderer both read.

Lengths are metres, colours linear RGB, directions unit vectors in world axes (+X the performer's left, +Y up, +Z to the
viewer).
"""

from typing import NamedTuple

import numpy as np

MATERIALS = ("skin", "inside_mouth", "teeth", "tongue", "eye_l", "eye_r", "hair", "brow", "lash", "cloth")
"""Materials in the order of their numbers in the shading; a region of the head maps to one of them."""

SKIN, INSIDE_MOUTH, TEETH, TONGUE, EYE_L, EYE_R, HAIR, BROW, LASH, CLOTH = range(len(MATERIALS))

# Slots of the `scene` array: what changes from frame to frame.
CAMERA, CROWN, SCALP, IRIS, PUPIL, EYES, EYE_SLOTS = 0, 3, 6, 9, 12, 16, 24
EYE_CENTRE, EYE_RIGHT, EYE_UP, EYE_AXIS, EYE_HEAD_X, EYE_HEAD_Y, EYE_LID_UPPER, EYE_LID_LOWER = (
    0,
    3,
    6,
    9,
    12,
    15,
    18,
    21,
)
SCENE_SIZE = EYES + 2 * EYE_SLOTS


class Look(NamedTuple):
    """Constants of the studio and of the materials."""

    # Studio: a warm key from the performer's upper left, a cool fill, a rim from behind, light from sky and floor.
    key_x: float = 0.56
    key_y: float = 0.55
    key_z: float = 0.62
    key_r: float = 1.9
    key_g: float = 1.72
    key_b: float = 1.52
    fill_x: float = -0.74
    fill_y: float = 0.06
    fill_z: float = 0.67
    fill_r: float = 0.17
    fill_g: float = 0.21
    fill_b: float = 0.28
    rim_x: float = -0.66
    rim_y: float = 0.46
    rim_z: float = -0.595
    rim_r: float = 0.62
    rim_g: float = 0.69
    rim_b: float = 0.84
    sky_r: float = 0.17
    sky_g: float = 0.19
    sky_b: float = 0.22
    floor_r: float = 0.10
    floor_g: float = 0.075
    floor_b: float = 0.06
    exposure: float = 0.70
    # Skin. Light bleeds past the terminator, red the farthest (a cheap stand-in for subsurface scattering).
    wrap_r: float = 0.30
    wrap_g: float = 0.12
    wrap_b: float = 0.07
    bleed: float = 0.16
    skin_f0: float = 0.032
    mottle_scale: float = 5.2
    mottle: float = 0.10
    redness: float = 0.10
    pore_scale: float = 25.0
    pore: float = 0.13
    crease: float = 0.9
    # Eyes, angles as sines seen from the centre of the eyeball.
    limbus: float = 0.43
    iris_depth: float = 0.20
    cornea: float = 0.42
    sclera_r: float = 0.70
    sclera_g: float = 0.65
    sclera_b: float = 0.61
    lid_shade_m: float = 0.0042
    catch_x: float = 0.36
    catch_y: float = 0.36
    catch_z: float = 0.861
    softbox: float = 6.0
    softbox_x: float = 0.17
    softbox_y: float = 0.22
    # Mouth.
    tooth_gap: float = 0.045
    tooth_glow: float = 0.5  # share of the key that enamel in the lip's shadow gets from lips and neighbours
    # Clothes that begin at the collar of a head without modelled ones.
    cloth_r: float = 0.012
    cloth_g: float = 0.014
    cloth_b: float = 0.019
    # Hair: strength and sharpness of the two highlights of Kajiya and Kay (1989).
    hair_shine: float = 0.05
    hair_tint: float = 0.22


def as_record(look: Look) -> np.void:
    """The table as a numpy record: compiled code reads its fields through one pointer."""
    return np.array([tuple(look)], [(name, np.float64) for name in Look._fields])[0]
