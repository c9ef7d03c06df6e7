"""A cloudflared for tests: refuses what it refuses (facts tried with the real one), runs with /ready, edges excluded.

Beside its config file: ``hold`` keeps it from getting ready, ``broken`` ends it at once, ``linger`` keeps it running
after SIGTERM; what happens is told in ``events``: ``start``, ``ready`` and ``term`` with its process number.
"""
import os
import re
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml


def main(argv):
    argv = [word for word in argv if word != '--no-autoupdate']
    options = {argv[index]: argv[index + 1] for index, word in enumerate(argv) if word.startswith('--')}
    config = Path(options['--config'])
    if argv[0] != 'tunnel':
        sys.exit('unknown command')
    if argv[-2:] == ['ingress', 'validate']:
        print(f'Validating rules from {config}')
        check(config)
        print('OK')
    elif argv[-1] == 'run':
        Run(config, options['--metrics']).serve()
    else:
        sys.exit('unknown command')


def check(config):
    rules = yaml.safe_load(config.read_text()).get('ingress')
    if not rules:
        sys.exit('Validation failed: The config file doesn\'t contain any ingress rules')
    for number, rule in enumerate(rules, 1):
        every = rule.get('hostname') in (None, '', '*') and not rule.get('path')
        if every != (number == len(rules)):
            sys.exit(f'Validation failed: Rule #{number} is matching everything, or the last rule does not')
        if not re.fullmatch(r'http_status:\d+|\w+://[^/]+', rule['service']):
            sys.exit(f'Validation failed: {rule["service"]} is an invalid address')
        for name in ('connectTimeout', 'tlsTimeout'):
            if not isinstance(rule.get('originRequest', {}).get(name, ''), str):
                sys.exit('Validation failed: cannot unmarshal !!int into config.CustomDuration')


class Run:

    def __init__(self, config, metrics):
        self.folder = config.parent
        check(config)
        self.rules, self.stopping, self.is_ready = config.read_bytes(), threading.Event(), False
        signal.signal(signal.SIGTERM, lambda *_args: self.stopping.set())
        host, port = metrics.split(':')
        self.server = ThreadingHTTPServer((host, int(port)), Handler)
        self.server.run, self.server.daemon_threads = self, True

    def serve(self):
        self.tell('start')
        if (self.folder / 'broken').exists():
            sys.exit('failed to create tunnel: Unauthorized: Invalid tunnel secret')
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        while not self.stopping.wait(0.02):
            if not self.is_ready and not (self.folder / 'hold').exists():
                self.is_ready = True
                self.tell('ready')
        self.is_ready = False
        self.tell('term')
        while (self.folder / 'linger').exists():
            time.sleep(0.02)

    def tell(self, what):
        with (self.folder / 'events').open('a') as file:
            file.write(f'{what} {os.getpid()}\n')


class Handler(BaseHTTPRequestHandler):

    def do_GET(self):
        run = self.server.run
        status, body = {'/ready': (200 if run.is_ready else 503, b'{}'), '/rules': (200, run.rules)}.get(
            self.path, (404, b''))
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


if __name__ == '__main__':
    main(sys.argv[1:])
