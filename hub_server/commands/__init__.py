"""The commands of ``hub-server``, one file each."""
