# SPDX-License-Identifier: Apache-2.0
"""What is tested: Stipple's own packages, built from this tree, and the board that answers in the guest."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import image

SOURCE = image.HERE.parents[1]
WANTED = ("stippled", "stipple-telemetryd", "stipplectl", "stipple-camera-libcamera")
OLDER = "~before"


def tree_key():
    """Of everything that goes into the packages: the tests do not."""
    # The tree may belong to another user, as it does where it is mounted into a container.
    names = subprocess.run(["git", "-c", "safe.directory=*", "-C", SOURCE, "ls-files", "-z", "--cached", "--others",
                            "--exclude-standard"], capture_output=True, check=True).stdout.split(b"\0")
    digest = hashlib.sha256()
    for name in sorted(n for n in names if n and not n.startswith(b"tests/")):
        path = SOURCE / os.fsdecode(name)
        if path.is_file():
            digest.update(name + b"\0" + path.read_bytes())
    return digest.hexdigest()


def make_older(package, target):
    """The same package under a version that is older, so that there is something to upgrade from."""
    with tempfile.TemporaryDirectory(prefix="stipple-older-") as scratch:
        tree = pathlib.Path(scratch) / "tree"
        image.run("dpkg-deb", "-R", package, tree)
        control = tree / "DEBIAN/control"
        version = re.search(r"^Version: (.*)$", control.read_text(), re.M).group(1)
        # Its own, and that of its siblings where it insists on theirs.
        control.write_text(re.sub(rf"(Version: |= ){re.escape(version)}(?=$|\))", rf"\g<1>{version}{OLDER}",
                                  control.read_text(), flags=re.M))
        image.run("dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, target)


def build(folder):
    """The packages, and in older/ the same under an older version."""
    image.run(SOURCE / "script/package", "--output", folder, env=dict(os.environ, STIPPLE_NO_BOOTSTRAP="1"))
    (folder / "older").mkdir()
    for package in folder.glob("*_amd64.deb"):
        if package.name.startswith(WANTED) and "-dbgsym" not in package.name:
            make_older(package, folder / "older")


class Packages:
    """The .deb files of a folder, or of this tree when none is given."""

    def __init__(self, folder=None):
        self.given = folder is not None
        self.folder = folder or image.cached("packages", (tree_key(), pathlib.Path(__file__).read_text()), (), build)
        self.scratch = None

    def __enter__(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="stipple-board-"))
        return self

    def __exit__(self, *error):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def find(self, name, folder):
        found = sorted(folder.glob(f"{name}_*_amd64.deb"))
        if not found:
            raise image.Failed(f"{folder} has no package {name} for amd64; build it with script/package")
        return found[-1]

    def dependencies(self):
        """Names of the packages that ours need; of alternatives the first."""
        names = set()
        for package in WANTED:
            field = image.run("dpkg-deb", "-f", self.find(package, self.folder), "Depends")
            for group in field.split(","):
                names.add(re.split(r"[ |:(]", group.strip())[0].strip())
        return {n for n in names if n and not n.startswith(("stipple", "default-"))}

    def board_device(self):
        """The board as a program for the guest, which has the same Debian as this machine."""
        model = SOURCE / "plugins/board-model"
        flags = image.run("pkg-config", "--cflags", "--libs", "fuse3", error=image.Unavailable).split()
        program = self.scratch / "board-device"
        image.run("cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-o", program, f"-I{model}",
                  f"-I{SOURCE}/plugins/include", image.HERE / "board-device.c", *sorted(model.glob("*.c")), *flags,
                  "-lm")
        return program

    def copy_to(self, share):
        """Everything a guest needs of it: packages/, packages/older/ and board-device."""
        for folder, target in ((self.folder, share / "packages"), (self.folder / "older", share / "packages/older")):
            if not folder.is_dir():
                continue
            target.mkdir()
            for package in WANTED:
                shutil.copy(self.find(package, folder), target)
        shutil.copy(self.board_device(), share)
