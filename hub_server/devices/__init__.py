"""The registry of devices, sources and areas; enrolment."""
