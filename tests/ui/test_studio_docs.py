"""The examples of docs/studio.md run as they stand there."""

import re
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from espressivo.demo import SPEECH_FOLDER

TEXT = (Path(__file__).parents[2] / "docs" / "studio.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
ENDPOINTS = re.findall(r"`/([a-z_]+)`", TEXT)


@pytest.mark.filterwarnings("ignore:The transcript:UserWarning")
def test_examples(studio_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp")
    shutil.copy(SPEECH_FOLDER / "joy.wav", tmp_path / "line.wav")
    monkeypatch.chdir(tmp_path)
    assert len(EXAMPLES) == 3
    results: dict[str, object] = {}
    # In a thread of its own: the browser of other tests has an event loop in this one.
    with ThreadPoolExecutor(1) as apart:
        for example in EXAMPLES:
            code = compile(example.replace("http://127.0.0.1:7860/", studio_url), "docs/studio.md", "exec")
            apart.submit(exec, code, results).result()
    with zipfile.ZipFile(tmp_path / "take.zip") as whole:
        names = {Path(name).name for name in whole.namelist()}
    assert {"face.mp4", "face.glb", "speech.wav", "emotion.emotionml", "take.json"} <= names
    assert "<emotionml" in str(results["document"])
    assert "face.mp4" in str(results["answer"])


def test_every_endpoint_is_listed(studio_url: str) -> None:
    from gradio_client import Client

    offered = Client(studio_url, verbose=False).view_api(return_format="dict", print_info=False)
    assert isinstance(offered, dict)
    assert {name.strip("/") for name in offered["named_endpoints"]} == set(ENDPOINTS)
