"""From MQTT to Kafka, beyond one machine: stateless, as many as needed (docs/scale-out.md)."""
