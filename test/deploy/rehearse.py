"""rehearse.py SLUICE [CONFINED]: whether the commands of compose/compose.yaml make a fleet that works.

Starts what compose.yaml starts, with its commands, its environment and its health checks, without containers: names and
ports become free ones of 127.0.0.1, and MongoDB is the one at SLUICE_TEST_MONGO_URL (scripts/services). Then runs jobs through
the proxy, stops one API, then the runners, then the other API. The proxy takes part where haproxy is installed.

With CONFINED (test/deploy/confined.cpp) and systemd-analyze, each program may call what its unit in compose/systemd/ allows.
SLUICE_REHEARSE_WITH="COMMAND ARGUMENT…" is put before each command of Sluice's: a chroot into the image's file system, say.
"""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

import yaml

HERE = pathlib.Path(__file__).resolve().parent
COMPOSE = HERE.parent.parent / "compose"
SECRET = secrets.token_hex(32)  # a password, or a key
A_HANG = 60  # seconds: nothing takes so long that is not stuck


def until(what, condition):
    end = time.monotonic() + A_HANG
    while not (value := condition()):
        if time.monotonic() > end:
            sys.exit(f"after {A_HANG} s not yet: {what}")
        time.sleep(0.02)
    return value


def free_port():
    """Outside the range that the kernel takes from for connections, so that it stays free until it is listened at."""
    while True:
        port = random.randint(15000, 30000)
        with contextlib.closing(socket.socket()) as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text).group(1))


class Process:
    def __init__(self, name, command, environment, folder):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)

    def words(self):
        return self.log.read_text(errors="replace")

    def alive(self):
        if self.process.poll() is not None:
            sys.exit(f"{self.name} ended with {self.process.returncode}: {self.words()}")
        return True

    def says(self, pattern):
        return until(f"{self.name} says {pattern}", lambda: self.alive() and re.search(pattern, self.words()))

    def succeeds(self, within):
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            sys.exit(f"{self.name} did not end within {within} s: {self.words()}")
        if code != 0:
            sys.exit(f"{self.name} ended with {code}: {self.words()}")

    def stop(self, within):
        self.alive()
        self.process.terminate()
        self.succeeds(within)


def call_set(name):
    """The system calls of one of systemd's sets (@…), with the sets in it."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", name], capture_output=True, text=True,
                           check=True).stdout.splitlines()[1:]
    words = [line.strip() for line in lines]
    return set().union(*(call_set(word) for word in words if word and not word.startswith("#")))


def allowed_calls(unit):
    """What the lines SystemCallFilter= of a unit leave: each adds, or with ~ takes away."""
    allowed = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", (COMPOSE / "systemd" / unit).read_text(), re.M):
        named = set().union(*(call_set(word) for word in line.lstrip("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


class Rehearsal:
    def __init__(self, sluice, confined, folder):
        self.services = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
        self.folder = folder
        self.sluice = shlex.split(os.environ.get("SLUICE_REHEARSE_WITH", "")) + [sluice]
        self.started = []
        self.confined = confined if shutil.which("systemd-analyze") else None
        if confined and not self.confined:
            print("systemd-analyze: not installed, the units' filters are skipped")
        self.redis_port = free_port()
        self.database = f"fleet_deploy_{uuid.uuid4().hex[:12]}"

    def filled_in(self, text):
        """What compose makes of ${NAME:?text}, and where the databases are here."""
        return re.sub(r"\$\{\w+:\?[^}]*\}", SECRET, text).replace("@redis:6379", f"@127.0.0.1:{self.redis_port}")

    def make_token(self):
        """A token as its user gets it; its entry goes where compose.yaml mounts the file of tokens."""
        made = subprocess.run([*self.sluice, "token", "--name", "rehearsal", "--role", "admin"], capture_output=True, text=True,
                              check=True).stdout
        (self.folder / "tokens").write_text(re.search(r"^entry +(.*)$", made, re.M).group(1) + "\n")
        return re.search(r"^token +(\S+)$", made, re.M).group(1)

    def environment(self, service):
        names = {key: self.filled_in(value) for key, value in self.services[service].get("environment", {}).items()}
        if "SLUICE_MONGO" in names:
            names["SLUICE_MONGO"] = urllib.parse.urlsplit(os.environ["SLUICE_TEST_MONGO_URL"])._replace(
                path=f"/{self.database}").geturl()
        return {**os.environ, **names}

    def start(self, name, command, environment):
        process = Process(name, command, environment, self.folder)
        self.started.append(process)
        return process

    def program(self, service, name=None):
        """One of ours, listening where it likes."""
        tokens = str(self.folder / "tokens")
        words = [re.sub(r"^/run/secrets/tokens$", lambda _: tokens, word) for word in self.services[service]["command"]]
        words = [re.sub(r"^(0\.0\.0\.0|127\.0\.0\.1):\d+$", "127.0.0.1:0", word) for word in words]
        return self.start(name or service, self.under_filter(words[0]) + self.sluice + words, self.environment(service))

    def under_filter(self, command):
        if not self.confined:
            return []
        calls = self.folder / f"{command}.calls"
        if not calls.exists():
            unit = "sluice-api.service" if command == "api" else "sluice-runner.service"
            calls.write_text("".join(f"{call}\n" for call in sorted(allowed_calls(unit))))
        return [self.confined, str(calls)]

    def healthy(self, service, port):
        _, *check = self.services[service]["healthcheck"]["test"]
        words = [str(COMPOSE / "healthy") if word == "healthy" else str(port) if word.isdigit() else word for word in check]
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=A_HANG).returncode == 0

    def redis(self):
        service = self.services["redis"]
        command = [self.filled_in(word) for word in service["command"]]
        command += ["--bind", "127.0.0.1", "--port", str(self.redis_port), "--dir", str(self.folder)]
        redis = self.start("redis", command, dict(os.environ))
        check = [*service["healthcheck"]["test"][1:-1], "-p", str(self.redis_port), service["healthcheck"]["test"][-1]]
        environment = self.environment("redis")
        until("redis answers its health check", lambda: redis.alive() and subprocess.run(
            check, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0)

    def migrate(self):
        self.program("migrate").succeeds(A_HANG)

    def listening(self, process, service):
        port = int(process.says(r"Listening on http://127\.0\.0\.1:(\d+)").group(1))
        until(f"{process.name} is healthy", lambda: self.healthy(service, port))
        return port

    def proxy(self, ports):
        """haproxy with compose's configuration; without it, the port of the second API, which is stopped last."""
        if not shutil.which("haproxy"):
            print("haproxy: not installed, its part is skipped")
            return ports[1], False
        port = free_port()
        text = (COMPOSE / "haproxy.cfg").read_text().replace("bind :8080", f"bind 127.0.0.1:{port}")
        for number, api in enumerate(ports, 1):
            text = text.replace(f" api-{number}:8080", f" 127.0.0.1:{api}")
        configuration = self.folder / "haproxy.cfg"
        configuration.write_text(text)
        proxy = self.start("proxy", ["haproxy", "-db", "-f", str(configuration)], dict(os.environ))
        until("the proxy lets requests in", lambda: proxy.alive() and answers(port))
        return port, True

    def end(self):
        for process in reversed(self.started):
            if process.process.poll() is None:
                process.process.kill()
                process.process.wait()


