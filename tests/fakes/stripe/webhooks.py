"""Deliveries of events."""


def queue(world, event):
    """One delivery to every endpoint that wants it."""


class Sender:

    def __init__(self, world):
        self.world = world

    def start(self):
        return self

    def stop(self):
        pass
