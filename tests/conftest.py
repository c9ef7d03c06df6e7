import pytest


@pytest.fixture(scope='session')
def world():
    """The stack named by the environment, which whoever runs these tests has brought up."""
    from .world import World  # here, because tests without a stack run without its libraries
    return World()
