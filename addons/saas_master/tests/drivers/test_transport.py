"""The contract of a transport: for this machine, for one behind SSH, and for a container of either alike."""
import os
import stat
import threading
import time

import pytest
from drivers.errors import NotFound, Permanent, Retryable
from drivers.transport import FILE_LIMIT, OUTPUT_LIMIT, LocalTransport, Result

from real_servers import alive, wait_until

AWKWARD = ['', ' ', 'a b', "it's", '"quoted"', '$HOME', '`id`', '$(id)', '*', '~', '; id', '&', '|', 'two\nlines', '\\',
           '-n', '--', 'ñandú', '!!', '#', '{a,b}', 'a=b']


@pytest.fixture(params=['local', 'ssh', 'pct_local', 'pct_ssh'])
def transport(request):
    return LocalTransport() if request.param == 'local' else request.getfixturevalue(request.param)()


# -- run -------------------------------------------------------------------------------------------------------------

def test_run_answers_exit_code_and_both_outputs(transport):
    result = transport.run(['sh', '-c', 'cat; echo trouble >&2; exit 3'], 10, b'given')
    assert result == Result(3, 'given', 'trouble\n')


def test_arguments_arrive_untouched(transport):
    result = transport.run(['printf', '%s\\0', *AWKWARD], 10)
    assert result.stdout.split('\0')[:-1] == AWKWARD


def test_a_missing_command_is_127(transport):
    assert transport.run(['no-such-command-here'], 10).exit_code == 127


def test_a_file_that_is_no_command_is_126(transport):
    assert transport.run(['/etc/passwd'], 10).exit_code == 126


def test_a_command_ended_by_a_signal_has_a_negative_code(transport):
    assert transport.run(['sh', '-c', 'kill -9 $$'], 10).exit_code < 0


def test_an_argument_no_system_can_pass_is_refused(transport):
    with pytest.raises(Permanent, match='null byte'):
        transport.run(['echo', 'a\0b'], 10)


def test_the_end_of_long_output_is_kept(transport):
    result = transport.run(['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x; echo the end'], 30)
    assert len(result.stdout) == OUTPUT_LIMIT
    assert result.stdout.endswith('xthe end\n')


def test_long_input_and_output_do_not_block_each_other(transport):
    data = bytes(range(97, 123)) * 100_000
    result = transport.run(['cat'], 30, data)
    assert result.stdout == data[-OUTPUT_LIMIT:].decode()


def test_a_command_need_not_read_its_input(transport):
    assert transport.run(['echo', 'done'], 10, b'x' * 3_000_000) == Result(0, 'done\n', '')


def test_output_that_is_not_utf8_does_no_harm(transport):
    assert transport.run(['printf', 'a\\377b'], 10).stdout == 'a\ufffdb'


def test_commands_start_in_the_root_folder(transport):
    assert transport.run(['pwd'], 10).stdout == '/\n'


def test_the_masters_secrets_stay_with_the_master(transport, monkeypatch):
    monkeypatch.setenv('PGPASSWORD', 'not-for-others')
    environment = transport.run(['env'], 10)
    assert 'PATH=' in environment.stdout
    assert 'not-for-others' not in environment.stdout


def test_time_out_kills_the_process_group(transport, tmp_path):
    script = f'echo $$ > {tmp_path}/parent; sleep 60 & echo $! > {tmp_path}/child; wait'
    started = time.monotonic()
    with pytest.raises(Retryable, match=r'^sh was stopped: it took longer than 0\.5 s$'):
        transport.run(['sh', '-c', script], 0.5)
    assert time.monotonic() - started < 4
    for name in ('parent', 'child'):
        pid = int((tmp_path / name).read_text())
        wait_until(lambda pid=pid: not alive(pid), f'the end of the {name}')


def test_time_out_also_for_a_command_that_never_stops_writing(transport):
    with pytest.raises(Retryable):
        transport.run(['sh', '-c', 'while :; do echo flood; done'], 0.5)


def test_detached_work_outlives_its_starter(transport, tmp_path):
    script = f'setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $! > {tmp_path}/pid'
    started = time.monotonic()
    transport.run(['sh', '-c', script], 10).check('starting')
    assert time.monotonic() - started < 5
    pid = int((tmp_path / 'pid').read_text())
    assert alive(pid)
    os.kill(pid, 9)


