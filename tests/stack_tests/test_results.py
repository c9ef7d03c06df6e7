"""Counting what was run, our own lint rules, and reading caught mail."""
import pytest

from .. import lint, suites
from ..stack import mailbox, master_database

REPORT = '''<testsuites><testsuite>
<testcase classname="a" name="good"/>
<testcase classname="a" name="bad"><failure message="no"/></testcase>
<testcase classname="a" name="broken"><error message="no"/></testcase>
<testcase classname="a" name="allowed"><skipped message="odoo-test-helper does not import"/></testcase>
<testcase classname="a" name="shirked"><skipped message="no browser here"/></testcase>
</testsuite></testsuites>'''


def test_a_skipped_test_has_failed_unless_its_reason_is_known(tmp_path):
    report = tmp_path / 'report.xml'
    report.write_text(REPORT)
    result = suites.count('some', report, 1, 2.0)
    assert (result.passed, result.failed, result.skipped) == (1, 3, 1)
    assert result.complaints == ['a.bad', 'a.broken', 'a.shirked was not run: no browser here']


@pytest.mark.parametrize('text, outcome, complaint', [
    (None, 1, 'no test was run'), (None, None, 'not finished'), ('<testsuites/>', 5, 'no test was run'),
    ('<testsuites><testcase classname="a" name="b"/></testsuites>', 3, 'pytest ended with 3'),
    ('<testsuites><testcase classname="a" name="b"/></testsuites>', None, 'not finished'),
])
def test_a_suite_that_breaks_off_has_failed(tmp_path, text, outcome, complaint):
    report = tmp_path / 'report.xml'
    if text:
        report.write_text(text)
    result = suites.count('some', report, outcome, 9)
    assert result.failed == 1 and complaint in result.complaints[0]


@pytest.mark.parametrize('source, lines', [
    ('import odoo', [1]), ('import os, odoo.tools', [1]), ('def f():\n    from odoo import api', [2]),
    ('from odoo.addons.x import y', [1]), ('import odoorpc\nfrom .odoo import x\nfrom . import odoo', []),
])
def test_imports_of_odoo_are_found_wherever_they_stand(tmp_path, source, lines):
    (tmp_path / 'driver.py').write_text(source)
    assert list(lint._imports(tmp_path / 'driver.py', 'odoo')) == lines


def test_a_mail_is_read_as_words_and_links(tmp_path):
    (tmp_path / 'mail').mkdir()
    (tmp_path / 'mail/000001-x.eml').write_text(
        'X-Envelope-To: ann@acme.example\nSubject: =?utf-8?q?Confirm_=E2=9C=93?=\nFrom: a@b.example\n'
        'Content-Type: text/html; charset=utf-8\n\n'
        '<style>p {}</style><p>Hello&nbsp;<b>Ann</b></p><p><a href="http://localhost/x?a=1">Confirm</a></p>')
    message = mailbox.wait_for(tmp_path, 'ann@acme.example', 'Confirm', seconds=0)
    assert mailbox.text(message) == 'Hello Ann\nConfirm <http://localhost/x?a=1>'
    assert 'Subject: Confirm ✓' in '\n'.join(mailbox.show(tmp_path))


def test_the_addons_checksum_changes_with_code_but_not_with_tests(tmp_path):
    addon = tmp_path / 'saas_x'
    for name in ('__manifest__.py', 'models/a.py', 'tests/test_a.py', '__pycache__/a.pyc'):
        (addon / name).parent.mkdir(parents=True, exist_ok=True)
        (addon / name).write_text('one')
    assert master_database.addons(tmp_path) == ['saas_x']
    before = master_database.checksum(tmp_path)
    (addon / 'tests/test_a.py').write_text('two')
    (addon / '__pycache__/a.pyc').write_text('two')
    assert master_database.checksum(tmp_path) == before
    (addon / 'models/a.py').write_text('two')
    assert master_database.checksum(tmp_path) != before
