"""B90 and section 7 of the design: what a recipe names is there, and the recipes agree with each other and with the code."""

from __future__ import annotations

import importlib.util
import re
from importlib import import_module
from typing import Any

import pytest
from celery import Celery
from django.core.management import get_commands
from django.urls import resolve

from config import env
from config.schedule import SCHEDULE
from tests.deploy import recipes
from tests.deploy.recipes import COMPOSE, DEPLOY, DOCKERFILE, KUBERNETES, ROOT, Process

RECIPES = {"compose": recipes.compose(), "kubernetes": recipes.kubernetes(), "systemd": recipes.systemd()}
OURS = [*recipes.image(), *(process for found in RECIPES.values() for process in found)]
SECRETS = {variable.name for variable in env.VARIABLES if variable.secret}
REQUIRED = {variable.name for variable in env.VARIABLES if variable.group == "Required"}
DECLARED = {variable.name for variable in env.VARIABLES}
SYSTEM = {"sleep", "find", "grep"}  # of every Debian


def exists(words: list[str]) -> None:
    """The command line leads to something of ours that is there."""
    program, *rest = words
    if program == "python" and rest[0] == "manage.py":
        assert rest[1] in get_commands(), words
    elif program == "python" and rest[0] == "-m":
        assert importlib.util.find_spec(rest[1]), words
    elif program == "python":
        compile(rest[1], "-c", "exec")
    elif program == "gunicorn":
        module, _, attribute = rest[0].partition(":")
        assert callable(getattr(import_module(module), attribute)), words
    elif program == "celery":
        assert rest[0] == "-A", words
        assert isinstance(import_module(rest[1]).app, Celery), words
        assert rest[2] in {"worker", "beat", "inspect"}, words
    else:
        assert program in SYSTEM, words


@pytest.mark.parametrize("process", OURS, ids=str)
def test_every_command_and_every_question_exists(process: Process) -> None:
    for words in [*process.commands, *process.asked]:
        exists(words)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_queue_has_a_worker_and_every_worker_a_queue(recipe: str) -> None:
    queues = {tick.queue for tick in SCHEDULE} | {"default"}
    consumed = [process.option("-Q").split(",") for process in RECIPES[recipe] if process.option("-Q")]
    assert {queue for some in consumed for queue in some} == queues
    assert ["slow"] in consumed, "exports keep nothing else waiting"
    assert sum("beat" in words for process in RECIPES[recipe] for words in process.commands) == 1


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_worker_is_asked_by_the_name_it_has(recipe: str) -> None:
    for process in RECIPES[recipe]:
        for words in process.asked:
            if words[0] == "celery":
                assert words[words.index("-d") + 1] == process.option("-n").replace("%h", "$(hostname)")


@pytest.mark.parametrize("process", OURS[1:], ids=str)
def test_every_variable_is_one_of_ours_and_the_required_ones_are_given(process: Process) -> None:
    given = set(process.variables)
    if process.recipe == "kubernetes":
        refs = process.raw["container"]["envFrom"]
        assert {"secretRef": {"name": "bahi"}} in refs
        given |= secret_keys()
    assert given <= DECLARED
    assert given >= REQUIRED | {"ALLOWED_HOSTS", "PUBLIC_URL", "EXPORTS_DIR", "SEAL_ORIGIN", "SEAL_FILE", "ERASURES_FILE"}


def secret_keys() -> set[str]:
    """The keys of the secret `bahi`, as the page tells an operator to make it."""
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    block = page.split("kubectl -n bahi create secret generic bahi ", 1)[1].split("```", 1)[0].split("kubectl", 1)[0]
    return set(re.findall(r"--from-literal=([A-Z_]+)=", block))


def test_no_secret_stands_in_a_recipe() -> None:
    for process in RECIPES["compose"]:
        for name in SECRETS & set(process.variables):
            assert re.fullmatch(r"\$\{[A-Z_]+(:\?|:-)\}", process.variables[name]), name
        assert re.search(r":\$\{[A-Z_]+:\?\}@", process.variables["DATABASE_URL"])
    (settings,) = (found["data"] for found in KUBERNETES["settings.yaml"])
    assert not (SECRETS | {"DATABASE_URL", "REDIS_URL"}) & set(settings)
    for path in (DEPLOY / "systemd").glob("*.example"):
        assert not any(recipes.assignments(path).get(name) for name in SECRETS), path.name


