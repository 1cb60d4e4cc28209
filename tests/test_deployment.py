"""What is shipped for operators fits the server. No image is built here: that needs a registry."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sent_mcp import __version__
from sent_mcp.http_settings import HttpSettings
from sent_mcp.serving.http.incoming import MOST_BYTES
from sent_mcp.serving.http.listening import FINISH_SECONDS, LAST_SECONDS
from sent_mcp.setting_fields import variable_of
from sent_mcp.settings import Settings
from tests import deployed
from tests.http.sites import TOKENS, Running, started

FILES = list(deployed.TEXTS)
SETTINGS = {
    variable_of(model, field) for model in (Settings, HttpSettings) for field in model.model_fields
}
PLACEHOLDERS: dict[str, str] = deployed.manifest("Secret")["stringData"]
SECRETS = {
    "SENT_API_KEY": "sk_test_emulator",
    "SENT_MCP_SECRET": "the secret of all replicas, 32 bytes",
    "SENT_MCP_STATE": "memory:",
    **TOKENS,
}
_GATE = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}


def replica(home: Path, **variables: str) -> AbstractContextManager[Running]:
    """A server as the manifests start it, but on a free port and without a Redis."""
    flags = [flag for flag in deployed.arguments()["kubernetes.yaml"] if "--port" not in flag]
    return started(home, *flags[1:], **{**SECRETS, **variables})


@pytest.mark.parametrize("file", FILES)
def test_the_server_is_started_over_http_for_other_machines(file: str) -> None:
    """With flags that exist."""
    flags = deployed.flags_in(file)
    assert (flags.transport, flags.demo) == ("http", False)
    assert (flags.http["host"], flags.http["port"]) == ("0.0.0.0", "8000")


@pytest.mark.parametrize("file", FILES[1:])
def test_the_name_under_which_it_is_reached_is_allowed(file: str) -> None:
    assert deployed.flags_in(file).http["allowed_hosts"]


@pytest.mark.parametrize("file", FILES)
def test_every_variable_is_a_setting(file: str) -> None:
    named = set(re.findall(r"\bSENT_[A-Z_]+\b", deployed.TEXTS[file]))
    assert named
    assert named <= SETTINGS


def test_the_image_starts_the_command_itself_and_not_as_root() -> None:
    """No shell stands between it and a signal."""
    assert json.loads(deployed.instructions("ENTRYPOINT")[-1]) == ["sent-mcp"]
    assert deployed.instructions("STOPSIGNAL") == ["SIGTERM"]
    assert deployed.instructions("USER") == ["10001:10001"]
    assert deployed.instructions("EXPOSE") == ["8000"]


def test_the_image_is_made_of_what_is_let_in() -> None:
    """And installed with extras that exist."""
    kept = (deployed.ROOT / ".dockerignore").read_text(encoding="utf-8")
    copied = [line.split()[:-1] for line in deployed.instructions("COPY")]
    named = {name for line in copied for name in line if not name.startswith(("-", "/"))}
    assert named == set(re.findall(r"^!(.+)$", kept, re.MULTILINE))
    assert all((deployed.ROOT / name).exists() for name in named)
    project = tomllib.loads((deployed.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {project["readme"], *project["license-files"]} <= named
    for extras in re.findall(r"\[([a-z,]+)\]'", deployed.TEXTS["Dockerfile"]):
        assert set(extras.split(",")) <= set(project["optional-dependencies"])


def test_every_image_has_a_version() -> None:
    """Ours the one of this project."""
    for image in deployed.images():
        tag = image.rpartition("/")[2].partition(":")[2]
        assert re.match(r"\d+\.\d+", tag), image
        assert "sent-mcp" not in image or tag == __version__


def test_no_container_runs_as_root_or_can_write_to_its_image() -> None:
    for kind, name in (("Deployment", "sent-mcp"), ("StatefulSet", "sent-mcp-redis")):
        assert deployed.pod(kind, name)["securityContext"]["runAsNonRoot"] is True
        gate = deployed.container(kind, name)["securityContext"]
        assert gate == {**_GATE, "capabilities": {"drop": ["ALL"]}}
    user = deployed.pod()["securityContext"]
    assert f"{user['runAsUser']}:{user['runAsGroup']}" == deployed.instructions("USER")[0]
    replica = deployed.SERVICES["replica"]
    assert (replica["read_only"], replica["cap_drop"]) == (True, ["ALL"])


def test_calls_under_way_have_time_to_finish() -> None:
    """Also after the pause in which nothing new comes any more."""
    pause = deployed.container()["lifecycle"]["preStop"]["exec"]["command"]
    assert pause[0] == "sleep"
    needed = FINISH_SECONDS + LAST_SECONDS
    assert deployed.pod()["terminationGracePeriodSeconds"] > int(pause[1]) + needed
    assert int(deployed.SERVICES["replica"]["stop_grace_period"].rstrip("s")) > needed


def test_there_are_two_replicas_and_one_may_be_away() -> None:
    assert deployed.SERVICES["replica"]["deploy"]["replicas"] == 2
    assert deployed.manifest("Deployment")["spec"]["replicas"] == 2
    assert deployed.manifest("PodDisruptionBudget")["spec"]["minAvailable"] == 1


def test_the_shared_state_outlives_a_restart_and_drops_nothing() -> None:
    """And nobody but the replicas reaches it."""
    manifest = deployed.container("StatefulSet", "sent-mcp-redis")["args"]
    for command in (deployed.SERVICES["redis"]["command"], manifest):
        options = dict(zip(command[1::2], command[2::2], strict=True))
        assert options["--appendonly"] == "yes"
        assert options["--maxmemory-policy"] == "noeviction"
        assert options["--requirepass"]
    assert "ports" not in deployed.SERVICES["redis"]
    policy = deployed.manifest("NetworkPolicy", "sent-mcp-redis")["spec"]
    (rule,) = policy["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app": "sent-mcp"}}}]
    assert "egress" not in policy
    assert policy["policyTypes"] == ["Ingress", "Egress"]


def test_the_balancer_streams_and_sends_no_call_twice() -> None:
    """Its variables are not compose's, and what is too large is too large for both."""
    content: str = deployed.COMPOSE["configs"]["balancer"]["content"]
    lines = [line.strip() for line in content.splitlines() if not line.strip().startswith("#")]
    assert "proxy_buffering off;" in lines
    assert "proxy_next_upstream error timeout;" in lines
    assert f"client_max_body_size {MOST_BYTES // 2**20}m;" in lines
    assert re.findall(r"(?<!\$)\$(?!\$)", content) == []
    assert "server replica:8000 resolve max_fails=1 fail_timeout=5s;" in lines
    (port,) = (line.split()[1].rstrip(";") for line in lines if line.startswith("listen"))
    assert deployed.SERVICES["balancer"]["ports"] == [f"127.0.0.1:8000:{port}"]


