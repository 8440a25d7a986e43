"""The embedded broker: amqtt in a process of its own, MQTT 3.1.1 only.

For a demo or a single trial box. A county runs Mosquitto (``deploy/mosquitto``).
"""