def test_the_example_of_compose_names_exactly_what_it_asks_for() -> None:
    text = (DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8")
    assert set(recipes.assignments(DEPLOY / "compose" / "env.example")) == set(re.findall(r"\$\{([A-Z_]+)", text)) - {"BAHI_RELEASE"}


@pytest.mark.parametrize("recipe", RECIPES)
def test_who_migrates_is_not_who_works(recipe: str) -> None:
    """Migrations first and as the owner; then the grants; nobody else has the owner's address."""
    movers = [process for process in RECIPES[recipe] if ["python", "manage.py", "migrate", "--noinput"] in process.commands]
    (mover,) = movers
    assert mover.commands[1] == ["python", "manage.py", "grants", "bahi_app"]
    others = {process.variables.get("DATABASE_URL") for process in RECIPES[recipe] if process is not mover}
    assert mover.variables["DATABASE_URL"] not in others
    for process in RECIPES[recipe]:
        if process is mover or recipe == "kubernetes":
            continue
        if recipe == "compose":
            assert process.raw["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        else:
            path = DEPLOY / "systemd" / f"{process.name}.service"
            assert recipes.unit(path)["Unit"]["Requires"] == ["bahi-migrate.service"]
            assert "bahi-migrate.service" in recipes.unit(path)["Unit"]["After"][0]


def test_every_port_agrees() -> None:
    bound = {process.option("--bind").rpartition(":")[2] for process in OURS if process.option("--bind")}
    assert bound == set(re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)) == {"8000"}
    web = COMPOSE["services"]["web"]
    assert [port.rpartition(":")[2] for port in web["ports"]] == ["8000"]
    assert re.findall(r"127\.0\.0\.1:(\d+)/", " ".join(web["healthcheck"]["test"])) == ["8000"]
    (process,) = [process for process in RECIPES["kubernetes"] if process.name == "web"]
    assert [port["containerPort"] for port in process.raw["container"]["ports"]] == [8000]
    assert {probe["httpGet"]["port"] for probe in process.probes.values()} == {8000}
    (service,) = [thing for thing in KUBERNETES["web.yaml"] if thing["kind"] == "Service"]
    assert [port["targetPort"] for port in service["spec"]["ports"]] == [8000]


def test_every_probe_has_an_answer() -> None:
    """Probes lead to our own views, under a host name the process answers to."""
    (web,) = [process for process in RECIPES["kubernetes"] if process.name == "web"]
    assert web.probes["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert web.probes["readinessProbe"]["httpGet"]["path"] == "/readyz"
    for probe in web.probes.values():
        assert resolve(probe["httpGet"]["path"]).func.__module__ == "config.probes"
        hosts = [header["value"] for header in probe["httpGet"]["httpHeaders"] if header["name"] == "Host"]
        assert hosts == [web.variables["ALLOWED_HOSTS"]]
    service = COMPOSE["services"]["web"]
    (path,) = re.findall(r"127\.0\.0\.1:8000(/\w+)", " ".join(service["healthcheck"]["test"]))
    assert resolve(path).func.__module__ == "config.probes"
    assert service["environment"]["ALLOWED_HOSTS"].endswith(",127.0.0.1")


def test_every_file_named_is_there() -> None:
    for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
            assert f"!{source}" in allowed, f"{source} is not sent to the builder"
    for process in RECIPES["compose"]:
        assert (DEPLOY / "compose" / process.raw["build"]["context"]).resolve() == ROOT
        assert (ROOT / process.raw["build"]["dockerfile"]).is_file()
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / "compose" / source).is_file(), f"{name}: {source}"
    for source in KUBERNETES["kustomization.yaml"][0]["resources"]:
        assert source in KUBERNETES
    for path in (DEPLOY / "systemd").glob("*.*"):
        for file in re.findall(r"^Documentation=file:/srv/bahi/(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert (ROOT / file).is_file()
    timer = recipes.unit(DEPLOY / "systemd" / "bahi-check.timer")
    assert (DEPLOY / "systemd" / timer["Timer"]["Unit"][0]).is_file()


def test_every_app_is_in_the_image() -> None:
    copied = {word for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]}
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "docs"}
    assert copied >= apps | {"manage.py", "requirements.lock", "templates"}


