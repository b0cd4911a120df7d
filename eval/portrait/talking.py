"""What is seen in portraits that speak with an emotion: `python -m espressivo.eval.portrait.talking PORTRAITS...`.

A speaking mouth gives way to its sounds, so an emotion is harder to see in a clip than in a held face. Each portrait
speaks one shipped line in six emotions at full intensity and without any; a clip's verdict is the mean of its frames
from `FROM_S` on, and rises are against the same portrait's neutral clip. Whatever the generator does is in it: the
performer of the seed, blinks, gaze, the turning head.
"""

from dataclasses import dataclass
from typing import Annotated

import tyro

from espressivo.conditioning.face_emotion.judges import FACEAPI, JUDGED, MINI_XCEPTION, load_judges
from espressivo.conditioning.notation import parse_emotion
from espressivo.eval.portrait.emotions import GOALS, RISE_GOALS, RISEN
from espressivo.eval.portrait.faces import EMOTIONS
from espressivo.eval.portrait.given import Given
from espressivo.eval.portrait.lips import CONSENT
from espressivo.eval.portrait.sitters import Sitter
from espressivo.eval.portrait.sitting import SIZE, Sitting
from espressivo.eval.portrait.tables import estimated, markdown, shown
from espressivo.eval.shipped_lines import shipped_lines
from espressivo.generators.portrait.generator import PortraitAvatar
from espressivo.generators.portrait.request import PortraitRequest

FPS = 5.0
FROM_S = 0.8
"""From here on the expression is there."""
JUDGES = (FACEAPI, MINI_XCEPTION)


@dataclass(frozen=True, eq=False)
class Clip:
    """One portrait that speaks with one emotion."""

    sitter: str
    emotion: str
    rise: dict[str, float]
    """By judge: mean probability of the emotion minus that in the neutral clip."""
    verdict: dict[str, str]


def main(given: Annotated[Given, tyro.conf.OmitArgPrefixes], line: int = 0) -> None:
    """Measure what is seen in portraits that speak.

    Args:
        given: portraits.
        line: which of the shipped lines is spoken, counted from 0; the portrait's number is added.
    """
    size = given.size or SIZE
    generator = PortraitAvatar.from_pretrained()
    clips = [
        clip for number, sitter in enumerate(given.sitters()) for clip in speak(generator, sitter, line + number, size)
    ]
    found = {
        judge: {
            emotion: {
                "risen": estimated([clip.rise[judge] > RISEN for clip in clips if clip.emotion == emotion]),
                "rise": estimated([clip.rise[judge] for clip in clips if clip.emotion == emotion]),
                "hits": estimated([clip.verdict[judge] == emotion for clip in clips if clip.emotion == emotion]),
            }
            for emotion in EMOTIONS
        }
        for judge in JUDGES
    }
    for judge, by_emotion in found.items():
        print(f"\n{judge}, clips of {len({clip.sitter for clip in clips})} portraits\n")
        rows = [
            (
                emotion,
                shown(row["risen"]),
                f"{RISE_GOALS[emotion]:.2f}",
                shown(row["rise"]),
                shown(row["hits"]),
                f"{GOALS[emotion]:.2f}",
            )
            for emotion, row in by_emotion.items()
        ]
        print(markdown(("emotion", "risen", "goal", "rise", "likeliest", "goal"), rows))
    record = [
        {"portrait": clip.sitter, "emotion": clip.emotion, "rise": clip.rise, "verdict": clip.verdict} for clip in clips
    ]
    given.write({"judges": found, "size": size, "fps": FPS, "clips": record})


def speak(generator: PortraitAvatar, sitter: Sitter, line: int, size: int) -> list[Clip]:
    """Let one portrait say a line in every emotion."""
    sitting = Sitting.of(sitter, size)
    lines = list(shipped_lines().values())
    seen = {}
    for emotion in ("neutral", *EMOTIONS):
        request = PortraitRequest(
            speech=lines[line % len(lines)].speech,
            emotion=parse_emotion(emotion),
            portrait=sitter.picture,
            size=size,
            fps=FPS,
            seed=line,
            consent=CONSENT,
        )
        frames = list(generator.generate(request).frames)[round(FROM_S * FPS) :]
        seen[emotion] = {judge: rows.mean(axis=0) for judge, rows in sitting.opinions(frames, load_judges()).items()}
    clips = []
    for place, emotion in ((JUDGED.index(emotion), emotion) for emotion in EMOTIONS):
        rise = {judge: float(seen[emotion][judge][place] - seen["neutral"][judge][place]) for judge in JUDGES}
        verdict = {judge: JUDGED[int(seen[emotion][judge].argmax())] for judge in JUDGES}
        clips.append(Clip(sitter.name, emotion, rise, verdict))
    return clips


if __name__ == "__main__":
    tyro.cli(main)
