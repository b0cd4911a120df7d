"""What a face in a picture does, as Google's face landmarker reads it, and which emotion such faces are labelled with.

Image networks see light, skin and age as well. This judge knows geometry alone: ARKit scores of 25,142 labelled faces
say how surprised faces differ from afraid ones and angry from disgusted ones, and a render is placed among them by what
the same reader finds in it. It is a tool for development: the reader is given by the user and does not ship.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int, UInt8

from espressivo.conditioning.face_emotion.judges import JUDGED
from espressivo.conditioning.faces.mesh import square_around
from espressivo.errors import InputError
from espressivo.generators.face.expression.fit import FACES_FILE, frontal_faces

READER_FILE: Final = Path("landmarker", "face_landmarker_v2_with_blendshapes.task")
READ_BY: Final = "labelled-readings"
"""Id of this judge."""

_SIZE = 256
_MESH_POINTS = 478
_SEEN = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81,
    82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154,
    155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263,
    267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321,
    323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387,
    388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, *range(468, 478),
)  # fmt: skip
"""Points of the mesh that the second network takes (MediaPipe, face_blendshapes_graph.cc)."""
_LEFT_OUT = ("_neutral", "eyeLook", "jawLeft", "jawRight", "mouthLeft", "mouthRight")
_HELD_SMALL = 1e-4
"""Of the classifier's weights."""


@dataclass(frozen=True, eq=False)
class LabelledReadings:
    """A multinomial logistic classifier of readings, with equal priors."""

    columns: tuple[Int[np.ndarray, "_"], ...]
    """For every muscle the reader's scores that belong to it, both sides."""
    usual: Float[np.ndarray, "muscles"]
    """Mean reading of faces that are labelled neutral."""
    weights: Float[np.ndarray, "labels muscles"]
    """Rows as `JUDGED`."""
    offsets: Float[np.ndarray, "labels"]
    reader_file: Path

    @classmethod
    def of(cls, data_dir: Path) -> "LabelledReadings":
        """Fit the classifier on labelled faces.

        Args:
            data_dir: folder that holds arkit_by_emotion/ and landmarker/.

        Raises:
            InputError: a file is missing.
        """
        for name in (FACES_FILE, READER_FILE):
            if not (data_dir / name).is_file():
                raise InputError(f"{data_dir} holds no {name}; give the folder that holds both.")
        scores, label, classes, names = frontal_faces(data_dir / FACES_FILE)
        places = np.array([JUDGED.index(name) for name in classes])
        muscles = [name.removesuffix("Left").removesuffix("Right") for name in names]
        used = sorted({muscle for muscle, name in zip(muscles, names, strict=True) if not name.startswith(_LEFT_OUT)})
        columns = tuple(np.flatnonzero([muscle == one for muscle in muscles]) for one in used)
        readings = _by_muscle(scores, columns)
        truth = places[label]
        weights, offsets = _classifier(readings, truth)
        return cls(
            columns, readings[truth == JUDGED.index("neutral")].mean(0), weights, offsets, data_dir / READER_FILE
        )

    def read(
        self, frame: UInt8[np.ndarray, "h w 3"], points_px: Float[np.ndarray, "468 3"]
    ) -> Float[np.ndarray, "muscles"]:
        """Return what the face at `points_px` does: square roots of scores, mean of both sides."""
        find, score = self._networks
        square = square_around(points_px)
        mesh = next(
            answer for answer in find((square.read(frame, _SIZE) / 255)[np.newaxis]) if answer.size == 3 * _MESH_POINTS
        )
        points = square.to_image(mesh.reshape(_MESH_POINTS, 3).astype(np.float64), _SIZE)
        return _by_muscle(score(points[np.newaxis, _SEEN, :2])[0].ravel(), self.columns)

    def probabilities(
        self, readings: Sequence[Float[np.ndarray, "muscles"]], neutral: Sequence[Float[np.ndarray, "muscles"]]
    ) -> Float[np.ndarray, "n labels"]:
        """Return how often faces that do the same are labelled so, as `JUDGED`.

        Args:
            readings: of faces.
            neutral: of the same people at rest: what is theirs is exchanged for the mean of neutral faces.
        """
        alike = np.clip(self.usual + np.stack(readings) - np.stack(neutral), 0, 1)
        logits = alike @ self.weights.T + self.offsets
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    @cached_property
    def _networks(self):
        from ai_edge_litert.interpreter import Interpreter

        def load(name: str):
            with zipfile.ZipFile(self.reader_file) as archive:
                network = Interpreter(model_content=archive.read(name), num_threads=1)
            network.allocate_tensors()

            def ask(values: Float[np.ndarray, "*shape"]) -> list[np.ndarray]:
                network.set_tensor(network.get_input_details()[0]["index"], np.ascontiguousarray(values, np.float32))
                network.invoke()
                return [network.get_tensor(answer["index"]) for answer in network.get_output_details()]

            return ask

        return load("face_landmarks_detector.tflite"), load("face_blendshapes.tflite")


def _by_muscle(
    scores: Float[np.ndarray, "*n scores"], columns: Sequence[Int[np.ndarray, "_"]]
) -> Float[np.ndarray, "*n muscles"]:
    # Scores crowd near 0; their roots are more nearly normal.
    return np.sqrt(np.stack([scores[..., places].mean(axis=-1) for places in columns], axis=-1))


def _classifier(
    readings: Float[np.ndarray, "faces muscles"], truth: Int[np.ndarray, "faces"]
) -> tuple[Float[np.ndarray, "labels muscles"], Float[np.ndarray, "labels"]]:
    from scipy.optimize import minimize

    middle, scale = readings.mean(axis=0), readings.std(axis=0) + 1e-3
    inputs = np.column_stack([(readings - middle) / scale, np.ones(len(readings))])
    share = 1 / np.bincount(truth, minlength=len(JUDGED))[truth]
    share /= share.sum()
    asked = np.eye(len(JUDGED))[truth]

    def loss(flat: Float[np.ndarray, "n"]) -> tuple[float, Float[np.ndarray, "n"]]:
        weights = flat.reshape(inputs.shape[1], -1)
        logits = inputs @ weights
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        held = np.vstack([weights[:-1], np.zeros(len(JUDGED))])
        slope = inputs.T @ (share[:, np.newaxis] * (np.exp(log_p) - asked)) + 2 * _HELD_SMALL * held
        return -float((share * (log_p * asked).sum(axis=1)).sum()) + _HELD_SMALL * float((held**2).sum()), slope.ravel()

    found = minimize(loss, np.zeros(inputs.shape[1] * len(JUDGED)), jac=True, method="L-BFGS-B").x
    found = found.reshape(inputs.shape[1], -1).T
    weights = found[:, :-1] / scale
    return weights, found[:, -1] - weights @ middle
