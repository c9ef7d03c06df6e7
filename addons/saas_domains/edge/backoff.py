"""When a name is looked at again that does not point here yet."""

FIRST, LONGEST = 60.0, 4 * 3600.0       # seconds
QUICK = 10                              # times


def delay(count):
    """Seconds to wait after ``count`` earlier waits (0 for the first): 60·1.05ⁿ ten times, then 60·1.15ⁿ up to four
    hours, as Cloudflare does for its own checks."""
    count = max(count, 0)
    growth = 1.05 if count < QUICK else 1.15
    return min(FIRST * growth ** min(count, 100), LONGEST)
