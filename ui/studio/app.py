"""The application: tabs in their order, who may come in, and safe settings."""

import atexit
import importlib.util
import ipaddress
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from espressivo.errors import InputError, MissingDependencyError
from espressivo.ui.studio import strings
from espressivo.ui.studio.failures import tell_of_failures
from espressivo.ui.studio.files import Tickets
from espressivo.ui.studio.sessions import Sessions
from espressivo.ui.studio.studio import Studio
from espressivo.ui.studio.worker import Workers

if TYPE_CHECKING:
    import gradio as gr
    from starlette.middleware import Middleware

MAX_UPLOAD_MB = 512
_CLEAN_EVERY_S, _CACHED_FOR_S = 3600, 24 * 3600
_PORTS = 1 << 16
_OWN_NAMES = ("localhost", "127.0.0.1", "::1", "[::1]")
_HEAD = '<script type="module" src="studio/studio.js"></script>'


def build_app(sessions: Sessions, workers: Workers, helpers: Workers, tickets: Tickets, secret: str) -> "gr.Blocks":
    """Lay out the whole application.

    Args:
        sessions: whose takes are where.
        workers: who makes them.
        helpers: who does what takes seconds.
        tickets: how their files are reached.
        secret: what browsers' settings are encrypted with; the same for every start, so that they can be read again.
    """
    import gradio as gr

    from espressivo.ui.studio.compare import tab as compare
    from espressivo.ui.studio.evaluate import tab as evaluate
    from espressivo.ui.studio.library import tab as library
    from espressivo.ui.studio.music import tab as music
    from espressivo.ui.studio.perform import tab as perform

    tabs = (perform, compare, music, evaluate, library)
    with gr.Blocks(
        title=strings.TITLE,
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(_CLEAN_EVERY_S, _CACHED_FOR_S),
    ) as app:
        token = gr.BrowserState(None, storage_key="espressivo-token", secret=secret)
        settings = gr.BrowserState({}, storage_key="espressivo-settings", secret=secret)
        takes_changed = gr.State(0)
        gr.HTML(
            f'<header class="es-header"><h1>{strings.TITLE}</h1><p>{strings.TAGLINE}</p>'
            f'<button id="es-look" type="button" aria-label="{strings.LOOK}" title="{strings.LOOK}">◐</button></header>'
        )
        with gr.Tabs(elem_id="es-tabs") as bar:
            studio = Studio(app, sessions, workers, helpers, tickets, takes_changed, bar, settings)
            for tab in tabs:
                with gr.Tab(tab.TITLE, id=tab.TITLE.lower()):
                    tab.build(studio)

        # The first event of a page: it says whose page it is, and then lets the lists of takes fill.
        def claim(kept: str | None, request: gr.Request) -> str:
            return sessions.claim(kept, request)

        def leave(request: gr.Request) -> None:
            sessions.leave(request)

        app.load(claim, token, token, api_visibility="private", show_progress="hidden", queue=False).then(
            lambda count: count + 1, takes_changed, takes_changed, api_visibility="private", show_progress="hidden"
        )
        app.unload(leave)
    tell_of_failures(app)
    return app


