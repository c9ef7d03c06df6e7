"""Do names of customers point here? All at once, asked of several resolvers; always ends with an answer for each name.

Call it from any thread that has no event loop of its own, such as a cron's.
"""
import asyncio
import contextlib
import ipaddress
import logging
import time
from dataclasses import replace

from .dns_client import Resolver, rate
from .dns_values import UNKNOWN, Finding, ServerAnswer, Settings, Target, Warning
from .dns_verdict import combine, judge
from .dns_view import ask_ahead, look, look_around

__all__ = ['Finding', 'ServerAnswer', 'Settings', 'Target', 'Warning', 'ask_servers', 'check']

_logger = logging.getLogger(__name__)
QUESTIONS = 5       # about as many a name costs


def check(targets, settings):
    """{name: Finding}. Two claims of one name need a ``key`` each, and are found by it.

    Ends within ``settings.total`` seconds: names not reached by then are 'unknown', as is all that could not be asked.
    """
    targets = [_tidy(target) for target in targets]
    return asyncio.run(Check(targets, settings).run()) if targets else {}


def ask_servers(settings, name='.'):
    """Which resolvers answer: a ServerAnswer of each, asked for the SOA of ``name``."""
    return asyncio.run(_ask_servers(settings, name))


class Check:
    """One run over many names."""

    def __init__(self, targets, settings):
        self.targets, self.settings, self.findings = targets, settings, {}
        servers = dict.fromkeys(settings.servers)       # one that is named twice has one voice
        self.resolvers = [Resolver(address, port, settings, len(targets)) for address, port in servers]

    async def run(self):
        async with contextlib.AsyncExitStack() as stack:
            for resolver in self.resolvers:
                await stack.enter_async_context(resolver)
            waiting = iter(self.targets)
            workers = [asyncio.ensure_future(self._work(waiting)) for _number in range(self._workers())]
            await _within(workers, self.settings.total)
        return {target.key: self.findings.get(target.key) or _unknown(target, 'timeout') for target in self.targets}

    def _workers(self):
        """So few that a name does not run out of time while its questions wait for their turn."""
        rates = filter(None, (rate(address, self.settings) for address, _port in self.settings.servers))
        return max(1, min([self.settings.concurrency, len(self.targets), *(one // QUESTIONS for one in rates)]))

    async def _work(self, waiting):
        for target in waiting:
            try:
                finding = await self._check(target)
            except Exception:       # of ours; the others are to be checked all the same
                _logger.exception('The check of %s failed.', target.name)
                finding = _unknown(target, 'no_answer')
            self.findings[target.key] = finding

    async def _check(self, target):
        end = time.monotonic() + self.settings.lifetime
        views = [asyncio.ensure_future(look(resolver, target)) for resolver in self.resolvers]
        if self.settings.extras and self.resolvers and self.resolvers[0].alive:
            ask_ahead(self.resolvers[0], target)
        await _within(views, self.settings.lifetime)
        views = [_result(view) for view in views]
        extras = await self._extras(target, views, end - time.monotonic())
        findings = {}
        for resolver, view in zip(self.resolvers, views, strict=True):
            finding = judge(target, view, self.settings, extras) if view else _unknown(target, 'timeout')
            findings[f'{resolver.address}:{resolver.port}'] = finding
        return combine(findings, target.targets[0])

    async def _extras(self, target, views, seconds):
        """Of the first resolver that could say something about the name at all."""
        for resolver, view in zip(self.resolvers, views, strict=True):
            if self.settings.extras and view and resolver.alive and seconds > 0:
                task = asyncio.ensure_future(look_around(resolver, target, view.a.code == 'reached'))
                await _within([task], seconds)
                return _result(task)
        return None


async def _within(tasks, seconds):
    """Wait for all; what is not done then is cancelled, and has ended when this returns."""
    if not tasks:
        return
    _done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)


def _result(task):
    """None of one that was cancelled; whatever else went wrong is raised."""
    return None if task.cancelled() else task.result()


def _tidy(target):
    """Names and addresses as answers have them."""
    name, registrable, txt_name, *targets = (name.lower().rstrip('.') for name in (
        target.name, target.registrable, target.txt_name, *target.targets))
    return replace(target, name=name, registrable=registrable, txt_name=txt_name, targets=tuple(targets),
                   edge_addresses=tuple(_addresses(target.edge_addresses)), key=target.key or target.name)


def _addresses(texts):
    """One spelling for each; what is no address is left out, for none is ever equal to it."""
    for text in texts:
        with contextlib.suppress(ValueError):
            yield str(ipaddress.ip_address(text))


def _unknown(target, code):
    return Finding(UNKNOWN, code, expected=target.targets[0])


async def _ask_servers(settings, name):
    return await asyncio.gather(*(_ask_server(server, settings, name) for server in settings.servers))


async def _ask_server(server, settings, name):
    start = time.monotonic()
    async with Resolver(*server, settings) as resolver:
        answer = await resolver.ask(name, 'SOA')
    code = '' if answer.conclusive else answer.code
    return ServerAnswer(*server, code, round((time.monotonic() - start) * 1000))
