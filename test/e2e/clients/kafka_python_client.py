"""kafka-python, which speaks no flexible version: makes a topic, produces to it, reads it in a group, and says on one line what it saw.

    kafka_python_client.py HOST:PORT TOPIC
"""

import json
import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

RECORDS = 1000
PARTITIONS = 3

address, topic = sys.argv[1:]

admin = KafkaAdminClient(bootstrap_servers=address)
admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])

producer = KafkaProducer(bootstrap_servers=address, acks="all", compression_type="gzip")
futures = [
    producer.send(topic, key=b"key-%d" % (i % 10), value=b"value-%d" % i, headers=[("i", b"%d" % i)], timestamp_ms=1_760_000_000_000 + i)
    for i in range(RECORDS)
]
producer.flush(30)
sent = sum(future.succeeded() for future in futures)

group = f"{topic}-readers"
consumer = KafkaConsumer(
    topic,
    bootstrap_servers=address,
    group_id=group,
    auto_offset_reset="earliest",
    enable_auto_commit=False,
    consumer_timeout_ms=30_000,
)
seen = []
for record in consumer:
    seen.append((record.key, record.value, dict(record.headers)["i"], record.timestamp))
    if len(seen) == RECORDS:
        break
consumer.commit()
consumer.close()

expected = [(b"key-%d" % (i % 10), b"value-%d" % i, b"%d" % i, 1_760_000_000_000 + i) for i in range(RECORDS)]
committed = admin.list_consumer_group_offsets(group)
print(
    json.dumps(
        {
            "sent": sent,
            "isComplete": sorted(seen) == sorted(expected),
            "committed": sum(offset.offset for offset in committed.values()),
            "groups": [name for name, _ in admin.list_consumer_groups() if name == group],
        }
    )
)
