"""Cases and their life: opened by alerts, moved by people."""
