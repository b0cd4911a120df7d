"""The landmark networks of face-api: 68 points in the order of iBUG 300-W."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from espressivo.conditioning.faces.faceapi.blocks import Dense, FeatureExtractor, TinyFeatureExtractor
from espressivo.conditioning.faces.faceapi.preprocessing import face_batch
from espressivo.conditioning.judging import judging

SIDE_PX = 112


class FaceLandmark68Net(FeatureExtractor):
    """68 points as interleaved x, y relative to the square input."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = Dense(256, 136)

    def forward(self, faces: Float[Tensor, "n 3 112 112"]) -> Float[Tensor, "n 136"]:
        """Return the points of normalised faces."""
        return self.fc(self.features(faces))


class FaceLandmark68TinyNet(TinyFeatureExtractor):
    """The same with a fifth of the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = Dense(128, 136)

    def forward(self, faces: Float[Tensor, "n 3 112 112"]) -> Float[Tensor, "n 136"]:
        """Return the points of normalised faces."""
        return self.fc(self.features(faces))


def read_landmarks(
    net: FaceLandmark68Net | FaceLandmark68TinyNet, crops: Sequence[UInt8[np.ndarray, "h w 3"]]
) -> Float[np.ndarray, "n 68 2"]:
    """Return the points of each crop relative to its width and height, with the padding undone."""
    with judging():
        points = net(face_batch(crops, SIDE_PX)).reshape(-1, 68, 2).numpy()
    sizes = np.array([(crop.shape[1], crop.shape[0]) for crop in crops], np.float64)
    resized = sizes * (SIDE_PX / sizes.max(axis=1, keepdims=True))
    padding = (SIDE_PX - resized) / 2
    return ((points * SIDE_PX - padding[:, None]) / resized[:, None]).astype(np.float32)
