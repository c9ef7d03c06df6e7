"""A tunnel managed by its config.yml on a node: new rules, checked, in the file, and served.

cloudflared never reads its file again (SIGHUP ends it): a second one is started with the new file and the first one
told to go when the second is ready, or a command restarts the service. A bad file never replaces a good one.
"""
import hashlib
from dataclasses import dataclass

from ...saas_master.drivers.errors import NotFound, Permanent
from ...saas_master.drivers.transport import NOT_EXECUTABLE, NOT_FOUND
from . import tunnel_file
from .ingress import require_sound
from .tunnel_replicas import Replicas, metrics_port

REPLICA = 'replica'
WORDS = 800         # characters kept of what cloudflared says to a file that it refuses


@dataclass(frozen=True)
class Status:
    """``connectors``: living cloudflareds of ours, without those on their way out; ``current``: those of them with the
    file as it is; both None where a command restarts them. ``others``: processes that serve the file and are not ours.
    ``validated``: by 'cloudflared', or by our 'lint' alone where its binary is missing."""

    connectors: int | None
    current: int | None
    others: tuple = ()
    validated: str = ''


class LocalTunnel:
    """cloudflared on the machine behind ``transport``. One caller at a time: the file is written as a whole.

    :param cloudflared: the program, or its argument vector up to ``tunnel``
    :param reload: 'replica', or the argument vector of a command such as ``('systemctl', 'restart', 'cloudflared')``
    :param timeout: seconds for the validation and for the command
    """

    def __init__(self, transport, config_path, cloudflared='cloudflared', reload=REPLICA, timeout=60, ready_seconds=30,
                 grace=30):
        self._transport, self._config = transport, config_path
        self._cloudflared = (cloudflared,) if isinstance(cloudflared, str) else tuple(cloudflared)
        self._reload = reload if reload == REPLICA else tuple(reload)
        self._timeout = timeout
        self._replicas = Replicas(transport, f'{config_path}.replicas', self._cloudflared, config_path, ready_seconds,
                                  grace)
        self.validated = ''     # as in ``Status``, once ``apply`` has written the file

    def apply(self, ingress):
        """Make cloudflared serve exactly ``ingress`` (from ``ingress.render``); False when it did and nothing was done.

        Permanent for rules that our check or cloudflared refuses: nothing is touched then. NotFound without a file: its
        ``tunnel`` and ``credentials-file`` are not ours to invent (``ingress.to_config`` writes a first one).
        """
        require_sound(ingress)
        old = self._transport.get(self._config)
        wanted = tunnel_file.with_ingress(old, ingress)
        if wanted != old:
            self._validate(wanted)
            self._keep_foreign(old)
            self._transport.put(self._config, wanted, 0o644)
        return self._bring(wanted) or wanted != old

    def inspect(self):
        """Raise what would keep ``apply`` from its work; changes nothing. Returns ``Status``."""
        data = self._transport.get(self._config)
        document = tunnel_file.parse(data)
        if not document.get('tunnel') or not {'credentials-file', 'credentials-contents'} & document.keys():
            raise Permanent(f'{self._config} needs `tunnel` and `credentials-file`: see `cloudflared tunnel create`',
                            'tunnel_config')
        self._validate(data)
        if self._reload != REPLICA:
            return Status(None, None, (), self.validated)
        alive = [replica for replica in self._replicas.alive() if replica.stopping < 0]
        digest = _digest(data)
        return Status(len(alive), sum(replica.digest == digest for replica in alive), tuple(self._replicas.others()),
                      self.validated)

    def stop(self):
        """Tell every replica of ours to go."""
        self._replicas.stop()

    def _validate(self, data):
        candidate = f'{self._config}.candidate'
        self._transport.put(candidate, data, 0o644)
        result = self._transport.run((*self._cloudflared, 'tunnel', '--config', candidate, 'ingress', 'validate'),
                                     self._timeout)
        if result.exit_code in (NOT_EXECUTABLE, NOT_FOUND):
            self.validated = 'lint'
            return
        self.validated = 'cloudflared'
        if result.exit_code:
            words = (result.stderr.strip() or result.stdout.strip())[-WORDS:]
            raise Permanent(f'cloudflared refuses {candidate} (the old file stays in use): {words}', 'tunnel_refused')

    def _keep_foreign(self, old):
        """Somebody's own rules are kept beside the file the first time we write it."""
        if not tunnel_file.is_ours(old) and tunnel_file.parse(old).get('ingress'):
            self._transport.put(f'{self._config}.before-saas', old, 0o600)

    def _bring(self, data):
        digest = _digest(data)
        if self._reload == REPLICA:
            return self._replicas.bring(digest)
        loaded = f'{self._config}.loaded'       # differs after a crash before the command's end: then it is run again
        if self._get(loaded) == digest.encode():
            return False
        result = self._transport.run(self._reload, self._timeout)
        if result.exit_code:
            words = (result.stderr.strip() or result.stdout.strip())[-WORDS:]
            raise Permanent(f'The new file is in place, but `{" ".join(self._reload)}` failed with exit code '
                            f'{result.exit_code}: {words}', 'tunnel_reload')
        port = metrics_port(tunnel_file.settings(data))
        if port:
            self._replicas.wait_ready('-', port)
        self._transport.put(loaded, digest.encode(), 0o644)
        return True

    def _get(self, path):
        try:
            return self._transport.get(path)
        except NotFound:
            return None


def _digest(data):
    return hashlib.sha256(data).hexdigest()
