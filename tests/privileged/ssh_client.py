"""OpenSSH's client with the sandbox's key and its pinned host key."""
import shlex
import subprocess


def ssh(pve, words, stdin=b'', seconds=60):
    """(exit code, output, errors)."""
    folder = pve.state / 'ssh'
    known = folder / 'known_hosts'
    known.write_text(f'[{pve.ssh_host}]:{pve.ssh_port} {pve.ssh_host_key}\n')
    done = subprocess.run(
        ['ssh', '-F', 'none', '-i', folder / 'key', '-p', str(pve.ssh_port), '-o', f'UserKnownHostsFile={known}',
         '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', f'{pve.ssh_user}@{pve.ssh_host}',
         shlex.join(words)], input=stdin, capture_output=True, timeout=seconds)
    return done.returncode, done.stdout.decode(), done.stderr.decode()
