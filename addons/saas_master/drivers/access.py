"""How the files and processes of a node are reached."""
import contextlib
import dataclasses
from dataclasses import dataclass, field

from .transport import LocalTransport


@dataclass(frozen=True)
class Access:
    """Without ``host``: this machine. Else SSH to it, whose host key must be ``host_key``.

    With ``vmid``: the container of that number on that machine, which then is a node of Proxmox VE.
    """

    host: str = ''
    port: int = 22
    user: str = ''
    host_key: str = ''
    private_key: str = field(default='', repr=False)
    vmid: int = 0

    def inside(self, vmid):
        """The way into a container of this machine."""
        return dataclasses.replace(self, vmid=vmid)

    @contextlib.contextmanager
    def open(self):
        """A transport for the duration of the block. Errors: see the transports."""
        with self._machine() as transport:
            if self.vmid:
                from .pct import PctTransport
                transport = PctTransport(transport, self.vmid)
            yield transport

    @contextlib.contextmanager
    def _machine(self):
        if not self.host:
            yield LocalTransport()
            return
        from .ssh import SSHTransport  # its library takes memory that a server without such nodes can spare
        with SSHTransport(self.host, self.port, self.user, self.host_key, self.private_key) as transport:
            yield transport
