"""A node's folder with a tunnel's config.yml and a stand-in for cloudflared."""
import contextlib
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests import bare  # noqa: F401 - registers the package ``bare``

from bare.saas_domains.edge.tunnel_local import LocalTunnel  # isort: skip
from bare.saas_domains.edge.tunnel_replicas import Replicas  # isort: skip
from bare.saas_master.drivers.transport import LocalTransport  # isort: skip

STAND_IN = Path(__file__).with_name('cloudflared_stand_in.py')
CONFIG = '''\
# made by hand
tunnel: 6ff42ae2-765d-4adf-8112-31c55c1551ef
credentials-file: /etc/cloudflared/credentials.json   # secret

originRequest:
  connectTimeout: 10s
ingress:
  - hostname: old.example.com
    service: http://127.0.0.1:8069
  - service: http_status:404

# where Prometheus looks
metrics: 127.0.0.1:0
'''


def wait_until(condition, what, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f'{what} did not happen in {seconds} s'
        time.sleep(0.02)


class Node:
    """``config``: the tunnel's file; files that command the stand-in stand beside it."""

    def __init__(self, folder):
        self.folder, self.config = folder, folder / 'config.yml'
        self.config.write_text(CONFIG)
        self.program = folder / 'bin' / 'cloudflared'
        self.program.parent.mkdir()
        self.program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
        self.program.chmod(0o755)

    def tunnel(self, transport=None, **values):
        values = {'cloudflared': str(self.program), 'ready_seconds': 15, **values}
        return LocalTunnel(transport or LocalTransport(), str(self.config), **values)

    def replicas(self):
        """Living ones that were not told to go."""
        return [replica for replica in self.alive() if replica.stopping < 0]

    def alive(self):
        return Replicas(LocalTransport(), f'{self.config}.replicas', (), str(self.config)).alive()

    def served(self):
        """The file's content as each of the replicas has read it."""
        return [self.ask(replica.port, '/rules') for replica in self.replicas()]

    @staticmethod
    def ask(port, path):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f'http://127.0.0.1:{port}{path}', timeout=10) as answer:
            return answer.read()

    def events(self):
        path = self.folder / 'events'
        return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []

    def switch(self, name, on=True):
        (self.folder / name).touch() if on else (self.folder / name).unlink()

    def end(self):
        for replica in self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(replica.pid, signal.SIGKILL)
        wait_until(lambda: not self.alive(), 'the end of every replica')


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.end()
