"""Run by ``python3 -c`` on a node: what the machine has left and whether we may write where we must, as JSON.

Arguments: data directory, configuration of Odoo, folder of the router's table. Sizes in bytes; looks by doing,
since permissions alone know nothing of file systems that are full or were mounted read-only.
"""
import json
import os
import shutil
import sys
import tempfile
import time


def problem_of(folder):
    if not os.path.isdir(folder):
        return 'missing'
    try:
        with tempfile.NamedTemporaryFile(prefix='.saas-', dir=folder) as file:
            file.write(b'x')
    except OSError as error:
        return error.strerror
    return ''


def memory():
    """From proc(5)."""
    with open('/proc/meminfo') as file:
        lines = dict(line.split(':', 1) for line in file)
    return {name: int(lines[key].split()[0]) * 1024
            for name, key in (('memory_total', 'MemTotal'), ('memory_available', 'MemAvailable')) if key in lines}


def disk(folder):
    if not os.path.isdir(folder):
        return {}
    usage = shutil.disk_usage(folder)
    return {'disk_total': usage.total, 'disk_free': usage.free}


data_dir, config, table_folder = sys.argv[1:4]
filestore = os.path.join(data_dir, 'filestore')
print(json.dumps({
    'cpu_count': len(os.sched_getaffinity(0)), 'load_average': os.getloadavg()[1], **memory(), **disk(data_dir),
    'data': problem_of(filestore if os.path.isdir(filestore) else data_dir), 'table': problem_of(table_folder),
    'config': os.access(config, os.R_OK), 'time': time.time()}))
