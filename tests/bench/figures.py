"""A figure that is promised, what was measured, and whether it was reached."""
from dataclasses import dataclass


@dataclass
class Row:
    what: str
    ours: str
    other: str
    figure: float
    must: float
    at_least: bool = False

    @property
    def reached(self):
        return self.figure >= self.must if self.at_least else self.figure <= self.must

    def cells(self):
        sign = '≥' if self.at_least else '≤'
        return (self.what, self.ours, self.other, f'{self.figure:.2f}', f'{sign} {self.must:g}',
                'reached' if self.reached else 'MISSED')


def table(rows):
    cells = [('what', 'ours', 'other side', 'figure', 'must', ''), *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return '\n'.join('  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
