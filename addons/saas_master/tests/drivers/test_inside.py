"""Functions of ours that run inside a container: how they get there, and what may come back."""
import functools
import getpass
import json
import os
import sys

import pytest
from drivers import inside
from drivers.container_scripts import database
from drivers.errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from drivers.inside import call
from drivers.personalise import hash_key
from drivers.transport import Result

SECRET = 'a secret that nobody may see'
# what a test asks for stands here, in the place of a module of the drivers
MODULE = '''
import os
import sys

from ..errors import AuthError, NotFound, Permanent, Retryable, Unreachable


def echo(*values):
    return list(values)


def who():
    return os.getuid(), os.environ['HOME'], sys.flags.isolated


def chatty():
    print('saas:{"value": "wrong"}')
    print('noise')
    return 'right'


def fail(kind, message, **values):
    raise globals()[kind](message, problem='a_problem', **values)


def fail_after(seconds):
    raise Retryable('later', after=seconds)


def trip(secret):
    return {}[secret]


def need():
    import no_such_module
'''


@pytest.fixture
def sent(monkeypatch):
    """``sent(name)``: a function of MODULE as if the drivers had it."""
    module = f'{inside.PACKAGE}.container_scripts.of_tests'
    real = inside._sources('container_scripts.loader') | inside._sources('errors')
    sources = {**real, f'{inside.NAME}.container_scripts.of_tests': MODULE}
    monkeypatch.setattr(inside, '_sources', lambda name: sources)
    values = {'__name__': module, '__package__': module.rpartition('.')[0]}
    exec(MODULE, values)
    return values.__getitem__


@pytest.fixture
def run(pct_local):
    """``call`` into the container 101 with this interpreter."""
    return functools.partial(call, pct_local(), python=sys.executable)


def test_a_function_of_the_drivers_runs_there(run):
    assert run(hash_key, 'key').startswith('$pbkdf2-sha512$6000$')


def test_arguments_and_answers_are_whatever_json_can_hold(run, sent):
    values = ['', "it's", 'ñandú\n', 1, 1.5, None, True, {'a': [1]}, 'x' * 300_000]
    assert run(sent('echo'), *values) == values


def test_nothing_of_it_is_on_a_command_line(run, sent, pct_node):
    assert run(sent('echo'), SECRET) == [SECRET]
    assert pct_node.calls and not any(SECRET in line for line in pct_node.calls)


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can become somebody else')
def test_it_has_the_rights_of_the_user_asked_for(run, sent):
    import pwd
    nobody = pwd.getpwnam('nobody')
    assert run(sent('who'), user='nobody')[:2] == [nobody.pw_uid, nobody.pw_dir]


def test_to_become_oneself_takes_no_rights(run, sent):
    uid, _home, isolated = run(sent('who'), user=getpass.getuser())
    assert (uid, isolated) == (os.geteuid(), 1)


def test_an_unknown_user_is_told(run, sent):
    with pytest.raises(Permanent, match='who failed inside the container: KeyError'):
        run(sent('who'), user='no-such-user')


def test_what_else_is_written_does_no_harm(run, sent):
    assert run(sent('chatty')) == 'right'


@pytest.mark.parametrize('kind', [AuthError, NotFound, Permanent, Retryable])
def test_an_error_of_ours_comes_back_as_it_was_raised(run, sent, kind):
    with pytest.raises(kind, match='the message') as caught:
        run(sent('fail'), kind.__name__, 'the message')
    assert type(caught.value) is kind
    assert caught.value.problem == 'a_problem'


def test_the_time_to_wait_comes_back_too(run, sent):
    with pytest.raises(Retryable) as caught:
        run(sent('fail_after'), 7)
    assert caught.value.after == 7


def test_a_container_does_not_make_its_node_unreachable(run, sent):
    with pytest.raises(Retryable, match='Inside the container: gone') as caught:
        run(sent('fail'), 'Unreachable', 'gone')
    assert not isinstance(caught.value, Unreachable)


def test_other_errors_tell_their_place_and_no_value(run, sent):
    with pytest.raises(Permanent, match=r'trip failed inside the container: KeyError at .*of_tests:\d+') as caught:
        run(sent('trip'), SECRET)
    assert SECRET not in str(caught.value)


def test_a_missing_module_is_named(run, sent):
    with pytest.raises(Permanent, match='its python3 has no module no_such_module'):
        run(sent('need'))


def test_a_container_without_python_is_told(pct_local, sent):
    with pytest.raises(Permanent, match='has no python3'):
        call(pct_local(), sent('echo'), python='no-such-python')


@pytest.mark.parametrize('answer', [
    '', 'nothing', 'saas:', 'saas:[]', 'saas:{}', 'saas:null', 'saas:{"error": 1}',
    'saas:{"error": {"kind": "Permanent"}}', 'saas:{"error": {"message": "x"}}', 'saas:{'])
def test_an_answer_that_is_none_is_an_error(answer):
    with pytest.raises(Permanent, match='echo inside the container gave no answer'):
        inside._read(Result(0, answer, ''), 'echo')


@pytest.mark.parametrize('kind', ['SystemExit', '__builtins__', 'Exception', 'DriverErro', '', None, 3, ['Permanent']])
def test_a_container_cannot_make_up_kinds_of_errors(kind):
    answer = json.dumps({'error': {'kind': kind, 'message': 'x', 'after': 'soon', 'problem': None}})
    with pytest.raises(Permanent, match='echo failed inside the container: x'):
        inside._read(Result(0, f'saas:{answer}', ''), 'echo')


def test_an_interpreter_that_fails_is_told_with_its_words():
    with pytest.raises(Permanent, match='exit code 1: Killed by somebody'):
        inside._read(Result(1, '', 'Killed by somebody\n'), 'echo')


def test_all_that_is_imported_goes_along_and_nothing_else():
    sources = inside._sources('container_scripts.database')
    assert {name.removeprefix(f'{inside.NAME}.') for name in sources} == {
        inside.NAME, 'container_scripts', 'container_scripts.database', 'errors', 'personalise', 'postgres', 'spec',
        'pve', 'pve.spec'}
    assert database.__doc__ in sources[f'{inside.NAME}.container_scripts.database']
