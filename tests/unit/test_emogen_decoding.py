"""The compiled step against the network that it stands for, and what decoding keeps from one token to the next."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import erf

from espressivo.generators.music.compiled import gelu
from espressivo.generators.music.emogen.composing import Composer
from espressivo.generators.music.emogen.decoding import Decoding
from espressivo.generators.music.emogen.emotion import command_of
from espressivo.generators.music.emogen.lengths import Length
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.network import END, UNSET, EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.emogen.sampling import Plan, write
from espressivo.generators.music.emogen.stepping import Stepper
from espressivo.generators.music.emogen.streaming import stream
from espressivo.generators.music.emogen.tokens import piano
from espressivo.generators.music.moods import Mood

SMALL = EmoGenSize(width=40, feed_forward=52, layers=2, heads=4, attributes=100)
LENGTH = 150


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def network(size: EmoGenSize) -> EmoGenLanguageModel:
    """Random weights; those that begin at 0 or 1 too, so that a wrong one shows."""
    torch.manual_seed(0)
    model = EmoGenLanguageModel(size).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter += 0.3 * torch.randn(parameter.shape)
        model.decoder.output_projection.weight *= 4
    return model


@pytest.fixture(scope="module")
def model() -> EmoGenLanguageModel:
    return network(SMALL)


def pieces(rows: int, vocabulary: int = 462) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    tokens = random.integers(4, vocabulary, (rows, LENGTH))
    tokens[:, 0] = END
    return tokens, random.integers(UNSET, 2, (rows, 100))


@pytest.mark.parametrize(
    "size",
    [
        SMALL,
        replace(SMALL, half_lives=(2.0, 20.0, 200.0, 2000.0)),
        # Widths that are no multiples of what is taken at once.
        replace(SMALL, width=36, feed_forward=21, heads=3, layers=3),
        EmoGenSize(width=256, feed_forward=1024),
    ],
    ids=["plain", "forgetful", "odd", "as shipped"],
)
def test_steps_give_the_logits_of_the_whole_network(size: EmoGenSize) -> None:
    model, (tokens, bits) = network(size), pieces(3)
    with torch.inference_mode():
        whole = model(torch.from_numpy(tokens), torch.from_numpy(bits)).numpy()
        commands = model.command(torch.from_numpy(bits)).numpy()
    stepper = Stepper(model)
    past = stepper.past(3)
    for place in range(LENGTH):
        found = stepper.step(tokens[:, place], commands, np.full(3, place), past)
        assert np.allclose(found, whole[:, place], rtol=0, atol=1e-4)
    assert np.ptp(whole) > 5


def test_a_piece_is_the_same_to_the_bit_whatever_is_beside_it(model: EmoGenLanguageModel) -> None:
    tokens, _ = pieces(5)
    stepper = Stepper(model)
    commands = np.random.default_rng(2).standard_normal((5, SMALL.width)).astype(np.float32)
    alone, together = stepper.past(1), stepper.past(5)
    for place in range(20):
        one = stepper.step(tokens[3:4, place], commands[3:4], np.array([place]), alone)
        all_ = stepper.step(tokens[:, place], commands, np.full(5, place), together)
        assert np.array_equal(one[0], all_[3])
    assert np.array_equal(together.of([3]).key_values, alone.key_values)
    assert np.array_equal(together.of([3]).keys, alone.keys)


def test_reading_leaves_what_stepping_leaves(model: EmoGenLanguageModel) -> None:
    tokens, strengths = pieces(2)[0].tolist(), np.array([1.5, 0.5])
    read, stepped = (Decoding(model, 2, told=True, open_too=True) for _ in range(2))
    for piece, quadrant in enumerate(("Q1", "Q3")):
        for decoding in (read, stepped):
            decoding.tell(piece, command_of(Mood.quadrant(quadrant)))
        read.read(piece, tokens[piece][:-1])
    found = np.empty(0)
    for now in zip(*tokens, strict=True):
        found = stepped.step(now, strengths)
    assert np.allclose(read.step([piece[-1] for piece in tokens], strengths), found, atol=1e-4)
    read.read(1, [])
    assert read.position(1) == 0
    again = Decoding(model, 2, told=True, open_too=True)
    again.tell(1, command_of(Mood.quadrant("Q3")))
    assert np.array_equal(read.step([END, END], strengths)[1], again.step([END, END], strengths)[1])


def test_pieces_that_go_on_do_so_as_if_the_others_had_never_been(model: EmoGenLanguageModel) -> None:
    tokens, strengths = pieces(3)[0], np.array([1.5, 0.5, 2.5])
    all_, one = Decoding(model, 3, told=True, open_too=True), Decoding(model, 1, told=True, open_too=True)
    for piece in range(3):
        all_.tell(piece, command_of(Mood.quadrant(f"Q{piece + 1}")))
    one.tell(0, command_of(Mood.quadrant("Q3")))
    for place in range(30):
        all_.step(tokens[:, place].tolist(), strengths)
        one.step([int(tokens[2, place])], strengths[2:])
    all_.keep([0, 2])
    both = all_.step([7, 9], strengths[[0, 2]])
    assert np.array_equal(both[1], one.step([9], strengths[2:])[0])
    assert not np.allclose(both[0], both[1])


def test_what_is_remembered_does_not_grow(model: EmoGenLanguageModel) -> None:
    stepper = Stepper(model)
    past = stepper.past(1)
    sizes = {(past.key_values.nbytes, past.keys.nbytes)}
    addresses = {past.key_values.ctypes.data}
    command, logits = np.zeros((1, SMALL.width), np.float32), np.empty(0)
    for place in range(3000):
        logits = stepper.step(np.array([4 + place % 400]), command, np.array([place]), past)
        sizes.add((past.key_values.nbytes, past.keys.nbytes))
        addresses.add(past.key_values.ctypes.data)
    assert len(sizes) == len(addresses) == 1
    assert np.isfinite(logits).all()


def test_a_piece_is_that_of_the_torch_network_token_by_token() -> None:
    """Greedily, with guidance, against logits that are recomputed from the first token on."""
    model = network(SMALL)
    command, strength = command_of(Mood.quadrant("Q2")), 2.0
    decoding = Decoding(model, 1, told=True, open_too=True)
    decoding.tell(0, command)
    tokens = [END]
    for _ in range(60):
        found = decoding.step([tokens[-1]], np.array([strength]))[0]
        with torch.inference_mode():
            bits = torch.from_numpy(np.stack([command, np.full(100, UNSET)]))
            led, alone = model(torch.tensor([tokens] * 2), bits)[:, -1].double().numpy()
        assert np.allclose(found, alone + strength * (led - alone), atol=3e-4)
        tokens.append(int(np.argmax(found[4:])) + 4)


def test_the_first_bar_is_there_before_the_second_is_begun(model: EmoGenLanguageModel) -> None:
    asked: list[int] = []

    def curve(bar: int, _: float) -> Mood:
        asked.append(bar)
        return Mood.quadrant("Q1" if bar < 3 else "Q2")

    written = write(model, piano(), Plan(Length(bars=8), curve), [[0]])
    first = next(written)
    assert max(asked) == 1
    assert piano().decode(first.tokens)[-1] == "b-1"
    assert [bar.mood for bar in written][2:] == [Mood.quadrant("Q2")] * 5


@pytest.mark.parametrize("tempo_bpm", [None, 97.0])
def test_what_is_streamed_is_the_piece_bar_by_bar(model: EmoGenLanguageModel, tempo_bpm: float | None) -> None:
    plan = Plan(Length(bars=6), Mood.quadrant("Q4"), Locks(tempo_bpm=tempo_bpm))
    piece = Composer(model).compose(plan, seed=5)
    heard = list(stream(model, piano(), plan, seed=5))
    assert [each.bar.tokens for each in heard] == list(piece.bars)
    start_s = np.concatenate([each.bar.begin_s + each.notes.start_s for each in heard])
    assert np.allclose(start_s, piece.notes.start_s, atol=1e-6)
    assert np.array_equal(np.concatenate([each.notes.pitch for each in heard]), piece.notes.pitch)
    assert len(start_s) > 6


def test_gelu_is_gelu() -> None:
    x = np.concatenate([np.linspace(-9, 9, 20001), [0.0, -0.0, 1e-30, 1e30, -1e30]]).astype(np.float32)
    found = x[None].copy()
    gelu(found)
    exact = 0.5 * x.astype(float) * (1 + erf(x.astype(float) / np.sqrt(2)))
    assert np.allclose(found[0], exact, rtol=1e-6, atol=2e-6)
