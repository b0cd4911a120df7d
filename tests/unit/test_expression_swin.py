"""The expression network, SAM and the training: shapes, inverses, gradients, resuming, mirroring, measuring."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

torch = pytest.importorskip("torch")
from torch import Generator, Tensor  # noqa: E402

from espressivo.conditioning.expression_swin.data import read_faces, standardised, varied  # noqa: E402
from espressivo.conditioning.expression_swin.measure import (  # noqa: E402
    calibration_error,
    figures_against_others,
    figures_of,
    fitted_temperature,
    main,
)
from espressivo.conditioning.expression_swin.network import (  # noqa: E402
    LABELS,
    Block,
    ExpressionSwin,
    SqueezeExcitation,
    SwinShape,
    WindowAttention,
    grid_of,
    relative_positions,
    shift_mask,
    windows_of,
)
from espressivo.conditioning.expression_swin.recogniser import (  # noqa: E402
    SwinExpressionJudge,
    grey,
    load_judge,
    logits_of,
)
from espressivo.conditioning.expression_swin.sam import sam_gradients  # noqa: E402
from espressivo.conditioning.expression_swin.train import Plan, Training, class_weights, export  # noqa: E402
from espressivo.conditioning.face_emotion.judges import JUDGED, ensemble  # noqa: E402
from espressivo.errors import InputError  # noqa: E402

SMALL = SwinShape(stem=4, channels=(8, 16), blocks=(2, 1), heads=(2, 2), squeeze=2)
BRIEF = Plan(plain_epochs=2, sam_epochs=1, batch=8)


def drawn_faces(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Discs whose height in the picture is the label."""
    dice = np.random.default_rng(seed)
    labels = np.arange(n) % len(LABELS)
    rows, columns = np.mgrid[:48, :48]
    discs = (rows - 6 * labels[:, None, None] - 5) ** 2 + (columns - 24) ** 2 < 40
    return np.clip(60 + 150 * discs + dice.normal(0, 5, (n, 48, 48)), 0, 255).astype(np.uint8), labels


@pytest.fixture(scope="module")
def faces_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file like FER2013's, of drawn faces: two mosaics of 6 x 6 tiles, the last ones empty."""
    pixels, labels = drawn_faces(70)
    whole = np.concatenate([pixels, np.zeros((2, 48, 48), np.uint8)]).reshape(2, 6, 6, 48, 48)
    blobs = []
    for tiles in whole.transpose(0, 1, 3, 2, 4).reshape(2, 288, 288):
        blobs.append(io.BytesIO())
        Image.fromarray(tiles).save(blobs[-1], "JPEG", quality=95)
    parts = [np.frombuffer(blob.getvalue(), np.uint8) for blob in blobs]
    path = tmp_path_factory.mktemp("faces") / "faces.npz"
    np.savez(
        path,
        blob=np.concatenate(parts),
        offsets=np.cumsum([0, *map(len, parts)]),
        tiles=6,
        y=labels,
        fold=np.arange(70) // 7,
        classes=LABELS,
    )
    return path


