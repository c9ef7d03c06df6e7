"""Run by ``odoo shell`` on a node, without a database: what code is there, as one line of JSON.

``digest`` changes with any file of Odoo or of its addons that is added, removed or changes size, and with any
manifest. Times are left out: a reinstalled package or a rebuilt image has the same code.
"""
# ruff: noqa: F821
import ast
import hashlib
import json
import os

SKIPPED = {'__pycache__', '.git', 'tests', 'node_modules'}


def manifests(paths):
    for path in paths:
        for name in sorted(os.listdir(path) if os.path.isdir(path) else ()):
            file = os.path.join(path, name, '__manifest__.py')
            if os.path.isfile(file):
                with open(file, 'rb') as stream:
                    yield name, stream.read()


def describe(source):
    manifest = ast.literal_eval(source.decode())
    return {'depends': manifest.get('depends') or ['base'], 'installable': manifest.get('installable', True),
            'version': str(manifest.get('version', ''))}


def sizes(folder):
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(files):
            if not name.endswith('.pyc'):
                yield os.path.join(path, name), os.lstat(os.path.join(path, name)).st_size


roots = list(dict.fromkeys([os.path.dirname(odoo.release.__file__), *odoo.addons.__path__]))
modules, digest = {}, hashlib.sha256()
with open(odoo.release.__file__, 'rb') as release:
    digest.update(release.read())
for name, source in manifests(odoo.addons.__path__):
    if name not in modules:
        digest.update(source)
        try:
            modules[name] = describe(source)
        except (ValueError, SyntaxError, UnicodeDecodeError):
            modules[name] = {'depends': [], 'installable': False, 'version': ''}
for root in roots:
    if not any(root.startswith(other + os.sep) for other in roots):
        for file, size in sizes(root):
            digest.update(f'{os.path.relpath(file, root)}:{size}\n'.encode())
print('saas:' + json.dumps({'modules': modules, 'digest': digest.hexdigest()}), flush=True)