def ask(port, method, path, body=None, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=A_HANG)
    with contextlib.closing(connection):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers


def answers(port, path="/readyz"):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return ask(port, "GET", path)[0] == 200
    return False


def run_jobs(port, token, first, count):
    for number in range(first, first + count):
        status, text, _ = ask(port, "POST", "/actions/double/block", number, token)
        if (status, text) != (200, str(2 * number)):
            sys.exit(f"double({number}): {status} {text}")


def rehearse(stage):
    token = stage.make_token()
    stage.redis()
    stage.migrate()
    apis = [stage.program("api-1"), stage.program("api-2")]
    runners = [stage.program("runner", f"runner-{n + 1}") for n in range(stage.services["runner"]["deploy"]["replicas"])]
    ports = [stage.listening(api, api.name) for api in apis]
    for runner in runners:
        stage.listening(runner, "runner")
    port, proxied = stage.proxy(ports)

    code = base64.b64encode(b"function main(n) return 2 * n end").decode()
    status, text, _ = ask(port, "POST", "/actions", {"name": "double", "code": code})
    if status != 401:
        sys.exit(f"POST /actions without a token: {status} {text}")
    status, text, _ = ask(port, "POST", "/actions", {"name": "double", "code": code}, token)
    if status != 200:
        sys.exit(f"POST /actions: {status} {text}")
    run_jobs(port, token, 0, 20)

    grace = {name: seconds(service["stop_grace_period"]) for name, service in stage.services.items()
             if "stop_grace_period" in service}
    apis[0].stop(grace["api-1"])
    run_jobs(port, token, 20, 20)
    for runner in runners[:-1]:
        runner.stop(grace["runner"])
    run_jobs(port, token, 40, 20)
    runners[-1].stop(grace["runner"])
    apis[1].stop(grace["api-2"])
    if proxied:
        status, text, headers = ask(port, "GET", "/actions")
        if status != 503 or not headers.get("Retry-After") or json.loads(text)["code"] != "unavailable":
            sys.exit(f"the proxy without an API: {status} {text} {headers}")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    if not os.environ.get("SLUICE_TEST_MONGO_URL"):
        sys.exit("SLUICE_TEST_MONGO_URL is not set: source <(scripts/services env)")
    with tempfile.TemporaryDirectory(prefix="sluice-rehearsal-") as folder:
        stage = Rehearsal(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None, pathlib.Path(folder))
        try:
            rehearse(stage)
        finally:
            stage.end()
    print("rehearsed compose.yaml: jobs ran, and everything ended in its time")


if __name__ == "__main__":
    main()
