#!/usr/bin/env python3
"""render.py TEMPLATE FILE NAME=value…: replace every @NAME@ as plain text.

A placeholder without a value, or a value nobody asks for, is a mistake and leaves the file as it was.
"""
import os
import re
import sys

PLACEHOLDER = re.compile(r'@([A-Z][A-Z0-9_]*)@')


def main(template, target, *pairs):
    values = dict(pair.split('=', 1) for pair in pairs)
    with open(template) as file:
        text = file.read()
    odd = set(PLACEHOLDER.findall(text)) ^ set(values)
    if odd:
        sys.exit(f'{template}: {", ".join(sorted(odd))} should be both in the template and among its values.')
    text = PLACEHOLDER.sub(lambda match: values[match.group(1)], text)
    with open(f'{target}.new', 'w') as file:
        file.write(text)
    os.replace(f'{target}.new', target)


if __name__ == '__main__':
    main(*sys.argv[1:])
