"""The same emotion a little different each time, and compounds that look related to their parts.

After DICE-Talk's conditioning: emotions are Gaussians in which nobody's identity lies, in a bank whose rows related
emotions share (`conditioning.bank`). Its renderer attends to them; here a sample is read as what it differs from the
mean by, and given to whatever moves the face as a track of emotions. No photograph has a part in it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.bank.embedding import EmotionEmbedding
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack
from espressivo.conditioning.vocabulary import CATEGORIES, VAD
from espressivo.generators.portrait.dicetalk.kinship import BORROWED, LEANING, borrowed, leaning, relatives

MILDER: Final = 0.15
"""A variant that lies nearer to neutral is milder by at most this share (estimate)."""


@dataclass(frozen=True)
class Variant:
    """One way to have emotions: drawn by a seed, the same for a whole take."""

    bank: EmotionEmbedding
    seed: int
    variety: float = 1.0
    kinship: float = 1.0

    def track(self, track: EmotionTrack) -> EmotionTrack:
        """Return the track with every keyframe varied; times and eases stay, so it is as smooth as it was."""
        keyframes = (replace(keyframe, state=self.state(keyframe.state)) for keyframe in track.keyframes)
        return EmotionTrack(tuple(keyframes))

    def state(self, state: EmotionState) -> EmotionState:
        """Return the state varied; no emotion is returned as it is."""
        if state.intensity == 0.0:
            return state
        shares = state.strengths() / state.intensity
        near = relatives(self.bank.correlations())
        odds, away = self._deviation(state)
        shares = shares + self.kinship * BORROWED * borrowed(shares, near) + LEANING * leaning(shares, near, odds)
        milder = 1.0 - MILDER * np.tanh(max(0.0, float(odds[0] - shares @ odds)))
        named = dict(zip(CATEGORIES, (shares / shares.sum() * state.intensity * milder).tolist(), strict=True))
        present = {name: strength for name, strength in named.items() if strength > 0.0}
        v, a, d = np.clip(np.array(state.vad) + away, -1.0, 1.0).tolist()
        place: VAD | None = (v, a, d) if np.any(away) else state.vad_override
        return EmotionState.from_strengths(present, place, state.style)

    def _deviation(self, state: EmotionState) -> tuple[Float[np.ndarray, "categories"], Float[np.ndarray, "3"]]:
        """Return what the sample differs from the mean by: in the categories' log-odds, and in VAD."""
        mean = self.bank.embed(state).astype(np.float64)
        sample = self.bank.sample(state, self.seed, self.variety).astype(np.float64)
        odds = (sample - mean)[0] @ self.bank.category_weight
        return odds, (self.bank.vad_of(sample) - self.bank.vad_of(mean))[0]
