"""Runs the Autobahn TestSuite against bristle's client and against an endpoint, over ws and over wss.

    python3 framework/tests/autobahn/run.py            every case, in a release build; writes docs/CONFORMANCE.md's table
    python3 framework/tests/autobahn/run.py --fast     what runs before each change: a minute, nothing is written

It fails where a case is neither OK nor one of the three that the suite itself calls informational.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import report
import suite

# All sections but those that take minutes; of compression each kind of message and of parameters, up to 1 KiB.
FAST = [f"{section}.*" for section in (1, 2, 3, 4, 5, 6, 7, 10)]
FAST += [f"12.{kind}.{size}" for kind in range(1, 6) for size in range(1, 4)]
FAST += [f"13.{parameters}.{size}" for parameters in range(1, 8) for size in range(1, 4)]
FAST_CASES = 247 + 15 + 21
ALL_CASES = 517

# Seconds after which a run is stuck. The whole suite takes some minutes, the fast part seconds.
FAST_LIMIT = 600
LIMIT = 3600

# Seconds in which a program must listen, on a machine that is busy.
START_LIMIT = 60


class Failed(Exception):
    """A run did not come to its end."""


# Every process that was started, so that none outlives us.
STARTED = []


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with tempfile.TemporaryDirectory(prefix="bristle-autobahn-") as name:
        directory = pathlib.Path(name)
        wstest = suite.wstest(directory)
        programs = build(options.fast)
        certificates(directory)
        runs = [Run(role, scheme, directory, wstest, programs, options.fast) for role, scheme in report.COLUMNS]
        tables = dict(zip(report.COLUMNS, all_results(runs)))
        if options.reports:
            shutil.copytree(directory, options.reports, dirs_exist_ok=True)
    print(report.table(tables))
    wrong = report.wrong(tables, FAST_CASES if options.fast else ALL_CASES)
    print("\n".join(wrong) if wrong else "every case is OK, or informational by the suite's own account")
    if not options.fast:
        report.write(suite.ROOT / "docs" / "CONFORMANCE.md", tables)
    return 1 if wrong else 0


def all_results(runs):
    """All of them at the same time: most of a run is waiting, for a peer's next step or for nothing to come."""
    with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
        try:
            return list(pool.map(Run.results, runs))
        except BaseException:
            # The other runs come to their end, too, once what they wait for is gone.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in STARTED:
                process.terminate()
            raise


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="only the part that runs before each change")
    parser.add_argument("--reports", metavar="DIR", help="keep the suite's own reports, as web pages, in this directory")
    return parser.parse_args()


def build(fast):
    """The two examples that are tested; compression and 16 MiB messages want a release build."""
    examples = ["autobahn_client", "autobahn_endpoint"]
    command = ["cargo", "build", "--quiet", "--package", "bristle"] + [f"--example={name}" for name in examples]
    subprocess.run(command + ([] if fast else ["--release"]), cwd=suite.ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", suite.ROOT / "target"))
    profile = suite.ROOT / target / ("debug" if fast else "release") / "examples"
    return {name: profile / name for name in examples}


def certificates(directory):
    """A CA and a certificate of it for 127.0.0.1, as PEM files."""
    config = directory / "openssl.cnf"
    config.write_text(
        "[req]\ndistinguished_name = name\n[name]\n"
        "[ca]\nbasicConstraints = critical,CA:TRUE\n"
        "[server]\nbasicConstraints = critical,CA:FALSE\nsubjectAltName = IP:127.0.0.1\n"
    )
    openssl = ["openssl", "req", "-config", str(config), "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    for name, more in [("ca", []), ("server", ["-CA", "ca.pem", "-CAkey", "ca.key"])]:
        command = openssl + ["-subj", f"/CN={name}", "-extensions", name, "-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run(command + more, cwd=directory, check=True, stderr=subprocess.DEVNULL)


class Run:
    """The suite against one of our sides, over one scheme."""

    def __init__(self, role, scheme, directory, wstest, programs, fast):
        self.role, self.scheme, self.wstest, self.programs = role, scheme, wstest, programs
        self.files = directory
        self.directory = directory / f"{role}-{scheme}"
        self.directory.mkdir()
        self.limit = FAST_LIMIT if fast else LIMIT
        self.cases = {"cases": FAST if fast else ["*"], "exclude-cases": [], "exclude-agent-cases": {}}

    def results(self):
        """What the suite says of each case."""
        deadline = time.monotonic() + self.limit
        try:
            self.client(deadline) if self.role == "client" else self.endpoint(deadline)
        except subprocess.TimeoutExpired:
            raise Failed(f"the {self.role} over {self.scheme} was not done within {self.limit} s") from None
        index = self.directory / "index.json"
        if not index.is_file():
            raise Failed(f"there is no report about the {self.role} over {self.scheme}:\n{self.said()}")
        return json.loads(index.read_text())["bristle"]

    def client(self, deadline):
        port = free_port()
        url = f"{self.scheme}://127.0.0.1:{port}"
        spec = {"url": url, "outdir": str(self.directory), **self.cases}
        trusted = []
        if self.scheme == "wss":
            spec.update(key=str(self.files / "server.key"), cert=str(self.files / "server.pem"))
            trusted = [str(self.files / "ca.pem")]
        server = self.start("wstest", self.wstest + ["-m", "fuzzingserver", "-u", "0", "-s", self.spec(spec)])
        try:
            self.wait_for(server, port)
            client = self.start("client", [str(self.programs["autobahn_client"]), url, "bristle"] + trusted)
            self.finish(client, deadline)
        finally:
            stop(server)

    def endpoint(self, deadline):
        port = free_port()
        command = [str(self.programs["autobahn_endpoint"]), f"127.0.0.1:{port}"]
        if self.scheme == "wss":
            plain, port = port, free_port()
            tls = [f"127.0.0.1:{port}", str(self.files / "server.pem"), str(self.files / "server.key")]
            command = [command[0], f"127.0.0.1:{plain}"] + tls
        endpoint = self.start("endpoint", command)
        try:
            self.wait_for(endpoint, port)
            server = {"agent": "bristle", "url": f"{self.scheme}://127.0.0.1:{port}/"}
            spec = self.spec({"servers": [server], "outdir": str(self.directory), **self.cases})
            self.finish(self.start("wstest", self.wstest + ["-m", "fuzzingclient", "-s", spec]), deadline)
        finally:
            stop(endpoint)

    def spec(self, spec):
        path = self.directory / "spec.json"
        path.write_text(json.dumps(spec))
        return str(path)

    def start(self, name, command):
        with open(self.directory / f"{name}.log", "wb") as log:
            process = subprocess.Popen(command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        STARTED.append(process)
        return process

    def wait_for(self, process, port):
        """Until somebody listens at the port."""
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failed(f"nobody listens for the {self.role} over {self.scheme}:\n{self.said()}")

    def finish(self, process, deadline):
        try:
            status = process.wait(max(1, deadline - time.monotonic()))
        finally:
            stop(process)
        if status != 0:
            raise Failed(f"the {self.role} over {self.scheme} ended with {status}:\n{self.said()}")

    def said(self):
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in self.directory.glob("*.log"))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, suite.Missing) as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}: it must succeed first")
