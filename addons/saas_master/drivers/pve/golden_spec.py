"""A golden container that is to be built: plain values, as in ``spec``."""
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

BUILD_DB = 'saas_golden'        # what the database is called until a clone of it is published


@dataclass(frozen=True)
class Recipe:
    """The files that are run inside: ``folder`` is ``config/proxmox/golden``."""

    folder: str

    @cached_property
    def files(self):
        """{name: (content, whether it is run)}."""
        root = Path(self.folder)
        return {str(path.relative_to(root)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
                for path in sorted(root.rglob('*')) if path.is_file() and path.suffix != '.md'}

    @cached_property
    def digest(self):
        found = hashlib.sha256()
        for name, (content, _is_run) in self.files.items():
            found.update(f'{name}:{len(content)}\n'.encode() + content)
        return found.hexdigest()


@dataclass(frozen=True)
class GoldenBuild:
    """``mark``: 32 hexadecimal digits of the template; ``vmid``: of this build.

    Made from ``os_template``, a volume as ``local:vztmpl/debian-12-….tar.zst``, or, if ``base_vmid`` is given, cloned from
    that container. ``odoo_source``: '' for what is in there, else a .deb (path in the container, https address) and its
    ``odoo_sha256``. ``address``: ``dhcp``, ``10.0.0.9/24`` or '' for no network while it is built. Sizes in MiB and GiB;
    ``task``: UPID of work begun earlier.
    """

    vmid: int
    hostname: str
    mark: str
    recipe: Recipe
    os_template: str = ''
    base_vmid: int = 0
    odoo_source: str = ''
    odoo_sha256: str = ''
    address: str = ''
    gateway: str = ''
    rootfs_gib: int = 8
    memory_mib: int = 2048
    cores: int = 2
    task: str = ''
    modules: tuple = ()
    languages: tuple = field(default=())
