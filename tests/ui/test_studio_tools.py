"""Every action as a tool of the Model Context Protocol, for assistants that a client of it brings."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from espressivo.cli import main
from tests.ui.test_studio_docs import ENDPOINTS

pytest.importorskip("gradio")
pytest.importorskip("mcp")

if TYPE_CHECKING:
    from pathlib import Path

    from mcp import ClientSession


def _with_tools(studio_url: str, act: "Callable[[ClientSession], Awaitable[Any]]") -> Any:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def visit() -> Any:
        async with (
            streamable_http_client(f"{studio_url}gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as studio,
        ):
            await studio.initialize()
            return await act(studio)

    # In a thread of its own: the browser of other tests has an event loop in this one.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, visit()).result()


def test_every_action_is_a_tool_and_says_what_it_takes(studio_url: str) -> None:
    async def act(studio: "ClientSession") -> Any:
        return (await studio.list_tools()).tools

    tools = _with_tools(studio_url, act)
    assert {tool.name for tool in tools} == set(ENDPOINTS)
    for tool in tools:
        assert tool.description, tool.name
        for name, field in tool.inputSchema["properties"].items():
            assert field["description"].endswith("."), (tool.name, name, field)


def test_a_take_is_made_listed_and_refused_in_words(studio_url: str) -> None:
    async def act(studio: "ClientSession") -> Any:
        settings = {"size": 64, "fps": 10}
        other_words = "Nobody says anything like this in the line, and much of it there is."
        line = {"speech": "calm", "emotion": "fear:0.7", "transcript": other_words, "settings": settings}
        made = await studio.call_tool("perform", line)
        found = await studio.call_tool("list_takes", {"search": "fear"})
        refused = await studio.call_tool("perform", {"speech": {"path": "/etc/passwd"}})
        stopped = await studio.call_tool("stop", {})
        return made, found, refused, stopped

    made, found, refused, stopped = _with_tools(studio_url, act)
    assert not made.isError
    assert "face.mp4" in made.content[0].text
    assert "transcript does not fit" in made.content[0].text
    assert "'emotion': 'fear:0.7'" in found.content[0].text
    assert refused.isError
    assert "has to be uploaded" in refused.content[0].text
    assert "Stopped" in json.dumps([part.text for part in stopped.content])


def test_no_assistant_sees_what_another_made(studio_url: str) -> None:
    async def make(studio: "ClientSession") -> Any:
        line = {"speech": "calm", "emotion": "disgust:0.7", "settings": {"size": 64, "fps": 5}}
        assert not (await studio.call_tool("perform", line)).isError
        mine = await studio.call_tool("list_takes", {"search": "disgust"})
        return mine, _with_tools(studio_url, look)

    async def look(studio: "ClientSession") -> Any:
        return await studio.call_tool("list_takes", {"search": "disgust"})

    mine, others = _with_tools(studio_url, make)
    assert "disgust:0.7" in mine.content[0].text
    assert not others.isError
    assert "disgust" not in str(others.content)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_tools_are_for_this_computer(
    host: str, tmp_path: "Path", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They know no logins, so they are not offered where others could reach them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logins.txt").write_text("ada:a long password\n")
    assert main(["studio", "--mcp", "--folder", "takes", "--logins", "logins.txt", "--host", host]) == 2
    assert "--mcp lets every program in" in capsys.readouterr().err
