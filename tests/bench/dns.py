"""Thousands of names checked at once against the same questions one by one with dnspython, as a simple loop would ask them.

The server is a real one behind ``dns_delay``, which holds each answer back for 30 ms; the checks run in a process of their
own (``dns_worker``), whose memory is measured. ``python -m tests.bench.dns`` measures this alone.
"""
import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from ..stack import processes
from ..stack.dns_server import DnsServer
from ..stack.ports import LOOPBACK, unused
from ..stack.settings import CHECKOUT, Ports, Settings
from .figures import Row

NAMES = 5000
ROUNDS = 3
SAMPLE = 150        # questions that are also asked one by one
DELAY = 0.03        # seconds
TIMES, MEBIBYTES = 60, 150
TARGET, TOKEN = 'tenant.bench-saas.example', 'saas-verify-0123456789abcdef0123456789abcdef'


def name(number):
    return f'www.customer{number}.test'


def zone():
    """As customers are: most are right, some have nothing, something else, or an address with the token."""
    for number in range(NAMES):
        www, kind = f'www.customer{number}', number % 10
        if kind < 6:
            yield f'{www} CNAME {TARGET}.'
        elif kind == 6:
            yield f'{www} CNAME www.elsewhere.test.'
        elif kind < 9:
            yield f'{www} A {"192.0.2.10" if kind == 8 else "198.51.100.7"}'
        if kind % 4 == 0:
            yield f'_saas-verify.customer{number} TXT "{TOKEN}"'
    yield 'www.elsewhere A 198.51.100.7'


EXPECTED = {'yes': NAMES * 7 // 10, 'no': NAMES * 3 // 10}


@contextmanager
def server(settings):
    """Port of the real server, private to this run."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings.change(state=Path(folder), ports=Ports(dns=unused()))
        dns_server = DnsServer(settings, {'test': '\n'.join(zone()) + '\n', 'bench-saas.example': '* A 192.0.2.10\n'})
        service = dns_server.start()
        try:
            yield settings.ports.dns
        finally:
            service.stop()


@contextmanager
def delayed(python, port):
    """The process between; its port."""
    with _run(python, 'dns_delay', port, DELAY, SAMPLE) as process:
        yield process, int(process.stdout.readline())


def one_by_one(questions, port):
    """Seconds a question takes."""
    import dns.message
    import dns.query
    start = time.perf_counter()
    for asked, kind in questions:
        dns.query.udp(dns.message.make_query(asked, kind), LOOPBACK, 5, port)
    return (time.perf_counter() - start) / len(questions)


def rows(python, settings):
    with server(settings) as real, delayed(python, real) as (between, port):
        rounds = [_round(python, port) for _number in range(ROUNDS)]
        between.stdin.close()           # it tells what it was asked, and goes on
        seen = json.loads(between.stdout.readline())
        each = one_by_one(seen['questions'], port)
    what = f'verify {NAMES:,} domains against a server that answers after {DELAY * 1000:.0f} ms'
    wrong = next((ours['outcomes'] for ours in rounds if ours['outcomes'] != EXPECTED), None)
    if wrong:
        yield Row(f'{what}: wrong results {wrong}', '–', '–', 0, TIMES, at_least=True)
        return
    seconds, mib = min(ours['seconds'] for ours in rounds), max(ours['mib'] for ours in rounds)
    other = seen['count'] * each
    yield Row(f'{what}, best of {ROUNDS}; against its {seen["count"]:,} questions one by one ({SAMPLE} of them, scaled)',
              f'{seconds:.1f} s', f'{other:.0f} s', other / seconds, TIMES, at_least=True)
    yield Row('… and the memory that takes (MiB)', f'{mib:.0f} MiB', '–', mib, MEBIBYTES)


def _round(python, port):
    with _run(python, 'dns_worker', port) as worker:
        return json.loads(worker.stdout.readline())


@contextmanager
def _run(python, module, *arguments):
    """It ends when its input does."""
    process = subprocess.Popen([str(python), '-m', f'tests.bench.{module}', *map(str, arguments)], cwd=CHECKOUT, text=True,
                               env=processes.base_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()


if __name__ == '__main__':
    for row in rows(sys.executable, Settings.from_environment()):
        print('  '.join(row.cells()))
