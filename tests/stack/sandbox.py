"""An outside service's stand-in (``tests/fakes``) as a process of the stack."""
import hashlib

from .ports import answers, require_free
from .processes import Service
from .settings import CHECKOUT, Ports


class Sandbox:
    """``name``: of the process, and of the package in ``tests/fakes``; ``ports``: what it listens on, by name."""

    name, title, ports = '', '', ()

    def __init__(self, settings, secrets):
        """:param secrets: gives them when asked, for they are made by the first ``up``"""
        self.settings, self._secrets = settings, secrets

    def arguments(self):
        """Of its command line; nothing secret."""
        raise NotImplementedError

    def environment(self):
        """Its secrets."""
        raise NotImplementedError

    def start(self, python):
        service, ports = self.service(python), [getattr(self.settings.ports, name) for name in self.ports]
        if not service.is_current():
            service.stop()
            for name, port in zip(self.ports, ports, strict=True):
                require_free(port, f'{self.title} ({name})', Ports.variable(name))
            service.start()
        service.wait(lambda: all(answers(port) for port in ports), 20)
        return service

    def service(self, python):
        """Started anew when its code or its secrets are others."""
        argv = [python, '-m', f'tests.fakes.{self.name}', *self.arguments()]
        fakes = CHECKOUT / 'tests/fakes'
        code = b''.join(file.read_bytes() for file in sorted([*fakes.glob('*.py'), *(fakes / self.name).glob('**/*.py')]))
        environment = self.environment()
        fingerprint = hashlib.sha256(code + repr((argv, sorted(environment.items()))).encode()).hexdigest()
        return Service(self.name, self.settings.state, argv, fingerprint=fingerprint, env={
            'PYTHONPATH': str(CHECKOUT), **environment})
