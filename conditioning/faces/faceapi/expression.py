"""The expression network of face-api."""

from jaxtyping import Float
from torch import Tensor

from espressivo.conditioning.faces.faceapi.blocks import Dense, FeatureExtractor

SIDE_PX = 112


class FaceExpressionNet(FeatureExtractor):
    """Seven expressions, in the order neutral, happy, sad, angry, fearful, disgusted, surprised."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = Dense(256, 7)

    def forward(self, faces: Float[Tensor, "n 3 112 112"]) -> Float[Tensor, "n 7"]:
        """Return the logits; their softmax is what face-api reports."""
        return self.fc(self.features(faces))
