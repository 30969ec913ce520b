"""The recipes of `deploy/` read into one shape: what each process is started with."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
KUBERNETES = {
    path.name: [found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found]
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
}


@dataclass
class Process:
    """One process of ours: where it stands, its command lines, the variables it is given, and how it is asked."""

    recipe: str
    name: str
    commands: list[list[str]]
    variables: dict[str, str]
    asked: list[list[str]] = field(default_factory=list)
    probes: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.recipe}-{self.name}"

    def option(self, flag: str) -> str:
        """What follows the flag in any of its commands; empty when nothing does."""
        words = [word for command in self.commands for word in command]
        return words[words.index(flag) + 1] if flag in words else ""


def unwrapped(words: list[str]) -> list[list[str]]:
    """The command lines in an argument list: those of `sh -c` one by one."""
    if words[:2] == ["sh", "-c"]:
        return [shlex.split(part) for part in re.split(r"&&|\|(?!\|)", words[2])]
    return [words]


def compose() -> list[Process]:
    """Services of our own image."""
    found = []
    for name, service in COMPOSE["services"].items():
        if "build" not in service:
            continue
        test = service.get("healthcheck", {}).get("test", [])
        asked = unwrapped(["sh", "-c", test[1].replace("$$", "$")] if test[0] == "CMD-SHELL" else test[1:]) if test else []
        found.append(Process("compose", name, unwrapped(service["command"]), service["environment"], asked, raw=service))
    return found


def kubernetes() -> list[Process]:
    """Containers of every pod, with what the config map gives; a value from a secret is `secret`."""
    (settings,) = (found["data"] for found in KUBERNETES["settings.yaml"])
    found = []
    for thing in (thing for things in KUBERNETES.values() for thing in things):
        if (spec := pod(thing)) is None:
            continue
        for container in spec["containers"]:
            variables = dict(settings) if {"configMapRef": {"name": "bahi"}} in container["envFrom"] else {}
            variables |= {one["name"]: one.get("value", "secret") for one in container.get("env", [])}
            probes = {kind: container[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in container}
            asked = [line for probe in probes.values() if "exec" in probe for line in unwrapped(probe["exec"]["command"])]
            raw = {**spec, "container": container}
            found.append(Process("kubernetes", container["name"], unwrapped(container["command"]), variables, asked, probes, raw))
    return found


def pod(thing: dict[str, Any]) -> dict[str, Any] | None:
    """The pod in a workload; nothing for what has none."""
    spec = thing.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    found: dict[str, Any] | None = spec.get("template", {}).get("spec")
    return found


class Unit(configparser.RawConfigParser):
    """A systemd unit: keys keep their case, and one that is given several times keeps all its lines."""

    def __init__(self) -> None:
        super().__init__(strict=False, dict_type=_Lines, interpolation=None)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


class _Lines(dict[str, Any]):
    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list) and key in self and isinstance(self[key], list):
            value = [*self[key], *value]
        super().__setitem__(key, value)


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """Section, key, and every value given."""
    parser = Unit()
    parser.read(path, encoding="utf-8")
    return {
        section: {key: value.split("\n") for key, value in parser[section].items()} for section in parser.sections()
    }


def systemd() -> list[Process]:
    """Services, with the variables of the example files they read."""
    found = []
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        service = unit(path)["Service"]
        variables: dict[str, str] = {}
        for file in service["EnvironmentFile"]:
            variables |= assignments(DEPLOY / "systemd" / f"{Path(file).name}.example")
        commands = [shlex.split(line.replace("%%", "%")) for line in service["ExecStart"]]
        for command in commands:
            command[0] = command[0].removeprefix("/srv/bahi/.venv/bin/")
        found.append(Process("systemd", path.stem, commands, variables, raw=service))
    return found


def assignments(path: Path) -> dict[str, str]:
    """`NAME=value` lines of a file."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE))


def image() -> list[Process]:
    """What the image does when nothing else is said."""
    command = json.loads(re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[0])
    return [Process("image", "web", [command], {})]
