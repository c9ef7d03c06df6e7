"""A tenant's filestore on its node: each act is one shell script, so one process on the critical path.

Odoo names filestore files by content and never changes one in place (``ir.attachment._file_write``;
its garbage collector unlinks), so clones share them by hard links. A directory is ours only if it holds
the mark file ``.saas-<mark>``; names with a leading dot can belong to no database that Odoo serves.
"""
import re

from .errors import Permanent

FOREIGN = 65        # exit code of the scripts below: there is a directory, and it is not ours

# Each has the filestore's folder, the mark, and more. One works for a mark at a time: what a worker began that was killed goes
# on without it, and its successor waits for that. Whoever holds the lock removes its file; another one may have waited for it.
LOCKED = '''
cd "$1"
mark=.saas-$2 new=.saas-new-$2 gone=.saas-gone-$2 lock=.saas-lock-$2
while :; do
    exec 9> "$lock"
    flock 9
    [ "$lock" -ef /dev/fd/9 ] && break
done
trap 'rm -f "$lock"' EXIT
'''

CLONE = '''
set -eu
mkdir -p "$1"''' + LOCKED + '''
source=$3 target=$4
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
mkdir -p "$1" "$4"''' + LOCKED + '''
target=$3
[ -e "$target/$mark" ] && exit 0
rm -rf "$new"; mkdir "$new"
: > "$new/$mark"
mv -T "$new" "$target"
'''

DROP = '''
set -eu
[ -d "$1" ] || exit 0''' + LOCKED + '''
target=$3
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


def run(transport, spec, script, what, mark, *arguments, timeout=120):
    """Run ``script`` with the filestore's folder, the mark and ``arguments``; Permanent if it finds a foreign directory."""
    argv = ['sh', '-c', script, 'saas', f'{spec.data_dir}/filestore', mark, *arguments]
    result = transport.run(argv, timeout=timeout)
    if result.exit_code == FOREIGN:
        raise Permanent(f'{what}: there is a filestore of that name in {spec.data_dir}/filestore which is not ours.'
                        ' Move it away, then try again.')
    result.check(what)
    return result


def clone(transport, spec, template_db, tenant):
    """Give the tenant a filestore with the template's files; a template without files is fine."""
    check_names(tenant.mark, template_db, tenant.name)
    run(transport, spec, CLONE, f'Cloning the files of {template_db} for {tenant.name}', tenant.mark, template_db, tenant.name)


def drop(transport, spec, tenant):
    """Remove what carries the tenant's mark, complete or not; repeatable."""
    check_names(tenant.mark, tenant.name)
    run(transport, spec, DROP, f'Removing the files of {tenant.name}', tenant.mark, tenant.name)