@pytest.fixture(scope="module")
def folder(faces_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the training writes, after an epoch."""
    training = Training(SMALL, BRIEF, read_faces(faces_file))
    training.run_epoch()
    out = tmp_path_factory.mktemp("weights")
    export(training, SMALL, out)
    return out


class TestNetwork:
    def test_seven_logits_a_face_and_few_weights(self) -> None:
        network = ExpressionSwin(SwinShape()).eval()
        assert network(torch.zeros(3, 1, 48, 48)).shape == (3, 7)
        assert sum(parameter.numel() for parameter in network.parameters()) < 1_500_000

    @given(st.sampled_from([(12, 6), (12, 4), (6, 6), (24, 6)]), st.integers(1, 3))
    @settings(max_examples=20, deadline=None)
    def test_windows_put_together_again_are_the_grid(self, sizes: tuple[int, int], n: int) -> None:
        side, window = sizes
        grid = torch.randn(n, side, side, 5)
        cut = windows_of(grid, window)
        assert cut.shape == (n, (side // window) ** 2, window**2, 5)
        assert torch.equal(cut[0, 0].reshape(window, window, 5), grid[0, :window, :window])
        assert torch.equal(grid_of(cut, window, side), grid)

    def test_relative_positions_depend_on_the_offset_alone(self) -> None:
        places = relative_positions(4)
        assert sorted(set(places.flatten().tolist())) == list(range(49))
        assert places[0, 5] == places[5, 10] == places[10, 15]
        assert places[0, 5] != places[5, 0]

    def test_shifted_windows_join_neighbours_and_part_what_the_roll_joined(self) -> None:
        mask = shift_mask(12, 6, 3)
        first, last = mask[0], mask[-1]
        assert (first == 0).all()
        # The last window holds four corners of the picture: each token meets a quarter of it.
        assert ((last == 0).sum(dim=1) == 9).all()
        assert torch.equal(mask, mask.transpose(1, 2))
        assert (shift_mask(6, 6, 0) == 0).all()

    def test_what_happens_in_one_corner_stays_there_without_shift_and_crosses_windows_with_it(self) -> None:
        torch.manual_seed(0)
        grid = torch.randn(1, 12, 12, 8)
        changed = grid.clone()
        # One channel: adding the same to all of them is what the block's normalisation takes out.
        changed[0, 4, 4, 0] += 1.0
        for shifted, crosses in ((False, False), (True, True)):
            block = Block(SMALL, 8, 2, 12, shifted=shifted, drop=0.0).eval()
            torch.nn.init.zeros_(block.place.weight)
            moved = (block(changed) - block(grid)).abs().sum(dim=-1)[0] > 1e-7
            assert moved[:6, :6].any()
            assert bool(moved[6:8, 6:8].any()) == crosses
            # Rolled round the edge, (4, 4) must not meet the far corner.
            assert not moved[9:, 9:].any()

    def test_attention_without_weights_is_the_mean_of_the_window_and_its_bias_tilts_it(self) -> None:
        attention = WindowAttention(4, 2, 3)
        with torch.no_grad():
            attention.qkv.weight.zero_()
            attention.qkv.weight[8:] = torch.eye(4)
            attention.qkv.bias.zero_()
            attention.out.weight.copy_(torch.eye(4))
            attention.out.bias.zero_()
            attention.relative_bias.zero_()
            tokens = torch.randn(1, 1, 9, 4)
            assert torch.allclose(
                attention(tokens, torch.zeros(1, 9, 9)), tokens.mean(dim=2, keepdim=True).expand(-1, -1, 9, -1)
            )
            attention.relative_bias[:, relative_positions(3)[4, 4]] = 50.0
            assert torch.allclose(attention(tokens, torch.zeros(1, 9, 9)), tokens)

    def test_the_gate_of_a_channel_is_one_for_the_whole_face(self) -> None:
        tokens = torch.rand(2, 6, 6, 8) + 0.5
        gates = SqueezeExcitation(8, 2)(tokens) / tokens
        assert torch.allclose(gates, gates[:, :1, :1].expand_as(gates))
        assert ((gates > 0) & (gates < 1)).all()
        assert not torch.allclose(gates[0], gates[1])

    def test_every_weight_learns(self) -> None:
        network = ExpressionSwin(SwinShape(drop_path=0.0))
        network(torch.randn(4, 1, 48, 48)).pow(2).sum().backward()
        still = [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()]
        assert still == []

    def test_branches_are_left_out_while_training_only_and_keep_their_mean(self) -> None:
        torch.manual_seed(0)
        block = Block(SMALL, 8, 2, 12, shifted=False, drop=0.5)
        branch = torch.ones(4000, 1, 1, 1)
        kept = block._path(branch)
        assert set(kept.unique().tolist()) == {0.0, 2.0}
        assert kept.mean().item() == pytest.approx(1.0, abs=0.1)
        assert torch.equal(block.eval()._path(branch), branch)


class Valley(torch.nn.Module):
    """A quadratic: half the sum of curvature times place squared."""

    def __init__(self) -> None:
        super().__init__()
        self.place = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
        self.curvature = torch.tensor([1.0, 10.0])

    def forward(self) -> Tensor:
        return 0.5 * (self.curvature * self.place**2).sum()


class TestSam:
    def test_climbs_rho_along_the_gradient_and_leaves_the_gradient_of_that_place(self) -> None:
        valley = Valley()
        visited = []

        def loss_of() -> Tensor:
            visited.append(valley.place.detach().clone())
            return valley()

        loss = sam_gradients(valley, loss_of, rho=0.5)
        slope = valley.curvature * torch.tensor([3.0, 4.0])
        top = torch.tensor([3.0, 4.0]) + 0.5 * slope / slope.norm()
        assert loss.item() == pytest.approx(0.5 * (9 + 160))
        assert torch.allclose(visited[1], top)
        assert torch.equal(valley.place.detach(), torch.tensor([3.0, 4.0]))
        assert valley.place.grad is not None
        assert torch.allclose(valley.place.grad, valley.curvature * top)

    def test_steps_go_down(self) -> None:
        valley = Valley()
        optimiser = torch.optim.SGD(valley.parameters(), lr=0.05)
        losses = []
        for _ in range(20):
            losses.append(sam_gradients(valley, valley, rho=0.05).item())
            optimiser.step()
        assert losses == sorted(losses, reverse=True)
        assert losses[-1] < 0.1 * losses[0]

    def test_the_second_pass_leaves_running_statistics_and_sees_the_same_dice(self) -> None:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.BatchNorm2d(2), torch.nn.Dropout(0.5))
        dice, picture = [], torch.randn(4, 2, 3, 3) + 5.0

        def loss_of() -> Tensor:
            dice.append(torch.rand(1, generator=None).item())
            return model(picture).pow(2).sum()

        sam_gradients(model, loss_of, rho=0.05)
        assert dice[0] == dice[1]
        assert torch.allclose(model[0].running_mean, 0.1 * picture.mean(dim=(0, 2, 3)))
        assert model[0].momentum == 0.1


class TestData:
    def test_reads_faces_labels_and_folds(self, faces_file: Path) -> None:
        faces = read_faces(faces_file)
        pixels, labels = drawn_faces(70)
        assert faces.pixels.shape == (70, 48, 48)
        assert np.abs(faces.pixels.astype(int) - pixels).mean() < 5
        assert (faces.labels == labels).all()
        rest = faces.without(0, 1)
        assert set(rest.folds) == set(range(2, 10))
        assert len(faces.of(0).labels) + len(faces.of(1).labels) + len(rest.labels) == 70

    def test_says_what_a_file_lacks(self, tmp_path: Path, faces_file: Path) -> None:
        np.savez(tmp_path / "a.npz", y=np.zeros(3))
        (tmp_path / "b.npz").write_bytes(b"not a set")
        np.savez(tmp_path / "c.npz", **{**np.load(faces_file), "classes": ["a", "b"]})
        for name in ("a.npz", "b.npz", "none.npz", "c.npz"):
            with pytest.raises(InputError, match=name):
                read_faces(tmp_path / name)

    def test_variation_is_drawn_from_the_generator_and_keeps_the_face(self) -> None:
        faces = standardised(drawn_faces(64)[0])
        once, again = (varied(faces, Generator().manual_seed(1)) for _ in range(2))
        other = varied(faces, Generator().manual_seed(2))
        assert torch.equal(once, again)
        assert not torch.equal(once, other)
        likeness = torch.corrcoef(torch.cat([once.flatten(1), faces.flatten(1)]))[:64, 64:].diag()
        assert likeness.median() > 0.5

    def test_half_of_the_faces_are_mirrored(self) -> None:
        ramp = torch.linspace(-1, 1, 48).expand(400, 1, 48, 48)
        rising = varied(ramp, Generator().manual_seed(0)).mean(dim=(1, 2)).diff(dim=1).mean(dim=1) > 0
        assert 0.4 < rising.float().mean() < 0.6


class TestTraining:
    def test_learns_a_few_faces_by_heart(self) -> None:
        torch.manual_seed(0)
        pixels, labels = drawn_faces(14)
        faces, truth = standardised(pixels), torch.from_numpy(labels)
        network = ExpressionSwin(SMALL)
        optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
        for _ in range(80):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(network(faces), truth).backward()
            optimiser.step()
        assert (logits_of(network, faces).argmax(dim=1) == truth).all()

    def test_interrupted_training_gives_the_same_weights(self, faces_file: Path, tmp_path: Path) -> None:
        faces = read_faces(faces_file)
        whole, first, second = (Training(SMALL, BRIEF, faces) for _ in range(3))
        for _ in range(3):
            whole.run_epoch()
        first.run_epoch()
        first.save(tmp_path / "checkpoint.pt")
        second.restore(tmp_path / "checkpoint.pt")
        second.run_epoch()
        second.run_epoch()
        for one, other in ((whole.network, second.network), (whole.average, second.average)):
            for name, value in one.state_dict().items():
                assert torch.equal(value, other.state_dict()[name]), name

    def test_the_seed_decides(self, faces_file: Path) -> None:
        faces = read_faces(faces_file)
        losses = [Training(SMALL, Plan(batch=8, seed=seed), faces).run_epoch() for seed in (0, 0, 1)]
        assert losses[0] == losses[1] != losses[2]

    def test_each_epoch_shows_the_faces_otherwise(self, faces_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        shown = []

        def seen(faces: Tensor, dice: Generator) -> Tensor:
            shown.append(varied(faces, dice))
            return shown[-1]

        monkeypatch.setattr("espressivo.conditioning.expression_swin.train.varied", seen)
        training = Training(SMALL, BRIEF, read_faces(faces_file))
        training.run_epoch()
        training.run_epoch()
        assert not torch.equal(shown[0], shown[len(shown) // 2])

    def test_sam_begins_after_the_plain_epochs(self, faces_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        climbs = []

        def counted(*arguments: object) -> Tensor:
            climbs.append(training.epoch)
            return sam_gradients(*arguments)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr("espressivo.conditioning.expression_swin.train.sam_gradients", counted)
        training = Training(SMALL, BRIEF, read_faces(faces_file))
        for _ in range(3):
            training.run_epoch()
        assert climbs == [2] * 8

    def test_the_rate_warms_up_stays_and_falls_to_nothing(self) -> None:
        plan = Plan(plain_epochs=4, sam_epochs=2, rate=1.0)
        assert [plan.rate_at(epoch) for epoch in (0.5, 1, 3.9, 4, 5, 6)] == pytest.approx([0.5, 1, 1, 1, 0.5, 0])

    def test_rare_classes_count_more_and_the_mean_face_counts_one(self) -> None:
        labels = torch.tensor([0] * 81 + [1] * 1 + [2] * 16)
        weights = class_weights(labels)
        assert weights[1] / weights[0] == pytest.approx(3.0)
        assert weights[labels].mean() == pytest.approx(1.0)
        assert (weights[3:] == 0).all()


class TestRecogniser:
    def test_says_probabilities_of_the_packages_categories(self, folder: Path) -> None:
        judge = load_judge(folder)
        crops = [np.full((30 + n, 50, 3), 40 * n, np.uint8) for n in range(4)]
        opinion = judge.probabilities(crops)
        assert judge.labels == JUDGED
        assert opinion.shape == (4, 7)
        assert np.allclose(opinion.sum(axis=1), 1)
        assert judge.probabilities([]).shape == (0, 7)
        assert np.allclose(judge.probabilities(crops[2:3]), opinion[2:3], atol=1e-5)

    def test_each_probability_stands_under_its_category(self, folder: Path) -> None:
        judge = load_judge(folder)
        with torch.no_grad():
            judge.network.head.weight.zero_()
            for place, category in enumerate(LABELS):
                judge.network.head.bias.copy_(50.0 * torch.eye(len(LABELS))[place])
                named = judge.labels[judge.probabilities([np.zeros((48, 48, 3), np.uint8)])[0].argmax()]
                assert {"happy": "happiness", "sad": "sadness", "angry": "anger"}.get(category, category) == named

    def test_joins_the_packages_judges(self, folder: Path) -> None:
        judge = load_judge(folder)
        crop = [np.zeros((48, 48, 3), np.uint8)]
        assert np.allclose(ensemble([judge, judge]).probabilities(crop), judge.probabilities(crop))

    def test_a_mirrored_face_shows_the_same(self, folder: Path) -> None:
        judge = load_judge(folder)
        face = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
        assert np.allclose(*(judge.probabilities([crop])[0] for crop in (face, face[:, ::-1].copy())), atol=1e-5)

    def test_a_higher_temperature_doubts_more_and_says_the_same(self, folder: Path) -> None:
        judge = load_judge(folder)
        face = [drawn_faces(1)[0][0][:, :, None].repeat(3, axis=2)]
        sure, unsure = (SwinExpressionJudge(judge.network, value).probabilities(face)[0] for value in (0.2, 5.0))
        assert sure.argmax() == unsure.argmax()
        assert sure.max() > unsure.max()

    def test_grey_weighs_colours_as_luma(self) -> None:
        crops = [np.full((10, 20, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 255, 0), (255, 255, 255))]
        assert grey(crops)[:, 20, 20].tolist() == pytest.approx([76, 150, 255], abs=1)

    def test_says_what_is_wrong_with_a_folder(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="does not hold"):
            load_judge(tmp_path)
        config = json.loads((folder / "config.json").read_text())
        for change in ({"temperature": 0}, {"shape": {"stem": 5}}, {"shape": {"stems": 5}}):
            (tmp_path / "config.json").write_text(json.dumps(config | change))
            (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
            with pytest.raises(InputError, match="does not hold"):
                load_judge(tmp_path)


class TestMeasure:
    def test_figures_of_known_answers(self) -> None:
        truth = np.array([0, 0, 3, 3])
        opinion = np.full((4, 7), 0.05)
        opinion[[0, 1, 2, 3], [0, 3, 3, 3]] = 0.7
        found = figures_of(opinion, truth)
        assert found["accuracy"] == 0.75
        assert found["recall"] == {"angry": 0.5, "happy": 1.0}
        assert found["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 2, abs=1e-4)
        assert found["calibration_error"] == pytest.approx(0.05)
        assert found["interval"][0] < 0.75 < found["interval"][1]

    def test_the_fitted_temperature_is_the_one_that_truth_was_drawn_with(self) -> None:
        dice = np.random.default_rng(0)
        honest = dice.normal(0, 2, (6000, 7))
        odds = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
        truth = np.array([dice.choice(7, p=row) for row in odds])
        assert fitted_temperature(3.0 * honest, truth) == pytest.approx(3.0, rel=0.06)
        assert calibration_error(odds, truth) < 0.03

    def test_gain_over_others_is_paired(self) -> None:
        truth = np.arange(70) % 7
        right, wrong = np.eye(7)[truth], np.eye(7)[(truth + 1) % 7]
        found = figures_against_others(right, {"right": right, "wrong": wrong}, truth)
        assert (found["right"]["gain"], found["right"]["gain_interval"]) == (0.0, (0.0, 0.0))
        assert found["wrong"]["gain"] == 1.0

    def test_all_are_measured_on_the_faces_that_none_of_the_folds_of_training_hold(
        self, faces_file: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "sys.argv", ["measure", str(faces_file), str(folder), "--out", str(tmp_path / "a.json"), "--others"]
        )
        main()
        found = json.loads((tmp_path / "a.json").read_text())
        assert list(found) == ["expression-swin", "expression-ensemble", "faceapi-expression", "mini-xception"]
        assert {figures["faces"] for figures in found.values()} == {7}
        assert load_judge(folder).temperature == found["expression-swin"]["temperature"] != 1.0
