"""Where things are and which ports they use: read once from the environment."""
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from .report import Problem

CHECKOUT = Path(__file__).resolve().parents[2]
SERIES = ('17.0', '19.0')


def _port(variable, default):
    return field(default=default, metadata={'variable': variable})


@dataclass(frozen=True)
class Ports:
    """TCP ports on 127.0.0.1, ``dns`` UDP too; ``http`` (nginx) is the only one people use."""

    http: int = _port('SAAS_HTTP_PORT', 8080)
    master: int = _port('SAAS_MASTER_PORT', 8069)
    tenant: int = _port('SAAS_TENANT_PORT', 8169)
    postgres: int = _port('SAAS_PG_PORT', 5433)
    smtp: int = _port('SAAS_SMTP_PORT', 8025)
    dns: int = _port('SAAS_DNS_PORT', 8053)
    cloudflare: int = _port('SAAS_CLOUDFLARE_PORT', 8083)
    edge: int = _port('SAAS_EDGE_PORT', 8084)
    stripe: int = _port('SAAS_STRIPE_PORT', 8085)

    @classmethod
    def variable(cls, name):
        return cls.__dataclass_fields__[name].metadata['variable']

    @classmethod
    def from_environment(cls, environ):
        ports = {}
        for name, port in cls.__dataclass_fields__.items():
            ports[name] = _number(cls.variable(name), environ.get(cls.variable(name)) or port.default)
        twice = [name for name in ports if list(ports.values()).count(ports[name]) > 1]
        if twice:
            names = ' and '.join(cls.variable(name) for name in twice)
            raise Problem(f'{names} name the same port: give each its own.')
        return cls(**ports)


def _number(variable, value):
    try:
        number = int(value)
    except ValueError:
        number = 0
    if not 1 <= number <= 65535:
        raise Problem(f'{variable}={value} is not a port: give a number from 1 to 65535.')
    return number


@dataclass(frozen=True)
class Settings:
    """``private_postgres``: never use the server named by PGHOST; tests create and drop databases freely."""

    state: Path = CHECKOUT / '.stack'
    cache: Path = Path.home() / '.cache' / 'odoo-saas'
    series: str | None = None
    source: Path | None = None
    ports: Ports = Ports()
    private_postgres: bool = False

    @classmethod
    def from_environment(cls, environ=os.environ):
        series = environ.get('SAAS_SERIES') or None
        if series and series not in SERIES:
            raise Problem(f'SAAS_SERIES={series} is not supported: choose {" or ".join(SERIES)}.')
        cache = Path(environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'odoo-saas'
        source = environ.get('ODOO_SRC')
        return cls(
            state=Path(environ.get('SAAS_STATE') or CHECKOUT / '.stack').absolute(),
            cache=cache.absolute(),
            series=series,
            source=Path(source).expanduser().absolute() if source else None,
            ports=Ports.from_environment(environ),
            private_postgres=environ.get('SAAS_POSTGRES') == 'private',
        )

    def environment(self):
        """With these variables another process has the same settings."""
        ports = {Ports.variable(name): str(getattr(self.ports, name)) for name in Ports.__dataclass_fields__}
        optional = {'SAAS_SERIES': self.series, 'ODOO_SRC': self.source and str(self.source),
                    'SAAS_POSTGRES': self.private_postgres and 'private'}
        return {'SAAS_STATE': str(self.state), 'XDG_CACHE_HOME': str(self.cache.parent), **ports,
                **{name: value or '' for name, value in optional.items()}}

    def change(self, **values):
        return replace(self, **values)

    @property
    def addons(self):
        return CHECKOUT / 'addons'

    @property
    def config(self):
        return CHECKOUT / 'config'

    @property
    def url(self):
        """The master site; tenants are at ``http://<name>.localhost:<port>``."""
        return f'http://localhost:{self.ports.http}'
