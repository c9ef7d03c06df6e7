"""Checks the names of ``dns`` in a process of its own and prints how long it took, what came of it and how much memory it
took beyond what the process had with its libraries and the list of names."""
import gc
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from ..bare import register
from .dns import LOOPBACK, NAMES, TARGET, TOKEN, name

register()
from bare.saas_domains.edge.dns_check import Settings, Target, check  # noqa: E402


def resident():
    """MiB."""
    return int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize() / 2**20


def main(port):
    targets = [Target(name(number), name(number)[4:], (TARGET,), f'_saas-verify.{name(number)[4:]}', TOKEN)
               for number in range(NAMES)]
    # All have to be answered, also where others keep the machine busy.
    settings = Settings(((LOOPBACK, port),), timeout=10, lifetime=40)
    gc.collect()
    before, start = resident(), time.perf_counter()
    findings = check(targets, settings)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    outcomes = Counter(finding.outcome for finding in findings.values())
    print(json.dumps({'seconds': seconds, 'mib': peak - before, 'outcomes': dict(outcomes)}), flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main(int(sys.argv[1]))
