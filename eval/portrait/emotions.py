"""What is seen in portraits that are asked for emotions: `python -m espressivo.eval.portrait.emotions PORTRAITS...`.

Every portrait shows six emotions at five intensities, held still. Two networks judge the frames, both as published:
face-api's, which is the one to report, and mini-Xception, which amplitudes were tuned on. A probability is compared
with the same portrait's neutral frame, since many portraits look like something to begin with.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import tyro
from jaxtyping import Float

from espressivo.conditioning.face_emotion.judges import FACEAPI, JUDGED, MINI_XCEPTION, load_judges
from espressivo.eval.control.sliders import rank_correlations
from espressivo.eval.emotion.intensity import mesh_distance
from espressivo.eval.portrait.faces import EMOTIONS, INTENSITIES, face_of
from espressivo.eval.portrait.given import GivenTable
from espressivo.eval.portrait.sitters import HEAD_PREFIX
from espressivo.eval.portrait.sitting import SIZE, Sitting
from espressivo.eval.portrait.tables import estimated, markdown, shown
from espressivo.generators.portrait.avatar.expression import PortraitExpression

RISEN = 0.02
"""A probability has risen if it is larger by so much; less is within the noise of re-drawing."""
GOALS = {"happiness": 0.95, "surprise": 0.85, "sadness": 0.6, "anger": 0.6, "fear": 0.5, "disgust": 0.5}
"""Share of portraits in which the asked emotion shall be the likeliest one at full intensity."""
RISE_GOALS = {"happiness": 0.9, "surprise": 0.9, "sadness": 0.9, "anger": 0.9, "fear": 0.75, "disgust": 0.75}


@dataclass(frozen=True, eq=False)
class Ladder:
    """One portrait and one emotion at all intensities."""

    sitter: str
    emotion: str
    probabilities: dict[str, Float[np.ndarray, "intensities labels"]]
    """By judge, labels as `JUDGED`."""
    movement: Float[np.ndarray, "intensities"]
    """Mean distance of the mesh, as read off the frames, from the neutral frame's, in eye distances."""

    def asked(self, judge: str) -> Float[np.ndarray, "intensities"]:
        """Return the probability of the emotion that was asked for."""
        return self.probabilities[judge][:, JUDGED.index(self.emotion)]

    def rise(self, judge: str) -> float:
        """Return the probability at full intensity minus that of the neutral frame."""
        curve = self.asked(judge)
        return float(curve[-1] - curve[0])

    def hit(self, judge: str) -> bool:
        """Say whether the asked emotion is the likeliest at full intensity."""
        return JUDGED[int(self.probabilities[judge][-1].argmax())] == self.emotion

    def record(self) -> dict[str, Any]:
        """Return the numbers as JSON takes them."""
        return {
            "portrait": self.sitter,
            "emotion": self.emotion,
            "movement": self.movement.round(4).tolist(),
            **{judge: self.asked(judge).round(4).tolist() for judge in self.probabilities},
            **{f"{judge}_verdict": JUDGED[int(rows[-1].argmax())] for judge, rows in self.probabilities.items()},
        }


def climb(sitting: Sitting, expression: PortraitExpression, emotions: tuple[str, ...] = EMOTIONS) -> list[Ladder]:
    """Show emotions at all intensities on one portrait, and ask the judges."""
    judges = load_judges()
    neutral = {judge: row[0] for judge, row in sitting.opinions([sitting.neutral], judges).items()}
    ladders = []
    for emotion in emotions:
        frames = [sitting.frame(face_of(expression, emotion, intensity)) for intensity in INTENSITIES[1:]]
        seen = sitting.opinions(frames, judges)
        meshes = [sitting.mesh_px(frame) for frame in frames]
        moved = [
            np.nan if mesh is None else float(mesh_distance(mesh[np.newaxis], sitting.neutral_mesh_px[np.newaxis])[0])
            for mesh in meshes
        ]
        probabilities = {judge: np.vstack([neutral[judge], rows]) for judge, rows in seen.items()}
        ladders.append(Ladder(sitting.sitter.name, emotion, probabilities, np.array([0.0, *moved])))
    return ladders


def summary(ladders: list[Ladder], judge: str) -> dict[str, dict[str, Any]]:
    """Return what one judge sees, by emotion: means over portraits with intervals."""
    asked = np.array(INTENSITIES)
    found = {}
    for emotion in EMOTIONS:
        rows = [ladder for ladder in ladders if ladder.emotion == emotion]
        curves = np.stack([ladder.asked(judge) for ladder in rows])
        found[emotion] = {
            "risen": estimated([ladder.rise(judge) > RISEN for ladder in rows]),
            "risen_at_all": estimated([ladder.rise(judge) > 0 for ladder in rows]),
            "rise": estimated([ladder.rise(judge) for ladder in rows]),
            "hits": estimated([ladder.hit(judge) for ladder in rows]),
            "spearman": estimated(rank_correlations(asked, curves).tolist()),
            "spearman_movement": estimated(
                rank_correlations(asked, np.stack([ladder.movement for ladder in rows])).tolist()
            ),
            "curve": curves.mean(axis=0).round(3).tolist(),
        }
    return found


def main(given: Annotated[GivenTable, tyro.conf.OmitArgPrefixes]) -> None:
    """Measure what is seen in portraits."""
    table = given.table
    ladders = [ladder for sitting in given.sittings(SIZE) for ladder in climb(sitting, table)]
    found = {judge: summary(ladders, judge) for judge in (FACEAPI, MINI_XCEPTION)}
    names = sorted({ladder.sitter for ladder in ladders})
    for judge, by_emotion in found.items():
        print(f"\n{judge}, {len(names)} portraits\n")
        print(
            markdown(
                ("emotion", "rises", "by .02", "goal", "rise", "likeliest at 1", "goal", "Spearman", "of movement"),
                [
                    (
                        emotion,
                        f"{row['risen_at_all']['mean']:.2f}",
                        shown(row["risen"]),
                        f"{RISE_GOALS[emotion]:.2f}",
                        shown(row["rise"]),
                        shown(row["hits"]),
                        f"{GOALS[emotion]:.2f}",
                        shown(row["spearman"]),
                        shown(row["spearman_movement"]),
                    )
                    for emotion, row in by_emotion.items()
                ],
            )
        )
    given.write(
        {
            "portraits": names,
            "size": given.size or SIZE,
            "risen_by_more_than": RISEN,
            "intensities": INTENSITIES,
            "judges": found,
            "face-api, by kind": {
                kind: summary(part, FACEAPI)
                for kind, part in (
                    ("pictures", [ladder for ladder in ladders if not ladder.sitter.startswith(HEAD_PREFIX)]),
                    ("our heads", [ladder for ladder in ladders if ladder.sitter.startswith(HEAD_PREFIX)]),
                )
                if part
            },
            "ladders": [ladder.record() for ladder in ladders],
        },
    )


if __name__ == "__main__":
    tyro.cli(main)
