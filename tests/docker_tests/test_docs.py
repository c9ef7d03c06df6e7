"""The documents speak of what exists: files, commands, code and messages."""
import re
from pathlib import Path

import pytest

from ..stack.settings import CHECKOUT

DOCUMENTS = sorted([*CHECKOUT.glob('*.md'), *CHECKOUT.glob('docs/**/*.md')])
LINK = re.compile(r'!?\[[^\]]*\]\(([^)#\s]+)')
IMAGE = re.compile(r'<img[^>]*src="([^"]+)"')
CODE = re.compile(r'`([^`\n]+)`')
# Adjacent string literals are one message; placeholders of any kind stand between its parts.
SEAM = re.compile(r'''(?<!\\)['"]\s*\n\s*f?['"]''')


@pytest.fixture(scope='module')
def sources():
    """All code of the product as one text in which messages are unbroken."""
    files = [*CHECKOUT.glob('addons/*/**/*.py'), *CHECKOUT.glob('addons/*/**/*.xml')]
    text = '\n'.join(file.read_text() for file in sorted(files) if 'tests' not in file.parts)
    return re.sub(r'\s+', ' ', SEAM.sub('', text).replace("\\'", "'"))


def identified(path):
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize('document', DOCUMENTS, ids=identified)
def test_links_lead_somewhere(document):
    text = document.read_text()
    targets = [target for target in (*LINK.findall(text), *IMAGE.findall(text)) if '://' not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize('document', DOCUMENTS, ids=identified)
def test_make_targets_exist(document):
    makefile = (CHECKOUT / 'Makefile').read_text()
    named = set(re.findall(r'\bmake ([a-z][a-z-]*)\b', ' '.join(CODE.findall(document.read_text()))))
    assert {name for name in named if not re.search(rf'^{name}:', makefile, re.M)} == set()


@pytest.mark.parametrize('document', DOCUMENTS, ids=identified)
def test_named_code_exists(document, sources):
    """`function()`, `SAAS_VARIABLE` and `file.py` in backticks; what makes a generated file names it."""
    files = {path.name for path in CHECKOUT.glob('*/**/*') if not path.parts[len(CHECKOUT.parts)].startswith('.')}
    shell = '\n'.join(path.read_text() for path in [*CHECKOUT.glob('docker/**/*'), *CHECKOUT.glob('tests/stack/**/*')]
                      if path.suffix in ('.py', '.sh', '.yaml', '.in'))
    missing = set()
    for words in CODE.findall(document.read_text()):
        for name in re.findall(r'(?<![\w/.])(_?[a-z][a-z_]*)\(\)', words):
            missing |= {name} if f'def {name}(' not in sources else set()
        for name in re.findall(r'^SAAS_[A-Z_]+$', words):
            missing |= {name} if name not in sources and name not in shell else set()
        for name in re.findall(r'^[\w./-]+\.(?:py|sh|yaml|conf|in|xml|txt)$', words):
            missing |= {name} if Path(name).name not in files and Path(name).name not in shell else set()
    assert missing == set()


def halves(text):
    """The text, and every way to cut it at one blank: where a message is put together of two."""
    yield (text,)
    words = text.split(' ')
    for cut in range(1, len(words)):
        yield ' '.join(words[:cut]), ' '.join(words[cut:])


@pytest.mark.parametrize(('document', 'least'), [('docs/operations.md', 25), ('docs/domains.md', 15)])
def test_messages_are_the_code_s_own(sources, document, least):
    table = (CHECKOUT / document).read_text().partition('## Troubleshooting')[2]
    messages = re.findall(r'^\| `([^`]+)`', table, re.M)
    assert len(messages) > least
    for message in messages:
        for part in filter(None, (part.strip(' .:') for part in re.split(r'…|<\w+>|"', message))):
            assert any(all(half in sources for half in cut) for cut in halves(part)), f'{message}: {part}'


def test_ledger_figures_are_the_code_s_own():
    """Those that the architecture names."""
    text = (CHECKOUT / 'docs/architecture.md').read_text()
    addon = CHECKOUT / 'addons/saas_master'
    assert 'LEASE_SECONDS = 30 ' in (addon / 'const.py').read_text() and 'a lease (30 s' in text
    retry = (addon / 'drivers/retry.py').read_text()
    assert 'max_attempts=8, base=2.0, cap=300.0' in retry and '2 s doubling to 300 s, jittered, 8 attempts' in text
    assert 'OPEN_AFTER = 3 ' in retry and 'OPEN_FIRST, OPEN_LONGEST = 10.0, 300.0' in retry
    assert 'Three `Unreachable` in a row open it for 10 s' in text and 'at most 300 s' in text


def test_the_state_diagram_is_the_declared_table():
    namespace = {}
    exec((CHECKOUT / 'addons/saas_master/const.py').read_text(), namespace)
    text = (CHECKOUT / 'docs/architecture.md').read_text().partition('stateDiagram-v2')[2].partition('```')[0]
    drawn = set(re.findall(r'^ +(\w+) --> (\w+)', text, re.M))
    declared = {(now, then) for now, after in namespace['TENANT_TRANSITIONS'].items() for then in after}
    assert drawn == declared


def test_the_sequence_has_the_steps_of_the_operation():
    code = (CHECKOUT / 'addons/saas_master/models/saas_tenant_steps.py').read_text()
    steps = re.findall(r"\('(\w+)', _\(", code.partition("'provision': [")[2].partition('],')[0])
    text = (CHECKOUT / 'docs/architecture.md').read_text().partition('sequenceDiagram')[2].partition('```')[0]
    assert re.findall(r'L-+>>\w+: (\w+)(?=:)', text) == steps


@pytest.mark.parametrize('name', ['README.md', 'docs/es/README.md'])
def test_the_first_screen_has_two_commands(name):
    block = (CHECKOUT / name).read_text().split('```')[1]
    assert re.findall(r'^make \w+', block, re.M) == ['make demo', 'make test']
