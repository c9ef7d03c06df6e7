"""Statements whose values have names, run in the master's database."""
import re

NAMED = re.compile(r'%\((\w+)\)s')


def run(world, statement, **values):
    return world.master_sql(NAMED.sub('%s', statement), *(values[name] for name in NAMED.findall(statement)))
