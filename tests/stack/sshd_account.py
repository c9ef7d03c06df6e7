"""What sshd needs to run from a folder that it was unpacked into."""
import os
import pwd
from pathlib import Path

from .rendering import write_if_changed
from .report import Problem


def environment(binary, folder):
    """Started by root, sshd wants an account for its unprivileged half; a system without it gets it pretended, by files in
    ``folder``."""
    libraries = [str(path) for path in (Path(binary).parents[1] / 'lib').glob('*-linux-gnu*')]
    found = {'LD_LIBRARY_PATH': os.pathsep.join(libraries)} if libraries else {}
    if os.geteuid():
        return found
    os.makedirs('/run/sshd', mode=0o755, exist_ok=True)
    try:
        pwd.getpwnam('sshd')
        return found
    except KeyError:
        return {**found, **_pretended(libraries, Path(folder))}


def _pretended(libraries, folder):
    wrapper = next((path for library in libraries for path in Path(library).glob('libnss_wrapper.so')), None)
    if wrapper is None:
        raise Problem('sshd needs the account `sshd` when root starts it: install openssh-server as a whole, or libnss-wrapper '
                      'beside it, or run this as an ordinary user.')
    passwd, group = folder / 'passwd', folder / 'group'
    write_if_changed(passwd, 'root:x:0:0:root:/root:/bin/sh\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n')
    write_if_changed(group, 'root:x:0:\nnogroup:x:65534:\n')
    return {'LD_PRELOAD': str(wrapper), 'NSS_WRAPPER_PASSWD': str(passwd), 'NSS_WRAPPER_GROUP': str(group)}