@pytest.mark.parametrize("process", RECIPES["kubernetes"], ids=str)
def test_pods_are_confined_and_bounded(process: Process) -> None:
    container, who = process.raw["container"], process.raw["securityContext"]
    assert who["runAsNonRoot"] is True
    assert f"USER {who['runAsUser']}:{who['runAsGroup']}" in DOCKERFILE
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    writable_in({mount["mountPath"] for mount in container["volumeMounts"]}, process.variables)
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in process.raw["volumes"]}


@pytest.mark.parametrize("process", RECIPES["compose"], ids=str)
def test_services_are_confined(process: Process) -> None:
    assert process.raw["read_only"] is True
    assert process.raw["cap_drop"] == ["ALL"]
    mounts = {volume.split(":")[1] for volume in process.raw["volumes"]}
    writable_in(mounts, process.variables)
    assert mounts <= set(re.findall(r"/(?:var/lib/bahi|srv/\w+)\b", DOCKERFILE)), "made in the image, with its owner"


@pytest.mark.parametrize("process", RECIPES["systemd"], ids=str)
def test_units_are_confined(process: Process) -> None:
    service = process.raw
    for key, value in (("ProtectSystem", "strict"), ("NoNewPrivileges", "yes"), ("PrivateTmp", "yes"), ("User", "bahi")):
        assert service[key] == [value]
    writable_in({"/var/lib/bahi", *service["ReadWritePaths"][0].split()}, process.variables)


def writable_in(places: set[str], variables: dict[str, Any]) -> None:
    """What is written lies where the process may write, and the records do not lie with the exports."""
    for name in ("EXPORTS_DIR", "SEAL_FILE", "ERASURES_FILE"):
        assert any(str(variables[name]).startswith(place) for place in places), name
    assert not str(variables["SEAL_FILE"]).startswith(str(variables["EXPORTS_DIR"]))
    assert variables.get("BAHI_VAR", re.findall(r"BAHI_VAR=(\S+)", DOCKERFILE)[0]) in places


def test_what_serves_survives_the_loss_of_one_node() -> None:
    budgets = {
        thing["spec"]["selector"]["matchLabels"]["app"]: thing["spec"]["minAvailable"]
        for things in KUBERNETES.values() for thing in things if thing["kind"] == "PodDisruptionBudget"
    }
    replicas = {
        thing["metadata"]["name"]: thing["spec"]["replicas"]
        for things in KUBERNETES.values() for thing in things if thing["kind"] == "Deployment"
    }
    assert budgets == {"bahi-web": 1, "bahi-worker": 1}
    assert all(replicas[name] > least for name, least in budgets.items()), "a budget that no drain can keep blocks every drain"


def test_who_is_told_to_stop_is_given_the_time_it_takes() -> None:
    """A worker has 25 seconds for what is in hand (`worker_soft_shutdown_timeout`), gunicorn the same."""
    from config.celery import app

    needed = float(app.conf.worker_soft_shutdown_timeout)
    for process in OURS:
        if process.option("--bind"):
            assert float(process.option("--graceful-timeout")) == needed
    for process in RECIPES["kubernetes"]:
        if process.name in {"web", "worker", "slow"}:
            assert process.raw["terminationGracePeriodSeconds"] > needed
    for process in RECIPES["compose"]:
        if process.name in {"web", "worker", "slow"}:
            assert float(process.raw["stop_grace_period"].removesuffix("s")) > needed


def test_the_job_that_migrates_runs_the_release_that_follows() -> None:
    (image,) = KUBERNETES["kustomization.yaml"][0]["images"]
    (mover,) = [process for process in RECIPES["kubernetes"] if process.name == "migrate"]
    assert mover.raw["container"]["image"] == f"{image['newName']}:{image['newTag']}"
