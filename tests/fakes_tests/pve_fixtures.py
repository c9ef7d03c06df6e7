"""A fake Proxmox VE for a file of tests, well again before each of them."""
import pytest

from tests.fakes.pve import FakePve

from .pve_caller import Caller

MARK = f'saas:{"a" * 32}'


class Pve(Caller):
    """:param fake: a ``FakePve`` that runs"""

    def __init__(self, fake):
        super().__init__(fake.url, fake.ca, fake.token_id, fake.token_secret)
        self.fake, self.control = fake, fake.control

    def clone(self, vmid, node='pve1', **params):
        return self.done('POST', f'/nodes/{node}/lxc/{self.fake.golden[node]}/clone', newid=vmid, pool=self.fake.pool,
                         hostname=f'ct{vmid}', description=MARK, **params)

    def net(self, number):
        return f'name=eth0,bridge={self.fake.bridge},ip=10.9.8.{number}/24,gw=10.9.8.1'


@pytest.fixture(scope='module')
def fake_pve():
    with FakePve() as fake:
        yield fake


@pytest.fixture
def pve(fake_pve):
    """Without the containers of the test before."""
    fake_pve.control.heal()
    fake_pve.control.settings(delay_401=0, version='9.0.10')
    for vmid in set(fake_pve.control.containers()) - set(fake_pve.golden.values()):
        fake_pve.control.destroy(vmid)
    return Pve(fake_pve)
