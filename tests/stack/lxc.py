"""Real LXC containers: may this machine have them, and what is missing. Debian's ``lxc``, as root."""
import os
import shutil
import subprocess

from . import fetching
from .processes import base_environment, run
from .report import Problem, doing, say

PROGRAMS = {'lxc-start': 'lxc', 'lxc-attach': 'lxc', 'mmdebstrap': 'mmdebstrap', 'ip': 'iproute2', 'nsenter': 'util-linux',
            'unshare': 'util-linux'}
# What a container takes: namespaces, a file system that lies over another, a bridge, cgroups.
TRIAL = '''set -e
mount -t tmpfs none "$1"
mkdir "$1/a" "$1/b" "$1/c" "$1/d"
mount -t overlay overlay -o "lowerdir=$1/a,upperdir=$1/b,workdir=$1/c" "$1/d"
ip link add saasbr0 type bridge
ip link add saasv0 type veth peer name saasv1
'''


def obstacle(settings):
    """Why this machine cannot have LXC containers, '' if it can. Debian's packages are installed where root may do that."""
    if os.geteuid():
        return 'real LXC containers take root'
    try:
        with fetching.lock(settings.cache, 'apt-get'):
            _install()
    except Problem as problem:
        return str(problem)
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if missing:
        return f'Debian\'s {", ".join(missing)} is not installed'
    return _trial()


def _install():
    packages = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if not packages or not shutil.which('apt-get'):
        return
    say(f'installing {", ".join(packages)} for real LXC containers')
    env = {**base_environment(), 'DEBIAN_FRONTEND': 'noninteractive'}
    with doing('apt-get'):
        for words in (('update',), ('install', '-y', '--no-install-recommends', *packages)):
            run(['apt-get', '-q', *words], f'`apt-get {words[0]}`', 'Install lxc and mmdebstrap by hand.', env=env)


def _trial():
    """All of it in namespaces of its own, which go with it."""
    if not os.path.isdir('/sys/fs/cgroup') or not os.access('/sys/fs/cgroup', os.W_OK):
        return 'there are no cgroups that may be written'
    done = subprocess.run(['unshare', '-m', '-n', 'sh', '-c', TRIAL, 'sh', '/mnt'], capture_output=True, text=True, timeout=60)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ['no message'])[-1]
        return f'this kernel or its surroundings do not allow containers: {last}'
    if not os.access('/run', os.W_OK):
        return '/run, where network namespaces are named, cannot be written'
    return ''
