"""Evaluators that users bring: found, opened without running them, held against the network, or explained."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from espressivo.errors import InputError
from espressivo.eval.brought import SLOTS, Slot, brought_network, evaluators_of, find_brought, load_state, why_missing
from espressivo.eval.metric import NotMeasured


class Small(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Linear(3, 4), nn.BatchNorm1d(4))


SHAPES = {name: tuple(tensor.shape) for name, tensor in Small().state_dict().items()}
SYNCNET = SLOTS["syncnet"]


class Harmful:
    """Creates a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_without_a_folder_nothing_is_found_and_every_slot_says_what_it_needs() -> None:
    assert find_brought(None) == {}
    for slot in SLOTS.values():
        reason = str(brought_network(slot.id, {}, Small))
        assert slot.files[0] in reason
        assert slot.project in reason
        assert slot.licence in reason
    assert str(why_missing("syncnet")) == (
        "N/A (needs syncnet_v2.model in --evaluators DIR (SyncNet, joonson/syncnet_python, MIT))"
    )


def test_known_files_are_found_and_others_left_alone(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "syncnet_v2.model").write_bytes(b"x")
    (tmp_path / "arcface_r50.safetensors").write_bytes(b"y")
    found = find_brought(tmp_path)
    assert found == {"syncnet": tmp_path / "syncnet_v2.model", "arcface": tmp_path / "arcface_r50.safetensors"}
    described = evaluators_of(found)
    assert [evaluator.id for evaluator in described] == ["syncnet", "arcface"]
    assert described[0].sha256 == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


def test_networks_that_no_metric_needs_yet_are_not_looked_for(tmp_path: Path) -> None:
    idle = [slot for slot in SLOTS.values() if not slot.metrics]
    assert {slot.id for slot in idle} == {"emonet", "emopia-san"}
    for slot in idle:
        (tmp_path / slot.files[0]).write_bytes(b"x")
    with pytest.raises(InputError, match="holds no evaluator") as refused:
        find_brought(tmp_path)
    assert not any(slot.gives in str(refused.value) for slot in idle)
    (tmp_path / "syncnet_v2.model").write_bytes(b"x")
    assert list(find_brought(tmp_path)) == ["syncnet"]


@pytest.mark.parametrize("make", [lambda folder: folder.mkdir(), lambda folder: folder.write_text("a file"), id])
def test_a_folder_without_evaluators_is_no_use(tmp_path: Path, make: object) -> None:
    folder = tmp_path / "evaluators"
    make(folder)  # type: ignore[operator]
    with pytest.raises(InputError, match=r"syncnet_v2\.model.*pt_inception-2015-12-05-6726825d\.pth") as refused:
        find_brought(folder)
    assert str(folder) in str(refused.value)


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {f"module.{name}": state[name] for name in state}])
def test_weights_come_back_as_they_were_saved(tmp_path: Path, wrap: object) -> None:
    torch.manual_seed(0)
    original = Small()
    path = tmp_path / "syncnet_v2.model"
    torch.save(wrap(original.state_dict()), path)  # type: ignore[operator]
    loaded = brought_network("syncnet", {"syncnet": path}, Small)
    assert isinstance(loaded, Small)
    assert not loaded.training
    for name, tensor in original.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor, rtol=0, atol=0)


def test_weights_inside_a_checkpoint_and_in_safetensors(tmp_path: Path) -> None:
    state = Small().state_dict()
    checkpoint, plain = tmp_path / "emotion_fan_mead.pth.tar", tmp_path / "syncnet_v2.safetensors"
    torch.save({"epoch": 3, "state_dict": {f"module.{name}": state[name] for name in state}}, checkpoint)
    save_file(state, plain)
    assert load_state(SLOTS["emotion-fan"], checkpoint, SHAPES).keys() == SHAPES.keys()
    assert load_state(SYNCNET, plain, SHAPES).keys() == SHAPES.keys()


def test_counters_of_batches_may_be_missing(tmp_path: Path) -> None:
    state = Small().state_dict()
    del state["1.num_batches_tracked"]
    torch.save(state, tmp_path / "syncnet_v2.model")
    assert isinstance(brought_network("syncnet", {"syncnet": tmp_path / "syncnet_v2.model"}, Small), Small)


