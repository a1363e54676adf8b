"""confluent-kafka (librdkafka) from Python: transactions that are committed and aborted, with offsets, and a producer that is fenced. Says on
one line what it saw.

    confluent_transactions.py HOST:PORT TOPIC
"""

import json
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TRANSACTIONS = 6
RECORDS = 50

address, topic = sys.argv[1:]
servers = {"bootstrap.servers": address}
source = f"{topic}-source"

admin = AdminClient(servers)
for created in admin.create_topics([NewTopic(name, 2, 1) for name in (topic, source)]).values():
    created.result(30)

feeder = Producer(servers)
for i in range(TRANSACTIONS):
    feeder.produce(source, value=str(i), partition=0)
feeder.flush(30)

reader = Consumer({**servers, "group.id": f"{topic}-group", "auto.offset.reset": "earliest", "enable.auto.commit": False})
reader.subscribe([source])
producer = Producer({**servers, "transactional.id": topic})
producer.init_transactions(30)


def transform(number, commit):
    while (message := reader.poll(1)) is None or message.error():
        pass
    producer.begin_transaction()
    for i in range(RECORDS):
        producer.produce(topic, key=str(i), value=f"{message.value().decode()}/{i}", partition=i % 2)
    offsets = [TopicPartition(source, message.partition(), message.offset() + 1)]
    producer.send_offsets_to_transaction(offsets, reader.consumer_group_metadata(), 30)
    producer.commit_transaction(30) if commit else producer.abort_transaction(30)


for number in range(TRANSACTIONS):
    transform(number, commit=number % 2 == 0)
committed = reader.committed([TopicPartition(source, 0)], 30)[0].offset
reader.close()

producer.begin_transaction()
producer.produce(topic, value="of the zombie", partition=0)
producer.flush(30)
successor = Producer({**servers, "transactional.id": topic})
successor.init_transactions(30)
try:
    producer.commit_transaction(30)
    fenced = None
except KafkaException as error:
    fenced = error.args[0].name()
successor.begin_transaction()
for partition in range(2):
    successor.produce(topic, value="last", partition=partition)
successor.commit_transaction(30)

checker = Consumer({**servers, "group.id": f"{topic}-check", "auto.offset.reset": "earliest", "isolation.level": "read_committed"})
checker.subscribe([topic])
seen = []
while seen.count("last") < 2:
    message = checker.poll(30)
    if message is None or message.error():
        break
    seen.append(message.value().decode())
checker.close()

expected = [f"{number}/{i}" for number in range(0, TRANSACTIONS, 2) for i in range(RECORDS)] + ["last", "last"]
print(json.dumps({"isComplete": sorted(seen) == sorted(expected), "count": len(seen), "committed": committed, "fenced": fenced}))
