"""``python -m tests.fakes.pve``: the API and the control endpoint as a process, run by the interpreter that has fakepve.
The token's secret comes from the environment (PVE_SANDBOX_SECRET), never from the command line."""
import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

from aiohttp import web

from . import PRIVILEGES, SECRET, TOKEN_ID, FakePve, runtimes
from .admin import Admin
from .certificate import Certificate
from .cluster import GIB, Cluster
from .state import State

HOST = '127.0.0.1'


def main(argv=None):
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format='%(name)s: %(message)s')
    if not os.environ.get(SECRET):
        sys.exit(f'{SECRET} has to hold the secret of the token {TOKEN_ID}')
    asyncio.run(serve(options))


async def serve(options):
    cluster = make_cluster(options)
    if options.state:
        cluster.state = State(options.state)
        cluster.state.load(cluster)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    certificate = Certificate(Path(options.tls)).make()
    await asyncio.to_thread(cluster.runtime.open, [cluster.plainly(ct) for ct in cluster.cts])
    runner = web.AppRunner(Admin(cluster).app())
    try:
        await cluster.start(str(certificate.file), str(certificate.key))
        await runner.setup()
        await web.TCPSite(runner, HOST, options.control_port).start()
        print(json.dumps({'api': cluster.url, 'control': f'http://{HOST}:{runner.addresses[0][1]}'}), flush=True)
        if options.end_with_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
        await ended.wait()
    finally:
        await runner.cleanup()
        await cluster.stop()
        cluster.changed()
        await asyncio.to_thread(cluster.runtime.close)


def make_cluster(options):
    cluster = Cluster(runtimes.make(options.runtime, options), host=HOST, port=options.port)
    cluster.nodes, cluster.cluster_name, cluster.bridges = {}, 'sandbox', options.bridges.split(',')
    for name in options.nodes.split(','):
        cluster.add_node(name)
    cluster.apitokens[TOKEN_ID] = os.environ[SECRET]
    for path, privileges in PRIVILEGES.items():
        cluster.grant(TOKEN_ID, path, *privileges)
    cluster.pools[FakePve.pool] = set()
    cluster.storages = storages()
    for word in filter(None, options.golden.split(',')):
        add_golden(cluster, *word.split('='))
    return cluster


def storages():
    space = {'active': 1, 'files': set(), 'total': 500 * GIB, 'avail': 400 * GIB}
    template = FakePve.ostemplate.partition(':')[2]
    return {
        'local': {**space, 'type': 'dir', 'content': 'iso,vztmpl,backup', 'path': '/var/lib/vz', 'volumes': {
            template: {'content': 'vztmpl', 'size': 300 * 1024 ** 2, 'format': 'tzst', 'ctime': int(time.time())}}},
        FakePve.storage: {**space, 'type': 'lvmthin', 'content': 'images,rootdir', 'vgname': 'pve', 'thinpool': 'data'},
        FakePve.shared_storage: {**space, 'type': 'rbd', 'content': 'images,rootdir', 'pool': 'rbd', 'shared': 1}}


def add_golden(cluster, node, vmid):
    """A template container of ours on each node, of whatever the runtime knows by that number."""
    cluster.add_ct(int(vmid), f'golden-{vmid}', node=node, template=True, pool=FakePve.pool, config={
        'rootfs': f'{FakePve.storage}:base-{vmid}-disk-0,size=8G', 'memory': 1024, 'swap': 0, 'cores': 1, 'ostype': 'debian',
        'arch': 'amd64', 'tags': 'saas', 'net0': f'name=eth0,bridge={cluster.bridges[0]},ip=manual,type=veth'})


def _parser():
    parser = argparse.ArgumentParser(prog='python -m tests.fakes.pve', description=__doc__)
    parser.add_argument('--port', type=int, default=8086, help='of the API (HTTPS)')
    parser.add_argument('--control-port', type=int, default=8087, help='of the control endpoint (HTTP)')
    parser.add_argument('--tls', required=True, help='folder with the certificates, made if there are none')
    parser.add_argument('--nodes', default='pve1,pve2')
    parser.add_argument('--bridges', default=FakePve.bridge)
    parser.add_argument('--golden', default='', metavar='NODE=VMID,…', help='template containers from the beginning')
    parser.add_argument('--state', help='folder that keeps everything over a restart')
    parser.add_argument('--runtime', choices=('none', 'pages', 'lxc'), default='none')
    parser.add_argument('--runtime-option', action='append', default=[], metavar='NAME=VALUE')
    parser.add_argument('--end-with-stdin', action='store_true', help='end when standard input is closed')
    return parser


if __name__ == '__main__':
    main()