def test_one_sentence_names_what_is_missing_unexpected_or_of_another_shape(tmp_path: Path) -> None:
    state = dict(Small().state_dict())
    state["0.weight"] = torch.zeros(4, 7)
    del state["0.bias"]
    state |= {f"extra{index}": torch.zeros(1) for index in range(5)}
    path = tmp_path / "w.model"
    torch.save(state, path)
    with pytest.raises(InputError) as refused:
        load_state(SYNCNET, path, SHAPES)
    assert str(refused.value) == (
        f"{path} does not hold the weights of SyncNet: it lacks 0.bias, has unexpected extra0, extra1, extra2 and 2 "
        "more, has other shapes at 0.weight (4, 7) instead of (4, 3); bring those of joonson/syncnet_python."
    )


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    bare, by_torch = tmp_path / "bare.model", tmp_path / "torch.model"
    bare.write_bytes(pickle.dumps(Harmful(mark)))
    torch.save({"0.weight": Harmful(mark)}, by_torch)
    for path in (bare, by_torch):
        with pytest.raises(InputError, match="not run"):
            load_state(SYNCNET, path, SHAPES)
    assert not mark.exists()
    pickle.loads(bare.read_bytes())
    assert mark.exists(), "the pickle does nothing, so this test shows nothing"


def test_a_program_in_torchscript_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("program/constants.pkl", b"\x80\x02).")
        archive.writestr("program/code/__torch__.py", "def forward(self): ...")
        archive.writestr("program/data.pkl", b"\x80\x02}.")
        archive.writestr("program/version", "3\n")
    path = tmp_path / "program.pt"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError):
        load_state(SYNCNET, path, SHAPES)


@pytest.mark.parametrize("suffix", [".model", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x80\x02", b"PK\x03\x04", b"\x00" * 64, b"\xff" * 64])
def test_what_is_no_weights_is_refused_in_one_sentence(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"syncnet_v2{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as weights of SyncNet") as refused:
        load_state(SYNCNET, path, SHAPES)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [torch.zeros(3), [torch.zeros(3)], {"0.weight": 3}, {5: torch.zeros(3)}, {"a": {}}])
def test_what_is_no_table_of_tensors_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "w.model"
    torch.save(content, path)
    with pytest.raises(InputError, match="something else than named, dense tensors"):
        load_state(SYNCNET, path, SHAPES)


@pytest.mark.filterwarnings("ignore")  # torch deprecates some of these kinds
@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty((4, 3), device="meta"),
        lambda: torch.zeros(4, 3).to_sparse(),
        lambda: torch.eye(4)[:, :3].to_sparse_csr(),
        lambda: torch.quantize_per_tensor(torch.zeros(4, 3), 0.1, 0, torch.qint8),
        lambda: torch.nested.nested_tensor([torch.zeros(3), torch.zeros(2)]),
    ],
)
def test_tensors_that_are_no_plain_tables_are_refused(tmp_path: Path, make: Callable[[], torch.Tensor]) -> None:
    path = tmp_path / "w.model"
    torch.save({**Small().state_dict(), "0.weight": make()}, path)
    with pytest.raises(InputError, match="something else than named, dense tensors"):
        load_state(SYNCNET, path, SHAPES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("0.weight", torch.full((4, 3), torch.nan)),
        ("0.weight", torch.tensor([[0.0, 0, torch.inf]] * 4)),
        ("0.weight", torch.zeros((4, 3), dtype=torch.int64)),
        ("0.weight", torch.zeros((4, 3), dtype=torch.complex64)),
        ("1.running_var", torch.tensor([1.0, 1, 1, -0.1])),
    ],
)
def test_numbers_that_no_network_can_hold_are_refused(tmp_path: Path, name: str, value: torch.Tensor) -> None:
    path = tmp_path / "w.model"
    torch.save({**Small().state_dict(), name: value}, path)
    with pytest.raises(InputError, match=rf"it has no usable numbers at {name};"):
        load_state(SYNCNET, path, SHAPES)


def test_a_small_file_that_unfolds_to_more_than_memory_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "w.model"
    torch.save({**Small().state_dict(), "0.weight": torch.zeros(1).expand(2**24, 2**24)}, path)
    with pytest.raises(InputError, match=r"other shapes at 0.weight \(16777216, 16777216\)"):
        load_state(SYNCNET, path, SHAPES)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_taken(tmp_path: Path, kind: torch.dtype) -> None:
    state = Small().state_dict()
    torch.save({**state, "0.weight": state["0.weight"].to(kind)}, tmp_path / "w.model")
    loaded = brought_network("syncnet", {"syncnet": tmp_path / "w.model"}, Small)
    assert isinstance(loaded, Small)
    torch.testing.assert_close(loaded.state_dict()["0.weight"], state["0.weight"], atol=0.01, rtol=0)


def test_a_released_file_is_told_from_another_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "pt_inception-2015-12-05-6726825d.pth"
    path.write_bytes(b"another")
    assert "Not the released file" in evaluators_of({"fid-inception": path})[0].note


def test_no_two_slots_want_the_same_file_or_metric() -> None:
    def together(slots: list[Slot]) -> list[str]:
        return [name for slot in slots for name in (*slot.files, *slot.metrics)]

    assert len(set(together(list(SLOTS.values())))) == len(together(list(SLOTS.values())))
    assert isinstance(why_missing("arcface"), NotMeasured)
