"""A member of a group by confluent-kafka (librdkafka), driven over stdin and stdout: see group-scenarios/process-member.ts.

    group_member.py SETTINGS
"""

import json
import os
import queue
import sys
import threading

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

POLL_S = 0.02
PASSING = (KafkaError._NO_OFFSET, KafkaError._FATAL, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION)

settings = json.loads(sys.argv[1])
topics = settings["topics"]
commands = queue.Queue()
assigned = []


def say(what):
    print(json.dumps(what), flush=True)


def listen():
    for line in sys.stdin:
        commands.put(json.loads(line))
    os._exit(1)  # whoever drives it is gone


def places(given):
    return [TopicPartition(place["topic"], place["partition"]) for place in given]


def told(_, partitions):
    assigned[:] = partitions
    say({"assigned": [f"{p.topic}/{p.partition}" for p in assigned]})


def commit(consumer):
    try:
        consumer.commit(asynchronous=False)
    except KafkaException as error:  # nothing to commit, or a group that has put the member out: poll tells
        if error.args[0].code() not in PASSING:
            say({"failed": str(error)})


def gives_back(consumer, _):
    commit(consumer)
    told(consumer, [])


def obey(consumer, command):
    """False: it is to end."""
    if "seek" in command:
        place = command["seek"]
        consumer.seek(TopicPartition(place["topic"], place["partition"], place["offset"]))
    elif "pause" in command:
        consumer.pause(places(command["pause"]))
    elif "resume" in command:
        consumer.resume(places(command["resume"]))
    if "order" in command:
        say({"obeyed": command["order"]})
    return "leave" not in command


def handled(message):
    """The program handles it; what else it says meanwhile comes after."""
    record = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
    say({"record": {**record, "value": message.value().decode()}})
    others = []
    while "ack" not in (command := commands.get()):
        others.append(command)
    for command in others:
        commands.put(command)


static = {"group.instance.id": settings["instanceId"]} if "instanceId" in settings else {}
consumer = Consumer(
    {
        "bootstrap.servers": settings["address"],
        "group.id": settings["groupId"],
        "session.timeout.ms": settings["sessionTimeoutMs"],
        "max.poll.interval.ms": settings.get("maxPollIntervalMs", 300_000),
        "heartbeat.interval.ms": 200,
        "partition.assignment.strategy": "roundrobin",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "fetch.wait.max.ms": 100,
        "topic.metadata.refresh.interval.ms": 500,
        **static,
    }
)
names = topics if isinstance(topics, list) else [f"^{topics['pattern']}$"]
consumer.subscribe(names, on_assign=told, on_revoke=gives_back, on_lost=lambda c, _: told(c, []))
threading.Thread(target=listen, daemon=True).start()
isOn = True
while isOn:
    while isOn and not commands.empty():
        isOn = obey(consumer, commands.get())
    message = consumer.poll(POLL_S) if isOn else None
    if message is None:
        continue
    error = message.error()
    if error is None:
        handled(message)
        consumer.store_offsets(message)
        continue
    if error.code() == KafkaError._FATAL:
        say({"failed": str(error)})
        break
commit(consumer)
consumer.close()
