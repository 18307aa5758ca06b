# SPDX-License-Identifier: Apache-2.0
"""The guest's kernel, its initial RAM disk and its root file system, made from the packages of this machine's archives.

Everything is kept in a cache folder under a name that hashes what it was made from: the text of these scripts and the
versions the archives offer. As long as neither changes, nothing is fetched and nothing is built.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "stipple-vm"

# What the cases use, besides Debian's minimal system and what Stipple's packages depend on.
TOOLS = """systemd systemd-sysv udev dbus polkitd mosquitto mosquitto-clients sqlite3 kmod dmsetup procps jq gpiod libfuse3-3
libjpeg-turbo-progs python3 python3-dbus iproute2""".split()
# Where the suite has these too old, its backports have them.
FROM_BACKPORTS = ("libgpiod", "libcamera", "libpisp")
# Named by their modules; what they depend on comes along.
MODULES = """virtio_blk virtio_pci virtio_rng ext4 9p 9pnet_virtio cuse loop dm_mod gpio-sim vimc configfs
nf_tables uinput evdev""".split()
KERNEL = "6.12"
DISK_MB = 1400


class Failed(Exception):
    """What should have worked did not; the text says what."""


class Unavailable(Exception):
    """The VM cannot be made on this machine; the text says why and what to do."""


def run(*command, error=Failed, **options):
    """Runs a command; its output appears only when it fails."""
    result = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors="replace", **options)
    if result.returncode != 0:
        words = " ".join(str(c) for c in command[:3])
        raise error(f"'{words} ...' failed with {result.returncode}:\n{result.stdout[-4000:]}")
    return result.stdout


# ---- what the archives offer ----

def archives():
    """Debian's own entries among this machine's apt sources, one line each as in sources.list."""
    form = "$(ORIGIN)|$(REPO_URI)|$(CODENAME)|$(COMPONENT)|$(SIGNED_BY)"
    lines = run("apt-get", "indextargets", "--format", form, "Created-By: Packages", error=Unavailable).splitlines()
    entries = []
    for line in sorted(set(lines)):
        origin, uri, codename, component, key = line.split("|")
        if origin not in ("Debian", "Debian Backports"):
            continue
        option = f"[signed-by={key}] " if key.startswith("/") else ""
        entries.append(f"deb {option}{uri} {codename} {component}")
    if not entries:
        raise Unavailable("apt on this machine knows no Debian archive; run 'apt-get update' on a Debian system")
    return entries


def suite():
    """The code name of the Debian this machine runs, which is the guest's as well."""
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise Unavailable("/etc/os-release names no VERSION_CODENAME; a released Debian is needed")


def offered(*packages):
    """{package: version} of what would be installed, with backports for what must come from there."""
    found = {}
    for options in ((), ("-t", f"{suite()}-backports")):
        text = run("apt-cache", *options, "policy", *packages, env=dict(os.environ, LC_ALL="C"),
                   error=Unavailable)
        for name, version in re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (\S+)", text, re.M):
            if version != "(none)" and (name not in found or name.startswith(FROM_BACKPORTS)):
                found[name] = version
    return found


def kernel_packages():
    """The newest kernel of which image, headers and source all have the same version: (release, version)."""
    text = run("apt-cache", "show", f"linux-headers-{KERNEL}*+deb*-amd64", error=Unavailable)
    source = run("apt-cache", "show", f"linux-source-{KERNEL}", error=Unavailable)
    sources = set(re.findall(r"^Version: (\S+)", source, re.M))
    best = None
    for name, version in re.findall(r"^Package: linux-headers-(\S+)\n(?:.+\n)*?Version: (\S+)", text, re.M):
        if version not in sources or "cloud" in name or "-rt-" in name:
            continue
        numbers = [int(n) for n in re.findall(r"\d+", version)]
        if not best or numbers > best[0]:
            best = (numbers, name, version)
    if not best:
        raise Unavailable(f"no archive of this machine has headers and source of one Linux {KERNEL}; "
                          "add Debian's security suite and run 'apt-get update'")
    return best[1], best[2]


