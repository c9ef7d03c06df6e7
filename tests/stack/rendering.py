"""Configuration files out of templates with @PLACEHOLDERS@."""
import re

from .report import Problem

_PLACEHOLDER = re.compile(r'@([A-Z][A-Z0-9_]*)@')


def render(template, values):
    """Replace every placeholder as plain text; one without a value, or a value nobody asks for, is a mistake."""
    text = template.read_text()
    wanted = set(_PLACEHOLDER.findall(text))
    odd = wanted ^ set(values)
    if odd:
        raise Problem(f'{template}: {", ".join(sorted(odd))} should be both in the template and among its values.')
    return _PLACEHOLDER.sub(lambda match: str(values[match.group(1)]), text)


def write_if_changed(path, text, mode=0o644):
    """Replace the file atomically; False if it said that already."""
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + '.new')
    temporary.write_text(text)
    temporary.chmod(mode)
    temporary.replace(path)
    return True
