"""A real Apache Kafka for tests, in KRaft mode: one server, its jars fetched once by Maven.

The jars (about 43 MB) stay in a cache of the user, never in the repository. Where Java, Maven or
the jars are missing, the tests that need them are skipped by name (:func:`missing`).
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from functools import cache
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.mosquitto import free_port

VERSION = "4.1.1"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "linli" / "kafka"
_FETCH_LIMIT_S = 240
_START_LIMIT_S = 60.0
_POM = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>linli</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
    <version>{VERSION}</version>
  </dependency></dependencies>
</project>
"""


@cache
def missing() -> str:
    """Why this machine cannot run Kafka; empty when it can. Fetches the jars at the first call."""
    if shutil.which("java") is None:
        return "Kafka: no Java"
    jars = CACHE / VERSION
    if jars.is_dir():
        return ""
    if shutil.which("mvn") is None:
        return "Kafka: no Maven to fetch its jars"
    return _fetch(jars)


def _fetch(jars: Path) -> str:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        (Path(folder) / "pom.xml").write_text(_POM)
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        command.append(f"-DoutputDirectory={folder}/jars")
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_LIMIT_S
            )
        except subprocess.TimeoutExpired:
            return f"Kafka: its jars were not fetched within {_FETCH_LIMIT_S} s"
        if done.returncode:
            return f"Kafka: its jars could not be fetched: {(done.stdout + done.stderr)[-500:]}"
        try:
            (Path(folder) / "jars").rename(jars)
        except OSError:
            if not jars.is_dir():  # another test run was faster
                raise
    return ""


@cache
def shared() -> "Kafka":
    """One server for all tests of this run: starting it costs seconds."""
    folder = Path(tempfile.mkdtemp(prefix="linli-kafka-"))
    server = Kafka(folder / "server").start()

    def end() -> None:
        server.kill9()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server


class Kafka:
    """One server, broker and controller at once, in ``folder``; can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.port, controller = free_port(), free_port()
        self.servers = f"127.0.0.1:{self.port}"
        self.log = folder / "kafka.log"
        self._config = folder / "server.properties"
        self._config.write_text(_config(self.port, controller, folder / "data"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Kafka":
        """Start and wait until it answers.

        Raises:
            RuntimeError: it ended, or did not answer within a minute; with its log.
        """
        if not (self._folder / "data").exists():
            mark = ["-t", uuid.uuid4().hex[:22], "-c", str(self._config)]
            self._java("kafka.tools.StorageTool", "format", *mark).wait(_START_LIMIT_S)
        self._process = self._java("kafka.Kafka", str(self._config))
        limit = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < limit and self._process.poll() is None:
            if self._answers():
                return self
            time.sleep(0.1)
        self.kill9()
        raise RuntimeError(f"kafka did not start: {self.log.read_text()}")

    def new_topic(self, partitions: int) -> str:
        """The topics of a county, of one copy each; the name of that of messages."""
        name = f"t{uuid.uuid4().hex[:8]}"
        self.make_topic(name, partitions)
        self.make_topic(f"{name}.alerts", 1)
        return name

    def make_topic(self, name: str, partitions: int) -> None:
        """A topic of one copy."""
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1)
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_topics([topic])[name].result(20)
        limit = time.monotonic() + _START_LIMIT_S
        while name not in admin.list_topics(timeout=10).topics and time.monotonic() < limit:
            time.sleep(0.05)

    def kill9(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it; nothing happens if it does not run."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=30)

    def _java(self, *command: str) -> subprocess.Popen[bytes]:
        start = ["java", "-Xmx384m", "-cp", f"{CACHE / VERSION}/*"]
        with self.log.open("ab") as log:
            return subprocess.Popen([*start, *command], stdout=log, stderr=log)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def __enter__(self) -> "Kafka":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _config(port: int, controller: int, data: Path) -> str:
    return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""
