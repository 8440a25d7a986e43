"""A hub.yaml for commands that need no running hub, with the files it names."""

from pathlib import Path

SECRET = "s" * 40
HUB = """
county: "330899"
data_dir: data
ledger: {url: "sqlite:///data/ledger.sqlite"}
ingest: {type: mqtt, host: 10.0.0.2, port: 8883, protocol: "5", tls: true, ca: ca.pem}
http: {public_url: "https://hub.county"}
auth: {secret: file:auth.secret}
"""


def write_hub(folder: Path) -> Path:
    """Into ``folder``."""
    (folder / "ca.pem").write_text("the county's CA")
    (folder / "auth.secret").write_text(SECRET)
    (folder / "auth.secret").chmod(0o600)
    (folder / "hub.yaml").write_text(HUB)
    return folder / "hub.yaml"
