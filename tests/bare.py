"""Our addons' plain Python without Odoo: ``from bare.saas_domains.edge import names`` after ``from tests import bare``.

The ``__init__`` of an addon imports Odoo, so the packages are registered with their folders only.
"""
import sys
import types
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[1] / 'addons'


def register(name='bare'):
    """Packages ``<name>`` and ``<name>.<addon>`` for every addon; a second call changes nothing."""
    if name in sys.modules:
        return
    _package(name, ADDONS)
    for addon in sorted(ADDONS.glob('saas_*')):
        _package(f'{name}.{addon.name}', addon)


def _package(name, folder):
    module = types.ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module


register()
