"""What transports share whose machine is reached by commands only: files are written and read there by a shell.

Needs over there: a POSIX shell and coreutils (``timeout``, ``mktemp``, ``sync``, ``mv -T``), findutils.
"""
from .errors import NotFound
from .transport import DRAFT, DRAFT_MINUTES, FILE_LIMIT, Result, within_limit

FILE_RATE = 1024 ** 2   # bytes per second a file is expected to travel at least
MISSING = 44            # exit code of the scripts below for a missing file or folder

# $1 folder, $2 name, $3 size: a connection lost on the way must not publish half a file, $4 mode
PUT = f'''
test -d "$1" || exit 44
draft=$(mktemp "$1/{DRAFT}XXXXXXXX") || exit
trap 'rm -f "$draft"' EXIT
trap 'exit 1' HUP PIPE TERM
cat > "$draft" && test "$(wc -c < "$draft")" -eq "$3" || {{ echo "incomplete or disk full" >&2; exit 1; }}
chmod "$4" "$draft" && sync "$draft" && mv -fT "$draft" "$1/$2" && sync "$1" || exit
find "$1" -maxdepth 1 -type f -name '{DRAFT}*' -mmin +{DRAFT_MINUTES} -delete || true
'''
GET = 'test -e "$1" || exit 44; exec cat < "$1"'


class ShellTransport:
    """``run``, ``put`` and ``get`` by ``execute``, which the transport itself has: see ``transport.Transport``."""

    def run(self, argv, timeout, stdin=b''):
        code, stdout, stderr = self.execute(argv, timeout, stdin)
        return Result(code, stdout.text(), stderr.text())

    def put(self, path, data, mode=0o600):
        folder, _slash, name = path.rpartition('/')
        argv = ('sh', '-c', PUT, 'put', folder or '/', name, str(len(data)), f'{mode:o}')
        result = self.run(argv, 30 + len(data) / FILE_RATE, data)
        if result.exit_code == MISSING:
            raise NotFound(f'{path} cannot be written: its folder does not exist')
        result.check(f'writing {path}')

    def get(self, path):
        code, stdout, stderr = self.execute(
            ('sh', '-c', GET, 'get', path), 30 + FILE_LIMIT / FILE_RATE, limit=FILE_LIMIT + 1)
        if code == MISSING:
            raise NotFound(f'{path} does not exist')
        Result(code, '', stderr.text()).check(f'reading {path}')
        return within_limit(path, stdout.bytes())
