"""How long something took, as people say it; the units are the same in every language we speak."""


def elapsed_text(seconds):
    """``1.4 s``, ``2 min 3 s``, ``1 h 5 min``, ``3 d 4 h``: two units at most."""
    if seconds < 10:
        return f'{seconds:.1f} s'
    seconds = round(seconds)
    if seconds < 60:
        return f'{seconds} s'
    for size, unit, small, small_unit in ((60, 'min', 1, 's'), (3600, 'h', 60, 'min'), (86400, 'd', 3600, 'h')):
        if seconds < size * (60 if size < 3600 else 24) or size == 86400:
            rest = seconds % size // small
            return f'{seconds // size} {unit}' + (f' {rest} {small_unit}' if rest else '')
