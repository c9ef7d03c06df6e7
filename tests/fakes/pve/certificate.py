"""The certificates of a Proxmox VE cluster: an authority of its own, and what the API shows, signed by that."""
import hashlib
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

DAYS = 3650
_KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', str(DAYS))


@dataclass(frozen=True)
class Certificate:
    """Files; ``ca`` is what clients are given."""

    folder: Path

    @property
    def ca(self):
        return self.folder / 'pve-root-ca.pem'

    @property
    def key(self):
        return self.folder / 'pve-ssl.key'

    @property
    def file(self):
        return self.folder / 'pve-ssl.pem'

    @property
    def fingerprint(self):
        """SHA-256, as Proxmox VE shows it: ``AA:BB:…``."""
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.file.read_text())).hexdigest().upper()
        return ':'.join(digest[place:place + 2] for place in range(0, len(digest), 2))

    def make(self):
        """Once; repeated it is the same."""
        if self.file.exists():
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        authority = self.folder / 'pve-root-ca.key'
        _openssl('-keyout', authority, '-out', self.ca, '-subj', '/CN=Proxmox Virtual Environment',
                 '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
        new = self.folder / 'pve-ssl.new'
        _openssl('-CA', self.ca, '-CAkey', authority, '-keyout', self.key, '-out', new, '-subj', '/CN=localhost',
                 '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE',
                 '-addext', 'extendedKeyUsage=serverAuth')
        authority.unlink()
        new.rename(self.file)
        return self


def _openssl(*arguments):
    try:
        done = subprocess.run(['openssl', 'req', '-x509', *_KEY, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60)
    except FileNotFoundError:
        raise RuntimeError('openssl is missing, so Proxmox VE\'s certificates cannot be made: install it.') from None
    if done.returncode:
        raise RuntimeError(f'openssl made no certificate: {done.stderr.strip()}')
