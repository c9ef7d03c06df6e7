"""Tables of JSON objects that survive the process: a file, and beside it a log of what changed since.

Every request is one transaction: all of its changes are in the log, or none is anywhere.
"""
import contextlib
import json
import threading
from pathlib import Path

COMPACT_AFTER = 20_000      # lines of the log


class Store:
    """``tables[name][id]`` is an object; it is changed by ``put`` and ``remove`` only, inside ``transaction``."""

    def __init__(self, file=None):
        self.file = Path(file) if file else None
        self.lock = threading.RLock()
        self.tables = {}
        self._undo, self._changed, self._depth, self._logged = [], [], 0, 0
        self.listeners = []         # called with (table, id, old, new): for indexes
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._load()
            self._compact()

    def table(self, name):
        return self.tables.setdefault(name, {})

    def get(self, table, key):
        return self.tables.get(table, {}).get(key)

    def put(self, table, key, value):
        self._change(table, key, value)
        return value

    def remove(self, table, key):
        self._change(table, key, None)

    @contextlib.contextmanager
    def transaction(self):
        with self.lock:
            self._depth += 1
            mark = len(self._undo), len(self._changed)
            try:
                yield
            except BaseException:
                self._roll_back(*mark)
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._write()

    def close(self):
        with self.lock:
            if self.file:
                self._compact()

    # -- changes ------------------------------------------------------------------------------------------------------
    def _change(self, table, key, value):
        old = self.get(table, key)
        self._undo.append((table, key, old))
        self._changed.append((table, key))
        self._set(table, key, value)

    def _set(self, table, key, value):
        rows = self.table(table)
        old = rows.get(key)
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value
        for listener in self.listeners:
            listener(table, key, old, value)

    def _roll_back(self, undo, changed):
        while len(self._undo) > undo:
            self._set(*self._undo.pop())
        del self._changed[changed:]

    def _write(self):
        changed, self._changed, self._undo = dict.fromkeys(self._changed), [], []
        if not self.file or not changed:
            return
        with self._log.open('a') as log:
            log.writelines(_line(table, key, self.get(table, key)) for table, key in changed)
        self._logged += len(changed)
        if self._logged > COMPACT_AFTER:
            self._compact()

    # -- files --------------------------------------------------------------------------------------------------------
    @property
    def _log(self):
        return self.file.with_name(self.file.name + '.log')

    def _load(self):
        if self.file.exists():
            self.tables = json.loads(self.file.read_text())
        for line in self._log.read_text().splitlines() if self._log.exists() else ():
            with contextlib.suppress(ValueError):       # the last line of one that was killed
                self._set(*json.loads(line))

    def _compact(self):
        """The log may be applied to the new file a second time without harm, so no instant is unsafe."""
        new = self.file.with_name(self.file.name + '.new')
        new.write_text(json.dumps(self.tables))     # without indent, which takes ten times as long
        new.replace(self.file)
        self._log.write_text('')
        self._logged = 0


def _line(table, key, value):
    return json.dumps([table, key, value], separators=(',', ':')) + '\n'
