"""Tests of the drivers: plain Python against real servers, without Odoo. Each file ``*_fixtures.py`` here brings fixtures."""
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[3])]    # helpers beside the tests; ``tests`` of the checkout

from tests import bare  # noqa: E402, F401

for file in sorted(HERE.glob('*_fixtures.py')):
    globals().update({name: value for name, value in vars(importlib.import_module(file.stem)).items()
                      if not name.startswith('_')})