def test_check_passes_success_and_explains_failure():
    good = Result(0, 'x', '')
    assert good.check('trying') is good
    with pytest.raises(Permanent, match='cloning failed with exit code 2: no room'):
        Result(2, 'ignored', ' no room \n').check('cloning')
    with pytest.raises(Permanent, match='said here'):
        Result(1, 'said here', '').check('trying')
    with pytest.raises(Permanent) as caught:
        Result(1, '', 'x' * 10_000 + 'reason').check('trying')
    assert str(caught.value).endswith('reason')
    assert len(str(caught.value)) < 2100


# -- put and get ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('data', [b'', b'text\n', bytes(range(256)), b'\n\n', b'x' * 5_000_000],
                         ids=['empty', 'text', 'binary', 'newlines', 'large'])
def test_get_answers_what_was_put(transport, tmp_path, data):
    path = str(tmp_path / 'a file\'s "name"')
    transport.put(path, data)
    assert transport.get(path) == data
    assert os.listdir(tmp_path) == ['a file\'s "name"']


@pytest.mark.parametrize('mode', [0o600, 0o644, 0o755])
def test_put_sets_the_mode_whatever_was_there(transport, tmp_path, mode):
    path = tmp_path / 'file'
    path.write_text('old')
    path.chmod(0o640)
    transport.put(str(path), b'new', mode)
    assert path.read_text() == 'new'
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_put_is_private_unless_told_otherwise(transport, tmp_path):
    transport.put(str(tmp_path / 'file'), b'secret')
    assert stat.S_IMODE((tmp_path / 'file').stat().st_mode) == 0o600


def test_readers_see_the_old_or_the_new_file_whole(transport, tmp_path):
    path = tmp_path / 'file'
    versions = {bytes([97 + n]) * 400_000 for n in range(8)}
    path.write_bytes(b'a' * 400_000)
    seen, over = set(), threading.Event()

    def read():
        while not over.is_set():
            seen.add(path.read_bytes())
    reader = threading.Thread(target=read)
    reader.start()
    for data in sorted(versions):
        transport.put(str(path), data)
    over.set()
    reader.join()
    assert seen <= versions


def test_put_sweeps_up_after_killed_writers_only(transport, tmp_path):
    for name, minutes in (('.saas-old', 61), ('.saas-new', 59), ('.other', 600), ('saas-x', 600)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - minutes * 60,) * 2)
    transport.put(str(tmp_path / 'file'), b'')
    assert sorted(os.listdir(tmp_path)) == ['.other', '.saas-new', 'file', 'saas-x']


def test_put_into_a_missing_folder_is_not_found(transport, tmp_path):
    with pytest.raises(NotFound, match='its folder does not exist'):
        transport.put(str(tmp_path / 'nowhere' / 'file'), b'')


def test_put_over_a_folder_is_refused_and_leaves_nothing(transport, tmp_path):
    (tmp_path / 'folder' / 'inner').mkdir(parents=True)
    with pytest.raises(Permanent):
        transport.put(str(tmp_path / 'folder'), b'data')
    assert [path.name for path in tmp_path.rglob('*')] == ['folder', 'inner']


def test_get_of_a_missing_file_is_not_found(transport, tmp_path):
    with pytest.raises(NotFound, match='does not exist'):
        transport.get(str(tmp_path / 'nothing'))


def test_get_of_a_folder_is_refused(transport, tmp_path):
    with pytest.raises(Permanent):
        transport.get(str(tmp_path))


def test_get_refuses_a_file_too_large_to_be_meant(transport, tmp_path):
    path = tmp_path / 'large'
    with path.open('wb') as file:
        file.truncate(FILE_LIMIT + 1)
    with pytest.raises(Permanent, match='larger than 64 MiB'):
        transport.get(str(path))


def test_get_reads_the_files_of_the_kernel(transport):
    assert transport.get('/proc/version').startswith(b'Linux')


def test_local_put_says_so_when_the_system_refuses():
    with pytest.raises(Permanent, match='cannot be written'):
        LocalTransport().put('/tmp/\0', b'')
    with pytest.raises(Permanent, match='cannot be read'):
        LocalTransport().get('/tmp/\0')
