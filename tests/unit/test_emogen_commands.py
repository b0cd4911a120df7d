"""Commands by supervised clustering: real clips, the nearest to their class' centre."""

import json
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.emogen.commands import nearest_to_centres, read_commands, told_apart
from espressivo.generators.music.emogen.emotion import command_of
from espressivo.generators.music.emogen.heard_commands import blended, probabilities, quadrants_of
from espressivo.generators.music.emogen.network import UNSET
from espressivo.generators.music.moods import Mood

CORNERS = ((1, 1), (-1, 1), (-1, -1), (1, -1))


def test_the_clip_nearest_to_the_centre_of_its_own_quadrant_is_taken() -> None:
    bits = np.zeros((12, 6), int)
    quadrants = np.repeat(np.arange(4), 3)
    for quadrant in range(4):
        bits[3 * quadrant] = [1, 1, 1, 0, 0, 0]
        bits[3 * quadrant + 1] = [1, 1, 0, 0, 0, 0]  # between the other two
        bits[3 * quadrant + 2] = [0, 0, 0, 0, 0, 0]
    assert nearest_to_centres(bits, quadrants) == [1, 4, 7, 10]
    order = np.random.default_rng(0).permutation(12)
    again = nearest_to_centres(bits[order], quadrants[order])
    assert order[again].tolist() == [1, 4, 7, 10]


def test_a_quadrant_without_clips_is_refused() -> None:
    with pytest.raises(InputError, match="Q3"):
        nearest_to_centres(np.zeros((3, 5), int), np.array([0, 1, 3]))


def test_commands_tell_themselves_apart_and_nothing_else() -> None:
    assert told_apart(table().commands, table().commands, np.arange(4)) == 1.0
    assert told_apart(table().commands, table().commands, np.array([0, 2, 3, 1])) == 0.25


def test_commands_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "commands.json"
    path.write_text(json.dumps({"commands": table().commands.tolist()}))
    assert (read_commands(path) == table().commands).all()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"commands": [[1, 0]]}', '{"commands": null}', json.dumps({"commands": [[2] * 100] * 4})],
)
def test_what_holds_no_commands_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "commands.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"commands\.json"):
        read_commands(path)


def test_blocks_are_kept_where_they_are_heard_clearly() -> None:
    axis = np.linspace(-1, 1, 9)
    places = np.array([(valence, arousal) for valence in axis for arousal in axis])
    found = quadrants_of(places)
    assert [found[np.flatnonzero((places == corner).all(1))[0]] for corner in CORNERS] == [0, 1, 2, 3]
    assert found[np.flatnonzero((places == (0, 0)).all(1))[0]] == -1
    assert np.bincount(found + 1).tolist() == [81 - 36, 9, 9, 9, 9]


def test_a_bit_is_as_probable_as_it_was_heard() -> None:
    quadrants = np.repeat([0, 1, 2, 3, -1], 100)
    bits = np.zeros((500, 3), int)
    bits[:80, 0] = bits[300:, 1] = 1
    found = probabilities(bits, quadrants)
    assert found[:, 0] == pytest.approx([81 / 102, 1 / 102, 1 / 102, 1 / 102])
    assert found[:, 1] == pytest.approx([1 / 102, 1 / 102, 1 / 102, 101 / 102])
    with pytest.raises(InputError, match="Q3"):
        probabilities(bits, np.where(quadrants == 2, -1, quadrants))


def test_what_is_improbable_or_the_same_everywhere_is_left_open() -> None:
    commands = np.full((4, 4), 0.5)
    commands[:, 0] = 0.9
    commands[:, 1] = [0.9, 0.1, 0.1, 0.9]
    commands[:, 2] = [0.6, 0.4, 0.4, 0.4]
    assert command_of(Mood(1.0, 1.0), commands).tolist() == [UNSET, 1, UNSET, UNSET]
    assert command_of(Mood(-1.0, 1.0), commands).tolist() == [UNSET, 0, UNSET, UNSET]
    assert command_of(Mood(0.0, 1.0), commands).tolist() == [UNSET] * 4


def test_what_was_heard_outweighs_what_was_published_as_far_as_it_tells() -> None:
    published = np.zeros((4, 100), int)
    published[0] = 1
    heard = np.full((4, 100), 0.5)
    heard[:, 1] = [0.0, 1.0, 1.0, 1.0]
    heard[:, 2] = [0.25, 0.75, 0.5, 0.5]
    found = blended(heard, published)
    assert found[:, 0].tolist() == [1, 0, 0, 0]
    assert found[:, 1].tolist() == [0, 1, 1, 1]
    assert found[:, 2] == pytest.approx([0.625, 0.375, 0.25, 0.25])
    assert found[:, table().names.index("Duration in Seconds")].tolist() == [0.5] * 4
