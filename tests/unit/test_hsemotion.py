"""HSEmotion is brought as an ONNX graph: what may be run is run, and anything else refused in one sentence.

The graphs are written here, byte by byte: a mean over the picture's channels, then a linear layer.
"""

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.errors import InputError
from espressivo.eval.brought import SLOTS, find_brought
from espressivo.eval.emotion.hsemotion_measures import METRICS, measure_hsemotion
from espressivo.eval.metric import NotMeasured
from espressivo.eval.nets.hsemotion import OUTPUTS, HSEmotionJudge, brought_hsemotion
from espressivo.eval.nets.onnx_files import why_refused

NAME = SLOTS["hsemotion"].files[0]
RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(3, 8)).astype(np.float32)
CROPS = [RNG.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((40, 30), (224, 224), (300, 250))]
FLOAT, INT64 = 1, 7
EXTERNAL = 1


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | str | bytes) -> bytes:
    """Encode one field of a protocol buffer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(name: str, values: np.ndarray, outside: bool = False) -> bytes:
    dims = b"".join(field(1, size) for size in values.shape)
    where = field(13, field(1, "location") + field(2, "numbers.bin")) + field(14, EXTERNAL)
    numbers = where if outside else field(9, values.tobytes())
    return dims + field(2, FLOAT if values.dtype == np.float32 else INT64) + field(8, name) + numbers


def node(operator: str, inputs: str, output: str, domain: str = "", attributes: bytes = b"") -> bytes:
    names = b"".join(field(1, name) for name in inputs.split())
    return names + field(2, output) + field(4, operator) + attributes + (field(7, domain) if domain else b"")


def value_info(name: str, shape: tuple[int | str, ...]) -> bytes:
    sizes = b"".join(field(1, field(1 if isinstance(size, int) else 2, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, sizes)))


def graph(
    weights: np.ndarray = WEIGHTS,
    takes: tuple[int | str, ...] = ("batch", 3, 224, 224),
    domain: str = "",
    outside: bool = False,
    extra: bytes = b"",
) -> bytes:
    """Encode a network: linear in the means of the three channels."""
    nodes = (
        node("GlobalAveragePool", "input", "pooled"),
        node("Flatten", "pooled", "means"),
        node("MatMul", "means w", "output", domain),
    )
    parts = b"".join(field(1, part) for part in nodes) + field(2, "tiny") + field(5, tensor("w", weights, outside))
    ends = field(11, value_info("input", takes)) + field(12, value_info("output", (takes[0], "some")))
    return parts + ends + extra


def model(content: bytes) -> bytes:
    return field(1, 8) + field(8, field(1, "") + field(2, 13)) + field(7, content)


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / NAME
    path.write_bytes(content)
    return path


def expected(weights: np.ndarray) -> np.ndarray:
    """The same for the one crop that needs no change of size."""
    mean = ((CROPS[1] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).mean(axis=(0, 1))
    told = np.exp(mean @ weights[:, :8])
    return told / told.sum()


@pytest.mark.parametrize("takes", [("batch", 3, 224, 224), (1, 3, 224, 224)])
def test_probabilities_are_those_of_the_graph(tmp_path: Path, takes: tuple[int | str, ...]) -> None:
    pytest.importorskip("onnxruntime")
    judge = HSEmotionJudge(written(tmp_path, model(graph(takes=takes))))
    told = judge.probabilities(CROPS)
    assert told.shape == (3, 8)
    np.testing.assert_allclose(told.sum(axis=1), 1)
    np.testing.assert_allclose(told[1], expected(WEIGHTS), rtol=1e-4)
    assert np.abs(told[0] - told[1]).max() > 1e-4
    assert judge.probabilities([]).shape == (0, 8)


def test_valence_and_arousal_after_the_emotions_do_not_count(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    wide = np.concatenate([WEIGHTS, 50 * np.ones((3, 2), np.float32)], axis=1)
    told = HSEmotionJudge(written(tmp_path, model(graph(wide)))).probabilities(CROPS)
    np.testing.assert_allclose(told[1], expected(WEIGHTS), rtol=1e-4)


def test_the_runtime_reports_to_nobody(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    home = tmp_path / "home"
    home.mkdir()
    script = "import sys, pathlib, espressivo.eval.nets.hsemotion as h; h.HSEmotionJudge(pathlib.Path(sys.argv[1]))"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    path = written(tmp_path, model(graph()))
    subprocess.run([sys.executable, "-c", script, str(path)], env=environment, check=True)
    assert list(home.rglob("*onnxruntime*")) == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (graph(takes=("batch", 3, 260, 260)), r"takes \[\['batch', 3, 260, 260\]\], not faces \(N, 3, 224, 224\)"),
        (graph(takes=(16, 3, 224, 224)), "takes"),
        (graph(takes=("batch", 3)), "cannot be opened|takes"),
        (graph(extra=field(11, value_info("another", ("batch", 3)))), "takes"),
        (graph(WEIGHTS[:, :7]), r"gives \(1, 7\) for one face"),
        (graph(extra=field(12, value_info("means", ("batch", 3)))), "one table"),
        (graph(RNG.normal(size=(4, 8)).astype(np.float32)), "cannot be"),
        (graph(domain="com.other"), "operators of the domain 'com.other', which are no part of ONNX and are not run"),
        (graph(domain="com.microsoft"), "are not run"),
        (graph(outside=True), "keeps numbers in other files, which are not read"),
    ],
)
def test_another_network_is_refused_in_one_sentence(tmp_path: Path, content: bytes, fault: str) -> None:
    pytest.importorskip("onnxruntime")
    path = written(tmp_path, model(content))
    with pytest.raises(InputError, match=fault) as refused:
        HSEmotionJudge(path)
    assert str(refused.value).startswith(f"{path} is not HSEmotion (EfficientNet-B0): it ")
    assert "\n" not in str(refused.value)


def test_numbers_outside_are_not_read_even_if_they_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "numbers.bin").write_bytes(WEIGHTS.tobytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="other files"):
        HSEmotionJudge(written(tmp_path, model(graph(outside=True))))


def test_the_files_that_may_be_run_are_not_refused() -> None:
    assert why_refused(model(graph())) is None
    assert why_refused(model(graph(domain="ai.onnx"))) is None
    named = graph(extra=field(10, "numbers.bin com.other"))
    assert why_refused(model(named)) is None


INNER_NODE = field(1, node("Mystery", "input", "x", "com.other"))
INNER_TENSOR = field(5, tensor("t", WEIGHTS, outside=True))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        *[
            (model(graph(extra=field(1, node("If", "c", "y", attributes=field(5, inside))))), fault)
            for inside, fault in (
                (field(6, INNER_NODE), "domain"),
                (field(11, INNER_NODE), "domain"),
                (field(5, tensor("t", WEIGHTS, True)), "other files"),
                (field(10, tensor("t", WEIGHTS, True)), "other files"),
                (field(22, field(1, tensor("t", WEIGHTS, True))), "other files"),
                (field(23, field(2, tensor("t", WEIGHTS, True))), "other files"),
                (field(6, INNER_TENSOR), "other files"),
            )
        ],
        (model(graph()) + field(25, field(7, node("Mystery", "a", "b", "com.other"))), "domain"),
        (model(graph()) + field(20, field(1, INNER_NODE)), "domain"),
        (model(graph()) + field(7, INNER_NODE), "domain"),
        (model(graph(extra=field(15, field(1, tensor("t", WEIGHTS, True))))), "other files"),
    ],
)
def test_nothing_is_hidden_inside(content: bytes, fault: str) -> None:
    assert fault in str(why_refused(content))


def test_nesting_without_end_is_looked_through() -> None:
    inner = INNER_NODE
    for _ in range(2000):
        inner = field(1, node("If", "c", "y", attributes=field(5, field(6, inner))))
    assert "domain" in str(why_refused(model(graph(extra=inner))))


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"<html>404</html>", b"\x08" * 50, b"\xff" * 40, field(7, 3), field(1, 8), model(graph())[:-1]],
)
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    assert why_refused(content) == "is no ONNX graph, or is damaged"
    pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match="is no ONNX graph"):
        HSEmotionJudge(written(tmp_path, content))


@given(st.binary(max_size=200), st.integers(0, len(model(graph())) - 1))
def test_any_damage_is_survived(junk: bytes, place: int) -> None:
    whole = model(graph())
    for content in (junk, whole[:place] + junk + whole[place:], whole[:place] + junk):
        refused = why_refused(content)
        assert refused is None or "\n" not in refused


def test_numbers_of_fixed_width_are_passed_over() -> None:
    fixed = varint(90 << 3 | 5) + struct.pack("<f", 1.0) + varint(91 << 3 | 1) + struct.pack("<d", 1.0)
    assert why_refused(fixed + model(graph())) is None


def test_the_reader_agrees_with_onnx() -> None:
    onnx = pytest.importorskip("onnx")
    onnx.checker.check_model(onnx.load_model_from_string(model(graph())), full_check=True)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(brought_hsemotion({})) == (
        "N/A (needs enet_b0_8_best_afew.onnx in --evaluators DIR (HSEmotion (EfficientNet-B0), "
        "HSE-asavchenko/face-emotion-recognition, Apache-2.0))"
    )
    written(tmp_path, model(graph()))
    # As if it were not installed.
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert str(brought_hsemotion(find_brought(tmp_path))) == "N/A (needs onnxruntime: pip install onnxruntime)"


def test_the_file_of_any_variant_is_found(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "enet_b0_8_best_vgaf.onnx").write_bytes(model(graph()))
    assert isinstance(brought_hsemotion(find_brought(tmp_path)), HSEmotionJudge)


def test_a_clip_is_judged_by_its_mean() -> None:
    frames = np.full((3, 8), 0.02)
    frames[:2, OUTPUTS.index("contempt")] = 0.5
    frames[2, OUTPUTS.index("anger")] = 0.8
    assert measure_hsemotion(frames, "contempt") == {
        "hsemotion_hit": 1.0,
        "hsemotion_probability": pytest.approx((0.5 + 0.5 + 0.02) / 3),
    }
    assert measure_hsemotion(frames, "anger")["hsemotion_hit"] == 0.0


@pytest.mark.parametrize(
    ("probabilities", "asked", "reason"),
    [
        (NotMeasured("needs x"), "anger", "N/A (needs x)"),
        (np.full((2, 8), 0.125), "calm", "N/A (HSEmotion does not know calm)"),
        (np.full((2, 8), 0.125), None, "N/A (no emotion was asked for)"),
        (np.full((2, 8), np.nan), "anger", "N/A (probabilities are not finite)"),
    ],
)
def test_every_metric_says_why_there_is_no_figure(
    probabilities: np.ndarray | NotMeasured, asked: str | None, reason: str
) -> None:
    values = measure_hsemotion(probabilities, asked)
    assert list(values) == [metric.name for metric in METRICS]
    assert {str(value) for value in values.values()} == {reason}