def test_compose_does_not_start_without_the_secrets() -> None:
    """Each is asked for by its own name."""
    given = deployed.SERVICES["replica"]["environment"]
    for name in ("SENT_API_KEY", "SENT_MCP_HTTP_TOKENS", "SENT_MCP_SECRET"):
        assert given[name].startswith(f"${{{name}:?")
    assert "${REDIS_PASSWORD:?" in given["SENT_MCP_STATE"]


async def test_probes_ask_what_the_server_answers(tmp_path: Path) -> None:
    """Where it listens, and without a credential."""
    probed = deployed.container()
    (port,) = probed["ports"]
    assert (port["name"], port["containerPort"]) == ("http", 8000)
    (service,) = deployed.manifest("Service")["spec"]["ports"]
    assert service["targetPort"] == "http"
    with replica(tmp_path) as running:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = probed[probe]["httpGet"]
            assert asked["port"] == "http"
            assert (await running.get(asked["path"])).status == 200


def test_the_health_check_of_the_image_tells_a_server_from_none(tmp_path: Path) -> None:
    """Also where a proxy is set for everything."""
    program, *words = deployed.health_check()
    assert program == "python"

    def healthy(port: int) -> bool:
        command = [word.replace(":8000", f":{port}") for word in words]
        proxied = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:9"}
        done = subprocess.run(
            [sys.executable, *command], env=proxied, capture_output=True, timeout=30, check=False
        )
        return done.returncode == 0

    with replica(tmp_path) as running:
        assert healthy(running.port)
    assert not healthy(running.port)


def test_the_image_starts_only_with_credentials() -> None:
    """A forgotten setting does not let everybody in."""
    assert "set SENT_MCP_HTTP_TOKENS" in _refused(deployed.arguments()["Dockerfile"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SENT_MCP_HTTP_TOKENS", "entry 1 has no token but a placeholder"),
        ("SENT_MCP_SECRET", "is a placeholder; put in 32 characters or more"),
    ],
)
def test_a_forgotten_placeholder_ends_the_start(name: str, said: str) -> None:
    """In words that name it."""
    given = {**SECRETS, name: PLACEHOLDERS[name]}
    assert f"{name}: {said}" in _refused(deployed.arguments()["kubernetes.yaml"], **given)


async def test_a_forgotten_placeholder_for_the_key_is_named_by_each_call(tmp_path: Path) -> None:
    """The server itself starts: it can list its tools."""
    forgotten = PLACEHOLDERS["SENT_API_KEY"]
    token = TOKENS["SENT_MCP_HTTP_TOKENS"].split(",")[0].partition(":")[2]
    with replica(tmp_path, SENT_API_KEY=forgotten) as running:
        said = await running.bearer(token).refused("list_contacts")
    assert f"SENT_API_KEY holds the placeholder '{forgotten}'" in said


def _refused(arguments: Sequence[str], **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sent_mcp", *arguments],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr
