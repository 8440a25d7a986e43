"""compose, systemd, certificates and secrets are whole, and hold no secret of their own."""

import re
import shutil
import ssl
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub_server.settings import load_hub
from linli_settings import parse_duration
from tests.deploy.installed import DEPLOY, prepare

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ("hub.county", "10.0.0.5")
UNITS = ("edge-agent", "hub-server")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("private")
    prepare(folder, *HOSTS)
    return folder


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", service["image"]), name


def test_every_service_says_whether_it_is_well_and_starts_again(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name


def test_postgres_is_optional(compose: dict[str, Any]) -> None:
    optional = {name for name, one in compose["services"].items() if one.get("profiles")}
    assert optional == {"postgres"}
    for name, service in compose["services"].items():
        assert not set(service.get("depends_on", {})) & optional, name


def test_what_a_service_waits_for_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in compose["services"][other]


def test_secrets_come_from_files_and_have_no_default(
    compose: dict[str, Any], private: Path
) -> None:
    used = {name for one in compose["services"].values() for name in one.get("secrets", [])}
    assert used == set(compose["secrets"])
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"./private/secrets/{name}"}
        assert (private / "secrets" / name).stat().st_size > 32, name
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", key):
                assert key.endswith("_FILE"), key
                assert value.removeprefix("/run/secrets/") in service["secrets"], key


def test_every_mounted_file_is_in_the_repository_or_made_by_prepare(
    compose: dict[str, Any], private: Path
) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./private/"):
                assert (private / source.removeprefix("./private/")).exists(), source
            elif source.startswith("./") and source != "./grafana/dashboards":
                assert (DEPLOY / source).exists(), source
            elif not source.startswith("./"):
                assert source in compose["volumes"], source


def test_the_hubs_sample_configuration_is_valid_and_fits_compose(
    compose: dict[str, Any],
) -> None:
    file = DEPLOY / "hub" / "hub.yaml"
    settings = load_hub(file).settings
    service = compose["services"]["hub"]
    for secret in re.findall(r"/run/secrets/([\w.]+)", re.sub(r"(?m)^#.*$", "", file.read_text())):
        assert secret in service["secrets"]
    assert {settings.ingest.host, "influxdb"} <= set(compose["services"])
    probe = service["healthcheck"]["test"][-1]
    assert f'"http://127.0.0.1:{settings.http.port}/health/alive"' in probe, "what restarts it"
    acl = (DEPLOY / "mosquitto" / "acl").read_text("utf-8")
    assert set(re.findall(r"linli/v1/(\w+)/", acl)) == {settings.county}
    assert f"proxy_pass http://hub:{settings.http.port};" in (
        DEPLOY / "proxy" / "nginx.conf"
    ).read_text("utf-8")


def test_the_broker_keeps_the_hubs_session_as_long_as_the_hub_asks() -> None:
    conf = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text("utf-8")
    [kept] = re.findall(r"(?m)^persistent_client_expiration (\w+)$", conf)
    assert (
        parse_duration(kept) >= load_hub(DEPLOY / "hub" / "hub.yaml").settings.ingest.session_expiry
    )


def test_the_dockerfile_copies_what_exists() -> None:
    text = (DEPLOY / "hub" / "Dockerfile").read_text("utf-8")
    for source in re.findall(r"^COPY ([\w./]+) ", text, re.MULTILINE):
        assert (ROOT / source).exists(), source
    assert "--require-hashes" in text
    assert re.search(r"^USER linli$", text, re.MULTILINE)


def test_secrets_are_random_for_their_owner_only_and_stay(tmp_path: Path) -> None:
    prepare(tmp_path / "one", *HOSTS)
    first = {file.name: file.read_text() for file in (tmp_path / "one" / "secrets").iterdir()}
    prepare(tmp_path / "one", *HOSTS)
    prepare(tmp_path / "two", *HOSTS)
    for file in (tmp_path / "one" / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text() == first[file.name]
        assert file.read_text() != (tmp_path / "two" / "secrets" / file.name).read_text()
    accounts = (tmp_path / "one" / "accounts" / "passwd").read_text()
    assert re.fullmatch(r"hub:\$7\$\d+\$\S+\n", accounts)


def test_a_server_certificate_is_trusted_by_its_authority_under_its_names(private: Path) -> None:
    certs = private / "certs"
    for check in (["-verify_hostname", "hub.county"], ["-verify_ip", "10.0.0.5"]):
        command = ["openssl", "verify", "-x509_strict", "-CAfile", certs / "ca.pem", *check]
        done = subprocess.run([*command, certs / "server.pem"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    wrong = ["openssl", "verify", "-CAfile", certs / "ca.pem", "-verify_hostname", "elsewhere"]
    assert subprocess.run([*wrong, certs / "server.pem"], capture_output=True).returncode != 0
    context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    context.load_cert_chain(certs / "server.pem", certs / "server.key")
    assert stat.S_IMODE((certs / "ca.key").stat().st_mode) == 0o600


def test_a_client_certificate_names_its_device(tmp_path: Path) -> None:
    script = DEPLOY / "certs" / "make-ca.sh"
    subprocess.run([script, tmp_path, "--client", "pi-0001"], check=True, capture_output=True)
    shown = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "pi-0001.pem", "-noout", "-subject", "-purpose"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "CN = pi-0001" in shown
    assert "SSL client : Yes" in shown
    assert "SSL server : No" in shown
    for name in ("ca", "../x", ""):
        refused = subprocess.run([script, tmp_path, "--client", name], capture_output=True)
        assert refused.returncode == 2, name


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_hardened_and_starts_the_program(unit: str) -> None:
    text = (DEPLOY / "systemd" / f"{unit}.service").read_text("utf-8")
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "Restart=on-failure",
        "RestartPreventExitStatus=2",
    ):
        assert f"\n{line}\n" in text, line
    assert re.search(rf"^ExecStart=/opt/linli/bin/{unit} run --config /etc/linli/", text, re.M)
    assert re.search(r"^StateDirectory=linli", text, re.M)
    [state] = re.findall(r"^StateDirectory=(.+)$", text, re.M)
    for folder in re.findall(r"^Environment=LINLI_CACHE=(\S+)$", text, re.M):
        assert folder.startswith(f"/var/lib/{state}/")  # elsewhere it may not write
    # the agent feeds systemd's watchdog; the hub does not, so it must not be asked to
    assert ("WatchdogSec=" in text) == ("Type=notify" in text) == (unit == "edge-agent")


ANALYZE = shutil.which("systemd-analyze")
if ANALYZE:  # elsewhere the test above must do

    @pytest.mark.parametrize("unit", UNITS)
    def test_systemd_accepts_a_unit(unit: str, tmp_path: Path) -> None:
        text = (DEPLOY / "systemd" / f"{unit}.service").read_text("utf-8")
        copy = tmp_path / f"{unit}.service"
        copy.write_text(text.replace(f"/opt/linli/bin/{unit}", "/bin/true"))
        done = subprocess.run([ANALYZE, "verify", copy], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
