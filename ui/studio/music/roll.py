"""The piano roll in the studio: its elements, what its script draws, and what it may say."""

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.take import Take
from espressivo.ui.studio import strings
from espressivo.ui.studio.emotion_controls import mounting
from espressivo.ui.studio.facts import emotion_facts
from espressivo.ui.studio.files import Tickets

if TYPE_CHECKING:
    import gradio as gr

    from espressivo.generators.music.score import Score


def piano_roll(store: str, **about: Any) -> "gr.HTML":
    """Return the component; its value is what `roll_value` gives, or None."""
    import gradio as gr

    from espressivo.generators.music.piano_roll_page import roll_script

    mount = mounting("pianoroll.js", "pianoRoll", store=store, facts=emotion_facts())
    return gr.HTML(
        None,
        html_template=_html(),
        js_on_load=f"{roll_script()}\n{mount}",
        apply_default_css=False,
        **about,
    )


def roll_value(take: Take, tickets: Tickets) -> dict[str, Any]:
    """Return what the roll shows of a take with music.

    Raises:
        InputError: the take holds no music, or it cannot be read.
    """
    from espressivo.generators.music.piano_roll_page import roll_content, summary_of

    score = score_of(take)
    if not len(score.notes):
        raise InputError("This piece has no notes, so there is nothing to show; compose another one.")
    sound = take.file("music.wav")
    return {
        "piece": roll_content(score),
        "sound": tickets.file(sound) if sound.is_file() else None,
        "summary": summary_of(score),
        "bars": None,
    }


def emotion_of_bars(take: Take, track: EmotionTrack, bars: tuple[int, int]) -> EmotionTrack:
    """Return the part of a track that some bars of a take's music have, counted from 1.

    Raises:
        InputError: the take holds no music, or not these bars.
    """
    first, last = bars
    score = score_of(take)
    if not 1 <= first <= last <= score.bars:
        raise InputError(f"The piece has bars 1 to {score.bars}; {first} to {last} are no range of them.")
    return replace(score, emotion=track).between(first - 1, last).emotion or track


def score_of(take: Take) -> "Score":
    """Return the music of a take.

    Raises:
        InputError: it has none, or it cannot be read.
    """
    from espressivo.generators.music.score import read_score

    if not take.file("music.mid").is_file():
        raise InputError("This take holds no music; choose one that does.")
    return read_score(take.file("music.mid"))


def _html() -> str:
    texts = {name: escape(text) for name, text in strings.ROLL.items()}
    return f"""
<div class="es-roll">
<audio data-part="sound" preload="auto"></audio>
<p class="es-nothing" data-part="nothing">{texts["nothing"]}</p>
<div data-part="body" hidden>
<div class="es-roll-tools" role="toolbar" aria-label="{texts["tools"]}">
<button type="button" class="es-play" data-part="play" aria-keyshortcuts="Space">Play</button>
<output data-part="clock"></output>
<label>{texts["colour"]} <select data-part="colour"><option value="velocity">{texts["loudness"]}</option>
<option value="track">{texts["track"]}</option></select></label>
<span role="group" aria-label="{texts["zoom"]}">
<button type="button" data-part="out" aria-label="{texts["zoom_out"]}" aria-keyshortcuts="-">−</button>
<button type="button" data-part="fit" aria-label="{texts["zoom_all"]}" aria-keyshortcuts="0">all</button>
<button type="button" data-part="in" aria-label="{texts["zoom_in"]}" aria-keyshortcuts="+">+</button>
</span>
</div>
<div class="es-roll-sheet" data-part="roll" tabindex="0" role="slider" aria-label="{texts["label"]}"
 aria-orientation="horizontal" aria-valuemin="0" aria-valuemax="0" aria-valuenow="0">
<canvas data-part="notes" aria-hidden="true"></canvas><canvas data-part="head" aria-hidden="true"></canvas>
</div>
<canvas class="es-roll-overview" data-part="overview" aria-hidden="true"></canvas>
<div class="es-roll-legend" data-part="legend"></div>
<p data-part="summary"></p>
<p>{strings.ROLL_KEYS}</p>
</div>
</div>"""
