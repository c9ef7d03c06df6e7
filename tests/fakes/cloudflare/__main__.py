"""``python -m tests.fakes.cloudflare``: the sandbox as a process. The token comes from the environment, never from the
command line, where others could read it."""
import argparse
import os
import signal
import sys

from . import FakeCloudflare
from .world import SETTINGS

TOKEN = 'CLOUDFLARE_SANDBOX_TOKEN'      # variable


def main(argv=None):
    options = _parser().parse_args(argv)
    settings = dict(_setting(text) for text in options.set)
    fake = FakeCloudflare(options.state, options.port, options.edge_port, **settings)
    if os.environ.get(TOKEN):
        fake.world.add_token(os.environ[TOKEN])
    for name in options.zone:
        fake.world.add_zone(name, plan=options.plan, **({'custom_metadata': True} if options.metadata else {}))
    for name in options.tunnel:
        fake.world.add_tunnel(name)
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)      # before there are threads, which would take them otherwise
    fake.start()
    print(f'API {fake.url}, edge {fake.edge_url}', flush=True)
    signal.sigwait(ends)
    fake.stop()


def _parser():
    parser = argparse.ArgumentParser(prog='python -m tests.fakes.cloudflare', description=__doc__)
    parser.add_argument('--port', type=int, default=8083, help='of the API')
    parser.add_argument('--edge-port', type=int, default=8084, help='where visitors come in')
    parser.add_argument('--state', help='file that keeps everything over a restart')
    parser.add_argument('--zone', action='append', default=[], help='a zone that exists from the beginning')
    parser.add_argument('--plan', default='free', choices=('free', 'pro', 'business', 'enterprise'))
    parser.add_argument('--metadata', action='store_true', help='custom hostnames may carry metadata')
    parser.add_argument('--tunnel', action='append', default=[], help='a tunnel with two connectors')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=NUMBER', help=f'one of {", ".join(SETTINGS)}')
    return parser


def _setting(text):
    name, _, value = text.partition('=')
    if name not in SETTINGS:
        sys.exit(f'--set {text}: there is no setting {name}')
    return name, type(SETTINGS[name])(float(value))


if __name__ == '__main__':
    main()
