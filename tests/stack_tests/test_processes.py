"""Programs that are started, watched, stopped and killed; ports and who has them."""
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from ..stack import Problem, ports, processes
from ..stack.processes import Service

STUBBORN = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("deaf", flush=True); time.sleep(60)'
PARENT = ('import subprocess, sys, time; '
          'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True); '
          'print("born", flush=True); time.sleep(60)')


@pytest.fixture
def make(tmp_path):
    made = []

    def make(code, name='thing', **values):
        made.append(Service(name, tmp_path, [sys.executable, '-c', code], **values))
        return made[-1]
    yield make
    for service in made:
        service.stop(1)
    processes.end_strays(tmp_path)


def says(service, word):
    return service.log.exists() and word in service.log.read_text()


def has_ended(pid):
    """Gone, or dead and not yet collected by the system's first process, which may take its time."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] in 'ZX'
    except FileNotFoundError:
        return True


def test_start_and_stop(make):
    service = make('import time; time.sleep(60)', fingerprint='one')
    assert service.pid() is None and not service.crashed()
    service.start()
    pid = service.pid()
    assert pid and service.is_current()
    assert not make('', fingerprint='two').is_current()
    assert service.stop() and service.pid() is None and not service.stop()
    assert has_ended(pid)


def test_one_that_does_not_listen_is_killed(make):
    service = make(STUBBORN)
    service.start()
    service.wait(lambda: says(service, 'deaf'), 10)
    service.stop(0.3)
    assert service.pid() is None


def test_one_that_ends_by_itself_is_reported_with_its_last_words(make):
    service = make('print("no such table"); raise SystemExit(3)')
    service.start()
    with pytest.raises(Problem, match='thing ended by itself(.|\n)*no such table'):
        service.wait(lambda: False, 10)
    assert service.crashed()


def test_one_that_does_not_answer_is_reported(make):
    service = make('import time; time.sleep(60)')
    service.start()
    with pytest.raises(Problem, match='does not answer after 0.2 s'):
        service.wait(lambda: False, 0.2)


def test_a_killed_one_counts_as_crashed(make):
    service = make('import time; time.sleep(60)')
    service.start()
    service.kill()
    assert service.pid() is None and service.crashed()


def test_a_reused_process_number_is_left_alone(make):
    service = make('import time; time.sleep(60)')
    service.start()
    record = json.loads(service.pid_file.read_text())
    service.pid_file.write_text(json.dumps({**record, 'identity': 'another boot 1'}))
    assert service.pid() is None and not service.stop()
    os.kill(record['pid'], 0)
    os.kill(record['pid'], signal.SIGKILL)


def test_what_services_leave_behind_is_found_and_ended(make, tmp_path):
    service = make(PARENT)
    service.start()
    service.wait(lambda: says(service, 'born'), 10)
    assert len(list(processes.strays(tmp_path))) == 2
    service.stop()
    assert len(list(processes.strays(tmp_path))) == 1
    processes.end_strays(tmp_path)
    assert not list(processes.strays(tmp_path))


def test_no_secret_and_no_foreign_python_is_inherited(monkeypatch):
    for name in ('PGPASSWORD', 'PGHOST', 'PYTHONPATH', 'VIRTUAL_ENV'):
        monkeypatch.setenv(name, 'mine')
    assert 'mine' not in processes.base_environment().values()


def test_a_failing_program_is_a_problem_with_its_last_words():
    with pytest.raises(Problem, match='Counting failed. Learn to count.(.|\n)*seven'):
        processes.run([sys.executable, '-c', 'print("seven"); raise SystemExit(1)'], 'Counting', 'Learn to count.')
    with pytest.raises(Problem, match='took more than 0.2 s'):
        processes.run([sys.executable, '-c', 'import time; time.sleep(9)'], 'Counting', seconds=0.2)
    with pytest.raises(Problem, match='No such file'):
        processes.run(['/no/such/program'], 'Counting')


def test_a_taken_port_is_named_with_its_owner_and_its_variable():
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port) and ports.answers(port)
        with pytest.raises(Problem, match=rf'Port {port}, .*\(process {os.getpid()}\).*SAAS_HTTP_PORT=') as caught:
            ports.require_free(port, 'nginx', 'SAAS_HTTP_PORT')
    assert 'nginx needs' in str(caught.value)
    assert ports.is_free(port) and not ports.answers(port)
