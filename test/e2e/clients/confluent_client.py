"""confluent-kafka (librdkafka) from Python: makes a topic, produces to it, reads it in a group, and says on one line what it saw.

    confluent_client.py HOST:PORT TOPIC
"""

import json
import sys

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

RECORDS = 1000
PARTITIONS = 3

address, topic = sys.argv[1:]
servers = {"bootstrap.servers": address}

admin = AdminClient(servers)
admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])[topic].result(30)
resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
configs = admin.describe_configs([resource])[resource].result(30)

errors = []
producer = Producer({**servers, "enable.idempotence": True, "compression.type": "zstd"})
for i in range(RECORDS):
    producer.produce(
        topic,
        key=f"key-{i % 10}",
        value=f"value-{i}",
        headers={"i": str(i)},
        on_delivery=lambda error, _: error and errors.append(str(error)),
    )
    producer.poll(0)
unsent = producer.flush(30)

consumer = Consumer({**servers, "group.id": f"{topic}-readers", "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.subscribe([topic])
seen = []
while len(seen) < RECORDS:
    message = consumer.poll(30)
    if message is None or message.error():
        errors.append(str(message and message.error()))
        break
    seen.append((message.key().decode(), message.value().decode(), dict(message.headers())["i"].decode()))
committed = consumer.commit(asynchronous=False)
consumer.close()

expected = [(f"key-{i % 10}", f"value-{i}", str(i)) for i in range(RECORDS)]
print(
    json.dumps(
        {
            "errors": errors,
            "unsent": unsent,
            "cleanupPolicy": configs["cleanup.policy"].value,
            "isComplete": sorted(seen) == sorted(expected),
            "committed": sum(partition.offset for partition in committed),
        }
    )
)
