"""``edge-agent zones``: a page on loopback that shows one camera, masked, and draws its zones."""
