"""An SMTP server that keeps every message as a file: ``mail_catcher.py <port> <folder>``."""
import asyncio
import itertools
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP


class Keeper:
    """Numbers go on where the last run ended, so that names sort by arrival."""

    def __init__(self, folder):
        self.folder = folder
        kept = sorted(folder.glob('*.eml'))
        self.numbers = itertools.count(int(kept[-1].stem.split('-')[0]) + 1 if kept else 1)

    async def handle_DATA(self, server, session, envelope):
        header = f'X-Envelope-To: {", ".join(envelope.rcpt_tos)}\r\n'
        target = self.folder / f'{next(self.numbers):06d}-{time.strftime("%Y%m%dT%H%M%S")}.eml'
        partial = target.with_suffix('.part')
        partial.write_bytes(header.encode() + envelope.original_content)
        partial.rename(target)
        return '250 Kept'


async def serve(port, folder):
    folder.mkdir(parents=True, exist_ok=True)
    keeper = Keeper(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(keeper, hostname='localhost'), '127.0.0.1', port)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    server.close()


if __name__ == '__main__':
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
