"""What stands behind the fake's containers: nothing, pages that stand in for them, or real LXC containers."""


class Runtime:
    """Containers that are only numbers and words."""

    name = 'none'

    def open(self, containers):
        """``containers``: described as for ``act``, with their ``status``; those that ran are to run again."""

    def close(self):
        """All stopped."""

    def usage(self, vmid):
        """What a running container is seen to use: ``mem`` (bytes), ``cpu`` (processors busy since the last look); or {}."""
        return {}

    def is_shared(self, vmid):
        """Others were cloned from it and share its blocks."""
        return False

    def act(self, step, container):
        """One step of a task: ``clone``, ``start``, ``configure`` …; blocks until it is done.

        :param container: ``vmid``, ``node``, ``config`` (as the API shows it) and, where the step needs it, ``source``
            (vmid of the container cloned), ``full``, ``volume`` (an OS template or a backup), ``mode``
        """
        act = getattr(self, f'do_{step}', None)
        if act:
            act(container)


def make(name, options):
    """:param options: the process's, whose ``runtime_options`` are the runtime's own words (``NAME=VALUE``)"""
    if name == 'lxc':
        from .lxc import LxcRuntime
        return LxcRuntime(options)
    if name == 'pages':
        from .pages import PagesRuntime
        return PagesRuntime(options)
    return Runtime()
