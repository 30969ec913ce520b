"""Chromium by its DevTools protocol over a pipe: no driver, no socket, no package.

Commands are JSON objects that end with a NUL, written to the browser's descriptor 3; answers and events come from its 4.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_S = 90.0
PIECE_BYTES = 65_536
HELD = {"Alt": 1, "Control": 2, "Shift": 8}
# A key's place on the keyboard, its number, and what it types.
KEYS = {
    "Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "Escape": ("Escape", 27, ""), "Space": ("Space", 32, " "), "/": ("Slash", 191, "/"),
    "ArrowDown": ("ArrowDown", 40, ""), "ArrowUp": ("ArrowUp", 38, ""), "End": ("End", 35, ""),
}
# The two ends of ours become the descriptors that the browser speaks over.
_SHIM = "import os,sys; r,w=os.dup(int(sys.argv[1])),os.dup(int(sys.argv[2])); os.dup2(r,3); os.dup2(w,4); os.set_inheritable(3,True); os.set_inheritable(4,True); os.execv(sys.argv[3],sys.argv[3:])"


def program() -> str | None:
    """Where Chromium is; none where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One window with one page. `clicks` counts the clicks that were made in it."""

    def __init__(self, path: str, profile: Path, *, width: int = 1440, height: int = 900) -> None:
        """Start it and open an empty page."""
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        arguments = [
            path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank",
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SHIM, str(theirs_in), str(theirs_out), *arguments], pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._left, self._number, self._session, self.clicks = b"", 0, "", 0
        self._events: list[dict[str, Any]] = []
        self.asked: list[str] = []  # every address it asked for
        self.errors: list[str] = []  # what its console said went wrong
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def sign_in(self, url: str, name: str, value: str) -> None:
        """Give the browser a session's cookie for the site of this address."""
        self._ask("Network.setCookie", name=name, value=value, url=url)

    def resize(self, width: int, height: int) -> None:
        """Be as large as another screen."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)

    def wear(self, theme: str) -> None:
        """Be a machine whose owner prefers `light` or `dark`."""
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def bring(self, source: str) -> None:
        """Run this script at the start of every page from now on."""
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=source)

    def open(self, url: str) -> None:
        """Go to an address as if it had been typed, which is no click, and wait until it is there."""
        self._events.clear()
        failed = self._ask("Page.navigate", url=url).get("errorText")
        assert failed is None, (url, failed)
        self._wait("Page.loadEventFired")

    def click(self, script: str) -> None:
        """Click with the mouse on the element this expression gives, and wait for the page it leads to. Counted."""
        place = self.read(
            f"(() => {{ const node = {script}; if (!node) return null; node.scrollIntoView({{block: 'center'}});"
            " const box = node.getClientRects()[0]; return box && [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        assert place, f"there is nothing to click on: {script}"
        self._events.clear()
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
        self.clicks += 1
        self._wait("Page.loadEventFired")

    def press(self, *names: str) -> None:
        """Press keys of the keyboard one after the other: `Enter`, `Shift+Tab`, `k`. No mouse, no click."""
        for name in names:
            *held, key = name.split("+") if len(name) > 1 else [name]
            mask = sum(HELD[one] for one in held)
            code, number, text = KEYS[key] if key in KEYS else (f"Key{key.upper()}", ord(key.upper()), "" if mask & ~HELD["Shift"] else key)
            what = {"key": key if key != "Space" else " ", "code": code, "windowsVirtualKeyCode": number, "modifiers": mask}
            self._ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **what)
            self._ask("Input.dispatchKeyEvent", type="keyUp", **what)

    def write(self, words: str) -> None:
        """Type words where the cursor is."""
        self._ask("Input.insertText", text=words)

    def until(self, script: str) -> Any:
        """What this expression gives as soon as it gives something; a page that changes under it is waited for. Fails after a while."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            with suppress(AssertionError):
                if found := self.read(script):
                    return found
            time.sleep(0.02)
        raise AssertionError(f"never so: {script}\n{self.read('location.href + document.body.innerText')}")

    def read(self, script: str) -> Any:
        """What this expression gives on the page, as JSON has it."""
        found = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def close(self) -> None:
        """End it."""
        with suppress(OSError, TimeoutError, EOFError):
            self._session = ""
            self._ask("Browser.close")
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        body = {"id": self._number, "method": method, "params": params} | ({"sessionId": self._session} if self._session else {})
        os.write(self._out, json.dumps(body).encode() + b"\0")
        deadline = time.monotonic() + WAIT_S
        while True:
            said = self._hear(deadline)
            if said.get("id") == self._number:
                assert "error" not in said, (method, said["error"])
                return dict(said["result"])

    def _wait(self, method: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while not any(event["method"] == method for event in self._events):
            self._hear(deadline)

    def _hear(self, deadline: float) -> dict[str, Any]:
        """The next message; an event is remembered, too."""
        while b"\0" not in self._left:
            if not select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self._in, PIECE_BYTES)
            if not piece:
                raise EOFError("the browser is gone")
            self._left += piece
        text, _, self._left = self._left.partition(b"\0")
        said: dict[str, Any] = json.loads(text)
        if "method" in said:
            self._events.append(said)
            self._heed(said["method"], said["params"])
        return said

    def _heed(self, method: str, params: dict[str, Any]) -> None:
        """Keep what was asked for and what went wrong."""
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"].get("exception", {}).get("description", params["exceptionDetails"]["text"])))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