def launch(
    folder: Path | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    logins: list[tuple[str, str]] | None = None,
    open_browser: bool = False,
    max_upload_mb: int = MAX_UPLOAD_MB,
    mcp: bool = False,
    block: bool = True,
) -> tuple["gr.Blocks", str]:
    """Start the studio; returns the application and its address, at once or (with `block`) when it is stopped.

    Args:
        folder: where takes are kept; by default the user's own data folder.
        host: the interface to listen on.
        port: the port; by default the first free one from 7860.
        logins: names and passwords, without which nobody may come in.
        open_browser: show the page in the user's browser.
        max_upload_mb: files over this size are refused while they arrive.
        mcp: offer every action as a tool of the Model Context Protocol as well.
        block: whether to wait until the user stops it.

    Raises:
        InputError: others could reach it (`host` is no loopback address) and there are no logins, or tools are wanted
            there, which know no logins; or the port or the folder cannot be used.
        MissingDependencyError: Gradio is not installed, or the extra that tools need.
    """
    if not logins and not _is_loopback(host):
        raise InputError(f"--host {host} lets others in; give their names and passwords with --logins FILE.")
    if port is not None and not 0 < port < _PORTS:
        raise InputError(f"There is no port {port}; give one from 1 to {_PORTS - 1}.")
    if mcp and (logins or not _is_loopback(host)):
        raise InputError("--mcp lets every program in that reaches the studio; use it without --logins and --host.")
    private = Path(tempfile.mkdtemp(prefix="espressivo-studio-"))
    atexit.register(shutil.rmtree, private, ignore_errors=True)
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(private / "files"),
        "HF_HUB_OFFLINE": "1",
    }
    if importlib.util.find_spec("gradio") is None:
        raise MissingDependencyError("The studio needs Gradio; install it with pip install 'espressivo[ui]'.")
    if mcp and importlib.util.find_spec("mcp") is None:
        raise MissingDependencyError("--mcp needs another package; install it with pip install 'espressivo[mcp]'.")
    from espressivo.ui.studio.pages import STATIC, studio_routes
    from espressivo.ui.studio.perform.jobs import prepare_drafts
    from espressivo.ui.studio.theme import studio_theme

    takes = folder or _data_folder()
    try:
        takes.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{takes} cannot hold takes ({error.strerror}); give a folder with --folder.") from None
    workers, helpers = Workers(), Workers(prepare=prepare_drafts)
    for each in (workers, helpers):
        atexit.register(each.close)
    tickets = Tickets()
    app = build_app(Sessions(takes, private / "passing"), workers, helpers, tickets, _secret(takes))
    try:
        _, address, _ = app.queue(default_concurrency_limit=4, max_size=64).launch(
            server_name=host,
            server_port=port,
            auth=logins,
            inbrowser=open_browser,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            show_error=False,
            allowed_paths=[],
            max_file_size=f"{max_upload_mb}mb",
            ssr_mode=False,
            mcp_server=mcp,
            _frontend=False,  # the pages are served all the same; it only would wait three seconds for one, or give up
            enable_monitoring=False,
            footer_links=["api", "settings"],
            theme=studio_theme(),
            css_paths=sorted(STATIC.glob("*.css")),
            head=_HEAD,
            app_kwargs={"routes": [*tickets.routes(), *studio_routes()], "middleware": _doors(host, logins)},
        )
    except OSError as error:
        workers.close()
        helpers.close()
        raise InputError(f"The studio cannot listen on {host}, port {port or '7860 to 7959'}: {error}.") from None
    if app.mcp_server_obj is not None:
        # Gradio would keep no sessions; with them, `Sessions` can tell one assistant from another.
        app.mcp_server_obj.manager.stateless = False
        app.mcp_server_obj.manager.session_idle_timeout = _CACHED_FOR_S
    if block:
        tools = f" Tools for programs are at {address}gradio_api/mcp/." if mcp else ""
        print(f"The studio is at {address} (stop it with Ctrl-C).{tools}")
        app.block_thread()
    return app, address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _doors(host: str, logins: list[tuple[str, str]] | None) -> "list[Middleware]":
    """Return what is asked before a request is heard.

    Without logins only this computer's own names are answered to: a page elsewhere could have its own name point here,
    and so use the studio from a visitor's browser.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    return [] if logins else [Middleware(TrustedHostMiddleware, allowed_hosts=[host, *_OWN_NAMES])]


def _data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "espressivo" / "studio"


def _secret(folder: Path) -> str:
    """Return the studio's own secret, made at the first start."""
    import secrets

    path = folder / ".secret"
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return path.read_text(encoding="utf-8")
