import sys

if sys.version_info < (3, 10):  # noqa: UP036 -- this very check is for those who start it with an older one
    sys.exit('The local stack needs Python 3.10 or newer: install it and run `make PYTHON=python3.11 …`.')

from .cli import main

sys.exit(main())
