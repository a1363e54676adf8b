"""confluent-kafka (librdkafka) from Python: a member of a group whose topic is deleted, and made and filled again at once, as full as it was.
Says on one line what it read of the second topic.

    confluent_remade_topic.py HOST:PORT TOPIC
"""

import json
import os
import sys
import time

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

RECORDS = 50
GIVE_UP_S = 60

address, topic = sys.argv[1:]
servers = {"bootstrap.servers": address}
admin = AdminClient(servers)


def make():
    admin.create_topics([NewTopic(topic, num_partitions=3, replication_factor=1)])[topic].result(30)


def fill(name):
    producer = Producer(servers)
    for i in range(RECORDS):
        producer.produce(topic, key=str(i), value=f"{name}-{i}")
    producer.flush(30)


def read(name):
    """How many of them came; a member is told in between that its topic is gone."""
    seen = set()
    deadline = time.monotonic() + GIVE_UP_S
    while len(seen) < RECORDS and time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None and message.value().decode().startswith(name):
            seen.add(message.value())
    return len(seen)


make()
consumer = Consumer(
    {
        **servers,
        "group.id": f"{topic}-readers",
        "auto.offset.reset": "earliest",
        "topic.metadata.refresh.interval.ms": 500,
        "heartbeat.interval.ms": 300,
    }
)
consumer.subscribe([topic])
fill("first")
first = read("first")
admin.delete_topics([topic])[topic].result(30)
make()
fill("second")
print(json.dumps({"first": first, "second": read("second")}), flush=True)
os._exit(0)  # close() of librdkafka before 2.2 never ends after a topic was deleted
