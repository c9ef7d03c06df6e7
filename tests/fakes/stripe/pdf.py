"""A PDF of one page, by hand: two fonts, text and lines."""

WIDTH, HEIGHT = 595, 842        # A4, in points


def document(texts, rules=()):
    """``texts``: (x, y from the top, size, is_bold, text); ``rules``: y of lines across the page."""
    drawn = [f'BT /F{2 if bold else 1} {size} Tf {x} {HEIGHT - y} Td ({_escaped(text)}) Tj ET'
             for x, y, size, bold, text in texts]
    drawn += [f'0.8 G 50 {HEIGHT - y} m {WIDTH - 50} {HEIGHT - y} l S' for y in rules]
    stream = '\n'.join(drawn).encode('cp1252', 'replace')
    return _file([
        b'<< /Type /Catalog /Pages 2 0 R >>', b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        f'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R '
        '/F2 6 0 R >> >> >>'.encode(),
        b'<< /Length %d >>\nstream\n%s\nendstream' % (len(stream), stream), _font('Helvetica'), _font('Helvetica-Bold')])


def _font(name):
    return f'<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>'.encode()


def _escaped(text):
    return text.replace('\\', r'\\').replace('(', r'\(').replace(')', r'\)')


def _file(objects):
    out, places = b'%PDF-1.4\n', []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b'%d 0 obj\n%s\nendobj\n' % (number, body)
    start, count = len(out), len(objects) + 1
    out += b'xref\n0 %d\n0000000000 65535 f \n' % count + b''.join(b'%010d 00000 n \n' % place for place in places)
    return out + b'trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' % (count, start)
