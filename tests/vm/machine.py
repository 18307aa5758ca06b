# SPDX-License-Identifier: Apache-2.0
"""One virtual machine: QEMU in software emulation, a copy of the root file system, and a folder that both sides see."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
APPEND = ("root=/dev/vda console=ttyS0 quiet nokaslr mitigations=off panic=-1 random.trust_cpu=on "
          "systemd.show_status=0 audit=0")
BOOT_LIMIT_S = 180
BUSY = 4  # what the cases are given on a busy machine, in times their own limits; as the guest's agent
# A case that writes this into the shared folder wants the machine's plug pulled.
PULL_THE_PLUG = "pull-the-plug"


def qemu_version():
    text = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"version (\d+)", text).group(1))


class Machine:
    """Runs the cases in order over as many boots as they need; a case's result stands in share/results."""

    def __init__(self, kernel, initrd, disk, cases, keep=None):
        self.folder = pathlib.Path(keep or tempfile.mkdtemp(prefix="stipple-vm-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.temporary = keep is None
        self.share = self.folder / "share"
        self.results = self.share / "results"
        shutil.rmtree(self.share, ignore_errors=True)
        self.results.mkdir(parents=True)
        (self.share / "cases").mkdir()
        for case in cases:
            shutil.copy(case, self.share / "cases")
        for name in ("lib.sh", "devices", "treat", "rights.py", "scanner.py"):
            shutil.copy(HERE / "guest" / name, self.share)
        self.disk, self.kernel, self.initrd = (self.folder / name for name in ("disk", "vmlinuz", "initrd.img"))
        for source, copy in ((disk, self.disk), (kernel, self.kernel), (initrd, self.initrd)):
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, copy], check=True)
        self.waiting = sorted(case.stem for case in cases)
        self.shown = set()
        self.boots = 0
        self.failed = []

    def command(self):
        processors = "2" if qemu_version() >= 8 else "1"
        return ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-m", "1024", "-smp", processors,
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-serial", f"file:{self.folder}/console-{self.boots}",
                "-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", APPEND,
                "-drive", f"file={self.disk},format=raw,if=virtio,cache=writeback",
                "-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng",
                "-fsdev", f"local,id=share,path={self.share},security_model=none",
                "-device", "virtio-9p-pci,fsdev=share,mount_tag=share"]

    def boot(self):
        """Boots once and stays until the guest turns itself off or must be switched off. False: nothing came of it."""
        self.boots += 1
        before, begun = len(self.shown), time.monotonic()
        qemu = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL)
        heard = begun
        try:
            while qemu.poll() is None:
                time.sleep(0.1)
                if self.show_results():
                    heard = time.monotonic()
                if (self.share / PULL_THE_PLUG).exists():
                    self.pull_the_plug(qemu)
                if time.monotonic() - heard > self.patience():
                    print("vm: the guest has said nothing for too long; it is switched off", flush=True)
                    break
        finally:
            qemu.kill()
            qemu.wait()
        self.show_results()
        print(f"vm: boot {self.boots} lasted {time.monotonic() - begun:.0f} s", flush=True)
        return len(self.shown) > before

    def patience(self):
        """Seconds without a result after which the guest counts as dead: a case's own limit and the boot's."""
        limits = [60]
        for name in self.waiting[:1]:
            found = re.search(r"^# time limit: (\d+)", (self.share / f"cases/{name}.sh").read_text(), re.M)
            limits.append(int(found.group(1)) if found else 120)
        return BOOT_LIMIT_S + BUSY * max(limits)

    def pull_the_plug(self, qemu):
        """Kills QEMU; the case that asked for it has done its part. The one after it looks at what is left."""
        qemu.kill()
        qemu.wait()
        (self.share / PULL_THE_PLUG).unlink()
        name = (self.results / "current").read_text().strip()
        (self.results / f"{name}.result").write_text("0 0\n")

    def show_results(self):
        """Prints the cases that have ended since the last time."""
        new = False
        for name in list(self.waiting):
            result = self.results / f"{name}.result"
            if not result.exists():
                break
            status, seconds = result.read_text().split()
            log = self.results / f"{name}.log"
            text = log.read_text(errors="replace") if log.exists() else ""
            good = status == "0"
            print(f"{'ok  ' if good else 'FAIL'} {name} ({float(seconds):.1f} s, status {status})")
            print("".join(f"     | {line}\n" for line in text.splitlines()), end="", flush=True)
            self.waiting.remove(name)
            self.shown.add(name)
            if not good:
                self.failed.append(name)
            new = True
        return new

    def run(self):
        """All cases. The names of those that failed or never ended."""
        while self.waiting:
            if not self.boot():
                console = self.folder / f"console-{self.boots}"
                current = self.results / "current"
                print(f"vm: no case ended in this boot; last begun: "
                      f"{current.read_text().strip() if current.exists() else 'none'}; end of the console:")
                print("\n".join(console.read_text(errors="replace").splitlines()[-30:]), flush=True)
                break
        return self.failed + self.waiting

    def close(self):
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.disk.unlink(missing_ok=True)
