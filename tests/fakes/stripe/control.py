"""The admin endpoint from another process: for tests, the demo and benchmarks."""
import time

from tests.fakes import control

PAUSE = 0.02        # seconds between two looks


class Control(control.Control):
    """:param url: the API's address"""

    prefix = '/_admin'

    def advance(self, **how):
        """``days=31``, ``hours=``, ``seconds=``; what falls due until then has happened after it. Gives the new time."""
        return self._ask('POST', 'clock', how, seconds=600)['now']

    def card(self, customer, number='4242424242424242'):
        """The customer pays with this test card from now on."""
        return self.post(f'cards/{customer}', number=number)

    def rows(self, table):
        return self.get(f'rows/{table}')

    def change(self, table, key, event='', **values):
        return self.post(f'rows/{table}/{key}', values=values, event=event)

    # -- webhooks -----------------------------------------------------------------------------------------------------
    def endpoint(self, url, secret=''):
        return self.post('endpoints', url=url, **({'secret': secret} if secret else {}))

    def deliveries(self, **how):
        """How many there are; or how they are made from now on: hold, duplicate, delay, shuffle, seed."""
        return self.post('deliveries', **how) if how else self.get('deliveries')

    def release(self, **how):
        """What was held leaves: duplicate, shuffle, seed, forge."""
        return self.post('release', **how)

    def sent(self, since=0):
        """The deliveries that were sent, oldest first."""
        return self.get(f'deliveries/journal?since={since}')

    def resend(self, event):
        return self.post(f'events/{event}/resend')

    def settle(self, seconds=20):
        """Waits until all deliveries are out (held ones stay); TimeoutError where that takes longer."""
        until = time.monotonic() + seconds
        while self.deliveries()['waiting']:
            if time.monotonic() > until:
                raise TimeoutError(f'after {seconds} s there are {self.deliveries()}')
            time.sleep(PAUSE)
