"""Phones from sound alone: pocketsphinx's phone loop with the phone bigrams that its model brings."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.phones.recogniser import Recognition
from espressivo.conditioning.phones.sphinx import frame_time_s, quietest_cut, sphinx_label, sphinx_pcm
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech, fill_gaps
from espressivo.progress import ProgressCallback, track

_STRETCH_S = (20.0, 30.0)
_LANGUAGE_WEIGHT = 2.0
"""Of 1, 2, 3, 4, 6.5 the best 15-viseme accuracy on four speakers set apart: .68 of all frames against the aligner."""
_BEAM = 1e-20


class PocketsphinxLoop:
    """Free phone recognition in stretches of at most half a minute, cut where it is quietest."""

    name: ClassVar[str] = "loop"
    source: ClassVar[str] = "recognised"

    def recognise(self, speech: Speech, progress: ProgressCallback | None = None) -> Recognition:
        """Phones of any speech; a transcript is not looked at."""
        from pocketsphinx import Decoder, get_model_path

        decoder = Decoder(
            lm=None,
            dict=None,
            allphone=get_model_path("en-us/en-us-phone.lm.bin"),
            lw=_LANGUAGE_WEIGHT,
            beam=_BEAM,
            pbeam=_BEAM,
            loglevel="FATAL",
        )
        rows = []
        stretches = _stretches(speech.samples)
        for start_s, end_s in track(stretches, "recognising phones", len(stretches), progress):
            piece = speech.samples[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
            decoder.start_utt()
            decoder.process_raw(sphinx_pcm(piece), full_utt=True)
            decoder.end_utt()
            for segment in decoder.seg() or ():
                a, b = frame_time_s(segment.start_frame), frame_time_s(segment.end_frame + 1)
                a, b = max(0.0, a), min(b, end_s - start_s)
                if b > a:
                    rows.append((sphinx_label(segment.word), a + start_s, b + start_s))
        return Recognition(fill_gaps(rows, speech.duration_s), None)


def _stretches(samples: Float[np.ndarray, "samples"]) -> list[tuple[float, float]]:
    duration_s = len(samples) / SAMPLE_RATE_HZ
    cuts_s = [0.0]
    while duration_s - cuts_s[-1] > _STRETCH_S[1]:
        cuts_s.append(quietest_cut(samples, cuts_s[-1] + _STRETCH_S[0], cuts_s[-1] + _STRETCH_S[1]))
    return list(zip(cuts_s, [*cuts_s[1:], duration_s], strict=True))
