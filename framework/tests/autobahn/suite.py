"""Finds the Autobahn TestSuite's `wstest`, and installs it where there is none.

It is a program for Python 2.7, which few systems still have. In this order: the variable WSTEST, `wstest` on the PATH,
the container image where Docker runs, and last an installation of its own in `.interop/autobahn`: CPython 2.7 unpacked
from Debian's packages (nothing changes in the system), the suite and its dependencies from the Python package index.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
REQUIREMENTS = HERE / "requirements.txt"
IMAGE = "crossbario/autobahn-testsuite:25.10.1"

# The last Debian that had Python 2.7, and what of it runs there and builds extensions.
SUITE_OF_PYTHON = "bullseye"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = [
    "python2.7-minimal",
    "libpython2.7-minimal",
    "libpython2.7-stdlib",
    "libpython2.7",
    "libpython2.7-dev",
    "libffi7",
    "libssl1.1",
]

# The last one that makes environments for Python 2.7.
VIRTUALENV = "virtualenv==20.21.1"


class Missing(Exception):
    """The suite cannot be had; the message says what would help."""


def wstest(directory):
    """The command that `wstest`'s arguments are added to. `directory` holds every file that it will be told of."""
    told = os.environ.get("WSTEST")
    if told:
        return shlex.split(told)
    found = shutil.which("wstest")
    if found:
        return [found]
    if docker_runs():
        user = f"{os.getuid()}:{os.getgid()}"
        mount = f"{directory}:{directory}"
        return ["docker", "run", "--rm", "--init", "--network=host", "--user", user, "-v", mount, IMAGE, "wstest"]
    return [str(installed(ROOT / ".interop" / "autobahn"))]


def docker_runs():
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def installed(place):
    """The path of `wstest` in `place`, where it is installed unless it is there already."""
    place.parent.mkdir(parents=True, exist_ok=True)
    program = place / "wstest"
    stamp = hashlib.sha256(REQUIREMENTS.read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()
    with locked(place.with_suffix(".lock")):
        done = place / "installed"
        if done.is_file() and done.read_text() == stamp:
            return program
        print("installing the Autobahn TestSuite: about a minute", file=sys.stderr)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        python = unpack_python(place)
        environment = make_environment(place, python)
        program.write_text(
            "#!/bin/sh\n"
            f"export LD_LIBRARY_PATH={shlex.quote(str(libraries(place)))}\n"
            f"exec {shlex.quote(str(environment / 'bin/python'))} -W ignore"
            f" {shlex.quote(str(environment / 'bin/wstest'))} \"$@\"\n"
        )
        program.chmod(0o755)
        run([str(program), "--autobahnversion"], place)
        done.write_text(stamp)
    return program


@contextlib.contextmanager
def locked(path):
    """Two runs at the same time install once."""
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unpack_python(place):
    mirror = debian_mirror()
    apt = place / "apt"
    packages = apt / "packages"
    for directory in [apt / "lists/partial", apt / "cache/archives/partial", packages]:
        directory.mkdir(parents=True)
    (apt / "status").touch()
    (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE_OF_PYTHON} main\n")
    options = [
        f"Dir::Etc::SourceList={apt}/sources.list",
        "Dir::Etc::SourceParts=/dev/null",
        f"Dir::State::Lists={apt}/lists",
        f"Dir::State::Status={apt}/status",
        f"Dir::Cache={apt}/cache",
        "APT::Sandbox::User=",
        "Acquire::Languages=none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    ]
    command = ["apt-get", "-q"] + [part for option in options for part in ("-o", option)]
    run(command + ["update"], place)
    run(command + ["download"] + PACKAGES, place, cwd=packages)
    for package in sorted(packages.glob("*.deb")):
        run(["dpkg", "-x", str(package), str(place / "python")], place)
    shutil.rmtree(apt)
    return place / "python/usr/bin/python2.7"


def debian_mirror():
    """The mirror that this system gets its own packages from."""
    if shutil.which("apt-get") and os.path.exists(KEYRING):
        listed = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        for mirror in listed.stdout.split():
            if mirror.rstrip("/").endswith("/debian"):
                return mirror
    raise Missing(
        "the Autobahn TestSuite cannot be installed here: that needs Debian's packages. Start Docker, or set WSTEST to"
        " the command that runs its `wstest`"
    )


def libraries(place):
    found = list((place / "python/usr/lib").glob("*/libpython2.7.so.1.0"))
    if not found:
        raise Missing("libpython2.7 is not where Debian's packages have it")
    return found[0].parent


def make_environment(place, python):
    tools, environment = place / "tools", place / "environment"
    run([sys.executable, "-m", "venv", str(tools)], place)
    run([str(tools / "bin/pip"), "install", "-q", VIRTUALENV], place)
    headers = python.parents[1] / "include"
    variables = {
        "LD_LIBRARY_PATH": str(libraries(place)),
        "CFLAGS": f"-I{headers}/python2.7 -I{headers}",
        "PYTHONWARNINGS": "ignore",
    }
    run([str(tools / "bin/virtualenv"), "-q", "-p", str(python), str(environment)], place, variables)
    pip = [str(environment / "bin/pip"), "install", "-q", "--no-deps", "--no-build-isolation"]
    lines = REQUIREMENTS.read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    # Building the rest needs the first ones, which no requirement can say.
    first, rest = wanted[:2], wanted[2:]
    run(pip + first, place, variables)
    # It is imported by Twisted's own build.
    run(pip + [line for line in rest if line.startswith("incremental")], place, variables)
    run(pip + rest, place, variables)
    shutil.rmtree(tools)
    return environment


def run(command, place, variables=None, cwd=None):
    """Runs a step of the installation; what it said is shown only where it failed."""
    log = place / "install.log"
    with open(log, "a") as out:
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd, env={**os.environ, **(variables or {})}
        ).returncode
    if status != 0:
        said = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise Missing(f"installing the Autobahn TestSuite failed in `{shlex.join(command)}`:\n{said}")


if __name__ == "__main__":
    print(shlex.join(wstest(ROOT)))
