"""What nobody waits for, done by one thread per process for all who asked for it meanwhile."""
import queue
import threading


class Together:
    """``ask`` returns at once; ``_do`` gets everything that was asked for since the last time, each thing once."""

    def __init__(self):
        self._waiting = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread = None

    def ask(self, what):
        self._waiting.put(what)
        with self._lock:
            if not (self._thread and self._thread.is_alive()):      # none yet in this process: threads do not survive a fork
                self._thread = threading.Thread(target=self._run, name=type(self).__module__, daemon=True)
                self._thread.start()

    def _run(self):
        while True:
            asked = {self._waiting.get()}
            while not self._waiting.empty():
                asked.add(self._waiting.get())
            self._do(asked)

    def _do(self, asked):
        """Raises nothing: what failed is only said in the log."""
        raise NotImplementedError
