"""LAC, lip-audio alignment control: how speech moves the keypoints of the lips, in the manner of a person."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from espressivo.generators.portrait.pctalk.network.attention import PeriodicPositions, decode, decoder, unroll
from espressivo.generators.portrait.pctalk.network.config import MotionDecoderSize

AUDIO_WIDTH = 512

Audio = Float[Tensor, "batch frames 512"]
Deformation = Float[Tensor, "batch frames coordinates"]
"""Of keypoints, in units of the picture plane: what expression adds to where they would lie without it."""


class MotionDecoder(nn.Module):
    """Decodes keypoints frame by frame, each from its own frame of a memory and from the frames before it."""

    def __init__(self, size: MotionDecoderSize) -> None:
        super().__init__()
        self.size = size
        width = size.feature_dim
        self.audio_feature_map = nn.Linear(AUDIO_WIDTH, width)
        self.vertice_map = nn.Linear(size.coordinates, width)
        self.PPE = PeriodicPositions(width, size.period)
        self.transformer_decoder = decoder(width, size.heads, size.feed_forward, 1)
        self.vertice_map_r = nn.Linear(width, size.coordinates)
        self.obj_vector = nn.Linear(size.person_num, width, bias=size.person_bias)

    def person(self, number: int) -> Float[Tensor, "1 width"]:
        """Return the manner of one of the persons that the network was taught."""
        one_hot = torch.zeros(1, self.size.person_num, device=self.obj_vector.weight.device)
        one_hot[0, number] = 1
        return self.obj_vector(one_hot)

    def follow(
        self,
        memory: Float[Tensor, "batch frames width"],
        manner: Float[Tensor, "batch width"],
        before: Deformation | None = None,
    ) -> Deformation:
        """Decode as many frames as the memory has.

        Args:
            memory: what the frames are decoded from.
            manner: of a person (`person`) or read from a video (`StyleEncoder`).
            before: the first frames, if they are known already; their decoding is returned all the same.
        """
        start = manner[:, None]
        known = start if before is None else torch.cat([start, self.vertice_map(before) + start], dim=1)
        decoded = unroll(
            known,
            memory.shape[1],
            lambda sequence: decode(self.transformer_decoder, self.PPE(sequence), memory),
            lambda last: self.vertice_map(self.vertice_map_r(last)) + start,
        )
        return self.vertice_map_r(decoded)


class LipDecoder(MotionDecoder):
    """LAC: speech to the lips."""

    def forward(
        self, audio: Audio, manner: Float[Tensor, "batch width"], before: Deformation | None = None
    ) -> Deformation:
        """Return the deformation of the lips, one window of at most `size.period` frames."""
        return self.follow(self.audio_feature_map(audio), manner, before)


class LipRefinement(nn.Module):
    """Corrects decoded lips, knowing where they are and what is heard."""

    def __init__(self, coordinates: int) -> None:
        super().__init__()
        self.out_fc = nn.Linear(coordinates + AUDIO_WIDTH, coordinates)

    def forward(self, audio: Audio, undeformed: Deformation, deformation: Deformation) -> Deformation:
        """Return the corrected deformation.

        Args:
            audio: of the frames.
            undeformed: where the lips would lie without expression.
            deformation: as decoded.
        """
        return deformation + self.out_fc(torch.cat([undeformed + deformation, audio], dim=-1))
