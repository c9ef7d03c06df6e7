"""Do names of customers point here? All at once, by several resolvers."""
from .dns_values import Finding, ServerAnswer, Settings, Target, Warning

__all__ = ['Finding', 'ServerAnswer', 'Settings', 'Target', 'Warning', 'ask_servers', 'check']


def check(targets, settings):
    """A Finding for each name; ends within ``settings.total`` seconds whatever happens outside."""
    raise NotImplementedError


def ask_servers(settings, name='.'):
    """Which resolvers answer: a ServerAnswer of each, asked for the SOA of ``name``."""
    raise NotImplementedError
