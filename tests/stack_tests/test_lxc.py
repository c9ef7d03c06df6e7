"""May this machine have real containers; how Odoo is brought into them."""
import os

import pytest

from tests.stack import lxc, lxc_image, odoo_sources
from tests.stack.settings import Settings


def test_without_root_there_are_none_and_why_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    assert lxc.obstacle(Settings(state=tmp_path, cache=tmp_path)) == 'real LXC containers take root'


@pytest.mark.parametrize('script, package, started', [
    ('odoo-bin', 'odoo', 'PYTHONPATH=/opt/odoo/lib:/opt/odoo/src\nexec /usr/bin/python3 -s /opt/odoo/src/odoo-bin "$@"'),
    ('usr/bin/odoo', 'usr/lib/python3/dist-packages/odoo',
     'PYTHONPATH=/opt/odoo/lib:/opt/odoo/src/lib/python3/dist-packages\nexec /usr/bin/python3 -s /opt/odoo/src/bin/odoo "$@"')])
def test_odoo_starts_from_its_tree(tmp_path, script, package, started):
    tree, home = tmp_path / 'tree', tmp_path / 'home'
    for file, text in ((tree / script, ''), (tree / package / 'release.py', "version_info = (17, 0, 0, 'final', 0, '')")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    odoo = odoo_sources.inspect(tree, 'for the test')
    brought = lxc_image._tree(odoo)
    assert (brought / 'odoo').is_dir() or (brought / 'lib').is_dir()
    (home / 'bin').mkdir(parents=True)
    lxc_image._launcher(home, odoo, brought)
    assert started in (home / 'bin/odoo').read_text() and (home / 'series').read_text() == f'{odoo.series}\n'
