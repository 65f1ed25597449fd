"""Put together a Debian for an ARM processor, with Python and a runtime, in a folder.

    python userland.py arm64|armhf FOLDER WHEEL

Nothing is installed on this machine and no privileges are needed: `FOLDER/qemu` runs what is in
`FOLDER/root` and `FOLDER/site`. Debian's packages come from its mirror by apt, the rest by pip.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
RELEASE, PYTHON = "bookworm", "3.11"  # Raspberry Pi OS of 2023
# PyPI has a LiteRT for 64 bits only; for 32 it has tflite-runtime but no NumPy, Debian does.
DEBIAN = {
    "arm64": ["python3-minimal", "libpython3-stdlib", "libstdc++6"],
    "armhf": ["python3-minimal", "libpython3-stdlib", "libstdc++6", "python3-numpy", "python3-pil"],
}
EMULATOR = {"arm64": "qemu-aarch64", "armhf": "qemu-arm"}
DOWNLOAD = ["install", "--download-only", "--no-install-recommends", "--yes"]
# pip takes each platform literally: a wheel for an older glibc must be named too.
GLIBC = ("2014", "_2_17", "_2_27", "_2_28", "_2_31", "_2_34", "_2_35")
MACHINE = {"arm64": "aarch64", "armhf": "armv7l"}


def build(architecture, folder, wheel):
    """Make the folder, under another name until it is whole."""
    working = folder.with_name(folder.name + "-unfinished")
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True)
    apt = private_apt(working / "apt", architecture)
    run([*apt, "update"], cwd=working, check=False)  # a lost index may not matter
    fetch_emulator(apt, architecture, working)
    run([*apt, *DOWNLOAD, *DEBIAN[architecture]], cwd=working)
    unpack(working / "apt", working / "root")
    link_alternatives(working / "root")
    requirement = ["tflite-runtime==2.14.0"] if architecture == "armhf" else [f"{wheel}[edge]"]
    install(architecture, requirement, working / "site")
    write_launcher(working, folder, architecture)
    shutil.rmtree(working / "apt")
    working.rename(folder)


def private_apt(state, architecture):
    """Give the words that start an apt with lists, packages and sources of its own."""
    for name in ("lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()
    both = f"{architecture},{host()}"
    sources = state / "sources.list"
    sources.write_text(f"deb [arch={both} signed-by={KEYRING}] {MIRROR} {RELEASE} main\n")
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": both,
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
    }
    return ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]


def fetch_emulator(apt, architecture, folder):
    """Unpack this machine's QEMU, with all the libraries that it needs, and its plugin.

    The package that is linked statically can't load plugins.
    """
    run([*apt, *DOWNLOAD, f"qemu-user:{host()}"], cwd=folder)
    unpack(folder / "apt", folder / "emulator")
    plugin = ["-shared", "-fPIC", "-O2", "-o", folder / "count_instructions.so"]
    if shutil.which("gcc"):  # only the counts need it
        run(["gcc", *plugin, Path(__file__).with_name("count_instructions.c")])


def write_launcher(working, folder, architecture):
    """Write the script that starts the emulator with its own libraries, not this machine's."""
    (loader,) = (working / "emulator").glob("lib/*/ld-linux-*.so.*")
    triplet = loader.parent.name
    libraries = (folder / "emulator" / place / triplet for place in ("lib", "usr/lib"))
    words = [
        folder / loader.relative_to(working),
        "--library-path",
        os.pathsep.join(map(str, libraries)),
        folder / "emulator/usr/bin" / EMULATOR[architecture],
    ]
    launcher = working / "qemu"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
    launcher.chmod(0o755)


def host():
    """Name the architecture of this machine as Debian does."""
    words = ["dpkg", "--print-architecture"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def unpack(state, root):
    """Unpack the packages that an apt has downloaded, and forget them."""
    for package in sorted((state / "cache" / "archives").glob("*.deb")):
        run(["dpkg-deb", "--extract", package, root])
        package.unlink()


def link_alternatives(root):
    """Do what the packages' scripts would, which don't run here."""
    for name in ("blas", "lapack"):
        for found in root.glob(f"usr/lib/*/{name}/lib{name}.so.3"):
            link = found.parents[1] / found.name
            link.symlink_to(f"{name}/{found.name}")


def install(architecture, requirements, site):
    """Install wheels for the other machine's Python."""
    platforms = (f"manylinux{glibc}_{MACHINE[architecture]}" for glibc in GLIBC)
    words = ["--python-version", PYTHON, "--implementation", "cp", "--only-binary", ":all:"]
    words += ["--no-deps"] if architecture == "armhf" else []
    named = (f"--platform={platform}" for platform in platforms)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", site]
    run([*pip, *words, *named, *requirements])


def run(words, check=True, **options):
    subprocess.run(list(map(str, words)), check=check, **options)


if __name__ == "__main__":
    build(sys.argv[1], Path(sys.argv[2]).absolute(), sys.argv[3])