def key(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(str(part).encode() + b"\0")
    return digest.hexdigest()[:16]


# ---- the kernel ----

def fetch_and_unpack(folder, *packages):
    """Unpacks packages, with their versions as NAME=VERSION, into folder/root without installing them."""
    for package in packages:
        run("apt-get", "download", package, cwd=folder, error=Unavailable)
    for deb in folder.glob("*.deb"):
        run("dpkg-deb", "-x", deb, folder / "root")
        deb.unlink()


def point_inwards(root, release):
    """The headers' makefiles expect to stand in /usr/src; these stand elsewhere."""
    headers = root / f"usr/src/linux-headers-{release}"
    makefile = headers / "Makefile"
    makefile.write_text(makefile.read_text().replace("/usr/src/", f"{root}/usr/src/"))
    return headers


def kernel_source(root, folder):
    """Only the files that are needed from the source package."""
    archive = root / f"usr/src/linux-source-{KERNEL}.tar.xz"
    wanted = ("drivers/gpio/gpio-sim.c", "kernel/irq/irq_sim.c", "drivers/media/test-drivers/vimc")
    run("tar", "-C", folder, "--strip-components=1", "-xf", archive, "--wildcards", *[f"*/{w}" for w in wanted])


def build_modules(headers, folder):
    """gpio-sim with the simulated interrupts that Debian's kernels lack, and vimc."""
    gpio = folder / "gpio-sim"
    gpio.mkdir()
    text = (folder / "drivers/gpio/gpio-sim.c").read_text()
    # As a Raspberry Pi's drivers do, an output that is given back keeps its level: only inputs return to their pull.
    before, free = text.split("static void gpio_sim_free(", 1)
    free, changed = re.subn(r"__assign_bit\(offset, chip->value_map,",
                            r"if (test_bit(offset, chip->direction_map)) \g<0>", free, count=1)
    if not changed:
        raise SystemExit("gpio-sim.c has changed: gpio_sim_free() restores no pull any more")
    text = f"{before}static void gpio_sim_free({free}"
    (gpio / "gpio-sim-main.c").write_text(text)
    text = (folder / "kernel/irq/irq_sim.c").read_text()
    # irq_to_desc() is not there for modules; generic_handle_irq() finds the descriptor itself.
    text = re.sub(r"handle_simple_irq\(irq_to_desc\((\w+)\)\)", r"generic_handle_irq(\1)", text)
    (gpio / "irq_sim.c").write_text(text)
    (gpio / "Makefile").write_text("obj-m := gpio-sim.o\ngpio-sim-y := gpio-sim-main.o irq_sim.o\n")
    vimc = folder / "drivers/media/test-drivers/vimc"
    makefile = vimc / "Makefile"
    makefile.write_text(makefile.read_text().replace("$(CONFIG_VIDEO_VIMC)", "m"))
    for module in (gpio, vimc):
        # Type information for the debugger would need one more program.
        run("make", "-C", headers, f"M={module}", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")
    return gpio / "gpio-sim.ko", vimc / "vimc.ko"


def choose_modules(root, release, target):
    """Copies the modules wanted and all they depend on, without compression."""
    run("depmod", "-b", root, release)
    chosen = set()
    for module in MODULES:
        for line in run("modprobe", "-d", root, "-S", release, "--show-depends", module).splitlines():
            if line.startswith("insmod "):
                chosen.add(pathlib.Path(line.split()[1]))
    base = target / "lib/modules" / release
    for path in chosen:
        copy = base / path.relative_to(root / "lib/modules" / release)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        if copy.suffix == ".xz":
            run("xz", "-d", copy)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(root / "lib/modules" / release / name, base)
    run("depmod", "-b", target, release)


def make_initrd(modules, release, folder):
    """Busybox and what it takes to find the root file system."""
    root = folder / "initrd"
    for name in ("bin", "dev", "proc", "sys", "root", "modules"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    order = []
    for module in ("virtio_pci", "virtio_blk", "ext4", "9pnet_virtio", "9p"):
        for line in run("modprobe", "-d", modules, "-S", release, "--show-depends", module).splitlines():
            if line.startswith("insmod ") and line.split()[1] not in order:
                order.append(line.split()[1])
    for i, path in enumerate(order):
        shutil.copy(path, root / f"modules/{i:02}.ko")
    shutil.copy(HERE / "guest/init", root / "init")
    (root / "init").chmod(0o755)
    names = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
    with open(folder / "initrd.img", "wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(), stdout=out, check=True)


def make_kernel(folder, release, version):
    """vmlinuz, initrd.img and modules/ in the folder."""
    with tempfile.TemporaryDirectory(prefix="stipple-kernel-") as scratch:
        scratch = pathlib.Path(scratch)
        common = release.replace("-amd64", "-common")
        kbuild = release.replace("-amd64", "")
        names = [f"linux-image-{release}", f"linux-headers-{release}", f"linux-headers-{common}",
                 f"linux-kbuild-{kbuild}", f"linux-source-{KERNEL}"]
        if not offered(f"linux-image-{release}"):
            names[0] += "-unsigned"
        if not offered(names[3]):
            names[3] = f"linux-kbuild-{KERNEL}"
        fetch_and_unpack(scratch, *[f"{n}={version}" for n in names])
        root = scratch / "root"
        headers = point_inwards(root, release)
        kernel_source(root, scratch)
        updates = root / "lib/modules" / release / "updates"
        updates.mkdir(parents=True)
        for module in build_modules(headers, scratch):
            shutil.copy(module, updates)
        choose_modules(root, release, folder / "modules")
        shutil.copy(root / f"boot/vmlinuz-{release}", folder / "vmlinuz")
        make_initrd(folder / "modules", release, folder)


# ---- the root file system ----

def make_root(folder, kernel, packages):
    """root.ext4: Debian, the kernel's modules and the agent that runs the cases."""
    pins = "".join(f"Package: src:{name}:any\nPin: release n={suite()}-backports\nPin-Priority: 990\n\n"
                   for name in FROM_BACKPORTS)
    with tempfile.TemporaryDirectory(prefix="stipple-root-") as scratch:
        scratch = pathlib.Path(scratch)
        scratch.chmod(0o755)
        (scratch / "pins").write_text(pins)
        sources = scratch / "sources.list"
        sources.write_text("\n".join(archives()) + "\n")
        archive, tree = folder / "root.tar", scratch / "root"
        run("mmdebstrap", "--variant=minbase", f"--include={','.join(packages)}",
            "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
            f"--setup-hook=mkdir -p $1/etc/apt/preferences.d && cp {scratch}/pins $1/etc/apt/preferences.d/stipple",
            suite(), archive, sources, error=Unavailable)
        tree.mkdir()
        script = (f"tar -C {tree} --exclude='./dev/*' -xf {archive} && cp -r {kernel}/modules/lib/modules {tree}/lib/ "
                  f"&& sh {HERE}/guest/prepare {tree} {HERE}/guest && truncate -s {DISK_MB}M {folder}/root.ext4 "
                  f"&& mke2fs -q -t ext4 -L root -d {tree} {folder}/root.ext4")
        run(*([] if os.geteuid() == 0 else ["fakeroot"]), "sh", "-c", script)
        archive.unlink()
        (folder / "kernel").write_text(kernel.name)


# ---- both, from the cache ----

@contextlib.contextmanager
def locked():
    """Nobody else fills or clears the cache meanwhile; what a run left that was ended too early goes away."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in CACHE.glob("new-*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def cached(name, inputs, offered_inputs, make):
    """The folder CACHE/name-KEY-KEY; made first when it is not there. Older ones of the same name are removed."""
    folder = CACHE / f"{name}-{key(*inputs)}-{key(*offered_inputs)}"
    if folder.is_dir():
        return folder
    print(f"vm: making the guest's {name} (a minute or two, kept in {folder})", flush=True)
    # mmdebstrap's helpers run as other users and must reach it.
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"new-{name}-", dir=CACHE))
    try:
        make(scratch)
        for old in CACHE.glob(f"{name}-*"):
            shutil.rmtree(old)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def kept(name, inputs):
    """What was made from the same inputs and from whatever the archives offered then, or None."""
    return next(iter(CACHE.glob(f"{name}-{key(*inputs)}-*")), None)


def prepare(dependencies):
    """(vmlinuz, initrd, disk) of a guest that has these packages besides its tools."""
    script = pathlib.Path(__file__).read_text()
    packages = sorted({*TOOLS, *dependencies})
    kernel_inputs = (script, (HERE / "guest/init").read_text())
    root_inputs = (script, packages, *[(HERE / "guest" / name).read_text() for name in ("prepare", "agent")])
    try:
        release, version = kernel_packages()
        versions = offered(*packages)
        missing = set(packages) - set(versions)
        if missing:
            raise Unavailable(f"no archive of this machine has {', '.join(sorted(missing))}; run 'apt-get update'")
        kernel = cached("kernel", kernel_inputs, (release, version),
                        lambda folder: make_kernel(folder, release, version))
        root = cached("root", root_inputs, (kernel.name, sorted(versions.items())),
                      lambda folder: make_root(folder, kernel, packages))
    except Unavailable as reason:
        kernel, root = kept("kernel", kernel_inputs), kept("root", root_inputs)
        if not kernel or not root or (root / "kernel").read_text() != kernel.name:
            raise
        print(f"vm: the guest that was made earlier is used: {reason}", flush=True)
    return kernel / "vmlinuz", kernel / "initrd.img", root / "root.ext4"
