"""EMC, emotion control: how an emotion and speech move all keypoints of a face."""

from jaxtyping import Float
from torch import Tensor, nn

from espressivo.generators.portrait.pctalk.network.attention import PeriodicPositions, decode, decoder, unroll
from espressivo.generators.portrait.pctalk.network.config import EMOTIONS, MotionDecoderSize
from espressivo.generators.portrait.pctalk.network.lips import AUDIO_WIDTH, Audio, Deformation, MotionDecoder

Emotion = Float[Tensor, "batch 8"]
"""Shares of `EMOTIONS`; the networks were taught one at a time."""


class EmotionDecoder(MotionDecoder):
    """Decodes a face from speech that was given an emotion first."""

    def __init__(self, size: MotionDecoderSize) -> None:
        super().__init__(size)  # with the map of plain audio, which checkpoints hold and this network never uses
        self.audio_emo_former = AudioEmotionFormer(size)

    def forward(
        self, audio: Audio, emotion: Emotion, manner: Float[Tensor, "batch width"], before: Deformation | None = None
    ) -> Deformation:
        """Return the deformation of all keypoints, one window of at most `size.period` frames."""
        return self.follow(self.audio_emo_former(audio, emotion), manner, before)


class AudioEmotionFormer(nn.Module):
    """Speech as somebody would say it who feels so."""

    def __init__(self, size: MotionDecoderSize) -> None:
        super().__init__()
        width = size.feature_dim
        self.audio_feature_map = nn.Linear(AUDIO_WIDTH, width)
        self.emo_feature_map = nn.Linear(len(EMOTIONS), width)
        self.PPE = PeriodicPositions(width, size.period)
        self.transformer_decoder = decoder(width, size.heads, size.feed_forward, 2)
        self.map_output = nn.Linear(AUDIO_WIDTH, width)
        self.audio_map_r = nn.Linear(width, AUDIO_WIDTH)

    def forward(self, audio: Audio, emotion: Emotion) -> Float[Tensor, "batch frames width"]:
        """Return the memory that the face is decoded from."""
        memory = self.audio_feature_map(audio)
        start = self.emo_feature_map(emotion)[:, None]
        decoded = unroll(
            start,
            memory.shape[1],
            lambda sequence: decode(self.transformer_decoder, self.PPE(sequence), memory),
            lambda last: self.audio_feature_map(self.audio_map_r(last)) + start,
        )
        return self.map_output(self.audio_map_r(decoded))
