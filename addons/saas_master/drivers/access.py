"""How the files and processes of a node are reached."""
import contextlib
from dataclasses import dataclass, field

from .transport import LocalTransport


@dataclass(frozen=True)
class Access:
    """Without ``host``: this machine. Else SSH to it, whose host key must be ``host_key``."""

    host: str = ''
    port: int = 22
    user: str = ''
    host_key: str = ''
    private_key: str = field(default='', repr=False)

    @contextlib.contextmanager
    def open(self):
        """A transport for the duration of the block. Errors: see the transports."""
        if not self.host:
            yield LocalTransport()
            return
        from .ssh import SSHTransport  # its library takes memory that a server without such nodes can spare
        with SSHTransport(self.host, self.port, self.user, self.host_key, self.private_key) as transport:
            yield transport
