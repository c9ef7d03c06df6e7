"""What runs inside containers, in the Python they have: sent there with each call, so that nothing there grows old."""
