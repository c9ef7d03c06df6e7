"""A tenant's filestore on its node: each act is one shell script, so one process on the critical path.

Odoo names filestore files by content and never changes one in place (``ir.attachment._file_write``;
its garbage collector unlinks), so clones share them by hard links. A directory is ours only if it holds
the mark file ``.saas-<mark>``; names with a leading dot can belong to no database that Odoo serves.
"""
import re

from .errors import Permanent

FOREIGN = 65        # exit code of the scripts below: there is a directory, and it is not ours

CLONE = '''
set -eu
cd "$1"; source=$2 target=$3 new=.saas-new-$4 mark=.saas-$4
[ -e "$target/$mark" ] && exit 0
[ -e "$target" ] || [ -L "$target" ] && exit 65
rm -rf "$new"; mkdir "$new"
if [ -d "$source" ] && ! cp -al "$source/." "$new" 2>/dev/null; then
    rm -rf "$new"; mkdir "$new"
    cp -a --reflink=auto "$source/." "$new"
fi
rm -f "$new"/.saas-template-*
: > "$new/$mark"
mv -T "$new" "$target"
'''

MAKE = '''
set -eu
mkdir -p "$1" "$4"
cd "$1"; target=$2 new=.saas-new-$3 mark=.saas-$3
[ -e "$target/$mark" ] && exit 0
rm -rf "$new"; mkdir "$new"
: > "$new/$mark"
mv -T "$new" "$target"
'''

DROP = '''
set -eu
cd "$1" 2>/dev/null || exit 0
target=$2 new=.saas-new-$3 gone=.saas-gone-$3 mark=.saas-$3
rm -rf "$new" "$gone"
if [ -e "$target/$mark" ] && [ ! -L "$target" ]; then
    mv -T "$target" "$gone"
    rm -rf "$gone"
elif [ -e "$target" ] || [ -L "$target" ]; then
    exit 65
fi
'''

NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]{0,62}')
MARK = re.compile(r'[0-9a-f]{32}')


def check_names(mark, *names):
    """Refuse what could name anything but one directory or database of ours."""
    if not MARK.fullmatch(mark):
        raise Permanent('The mark of a tenant is 32 hexadecimal digits; this one is not.')
    for name in names:
        if not NAME.fullmatch(name) or '..' in name:
            raise Permanent(f'{name!r} cannot be the name of a database. Choose letters, digits and hyphens.')


def run(transport, spec, script, what, *arguments, timeout=120):
    """Run ``script`` with the filestore's folder and ``arguments``; Permanent if it finds a foreign directory."""
    argv = ['sh', '-c', script, 'saas', f'{spec.data_dir}/filestore', *arguments]
    result = transport.run(argv, timeout=timeout)
    if result.exit_code == FOREIGN:
        raise Permanent(f'{what}: there is a filestore of that name in {spec.data_dir}/filestore which is not ours.'
                        ' Move it away, then try again.')
    result.check(what)
    return result


def clone(transport, spec, template_db, tenant):
    """Give the tenant a filestore with the template's files; a template without files is fine."""
    check_names(tenant.mark, template_db, tenant.name)
    script = 'mkdir -p "$1"' + CLONE
    run(transport, spec, script, f'Cloning the files of {template_db} for {tenant.name}',
        template_db, tenant.name, tenant.mark)


def drop(transport, spec, tenant):
    """Remove what carries the tenant's mark, complete or not; repeatable."""
    check_names(tenant.mark, tenant.name)
    run(transport, spec, DROP, f'Removing the files of {tenant.name}', tenant.name, tenant.mark)
