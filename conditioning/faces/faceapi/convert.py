"""Takes the face-api networks over into `weights/`.

    python -m espressivo.conditioning.faces.faceapi.convert SOURCE_DIR OUT_DIR

SOURCE_DIR holds `<network>.safetensors` with the tensors of npm @vladmandic/face-api 1.7.15 under their official
names: 8-bit values with `<name>|scale` and `<name>|min`, or 32-bit floats. Nothing is changed but the order.
The temperature of the expression network is 1 until `python -m espressivo.eval.emotion.ceiling --fit` has fitted it.
"""

import json
from pathlib import Path

import tyro
from safetensors.numpy import load_file, save_file

SOURCE = "npm @vladmandic/face-api 1.7.15"
NETWORKS = {
    "faceapi-expression": "face_expression",
    "faceapi-landmarks": "face_landmark_68",
    "faceapi-landmarks-tiny": "face_landmark_68_tiny",
    "faceapi-identity": "face_recognition",
    "faceapi-detector": "tiny_face_detector",
}


def main(source_dir: tyro.conf.Positional[Path], out_dir: tyro.conf.Positional[Path]) -> None:
    """Write one folder with `model.safetensors` and `config.json` for each of the five networks.

    Args:
        source_dir: folder of `face_expression.safetensors` and its like.
        out_dir: folder that `faceapi-expression/` and its like are written to.
    """
    for ours, theirs in NETWORKS.items():
        tensors = load_file(source_dir / f"{theirs}.safetensors")
        folder = out_dir / ours
        folder.mkdir(parents=True, exist_ok=True)
        save_file(dict(sorted(tensors.items())), folder / "model.safetensors")
        values = sum(value.size for name, value in tensors.items() if "|" not in name)
        config: dict[str, str | float] = {"source": SOURCE, "network": theirs, "values": values}
        if ours == "faceapi-expression":
            config["temperature"] = 1.0
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
