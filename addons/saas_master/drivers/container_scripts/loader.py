"""Run by ``python3 -I -c`` in a container: takes modules and a call on standard input, answers one line of JSON.

The modules live in memory only. What is asked for may hold secrets, so nothing of it is ever written or said: of an
error that is none of ours only its type and place are told.
"""
import importlib.abc
import importlib.util
import json
import os
import pwd
import sys
import traceback

ANSWER = 'saas:'


class Sent(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in self.sources:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=self.is_package(fullname))

    def is_package(self, fullname):
        return any(name.startswith(fullname + '.') for name in self.sources)

    def get_source(self, fullname):
        return self.sources[fullname]

    def get_filename(self, fullname):
        """What tracebacks call the place."""
        return fullname


def become(user):
    account = pwd.getpwnam(user)
    if os.geteuid() != account.pw_uid:
        os.initgroups(user, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    os.environ['HOME'] = account.pw_dir


def refused(error):
    """As one of ``errors``; ``kind`` '' for what is a mistake of ours or of the container."""
    if hasattr(error, 'problem'):
        return {'kind': type(error).__name__, 'message': str(error), 'problem': error.problem,
                'after': getattr(error, 'after', None)}
    if isinstance(error, ModuleNotFoundError):
        return {'kind': 'Permanent', 'message': 'its python3 has no module ' + str(error.name)}
    place = traceback.extract_tb(error.__traceback__)[-1]
    return {'kind': '', 'message': f'{type(error).__name__} at {place.filename}:{place.lineno}'}


def main():
    try:
        asked = json.load(sys.stdin)
        if asked['user']:
            become(asked['user'])
        sys.meta_path.insert(0, Sent(asked['sources']))
        function = getattr(importlib.import_module(asked['module']), asked['function'])
        answer = {'value': function(*asked['arguments'])}
    except Exception as error:
        answer = {'error': refused(error)}
    sys.stdout.write(f'\n{ANSWER}{json.dumps(answer)}\n')


main()
