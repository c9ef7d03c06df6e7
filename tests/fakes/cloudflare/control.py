"""The admin endpoint from another process: for tests, the demo and benchmarks."""
from tests.fakes import control


class Control(control.Control):
    """:param url: the API's address, with or without its ``/client/v4``"""

    prefix = '/__fake__'

    def __init__(self, url):
        super().__init__(url.removesuffix('/client/v4'))

    def advance(self, seconds):
        return self.post('clock', advance=seconds)

    def hostname(self, name, /, **values):
        return self.post(f'hostnames/{name}', **values)
