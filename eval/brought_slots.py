"""The table of evaluators that cannot ship and that a user may bring: names of files, what they are for, licences."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Slot:
    """One evaluator that a user may bring."""

    id: str
    """What metrics refer to."""
    name: str
    files: tuple[str, ...]
    """Names that are looked for, best first; the first is the project's own, or the one that a user gives it."""
    gives: str
    """What it is for, in words."""
    metrics: tuple[str, ...]
    """Names. Empty where there is none yet: the network can be loaded from Python only."""
    project: str
    """Owner and name of its repository."""
    licence: str
    note: str = ""
    sha256_begins: str = ""
    """How the hash of the released file begins, where its authors state that."""
    inside: tuple[str, ...] = ()
    """Entries of a checkpoint under which the tensors may lie."""
    prefixes: tuple[str, ...] = ("module.",)
    """What training wrappers put before names of tensors."""
    program: bool = False
    """Whether the file is a program, which is run only where a user said so."""


SLOTS: Final = MappingProxyType(
    {
        slot.id: slot
        for slot in (
            Slot(
                id="syncnet",
                name="SyncNet",
                files=("syncnet_v2.model", "syncnet_v2.safetensors"),
                gives="lip sync as papers print it",
                metrics=("lse_c", "lse_d", "lse_offset_frames"),
                project="joonson/syncnet_python",
                licence="MIT",
                note="Sensitive to codecs and crops: compare systems with each other, not with printed tables.",
            ),
            Slot(
                id="fid-inception",
                name="Inception v3 of FID",
                files=(
                    "pt_inception-2015-12-05-6726825d.pth",
                    "pt_inception-2015-12-05.pth",
                    "pt_inception-2015-12-05.safetensors",
                ),
                gives="FID of frames",
                metrics=("fid",),
                project="mseitzer/pytorch-fid",
                licence="Apache-2.0",
                note="Trained on ImageNet: it looks at pictures, not at faces.",
                sha256_begins="6726825d",
            ),
            Slot(
                id="emotion-fan",
                name="Emotion-FAN for MEAD",
                files=("emotion_fan_mead.pth", "emotion_fan_mead.pth.tar", "emotion_fan_mead.safetensors"),
                gives="Acc_emo of the EAT, EDTalk and PC-Talk tables",
                metrics=("acc_emo",),
                project="yuangan/evaluation_eat",
                licence="no licence stated",
                note="Trained on MEAD; classes in the order of evaluation_eat.",
                inside=("state_dict",),
            ),
            Slot(
                id="arcface",
                name="ArcFace (iResNet-50)",
                files=("arcface_r50.pth", "arcface_r50.safetensors"),
                gives="identity (CSIM)",
                metrics=("csim",),
                project="deepinsight/insightface",
                licence="weights for non-commercial research only",
                note="The backbone.pth of a model with 50 layers, renamed.",
            ),
            Slot(
                id="hsemotion",
                name="HSEmotion (EfficientNet-B0)",
                files=("enet_b0_8_best_afew.onnx", "enet_b0_8_best_vgaf.onnx", "enet_b0_8_va_mtl.onnx"),
                gives="a stronger judge of expressions, with contempt",
                metrics=("hsemotion_hit", "hsemotion_probability"),
                project="HSE-asavchenko/face-emotion-recognition",
                licence="Apache-2.0",
                note="An ONNX graph, run by onnxruntime. Trained on AffectNet, whose terms are non-commercial.",
            ),
            Slot(
                id="i3d",
                name="I3D of FVD",
                files=("i3d_torchscript.pt",),
                gives="FVD of clips",
                metrics=("fvd",),
                project="universome/fvd-comparison",
                licence="no licence stated",
                note="Trained on Kinetics-400: it looks at actions, not at faces. A program, run because you said so.",
                program=True,
            ),
            Slot(
                id="emonet",
                name="EmoNet",
                files=("emonet_8.pth", "emonet_8.safetensors"),
                gives="expression, valence and arousal of a face",
                metrics=(),
                project="face-analysis/emonet",
                licence="CC BY-NC-ND 4.0",
                note="Trained on AffectNet. The file for five expressions, emonet_5.pth, fits EmoNet(5).",
            ),
            Slot(
                id="emopia-san",
                name="SAN of EMOPIA",
                files=("emopia_san_midi_like.ckpt", "emopia_san_midi_like.safetensors"),
                gives="the quadrant of a piece of music",
                metrics=(),
                project="seungheondoh/EMOPIA_cls",
                licence="no licence stated",
                note="The best.ckpt of midi_like/ar_va, renamed. Trained on EMOPIA, which is CC BY-NC-SA 4.0.",
                inside=("state_dict",),
                prefixes=("model.",),
            ),
        )
    }
)
"""By id."""
